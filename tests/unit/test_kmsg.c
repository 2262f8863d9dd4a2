#include "base/clock.h"
#include "kernel/kmsg.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A record's bytes in memory that ends with them, as the reader's does: the sanitizers see what goes beyond.
 */
struct parsed {
    char *bytes;
    bool ok;
    struct kmsg_record record;
};

static struct parsed parse_bytes(const char *bytes, size_t length)
{
    struct parsed parsed = {.bytes = malloc(length + 1)};

    assert_non_null(parsed.bytes);
    memcpy(parsed.bytes, bytes, length);
    parsed.bytes[length] = '~'; /* it may be written to, and holds nothing of the record */
    memset(&parsed.record, 0xee, sizeof(parsed.record));
    parsed.ok = kmsg_parse(parsed.bytes, length, &parsed.record);
    return parsed;
}

static void text_is(const char *bytes, const char *expected, size_t length)
{
    struct parsed parsed = parse_bytes(bytes, strlen(bytes));

    assert_true(parsed.ok);
    assert_int_equal(parsed.record.text_length, length);
    assert_memory_equal(parsed.record.text, expected, length + 1); /* with its zero byte */
    free(parsed.bytes);
}

#define assert_unparsed(bytes) refuse(bytes, sizeof(bytes) - 1)
static void refuse(const char *bytes, size_t length)
{
    struct parsed parsed = parse_bytes(bytes, length);
    if (parsed.ok)
        print_error("parsed: %s\n", bytes);
    assert_false(parsed.ok);
    free(parsed.bytes);
}

static void a_record_and_its_parts(void **state)
{
    static const char bytes[] = "4,1235,98765433,-,caller=T123;python3 invoked oom-killer: order=0\n"
                                " SUBSYSTEM=block\n DEVICE=b8:0\n";
    (void)state;

    struct parsed parsed = parse_bytes(bytes, strlen(bytes));
    assert_true(parsed.ok);
    assert_int_equal(parsed.record.level, 4);
    assert_int_equal(parsed.record.facility, 0);
    assert_true(parsed.record.sequence == 1235);
    assert_true(parsed.record.monotonic_us == 98765433);
    assert_false(parsed.record.continues);
    assert_string_equal(parsed.record.caller, "T123");
    assert_string_equal(parsed.record.text, "python3 invoked oom-killer: order=0");
    assert_int_equal(parsed.record.text_length, strlen("python3 invoked oom-killer: order=0"));
    free(parsed.bytes);
}

static void priorities_are_a_level_and_a_facility(void **state)
{
    static const struct {
        const char *bytes;
        unsigned level;
        unsigned facility;
    } cases[] = {
        {"0,1,2,-;x", 0, 0},  {"7,1,2,-;x", 7, 0},
        {"8,1,2,-;x", 0, 1},  {"30,1,2,-;x", 6, 3}, /* systemd's */
        {"12,1,2,-;x", 4, 1}, {"65535,1,2,-;x", 7, 8191},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct parsed parsed = parse_bytes(cases[i].bytes, strlen(cases[i].bytes));
        assert_true(parsed.ok);
        assert_int_equal(parsed.record.level, cases[i].level);
        assert_int_equal(parsed.record.facility, cases[i].facility);
        free(parsed.bytes);
    }
    assert_unparsed("65536,1,2,-;x"); /* its facility must not look like the kernel's */
    assert_unparsed("4294967296,1,2,-;x");
    assert_unparsed("18446744073709551616,1,2,-;x");
}

static void escapes_become_their_bytes(void **state)
{
    (void)state;
    text_is("6,1,2,-;a\\x0ab", "a\nb", 3);
    text_is("6,1,2,-;caf\\xc3\\xa9 \\x5c \\x1b[31m", "caf\xc3\xa9 \\ \x1b[31m", 13);
    text_is("6,1,2,-;\\x5cx41", "\\x41", 4); /* once, and no more */
    text_is("6,1,2,-;\\xff\\x7f\\x01", "\xff\x7f\x01", 3);
    text_is("6,1,2,-;\\x41", "A", 1);
    text_is("6,1,2,-;", "", 0);
}

static void what_is_no_escape_stays(void **state)
{
    (void)state;
    text_is("6,1,2,-;\\x4", "\\x4", 3);
    text_is("6,1,2,-;\\x", "\\x", 2);
    text_is("6,1,2,-;\\", "\\", 1);
    text_is("6,1,2,-;\\n \\X41 \\xg0 \\x0g", "\\n \\X41 \\xg0 \\x0g", 17);
    text_is("6,1,2,-;\\x4\n1", "\\x4", 3); /* the line ends before the escape does */
    text_is("6,1,2,-;\\\\x41", "\\A", 2);
    text_is("6,1,2,-;a;b,c=d;", "a;b,c=d;", 8);
}

static void a_zero_byte_ends_the_text_as_a_string(void **state)
{
    static const char raw[] = "6,1,2,-;a\0b";
    (void)state;

    text_is("6,1,2,-;a\\x00b", "a\0b", 3);
    struct parsed parsed = parse_bytes(raw, sizeof(raw) - 1);
    assert_true(parsed.ok);
    assert_int_equal(parsed.record.text_length, 3);
    assert_memory_equal(parsed.record.text, "a\0b", 4);
    free(parsed.bytes);
}

static void keys_behind_the_text_are_no_part_of_it(void **state)
{
    (void)state;
    text_is("6,1,2,-;usb 1-1: new\n SUBSYSTEM=usb\n DEVICE=c189:1\n", "usb 1-1: new", 12);
    text_is("6,1,2,-;x\n", "x", 1);
    text_is("6,1,2,-;\n KEY=;4,5,6,-;y", "", 0);
}

static void numbers_up_to_64_bits(void **state)
{
    static const char bytes[] = "6,18446744073709551615,18446744073709551615,-;x";
    (void)state;

    struct parsed parsed = parse_bytes(bytes, strlen(bytes));
    assert_true(parsed.ok);
    assert_true(parsed.record.sequence == UINT64_MAX);
    assert_true(parsed.record.monotonic_us == UINT64_MAX);
    free(parsed.bytes);
    assert_unparsed("6,18446744073709551616,2,-;x");
    assert_unparsed("6,1,18446744073709551616,-;x");
    assert_unparsed("6,1,99999999999999999999999,-;x");
    assert_unparsed("6,1,184467440737095516150,-;x");
}

static void what_has_no_such_form_is_refused(void **state)
{
    (void)state;
    assert_unparsed("");
    assert_unparsed(";");
    assert_unparsed("\n");
    assert_unparsed(";text");
    assert_unparsed("6");
    assert_unparsed("6,1,2,-");
    assert_unparsed("6,1,2,- text");
    assert_unparsed("6,1,2;text"); /* no flags */
    assert_unparsed("6,1;text");
    assert_unparsed("6;text");
    assert_unparsed("6,1,2,-\n;text"); /* the line has none */
    assert_unparsed(",1,2,-;text");
    assert_unparsed("6,,2,-;text");
    assert_unparsed("6,1,,-;text");
    assert_unparsed(" 6,1,2,-;text");
    assert_unparsed("6, 1,2,-;text");
    assert_unparsed("-6,1,2,-;text");
    assert_unparsed("+6,1,2,-;text");
    assert_unparsed("0x6,1,2,-;text");
    assert_unparsed("6.1,2,-;text");
    assert_unparsed("six,1,2,-;text");
    assert_unparsed("6,1,2x,-;text");
    assert_unparsed("<6>text; with more");
}

static void the_length_is_kept_to(void **state)
{
    static const char bytes[] = "6,1,2,-;text";
    (void)state;

    for (size_t length = 0; length < sizeof(bytes); length++) {
        struct parsed parsed = parse_bytes(bytes, length);
        assert_int_equal(parsed.ok, length >= strlen("6,1,2,-;"));
        if (parsed.ok)
            assert_int_equal(parsed.record.text_length, length - strlen("6,1,2,-;"));
        free(parsed.bytes);
    }
}

static bool continues(const char *bytes)
{
    struct parsed parsed = parse_bytes(bytes, strlen(bytes));
    assert_true(parsed.ok);
    free(parsed.bytes);
    return parsed.record.continues;
}

static void a_flag_says_that_the_text_goes_on(void **state)
{
    (void)state;
    assert_true(continues("6,1,2,c;x"));
    assert_true(continues("6,1,2,c,caller=T1;x"));
    assert_true(continues("6,1,2,+;x")); /* up to 4.9 */
    assert_false(continues("6,1,2,-;x"));
    assert_false(continues("6,1,2,-,caller=c;c"));
    assert_false(continues("6,1,2,;c"));
}

static void caller_is(const char *bytes, const char *expected)
{
    struct parsed parsed = parse_bytes(bytes, strlen(bytes));

    assert_true(parsed.ok);
    assert_string_equal(parsed.record.caller, expected);
    free(parsed.bytes);
}

static void the_caller(void **state)
{
    (void)state;
    caller_is("6,1,2,-,caller=T4194304;x", "T4194304");
    caller_is("6,1,2,-,caller=C2;x", "C2");
    caller_is("6,1,2,c,caller=C2;x", "C2");
    caller_is("6,1,2,-,later=1,caller=T7,more=2;x", "T7"); /* what kernels may add */
    caller_is("6,1,2,-;x", "");
    caller_is("6,1,2,-;x,caller=T8", "");
    caller_is("6,1,2,-,caller=;x", "");
    caller_is("6,1,2,-,caller;x", "");
    caller_is("6,1,2,-,thecaller=T1;x", "");
    caller_is("6,1,2,caller=T1;x", "");
    caller_is("6,1,2,-;x\n caller=T9\n", "");
    caller_is("6,1,2,-,caller=T23456789012345678901234;x", ""); /* too long to be one */
    caller_is("6,1,2,-,caller=T2345678901234567890123;x", "T2345678901234567890123");
}

/* Where one reads what the test sends: a record a read, as from the device. */
struct stage {
    int kernel;
    struct kmsg kmsg;
    struct kmsg_record record;
};

static int stage_setup(void **state)
{
    int ends[2];
    struct stage *stage = calloc(1, sizeof(*stage));

    if (!stage)
        return -1;
    *state = stage;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    stage->kernel = ends[0];
    stage->kmsg.fd = ends[1];
    return 0;
}

static int stage_teardown(void **state)
{
    struct stage *stage = *state;

    if (stage->kernel >= 0)
        close(stage->kernel);
    kmsg_close(&stage->kmsg);
    free(stage);
    return 0;
}

static void log_bytes(struct stage *stage, const char *bytes, size_t length)
{
    assert_int_equal(send(stage->kernel, bytes, length, 0), (ssize_t)length);
}

static void log_record(struct stage *stage, const char *bytes)
{
    log_bytes(stage, bytes, strlen(bytes));
}

static void reads(struct stage *stage, const char *text)
{
    memset(&stage->record, 0xee, sizeof(stage->record));
    assert_int_equal(kmsg_read(&stage->kmsg, &stage->record), 1);
    assert_string_equal(stage->record.text, text);
}

static void one_record_is_read_at_a_time(void **state)
{
    struct stage *stage = *state;

    log_record(stage, "6,10,100,-;one\n");
    log_record(stage, "4,11,200,-,caller=T5;two\\x0alines\n KEY=1\n");
    reads(stage, "one");
    assert_int_equal(stage->record.level, 6);
    assert_true(stage->record.sequence == 10);
    assert_string_equal(stage->record.caller, "");
    reads(stage, "two\nlines");
    assert_int_equal(stage->record.level, 4);
    assert_true(stage->record.monotonic_us == 200);
    assert_string_equal(stage->record.caller, "T5");
    assert_int_equal(kmsg_read(&stage->kmsg, &stage->record), 0); /* EAGAIN */
    log_record(stage, "6,12,300,-;three\n");
    reads(stage, "three");
    assert_true(stage->kmsg.lost == 0);
}

static void records_that_were_overwritten_are_counted(void **state)
{
    struct stage *stage = *state;

    log_record(stage, "6,1000,1,-;the first one may have any number\n");
    log_record(stage, "6,1001,1,-;next\n");
    log_record(stage, "6,1005,1,-;after three\n");
    log_record(stage, "6,1006,1,-;next\n");
    log_record(stage, "6,1008,1,-;after one\n");
    reads(stage, "the first one may have any number");
    reads(stage, "next");
    assert_true(stage->kmsg.lost == 0);
    assert_false(stage->kmsg.gap);
    reads(stage, "after three");
    assert_true(stage->kmsg.lost == 3);
    assert_true(stage->kmsg.gap);
    reads(stage, "next");
    assert_true(stage->kmsg.lost == 3);
    reads(stage, "after one");
    assert_true(stage->kmsg.lost == 4);
    stage->kmsg.lost = 0;
    stage->kmsg.gap = false;
    log_record(stage, "6,500,1,-;from before\n"); /* a log that went back has lost nothing */
    log_record(stage, "6,501,1,-;next\n");
    log_record(stage, "6,503,1,-;after one\n");
    reads(stage, "from before");
    reads(stage, "next");
    assert_true(stage->kmsg.lost == 0);
    assert_false(stage->kmsg.gap);
    reads(stage, "after one");
    assert_true(stage->kmsg.lost == 1);
    assert_true(stage->kmsg.gap);
}

/* Whatever user space wrote first. */
static void the_kernels_first_record_behind_a_gap(void **state)
{
    struct stage *stage = *state;

    log_record(stage, "6,1,1,-;before\n");
    log_record(stage, "14,5,1,-;another program's\n");
    log_record(stage, "6,6,1,-;behind\n");
    log_record(stage, "6,7,1,-;next\n");
    reads(stage, "before");
    assert_false(stage->record.after_gap);
    reads(stage, "another program's");
    assert_false(stage->record.after_gap);
    reads(stage, "behind");
    assert_true(stage->record.after_gap);
    reads(stage, "next");
    assert_false(stage->record.after_gap);
}

static bool wakes(unsigned facility, const char *text)
{
    char bytes[64];

    strcpy(bytes, text);
    return kmsg_is_wake(
        &(struct kmsg_record){.facility = facility, .text = bytes, .text_length = strlen(bytes)});
}

static void the_words_of_waking_up(void **state)
{
    (void)state;
    assert_true(wakes(0, "PM: suspend exit"));
    assert_true(wakes(0, "PM: hibernation exit"));
    assert_true(wakes(0, "PM: hibernation: hibernation exit"));
    assert_false(wakes(1, "PM: suspend exit"));
    assert_false(wakes(0, "PM: suspend entry (deep)"));
    assert_false(wakes(0, "PM: suspend exit now"));
}

static void records_of_no_proper_form_are_left_out(void **state)
{
    struct stage *stage = *state;

    log_record(stage, "nonsense");
    log_record(stage, "6,1,1,-;one\n");
    log_record(stage, ";");
    log_record(stage, "6,x,1,-;two\n");
    log_record(stage, "6,2,1,-;three\n");
    log_record(stage, "\n");
    reads(stage, "one");
    reads(stage, "three");
    assert_true(stage->kmsg.lost == 0);
    assert_int_equal(kmsg_read(&stage->kmsg, &stage->record), 0);
}

static void the_largest_record_is_read_whole(void **state)
{
    static char bytes[KMSG_RECORD_MAX];
    struct stage *stage = *state;
    size_t head = strlen("6,1,1,-;");

    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes, "6,1,1,-;", head);
    log_bytes(stage, bytes, sizeof(bytes));
    assert_int_equal(kmsg_read(&stage->kmsg, &stage->record), 1);
    assert_int_equal(stage->record.text_length, sizeof(bytes) - head);
    assert_int_equal(strlen(stage->record.text), sizeof(bytes) - head);
    assert_memory_equal(stage->record.text, bytes + head, sizeof(bytes) - head);
}

static void at_the_end_there_is_none(void **state)
{
    struct stage *stage = *state;

    log_record(stage, "6,1,1,-;last\n");
    close(stage->kernel);
    stage->kernel = -1;
    reads(stage, "last");
    assert_int_equal(kmsg_read(&stage->kmsg, &stage->record), 0);
    assert_int_equal(kmsg_read(&stage->kmsg, &stage->record), 0);
}

static void a_failure_is_a_negative_errno(void **state)
{
    struct stage *stage = *state;

    kmsg_close(&stage->kmsg);
    assert_int_equal(stage->kmsg.fd, -1);
    assert_int_equal(kmsg_read(&stage->kmsg, &stage->record), -EBADF);
    kmsg_close(&stage->kmsg); /* once more does no harm */
}

static void a_file_is_opened_at_its_beginning_or_its_end(void **state)
{
    struct kmsg kmsg = {.any = true, .lost = 7};
    struct kmsg_record record;
    char path[128];

    folder_put(*state, "kmsg", "6,1,1,-;one\n");
    snprintf(path, sizeof(path), "%s/kmsg", ((struct folder *)*state)->path);
    assert_int_equal(kmsg_open(&kmsg, path, true), 0);
    assert_false(kmsg.any);
    assert_true(kmsg.lost == 0);
    assert_true(fcntl(kmsg.fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(kmsg.fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(kmsg_read(&kmsg, &record), 1);
    assert_string_equal(record.text, "one");
    assert_int_equal(kmsg_read(&kmsg, &record), 0);
    kmsg_close(&kmsg);
    assert_int_equal(kmsg_open(&kmsg, path, false), 0);
    assert_int_equal(kmsg_read(&kmsg, &record), 0);
    kmsg_close(&kmsg);
    snprintf(path, sizeof(path), "%s/missing", ((struct folder *)*state)->path);
    assert_int_equal(kmsg_open(&kmsg, path, true), -ENOENT);
    assert_true(kmsg.fd < 0);
    kmsg_close(&kmsg);
}

/* Whether the wall clock's time lies AGO_US before now. */
static bool is_ago(uint64_t wall_ns, uint64_t before_ns, uint64_t after_ns, uint64_t ago_us)
{
    /* Between the readings of its two clocks, and of ours, time goes on. */
    const uint64_t slack_ns = 5 * NS_PER_SECOND;
    uint64_t ago_ns = ago_us * 1000;
    return wall_ns + ago_ns + slack_ns >= before_ns && wall_ns + ago_ns <= after_ns + slack_ns;
}

static void the_time_of_a_record_by_the_wall_clock(void **state)
{
    static const uint64_t ages_us[] = {0, 1000000, 60000000};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(ages_us); i++) {
        uint64_t now_us = clock_monotonic_ns() / 1000;
        if (now_us < ages_us[i])
            continue;
        uint64_t before_ns = clock_wall_ns();
        uint64_t wall_ns = kmsg_wall_ns(now_us - ages_us[i]);
        assert_true(is_ago(wall_ns, before_ns, clock_wall_ns(), ages_us[i]));
    }
    uint64_t now_us = clock_monotonic_ns() / 1000;
    uint64_t since_boot = kmsg_wall_ns(0);
    assert_true(is_ago(since_boot, clock_wall_ns(), clock_wall_ns(), now_us));
}

static void a_record_of_the_future_was_written_now(void **state)
{
    static const uint64_t times_us[] = {UINT64_MAX, UINT64_MAX / 1000, UINT64_MAX / 1000 + 1,
                                        UINT64_C(1) << 53};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(times_us); i++) {
        uint64_t before_ns = clock_wall_ns();
        uint64_t wall_ns = kmsg_wall_ns(times_us[i]);
        assert_true(is_ago(wall_ns, before_ns, clock_wall_ns(), 0));
    }
}

/* Records of before a sleep, during which the log's clock stood. */
static void the_time_of_a_record_of_before_a_sleep(void **state)
{
    const uint64_t now_us = clock_monotonic_ns() / 1000, slept_us = 3600000000;
    struct kmsg_sleep sleep = {.slept_ns = slept_us * 1000, .whole = true, .wakes = 2};
    uint64_t wall_ns;
    (void)state;

    sleep.woke_us[0] = now_us / 3;
    sleep.woke_us[1] = now_us / 2;
    uint64_t before_ns = clock_wall_ns();
    assert_true(kmsg_past_wall_ns(&sleep, now_us / 2, &wall_ns)); /* after the last wake */
    assert_true(is_ago(wall_ns, before_ns, clock_wall_ns(), now_us - now_us / 2));
    assert_true(kmsg_past_wall_ns(&sleep, 0, &wall_ns)); /* before the first */
    assert_true(is_ago(wall_ns, before_ns, clock_wall_ns(), now_us + slept_us));
    assert_false(kmsg_past_wall_ns(&sleep, now_us / 2 - 1, &wall_ns)); /* in between */
    sleep.whole = false;                                               /* there may have been others */
    assert_false(kmsg_past_wall_ns(&sleep, 0, &wall_ns));
    assert_true(kmsg_past_wall_ns(&sleep, now_us / 2, &wall_ns));
    assert_true(is_ago(wall_ns, before_ns, clock_wall_ns(), now_us - now_us / 2));
    sleep =
        (struct kmsg_sleep){.slept_ns = slept_us * 1000, .whole = true}; /* it does not say when it woke up */
    assert_false(kmsg_past_wall_ns(&sleep, 0, &wall_ns));
    sleep = (struct kmsg_sleep){.whole = true};
    assert_true(kmsg_past_wall_ns(&sleep, 0, &wall_ns));
    assert_true(is_ago(wall_ns, before_ns, clock_wall_ns(), now_us));
}

#define on_stage(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_and_its_parts),
        cmocka_unit_test(priorities_are_a_level_and_a_facility),
        cmocka_unit_test(escapes_become_their_bytes),
        cmocka_unit_test(what_is_no_escape_stays),
        cmocka_unit_test(a_zero_byte_ends_the_text_as_a_string),
        cmocka_unit_test(keys_behind_the_text_are_no_part_of_it),
        cmocka_unit_test(numbers_up_to_64_bits),
        cmocka_unit_test(what_has_no_such_form_is_refused),
        cmocka_unit_test(the_length_is_kept_to),
        cmocka_unit_test(a_flag_says_that_the_text_goes_on),
        cmocka_unit_test(the_caller),
        on_stage(one_record_is_read_at_a_time),
        on_stage(records_that_were_overwritten_are_counted),
        on_stage(the_kernels_first_record_behind_a_gap),
        cmocka_unit_test(the_words_of_waking_up),
        on_stage(records_of_no_proper_form_are_left_out),
        on_stage(the_largest_record_is_read_whole),
        on_stage(at_the_end_there_is_none),
        on_stage(a_failure_is_a_negative_errno),
        unit_test_in_folder(a_file_is_opened_at_its_beginning_or_its_end),
        cmocka_unit_test(the_time_of_a_record_by_the_wall_clock),
        cmocka_unit_test(a_record_of_the_future_was_written_now),
        cmocka_unit_test(the_time_of_a_record_of_before_a_sleep),
    };
    return cmocka_run_group_tests_name("kmsg", tests, NULL, NULL);
}
