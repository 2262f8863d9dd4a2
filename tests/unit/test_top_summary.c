#include "base/clock.h"
#include "render/top_summary.h"
#include "support.h"

static const struct process_census_result processes = {.processes = 132,
                                                       .unread = 2,
                                                       .ended = {3, true},
                                                       .ended_lost = 1};
static const struct cgroup_census_result cgroups = {.groups = 7, .unread = 0, .too_deep = 2};

/* 14:21:30 in UTC */
static struct top_summary summary_of(const struct interval *machine)
{
    return (struct top_summary){
        .wall_ns = UINT64_C(1795443690) * NS_PER_SECOND,
        .seconds = machine ? 2 : 0,
        .by = "process",
        .sort = "maj",
        .processes = &processes,
        .cgroups = &cgroups,
        .others = 122,
        .machine = machine,
    };
}

static void set_figures(struct figures *figures)
{
    figures_init(figures);
    figures->values[M_minor_faults_per_second] = 1200.4;
    figures->values[M_major_faults_per_second] = 85;
    figures->values[M_memory_full_stall_percent] = 1.5;
    figures->values[M_io_full_stall_percent] = 40;
    figures->values[M_mem_available_bytes] = 1 << 20;
}

static void a_line(void **state)
{
    struct figures figures;
    TEXT(text, 512);
    (void)state;

    set_figures(&figures);
    struct top_summary summary = summary_of(&figures.interval);
    top_summary_put(&text, &summary);
    assert_text(&text,
                "14:21:30  132 processes, 3 ended, 1 of them unseen, 2 not readable  1200 min/s 85 maj/s  "
                "stalled 2% mem 40% io\n");
}

static void a_line_about_cgroups(void **state)
{
    struct figures figures;
    TEXT(text, 512);
    (void)state;

    set_figures(&figures);
    figures.values[M_memory_full_stall_percent] = NAN; /* a kernel without PSI */
    figures.values[M_io_full_stall_percent] = NAN;
    struct top_summary summary = summary_of(&figures.interval);
    summary.processes = NULL;
    top_summary_put(&text, &summary);
    assert_text(&text, "14:21:30  7 cgroups, 2 too deep  1200 min/s 85 maj/s\n");
}

static void before_there_is_an_interval(void **state)
{
    struct top_summary summary = summary_of(NULL);
    TEXT(text, 512);
    (void)state;

    top_summary_put(&text, &summary);
    assert_text(&text, "14:21:30  132 processes, 3 ended, 1 of them unseen, 2 not readable\n");
}

static void an_object(void **state)
{
    struct figures figures;
    TEXT(text, 1024);
    (void)state;

    set_figures(&figures);
    struct top_summary summary = summary_of(&figures.interval);
    top_summary_put_json(&text, &summary);
    assert_text(&text,
                "{\"type\":\"top\",\"time\":\"2026-11-23T14:21:30.000Z\",\"by\":\"process\",\"sort\":\"maj\","
                "\"interval_seconds\":2.000,\"processes\":132,\"unread\":2,\"ended\":3,\"ended_unseen\":1,"
                "\"others\":122,\"minor_faults_per_second\":1200.4,\"major_faults_per_second\":85.0,"
                "\"memory_full_stall_percent\":1.50,\"io_full_stall_percent\":40.00,"
                "\"mem_available_bytes\":1048576}\n");
}

static void an_object_about_cgroups_and_where_nobody_tells_of_ends(void **state)
{
    const struct process_census_result through_proc = {.processes = 5};
    struct top_summary summary = summary_of(NULL);
    TEXT(text, 1024);
    (void)state;

    summary.processes = &through_proc;
    top_summary_put_json(&text, &summary);
    summary.processes = NULL;
    summary.by = "cgroup";
    top_summary_put_json(&text, &summary);
    assert_text(&text,
                "{\"type\":\"top\",\"time\":\"2026-11-23T14:21:30.000Z\",\"by\":\"process\",\"sort\":\"maj\","
                "\"interval_seconds\":0.000,\"processes\":5,\"unread\":0,\"others\":122}\n"
                "{\"type\":\"top\",\"time\":\"2026-11-23T14:21:30.000Z\",\"by\":\"cgroup\",\"sort\":\"maj\","
                "\"interval_seconds\":0.000,\"cgroups\":7,\"unread\":0,\"too_deep\":2,\"others\":122}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line),
        cmocka_unit_test(a_line_about_cgroups),
        cmocka_unit_test(before_there_is_an_interval),
        cmocka_unit_test(an_object),
        cmocka_unit_test(an_object_about_cgroups_and_where_nobody_tells_of_ends),
    };
    return cmocka_run_group_tests_name("top_summary", tests, in_utc, NULL);
}
