/* Built without zlib. */
#include "base/gzip.h"

#include <errno.h>

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

int gzip_pack(struct gzip_packer *packer, const char *bytes, size_t length, const char **packed,
              size_t *packed_length)
{
    (void)packer;
    (void)bytes;
    (void)length;
    (void)packed;
    (void)packed_length;
    return -ENOTSUP;
}

int gzip_unpack(const void *packed, size_t packed_length, char *bytes, size_t length)
{
    (void)packed;
    (void)packed_length;
    (void)bytes;
    (void)length;
    return -ENOTSUP;
}
