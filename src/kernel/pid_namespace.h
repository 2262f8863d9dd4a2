/* Whose numbers a process's pid is one of (pid_namespaces(7)). */
#pragma once

#include <stdbool.h>

/* Whether this process is in the kernel's first PID namespace, whose numbers programs in the kernel see. */
bool pid_namespace_is_initial(void);
