#include "commands/blackbox_file.h"

#include "base/number.h"
#include "blackbox/window.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int blackbox_file_open(struct blackbox_file *file, const char *path, struct problem *problem)
{
    *file = (struct blackbox_file){0};
    if (path && strlen(path) >= sizeof(file->path))
        return problem_set(problem, ENAMETOOLONG, "%s: %s", path, strerror(ENAMETOOLONG));
    if (path)
        memcpy(file->path, path, strlen(path) + 1);
    else
        blackbox_path_to_read(file->path);
    int error = recording_open(&file->recording, file->path, problem);
    if (error == -ENOENT && !path)
        problem_set(problem, ENOENT,
                    "%s: there is no recording yet: `faultline record` makes one; or name a file",
                    file->path);
    return blackbox_file_error(error);
}

int blackbox_file_error(int error)
{
    return error == -EINVAL || error == -ENODATA ? -EIO : error;
}

void blackbox_file_close(struct blackbox_file *file)
{
    recording_close(file->recording);
    file->recording = NULL;
}

void blackbox_file_say_loss(const struct blackbox_file *file)
{
    const struct recording_loss *loss = recording_loss(file->recording);
    struct problem problem;

    if (loss->places + loss->segments + loss->foreign == 0)
        return;
    problem_set(&problem, 0,
                "%s: it is damaged: %" PRIu64 " places, %" PRIu64 " bytes skipped; %" PRIu64
                " segments of %d bytes missing, %" PRIu64 " of another recording",
                file->path, loss->places, loss->bytes, loss->segments, (int)SEGMENT_BYTES, loss->foreign);
    problem_print(&problem);
}

int blackbox_file_parse_time(const struct blackbox_file *file, const struct time_option *option,
                             const char *words, uint64_t *wall_ns, struct problem *problem)
{
    int error = window_parse_time(file->recording, words, option->latest, wall_ns);

    if (error == -ERANGE)
        return problem_set(problem, EINVAL, "%s '%s': that is too long ago, or too far ahead", option->name,
                           words);
    if (error < 0)
        return problem_set(
            problem, EINVAL,
            "%s '%s': expected %sa time, such as 03:12, -1h (before the end of the recording), "
            "\"10 min ago\", \"yesterday 14:00\" or 2026-11-23T14:00:00Z",
            option->name, words, option->others);
    return 0;
}

bool blackbox_file_parse_oom(const char *words, uint64_t *number)
{
    *number = 1;
    if (strcmp(words, "oom") == 0)
        return true;
    return strncmp(words, "oom:", 4) == 0 && number_parse_unsigned(words + 4, number) == 0 && *number > 0;
}

int blackbox_file_refuse_oom(const char *around, uint64_t count, struct problem *problem)
{
    return problem_set(problem, ENODATA, "--around %s: OOM kills in the recording: %" PRIu64, around, count);
}

int blackbox_file_find_center(const struct blackbox_file *file, const char *around, uint64_t *wall_ns,
                              struct problem *problem)
{
    static const struct time_option option = {"--around", "oom, oom:2 (the last kill but one) or ", false};
    uint64_t number;

    if (!blackbox_file_parse_oom(around, &number))
        return blackbox_file_parse_time(file, &option, around, wall_ns, problem);
    int error = window_find_oom(file->recording, number, wall_ns);
    if (error == -ENOENT)
        return blackbox_file_refuse_oom(around, window_oom_count(file->recording), problem);
    return error;
}
