#include "render/job_listing.h"
#include "support.h"

static const struct listing_style style = {.unit = SIZE_K};

static const struct job_row full = {
    .seconds = 12.34,
    .minor_faults_per_second = 1000.5,
    .major_faults_per_second = 7,
    .cpu_percent = 199.6,
    .memory_full_stall_percent = 1.25,
    .io_full_stall_percent = 50,
    .rss_bytes = {UINT64_C(3) << 30, true},
    .cgroup_bytes = {UINT64_C(5) << 20, true},
    .processes = {12, true},
};
static const struct job_row nothing = {
    .seconds = 0.5,
    .minor_faults_per_second = NAN,
    .major_faults_per_second = NAN,
    .cpu_percent = NAN,
    .memory_full_stall_percent = NAN,
    .io_full_stall_percent = NAN,
};

static void rows_for_people(void **state)
{
    union listing_cell cells[JOB_CELLS];
    TEXT(text, 1024);
    (void)state;

    listing_put_headings(&text, &job_listing, &style);
    job_listing_fill(cells, &full);
    listing_put_row(&text, &job_listing, &style, cells, 0);
    job_listing_fill(cells, &nothing);
    listing_put_row(&text, &job_listing, &style, cells, 0);
    assert_text(&text, "    TIME  PROCS    MIN/S   MAJ/S    RSS  USAGE   CPU%   MEM%    IO%\n"
                       "      12     12     1001     7.0   3.0G   5.0M    200    1.3     50\n"
                       "     0.5      -        -       -      -      -      -      -      -\n");
}

static void rows_as_json(void **state)
{
    union listing_cell cells[JOB_CELLS];
    TEXT(text, 2048);
    (void)state;

    job_listing_fill(cells, &full);
    listing_put_json(&text, &job_listing, cells, 0);
    job_listing_fill(cells, &nothing);
    listing_put_json(&text, &job_listing, cells, 0);
    assert_text(&text, "{\"type\":\"job_sample\",\"time\":\"1970-01-01T00:00:00.000Z\",\"seconds\":12.3,"
                       "\"processes\":12,\"minor_faults_per_second\":1000.5,\"major_faults_per_second\":7.0,"
                       "\"rss_bytes\":3221225472,\"cgroup_bytes\":5242880,\"cpu_percent\":199.60,"
                       "\"memory_full_stall_percent\":1.25,\"io_full_stall_percent\":50.00}\n"
                       "{\"type\":\"job_sample\",\"time\":\"1970-01-01T00:00:00.000Z\",\"seconds\":0.5}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_for_people),
        cmocka_unit_test(rows_as_json),
    };
    return cmocka_run_group_tests_name("job_listing", tests, NULL, NULL);
}
