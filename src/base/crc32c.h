/* CRC-32C, the checksum of iSCSI and ext4 (RFC 3720, Castagnoli's polynomial 0x1EDC6F41, reflected). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Goes on from CRC over LENGTH bytes; 0 to begin with. crc32c(0, "123456789", 9) is 0xe3069283. Of the same
 * bytes it differs wherever CRC does: a checksum that goes on from another one proves what came before.
 */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t length);

/* The same without the help of the processor, as where it has none: for tests. */
uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t length);
