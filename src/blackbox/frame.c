#include "blackbox/frame.h"

#include "base/crc32c.h"

/* What the checksum of a frame goes on from. */
enum root { ROOT_NONE, ROOT_HEADER, ROOT_SCHEMA, ROOT_CHAIN };

static const enum root root_of[] = {
    [FRAME_SCHEMA] = ROOT_HEADER,   [FRAME_FULL] = ROOT_SCHEMA,  [FRAME_CHANGES] = ROOT_CHAIN,
    [FRAME_PROCESSES] = ROOT_CHAIN, [FRAME_EVENT] = ROOT_HEADER, [FRAME_RUN] = ROOT_HEADER,
    [FRAME_STOP] = ROOT_HEADER,
};

enum { CRC_BYTES = 4 };

static enum root root_of_type(unsigned type)
{
    if (type >= FRAME_TYPES_END)
        return ROOT_NONE;
    return type < FRAME_KNOWN_END ? root_of[type] : ROOT_HEADER;
}

struct frame_roots frame_roots_of(uint32_t header_crc)
{
    return (struct frame_roots){.header = header_crc};
}

void frame_roots_follow(struct frame_roots *roots, enum frame_type type, uint32_t crc)
{
    if (type == FRAME_SCHEMA) {
        roots->schema = crc;
        roots->has_schema = true;
        roots->has_chain = false;
    } else if (root_of_type(type) != ROOT_HEADER) {
        roots->chain = crc;
        roots->has_chain = true;
    }
}

static bool has_root(const struct frame_roots *roots, unsigned type, uint32_t *root)
{
    switch (root_of_type(type)) {
    case ROOT_HEADER:
        *root = roots->header;
        return true;
    case ROOT_SCHEMA:
        *root = roots->schema;
        return roots->has_schema;
    case ROOT_CHAIN:
        *root = roots->chain;
        return roots->has_chain;
    default:
        return false;
    }
}

uint32_t frame_put(struct packer *packer, const struct frame_roots *roots, enum frame_type type,
                   const struct packer *content)
{
    size_t start = packer->length;
    uint32_t crc = 0;

    (void)has_root(roots, type, &crc);
    pack_unsigned(packer, content->length);
    pack_byte(packer, (uint8_t)type);
    pack_bytes(packer, content->bytes, content->length);
    crc = crc32c(crc, packer->bytes + start, packer->length - start);
    pack_fixed32(packer, crc);
    packer->overflow |= content->overflow || content->length > FRAME_CONTENT_MAX;
    return crc;
}

/* Where a frame of this form would end within the bounds; its checksum is not looked at. */
static inline bool has_form(const uint8_t *at, const uint8_t *end, struct frame *frame)
{
    struct unpacker unpacker = {.at = at, .end = end};
    uint64_t length = unpack_unsigned(&unpacker);
    uint8_t type = unpack_byte(&unpacker);

    if (unpacker.bad || length > FRAME_CONTENT_MAX || (size_t)(end - unpacker.at) < length + CRC_BYTES)
        return false;
    *frame = (struct frame){
        .type = type,
        .content = unpacker.at,
        .length = (size_t)length,
        .bytes = (size_t)(unpacker.at - at) + (size_t)length + CRC_BYTES,
    };
    return true;
}

bool frame_take(const uint8_t *at, const uint8_t *end, const struct frame_roots *roots, struct frame *frame)
{
    uint32_t root;

    if (!has_form(at, end, frame) || !has_root(roots, frame->type, &root))
        return false;
    struct unpacker checksum = unpacker_over(frame->content + frame->length, CRC_BYTES);
    frame->crc = unpack_fixed32(&checksum);
    return frame->crc == crc32c(root, at, frame->bytes - CRC_BYTES);
}

/* Whether the type behind a length of one byte is none. That settles it for the zeros of a segment that is
 * not full, which each reader of it looks through. */
static inline bool has_no_type(const uint8_t *at)
{
    return at[0] < 0x80 && (at[1] == 0 || at[1] >= FRAME_KNOWN_END);
}

const uint8_t *frame_find(const uint8_t *at, const uint8_t *end, const struct frame_roots *roots)
{
    struct frame frame;

    for (at++; at + CRC_BYTES < end; at++) {
        /* A frame of a later version tells nobody here anything; to look for one takes a checksum at each
         * byte. */
        if (!has_no_type(at) && has_form(at, end, &frame) && frame.type < FRAME_KNOWN_END &&
            frame_take(at, end, roots, &frame))
            return at;
    }
    return NULL;
}
