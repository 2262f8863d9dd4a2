#include "watch/episode.h"

bool bound_exceeded(enum bound bound, double value, double threshold)
{
    switch (bound) {
    case BOUND_ABOVE:
        return value > threshold;
    case BOUND_AT_LEAST:
        return value >= threshold;
    default:
        return value <= threshold;
    }
}

static double worse_of(enum bound bound, double a, double b)
{
    return bound == BOUND_AT_MOST ? (a < b ? a : b) : (a > b ? a : b);
}

static bool twice_as_bad(enum bound bound, double value, double than)
{
    return bound == BOUND_AT_MOST ? value <= than / 2 : value >= than * 2;
}

static enum episode_step begin(struct episode *episode, double value, double now, double seconds)
{
    *episode = (struct episode){
        .active = true,
        .began = now - seconds,
        .last_beyond = now,
        .last_told = now,
        .told = value,
        .worst = value,
    };
    return EPISODE_BEGINS;
}

static enum episode_step go_on(struct episode *episode, enum bound bound, double value, double now)
{
    bool doubled = twice_as_bad(bound, value, episode->told);

    episode->last_beyond = now;
    episode->worst = worse_of(bound, episode->worst, value);
    if (!doubled && now - episode->last_told < EPISODE_REPEAT_SECONDS)
        return EPISODE_SILENT;
    return episode_tell(episode, value, now);
}

enum episode_step episode_tell(struct episode *episode, double value, double now)
{
    episode->last_told = now;
    episode->told = value;
    return EPISODE_CONTINUES;
}

enum episode_step episode_step(struct episode *episode, enum bound bound, double value, double threshold,
                               double now, double seconds)
{
    if (bound_exceeded(bound, value, threshold))
        return episode->active ? go_on(episode, bound, value, now) : begin(episode, value, now, seconds);
    if (!episode->active || now - episode->last_beyond < EPISODE_QUIET_SECONDS)
        return EPISODE_SILENT;
    episode->active = false;
    return EPISODE_ENDS;
}

double episode_duration(const struct episode *episode)
{
    return episode->last_beyond - episode->began;
}
