#include "blackbox/writer.h"

#include "base/memory.h"
#include "blackbox/decoder.h"
#include "blackbox/recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    /* A full sample comes again after so much: what is damaged costs no more. */
    FULL_EVERY_BYTES = 64 * 1024,
    OUTPUT_BYTES = 2 * (FRAME_CONTENT_MAX + FRAME_EXTRA_MAX), /* a sample, and its processes */
    OPENING_BYTES = SEGMENT_HEADER_BYTES + SCHEMA_CONTENT_MAX + FRAME_EXTRA_MAX,
};

struct writer {
    const struct store *store;
    struct packer schema; /* the content of its frame */
    uint64_t slot;        /* where in the file the segment stands, in segments */
    bool has_segment;     /* it has been begun; else the slot is the one before */
    struct segment_header header;
    struct segment_trailer trailer; /* what it will say */
    struct frame_roots roots;
    size_t full_at; /* where the last full sample stands in the segment */
    struct sample before;
    struct process_book *book;
    struct packer content; /* of the frame that is being made */
    struct packer output;  /* frames to be written */
    struct packer opening; /* of a segment: header and schema */
};

static uint64_t file_offset(const struct writer *writer, size_t in_segment)
{
    return writer->slot * SEGMENT_BYTES + in_segment;
}

/* -- segments -- */

static int close_segment(struct writer *writer)
{
    uint8_t bytes[SEGMENT_TRAILER_BYTES];

    segment_put_trailer(bytes, &writer->header, &writer->trailer);
    return store_write(writer->store, bytes, sizeof(bytes), file_offset(writer, SEGMENT_FRAMES_END));
}

/* Header and schema, where the writer stands. */
static int begin_segment(struct writer *writer, uint64_t monotonic_ns, uint64_t wall_ns)
{
    struct packer *opening = &writer->opening;

    writer->header.sequence++;
    writer->header.monotonic_ns = monotonic_ns;
    writer->header.wall_ns = wall_ns;
    segment_put_header(opening->bytes, &writer->header);
    opening->length = SEGMENT_HEADER_BYTES;
    writer->roots = frame_roots_of(writer->header.crc);
    uint32_t crc = frame_put(opening, &writer->roots, FRAME_SCHEMA, &writer->schema);
    frame_roots_follow(&writer->roots, FRAME_SCHEMA, crc);
    writer->trailer = segment_trailer_begin(monotonic_ns, wall_ns);
    writer->trailer.used_bytes = (uint32_t)opening->length;
    return store_write(writer->store, opening->bytes, opening->length, file_offset(writer, 0));
}

static int next_segment(struct writer *writer, uint64_t monotonic_ns, uint64_t wall_ns)
{
    uint64_t slot = writer->slot;
    int error = writer->has_segment ? close_segment(writer) : 0;

    if (error < 0)
        return error;
    writer->has_segment = false;
    writer->slot = (slot + 1) % (writer->store->bytes / SEGMENT_BYTES);
    error = begin_segment(writer, monotonic_ns, wall_ns);
    writer->has_segment = error == 0;
    if (error < 0) { /* the next attempt is at the same place: no other segment is lost for it */
        writer->slot = slot;
        writer->header.sequence--;
    }
    return error;
}

/* -- frames -- */

static void clear(struct packer *packer)
{
    packer->length = 0;
    packer->overflow = false;
}

static bool fits(const struct writer *writer)
{
    return writer->has_segment && writer->trailer.used_bytes + writer->output.length <= SEGMENT_FRAMES_END;
}

/* Writes the output behind what is there, all of which is of this time. */
static int write_out(struct writer *writer, uint64_t monotonic_ns, uint64_t wall_ns)
{
    struct segment_trailer *trailer = &writer->trailer;
    int error = store_write(writer->store, writer->output.bytes, writer->output.length,
                            file_offset(writer, trailer->used_bytes));

    if (error < 0)
        return error;
    trailer->used_bytes += (uint32_t)writer->output.length;
    segment_trailer_note(trailer, monotonic_ns, wall_ns);
    return 0;
}

static void put_content(struct writer *writer, enum frame_type type)
{
    clear(&writer->output);
    frame_put(&writer->output, &writer->roots, type, &writer->content);
}

/* Writes the content as a frame that stands alone. */
static int write_alone(struct writer *writer, enum frame_type type, uint64_t monotonic_ns, uint64_t wall_ns)
{
    int error = 0;

    put_content(writer, type);
    if (writer->output.overflow)
        return -EMSGSIZE;
    if (!fits(writer)) {
        error = next_segment(writer, monotonic_ns, wall_ns);
        put_content(writer, type);
    }
    return error < 0 ? error : write_out(writer, monotonic_ns, wall_ns);
}

int writer_put_run(struct writer *writer, const struct run *run)
{
    clear(&writer->content);
    run_frame_put(&writer->content, run);
    int error = write_alone(writer, FRAME_RUN, run->monotonic_ns, run->wall_ns);
    writer->trailer.runs += error == 0;
    return error;
}

int writer_put_stop(struct writer *writer, const struct stop *stop)
{
    clear(&writer->content);
    stop_frame_put(&writer->content, stop);
    return write_alone(writer, FRAME_STOP, stop->monotonic_ns, stop->wall_ns);
}

int writer_put_event(struct writer *writer, const struct event *event, uint64_t monotonic_ns)
{
    clear(&writer->content);
    event_frame_put(&writer->content, event, monotonic_ns);
    int error = write_alone(writer, FRAME_EVENT, monotonic_ns, event->wall_ns);
    writer->trailer.events += error == 0;
    writer->trailer.oom_kills += error == 0 && event->kind == EVENT_OOM_KILL;
    return error;
}

/* -- samples -- */

static bool needs_full(const struct writer *writer, const struct process_record *processes)
{
    return !writer->roots.has_chain || writer->trailer.used_bytes - writer->full_at >= FULL_EVERY_BYTES ||
           (processes && !process_book_has_room(writer->book, processes->count));
}

/* Puts the sample, and the processes, into the output. ROOTS are those behind them. */
static void put_sample(struct writer *writer, const struct sample *sample,
                       const struct process_record *processes, bool full, struct frame_roots *roots)
{
    enum frame_type type = full ? FRAME_FULL : FRAME_CHANGES;

    *roots = writer->roots;
    clear(&writer->output);
    clear(&writer->content);
    if (full)
        sample_put_full(&writer->content, sample);
    else
        sample_put_changes(&writer->content, &writer->before, sample);
    frame_roots_follow(roots, type, frame_put(&writer->output, roots, type, &writer->content));
    if (full)
        process_book_clear(writer->book);
    if (!processes)
        return;
    clear(&writer->content);
    process_book_put(writer->book, &writer->content, &processes->summary, processes->rows, processes->count);
    frame_roots_follow(roots, FRAME_PROCESSES,
                       frame_put(&writer->output, roots, FRAME_PROCESSES, &writer->content));
}

int writer_put_sample(struct writer *writer, const struct sample *sample,
                      const struct process_record *processes)
{
    bool full = needs_full(writer, processes);
    struct frame_roots roots;
    int error = 0;

    put_sample(writer, sample, processes, full, &roots);
    if (!writer->output.overflow && !fits(writer)) {
        error = next_segment(writer, sample->monotonic_ns, sample->wall_ns);
        full = true;
        put_sample(writer, sample, processes, full, &roots);
    }
    if (writer->output.overflow)
        error = -EMSGSIZE;
    size_t at = writer->trailer.used_bytes;
    if (error == 0)
        error = write_out(writer, sample->monotonic_ns, sample->wall_ns);
    if (error < 0) {
        writer->roots.has_chain = false; /* the book has gone on */
        return error;
    }
    writer->roots = roots;
    if (full)
        writer->full_at = at;
    sample_follow(&writer->before, sample, full);
    writer->trailer.samples++;
    return 0;
}

/* -- copies -- */

/* What comes next begins a segment. */
static int leave_segment(struct writer *writer)
{
    int error = writer->has_segment ? close_segment(writer) : 0;

    if (error == 0)
        writer->has_segment = false;
    writer->roots.has_chain = false;
    return error;
}

int writer_leave_gap(struct writer *writer)
{
    int error = leave_segment(writer);

    writer->header.sequence++; /* one is missing: that is how a reader knows */
    return error;
}

int writer_finish(struct writer *writer)
{
    return leave_segment(writer);
}

/* -- the beginning -- */

/* Whether what comes may stand in the same segment as what SCHEMA and BOOT_ID are of. */
static bool is_as_before(struct writer *writer, const struct schema *schema, const uint8_t *boot_id)
{
    if (memcmp(writer->header.boot_id, boot_id, BOOT_ID_BYTES) != 0)
        return false;
    clear(&writer->content);
    schema_put(&writer->content, schema);
    return writer->content.length == writer->schema.length &&
           memcmp(writer->content.bytes, writer->schema.bytes, writer->schema.length) == 0;
}

/* Takes over the newest segment: WHOLE and of the same boot and schema, the writer goes on in it; else it is
 * closed, and the next one is begun behind it. */
static int take_over(struct writer *writer, const struct recording *recording, bool whole)
{
    const struct decoder *decoder = recording_decoder(recording);
    const struct segment_info *newest = recording_segment(recording, recording_segment_count(recording) - 1);
    bool in_place = newest->offset % SEGMENT_BYTES == 0;
    bool same = decoder->roots.has_schema && is_as_before(writer, &decoder->schema, newest->header.boot_id);
    uint8_t boot_id[BOOT_ID_BYTES];

    memcpy(boot_id, writer->header.boot_id, sizeof(boot_id));
    writer->header = newest->header;
    writer->trailer = decoder->found;
    writer->slot = (uint64_t)newest->offset / SEGMENT_BYTES + !in_place; /* it may reach into the next slot */
    writer->has_segment = in_place && whole && same && !decoder->has_trailer;
    if (writer->has_segment) {
        writer->roots = decoder->roots;
        writer->roots.has_chain = false; /* a run begins with a full sample */
        return 0;
    }
    int error = in_place && !decoder->has_trailer ? close_segment(writer) : 0;
    memcpy(writer->header.boot_id, boot_id, sizeof(boot_id));
    return error;
}

/* Reads the newest segment through. */
static int resume(struct writer *writer, const char *path, struct problem *problem)
{
    struct recording *recording;
    bool whole = true;
    int error = recording_open(&recording, path, problem);

    if (error < 0)
        return error;
    recording_seek(recording, recording_segment_count(recording) - 1);
    int found;
    while ((found = recording_next(recording)) > RECORDED_END)
        whole &= found != RECORDED_LOSS;
    error = found < 0 ? found : take_over(writer, recording, whole);
    recording_close(recording);
    return error < 0 ? problem_set(problem, -error, "%s: %s", path, strerror(-error)) : 0;
}

static int begin_fresh(struct writer *writer)
{
    writer->slot = writer->store->bytes / SEGMENT_BYTES - 1; /* the next one is the first */
    return getrandom(&writer->header.recording_id, sizeof(writer->header.recording_id), 0) < 0 ? -errno : 0;
}

static struct packer packer_new(size_t bytes)
{
    return packer_over(memory_new(bytes), bytes);
}

static int take_schema(struct writer *writer, const struct schema *schema)
{
    clear(&writer->schema);
    schema_put(&writer->schema, schema);
    sample_free(&writer->before);
    return writer->schema.overflow ? -E2BIG : sample_init(&writer->before, schema->count);
}

int writer_change(struct writer *writer, const struct schema *schema, const uint8_t boot_id[BOOT_ID_BYTES])
{
    if (is_as_before(writer, schema, boot_id))
        return 0;
    int error = leave_segment(writer);
    memcpy(writer->header.boot_id, boot_id, BOOT_ID_BYTES);
    return error < 0 ? error : take_schema(writer, schema);
}

static int make_room(struct writer *writer)
{
    writer->content = packer_new(FRAME_CONTENT_MAX);
    writer->output = packer_new(OUTPUT_BYTES);
    writer->opening = packer_new(OPENING_BYTES);
    writer->schema = packer_new(SCHEMA_CONTENT_MAX);
    writer->book = process_book_new();
    if (!writer->content.bytes || !writer->output.bytes || !writer->opening.bytes || !writer->schema.bytes ||
        !writer->book)
        return -ENOMEM;
    return 0;
}

int writer_open(struct writer **writer, const struct store *store, const char *path,
                const struct schema *schema, const uint8_t boot_id[BOOT_ID_BYTES], struct problem *problem)
{
    struct writer *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return -ENOMEM;
    opened->store = store;
    memcpy(opened->header.boot_id, boot_id, BOOT_ID_BYTES);
    int error = make_room(opened);
    if (error == 0)
        error = take_schema(opened, schema);
    if (error == -E2BIG)
        problem_set(problem, E2BIG, "%s: there are more values than a recording holds", path);
    if (error == 0)
        error = store->fresh ? begin_fresh(opened) : resume(opened, path, problem);
    if (error < 0)
        writer_close(opened);
    else
        *writer = opened;
    return error;
}

void writer_close(struct writer *writer)
{
    if (!writer)
        return;
    free(writer->content.bytes);
    free(writer->output.bytes);
    free(writer->opening.bytes);
    free(writer->schema.bytes);
    sample_free(&writer->before);
    process_book_free(writer->book);
    free(writer);
}
