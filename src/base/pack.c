#include "base/pack.h"

#include <string.h>

struct packer packer_over(void *memory, size_t capacity)
{
    return (struct packer){.bytes = memory, .capacity = capacity};
}

void pack_bytes(struct packer *packer, const void *bytes, size_t length)
{
    if (packer->capacity - packer->length < length) {
        packer->overflow = true;
        return;
    }
    if (length > 0)
        memcpy(packer->bytes + packer->length, bytes, length);
    packer->length += length;
}

void pack_byte(struct packer *packer, uint8_t byte)
{
    if (packer->length < packer->capacity)
        packer->bytes[packer->length++] = byte;
    else
        packer->overflow = true;
}

void pack_unsigned(struct packer *packer, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        pack_byte(packer, (uint8_t)(number | 0x80));
    pack_byte(packer, (uint8_t)number);
}

void pack_signed(struct packer *packer, int64_t number)
{
    uint64_t doubled = (uint64_t)number << 1;
    pack_unsigned(packer, number < 0 ? ~doubled : doubled);
}

static void pack_fixed(struct packer *packer, uint64_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        pack_byte(packer, (uint8_t)(number >> (8 * i)));
}

void pack_fixed32(struct packer *packer, uint32_t number)
{
    pack_fixed(packer, number, sizeof(number));
}

void pack_fixed64(struct packer *packer, uint64_t number)
{
    pack_fixed(packer, number, sizeof(number));
}

void pack_double(struct packer *packer, double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof(bits));
    pack_fixed64(packer, bits);
}

void pack_string(struct packer *packer, const char *string)
{
    size_t length = strlen(string);

    pack_unsigned(packer, length);
    pack_bytes(packer, string, length);
}

struct unpacker unpacker_over(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    return (struct unpacker){.at = at, .end = at + length};
}

uint8_t unpack_byte(struct unpacker *unpacker)
{
    if (unpacker->at < unpacker->end)
        return *unpacker->at++;
    unpacker->bad = true;
    return 0;
}

void unpack_bytes(struct unpacker *unpacker, void *bytes, size_t length)
{
    if ((size_t)(unpacker->end - unpacker->at) < length) {
        unpacker->bad = true;
        memset(bytes, 0, length);
        return;
    }
    memcpy(bytes, unpacker->at, length);
    unpacker->at += length;
}

/* Numbers are nearly all that a recording is read for: a byte costs no call. */
uint64_t unpack_unsigned(struct unpacker *unpacker)
{
    const uint8_t *at = unpacker->at;
    const uint8_t *end = unpacker->end;
    uint64_t number = 0;

    for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
        uint64_t bits = *at & 0x7f;
        if (shift == 63 && bits > 1)
            break;
        number |= bits << shift;
        if (*at++ < 0x80) {
            unpacker->at = at;
            return number;
        }
    }
    unpacker->bad = true;
    return 0;
}

int64_t unpack_signed(struct unpacker *unpacker)
{
    uint64_t doubled = unpack_unsigned(unpacker);
    return (int64_t)(doubled & 1 ? ~(doubled >> 1) : doubled >> 1);
}

static uint64_t unpack_fixed(struct unpacker *unpacker, unsigned bytes)
{
    uint8_t read[sizeof(uint64_t)];
    uint64_t number = 0;

    unpack_bytes(unpacker, read, bytes);
    for (unsigned i = 0; i < bytes; i++)
        number |= (uint64_t)read[i] << (8 * i);
    return number;
}

uint32_t unpack_fixed32(struct unpacker *unpacker)
{
    return (uint32_t)unpack_fixed(unpacker, sizeof(uint32_t));
}

uint64_t unpack_fixed64(struct unpacker *unpacker)
{
    return unpack_fixed(unpacker, sizeof(uint64_t));
}

double unpack_double(struct unpacker *unpacker)
{
    uint64_t bits = unpack_fixed64(unpacker);
    double number;

    memcpy(&number, &bits, sizeof(number));
    return number;
}

void unpack_string(struct unpacker *unpacker, char *string, size_t size)
{
    uint64_t length = unpack_unsigned(unpacker);

    if (length >= size) {
        unpacker->bad = true;
        length = 0;
    }
    unpack_bytes(unpacker, string, (size_t)length);
    string[length] = '\0';
    unpacker->bad |= strlen(string) != length;
}
