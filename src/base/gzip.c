#include "base/gzip.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A small table, as it is cleared for each text; what is packed here, texts of 10 to 30 KiB that repeat
 * themselves all the time, becomes no larger by it. */
enum { GZIP = 16, WINDOW_BITS = 14, MEMORY_LEVEL = 6 };

enum {
    HEADER_BYTES = 10,
    TRAILER_BYTES = 8,
    STORED_HEADER_BYTES = 5,
    STORED_MAX = 64, /* longer gaps between pieces are worth packing */
    GAP_BYTES = 32,  /* that a gap may become longer by */
    END_BYTES = 5,   /* an empty block that is the last */
};

struct gzip_packer {
    z_stream raw; /* deflate alone */
    char *bytes;
    size_t room;
};

bool gzip_is_possible(void)
{
    return true;
}

/* The fastest level: what is packed here is read once and thrown away. */
static int open_stream(z_stream *stream, int level)
{
    return deflateInit2(stream, level, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK
               ? 0
               : -ENOMEM;
}

struct gzip_packer *gzip_packer_new(void)
{
    struct gzip_packer *packer = calloc(1, sizeof(*packer));

    if (!packer)
        return NULL;
    if (open_stream(&packer->raw, Z_BEST_SPEED) == 0)
        return packer;
    free(packer);
    return NULL;
}

void gzip_packer_free(struct gzip_packer *packer)
{
    if (!packer)
        return;
    deflateEnd(&packer->raw);
    free(packer->bytes);
    free(packer);
}

static int make_room(struct gzip_packer *packer, size_t most)
{
    if (most <= packer->room)
        return 0;
    char *bytes = realloc(packer->bytes, most);
    if (!bytes)
        return -ENOMEM;
    packer->bytes = bytes;
    packer->room = most;
    return 0;
}

/* -- pieces -- */

int gzip_piece_make(struct gzip_piece *piece, const char *bytes, size_t length)
{
    z_stream stream = {.next_in = (z_const Bytef *)bytes, .avail_in = (uInt)length};

    if (open_stream(&stream, Z_BEST_COMPRESSION) < 0)
        return -ENOMEM;
    size_t most = deflateBound(&stream, length) + STORED_HEADER_BYTES;
    *piece = (struct gzip_piece){.bytes = malloc(most)};
    stream.next_out = (Bytef *)piece->bytes;
    stream.avail_out = (uInt)most;
    if (piece->bytes)
        deflate(&stream, Z_SYNC_FLUSH);
    piece->length = stream.total_out;
    deflateEnd(&stream);
    return piece->bytes ? 0 : -ENOMEM;
}

void gzip_piece_free(struct gzip_piece *piece)
{
    free(piece->bytes);
    *piece = (struct gzip_piece){0};
}

static void append(struct gzip_packer *packer, size_t *at, const void *bytes, size_t length)
{
    memcpy(packer->bytes + *at, bytes, length);
    *at += length;
}

/* Few bytes, as they are: "the length, and its complement" (RFC 1951, 3.2.4). */
static void append_stored(struct gzip_packer *packer, size_t *at, const char *bytes, size_t length)
{
    const unsigned char header[STORED_HEADER_BYTES] = {
        0, (unsigned char)length, 0, (unsigned char)~length, 0xff,
    };

    append(packer, at, header, sizeof(header));
    append(packer, at, bytes, length);
}

/* By itself: what was put before is not what this stream has seen. */
static void append_deflated(struct gzip_packer *packer, size_t *at, const char *bytes, size_t length)
{
    z_stream *raw = &packer->raw;

    deflateReset(raw);
    raw->next_in = (z_const Bytef *)bytes;
    raw->avail_in = (uInt)length;
    raw->next_out = (Bytef *)packer->bytes + *at;
    raw->avail_out = (uInt)(packer->room - *at);
    deflate(raw, Z_SYNC_FLUSH);
    *at += raw->total_out;
}

static void append_gap(struct gzip_packer *packer, size_t *at, const char *bytes, size_t length)
{
    if (length > STORED_MAX)
        append_deflated(packer, at, bytes, length);
    else if (length > 0)
        append_stored(packer, at, bytes, length);
}

static void append_number(struct gzip_packer *packer, size_t *at, uint32_t number)
{
    const unsigned char bytes[] = {(unsigned char)number, (unsigned char)(number >> 8),
                                   (unsigned char)(number >> 16), (unsigned char)(number >> 24)};
    append(packer, at, bytes, sizeof(bytes));
}

static size_t joined_max(struct gzip_packer *packer, size_t length, const struct gzip_span *spans,
                         size_t span_count)
{
    size_t most = HEADER_BYTES + END_BYTES + TRAILER_BYTES + GAP_BYTES + deflateBound(&packer->raw, length);

    for (size_t i = 0; i < span_count; i++)
        most += spans[i].piece->length + GAP_BYTES;
    return most;
}

int gzip_pack(struct gzip_packer *packer, const char *bytes, size_t length, const struct gzip_span *spans,
              size_t span_count, const char **packed, size_t *packed_length)
{
    static const unsigned char header[HEADER_BYTES] = {0x1f, 0x8b, Z_DEFLATED, 0, 0, 0, 0, 0, 0, 3};
    static const unsigned char end[END_BYTES] = {1, 0, 0, 0xff, 0xff};
    size_t at = 0;
    size_t done = 0;
    int error = make_room(packer, joined_max(packer, length, spans, span_count));

    if (error < 0)
        return error;
    append(packer, &at, header, sizeof(header));
    for (size_t i = 0; i < span_count; i++) {
        append_gap(packer, &at, bytes + done, spans[i].offset - done);
        append(packer, &at, spans[i].piece->bytes, spans[i].piece->length);
        done = spans[i].offset + spans[i].length;
    }
    append_gap(packer, &at, bytes + done, length - done);
    append(packer, &at, end, sizeof(end));
    append_number(packer, &at, (uint32_t)crc32(0, (const Bytef *)bytes, (uInt)length));
    append_number(packer, &at, (uint32_t)length);
    *packed = packer->bytes;
    *packed_length = at;
    return 0;
}

int gzip_unpack(const void *packed, size_t packed_length, char *bytes, size_t length)
{
    z_stream stream = {.next_in = (z_const Bytef *)packed, .avail_in = (uInt)packed_length};

    if (inflateInit2(&stream, GZIP + MAX_WBITS) != Z_OK)
        return -ENOMEM;
    stream.next_out = (Bytef *)bytes;
    stream.avail_out = (uInt)length;
    int code = inflate(&stream, Z_FINISH);
    size_t got = stream.total_out;
    inflateEnd(&stream);
    return code == Z_STREAM_END && got == length ? 0 : -EBADMSG;
}
