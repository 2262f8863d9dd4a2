/* What the tests of a command line's settings share: what it makes of words, and what it says of wrong ones.
 */
#pragma once

#include "base/problem.h"
#include "support.h"

#include <errno.h>
#include <string.h>

/*
 * Defines, for PARSER, which fills a TYPE from the words of PROGRAM:
 *     static int parse(char *text, TYPE *settings, struct problem *problem)    TEXT as in command_line_of()
 *     static TYPE accepted(const char *words)                                  valid until the next call
 *     static void refuses(const char *words, const char *expected)             with that problem
 */
#define SETTINGS_CASES(type, parser, program)                                                                \
    static int parse(char *text, type *settings, struct problem *problem)                                    \
    {                                                                                                        \
        static struct command_line line; /* settings may point to its words */                               \
                                                                                                             \
        line = command_line_of(program, text);                                                               \
        *problem = (struct problem){0};                                                                      \
        return parser(settings, line.count, line.words, problem);                                            \
    }                                                                                                        \
                                                                                                             \
    static type accepted(const char *words)                                                                  \
    {                                                                                                        \
        static char copy[SETTINGS_WORDS_MAX];                                                                \
        type settings;                                                                                       \
        struct problem problem;                                                                              \
                                                                                                             \
        assert_true(strlen(words) < sizeof(copy));                                                           \
        strcpy(copy, words);                                                                                 \
        if (parse(copy, &settings, &problem) < 0)                                                            \
            fail_msg("%s: %s", words, problem.text);                                                         \
        return settings;                                                                                     \
    }                                                                                                        \
                                                                                                             \
    static void refuses(const char *words, const char *expected)                                             \
    {                                                                                                        \
        char copy[SETTINGS_WORDS_MAX];                                                                       \
        type settings;                                                                                       \
        struct problem problem;                                                                              \
                                                                                                             \
        assert_true(strlen(words) < sizeof(copy));                                                           \
        strcpy(copy, words);                                                                                 \
        if (parse(copy, &settings, &problem) != -EINVAL)                                                     \
            fail_msg("%s is not refused", words);                                                            \
        assert_string_equal(problem.text, expected);                                                         \
    }

enum { SETTINGS_WORDS_MAX = 1024 };
