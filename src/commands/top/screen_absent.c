/* In place of screen.c, where there is no ncurses. */
#include "commands/top/screen.h"

#include <errno.h>

int screen_run(struct look *look, const struct top_settings *settings, struct problem *problem)
{
    (void)look;
    (void)settings;
    return problem_set(problem, ENOSYS, "built without ncurses: blocks of rows, as with --batch");
}
