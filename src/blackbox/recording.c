#include "blackbox/recording.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GO_ON = RECORDED_LOSS + 1 };

struct recording {
    int fd;
    struct segment_index index;
    size_t next;            /* the segment to be read after this one */
    bool inside;            /* a segment is being read */
    uint64_t last_sequence; /* of the one that was last read; 0: none yet */
    size_t stuck_at;        /* where the decoder was last stuck */
    unsigned tries;         /* that it has been given there */
    struct decoder *decoder;
    struct recording_loss at_opening; /* what was found missing then */
    struct recording_loss loss;
    uint8_t buffer[SEGMENT_BYTES];
};

static int note_loss(struct recording *recording, size_t bytes)
{
    recording->loss.places++;
    recording->loss.bytes += bytes;
    return RECORDED_LOSS;
}

/* -- one segment -- */

/* Reads what there is of it into the buffer, but for what was taken already. */
static int load_from(struct recording *recording, const struct segment_info *segment, size_t from)
{
    size_t end = segment->closed ? SEGMENT_BYTES : segment->bytes;
    ssize_t got =
        file_read_at(recording->fd, recording->buffer + from, end - from, segment->offset + (off_t)from);
    if (got < 0)
        return (int)got;
    recording->decoder->length = from + (size_t)got;
    return 0;
}

/* -ESTALE: the ring has come round, and it is another one by now. */
static int begin_segment(struct recording *recording, struct segment_info *segment)
{
    struct decoder *decoder = recording->decoder;
    int error = load_from(recording, segment, 0);

    if (error == 0)
        error = decoder_begin(decoder, recording->buffer, decoder->length);
    if (error < 0)
        return error == -ENOENT || error == -EBADMSG ? -ESTALE : error;
    return decoder->header.crc == segment->header.crc ? 0 : -ESTALE;
}

/* Where the decoder is stuck: gets what has been written meanwhile. -ESTALE as above. */
static int refill(struct recording *recording)
{
    struct decoder *decoder = recording->decoder;
    struct segment_info *segment = &recording->index.list[recording->next - 1];
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header header;
    int error = load_from(recording, segment, decoder->at);

    if (error == 0)
        decoder_look_for_trailer(decoder);
    ssize_t got = error < 0 ? error : file_read_at(recording->fd, bytes, sizeof(bytes), segment->offset);
    if (got < 0)
        return (int)got;
    if (got < SEGMENT_HEADER_BYTES || segment_take_header(bytes, &header) < 0 ||
        header.crc != decoder->header.crc)
        return -ESTALE;
    return 0;
}

/* The trailer of a segment, or where it has none what reading it through finds. */
static int describe(struct recording *recording, struct segment_info *segment)
{
    uint8_t bytes[SEGMENT_TRAILER_BYTES];
    struct decoder *decoder = recording->decoder;
    ssize_t got = file_read_at(recording->fd, bytes, sizeof(bytes), segment->offset + SEGMENT_FRAMES_END);

    if (got < 0)
        return (int)got;
    segment->closed = got == sizeof(bytes) &&
                      segment_take_trailer(bytes, &segment->header, &segment->content) &&
                      segment->content.used_bytes <= segment->bytes;
    if (segment->closed)
        return 0;
    segment->content = segment_trailer_begin(segment->header.monotonic_ns, segment->header.wall_ns);
    int error = begin_segment(recording, segment);
    if (error < 0)
        return error == -ESTALE ? 0 : error;
    error = decoder_read_through(decoder);
    segment->content = decoder->found;
    return error;
}

static int describe_all(struct recording *recording)
{
    int error = 0;

    for (size_t i = 0; error == 0 && i < recording->index.count; i++)
        error = describe(recording, &recording->index.list[i]);
    recording->inside = false;
    return error;
}

/* -- one after the other -- */

/* Whether SEGMENT comes right behind the one that was read last. */
static bool follows(const struct recording *recording, const struct segment_info *segment)
{
    return recording->last_sequence == 0 || segment->header.sequence == recording->last_sequence + 1;
}

/* Begins with the next segment; RECORDED_LOSS where one is missing before it, RECORDED_END where there is
 * none. */
static int enter_next(struct recording *recording)
{
    while (recording->next < recording->index.count || segment_index_look_for_newer(&recording->index)) {
        struct segment_info *segment = &recording->index.list[recording->next];
        if (!follows(recording, segment)) {
            recording->loss.segments += segment->header.sequence - recording->last_sequence - 1;
            recording->last_sequence = segment->header.sequence - 1;
            return RECORDED_LOSS;
        }
        recording->next++;
        int error = begin_segment(recording, segment);
        if (error == 0) {
            recording->inside = true;
            recording->stuck_at = 0;
            recording->last_sequence = segment->header.sequence;
            return GO_ON;
        }
        if (error != -ESTALE)
            return error;
    }
    return RECORDED_END;
}

/* A writer makes its file whole before it begins: one of another size has lost something, or gained. */
static bool is_whole(const struct recording *recording)
{
    return recording->index.file_bytes % SEGMENT_BYTES == 0;
}

/* Whether there is anything behind the place where the decoder is stuck, or should be. */
static bool goes_on(const struct recording *recording)
{
    const struct decoder *decoder = recording->decoder;
    return decoder->has_trailer || recording->next < recording->index.count || decoder_can_skip(decoder) ||
           !is_whole(recording);
}

/* No frame can be proved, whatever was written meanwhile. */
static int pass_over(struct recording *recording)
{
    struct decoder *decoder = recording->decoder;
    size_t skipped = decoder_skip(decoder);

    if (skipped > 0)
        return note_loss(recording, skipped);
    if (!decoder->has_trailer && recording->next == recording->index.count && is_whole(recording))
        return RECORDED_END;
    recording->inside = false;
    /* Without a trailer, where it ended nobody knows. */
    return note_loss(recording, decoder->has_trailer ? decoder->trailer.used_bytes - decoder->at : 0);
}

static int try_again(struct recording *recording)
{
    int error = refill(recording);

    recording->tries++;
    if (error == -ESTALE)
        recording->inside = false;
    return error == 0 || error == -ESTALE ? GO_ON : error;
}

/*
 * Where the decoder is stuck. A writer may be at work there, and what is read meanwhile may have what it
 * wrote later without what it wrote before: only where something stands behind, and a read that began after
 * that was seen has still nothing here, is it a loss.
 */
static int get_unstuck(struct recording *recording)
{
    enum { BEHIND_SEEN = 1, LOST = 2 };

    if (recording->stuck_at != recording->decoder->at) {
        recording->stuck_at = recording->decoder->at;
        recording->tries = 0;
    }
    if (recording->tries == LOST) {
        recording->tries = 0;
        return pass_over(recording);
    }
    /* A writer closes a segment before it begins the next: what is read after looking for that is all. */
    if (recording->next == recording->index.count)
        (void)segment_index_look_for_newer(&recording->index);
    if (recording->tries == BEHIND_SEEN && !goes_on(recording)) {
        recording->tries = 0;
        return RECORDED_END;
    }
    return try_again(recording);
}

/* The next frame of the segment that is being read. */
static int read_on(struct recording *recording)
{
    static const enum recorded recorded_of[] = {
        [DECODED_SCHEMA] = RECORDED_SEGMENT,
        [DECODED_SAMPLE] = RECORDED_SAMPLE,
        [DECODED_PROCESSES] = RECORDED_PROCESSES,
        [DECODED_EVENT] = RECORDED_EVENT,
        [DECODED_RUN] = RECORDED_RUN,
        [DECODED_STOP] = RECORDED_STOP,
    };
    int decoded = decoder_next(recording->decoder);

    if (decoded < 0)
        return decoded;
    if (decoded == DECODED_STUCK)
        return get_unstuck(recording);
    if (decoded == DECODED_END)
        recording->inside = false;
    if (decoded == DECODED_END || decoded == DECODED_OTHER)
        return GO_ON;
    return (int)recorded_of[decoded];
}

int recording_next(struct recording *recording)
{
    int found;

    do
        found = recording->inside ? read_on(recording) : enter_next(recording);
    while (found == GO_ON);
    return found;
}

void recording_seek(struct recording *recording, size_t first)
{
    recording->next = first;
    recording->last_sequence = 0;
    recording->inside = false;
    recording->loss = recording->at_opening;
}

size_t recording_segment_count(const struct recording *recording)
{
    return recording->index.count;
}

const struct segment_info *recording_segment(const struct recording *recording, size_t index)
{
    return &recording->index.list[index];
}

const struct decoder *recording_decoder(const struct recording *recording)
{
    return recording->decoder;
}

size_t recording_at(const struct recording *recording)
{
    return recording->next - 1;
}

const struct recording_loss *recording_loss(const struct recording *recording)
{
    return &recording->loss;
}

/* -- the file -- */

/* Returns its length, or a negative errno. */
static off_t open_file(struct recording *recording, const char *path, struct problem *problem)
{
    struct stat status;

    recording->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO has no writer yet */
    if (recording->fd < 0 || fstat(recording->fd, &status) < 0)
        return problem_set(problem, errno, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return problem_set(problem, EBADMSG, "%s: it is no regular file, and so no recording", path);
    const off_t most = INT64_MAX - SEGMENT_BYTES; /* no place behind it is beyond what an offset holds */
    return status.st_size < most ? status.st_size : most;
}

static int explain(int error, const char *path, struct problem *problem)
{
    if (error == -EBADMSG)
        return problem_set(problem, EBADMSG, "%s: it is no recording of faultline, or nothing of it is left",
                           path);
    if (error == -EPROTONOSUPPORT)
        return problem_set(problem, EPROTONOSUPPORT,
                           "%s: it was recorded by a later version, whose form is not known here", path);
    return problem_set(problem, -error, "%s: %s", path, strerror(-error));
}

static int look_through(struct recording *recording, off_t bytes)
{
    struct segment_index *index = &recording->index;
    int error = segment_index_build(index, recording->fd, bytes);

    recording->at_opening = (struct recording_loss){.places = index->headless,
                                                    .bytes = index->headless_bytes,
                                                    .foreign = index->foreign};
    return error < 0 ? error : describe_all(recording);
}

int recording_open(struct recording **recording, const char *path, struct problem *problem)
{
    struct recording *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return -ENOMEM;
    opened->fd = -1;
    opened->decoder = decoder_new();
    off_t bytes = opened->decoder ? open_file(opened, path, problem) : -ENOMEM;
    int error = bytes < 0 ? (int)bytes : look_through(opened, bytes);
    if (bytes >= 0 && error < 0)
        error = explain(error, path, problem);
    if (error < 0) {
        recording_close(opened);
        return error;
    }
    recording_seek(opened, 0);
    *recording = opened;
    return 0;
}

bool recording_is_at(const struct recording *recording, const char *path)
{
    struct stat ours;
    struct stat other;

    return fstat(recording->fd, &ours) == 0 && stat(path, &other) == 0 && ours.st_dev == other.st_dev &&
           ours.st_ino == other.st_ino;
}

void recording_close(struct recording *recording)
{
    if (!recording)
        return;
    if (recording->fd >= 0)
        close(recording->fd);
    decoder_free(recording->decoder);
    segment_index_free(&recording->index);
    free(recording);
}
