/* faultline replay: a recording as rows, JSON, CSV, OpenMetrics. */
#include "base/clock.h"
#include "blackbox/window.h"
#include "commands/commands.h"
#include "commands/outcome.h"
#include "commands/replay/modes.h"
#include "render/columns.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* -- which part -- */

static int choose_range(struct replay *replay, struct playback_range *range, struct problem *problem)
{
    const struct replay_settings *settings = &replay->settings;
    uint64_t window_ns = (uint64_t)(settings->window_seconds * (double)NS_PER_SECOND);
    static const struct time_option since = {"--since", "", false};
    static const struct time_option until = {"--until", "", true};
    uint64_t center_ns;
    int error = 0;

    if (settings->since)
        error = blackbox_file_parse_time(&replay->file, &since, settings->since, &range->since_ns, problem);
    if (error == 0 && settings->until)
        error = blackbox_file_parse_time(&replay->file, &until, settings->until, &range->until_ns, problem);
    if (error < 0 || !settings->around)
        return error;
    error = blackbox_file_find_center(&replay->file, settings->around, &center_ns, problem);
    range->since_ns = center_ns > window_ns ? center_ns - window_ns : 0;
    range->until_ns = center_ns + window_ns;
    return error;
}

static int choose_boot(const struct replay *replay, struct playback_settings *part, struct problem *problem)
{
    struct boot boot;

    if (!replay->settings.has_boot)
        return 0;
    if (window_find_boot(replay->file.recording, replay->settings.boot, &boot) < 0)
        return problem_set(problem, ENODATA,
                           "--boot %" PRId64 ": boots in the recording: %zu; --list shows them",
                           replay->settings.boot, window_boot_count(replay->file.recording));
    window_keep_to_boot(replay->file.recording, boot, part);
    return 0;
}

/* -ENODATA, with *PROBLEM set, where there is nothing of what is asked for. */
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
    if (window_narrow(replay->file.recording, &replay->part) || replay->settings.follow)
        return 0;
    return problem_set(problem, ENODATA, "nothing was recorded then; --list shows from when to when");
}

/* -- the run -- */

static int play(struct replay *replay, struct problem *problem)
{
    const struct replay_settings *settings = &replay->settings;

    if (settings->list)
        return replay_list(replay, problem);
    if (settings->openmetrics)
        return replay_openmetrics(replay, problem);
    return settings->save_path ? replay_save(replay, problem) : replay_rows(replay, problem);
}

static int run(struct replay *replay, struct problem *problem)
{
    int told = 0;
    int error = blackbox_file_open(&replay->file, replay->settings.path, problem);

    if (error == 0)
        error = choose_part(replay, problem);
    if (error == 0)
        told = play(replay, problem);
    if (error == 0)
        blackbox_file_say_loss(&replay->file);
    blackbox_file_close(&replay->file);
    return error < 0 ? error : told;
}

int command_replay(int argc, char **argv)
{
    struct problem problem = {0};
    struct replay replay = {0};

    int error = replay_settings_parse(&replay.settings, argc, argv, &problem);
    int status = outcome_of_words(error, replay.settings.help, replay.settings.version,
                                  replay_settings_put_help, &problem);
    if (status != STATUS_GO_ON)
        return status;
    if (replay.settings.columns && strcmp(replay.settings.columns, "help") == 0)
        return outcome_print(columns_put_help);
    error = run(&replay, &problem);
    return error == 0 ? STATUS_NONE : outcome_of_search(error, &problem);
}
