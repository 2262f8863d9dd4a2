#include "watch/oom_watch.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/ticker.h"
#include "kernel/cgroup.h"
#include "watch/oom_counter.h"
#include "watch/oom_event.h"
#include "watch/oom_names.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* How long a kill that is counted may wait for its name: the log's line may come through a slow console. */
static const uint64_t patience_ns[] = {
    [OOM_NAMES_LOG] = NS_PER_SECOND, [OOM_NAMES_TRACE] = NS_PER_SECOND / 5, [OOM_NAMES_NONE] = 0};

struct oom_watch {
    struct loop *loop;
    void (*tell)(void *context, const struct event *event);
    void *context;

    struct oom_names *names;
    struct oom_counter machine;
    struct value machine_seen; /* when it was last known */
    struct ticker ticker;
    bool beats;
    const char *proc_path;

    bool one_cgroup; /* kills elsewhere are not told of */
    char *cgroup;    /* as the log calls it; NULL where that is not known, as in a container */
    const char *cgroup_path;
    struct oom_counter group; /* closed while the group is gone */
    struct value group_seen;
    bool group_gone;
    bool group_follows; /* the machine's count has grown, the group's may be about to */
    struct loop_source group_source;

    /* since both were last found equal */
    uint64_t counted;
    uint64_t named;
    uint64_t behind_since_ns; /* when names fell behind; 0: they are not */
    uint64_t last_named_ns;
};

static void say(const char *what, const char *why)
{
    struct problem problem = {0};
    problem_set(&problem, 0, "%s: %s", what, why);
    problem_print(&problem);
}

/* -- counting -- */

/* By how much a count has grown since it was last known. */
static uint64_t growth(struct value *seen, struct value now)
{
    bool grew = seen->present && now.present && now.number > seen->number;
    uint64_t growth = grew ? now.number - seen->number : 0;

    if (now.present)
        *seen = now;
    return growth;
}

static void on_group_change(void *context);

static int open_group(struct oom_watch *watch, struct problem *problem)
{
    int error = oom_counter_open_cgroup(&watch->group, watch->cgroup_path, problem);
    if (error < 0 || watch->group.change_fd < 0)
        return error;
    watch->group_source = (struct loop_source){watch->group.change_fd, on_group_change, watch};
    return loop_add(watch->loop, &watch->group_source, EPOLLIN);
}

/* Where the group is gone, there may be a later one of that name, all of whose kills are new. */
static void follow_group(struct oom_watch *watch)
{
    struct problem problem;

    if (!watch->group_gone && oom_counter_is_of(&watch->group, watch->cgroup_path))
        return;
    oom_counter_close(&watch->group);
    bool back = open_group(watch, &problem) == 0;
    if (!back)
        oom_counter_close(&watch->group);
    if (!back && !watch->group_gone)
        say(watch->cgroup_path, "the cgroup is gone; another one of that name will be watched in its place");
    watch->group_gone = !back;
    watch->group_seen = (struct value){0, true};
}

static void count_group(struct oom_watch *watch)
{
    struct value kills = oom_counter_read(&watch->group);

    if (!kills.present) {
        follow_group(watch);
        kills = oom_counter_read(&watch->group);
    }
    watch->counted += growth(&watch->group_seen, kills);
}

/* A group is looked at only when the machine's count says that there may be something to see. That one grows
 * first, the group's right after (mm/oom_kill.c, __oom_kill_process()). */
static void count(struct oom_watch *watch, struct value machine)
{
    uint64_t kills = growth(&watch->machine_seen, machine);

    if (!watch->one_cgroup) {
        watch->counted += kills;
        return;
    }
    if (kills > 0 || watch->group_follows || !machine.present)
        count_group(watch);
    watch->group_follows = kills > 0;
}

static void count_now(struct oom_watch *watch)
{
    count(watch, oom_counter_read(&watch->machine));
}

/* -- names against numbers -- */

static void tell_unnamed(struct oom_watch *watch)
{
    struct event event;

    oom_event_unnamed(&event, watch->counted, watch->named, clock_wall_ns());
    watch->counted = 0;
    watch->named = 0;
    watch->tell(watch->context, &event);
}

/* A kill that was named before the counter was first looked at would hide one without a name for ever. */
static void forgive_names(struct oom_watch *watch)
{
    if (watch->named > watch->counted && clock_monotonic_ns() - watch->last_named_ns > NS_PER_SECOND)
        watch->counted = watch->named = 0;
}

/* The timer is there from the start: where faultline shares the limit that was hit, whoever asks for memory
 * now is the next to be killed (seen on 6.18: what the victim had is not given back to the count yet). */
static void keep_beat(struct oom_watch *watch)
{
    bool polls = oom_names_source(watch->names) != OOM_NAMES_LOG && watch->group.change_fd < 0;
    bool wanted = polls || watch->behind_since_ns > 0;

    if (wanted && !watch->beats)
        ticker_beat(&watch->ticker, clock_monotonic_ns(), OOM_WATCH_POLL_MS * (NS_PER_SECOND / 1000));
    else if (!wanted && watch->beats)
        ticker_pause(&watch->ticker);
    watch->beats = wanted;
}

static bool is_behind(const struct oom_watch *watch)
{
    return watch->counted > watch->named;
}

static void balance(struct oom_watch *watch)
{
    if (!is_behind(watch))
        watch->behind_since_ns = 0;
    else if (watch->behind_since_ns == 0)
        watch->behind_since_ns = clock_monotonic_ns();
    if (watch->counted == watch->named)
        watch->counted = watch->named = 0;
    keep_beat(watch);
}

/* Kills that are counted and have waited long enough for a name are told as a number. What the kernel has
 * said meanwhile is heard first: it may be faultline that was late. */
static void settle(struct oom_watch *watch, uint64_t patience)
{
    balance(watch);
    if (!is_behind(watch) || clock_monotonic_ns() - watch->behind_since_ns < patience)
        return;
    oom_names_read(watch->names);
    if (is_behind(watch))
        tell_unnamed(watch);
    balance(watch);
}

static void settle_in_time(struct oom_watch *watch)
{
    forgive_names(watch);
    settle(watch, patience_ns[oom_names_source(watch->names)]);
}

static void on_beat(void *context)
{
    struct oom_watch *watch = context;

    count_now(watch);
    settle_in_time(watch);
}

static void on_group_change(void *context)
{
    struct oom_watch *watch = context;

    oom_counter_hush(&watch->group);
    count_group(watch);
    settle_in_time(watch);
}

void oom_watch_count(struct oom_watch *watch, struct value kills)
{
    count(watch, kills);
    settle_in_time(watch);
}

/* -- what names tell -- */

static bool is_watched(const struct oom_watch *watch, const struct oom_kill *kill)
{
    return !watch->one_cgroup || (watch->cgroup && cgroup_is_within(kill->cgroup, watch->cgroup));
}

/* Of many kills at once the log tells no cgroup, of those who die with their group only that, and the
 * tracepoint never does; the victim itself may still be there. */
static void find_cgroup_of(const struct oom_watch *watch, struct oom_kill *kill)
{
    char found[OOM_CGROUP_MAX];

    if ((kill->cgroup[0] == '\0' || kill->group_kill) &&
        cgroup_of_process(watch->proc_path, kill->pid.number, kill->comm, found, sizeof(found)) == 0)
        memcpy(kill->cgroup, found, sizeof(found));
}

static void note_name(struct oom_watch *watch)
{
    watch->named++;
    watch->last_named_ns = clock_monotonic_ns();
    balance(watch);
}

/* A victim is counted first, and marked then. One that is exiting by itself is marked as well, but not
 * counted. */
static bool is_counted(struct oom_watch *watch)
{
    struct value machine = oom_counter_read(&watch->machine);

    count(watch, machine);
    return is_behind(watch) || !machine.present;
}

static void on_named(void *context, const struct oom_kill *named, uint64_t wall_ns)
{
    struct oom_watch *watch = context;
    struct oom_kill kill = *named;
    struct event event;

    find_cgroup_of(watch, &kill);
    if (!is_watched(watch, &kill))
        return;
    if (oom_names_source(watch->names) == OOM_NAMES_TRACE && !is_counted(watch))
        return;
    oom_event_named(&event, &kill, wall_ns);
    watch->tell(watch->context, &event);
    note_name(watch);
}

static void on_repeated(void *context, const struct oom_kill *kill)
{
    struct oom_watch *watch = context;

    if (is_watched(watch, kill))
        note_name(watch);
}

static void on_lost(void *context)
{
    struct oom_watch *watch = context;

    count_now(watch);
    balance(watch);
}

/* -- beginning and end -- */

/* Leaves the group without a name where that cannot be found: its counter tells all the same. */
static int find_cgroup(struct oom_watch *watch, const struct oom_watch_settings *settings)
{
    char path[PATH_MAX];
    char folder[PATH_MAX];
    char *mountinfo;

    if (snprintf(path, sizeof(path), "%s/self/mountinfo", settings->proc_path) >= (int)sizeof(path) ||
        !realpath(settings->cgroup_path, folder))
        return 0;
    int error = file_read_whole(path, &mountinfo);
    if (error < 0)
        return error == -ENOMEM ? error : 0;
    bool known = cgroup_path(mountinfo, folder, path, sizeof(path)) == 0;
    free(mountinfo);
    if (!known)
        return 0;
    if (strlen(path) >= OOM_CGROUP_MAX)
        return 0; /* of a victim's path not so much is kept */
    watch->cgroup = strdup(path);
    return watch->cgroup ? 0 : -ENOMEM;
}

static int begin_with_group(struct oom_watch *watch, const struct oom_watch_settings *settings,
                            struct problem *problem)
{
    watch->one_cgroup = true;
    watch->cgroup_path = settings->cgroup_path;
    int error = open_group(watch, problem);
    if (error == 0)
        error = find_cgroup(watch, settings);
    watch->group_seen = oom_counter_read(&watch->group);
    return error;
}

static void say_if_blind(const struct oom_watch *watch, const struct oom_watch_settings *settings)
{
    struct value seen = watch->one_cgroup ? watch->group_seen : watch->machine_seen;

    if (!seen.present && oom_names_source(watch->names) == OOM_NAMES_NONE)
        say(watch->one_cgroup ? settings->cgroup_path : settings->proc_path,
            "this kernel has no count of OOM kills (before 4.13): none can be told");
}

static int open_all(struct oom_watch *watch, const struct oom_watch_settings *settings,
                    struct problem *problem)
{
    const struct oom_names_listener listener = {on_named, on_repeated, on_lost, watch};

    /* Names first: a kill in between is named, and not counted, which is forgiven. */
    int error =
        oom_names_open(&watch->names, watch->loop, settings->kmsg_path, settings->tracefs_path, &listener);
    if (error == 0)
        error = oom_counter_open(&watch->machine, settings->proc_path);
    if (error < 0)
        return error;
    watch->machine_seen = oom_counter_read(&watch->machine);
    if (settings->cgroup_path)
        error = begin_with_group(watch, settings, problem);
    if (error == 0)
        say_if_blind(watch, settings);
    return error;
}

int oom_watch_open(struct oom_watch **watch, struct loop *loop, const struct oom_watch_settings *settings,
                   void (*tell)(void *context, const struct event *event), void *context,
                   struct problem *problem)
{
    struct oom_watch *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return -ENOMEM;
    opened->loop = loop;
    opened->tell = tell;
    opened->context = context;
    opened->proc_path = settings->proc_path;
    opened->machine = (struct oom_counter)OOM_COUNTER_CLOSED;
    opened->group = (struct oom_counter)OOM_COUNTER_CLOSED;
    int error = ticker_open(&opened->ticker, loop, on_beat, opened);
    if (error == 0)
        error = open_all(opened, settings, problem);
    if (error < 0) {
        oom_watch_close(opened);
        return error;
    }
    keep_beat(opened);
    *watch = opened;
    return 0;
}

void oom_watch_finish(struct oom_watch *watch)
{
    count_now(watch);
    if (watch->one_cgroup)
        count_group(watch);
    oom_names_read(watch->names);
    settle(watch, 0);
}

void oom_watch_close(struct oom_watch *watch)
{
    if (!watch)
        return;
    ticker_stop(&watch->ticker, watch->loop);
    oom_names_close(watch->names);
    oom_counter_close(&watch->machine);
    oom_counter_close(&watch->group);
    free(watch->cgroup);
    free(watch);
}
