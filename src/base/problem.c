#include "base/problem.h"

#include "base/file.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *speaker = "faultline";

void problem_speak_as(const char *program)
{
    speaker = program;
}

int problem_set(struct problem *problem, int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(problem->text, sizeof(problem->text), format, arguments);
    va_end(arguments);
    return -error;
}

void problem_print(const struct problem *problem)
{
    char bytes[PROBLEM_TEXT_MAX * 4 + 64]; /* a byte may become \\xHH */
    struct text line = text_over(bytes, sizeof(bytes));

    text_string(&line, speaker);
    text_string(&line, ": ");
    text_printable(&line, problem->text);
    text_char(&line, '\n');
    file_write_all(STDERR_FILENO, line.bytes, line.length); /* nowhere is left to report a failure to */
}
