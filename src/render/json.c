#include "render/json.h"

#include "base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* A sequence of up to three bytes as \uHHHH. */
static void put_escaped(struct text *text, const unsigned char *at, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    unsigned point = length == 1 ? at[0] : at[0] & (0x7fU >> length);

    for (size_t i = 1; i < length; i++)
        point = point << 6 | (at[i] & 0x3fU);
    text_string(text, "\\u");
    for (int shift = 12; shift >= 0; shift -= 4)
        text_char(text, hex[point >> shift & 15]);
}

void json_put_string(struct text *text, const char *string)
{
    const unsigned char *at = (const unsigned char *)string;

    text_char(text, '"');
    while (*at) {
        size_t length = text_utf8_length((const char *)at);
        if (length == 0) {
            text_string(text, "\xef\xbf\xbd");
        } else if (*at == '"' || *at == '\\') {
            text_char(text, '\\');
            text_char(text, (char)*at);
        } else if (text_steers((const char *)at, length)) {
            put_escaped(text, at, length);
        } else {
            text_bytes(text, (const char *)at, length);
        }
        at += length > 0 ? length : 1;
    }
    text_char(text, '"');
}

/* ,"KEY": */
static void put_key(struct text *text, const char *key)
{
    text_string(text, ",\"");
    text_string(text, key);
    text_string(text, "\":");
}

static void put_string(struct text *text, const char *key, const char *value)
{
    put_key(text, key);
    json_put_string(text, value);
}

/* Absent is no key. */
static void put_number(struct text *text, const char *key, double value, unsigned decimals)
{
    if (!isfinite(value))
        return;
    put_key(text, key);
    text_decimal(text, value, decimals);
}

/* {"type":"TYPE" */
static void begin_object(struct text *text, const char *type)
{
    text_string(text, "{\"type\":\"");
    text_string(text, type);
    text_char(text, '"');
}

static void put_time(struct text *text, uint64_t wall_ns)
{
    put_key(text, "time");
    text_char(text, '"');
    clock_put_iso(text, wall_ns);
    text_char(text, '"');
}

static void end_object(struct text *text)
{
    text_string(text, "}\n");
}

void json_put_sample(struct text *text, const struct columns *columns, const struct interval *interval)
{
    begin_object(text, "sample");
    put_time(text, interval->wall_ns);
    put_number(text, "interval_seconds", interval->seconds, 3);
    for (size_t i = 0; i < columns->count; i++) {
        const struct metric *metric = columns->list[i].metric;
        put_number(text, metric->id, interval->values[columns->list[i].index], metric_decimals(metric));
    }
    end_object(text);
}

static void put_value(struct text *text, const char *key, struct value value)
{
    if (!value.present)
        return;
    put_key(text, key);
    text_unsigned(text, value.number);
}

static void put_signed(struct text *text, const char *key, struct value value)
{
    if (!value.present)
        return;
    put_key(text, key);
    if ((int64_t)value.number < 0)
        text_char(text, '-');
    text_unsigned(text, (int64_t)value.number < 0 ? -value.number : value.number);
}

static void put_known(struct text *text, const char *key, const char *value)
{
    if (value && value[0])
        put_string(text, key, value);
}

static void put_culprit(struct text *text, const struct culprit *culprit)
{
    text_string(text, "{\"pid\":");
    text_unsigned(text, culprit->pid);
    put_known(text, "comm", culprit->comm);
    put_number(text, "major_faults_per_second", culprit->major_faults_per_second, 1);
    text_char(text, '}');
}

static void put_culprits(struct text *text, const struct event *event)
{
    put_key(text, "processes");
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

    begin_object(text, "alert");
    put_time(text, event->wall_ns);
    put_string(text, "alert", event->alert);
    put_string(text, "state", states[event->state]);
    put_number(text, "value", event->value, 1);
    put_number(text, "threshold", event->threshold, 1);
    put_number(text, "worst", event->worst, 1);
    put_number(text, "duration_seconds", event->duration_seconds, 3);
    if (event->diagnosis)
        put_string(text, "diagnosis", event->diagnosis);
    if (event->process_count > 0)
        put_culprits(text, event);
}

static void put_victim(struct text *text, const struct oom_kill *kill)
{
    put_value(text, "pid", kill->pid);
    put_known(text, "comm", kill->comm);
    put_value(text, "uid", kill->uid);
    put_value(text, "anon_rss_bytes", kill->anon_rss_bytes);
    put_value(text, "file_rss_bytes", kill->file_rss_bytes);
    put_value(text, "shmem_rss_bytes", kill->shmem_rss_bytes);
    put_value(text, "total_vm_bytes", kill->total_vm_bytes);
    put_value(text, "pgtables_bytes", kill->pgtables_bytes);
    put_signed(text, "oom_score_adj", kill->oom_score_adj);
    put_known(text, "constraint", oom_constraint_name(kill->constraint));
    put_known(text, "cgroup", kill->cgroup);
    put_known(text, "limit_cgroup", kill->limit_cgroup);
    put_value(text, "usage_bytes", kill->usage_bytes);
    put_value(text, "limit_bytes", kill->limit_bytes);
    put_known(text, "trigger", kill->trigger);
    put_value(text, "trigger_pid", kill->trigger_pid);
    if (kill->group_kill) {
        put_key(text, "group_kill");
        text_string(text, "true");
    }
}

static void put_task(struct text *text, const struct oom_task *task)
{
    text_string(text, "{\"pid\":");
    text_unsigned(text, task->pid.number);
    put_known(text, "comm", task->comm);
    put_value(text, "uid", task->uid);
    put_value(text, "rss_bytes", task->rss_bytes);
    put_value(text, "swap_bytes", task->swap_bytes);
    put_signed(text, "oom_score_adj", task->oom_score_adj);
    text_char(text, '}');
}

static void put_tasks(struct text *text, const struct oom_kill *kill)
{
    put_key(text, "tasks");
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
    begin_object(text, "oom_kill");
    if (moment->has_wall)
        put_time(text, moment->wall_ns);
    if (moment->has_monotonic)
        put_number(text, "monotonic_seconds", (double)moment->monotonic_us / 1e6, 6);
    put_victim(text, kill);
    if (tasks)
        put_tasks(text, kill);
    end_object(text);
}

static void put_oom_event(struct text *text, const struct event *event)
{
    begin_object(text, "oom_kill");
    put_time(text, event->wall_ns);
    if (event->kill)
        put_victim(text, event->kill);
    else
        put_value(text, "kills", (struct value){event->kills, true});
}

static void begin_event(struct text *text, const struct event *event)
{
    if (event->kind == EVENT_ALERT)
        put_alert(text, event);
    else
        put_oom_event(text, event);
    put_string(text, "message", event->message);
}

void json_put_event(struct text *text, const struct event *event)
{
    begin_event(text, event);
    end_object(text);
}

void json_put_recorded_event(struct text *text, const struct event *event)
{
    begin_event(text, event);
    if (event->kill)
        put_tasks(text, event->kill);
    end_object(text);
}

void json_put_mark(struct text *text, const struct mark *mark)
{
    static const char *const names[] = {
        [MARK_BOOT] = "boot",       [MARK_RESTART] = "restart",
        [MARK_LOSS] = "loss",       [MARK_CLOCK_STEP] = "clock_step",
        [MARK_SUSPEND] = "suspend",
    };

    begin_object(text, "mark");
    put_time(text, mark->wall_ns);
    put_string(text, "mark", names[mark->kind]);
    put_number(text, "seconds", mark->seconds, 3);
    if (mark->kind == MARK_BOOT || mark->kind == MARK_RESTART) {
        put_key(text, "orderly");
        text_string(text, mark->orderly ? "true" : "false");
    }
    end_object(text);
}

static void put_span(struct text *text, uint64_t begin_ns, uint64_t end_ns)
{
    put_time(text, begin_ns);
    put_key(text, "end");
    text_char(text, '"');
    clock_put_iso(text, end_ns);
    text_char(text, '"');
}

void json_put_boot(struct text *text, const struct recorded_boot *boot)
{
    begin_object(text, "boot");
    put_span(text, boot->begin_ns, boot->end_ns);
    put_signed(text, "boot", (struct value){(uint64_t)boot->number, true});
    put_known(text, "host", boot->host);
    put_known(text, "kernel", boot->kernel);
    end_object(text);
}

void json_put_incident(struct text *text, const struct incident *incident, size_t number)
{
    begin_object(text, "incident");
    put_span(text, incident->begin_ns, incident->end_ns);
    put_value(text, "incident", (struct value){number, true});
    put_value(text, "oom_kills", (struct value){incident->oom_kills, true});
    put_string(text, "message", incident->title);
    end_object(text);
}

static void put_rate(struct text *text, const char *key, struct value since, double seconds)
{
    if (since.present && seconds > 0)
        put_number(text, key, (double)since.number / seconds, 1);
}

void json_put_process(struct text *text, const struct process_row *row, uint64_t wall_ns, double seconds)
{
    begin_object(text, "process");
    put_time(text, wall_ns);
    put_key(text, "pid");
    text_unsigned(text, row->pid);
    put_known(text, "comm", row->comm);
    put_value(text, "uid", row->uid);
    put_known(text, "cgroup", row->cgroup);
    put_value(text, "rss_bytes", (struct value){row->rss_bytes, true});
    put_value(text, "swap_bytes", row->swap_bytes);
    put_value(text, "minor_faults", (struct value){row->minor_faults, true});
    put_value(text, "major_faults", (struct value){row->major_faults, true});
    put_rate(text, "minor_faults_per_second", row->minor_faults_since, seconds);
    put_rate(text, "major_faults_per_second", row->major_faults_since, seconds);
    end_object(text);
}

/* -- page faults -- */

static void put_ns(struct text *text, const char *key, uint64_t ns)
{
    put_key(text, key);
    text_format(text, "%" PRIu64 ".%09" PRIu64, ns / NS_PER_SECOND, ns % NS_PER_SECOND);
}

static void put_count(struct text *text, const char *key, uint64_t count)
{
    put_value(text, key, (struct value){count, true});
}

/* Buckets that are empty are left out; the last one has no end. */
static void put_histogram(struct text *text, const struct latency *latency)
{
    const char *comma = "";

    put_key(text, "histogram");
    text_char(text, '[');
    for (size_t i = 0; i < FAULT_BUCKETS; i++) {
        uint64_t end_ns = latency_bucket_end(i);
        if (latency->buckets[i] == 0)
            continue;
        text_string(text, comma);
        if (end_ns == UINT64_MAX)
            text_string(text, "[null");
        else
            text_format(text, "[%" PRIu64 ".%09" PRIu64, end_ns / NS_PER_SECOND, end_ns % NS_PER_SECOND);
        text_format(text, ",%" PRIu64 "]", latency->buckets[i]);
        comma = ",";
    }
    text_char(text, ']');
}

static void put_latency(struct text *text, const struct latency *latency, bool has_waits)
{
    static const struct {
        const char *key;
        unsigned percent;
    } percentiles[] = {{"p50_seconds", 50}, {"p90_seconds", 90}, {"p99_seconds", 99}};

    put_count(text, "major_faults", latency->faults);
    put_ns(text, "total_seconds", latency->total_ns);
    for (size_t i = 0; latency->faults > 0 && i < sizeof(percentiles) / sizeof(*percentiles); i++)
        put_ns(text, percentiles[i].key, latency_percentile_ns(latency, percentiles[i].percent));
    if (latency->faults > 0)
        put_ns(text, "max_seconds", latency->max_ns);
    if (has_waits) {
        put_count(text, "waits", latency->waits);
        put_ns(text, "wait_seconds", latency->wait_ns);
    }
    put_histogram(text, latency);
}

static void put_faulted_file(struct text *text, const struct fault_key *key, const struct fault_pair *pair)
{
    static const char *const backings[] = {
        [FAULT_FILE] = "file", [FAULT_SHMEM] = "shmem", [FAULT_SWAP] = "swap", [FAULT_UNKNOWN] = "unknown"};

    put_string(text, "backing", backings[key->backing <= FAULT_UNKNOWN ? key->backing : FAULT_UNKNOWN]);
    if (key->backing != FAULT_FILE && key->backing != FAULT_SHMEM)
        return;
    put_known(text, "file", pair ? pair->path : NULL);
    if (pair && pair->deleted) {
        put_key(text, "deleted");
        text_string(text, "true");
    }
    put_key(text, "device");
    text_format(text, "\"%" PRIu32 ":%" PRIu32 "\"", key->device >> 20, key->device & 0xfffffU);
    put_count(text, "inode", key->inode);
}

static void put_faulting_process(struct text *text, const struct fault_pair *pair)
{
    put_count(text, "pid", pair->key.pid);
    put_known(text, "comm", pair->comm);
    if (pair->named)
        put_count(text, "uid", pair->uid);
}

void json_put_fault_latency(struct text *text, const struct fault_row *row, enum fault_grouping grouping,
                            const struct trace_summary *summary)
{
    begin_object(text, "fault_latency");
    put_time(text, summary->wall_ns);
    if (grouping == FAULTS_BY_PAIR || grouping == FAULTS_BY_PROCESS)
        put_faulting_process(text, row->pair);
    if (grouping != FAULTS_BY_FILE)
        put_known(text, "cgroup", row->pair->cgroup);
    if (grouping == FAULTS_BY_PAIR || grouping == FAULTS_BY_FILE)
        put_faulted_file(text, &row->pair->key, row->pair);
    put_latency(text, &row->latency, summary->has_waits);
    end_object(text);
}

void json_put_fault_others(struct text *text, const struct fault_rows *rows,
                           const struct trace_summary *summary)
{
    begin_object(text, "fault_latency");
    put_time(text, summary->wall_ns);
    put_count(text, "others", rows->others);
    put_latency(text, &rows->others_latency, summary->has_waits);
    end_object(text);
}

void json_put_fault(struct text *text, const struct trace_event *event)
{
    const struct fault_record_event *fault = event->fault;
    char comm[FAULT_COMM_BYTES + 1] = {0};

    memcpy(comm, fault->comm, FAULT_COMM_BYTES);
    begin_object(text, "fault");
    put_time(text, event->wall_ns);
    put_string(text, "kind", fault->waited ? "wait" : "major");
    put_count(text, "pid", fault->key.pid);
    put_count(text, "tid", fault->tid);
    put_known(text, "comm", comm);
    put_known(text, "cgroup", event->pair ? event->pair->cgroup : NULL);
    put_faulted_file(text, &fault->key, event->pair);
    if (fault->key.backing == FAULT_FILE || fault->key.backing == FAULT_SHMEM)
        put_count(text, "offset_bytes", fault->offset);
    put_key(text, "address");
    text_format(text, "\"0x%" PRIx64 "\"", (uint64_t)fault->address);
    put_ns(text, "seconds", fault->ns);
    end_object(text);
}

void json_put_trace(struct text *text, const struct fault_rows *rows, const struct trace_summary *summary)
{
    begin_object(text, "trace");
    put_time(text, summary->wall_ns);
    put_number(text, "seconds", summary->seconds, 3);
    put_latency(text, &rows->all, summary->has_waits);
    put_count(text, "unknown_faults", rows->unknown);
    put_count(text, "faults_without_room", summary->beyond);
    put_count(text, "unstarted_faults", summary->unstarted);
    put_count(text, "lost_records", summary->lost);
    end_object(text);
}

size_t json_sample_max(const struct columns *columns)
{
    enum { HEAD_MAX = 128, NUMBER_MAX = 32 };
    size_t size = HEAD_MAX;

    for (size_t i = 0; i < columns->count; i++)
        size += strlen(columns->list[i].metric->id) + NUMBER_MAX;
    return size;
}
