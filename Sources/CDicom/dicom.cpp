#include "CDicom.h"

#include "dictionary.h"
#include "jpeg2000.h"
#include "losses.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmimage/diregist.h>
#include <dcmtk/dcmimgle/dcmimage.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <mutex>
#include <new>
#include <string>

namespace {
/// Values up to this size are read with the header, larger ones where they lie when they are asked for.
const Uint32 headerValueBytesMax = 4096;

const unsigned long imageFlags = CIF_UsePartialAccessToPixelData | CIF_NeverAccessEmbeddedOverlays;

struct Failure {
    quire_dicom_status status;
    std::string text;
};

void say(const std::string &words, char *text, size_t text_size) {
    if (text && text_size) snprintf(text, text_size, "%s", words.c_str());
}

void start() {
    static std::once_flag once;
    std::call_once(once, [] {
        quire_dicom_watch_losses();
        quire_dicom_load_dictionary();
        DJDecoderRegistration::registerCodecs();
        DJLSDecoderRegistration::registerCodecs();
        DcmRLEDecoderRegistration::registerCodecs();
        quire_dicom_register_jpeg2000();
    });
}

/// Runs `body` and turns whatever is thrown in it into a status: nothing is thrown into Swift.
template <typename Body>
quire_dicom_status guarded(char *text, size_t text_size, Body body) {
    try {
        body();
        return QUIRE_DICOM_DONE;
    } catch (const Failure &failure) {
        say(failure.text, text, text_size);
        return failure.status;
    } catch (const std::bad_alloc &) {
        say("no memory for its pixels", text, text_size);
        return QUIRE_DICOM_NO_MEMORY;
    } catch (...) {
        say("DCMTK gave up on it", text, text_size);
        return QUIRE_DICOM_DAMAGED;
    }
}

int number(DcmItem &item, const DcmTagKey &tag, int missing) {
    Uint16 value = 0;
    return item.findAndGetUint16(tag, value).good() ? value : missing;
}

std::string word(DcmItem &item, const DcmTagKey &tag) {
    OFString value;
    return item.findAndGetOFString(tag, value).good() ? std::string(value.c_str()) : std::string();
}
}  // namespace

struct quire_dicom {
    DcmFileFormat file;
    quire_dicom_facts facts = {};
    E_TransferSyntax syntax = EXS_Unknown;
    int bits_allocated = 0;
    int bits_stored = 0;
    bool is_grey = false;
    /// What makes rescaled values of those DicomImage hands out.
    double slope = 1;
    double intercept = 0;
    /// Whether a table of greys in the file is wanted.
    bool takes_tables = true;
    /// Of the rescaled values of all frames, once they have been looked at.
    bool knows_range = false;
    double least = 0;
    double most = 0;

    /// What the file itself says of rescaling and window; those of frames take turns in its data.
    DcmItem own;
    bool knows_own = false;

    DcmDataset &data() { return *file.getDataset(); }

    bool is_tolerant = false;
    void open(const char *path, bool is_tolerant);
    void render(int index, const quire_dicom_window &window, void *pixels, size_t pixel_bytes, bool &was_stretched);

private:
    void read_header();
    void read_spacing();
    void check_syntax();
    void check_pixels(bool is_tolerant);
    DcmPixelSequence *sequence();
    void check_runs(int index);
    DcmItem *group(const DcmTagKey &sequence, int frame);
    void take_group(int frame);
    static void copy(DcmItem &from, const DcmTagKey &tag, DcmItem &to);
    std::unique_ptr<DicomImage> image(int index);
    void read_frame(int index);
    void read_rescaling(bool needs_values);
    bool names_window(double &centre, double &width);
    bool names_table();
    bool set_window(DicomImage &image, double centre, double width);
    void set_line(DicomImage &image, double middle, double length);
    bool set_own_window(DicomImage &image);
    void set_range(DicomImage &image, int index);
};

void quire_dicom::open(const char *path, bool is_tolerant) {
    const OFCondition loaded = file.loadFile(path, EXS_Unknown, EGL_noChange, headerValueBytesMax, ERM_autoDetect);
    if (loaded.bad()) {
        const bool ends = loaded == EC_EndOfStream || loaded == EC_StreamNotifyClient || loaded == EC_InvalidStream;
        if (loaded == EC_MemoryExhausted) throw Failure{QUIRE_DICOM_NO_MEMORY, "no memory for its header"};
        if (loaded == EC_UnsupportedEncoding || loaded == EC_UnknownTransferSyntax) check_syntax();
        if (!(is_tolerant && ends && data().tagExists(DCM_PixelData))) {
            throw Failure{ends ? QUIRE_DICOM_TRUNCATED : QUIRE_DICOM_DAMAGED, loaded.text()};
        }
    }
    check_syntax();
    read_header();
    read_spacing();
    check_pixels(is_tolerant);
}

void quire_dicom::check_syntax() {
    syntax = data().getOriginalXfer();
    const std::string uid = file.getMetaInfo() ? word(*file.getMetaInfo(), DCM_TransferSyntaxUID) : std::string();
    const DcmXfer stated(uid.c_str());
    if (stated.getXfer() == EXS_Unknown && !uid.empty()) {
        throw Failure{QUIRE_DICOM_UNSUPPORTED, "transfer syntax " + uid + " is not known"};
    }
    const DcmXfer used(syntax);
    if (used.isEncapsulated() && !DcmCodecList::canChangeCoding(syntax, EXS_LittleEndianExplicit)) {
        throw Failure{QUIRE_DICOM_UNSUPPORTED, std::string("transfer syntax ") + used.getXferName() + " is not read"};
    }
}

void quire_dicom::read_header() {
    DcmDataset &data = this->data();
    if (!data.tagExists(DCM_PixelData)) {
        const bool has_fractions = data.tagExists(DCM_FloatPixelData) || data.tagExists(DCM_DoubleFloatPixelData);
        throw Failure{QUIRE_DICOM_UNSUPPORTED, has_fractions ? "pixels of floating point are not read" : "it holds no picture"};
    }
    facts.width = number(data, DCM_Columns, 0);
    facts.height = number(data, DCM_Rows, 0);
    Sint32 frames = 1;
    if (data.findAndGetSint32(DCM_NumberOfFrames, frames).bad() || frames < 1) frames = 1;
    facts.frames = frames;
    bits_allocated = number(data, DCM_BitsAllocated, 0);
    bits_stored = number(data, DCM_BitsStored, bits_allocated);
    const int samples = number(data, DCM_SamplesPerPixel, 1);
    const std::string colours = word(data, DCM_PhotometricInterpretation);
    if (facts.width < 1 || facts.height < 1 || bits_allocated < 1 || bits_allocated > 32 || bits_stored < 1 ||
        bits_stored > bits_allocated || samples < 1 || samples > 4) {
        throw Failure{QUIRE_DICOM_DAMAGED, "size or depth of its pixels make no sense"};
    }
    if (bits_allocated == 32 && syntax == EXS_BigEndianExplicit) {
        // Some writers swap the bytes of each value, others those of its halves, and nothing in the file tells.
        throw Failure{QUIRE_DICOM_UNSUPPORTED, "values of 32 bits in big-endian order are not read; store it in little-endian order"};
    }
    is_grey = colours == "MONOCHROME1" || colours == "MONOCHROME2";
    facts.components = is_grey ? 1 : 3;
    // Entries of a palette have 16 bits by the standard, and 8 bits of meaning.
    facts.bits = bits_stored > 8 && colours != "PALETTE COLOR" ? 16 : 8;
}

/// Rows come first: the distance from one to the next is the vertical one (PS3.3, 10.7.1.3).
void quire_dicom::read_spacing() {
    DcmItem *places[] = {&data(), group(DCM_PixelMeasuresSequence, 0)};
    const DcmTagKey tags[] = {DCM_PixelSpacing, DCM_ImagerPixelSpacing, DCM_NominalScannedPixelSpacing};
    for (DcmItem *place : places) {
        for (const DcmTagKey &tag : tags) {
            Float64 down = 0, across = 0;
            if (!place || place->findAndGetFloat64(tag, down, 0).bad() || place->findAndGetFloat64(tag, across, 1).bad()) continue;
            if (!(std::isfinite(down) && std::isfinite(across) && down > 0 && across > 0)) continue;
            facts.spacing_x = across;
            facts.spacing_y = down;
            return;
        }
    }
}

/// DCMTK fills in black for pixels that are missing.
void quire_dicom::check_pixels(bool is_tolerant) {
    DcmElement *element = NULL;
    if (data().findAndGetElement(DCM_PixelData, element).bad() || !element) {
        throw Failure{QUIRE_DICOM_DAMAGED, "its pixels cannot be found"};
    }
    if (is_tolerant) return;
    if (DcmXfer(syntax).isEncapsulated()) {
        DcmPixelSequence *fragments = sequence();
        // The first item is the table of offsets.
        if (!fragments || fragments->card() < OFstatic_cast(unsigned long, facts.frames) + 1) {
            throw Failure{QUIRE_DICOM_TRUNCATED, "it has fewer pictures than it says"};
        }
        return;
    }
    const int samples = number(data(), DCM_SamplesPerPixel, 1);
    const double bits = double(facts.width) * facts.height * facts.frames * samples * bits_allocated;
    // Of YBR_FULL_422 two pixels share their colours.
    const double share = word(data(), DCM_PhotometricInterpretation).find("422") != std::string::npos ? 2.0 / 3 : 1;
    if (double(element->getLength(syntax)) < std::floor(bits * share / 8)) {
        throw Failure{QUIRE_DICOM_TRUNCATED, "it has fewer pixels than it says"};
    }
}

/// The pieces of coded pixels; NULL where there are none.
DcmPixelSequence *quire_dicom::sequence() {
    DcmElement *element = NULL;
    if (data().findAndGetElement(DCM_PixelData, element).bad() || !element) return NULL;
    DcmPixelData *pixels = OFstatic_cast(DcmPixelData *, element);
    E_TransferSyntax key = EXS_Unknown;
    const DcmRepresentationParameter *parameter = NULL;
    DcmPixelSequence *found = NULL;
    pixels->getOriginalRepresentationKey(key, parameter);
    return pixels->getEncapsulatedRepresentation(key, parameter, found).good() ? found : NULL;
}

/// A frame of run lengths is one fragment, which begins with the places of its segments (PS3.5, annex G). DCMTK's decoder trusts
/// them and would read whatever memory holds elsewhere.
void quire_dicom::check_runs(int index) {
    if (syntax != EXS_RLELossless) return;
    const Failure failure = {QUIRE_DICOM_DAMAGED, "its run lengths make no sense"};
    DcmPixelItem *fragment = NULL;
    Uint8 *bytes = NULL;
    DcmPixelSequence *fragments = sequence();
    if (!fragments || fragments->card() != OFstatic_cast(unsigned long, facts.frames) + 1 ||
        fragments->getItem(fragment, OFstatic_cast(unsigned long, index) + 1).bad() || !fragment) {
        throw failure;
    }
    const Uint32 count = fragment->getLength();
    if (count < 64 || fragment->getUint8Array(bytes).bad() || !bytes) throw failure;
    const auto word = [bytes](int place) {
        const Uint8 *at = bytes + 4 * place;
        return OFstatic_cast(Uint32, at[0]) | OFstatic_cast(Uint32, at[1]) << 8 | OFstatic_cast(Uint32, at[2]) << 16 |
               OFstatic_cast(Uint32, at[3]) << 24;
    };
    const Uint32 segments = word(0);
    if (segments < 1 || segments > 15) throw failure;
    Uint32 least = 64;
    for (Uint32 segment = 1; segment <= segments; segment++) {
        const Uint32 start = word(OFstatic_cast(int, segment));
        if (start < least || start > count) throw failure;
        least = start;
    }
}

/// The item of an enhanced file that says `sequence` of a frame, or of all frames; NULL where there is none.
DcmItem *quire_dicom::group(const DcmTagKey &sequence, int frame) {
    DcmItem *item = NULL, *found = NULL;
    if (data().findAndGetSequenceItem(DCM_PerFrameFunctionalGroupsSequence, item, frame).good() && item &&
        item->findAndGetSequenceItem(sequence, found, 0).good()) return found;
    if (data().findAndGetSequenceItem(DCM_SharedFunctionalGroupsSequence, item, 0).good() && item &&
        item->findAndGetSequenceItem(sequence, found, 0).good()) return found;
    return NULL;
}

/// DicomImage looks for a frame's own rescaling and window where plain files have them. A frame without gets the file's own.
void quire_dicom::take_group(int frame) {
    const struct {
        DcmTagKey sequence;
        DcmTagKey tags[4];
        int count;
    } moves[] = {
        {DCM_PixelValueTransformationSequence, {DCM_RescaleIntercept, DCM_RescaleSlope, DCM_RescaleType}, 3},
        {DCM_FrameVOILUTSequence, {DCM_WindowCenter, DCM_WindowWidth, DCM_VOILUTFunction, DCM_VOILUTSequence}, 4},
    };
    const bool is_first = !knows_own;
    knows_own = true;
    for (const auto &move : moves) {
        DcmItem *item = group(move.sequence, frame);
        for (int index = 0; index < move.count; index++) {
            const DcmTagKey &tag = move.tags[index];
            if (is_first) copy(data(), tag, own);
            delete data().remove(tag);
            copy(item ? *item : own, tag, data());
        }
    }
}

/// Puts the element `tag` of `from`, where it has one, also into `to`.
void quire_dicom::copy(DcmItem &from, const DcmTagKey &tag, DcmItem &to) {
    DcmElement *made = NULL;
    if (from.findAndGetElement(tag, made, OFFalse, OFTrue).bad() || !made) return;
    if (to.insert(made, OFTrue).bad()) delete made;
}

/// Takes what the file says of one frame.
void quire_dicom::read_frame(int index) {
    take_group(index);
    double centre = 0, width = 0;
    read_rescaling(takes_tables && !names_window(centre, width) && names_table());
}

std::unique_ptr<DicomImage> quire_dicom::image(int index) {
    read_frame(index);
    check_runs(index);
    const unsigned long flags = imageFlags | (slope == 1 && intercept == 0 ? 0 : CIF_IgnoreModalityTransformation);
    std::unique_ptr<DicomImage> image(new DicomImage(&data(), syntax, flags, OFstatic_cast(unsigned long, index), 1));
    switch (image->getStatus()) {
        case EIS_Normal: break;
        case EIS_MemoryFailure: throw Failure{QUIRE_DICOM_NO_MEMORY, "no memory for its pixels"};
        case EIS_NotSupportedValue:
            throw Failure{QUIRE_DICOM_UNSUPPORTED, std::string("pixels stored so are not read: ") +
                                                       word(data(), DCM_PhotometricInterpretation)};
        case EIS_NoDataDictionary:
        case EIS_InvalidDocument:
        case EIS_MissingAttribute:
        case EIS_InvalidValue:
        case EIS_InvalidImage:
        case EIS_OtherError: throw Failure{QUIRE_DICOM_DAMAGED, DicomImage::getString(image->getStatus())};
    }
    if (image->getWidth() != OFstatic_cast(unsigned long, facts.width) ||
        image->getHeight() != OFstatic_cast(unsigned long, facts.height) || (image->isMonochrome() != 0) != is_grey) {
        throw Failure{QUIRE_DICOM_DAMAGED, "its pixels are not of the size it says"};
    }
    // What was drawn or written over a picture may name the patient.
    image->hideAllOverlays();
    if (is_grey && slope < 0) image->setPolarity(EPP_Reverse);
    return image;
}

/// DicomImage rounds rescaled values to whole numbers, which leaves nothing of small ones, as the uptake in PET. So it is given
/// windows in units of the stored values instead. Tables count in rescaled values.
void quire_dicom::read_rescaling(bool needs_values) {
    slope = 1;
    intercept = 0;
    DcmItem *table = NULL;
    const bool has_table = data().findAndGetSequenceItem(DCM_ModalityLUTSequence, table, 0).good() && table;
    Float64 by = 0, from = 0;
    if (!is_grey || needs_values || has_table) return;
    if (data().findAndGetFloat64(DCM_RescaleSlope, by).bad() || data().findAndGetFloat64(DCM_RescaleIntercept, from).bad()) return;
    if (!std::isfinite(by) || !std::isfinite(from) || by == 0) return;
    slope = by;
    intercept = from;
}

bool quire_dicom::names_window(double &centre, double &width) {
    return data().findAndGetFloat64(DCM_WindowCenter, centre).good() && data().findAndGetFloat64(DCM_WindowWidth, width).good() &&
           std::isfinite(centre) && std::isfinite(width) && width > 0;
}

bool quire_dicom::names_table() {
    DcmItem *table = NULL;
    return data().findAndGetSequenceItem(DCM_VOILUTSequence, table, 0).good() && table;
}

/// A window in units of the rescaled values, by the function the file names (PS3.3, C.11.2.1.2 and C.11.2.1.3).
bool quire_dicom::set_window(DicomImage &image, double centre, double width) {
    const std::string function = word(data(), DCM_VOILUTFunction);
    if (!(std::isfinite(centre) && std::isfinite(width) && width > 0)) return false;
    if (function == "SIGMOID") {
        image.setVoiLutFunction(EFV_Sigmoid);
        return image.setWindow((centre - intercept) / slope, width / std::fabs(slope)) != 0;
    }
    // LINEAR takes a width of one value off, which is more than some windows have.
    const bool is_exact = function == "LINEAR_EXACT" || width < 1;
    set_line(image, is_exact ? centre : centre - 0.5, is_exact ? width : width - 1);
    return true;
}

/// Black half of `length` below `middle`, white half of it above, in units of the rescaled values.
void quire_dicom::set_line(DicomImage &image, double middle, double length) {
    image.setVoiLutFunction(EFV_Linear);
    image.setWindow((middle - intercept) / slope + 0.5, length / std::fabs(slope) + 1);
}

bool quire_dicom::set_own_window(DicomImage &image) {
    double centre = 0, width = 0;
    if (names_window(centre, width)) return set_window(image, centre, width);
    if (image.getVoiLutCount() > 0) return image.setVoiLut(0) != 0;
    return false;
}

/// One window for all frames, so that they can be compared.
void quire_dicom::set_range(DicomImage &image, int index) {
    if (!knows_range) {
        for (int frame = 0; frame < facts.frames; frame++) {
            double low = 0, high = 0;
            const std::unique_ptr<DicomImage> other = frame == index ? nullptr : this->image(frame);
            if (frame == index) read_frame(index);
            if (!(other ? *other : image).getMinMaxValues(low, high)) continue;
            const double ends[] = {low * slope + intercept, high * slope + intercept};
            for (const double end : ends) {
                least = knows_range ? std::fmin(least, end) : end;
                most = knows_range ? std::fmax(most, end) : end;
                knows_range = true;
            }
        }
        read_frame(index);
    }
    if (knows_range) set_line(image, (least + most) / 2, most - least);
}

void quire_dicom::render(int index, const quire_dicom_window &window, void *pixels, size_t pixel_bytes, bool &was_stretched) {
    quire_dicom_forget_losses();
    quire_dicom_take_partial_jpeg2000(is_tolerant);
    takes_tables = window.choice == QUIRE_DICOM_AUTO || window.choice == QUIRE_DICOM_FILE;
    const std::unique_ptr<DicomImage> image = this->image(index);
    if (is_grey) {
        switch (window.choice) {
            case QUIRE_DICOM_AUTO:
                if (set_own_window(*image)) break;
                if (bits_stored > 8) {
                    set_range(*image, index);
                    was_stretched = true;
                } else {
                    // DicomImage shows the highest value of one bit as a middle grey.
                    double low = 0, high = 0;
                    if (image->getMinMaxValues(low, high, 1)) {
                        image->setVoiLutFunction(EFV_Linear);
                        image->setWindow((low + high + 1) / 2, high - low + 1);
                    }
                }
                break;
            case QUIRE_DICOM_FILE:
                if (!set_own_window(*image)) {
                    throw Failure{QUIRE_DICOM_UNSUPPORTED, "it names no window; ask for another, or for auto"};
                }
                break;
            case QUIRE_DICOM_MIN_MAX:
                set_range(*image, index);
                was_stretched = true;
                break;
            case QUIRE_DICOM_GIVEN:
                if (!set_window(*image, window.centre, window.width)) {
                    throw Failure{QUIRE_DICOM_UNSUPPORTED, "this window does not fit its values"};
                }
                break;
        }
    }
    if (!image->getOutputData(pixels, pixel_bytes, facts.bits)) {
        throw Failure{QUIRE_DICOM_DAMAGED, "its pixels cannot be shown"};
    }
    const char *loss = quire_dicom_loss();
    if (loss && !is_tolerant) throw Failure{QUIRE_DICOM_DAMAGED, loss};
}

extern "C" quire_dicom_status quire_dicom_open(
    const char *path, int is_tolerant, quire_dicom **result, quire_dicom_facts *facts, char *text, size_t text_size) {
    return guarded(text, text_size, [&] {
        start();
        std::unique_ptr<quire_dicom> file(new quire_dicom);
        file->is_tolerant = is_tolerant != 0;
        file->open(path, is_tolerant != 0);
        *facts = file->facts;
        *result = file.release();
    });
}

extern "C" quire_dicom_status quire_dicom_render(
    quire_dicom *file, int index, const quire_dicom_window *window, void *pixels, size_t pixel_bytes, int *was_stretched, char *text,
    size_t text_size) {
    bool stretched = false;
    const quire_dicom_status status =
        guarded(text, text_size, [&] { file->render(index, *window, pixels, pixel_bytes, stretched); });
    *was_stretched = stretched;
    return status;
}

extern "C" size_t quire_dicom_profile(quire_dicom *file, const uint8_t **bytes) {
    size_t count = 0;
    guarded(NULL, 0, [&] {
        DcmElement *element = NULL;
        Uint8 *value = NULL;
        if (file->is_grey || file->data().findAndGetElement(DCM_ICCProfile, element).bad() || !element) return;
        if (element->getUint8Array(value).bad() || !value) return;
        *bytes = value;
        count = element->getLength();
    });
    return count;
}

extern "C" void quire_dicom_close(quire_dicom *file) {
    guarded(NULL, 0, [&] { delete file; });
}
