/* Events as frames, whole: each can be read alone. Behind the fields that are known here a later version may
 * put more. */
#pragma once

#include "base/pack.h"
#include "watch/event.h"

/* An event, and what it points to. */
struct recorded_event {
    struct event event;
    uint64_t monotonic_ns;
    struct oom_kill kill;
    char alert[32];
    char diagnosis[32];
};

/* Puts the content of a frame. */
void event_frame_put(struct packer *packer, const struct event *event, uint64_t monotonic_ns);

/* Takes it; false where it is none. */
bool event_frame_take(struct unpacker *unpacker, struct recorded_event *recorded);
