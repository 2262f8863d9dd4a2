/*
 * /proc/vmstat: "KEY NUMBER" lines, 100 to 200 of them. Format: mm/vmstat.c, vmstat_text[]. The order is
 * fixed for the life of a boot; keys come and go between versions.
 */
#include "kernel/vmstat.h"

#include "kernel/source_format.h"

#include <stddef.h>
#include <string.h>

/* The counts among the nr_ keys (include/linux/mmzone.h, vm_event_item.h, up to 6.18). */
static const char *const counted_nr[] = {
    "nr_dirtied",
    "nr_written",
    "nr_throttled_written",
    "nr_vmscan_write",
    "nr_vmscan_immediate_reclaim",
    "nr_foll_pin_acquired",
    "nr_foll_pin_released",
    "nr_tlb_remote_flush",
    "nr_tlb_remote_flush_received",
    "nr_tlb_local_flush_all",
    "nr_tlb_local_flush_one",
};

bool vmstat_is_gauge(const char *key)
{
    if (strcmp(key, "workingset_nodes") == 0)
        return true;
    if (strncmp(key, "nr_", 3) != 0)
        return false;
    for (size_t i = 0; i < sizeof(counted_nr) / sizeof(*counted_nr); i++) {
        if (strcmp(key, counted_nr[i]) == 0)
            return false;
    }
    return true;
}

const struct source_format vmstat_format = {"vmstat", "vmstat", key_number_locate, key_number_parse, NULL};
