#include "CJPEG.h"
#include "errors.h"
#include <jerror.h>
#include <stdlib.h>

struct recoding {
    struct jpeg_decompress_struct source;
    struct jpeg_compress_struct made;
    struct error_manager manager;
    unsigned char *buffer;
    unsigned long length;
};

static int recode(struct recoding *work, const uint8_t *file, size_t count, int coding) {
    struct jpeg_error_mgr *errors = quire_manage(&work->manager);
    work->source.err = errors;
    work->made.err = errors;
    if (setjmp(work->manager.back)) return work->manager.base.msg_code == JERR_OUT_OF_MEMORY ? -2 : -1;
    jpeg_create_decompress(&work->source);
    jpeg_create_compress(&work->made);
    jpeg_mem_src(&work->source, file, count);
    jpeg_read_header(&work->source, TRUE);
    jvirt_barray_ptr *blocks = jpeg_read_coefficients(&work->source);
    jpeg_copy_critical_parameters(&work->source, &work->made);
    // Arithmetic coding has no tables to optimise.
    work->made.arith_code = (coding & QUIRE_JPEG_ARITHMETIC) != 0;
    work->made.optimize_coding = !work->made.arith_code;
    if (coding & QUIRE_JPEG_PROGRESSIVE) jpeg_simple_progression(&work->made);
    jpeg_mem_dest(&work->made, &work->buffer, &work->length);
    jpeg_write_coefficients(&work->made, blocks);
    jpeg_finish_compress(&work->made);
    jpeg_finish_decompress(&work->source);
    return 0;
}

int quire_jpeg_recode(const uint8_t *file, size_t count, int coding, uint8_t **result, size_t *result_count) {
    struct recoding work = {0};
    int status = recode(&work, file, count, coding);
    if (work.made.err) jpeg_destroy_compress(&work.made);
    jpeg_destroy_decompress(&work.source);
    // After an error libjpeg may have freed the buffer it handed out; it tells only at the end of a whole file.
    *result = status == 0 ? work.buffer : NULL;
    *result_count = status == 0 ? work.length : 0;
    return status;
}
