/* The two clocks: CLOCK_MONOTONIC for rates and deadlines, CLOCK_REALTIME for the time that people read. */
#pragma once

#include "base/text.h"

#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND UINT64_C(1000000000)

uint64_t clock_monotonic_ns(void);
uint64_t clock_wall_ns(void);

/* How long the machine has slept since boot; what differs by less than a second is none. */
uint64_t clock_slept_ns(void);

/* "2026-11-23T05:00:01.000Z": UTC, cut to milliseconds. */
void clock_put_iso(struct text *text, uint64_t wall_ns);

/* "2026-11-23 05:00:01" in the local time zone. */
void clock_put_local(struct text *text, uint64_t wall_ns);

/* "05:00:01" in the local time zone. */
void clock_put_time_of_day(struct text *text, uint64_t wall_ns);

/* The name of the local time zone now, "UTC" or "CET". Valid until the next call into <time.h>. */
const char *clock_zone(void);
