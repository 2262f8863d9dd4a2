/*
 * An error with its story: what failed, why, and what mends it, told once at the top of the program.
 *
 * Functions return 0 or a negative errno. Those whose caller could not tell the story from the number alone
 * (which file? which word?) also fill a struct problem.
 */
#pragma once

enum { PROBLEM_TEXT_MAX = 512 };

struct problem {
    char text[PROBLEM_TEXT_MAX]; /* "what: why: mend", no newline; cut when longer */
};

/* Writes the text and returns -ERROR, so that a function can end with `return problem_set(...)`. */
int problem_set(struct problem *problem, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* In whose name problems are printed: "faultline" at first. */
void problem_speak_as(const char *program);

/* Prints "faultline: TEXT" to standard error in one write; control bytes in the text are shown as \\xHH. */
void problem_print(const struct problem *problem);
