/* Which metrics are shown, in which order. */
#pragma once

#include "base/problem.h"
#include "base/text.h"
#include "metric/sampler.h"
#include "render/unit.h"

struct column {
    const struct metric *metric;
    unsigned width;
    enum size_unit unit; /* SIZE_AUTO: as the style has it */
    size_t index;        /* of its value in an interval; set by columns_want() */
};

struct columns {
    struct column *list;
    size_t count;
    struct metric **own; /* metrics made for these columns alone */
    size_t own_count;
};

/* The sets that columns are put together from. */
enum column_set {
    COLUMNS_DEFAULT, /* the 14 of a row */
    COLUMNS_WIDE, /* -w: the default ones with swap traffic, disk traffic, refaults, available memory, st, gu
                     among them */
    COLUMNS_PSI,  /* --psi: stall shares */
    COLUMNS_ALL,  /* the whole table: JSON and CSV */
    COLUMN_SETS
};

/* Start from a zeroed struct. Each of these adds at the end what is not there yet, and returns 0 or a
 * negative errno. */
int columns_add(struct columns *columns, const struct metric *metric, unsigned width, enum size_unit unit);
int columns_add_set(struct columns *columns, enum column_set set);

/*
 * Adds what a user's LIST names: ids and headings of the metric table, vmstat.KEY, meminfo.KEY, with commas
 * between. -EINVAL with *PROBLEM set where a word is none of these.
 */
int columns_add_list(struct columns *columns, const char *list, struct problem *problem);

/* What a user asked for: LIST where it is not NULL, else SET; and the stall shares behind them with PSI. As
 * columns_add_list(). */
int columns_choose(struct columns *columns, const char *list, enum column_set set, bool psi,
                   struct problem *problem);

/* Asks the sampler for all of them. Returns 0 or a negative errno. */
int columns_want(struct columns *columns, struct sampler *sampler);

void columns_free(struct columns *columns);

/* The metric table as a list for `-o help`. */
void columns_put_help(struct text *text);
