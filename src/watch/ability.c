#include "watch/ability.h"

#include "base/file.h"
#include "base/protect.h"
#include "kernel/bpf.h"
#include "kernel/cgroup.h"
#include "kernel/cgroup_job.h"
#include "kernel/fault_trace.h"
#include "kernel/kmsg.h"
#include "kernel/major_fault_counts.h"
#include "kernel/perf_inherit.h"
#include "kernel/pid_namespace.h"
#include "kernel/victim_bell.h"
#include "metric/sampler.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What an ability needs, and what is known by now. */
struct look {
    const struct ability_settings *settings;
    struct sampler *sampler;
    struct snapshot *snapshot;
    int sources_error; /* of opening /proc itself */
};

/* In place of an errno: it is here, but not all of it. */
enum { PARTLY = 1 };

struct remedy {
    int error;       /* 0: any other one, and the last */
    const char *why; /* NULL: what the error itself says. Where the try has set it, that stays */
    const char *mend;
};

struct attempt {
    const struct look *look;
    size_t metric; /* for try_metric() */
    struct ability *ability;
};

struct row {
    const char *id;
    const char *title;
    bool core;
    int (*try)(const struct attempt *attempt); /* 0, PARTLY or a negative errno */
    size_t metric;
    const char *without;
    const struct remedy *remedies;
};

static void set_place(const struct attempt *attempt, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void set_place(const struct attempt *attempt, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(attempt->ability->place, ABILITY_PLACE_MAX, format, arguments);
    va_end(arguments);
}

/* Where the error alone does not say it. */
static void set_why(const struct attempt *attempt, const char *why)
{
    snprintf(attempt->ability->why, ABILITY_WHY_MAX, "%s", why);
}

/* Of what programs in the kernel are needed for. */
static int explained(const struct attempt *attempt, int error)
{
    if (error < 0)
        set_why(attempt, bpf_why(error));
    return error;
}

/* -- files of /proc -- */

static int try_metric(const struct attempt *attempt)
{
    const struct look *look = attempt->look;
    enum source_id source = metric_table[attempt->metric].source;

    set_place(attempt, "%s/%s", look->settings->proc_path, source_path(source));
    if (look->sources_error < 0)
        return look->sources_error;
    int error = sampler_source_error(look->sampler, source);
    if (error < 0)
        return error;
    return sampler_has(look->sampler, attempt->metric, look->snapshot) ? 0 : -ENODATA;
}

/* The first process is root's, and hidden from others where /proc is mounted so. */
static int try_processes(const struct attempt *attempt)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/1/stat", attempt->look->settings->proc_path);
    set_place(attempt, "%s/PID", attempt->look->settings->proc_path);
    return access(path, R_OK) < 0 ? -errno : 0;
}

static int try_pids(const struct attempt *attempt)
{
    set_place(attempt, "PID namespace");
    return pid_namespace_is_initial() ? 0 : -EXDEV;
}

/* -- OOM kills -- */

static int try_kernel_log(const struct attempt *attempt)
{
    struct kmsg *kmsg = malloc(sizeof(*kmsg));
    const char *path = attempt->look->settings->kmsg_path;

    if (!kmsg)
        return -ENOMEM;
    set_place(attempt, "%s", path);
    int error = kmsg_open(kmsg, path, false);
    if (error == 0)
        kmsg_close(kmsg);
    free(kmsg);
    return error;
}

static int try_victim_bell(const struct attempt *attempt)
{
    struct victim_bell bell = VICTIM_BELL_CLOSED;
    int error = victim_bell_open(&bell);

    set_place(attempt, "oom:mark_victim, bpf(2)");
    if (error == 0)
        victim_bell_close(&bell);
    return explained(attempt, error);
}

/* -- programs in the kernel, and its counters -- */

static int try_btf(const struct attempt *attempt)
{
    set_place(attempt, "/sys/kernel/btf/vmlinux");
    return explained(attempt, bpf_has_btf());
}

static int try_ebpf(const struct attempt *attempt)
{
    struct major_fault_counts *counts;
    int error = major_fault_counts_open(&counts);

    major_fault_counts_free(counts);
    set_place(attempt, "bpf(2)");
    return explained(attempt, error);
}

static int try_fault_trace(const struct attempt *attempt)
{
    const struct fault_trace_settings settings = {.pairs = 1};
    struct fault_trace *trace;
    int error = fault_trace_open(&trace, &settings);

    fault_trace_free(trace);
    set_place(attempt, "bpf(2)");
    return explained(attempt, error);
}

static int try_perf(const struct attempt *attempt)
{
    struct perf_inherit events = PERF_INHERIT_CLOSED;
    int error = perf_inherit_open(&events, getpid());
    bool partly = error == 0 && events.user_mode_only;

    perf_inherit_close(&events);
    set_place(attempt, "perf_event_open(2)");
    return partly ? PARTLY : error;
}

/* -- cgroups -- */

/* Of v2 the mount may be there without the controller. */
static bool has_memory_controller(const char *path)
{
    char file[PATH_MAX + 32];
    char *text;

    snprintf(file, sizeof(file), "%s/cgroup.controllers", path);
    if (file_read_whole(file, &text) < 0)
        return false;
    bool found = false;
    char *rest = text;
    for (const char *word; !found && (word = strsep(&rest, " \n"));)
        found = strcmp(word, "memory") == 0;
    free(text);
    return found;
}

static int try_cgroups(const struct attempt *attempt)
{
    char path[PATH_MAX];
    char *mountinfo;
    int version;

    int error = file_read_whole(attempt->look->settings->mountinfo_path, &mountinfo);
    if (error < 0)
        return error;
    error = cgroup_memory_mount(mountinfo, path, sizeof(path), &version);
    free(mountinfo);
    if (error < 0)
        return error;
    set_place(attempt, "v%d, %s", version, path);
    return version == CGROUP_V1 || has_memory_controller(path) ? 0 : -ENOTSUP;
}

static int try_own_cgroup(const struct attempt *attempt)
{
    char name[CGROUP_JOB_NAME_MAX];
    struct cgroup_job job = cgroup_job_none();
    struct problem problem = {0};

    snprintf(name, sizeof(name), CGROUP_JOB_PREFIX "check-%d", (int)getpid());
    int error = cgroup_job_make(&job, name, &problem);
    if (error < 0) {
        set_why(attempt, problem.text);
        return error;
    }
    set_place(attempt, "%s was made, and removed", job.path);
    return cgroup_job_remove(&job);
}

/* -- staying alive -- */

static int try_memory_lock(const struct attempt *attempt)
{
    int error = mlockall(MCL_CURRENT | MCL_FUTURE) < 0 ? -errno : 0;

    (void)munlockall();
    set_place(attempt, "mlockall(2)");
    return error;
}

static int try_oom_score(const struct attempt *attempt)
{
    int error = protect_from_oom_killer();

    protect_give_back();
    set_place(attempt, "/proc/self/oom_score_adj");
    return error;
}

/* -- all of them -- */

static const struct remedy of_proc[] = {
    {-ENODATA, "the kernel does not count it", "a newer kernel"},
    {0, NULL, "mount -t proc proc /proc, or name another one with --proc"},
};
static const struct remedy of_newer_key[] = {
    {-ENODATA, "the kernel does not count it", "Linux 4.13 or newer"},
    {0, NULL, "as for page faults"},
};
static const struct remedy of_stalls[] = {
    {-ENOENT, "the kernel has no PSI, or it was booted with psi=0",
     "boot with psi=1; Linux 4.20 or newer, CONFIG_PSI"},
    {-EOPNOTSUPP, "it is switched off", "boot with psi=1"},
    {0, NULL, "boot with psi=1; Linux 4.20 or newer, CONFIG_PSI"},
};
static const struct remedy of_processes[] = {
    {0, "the processes of others are hidden (hidepid)",
     "run it as root, or in the group that the mount option gid= names"},
};
static const struct remedy of_pids[] = {
    {0, "it is not the machine's first, as in a container",
     "run it on the host, or in its PID namespace (hostPID, --pid=host)"},
};
static const struct remedy of_kernel_log[] = {
    {-EPERM, NULL, "run it as root, grant CAP_SYSLOG, or set kernel.dmesg_restrict=0"},
    {-EACCES, NULL, "run it as root, or let it read /dev/kmsg"},
    {-ENOENT, NULL, "give the container /dev/kmsg (--device /dev/kmsg)"},
    {-ENODEV, "another device is in its place", "give the container the host's /dev/kmsg"},
    {0, NULL, "run it as root"},
};
static const struct remedy of_bpf[] = {
    {-ENOSYS, NULL, "another build of faultline"},
    {-ENOENT, NULL, "a kernel with CONFIG_DEBUG_INFO_BTF"},
    {-EPERM, NULL, "run it as root, or grant CAP_BPF and CAP_PERFMON"},
    {-EACCES, NULL, "run it as root, or grant CAP_BPF and CAP_PERFMON"},
    {-EXDEV, NULL, "run it on the host"},
    {0, NULL, "Linux 5.18 or newer"},
};
static const struct remedy of_perf[] = {
    {PARTLY, "of user mode alone", "grant CAP_PERFMON, or set kernel.perf_event_paranoid=1"},
    {-EACCES, "kernel.perf_event_paranoid forbids it",
     "grant CAP_PERFMON, or set kernel.perf_event_paranoid=1"},
    {-EPERM, "it is forbidden here", "grant CAP_PERFMON; a container wants perf_event_open(2) allowed"},
    {0, NULL, "a kernel with CONFIG_PERF_EVENTS"},
};
static const struct remedy of_cgroups[] = {
    {-ENOTSUP, "v2 has no memory controller here", "boot without cgroup_disable=memory"},
    {-ENOENT, "no cgroups are mounted", "mount -t cgroup2 none /sys/fs/cgroup"},
    {0, NULL, "mount -t cgroup2 none /sys/fs/cgroup"},
};
static const struct remedy of_own_cgroup[] = {
    {-EACCES, NULL, "run it as root, or by systemd-run --user --scope -p Delegate=yes"},
    {0, NULL, "run it as root, outside of a container"},
};
static const struct remedy of_memory_lock[] = {
    {0, NULL, "raise the limit (ulimit -l), or grant CAP_IPC_LOCK"},
};
static const struct remedy of_oom_score[] = {
    {0, NULL, "grant CAP_SYS_RESOURCE, which root has not everywhere; systemd: OOMScoreAdjust="},
};

static const struct row table[] = {
    {"page_faults", "page faults", true, try_metric, M_major_faults_per_second, "what faultline is for",
     of_proc},
    {"memory", "memory", true, try_metric, M_mem_free_bytes, "free, cached and available memory, swap",
     of_proc},
    {"cpu", "CPU and switches", true, try_metric, M_context_switches_per_second,
     "CPU time, interrupts, context switches, tasks that run or wait", of_proc},
    {"refaults", "refaults", false, try_metric, M_refaults_file_per_second,
     "a first read and thrashing look the same", of_newer_key},
    {"stalls", "stalls (PSI)", false, try_metric, M_memory_some_stall_percent,
     "how long tasks stood still for memory, I/O and CPU", of_stalls},
    {"oom_kills", "OOM kills, counted", false, try_metric, M_oom_kills,
     "kills are known by the kernel's log alone", of_newer_key},
    {"kernel_log", "OOM kills, named", false, try_kernel_log, 0,
     "OOM kills are counted, not named; without a limit and a cgroup", of_kernel_log},
    {"oom_tracepoint", "OOM kills, at once", false, try_victim_bell, 0,
     "an OOM kill is told when its line is out, on a slow console a second later", of_bpf},
    {"processes", "processes of others", false, try_processes, 0,
     "your own processes alone: not who faults or holds the memory", of_processes},
    {"pids", "process numbers", false, try_pids, 0,
     "the kernel's log names processes by numbers that are not those seen here; no eBPF", of_pids},
    {"btf", "BTF", false, try_btf, 0, "no eBPF, see below", of_bpf},
    {"ebpf", "eBPF", false, try_ebpf, 0,
     "who faults is read from /proc, so that who has ended is not named; who sent a SIGKILL is not known",
     of_bpf},
    {"fault_trace", "faults, timed", false, try_fault_trace, 0,
     "no `faultline trace`: how long a fault takes, and on which file", of_bpf},
    {"perf", "perf events", false, try_perf, 0,
     "run: faults of processes that nobody waits for, and allocations that failed", of_perf},
    {"cgroups", "memory cgroups", false, try_cgroups, 0,
     "--cgroup, top --by cgroup, and at whose limit an OOM kill was", of_cgroups},
    {"own_cgroup", "a cgroup for a job", false, try_own_cgroup, 0,
     "run: no --memory-max, its peak is sampled, stalls are the machine's", of_own_cgroup},
    {"memory_lock", "locked memory", false, try_memory_lock, 0,
     "--protect: it may wait for its own pages where memory is short", of_memory_lock},
    {"oom_score", "last to be killed", false, try_oom_score, 0, "--protect: the OOM killer may take it",
     of_oom_score},
};

enum { ROWS = sizeof(table) / sizeof(*table) };
static_assert((int)ROWS <= (int)ABILITIES_MAX, "LIST has room for all");

static const struct remedy *remedy_for(const struct row *row, int outcome)
{
    const struct remedy *remedy = row->remedies;

    while (remedy->error != 0 && remedy->error != outcome)
        remedy++;
    return remedy;
}

static void explain(struct ability *ability, const struct remedy *remedy, int outcome)
{
    ability->mend = remedy->mend;
    if (!ability->why[0])
        snprintf(ability->why, ABILITY_WHY_MAX, "%s", remedy->why ? remedy->why : strerror(-outcome));
}

static void fill(struct ability *ability, const struct row *row, const struct look *look)
{
    const struct attempt attempt = {look, row->metric, ability};

    *ability =
        (struct ability){.id = row->id, .title = row->title, .core = row->core, .without = row->without};
    int outcome = row->try(&attempt);
    ability->state = outcome == 0 ? ABILITY_HERE : outcome > 0 ? ABILITY_PARTLY : ABILITY_MISSING;
    if (outcome != 0)
        explain(ability, remedy_for(row, outcome), outcome);
}

static int open_sources(struct look *look)
{
    struct problem problem = {0};

    look->sampler = sampler_new();
    int error = look->sampler ? sampler_want_table(look->sampler) : -ENOMEM;
    if (error == 0)
        error = sampler_open(look->sampler, look->settings->proc_path, &problem);
    if (error < 0)
        return error;
    look->snapshot = snapshot_new(look->sampler);
    if (!look->snapshot)
        return -ENOMEM;
    sampler_read(look->sampler, look->snapshot);
    return 0;
}

size_t ability_look(const struct ability_settings *settings, struct ability *list)
{
    struct look look = {.settings = settings};

    look.sources_error = open_sources(&look);
    for (size_t i = 0; i < ROWS; i++)
        fill(&list[i], &table[i], &look);
    free(look.snapshot);
    sampler_free(look.sampler);
    return ROWS;
}

bool ability_lacks_core(const struct ability *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].core && list[i].state == ABILITY_MISSING)
            return true;
    }
    return false;
}
