/* Command-line options from a table: one row an option, parsed by getopt_long(3), shown by --help. */
#pragma once

#include "base/problem.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_row {
    const char *name;     /* long name, without the dashes */
    char letter;          /* short name, or 0 */
    const char *argument; /* what --help calls its argument; NULL: it takes none */
    const char *help;

    /*
     * What it does to the field at OFFSET of the command's settings, or at 0 to all of them: apply() where
     * there is one, which returns 0 or a negative errno for a value that is not as EXPECTED says; where MOST
     * is not 0, a uint64_t is set to a whole number from LEAST to MOST; else a bool to true, or a const char
     * * to the value.
     */
    int (*apply)(void *field, const char *value);
    uint64_t least;
    uint64_t most;
    const char *expected;
    const char *choices; /* in place of that: the words that it may be, parted by blanks */
    size_t offset;
    bool last; /* what stands behind it does not matter: --help */
};

/* The options of a command. */
struct option_table {
    const struct option_row *rows;
    size_t count;
};
#define OPTION_TABLE(rows)                                                                                   \
    {                                                                                                        \
        (rows), sizeof(rows) / sizeof(*(rows))                                                               \
    }

/*
 * Parses ARGV into SETTINGS. Options may follow operands; "--" ends them. Sets *OPERANDS to the index of the
 * first operand in ARGV, whose words are reordered. Returns 0, or -EINVAL with *PROBLEM set to a line that
 * names the word and what was expected.
 */
int options_parse(const struct option_table *table, void *settings, int argc, char **argv, int *operands,
                  struct problem *problem);

/* The same, but that options end at the first operand: what follows it is another command's. */
int options_parse_up_to_operand(const struct option_table *table, void *settings, int argc, char **argv,
                                int *operands, struct problem *problem);

/* The same in the way of the older tools: what getopt_long(3) finds wrong it says itself, on standard error,
 * and *PROBLEM stays as it is. */
int options_parse_as_getopt(const struct option_table *table, void *settings, int argc, char **argv,
                            int *operands, struct problem *problem);

/* One line for each option. */
void options_put_help(struct text *text, const struct option_table *table);
