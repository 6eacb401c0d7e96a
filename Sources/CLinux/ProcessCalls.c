#define _GNU_SOURCE
#include "ProcessCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Numbers that old C libraries do not name; the same on every architecture.
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define CLOSE_RANGE_SETS_CLOEXEC 4

enum { descriptors_max = 16 };

struct failure {
    volatile int code;
    const char *volatile call;
};

static void limit(int resource, rlim_t value) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) return;
    // An unprivileged process cannot raise what it was given.
    now.rlim_cur = value < now.rlim_max ? value : now.rlim_max;
    now.rlim_max = now.rlim_cur;
    setrlimit(resource, &now);
}

static void limit_softly(int resource, rlim_t value) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0 || value > now.rlim_max) return;
    now.rlim_cur = value;
    setrlimit(resource, &now);
}

static void score(int value) {
    char text[12];
    int length = snprintf(text, sizeof text, "%d", value);
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    // Courtesy only: a kernel that refuses it still runs the program.
    if (write(file, text, (size_t)length) < 0) errno = 0;
    close(file);
}

// Runs between vfork and exec, on the parent's memory: system calls only, and nothing of the parent's is changed.
static void become(const struct quire_spawn_plan *plan, int parent, struct failure *failure) {
#define FAIL(name) do { failure->code = errno; failure->call = name; return; } while (0)
    if (plan->dies_with_thread) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) FAIL("prctl");
        if (getppid() != parent) _exit(127);
    }
    if (plan->leads_session && setsid() < 0) FAIL("setsid");
    if (plan->leads_group && setpgid(0, 0) != 0) FAIL("setpgid");
    if (plan->folder && chdir(plan->folder) != 0) FAIL("chdir");

    int moved[descriptors_max];
    for (int index = 0; index < plan->descriptor_count; index++) {
        int source = plan->descriptors[index];
        if (source < 0) {
            source = open("/dev/null", O_RDWR | O_CLOEXEC);
            if (source < 0) FAIL("open /dev/null");
        }
        // Out of the way of every target first, so that no mapping overwrites a source.
        moved[index] = fcntl(source, F_DUPFD_CLOEXEC, plan->descriptor_count);
        if (moved[index] < 0) FAIL("fcntl");
    }
    for (int index = 0; index < plan->descriptor_count; index++)
        if (dup2(moved[index], index) < 0) FAIL("dup2");
    // Our own descriptors are close-on-exec; this covers those our parent let us inherit (Linux 5.11).
    syscall(SYS_close_range, plan->descriptor_count, ~0U, CLOSE_RANGE_SETS_CLOEXEC);

    limit(RLIMIT_CORE, 0);
    if (plan->address_space_bytes_max) limit(RLIMIT_AS, plan->address_space_bytes_max);
    if (plan->file_bytes_max) limit(RLIMIT_FSIZE, plan->file_bytes_max);
    if (plan->open_files_max) limit_softly(RLIMIT_NOFILE, plan->open_files_max);
    if (plan->oom_score) score(plan->oom_score);
    if (plan->yields) {
        // Courtesies: where one is refused (a container's seccomp) the work is done all the same.
        struct sched_param none = {0};
        setpriority(PRIO_PROCESS, 0, 19);
        sched_setscheduler(0, SCHED_IDLE, &none);
        syscall(SYS_ioprio_set, 1, 0, 3 << 13);
    }
    // By the kernel's own call: the C library hides two signals of its own, which posix_spawn(3) leaves ignored in what it starts.
    // All zeros say "default" in the kernel's struct on every architecture; it is no larger than the C library's.
    const struct sigaction default_action = {0};
    for (int number = 1; number < NSIG; number++) syscall(SYS_rt_sigaction, number, &default_action, NULL, NSIG / 8);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(plan->program, plan->arguments, plan->environment);
    FAIL("execve");
#undef FAIL
}

int quire_spawn(const struct quire_spawn_plan *plan, const char **failed_call) {
    struct failure failure = {0, NULL};
    int parent = getpid();
    if (plan->descriptor_count > descriptors_max) {
        *failed_call = "spawn";
        errno = EINVAL;
        return -1;
    }
    // A handler of ours must not run in the child, which shares our memory until exec.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int child = vfork();
    if (child == 0) {
        become(plan, parent, &failure);
        _exit(127);
    }
    int code = child < 0 ? errno : failure.code;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code == 0) return child;
    if (child > 0) {
        int status;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    }
    *failed_call = child < 0 ? "vfork" : failure.call;
    errno = code;
    return -1;
}

int quire_open_process(int process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int quire_signal_process(int descriptor, int number) { return (int)syscall(SYS_pidfd_send_signal, descriptor, number, 0, 0); }

int quire_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int quire_allowed_cpus(int *numbers, int count_max) {
    // The kernel refuses a set smaller than its own: grow until it fits.
    for (int bits = 1024; bits <= 1 << 20; bits *= 4) {
        cpu_set_t *set = CPU_ALLOC(bits);
        if (!set) return -1;
        size_t size = CPU_ALLOC_SIZE(bits);
        CPU_ZERO_S(size, set);
        if (sched_getaffinity(0, size, set) != 0) {
            int code = errno;
            CPU_FREE(set);
            errno = code;
            if (code == EINVAL) continue;
            return -1;
        }
        int count = 0;
        for (int number = 0; number < bits; number++) {
            if (!CPU_ISSET_S(number, size, set)) continue;
            if (count < count_max) numbers[count] = number;
            count++;
        }
        CPU_FREE(set);
        return count;
    }
    return -1;
}

const void *quire_own_code(void) { return (const void *)quire_own_code; }

void quire_name_process(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
