#include "blackbox/decoder.h"

#include <errno.h>
#include <stdlib.h>

struct decoder *decoder_new(void)
{
    struct decoder *decoder = calloc(1, sizeof(*decoder));

    if (decoder)
        decoder->book = process_book_new();
    if (decoder && !decoder->book) {
        free(decoder);
        return NULL;
    }
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    schema_free(&decoder->schema);
    sample_free(&decoder->sample);
    process_book_free(decoder->book);
    free(decoder);
}

void decoder_look_for_trailer(struct decoder *decoder)
{
    decoder->has_trailer =
        decoder->length >= SEGMENT_BYTES &&
        segment_take_trailer(decoder->bytes + SEGMENT_FRAMES_END, &decoder->header, &decoder->trailer);
}

int decoder_begin(struct decoder *decoder, const uint8_t *bytes, size_t length)
{
    if (length < SEGMENT_HEADER_BYTES)
        return -ENOENT;
    int error = segment_take_header(bytes, &decoder->header);
    if (error < 0)
        return error;
    decoder->bytes = bytes;
    decoder->length = length;
    decoder->at = SEGMENT_HEADER_BYTES;
    decoder->roots = frame_roots_of(decoder->header.crc);
    decoder->found = segment_trailer_begin(decoder->header.monotonic_ns, decoder->header.wall_ns);
    decoder_look_for_trailer(decoder);
    return 0;
}

/* Where frames end at the latest. */
static size_t frames_end(const struct decoder *decoder)
{
    size_t end = decoder->has_trailer ? decoder->trailer.used_bytes : SEGMENT_FRAMES_END;
    return end < decoder->length ? end : decoder->length;
}

static int take_schema(struct decoder *decoder, struct unpacker *content)
{
    struct schema schema = {0};
    int error = schema_take(content, &schema);

    if (error == 0 && schema.count != decoder->sample.count) {
        sample_free(&decoder->sample);
        error = sample_init(&decoder->sample, schema.count);
    } else if (error == 0 && !decoder->sample.values) {
        error = sample_init(&decoder->sample, schema.count);
    }
    if (error < 0) {
        schema_free(&schema);
        return error;
    }
    schema_free(&decoder->schema);
    decoder->schema = schema;
    return DECODED_SCHEMA;
}

static int take_sample(struct decoder *decoder, struct unpacker *content, bool full)
{
    struct sample *sample = &decoder->sample;

    if (!(full ? sample_take_full(content, sample) : sample_take_changes(content, sample)))
        return -EBADMSG;
    if (full)
        process_book_clear(decoder->book);
    decoder->found.samples++;
    segment_trailer_note(&decoder->found, sample->monotonic_ns, sample->wall_ns);
    return DECODED_SAMPLE;
}

static int take_event(struct decoder *decoder, struct unpacker *content)
{
    const struct recorded_event *recorded = &decoder->event;

    if (!event_frame_take(content, &decoder->event))
        return -EBADMSG;
    decoder->found.events++;
    if (recorded->event.kind == EVENT_OOM_KILL)
        decoder->found.oom_kills++;
    segment_trailer_note(&decoder->found, recorded->monotonic_ns, recorded->event.wall_ns);
    return DECODED_EVENT;
}

static int take_run(struct decoder *decoder, struct unpacker *content)
{
    if (!run_frame_take(content, &decoder->run))
        return -EBADMSG;
    decoder->found.runs++;
    segment_trailer_note(&decoder->found, decoder->run.monotonic_ns, decoder->run.wall_ns);
    return DECODED_RUN;
}

static int take_stop(struct decoder *decoder, struct unpacker *content)
{
    if (!stop_frame_take(content, &decoder->stop))
        return -EBADMSG;
    segment_trailer_note(&decoder->found, decoder->stop.monotonic_ns, decoder->stop.wall_ns);
    return DECODED_STOP;
}

static int take_processes(struct decoder *decoder, struct unpacker *content)
{
    bool taken =
        process_book_take(decoder->book, content, &decoder->processes, decoder->rows, &decoder->row_count);
    return taken ? DECODED_PROCESSES : -EBADMSG;
}

static int take_content(struct decoder *decoder, const struct frame *frame)
{
    struct unpacker content = unpacker_over(frame->content, frame->length);

    switch (frame->type) {
    case FRAME_SCHEMA:
        return take_schema(decoder, &content);
    case FRAME_FULL:
    case FRAME_CHANGES:
        return take_sample(decoder, &content, frame->type == FRAME_FULL);
    case FRAME_PROCESSES:
        return take_processes(decoder, &content);
    case FRAME_EVENT:
        return take_event(decoder, &content);
    case FRAME_RUN:
        return take_run(decoder, &content);
    case FRAME_STOP:
        return take_stop(decoder, &content);
    default:
        return -EBADMSG;
    }
}

int decoder_next(struct decoder *decoder)
{
    const uint8_t *at = decoder->bytes + decoder->at;
    size_t end = frames_end(decoder);
    struct frame frame;

    if (decoder->has_trailer && decoder->at >= end)
        return DECODED_END;
    if (decoder->at >= end || !frame_take(at, decoder->bytes + end, &decoder->roots, &frame))
        return DECODED_STUCK;
    int decoded = frame.type < FRAME_KNOWN_END ? take_content(decoder, &frame) : DECODED_OTHER;
    if (decoded == -EBADMSG) { /* nobody wrote that: it is no sample that others may build upon */
        decoder->roots.has_chain = false;
        return DECODED_STUCK;
    }
    if (decoded < 0)
        return decoded;
    frame_roots_follow(&decoder->roots, frame.type, frame.crc);
    decoder->at += frame.bytes;
    decoder->found.used_bytes = (uint32_t)decoder->at;
    return decoded;
}

/* How far away the next frame is that can be proved; 0: there is none. */
static size_t find_next(const struct decoder *decoder)
{
    size_t end = frames_end(decoder);
    const uint8_t *from = decoder->bytes + decoder->at;

    if (decoder->at >= end)
        return 0;
    const uint8_t *found = frame_find(from, decoder->bytes + end, &decoder->roots);
    return found ? (size_t)(found - from) : 0;
}

bool decoder_can_skip(const struct decoder *decoder)
{
    return find_next(decoder) > 0;
}

size_t decoder_skip(struct decoder *decoder)
{
    size_t skipped = find_next(decoder);

    decoder->at += skipped;
    return skipped;
}

int decoder_read_through(struct decoder *decoder)
{
    int decoded;

    do
        decoded = decoder_next(decoder);
    while (decoded > DECODED_END || (decoded == DECODED_STUCK && decoder_skip(decoder) > 0));
    return decoded < 0 ? decoded : 0;
}
