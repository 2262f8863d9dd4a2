/* gzip (RFC 1952), by zlib. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether this program was built with it. */
bool gzip_is_possible(void);

/* What packs one text after the other. NULL without memory, or where it is not possible. Free with
 * gzip_packer_free(), NULL is allowed. */
struct gzip_packer *gzip_packer_new(void);
void gzip_packer_free(struct gzip_packer *packer);

/* Packs BYTES. The result is valid until the next. Returns 0 or -ENOMEM. */
int gzip_pack(struct gzip_packer *packer, const char *bytes, size_t length, const char **packed,
              size_t *packed_length);

/* Unpacks what is LENGTH bytes long when it is, into BYTES of that size. Returns 0; -EBADMSG where it is no
 * gzip, or of another length; -ENOTSUP where it is not possible. */
int gzip_unpack(const void *packed, size_t packed_length, char *bytes, size_t length);
