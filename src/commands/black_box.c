#include "commands/black_box.h"

#include "base/size.h"
#include "blackbox/segment.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int black_box_apply_size(void *bytes, const char *value)
{
    uint64_t *field = bytes;
    int error = size_parse(value, field);

    if (error < 0)
        return error;
    *field -= *field % SEGMENT_BYTES;
    return *field >= STORE_BYTES_MIN && *field <= STORE_BYTES_MAX ? 0 : -ERANGE;
}

int black_box_apply_interval(void *seconds, const char *value)
{
    return duration_parse(value, 0.01, 3600, seconds);
}

int black_box_choose_path(struct black_box *box, const char *path, const struct account *owner,
                          struct problem *problem)
{
    if (!path)
        return blackbox_path_to_write(box->path, owner, problem);
    if (strlen(path) >= sizeof(box->path))
        return problem_set(problem, ENAMETOOLONG, "%s: %s", path, strerror(ENAMETOOLONG));
    memcpy(box->path, path, strlen(path) + 1);
    return 0;
}

int black_box_open(struct black_box *box, struct recorder_settings settings, const struct sampler *sampler,
                   const struct lesser_user *user, struct problem *problem)
{
    settings.store.path = box->path;
    int error = lesser_user_begin(user, problem);
    if (error < 0)
        return error;
    error = recorder_open(&box->recorder, &settings, sampler, problem);
    lesser_user_end(user);
    return error;
}

static void say_start(const struct black_box *box)
{
    const char *caveat = recorder_caveat(box->recorder);
    struct problem problem;

    problem_set(&problem, 0, "recording into %s", box->path);
    problem_print(&problem);
    if (!caveat)
        return;
    problem_set(&problem, 0, "%s: %s", box->path, caveat);
    problem_print(&problem);
}

int black_box_begin(struct black_box *box, const struct snapshot *snapshot, struct problem *problem)
{
    int error = recorder_begin(box->recorder, snapshot);

    if (error < 0)
        return problem_set(problem, -error, "%s: %s", box->path, strerror(-error));
    say_start(box);
    return 0;
}

static void say_failure(const struct black_box *box, int error)
{
    struct problem problem;

    problem_set(&problem, 0, "%s: %s: it is tried again; what there is no room for meanwhile is missing",
                box->path, strerror(-error));
    problem_print(&problem);
}

static void say_recovery(const struct black_box *box)
{
    struct problem problem;

    problem_set(&problem, 0, "%s: it can be written again; up to %" PRIu64 " samples or events are missing",
                box->path, box->failures_in_a_row);
    problem_print(&problem);
}

static void note_outcome(struct black_box *box, int error)
{
    if (error < 0) {
        box->failures++;
        if (box->failures_in_a_row++ == 0)
            say_failure(box, error);
    } else if (box->failures_in_a_row > 0) {
        say_recovery(box);
        box->failures_in_a_row = 0;
    }
}

void black_box_take(struct black_box *box, const struct snapshot *snapshot, const struct interval *interval)
{
    note_outcome(box, recorder_take(box->recorder, snapshot, interval));
}

void black_box_note(struct black_box *box, const struct event *event)
{
    note_outcome(box, recorder_note(box->recorder, event));
}

int black_box_end(struct black_box *box, struct problem *problem)
{
    int error = recorder_end(box->recorder);
    return error < 0 ? problem_set(problem, -error, "%s: %s: its end is missing", box->path, strerror(-error))
                     : 0;
}

void black_box_close(struct black_box *box)
{
    recorder_close(box->recorder);
    box->recorder = NULL;
}
