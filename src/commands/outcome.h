/* How a command ends. */
#pragma once

#include "base/problem.h"
#include "base/text.h"

#include <stdbool.h>

enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_NONE = 3 /* as grep: nothing found */ };

/* Prints what is wrong with the command line. Returns STATUS_USAGE. */
int outcome_misused(const struct problem *problem);

/* What a command does first: ERROR is what parsing its words came to, 0 or a negative errno with *PROBLEM
 * set; prints that, the help or the version, where it is one of these. Returns the exit status, or
 * STATUS_GO_ON. */
enum { STATUS_GO_ON = -1 };
int outcome_of_words(int error, bool help, bool version, void (*put_help)(struct text *text),
                     const struct problem *problem);

/* Prints the problem, or the negative ERROR itself where the problem has no text. Returns STATUS_FAILED. */
int outcome_failed(struct problem *problem, int error);

/* Whether ERROR ends a command in order: none, a reader that has gone (-EPIPE), or a signal while the reader
 * did not read (-EINTR). */
bool outcome_is_end(int error);

/* How a command ends that looks for something: ERROR is not negative where it was found; -ENODATA with
 * *PROBLEM set where it is not there, -EINVAL where the command line does not say what is meant. */
int outcome_of_search(int error, struct problem *problem);

/* What became of writing to standard output: returns ERROR, and sets *PROBLEM unless that ends it in order.
 */
int outcome_of_writing(int error, struct problem *problem);

/* Writes the text to standard output. Returns 0, or a negative errno with *PROBLEM set. A reader that has
 * gone is no error. */
int outcome_write(const struct text *text, struct problem *problem);

/* What --version prints, of every command. */
void outcome_put_version(struct text *text);

/* Prints what PUT puts, at most 32 KiB, and returns the exit status. */
int outcome_print(void (*put)(struct text *text));
