#define _GNU_SOURCE
#include "PollCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { events_max = 64 };

int quire_poll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int quire_poll_watch(int poll, int descriptor, int what, uint64_t tag) {
    struct epoll_event event = {.data.u64 = tag};
    if (what & quire_readable) event.events |= EPOLLIN;
    if (what & quire_writable) event.events |= EPOLLOUT;
    if (epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) == 0) return 0;
    return errno == EEXIST ? epoll_ctl(poll, EPOLL_CTL_MOD, descriptor, &event) : -1;
}

int quire_poll_forget(int poll, int descriptor) { return epoll_ctl(poll, EPOLL_CTL_DEL, descriptor, 0); }

int quire_poll_wait(int poll, struct quire_ready *ready, int count_max, int milliseconds) {
    struct epoll_event events[events_max];
    int count = epoll_wait(poll, events, count_max < events_max ? count_max : events_max, milliseconds);
    for (int index = 0; index < count; index++) {
        uint32_t seen = events[index].events;
        ready[index].tag = events[index].data.u64;
        ready[index].what = (seen & EPOLLIN ? quire_readable : 0) | (seen & EPOLLOUT ? quire_writable : 0) |
                            (seen & (EPOLLHUP | EPOLLERR) ? quire_hung_up : 0);
    }
    return count;
}

int quire_wake_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int quire_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}
