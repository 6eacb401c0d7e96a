#ifndef QUIRE_CDICOM_JPEG2000_H
#define QUIRE_CDICOM_JPEG2000_H

/// Lets DCMTK read files with JPEG 2000 inside, for which it has no decoder of its own.
void quire_dicom_register_jpeg2000();

/// Whether frames that end early are taken as far as they go, from now on.
void quire_dicom_take_partial_jpeg2000(bool is_tolerant);

#endif
