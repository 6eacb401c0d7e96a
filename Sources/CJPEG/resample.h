// Between the files of this target only.
#ifndef QUIRE_RESAMPLE_H
#define QUIRE_RESAMPLE_H
#include "CJPEG.h"

/// Where a row of the result comes from: `count` rows of the source from `first`, and their weights.
struct quire_taps {
    int first;
    int count;
    int16_t *weights;
};

/// How `source_rows` rows become `rows`: one entry a row of the result, `first` never falling. -1 without memory.
int quire_plan(int source_rows, int rows, struct quire_taps **result);
void quire_plan_free(struct quire_taps *plan);

/// One row of the result; `top` is the row of the source that `taps` begins with, the others lie `stride` bytes apart.
void quire_reduce_row(const uint8_t *top, size_t stride, const struct quire_taps *taps, uint8_t *out);

int quire_reduce_columns(const struct quire_pixels *source, int width, struct quire_pixels *result);

int quire_pixels_make(int width, int height, int components, struct quire_pixels *result);
#endif
