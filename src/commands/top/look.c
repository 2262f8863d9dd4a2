#include "commands/top/look.h"

#include "base/clock.h"
#include "kernel/cgroup.h"
#include "render/top_summary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* -- opening -- */

static int want(struct sampler *sampler)
{
    int error = top_summary_want(sampler);
    return error < 0 ? error : sampler_want(sampler, &metric_table[M_swap_used_bytes], NULL);
}

static int open_processes(struct look *look, struct problem *problem)
{
    const struct top_settings *settings = look->settings;

    look->processes = process_top_new(look->room);
    if (!look->processes)
        return -ENOMEM;
    int error = process_top_open(look->processes, settings->proc_path, settings->source);
    if (error == -ENOTSUP)
        return problem_set(problem, ENOTSUP, "--source bpf: %s",
                           process_census_why_not_bpf(process_top_census(look->processes)));
    return error < 0 ? problem_set(problem, -error, "%s: %s", settings->proc_path, strerror(-error)) : 0;
}

static int find_groups(char *folder, size_t size, int *version, struct problem *problem)
{
    int error = cgroup_memory_find(folder, size, version);

    if (error == -ENOENT)
        return problem_set(
            problem, -error,
            "--by cgroup: no hierarchy of cgroups is mounted here: name one with --cgroup DIR");
    return error < 0 ? problem_set(problem, -error, "/proc/self/mountinfo: %s", strerror(-error)) : 0;
}

static int version_of(const char *folder, int *version, struct problem *problem)
{
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return problem_set(problem, errno, "--cgroup %s: %s", folder, strerror(errno));
    int found = cgroup_version(fd);
    if (found < 0) /* v2's root has none of the files that tell */
        found = faccessat(fd, "cgroup.controllers", R_OK, 0) == 0 ? CGROUP_V2 : found;
    close(fd);
    if (found < 0)
        return problem_set(problem, -found, "--cgroup %s: that is no memory cgroup", folder);
    *version = found;
    return 0;
}

static int open_cgroups(struct look *look, struct problem *problem)
{
    char folder[PATH_MAX];
    const char *named = look->settings->cgroup_path;
    int version = 0;
    int error =
        named ? version_of(named, &version, problem) : find_groups(folder, sizeof(folder), &version, problem);

    if (error < 0)
        return error;
    look->cgroups = cgroup_top_new(look->room);
    if (!look->cgroups)
        return -ENOMEM;
    error = cgroup_top_open(look->cgroups, named ? named : folder, version);
    return error < 0 ? problem_set(problem, -error, "%s: %s", named ? named : folder, strerror(-error)) : 0;
}

/* What the view is by. */
static int open_view(struct look *look, struct problem *problem)
{
    if (look->view.by == TOP_BY_CGROUP)
        return look->cgroups ? 0 : open_cgroups(look, problem);
    return look->processes ? 0 : open_processes(look, problem);
}

int look_open(struct look *look, const struct top_settings *settings, size_t room, struct problem *problem)
{
    *look = (struct look){
        .view = {.by = settings->by, .sort = settings->sort, .rows = room},
        .settings = settings,
        .room = room,
    };
    if (settings->filter) /* its length is checked with the command line */
        memcpy(look->view.filter, settings->filter, strlen(settings->filter) + 1);
    int error = series_init(&look->series);
    if (error == 0)
        error = want(look->series.sampler);
    if (error == 0)
        error = series_open(&look->series, settings->proc_path, problem);
    return error < 0 ? error : open_view(look, problem);
}

void look_close(struct look *look)
{
    process_top_free(look->processes);
    cgroup_top_free(look->cgroups);
    series_free(&look->series);
}

void look_put_source(const struct look *look, struct text *text)
{
    const struct process_census *census = look->processes ? process_top_census(look->processes) : NULL;

    if (!census)
        text_string(text, "cgroups are read from their files");
    else if (process_census_source(census) == PROCESS_SOURCE_BPF)
        text_string(
            text,
            "processes are read through eBPF, all at once; --source proc reads /proc, without privileges");
    else
        text_string(text, "processes are read from /proc; without those that come and go in between");
    const char *why = census ? process_census_why_not_bpf(census) : NULL;
    if (why)
        text_format(text, ". Through eBPF it would take less time: %s", why);
}

/* -- looking -- */

/* NULL where it has just begun. */
static const struct interval *machine(const struct look *look)
{
    return look->seconds > 0 ? &look->series.interval : NULL;
}

static bool swap_in_use(const struct look *look)
{
    double used_bytes = machine(look) ? machine(look)->values[M_swap_used_bytes] : NAN;
    return isnan(used_bytes) || used_bytes > 0; /* whoever does not know has to look */
}

static enum process_group group_of(enum top_by by)
{
    return by == TOP_BY_COMM   ? PROCESS_GROUP_COMM
           : by == TOP_BY_USER ? PROCESS_GROUP_USER
                               : PROCESS_GROUP_NONE;
}

static int look_at_processes(struct look *look)
{
    struct process_view view = {
        .rows = look->view.rows,
        .group = group_of(look->view.by),
        .sort = look->view.sort,
        .pids = look->settings->pids,
        .pid_count = look->settings->pid_count,
    };

    memcpy(view.filter, look->view.filter, sizeof(view.filter));
    int error = process_top_run(look->processes, &view, swap_in_use(look), &look->process_result);
    look->count = error < 0 ? 0 : look->process_result.count;
    return error;
}

static int look_at_cgroups(struct look *look)
{
    struct cgroup_view view = {.rows = look->view.rows, .sort = look->view.sort};

    memcpy(view.filter, look->view.filter, sizeof(view.filter));
    int error = cgroup_top_run(look->cgroups, &view, &look->cgroup_result);
    look->count = error < 0 ? 0 : look->cgroup_result.count;
    return error;
}

static void look_at_machine(struct look *look)
{
    if (look->begun)
        (void)series_next(&look->series, 0);
    else
        series_start(&look->series);
    look->begun = true;
}

static bool is_other_kind(const struct look *look)
{
    return (look->looked_by == TOP_BY_CGROUP) != (look->view.by == TOP_BY_CGROUP);
}

int look_take(struct look *look, struct problem *problem)
{
    int error = open_view(look, problem);

    if (error < 0)
        return error;
    uint64_t now_ns = clock_monotonic_ns();
    bool again = look->looked_ns > 0 && !is_other_kind(look);
    look->seconds = again ? (double)(now_ns - look->looked_ns) / (double)NS_PER_SECOND : 0;
    look->wall_ns = clock_wall_ns();
    look_at_machine(look);
    error = look->view.by == TOP_BY_CGROUP ? look_at_cgroups(look) : look_at_processes(look);
    if (error < 0)
        return problem_set(problem, -error, "reading %s: %s",
                           look->view.by == TOP_BY_CGROUP ? "cgroups" : "processes", strerror(-error));
    look->looked_ns = now_ns;
    look->looked_by = look->view.by;
    return 0;
}

/* -- for people -- */

static const struct listing *listing_of(const struct look *look)
{
    return look->view.by == TOP_BY_CGROUP ? &cgroup_listing : top_listing_of(group_of(look->view.by));
}

static struct top_summary summary_of(const struct look *look)
{
    bool of_cgroups = look->view.by == TOP_BY_CGROUP;

    return (struct top_summary){
        .wall_ns = look->wall_ns,
        .seconds = look->seconds,
        .by = top_by_name(look->view.by),
        .sort = top_key_name(look->view.sort),
        .processes = of_cgroups ? NULL : &look->process_result.census,
        .cgroups = &look->cgroup_result.census,
        .others = of_cgroups ? look->cgroup_result.others : look->process_result.others,
        .machine = machine(look),
    };
}

void look_put_summary(const struct look *look, struct text *text)
{
    const struct top_summary summary = summary_of(look);
    top_summary_put(text, &summary);
}

static const struct listing_style plain = {.unit = SIZE_K, .unit_letter = 'K'};

void look_put_headings(const struct look *look, struct text *text)
{
    listing_put_headings(text, listing_of(look), &plain);
}

enum { USER_NUMBER_BYTES = 24 };

static void fill(const struct look *look, size_t place, union listing_cell cells[TOP_CELLS_MAX],
                 char user[USER_NUMBER_BYTES])
{
    if (look->view.by == TOP_BY_CGROUP) {
        const struct cgroup_top_row *row = cgroup_top_row(look->cgroups, place);
        cgroup_listing_fill(cells, &row->group, row->path, look->seconds);
    } else {
        const struct top_row *row = process_top_row(look->processes, place);
        top_listing_fill(cells, group_of(look->view.by), row, process_top_user(look->processes, row, user),
                         look->seconds);
    }
}

void look_put_row(const struct look *look, size_t place, struct text *text)
{
    union listing_cell cells[TOP_CELLS_MAX];
    char user[USER_NUMBER_BYTES];

    fill(look, place, cells, user);
    listing_put_row(text, listing_of(look), &plain, cells, look->wall_ns);
}

/* -- for programs -- */

void look_put_json(const struct look *look, struct text *text)
{
    const struct top_summary summary = summary_of(look);
    union listing_cell cells[TOP_CELLS_MAX];
    char user[USER_NUMBER_BYTES];

    top_summary_put_json(text, &summary);
    for (size_t i = 0; i < look->count; i++) {
        fill(look, i, cells, user);
        listing_put_json(text, listing_of(look), cells, look->wall_ns);
    }
}

void look_put_csv_header(const struct look *look, struct text *text)
{
    listing_put_csv_header(text, listing_of(look));
}

void look_put_csv(const struct look *look, struct text *text)
{
    union listing_cell cells[TOP_CELLS_MAX];
    char user[USER_NUMBER_BYTES];

    for (size_t i = 0; i < look->count; i++) {
        fill(look, i, cells, user);
        listing_put_csv(text, listing_of(look), cells, look->wall_ns);
    }
}

size_t look_text_max(const struct look *look)
{
    enum { SUMMARY_MAX = 1024 };
    size_t row = 0;

    for (enum process_group group = PROCESS_GROUP_NONE; group <= PROCESS_GROUP_USER; group++) {
        size_t size = listing_max(top_listing_of(group));
        row = size > row ? size : row;
    }
    size_t of_cgroup = listing_max(&cgroup_listing);
    return SUMMARY_MAX + (look->room + 2) * (of_cgroup > row ? of_cgroup : row);
}
