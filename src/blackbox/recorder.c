#include "blackbox/recorder.h"

#include "base/clock.h"
#include "blackbox/flusher.h"
#include "blackbox/scan_schedule.h"
#include "blackbox/write_queue.h"
#include "blackbox/writer.h"
#include "metric/process_scan.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct recorder {
    const struct sampler *sampler;
    struct store store;
    struct writer *writer;
    struct flusher *flusher;
    struct write_queue *queue;
    struct sample sample;
    struct process_scan *processes; /* NULL: none are asked for */
    struct scan_schedule schedule;
    uint64_t scanned_ns; /* when the last scan began; 0: none yet */
    uint64_t sync_due_ns;
    uint64_t queued_until_ns; /* writes are left to the thread */
};

enum { QUEUED_SECONDS = 60, SLOW_WRITE_NS = 5 * 1000 * 1000 };

/* What a recording has beside the values of the kernel's files. */
static const char clock_source[] = "clock";
static const char clock_slept[] = "slept_ns";

int recorder_want(struct sampler *sampler, const char *proc_path)
{
    int error = sampler_want_all(sampler, proc_path);

    if (error == 0)
        error = scan_schedule_want(sampler);
    return error < 0 ? error : sampler_want(sampler, &metric_table[M_swap_used_bytes], NULL);
}

/* -- the beginning -- */

static int add_columns(struct schema *schema, const struct sampler *sampler)
{
    size_t count;
    const struct sampler_input *inputs = sampler_inputs(sampler, &count);
    int error = 0;

    for (size_t i = 0; error == 0 && i < count; i++)
        error = schema_add(schema, source_name(inputs[i].source), inputs[i].name);
    return error < 0 ? error : schema_add(schema, clock_source, clock_slept);
}

static int make_schema(struct schema *schema, const struct recorder_settings *settings,
                       const struct sampler *sampler)
{
    struct utsname machine;
    bool alerts = !settings->no_alerts;

    *schema = (struct schema){
        .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE),
        .ticks_per_second = (uint64_t)sysconf(_SC_CLK_TCK),
        .interval_ns = settings->interval_ns,
        .alert_major_faults = alerts ? settings->watch.major_faults : NAN,
        .alert_context_switches = alerts ? settings->watch.context_switches : NAN,
        .alert_context_switches_per_cpu = settings->watch.context_switches_per_cpu,
    };
    if (uname(&machine) == 0) {
        (void)snprintf(schema->host, sizeof(schema->host), "%s", machine.nodename);
        (void)snprintf(schema->kernel, sizeof(schema->kernel), "%s", machine.release);
    }
    return add_columns(schema, sampler);
}

static int open_writer(struct recorder *recorder, const struct recorder_settings *settings,
                       struct problem *problem)
{
    struct schema schema;
    uint8_t boot_id[BOOT_ID_BYTES];
    int error = make_schema(&schema, settings, recorder->sampler);

    (void)boot_id_read(settings->proc_path, boot_id); /* without one, the clock tells of a reboot */
    if (error == 0)
        error = sample_init(&recorder->sample, schema.count);
    if (error == 0)
        error =
            writer_open(&recorder->writer, &recorder->store, settings->store.path, &schema, boot_id, problem);
    schema_free(&schema);
    return error;
}

static int open_processes(struct recorder *recorder, const struct recorder_settings *settings,
                          struct problem *problem)
{
    if (settings->processes == 0)
        return 0;
    recorder->processes = process_scan_new(settings->processes);
    if (!recorder->processes)
        return -ENOMEM;
    int error = process_scan_open(recorder->processes, settings->proc_path);
    if (error < 0)
        return problem_set(problem, -error, "%s: reading the processes: %s", settings->proc_path,
                           strerror(-error));
    return 0;
}

int recorder_open(struct recorder **recorder, const struct recorder_settings *settings,
                  const struct sampler *sampler, struct problem *problem)
{
    struct recorder *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return -ENOMEM;
    opened->sampler = sampler;
    opened->store.fd = -1;
    int error = store_open(&opened->store, &settings->store, problem);
    if (error == 0)
        error = open_writer(opened, settings, problem);
    if (error == 0)
        error = open_processes(opened, settings, problem);
    if (error == 0)
        error = flusher_start(&opened->flusher, opened->store.fd);
    if (error == 0)
        error = write_queue_start(&opened->queue, opened->store.fd, opened->flusher);
    if (error < 0)
        recorder_close(opened);
    else
        *recorder = opened;
    return error;
}

const char *recorder_caveat(const struct recorder *recorder)
{
    return recorder->store.copies_blocks ? "its file system writes to new blocks each time (copy on write): "
                                           "on a full disk the recording "
                                           "stops; a file system that writes in place keeps the promise"
                                         : NULL;
}

/* -- beat by beat -- */

static void fill_sample(struct recorder *recorder, const struct snapshot *snapshot)
{
    struct sample *sample = &recorder->sample;
    size_t count;
    const struct sampler_input *inputs = sampler_inputs(recorder->sampler, &count);

    sample->monotonic_ns = snapshot->monotonic_ns;
    sample->wall_ns = snapshot->wall_ns;
    for (size_t i = 0; i < count; i++)
        sample->values[i] = snapshot->values[inputs[i].value];
    sample->values[count] = (struct value){clock_slept_ns(), true};
}

static void sync_soon(struct recorder *recorder, uint64_t now_ns)
{
    if (recorder->store.queue)
        write_queue_sync(recorder->queue);
    else
        flusher_request(recorder->flusher);
    recorder->sync_due_ns = now_ns + RECORDER_SYNC_SECONDS * NS_PER_SECOND;
}

/* Whether there is a scan in *RECORD. */
static bool scan_processes(struct recorder *recorder, const struct snapshot *snapshot,
                           const struct interval *interval, struct process_record *record)
{
    uint64_t now_ns = snapshot->monotonic_ns;
    struct process_scan_result found;

    if (!recorder->processes || !scan_schedule_is_due(&recorder->schedule, now_ns, interval))
        return false;
    uint64_t begun_ns = clock_monotonic_ns();
    bool swap_in_use = !(interval->values[M_swap_used_bytes] <= 0); /* or not known */
    int error = process_scan_run(recorder->processes, swap_in_use, &found);
    scan_schedule_done(&recorder->schedule, now_ns, clock_monotonic_ns() - begun_ns, interval);
    if (error < 0)
        return false;
    *record = (struct process_record){
        .summary = {.since_ns = recorder->scanned_ns > 0 ? now_ns - recorder->scanned_ns : 0,
                    .processes = found.processes,
                    .unread = found.unread},
        .rows = found.rows,
        .count = found.count,
    };
    recorder->scanned_ns = now_ns;
    return true;
}

int recorder_begin(struct recorder *recorder, const struct snapshot *snapshot)
{
    uint64_t now_ns = snapshot->monotonic_ns;
    const struct run run = {now_ns, snapshot->wall_ns, (uint64_t)getpid(), FAULTLINE_VERSION};
    int error = writer_put_run(recorder->writer, &run);

    fill_sample(recorder, snapshot);
    if (error == 0)
        error = writer_put_sample(recorder->writer, &recorder->sample, NULL);
    sync_soon(recorder, now_ns);
    return error;
}

/*
 * A write may take seconds where memory is short: then it is left to the thread. Where it is plentiful,
 * waking the thread would cost more than the write does: a sample took 1.6 times the CPU time of the bare
 * preads with it, 1.4 without (measured at one a second).
 */
static void choose_writer(struct recorder *recorder, uint64_t now_ns, const struct interval *interval)
{
    if (scan_schedule_is_urgent(&recorder->schedule, interval))
        recorder->queued_until_ns = now_ns + QUEUED_SECONDS * NS_PER_SECOND;
    bool queued = now_ns < recorder->queued_until_ns || !write_queue_is_empty(recorder->queue);
    recorder->store.queue = queued ? recorder->queue : NULL;
}

static int put_sample(struct recorder *recorder, const struct process_record *processes)
{
    uint64_t begun_ns = clock_monotonic_ns();
    int error = writer_put_sample(recorder->writer, &recorder->sample, processes);
    uint64_t done_ns = clock_monotonic_ns();

    /* A disk may be busy enough for that by itself. */
    if (done_ns - begun_ns > SLOW_WRITE_NS)
        recorder->queued_until_ns = done_ns + QUEUED_SECONDS * NS_PER_SECOND;
    return error;
}

int recorder_take(struct recorder *recorder, const struct snapshot *snapshot, const struct interval *interval)
{
    struct process_record record;

    choose_writer(recorder, snapshot->monotonic_ns, interval);
    bool scanned = scan_processes(recorder, snapshot, interval, &record);
    fill_sample(recorder, snapshot);
    int error = put_sample(recorder, scanned ? &record : NULL);
    if (snapshot->monotonic_ns >= recorder->sync_due_ns)
        sync_soon(recorder, snapshot->monotonic_ns);
    if (error == 0)
        error = write_queue_error(recorder->queue);
    return error < 0 ? error : flusher_error(recorder->flusher);
}

int recorder_note(struct recorder *recorder, const struct event *event)
{
    uint64_t now_ns = clock_monotonic_ns();
    int error = writer_put_event(recorder->writer, event, now_ns);

    if (event->severity == SEVERITY_CRITICAL)
        sync_soon(recorder, now_ns);
    return error;
}

/* Returns the first error. */
static int stop_writing(struct recorder *recorder)
{
    int written = write_queue_stop(recorder->queue);
    int flushed = flusher_stop(recorder->flusher);

    recorder->store.queue = recorder->queue = NULL;
    recorder->flusher = NULL;
    return written < 0 ? written : flushed;
}

int recorder_end(struct recorder *recorder)
{
    const struct stop stop = {clock_monotonic_ns(), clock_wall_ns()};
    int error = writer_put_stop(recorder->writer, &stop);
    int stopped = stop_writing(recorder);

    return error < 0 ? error : stopped;
}

void recorder_close(struct recorder *recorder)
{
    if (!recorder)
        return;
    (void)stop_writing(recorder);
    process_scan_free(recorder->processes);
    writer_close(recorder->writer);
    store_close(&recorder->store);
    sample_free(&recorder->sample);
    free(recorder);
}
