#include "metric/process_groups.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stand before the memory that groups ask for, to count how often they do, and to refuse it. */
static unsigned allocations;
static bool no_rows, no_slots;

void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void *__real_memory_new(size_t size);
void *__wrap_memory_new(size_t size);

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
    allocations++;
    return no_rows ? NULL : __real_reallocarray(memory, count, size);
}

void *__wrap_memory_new(size_t size)
{
    allocations++;
    return no_slots ? NULL : __real_memory_new(size);
}

static struct top_row process(const char *comm, uint64_t uid)
{
    struct top_row row = {.processes = 1, .uid = {uid, true}, .cgroup = "/its/own", .pid = 7, .ended = true};

    snprintf(row.comm, sizeof(row.comm), "%s", comm);
    return row;
}

static void add(struct process_groups *groups, enum process_group group, struct top_row row)
{
    assert_int_equal(process_groups_add(groups, group, &row), 0);
}

static const struct top_row *group_named(const struct process_groups *groups, const char *comm)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (strcmp(groups->rows[i].comm, comm) == 0)
            return &groups->rows[i];
    }
    fail_msg("no group of %s", comm);
    abort(); /* which the compiler does not know of fail_msg() */
}

static void sums_of_those_with_the_same_name(void **state)
{
    struct process_groups groups = {0};
    struct top_row row = process("cc1", 1);
    (void)state;

    row.rss_bytes = some(100);
    row.swap_bytes = some(10);
    row.minor_faults_since = some(7);
    row.major_faults_since = some(3);
    add(&groups, PROCESS_GROUP_COMM, row);
    row.uid = some(2);
    row.rss_bytes = some(1000);
    row.minor_faults_since = some(70);
    add(&groups, PROCESS_GROUP_COMM, row);
    add(&groups, PROCESS_GROUP_COMM, process("cc", 1));
    assert_int_equal(groups.count, 2);
    const struct top_row *sums = group_named(&groups, "cc1");
    assert_int_equal(sums->processes, 2);
    assert_value(sums->rss_bytes, 1100);
    assert_value(sums->swap_bytes, 20);
    assert_value(sums->minor_faults_since, 77);
    assert_value(sums->major_faults_since, 6);
    /* What they do not have in common is not theirs. */
    assert_false(sums->uid.present);
    assert_string_equal(sums->cgroup, "");
    assert_int_equal(sums->pid, 0);
    assert_false(sums->ended);
    assert_int_equal(group_named(&groups, "cc")->processes, 1);
    process_groups_free(&groups);
}

static void sums_of_those_of_the_same_user(void **state)
{
    struct process_groups groups = {0};
    struct top_row row = process("cc1", 0);
    (void)state;

    row.minor_faults_since = some(5);
    add(&groups, PROCESS_GROUP_USER, row);
    row = process("other", 0);
    row.minor_faults_since = some(6);
    add(&groups, PROCESS_GROUP_USER, row);
    add(&groups, PROCESS_GROUP_USER, process("cc1", UINT32_MAX));
    assert_int_equal(groups.count, 2);
    assert_value(groups.rows[0].uid, 0);
    assert_string_equal(groups.rows[0].comm, "");
    assert_int_equal(groups.rows[0].processes, 2);
    assert_value(groups.rows[0].minor_faults_since, 11);
    assert_value(groups.rows[1].uid, UINT32_MAX);
    process_groups_free(&groups);
}

/* Whatever number stands where there is none. */
static void those_whose_user_is_not_known_are_one_group(void **state)
{
    struct process_groups groups = {0};
    struct top_row row = process("a", 0);
    (void)state;

    add(&groups, PROCESS_GROUP_USER, row);
    for (unsigned number = 0; number < 20; number++) {
        row.uid = (struct value){number, false};
        add(&groups, PROCESS_GROUP_USER, row);
    }
    assert_int_equal(groups.count, 2);
    assert_value(groups.rows[0].uid, 0);
    assert_int_equal(groups.rows[0].processes, 1);
    assert_false(groups.rows[1].uid.present);
    assert_int_equal(groups.rows[1].processes, 20);
    process_groups_free(&groups);
}

static void what_is_absent_adds_nothing(void **state)
{
    struct process_groups groups = {0};
    struct top_row row = process("a", 0);
    (void)state;

    row.swap_bytes = (struct value){99, false};
    add(&groups, PROCESS_GROUP_COMM, row);
    assert_false(groups.rows[0].rss_bytes.present);
    assert_false(groups.rows[0].minor_faults_since.present);
    row.swap_bytes = some(5);
    row.rss_bytes = some(0);
    add(&groups, PROCESS_GROUP_COMM, row);
    row.swap_bytes = (struct value){99, false};
    add(&groups, PROCESS_GROUP_COMM, row);
    assert_value(groups.rows[0].swap_bytes, 5); /* of those of whom it is known */
    assert_value(groups.rows[0].rss_bytes, 0);
    assert_false(groups.rows[0].major_faults_since.present);
    assert_int_equal(groups.rows[0].processes, 3);
    process_groups_free(&groups);
}

static void hostile_names(void **state)
{
    struct process_groups groups = {0};
    char longest[PROCESS_COMM_MAX];
    (void)state;

    memset(longest, 0xff, sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    for (int time = 0; time < 2; time++) {
        add(&groups, PROCESS_GROUP_COMM, process("", 0));
        add(&groups, PROCESS_GROUP_COMM, process("\n\x1b[31m", 0));
        add(&groups, PROCESS_GROUP_COMM, process(longest, 0));
    }
    assert_int_equal(groups.count, 3);
    assert_int_equal(group_named(&groups, "")->processes, 2);
    assert_int_equal(group_named(&groups, "\n\x1b[31m")->processes, 2);
    assert_int_equal(group_named(&groups, longest)->processes, 2);
    process_groups_free(&groups);
}

/* Room is made as they come, and is there the next time, by another thing as well. */
static void many_groups_again_and_again(void **state)
{
    enum { MANY = 5000 };
    struct process_groups groups = {0};
    char comm[PROCESS_COMM_MAX];
    (void)state;

    for (int time = 0; time < 4; time++) {
        const enum process_group group = time % 2 == 0 ? PROCESS_GROUP_COMM : PROCESS_GROUP_USER;
        allocations = 0;
        process_groups_clear(&groups);
        assert_int_equal(groups.count, 0);
        for (unsigned i = 0; i < 3 * MANY; i++) {
            snprintf(comm, sizeof(comm), "kworker/%u", i % MANY);
            struct top_row row = process(comm, i % MANY);
            row.minor_faults_since = some(i % MANY);
            add(&groups, group, row);
        }
        assert_int_equal(groups.count, MANY);
        for (unsigned i = 0; i < MANY; i++) {
            const struct top_row *sums = &groups.rows[i];
            snprintf(comm, sizeof(comm), "kworker/%u", i);
            if (group == PROCESS_GROUP_COMM)
                assert_string_equal(sums->comm, comm);
            else
                assert_value(sums->uid, i);
            assert_int_equal(sums->processes, 3);
            assert_value(sums->minor_faults_since, 3 * i);
        }
        if (time > 0)
            assert_int_equal(allocations, 0);
    }
    process_groups_free(&groups);
}

static void where_all_places_are_taken_only_a_new_group_needs_room(void **state)
{
    struct process_groups groups = {0};
    (void)state;

    process_groups_clear(&groups); /* of nothing */
    do
        add(&groups, PROCESS_GROUP_USER, process("", groups.count));
    while (groups.count < groups.room);
    allocations = 0;
    for (uint64_t uid = 0; uid < groups.count; uid++)
        add(&groups, PROCESS_GROUP_USER, process("", uid));
    assert_int_equal(allocations, 0);
    size_t count = groups.count;
    add(&groups, PROCESS_GROUP_USER, process("", groups.count));
    assert_int_equal(groups.count, count + 1);
    assert_true(allocations > 0);
    for (uint64_t uid = 0; uid < count; uid++)
        assert_int_equal(groups.rows[uid].processes, 2);
    process_groups_free(&groups);
}

static void without_memory(void **state)
{
    struct process_groups groups = {0};
    struct top_row row = process("a", 0);
    (void)state;

    for (int time = 0; time < 2; time++) {
        no_rows = time == 0;
        no_slots = time == 1;
        int error = process_groups_add(&groups, PROCESS_GROUP_COMM, &row);
        no_rows = no_slots = false;
        assert_int_equal(error, -ENOMEM);
        assert_int_equal(groups.count, 0);
    }
    add(&groups, PROCESS_GROUP_COMM, row);
    assert_int_equal(groups.count, 1);
    process_groups_free(&groups);
    assert_null(groups.rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_of_those_with_the_same_name),
        cmocka_unit_test(sums_of_those_of_the_same_user),
        cmocka_unit_test(those_whose_user_is_not_known_are_one_group),
        cmocka_unit_test(what_is_absent_adds_nothing),
        cmocka_unit_test(hostile_names),
        cmocka_unit_test(many_groups_again_and_again),
        cmocka_unit_test(where_all_places_are_taken_only_a_new_group_needs_room),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("process_groups", tests, NULL, NULL);
}
