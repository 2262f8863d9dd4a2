#include "render/json.h"

#include "base/clock.h"
#include "render/json_object.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

void json_put_about(struct text *text, const struct about *about)
{
    json_begin(text, "about");
    json_time(text, about->wall_ns);
    json_string(text, "version", FAULTLINE_VERSION);
    json_known(text, "host", about->host);
    json_known(text, "kernel", about->kernel);
    json_figure(text, "interval_seconds", about->interval_seconds, 3);
    json_figure(text, "alert_major_faults", about->alert_major_faults, 1);
    json_figure(text,
                about->context_switches_per_cpu ? "alert_context_switches_per_cpu" : "alert_context_switches",
                about->alert_context_switches, 1);
    if (about->since_ns > 0) {
        json_key(text, "since");
        text_char(text, '"');
        clock_put_iso(text, about->since_ns);
        text_char(text, '"');
    }
    json_end(text);
}

void json_put_sample(struct text *text, const struct columns *columns, const struct interval *interval)
{
    json_begin(text, "sample");
    json_time(text, interval->wall_ns);
    json_figure(text, "interval_seconds", interval->seconds, 3);
    for (size_t i = 0; i < columns->count; i++) {
        const struct metric *metric = columns->list[i].metric;
        json_figure(text, metric->id, interval->values[columns->list[i].index], metric_decimals(metric));
    }
    json_end(text);
}

static void put_culprit(struct text *text, const struct culprit *culprit)
{
    text_string(text, "{\"pid\":");
    text_unsigned(text, culprit->pid);
    json_known(text, "comm", culprit->comm);
    json_figure(text, "major_faults_per_second", culprit->major_faults_per_second, 1);
    text_char(text, '}');
}

static void put_culprits(struct text *text, const struct event *event)
{
    json_key(text, "processes");
    text_char(text, '[');
    for (size_t i = 0; i < event->process_count; i++) {
        if (i > 0)
            text_char(text, ',');
        put_culprit(text, &event->processes[i]);
    }
    text_char(text, ']');
}

static void put_alert(struct text *text, const struct event *event)
{
    static const char *const states[] = {
        [STATE_BEGIN] = "begin", [STATE_CONTINUE] = "continue", [STATE_END] = "end"};

    json_begin(text, "alert");
    json_time(text, event->wall_ns);
    json_string(text, "alert", event->alert);
    json_string(text, "state", states[event->state]);
    json_figure(text, "value", event->value, 1);
    json_figure(text, "threshold", event->threshold, 1);
    json_figure(text, "worst", event->worst, 1);
    json_figure(text, "duration_seconds", event->duration_seconds, 3);
    if (event->diagnosis)
        json_string(text, "diagnosis", event->diagnosis);
    if (event->process_count > 0)
        put_culprits(text, event);
}

static void put_victim(struct text *text, const struct oom_kill *kill)
{
    json_value(text, "pid", kill->pid);
    json_known(text, "comm", kill->comm);
    json_value(text, "uid", kill->uid);
    json_value(text, "anon_rss_bytes", kill->anon_rss_bytes);
    json_value(text, "file_rss_bytes", kill->file_rss_bytes);
    json_value(text, "shmem_rss_bytes", kill->shmem_rss_bytes);
    json_value(text, "total_vm_bytes", kill->total_vm_bytes);
    json_value(text, "pgtables_bytes", kill->pgtables_bytes);
    json_signed(text, "oom_score_adj", kill->oom_score_adj);
    json_known(text, "constraint", oom_constraint_name(kill->constraint));
    json_known(text, "cgroup", kill->cgroup);
    json_known(text, "limit_cgroup", kill->limit_cgroup);
    json_value(text, "usage_bytes", kill->usage_bytes);
    json_value(text, "limit_bytes", kill->limit_bytes);
    json_known(text, "trigger", kill->trigger);
    json_value(text, "trigger_pid", kill->trigger_pid);
    if (kill->group_kill) {
        json_key(text, "group_kill");
        text_string(text, "true");
    }
}

static void put_task(struct text *text, const struct oom_task *task)
{
    text_string(text, "{\"pid\":");
    text_unsigned(text, task->pid.number);
    json_known(text, "comm", task->comm);
    json_value(text, "uid", task->uid);
    json_value(text, "rss_bytes", task->rss_bytes);
    json_value(text, "swap_bytes", task->swap_bytes);
    json_signed(text, "oom_score_adj", task->oom_score_adj);
    text_char(text, '}');
}

static void put_tasks(struct text *text, const struct oom_kill *kill)
{
    json_key(text, "tasks");
    text_char(text, '[');
    for (size_t i = 0; i < kill->task_count; i++) {
        if (i > 0)
            text_char(text, ',');
        put_task(text, &kill->tasks[i]);
    }
    text_char(text, ']');
}

void json_put_oom_kill(struct text *text, const struct oom_kill *kill, const struct oom_moment *moment,
                       bool tasks)
{
    json_begin(text, "oom_kill");
    if (moment->has_wall)
        json_time(text, moment->wall_ns);
    if (moment->has_monotonic)
        json_figure(text, "monotonic_seconds", (double)moment->monotonic_us / 1e6, 6);
    put_victim(text, kill);
    if (tasks)
        put_tasks(text, kill);
    json_end(text);
}

static void put_oom_event(struct text *text, const struct event *event)
{
    json_begin(text, "oom_kill");
    json_time(text, event->wall_ns);
    if (event->kill)
        put_victim(text, event->kill);
    else
        json_value(text, "kills", (struct value){event->kills, true});
}

static void begin_event(struct text *text, const struct event *event)
{
    if (event->kind == EVENT_ALERT)
        put_alert(text, event);
    else
        put_oom_event(text, event);
    json_string(text, "message", event->message);
}

void json_put_event(struct text *text, const struct event *event)
{
    begin_event(text, event);
    json_end(text);
}

void json_put_recorded_event(struct text *text, const struct event *event)
{
    begin_event(text, event);
    if (event->kill)
        put_tasks(text, event->kill);
    json_end(text);
}

void json_put_mark(struct text *text, const struct mark *mark)
{
    static const char *const names[] = {
        [MARK_BOOT] = "boot",       [MARK_RESTART] = "restart",
        [MARK_LOSS] = "loss",       [MARK_CLOCK_STEP] = "clock_step",
        [MARK_SUSPEND] = "suspend",
    };

    json_begin(text, "mark");
    json_time(text, mark->wall_ns);
    json_string(text, "mark", names[mark->kind]);
    json_figure(text, "seconds", mark->seconds, 3);
    if (mark->kind == MARK_BOOT || mark->kind == MARK_RESTART) {
        json_key(text, "orderly");
        text_string(text, mark->orderly ? "true" : "false");
    }
    json_end(text);
}

static void put_span(struct text *text, uint64_t begin_ns, uint64_t end_ns)
{
    json_time(text, begin_ns);
    json_key(text, "end");
    text_char(text, '"');
    clock_put_iso(text, end_ns);
    text_char(text, '"');
}

void json_put_boot(struct text *text, const struct recorded_boot *boot)
{
    json_begin(text, "boot");
    put_span(text, boot->begin_ns, boot->end_ns);
    json_signed(text, "boot", (struct value){(uint64_t)boot->number, true});
    json_known(text, "host", boot->host);
    json_known(text, "kernel", boot->kernel);
    json_end(text);
}

void json_put_incident(struct text *text, const struct incident *incident, size_t number)
{
    json_begin(text, "incident");
    put_span(text, incident->begin_ns, incident->end_ns);
    json_value(text, "incident", (struct value){number, true});
    json_value(text, "oom_kills", (struct value){incident->oom_kills, true});
    json_string(text, "message", incident->title);
    json_end(text);
}

static void put_rate(struct text *text, const char *key, struct value since, double seconds)
{
    if (since.present && seconds > 0)
        json_figure(text, key, (double)since.number / seconds, 1);
}

void json_put_process(struct text *text, const struct process_row *row, uint64_t wall_ns, double seconds)
{
    json_begin(text, "process");
    json_time(text, wall_ns);
    json_key(text, "pid");
    text_unsigned(text, row->pid);
    json_known(text, "comm", row->comm);
    json_value(text, "uid", row->uid);
    json_known(text, "cgroup", row->cgroup);
    json_value(text, "rss_bytes", (struct value){row->rss_bytes, true});
    json_value(text, "swap_bytes", row->swap_bytes);
    json_value(text, "minor_faults", (struct value){row->minor_faults, true});
    json_value(text, "major_faults", (struct value){row->major_faults, true});
    put_rate(text, "minor_faults_per_second", row->minor_faults_since, seconds);
    put_rate(text, "major_faults_per_second", row->major_faults_since, seconds);
    json_end(text);
}

size_t json_sample_max(const struct columns *columns)
{
    enum { HEAD_MAX = 128, NUMBER_MAX = 32 };
    size_t size = HEAD_MAX;

    for (size_t i = 0; i < columns->count; i++)
        size += strlen(columns->list[i].metric->id) + NUMBER_MAX;
    return size;
}
