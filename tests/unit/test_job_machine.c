#include "job/machine.h"
#include "support.h"

#include <unistd.h>

static double pages(double count)
{
    return count * (double)sysconf(_SC_PAGESIZE);
}

static struct job_account of_machine(void)
{
    return (
        struct job_account){.stalls = {true, 1, 2, 3, 4, 5}, .refaults = {true, 6, 7, 8}, .memory_bytes = 9};
}

static void what_the_cgroup_says_takes_the_machines_place(void **state)
{
    const struct cgroup_account first = {
        .memory = {.some_stall_us = some(1000000), .full_stall_us = some(0)},
        .refaults_file = some(10),
        .refaults_anon = some(1),
        .io_some_stall_us = some(500000),
        .io_full_stall_us = some(1),
        .cpu_some_stall_us = some(0),
    };
    const struct cgroup_account now = {
        .memory = {.some_stall_us = some(3500000),
                   .full_stall_us = some(250000),
                   .limit_bytes = some(1 << 30)},
        .refaults_file = some(110),
        .refaults_anon = some(4),
        .io_some_stall_us = some(1500000),
        .io_full_stall_us = some(1000001),
        .cpu_some_stall_us = some(7),
    };
    struct job_account account = of_machine();
    (void)state;

    job_machine_give_way(&account, &first, &now);
    assert_false(account.stalls.of_machine);
    assert_near(account.stalls.cpu_some, 0.000007);
    assert_near(account.stalls.memory_some, 2.5);
    assert_near(account.stalls.memory_full, 0.25);
    assert_near(account.stalls.io_some, 1);
    assert_near(account.stalls.io_full, 1);
    assert_false(account.refaults.of_machine);
    assert_near(account.refaults.file_bytes, pages(100));
    assert_near(account.refaults.swap_bytes, pages(3));
    assert_near(account.refaults.machine_read_bytes, 8); /* which stays */
    assert_near(account.memory_bytes, 1 << 30);
}

static void what_it_does_not_say_stays_the_machines(void **state)
{
    const struct cgroup_account none = {.memory.usage_bytes = some(1)};
    struct job_account account = of_machine();
    (void)state;

    job_machine_give_way(&account, &none, &none);
    assert_true(account.stalls.of_machine && account.refaults.of_machine);
    assert_near(account.stalls.io_full, 5);
    assert_near(account.refaults.swap_bytes, 7);
    assert_near(account.memory_bytes, 9);
}

static void parts_of_it_are_absent(void **state)
{
    const struct cgroup_account first = {.refaults_file = some(100), .io_some_stall_us = some(5)};
    const struct cgroup_account now = {.refaults_file = some(99), /* it went back */
                                       .io_some_stall_us = some(5),
                                       .cpu_some_stall_us = some(1000000)};
    struct job_account account = of_machine();
    (void)state;

    job_machine_give_way(&account, &first, &now);
    assert_absent(account.refaults.file_bytes);
    assert_absent(account.refaults.swap_bytes);
    assert_near(account.stalls.io_some, 0);
    assert_near(account.stalls.cpu_some, 1); /* from zero where it was not read at first */
    assert_absent(account.stalls.memory_some);
    assert_absent(account.stalls.memory_full);
    assert_absent(account.stalls.io_full);
}

static void the_machine_itself(void **state)
{
    struct job_machine machine = {{0}};
    struct job_account account = {.seconds = 1};
    (void)state;

    job_machine_free(&machine); /* of a zeroed one nothing becomes */
    assert_int_equal(job_machine_begin(&machine), 0);
    usleep(50000);
    job_machine_end(&machine, &account);
    assert_true(account.stalls.of_machine && account.refaults.of_machine);
    double total = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    assert_within(account.memory_bytes, total, 0.01);
    assert_true(
        isnan(account.stalls.memory_full) ||
        (account.stalls.memory_full >= 0 && account.stalls.memory_full <= account.stalls.memory_some));
    assert_true(isnan(account.refaults.file_bytes) || account.refaults.file_bytes >= 0);
    job_machine_free(&machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_cgroup_says_takes_the_machines_place),
        cmocka_unit_test(what_it_does_not_say_stays_the_machines),
        cmocka_unit_test(parts_of_it_are_absent),
        cmocka_unit_test(the_machine_itself),
    };
    return cmocka_run_group_tests_name("job_machine", tests, NULL, NULL);
}
