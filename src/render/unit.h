/* The units that sizes are shown in. */
#pragma once

/* AUTO: M and G for memory, K, M and G for rates. The others are 1000, 1024, 1000000, 1048576 bytes, and one.
 */
enum size_unit { SIZE_AUTO, SIZE_k, SIZE_K, SIZE_m, SIZE_M, SIZE_B };

/* How many bytes a unit has. Not of AUTO. */
static inline double unit_bytes(enum size_unit unit)
{
    static const double bytes[] = {
        [SIZE_k] = 1e3, [SIZE_K] = 0x1p10, [SIZE_m] = 1e6, [SIZE_M] = 0x1p20, [SIZE_B] = 1};
    return bytes[unit];
}

static inline char unit_letter(enum size_unit unit)
{
    return "\0kKmMB"[unit];
}
