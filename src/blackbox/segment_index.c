#include "blackbox/segment_index.h"

#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The next place of a segment, from the one at OFFSET on, that may hold anything: a file may be a hole of
 * terabytes. */
static off_t next_place(const struct segment_index *index, off_t offset)
{
    off_t found = lseek(index->fd, offset, SEEK_DATA);

    if (found < 0)
        return errno == ENXIO ? index->file_bytes : offset;
    return found - found % SEGMENT_BYTES;
}

static int add_segment(struct segment_index *index, off_t offset, const struct segment_header *header)
{
    enum { STEP = 256 };

    if (index->count % STEP == 0) {
        struct segment_info *segments = reallocarray(index->list, index->count + STEP, sizeof(*segments));
        if (!segments)
            return -ENOMEM;
        index->list = segments;
    }
    index->list[index->count++] =
        (struct segment_info){.offset = offset, .bytes = SEGMENT_BYTES, .header = *header};
    return 0;
}

/* Whether a segment that has no header any more stood there: its schema alone goes beyond the first 4 KiB. */
static bool has_body(const struct segment_index *index, off_t offset)
{
    enum { BEHIND_FIRST_BLOCK = 4096, LOOK_BYTES = 64 };
    uint8_t bytes[LOOK_BYTES];
    ssize_t got = file_read_at(index->fd, bytes, sizeof(bytes), offset + BEHIND_FIRST_BLOCK);

    return got > 0 && !segment_is_blank(bytes, (size_t)got);
}

/* What there is where segments should begin, beside them. */
struct places {
    bool odd;   /* something else */
    bool later; /* what may be a segment of a later version: or its version is what was damaged */
};

/* What stands at the next place from *OFFSET on, as far as a header would reach. Returns its length, 0 at the
 * end, or a negative errno. */
static ssize_t read_place(const struct segment_index *index, off_t *offset,
                          uint8_t bytes[static SEGMENT_HEADER_BYTES])
{
    *offset = next_place(index, *offset);
    return *offset < index->file_bytes ? file_read_at(index->fd, bytes, SEGMENT_HEADER_BYTES, *offset) : 0;
}

/* Of LENGTH bytes: 0 or an error, as segment_take_header(). */
static int take_header(const uint8_t *bytes, ssize_t length, struct segment_header *header)
{
    return length == SEGMENT_HEADER_BYTES ? segment_take_header(bytes, header) : -ENOENT;
}

static int list_in_place(struct segment_index *index, struct places *places)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header header;
    ssize_t got;

    for (off_t offset = 0; (got = read_place(index, &offset, bytes)) > 0; offset += SEGMENT_BYTES) {
        int error = take_header(bytes, got, &header);
        places->later |= error == -EPROTONOSUPPORT;
        if (error == 0)
            error = add_segment(index, offset, &header);
        else if (!segment_is_blank(bytes, (size_t)got) || has_body(index, offset))
            places->odd = true;
        if (error == -ENOMEM)
            return error;
    }
    return (int)got;
}

static int list_in_piece(struct segment_index *index, const uint8_t *bytes, size_t length, off_t offset)
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
        int error = add_segment(index, place, &header);
        if (error < 0)
            return error;
    }
    return 0;
}

/* Looks everywhere: pieces, each as large as the BUFFER, overlap by as much as a header may be cut by their
 * end. */
static int list_by_pieces(struct segment_index *index, uint8_t *buffer)
{
    const off_t step = SEGMENT_BYTES - SEGMENT_HEADER_BYTES + 1;

    for (off_t offset = 0; offset < index->file_bytes; offset += step) {
        off_t place = next_place(index, offset - offset % SEGMENT_BYTES);
        if (place > offset)
            offset = place;
        ssize_t got = file_read_at(index->fd, buffer, SEGMENT_BYTES, offset);
        int error = got < 0 ? (int)got : list_in_piece(index, buffer, (size_t)got, offset);
        if (error < 0)
            return error;
    }
    return 0;
}

static int list_out_of_place(struct segment_index *index)
{
    uint8_t *buffer = malloc(SEGMENT_BYTES);
    int error = buffer ? list_by_pieces(index, buffer) : -ENOMEM;

    free(buffer);
    return error;
}

static int compare_offsets(const void *left, const void *right)
{
    const struct segment_info *a = left;
    const struct segment_info *b = right;

    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Each ends where another one begins, so that all of them together are no more than the file. */
static void find_ends(struct segment_index *index)
{
    struct segment_info *segments = index->list;

    qsort(segments, index->count, sizeof(*segments), compare_offsets);
    for (size_t i = 0; i + 1 < index->count; i++) {
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

/* Segments of one index, each once. It is the recording that the newest segment belongs to. */
static void sort_out(struct segment_index *index)
{
    size_t kept = 0;

    find_ends(index);
    qsort(index->list, index->count, sizeof(*index->list), compare_sequences);
    uint64_t id = index->list[index->count - 1].header.recording_id;
    for (size_t i = 0; i < index->count; i++) {
        const struct segment_info *segment = &index->list[i];
        bool foreign = segment->header.recording_id != id;
        bool twice = kept > 0 && index->list[kept - 1].header.sequence == segment->header.sequence;
        index->foreign += foreign;
        if (!foreign && !twice)
            index->list[kept++] = *segment;
    }
    index->count = kept;
    index->list[kept - 1].bytes = SEGMENT_BYTES; /* a writer may go on over whatever stands there */
}

/* Whether a segment stands in the place from OFFSET on, or reaches into it. */
static bool is_taken(const struct segment_index *index, off_t offset)
{
    for (size_t i = 0; i < index->count; i++) {
        off_t start = index->list[i].offset;
        if (start < offset + SEGMENT_BYTES && start + SEGMENT_BYTES > offset)
            return true;
    }
    return false;
}

/* Segments that have lost their headers: of the oldest and of the newest one nothing else would tell. */
static int count_headless(struct segment_index *index)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header header;
    ssize_t got;

    for (off_t offset = 0; (got = read_place(index, &offset, bytes)) > 0; offset += SEGMENT_BYTES) {
        bool begun = take_header(bytes, got, &header) == 0; /* meanwhile */
        bool empty = segment_is_blank(bytes, (size_t)got) && !has_body(index, offset);
        if (begun || empty || is_taken(index, offset))
            continue;
        off_t left = index->file_bytes - offset;
        index->headless++;
        index->headless_bytes += left < SEGMENT_BYTES ? (uint64_t)left : SEGMENT_BYTES;
    }
    return (int)got;
}

int segment_index_build(struct segment_index *index, int fd, off_t file_bytes)
{
    struct places places = {.odd = file_bytes % SEGMENT_BYTES != 0};

    *index = (struct segment_index){.fd = fd, .file_bytes = file_bytes};
    int error = list_in_place(index, &places);
    if (error == 0 && places.odd)
        error = list_out_of_place(index);
    if (error < 0)
        return error;
    if (index->count == 0)
        return places.later ? -EPROTONOSUPPORT : -EBADMSG;
    sort_out(index);
    return places.odd ? count_headless(index) : 0;
}

void segment_index_free(struct segment_index *index)
{
    free(index->list);
    *index = (struct segment_index){.fd = -1};
}

/* The header that stands at OFFSET now, of a segment that is newer than all that are known. */
static bool is_newer(const struct segment_index *index, off_t offset, struct segment_header *header)
{
    const struct segment_header *newest = &index->list[index->count - 1].header;
    uint8_t bytes[SEGMENT_HEADER_BYTES];

    return file_read_at(index->fd, bytes, sizeof(bytes), offset) == sizeof(bytes) &&
           segment_take_header(bytes, header) == 0 && header->recording_id == newest->recording_id &&
           header->sequence > newest->sequence;
}

/* The writer has come round: the oldest of the newer segments, where there is one before *HEADER. */
static void find_oldest_newer(const struct segment_index *index, off_t *offset, struct segment_header *header)
{
    struct segment_header found;

    for (off_t at = 0; at < index->file_bytes; at += SEGMENT_BYTES) {
        if (!is_newer(index, at, &found) || found.sequence >= header->sequence)
            continue;
        *header = found;
        *offset = at;
    }
}

bool segment_index_look_for_newer(struct segment_index *index)
{
    const struct segment_info *newest = &index->list[index->count - 1];
    off_t offset = newest->offset + SEGMENT_BYTES < index->file_bytes ? newest->offset + SEGMENT_BYTES : 0;
    struct segment_header header;

    if (!is_newer(index, offset, &header))
        return false;
    if (header.sequence != newest->header.sequence + 1)
        find_oldest_newer(index, &offset, &header);
    return add_segment(index, offset, &header) == 0;
}
