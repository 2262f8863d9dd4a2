#include "render/reference.h"
#include "support.h"

#include <string.h>

static void reference_is(enum reference_format format, enum metric_id id, bool present, const char *expected)
{
    TEXT(text, REFERENCE_METRIC_MAX);
    reference_put_metric(&text, format, &metric_table[id], present);
    assert_text(&text, expected);
}

static void a_metric_as_text(void **state)
{
    (void)state;
    reference_is(REFERENCE_TEXT, M_major_faults_per_second, true,
                 "major_faults_per_second       maj     1/s     present /proc/vmstat: pgmajfault\n"
                 "    page faults that waited for a read from disk, up to milliseconds each\n");
    reference_is(REFERENCE_TEXT, M_oom_kills, false,
                 "oom_kills                     oom     1       absent  /proc/vmstat: oom_kill\n"
                 "    processes killed by the kernel for want of memory (since 4.13)\n");
    reference_is(
        REFERENCE_TEXT, M_direct_scans_per_second, true,
        "direct_scans_per_second       scand   1/s     present /proc/vmstat: pgscan_direct "
        "pgscan_direct_dma ...\n"
        "    pages looked at by tasks that had to free memory themselves before they got any (direct "
        "reclaim)\n");
}

static void a_metric_as_markdown_says_nothing_of_this_kernel(void **state)
{
    static const char expected[] =
        "| `swap_in_bytes_per_second` | `si` | rate | bytes/s | `faultline_swap_in_bytes_total` | "
        "`/proc/vmstat`: pswpin | read from swap; pages that zswap held in memory are not among it |\n";
    (void)state;

    reference_is(REFERENCE_MARKDOWN, M_swap_in_bytes_per_second, true, expected);
    reference_is(REFERENCE_MARKDOWN, M_swap_in_bytes_per_second, false, expected);
}

static void a_metric_as_json(void **state)
{
    (void)state;
    reference_is(
        REFERENCE_JSON, M_memory_full_stall_percent, true,
        "{\"type\":\"metric\",\"id\":\"memory_full_stall_percent\",\"column\":\"memF\",\"kind\":\"stall\","
        "\"unit\":\"percent\",\"prometheus\":\"faultline_memory_full_stall_seconds_total\",\"source\":\"/"
        "proc/pressure/"
        "memory\",\"keys\":\"full\",\"present\":true,\"help\":"
        "\"time in which all tasks that could run stood still for memory\"}\n");
}

static void headers(void **state)
{
    TEXT(plain, 256);
    TEXT(markdown, 256);
    TEXT(json, 256);
    (void)state;

    reference_put_header(&plain, REFERENCE_TEXT);
    reference_put_header(&markdown, REFERENCE_MARKDOWN);
    reference_put_header(&json, REFERENCE_JSON);
    assert_text(&plain, "METRIC                        COLUMN  UNIT    HERE    SOURCE, AND MEANING BELOW\n");
    assert_text(&markdown, "| id | column | kind | unit | Prometheus | source | meaning |\n| --- | --- | --- "
                           "| --- | --- | --- | --- |\n");
    assert_text(&json, "");
}

static void every_metric_fits_its_bound(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++) {
        for (enum reference_format format = REFERENCE_TEXT; format <= REFERENCE_MARKDOWN; format++) {
            TEXT(text, REFERENCE_METRIC_MAX);
            reference_put_metric(&text, format, &metric_table[i], false);
            assert_int_equal(text.lost, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_metric_as_text),
        cmocka_unit_test(a_metric_as_markdown_says_nothing_of_this_kernel),
        cmocka_unit_test(a_metric_as_json),
        cmocka_unit_test(headers),
        cmocka_unit_test(every_metric_fits_its_bound),
    };
    return cmocka_run_group_tests_name("reference", tests, NULL, NULL);
}
