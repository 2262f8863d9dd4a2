#include "job/diagnosis.h"

#include "base/signal_name.h"
#include "base/size.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const double majority = 0.5;      /* what makes up most of what was read is the cause */
static const double worth_telling = 0.1; /* of the wall time */
static const double clear_excess = 0.05; /* of the memory that it had: less is within the error */

static double larger(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

static double known(double value)
{
    return isnan(value) ? 0 : value;
}

/* -- how it ended -- */

static bool ended_badly(const struct job_account *account)
{
    return WIFSIGNALED(account->status) || WEXITSTATUS(account->status) != 0;
}

static const struct job_death *worst_death(const struct job_account *account)
{
    const struct job_deaths *deaths = account->deaths;

    if (deaths->count > 0 && job_death_is_oom(&deaths->list[0])) /* they are in the order of their weight */
        return &deaths->list[0];
    return job_deaths_of_command(deaths);
}

static enum job_ending ending_of_death(const struct job_death *death)
{
    static const enum job_ending endings[] = {
        [DEATH_BY_SIGNAL] = JOB_SIGNALED,
        [DEATH_BY_ITSELF] = JOB_SIGNALED,
        [DEATH_BY_PROCESS] = JOB_SIGNALED,
        [DEATH_BY_KERNEL] = JOB_SIGNALED,
        [DEATH_BY_SOMEBODY] = JOB_KILLED_BY_SOMEBODY,
        [DEATH_BY_FULL_FILE_SYSTEM] = JOB_FILE_SYSTEM_FULL,
        [DEATH_BY_OWN_LIMIT] = JOB_OUT_OF_OWN_LIMIT,
        [DEATH_BY_LIMIT_ABOVE] = JOB_OUT_OF_LIMIT_ABOVE,
        [DEATH_BY_MACHINE] = JOB_OUT_OF_MACHINE,
        [DEATH_BY_NODES] = JOB_OUT_OF_MEMORY,
        [DEATH_BY_OOM] = JOB_OUT_OF_MEMORY,
    };
    return endings[death->cause];
}

/* What another process died of, that the command lived on without. */
static const struct job_death *full_file_system(const struct job_account *account)
{
    for (size_t i = 0; i < account->deaths->count; i++) {
        if (account->deaths->list[i].cause == DEATH_BY_FULL_FILE_SYSTEM)
            return &account->deaths->list[i];
    }
    return NULL;
}

static bool is_out_of_address_space(const struct footprint_space *space)
{
    static const double nearly = 0.9; /* it asked for more than was left, and did not get it */

    return space->limit_bytes > 0 && (double)space->used_bytes >= nearly * (double)space->limit_bytes;
}

static bool allocation_failed(const struct job_account *account)
{
    const struct job_allocations *allocations = &account->allocations;

    if (!ended_badly(account))
        return false;
    if (allocations->failed.present)
        return allocations->failed.number > 0;
    return is_out_of_address_space(&account->footprint->space);
}

/* Kills whose reason the kernel's log has, which only root may read: where the job had as much as it may,
 * they were for that. A processor may hold back 64 pages of it. */
static enum job_ending ending_of_unnamed(const struct job_account *account)
{
    static const double full = 0.99;
    const struct value limit = account->limit_bytes;
    const struct value peak = account->last.peak_bytes;
    bool is_full = limit.present && peak.present && (double)peak.number >= full * (double)limit.number;

    return is_full ? JOB_OUT_OF_OWN_LIMIT : JOB_OUT_OF_MEMORY;
}

enum job_ending job_ending_of(const struct job_account *account)
{
    const struct job_death *death = worst_death(account);

    if (death && job_death_is_oom(death) && death->cause != DEATH_BY_OOM)
        return ending_of_death(death);
    if (account->deaths->oom_kills > 0)
        return ending_of_unnamed(account);
    if (full_file_system(account))
        return JOB_FILE_SYSTEM_FULL;
    if (allocation_failed(account) && !(death && death->cause == DEATH_BY_PROCESS))
        return JOB_ALLOCATION_FAILED;
    return death ? ending_of_death(death) : JOB_ENDED_BY_ITSELF;
}

const char *job_ending_name(enum job_ending ending)
{
    static const char *const names[] = {
        [JOB_OUT_OF_OWN_LIMIT] = "own_limit",
        [JOB_OUT_OF_LIMIT_ABOVE] = "limit_above",
        [JOB_OUT_OF_MACHINE] = "machine_full",
        [JOB_OUT_OF_MEMORY] = "oom_kill",
        [JOB_FILE_SYSTEM_FULL] = "file_system_full",
        [JOB_ALLOCATION_FAILED] = "allocation_failed",
        [JOB_KILLED_BY_SOMEBODY] = "killed_by_somebody",
        [JOB_SIGNALED] = "signal",
    };
    return names[ending];
}

static void put_limit(struct text *text, const char *before, struct value limit, const char *after)
{
    if (limit.present)
        text_size_within(text, before, (double)limit.number, after);
}

static void put_allocation(struct text *text, const struct job_account *account)
{
    const struct job_allocations *allocations = &account->allocations;
    const struct footprint_space *space = &account->footprint->space;

    text_string(text,
                allocations->failed.present ? "An allocation failed" : "An allocation seems to have failed");
    if (allocations->failed.present)
        text_format(text, " (%" PRIu64 " of mmap, with ENOMEM)", allocations->failed.number);
    if (space->limit_bytes > 0) {
        text_size_within(text, ", as the address space of a process is limited to ",
                         (double)space->limit_bytes, " (RLIMIT_AS, ulimit -v)");
        if (space->used_bytes > 0)
            text_size_within(text, "; ", (double)space->used_bytes, " of it were seen in use");
    } else if (allocations->strict) {
        text_string(text, ", as memory is promised strictly here (vm.overcommit_memory is 2)");
    }
}

static void put_machine_end(struct text *text, const struct job_account *account)
{
    text_string(text, "The whole machine was out of memory");
    if (account->footprint->peak_bytes > 0)
        text_size_within(text, ", of which the job had ", (double)account->footprint->peak_bytes, "");
}

static void put_own_limit_end(struct text *text, const struct job_account *account)
{
    text_string(text, "The job needed more memory than its own limit");
    put_limit(text, " of ", account->limit_bytes, "");
}

static void put_limit_above_end(struct text *text, const struct job_death *death)
{
    const char *owner = job_limit_owner(death->limit_cgroup);

    text_format(text, "The limit that was reached is not the job's own, but that of %s",
                death->limit_cgroup[0] ? death->limit_cgroup : "a cgroup above it");
    text_format(text, owner ? ", which is %s's" : "", owner);
    put_limit(text, ": ", death->limit_bytes, "");
}

static void put_full_end(struct text *text, const struct job_death *death)
{
    text_string(text, "A page of ");
    text_printable(text, death->file[0] ? death->file : "a file");
    text_string(text, " could not be written, as its file system was full");
    if (death->full.path[0])
        text_format(text, ": %s", death->full.path);
    if (death->full.size_bytes > 0)
        text_size_within(text, " (", (double)death->full.size_bytes, ")");
}

void job_ending_put(struct text *text, const struct job_account *account)
{
    switch (job_ending_of(account)) {
    case JOB_OUT_OF_OWN_LIMIT:
        put_own_limit_end(text, account);
        break;
    case JOB_OUT_OF_LIMIT_ABOVE:
        put_limit_above_end(text, worst_death(account));
        break;
    case JOB_OUT_OF_MACHINE:
        put_machine_end(text, account);
        break;
    case JOB_OUT_OF_MEMORY:
        text_string(text, "The kernel's OOM killer took a part of it");
        break;
    case JOB_FILE_SYSTEM_FULL:
        put_full_end(text, full_file_system(account));
        break;
    case JOB_ALLOCATION_FAILED:
        put_allocation(text, account);
        break;
    case JOB_KILLED_BY_SOMEBODY:
        text_string(text, "It was killed, and not by the kernel for want of memory");
        break;
    case JOB_SIGNALED:
    case JOB_ENDED_BY_ITSELF:
        break;
    }
}

/* -- what it waited for -- */

/* Shares of the wall time. */
struct waits {
    double full;
    double some;
};

/* Threads that wait at the same time are added up in a trace. What they waited and worked fits into the wall
 * time where they took turns, as one thread does. NAN where that is not so. */
static double traced_seconds(const struct job_account *account)
{
    static const double tolerance = 1.02;
    const struct job_usage *usage = &account->usage;

    if (!account->faults)
        return NAN;
    double lost = (double)latency_lost_ns(&account->faults->all) / 1e9;
    return lost + usage->user_seconds <= tolerance * account->seconds ? lost : NAN;
}

/* Memory and I/O stalls overlap by an unknown part: the larger one is sure. */
static struct waits waits_of(const struct job_account *account)
{
    const struct job_stalls *stalls = &account->stalls;
    double seconds = account->seconds > 0 ? account->seconds : 1;
    double traced = traced_seconds(account);

    return (struct waits){
        .full = larger(larger(stalls->memory_full, stalls->io_full), traced) / seconds,
        .some = larger(larger(stalls->memory_some, stalls->io_some), traced) / seconds,
    };
}

/* Bytes that came from disks. */
struct reads {
    double all;
    double evicted;
    double swapped;
};

static struct reads reads_of(const struct job_account *account)
{
    struct reads reads = {
        .evicted = known(account->refaults.file_bytes),
        .swapped = known(account->refaults.swap_bytes),
    };
    reads.all = larger((double)account->usage.read_bytes, reads.evicted + reads.swapped);
    return reads;
}

/* What the machine did, or stood still for, may be another's doing. */
static bool is_ours(const struct job_account *account)
{
    double machine = account->refaults.machine_read_bytes;

    if (!account->refaults.of_machine && !account->stalls.of_machine)
        return true;
    return machine > 0 && (double)account->usage.read_bytes >= majority * machine;
}

static enum job_wait wait_of_reads(const struct reads *reads)
{
    double back = reads->evicted + reads->swapped;

    if (reads->all <= 0)
        return JOB_WAITED_FOR_NOTHING;
    if (back < majority * reads->all)
        return JOB_WAITED_FOR_FIRST_READS;
    return reads->swapped > reads->evicted ? JOB_WAITED_FOR_SWAP : JOB_WAITED_FOR_EVICTED_PAGES;
}

/* Reads so small that they cannot be what it waited for. */
static bool are_of_account(const struct reads *reads)
{
    enum { LEAST_BYTES = 1 << 20 };
    return reads->all >= LEAST_BYTES;
}

enum job_wait job_wait_of(const struct job_account *account)
{
    struct waits waits = waits_of(account);
    struct reads reads = reads_of(account);
    double memory_full = known(account->stalls.memory_full) / (account->seconds > 0 ? account->seconds : 1);

    if (!(waits.some >= worth_telling) || isnan(account->refaults.file_bytes) || !is_ours(account))
        return JOB_WAITED_FOR_NOTHING;
    if (are_of_account(&reads))
        return wait_of_reads(&reads);
    return memory_full >= worth_telling && !account->stalls.of_machine ? JOB_WAITED_FOR_RECLAIM
                                                                       : JOB_WAITED_FOR_NOTHING;
}

const char *job_wait_name(enum job_wait wait)
{
    static const char *const names[] = {
        [JOB_WAITED_FOR_EVICTED_PAGES] = "file_thrash",
        [JOB_WAITED_FOR_SWAP] = "swap_thrash",
        [JOB_WAITED_FOR_FIRST_READS] = "cold_read",
        [JOB_WAITED_FOR_RECLAIM] = "direct_reclaim",
    };
    return names[wait];
}

/* The file behind most of the time that major faults took; NULL. */
static const char *main_file(const struct job_account *account)
{
    const struct fault_rows *rows = account->faults;
    double lost = 0;

    if (!rows || rows->count == 0 || !rows->list[0].pair->path || rows->list[0].pair->path[0] == '\0')
        return NULL;
    const char *path = rows->list[0].pair->path;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->list[i].pair->path && strcmp(rows->list[i].pair->path, path) == 0)
            lost += (double)latency_lost_ns(&rows->list[i].latency);
    }
    if (lost < majority * (double)latency_lost_ns(&rows->all))
        return NULL;
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* "41% of the wall time was spent waiting for " */
static void put_share(struct text *text, const struct waits *waits)
{
    bool all = waits->full >= worth_telling;

    text_string(text, all ? "" : "For ");
    text_decimal(text, 100 * (all ? waits->full : waits->some), 0);
    text_string(text, all ? "% of the wall time was spent waiting for "
                          : "% of the wall time a part of it waited for ");
}

/*
 * What was read for the first time, and its own memory, is what it works on; each byte of that counts once.
 * Page cache that was there before is missing from it, so that it is a lower bound.
 */
static double excess_bytes(const struct job_account *account, const struct reads *reads)
{
    double first_reads = larger(reads->all - reads->evicted - reads->swapped, 0);

    return first_reads + known(account->peak_anon_bytes) - account->memory_bytes;
}

static void put_working_set(struct text *text, const struct job_account *account, const struct reads *reads)
{
    double excess = excess_bytes(account, reads);

    if (!(excess > clear_excess * account->memory_bytes)) {
        text_string(text, ": the working set does not fit in the memory it had");
        return;
    }
    text_size_within(text, ": the working set is about ", excess, " larger than the memory it had");
    text_size_within(text, " (", account->memory_bytes, ")");
}

void job_wait_put(struct text *text, const struct job_account *account)
{
    struct waits waits = waits_of(account);
    struct reads reads = reads_of(account);
    enum job_wait wait = job_wait_of(account);
    const char *file = main_file(account);

    if (wait == JOB_WAITED_FOR_NOTHING)
        return;
    put_share(text, &waits);
    switch (wait) {
    case JOB_WAITED_FOR_EVICTED_PAGES:
        text_format(text, "pages of %s that had been evicted", file ? file : "files");
        put_working_set(text, account, &reads);
        break;
    case JOB_WAITED_FOR_SWAP:
        text_string(text, "memory that had been swapped out");
        put_working_set(text, account, &reads);
        break;
    case JOB_WAITED_FOR_FIRST_READS:
        text_format(text, "%s", file ? file : "files");
        text_string(text, ", most of it read for the first time");
        text_size_within(text, ": ", reads.all, " from disk");
        break;
    case JOB_WAITED_FOR_RECLAIM:
        text_string(text, "memory to be freed");
        put_limit(text, ", to stay within its limit of ", account->limit_bytes, "");
        break;
    case JOB_WAITED_FOR_NOTHING:
        break;
    }
}
