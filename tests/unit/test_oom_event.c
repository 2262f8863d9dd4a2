#include "support.h"
#include "watch/oom_event.h"

#include <string.h>

#define DETECTED "OOM KILL DETECTED: The kernel terminated a process to reclaim memory."

static const uint64_t wall_ns = UINT64_C(1795410001000000000);

static void message_is(const struct oom_kill *kill, const char *expected)
{
    struct event event;

    memset(&event, 0xee, sizeof(event));
    oom_event_named(&event, kill, wall_ns);
    assert_string_equal(event.message, expected);
    assert_int_equal(event.kind, EVENT_OOM_KILL);
    assert_int_equal(event.severity, SEVERITY_CRITICAL);
    assert_true(event.wall_ns == wall_ns);
    assert_true(event.kills == 1);
    assert_ptr_equal(event.kill, kill);
    assert_false(event.colors_row);
}

static struct oom_kill trainer(void)
{
    return (struct oom_kill){.pid = some(4242),
                             .comm = "python3",
                             .anon_rss_bytes = some(UINT64_C(60) << 30),
                             .file_rss_bytes = some(UINT64_C(1) << 29),
                             .shmem_rss_bytes = some(UINT64_C(1) << 29)};
}

static void a_victim_of_a_limit_further_up(void **state)
{
    struct oom_kill kill = trainer();
    (void)state;

    kill.constraint = OOM_CONSTRAINT_MEMCG;
    strcpy(kill.cgroup, "/train/job");
    strcpy(kill.limit_cgroup, "/train");
    kill.limit_bytes = some(UINT64_C(64) << 30);
    message_is(&kill,
               DETECTED " python3[4242] 61G resident, cgroup /train/job, at the limit of /train (64G)");
    kill.group_kill = true;
    message_is(&kill,
               DETECTED " python3[4242] 61G resident, cgroup /train/job, at the limit of /train (64G), along "
                        "with its group");
}

static void blanks_at_the_ends_of_a_name_are_seen(void **state)
{
    struct oom_kill kill = {.pid = some(7), .comm = " "};
    (void)state;

    message_is(&kill, DETECTED " ' '[7]");
    strcpy(kill.comm, "x ");
    message_is(&kill, DETECTED " 'x '[7]");
    strcpy(kill.comm, "a b");
    message_is(&kill, DETECTED " a b[7]");
}

static void a_victim_of_its_own_groups_limit(void **state)
{
    struct oom_kill kill = trainer();
    (void)state;

    kill.constraint = OOM_CONSTRAINT_MEMCG;
    strcpy(kill.cgroup, "/train");
    strcpy(kill.limit_cgroup, "/train");
    message_is(&kill, DETECTED " python3[4242] 61G resident, cgroup /train, at the limit of this group");
    kill.limit_bytes = some(4096);
    message_is(&kill,
               DETECTED " python3[4242] 61G resident, cgroup /train, at the limit of this group (4.0K)");
}

static void a_victim_of_a_limit_that_is_not_known(void **state)
{
    struct oom_kill kill = trainer();
    (void)state;

    kill.constraint = OOM_CONSTRAINT_MEMCG;
    message_is(&kill, DETECTED " python3[4242] 61G resident, at the limit of a cgroup");
    strcpy(kill.limit_cgroup, "/train");
    message_is(&kill, DETECTED " python3[4242] 61G resident, at the limit of /train");
    kill.limit_cgroup[0] = '\0';
    strcpy(kill.cgroup, "/x");
    message_is(&kill, DETECTED " python3[4242] 61G resident, cgroup /x, at the limit of a cgroup");
}

static void other_constraints(void **state)
{
    struct oom_kill kill = trainer();
    (void)state;

    kill.limit_bytes = some(4096); /* a limit is that of a cgroup alone */
    strcpy(kill.cgroup, "/x");
    message_is(&kill, DETECTED " python3[4242] 61G resident, cgroup /x");
    kill.constraint = OOM_CONSTRAINT_NONE;
    message_is(&kill, DETECTED " python3[4242] 61G resident, cgroup /x, the whole machine was out of memory");
    kill.constraint = OOM_CONSTRAINT_CPUSET;
    message_is(&kill,
               DETECTED " python3[4242] 61G resident, cgroup /x, the memory nodes of a cpuset were full");
    kill.constraint = OOM_CONSTRAINT_MEMORY_POLICY;
    message_is(&kill,
               DETECTED " python3[4242] 61G resident, cgroup /x, the nodes of a memory policy were full");
    kill.group_kill = true;
    kill.cgroup[0] = '\0';
    message_is(&kill,
               DETECTED " python3[4242] 61G resident, the nodes of a memory policy were full, along with its "
                        "group");
}

static void what_is_not_known_is_not_said(void **state)
{
    struct oom_kill kill = {.pid = some(UINT64_MAX)};
    (void)state;

    message_is(&kill, DETECTED " a process without a name[18446744073709551615]");
    strcpy(kill.comm, "two words");
    message_is(&kill, DETECTED " two words[18446744073709551615]");
    kill.file_rss_bytes = some(4096);
    message_is(&kill, DETECTED " two words[18446744073709551615]");
    kill.anon_rss_bytes = some(0);
    message_is(&kill, DETECTED " two words[18446744073709551615] 4.0K resident");
}

static void the_longest_possible_values_fit_and_are_terminated(void **state)
{
    static const enum oom_constraint constraints[] = {OOM_CONSTRAINT_UNKNOWN, OOM_CONSTRAINT_NONE,
                                                      OOM_CONSTRAINT_MEMCG, OOM_CONSTRAINT_CPUSET,
                                                      OOM_CONSTRAINT_MEMORY_POLICY};
    static const char end[] = ", along with its group";
    struct oom_kill kill = {.pid = some(UINT64_MAX),
                            .anon_rss_bytes = some(UINT64_MAX),
                            .file_rss_bytes = some(0),
                            .limit_bytes = some(UINT64_MAX),
                            .group_kill = true};
    struct event event;
    (void)state;

    memset(kill.comm, 'n', sizeof(kill.comm) - 1);
    memset(kill.cgroup, 'c', sizeof(kill.cgroup) - 1);
    memset(kill.limit_cgroup, 'l', sizeof(kill.limit_cgroup) - 1);
    for (size_t i = 0; i < COUNT_OF(constraints); i++) {
        kill.constraint = constraints[i];
        memset(&event, 0xee, sizeof(event));
        oom_event_named(&event, &kill, wall_ns);
        const char *zero = memchr(event.message, '\0', EVENT_MESSAGE_MAX);
        assert_non_null(zero);
        assert_string_equal(zero - strlen(end), end); /* nothing was cut off */
        assert_non_null(strstr(event.message, kill.comm));
        assert_non_null(strstr(event.message, kill.cgroup));
        assert_int_equal(strstr(event.message, kill.limit_cgroup) != NULL,
                         constraints[i] == OOM_CONSTRAINT_MEMCG);
    }
}

static void unnamed_is(uint64_t counted, uint64_t named, uint64_t kills, const char *expected)
{
    struct event event;

    memset(&event, 0xee, sizeof(event));
    oom_event_unnamed(&event, counted, named, wall_ns);
    assert_string_equal(event.message, expected);
    assert_true(event.kills == kills);
    assert_null(event.kill);
    assert_int_equal(event.kind, EVENT_OOM_KILL);
    assert_int_equal(event.severity, SEVERITY_CRITICAL);
    assert_true(event.wall_ns == wall_ns);
    assert_false(event.colors_row);
}

static void kills_without_a_name(void **state)
{
    (void)state;
    unnamed_is(1, 0, 1, DETECTED);
    unnamed_is(3, 0, 3, DETECTED " (3 kills)");
    unnamed_is(3, 1, 2, DETECTED " (3 kills, 1 named)");
    unnamed_is(2, 1, 1, DETECTED " (2 kills, 1 named)");
    unnamed_is(UINT64_MAX, UINT64_MAX - 1, 1,
               DETECTED " (18446744073709551615 kills, 18446744073709551614 named)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_at_the_ends_of_a_name_are_seen),
        cmocka_unit_test(a_victim_of_a_limit_further_up),
        cmocka_unit_test(a_victim_of_its_own_groups_limit),
        cmocka_unit_test(a_victim_of_a_limit_that_is_not_known),
        cmocka_unit_test(other_constraints),
        cmocka_unit_test(what_is_not_known_is_not_said),
        cmocka_unit_test(the_longest_possible_values_fit_and_are_terminated),
        cmocka_unit_test(kills_without_a_name),
    };
    return cmocka_run_group_tests_name("oom_event", tests, NULL, NULL);
}
