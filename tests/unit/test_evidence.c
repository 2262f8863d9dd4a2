#include "support.h"
#include "watch/evidence.h"

#include <stdio.h>
#include <string.h>

static const uint64_t second_ns = UINT64_C(1000000000);

static void evidence_setup(struct evidence *evidence, double seconds)
{
    assert_int_equal(evidence_init(evidence, seconds), 0);
}

/* An interval that ends at AT. */
static void add_second(struct evidence *evidence, uint64_t at, double available, double major)
{
    struct figures figures;

    figures_init(&figures);
    figures.interval.wall_ns = at * second_ns;
    figures.values[M_mem_available_bytes] = available;
    figures.values[M_mem_total_bytes] = 1000;
    figures.values[M_major_faults_per_second] = major;
    figures.values[M_refaults_file_per_second] = 3;
    figures.values[M_refaults_anon_per_second] = 4;
    evidence_add_interval(evidence, &figures.interval);
}

static void intervals_are_put_together_into_slices(void **state)
{
    struct evidence evidence;
    (void)state;

    evidence_setup(&evidence, 70);
    assert_near(evidence.slice_seconds, 5);
    for (uint64_t i = 1; i <= 12; i++)
        add_second(&evidence, i, 100.0 - (double)i, i <= 5 ? (double)i : 10);

    assert_int_equal(evidence.slice_count, 3);
    assert_int_equal(evidence.slices[0].wall_ns, 5 * second_ns);
    assert_near(evidence.slices[0].seconds, 5);
    assert_near(evidence.slices[0].figures[EVIDENCE_MAJOR_FAULTS], 3);     /* the average of 1 to 5 */
    assert_near(evidence.slices[0].figures[EVIDENCE_AVAILABLE_BYTES], 95); /* the last */
    assert_near(evidence.slices[1].figures[EVIDENCE_MAJOR_FAULTS], 10);
    assert_near(evidence.slices[2].seconds, 2);
    assert_near(evidence.slices[2].figures[EVIDENCE_REFAULTS], 7); /* of files and of swap */
    assert_absent(evidence.slices[2].figures[EVIDENCE_MEMORY_STALL]);
    assert_near(evidence.total_bytes, 1000);
    evidence_free(&evidence);
}

static void of_too_many_slices_the_oldest_go(void **state)
{
    struct evidence evidence;
    (void)state;

    evidence_setup(&evidence, 10);
    assert_near(evidence.slice_seconds, 1);
    for (uint64_t i = 1; i <= EVIDENCE_SLICES_MAX + 5; i++)
        add_second(&evidence, i, (double)i, 0);
    assert_int_equal(evidence.slice_count, EVIDENCE_SLICES_MAX);
    assert_int_equal(evidence.slices[0].wall_ns, 6 * second_ns);
    assert_int_equal(evidence.slices[EVIDENCE_SLICES_MAX - 1].wall_ns, (EVIDENCE_SLICES_MAX + 5) * second_ns);
    evidence_free(&evidence);
}

static struct process_row process(uint64_t pid, uint64_t rss, uint64_t swap)
{
    struct process_row row = {.pid = pid, .start_ticks = pid, .rss_bytes = rss, .swap_bytes = {swap, true}};

    row.minor_faults = 1000;
    row.minor_faults_since = (struct value){1, true};
    return row;
}

static void add_scan(struct evidence *evidence, uint64_t at, const struct process_row *rows, size_t count)
{
    evidence_add_processes(evidence, rows, count, at * second_ns);
}

static void who_held_most_at_the_last_look_comes_first(void **state)
{
    const struct process_row first[] = {process(1, 100, 0), process(2, 50, 0), process(9, 900, 0)};
    const struct process_row last[] = {process(1, 110, 0), process(2, 50, 200)};
    const struct evidence_process *list[EVIDENCE_HOLDERS_MAX];
    struct evidence evidence;
    (void)state;

    evidence_setup(&evidence, 60);
    add_scan(&evidence, 1, first, COUNT_OF(first));
    add_scan(&evidence, 21, last, COUNT_OF(last));
    assert_int_equal(evidence_holders(&evidence, list), 2); /* 9 is gone */
    assert_int_equal(list[0]->last.pid, 2);
    assert_int_equal(list[1]->last.pid, 1);
    assert_int_equal(evidence.scan_ns, 21 * second_ns);

    assert_int_equal(evidence_growers(&evidence, list), 2);
    assert_int_equal(list[0]->last.pid, 2);
    assert_near(evidence_growth_bytes(list[0]), 200);
    assert_near(evidence_growth_bytes(list[1]), 10);
    assert_int_equal(list[0]->last_ns - list[0]->first_ns, 20 * second_ns);
    evidence_free(&evidence);
}

static void a_clock_that_was_set_back_tells_no_length(void **state)
{
    const struct process_row rows[] = {process(1, 100, 0), process(1, 150, 0)};
    const struct evidence_process *list[EVIDENCE_HOLDERS_MAX];
    struct evidence evidence;
    (void)state;

    evidence_setup(&evidence, 60);
    add_scan(&evidence, 50, &rows[0], 1);
    add_scan(&evidence, 10, &rows[1], 1);
    assert_int_equal(evidence_growers(&evidence, list), 1);
    assert_near(evidence_growth_bytes(list[0]), 50);
    assert_absent(evidence_growth_seconds(list[0]));
    add_scan(&evidence, 53, &rows[1], 1);
    assert_near(evidence_growth_seconds(list[0]), 3);
    evidence_free(&evidence);
}

static void one_that_was_started_between_two_looks_began_with_nothing(void **state)
{
    const struct process_row old[] = {process(1, 100, 0)};
    struct process_row both[] = {process(1, 100, 0), process(2, 70, 0)};
    const struct evidence_process *list[EVIDENCE_HOLDERS_MAX];
    struct evidence evidence;
    (void)state;

    both[1].minor_faults_since.number = both[1].minor_faults;
    evidence_setup(&evidence, 60);
    add_scan(&evidence, 1, old, 1);
    add_scan(&evidence, 5, both, 2);
    assert_int_equal(evidence_growers(&evidence, list), 1);
    assert_int_equal(list[0]->last.pid, 2);
    assert_near(evidence_growth_bytes(list[0]), 70);
    assert_int_equal(list[0]->first_ns, second_ns);
    evidence_free(&evidence);
}

static void a_pid_with_another_start_is_another_process(void **state)
{
    struct process_row before = process(7, 500, 0);
    struct process_row after = process(7, 20, 0);
    const struct evidence_process *list[EVIDENCE_HOLDERS_MAX];
    struct evidence evidence;
    (void)state;

    after.start_ticks = 99;
    evidence_setup(&evidence, 60);
    add_scan(&evidence, 1, &before, 1);
    add_scan(&evidence, 2, &after, 1);
    assert_int_equal(evidence_holders(&evidence, list), 1);
    assert_int_equal(list[0]->last.rss_bytes, 20);
    assert_int_equal(evidence_growers(&evidence, list), 0);
    evidence_free(&evidence);
}

static void no_more_are_ranked_than_there_is_room_for(void **state)
{
    struct process_row rows[20];
    const struct evidence_process *list[EVIDENCE_HOLDERS_MAX];
    struct evidence evidence;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        rows[i] = process(i + 1, 10 * ((i * 7) % 20 + 1), 0);
    evidence_setup(&evidence, 60);
    add_scan(&evidence, 1, rows, COUNT_OF(rows));
    assert_int_equal(evidence_holders(&evidence, list), EVIDENCE_HOLDERS_MAX);
    for (size_t i = 0; i < EVIDENCE_HOLDERS_MAX; i++)
        assert_int_equal(list[i]->last.rss_bytes, 200 - 10 * i);
    evidence_free(&evidence);
}

static void add_alert(struct evidence *evidence, const char *name, const char *diagnosis)
{
    struct event event = {.kind = EVENT_ALERT,
                          .severity = SEVERITY_WARNING,
                          .alert = name,
                          .diagnosis = diagnosis,
                          .message = "M"};
    evidence_add_event(evidence, &event);
}

static void add_kill(struct evidence *evidence, enum oom_constraint constraint)
{
    struct oom_kill kill = {.pid = {1, true}, .constraint = constraint};
    struct event event = {
        .kind = EVENT_OOM_KILL, .severity = SEVERITY_CRITICAL, .kills = 1, .kill = &kill, .message = "K"};
    evidence_add_event(evidence, &event);
}

static void a_kill_decides_what_it_was(void **state)
{
    static const struct {
        enum oom_constraint constraint;
        enum verdict verdict;
    } cases[] = {
        {OOM_CONSTRAINT_NONE, VERDICT_MACHINE_FULL},   {OOM_CONSTRAINT_MEMCG, VERDICT_CGROUP_LIMIT},
        {OOM_CONSTRAINT_CPUSET, VERDICT_NODES_FULL},   {OOM_CONSTRAINT_MEMORY_POLICY, VERDICT_NODES_FULL},
        {OOM_CONSTRAINT_UNKNOWN, VERDICT_SWAP_THRASH}, /* then the alerts do */
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct evidence evidence;
        evidence_setup(&evidence, 60);
        add_alert(&evidence, "major_faults", "swap_thrash");
        add_kill(&evidence, cases[i].constraint);
        add_alert(&evidence, "major_faults", "file_thrash");
        assert_int_equal(evidence.verdict, cases[i].verdict);
        evidence_free(&evidence);
    }
}

static void of_alerts_the_one_that_says_most_decides(void **state)
{
    struct evidence evidence;
    (void)state;

    evidence_setup(&evidence, 60);
    add_alert(&evidence, "context_switches", NULL);
    assert_int_equal(evidence.verdict, VERDICT_NONE);
    add_alert(&evidence, "memory_running_out", NULL);
    assert_int_equal(evidence.verdict, VERDICT_RUNNING_OUT);
    add_alert(&evidence, "major_faults", "cold_read");
    assert_int_equal(evidence.verdict, VERDICT_COLD_READ);
    add_alert(&evidence, "memory_pressure", "direct_reclaim");
    assert_int_equal(evidence.verdict, VERDICT_COLD_READ);
    add_alert(&evidence, "major_faults", "file_thrash");
    assert_int_equal(evidence.verdict, VERDICT_FILE_THRASH);
    evidence_free(&evidence);
}

static void of_many_events_the_first_are_kept_and_all_are_counted(void **state)
{
    struct evidence evidence;
    (void)state;

    evidence_setup(&evidence, 60);
    for (int i = 0; i < EVIDENCE_KILLS_MAX + 3; i++)
        add_kill(&evidence, OOM_CONSTRAINT_MEMCG);
    for (int i = 0; i < EVIDENCE_ALERTS_MAX + 2; i++)
        add_alert(&evidence, "major_faults", NULL);
    assert_int_equal(evidence.kill_count, EVIDENCE_KILLS_MAX);
    assert_int_equal(evidence.kills_told, EVIDENCE_KILLS_MAX + 3);
    assert_int_equal(evidence.alert_count, EVIDENCE_ALERTS_MAX);
    assert_int_equal(evidence.alerts_told, EVIDENCE_ALERTS_MAX + 2);
    assert_true(evidence.kills[0].known);
    assert_string_equal(evidence.alerts[0].message, "M");
    evidence_free(&evidence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_put_together_into_slices),
        cmocka_unit_test(of_too_many_slices_the_oldest_go),
        cmocka_unit_test(who_held_most_at_the_last_look_comes_first),
        cmocka_unit_test(a_clock_that_was_set_back_tells_no_length),
        cmocka_unit_test(one_that_was_started_between_two_looks_began_with_nothing),
        cmocka_unit_test(a_pid_with_another_start_is_another_process),
        cmocka_unit_test(no_more_are_ranked_than_there_is_room_for),
        cmocka_unit_test(a_kill_decides_what_it_was),
        cmocka_unit_test(of_alerts_the_one_that_says_most_decides),
        cmocka_unit_test(of_many_events_the_first_are_kept_and_all_are_counted),
    };
    return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
