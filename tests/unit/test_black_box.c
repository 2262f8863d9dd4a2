#include "commands/black_box.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A recorder that does what the test says, in place of recorder.c. */
static struct {
    int error; /* of what comes next */
    const char *caveat;
    char path[64];
    unsigned taken, noted, closed;
} recorder;

static char a_recorder;

/* Nobody's own file is that of root. */
uid_t __wrap_geteuid(void);

uid_t __wrap_geteuid(void)
{
    return 1000;
}

int __wrap_recorder_open(struct recorder **opened, const struct recorder_settings *settings,
                         const struct sampler *sampler, struct problem *problem);
const char *__wrap_recorder_caveat(const struct recorder *opened);
int __wrap_recorder_begin(struct recorder *opened, const struct snapshot *snapshot);
int __wrap_recorder_take(struct recorder *opened, const struct snapshot *snapshot,
                         const struct interval *interval);
int __wrap_recorder_note(struct recorder *opened, const struct event *event);
int __wrap_recorder_end(struct recorder *opened);
void __wrap_recorder_close(struct recorder *opened);

int __wrap_recorder_open(struct recorder **opened, const struct recorder_settings *settings,
                         const struct sampler *sampler, struct problem *problem)
{
    (void)sampler;
    if (recorder.error < 0)
        return problem_set(problem, -recorder.error, "%s: no", settings->store.path);
    snprintf(recorder.path, sizeof(recorder.path), "%s", settings->store.path);
    *opened = (struct recorder *)(void *)&a_recorder;
    return 0;
}

const char *__wrap_recorder_caveat(const struct recorder *opened)
{
    assert_ptr_equal(opened, &a_recorder);
    return recorder.caveat;
}

int __wrap_recorder_begin(struct recorder *opened, const struct snapshot *snapshot)
{
    assert_ptr_equal(opened, &a_recorder);
    assert_null(snapshot);
    return recorder.error;
}

int __wrap_recorder_take(struct recorder *opened, const struct snapshot *snapshot,
                         const struct interval *interval)
{
    assert_ptr_equal(opened, &a_recorder);
    assert_null(snapshot);
    assert_null(interval);
    recorder.taken++;
    return recorder.error;
}

int __wrap_recorder_note(struct recorder *opened, const struct event *event)
{
    assert_ptr_equal(opened, &a_recorder);
    assert_null(event);
    recorder.noted++;
    return recorder.error;
}

int __wrap_recorder_end(struct recorder *opened)
{
    assert_ptr_equal(opened, &a_recorder);
    return recorder.error;
}

void __wrap_recorder_close(struct recorder *opened)
{
    recorder.closed += opened != NULL;
}

static int setup(void **state)
{
    memset(&recorder, 0, sizeof(recorder));
    *state = calloc(1, sizeof(struct black_box));
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

#define with_box(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static struct black_box *opened(void **state)
{
    struct black_box *box = *state;
    struct problem problem = {0};

    assert_int_equal(black_box_choose_path(box, "/a/box.flr", NULL, &problem), 0);
    assert_int_equal(black_box_open(box, (struct recorder_settings){0}, NULL, &(struct lesser_user){0},
                                    &problem),
                     0);
    return box;
}

/* What is said while samples are taken and events noted: "t" and "n"; each with ERROR. */
static void says(struct black_box *box, const char *what, int error, const char *expected)
{
    struct capture capture;

    recorder.error = error;
    capture_begin(&capture, STDERR_FILENO);
    for (; *what; what++) {
        if (*what == 't')
            black_box_take(box, NULL, NULL);
        else
            black_box_note(box, NULL);
    }
    char *said = capture_end(&capture);
    assert_string_equal(said, expected);
    free(said);
}

static void it_records_where_it_is_told_to(void **state)
{
    struct black_box *box = opened(state);
    char longest[BLACKBOX_PATH_MAX + 1];
    struct problem problem = {0};

    assert_string_equal(recorder.path, "/a/box.flr");
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(black_box_choose_path(box, longest, NULL, &problem), -ENAMETOOLONG);
    longest[sizeof(longest) - 2] = '\0';
    assert_int_equal(black_box_choose_path(box, longest, NULL, &problem), 0);
    assert_string_equal(box->path, longest);
}

static void without_a_path_it_records_where_the_user_does(void **state)
{
    struct black_box *box = *state;
    struct folder folder;
    struct problem problem = {0};

    folder_make(&folder);
    setenv("XDG_STATE_HOME", folder.path, 1);
    assert_int_equal(black_box_choose_path(box, NULL, NULL, &problem), 0);
    assert_int_equal(strncmp(box->path, folder.path, strlen(folder.path)), 0);
    assert_string_equal(box->path + strlen(folder.path), "/faultline/blackbox.flr");
    folder_remove(&folder);
}

static void it_says_where_it_begins(void **state)
{
    struct black_box *box = opened(state);
    struct capture capture;
    struct problem problem = {0};

    recorder.caveat = "it may be lost";
    capture_begin(&capture, STDERR_FILENO);
    int error = black_box_begin(box, NULL, &problem);
    char *said = capture_end(&capture);
    assert_int_equal(error, 0);
    assert_string_equal(said, "faultline: recording into /a/box.flr\n"
                              "faultline: /a/box.flr: it may be lost\n");
    free(said);
    recorder.error = -ENOSPC;
    assert_int_equal(black_box_begin(box, NULL, &problem), -ENOSPC);
    assert_string_equal(problem.text, "/a/box.flr: No space left on device");
}

static void a_disk_that_fails_and_comes_back_is_told_once_each(void **state)
{
    struct black_box *box = opened(state);

    says(box, "ttn", 0, "");
    assert_int_equal(box->failures, 0);
    says(box, "tnt", -ENOSPC,
         "faultline: /a/box.flr: No space left on device: it is tried again; what there is no room for "
         "meanwhile is missing\n");
    assert_int_equal(box->failures, 3);
    says(box, "nt", 0,
         "faultline: /a/box.flr: it can be written again; up to 3 samples or events are missing\n");
    says(box, "n", -EIO,
         "faultline: /a/box.flr: Input/output error: it is tried again; what there is no room for "
         "meanwhile is missing\n");
    says(box, "t", 0,
         "faultline: /a/box.flr: it can be written again; up to 1 samples or events are missing\n");
    assert_int_equal(box->failures, 4);
    assert_int_equal(recorder.taken, 6);
    assert_int_equal(recorder.noted, 4);
}

static void it_ends_in_order_or_says_that_it_does_not(void **state)
{
    struct black_box *box = opened(state);
    struct problem problem = {0};

    assert_int_equal(black_box_end(box, &problem), 0);
    recorder.error = -EIO;
    assert_int_equal(black_box_end(box, &problem), -EIO);
    assert_string_equal(problem.text, "/a/box.flr: Input/output error: its end is missing");
    black_box_close(box);
    black_box_close(box);
    assert_int_equal(recorder.closed, 1);
}

static void one_that_does_not_open_or_is_zeroed(void **state)
{
    struct black_box *box = *state;
    struct problem problem = {0};

    recorder.error = -EACCES;
    assert_int_equal(black_box_choose_path(box, "/a/box.flr", NULL, &problem), 0);
    assert_int_equal(black_box_open(box, (struct recorder_settings){0}, NULL, &(struct lesser_user){0},
                                    &problem),
                     -EACCES);
    assert_string_equal(problem.text, "/a/box.flr: no");
    black_box_close(box);
    assert_int_equal(recorder.closed, 0);
}

static void sizes_of_the_file(void **state)
{
    static const char *const refused[] = {"1023K", "0", "1025G", "", "x", "-1M", "2T"};
    uint64_t bytes = 0;
    (void)state;

    assert_int_equal(black_box_apply_size(&bytes, "1M"), 0);
    assert_int_equal(bytes, 1 << 20);
    assert_int_equal(black_box_apply_size(&bytes, "1T"), 0);
    assert_int_equal(bytes, UINT64_C(1) << 40);
    assert_int_equal(black_box_apply_size(&bytes, "64M"), 0);
    assert_int_equal(bytes, 64 << 20);
    assert_int_equal(black_box_apply_size(&bytes, "1048577"), 0); /* whole segments */
    assert_int_equal(bytes, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        if (black_box_apply_size(&bytes, refused[i]) == 0)
            fail_msg("'%s' is taken", refused[i]);
    }
}

static void intervals_in_seconds(void **state)
{
    static const char *const refused[] = {"0", "0.009", "3601", "", "x", "-1"};
    double seconds = 0;
    (void)state;

    assert_int_equal(black_box_apply_interval(&seconds, "0.01"), 0);
    assert_near(seconds, 0.01);
    assert_int_equal(black_box_apply_interval(&seconds, "3600"), 0);
    assert_near(seconds, 3600);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        if (black_box_apply_interval(&seconds, refused[i]) == 0)
            fail_msg("'%s' is taken", refused[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_box(it_records_where_it_is_told_to),
        with_box(without_a_path_it_records_where_the_user_does),
        with_box(it_says_where_it_begins),
        with_box(a_disk_that_fails_and_comes_back_is_told_once_each),
        with_box(it_ends_in_order_or_says_that_it_does_not),
        with_box(one_that_does_not_open_or_is_zeroed),
        cmocka_unit_test(sizes_of_the_file),
        cmocka_unit_test(intervals_in_seconds),
    };
    return cmocka_run_group_tests_name("black_box", tests, NULL, NULL);
}
