/*
 * What the tracepoint oom:mark_victim says of a victim (include/trace/events/oom.h), as bytes whose places
 * are told by the text of its `format` file (kernel/trace/trace_events.c, f_show()). Neither the text nor the
 * bytes are trusted.
 */
#pragma once

#include "kernel/oom_log.h"

#include <stdbool.h>
#include <stddef.h>

enum mark_victim_field {
    MARK_VICTIM_PID,
    MARK_VICTIM_COMM,
    MARK_VICTIM_TOTAL_VM,
    MARK_VICTIM_ANON_RSS,
    MARK_VICTIM_FILE_RSS,
    MARK_VICTIM_SHMEM_RSS,
    MARK_VICTIM_UID,
    MARK_VICTIM_PGTABLES,
    MARK_VICTIM_OOM_SCORE_ADJ,
    MARK_VICTIM_FIELDS,
};

struct raw_field {
    size_t offset;
    size_t size; /* 0: this kernel does not have the field */
    bool is_signed;
};

struct mark_victim_format {
    struct raw_field fields[MARK_VICTIM_FIELDS];
};

/* Reads the text of a `format` file. Lines and fields that are not understood are left out, and of a field
 * that is told twice, the second. Returns 0, or -EINVAL where there is no pid. */
int mark_victim_format_parse(struct mark_victim_format *format, const char *text, size_t length);

/* Fills *KILL with what the LENGTH bytes of RAW say. What does not stand wholly within them is absent; false
 * where that is the pid. */
bool mark_victim_decode(const struct mark_victim_format *format, const unsigned char *raw, size_t length,
                        struct oom_kill *kill);
