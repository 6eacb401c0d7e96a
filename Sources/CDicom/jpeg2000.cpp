// JPEG 2000 inside DICOM (PS3.5, A.4.4) by OpenJPEG. Not by libvips' loader: it moves values of 9 to 15 bits up to the top of 16,
// and rescaling and windows count in the values themselves.
#include "jpeg2000.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcfcache.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <openjpeg.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

namespace {
/// A codestream being read.
struct Codestream {
    const std::vector<Uint8> &bytes;
    size_t place;
};

OPJ_SIZE_T read(void *buffer, OPJ_SIZE_T count, void *data) {
    Codestream &stream = *static_cast<Codestream *>(data);
    const size_t rest = stream.bytes.size() - stream.place;
    if (rest == 0) return static_cast<OPJ_SIZE_T>(-1);
    const size_t taken = count < rest ? count : rest;
    memcpy(buffer, stream.bytes.data() + stream.place, taken);
    stream.place += taken;
    return taken;
}

OPJ_OFF_T skip(OPJ_OFF_T count, void *data) {
    Codestream &stream = *static_cast<Codestream *>(data);
    const size_t rest = stream.bytes.size() - stream.place;
    if (count < 0 || rest == 0) return -1;
    const size_t taken = static_cast<uint64_t>(count) < rest ? static_cast<size_t>(count) : rest;
    stream.place += taken;
    return static_cast<OPJ_OFF_T>(taken);
}

OPJ_BOOL seek(OPJ_OFF_T place, void *data) {
    Codestream &stream = *static_cast<Codestream *>(data);
    if (place < 0 || static_cast<uint64_t>(place) > stream.bytes.size()) return OPJ_FALSE;
    stream.place = static_cast<size_t>(place);
    return OPJ_TRUE;
}

void ignore(const char *, void *) {}

bool begins_with(const Uint8 *bytes, size_t count, std::initializer_list<Uint8> start) {
    return count >= start.size() && memcmp(bytes, start.begin(), start.size()) == 0;
}

/// Signature box of a JP2 file, which some put into the fragments instead of the bare codestream.
bool is_jp2(const Uint8 *bytes, size_t count) { return begins_with(bytes, count, {0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20}); }

/// SOC and SIZ, which stand nowhere else in a codestream.
bool begins_picture(const Uint8 *bytes, size_t count) {
    return is_jp2(bytes, count) || begins_with(bytes, count, {0xFF, 0x4F, 0xFF, 0x51});
}

/// How values of a decoded frame lie in DICOM's pixel data.
struct Cells {
    unsigned width, height, samples, bytes;
    bool is_planar;

    size_t total() const { return static_cast<size_t>(width) * height * samples * bytes; }
};

/// The fragments of frame `index`, joined. One frame may be cut into any number of them.
OFCondition collect(DcmPixelSequence &sequence, Uint32 index, Sint32 frames, std::vector<Uint8> &bytes) {
    const bool is_one_each = frames > 1 && sequence.card() == static_cast<unsigned long>(frames) + 1;
    Sint64 frame = -1;
    DcmFileCache opened;
    // The first item is the table of offsets.
    DcmObject *item = sequence.nextInContainer(sequence.nextInContainer(NULL));
    for (; item; item = sequence.nextInContainer(item)) {
        DcmPixelItem *fragment = OFstatic_cast(DcmPixelItem *, item);
        const Uint32 count = fragment->getLength();
        if (is_one_each) {
            frame++;
        } else if (frames == 1) {
            frame = 0;
        } else {
            // Its first bytes tell whose it is: other frames' fragments are not read for this one.
            Uint8 start[8];
            const Uint32 known = count < sizeof start ? count : OFstatic_cast(Uint32, sizeof start);
            if (known && fragment->getPartialValue(start, 0, known, &opened).bad()) return EC_CorruptedData;
            if (begins_picture(start, known)) frame++;
        }
        if (frame > index) break;
        if (frame < index || count == 0) continue;
        Uint8 *value = NULL;
        if (fragment->getUint8Array(value).bad() || !value) return EC_CorruptedData;
        bytes.insert(bytes.end(), value, value + count);
        fragment->compact();
    }
    return bytes.empty() ? EC_CorruptedData : EC_Normal;
}

template <typename Cell>
void store(const opj_image_t &image, const Cells &cells, void *buffer) {
    Cell *out = static_cast<Cell *>(buffer);
    const size_t pixels = static_cast<size_t>(cells.width) * cells.height;
    for (unsigned sample = 0; sample < cells.samples; sample++) {
        const OPJ_INT32 *values = image.comps[sample].data;
        for (size_t pixel = 0; pixel < pixels; pixel++) {
            out[cells.is_planar ? sample * pixels + pixel : pixel * cells.samples + sample] = static_cast<Cell>(values[pixel]);
        }
    }
}

struct FreeStream {
    void operator()(opj_stream_t *stream) const { opj_stream_destroy(stream); }
};
struct FreeCodec {
    void operator()(opj_codec_t *codec) const { opj_destroy_codec(codec); }
};
struct FreeImage {
    void operator()(opj_image_t *image) const { opj_image_destroy(image); }
};

/// Whether a frame has the form its file says: nothing is decoded for it.
bool fits(const opj_image_t &image, const Cells &cells) {
    if (image.numcomps != cells.samples) return false;
    for (unsigned sample = 0; sample < cells.samples; sample++) {
        const opj_image_comp_t &component = image.comps[sample];
        if (component.w != cells.width || component.h != cells.height || component.dx != 1 || component.dy != 1) return false;
        if (component.prec < 1 || component.prec > 8 * cells.bytes) return false;
    }
    return true;
}

OFCondition unpack(const std::vector<Uint8> &bytes, const Cells &cells, bool is_tolerant, void *buffer) {
    Codestream source = {bytes, 0};
    const std::unique_ptr<opj_stream_t, FreeStream> stream(opj_stream_default_create(OPJ_TRUE));
    const std::unique_ptr<opj_codec_t, FreeCodec> codec(
        opj_create_decompress(is_jp2(bytes.data(), bytes.size()) ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
    if (!stream || !codec) return EC_MemoryExhausted;
    opj_stream_set_user_data(stream.get(), &source, NULL);
    opj_stream_set_user_data_length(stream.get(), bytes.size());
    opj_stream_set_read_function(stream.get(), read);
    opj_stream_set_skip_function(stream.get(), skip);
    opj_stream_set_seek_function(stream.get(), seek);
    opj_set_info_handler(codec.get(), ignore, NULL);
    opj_set_warning_handler(codec.get(), ignore, NULL);
    opj_set_error_handler(codec.get(), ignore, NULL);
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    // Palettes and channel definitions of a JP2 are not DICOM's: the values count as they are stored.
    parameters.flags |= OPJ_DPARAMETERS_IGNORE_PCLR_CMAP_CDEF_FLAG;
    if (!opj_setup_decoder(codec.get(), &parameters)) return EC_CorruptedData;
    opj_decoder_set_strict_mode(codec.get(), is_tolerant ? OPJ_FALSE : OPJ_TRUE);
    opj_image_t *header = NULL;
    const bool is_read = opj_read_header(stream.get(), codec.get(), &header);
    const std::unique_ptr<opj_image_t, FreeImage> image(header);
    if (!is_read || !image || !fits(*image, cells)) return EC_CorruptedData;
    if (!opj_decode(codec.get(), stream.get(), image.get())) return EC_CorruptedData;
    if (!opj_end_decompress(codec.get(), stream.get()) && !is_tolerant) return EC_CorruptedData;
    for (unsigned sample = 0; sample < cells.samples; sample++) {
        if (!image->comps[sample].data) return EC_CorruptedData;
    }
    switch (cells.bytes) {
        case 1: store<Uint8>(*image, cells, buffer); break;
        case 2: store<Uint16>(*image, cells, buffer); break;
        default: store<Uint32>(*image, cells, buffer); break;
    }
    return EC_Normal;
}

Uint16 number(DcmItem &item, const DcmTagKey &tag, Uint16 missing) {
    Uint16 value = 0;
    return item.findAndGetUint16(tag, value).good() ? value : missing;
}

class NoParameters : public DcmCodecParameter {
public:
    DcmCodecParameter *clone() const { return new NoParameters; }
    const char *className() const { return "NoParameters"; }
};

class Decoder : public DcmCodec {
public:
    OFBool canChangeCoding(const E_TransferSyntax from, const E_TransferSyntax to) const {
        return (from == EXS_JPEG2000LosslessOnly || from == EXS_JPEG2000) && !DcmXfer(to).isEncapsulated();
    }

    OFCondition decodeFrame(
        const DcmRepresentationParameter *, DcmPixelSequence *sequence, const DcmCodecParameter *, DcmItem *data, Uint32 index, Uint32 &,
        void *buffer, Uint32 buffer_bytes, OFString &colours) const {
        const Uint16 bits = number(*data, DCM_BitsAllocated, 0);
        Sint32 frames = 1;
        if (data->findAndGetSint32(DCM_NumberOfFrames, frames).bad() || frames < 1) frames = 1;
        const Cells cells = {
            number(*data, DCM_Columns, 0), number(*data, DCM_Rows, 0), number(*data, DCM_SamplesPerPixel, 1),
            bits / 8u, number(*data, DCM_PlanarConfiguration, 0) == 1};
        if (bits != 8 && bits != 16 && bits != 32) return EC_UnsupportedEncoding;
        if (cells.total() == 0 || cells.total() > buffer_bytes) return EC_CorruptedData;
        std::vector<Uint8> bytes;
        const OFCondition found = collect(*sequence, index, frames, bytes);
        if (found.bad()) return found;
        const OFCondition unpacked = unpack(bytes, cells, is_tolerant, buffer);
        if (unpacked.bad()) return unpacked;
        return determineDecompressedColorModel(NULL, sequence, NULL, data, colours);
    }

    /// The codestream's own transform of colours is undone with it, and no component has fewer pixels than another (`fits`).
    OFCondition determineDecompressedColorModel(
        const DcmRepresentationParameter *, DcmPixelSequence *, const DcmCodecParameter *, DcmItem *data, OFString &colours) const {
        if (data->findAndGetOFString(DCM_PhotometricInterpretation, colours).bad()) return EC_MissingAttribute;
        if (colours == "YBR_ICT" || colours == "YBR_RCT") colours = "RGB";
        if (colours == "YBR_FULL_422") colours = "YBR_FULL";
        return EC_Normal;
    }

    // Frames are asked for one by one, and nothing is written.
    OFCondition decode(
        const DcmRepresentationParameter *, DcmPixelSequence *, DcmPolymorphOBOW &, const DcmCodecParameter *, const DcmStack &,
        OFBool &) const {
        return EC_IllegalCall;
    }
    OFCondition encode(
        const Uint16 *, const Uint32, const DcmRepresentationParameter *, DcmPixelSequence *&, const DcmCodecParameter *, DcmStack &,
        OFBool &) const {
        return EC_IllegalCall;
    }
    OFCondition encode(
        const E_TransferSyntax, const DcmRepresentationParameter *, DcmPixelSequence *, const DcmRepresentationParameter *,
        DcmPixelSequence *&, const DcmCodecParameter *, DcmStack &, OFBool &) const {
        return EC_IllegalCall;
    }

    bool is_tolerant = false;
};

Decoder decoder;
const NoParameters no_parameters;
}  // namespace

void quire_dicom_register_jpeg2000() { DcmCodecList::registerCodec(&decoder, NULL, &no_parameters); }

void quire_dicom_take_partial_jpeg2000(bool is_tolerant) { decoder.is_tolerant = is_tolerant; }
