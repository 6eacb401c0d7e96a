// Raw files of cameras by LibRaw: the preview the camera put in, or the sensor's values developed.
#ifndef QUIRE_CLIBRAW_H
#define QUIRE_CLIBRAW_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

enum quire_raw_status {
    QUIRE_RAW_DONE = 0,
    QUIRE_RAW_TRUNCATED,
    QUIRE_RAW_DAMAGED,
    /// A camera or a compression that LibRaw does not read.
    QUIRE_RAW_UNSUPPORTED,
    QUIRE_RAW_TOO_LARGE,
    QUIRE_RAW_NO_MEMORY,
};

/// Where a file's bytes are: `count` of them, in `bytes` or, where that is NULL, at `path`.
struct quire_raw_source {
    const uint8_t *bytes;
    size_t count;
    const char *path;
};

enum quire_raw_balance { QUIRE_RAW_CAMERA = 0, QUIRE_RAW_AUTO, QUIRE_RAW_DAYLIGHT };

enum quire_raw_quality {
    /// Every four sensor values one pixel.
    QUIRE_RAW_HALF = 0,
    /// Demosaiced by PPG.
    QUIRE_RAW_FAST,
    /// Demosaiced by AHD.
    QUIRE_RAW_BEST,
};

struct quire_raw_options {
    enum quire_raw_balance balance;
    enum quire_raw_quality quality;
    /// What every value is multiplied with; 0 lets one pixel in a hundred become white.
    double brightness;
    /// 8 or 16.
    int bits;
    int is_tolerant;
};

struct quire_raw_facts {
    /// Of the developed picture, not turned.
    int width;
    int height;
    /// 1 for a sensor without colours, else 3.
    int components;
    /// EXIF orientation, 1 to 8.
    int orientation;
};

/// Reads the header. `text` says in one line why it failed.
enum quire_raw_status quire_raw_read(
    const struct quire_raw_source *source, enum quire_raw_quality quality, struct quire_raw_facts *facts, char *text,
    size_t text_size);

/// The largest JPEG in the file; `*bytes` is NULL where there is none. The owner frees it with `quire_raw_free`.
enum quire_raw_status quire_raw_preview(
    const struct quire_raw_source *source, uint8_t **bytes, size_t *count, char *text, size_t text_size);

/// Develops to sRGB, not turned, into interleaved components in this machine's byte order, rows without gaps. The picture is of
/// the size that `quire_raw_read` says for this quality.
enum quire_raw_status quire_raw_develop(
    const struct quire_raw_source *source, const struct quire_raw_options *options, const struct quire_raw_facts *facts,
    void *pixels, size_t pixel_bytes, char *text, size_t text_size);

void quire_raw_free(uint8_t *bytes);

#ifdef __cplusplus
}
#endif
#endif
