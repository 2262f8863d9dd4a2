/*
 * Numbers and strings as few bytes, independent of the machine that writes them.
 *
 * A whole number is written seven bits a byte, the lowest first; the top bit says that another byte follows
 * (LEB128). A signed one is written as 2n, or as -2n - 1 where it is negative.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKED_NUMBER_MAX = 10 };

/* Bytes under construction in memory that the caller owns. What does not fit is dropped, and noted. */
struct packer {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
    bool overflow;
};

struct packer packer_over(void *memory, size_t capacity);

void pack_byte(struct packer *packer, uint8_t byte);
void pack_bytes(struct packer *packer, const void *bytes, size_t length);
void pack_unsigned(struct packer *packer, uint64_t number);
void pack_signed(struct packer *packer, int64_t number);
void pack_fixed32(struct packer *packer, uint32_t number); /* four, or eight, bytes, the lowest first */
void pack_fixed64(struct packer *packer, uint64_t number);
void pack_double(struct packer *packer, double number);      /* IEEE 754, eight bytes, the lowest first */
void pack_string(struct packer *packer, const char *string); /* its length, then its bytes */

/*
 * Bytes to be read, not trusted: a read beyond the end, or of what is no such thing, gives 0 or nothing and
 * sets `bad`.
 */
struct unpacker {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

struct unpacker unpacker_over(const void *bytes, size_t length);

uint8_t unpack_byte(struct unpacker *unpacker);
void unpack_bytes(struct unpacker *unpacker, void *bytes, size_t length);
uint64_t unpack_unsigned(struct unpacker *unpacker);
int64_t unpack_signed(struct unpacker *unpacker);
uint32_t unpack_fixed32(struct unpacker *unpacker);
uint64_t unpack_fixed64(struct unpacker *unpacker);
double unpack_double(struct unpacker *unpacker);

/* Into STRING[SIZE], terminated; bad where it is longer, or has a zero byte within. */
void unpack_string(struct unpacker *unpacker, char *string, size_t size);
