/*
 * The life of one alert. It begins in the first interval whose value is beyond the threshold and ends when
 * none was for EPISODE_QUIET_SECONDS, so that a value that swings around the threshold is one episode and not
 * many. In between it is told again every EPISODE_REPEAT_SECONDS, or at once when it has become twice as bad
 * as last told.
 */
#pragma once

#include <stdbool.h>

#define EPISODE_QUIET_SECONDS  3.0
#define EPISODE_REPEAT_SECONDS 10.0

/* Which values are beyond a threshold. */
enum bound { BOUND_ABOVE, BOUND_AT_LEAST, BOUND_AT_MOST };

enum episode_step { EPISODE_SILENT, EPISODE_BEGINS, EPISODE_CONTINUES, EPISODE_ENDS };

struct episode {
    bool active;
    double began; /* all times in seconds since the watch began */
    double last_beyond;
    double last_told;
    double told; /* the value that was last told */
    double worst;
};

/* Whether VALUE is beyond THRESHOLD; an absent one (NAN) is not. */
bool bound_exceeded(enum bound bound, double value, double threshold);

/* Takes in the interval that ended at NOW and lasted SECONDS. */
enum episode_step episode_step(struct episode *episode, enum bound bound, double value, double threshold,
                               double now, double seconds);

/* It is told now, whether that is due or not. Returns EPISODE_CONTINUES. */
enum episode_step episode_tell(struct episode *episode, double value, double now);

/* From its beginning to the end of the last interval that was beyond the threshold. */
double episode_duration(const struct episode *episode);
