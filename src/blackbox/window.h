/* Which part of a recording is meant: times, kills and boots as people name them, made into a range and the
 * segments that it lies in. */
#pragma once

#include "blackbox/playback.h"

/* Boots of a recording, by the segments that they take. */
struct boot {
    size_t first_segment;
    size_t last_segment;
};

/* Boot NUMBER: 0 is the newest, -1 the one before, 1 the oldest. Returns 0, or -ENOENT where there are not so
 * many. */
int window_find_boot(const struct recording *recording, int64_t number, struct boot *boot);

/* The boot that a segment is of. */
struct boot window_boot_of(const struct recording *recording, size_t segment);

/* Keeps SETTINGS to the segments of BOOT; to the newest one's, as far as it is being written. */
void window_keep_to_boot(const struct recording *recording, struct boot boot,
                         struct playback_settings *settings);

size_t window_boot_count(const struct recording *recording);

/* When the recording ends, by the wall clock. */
uint64_t window_end_ns(const struct recording *recording);

/*
 * WORDS as when_parse() reads them, but that a time of day without a day, and "-1h", are counted from the
 * recording's end. LATEST: of a local time that comes twice the second, as when_parse_latest() has it.
 */
int window_parse_time(const struct recording *recording, const char *words, bool latest, uint64_t *wall_ns);

/* When the NUMBER-th newest OOM kill was, from 1. Returns 0, -ENOENT where there are not so many, or another
 * negative errno. Moves the recording. */
int window_find_oom(struct recording *recording, uint64_t number, uint64_t *wall_ns);

/* How many OOM kills can be read. Moves the recording. */
uint64_t window_oom_count(struct recording *recording);

/* Sets the segments of SETTINGS, within those that are set, to those that its range lies in, and the one
 * before, whose last sample the first interval begins with. False where it lies in none. */
bool window_narrow(const struct recording *recording, struct playback_settings *settings);
