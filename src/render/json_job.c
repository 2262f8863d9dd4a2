#include "job/diagnosis.h"
#include "render/job_summary.h"
#include "render/json_object.h"

#include <sys/wait.h>

enum { DECIMALS = 6 };

static void put_command(struct text *text, char *const *command)
{
    json_key(text, "command");
    text_char(text, '[');
    for (size_t i = 0; command[i]; i++) {
        text_string(text, i > 0 ? "," : "");
        json_put_string(text, command[i]);
    }
    text_char(text, ']');
}

static void put_end(struct text *text, const struct job_account *account)
{
    if (WIFSIGNALED(account->status))
        json_count(text, "signal", (uint64_t)WTERMSIG(account->status));
    else
        json_count(text, "status", (uint64_t)WEXITSTATUS(account->status));
}

static void put_usage(struct text *text, const struct job_account *account)
{
    const struct job_usage *usage = &account->usage;

    json_count(text, "minor_faults", usage->minor_faults);
    json_count(text, "major_faults", usage->major_faults);
    json_figure(text, "cpu_user_seconds", usage->user_seconds, DECIMALS);
    json_figure(text, "cpu_system_seconds", usage->system_seconds, DECIMALS);
    json_figure(text, "cpu_unwaited_seconds", usage->unwaited_cpu_seconds, DECIMALS);
    json_count(text, "voluntary_context_switches", usage->voluntary_switches);
    json_count(text, "involuntary_context_switches", usage->involuntary_switches);
    json_count(text, "read_bytes", usage->read_bytes);
    json_count(text, "written_bytes", usage->written_bytes);
    json_value(text, "processes_ended", account->ended_processes);
}

static void put_footprint(struct text *text, const struct job_account *account)
{
    const struct footprint *footprint = account->footprint;
    uint64_t largest = account->usage.largest_rss_bytes;

    json_count(text, "peak_rss_bytes", footprint->peak_bytes > largest ? footprint->peak_bytes : largest);
    json_count(text, "largest_rss_bytes", largest);
    json_count(text, "most_processes", footprint->most_processes);
    json_count(text, "looks", footprint->looks);
}

static void put_cgroup(struct text *text, const struct job_account *account)
{
    json_known(text, "cgroup", account->cgroup);
    json_value(text, "cgroup_peak_bytes", account->last.peak_bytes);
    json_value(text, "cgroup_limit_bytes", account->limit_bytes);
}

static void put_stalls(struct text *text, const struct job_account *account)
{
    const struct job_stalls *stalls = &account->stalls;
    const struct job_refaults *refaults = &account->refaults;

    json_string(text, "stalls_of", stalls->of_machine ? "machine" : "job");
    json_figure(text, "cpu_some_stall_seconds", stalls->cpu_some, DECIMALS);
    json_figure(text, "memory_some_stall_seconds", stalls->memory_some, DECIMALS);
    json_figure(text, "memory_full_stall_seconds", stalls->memory_full, DECIMALS);
    json_figure(text, "io_some_stall_seconds", stalls->io_some, DECIMALS);
    json_figure(text, "io_full_stall_seconds", stalls->io_full, DECIMALS);
    json_string(text, "refaults_of", refaults->of_machine ? "machine" : "job");
    json_figure(text, "refaults_file_bytes", refaults->file_bytes, 0);
    json_figure(text, "refaults_swap_bytes", refaults->swap_bytes, 0);
}

static const char *cause_name(enum death_cause cause)
{
    static const char *const names[] = {
        [DEATH_BY_SIGNAL] = "signal",        [DEATH_BY_ITSELF] = "itself",
        [DEATH_BY_PROCESS] = "process",      [DEATH_BY_KERNEL] = "kernel",
        [DEATH_BY_SOMEBODY] = "somebody",    [DEATH_BY_FULL_FILE_SYSTEM] = "file_system_full",
        [DEATH_BY_OWN_LIMIT] = "own_limit",  [DEATH_BY_LIMIT_ABOVE] = "limit_above",
        [DEATH_BY_MACHINE] = "machine_full", [DEATH_BY_NODES] = "nodes_full",
        [DEATH_BY_OOM] = "oom_kill",
    };
    return names[cause];
}

static void put_sender(struct text *text, const struct job_death *death)
{
    if (death->cause != DEATH_BY_PROCESS)
        return;
    json_count(text, "sender_pid", (uint64_t)death->sender);
    json_known(text, "sender_comm", death->sender_comm);
    json_count(text, "sender_uid", death->sender_uid);
}

/* A member's key has a comma in front, but for the first one. */
static void put_death(struct text *text, const struct job_death *death)
{
    text_format(text, "{\"pid\":%d", (int)death->pid);
    json_known(text, "comm", death->comm);
    json_count(text, "signal", (uint64_t)death->signal);
    json_string(text, "cause", cause_name(death->cause));
    json_value(text, "rss_bytes", death->rss_bytes);
    json_known(text, "limit_cgroup", death->limit_cgroup);
    json_value(text, "limit_bytes", death->limit_bytes);
    put_sender(text, death);
    json_known(text, "file", death->file);
    json_known(text, "file_system", death->full.path);
    text_char(text, '}');
}

static void put_deaths(struct text *text, const struct job_account *account)
{
    const struct job_deaths *deaths = account->deaths;

    json_count(text, "oom_kills", deaths->oom_kills);
    json_key(text, "deaths");
    text_char(text, '[');
    for (size_t i = 0; i < deaths->count; i++) {
        text_string(text, i > 0 ? "," : "");
        put_death(text, &deaths->list[i]);
    }
    text_char(text, ']');
    json_count(text, "more_deaths", deaths->beyond);
}

static void put_left(struct text *text, const struct job_account *account)
{
    json_count(text, "ended_with_command", account->ended_by_us);
    json_count(text, "left_processes", account->left);
    json_key(text, "left_out");
    text_char(text, '[');
    for (size_t i = 0; i < account->left_out_count; i++) {
        text_string(text, i > 0 ? "," : "");
        json_put_string(text, account->left_out[i]);
    }
    text_char(text, ']');
}

static void put_sentence(struct text *text, const char *key, const struct job_account *account,
                         void (*put)(struct text *text, const struct job_account *account))
{
    char bytes[1024];
    struct text sentence = text_over(bytes, sizeof(bytes) - 1);

    put(&sentence, account);
    bytes[sentence.length] = '\0';
    json_known(text, key, bytes);
}

void job_summary_put_json(struct text *text, const struct job_account *account)
{
    json_begin(text, "job");
    json_time(text, account->end_wall_ns);
    put_command(text, account->command);
    json_figure(text, "seconds", account->seconds, DECIMALS);
    put_end(text, account);
    put_usage(text, account);
    put_footprint(text, account);
    put_cgroup(text, account);
    put_stalls(text, account);
    put_deaths(text, account);
    put_left(text, account);
    json_known(text, "ending", job_ending_name(job_ending_of(account)));
    json_known(text, "diagnosis", job_wait_name(job_wait_of(account)));
    put_sentence(text, "ending_message", account, job_ending_put);
    put_sentence(text, "diagnosis_message", account, job_wait_put);
    json_end(text);
}
