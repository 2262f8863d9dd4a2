/*
 * Named figures that are no interval: the disks, caches and counters of `vmstat -d`, -m, -p, -s, -D and -f,
 * in procps' layout, and the processes and cgroups of `top`; or as JSON and CSV.
 */
#pragma once

#include "base/text.h"
#include "kernel/scan.h"
#include "render/unit.h"

/* What a figure counts in. In JSON and CSV it is in bytes and seconds. */
enum listing_unit {
    LISTING_NAME,          /* a string */
    LISTING_COUNT,         /* as it is */
    LISTING_MEMORY,        /* bytes, shown in a unit to choose, and with its letter */
    LISTING_KIB,           /* shown as KiB */
    LISTING_PAGES,         /* shown as pages */
    LISTING_SECTORS,       /* of 512 bytes, shown as sectors */
    LISTING_TICKS,         /* shown as ticks of the kernel's clock */
    LISTING_MS,            /* shown as milliseconds */
    LISTING_MS_AS_SECONDS, /* shown as whole seconds */
    LISTING_BYTES,         /* shown in the unit that suits it, and with its letter: "61G" */
    LISTING_RATE,          /* a figure, per second */
    LISTING_PERCENT,       /* a figure */
    LISTING_TRUE,          /* `true`, shown as x; or absent */
};

struct listing_field {
    const char *key;     /* in JSON and CSV; NULL: not there */
    const char *heading; /* of its column; or the words behind the figure, where each has a line of its own */
    int width;           /* of the column, at its right edge; negative: at the left; 0: not there */
    int wide_width;      /* the same with -w; 0: as without */
    const char *gap;     /* in front of the column */
    enum listing_unit unit;
    unsigned most; /* bytes of a name that are shown; 0: all */
};

struct listing {
    const char *type; /* of the JSON object */
    const char *title;
    const char *wide_title;
    const struct listing_field *fields;
    size_t count;
};

struct listing_style {
    bool wide;
    bool timestamp;
    enum size_unit unit; /* of LISTING_MEMORY; not SIZE_AUTO */
    char unit_letter;    /* behind it */
};

union listing_cell {
    const char *name; /* "" is absent */
    struct value number;
    double figure; /* NAN is absent */
};

/* An upper bound for what one of the puts needs. */
size_t listing_max(const struct listing *listing);

/* The title, where there is one, and the headings. */
void listing_put_headings(struct text *text, const struct listing *listing,
                          const struct listing_style *style);

/* A row of CELLS, one for each field; "-" where one is absent. */
void listing_put_row(struct text *text, const struct listing *listing, const struct listing_style *style,
                     const union listing_cell *cells, uint64_t wall_ns);

/* A line for each cell, as `vmstat -s` has them; what is absent is left out. */
void listing_put_lines(struct text *text, const struct listing *listing, const struct listing_style *style,
                       const union listing_cell *cells);

/* What is absent has no key. */
void listing_put_json(struct text *text, const struct listing *listing, const union listing_cell *cells,
                      uint64_t wall_ns);
void listing_put_csv_header(struct text *text, const struct listing *listing);
void listing_put_csv(struct text *text, const struct listing *listing, const union listing_cell *cells,
                     uint64_t wall_ns);
