#include "jobs.h"
#include "render/job_summary.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

static char *words[] = {"python3", "train.py", NULL};

static void what_is_absent_has_no_key(void **state)
{
    struct job job;
    TEXT(text, 4096);
    (void)state;

    job_nothing(&job, words);
    job_summary_put_json(&text, &job.account);
    assert_text(
        &text,
        "{\"type\":\"job\",\"time\":\"1970-01-01T00:00:00.000Z\",\"command\":[\"python3\",\"train.py\"],"
        "\"seconds\":10.000000,\"status\":0,\"minor_faults\":0,\"major_faults\":0,"
        "\"cpu_user_seconds\":0.000000,\"cpu_system_seconds\":0.000000,"
        "\"cpu_unwaited_seconds\":0.000000,\"voluntary_context_switches\":0,"
        "\"involuntary_context_switches\":0,\"read_bytes\":0,\"written_bytes\":0,"
        "\"peak_rss_bytes\":0,\"largest_rss_bytes\":0,\"most_processes\":0,\"looks\":0,"
        "\"stalls_of\":\"job\",\"refaults_of\":\"job\",\"oom_kills\":0,\"deaths\":[],"
        "\"more_deaths\":0,\"ended_with_command\":0,\"left_processes\":0,\"left_out\":[]}\n");
}

static void all_that_there_is(void **state)
{
    struct job job;
    TEXT(text, 8192);
    (void)state;

    job_everything(&job, words, "/a\"b");
    job.account.left_out_count = 2;
    job.deaths.count = 2;
    job.deaths.list[1] = (struct job_death){.pid = 101,
                                            .comm = "sh",
                                            .signal = 9,
                                            .cause = DEATH_BY_PROCESS,
                                            .sender = 8,
                                            .sender_uid = UINT32_MAX,
                                            .sender_comm = "bash"};
    job_summary_put_json(&text, &job.account);
    assert_text(
        &text,
        "{\"type\":\"job\",\"time\":\"2026-11-23T14:21:30.000Z\",\"command\":[\"python3\",\"train.py\"],"
        "\"seconds\":10.000000,\"signal\":9,\"minor_faults\":1204311,\"major_faults\":999,"
        "\"cpu_user_seconds\":8.250000,\"cpu_system_seconds\":1.500000,\"cpu_unwaited_seconds\":0.250000,"
        "\"voluntary_context_switches\":1000,\"involuntary_context_switches\":100,\"read_bytes\":104857600,"
        "\"written_bytes\":5242880,\"processes_ended\":12,\"peak_rss_bytes\":1048576000,"
        "\"largest_rss_bytes\":943718400,\"most_processes\":7,\"looks\":40,\"cgroup\":\"/a\\\"b\","
        "\"cgroup_peak_bytes\":1073741824,\"cgroup_limit_bytes\":1073741824,\"stalls_of\":\"job\","
        "\"cpu_some_stall_seconds\":0.500000,\"memory_some_stall_seconds\":5.000000,"
        "\"memory_full_stall_seconds\":4.100000,\"io_some_stall_seconds\":3.000000,"
        "\"io_full_stall_seconds\":2.000000,\"refaults_of\":\"job\",\"refaults_file_bytes\":62914560,"
        "\"refaults_swap_bytes\":0,\"oom_kills\":40,\"deaths\":[{\"pid\":100,\"comm\":\"/a\\\"b\","
        "\"signal\":9,\"cause\":\"limit_above\",\"rss_bytes\":943718400,\"limit_cgroup\":\"/a\\\"b\","
        "\"limit_bytes\":1073741824,\"file\":\"/a\\\"b\",\"file_system\":\"/a\\\"b\"},{\"pid\":101,"
        "\"comm\":\"sh\",\"signal\":9,\"cause\":\"process\",\"sender_pid\":8,\"sender_comm\":\"bash\","
        "\"sender_uid\":4294967295}],\"more_deaths\":5,\"ended_with_command\":2,\"left_processes\":1,"
        "\"left_out\":[\"/a\\\"b\",\"/a\\\"b\"],\"ending\":\"limit_above\",\"diagnosis\":\"file_thrash\","
        "\"ending_message\":\"The limit that was reached is not the job's own, but that of /a\\\"b: 1.0G\","
        "\"diagnosis_message\":\"41% of the wall time was spent waiting for pages of a\\\"b that had been "
        "evicted: the working set does not fit in the memory it had\"}\n");
}

static void each_cause_has_a_word(void **state)
{
    static const char *const names[] = {
        [DEATH_BY_SIGNAL] = "signal",        [DEATH_BY_ITSELF] = "itself",
        [DEATH_BY_PROCESS] = "process",      [DEATH_BY_KERNEL] = "kernel",
        [DEATH_BY_SOMEBODY] = "somebody",    [DEATH_BY_FULL_FILE_SYSTEM] = "file_system_full",
        [DEATH_BY_OWN_LIMIT] = "own_limit",  [DEATH_BY_LIMIT_ABOVE] = "limit_above",
        [DEATH_BY_MACHINE] = "machine_full", [DEATH_BY_NODES] = "nodes_full",
        [DEATH_BY_OOM] = "oom_kill",
    };
    struct job job;
    char expected[64];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        TEXT(text, 4096);
        job_nothing(&job, words);
        job.deaths.list[job.deaths.count++] =
            (struct job_death){.pid = 7, .signal = 9, .cause = (enum death_cause)i};
        job_summary_put_json(&text, &job.account);
        text.bytes[text.length] = '\0';
        snprintf(expected, sizeof(expected), "\"signal\":9,\"cause\":\"%s\"", names[i]);
        assert_non_null(strstr(text.bytes, expected));
        assert_true((strstr(text.bytes, "sender_pid") != NULL) == (i == DEATH_BY_PROCESS));
    }
}

static void of_the_machine(void **state)
{
    struct job job;
    TEXT(text, 4096);
    (void)state;

    job_nothing(&job, words);
    job.account.stalls.of_machine = true;
    job.account.refaults.of_machine = true;
    job.account.status = 3 << 8;
    job_summary_put_json(&text, &job.account);
    text.bytes[text.length] = '\0';
    assert_non_null(strstr(text.bytes, "\"stalls_of\":\"machine\""));
    assert_non_null(strstr(text.bytes, "\"refaults_of\":\"machine\""));
    assert_non_null(strstr(text.bytes, "\"status\":3,"));
    assert_null(strstr(text.bytes, "\"signal\""));
}

/* Whether it is one object in one line: brackets that fit, strings of UTF-8 without control characters, no
 * value that is missing or no number. */
static void check_json(const struct text *text)
{
    int depth = 0;
    bool in_string = false;

    assert_int_equal(text->lost, 0);
    for (size_t i = 0; i < text->length;) {
        const char *at = text->bytes + i;
        size_t length = text_utf8_length(at);
        assert_true(length > 0);
        assert_true(i + 1 == text->length ? *at == '\n' : !text_steers(at, length));
        if (in_string && *at == '\\')
            length++;
        else if (*at == '"')
            in_string = !in_string;
        else if (!in_string && length == 1 && *at != '\n')
            assert_non_null(strchr("{}[]:,.-0123456789", *at));
        if (!in_string && (*at == '{' || *at == '['))
            depth++;
        if (!in_string && (*at == '}' || *at == ']'))
            depth--;
        assert_true(depth > 0 || i + 2 >= text->length);
        i += length;
    }
    assert_false(in_string);
    assert_int_equal(depth, 0);
}

static void it_is_valid_whatever_bytes_names_have(void **state)
{
    static const char *const names[] = {"",     "\"", "\\",           "\033[2J\n\r\t\b\x7f", "\xff\xfe\x80",
                                        "\xc3", "{",  "\xe2\x80\xae", "\xed\xa0\x80",        "',\"x\":[1,"};
    struct text text = {0};
    struct job job;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char *command[] = {(char *)names[i], (char *)names[i], NULL};
        for (enum death_cause cause = DEATH_BY_SIGNAL; cause <= DEATH_BY_OOM; cause++) {
            job_everything(&job, command, names[i]);
            for (size_t n = 0; n < job.deaths.count; n++)
                job.deaths.list[n].cause = cause;
            text = text_new(job_summary_max(&job.account) + 1);
            job_summary_put_json(&text, &job.account);
            text.bytes[text.length] = '\0';
            check_json(&text);
            text_free(&text);
        }
    }
}

static void the_longest_names_and_the_largest_numbers_fit(void **state)
{
    static char longest[600], more[200000];
    static char *command[] = {longest, more, NULL};
    struct text text = {0};
    struct job job;
    (void)state;

    memset(longest, '\x01', sizeof(longest) - 1);
    memset(more, '\x01', sizeof(more) - 1);
    job_everything(&job, command, longest);
    job.account.seconds = 1e15;
    job.account.usage = (struct job_usage){UINT64_MAX, UINT64_MAX, 1e12,       1e12,       UINT64_MAX,
                                           UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, 1e12};
    job.account.refaults.file_bytes = 0x1p70;
    job.account.stalls.cpu_some = INFINITY;
    text = text_new(job_summary_max(&job.account) + 1);
    job_summary_put_json(&text, &job.account);
    text.bytes[text.length] = '\0';
    check_json(&text);
    assert_null(strstr(text.bytes, "cpu_some_stall_seconds"));
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_absent_has_no_key),
        cmocka_unit_test(all_that_there_is),
        cmocka_unit_test(each_cause_has_a_word),
        cmocka_unit_test(of_the_machine),
        cmocka_unit_test(it_is_valid_whatever_bytes_names_have),
        cmocka_unit_test(the_longest_names_and_the_largest_numbers_fit),
    };
    return cmocka_run_group_tests_name("json_job", tests, NULL, NULL);
}
