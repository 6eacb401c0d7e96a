#ifndef QUIRE_POLL_CALLS_H
#define QUIRE_POLL_CALLS_H
#include <stdint.h>

enum { quire_readable = 1, quire_writable = 2, quire_hung_up = 4 };

struct quire_ready {
    uint64_t tag;
    int what;
};

/// epoll_create1(2): a descriptor, or -1 with errno.
int quire_poll_create(void);
/// Watches `descriptor` for `what`, level-triggered; changes what is watched if it is watched already. 0, or -1 with errno.
int quire_poll_watch(int poll, int descriptor, int what, uint64_t tag);
int quire_poll_forget(int poll, int descriptor);
/// epoll_wait(2): how many of `ready` were filled, or -1 with errno.
int quire_poll_wait(int poll, struct quire_ready *ready, int count_max, int milliseconds);
/// eventfd(2), non-blocking: a descriptor, or -1 with errno.
int quire_wake_create(void);
/// pipe2(2) with both ends close-on-exec: 0, or -1 with errno.
int quire_pipe(int *reading, int *writing);

#endif
