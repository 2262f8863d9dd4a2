#include "commands/top/blocks.h"

#include "base/file.h"
#include "base/memory.h"
#include "commands/outcome.h"
#include "commands/repeat.h"

#include <errno.h>
#include <unistd.h>

struct blocks {
    struct look *look;
    const struct top_settings *settings;
    struct problem *problem;
    struct text output;
    bool begun; /* a first look was taken, which the next one counts from */
    bool any;   /* a block has been printed */
};

static void put_block(struct blocks *blocks)
{
    const struct look *look = blocks->look;

    if (blocks->any)
        text_char(&blocks->output, '\n');
    look_put_summary(look, &blocks->output);
    look_put_headings(look, &blocks->output);
    for (size_t i = 0; i < look->count; i++)
        look_put_row(look, i, &blocks->output);
    blocks->any = true;
}

static int flush(struct blocks *blocks)
{
    struct text *output = &blocks->output;
    int error = output->lost > 0 ? -EOVERFLOW : file_write_all(STDOUT_FILENO, output->bytes, output->length);

    output->length = 0;
    return outcome_is_end(error) ? error : outcome_of_writing(error, blocks->problem);
}

static int begin(struct blocks *blocks)
{
    blocks->begun = true;
    if (blocks->settings->csv)
        look_put_csv_header(blocks->look, &blocks->output);
    memory_settle();
    return flush(blocks);
}

static int take_turn(void *context)
{
    struct blocks *blocks = context;
    int error = look_take(blocks->look, blocks->problem);

    if (error < 0)
        return error;
    if (!blocks->begun)
        return begin(blocks);
    if (blocks->settings->json)
        look_put_json(blocks->look, &blocks->output);
    else if (blocks->settings->csv)
        look_put_csv(blocks->look, &blocks->output);
    else
        put_block(blocks);
    return flush(blocks);
}

int blocks_run(struct look *look, const struct top_settings *settings, struct problem *problem)
{
    struct blocks blocks = {.look = look,
                            .settings = settings,
                            .problem = problem,
                            .output = text_new(look_text_max(look))};
    struct repeat repeat = {.turn = take_turn, .context = &blocks};
    struct beat beat = settings->beat;

    if (!blocks.output.bytes)
        return -ENOMEM;
    beat.count += beat.count > 0; /* the first look prints nothing */
    int error = repeat_run(&repeat, &beat);
    text_free(&blocks.output);
    return outcome_is_end(error) ? 0 : error;
}
