#include "job/diagnosis.h"
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define EXITED(status)   ((status) << 8)
#define SIGNALED(signal) (signal)
#define MIB              (1024.0 * 1024)
#define GIB              (1024 * MIB)

enum { COMMAND = 100 };

/* A job of ten seconds of which nothing is known, until the test says otherwise. */
struct job {
    struct job_account account;
    struct footprint footprint;
    struct job_deaths deaths;
};

static void job_init(struct job *job)
{
    *job = (struct job){
        .account = {.seconds = 10,
                    .footprint = &job->footprint,
                    .deaths = &job->deaths,
                    .stalls = {false, NAN, NAN, NAN, NAN, NAN},
                    .refaults = {false, NAN, NAN, NAN},
                    .memory_bytes = NAN,
                    .peak_anon_bytes = NAN},
        .deaths = {.cgroup = "/job", .command = COMMAND},
    };
}

static void ends(const struct job *job, enum job_ending ending, const char *expected)
{
    TEXT(text, 4096);

    assert_int_equal(job_ending_of(&job->account), ending);
    job_ending_put(&text, &job->account);
    assert_text(&text, expected);
}

static void waits(const struct job *job, enum job_wait wait, const char *expected)
{
    TEXT(text, 4096);

    assert_int_equal(job_wait_of(&job->account), wait);
    job_wait_put(&text, &job->account);
    assert_text(&text, expected);
}

/* -- how it ended -- */

static void put_death(struct job *job, pid_t pid, enum death_cause cause)
{
    job->deaths.list[job->deaths.count++] =
        (struct job_death){.pid = pid, .comm = "x", .signal = SIGKILL, .cause = cause};
    if (cause >= DEATH_BY_OWN_LIMIT)
        job->deaths.oom_kills++;
    job_deaths_settle(&job->deaths);
}

static void by_what_ended_the_command(void **state)
{
    static const struct {
        enum death_cause cause;
        enum job_ending ending;
        const char *name, *words;
    } cases[] = {
        {DEATH_BY_ITSELF, JOB_SIGNALED, "signal", ""},
        {DEATH_BY_PROCESS, JOB_SIGNALED, "signal", ""},
        {DEATH_BY_KERNEL, JOB_SIGNALED, "signal", ""},
        {DEATH_BY_SIGNAL, JOB_KILLED_BY_SOMEBODY, "killed_by_somebody", /* SIGKILL, when it is settled */
         "It was killed, and not by the kernel for want of memory"},
        {DEATH_BY_SOMEBODY, JOB_KILLED_BY_SOMEBODY, "killed_by_somebody",
         "It was killed, and not by the kernel for want of memory"},
        {DEATH_BY_FULL_FILE_SYSTEM, JOB_FILE_SYSTEM_FULL, "file_system_full",
         "A page of a file could not be written, as its file system was full"},
        {DEATH_BY_OWN_LIMIT, JOB_OUT_OF_OWN_LIMIT, "own_limit",
         "The job needed more memory than its own limit"},
        {DEATH_BY_LIMIT_ABOVE, JOB_OUT_OF_LIMIT_ABOVE, "limit_above",
         "The limit that was reached is not the job's own, but that of a cgroup above it"},
        {DEATH_BY_MACHINE, JOB_OUT_OF_MACHINE, "machine_full", "The whole machine was out of memory"},
        {DEATH_BY_NODES, JOB_OUT_OF_MEMORY, "oom_kill", "The kernel's OOM killer took a part of it"},
        {DEATH_BY_OOM, JOB_OUT_OF_MEMORY, "oom_kill", "The kernel's OOM killer took a part of it"},
    };
    struct job job;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        job_init(&job);
        job.account.status = SIGNALED(SIGKILL);
        put_death(&job, COMMAND, cases[i].cause);
        ends(&job, cases[i].ending, cases[i].words);
        assert_string_equal(job_ending_name(cases[i].ending), cases[i].name);
    }
    job_init(&job);
    ends(&job, JOB_ENDED_BY_ITSELF, "");
    assert_null(job_ending_name(JOB_ENDED_BY_ITSELF));
    assert_string_equal(job_ending_name(JOB_ALLOCATION_FAILED), "allocation_failed");
}

static void the_figures_of_an_end(void **state)
{
    struct job job;
    (void)state;

    job_init(&job);
    put_death(&job, 7, DEATH_BY_OWN_LIMIT);
    job.account.limit_bytes = some(1 << 30);
    ends(&job, JOB_OUT_OF_OWN_LIMIT, "The job needed more memory than its own limit of 1.0G");
    job_init(&job);
    put_death(&job, 7, DEATH_BY_LIMIT_ABOVE);
    strcpy(job.deaths.list[0].limit_cgroup, "/slurm/job_7");
    job.deaths.list[0].limit_bytes = some(1 << 30);
    ends(&job, JOB_OUT_OF_LIMIT_ABOVE,
         "The limit that was reached is not the job's own, but that of /slurm/job_7, which is Slurm's: 1.0G");
    strcpy(job.deaths.list[0].limit_cgroup, "/%s%n");
    ends(&job, JOB_OUT_OF_LIMIT_ABOVE,
         "The limit that was reached is not the job's own, but that of /%s%n: 1.0G");
    job_init(&job);
    put_death(&job, 7, DEATH_BY_MACHINE);
    job.footprint.peak_bytes = UINT64_C(61) << 30;
    ends(&job, JOB_OUT_OF_MACHINE, "The whole machine was out of memory, of which the job had 61G");
    job_init(&job);
    put_death(&job, 7, DEATH_BY_FULL_FILE_SYSTEM); /* the command lived on */
    strcpy(job.deaths.list[0].full.path, "/dev/shm");
    job.deaths.list[0].full.size_bytes = 64 << 20;
    ends(&job, JOB_FILE_SYSTEM_FULL,
         "A page of a file could not be written, as its file system was full: /dev/shm (64M)");
    strcpy(job.deaths.list[0].file, "/dev/shm/queue");
    job.deaths.list[0].full.path[0] = '\0'; /* it has room again */
    ends(&job, JOB_FILE_SYSTEM_FULL,
         "A page of /dev/shm/queue could not be written, as its file system was full (64M)");
}

static void what_a_part_died_of(void **state)
{
    struct job job;
    (void)state;

    job_init(&job);
    put_death(&job, 7, DEATH_BY_SOMEBODY); /* of no account for the command's end */
    ends(&job, JOB_ENDED_BY_ITSELF, "");
    put_death(&job, COMMAND, DEATH_BY_ITSELF);
    ends(&job, JOB_SIGNALED, "");
    put_death(&job, 8, DEATH_BY_FULL_FILE_SYSTEM);
    ends(&job, JOB_FILE_SYSTEM_FULL, "A page of a file could not be written, as its file system was full");
    put_death(&job, 9, DEATH_BY_MACHINE);
    ends(&job, JOB_OUT_OF_MACHINE, "The whole machine was out of memory");
    job_init(&job);
    job_deaths_add_unnamed_kills(&job.deaths, 1);
    ends(&job, JOB_OUT_OF_MEMORY, "The kernel's OOM killer took a part of it");
}

static void allocations_that_failed(void **state)
{
    struct job job;
    (void)state;

    job_init(&job);
    job.account.status = EXITED(1);
    ends(&job, JOB_ENDED_BY_ITSELF, "");
    job.account.allocations.failed = some(0);
    ends(&job, JOB_ENDED_BY_ITSELF, "");
    job.account.allocations.failed = some(1);
    assert_int_equal(job_ending_of(&job.account), JOB_ALLOCATION_FAILED);
    job.account.status = EXITED(0); /* it got along without */
    assert_int_equal(job_ending_of(&job.account), JOB_ENDED_BY_ITSELF);
    job.account.status = SIGNALED(SIGABRT);
    put_death(&job, COMMAND, DEATH_BY_ITSELF);
    assert_int_equal(job_ending_of(&job.account), JOB_ALLOCATION_FAILED);
    job.deaths.list[0].cause = DEATH_BY_PROCESS; /* who explains it better */
    assert_int_equal(job_ending_of(&job.account), JOB_SIGNALED);
    job.deaths.list[0].cause = DEATH_BY_OWN_LIMIT;
    assert_int_equal(job_ending_of(&job.account), JOB_OUT_OF_OWN_LIMIT);
}

static void a_kill_without_a_name_at_a_limit_that_was_reached(void **state)
{
    struct job job;
    (void)state;

    job_init(&job);
    job.account.status = EXITED(0);
    job_deaths_add_unnamed_kills(&job.deaths, 1);
    assert_int_equal(job_ending_of(&job.account), JOB_OUT_OF_MEMORY);
    job.account.limit_bytes = some(1000 << 20);
    assert_int_equal(job_ending_of(&job.account), JOB_OUT_OF_MEMORY);
    job.account.last.peak_bytes = some(989 << 20);
    assert_int_equal(job_ending_of(&job.account), JOB_OUT_OF_MEMORY);
    job.account.last.peak_bytes = some(990 << 20);
    ends(&job, JOB_OUT_OF_OWN_LIMIT, "The job needed more memory than its own limit of 1.0G");
}

static void which_limit_allocations_failed_by(void **state)
{
    struct job job;
    (void)state;

    job_init(&job);
    job.account.status = EXITED(1);
    job.account.allocations.failed = some(3);
    ends(&job, JOB_ALLOCATION_FAILED, "An allocation failed (3 of mmap, with ENOMEM)");
    job.account.allocations.strict = true;
    ends(&job, JOB_ALLOCATION_FAILED,
         "An allocation failed (3 of mmap, with ENOMEM), as memory is promised strictly here "
         "(vm.overcommit_memory is 2)");
    job.footprint.space = (struct footprint_space){{7, "x", 0}, 900 << 20, 1 << 30};
    ends(
        &job, JOB_ALLOCATION_FAILED,
        "An allocation failed (3 of mmap, with ENOMEM), as the address space of a process is limited to 1.0G "
        "(RLIMIT_AS, ulimit -v); 900M of it were seen in use");
    job.footprint.space.used_bytes = 0; /* it had ended when it was looked at */
    ends(
        &job, JOB_ALLOCATION_FAILED,
        "An allocation failed (3 of mmap, with ENOMEM), as the address space of a process is limited to 1.0G "
        "(RLIMIT_AS, ulimit -v)");
    job.account.allocations.failed.present = false;
    job.footprint.space.used_bytes = 1000 << 20;
    ends(&job, JOB_ALLOCATION_FAILED,
         "An allocation seems to have failed, as the address space of a process is limited to 1.0G "
         "(RLIMIT_AS, ulimit -v); 1.0G of it were seen in use");
}

static void address_space_at_nine_tenths_of_its_limit(void **state)
{
    struct job job;
    (void)state;

    job_init(&job);
    job.account.status = EXITED(1);
    job.footprint.space = (struct footprint_space){{7, "x", 0}, 900, 1000};
    assert_int_equal(job_ending_of(&job.account), JOB_ALLOCATION_FAILED);
    job.footprint.space.used_bytes = 899;
    assert_int_equal(job_ending_of(&job.account), JOB_ENDED_BY_ITSELF);
    job.footprint.space = (struct footprint_space){{0, "", 0}, 0, 0};
    assert_int_equal(job_ending_of(&job.account), JOB_ENDED_BY_ITSELF);
    job.footprint.space = (struct footprint_space){{7, "x", 0}, UINT64_MAX, UINT64_MAX};
    assert_int_equal(job_ending_of(&job.account), JOB_ALLOCATION_FAILED);
    job.account.allocations.failed = some(0); /* counted: that is surer */
    assert_int_equal(job_ending_of(&job.account), JOB_ENDED_BY_ITSELF);
}

/* -- what it waited for -- */

/* Of a cgroup of its own: a share of the wall time stalled, and what was read. */
static void job_waits(struct job *job, double some_share, double full_share, double read, double evicted,
                      double swapped)
{
    job_init(job);
    job->account.stalls.memory_some = some_share * job->account.seconds;
    job->account.stalls.memory_full = full_share * job->account.seconds;
    job->account.usage.read_bytes = (uint64_t)read;
    job->account.refaults.file_bytes = evicted;
    job->account.refaults.swap_bytes = swapped;
}

#define FITS_NOT ": the working set does not fit in the memory it had"

static void for_what_it_waited(void **state)
{
    struct job job;
    (void)state;

    job_waits(&job, 0.5, 0.41, 100 * MIB, 60 * MIB, 0);
    waits(&job, JOB_WAITED_FOR_EVICTED_PAGES,
          "41% of the wall time was spent waiting for pages of files that had been evicted" FITS_NOT);
    job_waits(&job, 0.5, 0.41, 100 * MIB, 10 * MIB, 50 * MIB);
    waits(&job, JOB_WAITED_FOR_SWAP,
          "41% of the wall time was spent waiting for memory that had been swapped out" FITS_NOT);
    job_waits(&job, 0.5, 0.41, 100 * MIB, 10 * MIB, 10 * MIB);
    waits(&job, JOB_WAITED_FOR_FIRST_READS,
          "41% of the wall time was spent waiting for files, most of it read for the first time: 100M from "
          "disk");
    job_waits(&job, 0.5, 0.41, 0, 0, 0);
    waits(&job, JOB_WAITED_FOR_RECLAIM, "41% of the wall time was spent waiting for memory to be freed");
    job.account.limit_bytes = some(1 << 30);
    waits(&job, JOB_WAITED_FOR_RECLAIM,
          "41% of the wall time was spent waiting for memory to be freed, to stay within its limit of 1.0G");
    assert_string_equal(job_wait_name(JOB_WAITED_FOR_EVICTED_PAGES), "file_thrash");
    assert_string_equal(job_wait_name(JOB_WAITED_FOR_SWAP), "swap_thrash");
    assert_string_equal(job_wait_name(JOB_WAITED_FOR_FIRST_READS), "cold_read");
    assert_string_equal(job_wait_name(JOB_WAITED_FOR_RECLAIM), "direct_reclaim");
    assert_null(job_wait_name(JOB_WAITED_FOR_NOTHING));
}

static void a_tenth_of_the_time_is_worth_telling(void **state)
{
    struct job job;
    (void)state;

    job_waits(&job, 0.0999, 0.0999, 100 * MIB, 100 * MIB, 0);
    waits(&job, JOB_WAITED_FOR_NOTHING, "");
    job_waits(&job, 0.1, 0.0999, 100 * MIB, 100 * MIB, 0);
    waits(&job, JOB_WAITED_FOR_EVICTED_PAGES,
          "For 10% of the wall time a part of it waited for pages of files that had been evicted" FITS_NOT);
    job_waits(&job, 0.2, 0.1, 100 * MIB, 100 * MIB, 0);
    waits(&job, JOB_WAITED_FOR_EVICTED_PAGES,
          "10% of the wall time was spent waiting for pages of files that had been evicted" FITS_NOT);
    job_waits(&job, 0.5, 0.0999, 0, 0, 0); /* reclaim: all of it */
    waits(&job, JOB_WAITED_FOR_NOTHING, "");
    job_waits(&job, NAN, NAN, 100 * MIB, 100 * MIB, 0); /* of the disks' */
    job.account.stalls.io_some = 3;
    waits(&job, JOB_WAITED_FOR_EVICTED_PAGES,
          "For 30% of the wall time a part of it waited for pages of files that had been evicted" FITS_NOT);
    job.account.stalls.io_full = 2;
    waits(&job, JOB_WAITED_FOR_EVICTED_PAGES,
          "20% of the wall time was spent waiting for pages of files that had been evicted" FITS_NOT);
}

static void most_of_what_was_read_is_the_cause(void **state)
{
    struct job job;
    (void)state;

    job_waits(&job, 0.5, 0.5, 100 * MIB, 50 * MIB, 0);
    assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_EVICTED_PAGES);
    job_waits(&job, 0.5, 0.5, 100 * MIB, 50 * MIB - 1, 0);
    assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_FIRST_READS);
    job_waits(&job, 0.5, 0.5, 100 * MIB, 25 * MIB, 25 * MIB);
    assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_EVICTED_PAGES);
    job_waits(&job, 0.5, 0.5, 100 * MIB, 25 * MIB, 25 * MIB + 1);
    assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_SWAP);
    job_waits(&job, 0.5, 0.5, 0, 10 * MIB, NAN); /* zram, say: nothing came from a disk */
    assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_EVICTED_PAGES);
    job_waits(&job, 0.5, 0.5, MIB, 0, 0);
    assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_FIRST_READS);
    job_waits(&job, 0.5, 0.5, MIB - 512, 0, 0); /* too little to be waited for */
    assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_RECLAIM);
}

static void the_machines_figures_count_where_its_reads_are_the_jobs(void **state)
{
    struct job job;
    (void)state;

    for (int i = 0; i < 3; i++) {
        job_waits(&job, 0.5, 0.5, 50 * MIB, 50 * MIB, 0);
        job.account.stalls.of_machine = i != 0;
        job.account.refaults.of_machine = i != 1;
        job.account.refaults.machine_read_bytes = 100 * MIB;
        assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_EVICTED_PAGES);
        job.account.refaults.machine_read_bytes = 100 * MIB + 1;
        assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_NOTHING);
        job.account.refaults.machine_read_bytes = 0;
        assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_NOTHING);
        job.account.refaults.machine_read_bytes = NAN;
        assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_NOTHING);
    }
    job_waits(&job, 0.5, 0.5, 50 * MIB, 50 * MIB, 0);
    job.account.refaults.machine_read_bytes = 1000 * MIB; /* others' reads are none of its own cgroup's */
    assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_EVICTED_PAGES);
    job_waits(&job, 0.5, 0.5, 512, 0, 0);
    job.account.stalls.of_machine = true; /* whose reclaim it was nobody knows */
    job.account.refaults.machine_read_bytes = 512;
    assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_NOTHING);
}

/* What was read for the first time and its own memory, less what it had: told from a twentieth of that on. */
static void how_much_larger_the_working_set_is(void **state)
{
    struct job job;
    (void)state;

    job_waits(&job, 0.5, 0.5, 5 * GIB, 3 * GIB, 0);
    job.account.memory_bytes = GIB;
    job.account.peak_anon_bytes = 0.5 * GIB;
    waits(
        &job, JOB_WAITED_FOR_EVICTED_PAGES,
        "50% of the wall time was spent waiting for pages of files that had been evicted: the working set is "
        "about 1.5G larger than the memory it had (1.0G)");
    job.account.peak_anon_bytes = NAN;
    waits(
        &job, JOB_WAITED_FOR_EVICTED_PAGES,
        "50% of the wall time was spent waiting for pages of files that had been evicted: the working set is "
        "about 1.0G larger than the memory it had (1.0G)");
    job_waits(&job, 0.5, 0.5, 1.0 * GIB, 1.0 * GIB, 0);
    job.account.memory_bytes = GIB;
    job.account.peak_anon_bytes = 1.04 * GIB;
    waits(&job, JOB_WAITED_FOR_EVICTED_PAGES,
          "50% of the wall time was spent waiting for pages of files that had been evicted" FITS_NOT);
    job.account.peak_anon_bytes = 1.06 * GIB;
    waits(
        &job, JOB_WAITED_FOR_EVICTED_PAGES,
        "50% of the wall time was spent waiting for pages of files that had been evicted: the working set is "
        "about 61M larger than the memory it had (1.0G)");
    job.account.peak_anon_bytes = 0;
    waits(&job, JOB_WAITED_FOR_EVICTED_PAGES,
          "50% of the wall time was spent waiting for pages of files that had been evicted" FITS_NOT);
}

static void what_is_absent_says_nothing(void **state)
{
    struct job job;
    (void)state;

    job_init(&job);
    waits(&job, JOB_WAITED_FOR_NOTHING, "");
    job_waits(&job, 0.5, 0.5, 100 * MIB, NAN, 50 * MIB);
    waits(&job, JOB_WAITED_FOR_NOTHING, "");
    job_waits(&job, NAN, NAN, 100 * MIB, 100 * MIB, 0);
    waits(&job, JOB_WAITED_FOR_NOTHING, "");
    job_waits(&job, 0.5, NAN, 100 * MIB, 100 * MIB, NAN);
    assert_int_equal(job_wait_of(&job.account), JOB_WAITED_FOR_EVICTED_PAGES);
}

static void a_job_of_no_time(void **state)
{
    struct job job;
    (void)state;

    job_waits(&job, 0.5, 0.5, 100 * MIB, 100 * MIB, 0);
    job.account.stalls = (struct job_stalls){false, 0, 0, 0, 0, 0};
    job.account.seconds = 0;
    waits(&job, JOB_WAITED_FOR_NOTHING, "");
    job.account.stalls.memory_some = job.account.stalls.memory_full = 0.25; /* and clocks that differ */
    waits(&job, JOB_WAITED_FOR_EVICTED_PAGES,
          "25% of the wall time was spent waiting for pages of files that had been evicted" FITS_NOT);
}

/* -- the file -- */

static void the_file_behind_most_of_the_lost_time_is_named(void **state)
{
    static const struct {
        const char *paths[3];
        uint64_t lost[3];
        const char *file;
    } cases[] = {
        {{"/srv/model.bin", "/b", "/c"}, {50, 30, 20}, "model.bin"},
        {{"/srv/model.bin", "/b", "/c"}, {49, 31, 20}, "files"},
        {{"/srv/model.bin", "/b", "/srv/model.bin"}, {40, 30, 30}, "model.bin"}, /* of two processes */
        {{NULL, "/b", "/c"}, {90, 5, 5}, "files"},
        {{"", "/b", "/c"}, {90, 5, 5}, "files"},
        {{"/srv/", "/b", NULL}, {90, 5, 5}, "/srv/"},
        {{"name", "/b", NULL}, {90, 5, 5}, "name"},
    };
    struct fault_pair pairs[3];
    struct fault_row list[3];
    char expected[256];
    struct job job;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fault_rows rows = {.list = list, .count = 3, .all = {.faults = 3, .total_ns = 100}};
        for (size_t n = 0; n < 3; n++) {
            pairs[n] = (struct fault_pair){.path = (char *)cases[i].paths[n]};
            list[n] = (struct fault_row){&pairs[n], {.faults = 1, .total_ns = cases[i].lost[n]}};
        }
        job_waits(&job, 0.5, 0.5, 100 * MIB, 0, 0);
        job.account.faults = &rows;
        snprintf(
            expected, sizeof(expected),
            "50%% of the wall time was spent waiting for %s, most of it read for the first time: 100M from "
            "disk",
            cases[i].file);
        waits(&job, JOB_WAITED_FOR_FIRST_READS, expected);
        rows.count = 0;
        waits(
            &job, JOB_WAITED_FOR_FIRST_READS,
            "50% of the wall time was spent waiting for files, most of it read for the first time: 100M from "
            "disk");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_what_ended_the_command),
        cmocka_unit_test(the_figures_of_an_end),
        cmocka_unit_test(what_a_part_died_of),
        cmocka_unit_test(allocations_that_failed),
        cmocka_unit_test(a_kill_without_a_name_at_a_limit_that_was_reached),
        cmocka_unit_test(which_limit_allocations_failed_by),
        cmocka_unit_test(address_space_at_nine_tenths_of_its_limit),
        cmocka_unit_test(for_what_it_waited),
        cmocka_unit_test(a_tenth_of_the_time_is_worth_telling),
        cmocka_unit_test(most_of_what_was_read_is_the_cause),
        cmocka_unit_test(the_machines_figures_count_where_its_reads_are_the_jobs),
        cmocka_unit_test(how_much_larger_the_working_set_is),
        cmocka_unit_test(what_is_absent_says_nothing),
        cmocka_unit_test(a_job_of_no_time),
        cmocka_unit_test(the_file_behind_most_of_the_lost_time_is_named),
    };
    return cmocka_run_group_tests_name("job_diagnosis", tests, NULL, NULL);
}
