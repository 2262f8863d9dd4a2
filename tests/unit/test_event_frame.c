#include "blackbox/event_frame.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

static const char hostile[] = "foo) Z 1 (\n\t\x01\xff\xfe\"\\\x89"
                              "FLR\r\n";

/* Puts the event and takes it, from memory that ends where it does. */
static size_t round_trip(const struct event *event, uint64_t monotonic_ns, struct recorded_event *recorded)
{
    uint8_t *bytes = malloc(65536);
    struct packer packer = packer_over(bytes, 65536);

    event_frame_put(&packer, event, monotonic_ns);
    assert_false(packer.overflow);
    bytes = realloc(bytes, packer.length);
    for (size_t length = 0; length < packer.length; length++) {
        struct unpacker cut = unpacker_over(bytes, length);
        assert_false(event_frame_take(&cut, recorded));
    }
    memset(recorded, 0xff, sizeof(*recorded));
    struct unpacker unpacker = unpacker_over(bytes, packer.length);
    assert_true(event_frame_take(&unpacker, recorded));
    assert_ptr_equal(unpacker.at, unpacker.end);
    free(bytes);
    return packer.length;
}

static struct event alert_event(void)
{
    struct event event = {
        .kind = EVENT_ALERT,
        .severity = SEVERITY_CRITICAL,
        .wall_ns = UINT64_C(1764000000123456789),
        .colors_row = true,
        .alert = "major_faults",
        .state = STATE_END,
        .value = NAN,
        .threshold = 50,
        .worst = 1e300,
        .duration_seconds = 0.25,
        .diagnosis = "file_thrash",
    };

    strcpy(event.message, hostile);
    return event;
}

static void an_alert_has_all_its_fields(void **state)
{
    static struct recorded_event recorded;
    struct event event = alert_event();
    const struct event *taken = &recorded.event;
    (void)state;

    round_trip(&event, UINT64_MAX, &recorded);
    assert_int_equal(recorded.monotonic_ns, UINT64_MAX);
    assert_int_equal(taken->kind, EVENT_ALERT);
    assert_int_equal(taken->severity, SEVERITY_CRITICAL);
    assert_int_equal(taken->wall_ns, UINT64_C(1764000000123456789));
    assert_true(taken->colors_row);
    assert_string_equal(taken->message, hostile);
    assert_string_equal(taken->alert, "major_faults");
    assert_int_equal(taken->state, STATE_END);
    assert_absent(taken->value);
    assert_near(taken->threshold, 50);
    assert_near(taken->worst, 1e300);
    assert_near(taken->duration_seconds, 0.25);
    assert_string_equal(taken->diagnosis, "file_thrash");
    assert_null(taken->kill);
}

static void an_alert_may_have_no_diagnosis(void **state)
{
    static struct recorded_event recorded;
    struct event event = alert_event();
    (void)state;

    event.diagnosis = NULL;
    event.severity = SEVERITY_OVER;
    event.state = STATE_CONTINUE;
    event.colors_row = false;
    event.message[0] = '\0';
    round_trip(&event, 0, &recorded);
    assert_null(recorded.event.diagnosis);
    assert_int_equal(recorded.event.severity, SEVERITY_OVER);
    assert_int_equal(recorded.event.state, STATE_CONTINUE);
    assert_false(recorded.event.colors_row);
    assert_string_equal(recorded.event.message, "");
}

/* Its message has them. */
static void the_processes_of_an_alert_are_not_recorded(void **state)
{
    static const struct culprit culprit = {.pid = 4242, .comm = "python3", .major_faults_per_second = 80};
    static struct recorded_event recorded;
    struct event event = alert_event();
    (void)state;

    event.processes = &culprit;
    event.process_count = 1;
    round_trip(&event, 0, &recorded);
    assert_int_equal(recorded.event.process_count, 0);
    assert_null(recorded.event.processes);
    assert_string_equal(recorded.event.message, event.message);
}

static void fill(char *string, size_t size, char byte)
{
    memset(string, byte, size - 1);
    string[size - 1] = '\0';
}

/* Everything is there, and as long as it may be. */
static void make_kill(struct oom_kill *kill)
{
    *kill = (struct oom_kill){
        .pid = {4194304, true},
        .uid = {4294967295, true},
        .total_vm_bytes = {1, true},
        .anon_rss_bytes = {2, true},
        .file_rss_bytes = {3, true},
        .shmem_rss_bytes = {4, true},
        .pgtables_bytes = {5, true},
        .oom_score_adj = {(uint64_t)-999, true},
        .constraint = OOM_CONSTRAINT_MEMORY_POLICY,
        .usage_bytes = {6, true},
        .limit_bytes = {UINT64_MAX, true},
        .group_kill = true,
        .trigger_pid = {7, true},
        .task_count = OOM_TASKS_MAX,
    };
    fill(kill->comm, sizeof(kill->comm), '\xff');
    fill(kill->cgroup, sizeof(kill->cgroup), '/');
    fill(kill->limit_cgroup, sizeof(kill->limit_cgroup), '\n');
    fill(kill->trigger, sizeof(kill->trigger), ')');
    for (uint64_t i = 0; i < OOM_TASKS_MAX; i++) {
        struct oom_task *task = &kill->tasks[i];
        *task = (struct oom_task){
            .pid = {100 + i, true},
            .uid = {200 + i, i % 2 == 0},
            .rss_bytes = {300 + i, true},
            .swap_bytes = {400 + i, i % 3 == 0},
            .oom_score_adj = {(uint64_t)-1 - i, true},
        };
        fill(task->comm, sizeof(task->comm), (char)('a' + i));
    }
}

static void a_kill_has_all_its_fields(void **state)
{
    static struct recorded_event recorded;
    static struct oom_kill kill;
    struct event event = {
        .kind = EVENT_OOM_KILL, .severity = SEVERITY_CRITICAL, .wall_ns = 5, .kills = 3, .kill = &kill};
    (void)state;

    make_kill(&kill);
    fill(event.message, sizeof(event.message), 'm');
    round_trip(&event, 77, &recorded);
    const struct oom_kill *taken = recorded.event.kill;
    assert_ptr_equal(taken, &recorded.kill);
    assert_int_equal(recorded.event.kind, EVENT_OOM_KILL);
    assert_int_equal(recorded.event.kills, 3);
    assert_string_equal(recorded.event.message, event.message);
    assert_value(taken->pid, 4194304);
    assert_value(taken->uid, 4294967295);
    assert_value(taken->total_vm_bytes, 1);
    assert_value(taken->anon_rss_bytes, 2);
    assert_value(taken->file_rss_bytes, 3);
    assert_value(taken->shmem_rss_bytes, 4);
    assert_value(taken->pgtables_bytes, 5);
    assert_value(taken->oom_score_adj, (uint64_t)-999);
    assert_string_equal(taken->comm, kill.comm);
    assert_int_equal(taken->constraint, OOM_CONSTRAINT_MEMORY_POLICY);
    assert_string_equal(taken->cgroup, kill.cgroup);
    assert_string_equal(taken->limit_cgroup, kill.limit_cgroup);
    assert_value(taken->usage_bytes, 6);
    assert_value(taken->limit_bytes, UINT64_MAX);
    assert_true(taken->group_kill);
    assert_string_equal(taken->trigger, kill.trigger);
    assert_value(taken->trigger_pid, 7);
    assert_int_equal(taken->task_count, OOM_TASKS_MAX);
    for (uint64_t i = 0; i < OOM_TASKS_MAX; i++) {
        const struct oom_task *task = &taken->tasks[i];
        assert_value(task->pid, 100 + i);
        assert_int_equal(task->uid.present, i % 2 == 0);
        assert_value(task->rss_bytes, 300 + i);
        assert_int_equal(task->swap_bytes.present, i % 3 == 0);
        assert_value(task->oom_score_adj, (uint64_t)-1 - i);
        assert_string_equal(task->comm, kill.tasks[i].comm);
    }
    assert_value(taken->tasks[4].uid, 204);
    assert_value(taken->tasks[9].swap_bytes, 409);
}

static void of_a_kill_little_may_be_known(void **state)
{
    static struct recorded_event recorded;
    static struct oom_kill kill;
    struct event event = {.kind = EVENT_OOM_KILL, .kills = 1};
    (void)state;

    round_trip(&event, 1, &recorded);
    assert_null(recorded.event.kill);
    assert_int_equal(recorded.event.kills, 1);
    event.kill = &kill;
    round_trip(&event, 1, &recorded);
    assert_non_null(recorded.event.kill);
    assert_false(recorded.event.kill->pid.present);
    assert_false(recorded.event.kill->limit_bytes.present);
    assert_int_equal(recorded.event.kill->constraint, OOM_CONSTRAINT_UNKNOWN);
    assert_false(recorded.event.kill->group_kill);
    assert_int_equal(recorded.event.kill->task_count, 0);
    assert_string_equal(recorded.event.kill->comm, "");
}

/* Puts an event, overwrites the byte at AT, takes it. */
static bool takes_with(const struct event *event, size_t at, uint8_t byte)
{
    static uint8_t bytes[65536];
    static struct recorded_event recorded;
    struct packer packer = packer_over(bytes, sizeof(bytes));

    event_frame_put(&packer, event, 1);
    bytes[at] = byte;
    struct unpacker unpacker = unpacker_over(bytes, packer.length);
    return event_frame_take(&unpacker, &recorded);
}

static void what_no_writer_puts_is_refused(void **state)
{
    static struct oom_kill nothing_known;
    struct event alert = {.kind = EVENT_ALERT, .wall_ns = 1, .alert = "a"};
    struct event kill = {.kind = EVENT_OOM_KILL, .wall_ns = 1, .kills = 1, .kill = &nothing_known};
    /* kind, two times, severity, colour, message */
    enum { KIND = 0, SEVERITY = 3, STATE = 8, CONSTRAINT = 17, TASKS = 24 };
    (void)state;

    assert_true(takes_with(&alert, KIND, EVENT_ALERT));
    assert_false(takes_with(&alert, KIND, EVENT_OOM_KILL + 1));
    assert_false(takes_with(&alert, KIND, 0xff));
    assert_true(takes_with(&alert, SEVERITY, SEVERITY_CRITICAL));
    assert_false(takes_with(&alert, SEVERITY, SEVERITY_CRITICAL + 1));
    assert_true(takes_with(&alert, STATE, STATE_END));
    assert_false(takes_with(&alert, STATE, STATE_END + 1));
    assert_true(takes_with(&kill, CONSTRAINT, OOM_CONSTRAINT_MEMORY_POLICY));
    assert_false(takes_with(&kill, CONSTRAINT, OOM_CONSTRAINT_MEMORY_POLICY + 1));
    assert_true(takes_with(&kill, TASKS, 0));
    assert_false(takes_with(&kill, TASKS, OOM_TASKS_MAX + 1));
}

static void more_may_follow_from_a_later_version(void **state)
{
    static uint8_t bytes[4096];
    static struct recorded_event recorded;
    struct event event = alert_event();
    struct packer packer = packer_over(bytes, sizeof(bytes));
    (void)state;

    event_frame_put(&packer, &event, 1);
    pack_string(&packer, "more");
    struct unpacker unpacker = unpacker_over(bytes, packer.length);
    assert_true(event_frame_take(&unpacker, &recorded));
    assert_string_equal(recorded.event.diagnosis, "file_thrash");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_has_all_its_fields),
        cmocka_unit_test(an_alert_may_have_no_diagnosis),
        cmocka_unit_test(the_processes_of_an_alert_are_not_recorded),
        cmocka_unit_test(a_kill_has_all_its_fields),
        cmocka_unit_test(of_a_kill_little_may_be_known),
        cmocka_unit_test(what_no_writer_puts_is_refused),
        cmocka_unit_test(more_may_follow_from_a_later_version),
    };
    return cmocka_run_group_tests_name("event_frame", tests, NULL, NULL);
}
