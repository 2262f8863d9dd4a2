#include "kernel/cgroup.h"
#include "kernel/cgroup_account.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of a job with 16 MiB in a 6.12 kernel that read a file of 60 MiB twice, and was killed; what is between
 * left out. */
static const char v2_stat[] = "anon 4096\n"
                              "file 20480\n"
                              "kernel 172032\n"
                              "file_mapped 0\n"
                              "inactive_anon 0\n"
                              "workingset_refault_anon 12\n"
                              "workingset_refault_file 30727\n"
                              "workingset_activate_anon 0\n"
                              "workingset_activate_file 30727\n"
                              "pgfault 4451\n"
                              "pgmajfault 3\n";

/* Of 6.18; what is between left out. */
static const char v1_stat[] = "cache 1\n"
                              "rss 2\n"
                              "workingset_refault_anon 3\n"
                              "workingset_refault_file 4\n"
                              "hierarchical_memory_limit 33554432\n"
                              "total_cache 1011437568\n"
                              "total_rss 6316032\n"
                              "total_rss_huge 0\n"
                              "total_workingset_refault_anon 21\n"
                              "total_workingset_refault_file 597832\n"
                              "total_swap 32768\n"
                              "total_pgfault 7935\n"
                              "total_pgmajfault 5\n";

static const char memory_pressure[] = "some avg10=1.26 avg60=0.22 avg300=0.04 total=390890\n"
                                      "full avg10=1.26 avg60=0.22 avg300=0.04 total=390880\n";
static const char io_pressure[] = "some avg10=0.00 avg60=0.00 avg300=0.00 total=21793\n"
                                  "full avg10=0.00 avg60=0.00 avg300=0.00 total=21783\n";
static const char cpu_pressure[] = "some avg10=2.53 avg60=0.45 avg300=0.09 total=347512\n"
                                   "full avg10=2.53 avg60=0.45 avg300=0.09 total=342125\n";
static const char cpu_stat[] = "usage_usec 3170731\nuser_usec 89088\nsystem_usec 3081643\nnice_usec 0\n"
                               "nr_periods 0\nnr_throttled 0\nthrottled_usec 0\nnr_bursts 0\nburst_usec 0\n";

#define assert_no_value(value) assert_false((value).present)

typedef void parse_text(const char *bytes, size_t length, struct cgroup_account *account);

/* From one in which everything is 7. */
static struct cgroup_account parsed(parse_text *parse, const char *text)
{
    struct cgroup_account account = {.memory = {.usage_bytes = some(7)},
                                     .peak_bytes = some(7),
                                     .refaults_file = some(7),
                                     .refaults_anon = some(7),
                                     .anon_bytes = some(7),
                                     .file_bytes = some(7),
                                     .io_some_stall_us = some(7),
                                     .io_full_stall_us = some(7),
                                     .cpu_some_stall_us = some(7),
                                     .cpu_us = some(7)};

    parse(text, strlen(text), &account);
    return account;
}

static void the_stat_of_version_2(void **state)
{
    struct cgroup_account account = parsed(cgroup_account_parse_stat_v2, v2_stat);
    (void)state;

    assert_value(account.anon_bytes, 4096);
    assert_value(account.file_bytes, 20480);
    assert_value(account.refaults_anon, 12);
    assert_value(account.refaults_file, 30727);
    assert_value(account.peak_bytes, 7); /* others are left alone */
    assert_value(account.memory.usage_bytes, 7);
}

static void refaults_before_5_9(void **state)
{
    struct cgroup_account account =
        parsed(cgroup_account_parse_stat_v2, "anon 1\nworkingset_refault 5\nworkingset_activate 6\n");
    (void)state;

    assert_value(account.refaults_file, 5);
    assert_no_value(account.refaults_anon);
    assert_no_value(account.file_bytes);
}

static void the_stat_of_version_1(void **state)
{
    struct cgroup_account account = parsed(cgroup_account_parse_stat_v1, v1_stat);
    (void)state;

    assert_value(account.anon_bytes, 6316032);
    assert_value(account.file_bytes, 1011437568);
    assert_value(account.refaults_anon, 21);
    assert_value(account.refaults_file, 597832);
    assert_value(account.cpu_us, 7);
    assert_no_value(parsed(cgroup_account_parse_stat_v1, v2_stat).anon_bytes);
}

static void stalls_and_processor_time(void **state)
{
    struct cgroup_account account = parsed(cgroup_account_parse_io_pressure, io_pressure);
    (void)state;

    assert_value(account.io_some_stall_us, 21793);
    assert_value(account.io_full_stall_us, 21783);
    assert_value(account.cpu_some_stall_us, 7);
    account = parsed(cgroup_account_parse_cpu_pressure, cpu_pressure);
    assert_value(account.cpu_some_stall_us, 347512);
    assert_value(account.io_some_stall_us, 7);
    assert_value(parsed(cgroup_account_parse_cpu_stat, cpu_stat).cpu_us, 3170731);
    assert_no_value(parsed(cgroup_account_parse_cpu_stat, "user_usec 5\n").cpu_us);
}

static void put_stalls(const struct folder *folder, const char *below)
{
    char name[64];

    snprintf(name, sizeof(name), "%smemory.pressure", below);
    folder_put(folder, name, memory_pressure);
    snprintf(name, sizeof(name), "%sio.pressure", below);
    folder_put(folder, name, io_pressure);
    snprintf(name, sizeof(name), "%scpu.pressure", below);
    folder_put(folder, name, cpu_pressure);
    snprintf(name, sizeof(name), "%scpu.stat", below);
    folder_put(folder, name, cpu_stat);
}

static void check_stalls(const struct cgroup_account *account)
{
    assert_value(account->memory.some_stall_us, 390890);
    assert_value(account->memory.full_stall_us, 390880);
    assert_value(account->io_some_stall_us, 21793);
    assert_value(account->io_full_stall_us, 21783);
    assert_value(account->cpu_some_stall_us, 347512);
    assert_value(account->cpu_us, 3170731);
}

static void check_no_stalls(const struct cgroup_account *account)
{
    assert_no_value(account->memory.some_stall_us);
    assert_no_value(account->memory.full_stall_us);
    assert_no_value(account->io_some_stall_us);
    assert_no_value(account->io_full_stall_us);
    assert_no_value(account->cpu_some_stall_us);
    assert_no_value(account->cpu_us);
}

static void a_group_of_version_2(void **state)
{
    struct cgroup_account account;
    int fd = folder_fd(*state);

    folder_put(*state, "memory.stat", v2_stat);
    folder_put(*state, "memory.peak", "16777216\n");
    folder_put(*state, "memory.current", "192512\n");
    folder_put(*state, "memory.max", "16777216\n");
    folder_put(*state, "memory.events", "low 0\nhigh 0\nmax 741\noom 1\noom_kill 1\noom_group_kill 0\n");
    put_stalls(*state, "");
    assert_int_equal(cgroup_account_read(fd, CGROUP_V2, fd, &account), 0);
    assert_value(account.peak_bytes, 16777216);
    assert_value(account.memory.usage_bytes, 192512);
    assert_value(account.memory.limit_bytes, 16777216);
    assert_value(account.memory.kills, 1);
    assert_value(account.memory.minor_faults, 4448);
    assert_value(account.memory.major_faults, 3);
    assert_value(account.refaults_file, 30727);
    assert_value(account.anon_bytes, 4096);
    check_stalls(&account);
    folder_delete(*state, "memory.peak"); /* before 5.19 */
    assert_int_equal(cgroup_account_read(fd, CGROUP_V2, fd, &account), 0);
    assert_no_value(account.peak_bytes);
    close(fd);
}

static void a_group_of_version_1_with_one_for_the_stalls(void **state)
{
    struct cgroup_account account;
    int fd = folder_fd(*state);

    folder_put(*state, "memory.stat", v1_stat);
    folder_put(*state, "memory.max_usage_in_bytes", "32423936\n");
    folder_put(*state, "memory.usage_in_bytes", "446464\n");
    folder_put(*state, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    put_stalls(*state, "unified/");
    assert_int_equal(cgroup_account_read(fd, CGROUP_V1, -1, &account), 0);
    assert_value(account.peak_bytes, 32423936);
    assert_value(account.memory.usage_bytes, 446464);
    assert_value(account.memory.limit_bytes, 33554432);
    assert_value(account.memory.kills, 2);
    assert_value(account.file_bytes, 1011437568);
    assert_value(account.refaults_anon, 21);
    check_no_stalls(&account);
    int stall_fd = openat(fd, "unified", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(cgroup_account_read(fd, CGROUP_V1, stall_fd, &account), 0);
    check_stalls(&account);
    assert_value(account.memory.major_faults, 5);
    close(stall_fd);
    close(fd);
}

static void what_is_no_group(void **state)
{
    static const struct cgroup_account absent;
    struct cgroup_account account;
    int fd = folder_fd(*state);

    put_stalls(*state, "");
    assert_int_equal(cgroup_account_read(fd, CGROUP_V1, fd, &account), -ENOENT);
    assert_memory_equal(&account, &absent, sizeof(account));
    assert_int_equal(cgroup_account_read(fd, 3, fd, &account), -EINVAL);
    assert_memory_equal(&account, &absent, sizeof(account));
    close(fd);
    assert_int_equal(cgroup_account_read(-1, CGROUP_V2, -1, &account), -EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stat_of_version_2),
        cmocka_unit_test(refaults_before_5_9),
        cmocka_unit_test(the_stat_of_version_1),
        cmocka_unit_test(stalls_and_processor_time),
        unit_test_in_folder(a_group_of_version_2),
        unit_test_in_folder(a_group_of_version_1_with_one_for_the_stalls),
        unit_test_in_folder(what_is_no_group),
    };
    return cmocka_run_group_tests_name("cgroup_account", tests, NULL, NULL);
}
