#include "blackbox/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GO_ON = RECORDED_LOSS + 1 };

struct recording {
    int fd;
    off_t bytes; /* of the file, when it was opened */
    struct segment_info *segments;
    size_t count;
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

/* -- the segments of a file -- */

/* As much as there is. Returns the length, or a negative errno. */
static ssize_t read_at(int fd, void *bytes, size_t length, off_t offset)
{
    size_t got = 0;

    while (got < length) {
        ssize_t more = pread(fd, (uint8_t *)bytes + got, length - got, offset + (off_t)got);
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return -errno;
        if (more == 0)
            break;
        got += (size_t)more;
    }
    return (ssize_t)got;
}

/* The next place of a segment, from the one at OFFSET on, that may hold anything: a file may be a hole of
 * terabytes. */
static off_t next_place(const struct recording *recording, off_t offset)
{
    off_t found = lseek(recording->fd, offset, SEEK_DATA);

    if (found < 0)
        return errno == ENXIO ? recording->bytes : offset;
    return found - found % SEGMENT_BYTES;
}

static int add_segment(struct recording *recording, off_t offset, const struct segment_header *header)
{
    enum { STEP = 256 };

    if (recording->count % STEP == 0) {
        struct segment_info *segments =
            reallocarray(recording->segments, recording->count + STEP, sizeof(*segments));
        if (!segments)
            return -ENOMEM;
        recording->segments = segments;
    }
    recording->segments[recording->count++] =
        (struct segment_info){.offset = offset, .bytes = SEGMENT_BYTES, .header = *header};
    return 0;
}

/* Whether a segment that has no header any more stood there: its schema alone goes beyond the first 4 KiB. */
static bool has_body(const struct recording *recording, off_t offset)
{
    enum { BEHIND_FIRST_BLOCK = 4096, LOOK_BYTES = 64 };
    uint8_t bytes[LOOK_BYTES];
    ssize_t got = read_at(recording->fd, bytes, sizeof(bytes), offset + BEHIND_FIRST_BLOCK);

    return got > 0 && !segment_is_blank(bytes, (size_t)got);
}

/* What there is where segments should begin, beside them. */
struct places {
    bool odd;   /* something else */
    bool later; /* what may be a segment of a later version: or its version is what was damaged */
};

static int list_in_place(struct recording *recording, struct places *places)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header header;

    for (off_t offset = next_place(recording, 0); offset < recording->bytes;
         offset = next_place(recording, offset + SEGMENT_BYTES)) {
        ssize_t got = read_at(recording->fd, bytes, sizeof(bytes), offset);
        if (got < 0)
            return (int)got;
        int error = got == sizeof(bytes) ? segment_take_header(bytes, &header) : -ENOENT;
        places->later |= error == -EPROTONOSUPPORT;
        if (error == 0)
            error = add_segment(recording, offset, &header);
        else if (!segment_is_blank(bytes, (size_t)got) || has_body(recording, offset))
            places->odd = true;
        if (error == -ENOMEM)
            return error;
    }
    return 0;
}

static int list_in_piece(struct recording *recording, const uint8_t *bytes, size_t length, off_t offset)
{
    struct segment_header header;
    const uint8_t *end = bytes + length;

    for (const uint8_t *at = bytes;
         (at = memmem(at, (size_t)(end - at), segment_magic, sizeof(segment_magic))) != NULL; at++) {
        if (end - at < SEGMENT_HEADER_BYTES)
            break;
        off_t place = offset + (at - bytes);
        if (place % SEGMENT_BYTES == 0 || segment_take_header(at, &header) < 0)
            continue;
        int error = add_segment(recording, place, &header);
        if (error < 0)
            return error;
    }
    return 0;
}

/* Looks everywhere: pieces overlap by as much as a header may be cut by their end. */
static int list_out_of_place(struct recording *recording)
{
    const off_t step = SEGMENT_BYTES - SEGMENT_HEADER_BYTES + 1;

    for (off_t offset = 0; offset < recording->bytes; offset += step) {
        off_t place = next_place(recording, offset - offset % SEGMENT_BYTES);
        if (place > offset)
            offset = place;
        ssize_t got = read_at(recording->fd, recording->buffer, SEGMENT_BYTES, offset);
        int error = got < 0 ? (int)got : list_in_piece(recording, recording->buffer, (size_t)got, offset);
        if (error < 0)
            return error;
    }
    return 0;
}

static int compare_offsets(const void *left, const void *right)
{
    const struct segment_info *a = left;
    const struct segment_info *b = right;

    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Each ends where another one begins, so that all of them together are no more than the file. */
static void find_ends(struct recording *recording)
{
    struct segment_info *segments = recording->segments;

    qsort(segments, recording->count, sizeof(*segments), compare_offsets);
    for (size_t i = 0; i + 1 < recording->count; i++) {
        off_t distance = segments[i + 1].offset - segments[i].offset;
        if (distance < SEGMENT_BYTES)
            segments[i].bytes = (size_t)distance;
    }
}

static int compare_sequences(const void *left, const void *right)
{
    const struct segment_info *a = left;
    const struct segment_info *b = right;

    if (a->header.sequence != b->header.sequence)
        return a->header.sequence < b->header.sequence ? -1 : 1;
    return compare_offsets(left, right);
}

/* Segments of one recording, each once. It is the recording that the newest segment belongs to. */
static void sort_out(struct recording *recording)
{
    size_t kept = 0;

    find_ends(recording);
    qsort(recording->segments, recording->count, sizeof(*recording->segments), compare_sequences);
    uint64_t id = recording->segments[recording->count - 1].header.recording_id;
    for (size_t i = 0; i < recording->count; i++) {
        const struct segment_info *segment = &recording->segments[i];
        bool foreign = segment->header.recording_id != id;
        bool twice = kept > 0 && recording->segments[kept - 1].header.sequence == segment->header.sequence;
        recording->loss.foreign += foreign;
        if (!foreign && !twice)
            recording->segments[kept++] = *segment;
    }
    recording->count = kept;
    recording->segments[kept - 1].bytes = SEGMENT_BYTES; /* a writer may go on over whatever stands there */
}

/* Whether a segment stands in the place from OFFSET on, or reaches into it. */
static bool is_taken(const struct recording *recording, off_t offset)
{
    for (size_t i = 0; i < recording->count; i++) {
        off_t start = recording->segments[i].offset;
        if (start < offset + SEGMENT_BYTES && start + SEGMENT_BYTES > offset)
            return true;
    }
    return false;
}

/* Segments that have lost their headers: of the oldest and of the newest one nothing else would tell. */
static int count_headless(struct recording *recording)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header header;

    for (off_t offset = next_place(recording, 0); offset < recording->bytes;
         offset = next_place(recording, offset + SEGMENT_BYTES)) {
        ssize_t got = read_at(recording->fd, bytes, sizeof(bytes), offset);
        if (got < 0)
            return (int)got;
        bool begun = got == sizeof(bytes) && segment_take_header(bytes, &header) == 0; /* meanwhile */
        bool empty = segment_is_blank(bytes, (size_t)got) && !has_body(recording, offset);
        if (begun || empty || is_taken(recording, offset))
            continue;
        off_t left = recording->bytes - offset;
        (void)note_loss(recording, left < SEGMENT_BYTES ? (size_t)left : SEGMENT_BYTES);
    }
    return 0;
}

static int list_segments(struct recording *recording)
{
    struct places places = {.odd = recording->bytes % SEGMENT_BYTES != 0};
    int error = list_in_place(recording, &places);

    if (error == 0 && places.odd)
        error = list_out_of_place(recording);
    if (error < 0)
        return error;
    if (recording->count == 0)
        return places.later ? -EPROTONOSUPPORT : -EBADMSG;
    sort_out(recording);
    return places.odd ? count_headless(recording) : 0;
}

/* -- one segment -- */

/* Reads what there is of it into the buffer, but for what was taken already. */
static int load_from(struct recording *recording, const struct segment_info *segment, size_t from)
{
    size_t end = segment->closed ? SEGMENT_BYTES : segment->bytes;
    ssize_t got = read_at(recording->fd, recording->buffer + from, end - from, segment->offset + (off_t)from);
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
    struct segment_info *segment = &recording->segments[recording->next - 1];
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header header;
    int error = load_from(recording, segment, decoder->at);

    if (error == 0)
        decoder_look_for_trailer(decoder);
    ssize_t got = error < 0 ? error : read_at(recording->fd, bytes, sizeof(bytes), segment->offset);
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
    ssize_t got = read_at(recording->fd, bytes, sizeof(bytes), segment->offset + SEGMENT_FRAMES_END);

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

    for (size_t i = 0; error == 0 && i < recording->count; i++)
        error = describe(recording, &recording->segments[i]);
    recording->inside = false;
    return error;
}

/* -- one after the other -- */

/* The header that stands at OFFSET now, of a segment that is newer than all that are known. */
static bool is_newer(const struct recording *recording, off_t offset, struct segment_header *header)
{
    const struct segment_header *newest = &recording->segments[recording->count - 1].header;
    uint8_t bytes[SEGMENT_HEADER_BYTES];

    return read_at(recording->fd, bytes, sizeof(bytes), offset) == sizeof(bytes) &&
           segment_take_header(bytes, header) == 0 && header->recording_id == newest->recording_id &&
           header->sequence > newest->sequence;
}

/* The writer has come round: the oldest of the newer segments, where there is one before *HEADER. */
static void find_oldest_newer(const struct recording *recording, off_t *offset, struct segment_header *header)
{
    struct segment_header found;

    for (off_t at = 0; at < recording->bytes; at += SEGMENT_BYTES) {
        if (!is_newer(recording, at, &found) || found.sequence >= header->sequence)
            continue;
        *header = found;
        *offset = at;
    }
}

/* Whether the writer has begun a segment behind the newest one that is known. */
static bool look_for_newer(struct recording *recording)
{
    const struct segment_info *newest = &recording->segments[recording->count - 1];
    off_t offset = newest->offset + SEGMENT_BYTES < recording->bytes ? newest->offset + SEGMENT_BYTES : 0;
    struct segment_header header;

    if (!is_newer(recording, offset, &header))
        return false;
    if (header.sequence != newest->header.sequence + 1)
        find_oldest_newer(recording, &offset, &header);
    return add_segment(recording, offset, &header) == 0;
}

/* Whether SEGMENT comes right behind the one that was read last. */
static bool follows(const struct recording *recording, const struct segment_info *segment)
{
    return recording->last_sequence == 0 || segment->header.sequence == recording->last_sequence + 1;
}

/* Begins with the next segment; RECORDED_LOSS where one is missing before it, RECORDED_END where there is
 * none. */
static int enter_next(struct recording *recording)
{
    while (recording->next < recording->count || look_for_newer(recording)) {
        struct segment_info *segment = &recording->segments[recording->next];
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
    return recording->bytes % SEGMENT_BYTES == 0;
}

/* Whether there is anything behind the place where the decoder is stuck, or should be. */
static bool goes_on(const struct recording *recording)
{
    const struct decoder *decoder = recording->decoder;
    return decoder->has_trailer || recording->next < recording->count || decoder_can_skip(decoder) ||
           !is_whole(recording);
}

/* No frame can be proved, whatever was written meanwhile. */
static int pass_over(struct recording *recording)
{
    struct decoder *decoder = recording->decoder;
    size_t skipped = decoder_skip(decoder);

    if (skipped > 0)
        return note_loss(recording, skipped);
    if (!decoder->has_trailer && recording->next == recording->count && is_whole(recording))
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
    if (recording->next == recording->count)
        (void)look_for_newer(recording);
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
    return recording->count;
}

const struct segment_info *recording_segment(const struct recording *recording, size_t index)
{
    return &recording->segments[index];
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

static int open_file(struct recording *recording, const char *path, struct problem *problem)
{
    struct stat status;

    recording->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO has no writer yet */
    if (recording->fd < 0 || fstat(recording->fd, &status) < 0)
        return problem_set(problem, errno, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return problem_set(problem, EBADMSG, "%s: it is no regular file, and so no recording", path);
    const off_t most = INT64_MAX - SEGMENT_BYTES; /* no place behind it is beyond what an offset holds */
    recording->bytes = status.st_size < most ? status.st_size : most;
    return 0;
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

int recording_open(struct recording **recording, const char *path, struct problem *problem)
{
    struct recording *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return -ENOMEM;
    opened->fd = -1;
    opened->decoder = decoder_new();
    int error = opened->decoder ? open_file(opened, path, problem) : -ENOMEM;
    if (error == 0) {
        error = list_segments(opened);
        if (error == 0)
            error = describe_all(opened);
        if (error < 0)
            error = explain(error, path, problem);
    }
    if (error < 0) {
        recording_close(opened);
        return error;
    }
    opened->at_opening = opened->loss;
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
    free(recording->segments);
    free(recording);
}
