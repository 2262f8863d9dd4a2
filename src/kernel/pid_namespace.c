#include "kernel/pid_namespace.h"

#include <sys/stat.h>

bool pid_namespace_is_initial(void)
{
    static const ino_t initial = 0xEFFFFFFC; /* PROC_PID_INIT_INO, the same on every kernel */
    struct stat status;

    return stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == initial;
}
