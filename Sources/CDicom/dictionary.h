#ifndef QUIRE_CDICOM_DICTIONARY_H
#define QUIRE_CDICOM_DICTIONARY_H

/// Puts the tags a picture needs in the place of whatever dictionary DCMTK finds.
void quire_dicom_load_dictionary();

#endif
