#include "base/gzip.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

enum { GZIP_WINDOW_BITS = MAX_WBITS + 16, MEMORY_LEVEL = 8 };

struct gzip_packer {
    z_stream stream;
    char *bytes;
    size_t room;
};

bool gzip_is_possible(void)
{
    return true;
}

/* The fastest level: what is packed here is read once and thrown away. */
struct gzip_packer *gzip_packer_new(void)
{
    struct gzip_packer *packer = calloc(1, sizeof(*packer));

    if (packer && deflateInit2(&packer->stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
                               Z_DEFAULT_STRATEGY) == Z_OK)
        return packer;
    free(packer);
    return NULL;
}

void gzip_packer_free(struct gzip_packer *packer)
{
    if (!packer)
        return;
    deflateEnd(&packer->stream);
    free(packer->bytes);
    free(packer);
}

static int make_room(struct gzip_packer *packer, size_t length)
{
    size_t most = deflateBound(&packer->stream, length);

    if (most <= packer->room)
        return 0;
    char *bytes = realloc(packer->bytes, most);
    if (!bytes)
        return -ENOMEM;
    packer->bytes = bytes;
    packer->room = most;
    return 0;
}

int gzip_pack(struct gzip_packer *packer, const char *bytes, size_t length, const char **packed,
              size_t *packed_length)
{
    z_stream *stream = &packer->stream;
    int error = make_room(packer, length);

    if (error < 0)
        return error;
    deflateReset(stream);
    stream->next_in = (z_const Bytef *)bytes;
    stream->avail_in = (uInt)length;
    stream->next_out = (Bytef *)packer->bytes;
    stream->avail_out = (uInt)packer->room;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END)
        return -ENOMEM;
    *packed = packer->bytes;
    *packed_length = stream->total_out;
    return 0;
}

int gzip_unpack(const void *packed, size_t packed_length, char *bytes, size_t length)
{
    z_stream stream = {.next_in = (z_const Bytef *)packed, .avail_in = (uInt)packed_length};

    if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK)
        return -ENOMEM;
    stream.next_out = (Bytef *)bytes;
    stream.avail_out = (uInt)length;
    int code = inflate(&stream, Z_FINISH);
    size_t got = stream.total_out;
    inflateEnd(&stream);
    return code == Z_STREAM_END && got == length ? 0 : -EBADMSG;
}
