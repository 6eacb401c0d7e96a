#ifndef QUIRE_PROCESS_CALLS_H
#define QUIRE_PROCESS_CALLS_H
#include <stdint.h>

/// What a child shall be before its program starts. Pointers are lent for the call.
struct quire_spawn_plan {
    const char *program;
    char *const *arguments;
    char *const *environment;
    /// Working folder, or NULL for the parent's.
    const char *folder;
    /// descriptors[i] becomes descriptor i; -1 stands for /dev/null. All others are closed.
    const int *descriptors;
    int descriptor_count;
    int leads_group;
    /// A session of its own, and so a group, without a terminal.
    int leads_session;
    /// SIGKILL when the thread that spawns it ends.
    int dies_with_thread;
    /// Nice 19, SCHED_IDLE, idle I/O class.
    int yields;
    /// Added to the score by which the kernel picks a process when memory runs out; 0 leaves it.
    int oom_score;
    /// 0 is no limit of its own.
    uint64_t address_space_bytes_max;
    uint64_t file_bytes_max;
    /// Soft limit of open files; 0 leaves the parent's.
    uint64_t open_files_max;
};

/// Starts the program with an empty signal mask, default signals and no core dumps.
/// Returns its process id, or -1 with errno; *failed_call then names the call that failed.
int quire_spawn(const struct quire_spawn_plan *plan, const char **failed_call);

/// A descriptor that becomes readable when the process ends, or -1 with errno (ENOSYS before Linux 5.3).
int quire_open_process(int process);

/// Sends a signal to the process of a descriptor from quire_open_process; -1 with ESRCH once it has ended.
int quire_signal_process(int descriptor, int number);

/// Makes this process the parent of whatever its descendants leave behind (prctl(2), PR_SET_CHILD_SUBREAPER): 0, or -1 with errno.
int quire_become_subreaper(void);

/// Writes the numbers of the CPUs this process may run on, ascending; returns how many there are, or -1 with errno.
int quire_allowed_cpus(int *numbers, int count_max);

/// An address inside the running program's own code, which /proc/self/maps ties to the program's file.
const void *quire_own_code(void);

/// Names the process (its first thread), at most 15 bytes, as ps(1) shows it.
void quire_name_process(const char *name);

#endif
