#include "CLibRaw.h"

#include <libraw/libraw.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>

namespace {
struct Failure {
    quire_raw_status status;
    std::string text;
};

/// A file that notes when something is looked for behind its end: LibRaw leaves tiles black that are not there.
class Source {
public:
    virtual ~Source() {}
    virtual LibRaw_abstract_datastream *stream() = 0;
    bool was_left = false;
};

template <typename Stream>
class Watched : public Source, private Stream {
public:
    template <typename... Place>
    explicit Watched(Place... place) : Stream(place...) {}
    LibRaw_abstract_datastream *stream() override { return this; }

    int seek(INT64 offset, int whence) override {
        const INT64 start = whence == SEEK_CUR ? Stream::tell() : whence == SEEK_END ? Stream::size() : 0;
        if (offset > Stream::size() - start) was_left = true;
        return Stream::seek(offset, whence);
    }
};

/// LibRaw fills in whatever memory holds where a preview ends behind the file.
class Raw : public LibRaw {
public:
    std::unique_ptr<Source> source;

    ~Raw() override { recycle(); }

    bool preview_is_whole(size_t file_bytes) {
        const INT64 start = libraw_internal_data.internal_data.toffset;
        // Some formats keep it in another way than at a place in the file.
        return start <= 0 || static_cast<size_t>(start) + imgdata.thumbnail.tlength <= file_bytes;
    }
};

/// What LibRaw missed while it went on over damage.
struct Losses {
    bool ends_early = false;
    bool is_corrupt = false;
};

void note(void *data, const char *, const int offset) {
    Losses *losses = static_cast<Losses *>(data);
    // LibRaw calls with -1 where the file ended, else with the place of what made no sense.
    (offset < 0 ? losses->ends_early : losses->is_corrupt) = true;
}

void check(int code, const char *step) {
    if (code == LIBRAW_SUCCESS) return;
    quire_raw_status status = QUIRE_RAW_DAMAGED;
    switch (code) {
        case LIBRAW_FILE_UNSUPPORTED:
        case LIBRAW_NOT_IMPLEMENTED:
        case LIBRAW_UNSUPPORTED_THUMBNAIL:
        case LIBRAW_REQUEST_FOR_NONEXISTENT_IMAGE: status = QUIRE_RAW_UNSUPPORTED; break;
        case LIBRAW_IO_ERROR: status = QUIRE_RAW_TRUNCATED; break;
        case LIBRAW_TOO_BIG: status = QUIRE_RAW_TOO_LARGE; break;
        case LIBRAW_UNSUFFICIENT_MEMORY:
        case LIBRAW_MEMPOOL_OVERFLOW: status = QUIRE_RAW_NO_MEMORY; break;
        default: break;
    }
    // Positive codes are errno's.
    throw Failure{code > 0 ? QUIRE_RAW_TRUNCATED : status, std::string(step) + ": " + LibRaw::strerror(code)};
}

std::unique_ptr<Raw> opened(const quire_raw_source &source, Losses &losses) {
    std::unique_ptr<Raw> raw(new Raw);
    raw->set_dataerror_handler(note, &losses);
    // The picture as the sensor has it: who asks for it turns it as everything else.
    raw->imgdata.params.user_flip = 0;
    if (source.bytes) {
        raw->source.reset(new Watched<LibRaw_buffer_datastream>(const_cast<uint8_t *>(source.bytes), source.count));
    } else {
        raw->source.reset(new Watched<LibRaw_bigfile_datastream>(source.path));
    }
    check(raw->open_datastream(raw->source->stream()), "opening");
    return raw;
}

template <typename Body>
quire_raw_status guarded(char *text, size_t text_size, Body body) {
    std::string words;
    quire_raw_status status = QUIRE_RAW_DONE;
    try {
        body();
    } catch (const Failure &failure) {
        status = failure.status;
        words = failure.text;
    } catch (const std::bad_alloc &) {
        status = QUIRE_RAW_NO_MEMORY;
        words = "no memory for its pixels";
    } catch (...) {
        status = QUIRE_RAW_DAMAGED;
        words = "LibRaw gave up on it";
    }
    if (status != QUIRE_RAW_DONE && text && text_size) snprintf(text, text_size, "%s", words.c_str());
    return status;
}

/// dcraw's number for a turn (bit 0 mirrors, bit 1 turns over, bit 2 changes the sides) or its degrees as EXIF's.
int orientation(int flip) {
    static const int exif[8] = {1, 2, 4, 3, 5, 8, 6, 7};
    switch ((flip + 3600) % 360) {
        case 270: return 8;
        case 180: return 3;
        case 90: return 6;
    }
    return exif[flip & 7];
}
}  // namespace

extern "C" quire_raw_status quire_raw_read(
    const quire_raw_source *source, quire_raw_quality quality, quire_raw_facts *facts, char *text, size_t text_size) {
    return guarded(text, text_size, [&] {
        Losses losses;
        const std::unique_ptr<Raw> raw = opened(*source, losses);
        const int flip = raw->imgdata.sizes.flip;
        raw->imgdata.params.half_size = quality == QUIRE_RAW_HALF;
        check(raw->adjust_sizes_info_only(), "reading its size");
        facts->width = raw->imgdata.sizes.iwidth;
        facts->height = raw->imgdata.sizes.iheight;
        facts->components = raw->imgdata.idata.colors == 1 ? 1 : 3;
        facts->orientation = orientation(flip);
        if (facts->width < 1 || facts->height < 1) throw Failure{QUIRE_RAW_DAMAGED, "it has no pixels"};
    });
}

extern "C" quire_raw_status quire_raw_preview(
    const quire_raw_source *source, uint8_t **bytes, size_t *count, char *text, size_t text_size) {
    *bytes = NULL;
    *count = 0;
    return guarded(text, text_size, [&] {
        Losses losses;
        const std::unique_ptr<Raw> raw = opened(*source, losses);
        if (!raw->preview_is_whole(source->count)) throw Failure{QUIRE_RAW_TRUNCATED, "the file ends before its preview does"};
        const int code = raw->unpack_thumb();
        if (code == LIBRAW_NO_THUMBNAIL || code == LIBRAW_UNSUPPORTED_THUMBNAIL) return;
        check(code, "its preview");
        const libraw_thumbnail_t &preview = raw->imgdata.thumbnail;
        if (preview.tformat != LIBRAW_THUMBNAIL_JPEG || !preview.thumb || preview.tlength < 4) return;
        *bytes = static_cast<uint8_t *>(malloc(preview.tlength));
        if (!*bytes) throw std::bad_alloc();
        memcpy(*bytes, preview.thumb, preview.tlength);
        *count = preview.tlength;
    });
}

extern "C" quire_raw_status quire_raw_develop(
    const quire_raw_source *source, const quire_raw_options *options, const quire_raw_facts *facts, void *pixels,
    size_t pixel_bytes, char *text, size_t text_size) {
    return guarded(text, text_size, [&] {
        Losses losses;
        const std::unique_ptr<Raw> raw = opened(*source, losses);
        libraw_output_params_t &wanted = raw->imgdata.params;
        wanted.half_size = options->quality == QUIRE_RAW_HALF;
        wanted.user_qual = options->quality == QUIRE_RAW_BEST ? 3 : 2;
        wanted.use_camera_wb = options->balance == QUIRE_RAW_CAMERA;
        wanted.use_auto_wb = options->balance == QUIRE_RAW_AUTO;
        wanted.output_bps = options->bits;
        wanted.output_color = 1;
        // The curve of sRGB (IEC 61966-2-1); LibRaw's own default is that of BT.709.
        wanted.gamm[0] = 1 / 2.4;
        wanted.gamm[1] = 12.92;
        if (options->brightness > 0) {
            wanted.no_auto_bright = 1;
            wanted.bright = static_cast<float>(options->brightness);
        }
        // Metadata may point anywhere.
        raw->source->was_left = false;
        check(raw->unpack(), "its sensor values");
        if (raw->source->was_left) losses.ends_early = true;
        if (!options->is_tolerant && losses.ends_early) throw Failure{QUIRE_RAW_TRUNCATED, "the file ends before its pixels do"};
        if (!options->is_tolerant && losses.is_corrupt) throw Failure{QUIRE_RAW_DAMAGED, "some of its sensor values make no sense"};
        check(raw->dcraw_process(), "developing");
        int width = 0, height = 0, components = 0, bits = 0;
        raw->get_mem_image_format(&width, &height, &components, &bits);
        const size_t row = static_cast<size_t>(width) * components * (bits / 8);
        if (width != facts->width || height != facts->height || components != facts->components || bits != options->bits ||
            row * height != pixel_bytes) {
            throw Failure{QUIRE_RAW_DAMAGED, "its pixels are not of the size it says"};
        }
        check(raw->copy_mem_image(pixels, static_cast<int>(row), 0), "developing");
    });
}

extern "C" void quire_raw_free(uint8_t *bytes) { free(bytes); }
