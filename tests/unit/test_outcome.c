#include "commands/outcome.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails_with(const char *told, int error, const char *expected)
{
    struct problem problem = {0};
    struct capture capture;

    strcpy(problem.text, told);
    capture_begin(&capture, STDERR_FILENO);
    int status = outcome_failed(&problem, error);
    char *printed = capture_end(&capture);
    assert_string_equal(printed, expected);
    free(printed);
    return status;
}

static void a_wrong_command_line_is_2_all_else_1(void **state)
{
    struct problem problem = {"unknown option"};
    struct capture capture;
    (void)state;

    capture_begin(&capture, STDERR_FILENO);
    int status = outcome_misused(&problem);
    char *printed = capture_end(&capture);
    assert_string_equal(printed, "faultline: unknown option\n");
    free(printed);
    assert_int_equal(status, 2);
    assert_int_equal(fails_with("", -EINVAL, "faultline: starting: Invalid argument\n"),
                     1); /* of a system call, say */
    assert_int_equal(fails_with("no /proc", -ENOENT, "faultline: no /proc\n"), 1);
}

static void put_two_lines(struct text *text)
{
    text_string(text, "one\ntwo\n");
}

/* What is printed on standard output, and then on standard error. */
static int says(int error, bool help, bool version, const char *out, const char *err)
{
    const struct problem problem = {"unknown option"};
    struct capture captures[2];

    capture_begin(&captures[0], STDOUT_FILENO);
    capture_begin(&captures[1], STDERR_FILENO);
    int status = outcome_of_words(error, help, version, put_two_lines, &problem);
    char *told = capture_end(&captures[1]);
    char *printed = capture_end(&captures[0]);
    assert_string_equal(told, err);
    assert_string_equal(printed, out);
    free(told);
    free(printed);
    return status;
}

static void words_come_first(void **state)
{
    (void)state;
    assert_int_equal(says(-EINVAL, false, false, "", "faultline: unknown option\n"), 2);
    assert_int_equal(says(-EINVAL, true, true, "", "faultline: unknown option\n"), 2);
    assert_int_equal(says(0, true, false, "one\ntwo\n", ""), 0);
    assert_int_equal(says(0, true, true, "one\ntwo\n", ""), 0);
    assert_int_equal(says(0, false, true, "faultline " FAULTLINE_VERSION "\n", ""), 0);
    assert_int_equal(says(0, false, false, "", ""), STATUS_GO_ON);
}

static void without_a_story_the_error_speaks_for_itself(void **state)
{
    (void)state;
    assert_int_equal(fails_with("", -ENOMEM,
                                "faultline: starting: Cannot allocate memory: raise the limit of memory "
                                "(ulimit -v), or free some\n"),
                     1);
    assert_int_equal(fails_with("", -EMFILE,
                                "faultline: starting: Too many open files: raise the limit of open "
                                "files (ulimit -n)\n"),
                     1);
}

static void put_too_much(struct text *text)
{
    for (int i = 0; i < 100000; i++)
        text_char(text, 'x');
}

static void what_is_put_is_printed(void **state)
{
    struct capture capture;
    (void)state;

    capture_begin(&capture, STDOUT_FILENO);
    int status = outcome_print(put_two_lines);
    char *printed = capture_end(&capture);
    assert_string_equal(printed, "one\ntwo\n");
    assert_int_equal(status, STATUS_DONE);
    free(printed);
}

static void text_that_was_cut_is_not_printed_as_if_it_were_whole(void **state)
{
    struct capture out, err;
    (void)state;

    capture_begin(&out, STDOUT_FILENO);
    capture_begin(&err, STDERR_FILENO);
    int status = outcome_print(put_too_much);
    char *complaint = capture_end(&err);
    char *printed = capture_end(&out);
    assert_string_equal(printed, "");
    assert_true(strlen(complaint) > 0);
    assert_int_equal(status, STATUS_FAILED);
    free(printed);
    free(complaint);
}

/* outcome_write() to DESCRIPTOR as standard output. */
static int write_to(int descriptor, struct problem *problem)
{
    char bytes[] = "row\n";
    struct text text = text_over(bytes, 4);

    text.length = 4;
    fflush(NULL);
    int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
    dup2(descriptor, STDOUT_FILENO);
    int error = outcome_write(&text, problem);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    return error;
}

static void a_reader_that_has_gone_is_no_error(void **state)
{
    struct problem problem = {0};
    int ends[2];
    (void)state;

    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    assert_int_equal(write_to(ends[1], &problem), 0);
    close(ends[1]);
}

static void a_full_disk_is_told(void **state)
{
    struct problem problem = {0};
    (void)state;

    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0)
        skip();
    assert_int_equal(write_to(full, &problem), -ENOSPC);
    close(full);
    assert_string_equal(problem.text, "standard output: No space left on device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_command_line_is_2_all_else_1),
        cmocka_unit_test(words_come_first),
        cmocka_unit_test(without_a_story_the_error_speaks_for_itself),
        cmocka_unit_test(what_is_put_is_printed),
        cmocka_unit_test(text_that_was_cut_is_not_printed_as_if_it_were_whole),
        cmocka_unit_test(a_reader_that_has_gone_is_no_error),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
