#include "blackbox/segment.h"

#include "base/crc32c.h"
#include "base/pack.h"

#include <errno.h>
#include <string.h>

/* Neither text nor valid UTF-8; line ends that a careless copy would change are part of it. */
const char segment_magic[8] = "\x89"
                              "FLR\r\n\x1a\n";

static const char trailer_magic[4] = "FLRe";

bool segment_is_blank(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

struct segment_trailer segment_trailer_begin(uint64_t monotonic_ns, uint64_t wall_ns)
{
    return (struct segment_trailer){
        .used_bytes = SEGMENT_HEADER_BYTES,
        .last_monotonic_ns = monotonic_ns,
        .last_wall_ns = wall_ns,
        .wall_least_ns = wall_ns,
        .wall_most_ns = wall_ns,
    };
}

void segment_trailer_note(struct segment_trailer *trailer, uint64_t monotonic_ns, uint64_t wall_ns)
{
    trailer->last_monotonic_ns = monotonic_ns;
    trailer->last_wall_ns = wall_ns;
    if (wall_ns < trailer->wall_least_ns)
        trailer->wall_least_ns = wall_ns;
    if (wall_ns > trailer->wall_most_ns)
        trailer->wall_most_ns = wall_ns;
}

void segment_put_header(uint8_t *bytes, struct segment_header *header)
{
    struct packer packer = packer_over(bytes, SEGMENT_HEADER_BYTES);

    pack_bytes(&packer, segment_magic, sizeof(segment_magic));
    pack_fixed32(&packer, SEGMENT_VERSION);
    pack_fixed32(&packer, SEGMENT_BYTES);
    pack_fixed64(&packer, header->recording_id);
    pack_fixed64(&packer, header->sequence);
    pack_bytes(&packer, header->boot_id, sizeof(header->boot_id));
    pack_fixed64(&packer, header->monotonic_ns);
    pack_fixed64(&packer, header->wall_ns);
    header->crc = crc32c(0, bytes, packer.length);
    pack_fixed32(&packer, header->crc);
}

int segment_take_header(const uint8_t *bytes, struct segment_header *header)
{
    struct unpacker unpacker = unpacker_over(bytes, SEGMENT_HEADER_BYTES);

    if (memcmp(bytes, segment_magic, sizeof(segment_magic)) != 0)
        return -ENOENT;
    unpacker.at += sizeof(segment_magic);
    uint32_t version = unpack_fixed32(&unpacker);
    uint32_t segment_bytes = unpack_fixed32(&unpacker);
    header->recording_id = unpack_fixed64(&unpacker);
    header->sequence = unpack_fixed64(&unpacker);
    unpack_bytes(&unpacker, header->boot_id, sizeof(header->boot_id));
    header->monotonic_ns = unpack_fixed64(&unpacker);
    header->wall_ns = unpack_fixed64(&unpacker);
    size_t covered = (size_t)(unpacker.at - bytes);
    header->crc = unpack_fixed32(&unpacker);
    if (header->crc != crc32c(0, bytes, covered))
        return -EBADMSG;
    return version == SEGMENT_VERSION && segment_bytes == SEGMENT_BYTES ? 0 : -EPROTONOSUPPORT;
}

void segment_put_trailer(uint8_t *bytes, const struct segment_header *header,
                         const struct segment_trailer *trailer)
{
    struct packer packer = packer_over(bytes, SEGMENT_TRAILER_BYTES);

    memset(bytes, 0, SEGMENT_TRAILER_BYTES);
    pack_bytes(&packer, trailer_magic, sizeof(trailer_magic));
    pack_fixed32(&packer, trailer->used_bytes);
    pack_fixed32(&packer, trailer->samples);
    pack_fixed32(&packer, trailer->events);
    pack_fixed32(&packer, trailer->oom_kills);
    pack_fixed32(&packer, trailer->runs);
    pack_fixed64(&packer, trailer->last_monotonic_ns);
    pack_fixed64(&packer, trailer->last_wall_ns);
    pack_fixed64(&packer, trailer->wall_least_ns);
    pack_fixed64(&packer, trailer->wall_most_ns);
    packer.length = SEGMENT_TRAILER_BYTES - sizeof(uint32_t);
    pack_fixed32(&packer, crc32c(header->crc, bytes, packer.length));
}

bool segment_take_trailer(const uint8_t *bytes, const struct segment_header *header,
                          struct segment_trailer *trailer)
{
    const size_t covered = SEGMENT_TRAILER_BYTES - sizeof(uint32_t);
    struct unpacker unpacker = unpacker_over(bytes, SEGMENT_TRAILER_BYTES);
    struct unpacker checksum = unpacker_over(bytes + covered, sizeof(uint32_t));

    if (memcmp(bytes, trailer_magic, sizeof(trailer_magic)) != 0 ||
        unpack_fixed32(&checksum) != crc32c(header->crc, bytes, covered))
        return false;
    unpacker.at += sizeof(trailer_magic);
    trailer->used_bytes = unpack_fixed32(&unpacker);
    trailer->samples = unpack_fixed32(&unpacker);
    trailer->events = unpack_fixed32(&unpacker);
    trailer->oom_kills = unpack_fixed32(&unpacker);
    trailer->runs = unpack_fixed32(&unpacker);
    trailer->last_monotonic_ns = unpack_fixed64(&unpacker);
    trailer->last_wall_ns = unpack_fixed64(&unpacker);
    trailer->wall_least_ns = unpack_fixed64(&unpacker);
    trailer->wall_most_ns = unpack_fixed64(&unpacker);
    return trailer->used_bytes >= SEGMENT_HEADER_BYTES && trailer->used_bytes <= SEGMENT_FRAMES_END;
}
