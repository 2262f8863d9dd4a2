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
    struct oom_counter counter;
    struct loop_source counter_source;
    bool counts_alone; /* the counter is looked at here: rows do not tell of it, or too late */
    bool began;        /* a row has told of the counter */
    const char *proc_path;
    bool one_cgroup; /* kills elsewhere are not told of */
    char *cgroup;    /* as the log calls it; NULL where that is not known, as in a container */
    struct ticker ticker;

    /* since both were last found equal */
    uint64_t counted;
    uint64_t named;
    uint64_t counted_ahead;   /* of rows: these will tell of them again */
    uint64_t behind_since_ns; /* when names fell behind; 0: they are not */
    uint64_t last_named_ns;
};

static void say(const char *what, const char *why)
{
    struct problem problem = {0};
    problem_set(&problem, 0, "%s: %s", what, why);
    problem_print(&problem);
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

static void on_beat(void *context);

static void keep_beat(struct oom_watch *watch)
{
    bool polls = watch->counts_alone && watch->counter.change_fd < 0;
    bool wanted = polls || watch->behind_since_ns > 0;
    bool beats = watch->ticker.ready != NULL;

    if (!wanted && beats)
        ticker_stop(&watch->ticker, watch->loop);
    if (!wanted || beats)
        return;
    int error = ticker_start(&watch->ticker, watch->loop, clock_monotonic_ns(),
                             OOM_WATCH_POLL_MS * (NS_PER_SECOND / 1000), on_beat, watch);
    if (error < 0)
        say("no timer: OOM kills without a name may go untold", strerror(-error));
}

/* Kills that are counted and have waited long enough for a name are told as a number. */
static void settle(struct oom_watch *watch, uint64_t patience)
{
    uint64_t now_ns = clock_monotonic_ns();

    if (watch->counted > watch->named && watch->behind_since_ns == 0)
        watch->behind_since_ns = now_ns;
    if (watch->counted > watch->named && now_ns - watch->behind_since_ns >= patience)
        tell_unnamed(watch);
    if (watch->counted <= watch->named)
        watch->behind_since_ns = 0;
    if (watch->counted == watch->named)
        watch->counted = watch->named = 0;
    keep_beat(watch);
}

static void settle_in_time(struct oom_watch *watch)
{
    settle(watch, patience_ns[oom_names_source(watch->names)]);
}

static void count(struct oom_watch *watch)
{
    watch->counted += oom_counter_read(&watch->counter);
}

static void on_beat(void *context)
{
    struct oom_watch *watch = context;

    if (watch->counts_alone)
        count(watch);
    forgive_names(watch);
    settle_in_time(watch);
}

static void on_change(void *context)
{
    struct oom_watch *watch = context;

    oom_counter_hush(&watch->counter);
    on_beat(watch);
}

/* Where rows tell of the counter, it is looked at between them when names got lost; what that finds, the next
 * row will tell again. */
void oom_watch_count(struct oom_watch *watch, double kills)
{
    if (watch->counts_alone)
        return;
    uint64_t told = kills > 0 ? (uint64_t)kills : 0;
    uint64_t known = told < watch->counted_ahead ? told : watch->counted_ahead;

    watch->counted_ahead -= known;
    watch->counted += told - known;
    if (watch->began)
        oom_counter_skip(&watch->counter, told - known);
    else
        oom_counter_read(&watch->counter); /* from here on both go on from the same number */
    watch->began = true;
    forgive_names(watch);
    if (told > 0)
        settle_in_time(watch);
}

/* -- what names tell -- */

static bool is_watched(const struct oom_watch *watch, const struct oom_kill *kill)
{
    return !watch->one_cgroup || (watch->cgroup && cgroup_is_within(kill->cgroup, watch->cgroup));
}

/* Of many kills at once the log tells no cgroup, and the tracepoint never does; the victim itself may still
 * be there. */
static void find_cgroup_of(const struct oom_watch *watch, struct oom_kill *kill)
{
    if (kill->cgroup[0] == '\0' && kill->pid.present &&
        cgroup_of_process(watch->proc_path, kill->pid.number, kill->comm, kill->cgroup,
                          sizeof(kill->cgroup)) < 0)
        kill->cgroup[0] = '\0';
}

static void tell_named(struct oom_watch *watch, const struct oom_kill *kill, uint64_t wall_ns)
{
    struct event event;

    oom_event_named(&event, kill, wall_ns);
    watch->named++;
    watch->last_named_ns = clock_monotonic_ns();
    watch->tell(watch->context, &event);
    settle_in_time(watch);
}

/* A victim is counted first, and marked then. One that is exiting by itself is marked as well, but not
 * counted. */
static bool is_counted(struct oom_watch *watch)
{
    count(watch);
    return watch->counted > watch->named || !watch->counter.last.present;
}

static void on_named(void *context, const struct oom_kill *named, uint64_t wall_ns)
{
    struct oom_watch *watch = context;
    struct oom_kill kill = *named;

    find_cgroup_of(watch, &kill);
    if (!is_watched(watch, &kill))
        return;
    if (oom_names_source(watch->names) != OOM_NAMES_TRACE || is_counted(watch))
        tell_named(watch, &kill, wall_ns);
}

static void on_repeated(void *context, const struct oom_kill *kill)
{
    struct oom_watch *watch = context;

    if (!is_watched(watch, kill))
        return;
    watch->named++;
    watch->last_named_ns = clock_monotonic_ns();
    settle_in_time(watch);
}

static void on_lost(void *context)
{
    struct oom_watch *watch = context;
    uint64_t before = watch->counted;

    count(watch);
    if (!watch->counts_alone)
        watch->counted_ahead += watch->counted - before;
    if (oom_names_source(watch->names) == OOM_NAMES_NONE)
        watch->counts_alone = true;
    settle_in_time(watch);
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

static int open_cgroup(struct oom_watch *watch, const struct oom_watch_settings *settings,
                       struct problem *problem)
{
    watch->counts_alone = true;
    watch->one_cgroup = true;
    int error = oom_counter_open_cgroup(&watch->counter, settings->cgroup_path, problem);
    if (error == 0)
        error = find_cgroup(watch, settings);
    if (error < 0 || watch->counter.change_fd < 0)
        return error;
    watch->counter_source = (struct loop_source){watch->counter.change_fd, on_change, watch};
    return loop_add(watch->loop, &watch->counter_source, EPOLLIN);
}

static int open_all(struct oom_watch *watch, const struct oom_watch_settings *settings,
                    struct problem *problem)
{
    const struct oom_names_listener listener = {on_named, on_repeated, on_lost, watch};

    /* Names first: a kill in between is named, and not counted, which is forgiven. */
    int error =
        oom_names_open(&watch->names, watch->loop, settings->kmsg_path, settings->tracefs_path, &listener);
    if (error < 0)
        return error;
    watch->counts_alone = oom_names_source(watch->names) != OOM_NAMES_LOG;
    error = settings->cgroup_path ? open_cgroup(watch, settings, problem)
                                  : oom_counter_open(&watch->counter, settings->proc_path);
    if (error == 0 && !watch->counter.last.present && oom_names_source(watch->names) == OOM_NAMES_NONE)
        say(settings->proc_path, "vmstat has no count of OOM kills (before 4.13): none can be told");
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
    int error = open_all(opened, settings, problem);
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
    oom_names_read(watch->names);
    on_beat(watch);
    settle(watch, 0);
}

void oom_watch_close(struct oom_watch *watch)
{
    if (!watch)
        return;
    ticker_stop(&watch->ticker, watch->loop);
    oom_names_close(watch->names);
    oom_counter_close(&watch->counter);
    free(watch->cgroup);
    free(watch);
}
