#include "commands/outcome.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int outcome_misused(const struct problem *problem)
{
    problem_print(problem);
    return STATUS_USAGE;
}

/* Of what stands for no file or word of its own. */
static const char *mend_of(int error)
{
    switch (error) {
    case -EMFILE:
    case -ENFILE:
        return ": raise the limit of open files (ulimit -n)";
    case -ENOMEM:
        return ": raise the limit of memory (ulimit -v), or free some";
    default:
        return "";
    }
}

int outcome_failed(struct problem *problem, int error)
{
    if (problem->text[0] == '\0')
        problem_set(problem, -error, "starting: %s%s", strerror(-error), mend_of(error));
    problem_print(problem);
    return STATUS_FAILED;
}

bool outcome_is_end(int error)
{
    return error == 0 || error == -EPIPE || error == -EINTR;
}

int outcome_of_search(int error, struct problem *problem)
{
    if (error >= 0 || outcome_is_end(error))
        return STATUS_DONE;
    if (error == -EINVAL)
        return outcome_misused(problem);
    if (error != -ENODATA)
        return outcome_failed(problem, error);
    problem_print(problem);
    return STATUS_NONE;
}

int outcome_of_writing(int error, struct problem *problem)
{
    if (outcome_is_end(error))
        return error;
    return problem_set(problem, -error, "standard output: %s", strerror(-error));
}

int outcome_write(const struct text *text, struct problem *problem)
{
    int error = text->lost > 0 ? -EOVERFLOW : file_write_all(STDOUT_FILENO, text->bytes, text->length);

    error = outcome_of_writing(error, problem);
    return error == -EPIPE ? 0 : error;
}

void outcome_put_version(struct text *text)
{
    text_string(text, "faultline " FAULTLINE_VERSION "\n");
}

int outcome_print(void (*put)(struct text *text))
{
    char bytes[32768];
    struct text text = text_over(bytes, sizeof(bytes));
    struct problem problem = {0};

    put(&text);
    int error = outcome_write(&text, &problem);
    return error < 0 ? outcome_failed(&problem, error) : STATUS_DONE;
}

int outcome_of_words(int error, bool help, bool version, void (*put_help)(struct text *text),
                     const struct problem *problem)
{
    if (error < 0)
        return outcome_misused(problem);
    if (help)
        return outcome_print(put_help);
    return version ? outcome_print(outcome_put_version) : STATUS_GO_ON;
}
