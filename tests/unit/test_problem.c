#include "base/problem.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void set_formats_and_returns_the_negative_errno(void **state)
{
    struct problem problem;
    (void)state;

    assert_int_equal(problem_set(&problem, ENOENT, "%s: %s", "/proc/stat", "gone"), -ENOENT);
    assert_string_equal(problem.text, "/proc/stat: gone");
}

static void a_long_text_is_cut_and_stays_terminated(void **state)
{
    struct problem problem;
    char word[2000];
    (void)state;

    memset(word, 'w', sizeof(word));
    word[sizeof(word) - 1] = '\0';
    problem_set(&problem, EINVAL, "%s", word);
    assert_int_equal(strlen(problem.text), PROBLEM_TEXT_MAX - 1);
}

static void print_names_the_program_and_hides_control_bytes(void **state)
{
    struct problem problem;
    struct capture capture;
    (void)state;

    problem_set(&problem, EINVAL, "unknown option '\033[2Jx\n'");
    capture_begin(&capture, STDERR_FILENO);
    problem_print(&problem);
    char *printed = capture_end(&capture);
    assert_string_equal(printed, "faultline: unknown option '\\x1b[2Jx\\x0a'\n");
    free(printed);
}

static void the_longest_text_is_printed_whole_with_its_newline(void **state)
{
    struct problem problem;
    struct capture capture;
    (void)state;

    memset(problem.text, 'w', sizeof(problem.text));
    problem.text[PROBLEM_TEXT_MAX - 1] = '\0';
    capture_begin(&capture, STDERR_FILENO);
    problem_print(&problem);
    char *printed = capture_end(&capture);
    assert_int_equal(strlen(printed), strlen("faultline: ") + PROBLEM_TEXT_MAX - 1 + 1);
    assert_int_equal(printed[strlen(printed) - 1], '\n');
    free(printed);
}

/* Several programs may share a standard error: a line comes in one piece. In this kind of pipe, one read gets
 * one write. */
static void a_problem_is_one_write(void **state)
{
    struct problem problem;
    int ends[2];
    char bytes[256];
    (void)state;

    assert_int_equal(pipe2(ends, O_DIRECT | O_CLOEXEC), 0);
    int saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    problem_set(&problem, EINVAL, "a: b: c");
    problem_print(&problem);
    dup2(saved, STDERR_FILENO);
    ssize_t got = read(ends[0], bytes, sizeof(bytes));
    close(saved);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(got, strlen("faultline: a: b: c\n"));
    assert_memory_equal(bytes, "faultline: a: b: c\n", (size_t)got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_formats_and_returns_the_negative_errno),
        cmocka_unit_test(a_long_text_is_cut_and_stays_terminated),
        cmocka_unit_test(print_names_the_program_and_hides_control_bytes),
        cmocka_unit_test(the_longest_text_is_printed_whole_with_its_newline),
        cmocka_unit_test(a_problem_is_one_write),
    };
    return cmocka_run_group_tests_name("problem", tests, NULL, NULL);
}
