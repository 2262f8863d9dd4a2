/* The recording that a command reads: opened, times in it as people name them, and what of it was lost. */
#pragma once

#include "blackbox/recording.h"
#include "commands/blackbox_path.h"

struct blackbox_file {
    char path[BLACKBOX_PATH_MAX];
    struct recording *recording;
};

/* PATH, or where that is NULL this user's own. Returns 0, or a negative errno with *PROBLEM set. Close with
 * blackbox_file_close() whatever is returned. */
int blackbox_file_open(struct blackbox_file *file, const char *path, struct problem *problem);
void blackbox_file_close(struct blackbox_file *file);

/* ERROR of a file as it is told from one of the command line (-EINVAL), or of a part that has nothing
 * (-ENODATA). */
int blackbox_file_error(int error);

/* Says on standard error what could not be read, where something could not. */
void blackbox_file_say_loss(const struct blackbox_file *file);

/* An option whose value is a time. */
struct time_option {
    const char *name;
    const char *others; /* what else it takes, to be told to whoever gets it wrong: "oom or " */
    bool latest;        /* as in window_parse_time() */
};

/* Returns 0, or -EINVAL with *PROBLEM set. */
int blackbox_file_parse_time(const struct blackbox_file *file, const struct time_option *option,
                             const char *words, uint64_t *wall_ns, struct problem *problem);

/* "oom", "oom:N": the N-th newest kill, from 1. False where WORDS say something else. */
bool blackbox_file_parse_oom(const char *words, uint64_t *number);

/* There are COUNT kills, not as many as AROUND asks for. Returns -ENODATA with *PROBLEM set. */
int blackbox_file_refuse_oom(const char *around, uint64_t count, struct problem *problem);

/* What --around was given: "oom", "oom:N" or a time. Returns 0, -EINVAL, or -ENODATA where there are not so
 * many kills, with *PROBLEM set. Moves the recording. */
int blackbox_file_find_center(const struct blackbox_file *file, const char *around, uint64_t *wall_ns,
                              struct problem *problem);
