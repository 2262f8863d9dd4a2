/* Built without zlib. */
#include "base/gzip.h"

#include <errno.h>

// NOLINTBEGIN(readability-non-const-parameter): they are as where they do something

bool gzip_is_possible(void)
{
    return false;
}

struct gzip_packer *gzip_packer_new(void)
{
    return NULL;
}

void gzip_packer_free(struct gzip_packer *packer)
{
    (void)packer;
}

int gzip_unpack(const void *packed, size_t packed_length, char *bytes, size_t length)
{
    (void)packed;
    (void)packed_length;
    (void)bytes;
    (void)length;
    return -ENOTSUP;
}

int gzip_piece_make(struct gzip_piece *piece, const char *bytes, size_t length)
{
    (void)piece;
    (void)bytes;
    (void)length;
    return -ENOTSUP;
}

void gzip_piece_free(struct gzip_piece *piece)
{
    (void)piece;
}

int gzip_pack(struct gzip_packer *packer, const char *bytes, size_t length, const struct gzip_span *spans,
              size_t span_count, const char **packed, size_t *packed_length)
{
    (void)packer;
    (void)bytes;
    (void)length;
    (void)spans;
    (void)span_count;
    (void)packed;
    (void)packed_length;
    return -ENOTSUP;
}
// NOLINTEND(readability-non-const-parameter)
