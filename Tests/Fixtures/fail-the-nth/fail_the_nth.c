// Makes the N-th of chosen system calls of one program fail, or kills the program there. For LD_PRELOAD.
//
// Environment:
//   QUIRE_FAULT_PROGRAM  name of the executable that is meant; others that inherit this are left alone
//   QUIRE_FAULT_BELOW    folders joined by colons: only calls on files below them count
//   QUIRE_FAULT_CALLS    which count, joined by commas: open read write sync rename unlink mkdir truncate pipe
//                (open: for writing, or anew; read: open for reading; pipe: write to a pipe)
//   QUIRE_FAULT_AT       the number of the first call that fails, from 1 in each process
//   QUIRE_FAULT_KIND     ENOSPC, EIO, EACCES, KILL, or LIST to fail none
//   QUIRE_FAULT_STICKY   1: all counted calls from then on fail, in every process, as on a full disk
//   QUIRE_FAULT_MARK     a file that is made when the fault happens, holding call and path; without QUIRE_FAULT_STICKY one fault is all,
//                also where several processes count. LIST appends every counted call to it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_meant, is_sticky, is_list, code;
static long at;
static const char *below, *calls, *mark;
static atomic_long count;

__attribute__((constructor)) static void begin(void) {
    const char *program = getenv("QUIRE_FAULT_PROGRAM"), *kind = getenv("QUIRE_FAULT_KIND"), *number = getenv("QUIRE_FAULT_AT");
    below = getenv("QUIRE_FAULT_BELOW");
    calls = getenv("QUIRE_FAULT_CALLS");
    mark = getenv("QUIRE_FAULT_MARK");
    if (!program || !kind || !below || !calls || !mark) return;
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    if (!name || strcmp(name + 1, program) != 0) return;
    is_list = strcmp(kind, "LIST") == 0;
    code = strcmp(kind, "ENOSPC") == 0 ? ENOSPC : strcmp(kind, "EIO") == 0 ? EIO : strcmp(kind, "EACCES") == 0 ? EACCES : 0;
    is_sticky = getenv("QUIRE_FAULT_STICKY") != NULL;
    at = number ? atol(number) : 0;
    is_meant = 1;
}

static int is_counted(const char *call) {
    size_t length = strlen(call);
    for (const char *place = calls; (place = strstr(place, call)); place += length)
        if ((place == calls || place[-1] == ',') && (place[length] == 0 || place[length] == ',')) return 1;
    return 0;
}

static int is_below(const char *path) {
    for (const char *folder = below;; folder++) {
        size_t length = strcspn(folder, ":");
        if (strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0)) return 1;
        folder += length;
        if (!*folder) return 0;
    }
}

// By system calls, so that they do not count themselves.
static int note(const char *call, const char *path, int flags) {
    char line[PATH_MAX + 32];
    int length = snprintf(line, sizeof line, "%s %s\n", call, path);
    int file = (int)syscall(SYS_openat, AT_FDCWD, mark, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0644);
    if (file < 0) return 0;
    syscall(SYS_write, file, line, (size_t)length);
    syscall(SYS_close, file);
    return 1;
}

// Whether this call shall fail; errno is set then.
static int shall_fail(const char *call, const char *path) {
    if (!is_meant || !is_counted(call)) return 0;
    int before = errno;
    char absolute[PATH_MAX];
    if (strcmp(call, "pipe") != 0) {
        if (path[0] != '/') {
            char folder[PATH_MAX];
            if (!getcwd(folder, sizeof folder)) return 0;
            if (snprintf(absolute, sizeof absolute, "%s/%s", folder, path) >= (int)sizeof absolute) return 0;
            path = absolute;
        }
        if (!is_below(path)) {
            errno = before;
            return 0;
        }
    }
    long number = atomic_fetch_add(&count, 1) + 1;
    if (is_list) note(call, path, 0);
    int fails = !is_list && (is_sticky ? number >= at || access(mark, F_OK) == 0 : number == at);
    if (fails && !note(call, path, is_sticky ? 0 : O_EXCL)) fails = 0;
    errno = before;
    if (!fails) return 0;
    if (code == 0) syscall(SYS_kill, getpid(), SIGKILL);
    errno = code;
    return 1;
}

static int shall_fail_on(const char *call, int file) {
    if (!is_meant) return 0;
    int before = errno;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length < 0) return 0;
    path[length] = 0;
    if (strncmp(path, "pipe:", 5) == 0) return strcmp(call, "write") == 0 && shall_fail("pipe", path);
    // An eventfd or a socket is no file: what they do is no disk's doing.
    if (path[0] != '/') return 0;
    return shall_fail(call, path);
}

static const char *opening(int flags) { return flags & (O_WRONLY | O_RDWR | O_CREAT) ? "open" : "read"; }

#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))
#define MODE(flags)                                   \
    mode_t mode = 0;                                  \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {          \
        va_list rest;                                 \
        va_start(rest, flags);                        \
        mode = va_arg(rest, mode_t);                  \
        va_end(rest);                                 \
    }

int open(const char *path, int flags, ...) {
    MODE(flags)
    return shall_fail(opening(flags), path) ? -1 : NEXT(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE(flags)
    return shall_fail(opening(flags), path) ? -1 : NEXT(open64)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...) {
    MODE(flags)
    return shall_fail(opening(flags), path) ? -1 : NEXT(openat)(folder, path, flags, mode);
}

ssize_t write(int file, const void *bytes, size_t size) { return shall_fail_on("write", file) ? -1 : NEXT(write)(file, bytes, size); }

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) {
    return shall_fail_on("write", file) ? -1 : NEXT(pwrite)(file, bytes, size, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t offset) {
    return shall_fail_on("write", file) ? -1 : NEXT(pwrite64)(file, bytes, size, offset);
}

ssize_t copy_file_range(int source, off64_t *from, int target, off64_t *to, size_t size, unsigned flags) {
    return shall_fail_on("write", target) ? -1 : NEXT(copy_file_range)(source, from, target, to, size, flags);
}

int fsync(int file) { return shall_fail_on("sync", file) ? -1 : NEXT(fsync)(file); }
int fdatasync(int file) { return shall_fail_on("sync", file) ? -1 : NEXT(fdatasync)(file); }
int syncfs(int file) { return shall_fail_on("sync", file) ? -1 : NEXT(syncfs)(file); }
int sync_file_range(int file, off64_t from, off64_t size, unsigned flags) {
    return shall_fail_on("sync", file) ? -1 : NEXT(sync_file_range)(file, from, size, flags);
}
int ftruncate(int file, off_t size) { return shall_fail_on("truncate", file) ? -1 : NEXT(ftruncate)(file, size); }
int ftruncate64(int file, off64_t size) { return shall_fail_on("truncate", file) ? -1 : NEXT(ftruncate64)(file, size); }
int rename(const char *from, const char *to) { return shall_fail("rename", to) ? -1 : NEXT(rename)(from, to); }

int renameat2(int source, const char *from, int target, const char *to, unsigned flags) {
    return shall_fail("rename", to) ? -1 : NEXT(renameat2)(source, from, target, to, flags);
}

int link(const char *from, const char *to) { return shall_fail("rename", to) ? -1 : NEXT(link)(from, to); }
int unlink(const char *path) { return shall_fail("unlink", path) ? -1 : NEXT(unlink)(path); }
int mkdir(const char *path, mode_t mode) { return shall_fail("mkdir", path) ? -1 : NEXT(mkdir)(path, mode); }
