// The tags that matter to a picture: a file of implicit value representation names no types, and DCMTK's own dictionary is a
// file that a host need not have. What is not listed here is read as unknown bytes and never looked at.
#include "dictionary.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcdicent.h>

namespace {
struct Entry {
    Uint16 group;
    Uint16 element;
    /// DICOM PS3.6; `xs`, `lt` and `px` are DCMTK's for what depends on other tags.
    const char *vr;
    const char *name;
};

const Entry entries[] = {
    {0x0008, 0x0005, "CS", "SpecificCharacterSet"},
    {0x0008, 0x0008, "CS", "ImageType"},
    {0x0008, 0x0016, "UI", "SOPClassUID"},
    {0x0018, 0x1164, "DS", "ImagerPixelSpacing"},
    {0x0018, 0x2010, "DS", "NominalScannedPixelSpacing"},
    {0x0028, 0x0002, "US", "SamplesPerPixel"},
    {0x0028, 0x0004, "CS", "PhotometricInterpretation"},
    {0x0028, 0x0006, "US", "PlanarConfiguration"},
    {0x0028, 0x0008, "IS", "NumberOfFrames"},
    {0x0028, 0x0010, "US", "Rows"},
    {0x0028, 0x0011, "US", "Columns"},
    {0x0028, 0x0030, "DS", "PixelSpacing"},
    {0x0028, 0x0034, "IS", "PixelAspectRatio"},
    {0x0028, 0x0100, "US", "BitsAllocated"},
    {0x0028, 0x0101, "US", "BitsStored"},
    {0x0028, 0x0102, "US", "HighBit"},
    {0x0028, 0x0103, "US", "PixelRepresentation"},
    {0x0028, 0x0106, "xs", "SmallestImagePixelValue"},
    {0x0028, 0x0107, "xs", "LargestImagePixelValue"},
    {0x0028, 0x0120, "xs", "PixelPaddingValue"},
    {0x0028, 0x0121, "xs", "PixelPaddingRangeLimit"},
    {0x0028, 0x1050, "DS", "WindowCenter"},
    {0x0028, 0x1051, "DS", "WindowWidth"},
    {0x0028, 0x1052, "DS", "RescaleIntercept"},
    {0x0028, 0x1053, "DS", "RescaleSlope"},
    {0x0028, 0x1054, "LO", "RescaleType"},
    {0x0028, 0x1055, "LO", "WindowCenterWidthExplanation"},
    {0x0028, 0x1056, "CS", "VOILUTFunction"},
    {0x0028, 0x1101, "xs", "RedPaletteColorLookupTableDescriptor"},
    {0x0028, 0x1102, "xs", "GreenPaletteColorLookupTableDescriptor"},
    {0x0028, 0x1103, "xs", "BluePaletteColorLookupTableDescriptor"},
    {0x0028, 0x1201, "OW", "RedPaletteColorLookupTableData"},
    {0x0028, 0x1202, "OW", "GreenPaletteColorLookupTableData"},
    {0x0028, 0x1203, "OW", "BluePaletteColorLookupTableData"},
    {0x0028, 0x1221, "OW", "SegmentedRedPaletteColorLookupTableData"},
    {0x0028, 0x1222, "OW", "SegmentedGreenPaletteColorLookupTableData"},
    {0x0028, 0x1223, "OW", "SegmentedBluePaletteColorLookupTableData"},
    {0x0028, 0x2000, "OB", "ICCProfile"},
    {0x0028, 0x3000, "SQ", "ModalityLUTSequence"},
    {0x0028, 0x3002, "xs", "LUTDescriptor"},
    {0x0028, 0x3003, "LO", "LUTExplanation"},
    {0x0028, 0x3004, "LO", "ModalityLUTType"},
    {0x0028, 0x3006, "lt", "LUTData"},
    {0x0028, 0x3010, "SQ", "VOILUTSequence"},
    {0x0028, 0x9110, "SQ", "PixelMeasuresSequence"},
    {0x0028, 0x9132, "SQ", "FrameVOILUTSequence"},
    {0x0028, 0x9145, "SQ", "PixelValueTransformationSequence"},
    {0x2050, 0x0010, "SQ", "PresentationLUTSequence"},
    {0x2050, 0x0020, "CS", "PresentationLUTShape"},
    {0x5200, 0x9229, "SQ", "SharedFunctionalGroupsSequence"},
    {0x5200, 0x9230, "SQ", "PerFrameFunctionalGroupsSequence"},
    {0x7FE0, 0x0008, "OF", "FloatPixelData"},
    {0x7FE0, 0x0009, "OD", "DoubleFloatPixelData"},
    {0x7FE0, 0x0010, "px", "PixelData"},
};
}  // namespace

void quire_dicom_load_dictionary() {
    DcmDataDictionary &dictionary = dcmDataDict.wrlock();
    // Not a host's own: the same file has to be read alike everywhere. An empty one counts as loaded, none does not.
    dictionary.reloadDictionaries(OFFalse, OFFalse);
    dictionary.loadDictionary("/dev/null");
    for (const Entry &entry : entries) {
        dictionary.addEntry(new DcmDictEntry(
            entry.group, entry.element, DcmVR(entry.vr), entry.name, 1, DcmVariableVM, "DICOM", OFFalse, NULL));
    }
    dcmDataDict.wrunlock();
}
