/*
 * What stands in front of the text in a line of a saved kernel log: whose it is, and when it was written. It
 * is put there by
 *
 *     the kernel itself       kernel/printk/printk.c, info_print_prefix()
 *     dmesg                   util-linux, sys-utils/dmesg.c, print_record()
 *     journalctl              systemd, src/shared/logs-show.c, output_short()
 *     syslog daemons          RFC 3164, "Nov 23 14:21:30", or RFC 3339, "2026-11-23T14:21:30+00:00"
 *
 * The forms are told in saved_log.h. Lines are terminated.
 */
#pragma once

#include "kernel/kmsg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line, as saved_log_next() hands it out. */
struct saved_line {
    const char *text; /* terminated; may hold newlines and zero bytes; valid until the next call */
    size_t length;
    bool continues;               /* it goes on where the line before ended; only /dev/kmsg tells */
    bool after_gap;               /* the kernel's own lines before it are not all there; the same */
    char caller[KMSG_CALLER_MAX]; /* "" where the log does not tell */
    bool has_wall;
    uint64_t wall_ns;
    bool has_monotonic;
    uint64_t monotonic_us; /* since that machine's boot */
};

/* Whether "host kernel: " follows a time. */
enum saved_header {
    SAVED_HEADER_NEVER,
    SAVED_HEADER_MAYBE,
    SAVED_HEADER_ALWAYS,
};

/* The place behind "<6>", and behind "kern  :info  : ". Where one of them says whose the line is, sets
 * *KERNELS. */
const char *saved_stamp_skip_priority(const char *at, bool *kernels);

/*
 * Moves *AT behind the time that it begins with, and a blank, and sets that of LINE, which has none yet. A
 * time that is none, "Feb 30", or that does not tell which, "[  +0.000123]", is still taken off, and not set.
 * NOW_NS is as in saved_log_new(). SAVED_HEADER_NEVER where there is no time as well.
 */
enum saved_header saved_stamp_take_time(const char **at, uint64_t now_ns, struct saved_line *line);

/* The same of "[   98.765432] " alone, which leaves a time of the wall clock as it is. False where there is
 * none. */
bool saved_stamp_take_monotonic(const char **at, struct saved_line *line);

/* The same where something stands in front of it: the prompt on a console that the kernel wrote to as well,
 * or the time by whoever captured it. */
bool saved_stamp_find_monotonic(const char **at, struct saved_line *line);
