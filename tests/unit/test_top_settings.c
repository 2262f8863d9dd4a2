#include "commands/top/settings.h"
#include "settings_cases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

SETTINGS_CASES(struct top_settings, top_settings_parse, "top")

static void the_defaults(void **state)
{
    struct top_settings settings = accepted("");
    (void)state;

    assert_near(settings.beat.delay_seconds, 1);
    assert_true(settings.beat.count == 0);
    assert_int_equal(settings.by, TOP_BY_PROCESS);
    assert_int_equal(settings.sort, TOP_KEY_MAJOR_FAULTS);
    assert_int_equal(settings.pid_count, 0);
    assert_int_equal(settings.rows, 0);
    assert_null(settings.filter);
    assert_int_equal(settings.source, PROCESS_SOURCE_AUTO);
    assert_string_equal(settings.proc_path, "/proc");
    assert_null(settings.cgroup_path);
    assert_false(settings.verbose || settings.json || settings.csv || settings.batch || settings.help ||
                 settings.version);
}

static void every_option_sets_its_own_field(void **state)
{
    (void)state;
    assert_true(accepted("--json").json);
    assert_true(accepted("--csv").csv);
    assert_true(accepted("--batch").batch);
    assert_true(accepted("-v").verbose);
    assert_true(accepted("--verbose").verbose);
    assert_true(accepted("-h").help);
    assert_true(accepted("--help").help);
    assert_true(accepted("-V").version);
    assert_true(accepted("--version").version);
    assert_false(accepted("--json --batch -v").csv);
    assert_string_equal(accepted("--filter cc1").filter, "cc1");
    assert_string_equal(accepted("--proc /host/proc").proc_path, "/host/proc");
    assert_string_equal(accepted("--by cgroup --cgroup /sys/fs/cgroup/a").cgroup_path, "/sys/fs/cgroup/a");
}

static void sort_keys(void **state)
{
    (void)state;
    assert_int_equal(accepted("-s maj").sort, TOP_KEY_MAJOR_FAULTS);
    assert_int_equal(accepted("--sort min").sort, TOP_KEY_MINOR_FAULTS);
    assert_int_equal(accepted("-s rss").sort, TOP_KEY_RSS);
    assert_int_equal(accepted("-s swap").sort, TOP_KEY_SWAP);
    assert_int_equal(accepted("-s stall -b cgroup").sort, TOP_KEY_STALL);
    assert_int_equal(accepted("-s rss -s min").sort, TOP_KEY_MINOR_FAULTS);
    refuses("-s MAJ", "--sort 'MAJ': expected maj, min, rss, swap or stall");
    refuses("--sort ma", "--sort 'ma': expected maj, min, rss, swap or stall");
    for (enum top_key key = 0; key < TOP_KEYS; key++) {
        char words[64] = "-b cgroup -s ";
        assert_int_equal(accepted(strcat(words, top_key_name(key))).sort, key);
    }
}

static void what_it_is_by(void **state)
{
    (void)state;
    assert_int_equal(accepted("-b process").by, TOP_BY_PROCESS);
    assert_int_equal(accepted("--by comm").by, TOP_BY_COMM);
    assert_int_equal(accepted("-b user").by, TOP_BY_USER);
    assert_int_equal(accepted("-b cgroup").by, TOP_BY_CGROUP);
    refuses("-b pid", "--by 'pid': expected process, comm, user or cgroup");
    for (enum top_by by = TOP_BY_PROCESS; by <= TOP_BY_CGROUP; by++) {
        char words[64] = "-b ";
        assert_int_equal(accepted(strcat(words, top_by_name(by))).by, by);
    }
}

static void sources(void **state)
{
    (void)state;
    assert_int_equal(accepted("--source auto").source, PROCESS_SOURCE_AUTO);
    assert_int_equal(accepted("--source bpf").source, PROCESS_SOURCE_BPF);
    assert_int_equal(accepted("--source proc").source, PROCESS_SOURCE_PROC);
    refuses("--source ebpf", "--source 'ebpf': expected auto, bpf or proc");
}

static void rows(void **state)
{
    static const char *const wrong[] = {"0", "10001", "18446744073709551616", "-1", "ten", "1.5", "0x10"};
    (void)state;

    assert_int_equal(accepted("-n 1").rows, 1);
    assert_int_equal(accepted("--rows 10000").rows, 10000);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char words[64] = "-n ", expected[128] = "--rows '";
        strcat(words, wrong[i]);
        strcat(expected, wrong[i]);
        refuses(words, strcat(expected, "': expected a number from 1 to 10000"));
    }
}

static void pids(void **state)
{
    static const char *const wrong[] = {"0",   ",",    "1,",
                                        ",1",  "1,,2", "1;2",
                                        "x",   "-1",   "18446744073709551616",
                                        "1,0", "1,2x", "000000000000000000000001"};
    (void)state;

    struct top_settings settings = accepted("-p 42");
    assert_int_equal(settings.pid_count, 1);
    assert_int_equal(settings.pids[0], 42);
    settings = accepted("-p 1,4194304 --pid 7 -p 8,9");
    assert_int_equal(settings.pid_count, 5);
    assert_int_equal(settings.pids[0], 1);
    assert_int_equal(settings.pids[1], 4194304);
    assert_int_equal(settings.pids[2], 7);
    assert_int_equal(settings.pids[3], 8);
    assert_int_equal(settings.pids[4], 9);
    settings = accepted("--pid=18446744073709551615");
    assert_true(settings.pids[0] == UINT64_MAX);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char words[64] = "--pid=", expected[128] = "--pid '";
        strcat(words, wrong[i]);
        strcat(expected, wrong[i]);
        refuses(words, strcat(expected, "': expected up to 64 numbers of processes, such as 1 or 42,43"));
    }
}

static void no_more_pids_than_there_is_room_for(void **state)
{
    char words[512] = "-p 1";
    char most[512];
    (void)state;

    for (int i = 1; i < TOP_PIDS_MAX; i++)
        strcat(words, ",5");
    struct top_settings settings = accepted(words);
    assert_int_equal(settings.pid_count, TOP_PIDS_MAX);
    assert_int_equal(settings.pids[0], 1);
    assert_int_equal(settings.pids[TOP_PIDS_MAX - 1], 5);
    assert_int_equal(settings.rows, 0);
    strcpy(most, words);
    refuses(strcat(most, " -p 6"), "--pid '6': expected up to 64 numbers of processes, such as 1 or 42,43");
}

static void delay_and_count_are_taken_from_behind(void **state)
{
    struct top_settings settings = accepted("-s rss 0.5 --batch 7");
    (void)state;

    assert_near(settings.beat.delay_seconds, 0.5);
    assert_true(settings.beat.count == 7);
    assert_int_equal(settings.sort, TOP_KEY_RSS);
    assert_true(settings.batch);
    char copy[] = "x";
    struct problem problem;
    assert_int_equal(parse(copy, &settings, &problem), -EINVAL);
    assert_non_null(strstr(problem.text, "DELAY 'x': expected seconds"));
}

static void what_contradicts_itself(void **state)
{
    (void)state;
    refuses("--json --csv", "--json and --csv: choose one of the two");
    for (const char *const *by = (const char *const[]){"process", "comm", "user", NULL}; *by; by++) {
        char words[64] = "-s stall -b ";
        refuses(strcat(words, *by),
                "--sort stall: the kernel knows of stalls of cgroups alone: add --by cgroup");
    }
    refuses("-b cgroup -p 1", "--by cgroup and -p: choose one of the two");
    refuses("--cgroup /a", "--cgroup: it is for --by cgroup");
    refuses("--cgroup /a -b comm", "--cgroup: it is for --by cgroup");
    assert_true(accepted("--json --csv --help").help); /* which says what is right */
    assert_true(accepted("-b cgroup -p 1 -V").version);
    refuses("--what", "unknown option '--what': see --help");
}

static void a_filter_of_any_length_that_is_kept(void **state)
{
    char words[256] = "--filter ";
    (void)state;

    for (int i = 0; i < TOP_FILTER_MAX - 1; i++)
        strcat(words, "a");
    assert_int_equal(strlen(accepted(words).filter), TOP_FILTER_MAX - 1);
    refuses(strcat(words, "a"), "--filter: expected a shorter text");
    refuses("--filter=", "--filter '': expected TEXT");
}

static void help_names_each_option_and_fits_a_screen(void **state)
{
    static const char *const names[] = {"--sort",   "--by",   "--pid",  "--filter", "--rows",
                                        "--batch",  "--json", "--csv",  "--source", "--verbose",
                                        "--cgroup", "--proc", "--help", "--version"};
    TEXT(text, 8192);
    unsigned lines = 0;
    (void)state;

    top_settings_put_help(&text);
    assert_int_equal(text.lost, 0);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!memmem(text.bytes, text.length, names[i], strlen(names[i])))
            fail_msg("no %s", names[i]);
    }
    for (size_t at = 0, start = 0; at < text.length; at++) {
        if (text.bytes[at] != '\n')
            continue;
        lines++;
        assert_true(at - start <= 80);
        start = at + 1;
    }
    assert_true(lines <= 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults),
        cmocka_unit_test(every_option_sets_its_own_field),
        cmocka_unit_test(sort_keys),
        cmocka_unit_test(what_it_is_by),
        cmocka_unit_test(sources),
        cmocka_unit_test(rows),
        cmocka_unit_test(pids),
        cmocka_unit_test(no_more_pids_than_there_is_room_for),
        cmocka_unit_test(delay_and_count_are_taken_from_behind),
        cmocka_unit_test(what_contradicts_itself),
        cmocka_unit_test(a_filter_of_any_length_that_is_kept),
        cmocka_unit_test(help_names_each_option_and_fits_a_screen),
    };
    return cmocka_run_group_tests_name("top_settings", tests, NULL, NULL);
}
