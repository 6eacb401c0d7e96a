#include "errors.h"

static void give_up(j_common_ptr codec) {
    longjmp(((struct error_manager *)codec->err)->back, 1);
}

static void message(j_common_ptr codec, int level) {
    // Negative levels are warnings of damaged data; the rest is chatter.
    if (level < 0) give_up(codec);
}

static void silence(j_common_ptr codec) { (void)codec; }

struct jpeg_error_mgr *quire_manage(struct error_manager *manager) {
    struct jpeg_error_mgr *base = jpeg_std_error(&manager->base);
    base->error_exit = give_up;
    base->emit_message = message;
    base->output_message = silence;
    return base;
}
