/*
 * Entries of journalctl -o export, parted by empty lines (systemd.io/JOURNAL_EXPORT_FORMATS):
 *
 *     __REALTIME_TIMESTAMP=1795443690123456
 *     _TRANSPORT=kernel
 *     SYSLOG_FACILITY=0
 *     _SOURCE_MONOTONIC_TIMESTAMP=98765432
 *     MESSAGE=text
 *
 * A field of which the value is not all printable has a name alone in its line. Behind that come eight bytes,
 * the lowest first: how many there are of the value; then the value, and a newline. Fields are told in
 * systemd.journal-fields(7). Times are microseconds; those with SOURCE are when the kernel wrote it, the
 * others when the journal read it.
 */
#pragma once

#include "base/text.h"
#include "kernel/saved_stamp.h"
#include "kernel/scan.h"

#include <stdbool.h>
#include <stdio.h>

enum journal_time {
    JOURNAL_WALL,
    JOURNAL_SOURCE_WALL,
    JOURNAL_MONOTONIC,
    JOURNAL_SOURCE_MONOTONIC,
    JOURNAL_TIMES,
};

/* What the fields of an entry said so far: nothing, where all but the message's memory is zero. */
struct journal_entry {
    struct value times[JOURNAL_TIMES];
    bool has_message;
    bool left_out; /* it is another program's */
    struct text message;
};

/* Whether LINE is one of the fields that journalctl begins an entry with. */
bool journal_export_begins(const char *line);

/*
 * Takes the field that LINE holds, or begins; the value of the latter is read from FILE into LINE, and cut
 * where that is full. A line that does neither is skipped. Both texts are terminated here, for which their
 * memory has a byte more than their capacity; the message's is not less than the line's.
 */
void journal_export_take(struct journal_entry *entry, struct text *line, FILE *file);

/* Makes the entry a line; its text is the entry's. False where it is left out. */
bool journal_export_end(const struct journal_entry *entry, struct saved_line *line);
