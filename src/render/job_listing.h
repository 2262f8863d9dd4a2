/* The rows that `run --every` prints while a job runs. */
#pragma once

#include "job/progress.h"
#include "render/listing.h"

enum { JOB_CELLS = 9 };

extern const struct listing job_listing;

void job_listing_fill(union listing_cell cells[JOB_CELLS], const struct job_row *row);
