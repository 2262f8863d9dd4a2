#include "job/deaths.h"

#include "base/signal_name.h"
#include "base/size.h"
#include "kernel/cgroup.h"
#include "kernel/span.h"
#include "watch/process_name.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* -- finding them -- */

static struct job_death *find(struct job_deaths *deaths, pid_t pid)
{
    for (size_t i = 0; i < deaths->count; i++) {
        if (deaths->list[i].pid == pid)
            return &deaths->list[i];
    }
    return NULL;
}

static struct job_death *find_untold(struct job_deaths *deaths, pid_t pid, enum death_teller teller)
{
    for (size_t i = 0; i < deaths->count; i++) {
        if (deaths->list[i].pid == pid && !deaths->list[i].told[teller])
            return &deaths->list[i];
    }
    return NULL;
}

static int weight_of(const struct job_deaths *deaths, bool oom, pid_t pid)
{
    return 2 * oom + (pid == deaths->command);
}

static int weight(const struct job_deaths *deaths, const struct job_death *death)
{
    return weight_of(deaths, job_death_is_oom(death), death->pid);
}

/* Several tell of the same one, which is gone: of those that each tells of it is the most that is sure. */
static void count_beyond(struct job_deaths *deaths, enum death_teller teller)
{
    if (++deaths->beyond_of[teller] > deaths->beyond)
        deaths->beyond = deaths->beyond_of[teller];
}

/* Where there is no room: that of the last of those that weigh least, if it is less than WANTED, or NULL. */
static struct job_death *place_for(struct job_deaths *deaths, int wanted, enum death_teller teller)
{
    struct job_death *lightest = &deaths->list[0];

    if (deaths->count < JOB_DEATHS_MAX)
        return &deaths->list[deaths->count++];
    count_beyond(deaths, teller);
    for (size_t i = 1; i < deaths->count; i++) {
        if (weight(deaths, &deaths->list[i]) <= weight(deaths, lightest))
            lightest = &deaths->list[i];
    }
    return weight(deaths, lightest) < wanted ? lightest : NULL;
}

/* The one that is known by that pid, or a new one. NULL where there is no room. */
static struct job_death *death_of(struct job_deaths *deaths, pid_t pid, const char *comm,
                                  enum death_teller teller)
{
    struct job_death *death = find_untold(deaths, pid, teller);

    if (!death) {
        death = place_for(deaths, weight_of(deaths, teller == TOLD_BY_OOM_KILLER, pid), teller);
        if (!death)
            return NULL;
        *death = (struct job_death){.pid = pid};
    }
    death->told[teller] = true;
    if (death->comm[0] == '\0')
        span_keep(death->comm, sizeof(death->comm), span_of(comm));
    return death;
}

/* -- the OOM killer's -- */

static enum death_cause cause_of(const struct job_deaths *deaths, const struct oom_kill *kill)
{
    static const enum death_cause causes[] = {
        [OOM_CONSTRAINT_UNKNOWN] = DEATH_BY_OOM,         [OOM_CONSTRAINT_NONE] = DEATH_BY_MACHINE,
        [OOM_CONSTRAINT_MEMCG] = DEATH_BY_LIMIT_ABOVE,   [OOM_CONSTRAINT_CPUSET] = DEATH_BY_NODES,
        [OOM_CONSTRAINT_MEMORY_POLICY] = DEATH_BY_NODES,
    };

    if (kill->constraint == OOM_CONSTRAINT_MEMCG && deaths->cgroup &&
        cgroup_is_within(kill->limit_cgroup, deaths->cgroup))
        return DEATH_BY_OWN_LIMIT;
    return causes[kill->constraint];
}

const struct job_death *job_deaths_add_kill(struct job_deaths *deaths, const struct oom_kill *kill)
{
    struct job_death *death = death_of(deaths, (pid_t)kill->pid.number, kill->comm, TOLD_BY_OOM_KILLER);

    deaths->oom_kills++;
    if (!death)
        return NULL;
    death->signal = SIGKILL;
    death->cause = cause_of(deaths, kill);
    death->rss_bytes = oom_kill_rss_bytes(kill);
    death->limit_bytes = kill->limit_bytes;
    memcpy(death->limit_cgroup, kill->limit_cgroup, sizeof(death->limit_cgroup));
    return death;
}

void job_deaths_add_unnamed_kills(struct job_deaths *deaths, uint64_t kills)
{
    deaths->oom_kills += kills;
    deaths->unnamed += kills;
}

void job_deaths_add_suspected_kills(struct job_deaths *deaths, uint64_t kills)
{
    deaths->suspected += kills;
}

bool job_death_is_oom(const struct job_death *death)
{
    return death->cause >= DEATH_BY_OWN_LIMIT;
}

/* -- the others -- */

/* That a part was ended by one of these is of no account: a shell's pipeline, a program that ends its own. */
static bool is_usual(int signal)
{
    switch (signal) {
    case SIGHUP:
    case SIGINT:
    case SIGQUIT:
    case SIGTERM:
    case SIGPIPE:
    case SIGALRM:
    case SIGUSR1:
    case SIGUSR2:
        return true;
    default:
        return false;
    }
}

static void take_sender(struct job_death *death, const struct process_death *end, bool inside)
{
    death->sender = (pid_t)end->sender.pid;
    death->sender_uid = end->sender.uid;
    death->sender_inside = inside;
    span_keep(death->sender_comm, sizeof(death->sender_comm), span_of(end->sender.comm));
    death->cause = end->sender.pid == end->pid ? DEATH_BY_ITSELF : DEATH_BY_PROCESS;
}

/* The kernel's count of a tmpfs is kept by CPU, and lags behind a little. */
static bool was_full(const struct process_death *end)
{
    const struct value size = end->file.size_bytes;
    const struct value used = end->file.used_bytes;

    return size.present && used.present && used.number + size.number / 64 >= size.number;
}

static void take_file(struct job_death *death, const struct process_death *end)
{
    death->cause = DEATH_BY_ITSELF;
    if (!end->file.known)
        return;
    span_keep(death->file, sizeof(death->file), span_of(end->file.path));
    death->behind_end = end->file.offset_bytes >= end->file.length_bytes;
    if (death->behind_end)
        return;
    if (was_full(end))
        death->full.size_bytes =
            end->file.size_bytes.number; /* it may have room again, now that this one is gone */
    else if (file_system_find_full(&death->full, end->file.device) <= 0)
        return;
    death->cause = DEATH_BY_FULL_FILE_SYSTEM;
}

/* What was seen of its signal is surer than what its status lets one guess, whichever came first. */
static void take_end(struct job_death *death, const struct process_death *end, bool sender_inside)
{
    if (!end->sender.seen)
        return;
    death->full = (struct file_system){.path = ""};
    if (end->sender.pid != 0 && !end->sender.kernel)
        take_sender(death, end, sender_inside);
    else if (end->signal == SIGBUS)
        take_file(death, end);
    else if (end->sender.kernel)
        death->cause = end->signal == SIGKILL ? DEATH_BY_KERNEL : DEATH_BY_ITSELF;
}

static bool is_worth_telling(const struct job_deaths *deaths, pid_t pid, int signal)
{
    return pid == deaths->command || !is_usual(signal);
}

void job_deaths_add_end(struct job_deaths *deaths, const struct process_death *end, bool sender_inside)
{
    bool ours = !end->sender.kernel && (pid_t)end->sender.pid == deaths->keeper;

    if (ours || !is_worth_telling(deaths, (pid_t)end->pid, end->signal))
        return;
    struct job_death *death = death_of(deaths, (pid_t)end->pid, end->comm, TOLD_BY_END);
    if (!death)
        return;
    death->signal = end->signal;
    death->core = end->core;
    if (!job_death_is_oom(death))
        take_end(death, end, sender_inside);
}

void job_deaths_add_status(struct job_deaths *deaths, pid_t pid, const char *comm, int status,
                           const struct file_system *full)
{
    if (!WIFSIGNALED(status) || !is_worth_telling(deaths, pid, WTERMSIG(status)))
        return;
    struct job_death *death = death_of(deaths, pid, comm, TOLD_BY_STATUS);
    if (!death)
        return;
    death->signal = WTERMSIG(status);
    death->core = WCOREDUMP(status);
    if (death->signal == SIGBUS && full && death->cause == DEATH_BY_SIGNAL) {
        death->cause = DEATH_BY_FULL_FILE_SYSTEM;
        death->full = *full;
    }
}

/* -- what is made of it -- */

static void decide(struct job_deaths *deaths, struct job_death *death, uint64_t *unnamed)
{
    bool open = death->cause == DEATH_BY_SIGNAL || death->cause == DEATH_BY_KERNEL;

    if (death->signal != SIGKILL || !open)
        return;
    if (*unnamed > 0) {
        (*unnamed)--;
        deaths->unnamed--;
        death->cause = DEATH_BY_OOM;
    } else if (deaths->suspected > 0) {
        deaths->suspected--;
        deaths->oom_kills++;
        death->cause = DEATH_BY_OOM;
        death->probably = true;
    } else if (death->cause == DEATH_BY_SIGNAL) {
        death->cause = DEATH_BY_SOMEBODY;
    }
}

/* Those that weigh the same stay in the order in which they came. */
static void sort(struct job_deaths *deaths)
{
    for (size_t i = 1; i < deaths->count; i++) {
        struct job_death moved = deaths->list[i];
        size_t place = i;
        for (; place > 0 && weight(deaths, &deaths->list[place - 1]) < weight(deaths, &moved); place--)
            deaths->list[place] = deaths->list[place - 1];
        deaths->list[place] = moved;
    }
}

void job_deaths_settle(struct job_deaths *deaths)
{
    uint64_t unnamed = deaths->unnamed;

    for (size_t i = 0; i < deaths->count; i++)
        decide(deaths, &deaths->list[i], &unnamed);
    sort(deaths);
}

const struct job_death *job_deaths_of_command(const struct job_deaths *deaths)
{
    return find((struct job_deaths *)deaths, deaths->command);
}

/* -- in words -- */

const char *job_limit_owner(const char *cgroup)
{
    static const struct {
        const char *part;
        const char *owner;
    } owners[] = {
        {"kubepods", "Kubernetes"},
        {"slurm", "Slurm"},
        {"docker", "Docker"},
        {"libpod", "Podman"},
        {"htcondor", "HTCondor"},
        {"pbs_jobs", "PBS"},
        {"lxc", "LXC"},
        {"nspawn", "systemd-nspawn"},
        {"user.slice", "systemd"},
        {"system.slice", "systemd"},
        {"cri-containerd", "containerd"},
    };

    for (size_t i = 0; i < sizeof(owners) / sizeof(*owners); i++) {
        if (strstr(cgroup, owners[i].part))
            return owners[i].owner;
    }
    return NULL;
}

static void put_limit_above(struct text *text, const struct job_death *death)
{
    const char *owner = job_limit_owner(death->limit_cgroup);

    text_string(text, ", by the kernel, at the limit of ");
    text_string(text, death->limit_cgroup[0] ? death->limit_cgroup : "a cgroup above it");
    if (death->limit_bytes.present)
        text_size_within(text, " (", (double)death->limit_bytes.number, ")");
    text_format(text, owner ? ", which is %s's" : ", which is not the job's own", owner);
}

static void put_own_limit(struct text *text, const struct job_death *death)
{
    text_string(text, ", by the kernel, at the job's own limit");
    if (death->limit_bytes.present)
        text_size_within(text, " of ", (double)death->limit_bytes.number, "");
}

static void put_sender(struct text *text, const struct job_death *death)
{
    text_string(text, ", sent by ");
    if (death->sender_comm[0])
        process_name_put(text, death->sender_comm, (uint64_t)death->sender);
    else
        text_format(text, "process %d", (int)death->sender);
    text_format(text, " of user %" PRIu64, death->sender_uid);
    if (death->sender_inside)
        text_string(text, ", a process of the job");
}

static void put_full(struct text *text, const struct job_death *death)
{
    if (death->file[0]) {
        text_string(text, " on ");
        text_string(text, death->file);
        text_size_within(text, ", whose file system (", (double)death->full.size_bytes, ") was full");
    } else {
        text_string(text, ", while ");
        text_string(text, death->full.path);
        text_size_within(text, " (", (double)death->full.size_bytes, ") was full");
    }
}

static void put_somebody(struct text *text, const struct job_deaths *deaths)
{
    text_string(text, ", sent by somebody else: the kernel counts no OOM kill of it");
    if (!deaths->sees_senders)
        text_string(text, " (root, with eBPF, sees who)");
}

static void put_cause(struct text *text, const struct job_death *death, const struct job_deaths *deaths)
{
    switch (death->cause) {
    case DEATH_BY_SIGNAL:
        break;
    case DEATH_BY_ITSELF:
        text_string(text, ", by itself");
        if (death->file[0]) {
            text_string(text, death->behind_end ? ", behind the end of " : ", on ");
            text_string(text, death->file);
        }
        break;
    case DEATH_BY_PROCESS:
        put_sender(text, death);
        break;
    case DEATH_BY_KERNEL:
        text_string(text, ", by the kernel, and not for want of memory");
        break;
    case DEATH_BY_SOMEBODY:
        put_somebody(text, deaths);
        break;
    case DEATH_BY_FULL_FILE_SYSTEM:
        put_full(text, death);
        break;
    case DEATH_BY_OWN_LIMIT:
        put_own_limit(text, death);
        break;
    case DEATH_BY_LIMIT_ABOVE:
        put_limit_above(text, death);
        break;
    case DEATH_BY_MACHINE:
        text_string(text, ", by the kernel: the whole machine was out of memory");
        break;
    case DEATH_BY_NODES:
        text_string(text, ", by the kernel: the memory nodes that it may use were full");
        break;
    case DEATH_BY_OOM:
        text_string(text, death->probably ? ", probably by the kernel's OOM killer, which took somebody then"
                                          : ", by the kernel's OOM killer");
        break;
    }
}

void job_death_put(struct text *text, const struct job_death *death, const struct job_deaths *deaths)
{
    process_name_put(text, death->comm, (uint64_t)death->pid);
    if (death->rss_bytes.present)
        text_size_within(text, " ", (double)death->rss_bytes.number, " resident");
    text_string(text, ": ");
    text_signal(text, death->signal);
    put_cause(text, death, deaths);
    if (death->core)
        text_string(text, ", core dumped");
}
