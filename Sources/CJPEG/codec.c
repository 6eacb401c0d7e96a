#include "resample.h"
#include "errors.h"
#include <stdlib.h>
#include <string.h>

// Reads all rows of a started decoder and leaves `result->height` of them, each made of the rows its taps name.
static void read_rows(j_decompress_ptr codec, const struct quire_taps *plan, uint8_t *window, int window_rows, struct quire_pixels *result) {
    const size_t stride = (size_t)result->width * (size_t)result->components;
    // `window` holds the rows from `first` up to, not with, the codec's next one.
    int first = 0, done = 0;
    while (done < result->height) {
        const struct quire_taps *taps = &plan[done];
        int have = (int)codec->output_scanline;
        if (have >= taps->first + taps->count) {
            quire_reduce_row(window + (size_t)(taps->first - first) * stride, stride, taps, result->bytes + (size_t)done * stride);
            done++;
            continue;
        }
        int group = (int)codec->output_height - have < 8 ? (int)codec->output_height - have : 8;
        if (have - first + group > window_rows) {
            int keep = taps->first < have ? taps->first : have;
            memmove(window, window + (size_t)(keep - first) * stride, (size_t)(have - keep) * stride);
            first = keep;
        }
        JSAMPROW rows[8];
        for (int row = 0; row < group; row++) rows[row] = window + (size_t)(have - first + row) * stride;
        jpeg_read_scanlines(codec, rows, (JDIMENSION)group);
    }
    // Rows below the last tap may be damaged all the same.
    while (codec->output_scanline < codec->output_height) {
        JSAMPROW row = window;
        jpeg_read_scanlines(codec, &row, 1);
    }
}

// What has to be given back however decoding ends; it outlives the function that libjpeg jumps back into.
struct decoding {
    struct jpeg_decompress_struct codec;
    struct error_manager manager;
    struct quire_taps *plan;
    uint8_t *window;
    /// As wide as decoded, as high as wanted.
    struct quire_pixels low;
};

static int decode(struct decoding *work, const uint8_t *file, size_t count, int denominator, int height) {
    j_decompress_ptr codec = &work->codec;
    codec->err = quire_manage(&work->manager);
    if (setjmp(work->manager.back)) return -1;
    jpeg_create_decompress(codec);
    // A file that ends early makes this source warn, which ends the decoding.
    jpeg_mem_src(codec, file, count);
    jpeg_read_header(codec, TRUE);
    int is_grey = codec->num_components == 1 && codec->jpeg_color_space == JCS_GRAYSCALE;
    int is_colour = codec->num_components == 3 && codec->jpeg_color_space == JCS_YCbCr;
    if (!(is_grey || is_colour) || codec->data_precision != 8) return -1;
    codec->out_color_space = is_grey ? JCS_GRAYSCALE : JCS_RGB;
    codec->scale_num = 1;
    codec->scale_denom = (unsigned)denominator;
    jpeg_start_decompress(codec);
    if (quire_plan((int)codec->output_height, height, &work->plan)) return -1;
    int most = 0;
    for (int row = 0; row < height; row++) most = work->plan[row].count > most ? work->plan[row].count : most;
    // Twice what a row needs, so that rows are moved seldom.
    int window_rows = 2 * most + 16;
    work->window = malloc((size_t)window_rows * codec->output_width * (size_t)codec->output_components);
    if (!work->window || quire_pixels_make((int)codec->output_width, height, codec->output_components, &work->low)) return -1;
    read_rows(codec, work->plan, work->window, window_rows, &work->low);
    jpeg_finish_decompress(codec);
    return 0;
}

int quire_jpeg_decode(const uint8_t *file, size_t count, int denominator, int width, int height, struct quire_pixels *result) {
    struct decoding work = {0};
    int status = decode(&work, file, count, denominator, height);
    jpeg_destroy_decompress(&work.codec);
    quire_plan_free(work.plan);
    free(work.window);
    result->bytes = NULL;
    if (status == 0 && work.low.width == width) {
        *result = work.low;
        return 0;
    }
    if (status == 0) status = quire_reduce_columns(&work.low, width, result);
    quire_pixels_free(&work.low);
    return status;
}

struct encoding {
    struct jpeg_compress_struct codec;
    struct error_manager manager;
    unsigned char *buffer;
    unsigned long length;
};

static int encode(struct encoding *work, const struct quire_pixels *pixels, const struct quire_jpeg_options *options) {
    j_compress_ptr codec = &work->codec;
    codec->err = quire_manage(&work->manager);
    if (setjmp(work->manager.back)) return -1;
    jpeg_create_compress(codec);
    jpeg_mem_dest(codec, &work->buffer, &work->length);
    codec->image_width = (JDIMENSION)pixels->width;
    codec->image_height = (JDIMENSION)pixels->height;
    codec->input_components = pixels->components;
    codec->in_color_space = pixels->components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(codec);
    jpeg_set_quality(codec, options->quality, TRUE);
    codec->optimize_coding = TRUE;
    codec->density_unit = (UINT8)options->density_unit;
    codec->X_density = (UINT16)options->density_x;
    codec->Y_density = (UINT16)options->density_y;
    if (options->is_progressive) jpeg_simple_progression(codec);
    if (pixels->components == 3) {
        int automatic = options->quality >= 90 ? 1 : 2;
        codec->comp_info[0].h_samp_factor = options->chroma_columns ? options->chroma_columns : automatic;
        codec->comp_info[0].v_samp_factor = options->chroma_rows ? options->chroma_rows : automatic;
    }
    jpeg_start_compress(codec, TRUE);
    if (options->profile_count > 0) jpeg_write_icc_profile(codec, options->profile, (unsigned)options->profile_count);
    size_t stride = (size_t)pixels->width * (size_t)pixels->components;
    while (codec->next_scanline < codec->image_height) {
        JSAMPROW rows[16];
        unsigned left = codec->image_height - codec->next_scanline, group = left < 16 ? left : 16;
        for (unsigned row = 0; row < group; row++) rows[row] = pixels->bytes + (size_t)(codec->next_scanline + row) * stride;
        jpeg_write_scanlines(codec, rows, group);
    }
    jpeg_finish_compress(codec);
    return 0;
}

int quire_jpeg_encode(const struct quire_pixels *pixels, const struct quire_jpeg_options *options, uint8_t **file, size_t *count) {
    struct encoding work = {0};
    int status = encode(&work, pixels, options);
    jpeg_destroy_compress(&work.codec);
    // After an error libjpeg may have freed the buffer it handed out; it tells only at the end of a whole file.
    *file = status == 0 ? work.buffer : NULL;
    *count = status == 0 ? work.length : 0;
    return status;
}

void quire_bytes_free(uint8_t *bytes) { free(bytes); }
