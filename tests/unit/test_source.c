#include "parsing.h"
#include "preads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A source with its values. */
struct reader {
    struct source *source;
    struct value values[PARSED_MAX];
};

static int want(struct reader *reader, const char *name)
{
    int place = source_want(reader->source, name);
    assert_true(place >= 0);
    assert_true(source_value_count(reader->source) <= PARSED_MAX);
    return place;
}

static void parse(struct reader *reader, const char *text)
{
    /* What is not filled in must not look like zero, nor like the last values. */
    memset(reader->values, 0xee, sizeof(reader->values));
    source_parse(reader->source, text, strlen(text), reader->values);
}

static int setup(void **state)
{
    preads_reset();
    return folder_setup(state);
}

static int open_in(struct source *source, const struct folder *folder)
{
    int fd = folder_fd(folder);
    int error = source_open(source, fd);
    close(fd);
    return error;
}

static void names_and_paths(void **state)
{
    (void)state;
    assert_string_equal(source_name(SOURCE_VMSTAT), "vmstat");
    assert_string_equal(source_path(SOURCE_VMSTAT), "vmstat");
    assert_string_equal(source_path(SOURCE_STAT), "stat");
    assert_string_equal(source_path(SOURCE_MEMINFO), "meminfo");
    assert_string_equal(source_path(SOURCE_PRESSURE_CPU), "pressure/cpu");
    assert_string_equal(source_path(SOURCE_PRESSURE_MEMORY), "pressure/memory");
    assert_string_equal(source_path(SOURCE_PRESSURE_IO), "pressure/io");
    assert_string_equal(source_path(SOURCE_PRESSURE_IRQ), "pressure/irq");
    assert_string_equal(source_path(SOURCE_LOADAVG), "loadavg");
}

static void a_name_that_the_format_cannot_have_is_refused(void **state)
{
    char key[80];
    (void)state;

    memset(key, 'k', sizeof(key));
    key[sizeof(key) - 1] = '\0';
    assert_int_equal(source_knows(SOURCE_VMSTAT, "pgfault"), 0);
    assert_int_equal(source_knows(SOURCE_VMSTAT, ""), -ENOENT);
    assert_int_equal(source_knows(SOURCE_VMSTAT, key), -ENAMETOOLONG);
    assert_int_equal(source_knows(SOURCE_STAT, "cpu.lunch"), -ENOENT);
    key[62] = '\0'; /* with its blank and its end, 64 bytes */
    assert_int_equal(source_knows(SOURCE_VMSTAT, key), 0);
    struct source *source = source_new(SOURCE_STAT);
    assert_int_equal(source_want(source, "nonsense"), -ENOENT);
    assert_int_equal(source_value_count(source), 0);
    source_free(source);
}

static void the_longest_key_is_found(void **state)
{
    char key[80], text[128];
    (void)state;

    memset(key, 'k', sizeof(key));
    key[62] = '\0';
    snprintf(text, sizeof(text), "a 1\n%s 77\nb 2\n", key);
    assert_parses(SOURCE_VMSTAT, key, text, 77);
}

static void a_name_wanted_twice_has_one_place(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    (void)state;

    int first = want(&reader, "pgfault");
    int other = want(&reader, "pgmajfault");
    assert_int_equal(want(&reader, "pgfault"), first);
    assert_int_not_equal(first, other);
    assert_int_equal(source_value_count(reader.source), 2);
    source_free(reader.source);
}

static void values_wanted_later_are_found_too(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    static const char text[] = "a 1\nb 2\nc 3\n";
    (void)state;

    int c = want(&reader, "c");
    parse(&reader, text);
    assert_value(reader.values[c], 3);
    int a = want(&reader, "a");
    parse(&reader, text);
    assert_value(reader.values[a], 1);
    assert_value(reader.values[c], 3);
    source_free(reader.source);
}

static void a_key_that_is_the_beginning_of_another(void **state)
{
    static const char text[] = "pgscan_direct_throttle 5\npgscan_direct 7\npgscan 9\n";
    (void)state;

    assert_parses(SOURCE_VMSTAT, "pgscan_direct", text, 7);
    assert_parses(SOURCE_VMSTAT, "pgscan_direct_throttle", text, 5);
    assert_parses(SOURCE_VMSTAT, "pgscan", text, 9);
    assert_not_in(SOURCE_VMSTAT, "pgscan_d", text);
    assert_not_in(SOURCE_VMSTAT, "direct", text); /* nor its end */
    assert_not_in(SOURCE_VMSTAT, "pgscan_direct", "pgscan_direct_throttle 5\n");
    assert_not_in(SOURCE_VMSTAT, "pgscan_direct_throttle", "pgscan_direct 5\n");
}

static void keys_in_another_order_than_at_the_last_read(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    int a = want(&reader, "alpha"), b = want(&reader, "beta"), c = want(&reader, "gamma");
    static const char *const texts[] = {"alpha 1\nbeta 2\ngamma 3\n", "gamma 3\nalpha 1\nbeta 2\n",
                                        "beta 2\ngamma 3\nalpha 1\n", "gamma 3\nbeta 2\nalpha 1\n"};
    (void)state;

    for (size_t i = 0; i < 3 * COUNT_OF(texts); i++) {
        parse(&reader, texts[i % COUNT_OF(texts)]);
        assert_value(reader.values[a], 1);
        assert_value(reader.values[b], 2);
        assert_value(reader.values[c], 3);
    }
    source_free(reader.source);
}

static void keys_far_apart_that_change_places(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    int a = want(&reader, "alpha"), z = want(&reader, "omega");
    char between[2000] = "", there[2100], back[2100];
    (void)state;

    for (int i = 0; i < 100; i++)
        snprintf(between + strlen(between), 32, "key_%d 9\n", i);
    snprintf(there, sizeof(there), "alpha 1\n%somega 2\n", between);
    snprintf(back, sizeof(back), "omega 2\n%salpha 1\n", between);
    for (int i = 0; i < 4; i++) {
        parse(&reader, i % 2 ? back : there);
        assert_value(reader.values[a], 1);
        assert_value(reader.values[z], 2);
    }
    source_free(reader.source);
}

static void numbers_that_gain_and_lose_digits_move_the_lines_behind(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    int first = want(&reader, "key_0"), last = want(&reader, "key_99");
    static const unsigned long long steps[] = {0, 9, 10, 99999, 3, 18446744073709551500ULL, 7, 1000000};
    (void)state;

    for (size_t step = 0; step < COUNT_OF(steps); step++) {
        char text[5000] = "";
        for (unsigned i = 0; i < 100; i++)
            snprintf(text + strlen(text), 64, "key_%u %llu\n", i, steps[step] + i);
        parse(&reader, text);
        assert_value(reader.values[first], steps[step]);
        assert_value(reader.values[last], steps[step] + 99);
    }
    source_free(reader.source);
}

static void a_key_that_was_there_and_is_not_is_absent(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    int a = want(&reader, "alpha"), b = want(&reader, "beta");
    (void)state;

    parse(&reader, "alpha 1\nbeta 2\ngamma 3\n");
    parse(&reader, "alpha 1\ngamma 3\n");
    assert_value(reader.values[a], 1);
    assert_false(reader.values[b].present);
    source_free(reader.source);
}

static void a_last_line_without_newline_counts(void **state)
{
    (void)state;
    assert_parses(SOURCE_VMSTAT, "b", "a 1\nb 22", 22);
    assert_parses(SOURCE_VMSTAT, "a", "a 1", 1);
    assert_not_in(SOURCE_VMSTAT, "b", "a 1\nb ");
    assert_not_in(SOURCE_VMSTAT, "b", "a 1\nb");
}

static void an_empty_text_then_a_filled_one(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    int a = want(&reader, "alpha");
    (void)state;

    parse(&reader, "");
    assert_false(reader.values[a].present);
    parse(&reader, "alpha 1\n");
    assert_value(reader.values[a], 1);
    parse(&reader, "");
    assert_false(reader.values[a].present);
    parse(&reader, "beta 2\nalpha 1\n");
    assert_value(reader.values[a], 1);
    source_free(reader.source);
}

/* As when another program rewrites a file below --proc DIR while it is read: WHOLE, a part of it, and WHOLE
 * again. */
static void cut_everywhere(const char *whole)
{
    char part[128];

    for (size_t cut = 0; cut < strlen(whole); cut++) {
        struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
        int a = want(&reader, "alpha"), e = want(&reader, "epsilon");
        snprintf(part, sizeof(part), "%.*s", (int)cut, whole);
        parse(&reader, part); /* as the first text, and as a later one */
        parse(&reader, whole);
        assert_value(reader.values[e], 500);
        parse(&reader, part);
        assert_false(cut < strlen("alpha ") && reader.values[a].present);
        assert_false(cut < strlen(whole) - strlen("500\n") && reader.values[e].present);
        parse(&reader, whole);
        assert_value(reader.values[a], 100);
        assert_value(reader.values[e], 500);
        source_free(reader.source);
    }
}

static void a_text_cut_short_then_whole_again(void **state)
{
    (void)state;
    cut_everywhere("alpha 100\nbeta 200\ngamma 300\ndelta 400\nepsilon 500\n");
}

static void a_text_without_its_last_newline_cut_short_then_whole_again(void **state)
{
    (void)state;
    cut_everywhere("alpha 100\nbeta 200\ngamma 300\ndelta 400\nepsilon 500");
}

static void a_text_cut_between_keys_of_one_length_then_whole_again(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    int c = want(&reader, "key_c");
    (void)state;

    parse(&reader, "key_a 1\nkey_b 2\n");
    assert_false(reader.values[c].present);
    parse(&reader, "key_a 1\nkey_b 2\nkey_c 3\n");
    assert_value(reader.values[c], 3);
    source_free(reader.source);
}

static void of_lines_with_the_same_key_the_first_counts(void **state)
{
    (void)state;
    assert_parses(SOURCE_VMSTAT, "a", "b 5\na 1\na 2\n", 1);
}

static void a_key_in_the_middle_of_a_line_is_none(void **state)
{
    (void)state;
    assert_not_in(SOURCE_VMSTAT, "a", "b 5 a 1\n");
    assert_parses(SOURCE_VMSTAT, "a", "ba 5\nxa 6\na 7\n", 7);
}

static void a_file_is_opened_read_and_followed(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    int a = want(&reader, "alpha"), b = want(&reader, "beta");

    folder_put(*state, "vmstat", "alpha 9\nbeta 2\n");
    assert_int_equal(open_in(reader.source, *state), 0);
    assert_int_equal(source_read(reader.source, reader.values), 0);
    assert_value(reader.values[a], 9);
    folder_put(*state, "vmstat", "alpha 10\nbeta 3\n");
    assert_int_equal(source_read(reader.source, reader.values), 0);
    assert_value(reader.values[a], 10);
    assert_value(reader.values[b], 3);
    source_free(reader.source);
}

static void a_file_that_shrinks_then_fills_again(void **state)
{
    static const char whole[] = "alpha 100\nbeta 200\ngamma 300\n";
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    int a = want(&reader, "alpha"), c = want(&reader, "gamma");

    folder_put(*state, "vmstat", whole);
    assert_int_equal(open_in(reader.source, *state), 0);
    assert_int_equal(source_read(reader.source, reader.values), 0);
    folder_put(*state, "vmstat", "alpha 100\nbeta 200\n");
    assert_int_equal(source_read(reader.source, reader.values), 0);
    assert_value(reader.values[a], 100);
    assert_false(reader.values[c].present);
    folder_put(*state, "vmstat", whole);
    assert_int_equal(source_read(reader.source, reader.values), 0);
    assert_value(reader.values[c], 300);
    source_free(reader.source);
}

static void a_missing_file_is_absent(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_PRESSURE_CPU)};
    int some = want(&reader, "some");

    reader.values[some] = (struct value){5, true};
    assert_int_equal(open_in(reader.source, *state), -ENOENT);
    assert_int_equal(source_read(reader.source, reader.values), -EBADF);
    assert_false(reader.values[some].present);
    source_free(reader.source);
}

static void a_folder_in_the_place_of_the_file_is_absent(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    int a = want(&reader, "alpha");

    folder_put(*state, "vmstat/file", "");
    reader.values[a] = (struct value){5, true};
    assert_int_equal(open_in(reader.source, *state), -EISDIR);
    assert_int_equal(source_read(reader.source, reader.values), -EBADF);
    assert_false(reader.values[a].present);
    source_free(reader.source);
}

static void with_psi_off_reading_fails_and_all_is_absent(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_PRESSURE_MEMORY)};
    int some = want(&reader, "some");

    folder_put(*state, "pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
    preads.fail_with = EOPNOTSUPP;
    assert_int_equal(open_in(reader.source, *state), -EOPNOTSUPP);
    reader.values[some] = (struct value){5, true};
    assert_int_equal(source_read(reader.source, reader.values), -EOPNOTSUPP);
    assert_false(reader.values[some].present);
    source_free(reader.source);
}

static void a_file_that_fails_once_is_there_again_at_the_next_read(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    int a = want(&reader, "alpha");

    folder_put(*state, "vmstat", "alpha 1\n");
    assert_int_equal(open_in(reader.source, *state), 0);
    preads.fail_with = EIO;
    assert_int_equal(source_read(reader.source, reader.values), -EIO);
    assert_false(reader.values[a].present);
    preads.fail_with = 0;
    assert_int_equal(source_read(reader.source, reader.values), 0);
    assert_value(reader.values[a], 1);
    source_free(reader.source);
}

static void a_read_costs_one_pread(void **state)
{
    struct reader reader = {.source = source_new(SOURCE_VMSTAT)};
    char *text = fixture_get("linux-6.18", 0, "vmstat");
    int faults = want(&reader, "pgfault");

    folder_put(*state, "vmstat", text);
    assert_int_equal(open_in(reader.source, *state), 0);
    preads_reset();
    assert_int_equal(source_read(reader.source, reader.values), 0);
    assert_value(reader.values[faults], 5902529);
    assert_int_equal(preads.calls, 1);
    source_free(reader.source);
    free(text);
}

/* What source_each_name() tells, with a blank behind each name; the name LAST ends it. */
struct told {
    struct text names;
    const char *last;
};

static int tell(void *context, const char *name)
{
    struct told *told = context;

    text_string(&told->names, name);
    text_char(&told->names, ' ');
    return told->last && strcmp(name, told->last) == 0 ? 7 : 0;
}

static int tell_names(enum source_id id, const struct folder *folder, struct told *told)
{
    int fd = folder_fd(folder);
    int ended = source_each_name(id, fd, tell, told);

    close(fd);
    return ended;
}

#define assert_names(id, folder, file, text, expected)                                                       \
    do {                                                                                                     \
        TEXT(names, 512);                                                                                    \
        struct told told = {names, NULL};                                                                    \
        folder_put(folder, file, text);                                                                      \
        assert_int_equal(tell_names(id, folder, &told), 0);                                                  \
        assert_text(&told.names, expected);                                                                  \
    } while (0)

static void all_names_of_a_file_of_keys(void **state)
{
    assert_names(SOURCE_VMSTAT, *state, "vmstat", "nr_free_pages 5\npgfault 12\nkey_of_a_kernel_to_come 0\n",
                 "nr_free_pages pgfault key_of_a_kernel_to_come ");
    assert_names(SOURCE_MEMINFO, *state, "meminfo",
                 "MemTotal:       16 kB\nActive(anon):    1 kB\nHugePages_Total:   0\n",
                 "MemTotal Active(anon) HugePages_Total ");
    assert_names(SOURCE_PRESSURE_MEMORY, *state, "pressure/memory",
                 "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 "
                 "total=5\nmost avg10=0.00 total=5\n",
                 "some full ");
    assert_names(SOURCE_PRESSURE_IRQ, *state, "pressure/irq",
                 "full avg10=0.00 avg60=0.00 avg300=0.00 total=5\n", "full ");
}

static void all_names_of_a_file_whose_names_are_fixed(void **state)
{
    assert_names(SOURCE_LOADAVG, *state, "loadavg", "0.50 0.25 0.10 1/1 1\n", "1m 5m 15m ");
    assert_names(SOURCE_STAT, *state, "stat", "cpu  1 2 3 4\ncpu0 1 2 3 4\nctxt 5\n",
                 "cpu.user cpu.nice cpu.system cpu.idle cpu.iowait cpu.irq cpu.softirq cpu.steal cpu.guest "
                 "cpu.guest_nice cpu.online intr ctxt btime processes procs_running procs_blocked ");
}

static void a_last_line_without_newline_has_a_name(void **state)
{
    assert_names(SOURCE_VMSTAT, *state, "vmstat", "a 1\nb 2", "a b ");
}

static void lines_without_a_key_are_left_out(void **state)
{
    assert_names(SOURCE_VMSTAT, *state, "vmstat", "", "");
    assert_names(SOURCE_VMSTAT, *state, "vmstat", "\n\na 1\n 7\n: 7\nalone\nb 2\ncut", "a b ");
}

static void names_that_are_too_long_are_left_out(void **state)
{
    char key[80], text[512], expected[128];

    memset(key, 'k', sizeof(key));
    key[63] = '\0'; /* source_want() takes 62 bytes */
    snprintf(text, sizeof(text), "a 1\n%s 2\n%s%s 3\nb 4\n%s 5\n", key, key, key, key + 1);
    snprintf(expected, sizeof(expected), "a b %s ", key + 1);
    assert_names(SOURCE_VMSTAT, *state, "vmstat", text, expected);
}

static void every_name_that_is_told_can_be_wanted(void **state)
{
    static const enum source_id ids[] = {SOURCE_STAT, SOURCE_VMSTAT, SOURCE_MEMINFO, SOURCE_PRESSURE_MEMORY,
                                         SOURCE_LOADAVG};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        char *text = fixture_get("linux-6.18", 0, source_path(ids[i]));
        struct folder folder;
        TEXT(names, 16384);
        struct told told = {names, NULL};
        folder_make(&folder);
        folder_put(&folder, source_path(ids[i]), text);
        assert_int_equal(tell_names(ids[i], &folder, &told), 0);
        assert_true(told.names.length > 0 && told.names.lost == 0);
        told.names.bytes[told.names.length - 1] = '\0';
        for (char *name = strtok(told.names.bytes, " "); name; name = strtok(NULL, " ")) {
            if (!parse_one(ids[i], name, text).present)
                fail_msg("%s.%s", source_name(ids[i]), name);
        }
        folder_remove(&folder);
        free(text);
    }
}

static void what_tell_returns_ends_it(void **state)
{
    TEXT(keys, 64);
    TEXT(fixed, 64);
    struct told of_keys = {keys, "b"}, of_fixed = {fixed, "5m"};

    folder_put(*state, "vmstat", "a 1\nb 2\nc 3\n");
    folder_put(*state, "loadavg", "0.50 0.25 0.10 1/1 1\n");
    assert_int_equal(tell_names(SOURCE_VMSTAT, *state, &of_keys), 7);
    assert_text(&of_keys.names, "a b ");
    assert_int_equal(tell_names(SOURCE_LOADAVG, *state, &of_fixed), 7);
    assert_text(&of_fixed.names, "1m 5m ");
}

static void of_a_file_that_cannot_be_read_no_name_is_told(void **state)
{
    TEXT(names, 64);
    struct told told = {names, NULL};

    assert_int_equal(tell_names(SOURCE_VMSTAT, *state, &told), -ENOENT);
    assert_int_equal(tell_names(SOURCE_STAT, *state, &told), -ENOENT);
    folder_put(*state, "pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
    preads.fail_with = EOPNOTSUPP;
    assert_int_equal(tell_names(SOURCE_PRESSURE_MEMORY, *state, &told), -EOPNOTSUPP);
    assert_text(&told.names, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_paths),
        cmocka_unit_test(a_name_that_the_format_cannot_have_is_refused),
        cmocka_unit_test(the_longest_key_is_found),
        cmocka_unit_test(a_name_wanted_twice_has_one_place),
        cmocka_unit_test(values_wanted_later_are_found_too),
        cmocka_unit_test(a_key_that_is_the_beginning_of_another),
        cmocka_unit_test(keys_in_another_order_than_at_the_last_read),
        cmocka_unit_test(keys_far_apart_that_change_places),
        cmocka_unit_test(numbers_that_gain_and_lose_digits_move_the_lines_behind),
        cmocka_unit_test(a_key_that_was_there_and_is_not_is_absent),
        cmocka_unit_test(a_last_line_without_newline_counts),
        cmocka_unit_test(an_empty_text_then_a_filled_one),
        cmocka_unit_test(a_text_cut_short_then_whole_again),
        cmocka_unit_test(a_text_without_its_last_newline_cut_short_then_whole_again),
        cmocka_unit_test(a_text_cut_between_keys_of_one_length_then_whole_again),
        cmocka_unit_test(of_lines_with_the_same_key_the_first_counts),
        cmocka_unit_test(a_key_in_the_middle_of_a_line_is_none),
        cmocka_unit_test_setup_teardown(a_file_is_opened_read_and_followed, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_shrinks_then_fills_again, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_missing_file_is_absent, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_folder_in_the_place_of_the_file_is_absent, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(with_psi_off_reading_fails_and_all_is_absent, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_fails_once_is_there_again_at_the_next_read, setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_read_costs_one_pread, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(all_names_of_a_file_of_keys, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(all_names_of_a_file_whose_names_are_fixed, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_last_line_without_newline_has_a_name, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(lines_without_a_key_are_left_out, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(names_that_are_too_long_are_left_out, setup, folder_teardown),
        cmocka_unit_test(every_name_that_is_told_can_be_wanted),
        cmocka_unit_test_setup_teardown(what_tell_returns_ends_it, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(of_a_file_that_cannot_be_read_no_name_is_told, setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
