#include "jobs.h"
#include "render/job_summary.h"
#include "support.h"

#include <string.h>

static char *words[] = {"python3", "train.py", NULL};

/* Into memory of its own where it has none: as much as is said to be enough. */
static void put_all(struct text *text, const struct job *job)
{
    if (!text->bytes)
        *text = text_new(job_summary_max(&job->account) + 1);
    job_summary_put(text, &job->account, job->account.faults ? &job->trace : NULL);
    assert_int_equal(text->lost, 0);
}

static size_t lines_of(const struct text *text)
{
    size_t lines = 0;

    for (size_t i = 0; i < text->length; i++)
        lines += text->bytes[i] == '\n' ? 1 : 0;
    return lines;
}

static void a_job_of_which_little_is_known(void **state)
{
    struct job job;
    TEXT(text, 4096);
    (void)state;

    job_nothing(&job, words);
    put_all(&text, &job);
    assert_text(&text, "python3 train.py: ended with status 0 after 10 s\n"
                       "  faults   0 minor, 0 major\n"
                       "  resident 0K at the most, largest process 0K\n"
                       "  disk     0K read, 0K written\n"
                       "  cpu      0.0 s user, 0.0 s system: 0% of one\n"
                       "  switches 0 voluntary, 0 not\n");
}

static void a_job_that_was_killed(void **state)
{
    struct job job;
    TEXT(text, 4096);
    (void)state;

    job_everything(&job, words, "python3");
    job.account.left_out_count = 1;
    job.account.left_out[0] = "who sends signals: it takes root";
    job.account.left = 0;
    job.account.faults = NULL;
    job.deaths.beyond = job.deaths.unnamed = 0;
    job.deaths.count = 2;
    strcpy(job.deaths.list[0].limit_cgroup, "/slurm/job_7");
    job.deaths.list[1] = (struct job_death){.pid = 101, .comm = "sh", .signal = 11, .core = true};
    put_all(&text, &job);
    assert_text(
        &text, "python3 train.py: ended by SIGKILL after 10 s\n"
               "  faults   1,204,311 minor, 999 major\n"
               "  memory   1.0G at the most, of its limit of 1.0G, page cache included\n"
               "  resident 1.0G at the most, largest process 900M (python3[4250])\n"
               "  stalled  memory 50/41%, io 30/20%, cpu 5% of the time, some/all of it\n"
               "  disk     100M read, 5.0M written; 60M of pages came back that had been evicted\n"
               "  cpu      8.3 s user, 1.5 s system, 0.3 s unwaited for: 100% of one\n"
               "  switches 1,000 voluntary, 100 not; 12 processes ended\n"
               "  killed   python3[100] 900M resident: SIGKILL, by the kernel, at the limit of /slurm/job_7 "
               "(1.0G), which is Slurm's\n"
               "           sh[101]: SIGSEGV, core dumped\n"
               "  left     2 processes when the command ended, which were ended\n"
               "  without  who sends signals: it takes root\n"
               "The limit that was reached is not the job's own, but that of /slurm/job_7, which is Slurm's: "
               "1.0G.\n"
               "41% of the wall time was spent waiting for pages of files that had been evicted: the working "
               "set does not fit in the memory it had.\n");
}

static void a_trace(void **state)
{
    struct job job;
    TEXT(text, 8192);
    (void)state;

    job_everything(&job, words, "x");
    job.account.left_out_count = 0;
    job.account.ended_by_us = 1;
    job.account.left = 1;
    job.account.ended_processes = some(1);
    job.account.stalls = (struct job_stalls){true, NAN, NAN, NAN, 1, NAN};
    job.account.refaults = (struct job_refaults){true, 60 * 1048576.0, 0, NAN};
    job.account.usage.unwaited_cpu_seconds = 0;
    job.account.last.peak_bytes.present = false;
    job.footprint.largest.rss_bytes = 1; /* another one was the largest */
    job.deaths = (struct job_deaths){.command = 100, .oom_kills = 1, .unnamed = 1};
    job.faults.count = 2;
    job.pairs[1].deleted = true;
    put_all(&text, &job);
    assert_text(&text, "python3 train.py: ended by SIGKILL after 10 s\n"
                       "  faults   1,204,311 minor, 999 major\n"
                       "  resident 1.0G at the most, largest process 900M\n"
                       "  stalled  io 10% of the time, some/all of the machine\n"
                       "  disk     100M read, 5.0M written\n"
                       "  cpu      8.3 s user, 1.5 s system: 98% of one\n"
                       "  switches 1,000 voluntary, 100 not; 1 process ended\n"
                       "  traced   9.6ms in 80 major faults, p50 84us, p99 84us, and 4 waits for another's\n"
                       "           1.2ms in 10 faults of x[200] on x\n"
                       "           1.2ms in 10 faults of x[201] on x (deleted)\n"
                       "  killed   1 by the kernel's OOM killer, without a name\n"
                       "  left     1 process when the command ended, which was ended\n"
                       "  left     1 that could not be ended\n"
                       "The kernel's OOM killer took a part of it.\n");
}

/* Whatever there is of all kinds; what there is too much of gives way, and is counted. */
static void it_is_a_screen_at_the_most(void **state)
{
    struct text text = {0};
    struct job job;
    (void)state;

    for (size_t left_out = 0; left_out <= JOB_LEFT_OUT_MAX; left_out++) {
        for (size_t deaths = 0; deaths <= JOB_DEATHS_MAX; deaths++) {
            for (int others = 0; others < 16; others++) {
                job_everything(&job, words, "x");
                job.account.left_out_count = left_out;
                job.deaths.count = deaths;
                job.deaths.beyond = others & 1 ? 5 : 0;
                job.deaths.unnamed = others & 2 ? 3 : 0;
                job.account.left = others & 4 ? 1 : 0;
                job.account.faults = others & 8 ? &job.faults : NULL;
                text.length = 0;
                put_all(&text, &job);
                assert_true(lines_of(&text) <= JOB_SUMMARY_LINES);
                assert_true(lines_of(&text) >= 9 + left_out + (deaths > 0 ? 1 : 0));
            }
        }
    }
    text.bytes[text.length] = '\0'; /* the last one, with everything */
    assert_non_null(strstr(text.bytes, "           and 36 more\n"));
    assert_int_equal(lines_of(&text), JOB_SUMMARY_LINES);
    text_free(&text);
}

static void where_there_is_room_five_of_each_are_shown(void **state)
{
    struct text text = {0};
    struct job job;
    (void)state;

    job_everything(&job, words, "x");
    job.account.left_out_count = 0;
    job.account.left = 0;
    job.deaths.unnamed = 0;
    put_all(&text, &job);
    text.bytes[text.length] = '\0';
    assert_non_null(strstr(text.bytes, "x[104] 900M"));
    assert_null(strstr(text.bytes, "x[105] 900M"));
    assert_non_null(strstr(text.bytes, "           and 32 more\n"));
    assert_non_null(strstr(text.bytes, "x[204] on x"));
    assert_null(strstr(text.bytes, "x[205] on x"));
    text_free(&text);
}

#define EVIL "\033[2Ja\n\r\x7f\xff\xc2\x9b\xe2\x80\xae%s%n"

/* None of the bytes that others chose gets through, whoever it is that puts them. */
static void no_name_steers_the_terminal(void **state)
{
    static char *evil[] = {EVIL, NULL};
    static const char *const raw[] = {"\033", "\r", "\x7f", "\xff", "\xc2\x9b", "\xe2\x80\xae"};
    struct text text = {0};
    struct job job;
    (void)state;

    for (enum death_cause cause = DEATH_BY_SIGNAL; cause <= DEATH_BY_OOM; cause++) {
        for (int traced = 0; traced < 2; traced++) {
            job_everything(&job, evil, EVIL);
            job.account.faults = traced ? &job.faults : NULL;
            job.account.left_out_count = 2;
            for (size_t i = 0; i < job.deaths.count; i++)
                job.deaths.list[i].cause = cause;
            text.length = 0;
            put_all(&text, &job);
            text.bytes[text.length] = '\0';
            for (size_t i = 0; i < COUNT_OF(raw); i++)
                assert_null(strstr(text.bytes, raw[i]));
            assert_true(lines_of(&text) <= JOB_SUMMARY_LINES);
            assert_non_null(
                strstr(text.bytes, "without  \\x1b[2Ja\\x0a\\x0d\\x7f\\xff\\xc2\\x9b\\xe2\\x80\\xae%s%n\n"));
        }
    }
    text_free(&text);
}

/* Of a file without a name the whole path stands in the sentence. */
static void a_file_in_the_sentence_cannot_steer_it(void **state)
{
    struct text text = {0};
    struct job job;
    (void)state;

    job_everything(&job, words, "x\033]0;y\a");
    job.faults.all.total_ns = 1200000 * COUNT_OF(job.rows);
    put_all(&text, &job);
    text.bytes[text.length] = '\0';
    assert_non_null(strstr(text.bytes, "waiting for pages of x\\x1b]0;y\\x07 that had been evicted"));
    assert_null(memchr(text.bytes, '\033', text.length));
    text_free(&text);
}

static void first_line_is(char *const *command, const char *expected)
{
    struct job job;
    TEXT(text, 4096);

    job_nothing(&job, command);
    put_all(&text, &job);
    text.length = (size_t)((char *)memchr(text.bytes, ':', text.length) - text.bytes);
    assert_text(&text, expected);
}

static void the_words_of_a_command(void **state)
{
    (void)state;

    first_line_is((char *[]){"a", NULL}, "a");
    first_line_is((char *[]){"", NULL}, "''");
    first_line_is((char *[]){"a", "", "b", NULL}, "a '' b");
    first_line_is((char *[]){"0123456789012345678901234567890123456789", NULL},
                  "0123456789012345678901234567890123456789");
    first_line_is((char *[]){"0123456789012345678901234567890123456789", "x", NULL},
                  "0123456789012345678901234567890123456789...");
    first_line_is((char *[]){"012345678901234567890123456789012345678ä", NULL},
                  "012345678901234567890123456789012345678...");
    first_line_is((char *[]){"01234567890123456789012345678901234567ä", "x", NULL},
                  "01234567890123456789012345678901234567ä...");
    first_line_is((char *[]){"0123456789012345678901234567890123456€", "xy", NULL},
                  "0123456789012345678901234567890123456€...");
    first_line_is((char *[]){"01234567890123456789012345678901234567€", NULL},
                  "01234567890123456789012345678901234567...");
}

static void the_largest_numbers(void **state)
{
    struct text text = {0};
    struct job job;
    (void)state;

    job_everything(&job, words, "x");
    job.account.usage = (struct job_usage){UINT64_MAX, UINT64_MAX, 1e18,       1e18,       UINT64_MAX,
                                           UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, 1e18};
    job.account.seconds = 1e-9;
    job.account.ended_processes = some(UINT64_MAX);
    job.account.ended_by_us = job.account.left = UINT32_MAX;
    job.account.last.peak_bytes = job.account.limit_bytes = some(UINT64_MAX);
    job.account.refaults.file_bytes = 0x1p64;
    job.deaths.beyond = job.deaths.unnamed = UINT64_MAX / 2;
    job.faults.all = (struct latency){.faults = UINT64_MAX, .total_ns = UINT64_MAX, .waits = UINT64_MAX};
    put_all(&text, &job);
    text.bytes[text.length] = '\0';
    assert_non_null(
        strstr(text.bytes, "faults   18,446,744,073,709,551,615 minor, 18,446,744,073,709,551,615 major\n"));
    assert_non_null(strstr(text.bytes, "memory   16E at the most, of its limit of 16E"));
    assert_non_null(strstr(text.bytes, "cpu      ? user, ? system"));
    text_free(&text);
}

static void a_job_of_no_time(void **state)
{
    struct job job;
    TEXT(text, 8192);
    (void)state;

    job_everything(&job, words, "x");
    job.account.seconds = 0;
    job.account.faults = NULL;
    put_all(&text, &job);
    text.bytes[text.length] = '\0';
    assert_null(strstr(text.bytes, "stalled"));
    assert_non_null(strstr(text.bytes, ": 0% of one\n"));
}

static void the_longest_names_fit(void **state)
{
    static char longest[PATH_NAMES_MAX];
    static char *evil[] = {longest, longest, NULL};
    struct text text = {0};
    struct job job;
    (void)state;

    memset(longest, '\x01', sizeof(longest) - 1);
    job_everything(&job, evil, longest);
    job.account.left_out_count = 0;
    job.faults.all.total_ns = 1200000 * COUNT_OF(job.rows);
    put_all(&text, &job);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_of_which_little_is_known),
        cmocka_unit_test(a_job_that_was_killed),
        cmocka_unit_test(a_trace),
        cmocka_unit_test(it_is_a_screen_at_the_most),
        cmocka_unit_test(where_there_is_room_five_of_each_are_shown),
        cmocka_unit_test(no_name_steers_the_terminal),
        cmocka_unit_test(a_file_in_the_sentence_cannot_steer_it),
        cmocka_unit_test(the_words_of_a_command),
        cmocka_unit_test(the_largest_numbers),
        cmocka_unit_test(a_job_of_no_time),
        cmocka_unit_test(the_longest_names_fit),
    };
    return cmocka_run_group_tests_name("job_summary", tests, NULL, NULL);
}
