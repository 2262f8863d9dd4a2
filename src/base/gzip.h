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

/*
 * A part that comes again and again, packed once. In front of what it stands does not matter: nothing in it
 * refers to what came before.
 */
struct gzip_piece {
    char *bytes; /* deflated (RFC 1951), up to a byte's end */
    size_t length;
};

/* Returns 0 or a negative errno, -ENOTSUP where it is not possible. Free with gzip_piece_free(). */
int gzip_piece_make(struct gzip_piece *piece, const char *bytes, size_t length);
void gzip_piece_free(struct gzip_piece *piece);

/* Where such a part stands in a text. */
struct gzip_span {
    size_t offset;
    size_t length;
    const struct gzip_piece *piece;
};

/* Packs BYTES; the SPANS in them, in order, are not packed again. It becomes larger by that, for a fraction
 * of the time. The result is valid until the next. Returns 0, -ENOMEM or -ENOTSUP. */
int gzip_pack(struct gzip_packer *packer, const char *bytes, size_t length, const struct gzip_span *spans,
              size_t span_count, const char **packed, size_t *packed_length);

/* Unpacks what is LENGTH bytes long when it is, into BYTES of that size. Returns 0; -EBADMSG where it is no
 * gzip, or of another length; -ENOTSUP where it is not possible. */
int gzip_unpack(const void *packed, size_t packed_length, char *bytes, size_t length);
