#include "resample.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

// Weights are whole numbers with this many bits behind the point; a sum of weights times 255 fits 32 bits.
enum { weight_bits = 14 };

// The sine and cosine of an angle that grows by equal steps, without a library call for every weight.
struct wave {
    double sine, cosine, step_sine, step_cosine;
};

static struct wave wave(double angle, double step) { return (struct wave){sin(angle), cos(angle), sin(step), cos(step)}; }

static double next(struct wave *wave) {
    double sine = wave->sine;
    wave->sine = sine * wave->step_cosine + wave->cosine * wave->step_sine;
    wave->cosine = wave->cosine * wave->step_cosine - sine * wave->step_sine;
    return sine;
}

static const double pi = 3.14159265358979323846;

// Pixel centres lie at halves, and the kernel widens with the reduction (as vips_reduce). Rows beyond the edge repeat it.
int quire_plan(int source_rows, int rows, struct quire_taps **result) {
    double scale = (double)source_rows / rows, width = scale > 1 ? scale : 1;
    int reach = (int)ceil(3 * width), most = 2 * reach + 2;
    struct quire_taps *list = malloc((size_t)rows * sizeof *list);
    int16_t *weights = malloc((size_t)rows * (size_t)most * sizeof *weights);
    double *exact = malloc((size_t)most * sizeof *exact);
    if (!list || !weights || !exact) {
        free(list), free(weights), free(exact);
        return -1;
    }
    for (int row = 0; row < rows; row++) {
        double centre = (row + 0.5) * scale - 0.5;
        int from = (int)floor(centre) - reach, to = from + most - 1;
        int first = from < 0 ? 0 : from, last = to >= source_rows ? source_rows - 1 : to;
        if (first > source_rows - 1) first = source_rows - 1;
        int count = last - first + 1;
        double total = 0;
        for (int tap = 0; tap < count; tap++) exact[tap] = 0;
        double begin = pi * (from - centre) / width;
        struct wave whole = wave(begin, pi / width), third = wave(begin / 3, pi / width / 3);
        for (int position = from; position <= to; position++) {
            int inside = position < first ? first : position > last ? last : position;
            double distance = (position - centre) / width, product = next(&whole) * next(&third);
            if (fabs(distance) >= 3) continue;
            double weight = fabs(distance) < 1e-9 ? 1 : 3 * product / (pi * pi * distance * distance);
            exact[inside - first] += weight;
            total += weight;
        }
        // Rounding must not make the picture lighter or darker: what is left over goes to the heaviest row.
        struct quire_taps *taps = &list[row];
        taps->first = first;
        taps->count = count;
        taps->weights = weights + (size_t)row * (size_t)most;
        int sum = 0, heaviest = 0;
        for (int tap = 0; tap < count; tap++) {
            int weight = (int)lround(exact[tap] / total * (1 << weight_bits));
            taps->weights[tap] = (int16_t)weight;
            sum += weight;
            if (taps->weights[tap] > taps->weights[heaviest]) heaviest = tap;
        }
        taps->weights[heaviest] = (int16_t)(taps->weights[heaviest] + (1 << weight_bits) - sum);
        while (taps->count > 1 && taps->weights[taps->count - 1] == 0) taps->count--;
        while (taps->count > 1 && taps->weights[0] == 0) taps->weights++, taps->first++, taps->count--;
    }
    free(exact);
    // The plan is freed through its first weights, so these stand at the start of their block.
    list[0].weights = memmove(weights, list[0].weights, (size_t)list[0].count * sizeof *weights);
    *result = list;
    return 0;
}

void quire_plan_free(struct quire_taps *plan) {
    if (!plan) return;
    free(plan[0].weights);
    free(plan);
}

static uint8_t clamped(int32_t sum) {
    int32_t value = sum >> weight_bits;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

#ifdef __SSE2__
// 16 columns at a time, two rows of the source at once; the sums are whole numbers, so they equal the plain loop's.
static size_t reduce_block(const uint8_t *top, size_t stride, const struct quire_taps *taps, uint8_t *out) {
    size_t column = 0;
    const __m128i zero = _mm_setzero_si128();
    for (; column + 16 <= stride; column += 16) {
        __m128i sums[4];
        for (int part = 0; part < 4; part++) sums[part] = _mm_set1_epi32(1 << (weight_bits - 1));
        const uint8_t *in = top + column;
        for (int tap = 0; tap < taps->count; tap += 2, in += 2 * stride) {
            int has_second = tap + 1 < taps->count;
            int second = has_second ? taps->weights[tap + 1] : 0;
            __m128i weights = _mm_set1_epi32((int32_t)((uint32_t)(uint16_t)second << 16 | (uint16_t)taps->weights[tap]));
            __m128i upper = _mm_loadu_si128((const __m128i *)in);
            __m128i lower = has_second ? _mm_loadu_si128((const __m128i *)(in + stride)) : zero;
            __m128i left = _mm_unpacklo_epi8(upper, lower), right = _mm_unpackhi_epi8(upper, lower);
            sums[0] = _mm_add_epi32(sums[0], _mm_madd_epi16(_mm_unpacklo_epi8(left, zero), weights));
            sums[1] = _mm_add_epi32(sums[1], _mm_madd_epi16(_mm_unpackhi_epi8(left, zero), weights));
            sums[2] = _mm_add_epi32(sums[2], _mm_madd_epi16(_mm_unpacklo_epi8(right, zero), weights));
            sums[3] = _mm_add_epi32(sums[3], _mm_madd_epi16(_mm_unpackhi_epi8(right, zero), weights));
        }
        for (int part = 0; part < 4; part++) sums[part] = _mm_srai_epi32(sums[part], weight_bits);
        // Packing saturates: below 0 and above 255 are cut off.
        __m128i packed = _mm_packus_epi16(_mm_packs_epi32(sums[0], sums[1]), _mm_packs_epi32(sums[2], sums[3]));
        _mm_storeu_si128((__m128i *)(out + column), packed);
    }
    return column;
}
#else
static size_t reduce_block(const uint8_t *top, size_t stride, const struct quire_taps *taps, uint8_t *out) {
    (void)top, (void)stride, (void)taps, (void)out;
    return 0;
}
#endif

void quire_reduce_row(const uint8_t *top, size_t stride, const struct quire_taps *taps, uint8_t *out) {
    for (size_t column = reduce_block(top, stride, taps, out); column < stride; column++) {
        int32_t sum = 1 << (weight_bits - 1);
        for (int tap = 0; tap < taps->count; tap++) sum += taps->weights[tap] * top[(size_t)tap * stride + column];
        out[column] = clamped(sum);
    }
}

int quire_pixels_make(int width, int height, int components, struct quire_pixels *result) {
    size_t row = (size_t)width * (size_t)components;
    result->bytes = width > 0 && height > 0 && row <= SIZE_MAX / (size_t)height ? malloc(row * (size_t)height) : NULL;
    result->width = width;
    result->height = height;
    result->components = components;
    return result->bytes ? 0 : -1;
}

void quire_pixels_free(struct quire_pixels *pixels) {
    free(pixels->bytes);
    pixels->bytes = NULL;
}

// Rows become columns, in squares that fit the cache.
static void transpose(const struct quire_pixels *source, struct quire_pixels *result) {
    enum { side = 16 };
    const int width = source->width, height = source->height, components = source->components;
    for (int top = 0; top < height; top += side)
        for (int left = 0; left < width; left += side) {
            int bottom = top + side < height ? top + side : height, right = left + side < width ? left + side : width;
            if (components == 3) {
                for (int x = left; x < right; x++) {
                    uint8_t *out = result->bytes + ((size_t)x * (size_t)height + (size_t)top) * 3;
                    const uint8_t *in = source->bytes + ((size_t)top * (size_t)width + (size_t)x) * 3;
                    for (int y = top; y < bottom; y++, in += (size_t)width * 3, out += 3) out[0] = in[0], out[1] = in[1], out[2] = in[2];
                }
            } else {
                for (int x = left; x < right; x++)
                    for (int y = top; y < bottom; y++)
                        result->bytes[(size_t)x * (size_t)height + (size_t)y] = source->bytes[(size_t)y * (size_t)width + (size_t)x];
            }
        }
}

// Columns are reduced as rows of the transposed picture: only then does the inner loop run along memory.
int quire_reduce_columns(const struct quire_pixels *source, int width, struct quire_pixels *result) {
    const int height = source->height, components = source->components;
    struct quire_taps *plan = NULL;
    struct quire_pixels turned = {0}, small = {0};
    int status = -1;
    result->bytes = NULL;
    if (quire_plan(source->width, width, &plan)) goto end;
    if (quire_pixels_make(height, source->width, components, &turned) || quire_pixels_make(height, width, components, &small)
        || quire_pixels_make(width, height, components, result)) goto end;
    transpose(source, &turned);
    size_t stride = (size_t)height * (size_t)components;
    for (int row = 0; row < width; row++)
        quire_reduce_row(turned.bytes + (size_t)plan[row].first * stride, stride, &plan[row], small.bytes + (size_t)row * stride);
    transpose(&small, result);
    status = 0;
end:
    quire_plan_free(plan);
    quire_pixels_free(&turned);
    quire_pixels_free(&small);
    if (status) quire_pixels_free(result);
    return status;
}

int quire_pixels_turn(const struct quire_pixels *source, int is_mirrored, int quarters, struct quire_pixels *result) {
    const int width = source->width, height = source->height, components = source->components;
    const int swaps = quarters & 1;
    if (quire_pixels_make(swaps ? height : width, swaps ? width : height, components, result)) return -1;
    for (int y = 0; y < height; y++) {
        const uint8_t *in = source->bytes + (size_t)y * (size_t)width * (size_t)components;
        for (int x = 0; x < width; x++, in += components) {
            int column = is_mirrored ? width - 1 - x : x, line = y, to_x, to_y;
            switch (quarters & 3) {
            case 1: to_x = height - 1 - line, to_y = column; break;
            case 2: to_x = width - 1 - column, to_y = height - 1 - line; break;
            case 3: to_x = line, to_y = width - 1 - column; break;
            default: to_x = column, to_y = line;
            }
            memcpy(result->bytes + ((size_t)to_y * (size_t)result->width + (size_t)to_x) * (size_t)components, in, (size_t)components);
        }
    }
    return 0;
}
