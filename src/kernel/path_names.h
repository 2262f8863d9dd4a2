/* A path out of the names that a program in the kernel sends of it (bpf/path_record.h). */
#pragma once

#include "bpf/path_record.h"

#include <stdbool.h>
#include <stddef.h>

enum { PATH_NAMES_MAX = PATH_ROOM + 8 };

/*
 * BYTES[LENGTH] hold the names from the last one up, each terminated: they are put into PATH[PATH_NAMES_MAX]
 * in order, a slash in front of each, behind "..." where it was CUT; "" where there are none. Returns 0, or
 * -EBADMSG where they are more than there can be, or without an end.
 */
int path_names_join(char *path, const char *bytes, size_t length, bool cut);
