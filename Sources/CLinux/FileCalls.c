#define _GNU_SOURCE
#include "FileCalls.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

int quire_rename_noreplace(const char *source, const char *target) {
    return renameat2(AT_FDCWD, source, AT_FDCWD, target, RENAME_NOREPLACE);
}

long quire_file_system_type(const char *path) {
    struct statfs record;
    return statfs(path, &record) == 0 ? (long)record.f_type : -1;
}

long quire_copy_range(int source, long long source_offset, int target, long long target_offset, size_t count) {
    off64_t from = source_offset, to = target_offset;
    return copy_file_range(source, &from, target, &to, count, 0);
}

int quire_start_writing(int descriptor, long long offset, long long count) {
    return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

void quire_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

long quire_find_bytes(const void *bytes, size_t count, const void *needle, size_t needle_count) {
    const char *found = memmem(bytes, count, needle, needle_count);
    return found ? (long)(found - (const char *)bytes) : -1;
}

int quire_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
