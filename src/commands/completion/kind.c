#include "commands/completion/shells.h"
#include "metric/metric.h"

#include <string.h>

/* By the name of the argument, as --help has it. */
static enum completion_kind kind_of_argument(const char *argument)
{
    static const struct {
        const char *argument;
        enum completion_kind kind;
    } kinds[] = {
        {"FILE", COMPLETION_FILE},    {"OUT", COMPLETION_FILE},        {"DIR", COMPLETION_FOLDER},
        {"<dir>", COMPLETION_FOLDER}, {"COMMAND", COMPLETION_COMMAND}, {"USER", COMPLETION_USER},
        {"LIST", COMPLETION_COLUMNS},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(argument, kinds[i].argument) == 0)
            return kinds[i].kind;
    }
    return COMPLETION_ANY;
}

enum completion_kind completion_kind_of(const struct option_row *row)
{
    if (!row->argument)
        return COMPLETION_NONE;
    return row->choices ? COMPLETION_CHOICE : kind_of_argument(row->argument);
}

enum completion_kind completion_kind_of_operands(const char *operands)
{
    if (!operands)
        return COMPLETION_NONE;
    return strchr(operands, '|') ? COMPLETION_CHOICE : kind_of_argument(operands);
}

void completion_put_words(struct text *text, const char *words)
{
    for (; *words; words++) {
        if (*words == '|')
            text_char(text, ' ');
        else
            text_char(text, *words);
    }
}

void completion_put_columns(struct text *text)
{
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        text_format(text, "%s%s", i > 0 ? " " : "", metric_table[i].heading);
}
