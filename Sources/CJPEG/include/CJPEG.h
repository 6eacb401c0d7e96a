// JPEG in memory by libjpeg, and the pixels between decoding and encoding, for pictures so small that libvips would
// spend most of their time on itself. Whatever is unusual is refused, so that libvips judges it.
#ifndef QUIRE_CJPEG_H
#define QUIRE_CJPEG_H
#include <stddef.h>
#include <stdint.h>

/// Interleaved components of 8 bits, rows without gaps. The owner frees `bytes` with `quire_pixels_free`.
struct quire_pixels {
    uint8_t *bytes;
    int width;
    int height;
    /// 1 for grey, 3 for red, green, blue.
    int components;
};

/// Decodes a grey or YCbCr JPEG of 8 bits to 1/1, 1/2, 1/4 or 1/8 of its size and resamples it to `width` x `height` with a
/// Lanczos kernel of three lobes (as vips_resize), rows as they come, so that memory holds a few of them only.
/// Weights are rounded to whole numbers once, so that bytes do not depend on how work is split; sin and cos are libm's, so
/// another libm or architecture may differ in a last bit.
/// -1 at the first warning of libjpeg, at a file that ends early, for every other colour space, and without memory.
int quire_jpeg_decode(const uint8_t *file, size_t count, int denominator, int width, int height, struct quire_pixels *result);

/// What stands in a JPEG beside its pixels.
struct quire_jpeg_options {
    /// 1 to 100.
    int quality;
    int is_progressive;
    /// How many pixels share a colour, across and down: 1 or 2, or 0 for two by two below quality 90 and one from there on.
    int chroma_columns;
    int chroma_rows;
    /// JFIF: 0 for no resolution, 1 for dots an inch.
    int density_unit;
    int density_x;
    int density_y;
    const uint8_t *profile;
    size_t profile_count;
};

/// Encodes with optimised Huffman tables; left to itself, chroma is halved below quality 90, as libvips does.
/// -1 when libjpeg gives up. The owner frees `*file` with `quire_bytes_free`.
int quire_jpeg_encode(const struct quire_pixels *pixels, const struct quire_jpeg_options *options, uint8_t **file, size_t *count);

enum {
    QUIRE_JPEG_PROGRESSIVE = 1,
    QUIRE_JPEG_ARITHMETIC = 2,
};

/// Codes the same coefficients again, with optimised Huffman tables or arithmetically, without loss and without metadata: only
/// JFIF's and Adobe's segments are written. -2 where there is no memory, -1 at any other error or warning of libjpeg. The owner
/// frees `*result` with `quire_bytes_free`.
int quire_jpeg_recode(const uint8_t *file, size_t count, int coding, uint8_t **result, size_t *result_count);

/// Mirrors left to right, then turns clockwise by quarter turns. -1 without memory.
int quire_pixels_turn(const struct quire_pixels *source, int is_mirrored, int quarters, struct quire_pixels *result);

void quire_pixels_free(struct quire_pixels *pixels);
void quire_bytes_free(uint8_t *bytes);
#endif
