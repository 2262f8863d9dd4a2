#include "kernel/cgroup.h"
#include "kernel/cgroup_memory.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* All keys of a 6.12 kernel, in its order. */
static const char v2_stat[] = "anon 22024192\n"
                              "file 31854592\n"
                              "kernel 2629632\n"
                              "kernel_stack 98304\n"
                              "pagetables 331776\n"
                              "sec_pagetables 0\n"
                              "percpu 3456\n"
                              "sock 0\n"
                              "vmalloc 0\n"
                              "shmem 65536\n"
                              "zswap 0\n"
                              "zswapped 0\n"
                              "file_mapped 9056256\n"
                              "file_dirty 4096\n"
                              "file_writeback 0\n"
                              "swapcached 8192\n"
                              "anon_thp 2097152\n"
                              "file_thp 0\n"
                              "shmem_thp 0\n"
                              "inactive_anon 3969024\n"
                              "active_anon 18128896\n"
                              "inactive_file 21635072\n"
                              "active_file 10153984\n"
                              "unevictable 0\n"
                              "slab_reclaimable 1503232\n"
                              "slab_unreclaimable 590848\n"
                              "slab 2094080\n"
                              "workingset_refault_anon 12\n"
                              "workingset_refault_file 41336\n"
                              "workingset_activate_anon 3\n"
                              "workingset_activate_file 26689\n"
                              "workingset_restore_anon 1\n"
                              "workingset_restore_file 319\n"
                              "workingset_nodereclaim 0\n"
                              "pgdemote_kswapd 0\n"
                              "pgdemote_direct 0\n"
                              "pgdemote_khugepaged 0\n"
                              "pgscan 46044\n"
                              "pgsteal 41424\n"
                              "pgscan_kswapd 0\n"
                              "pgscan_direct 46044\n"
                              "pgscan_khugepaged 0\n"
                              "pgsteal_kswapd 0\n"
                              "pgsteal_direct 41424\n"
                              "pgsteal_khugepaged 0\n"
                              "pgfault 119394\n"
                              "pgmajfault 9937\n"
                              "pgrefill 56643\n"
                              "pgactivate 34644\n"
                              "pgdeactivate 0\n"
                              "pglazyfree 0\n"
                              "pglazyfreed 0\n"
                              "swpin_zero 0\n"
                              "swpout_zero 0\n"
                              "zswpin 0\n"
                              "zswpout 0\n"
                              "zswpwb 0\n"
                              "thp_fault_alloc 1\n"
                              "thp_collapse_alloc 0\n"
                              "thp_swpout 0\n"
                              "thp_swpout_fallback 0\n";

/* As a 6.18 kernel gives it; LIMIT of a group without one is 9223372036854771712. */
#define V1_STAT(limit)                                                                                       \
    "cache 20422656\nrss 3325952\nrss_huge 0\nshmem 9166848\nmapped_file 7749632\ndirty 16384\n"             \
    "writeback 0\nworkingset_refault_anon 0\nworkingset_refault_file 409\nswap 20480\nswapcached 0\n"        \
    "pgpgin 42905\npgpgout 39560\npgfault 82470\npgmajfault 5\ninactive_anon 0\nactive_anon 1531904\n"       \
    "inactive_file 10825728\nactive_file 430080\nunevictable 10960896\nhierarchical_memory_limit " limit     \
    "\nhierarchical_memsw_limit 9223372036854771712\ntotal_cache 1011437568\ntotal_rss 6316032\n"            \
    "total_rss_huge 0\ntotal_shmem 9166848\ntotal_mapped_file 11116544\ntotal_dirty 372736\n"                \
    "total_writeback 0\ntotal_workingset_refault_anon 0\ntotal_workingset_refault_file 597832\n"             \
    "total_swap 32768\ntotal_swapcached 0\ntotal_pgpgin 284089709\ntotal_pgpgout 283863719\n"                \
    "total_pgfault 217607046\ntotal_pgmajfault 290571\ntotal_inactive_anon 2867200\n"                        \
    "total_active_anon 1552384\ntotal_inactive_file 571498496\ntotal_active_file 430772224\n"                \
    "total_unevictable 10960896\n"

static const char pressure[] = "some avg10=0.00 avg60=0.12 avg300=0.05 total=18381228\n"
                               "full avg10=0.00 avg60=0.10 avg300=0.04 total=11490924\n";

/* All absent, as assert_absent() is for figures. */
#define assert_no_value(value) assert_false((value).present)

static const struct cgroup_memory filled = {
    .minor_faults = {1, true},
    .major_faults = {2, true},
    .some_stall_us = {3, true},
    .full_stall_us = {4, true},
    .usage_bytes = {5, true},
    .limit_bytes = {6, true},
    .swap_bytes = {7, true},
    .kills = {8, true},
};

typedef void parse_text(const char *bytes, size_t length, struct cgroup_memory *memory);

static struct cgroup_memory parsed(parse_text *parse, const char *text)
{
    struct cgroup_memory memory = filled;

    parse(text, strlen(text), &memory);
    return memory;
}

static void the_stat_of_version_2(void **state)
{
    struct cgroup_memory memory = parsed(cgroup_memory_parse_stat_v2, v2_stat);
    (void)state;

    assert_value(memory.minor_faults, 119394 - 9937);
    assert_value(memory.major_faults, 9937);
    assert_value(memory.some_stall_us, 3); /* others are left alone */
    assert_value(memory.swap_bytes, 7);
    assert_value(memory.limit_bytes, 6);
}

static void the_stat_of_version_1(void **state)
{
    struct cgroup_memory memory = parsed(cgroup_memory_parse_stat_v1, V1_STAT("1048576"));
    (void)state;

    assert_value(memory.minor_faults, 217607046 - 290571);
    assert_value(memory.major_faults, 290571);
    assert_value(memory.swap_bytes, 32768);
    assert_value(memory.limit_bytes, 1048576);
    assert_value(memory.usage_bytes, 5);
    assert_value(memory.kills, 8);
}

static void no_limit_is_absent(void **state)
{
    (void)state;
    assert_no_value(parsed(cgroup_memory_parse_stat_v1, V1_STAT("9223372036854771712")).limit_bytes);
    assert_no_value(
        parsed(cgroup_memory_parse_stat_v1, V1_STAT("9223372036854710272")).limit_bytes); /* 64K */
    assert_no_value(parsed(cgroup_memory_parse_stat_v1, V1_STAT("9223372036854775807")).limit_bytes);
    assert_no_value(parsed(cgroup_memory_parse_stat_v1, V1_STAT("18446744073709551615")).limit_bytes);
    assert_no_value(parsed(cgroup_memory_parse_stat_v1, V1_STAT("18446744073709551616")).limit_bytes);
    assert_value(parsed(cgroup_memory_parse_stat_v1, V1_STAT("1099511627776")).limit_bytes, UINT64_C(1)
                                                                                                << 40);
    assert_value(parsed(cgroup_memory_parse_stat_v1, V1_STAT("0")).limit_bytes, 0);
}

static void fewer_faults_than_major_ones(void **state)
{
    struct cgroup_memory memory = parsed(cgroup_memory_parse_stat_v2, "pgfault 6\npgmajfault 7\n");
    (void)state;

    assert_no_value(memory.minor_faults);
    assert_value(memory.major_faults, 7);
    assert_value(parsed(cgroup_memory_parse_stat_v2, "pgmajfault 7\npgfault 7\n").minor_faults, 0);
}

static void keys_that_are_missing(void **state)
{
    struct cgroup_memory memory = parsed(cgroup_memory_parse_stat_v2, "anon 5\npgmajfault 7\nfile 6\n");
    (void)state;

    assert_no_value(memory.minor_faults);
    assert_value(memory.major_faults, 7);
    memory = parsed(cgroup_memory_parse_stat_v2, "pgfault 7\n");
    assert_no_value(memory.minor_faults);
    assert_no_value(memory.major_faults);
    memory = parsed(cgroup_memory_parse_stat_v2, "");
    assert_no_value(memory.minor_faults);
    assert_no_value(memory.major_faults);
    memory = parsed(cgroup_memory_parse_stat_v1, v2_stat); /* no total_ there */
    assert_no_value(memory.minor_faults);
    assert_no_value(memory.major_faults);
    assert_no_value(memory.swap_bytes);
    assert_no_value(memory.limit_bytes);
}

static void of_lines_with_the_same_key_the_first_counts(void **state)
{
    struct cgroup_memory memory =
        parsed(cgroup_memory_parse_stat_v2, "pgfault 9\npgmajfault 4\npgfault 90\npgmajfault 40\n");
    (void)state;

    assert_value(memory.minor_faults, 5);
    assert_value(memory.major_faults, 4);
    memory = parsed(cgroup_memory_parse_stat_v2, "pgfault rubbish\npgmajfault 4\npgfault 90\n");
    assert_no_value(memory.minor_faults);
    assert_value(memory.major_faults, 4);
}

static void rubbish_is_absent(void **state)
{
    static const char *const rubbish[] = {
        "pgfault -9\npgmajfault -4\n",
        "pgfault\npgmajfault\n",
        "pgfault \npgmajfault \n9\n",
        "pgfault 9x\npgmajfault 0x4\n",
        "pgfault\t9\npgmajfault\t4\n",
        "pgfault 18446744073709551616\npgmajfault 99999999999999999999999999\n",
        " pgfault 9\n pgmajfault 4\n",
        "xpgfault 9\nxpgmajfault 4\n",
        "pgfaults 9\npgmajfaults 4\n",
        "pgfault 9", /* may be cut short */
        "\n\n\n",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rubbish); i++) {
        struct cgroup_memory memory = parsed(cgroup_memory_parse_stat_v2, rubbish[i]);
        assert_no_value(memory.minor_faults);
        assert_no_value(memory.major_faults);
    }
    static const char zeros[] = "pgfault 9\0\npgmajfault\0004\n";
    struct cgroup_memory memory = filled;
    cgroup_memory_parse_stat_v2(zeros, sizeof(zeros) - 1, &memory);
    assert_no_value(memory.minor_faults);
    assert_no_value(memory.major_faults);
}

/* Wherever it ends, a number is the whole one or none. */
static void a_text_that_is_cut_short(void **state)
{
    (void)state;
    for (size_t length = 0; length < sizeof(v2_stat); length++) {
        struct cgroup_memory memory = filled;
        cgroup_memory_parse_stat_v2(v2_stat, length, &memory);
        if (memory.major_faults.present)
            assert_value(memory.major_faults, 9937);
        if (memory.minor_faults.present)
            assert_value(memory.minor_faults, 119394 - 9937);
    }
}

static void pressure_in_microseconds(void **state)
{
    struct cgroup_memory memory = parsed(cgroup_memory_parse_pressure, pressure);
    (void)state;

    assert_value(memory.some_stall_us, 18381228);
    assert_value(memory.full_stall_us, 11490924);
    assert_value(memory.minor_faults, 1);
    memory = parsed(cgroup_memory_parse_pressure, "full avg10=0.00 total=5\nfull avg10=0.00 total=6\n");
    assert_no_value(memory.some_stall_us);
    assert_value(memory.full_stall_us, 5);
    memory = parsed(cgroup_memory_parse_pressure, "some total 5\nfull avg10=1.00 total=x\n");
    assert_no_value(memory.some_stall_us);
    assert_no_value(memory.full_stall_us);
    memory = parsed(cgroup_memory_parse_pressure, "some avg10=0.00\nfull avg10=0.00 total=7\n");
    assert_no_value(memory.some_stall_us); /* which is not that of the next line */
    assert_value(memory.full_stall_us, 7);
}

static void kills_of_both_versions(void **state)
{
    static const char events[] = "low 0\nhigh 5\nmax 311\noom 4\noom_kill 3\noom_group_kill 1\n";
    (void)state;

    assert_value(parsed(cgroup_memory_parse_kills, events).kills, 3);
    assert_value(parsed(cgroup_memory_parse_kills, "oom_kill_disable 1\nunder_oom 0\noom_kill 21\n").kills,
                 21);
    assert_no_value(parsed(cgroup_memory_parse_kills, "oom_kill_disable 1\nunder_oom 0\n").kills);
}

static void amounts(void **state)
{
    (void)state;
    assert_value(cgroup_memory_amount("57991168\n", 9), 57991168);
    assert_value(cgroup_memory_amount("0\n", 2), 0);
    assert_value(cgroup_memory_amount("18446744073709551615\n", 21), UINT64_MAX);
    assert_no_value(cgroup_memory_amount("18446744073709551616\n", 21));
    assert_no_value(cgroup_memory_amount("max\n", 4));
    assert_no_value(cgroup_memory_amount("57991168", 8));
    assert_no_value(cgroup_memory_amount("", 0));
    assert_no_value(cgroup_memory_amount("\n5\n", 3));
    assert_no_value(cgroup_memory_amount("-1\n", 3));
}

static struct cgroup_memory read_group(const struct folder *folder, int version, int expected)
{
    struct cgroup_memory memory = filled;
    int fd = folder_fd(folder);

    assert_int_equal(cgroup_memory_read(fd, version, &memory), expected);
    close(fd);
    return memory;
}

static void a_group_of_version_2(void **state)
{
    folder_put(*state, "memory.stat", v2_stat);
    folder_put(*state, "memory.events", "low 0\nhigh 5\nmax 311\noom 4\noom_kill 3\noom_group_kill 1\n");
    folder_put(*state, "memory.pressure", pressure);
    folder_put(*state, "memory.current", "57991168\n");
    folder_put(*state, "memory.max", "67108864\n");
    folder_put(*state, "memory.swap.current", "8192\n");
    struct cgroup_memory memory = read_group(*state, CGROUP_V2, 0);
    assert_value(memory.minor_faults, 109457);
    assert_value(memory.major_faults, 9937);
    assert_value(memory.some_stall_us, 18381228);
    assert_value(memory.full_stall_us, 11490924);
    assert_value(memory.usage_bytes, 57991168);
    assert_value(memory.limit_bytes, 67108864);
    assert_value(memory.swap_bytes, 8192);
    assert_value(memory.kills, 3);
    folder_put(*state, "memory.max", "max\n");
    assert_no_value(read_group(*state, CGROUP_V2, 0).limit_bytes);
}

static void the_root_of_version_2(void **state)
{
    folder_put(*state, "memory.stat", v2_stat);
    folder_put(*state, "memory.pressure", pressure);
    struct cgroup_memory memory = read_group(*state, CGROUP_V2, 0);
    assert_value(memory.major_faults, 9937);
    assert_value(memory.full_stall_us, 11490924);
    assert_no_value(memory.usage_bytes);
    assert_no_value(memory.limit_bytes);
    assert_no_value(memory.swap_bytes);
    assert_no_value(memory.kills);
}

static void a_group_of_version_1(void **state)
{
    folder_put(*state, "memory.stat", V1_STAT("1048576"));
    folder_put(*state, "memory.usage_in_bytes", "1017831424\n");
    folder_put(*state, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    folder_put(*state, "memory.pressure", pressure); /* which v1 does not have */
    struct cgroup_memory memory = read_group(*state, CGROUP_V1, 0);
    assert_value(memory.minor_faults, 217316475);
    assert_value(memory.major_faults, 290571);
    assert_value(memory.usage_bytes, 1017831424);
    assert_value(memory.limit_bytes, 1048576);
    assert_value(memory.swap_bytes, 32768);
    assert_value(memory.kills, 2);
    assert_no_value(memory.some_stall_us);
    assert_no_value(memory.full_stall_us);
}

static void check_all_absent(struct cgroup_memory memory)
{
    static const struct cgroup_memory absent;
    assert_memory_equal(&memory, &absent, sizeof(memory));
}

static void what_is_no_group(void **state)
{
    struct cgroup_memory memory = filled;

    check_all_absent(read_group(*state, CGROUP_V1, -ENOENT));
    check_all_absent(read_group(*state, CGROUP_V2, -ENOENT));
    check_all_absent(read_group(*state, 0, -EINVAL));
    check_all_absent(read_group(*state, 3, -EINVAL));
    check_all_absent(read_group(*state, -1, -EINVAL));
    assert_int_equal(cgroup_memory_read(-1, CGROUP_V1, &memory), -EBADF);
    check_all_absent(memory);
    assert_true(cgroup_memory_is_gone(-ENOENT));
    assert_true(cgroup_memory_is_gone(-ENODEV));
    assert_false(cgroup_memory_is_gone(-EBADF));
    assert_false(cgroup_memory_is_gone(0));
}

/* Folders can be opened as files can, but not be read. */
static void files_that_cannot_be_read(void **state)
{
    folder_put(*state, "memory.oom_control/x", "");
    check_all_absent(read_group(*state, CGROUP_V1, -EISDIR));
    folder_put(*state, "memory.stat/x", "");
    check_all_absent(read_group(*state, CGROUP_V1, -EISDIR));
    folder_put(*state, "memory.usage_in_bytes", "5\n");
    struct cgroup_memory memory = read_group(*state, CGROUP_V1, 0);
    assert_value(memory.usage_bytes, 5);
    assert_no_value(memory.major_faults);
    assert_no_value(memory.kills);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stat_of_version_2),
        cmocka_unit_test(the_stat_of_version_1),
        cmocka_unit_test(no_limit_is_absent),
        cmocka_unit_test(fewer_faults_than_major_ones),
        cmocka_unit_test(keys_that_are_missing),
        cmocka_unit_test(of_lines_with_the_same_key_the_first_counts),
        cmocka_unit_test(rubbish_is_absent),
        cmocka_unit_test(a_text_that_is_cut_short),
        cmocka_unit_test(pressure_in_microseconds),
        cmocka_unit_test(kills_of_both_versions),
        cmocka_unit_test(amounts),
        unit_test_in_folder(a_group_of_version_2),
        unit_test_in_folder(the_root_of_version_2),
        unit_test_in_folder(a_group_of_version_1),
        unit_test_in_folder(what_is_no_group),
        unit_test_in_folder(files_that_cannot_be_read),
    };
    return cmocka_run_group_tests_name("cgroup_memory", tests, NULL, NULL);
}
