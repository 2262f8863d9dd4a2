/* Made of web/ at build time, by web/embed.mjs. */
#pragma once

#include <stddef.h>

extern const unsigned char page_data_packed[];
extern const size_t page_data_packed_bytes;
extern const size_t page_data_bytes;
extern const char page_data_policy[];
