// The transform API of libjpeg-turbo, one transform a call and without callbacks.
#ifndef QUIRE_CTURBOJPEG_SHIM_H
#define QUIRE_CTURBOJPEG_SHIM_H
#include <string.h>
#include <turbojpeg.h>

/// Transforms a JPEG on its DCT blocks; 0, or -1 with the reason in tjGetErrorStr2. The owner frees `*result` with tjFree.
/// A width of 0 cuts nothing. Warnings end it where `is_strict`; more than 500 scans always do.
static inline int quire_tj_transform(
    tjhandle handle, const unsigned char *file, unsigned long count, int operation, int options, int left, int top, int width,
    int height, int is_strict, unsigned char **result, unsigned long *result_count
) {
    tjtransform transform;
    memset(&transform, 0, sizeof transform);
    transform.op = operation;
    transform.options = options;
    if (width > 0) {
        transform.options |= TJXOPT_CROP;
        transform.r.x = left;
        transform.r.y = top;
        transform.r.w = width;
        transform.r.h = height;
    }
    int flags = TJFLAG_LIMITSCANS | (is_strict ? TJFLAG_STOPONWARNING : 0);
    int status = tjTransform(handle, file, count, 1, result, result_count, &transform, flags);
    // A warning alone leaves a whole result.
    return status != 0 && !is_strict && *result && tjGetErrorCode(handle) == TJERR_WARNING ? 0 : status;
}
#endif
