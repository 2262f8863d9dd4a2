/* The incident as one page that can be attached to a ticket. */
#pragma once

#include "base/problem.h"
#include "render/json.h"
#include "server/history.h"

struct html_incident {
    const char *recording_path;
    struct history_range range;
    struct about about;
    const struct text *report; /* in plain text */
};

/* Writes the page into a new file PATH, or over the one that is there; "-" is standard output. Returns 0, or
 * a negative errno with *PROBLEM set; of a file nothing is left then. */
int html_write(const char *path, const struct html_incident *incident, struct problem *problem);
