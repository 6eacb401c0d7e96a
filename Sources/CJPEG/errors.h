// Between the files of this target only.
#ifndef QUIRE_ERRORS_H
#define QUIRE_ERRORS_H
#include <setjmp.h>
#include <stdio.h>
#include <jpeglib.h>

// libjpeg reports an error by never returning from a callback, so the jump back stands here and nowhere else.
struct error_manager {
    struct jpeg_error_mgr base;
    jmp_buf back;
};

/// Jumps to `manager->back` at errors, and at warnings of damaged data.
struct jpeg_error_mgr *quire_manage(struct error_manager *manager);
#endif
