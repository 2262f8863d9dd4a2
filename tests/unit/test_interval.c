#include "metric/interval.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A machine whose /proc the test writes, and two looks at it. */
struct machine {
    struct folder folder;
    struct sampler *sampler;
    struct snapshot *before;
    struct snapshot *after;
    struct interval interval;
    bool open;
};

static int machine_setup(void **state)
{
    struct machine *machine = calloc(1, sizeof(*machine));

    if (!machine)
        return -1;
    folder_make(&machine->folder);
    machine->sampler = sampler_new();
    *state = machine;
    return machine->sampler ? 0 : -1;
}

static int machine_teardown(void **state)
{
    struct machine *machine = *state;

    interval_free(&machine->interval);
    free(machine->before);
    free(machine->after);
    sampler_free(machine->sampler);
    folder_remove(&machine->folder);
    free(machine);
    return 0;
}

static void want(struct machine *machine, enum metric_id id)
{
    assert_int_equal(sampler_want(machine->sampler, &metric_table[id], NULL), 0);
}

static void want_all(struct machine *machine)
{
    for (enum metric_id id = 0; id < METRIC_TABLE_SIZE; id++)
        want(machine, id);
}

static void put(struct machine *machine, const char *file, const char *text)
{
    folder_put(&machine->folder, file, text);
}

static void open_sampler(struct machine *machine)
{
    struct problem problem;

    assert_int_equal(sampler_open(machine->sampler, machine->folder.path, &problem), 0);
    assert_int_equal(interval_init(&machine->interval, machine->sampler), 0);
    machine->before = snapshot_new(machine->sampler);
    machine->after = snapshot_new(machine->sampler);
    machine->open = true;
}

/* Looks again, SECONDS after the last look whatever the clock says, and computes what was in between. */
static void look(struct machine *machine, double seconds)
{
    if (!machine->open)
        open_sampler(machine);
    struct snapshot *read = machine->before;
    sampler_read(machine->sampler, read);
    read->monotonic_ns = machine->after->monotonic_ns + (uint64_t)(seconds * 1e9);
    machine->before = machine->after;
    machine->after = read;
    interval_compute(&machine->interval, machine->sampler, machine->before, machine->after);
}

static double value(const struct machine *machine, size_t id)
{
    return machine->interval.values[id];
}

/* The value of ID over SECONDS in which FILE went from BEFORE to AFTER. */
static double between(struct machine *machine, enum metric_id id, double seconds, const char *file,
                      const char *before, const char *after)
{
    if (!machine->open)
        want(machine, id);
    put(machine, file, before);
    look(machine, 0);
    put(machine, file, after);
    look(machine, seconds);
    return value(machine, id);
}

static double major_faults(struct machine *machine, double seconds, const char *before, const char *after)
{
    return between(machine, M_major_faults_per_second, seconds, "vmstat", before, after);
}

static void a_rate_divides_by_the_measured_time(void **state)
{
    assert_near(major_faults(*state, 1, "pgmajfault 100\n", "pgmajfault 700\n"), 600);
    assert_near(major_faults(*state, 6, "pgmajfault 100\n", "pgmajfault 700\n"),
                100); /* after a stop of 5 s */
    assert_near(major_faults(*state, 0.1, "pgmajfault 100\n", "pgmajfault 700\n"), 6000);
    assert_near(major_faults(*state, 1.25, "pgmajfault 100\n", "pgmajfault 101\n"), 0.8);
    const struct machine *machine = *state;
    assert_near(machine->interval.seconds, 1.25);
}

static void time_is_that_of_the_end_and_the_wall_clock_may_step(void **state)
{
    struct machine *machine = *state;

    want(machine, M_major_faults_per_second);
    put(machine, "vmstat", "pgmajfault 100\n");
    look(machine, 0);
    put(machine, "vmstat", "pgmajfault 300\n");
    look(machine, 2);
    machine->after->wall_ns = 5000; /* an hour back, or a year */
    machine->before->wall_ns = 3600 * UINT64_C(1000000000);
    interval_compute(&machine->interval, machine->sampler, machine->before, machine->after);
    assert_near(value(machine, M_major_faults_per_second), 100);
    assert_near(machine->interval.seconds, 2);
    assert_true(machine->interval.wall_ns == 5000);
}

static void a_counter_that_steps_back_is_absent(void **state)
{
    assert_absent(major_faults(*state, 1, "pgmajfault 200\n", "pgmajfault 100\n"));
    assert_absent(major_faults(*state, 1, "pgmajfault 4294967295\n", "pgmajfault 0\n"));
    assert_absent(major_faults(*state, 1, "pgmajfault 1\n", "pgmajfault 0\n"));
    assert_near(major_faults(*state, 1, "pgmajfault 100\n", "pgmajfault 100\n"),
                0); /* to stand still is not to step back */
}

static void one_counter_of_a_sum_that_steps_back_makes_it_absent(void **state)
{
    assert_absent(between(*state, M_minor_faults_per_second, 1, "vmstat", "pgfault 100\npgmajfault 10\n",
                          "pgfault 500\npgmajfault 5\n"));
}

static void a_difference_above_2_to_the_32(void **state)
{
    assert_near(major_faults(*state, 1, "pgmajfault 10\n", "pgmajfault 5000000010\n"), 5e9);
    assert_near(major_faults(*state, 2, "pgmajfault 0\n", "pgmajfault 1000000000000\n"), 5e11);
}

static void values_near_2_to_the_64(void **state)
{
    assert_near(major_faults(*state, 1, "pgmajfault 18446744073709551606\n",
                             "pgmajfault 18446744073709551615\n"),
                9);
    assert_near(major_faults(*state, 1, "pgmajfault 0\n", "pgmajfault 18446744073709551615\n"), 0x1p64);
    assert_absent(major_faults(*state, 1, "pgmajfault 18446744073709551615\n", "pgmajfault 4\n"));
}

static void a_number_of_21_digits_is_absent(void **state)
{
    assert_absent(major_faults(*state, 1, "pgmajfault 10\n", "pgmajfault 100000000000000000000\n"));
    assert_absent(
        major_faults(*state, 1, "pgmajfault 100000000000000000000\n", "pgmajfault 100000000000000000010\n"));
}

static void a_key_missing_at_either_end_is_absent(void **state)
{
    assert_absent(major_faults(*state, 1, "pgfault 1\n", "pgmajfault 100\n"));
    assert_absent(major_faults(*state, 1, "pgmajfault 100\n", "pgfault 1\n"));
    assert_absent(major_faults(*state, 1, "", "pgmajfault 100\n"));
    assert_absent(major_faults(*state, 1, "pgmajfault 100\n", ""));
    assert_near(major_faults(*state, 1, "pgmajfault 100\n", "pgmajfault 103\n"), 3);
}

static void minor_faults_are_all_but_the_major_ones(void **state)
{
    assert_near(between(*state, M_minor_faults_per_second, 2, "vmstat", "pgfault 1000\npgmajfault 10\n",
                        "pgfault 1500\npgmajfault 110\n"),
                200);
}

/* The two are not read at one instant. */
static void minor_faults_never_fall_below_zero(void **state)
{
    assert_near(between(*state, M_minor_faults_per_second, 1, "vmstat", "pgfault 1000\npgmajfault 10\n",
                        "pgfault 1005\npgmajfault 17\n"),
                0);
}

static void a_sum_takes_the_names_that_the_kernel_has(void **state)
{
    assert_near(between(*state, M_refaults_file_per_second, 1, "vmstat", "workingset_refault 10\n",
                        "workingset_refault 30\n"),
                20);
    assert_near(between(*state, M_refaults_file_per_second, 1, "vmstat", "workingset_refault_file 10\n",
                        "workingset_refault_file 25\n"),
                15);
}

static void direct_scans_of_the_zones_are_added_up_and_throttling_is_no_scan(void **state)
{
    assert_near(
        between(
            *state, M_direct_scans_per_second, 1, "vmstat",
            "pgscan_direct_dma 0\npgscan_direct_dma32 10\npgscan_direct_normal 5\npgscan_direct_throttle 3\n",
            "pgscan_direct_dma 0\npgscan_direct_dma32 20\npgscan_direct_normal 12\npgscan_direct_throttle "
            "900\n"),
        17);
}

static void one_name_of_a_sum_that_comes_or_goes_makes_it_absent(void **state)
{
    assert_absent(between(*state, M_direct_scans_per_second, 1, "vmstat", "pgscan_direct_dma 1\n",
                          "pgscan_direct_dma 2\npgscan_direct_normal 1000000\n"));
}

static void raw_units_become_bytes(void **state)
{
    struct machine *machine = *state;

    want(machine, M_swap_in_bytes_per_second);
    assert_near(between(machine, M_io_in_bytes_per_second, 2, "vmstat", "pgpgin 10\npswpin 1\n",
                        "pgpgin 30\npswpin 7\n"),
                10 * 1024);
    assert_near(value(machine, M_swap_in_bytes_per_second), 3 * (double)sysconf(_SC_PAGESIZE));
}

static void an_increase_is_not_divided(void **state)
{
    assert_near(between(*state, M_oom_kills, 5, "vmstat", "oom_kill 4\n", "oom_kill 6\n"), 2);
    assert_near(between(*state, M_oom_kills, 0.1, "vmstat", "oom_kill 6\n", "oom_kill 7\n"), 1);
}

static void a_state_is_that_of_the_end(void **state)
{
    struct machine *machine = *state;

    want(machine, M_procs_blocked);
    assert_near(between(machine, M_procs_running, 1, "stat", "procs_running 9\nprocs_blocked 1\n",
                        "procs_running 3\nprocs_blocked 0\n"),
                2); /* without faultline itself */
    assert_near(value(machine, M_procs_blocked), 0);
}

static void no_task_but_faultline_is_zero_not_minus_one(void **state)
{
    assert_near(between(*state, M_procs_running, 1, "stat", "procs_running 1\n", "procs_running 1\n"), 0);
    assert_near(between(*state, M_procs_running, 1, "stat", "procs_running 1\n", "procs_running 0\n"), 0);
}

static void memory_in_bytes(void **state)
{
    struct machine *machine = *state;

    want(machine, M_swap_used_bytes);
    want(machine, M_cached_bytes);
    put(machine, "meminfo",
        "MemFree: 100 kB\nCached: 30 kB\nSReclaimable: 12 kB\nSwapTotal: 500 kB\nSwapFree: 200 kB\n");
    want(machine, M_mem_free_bytes);
    look(machine, 0);
    look(machine, 1);
    assert_near(value(machine, M_mem_free_bytes), 100 * 1024);
    assert_near(value(machine, M_cached_bytes), 42 * 1024);
    assert_near(value(machine, M_swap_used_bytes), 300 * 1024);
}

static void a_kernel_without_memavailable(void **state)
{
    struct machine *machine = *state;

    want(machine, M_mem_available_bytes);
    want(machine, M_mem_free_bytes);
    put(machine, "meminfo", "MemFree: 100 kB\n");
    look(machine, 0);
    look(machine, 1);
    assert_absent(value(machine, M_mem_available_bytes));
    assert_near(value(machine, M_mem_free_bytes), 100 * 1024);
}

static void memory_is_read_anew_for_each_row(void **state)
{
    assert_near(between(*state, M_mem_free_bytes, 1, "meminfo", "MemFree: 100 kB\n", "MemFree: 7 kB\n"),
                7 * 1024);
    assert_near(between(*state, M_mem_free_bytes, 1, "meminfo", "MemFree: 7 kB\n", "MemFree: 3000000 kB\n"),
                3000000.0 * 1024);
}

static void stall_time_is_a_share_of_the_interval(void **state)
{
    assert_near(between(*state, M_memory_full_stall_percent, 2, "pressure/memory",
                        "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 "
                        "avg300=0.00 total=1000\n",
                        "some avg10=9.00 avg60=9.00 avg300=9.00 total=5\nfull avg10=9.00 avg60=9.00 "
                        "avg300=9.00 total=501000\n"),
                25);
}

static void a_stall_is_never_above_100_percent(void **state)
{
    assert_near(between(*state, M_io_some_stall_percent, 1, "pressure/io", "some avg10=1 total=0\n",
                        "some avg10=1 total=1000100\n"),
                100);
}

static void loads_have_two_digits(void **state)
{
    struct machine *machine = *state;

    want(machine, M_load_15m);
    assert_near(between(machine, M_load_1m, 1, "loadavg", "0.00 0.00 0.00 1/1 1\n",
                        "1.90 1.14 0.59 1/89 9447\n"),
                1.9);
    assert_near(value(machine, M_load_15m), 0.59);
}

/* A machine of CPUS CPUs after the first line LINE. */
static void put_stat(struct machine *machine, const char *line, unsigned cpus)
{
    char text[512];
    size_t at = (size_t)snprintf(text, sizeof(text), "%s\n", line);

    for (unsigned i = 0; i < cpus; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "cpu%u 1 0 1 1 0 0 0 0 0 0\n", i);
    snprintf(text + at, sizeof(text) - at, "intr 1\nctxt 1\nprocs_running 2\n");
    put(machine, "stat", text);
}

static void cpu_shares_between(struct machine *machine, const char *before, unsigned cpus_before,
                               const char *after, unsigned cpus_after)
{
    if (!machine->open)
        want(machine, M_cpu_user_percent);
    put_stat(machine, before, cpus_before);
    look(machine, 0);
    put_stat(machine, after, cpus_after);
    look(machine, 1);
}

static double sum_of_shares(const struct machine *machine)
{
    double sum = 0;
    for (size_t id = M_FIRST_CPU_SHARE; id <= M_LAST_CPU_SHARE; id++)
        sum += value(machine, id);
    return sum;
}

static void assert_shares(const struct machine *machine, double us, double sy, double id, double wa,
                          double st, double gu)
{
    assert_near(value(machine, M_cpu_user_percent), us);
    assert_near(value(machine, M_cpu_system_percent), sy);
    assert_near(value(machine, M_cpu_idle_percent), id);
    assert_near(value(machine, M_cpu_iowait_percent), wa);
    assert_near(value(machine, M_cpu_steal_percent), st);
    assert_near(value(machine, M_cpu_guest_percent), gu);
    assert_near(sum_of_shares(machine), 100);
}

static void assert_no_shares(const struct machine *machine)
{
    for (size_t id = M_FIRST_CPU_SHARE; id <= M_LAST_CPU_SHARE; id++)
        assert_absent(value(machine, id));
}

/*                  user nice system idle iowait irq softirq steal guest guest_nice */
static void cpu_shares_add_up_to_100(void **state)
{
    cpu_shares_between(*state, "cpu  100 100 100 100 100 100 100 100 50 50", 2,
                       "cpu  120 110 115 130 105 101 104 115 58 52", 2);
    /* of 100 ticks: 30 in user mode, 10 of them in guests, 20 in the kernel */
    assert_shares(*state, 20, 20, 30, 5, 15, 10);
}

static void a_busy_cpu_is_100_percent_user(void **state)
{
    cpu_shares_between(*state, "cpu  100 0 50 9000 7 0 0 0 0 0", 1, "cpu  200 0 50 9000 7 0 0 0 0 0", 1);
    assert_shares(*state, 100, 0, 0, 0, 0, 0);
}

static void cpu_shares_do_not_depend_on_the_measured_time(void **state)
{
    struct machine *machine = *state;

    cpu_shares_between(machine, "cpu  100 0 0 100 0 0 0 0 0 0", 1, "cpu  125 0 0 175 0 0 0 0 0 0", 1);
    machine->after->monotonic_ns += 7000000000;
    interval_compute(&machine->interval, machine->sampler, machine->before, machine->after);
    assert_shares(machine, 25, 0, 75, 0, 0, 0);
}

/* Read from one machine before and after its second CPU went offline: 8486 ticks of idle time in one second.
 */
static void a_cpu_goes_offline(void **state)
{
    struct machine *machine = *state;

    want(machine, M_cpu_idle_percent);
    want(machine, M_interrupts_per_second);
    put(machine, "stat",
        "cpu  2541 0 1415 131888 337 0 32 9 0 0\ncpu0 964 0 461 66706 10 0 3 2 0 0\ncpu1 1576 0 954 65181 "
        "327 0 28 7 0 0\nintr 100\n");
    look(machine, 0);
    put(machine, "stat",
        "cpu  2544 0 1437 140374 228 0 33 9 0 0\ncpu0 967 0 483 66768 10 0 4 2 0 0\nintr 350\n");
    look(machine, 1);
    assert_no_shares(machine);
    assert_near(value(machine, M_interrupts_per_second), 250); /* the rest of the row stays */
}

static void a_cpu_comes_online(void **state)
{
    cpu_shares_between(*state, "cpu  2544 0 1437 140374 228 0 33 9 0 0", 1,
                       "cpu  2546 0 1440 140400 340 0 33 9 0 0", 2);
    assert_no_shares(*state);
}

static void the_row_after_a_cpu_went_offline_has_shares_again(void **state)
{
    struct machine *machine = *state;

    cpu_shares_between(machine, "cpu  100 0 0 100 0 0 0 0 0 0", 2, "cpu  150 0 0 9000 0 0 0 0 0 0", 1);
    assert_no_shares(machine);
    put_stat(machine, "cpu  175 0 0 9075 0 0 0 0 0 0", 1);
    look(machine, 1);
    assert_shares(machine, 25, 0, 75, 0, 0, 0);
}

static void iowait_that_steps_back_is_zero_and_idle_makes_up_for_it(void **state)
{
    cpu_shares_between(*state, "cpu  100 0 0 1000 500 0 0 0 0 0", 2, "cpu  150 0 0 1080 470 0 0 0 0 0", 2);
    assert_shares(*state, 50, 0, 50, 0, 0, 0); /* 80 idle less 30: of 100 ticks in all */
}

static void idle_that_steps_back_is_zero_and_iowait_makes_up_for_it(void **state)
{
    cpu_shares_between(*state, "cpu  100 0 0 1000 500 0 0 0 0 0", 2, "cpu  150 0 0 990 560 0 0 0 0 0", 2);
    assert_shares(*state, 50, 0, 0, 50, 0, 0);
}

static void idle_and_iowait_that_step_back_together_say_nothing(void **state)
{
    cpu_shares_between(*state, "cpu  100 0 0 1000 500 0 0 0 0 0", 2, "cpu  150 0 0 990 490 0 0 0 0 0", 2);
    assert_no_shares(*state);
    cpu_shares_between(*state, "cpu  100 0 0 1000 500 0 0 0 0 0", 2, "cpu  150 0 0 1010 480 0 0 0 0 0", 2);
    assert_no_shares(*state);
}

static void another_cpu_time_that_steps_back_says_nothing(void **state)
{
    static const char *const after[] = {
        "cpu  99 100 100 200 100 100 100 100 10 10", "cpu  200 99 100 200 100 100 100 100 10 10",
        "cpu  200 100 99 200 100 100 100 100 10 10", "cpu  200 100 100 200 100 99 100 100 10 10",
        "cpu  200 100 100 200 100 100 99 100 10 10", "cpu  200 100 100 200 100 100 100 99 10 10",
        "cpu  200 100 100 200 100 100 100 100 9 10", "cpu  200 100 100 200 100 100 100 100 10 9",
    };

    for (size_t i = 0; i < COUNT_OF(after); i++) {
        cpu_shares_between(*state, "cpu  100 100 100 100 100 100 100 100 10 10", 2, after[i], 2);
        assert_no_shares(*state);
    }
}

/* User time cannot be told from that of guests: shares of the rest alone would be too large. */
static void a_kernel_that_does_not_tell_the_time_of_guests_has_no_shares(void **state)
{
    cpu_shares_between(*state, "cpu  100 0 0 100 0 0 0 0", 2, "cpu  150 0 20 130 0 0 0 0", 2);
    assert_no_shares(*state);
}

static void a_cpu_time_of_21_digits_is_absent_and_no_part_of_the_whole(void **state)
{
    cpu_shares_between(*state, "cpu  100 0 0 100 0 0 0 100000000000000000000 0 0", 2,
                       "cpu  150 0 0 150 0 0 0 100000000000000000000 0 0", 2);
    assert_near(value(*state, M_cpu_user_percent), 50);
    assert_near(value(*state, M_cpu_idle_percent), 50);
    assert_absent(value(*state, M_cpu_steal_percent));
}

static void no_tick_in_the_interval_says_nothing(void **state)
{
    cpu_shares_between(*state, "cpu  100 0 0 1000 500 0 0 0 0 0", 2, "cpu  100 0 0 1000 500 0 0 0 0 0", 2);
    assert_no_shares(*state);
}

static void recorded_cpu_shares_add_up_to_100(void **state)
{
    (void)state;
    for (size_t i = 0; i < fixture_machine_count; i++) {
        for (int frame = 1; frame <= 2; frame++) {
            struct machine *machine = NULL;
            machine_setup((void **)&machine);
            want_all(machine);
            char *before = fixture_get(fixture_machines[i], frame - 1, "stat");
            char *after = fixture_get(fixture_machines[i], frame, "stat");
            put(machine, "stat", before);
            look(machine, 0);
            put(machine, "stat", after);
            look(machine, 1);
            assert_near(sum_of_shares(machine), 100);
            for (size_t id = M_FIRST_CPU_SHARE; id <= M_LAST_CPU_SHARE; id++)
                assert_true(value(machine, id) >= 0);
            free(before);
            free(after);
            machine_teardown((void **)&machine);
        }
    }
}

/* Frames 0 and 1 of a recording, one second apart, computed by hand from the files. */
static void recorded_figures(void **state)
{
    static const char *const files[] = {"stat",         "vmstat",          "meminfo",    "loadavg",
                                        "pressure/cpu", "pressure/memory", "pressure/io"};
    struct machine *machine = *state;

    want_all(machine);
    for (int frame = 0; frame <= 1; frame++) {
        for (size_t i = 0; i < COUNT_OF(files); i++) {
            char *text = fixture_get("linux-6.18", frame, files[i]);
            put(machine, files[i], text);
            free(text);
        }
        look(machine, frame);
    }
    assert_near(value(machine, M_major_faults_per_second), 459681 - 445705);
    assert_near(value(machine, M_minor_faults_per_second), (5936986 - 5902529) - (459681 - 445705));
    assert_near(value(machine, M_refaults_file_per_second), 862721 - 848740);
    assert_near(value(machine, M_refaults_anon_per_second), 0);
    assert_near(value(machine, M_io_in_bytes_per_second), (4794253.0 - 4738349) * 1024);
    assert_near(value(machine, M_context_switches_per_second), 3887015 - 3858855);
    assert_near(value(machine, M_interrupts_per_second), 1461984 - 1446524);
    assert_near(value(machine, M_forks_per_second), 0);
    assert_near(value(machine, M_oom_kills), 0);
    assert_near(value(machine, M_procs_running), 0);
    assert_near(value(machine, M_procs_blocked), 1);
    assert_near(value(machine, M_cpus_online), 2);
    assert_near(value(machine, M_mem_total_bytes), 24684084.0 * 1024);
    assert_near(value(machine, M_swap_used_bytes), 0);
    /* 17 user, 35 + 3 system, 77 idle, 51 iowait */
    assert_shares(machine, 1700.0 / 183, 3800.0 / 183, 7700.0 / 183, 5100.0 / 183, 0, 0);
    assert_absent(value(machine, M_irq_full_stall_percent)); /* that kernel has no pressure/irq */
}

static void what_is_not_wanted_stays_absent(void **state)
{
    struct machine *machine = *state;

    want(machine, M_major_faults_per_second);
    put(machine, "vmstat", "pgmajfault 1\npgfault 2\n");
    look(machine, 0);
    look(machine, 1);
    assert_int_equal(machine->interval.value_count, METRIC_TABLE_SIZE);
    for (enum metric_id id = 0; id < METRIC_TABLE_SIZE; id++) {
        if (id != M_major_faults_per_second)
            assert_absent(value(machine, id));
    }
}

static void a_key_of_the_users_own(void **state)
{
    struct machine *machine = *state;
    struct metric *steal, *slab;
    size_t steal_place, slab_place;

    assert_int_equal(metric_of_key("vmstat.pgsteal_kswapd", &steal), 0);
    assert_int_equal(metric_of_key("meminfo.Slab", &slab), 0);
    assert_int_equal(sampler_want(machine->sampler, steal, &steal_place), 0);
    assert_int_equal(sampler_want(machine->sampler, slab, &slab_place), 0);
    put(machine, "meminfo", "Slab: 9 kB\n");
    put(machine, "vmstat", "pgsteal_kswapd 10\n");
    look(machine, 0);
    put(machine, "vmstat", "pgsteal_kswapd 50\n");
    look(machine, 4);
    assert_near(machine->interval.values[steal_place], 10);
    assert_near(machine->interval.values[slab_place], 9 * 1024);
    free(steal);
    free(slab);
}

/* /proc/stat is torn where a machine is suspended in the middle of a read, or a file below --proc DIR is
 * rewritten. */
static void a_file_that_fails_for_one_row_costs_two_rows_of_rates(void **state)
{
    struct machine *machine = *state;

    want(machine, M_major_faults_per_second);
    put(machine, "vmstat", "pgmajfault 10\n");
    look(machine, 0);
    put(machine, "vmstat", "");
    look(machine, 1);
    assert_absent(value(machine, M_major_faults_per_second));
    put(machine, "vmstat", "pgmajfault 30\n");
    look(machine, 1);
    assert_absent(value(machine, M_major_faults_per_second));
    put(machine, "vmstat", "pgmajfault 35\n");
    look(machine, 1);
    assert_near(value(machine, M_major_faults_per_second), 5);
}

#define on_machine(test) cmocka_unit_test_setup_teardown(test, machine_setup, machine_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_machine(a_rate_divides_by_the_measured_time),
        on_machine(time_is_that_of_the_end_and_the_wall_clock_may_step),
        on_machine(a_counter_that_steps_back_is_absent),
        on_machine(one_counter_of_a_sum_that_steps_back_makes_it_absent),
        on_machine(a_difference_above_2_to_the_32),
        on_machine(values_near_2_to_the_64),
        on_machine(a_number_of_21_digits_is_absent),
        on_machine(a_key_missing_at_either_end_is_absent),
        on_machine(minor_faults_are_all_but_the_major_ones),
        on_machine(minor_faults_never_fall_below_zero),
        on_machine(a_sum_takes_the_names_that_the_kernel_has),
        on_machine(direct_scans_of_the_zones_are_added_up_and_throttling_is_no_scan),
        on_machine(one_name_of_a_sum_that_comes_or_goes_makes_it_absent),
        on_machine(raw_units_become_bytes),
        on_machine(an_increase_is_not_divided),
        on_machine(a_state_is_that_of_the_end),
        on_machine(no_task_but_faultline_is_zero_not_minus_one),
        on_machine(memory_in_bytes),
        on_machine(a_kernel_without_memavailable),
        on_machine(memory_is_read_anew_for_each_row),
        on_machine(stall_time_is_a_share_of_the_interval),
        on_machine(a_stall_is_never_above_100_percent),
        on_machine(loads_have_two_digits),
        on_machine(cpu_shares_add_up_to_100),
        on_machine(a_busy_cpu_is_100_percent_user),
        on_machine(cpu_shares_do_not_depend_on_the_measured_time),
        on_machine(a_cpu_goes_offline),
        on_machine(a_cpu_comes_online),
        on_machine(the_row_after_a_cpu_went_offline_has_shares_again),
        on_machine(iowait_that_steps_back_is_zero_and_idle_makes_up_for_it),
        on_machine(idle_that_steps_back_is_zero_and_iowait_makes_up_for_it),
        on_machine(idle_and_iowait_that_step_back_together_say_nothing),
        on_machine(another_cpu_time_that_steps_back_says_nothing),
        on_machine(a_kernel_that_does_not_tell_the_time_of_guests_has_no_shares),
        on_machine(a_cpu_time_of_21_digits_is_absent_and_no_part_of_the_whole),
        on_machine(no_tick_in_the_interval_says_nothing),
        cmocka_unit_test(recorded_cpu_shares_add_up_to_100),
        on_machine(recorded_figures),
        on_machine(what_is_not_wanted_stays_absent),
        on_machine(a_key_of_the_users_own),
        on_machine(a_file_that_fails_for_one_row_costs_two_rows_of_rates),
    };
    return cmocka_run_group_tests_name("interval", tests, NULL, NULL);
}
