#include "render/json_trace.h"

#include "base/clock.h"
#include "render/json_object.h"

#include <inttypes.h>
#include <string.h>

static void put_ns(struct text *text, const char *key, uint64_t ns)
{
    json_key(text, key);
    text_format(text, "%" PRIu64 ".%09" PRIu64, ns / NS_PER_SECOND, ns % NS_PER_SECOND);
}

/* Buckets that are empty are left out; the last one has no end. */
static void put_histogram(struct text *text, const struct latency *latency)
{
    const char *comma = "";

    json_key(text, "histogram");
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

    json_count(text, "major_faults", latency->faults);
    put_ns(text, "total_seconds", latency->total_ns);
    for (size_t i = 0; latency->faults > 0 && i < sizeof(percentiles) / sizeof(*percentiles); i++)
        put_ns(text, percentiles[i].key, latency_percentile_ns(latency, percentiles[i].percent));
    if (latency->faults > 0)
        put_ns(text, "max_seconds", latency->max_ns);
    if (has_waits) {
        json_count(text, "waits", latency->waits);
        put_ns(text, "wait_seconds", latency->wait_ns);
    }
    put_histogram(text, latency);
}

static void put_faulted_file(struct text *text, const struct fault_key *key, const struct fault_pair *pair)
{
    static const char *const backings[] = {
        [FAULT_FILE] = "file", [FAULT_SHMEM] = "shmem", [FAULT_SWAP] = "swap", [FAULT_UNKNOWN] = "unknown"};

    json_string(text, "backing", backings[key->backing <= FAULT_UNKNOWN ? key->backing : FAULT_UNKNOWN]);
    if (key->backing != FAULT_FILE && key->backing != FAULT_SHMEM)
        return;
    json_known(text, "file", pair ? pair->path : NULL);
    if (pair && pair->deleted) {
        json_key(text, "deleted");
        text_string(text, "true");
    }
    json_key(text, "device");
    text_format(text, "\"%" PRIu32 ":%" PRIu32 "\"", key->device >> 20, key->device & 0xfffffU);
    json_count(text, "inode", key->inode);
}

static void put_faulting_process(struct text *text, const struct fault_pair *pair)
{
    json_count(text, "pid", pair->key.pid);
    json_known(text, "comm", pair->comm);
    if (pair->named)
        json_count(text, "uid", pair->uid);
}

void json_put_fault_latency(struct text *text, const struct fault_row *row, enum fault_grouping grouping,
                            const struct trace_summary *summary)
{
    json_begin(text, "fault_latency");
    json_time(text, summary->wall_ns);
    if (grouping == FAULTS_BY_PAIR || grouping == FAULTS_BY_PROCESS)
        put_faulting_process(text, row->pair);
    if (grouping != FAULTS_BY_FILE)
        json_known(text, "cgroup", row->pair->cgroup);
    if (grouping == FAULTS_BY_PAIR || grouping == FAULTS_BY_FILE)
        put_faulted_file(text, &row->pair->key, row->pair);
    put_latency(text, &row->latency, summary->has_waits);
    json_end(text);
}

void json_put_fault_others(struct text *text, const struct fault_rows *rows,
                           const struct trace_summary *summary)
{
    json_begin(text, "fault_latency");
    json_time(text, summary->wall_ns);
    json_count(text, "others", rows->others);
    put_latency(text, &rows->others_latency, summary->has_waits);
    json_end(text);
}

void json_put_fault(struct text *text, const struct trace_event *event)
{
    const struct fault_record_event *fault = event->fault;
    char comm[FAULT_COMM_BYTES + 1] = {0};

    memcpy(comm, fault->comm, FAULT_COMM_BYTES);
    json_begin(text, "fault");
    json_time(text, event->wall_ns);
    json_string(text, "kind", fault->waited ? "wait" : "major");
    json_count(text, "pid", fault->key.pid);
    json_count(text, "tid", fault->tid);
    json_known(text, "comm", comm);
    json_known(text, "cgroup", event->pair ? event->pair->cgroup : NULL);
    put_faulted_file(text, &fault->key, event->pair);
    if (fault->key.backing == FAULT_FILE || fault->key.backing == FAULT_SHMEM)
        json_count(text, "offset_bytes", fault->offset);
    json_key(text, "address");
    text_format(text, "\"0x%" PRIx64 "\"", (uint64_t)fault->address);
    put_ns(text, "seconds", fault->ns);
    json_end(text);
}

void json_put_trace(struct text *text, const struct fault_rows *rows, const struct trace_summary *summary)
{
    json_begin(text, "trace");
    json_time(text, summary->wall_ns);
    json_figure(text, "seconds", summary->seconds, 3);
    put_latency(text, &rows->all, summary->has_waits);
    json_count(text, "unknown_faults", rows->unknown);
    json_count(text, "faults_without_room", summary->beyond);
    json_count(text, "unstarted_faults", summary->unstarted);
    json_count(text, "lost_records", summary->lost);
    json_end(text);
}
