#include "blackbox/cutter.h"

#include "blackbox/writer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct cutter {
    struct recording *recording;
    const struct playback_settings *part;
    const char *out;
    struct store store;
    struct writer *writer; /* NULL until there is something to write */
    struct sample held;    /* one that is written when it is known whether a scan goes with it */
    bool holds;
    bool leads;    /* the held one lies outside, but an interval of the next one begins with it */
    bool left_out; /* something, since the last one that was written */
    uint64_t samples;
};

static bool in_range(const struct cutter *cutter, uint64_t wall_ns)
{
    return wall_ns >= cutter->part->range.since_ns && wall_ns <= cutter->part->range.until_ns;
}

static int write_held(struct cutter *cutter, const struct process_record *processes)
{
    if (!cutter->holds)
        return 0;
    cutter->holds = false;
    cutter->samples++;
    return writer_put_sample(cutter->writer, &cutter->held, processes);
}

/* The segments of the copy are of the same boot and schema as those that they come from. */
static int follow_segment(struct cutter *cutter, const struct decoder *decoder, struct problem *problem)
{
    const struct schema *schema = &decoder->schema;
    const uint8_t *boot_id = decoder->header.boot_id;

    if (cutter->held.count != schema->count || !cutter->held.values) {
        sample_free(&cutter->held);
        cutter->leads = false;
        int error = sample_init(&cutter->held, schema->count);
        if (error < 0)
            return error;
    }
    return cutter->writer
               ? writer_change(cutter->writer, schema, boot_id)
               : writer_open(&cutter->writer, &cutter->store, cutter->out, schema, boot_id, problem);
}

/* The sample before one that lies in the part goes along: it is what the first interval begins with. */
static int write_lead(struct cutter *cutter)
{
    int error = cutter->left_out ? writer_leave_gap(cutter->writer) : 0;

    if (error == 0 && cutter->leads)
        error = writer_put_sample(cutter->writer, &cutter->held, NULL);
    cutter->left_out = false;
    return error;
}

static int take_sample(struct cutter *cutter, const struct decoder *decoder)
{
    bool inside = in_range(cutter, decoder->sample.wall_ns);
    int error = inside ? write_lead(cutter) : 0;

    sample_follow(&cutter->held, &decoder->sample, false);
    cutter->holds = inside;
    cutter->leads = !inside;
    if (!inside)
        cutter->left_out = cutter->samples > 0;
    return error;
}

static int take_processes(struct cutter *cutter, const struct decoder *decoder)
{
    const struct process_record record = {decoder->processes, decoder->rows, decoder->row_count};
    return write_held(cutter, &record);
}

static int take_event(struct cutter *cutter, const struct decoder *decoder)
{
    const struct recorded_event *event = &decoder->event;

    if (!cutter->writer || !in_range(cutter, event->event.wall_ns))
        return 0;
    return writer_put_event(cutter->writer, &event->event, event->monotonic_ns);
}

static int take_run(struct cutter *cutter, const struct run *run)
{
    cutter->leads = false;
    if (!cutter->writer || !in_range(cutter, run->wall_ns))
        return 0;
    return writer_put_run(cutter->writer, run);
}

static int take_stop(struct cutter *cutter, const struct stop *stop)
{
    if (!cutter->writer || !in_range(cutter, stop->wall_ns))
        return 0;
    return writer_put_stop(cutter->writer, stop);
}

static int take(struct cutter *cutter, int recorded, struct problem *problem)
{
    const struct decoder *decoder = recording_decoder(cutter->recording);

    if (recorded == RECORDED_PROCESSES)
        return take_processes(cutter, decoder);
    int error = write_held(cutter, NULL);
    if (error < 0)
        return error;
    switch (recorded) {
    case RECORDED_SEGMENT:
        return follow_segment(cutter, decoder, problem);
    case RECORDED_SAMPLE:
        return take_sample(cutter, decoder);
    case RECORDED_EVENT:
        return take_event(cutter, decoder);
    case RECORDED_RUN:
        return take_run(cutter, &decoder->run);
    case RECORDED_STOP:
        return take_stop(cutter, &decoder->stop);
    default:
        cutter->leads = false;
        return cutter->writer ? writer_leave_gap(cutter->writer) : 0;
    }
}

static int copy(struct cutter *cutter, struct problem *problem)
{
    int recorded = RECORDED_END;
    int error = 0;

    recording_seek(cutter->recording, cutter->part->first_segment);
    while (error == 0 && (recorded = recording_next(cutter->recording)) > RECORDED_END &&
           recording_at(cutter->recording) <= cutter->part->last_segment)
        error = take(cutter, recorded, problem);
    if (error == 0)
        error = recorded < 0 ? recorded : write_held(cutter, NULL);
    if (error == 0 && cutter->writer)
        error = writer_finish(cutter->writer);
    return error;
}

int cutter_save(struct recording *recording, const struct playback_settings *part, const char *out,
                bool force, uint64_t *samples, struct problem *problem)
{
    struct cutter cutter = {.recording = recording, .part = part, .out = out};

    if (recording_is_at(recording, out))
        return problem_set(problem, EEXIST, "%s: it is the recording itself: name another file", out);
    int error = store_create(&cutter.store, out, force, problem);
    if (error < 0)
        return error;
    error = copy(&cutter, problem);
    if (error < 0 && problem->text[0] == '\0')
        problem_set(problem, -error, "%s: %s", out, strerror(-error));
    if (error < 0 || cutter.samples == 0)
        (void)unlink(out);
    *samples = cutter.samples;
    writer_close(cutter.writer);
    store_close(&cutter.store);
    sample_free(&cutter.held);
    return error;
}
