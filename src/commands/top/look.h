/* One look at who faults after the other, and what it found, as text, JSON or CSV. */
#pragma once

#include "base/text.h"
#include "commands/top/settings.h"
#include "metric/cgroup_top.h"
#include "metric/process_top.h"
#include "metric/series.h"
#include "render/top_listing.h"

/* What is shown, and may change from one look to the next. */
struct look_view {
    enum top_by by;
    enum top_key sort;
    size_t rows;
    char filter[TOP_FILTER_MAX];
};

struct look {
    struct look_view view;
    double seconds; /* since the look before; 0: there was none */
    uint64_t wall_ns;
    size_t count; /* of rows */

    /* its own */
    const struct top_settings *settings;
    size_t room;
    struct series series;
    struct process_top *processes; /* NULL: not looked at yet */
    struct cgroup_top *cgroups;
    struct process_top_result process_result;
    struct cgroup_top_result cgroup_result;
    enum top_by looked_by;
    uint64_t looked_ns; /* when; 0: never, in this way */
    bool begun;
};

/* Opens what SETTINGS, which has to stay, ask for, with room for ROOM rows. Returns 0, or a negative errno
 * with *PROBLEM set. */
int look_open(struct look *look, const struct top_settings *settings, size_t room, struct problem *problem);

/* Of a zeroed one nothing becomes. */
void look_close(struct look *look);

/* Where processes are read from, and what the other way needs, in words. */
void look_put_source(const struct look *look, struct text *text);

/* Looks. Where the view is by another thing than before, that is as if for the first time. Returns 0, or a
 * negative errno with *PROBLEM set. */
int look_take(struct look *look, struct problem *problem);

/* For people: a line about the machine, the headings, a row. */
void look_put_summary(const struct look *look, struct text *text);
void look_put_headings(const struct look *look, struct text *text);
void look_put_row(const struct look *look, size_t place, struct text *text);

/* All of it for programs. */
void look_put_json(const struct look *look, struct text *text);
void look_put_csv_header(const struct look *look, struct text *text);
void look_put_csv(const struct look *look, struct text *text);

/* An upper bound of what all of it needs, in any format. */
size_t look_text_max(const struct look *look);
