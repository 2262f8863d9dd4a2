#include "metric/seen_processes.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>

/* Stands before the memory that a list asks for, to count how often it does, and to refuse it. */
static unsigned allocations;
static bool no_memory;

void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
    allocations++;
    return no_memory ? NULL : __real_reallocarray(memory, count, size);
}

static void add(struct seen_processes *seen, uint64_t pid)
{
    struct seen_process process = {.pid = pid, .start_ticks = 2 * pid, .minor_faults = 3 * pid};

    assert_int_equal(seen_processes_add(seen, &process), 0);
}

static void assert_there(struct seen_processes *seen, uint64_t pid)
{
    const struct seen_process *process = seen_processes_find(seen, pid);

    assert_non_null(process);
    assert_int_equal(process->pid, pid);
    assert_int_equal(process->start_ticks, 2 * pid);
    assert_int_equal(process->minor_faults, 3 * pid);
}

static void an_empty_one_has_nobody(void **state)
{
    struct seen_processes seen = {0};
    (void)state;

    assert_null(seen_processes_find(&seen, 0));
    assert_null(seen_processes_find(&seen, 1));
    seen_processes_clear(&seen);
    seen_processes_free(&seen);
}

static void in_whatever_order_they_come_they_stand_by_pid(void **state)
{
    enum { COUNT = 700 };
    struct seen_processes seen = {0};
    (void)state;

    for (uint64_t i = 0; i < COUNT; i++)
        add(&seen, 2 * (i * 37 % 701) + 1); /* each odd number once, in disorder */
    assert_int_equal(seen.count, COUNT);
    for (size_t i = 1; i < COUNT; i++)
        assert_true(seen.list[i - 1].pid < seen.list[i].pid);
    for (uint64_t i = 0; i < COUNT; i++) {
        assert_there(&seen, 2 * (i * 37 % 701) + 1);
        assert_null(seen_processes_find(&seen, 2 * i));
    }
    for (size_t i = COUNT; i > 0; i--)
        assert_there(&seen, seen.list[i - 1].pid);
    for (size_t i = 0; i < COUNT; i++)
        assert_there(&seen, seen.list[i].pid);
    assert_null(seen_processes_find(&seen, UINT64_MAX));
    seen_processes_free(&seen);
    assert_null(seen.list);
}

/* Those that come and go between two looks do not throw off the place of the next. */
static void looked_for_in_their_order(void **state)
{
    struct seen_processes seen = {0};
    (void)state;

    for (uint64_t pid = 10; pid <= 100; pid += 10)
        add(&seen, pid);
    for (uint64_t pid = 1; pid <= 110; pid++) {
        if (pid % 10 == 0 && pid <= 100)
            assert_there(&seen, pid);
        else
            assert_null(seen_processes_find(&seen, pid));
    }
    add(&seen, 5); /* in front of where the next one was */
    assert_there(&seen, 10);
    assert_there(&seen, 20);
    assert_there(&seen, 5);
    seen_processes_free(&seen);
}

static void cleared_ones_are_forgotten_and_their_memory_stays(void **state)
{
    struct seen_processes seen = {0};
    (void)state;

    assert_int_equal(seen_processes_reserve(&seen, 100), 0);
    allocations = 0;
    for (int time = 0; time < 2; time++) {
        for (uint64_t pid = 1; pid <= 100; pid++)
            add(&seen, pid);
        assert_there(&seen, 100);
        seen_processes_clear(&seen);
        assert_null(seen_processes_find(&seen, 100));
        assert_null(seen_processes_find(&seen, 1));
    }
    assert_int_equal(seen_processes_reserve(&seen, 100), 0);
    assert_int_equal(allocations, 0);
    seen_processes_free(&seen);
}

static void without_memory(void **state)
{
    struct seen_processes seen = {0};
    (void)state;

    add(&seen, 7);
    while (seen.count < seen.room)
        add(&seen, 7 + seen.count);
    size_t count = seen.count;
    no_memory = true;
    int added = seen_processes_add(&seen, &(struct seen_process){.pid = 1});
    int reserved = seen_processes_reserve(&seen, 1000);
    no_memory = false;
    assert_int_equal(added, -ENOMEM);
    assert_int_equal(reserved, -ENOMEM);
    assert_int_equal(seen.count, count);
    assert_there(&seen, 7);
    assert_null(seen_processes_find(&seen, 1));
    seen_processes_free(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_one_has_nobody),
        cmocka_unit_test(in_whatever_order_they_come_they_stand_by_pid),
        cmocka_unit_test(looked_for_in_their_order),
        cmocka_unit_test(cleared_ones_are_forgotten_and_their_memory_stays),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("seen_processes", tests, NULL, NULL);
}
