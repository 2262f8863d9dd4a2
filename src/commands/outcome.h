/* How a command ends. */
#pragma once

#include "base/problem.h"
#include "base/text.h"

enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_NONE = 3 /* as grep: nothing found */ };

/* Prints what is wrong with the command line. Returns STATUS_USAGE. */
int outcome_misused(const struct problem *problem);

/* Prints the problem, or the negative ERROR itself where the problem has no text. Returns STATUS_FAILED. */
int outcome_failed(struct problem *problem, int error);

/* What became of writing to standard output: returns ERROR, and where it is one that has to be told, sets
 * *PROBLEM. -EPIPE has not: the reader has gone. */
int outcome_of_writing(int error, struct problem *problem);

/* Writes the text to standard output. Returns 0, or a negative errno with *PROBLEM set. A reader that has
 * gone is no error. */
int outcome_write(const struct text *text, struct problem *problem);

/* What --version prints, of every command. */
void outcome_put_version(struct text *text);

/* Prints what PUT puts, at most 32 KiB, and returns the exit status. */
int outcome_print(void (*put)(struct text *text));
