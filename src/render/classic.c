#include "render/classic.h"

/* Columns that a choice brings in, or takes out. */
enum when { ALWAYS, NOT_ACTIVE, ACTIVE, FAULTS };

static const struct {
    enum metric_id metric;
    unsigned width;
    unsigned wide_width;
    enum when when;
    enum size_unit unit; /* bi and bo are in KiB whatever -S says */
} classic[] = {
    {M_procs_running, 2, 4, ALWAYS, SIZE_AUTO},
    {M_procs_blocked, 2, 4, ALWAYS, SIZE_AUTO},
    {M_swap_used_bytes, 6, 12, ALWAYS, SIZE_AUTO},
    {M_mem_free_bytes, 6, 12, ALWAYS, SIZE_AUTO},
    {M_buffers_bytes, 6, 12, NOT_ACTIVE, SIZE_AUTO},
    {M_cached_bytes, 6, 12, NOT_ACTIVE, SIZE_AUTO},
    {M_inactive_bytes, 6, 12, ACTIVE, SIZE_AUTO},
    {M_active_bytes, 6, 12, ACTIVE, SIZE_AUTO},
    {M_swap_in_bytes_per_second, 4, 4, ALWAYS, SIZE_AUTO},
    {M_swap_out_bytes_per_second, 4, 4, ALWAYS, SIZE_AUTO},
    {M_io_in_bytes_per_second, 5, 5, ALWAYS, SIZE_K},
    {M_io_out_bytes_per_second, 5, 5, ALWAYS, SIZE_K},
    {M_interrupts_per_second, 4, 4, ALWAYS, SIZE_AUTO},
    {M_context_switches_per_second, 4, 4, ALWAYS, SIZE_AUTO},
    {M_cpu_user_percent, 2, 3, ALWAYS, SIZE_AUTO},
    {M_cpu_system_percent, 2, 3, ALWAYS, SIZE_AUTO},
    {M_cpu_idle_percent, 2, 3, ALWAYS, SIZE_AUTO},
    {M_cpu_iowait_percent, 2, 3, ALWAYS, SIZE_AUTO},
    {M_cpu_steal_percent, 2, 3, ALWAYS, SIZE_AUTO},
    {M_cpu_guest_percent, 2, 3, ALWAYS, SIZE_AUTO},
    {M_minor_faults_per_second, 5, 8, FAULTS, SIZE_AUTO},
    {M_major_faults_per_second, 5, 8, FAULTS, SIZE_AUTO},
};

static const struct metric running = {
    .id = "procs_running",
    .kind = METRIC_GAUGE,
    .unit = METRIC_COUNT,
    .source = SOURCE_STAT,
    .keys = "procs_running",
    .raw = RAW_ONE,
    .heading = "r",
};

int classic_add_columns(struct columns *columns, const struct classic_choice *choice)
{
    const bool chosen[] = {[ALWAYS] = true,
                           [NOT_ACTIVE] = !choice->active,
                           [ACTIVE] = choice->active,
                           [FAULTS] = choice->faults};

    for (size_t i = 0; i < sizeof(classic) / sizeof(*classic); i++) {
        unsigned width = choice->wide ? classic[i].wide_width : classic[i].width;
        bool counts_itself = choice->letter && classic[i].metric == M_procs_running;
        const struct metric *metric = counts_itself ? &running : &metric_table[classic[i].metric];
        int error = chosen[classic[i].when] ? columns_add(columns, metric, width, classic[i].unit) : 0;
        if (error < 0)
            return error;
    }
    return 0;
}

#define TITLE "procs -----------memory---------- ---swap-- -----io---- -system-- -------cpu-------"
#define WIDE_TITLE                                                                                           \
    "--procs-- -----------------------memory---------------------- ---swap-- -----io---- -system-- "         \
    "----------cpu----------"

const char *classic_title(const struct classic_choice *choice)
{
    if (choice->wide)
        return choice->faults ? WIDE_TITLE " ------faults-----" : WIDE_TITLE;
    return choice->faults ? TITLE " ---faults--" : TITLE;
}
