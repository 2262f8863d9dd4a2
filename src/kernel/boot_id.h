/* Which boot of which machine this is: /proc/sys/kernel/random/boot_id, drawn by lot at each (random(4)). */
#pragma once

#include <stdint.h>

enum { BOOT_ID_BYTES = 16 };

/* Reads it below PROC_PATH. Returns 0, or a negative errno (-EINVAL where it has another form); the id is all
 * zero then. */
int boot_id_read(const char *proc_path, uint8_t id[BOOT_ID_BYTES]);
