#ifndef QUIRE_FILE_CALLS_H
#define QUIRE_FILE_CALLS_H
#include <stddef.h>

/// renameat2(2) with RENAME_NOREPLACE, relative to the working folder: 0, or -1 with errno.
int quire_rename_noreplace(const char *source, const char *target);

/// The f_type of statfs(2), or -1 with errno.
long quire_file_system_type(const char *path);

/// copy_file_range(2) at explicit offsets: bytes copied, or -1 with errno.
long quire_copy_range(int source, long long source_offset, int target, long long target_offset, size_t count);

/// sync_file_range(2) that begins to write back dirty pages and waits for none: 0, or -1 with errno.
int quire_start_writing(int descriptor, long long offset, long long count);

/// memfd_create(2), closed on exec: a file in memory without a name, or -1 with errno.
int quire_memory_file(const char *name);

/// memmem(3): where `needle` begins in `bytes`, or -1.
long quire_find_bytes(const void *bytes, size_t count, const void *needle, size_t needle_count);

/// Names the calling thread, at most 15 bytes.
void quire_name_thread(const char *name);

#endif
