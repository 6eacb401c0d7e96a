#ifndef QUIRE_CDICOM_LOSSES_H
#define QUIRE_CDICOM_LOSSES_H

/// Takes what DCMTK logs away from this process's standard error; call it once, before anything else of DCMTK.
void quire_dicom_watch_losses();

void quire_dicom_forget_losses();

/// What a decoder of pixels complained of since then, where it filled in what the file has lost; NULL for nothing.
const char *quire_dicom_loss();

#endif
