/* The completions of the shells, each a script made from the tables of options. */
#pragma once

#include "base/text.h"
#include "commands/commands.h"

#include <stdbool.h>

enum { COMPLETION_BYTES_MAX = 64 * 1024 };

void bash_put_completion(struct text *text);
void zsh_put_completion(struct text *text);
void fish_put_completion(struct text *text);

/* What the argument of an option, or an operand, is. */
enum completion_kind {
    COMPLETION_NONE, /* it takes none */
    COMPLETION_ANY,  /* a number, a time: nothing to offer */
    COMPLETION_FILE,
    COMPLETION_FOLDER,
    COMPLETION_COMMAND,
    COMPLETION_USER,
    COMPLETION_CHOICE,  /* one of some words */
    COMPLETION_COLUMNS, /* some of the columns, parted by commas */
};

enum completion_kind completion_kind_of(const struct option_row *row);

/* The same of operands by what they are called; NULL: there are none. */
enum completion_kind completion_kind_of_operands(const char *operands);

/* Words that are parted by blanks or, as those of operands, by "|": by blanks. */
void completion_put_words(struct text *text, const char *words);

/* The headings of all columns, parted by blanks. */
void completion_put_columns(struct text *text);
