/* faultline top [OPTIONS] [DELAY [COUNT]]: who faults. */
#include "commands/commands.h"
#include "commands/outcome.h"
#include "commands/top/blocks.h"
#include "commands/top/screen.h"

#include <errno.h>
#include <unistd.h>

enum { BLOCK_ROWS = 10 };

static bool wants_screen(const struct top_settings *settings)
{
    return !settings->batch && !settings->json && !settings->csv && isatty(STDOUT_FILENO) &&
           isatty(STDIN_FILENO);
}

static size_t room_of(const struct top_settings *settings, bool screen)
{
    if (screen)
        return SCREEN_ROWS_MAX;
    return settings->rows > 0 ? (size_t)settings->rows : BLOCK_ROWS;
}

static void say_source(const struct look *look)
{
    struct problem note = {0};
    struct text text = text_over(note.text, sizeof(note.text) - 1);

    look_put_source(look, &text);
    problem_print(&note);
}

static int run(struct look *look, const struct top_settings *settings, struct problem *problem)
{
    bool screen = wants_screen(settings);
    int error = look_open(look, settings, room_of(settings, screen), problem);

    if (error < 0)
        return error;
    if (settings->verbose)
        say_source(look);
    if (!screen)
        return blocks_run(look, settings, problem);
    error = screen_run(look, settings, problem);
    if (error != -ENOSYS && error != -ENOTTY)
        return error;
    problem_print(problem);
    look->view.rows = settings->rows > 0 ? (size_t)settings->rows : BLOCK_ROWS;
    return blocks_run(look, settings, problem);
}

int command_top(int argc, char **argv)
{
    struct top_settings settings;
    struct look look = {0};
    struct problem problem = {0};

    int error = top_settings_parse(&settings, argc, argv, &problem);
    int status = outcome_of_words(error, settings.help, settings.version, top_settings_put_help, &problem);
    if (status != STATUS_GO_ON)
        return status;
    error = run(&look, &settings, &problem);
    look_close(&look);
    return error < 0 ? outcome_failed(&problem, error) : STATUS_DONE;
}
