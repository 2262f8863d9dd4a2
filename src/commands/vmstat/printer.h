/* What the modes of `faultline vmstat` print with: a listing in the format that was asked for. */
#pragma once

#include "commands/vmstat/settings.h"
#include "render/listing.h"

struct printer {
    const struct vmstat_settings *settings;
    const struct listing *listing;
    struct problem *problem;
    struct listing_style style;
    struct text output;
    uint64_t wall_ns; /* of this turn */
    unsigned height;  /* rows under a heading; 0: there is one heading, at the start */
    unsigned rows;    /* of this turn */
    bool begun;
};

/* Returns 0 or -ENOMEM. What becomes of standard output later is told in *PROBLEM, but for a reader that has
 * gone. */
int printer_open(struct printer *printer, const struct vmstat_settings *settings,
                 const struct listing *listing, struct problem *problem);
void printer_close(struct printer *printer);

/* The terminal has another size. */
void printer_measure(struct printer *printer);

/* Begins a turn: its time, and its headings. */
void printer_begin(struct printer *printer);

/* A row, with headings before it where procps has them. Returns 0 or the negative errno of standard output.
 */
int printer_put(struct printer *printer, const union listing_cell *cells);

/* All cells, a line each. Returns as printer_put(). */
int printer_put_lines(struct printer *printer, const union listing_cell *cells);

/* Writes what is left of the turn. Returns 0 or the negative errno of standard output. */
int printer_end(struct printer *printer);
