/*
 * Kernel logs that somebody saved: what stands before the kernel's words, and what follows them.
 * Understood, line by line, so that a file may hold several forms:
 *
 *     6,1234,98765432,-;text                          /dev/kmsg
 *     [   98.765432] text                             dmesg, a serial console
 *     [   98.765432][  T123] text                     the same with CONFIG_PRINTK_CALLER
 *     [Mon Nov 23 14:21:30 2026] text                 dmesg -T
 *     2026-11-23T14:21:30,123456+00:00 text           dmesg --time-format=iso
 *     [  +0.000123] text                              dmesg -e and others: text, without its time
 *     Nov 23 14:21:30 host kernel: text               journalctl -k, kern.log
 *     2026-11-23T14:21:30+00:00 host kernel: text     journalctl -o short-iso, rsyslog
 *     Mon 2026-11-23 14:21:30 UTC host kernel: text   journalctl -o short-full, with-unit
 *     1764000000.123456 host kernel: text             journalctl -o short-unix
 *     [   98.765432] host kernel: text                journalctl -o short-monotonic
 *     __REALTIME_TIMESTAMP=...                        journalctl -o export: entries, parted by
 *     MESSAGE=text                                    empty lines; a field may be binary
 *                                                     (systemd.io/JOURNAL_EXPORT_FORMATS)
 *
 * In front may stand "<6>" (dmesg -r) or "kern  :info  : " (dmesg -x), and behind "kernel: " a
 * "[   98.765432] " once more (kern.log). A line that has none of these forms is text without a
 * time.
 *
 * Left out are lines that say by facility, tag or transport that they are another program's, lines
 * of keys behind a record of /dev/kmsg, and empty lines. Further lines of a record, which dmesg and
 * journalctl print indented below the first, are lines with the same time; in /dev/kmsg and in an
 * export they are in one text.
 */
#pragma once

#include "kernel/saved_stamp.h"

#include <stdint.h>
#include <stdio.h>

struct saved_log;

/*
 * A reader of FILE, which stays the caller's and need not be one that can be sought in. A date
 * without a year is the latest one that is not more than a day after NOW_NS (CLOCK_REALTIME). NULL
 * without memory.
 */
struct saved_log *saved_log_new(FILE *file, uint64_t now_ns);
void saved_log_free(struct saved_log *log);

/*
 * Reads on to the next line of the kernel's log (saved_stamp.h). A line or field of over 64 KiB is cut there.
 * Returns 1, 0 at the end of the file, or a negative errno.
 */
int saved_log_next(struct saved_log *log, struct saved_line *line);
