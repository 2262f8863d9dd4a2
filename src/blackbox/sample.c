#include "blackbox/sample.h"

#include "blackbox/packed_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A change is one number: how many values before it stand still, in its lowest three bits, and the difference
 * above them. 7 says that the count follows, less 7; the difference 0, which no change has, that the new
 * value follows whole: a byte, and the value where the byte is 1; where it is 0, the value has become absent.
 */
enum { GAP_BITS = 3, GAP_MORE = 7, NOW_ABSENT = 0, NOW_PRESENT = 1 };

int sample_init(struct sample *sample, size_t count)
{
    *sample = (struct sample){.values = calloc(count + 1, sizeof(struct value)), .count = count};
    return sample->values ? 0 : -ENOMEM;
}

void sample_free(struct sample *sample)
{
    free(sample->values);
    *sample = (struct sample){0};
}

void sample_put_full(struct packer *packer, const struct sample *next)
{
    pack_unsigned(packer, next->monotonic_ns);
    pack_unsigned(packer, next->wall_ns);
    for (size_t i = 0; i < next->count; i += 8) {
        uint8_t present = 0;
        for (size_t bit = 0; bit < 8 && i + bit < next->count; bit++)
            present |= (uint8_t)(next->values[i + bit].present << bit);
        pack_byte(packer, present);
    }
    for (size_t i = 0; i < next->count; i++) {
        if (next->values[i].present)
            pack_unsigned(packer, next->values[i].number);
    }
}

static void put_change(struct packer *packer, size_t gap, const struct value *before,
                       const struct value *next)
{
    uint64_t difference = next->number - before->number;
    uint64_t folded = difference >> 63 ? ~(difference << 1) : difference << 1; /* as a signed one is packed */
    bool whole = !before->present || !next->present || folded >> (64 - GAP_BITS) != 0;

    pack_unsigned(packer, (whole ? 0 : folded << GAP_BITS) | (gap < GAP_MORE ? gap : GAP_MORE));
    if (gap >= GAP_MORE)
        pack_unsigned(packer, gap - GAP_MORE);
    if (!whole)
        return;
    pack_value(packer, *next);
}

static bool same_value(const struct value *a, const struct value *b)
{
    return a->present == b->present && (!a->present || a->number == b->number);
}

void sample_put_changes(struct packer *packer, const struct sample *before, const struct sample *next)
{
    uint64_t advance_ns = next->monotonic_ns - before->monotonic_ns;
    uint64_t wall_advance_ns = next->wall_ns - before->wall_ns;
    size_t gap = 0;

    pack_signed(packer, (int64_t)(advance_ns - before->advance_ns));
    pack_signed(packer, (int64_t)(wall_advance_ns - advance_ns));
    for (size_t i = 0; i < next->count; i++) {
        if (same_value(&before->values[i], &next->values[i])) {
            gap++;
            continue;
        }
        put_change(packer, gap, &before->values[i], &next->values[i]);
        gap = 0;
    }
}

void sample_follow(struct sample *before, const struct sample *next, bool full)
{
    before->advance_ns = full ? 0 : next->monotonic_ns - before->monotonic_ns;
    before->monotonic_ns = next->monotonic_ns;
    before->wall_ns = next->wall_ns;
    memcpy(before->values, next->values, next->count * sizeof(*next->values));
}

bool sample_take_full(struct unpacker *unpacker, struct sample *sample)
{
    sample->advance_ns = 0;
    sample->monotonic_ns = unpack_unsigned(unpacker);
    sample->wall_ns = unpack_unsigned(unpacker);
    for (size_t i = 0; i < sample->count; i += 8) {
        uint8_t present = unpack_byte(unpacker);
        for (size_t bit = 0; bit < 8 && i + bit < sample->count; bit++)
            sample->values[i + bit] = (struct value){.present = present >> bit & 1};
    }
    for (size_t i = 0; i < sample->count; i++) {
        if (sample->values[i].present)
            sample->values[i].number = unpack_unsigned(unpacker);
    }
    return !unpacker->bad && unpacker->at == unpacker->end;
}

static void take_change(struct unpacker *unpacker, uint64_t change, struct value *value)
{
    uint64_t folded = change >> GAP_BITS;

    if (folded == 0)
        *value = unpack_value(unpacker);
    else if (value->present)
        value->number += folded & 1 ? ~(folded >> 1) : folded >> 1;
    else
        unpacker->bad = true;
}

bool sample_take_changes(struct unpacker *unpacker, struct sample *sample)
{
    sample->advance_ns += (uint64_t)unpack_signed(unpacker);
    sample->monotonic_ns += sample->advance_ns;
    sample->wall_ns += sample->advance_ns + (uint64_t)unpack_signed(unpacker);

    size_t next = 0;
    while (!unpacker->bad && unpacker->at < unpacker->end) {
        uint64_t change = unpack_unsigned(unpacker);
        uint64_t gap = change & GAP_MORE;
        if (gap == GAP_MORE)
            gap += unpack_unsigned(unpacker);
        if (gap >= sample->count - next)
            return false;
        next += (size_t)gap;
        take_change(unpacker, change, &sample->values[next++]);
    }
    return !unpacker->bad;
}
