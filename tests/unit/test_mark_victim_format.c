#include "kernel/mark_victim_format.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMON_FIELDS                                                                                        \
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"                                   \
    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"                                   \
    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"                           \
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"                                               \
    "\n"
#define PID "\tfield:int pid;\toffset:8;\tsize:4;\tsigned:1;\n"

/* 4.14 to 6.8. */
static const char old_format[] =
    "name: mark_victim\nID: 431\nformat:\n" COMMON_FIELDS PID "\nprint fmt: \"pid=%d\", REC->pid\n";

/* As recorded from 6.18.44 on x86_64. */
static const char new_format[] =
    "name: mark_victim\nID: 609\nformat:\n" COMMON_FIELDS PID
    "\tfield:__data_loc char[] comm;\toffset:12;\tsize:4;\tsigned:0;\n"
    "\tfield:unsigned long total_vm;\toffset:16;\tsize:8;\tsigned:0;\n"
    "\tfield:unsigned long anon_rss;\toffset:24;\tsize:8;\tsigned:0;\n"
    "\tfield:unsigned long file_rss;\toffset:32;\tsize:8;\tsigned:0;\n"
    "\tfield:unsigned long shmem_rss;\toffset:40;\tsize:8;\tsigned:0;\n"
    "\tfield:uid_t uid;\toffset:48;\tsize:4;\tsigned:0;\n"
    "\tfield:unsigned long pgtables;\toffset:56;\tsize:8;\tsigned:0;\n"
    "\tfield:short oom_score_adj;\toffset:64;\tsize:2;\tsigned:1;\n"
    "\nprint fmt: \"pid=%d comm=%s total-vm=%lukB anon-rss=%lukB file-rss:%lukB shmem-rss:%lukB uid=%u "
    "pgtables=%lukB oom_score_adj=%hd\", REC->pid, __get_str(comm), REC->total_vm, REC->anon_rss, "
    "REC->file_rss, REC->shmem_rss, REC->uid, REC->pgtables, REC->oom_score_adj\n";

enum { COMM_AT = 66 }; /* behind the fields of the new format */

/* A sample in the places of the new format; its pid stands where the old one has it, too. */
struct sample {
    unsigned char bytes[92];
    size_t length;
};

static void put_16(struct sample *sample, size_t at, uint16_t number)
{
    memcpy(sample->bytes + at, &number, sizeof(number));
}

static void put_32(struct sample *sample, size_t at, uint32_t number)
{
    memcpy(sample->bytes + at, &number, sizeof(number));
}

static void put_64(struct sample *sample, size_t at, uint64_t number)
{
    memcpy(sample->bytes + at, &number, sizeof(number));
}

/* Places the string at AT, SIZE bytes of it. */
static void put_comm_location(struct sample *sample, uint32_t at, uint32_t size)
{
    put_32(sample, 12, size << 16 | at);
}

static struct sample real_sample(void)
{
    struct sample sample = {.length = sizeof(sample.bytes)};

    memset(sample.bytes, 0xee, sizeof(sample.bytes));
    put_32(&sample, 8, 24107);
    put_comm_location(&sample, COMM_AT, sizeof("eat_memory"));
    put_64(&sample, 16, 68460);
    put_64(&sample, 24, 32256);
    put_64(&sample, 32, 1536);
    put_64(&sample, 40, 4);
    put_32(&sample, 48, 65534);
    put_64(&sample, 56, 108);
    put_16(&sample, 64, 500);
    memcpy(sample.bytes + COMM_AT, "eat_memory", sizeof("eat_memory"));
    return sample;
}

static struct mark_victim_format parsed(const char *text)
{
    struct mark_victim_format format;

    assert_int_equal(mark_victim_format_parse(&format, text, strlen(text)), 0);
    return format;
}

/* Decoded from a copy with nothing behind it, so that a read beyond its end is seen by the sanitizers. */
static bool decode(const char *format_text, const struct sample *sample, struct oom_kill *kill)
{
    struct mark_victim_format format = parsed(format_text);
    unsigned char *raw = malloc(sample->length + 1);

    assert_non_null(raw);
    unsigned char *end = raw + 1 + sample->length;
    memcpy(end - sample->length, sample->bytes, sample->length);
    memset(kill, 0xee, sizeof(*kill));
    bool has_pid = mark_victim_decode(&format, end - sample->length, sample->length, kill);
    free(raw);
    return has_pid;
}

static void the_new_format_gives_all_figures(void **state)
{
    struct sample sample = real_sample();
    struct oom_kill kill;
    (void)state;

    assert_true(decode(new_format, &sample, &kill));
    assert_value(kill.pid, 24107);
    assert_string_equal(kill.comm, "eat_memory");
    assert_value(kill.total_vm_bytes, 68460 * 1024);
    assert_value(kill.anon_rss_bytes, 32256 * 1024);
    assert_value(kill.file_rss_bytes, 1536 * 1024);
    assert_value(kill.shmem_rss_bytes, 4096);
    assert_value(kill.uid, 65534);
    assert_value(kill.pgtables_bytes, 108 * 1024);
    assert_value(kill.oom_score_adj, 500);
}

static void what_a_tracepoint_cannot_say_is_absent(void **state)
{
    struct sample sample = real_sample();
    struct oom_kill kill;
    (void)state;

    assert_true(decode(new_format, &sample, &kill));
    assert_int_equal(kill.constraint, OOM_CONSTRAINT_UNKNOWN);
    assert_string_equal(kill.cgroup, "");
    assert_string_equal(kill.limit_cgroup, "");
    assert_string_equal(kill.trigger, "");
    assert_false(kill.usage_bytes.present || kill.limit_bytes.present || kill.trigger_pid.present);
    assert_false(kill.group_kill);
    assert_int_equal(kill.task_count, 0);
}

static void the_old_format_gives_a_pid_alone(void **state)
{
    struct sample sample = real_sample();
    struct oom_kill kill;
    (void)state;

    sample.length = 12;
    assert_true(decode(old_format, &sample, &kill));
    assert_value(kill.pid, 24107);
    assert_string_equal(kill.comm, "");
    assert_false(kill.total_vm_bytes.present || kill.anon_rss_bytes.present || kill.file_rss_bytes.present ||
                 kill.shmem_rss_bytes.present || kill.pgtables_bytes.present);
    assert_false(kill.uid.present || kill.oom_score_adj.present);
}

/* Where `unsigned long` has 32 bits. */
static void places_and_sizes_are_those_of_the_text(void **state)
{
    static const char text[] = "\tfield:short oom_score_adj;\toffset:0;\tsize:2;\tsigned:1;\n"
                               "\tfield:unsigned long total_vm;\toffset:4;\tsize:4;\tsigned:0;\n"
                               "\tfield:int pid;\toffset:2;\tsize:2;\tsigned:1;\n"
                               "\tfield:unsigned char uid;\toffset:8;\tsize:1;\tsigned:0;\n";
    struct sample sample = {.length = 9};
    struct oom_kill kill;
    (void)state;

    put_16(&sample, 0, 7);
    put_16(&sample, 2, 300);
    put_32(&sample, 4, UINT32_MAX);
    sample.bytes[8] = 200;
    assert_true(decode(text, &sample, &kill));
    assert_value(kill.oom_score_adj, 7);
    assert_value(kill.pid, 300);
    assert_value(kill.total_vm_bytes, UINT32_MAX * UINT64_C(1024));
    assert_value(kill.uid, 200);
}

static void a_sign_is_where_the_text_says_so(void **state)
{
    struct sample sample = real_sample();
    struct oom_kill kill;
    (void)state;

    put_16(&sample, 64, (uint16_t)-1000);
    put_32(&sample, 48, UINT32_MAX);
    assert_true(decode(new_format, &sample, &kill));
    assert_int_equal((int64_t)kill.oom_score_adj.number, -1000);
    assert_value(kill.uid, UINT32_MAX);
}

static void sizes_that_do_not_fit_64_bits_are_absent(void **state)
{
    struct sample sample = real_sample();
    struct oom_kill kill;
    (void)state;

    put_64(&sample, 24, UINT64_MAX / 1024);
    put_64(&sample, 32, UINT64_MAX / 1024 + 1);
    assert_true(decode(new_format, &sample, &kill));
    assert_value(kill.anon_rss_bytes, UINT64_MAX / 1024 * 1024);
    assert_false(kill.file_rss_bytes.present);
}

static void what_stands_beyond_a_short_sample_is_absent(void **state)
{
    struct sample sample = real_sample();
    struct oom_kill kill;
    (void)state;

    for (sample.length = 0; sample.length < 12; sample.length++)
        assert_false(decode(new_format, &sample, &kill));
    for (; sample.length <= sizeof(sample.bytes); sample.length++) {
        assert_true(decode(new_format, &sample, &kill));
        assert_value(kill.pid, 24107);
        assert_int_equal(kill.total_vm_bytes.present, sample.length >= 24);
        assert_int_equal(kill.uid.present, sample.length >= 52);
        assert_int_equal(kill.oom_score_adj.present, sample.length >= 66);
        assert_string_equal(kill.comm, sample.length >= COMM_AT + sizeof("eat_memory") ? "eat_memory" : "");
    }
}

static void no_pid_is_no_victim(void **state)
{
    static const uint32_t pids[] = {0, (uint32_t)-1, INT32_MAX + UINT32_C(1)};
    struct sample sample = real_sample();
    struct oom_kill kill;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(pids); i++) {
        put_32(&sample, 8, pids[i]);
        assert_false(decode(new_format, &sample, &kill));
    }
    put_32(&sample, 8, INT32_MAX);
    assert_true(decode(new_format, &sample, &kill));
}

static void a_comm_outside_the_sample_is_none(void **state)
{
    static const uint32_t places[][2] = {{65535, 1}, {93, 1},        {92, 1},    {91, 2},
                                         {0, 93},    {65535, 65535}, {0, 65535}, {66, 27}};
    struct sample sample = real_sample();
    struct oom_kill kill;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(places); i++) {
        put_comm_location(&sample, places[i][0], places[i][1]);
        assert_true(decode(new_format, &sample, &kill));
        assert_string_equal(kill.comm, "");
    }
}

static void a_comm_without_terminator_ends_with_its_length(void **state)
{
    struct sample sample = real_sample();
    struct oom_kill kill;
    (void)state;

    put_comm_location(&sample, COMM_AT, 3);
    assert_true(decode(new_format, &sample, &kill));
    assert_string_equal(kill.comm, "eat");
    put_comm_location(&sample, COMM_AT, 0);
    assert_true(decode(new_format, &sample, &kill));
    assert_string_equal(kill.comm, "");
    memset(sample.bytes + COMM_AT, 'x', sizeof(sample.bytes) - COMM_AT); /* to the sample's very end */
    put_comm_location(&sample, COMM_AT, sizeof(sample.bytes) - COMM_AT);
    assert_true(decode(new_format, &sample, &kill));
    assert_string_equal(kill.comm, "xxxxxxxxxxxxxxxxxxxxxxxxxx");
}

static void a_long_comm_is_cut(void **state)
{
    struct sample sample = real_sample();
    struct oom_kill kill;
    (void)state;

    memset(sample.bytes + 16, 'x', sizeof(sample.bytes) - 16);
    for (uint32_t size = OOM_COMM_MAX - 1; size <= OOM_COMM_MAX + 1; size++) {
        put_comm_location(&sample, 16, size);
        assert_true(decode(new_format, &sample, &kill));
        assert_int_equal(strlen(kill.comm), OOM_COMM_MAX - 1);
    }
}

static void a_format_without_pid_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        COMMON_FIELDS, /* common_pid is who was running, no victim */
        "\tfield:int pid",
        "\tfield:int pid;",
        "\tfield:int pid;\toffset:8;",
        "\tfield:int pid;\toffset:8;\tsize:4;",
        "\tfield:int pid;\toffset:8;\tsize:4;\tsigned:1", /* cut short? */
        "\tfield:int pid;\tsize:4;\toffset:8;\tsigned:1;\n",
        "\tfield:int pid;\toffset:;\tsize:4;\tsigned:1;\n",
        "\tfield:int pid;\toffset:-8;\tsize:4;\tsigned:1;\n",
        "\tfield:int pid;\toffset:8x;\tsize:4;\tsigned:1;\n",
        "\tfield:int pid;\toffset:8 ;\tsize:4;\tsigned:1;\n",
        "\tfield:int pid;\toffset:8;\tsize:4;\tsigned:2;\n",
        "\tfield:int pid;\toffset:8;\tsize:0;\tsigned:1;\n",
        "\tfield:int pid;\toffset:8;\tsize:3;\tsigned:1;\n",
        "\tfield:int pid;\toffset:8;\tsize:16;\tsigned:1;\n",
        "\tfield:int pid;\toffset:8;\tsize:18446744073709551615;\tsigned:1;\n",
        "\tfield:int pid;\toffset:8;\tsize:18446744073709551620;\tsigned:1;\n", /* 2^64 + 4 */
        "\tfield:int pid;\toffset:4294967304;\tsize:4;\tsigned:1;\n",           /* 2^32 + 8 */
        "\tfield:int pid;\toffset:65536;\tsize:4;\tsigned:1;\n",
        "\tfield:int pid\n;\toffset:8;\tsize:4;\tsigned:1;\n",
        "\tfield:int pid[1];\toffset:8;\tsize:4;\tsigned:1;\n",
        "\tfield:int pids;\toffset:8;\tsize:4;\tsigned:1;\n",
        "\tfield:int pi;\toffset:8;\tsize:4;\tsigned:1;\n",
        "\tfield:;\toffset:8;\tsize:4;\tsigned:1;\n",
        "\tfield: ;\toffset:8;\tsize:4;\tsigned:1;\n",
        "\tfield:__data_loc char[] pid;\toffset:8;\tsize:4;\tsigned:0;\n",
    };
    struct mark_victim_format format;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (mark_victim_format_parse(&format, texts[i], strlen(texts[i])) != -EINVAL)
            fail_msg("taken for a format: %s", texts[i]);
    }
}

static void a_last_line_needs_no_newline(void **state)
{
    struct mark_victim_format format = parsed("\tfield:int pid;\toffset:8;\tsize:4;\tsigned:1;");
    (void)state;

    assert_int_equal(format.fields[MARK_VICTIM_PID].offset, 8);
    assert_int_equal(format.fields[MARK_VICTIM_PID].size, 4);
    assert_true(format.fields[MARK_VICTIM_PID].is_signed);
}

static void a_text_cut_anywhere_is_read_within_its_end(void **state)
{
    struct mark_victim_format format;
    size_t pid_ends = (size_t)(strstr(new_format, PID) - new_format) + strlen(PID) - 1;
    (void)state;

    for (size_t length = 0; length < sizeof(new_format); length++) {
        char *text = malloc(length + 1); /* with nothing behind it, for the sanitizers */
        assert_non_null(text);
        memcpy(text + 1, new_format, length);
        assert_int_equal(mark_victim_format_parse(&format, text + 1, length),
                         length >= pid_ends ? 0 : -EINVAL);
        free(text);
    }
}

static void of_a_field_told_twice_the_first_counts(void **state)
{
    struct mark_victim_format format = parsed(PID "\tfield:int pid;\toffset:4;\tsize:2;\tsigned:0;\n");
    (void)state;

    assert_int_equal(format.fields[MARK_VICTIM_PID].offset, 8);
    assert_int_equal(format.fields[MARK_VICTIM_PID].size, 4);
}

static void fields_beyond_every_sample_are_absent(void **state)
{
    static const char text[] = PID "\tfield:uid_t uid;\toffset:65535;\tsize:8;\tsigned:0;\n"
                                   "\tfield:__data_loc char[] comm;\toffset:89;\tsize:4;\tsigned:0;\n"
                                   "\tfield:unsigned long pgtables;\toffset:85;\tsize:8;\tsigned:0;\n"
                                   "\tfield:unsigned long total_vm;\toffset:84;\tsize:8;\tsigned:0;\n";
    struct sample sample = real_sample();
    struct oom_kill kill;
    (void)state;

    assert_true(decode(text, &sample, &kill));
    assert_false(kill.uid.present || kill.pgtables_bytes.present);
    assert_string_equal(kill.comm, "");
    assert_true(kill.anon_rss_bytes.present == false);
    put_64(&sample, 84, 5);
    assert_true(decode(text, &sample, &kill));
    assert_value(kill.total_vm_bytes, 5 * 1024);
}

static void a_comm_of_another_kind_is_left_out(void **state)
{
    static const char *const texts[] = {
        PID "\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:0;\n",
        PID "\tfield:char comm;\toffset:12;\tsize:4;\tsigned:0;\n",
        PID "\tfield:__rel_loc char[] comm;\toffset:12;\tsize:4;\tsigned:0;\n",
        PID "\tfield:__data_loc char[] comm;\toffset:12;\tsize:8;\tsigned:0;\n",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_int_equal(parsed(texts[i]).fields[MARK_VICTIM_COMM].size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_new_format_gives_all_figures),
        cmocka_unit_test(what_a_tracepoint_cannot_say_is_absent),
        cmocka_unit_test(the_old_format_gives_a_pid_alone),
        cmocka_unit_test(places_and_sizes_are_those_of_the_text),
        cmocka_unit_test(a_sign_is_where_the_text_says_so),
        cmocka_unit_test(sizes_that_do_not_fit_64_bits_are_absent),
        cmocka_unit_test(what_stands_beyond_a_short_sample_is_absent),
        cmocka_unit_test(no_pid_is_no_victim),
        cmocka_unit_test(a_comm_outside_the_sample_is_none),
        cmocka_unit_test(a_comm_without_terminator_ends_with_its_length),
        cmocka_unit_test(a_long_comm_is_cut),
        cmocka_unit_test(a_format_without_pid_is_refused),
        cmocka_unit_test(a_last_line_needs_no_newline),
        cmocka_unit_test(a_text_cut_anywhere_is_read_within_its_end),
        cmocka_unit_test(of_a_field_told_twice_the_first_counts),
        cmocka_unit_test(fields_beyond_every_sample_are_absent),
        cmocka_unit_test(a_comm_of_another_kind_is_left_out),
    };
    return cmocka_run_group_tests_name("mark_victim_format", tests, NULL, NULL);
}
