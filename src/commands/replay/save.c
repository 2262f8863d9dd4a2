/* faultline replay --save OUT: a part as a recording of its own. */
#include "blackbox/cutter.h"
#include "commands/replay/modes.h"

#include <inttypes.h>

int replay_save(struct replay *replay, struct problem *problem)
{
    const char *out = replay->settings.save_path;
    uint64_t samples;
    struct problem said;
    int error =
        cutter_save(replay->file.recording, &replay->part, out, replay->settings.force, &samples, problem);

    if (error < 0)
        return blackbox_file_error(error);
    if (samples == 0)
        return 0;
    problem_set(&said, 0, "%s: %" PRIu64 " samples", out, samples);
    problem_print(&said);
    return 1;
}
