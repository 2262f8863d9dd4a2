/* faultline replay: a recording as rows, JSON, CSV, OpenMetrics. */
#include "base/clock.h"
#include "base/number.h"
#include "blackbox/window.h"
#include "commands/blackbox_path.h"
#include "commands/commands.h"
#include "commands/outcome.h"
#include "commands/replay/modes.h"
#include "render/columns.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* -- which part -- */

static int parse_time(const struct replay *replay, const char *option, const char *words, uint64_t *wall_ns,
                      struct problem *problem)
{
    int error = window_parse_time(replay->recording, words, wall_ns);

    if (error == -ERANGE)
        return problem_set(problem, EINVAL, "%s '%s': that is too long ago, or too far ahead", option, words);
    if (error < 0)
        return problem_set(problem, EINVAL,
                           "%s '%s': expected a time, such as 03:12, -1h (before the end of the recording), "
                           "\"10 min ago\", \"yesterday 14:00\" or 2026-11-23T14:00:00Z",
                           option, words);
    return 0;
}

/* "oom", "oom:N": the N-th newest kill. False where WORDS say something else. */
static bool parse_oom(const char *words, uint64_t *number)
{
    *number = 1;
    if (strcmp(words, "oom") == 0)
        return true;
    return strncmp(words, "oom:", 4) == 0 && number_parse_unsigned(words + 4, number) == 0 && *number > 0;
}

static int find_center(struct replay *replay, uint64_t *wall_ns, struct problem *problem)
{
    const char *around = replay->settings.around;
    uint64_t number;

    if (!parse_oom(around, &number))
        return parse_time(replay, "--around", around, wall_ns, problem);
    int error = window_find_oom(replay->recording, number, wall_ns);
    if (error == -ENOENT)
        return problem_set(problem, ENOENT, "--around %s: the recording has not so many OOM kills", around);
    return error;
}

static int choose_range(struct replay *replay, struct playback_range *range, struct problem *problem)
{
    const struct replay_settings *settings = &replay->settings;
    uint64_t window_ns = (uint64_t)(settings->window_seconds * (double)NS_PER_SECOND);
    uint64_t center_ns;
    int error = 0;

    if (settings->since)
        error = parse_time(replay, "--since", settings->since, &range->since_ns, problem);
    if (error == 0 && settings->until)
        error = parse_time(replay, "--until", settings->until, &range->until_ns, problem);
    if (error < 0 || !settings->around)
        return error;
    error = find_center(replay, &center_ns, problem);
    range->since_ns = center_ns > window_ns ? center_ns - window_ns : 0;
    range->until_ns = center_ns + window_ns;
    return error;
}

static int choose_boot(const struct replay *replay, struct playback_settings *part, struct problem *problem)
{
    struct boot boot;

    if (!replay->settings.has_boot)
        return 0;
    if (window_find_boot(replay->recording, replay->settings.boot, &boot) < 0)
        return problem_set(problem, ENOENT, "--boot %" PRId64 ": the recording has %zu; --list shows them",
                           replay->settings.boot, window_boot_count(replay->recording));
    part->first_segment = boot.first_segment;
    if (boot.last_segment + 1 < recording_segment_count(replay->recording))
        part->last_segment = boot.last_segment;
    return 0;
}

/* -ENOENT, with *PROBLEM set, where there is nothing of what is asked for. */
static int choose_part(struct replay *replay, struct problem *problem)
{
    struct playback_settings part = {.range = PLAYBACK_ALL, .last_segment = SIZE_MAX, .intervals = true};

    part.intervals = !replay->settings.events;
    int error = choose_range(replay, &part.range, problem);
    if (error == 0)
        error = choose_boot(replay, &part, problem);
    if (error < 0)
        return error;
    replay->part = part;
    if (window_narrow(replay->recording, &replay->part) || replay->settings.follow)
        return 0;
    return problem_set(problem, ENOENT, "nothing was recorded then; --list shows from when to when");
}

/* -- the run -- */

static void say_loss(const struct replay *replay)
{
    const struct recording_loss *loss = recording_loss(replay->recording);
    struct problem problem;

    if (loss->places + loss->segments + loss->foreign == 0)
        return;
    problem_set(&problem, 0,
                "%s: it is damaged: %" PRIu64 " places, %" PRIu64 " bytes skipped; %" PRIu64
                " segments of %d bytes missing, %" PRIu64 " of another recording",
                replay->path, loss->places, loss->bytes, loss->segments, (int)SEGMENT_BYTES, loss->foreign);
    problem_print(&problem);
}

/* What is wrong with a file is not wrong with the command line, and no file is not one without rows. */
static int of_file(int error)
{
    return error == -EINVAL || error == -ENOENT ? -EIO : error;
}

static int play(struct replay *replay, struct problem *problem)
{
    const struct replay_settings *settings = &replay->settings;

    if (settings->list)
        return replay_list(replay, problem);
    if (settings->openmetrics)
        return replay_openmetrics(replay, problem);
    return settings->save_path ? of_file(replay_save(replay, problem)) : replay_rows(replay, problem);
}

static int run(struct replay *replay, struct problem *problem)
{
    char path[BLACKBOX_PATH_MAX];
    int told = 0;

    int error = replay->settings.path ? 0 : of_file(blackbox_path_to_read(path, problem));
    replay->path = replay->settings.path ? replay->settings.path : path;
    if (error == 0)
        error = of_file(recording_open(&replay->recording, replay->path, problem));
    if (error == 0)
        error = choose_part(replay, problem);
    if (error == 0)
        told = play(replay, problem);
    if (error == 0)
        say_loss(replay);
    recording_close(replay->recording);
    return error < 0 ? error : told;
}

static int status_of(int told, struct problem *problem)
{
    if (told == -EINVAL)
        return outcome_misused(problem);
    if (told == -ENOENT) {
        problem_print(problem);
        return STATUS_NONE;
    }
    if (outcome_is_end(told) && told < 0)
        return STATUS_DONE;
    if (told < 0)
        return outcome_failed(problem, told);
    return told > 0 ? STATUS_DONE : STATUS_NONE;
}

int command_replay(int argc, char **argv)
{
    struct problem problem = {0};
    struct replay replay = {0};

    int error = replay_settings_parse(&replay.settings, argc, argv, &problem);
    if (error < 0)
        return outcome_misused(&problem);
    if (replay.settings.help)
        return outcome_print(replay_settings_put_help);
    if (replay.settings.version)
        return outcome_print(outcome_put_version);
    if (replay.settings.columns && strcmp(replay.settings.columns, "help") == 0)
        return outcome_print(columns_put_help);
    return status_of(run(&replay, &problem), &problem);
}
