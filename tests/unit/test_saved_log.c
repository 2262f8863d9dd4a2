#include "kernel/saved_log.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS     UINT64_C(1000000000)
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

enum {
    TEXT_MAX = 64 * 1024,
    WALL = 1795443690,       /* 2026-11-23 14:21:30 UTC */
    NOW = WALL + 7 * 86400,  /* a week later */
    MONOTONIC_US = 98765432, /* of "[   98.765432]" */
};

#define WALL_NS (WALL * NS)

/* A log over bytes that the test keeps. */
struct reading {
    FILE *file;
    struct saved_log *log;
    struct saved_line line;
};

static void begin_at(struct reading *reading, const char *bytes, size_t length, uint64_t now)
{
    reading->file = tmpfile();
    assert_non_null(reading->file);
    assert_int_equal(fwrite(bytes, 1, length, reading->file), length);
    rewind(reading->file);
    reading->log = saved_log_new(reading->file, now * NS);
    assert_non_null(reading->log);
}

static void begin(struct reading *reading, const char *text)
{
    begin_at(reading, text, strlen(text), NOW);
}

static void end(struct reading *reading)
{
    assert_int_equal(saved_log_next(reading->log, &reading->line), 0);
    assert_int_equal(saved_log_next(reading->log, &reading->line), 0); /* and it stays so */
    saved_log_free(reading->log);
    (void)fclose(reading->file);
}

/* The next line's text. */
static void next(struct reading *reading, const char *text)
{
    assert_int_equal(saved_log_next(reading->log, &reading->line), 1);
    assert_string_equal(reading->line.text, text);
    assert_int_equal(reading->line.length, strlen(text));
}

static void has_wall(const struct reading *reading, uint64_t wall_ns)
{
    assert_true(reading->line.has_wall);
    assert_int_equal(reading->line.wall_ns, wall_ns);
}

static void has_monotonic(const struct reading *reading, uint64_t us)
{
    assert_true(reading->line.has_monotonic);
    assert_int_equal(reading->line.monotonic_us, us);
}

static void has_no_time(const struct reading *reading)
{
    assert_false(reading->line.has_wall);
    assert_false(reading->line.has_monotonic);
}

/* What is right of one line, which says nothing else. */
static void is_text(const char *log, const char *text)
{
    struct reading reading;

    begin(&reading, log);
    next(&reading, text);
    has_no_time(&reading);
    assert_string_equal(reading.line.caller, "");
    end(&reading);
}

static void is_at_monotonic(const char *log, uint64_t us)
{
    struct reading reading;

    begin(&reading, log);
    next(&reading, "text");
    has_monotonic(&reading, us);
    assert_false(reading.line.has_wall);
    end(&reading);
}

static void is_at_wall(const char *log, uint64_t wall_ns)
{
    struct reading reading;

    begin(&reading, log);
    next(&reading, "text");
    has_wall(&reading, wall_ns);
    assert_false(reading.line.has_monotonic);
    end(&reading);
}

static void is_left_out(const char *log)
{
    struct reading reading;

    begin(&reading, log);
    end(&reading);
}

static void records_of_dev_kmsg(void **state)
{
    struct reading reading;
    (void)state;

    begin(&reading, "6,1234,98765432,-;one\n"
                    "4,1235,98765433,-,caller=T123;a \\xc3\\xa4 and \\x5c\n"
                    " SUBSYSTEM=block\n"
                    " DEVICE=b8:0\n"
                    "12,1236,98765434,-;of user space\n"
                    " KEY=value\n"
                    "0,1237,18446744073709551615,c;last");
    next(&reading, "one");
    has_monotonic(&reading, 98765432);
    assert_false(reading.line.has_wall);
    assert_string_equal(reading.line.caller, "");
    next(&reading, "a \xc3\xa4 and \\");
    has_monotonic(&reading, 98765433);
    assert_string_equal(reading.line.caller, "T123");
    next(&reading, "last");
    has_monotonic(&reading, UINT64_MAX);
    assert_string_equal(reading.line.caller, "");
    end(&reading);
}

static void what_only_looks_like_dev_kmsg_is_text(void **state)
{
    (void)state;
    is_text("6,1234,98765432\n", "6,1234,98765432");
    is_text("6,1234,98765432,-\n", "6,1234,98765432,-");
    is_text("6,x,1,-;text\n", "6,x,1,-;text");
    is_text(" KEY=value\n", " KEY=value"); /* behind no record */
}

static void a_record_of_several_lines_is_one_text(void **state)
{
    struct reading reading;
    (void)state;

    begin(&reading, "6,1,98765432,-,caller=C2;Killed process 1 (new\\x0aline) \\x0a\n"
                    "6,2,98765433,-;next\n");
    next(&reading, "Killed process 1 (new\nline) \n");
    has_monotonic(&reading, 98765432);
    assert_string_equal(reading.line.caller, "C2");
    next(&reading, "next");
    has_monotonic(&reading, 98765433);
    end(&reading);
}

static void a_record_may_go_on_in_the_next(void **state)
{
    struct reading reading;
    (void)state;

    begin(&reading, "6,1,98765432,-;one, \n6,2,98765433,c;two\n[   98.765434] three\n");
    next(&reading, "one, ");
    assert_false(reading.line.continues);
    next(&reading, "two");
    assert_true(reading.line.continues);
    next(&reading, "three");
    assert_false(reading.line.continues);
    end(&reading);
}

static void dmesg_and_consoles(void **state)
{
    (void)state;
    is_at_monotonic("[   98.765432] text\n", MONOTONIC_US);
    is_at_monotonic("[   98.765432] text\r\n", MONOTONIC_US);
    is_at_monotonic("[   98.765432] text\r\r\n", MONOTONIC_US);
    is_at_monotonic("[   98.765432] text", MONOTONIC_US);
    is_at_monotonic("[    0.000000] text", 0);
    is_at_monotonic("[1234567.000001] text\n", UINT64_C(1234567000001));
    is_at_monotonic("<6>[   98.765432] text\n", MONOTONIC_US);
    is_at_monotonic("<0>[   98.765432] text\n", MONOTONIC_US);
    is_at_monotonic("kern  :err   : [   98.765432] text\n", MONOTONIC_US);
    is_at_monotonic("kern  :notice: [   98.765432] text\n", MONOTONIC_US);
    is_at_monotonic("[   98.765432 <    0.234569>] text\n", MONOTONIC_US); /* -d */
}

static void the_text_keeps_its_own_indentation(void **state)
{
    struct reading reading;
    (void)state;

    begin(&reading, "[   98.765432]  [ 1234]  1000\n[   98.765433] \n[   98.765434]\n");
    next(&reading, " [ 1234]  1000");
    has_monotonic(&reading, 98765432);
    next(&reading, "");
    has_monotonic(&reading, 98765433);
    next(&reading, "");
    has_monotonic(&reading, 98765434);
    end(&reading);
}

static void callers(void **state)
{
    static const struct {
        const char *log;
        const char *caller;
    } rows[] = {
        {"[   98.765432][  T123] text\n", "T123"},
        {"[   98.765432][    C2] text\n", "C2"},
        {"[   98.765432] [  T123] text\n", "T123"}, /* dmesg */
        {"<6>[   98.765432][T1234567890] text\n", "T1234567890"},
        {"kern  :warn  : [   98.765432] [    T1] text\n", "T1"},
        {"Nov 23 14:21:30 host kernel: [   98.765432][  T123] text\n", "T123"},
    };
    struct reading reading;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin(&reading, rows[i].log);
        next(&reading, "text");
        has_monotonic(&reading, MONOTONIC_US);
        assert_string_equal(reading.line.caller, rows[i].caller);
        end(&reading);
    }

    begin(&reading, "[  T123] text\n2026-11-23T14:21:30,5+00:00 [  T124] text\n");
    next(&reading, "text");
    has_no_time(&reading);
    assert_string_equal(reading.line.caller, "T123");
    next(&reading, "text");
    has_wall(&reading, WALL_NS + NS / 2);
    assert_string_equal(reading.line.caller, "T124");
    end(&reading);
}

static void what_is_no_caller_is_text(void **state)
{
    static const char *const texts[] = {
        "[ 1234]     0", "[T] text", "[T12x] text", "[X12] text", "[T12345678901] text", "[ T12 ] text", "[",
    };
    struct reading reading;
    char log[128];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        (void)snprintf(log, sizeof(log), "[   98.765432] %s\n", texts[i]);
        begin(&reading, log);
        next(&reading, texts[i]);
        has_monotonic(&reading, MONOTONIC_US);
        assert_string_equal(reading.line.caller, "");
        end(&reading);
    }
}

static void other_facilities_are_left_out(void **state)
{
    (void)state;
    is_left_out("<14>[   98.765432] text\n");
    is_left_out("<30>[   98.765432] systemd[1]: text\n");
    is_left_out("<8>text\n");
    is_left_out("user  :info  : [   98.765432] text\n");
    is_left_out("daemon:info  : [   98.765432] text\n");
    is_left_out("authpriv:info  : [   98.765432] text\n");
    is_left_out("auth  :info  : 2026-11-23T14:21:30,123456+00:00 text\n");
    is_left_out("14,1,98765432,-;text\n");
}

static void what_is_no_priority_is_text(void **state)
{
    (void)state;
    is_text("<6>text\n", "text");
    is_text("kern  :info  : text\n", "text");
    is_text("<12345>text\n", "<12345>text");
    is_text("<6text\n", "<6text");
    is_text("<>text\n", "<>text");
    is_text("user: info: text\n", "user: info: text");
    is_text("user  :info: text\n", "user  :info: text");
    is_text("user  :other : text\n", "user  :other : text");
    is_text("kern\n", "kern");
}

static void dates_of_dmesg(void **state)
{
    (void)state;
    is_at_wall("[Mon Nov 23 14:21:30 2026] text\n", WALL_NS);
    is_at_wall("[Mon Nov 23 14:21:30 2026 <    0.234569>] text\n", WALL_NS);
    is_at_wall("[Tue Nov  3 14:21:30 2026] text\n", WALL_NS - 20 * 86400 * NS);
    is_at_wall("kern  :info  : [Mon Nov 23 14:21:30 2026] text\n", WALL_NS);
    is_at_wall("2026-11-23T14:21:30,123456+00:00 text\n", WALL_NS + 123456000);
    is_at_wall("2026-11-23T14:21:30,123456-03:30 text\n", WALL_NS + 12600 * NS + 123456000);
    is_at_wall("2026-11-23T14:21:30,123456+0100 text\n", WALL_NS - 3600 * NS + 123456000);
    is_at_wall("kern  :info  : 2026-11-23T14:21:30,123456+00:00 text\n", WALL_NS + 123456000);

    set_zone(BERLIN);
    is_at_wall("[Mon Nov 23 14:21:30 2026] text\n", WALL_NS - 3600 * NS);
    is_at_wall("2026-11-23T14:21:30,123456+00:00 text\n", WALL_NS + 123456000);
}

static void relative_times_are_no_times(void **state)
{
    (void)state;
    is_text("[  +0.000123] text\n", "text");
    is_text("[ +12.345678] text\n", "text");
    is_text("[+0.000123] text\n", "text");
    is_text("[<    0.000123>] text\n", "text");
    is_text("[  <  0.1>] text\n", "text");
    is_text("[Nov23 14:21] text\n", "text");
    is_text("[Nov 3 14:21] text\n", "text");
}

static void what_is_no_time_is_text(void **state)
{
    static const char *const texts[] = {
        "text",
        "  text",
        "[",
        "[ ",
        "[drm] text",
        "[98] text",
        "[98.76] text",
        "[98.7654321] text",
        "[98.765432 text",
        "[1234567890123.000000] text",
        "[Mon Nov 23 14:21:30] text",
        "[Mon Foo 23 14:21:30 2026] text",
        "[Mon Nov 23 14:21:30 26] text",
        "[+x] text",
        "[<] text",
        "login:[   98.765432] nothing between",
        "login: [   98.76543] no time",
        "765432] text",
        "Nov 23 host kernel: text",
        "Nov 23 14:21",
        "November 23 14:21:30 host kernel: text",
        "2026-11-23 text",
        "2026-11-23T14:21:30: text",
        "2026-11-23T14:21:30+00:00",
        "2026-11-23T14:21:30Zebra text",
        "Mon 2026-11-23 text",
        "123.456789 host kernel: text",
        "1764000000 host kernel: text",
        "1764000000.123 host kernel: text",
        " 1764000000.123456 host kernel: text",
        "host kernel: text",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        is_text(texts[i], texts[i]);
}

static void dates_that_are_none_leave_the_text(void **state)
{
    (void)state;
    is_text("[Mon Nov 31 14:21:30 2026] text\n", "text");
    is_text("[Mon Nov 23 14:21:30 1969] text\n", "text");
    is_text("2026-13-23T14:21:30,123456+00:00 text\n", "text");
    is_text("2026-11-23T25:21:30+00:00 host kernel: text\n", "text");
    is_text("Nov 31 14:21:30 host kernel: text\n", "text");
    is_text("999999999999.123456 host kernel: text\n", "text");
    is_text("Mon 2026-11-31 14:21:30 UTC host kernel: text\n", "text");
}

static void journals_and_syslogs(void **state)
{
    (void)state;
    is_at_wall("Nov 23 14:21:30 host kernel: text\n", WALL_NS);
    is_at_wall("Nov 23 14:21:30 host kernel:text\n", WALL_NS);
    is_at_wall("Nov 23 14:21:30.123456 host kernel: text\n", WALL_NS + 123456000);
    is_at_wall("Nov  3 14:21:30 host kernel: text\n", WALL_NS - 20 * 86400 * NS);
    is_at_wall("Nov 03 14:21:30 host kernel: text\n", WALL_NS - 20 * 86400 * NS);
    is_at_wall("2026-11-23T14:21:30+0000 host kernel: text\n", WALL_NS);
    is_at_wall("2026-11-23T14:21:30+00:00 host kernel: text\n", WALL_NS);
    is_at_wall("2026-11-23T14:21:30Z host kernel: text\n", WALL_NS);
    is_at_wall("2026-11-23T15:21:30.123456+01:00 host kernel: text\n", WALL_NS + 123456000);
    is_at_wall("2026-11-23T14:21:30 host kernel: text\n", WALL_NS);
    is_at_wall("Mon 2026-11-23 14:21:30 UTC host kernel: text\n", WALL_NS);
    is_at_wall("Mon 2026-11-23 14:21:30.123456 UTC host kernel: text\n", WALL_NS + 123456000);
    is_at_wall("Mon 2026-11-23 17:21:30 +03 host kernel: text\n", WALL_NS);
    is_at_wall("1795443690.123456 host kernel: text\n", WALL_NS + 123456000);
    is_at_wall("Nov 23 14:21:30 my.host-1:[x] kernel: text\r\n", WALL_NS);
    is_at_wall("<6>Nov 23 14:21:30 host kernel: text\n", WALL_NS);
    is_at_monotonic("[   98.765432] host kernel: text\n", MONOTONIC_US);
}

static void times_are_local_where_no_zone_is_named(void **state)
{
    (void)state;
    set_zone(BERLIN);
    is_at_wall("Nov 23 14:21:30 host kernel: text\n", WALL_NS - 3600 * NS);
    is_at_wall("Mon 2026-11-23 14:21:30 UTC host kernel: text\n", WALL_NS);
    is_at_wall("Mon 2026-11-23 14:21:30 CET host kernel: text\n", WALL_NS - 3600 * NS);
    is_at_wall("Sun 2026-10-25 02:30:00 CEST host kernel: text\n", 1792888200 * NS);
    is_at_wall("Sun 2026-10-25 02:30:00 CET host kernel: text\n", 1792891800 * NS);
    /* Nobody knows which hour that is. */
    is_text("Mon 2026-11-23 14:21:30 EST host kernel: text\n", "text");
    is_text("Mon 2026-11-23 14:21:30 CEST host kernel: text\n", "text");
    is_text("Mon 2026-11-23 14:21:30 A-VERY-LONG-NAME-OF-A-ZONE host kernel: text\n", "text");
}

static void the_kernels_own_time_behind_the_tag(void **state)
{
    struct reading reading;
    (void)state;

    begin(&reading, "Nov 23 14:21:30 host kernel: [   98.765432] one\n"
                    "2026-11-23T14:21:30.123456+00:00 host kernel: [   98.765433] two\n"
                    "Nov 23 14:21:30 host kernel: [drm] three\n");
    next(&reading, "one");
    has_wall(&reading, WALL_NS);
    has_monotonic(&reading, 98765432);
    next(&reading, "two");
    has_wall(&reading, WALL_NS + 123456000);
    has_monotonic(&reading, 98765433);
    next(&reading, "[drm] three");
    has_wall(&reading, WALL_NS);
    assert_false(reading.line.has_monotonic);
    end(&reading);
}

static void other_programs_are_left_out(void **state)
{
    (void)state;
    is_left_out("Nov 23 14:21:30 host sshd[12]: text\n");
    is_left_out("Nov 23 14:21:30 host kernelfake: text\n");
    is_left_out("Nov 23 14:21:30 host kernel[1]: text\n");
    is_left_out("Nov 23 14:21:30 host Kernel: text\n");
    is_left_out("Nov 23 14:21:30 host  kernel: text\n");
    is_left_out("Nov 23 14:21:30 host sshd[12]: kernel: text\n");
    is_left_out("Nov 23 14:21:30 host last message repeated 2 times\n");
    is_left_out("Nov 23 14:21:30 host\n");
    is_left_out("Nov 23 14:21:30 kernel: text\n"); /* a host of that name says nothing of a tag */
    is_left_out("2026-11-23T14:21:30+00:00 host sshd[12]: text\n");
    is_left_out("2026-11-23T14:21:30.123456+00:00 host sshd: [   98.765432] text\n");
    is_left_out("Mon 2026-11-23 14:21:30 UTC host ssh.service[12]: text\n");
    is_left_out("1795443690.123456 host sshd[12]: text\n");
}

static void a_monotonic_journal_is_known_by_its_host(void **state)
{
    struct reading reading;
    (void)state;

    begin(&reading, "[    1.000000] usb 1-1: the kernel's\n"
                    "[    2.000000] box kernel: one\n"
                    "[    3.000000] box sshd[12]: another program's\n"
                    "[    4.000000] box kernel: two\n"
                    "[    5.000000] usb 1-1: the kernel's\n"
                    "[    6.000000] boxes are: the kernel's\n"
                    "[    7.000000] box of cards: the kernel's\n");
    next(&reading, "usb 1-1: the kernel's");
    next(&reading, "one");
    has_monotonic(&reading, 2000000);
    next(&reading, "two");
    next(&reading, "usb 1-1: the kernel's");
    has_monotonic(&reading, 5000000);
    next(&reading, "boxes are: the kernel's");
    next(&reading, "box of cards: the kernel's");
    end(&reading);
}

/* The wall time of a line that has no year, in seconds. */
static uint64_t yearless(const char *date, uint64_t now)
{
    char log[64];
    struct reading reading;

    int length = snprintf(log, sizeof(log), "%s host kernel: text\n", date);
    begin_at(&reading, log, (size_t)length, now);
    next(&reading, "text");
    assert_true(reading.line.has_wall);
    uint64_t wall_ns = reading.line.wall_ns;
    end(&reading);
    return wall_ns / NS;
}

static void a_date_without_a_year_is_the_latest(void **state)
{
    (void)state;
    assert_int_equal(yearless("Nov 23 14:21:30", WALL), WALL);
    assert_int_equal(yearless("Nov 23 14:21:31", WALL), WALL + 1);
    assert_int_equal(yearless("Nov 24 14:21:30", WALL), WALL + 86400);
    assert_int_equal(yearless("Nov 24 14:21:31", WALL), WALL + 86401 - 365 * 86400);
    assert_int_equal(yearless("Dec 31 23:59:59", 1767225600), 1767225599); /* 2026 has just begun */
    assert_int_equal(yearless("Jan  1 00:00:00", 1767225599), 1767225600); /* is about to */
    assert_int_equal(yearless("Feb 29 12:00:00", WALL), 1709208000);       /* 2024 */
    assert_int_equal(yearless("Feb 29 12:00:00", UINT64_C(4233600000)),
                     UINT64_C(3981355200)); /* 2096, on 2104-02-28 */
}

static void nothing_is_after_the_end_of_time(void **state)
{
    struct reading reading;
    const char *log = "Nov 23 14:21:30 host kernel: text\n";
    (void)state;

    begin_at(&reading, log, strlen(log), 0);
    next(&reading, "text");
    has_no_time(&reading);
    end(&reading);
}

static void indented_lines_belong_to_the_record_above(void **state)
{
    struct reading reading;
    (void)state;

    begin(&reading, "[   98.765432] one\n"
                    "               two\n"
                    "                 three\n"
                    "          text\n"
                    "               four\n");
    next(&reading, "one");
    next(&reading, "two");
    has_monotonic(&reading, 98765432);
    next(&reading, "  three");
    has_monotonic(&reading, 98765432);
    next(&reading, "          text"); /* not as far as it would have to be */
    has_no_time(&reading);
    next(&reading, "               four");
    has_no_time(&reading);
    end(&reading);
}

static void indented_lines_of_the_journal(void **state)
{
    struct reading reading;
    (void)state;

    begin(&reading, "Nov 23 14:21:30 host kernel: [   98.765432] one\n"
                    "                             two\n"
                    "Nov 23 14:21:30 host sshd[12]: forged\n"
                    "                               Killed process 1\n"
                    "<30>[   98.765432] systemd[1]: forged\n"
                    "                   Killed process 1\n"
                    "Nov 23 14:21:31 host kernel: three\n");
    next(&reading, "one");
    next(&reading, "two");
    has_wall(&reading, WALL_NS);
    has_monotonic(&reading, 98765432);
    next(&reading, "three");
    end(&reading);
}

static void several_forms_in_one_file(void **state)
{
    struct reading reading;
    (void)state;

    begin(&reading, "[   98.765432] one\n"
                    "6,1,98765433,-;two\n"
                    "\n"
                    "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795443690123456\nMESSAGE=three\n"
                    "\n"
                    "Nov 23 14:21:30 host kernel: four\n"
                    "five\n");
    next(&reading, "one");
    has_monotonic(&reading, 98765432);
    next(&reading, "two");
    has_monotonic(&reading, 98765433);
    next(&reading, "three");
    has_wall(&reading, WALL_NS + 123456000);
    next(&reading, "four");
    has_wall(&reading, WALL_NS);
    next(&reading, "five");
    has_no_time(&reading);
    end(&reading);
}

static void entries_of_an_export(void **state)
{
    struct reading reading;
    (void)state;

    begin(&reading, "__CURSOR=s=1;i=2\n"
                    "__REALTIME_TIMESTAMP=1795443690123456\n"
                    "__MONOTONIC_TIMESTAMP=99000000\n"
                    "_BOOT_ID=0\n"
                    "SYSLOG_FACILITY=0\n"
                    "_TRANSPORT=kernel\n"
                    "MESSAGE=Out of memory: a=b\n"
                    "_SOURCE_MONOTONIC_TIMESTAMP=98765432\n"
                    "\n\n"
                    "__REALTIME_TIMESTAMP=1795443690123456\n"
                    "_SOURCE_REALTIME_TIMESTAMP=1795443690000000\n"
                    "__MONOTONIC_TIMESTAMP=99000000\n"
                    "MESSAGE=two\n"
                    "\n"
                    "__CURSOR=\n"
                    "MESSAGE=");
    next(&reading, "Out of memory: a=b");
    has_wall(&reading, WALL_NS + 123456000);
    has_monotonic(&reading, 98765432);
    assert_string_equal(reading.line.caller, "");
    next(&reading, "two");
    has_wall(&reading, WALL_NS);
    has_monotonic(&reading, 99000000);
    next(&reading, "");
    has_no_time(&reading);
    end(&reading);
}

static void entries_that_are_not_the_kernels(void **state)
{
    (void)state;
    is_left_out("__CURSOR=1\n_TRANSPORT=syslog\nMESSAGE=text\n\n");
    is_left_out("__CURSOR=1\nMESSAGE=text\n_TRANSPORT=journal\n");
    is_left_out("__CURSOR=1\n_TRANSPORT=kernel\nSYSLOG_FACILITY=3\nMESSAGE=text\n"); /* through /dev/kmsg */
    is_left_out("__CURSOR=1\n_TRANSPORT=kernels\nMESSAGE=text\n");
    is_left_out("__CURSOR=1\n_TRANSPORT=kernel\n\n"); /* has no message */
    is_left_out("__CURSOR=1");
}

static void times_of_an_export_that_are_none(void **state)
{
    (void)state;
    is_text("__CURSOR=1\n__REALTIME_TIMESTAMP=x\n_SOURCE_MONOTONIC_TIMESTAMP=-1\nMESSAGE=text\n", "text");
    is_text("__CURSOR=1\n__REALTIME_TIMESTAMP=18446744073709551615\nMESSAGE=text\n", "text");
    is_text("__CURSOR=1\n__REALTIME_TIMESTAMP=99999999999999999999999\nMESSAGE=text\n", "text");
}

#define BYTES(string) string, sizeof(string) - 1

static void binary_fields(void **state)
{
    static const char log[] = "__CURSOR=1\n"
                              "_TRANSPORT=kernel\n"
                              "MESSAGE\n\x0c\0\0\0\0\0\0\0one\ntwo\n\n\xff\0=\n"
                              "_SOURCE_MONOTONIC_TIMESTAMP=5\n"
                              "\n"
                              "__CURSOR=2\n"
                              "OTHER\n\x1b\0\0\0\0\0\0\0\n\n__CURSOR=3\nMESSAGE=forged"
                              "\n"
                              "MESSAGE\n\0\0\0\0\0\0\0\0\n";
    struct reading reading;
    (void)state;

    begin_at(&reading, BYTES(log), NOW);
    assert_int_equal(saved_log_next(reading.log, &reading.line), 1);
    has_monotonic(&reading, 5);
    assert_int_equal(reading.line.length, 12);
    assert_memory_equal(reading.line.text, "one\ntwo\n\n\xff\0=\0", 13);
    next(&reading, "");
    assert_false(reading.line.has_monotonic);
    end(&reading);
}

static void binary_fields_that_are_cut_short(void **state)
{
    static const char absurd[] = "__CURSOR=1\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xfftext";
    static const char no_size[] = "__CURSOR=1\nMESSAGE\n\x04\0\0";
    static const char no_end[] = "__CURSOR=1\nMESSAGE\n\x04\0\0\0\0\0\0\0text";
    struct reading reading;
    (void)state;

    begin_at(&reading, BYTES(absurd), NOW);
    next(&reading, "text");
    end(&reading);
    begin_at(&reading, BYTES(no_size), NOW);
    next(&reading, "");
    end(&reading);
    begin_at(&reading, BYTES(no_end), NOW);
    next(&reading, "text");
    end(&reading);
}

static void lines_that_are_no_fields_are_skipped(void **state)
{
    (void)state;
    is_text("__CURSOR=1\n[   98.765432] what is this\nlower=1\n=\nMESSAGE=text\n", "text");
}

/* FRONT, COUNT bytes of 'x', and BACK, to be freed. */
static char *filled(const char *front, size_t count, const char *back)
{
    size_t front_length = strlen(front);
    char *bytes = malloc(front_length + count + strlen(back) + 1);

    assert_non_null(bytes);
    memcpy(bytes, front, front_length);
    memset(bytes + front_length, 'x', count);
    memcpy(bytes + front_length + count, back, strlen(back) + 1);
    return bytes;
}

/* The text of COUNT bytes of 'x', cut to EXPECTED of them; and the line after it is there. */
static void is_cut(const char *front, size_t count, const char *back, size_t expected)
{
    struct reading reading;
    char *log = filled(front, count, back);

    begin(&reading, log);
    assert_int_equal(saved_log_next(reading.log, &reading.line), 1);
    assert_int_equal(reading.line.length, expected);
    assert_int_equal(strlen(reading.line.text), expected);
    assert_int_equal(strspn(reading.line.text, "x"), expected);
    next(&reading, "after");
    end(&reading);
    free(log);
}

static void long_lines_are_cut(void **state)
{
    (void)state;
    is_cut("", TEXT_MAX - 1, "\nafter\n", TEXT_MAX - 1);
    is_cut("", TEXT_MAX, "\nafter\n", TEXT_MAX);
    is_cut("", TEXT_MAX + 1, "\nafter\n", TEXT_MAX);
    is_cut("", 1000000, "\nafter\n", TEXT_MAX);
    is_cut("", 1000000, "\r\nafter\n", TEXT_MAX);
    is_cut("[   98.765432] ", 1000000, "\nafter\n", TEXT_MAX - 15);
    is_cut("6,1,2,-;", 1000000, "\nafter\n", TEXT_MAX - 8);
    is_cut("__CURSOR=1\nMESSAGE=", 1000000, "\n\nafter\n", TEXT_MAX - 8);
    is_cut("__CURSOR=1\nOTHER=", 1000000, "\nMESSAGE=x\n\nafter\n", 1);
}

static void long_binary_fields_are_cut(void **state)
{
    enum { LONG = 1000000 }; /* 0xf4240 */
    static const char front[] = "__CURSOR=1\nMESSAGE\n\x40\x42\x0f\0\0\0\0\0";
    static const char back[] = "\n\nafter\n";
    struct reading reading;
    char *log = malloc(sizeof(front) + LONG + sizeof(back));
    (void)state;

    assert_non_null(log);
    memcpy(log, front, sizeof(front) - 1);
    memset(log + sizeof(front) - 1, 'x', LONG);
    memcpy(log + sizeof(front) - 1 + LONG, back, sizeof(back) - 1);
    begin_at(&reading, log, sizeof(front) + LONG + sizeof(back) - 2, NOW);
    assert_int_equal(saved_log_next(reading.log, &reading.line), 1);
    assert_int_equal(reading.line.length, TEXT_MAX - strlen("MESSAGE") - 1);
    assert_int_equal(strspn(reading.line.text, "x"), reading.line.length);
    next(&reading, "after");
    end(&reading);
    free(log);
}

static void a_name_as_long_as_a_line(void **state)
{
    char *log = malloc(TEXT_MAX + 100);
    struct reading reading;
    (void)state;

    assert_non_null(log);
    memcpy(log, "__CURSOR=1\n", 11);
    memset(log + 11, 'A', TEXT_MAX);
    memcpy(log + 11 + TEXT_MAX, "\n\x02\0\0\0\0\0\0\0yz\nMESSAGE=text\n", 25);
    begin_at(&reading, log, 11 + TEXT_MAX + 25, NOW);
    next(&reading, "text");
    end(&reading);
    free(log);
}

static void bytes_of_any_kind(void **state)
{
    static const char log[] = "[   98.765432] a\0b\xff\xc3\n\0\n\n\r\n\xf0\x9f";
    struct reading reading;
    (void)state;

    begin_at(&reading, BYTES(log), NOW);
    assert_int_equal(saved_log_next(reading.log, &reading.line), 1);
    assert_int_equal(reading.line.length, 5);
    assert_memory_equal(reading.line.text, "a\0b\xff\xc3\0", 6);
    has_monotonic(&reading, 98765432);
    assert_int_equal(saved_log_next(reading.log, &reading.line), 1);
    assert_int_equal(reading.line.length, 1);
    assert_memory_equal(reading.line.text, "\0\0", 2);
    next(&reading, "\xf0\x9f");
    end(&reading);
}

static void empty_files(void **state)
{
    (void)state;
    is_left_out("");
    is_left_out("\n");
    is_left_out("\r\n\n\n");
}

static void a_file_that_cannot_be_read(void **state)
{
    struct saved_line line;
    (void)state;

    FILE *folder = fopen("/", "r");
    assert_non_null(folder);
    struct saved_log *log = saved_log_new(folder, NOW * NS);
    assert_int_equal(saved_log_next(log, &line), -EISDIR);
    saved_log_free(log);
    (void)fclose(folder);
    saved_log_free(NULL);
}

static void a_pipe(void **state)
{
    static const char text[] = "[   98.765432] text\n";
    struct reading reading;
    int ends[2];
    (void)state;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], BYTES(text)), sizeof(text) - 1);
    close(ends[1]);
    reading.file = fdopen(ends[0], "r");
    reading.log = saved_log_new(reading.file, NOW * NS);
    next(&reading, "text");
    has_monotonic(&reading, MONOTONIC_US);
    end(&reading);
}

#define test_in_utc(test) cmocka_unit_test_setup(test, in_utc)

static void what_stands_in_front_of_a_consoles_lines(void **state)
{
    (void)state;
    is_at_monotonic("login: [   98.765432] text\n", 98765432);
    is_at_monotonic("root@vm:~# [x] [   98.765432] text\n", 98765432);
    is_at_monotonic("[2026-11-23 14:21:31] [   98.765432] text\n", 98765432);
    struct reading reading;

    begin(&reading, "Nov 23 14:21:30 [   98.765432] text\n"); /* by whoever captured it */
    next(&reading, "text");
    has_monotonic(&reading, 98765432);
    assert_true(reading.line.has_wall);
    end(&reading);
}

static void colors_are_no_part_of_a_line(void **state)
{
    (void)state;
    is_at_monotonic("\033[32m[   98.765432] \033[0mtext\n", 98765432); /* dmesg --color */
    is_at_monotonic("\033[1;31m[   98.765432] text\033[0m\033[K\n", 98765432);
    is_at_monotonic("[   98.765432] host kernel: \033[0;1;31mtext\033[0m\n", 98765432); /* journalctl */
    /* What a name holds is its own. */
    struct reading reading;

    begin(&reading, "[   98.765432] Killed process 1 (\033[31mx) total-vm:1kB\n");
    next(&reading, "Killed process 1 (\033[31mx) total-vm:1kB");
    end(&reading);
    begin(&reading, "[   98.765432] [    161] 0 161 \033[31mred\033[m\n");
    next(&reading, "[    161] 0 161 \033[31mred\033[m");
    end(&reading);
    is_text("\033[", "\033[");
    is_text("\033[0", "\033[0");
}

static void gaps_are_left_by_records_that_are_missing(void **state)
{
    struct reading reading;
    static const bool expected[] = {false, false, true, false, true};
    (void)state;

    begin(&reading, "6,7,1,-;first\n"
                    "6,8,2,-;second\n"
                    "14,11,3,-;another program's\n"
                    "6,12,4,-;behind a gap\n"
                    "6,13,5,-;next\n"
                    "6,0,6,-;another boot\n");
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        assert_int_equal(saved_log_next(reading.log, &reading.line), 1);
        assert_int_equal(reading.line.after_gap, expected[i]);
    }
    end(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_in_front_of_a_consoles_lines),
        cmocka_unit_test(colors_are_no_part_of_a_line),
        cmocka_unit_test(gaps_are_left_by_records_that_are_missing),
        test_in_utc(records_of_dev_kmsg),
        test_in_utc(what_only_looks_like_dev_kmsg_is_text),
        test_in_utc(a_record_of_several_lines_is_one_text),
        test_in_utc(a_record_may_go_on_in_the_next),
        test_in_utc(dmesg_and_consoles),
        test_in_utc(the_text_keeps_its_own_indentation),
        test_in_utc(callers),
        test_in_utc(what_is_no_caller_is_text),
        test_in_utc(other_facilities_are_left_out),
        test_in_utc(what_is_no_priority_is_text),
        test_in_utc(dates_of_dmesg),
        test_in_utc(relative_times_are_no_times),
        test_in_utc(what_is_no_time_is_text),
        test_in_utc(dates_that_are_none_leave_the_text),
        test_in_utc(journals_and_syslogs),
        test_in_utc(times_are_local_where_no_zone_is_named),
        test_in_utc(the_kernels_own_time_behind_the_tag),
        test_in_utc(other_programs_are_left_out),
        test_in_utc(a_monotonic_journal_is_known_by_its_host),
        test_in_utc(a_date_without_a_year_is_the_latest),
        test_in_utc(nothing_is_after_the_end_of_time),
        test_in_utc(indented_lines_belong_to_the_record_above),
        test_in_utc(indented_lines_of_the_journal),
        test_in_utc(several_forms_in_one_file),
        test_in_utc(entries_of_an_export),
        test_in_utc(entries_that_are_not_the_kernels),
        test_in_utc(times_of_an_export_that_are_none),
        test_in_utc(binary_fields),
        test_in_utc(binary_fields_that_are_cut_short),
        test_in_utc(lines_that_are_no_fields_are_skipped),
        test_in_utc(long_lines_are_cut),
        test_in_utc(long_binary_fields_are_cut),
        test_in_utc(a_name_as_long_as_a_line),
        test_in_utc(bytes_of_any_kind),
        test_in_utc(empty_files),
        test_in_utc(a_file_that_cannot_be_read),
        test_in_utc(a_pipe),
    };
    return cmocka_run_group_tests_name("saved_log", tests, NULL, NULL);
}
