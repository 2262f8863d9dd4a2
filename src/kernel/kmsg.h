/*
 * The kernel's log as it grows: /dev/kmsg. One record a read; its form is told in
 * Documentation/ABI/testing/dev-kmsg:
 *
 *     PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,KEY=VALUE...];TEXT
 *      KEY=VALUE
 *
 * In the text, bytes that are not printable ASCII stand as \xHH, and a backslash as \x5c. PRIORITY is a level
 * (the lower three bits) and a facility: 0 is the kernel's, and user space cannot write it
 * (kernel/printk/printk.c, devkmsg_write()), so that any other one may be a forgery. The microseconds are
 * those of CLOCK_MONOTONIC, within a few milliseconds (local_clock()). With CONFIG_PRINTK_CALLER,
 * `caller=T123` or `caller=C2` says who wrote.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KMSG_RECORD_MAX =
        8192, /* PRINTKRB_RECORD_MAX is 1024 bytes of text, each of which may take four, and keys */
    KMSG_CALLER_MAX = 24,
};

struct kmsg_record {
    unsigned level;
    unsigned facility;
    uint64_t sequence;
    uint64_t monotonic_us;
    bool continues; /* the text goes on where the record before ended (flag `c`; up to 4.9 `+`, and `c` begins
                       such a line) */
    bool after_gap; /* of the kernel's own, it is the first behind records that were lost */
    char caller[KMSG_CALLER_MAX]; /* "T123", or "" */
    char *text;                   /* unescaped and terminated; a zero byte in it ends it */
    size_t text_length;
};

/*
 * Takes a record apart, in place: BYTES, LENGTH of them and one more that may be written to, hold the
 * record's text afterwards. False where it has no such form.
 */
bool kmsg_parse(char *bytes, size_t length, struct kmsg_record *record);

struct kmsg {
    int fd; /* -1: not open. To be waited for with EPOLLIN */
    bool any;
    uint64_t next_sequence;
    bool behind_gap;  /* no record of the kernel's own has been read since */
    bool gap;         /* records were overwritten before they were read: the reader of this sets it back, */
    uint64_t lost;    /* and how many; 0: it happened before the first was read, and the log does not tell */
    int64_t drift_us; /* of CLOCK_MONOTONIC before the log's clock, when last seen, */
    uint64_t drift_seen_us; /* by CLOCK_MONOTONIC; 0: at the boot */
    char bytes[KMSG_RECORD_MAX + 1];
};

/* Opens PATH: at its end, for what comes from now on, or with FROM_START at the oldest record that is kept.
 * Returns 0 or a negative errno: -EPERM where kernel.dmesg_restrict forbids it, -ENODEV where another device
 * is in its place, as /dev/null is in some containers. */
int kmsg_open(struct kmsg *kmsg, const char *path, bool from_start);
void kmsg_close(struct kmsg *kmsg);

/* Reads the next record, which stays valid until the next call. Returns 1, 0 where there is none yet, or a
 * negative errno. Records that have no proper form are left out. */
int kmsg_read(struct kmsg *kmsg, struct kmsg_record *record);

/* When a record was written, by the wall clock as it is set now; the log's clock is taken for
 * CLOCK_MONOTONIC, of which it drifts off by some seconds in a month. */
uint64_t kmsg_wall_ns(uint64_t monotonic_us);

/*
 * The same of a record that has just been read: it was written at this moment, unless its stamp is further
 * behind than the log's clock can have drifted since the record before (the program was stopped, or the
 * console is slow).
 */
uint64_t kmsg_live_wall_ns(struct kmsg *kmsg, uint64_t monotonic_us);

/* Whether a record says that the machine has just woken up. */
bool kmsg_is_wake(const struct kmsg_record *record);

/* When the machine woke up, from suspend or hibernation, as its log tells: the log's clock does not count its
 * sleep.
 */
enum { KMSG_WAKES_MAX = 256 };
struct kmsg_sleep {
    uint64_t slept_ns; /* since boot, all together: CLOCK_BOOTTIME less CLOCK_MONOTONIC */
    bool whole;        /* the log begins with its first record, and all wakes are listed */
    size_t wakes;
    uint64_t woke_us[KMSG_WAKES_MAX];
};

/* Looks through the log at PATH, where the machine has slept at all. Returns 0 or a negative errno. */
int kmsg_find_sleep(const char *path, struct kmsg_sleep *sleep);

/*
 * When a record of the past was written, by the wall clock as it is set now. False where the log does not
 * tell how much of the sleep came before it: exact is what is younger than the last wake, and what is older
 * than the first of a log that is whole.
 */
bool kmsg_past_wall_ns(const struct kmsg_sleep *sleep, uint64_t monotonic_us, uint64_t *wall_ns);
