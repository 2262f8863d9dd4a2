#include "commands/options.h"

#include "base/number.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <string.h>

enum { OPTIONS_MAX = 64, FIRST_LONG = 256 };

/* What getopt_long() is told by the first characters of its short options. */
enum manner { MANNER_OURS, MANNER_UP_TO_OPERAND, MANNER_GETOPT };
static const char *const manners[] = {
    [MANNER_OURS] = ":",           /* report a missing argument as ':'; without it it says what is wrong */
    [MANNER_UP_TO_OPERAND] = "+:", /* end at the first operand */
    [MANNER_GETOPT] = "",
};

/* getopt_long's two views of the table. A row's long name returns FIRST_LONG + its index. */
static void make_getopt_tables(const struct option_table *table, enum manner manner, struct option *longs,
                               char *shorts)
{
    for (const char *sign = manners[manner]; *sign; sign++)
        *shorts++ = *sign;
    for (size_t i = 0; i < table->count; i++) {
        int has_argument = table->rows[i].argument ? required_argument : no_argument;
        longs[i] = (struct option){table->rows[i].name, has_argument, NULL, FIRST_LONG + (int)i};
        if (!table->rows[i].letter)
            continue;
        *shorts++ = table->rows[i].letter;
        if (table->rows[i].argument)
            *shorts++ = ':';
    }
    longs[table->count] = (struct option){0};
    *shorts = '\0';
}

static const struct option_row *row_of(const struct option_table *table, int found)
{
    if (found >= FIRST_LONG)
        return &table->rows[found - FIRST_LONG];
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].letter == found)
            return &table->rows[i];
    }
    return NULL;
}

static int apply_number(const struct option_row *row, uint64_t *field, const char *value)
{
    int error = number_parse_unsigned(value, field);
    return error < 0 ? error : *field < row->least || *field > row->most ? -ERANGE : 0;
}

/* "a b c" as "a, b or c". */
static void put_choices(struct text *text, const char *choices)
{
    const char *last = strrchr(choices, ' ');

    for (const char *at = choices; *at; at++) {
        if (*at == ' ')
            text_string(text, at == last ? " or " : ", ");
        else
            text_char(text, *at);
    }
}

static int refuse(const struct option_row *row, const char *value, struct problem *problem)
{
    char bytes[256];
    struct text expected = text_over(bytes, sizeof(bytes) - 1);

    if (row->choices)
        put_choices(&expected, row->choices);
    else
        text_string(&expected, row->expected);
    bytes[expected.length] = '\0';
    return problem_set(problem, EINVAL, "--%s '%s': expected %s", row->name, value, bytes);
}

static int apply(const struct option_row *row, void *settings, const char *value, struct problem *problem)
{
    void *field = (char *)settings + row->offset;
    int error = 0;

    if (row->argument && value[0] == '\0')
        return problem_set(problem, EINVAL, "--%s '': expected %s", row->name, row->argument);
    if (row->apply)
        error = row->apply(field, value);
    else if (row->most > 0)
        error = apply_number(row, field, value);
    else if (row->argument)
        *(const char **)field = value;
    else
        *(bool *)field = true;
    return error < 0 ? refuse(row, value, problem) : 0;
}

/* "-12" where a number is expected is taken for an option "-1". The whole word is found by its beginning. */
static const char *negative_number(char **argv, int letter)
{
    if ((letter < '0' || letter > '9') && letter != '.')
        return NULL;
    while (*argv && ((*argv)[0] != '-' || (*argv)[1] != letter))
        argv++;
    return *argv;
}

static int complain(int found, char **argv, struct problem *problem)
{
    const char *word = argv[optind - 1];
    bool is_long = optopt == 0 || optopt >= FIRST_LONG; /* 0: a long name that is unknown or ambiguous */
    char letter[] = {'-', (char)optopt, '\0'};
    const char *option = is_long ? word : letter;
    const char *negative = negative_number(argv, optopt);

    if (negative)
        return problem_set(problem, EINVAL, "'%s': expected a number above 0", negative);
    if (found == ':')
        return problem_set(problem, EINVAL, "option '%s' wants a value: see --help", option);
    if (is_long && optopt >= FIRST_LONG)
        return problem_set(problem, EINVAL, "option '%s' takes no value: see --help", option);
    return problem_set(problem, EINVAL, "unknown option '%s': see --help", option);
}

static int parse(const struct option_table *table, void *settings, int argc, char **argv, int *operands,
                 struct problem *problem, enum manner manner)
{
    struct option longs[OPTIONS_MAX + 1];
    char shorts[OPTIONS_MAX * 2 + 3];
    bool getopt_speaks = manner == MANNER_GETOPT;

    make_getopt_tables(table, manner, longs, shorts);
    optind = 0; /* glibc and musl: start anew */
    opterr = getopt_speaks;
    for (;;) {
        int found = getopt_long(argc, argv, shorts, longs, NULL);
        if (found == -1)
            break;
        if (found == '?' || found == ':')
            return getopt_speaks ? -EINVAL : complain(found, argv, problem);
        const struct option_row *row = row_of(table, found);
        int error = apply(row, settings, optarg, problem);
        if (error < 0)
            return error;
        if (row->last)
            break;
    }
    *operands = optind;
    return 0;
}

int options_parse(const struct option_table *table, void *settings, int argc, char **argv, int *operands,
                  struct problem *problem)
{
    return parse(table, settings, argc, argv, operands, problem, MANNER_OURS);
}

int options_parse_up_to_operand(const struct option_table *table, void *settings, int argc, char **argv,
                                int *operands, struct problem *problem)
{
    return parse(table, settings, argc, argv, operands, problem, MANNER_UP_TO_OPERAND);
}

int options_parse_as_getopt(const struct option_table *table, void *settings, int argc, char **argv,
                            int *operands, struct problem *problem)
{
    return parse(table, settings, argc, argv, operands, problem, MANNER_GETOPT);
}

void options_put_help(struct text *text, const struct option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        char name[64];
        struct text left = text_over(name, sizeof(name) - 1);
        text_format(&left, row->letter ? "-%c, " : "    ", row->letter);
        text_format(&left, "--%s%s%s", row->name, row->argument ? " " : "",
                    row->argument ? row->argument : "");
        name[left.length] = '\0';
        text_format(text, "  %-26s %s\n", name, row->help);
    }
}
