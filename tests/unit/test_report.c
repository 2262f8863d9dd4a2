#include "render/report.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const uint64_t begin_ns = UINT64_C(1795545840000000000); /* 2026-11-24 18:44:00 UTC */
static const uint64_t second_ns = UINT64_C(1000000000);

struct reported {
    struct incident incident;
    struct report_head head;
    struct evidence evidence;
    char memory[REPORT_MAX];
};

static int setup(void **state)
{
    struct reported *reported = calloc(1, sizeof(*reported));

    set_zone("UTC0");
    assert_non_null(reported);
    reported->incident =
        (struct incident){.begin_ns = begin_ns, .end_ns = begin_ns, .title = "OOM kill x[7]"};
    reported->head = (struct report_head){
        .host = "node1", .kernel = "6.18", .incident = &reported->incident, .number = 2, .count = 3};
    assert_int_equal(evidence_init(&reported->evidence, 60), 0);
    *state = reported;
    return 0;
}

static int teardown(void **state)
{
    struct reported *reported = *state;

    evidence_free(&reported->evidence);
    free(reported);
    return 0;
}

/* Terminated; valid until the next. */
static const char *report(struct reported *reported, bool signs)
{
    struct text text = text_over(reported->memory, sizeof(reported->memory) - 1);

    report_put(&text, &reported->head, &reported->evidence, signs);
    assert_int_equal(text.lost, 0);
    reported->memory[text.length] = '\0';
    return reported->memory;
}

static void assert_has(const char *report, const char *line)
{
    if (!strstr(report, line))
        fail_msg("'%s' is not in:\n%s", line, report);
}

static void assert_has_not(const char *report, const char *line)
{
    if (strstr(report, line))
        fail_msg("'%s' is in:\n%s", line, report);
}

static void add_interval(struct reported *reported, uint64_t after, double available, double major,
                         double stall)
{
    struct figures figures;

    figures_init(&figures);
    figures.interval.seconds = 5;
    figures.interval.wall_ns = begin_ns + after * second_ns;
    figures.values[M_mem_available_bytes] = available;
    figures.values[M_mem_total_bytes] = 16 * 0x1p30;
    figures.values[M_swap_used_bytes] = 0;
    figures.values[M_minor_faults_per_second] = 12;
    figures.values[M_major_faults_per_second] = major;
    figures.values[M_memory_full_stall_percent] = stall;
    evidence_add_interval(&reported->evidence, &figures.interval);
}

static void the_head_says_what_when_and_where(void **state)
{
    struct reported *reported = *state;

    reported->incident.end_ns = begin_ns + 90 * second_ns;
    assert_has(report(reported, false), "OOM kill x[7]\n"
                                        "  2026-11-24 18:44:00 UTC, for 1 min 30 s; host node1, Linux 6.18\n"
                                        "  incident 2 of 3, counted from the newest\n");
    reported->head.number = 0;
    assert_has_not(report(reported, false), "counted");
}

static void slices_are_rows_with_bars(void **state)
{
    struct reported *reported = *state;

    add_interval(reported, 0, 8 * 0x1p30, 100, 0);
    add_interval(reported, 5, 1 * 0x1p30, 200, 50);
    const char *text = report(reported, false);
    assert_has(text, "  18:44:00   8.0G ####         12    100 ####          -   0.0              -\n");
    assert_has(text, "  18:44:05   1.0G #            12    200 ########      -  50.0 ####         -\n");
    assert_has(text, "of 16G;");
    assert_has_not(text, "swap in use");
    assert_has(report(reported, true),
               "  18:44:05   1.0G ▌            12    200 ████████      -  50.0 ████         -\n");
}

static void few_faults_are_no_long_bar(void **state)
{
    struct reported *reported = *state;

    add_interval(reported, 0, 8 * 0x1p30, 2, 0);
    assert_has(report(reported, false), "12      2 #             -");
}

static void without_samples_it_says_so(void **state)
{
    assert_has(report(*state, false), "no sample of that time is there");
}

static void a_kill_is_told_with_its_tasks_and_cannot_steer_a_terminal(void **state)
{
    struct reported *reported = *state;
    struct oom_kill kill = {.pid = {7, true}, .constraint = OOM_CONSTRAINT_MEMCG, .task_count = 1};
    struct event event = {.kind = EVENT_OOM_KILL, .wall_ns = begin_ns, .kills = 1, .kill = &kill};

    kill.tasks[0] = (struct oom_task){.pid = {7, true}, .comm = "evil\033[2J", .rss_bytes = {0x1p20, true}};
    (void)snprintf(event.message, sizeof(event.message),
                   "OOM KILL DETECTED: The kernel terminated a process to reclaim memory. evil\033[2J[7]");
    evidence_add_event(&reported->evidence, &event);
    const char *text = report(reported, false);
    assert_has(text, "What was killed\n  18:44:00  evil\\x1b[2J[7]\n");
    assert_has(text, "largest tasks:");
    assert_has(text, "A memory cgroup was full, whatever the machine had left.\n");
    assert_has(text, "\n  A higher limit (memory.max), or less at once in that group: smaller batches,\n"
                     "  fewer workers.\n"
                     "  If one process grew without end, look for its leak first.\n");
    assert_has_not(text, "\033");
}

static void who_held_and_who_grew(void **state)
{
    struct reported *reported = *state;
    struct process_row row = {
        .pid = 42, .rss_bytes = 0x1p30, .swap_bytes = {0, true}, .comm = "trainer", .cgroup = "/t"};

    row.uid = (struct value){1000, true};
    evidence_add_processes(&reported->evidence, &row, 1, begin_ns - 30 * second_ns);
    row.rss_bytes = 3 * (uint64_t)0x1p30;
    evidence_add_processes(&reported->evidence, &row, 1, begin_ns - 10 * second_ns);
    const char *text = report(reported, false);
    assert_has(text, "Who held the memory\n  at 18:43:50, the last look\n");
    assert_has(text, "      3.0G       0 trainer                42   1000 /t\n");
    assert_has(text, "      2.0G        20 s trainer                42   1000 /t\n");
    assert_has(text, "trainer[42] grew by 2.0G within 20 s.");
}

static void alerts_are_listed_and_those_that_are_not_are_counted(void **state)
{
    struct reported *reported = *state;
    struct event event = {.kind = EVENT_ALERT,
                          .wall_ns = begin_ns,
                          .alert = "major_faults",
                          .message = "HIGH IO LATENCY: 85"};

    for (int i = 0; i < EVIDENCE_ALERTS_MAX + 1; i++)
        evidence_add_event(&reported->evidence, &event);
    const char *text = report(reported, false);
    assert_has(text, "Alerts\n  18:44:00  HIGH IO LATENCY: 85\n");
    assert_has(text, "  25 in all; replay --events has the others\n");
    assert_has(text, "The figures do not say why.");
}

#define report_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        report_test(the_head_says_what_when_and_where),
        report_test(slices_are_rows_with_bars),
        report_test(few_faults_are_no_long_bar),
        report_test(without_samples_it_says_so),
        report_test(a_kill_is_told_with_its_tasks_and_cannot_steer_a_terminal),
        report_test(who_held_and_who_grew),
        report_test(alerts_are_listed_and_those_that_are_not_are_counted),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
