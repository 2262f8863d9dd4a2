#include "render/job_listing.h"

#include <assert.h>

static const struct listing_field fields[] = {
    {"seconds", "TIME", 8, 0, "", LISTING_RATE, 0},
    {"processes", "PROCS", 6, 0, " ", LISTING_COUNT, 0},
    {"minor_faults_per_second", "MIN/S", 8, 0, " ", LISTING_RATE, 0},
    {"major_faults_per_second", "MAJ/S", 7, 0, " ", LISTING_RATE, 0},
    {"rss_bytes", "RSS", 6, 0, " ", LISTING_BYTES, 0},
    {"cgroup_bytes", "USAGE", 6, 0, " ", LISTING_BYTES, 0},
    {"cpu_percent", "CPU%", 6, 0, " ", LISTING_PERCENT, 0},
    {"memory_full_stall_percent", "MEM%", 6, 0, " ", LISTING_PERCENT, 0},
    {"io_full_stall_percent", "IO%", 6, 0, " ", LISTING_PERCENT, 0},
};

static_assert(sizeof(fields) / sizeof(*fields) == JOB_CELLS, "a cell for each field");

const struct listing job_listing = {"job_sample", NULL, NULL, fields, JOB_CELLS};

void job_listing_fill(union listing_cell cells[JOB_CELLS], const struct job_row *row)
{
    const union listing_cell filled[JOB_CELLS] = {
        {.figure = row->seconds},
        {.number = row->processes},
        {.figure = row->minor_faults_per_second},
        {.figure = row->major_faults_per_second},
        {.number = row->rss_bytes},
        {.number = row->cgroup_bytes},
        {.figure = row->cpu_percent},
        {.figure = row->memory_full_stall_percent},
        {.figure = row->io_full_stall_percent},
    };

    for (size_t i = 0; i < JOB_CELLS; i++)
        cells[i] = filled[i];
}
