#include "render/columns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const enum metric_id default_set[] = {
    M_procs_running,           M_procs_blocked,
    M_swap_used_bytes,         M_mem_free_bytes,
    M_buffers_bytes,           M_cached_bytes,
    M_minor_faults_per_second, M_major_faults_per_second,
    M_interrupts_per_second,   M_context_switches_per_second,
    M_cpu_user_percent,        M_cpu_system_percent,
    M_cpu_idle_percent,        M_cpu_iowait_percent,
};

static const enum metric_id wide_set[] = {
    M_procs_running,
    M_procs_blocked,
    M_swap_used_bytes,
    M_mem_free_bytes,
    M_mem_available_bytes,
    M_buffers_bytes,
    M_cached_bytes,
    M_swap_in_bytes_per_second,
    M_swap_out_bytes_per_second,
    M_io_in_bytes_per_second,
    M_io_out_bytes_per_second,
    M_minor_faults_per_second,
    M_major_faults_per_second,
    M_refaults_file_per_second,
    M_refaults_anon_per_second,
    M_interrupts_per_second,
    M_context_switches_per_second,
    M_cpu_user_percent,
    M_cpu_system_percent,
    M_cpu_idle_percent,
    M_cpu_iowait_percent,
    M_cpu_steal_percent,
    M_cpu_guest_percent,
};

static const enum metric_id psi_set[] = {
    M_cpu_some_stall_percent, M_memory_some_stall_percent, M_memory_full_stall_percent,
    M_io_some_stall_percent,  M_io_full_stall_percent,
};

#define SET(set)                                                                                             \
    {                                                                                                        \
        set, sizeof(set) / sizeof(*(set))                                                                    \
    }

static const struct {
    const enum metric_id *list;
    size_t count;
} sets[COLUMN_SETS] = {
    [COLUMNS_DEFAULT] = SET(default_set),
    [COLUMNS_WIDE] = SET(wide_set),
    [COLUMNS_PSI] = SET(psi_set),
    [COLUMNS_ALL] = {NULL, METRIC_TABLE_SIZE},
};

static bool has_column(const struct columns *columns, const struct metric *metric)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (strcmp(columns->list[i].metric->id, metric->id) == 0)
            return true;
    }
    return false;
}

int columns_add(struct columns *columns, const struct metric *metric, unsigned width, enum size_unit unit)
{
    if (has_column(columns, metric))
        return 0;
    struct column *list = reallocarray(columns->list, columns->count + 1, sizeof(*list));
    if (!list)
        return -ENOMEM;
    list[columns->count++] = (struct column){.metric = metric, .width = width, .unit = unit};
    columns->list = list;
    return 0;
}

static int add(struct columns *columns, const struct metric *metric)
{
    return columns_add(columns, metric, metric->width, SIZE_AUTO);
}

int columns_add_set(struct columns *columns, enum column_set set)
{
    for (size_t i = 0; i < sets[set].count; i++) {
        int error = add(columns, &metric_table[sets[set].list ? sets[set].list[i] : i]);
        if (error < 0)
            return error;
    }
    return 0;
}

static int add_own(struct columns *columns, const char *name)
{
    struct metric **own = reallocarray(columns->own, columns->own_count + 1, sizeof(struct metric *));
    if (!own)
        return -ENOMEM;
    columns->own = own;
    int error = metric_of_key(name, &own[columns->own_count]);
    if (error < 0)
        return error;
    if (has_column(columns, own[columns->own_count])) {
        free(own[columns->own_count]);
        return 0;
    }
    return add(columns, own[columns->own_count++]);
}

int columns_add_list(struct columns *columns, const char *list, struct problem *problem)
{
    for (const char *word = list;; word++) {
        size_t length = strcspn(word, ",");
        char name[128];
        struct text text = text_over(name, sizeof(name) - 1);
        text_bytes(&text, word, length);
        name[text.length] = '\0';

        const struct metric *metric = metric_find(name);
        int error = metric ? add(columns, metric) : add_own(columns, name);
        if (error == -ENOMEM)
            return error;
        if (error < 0)
            return problem_set(
                problem, EINVAL,
                "unknown column '%s': expected ids or headings that `-o help` lists, vmstat.KEY or "
                "meminfo.KEY, with commas between",
                name);
        word += length;
        if (*word == '\0')
            return 0;
    }
}

int columns_choose(struct columns *columns, const char *list, enum column_set set, bool psi,
                   struct problem *problem)
{
    int error = list ? columns_add_list(columns, list, problem) : columns_add_set(columns, set);
    return error == 0 && psi ? columns_add_set(columns, COLUMNS_PSI) : error;
}

int columns_want(struct columns *columns, struct sampler *sampler)
{
    for (size_t i = 0; i < columns->count; i++) {
        int error = sampler_want(sampler, columns->list[i].metric, &columns->list[i].index);
        if (error < 0)
            return error;
    }
    return 0;
}

void columns_free(struct columns *columns)
{
    for (size_t i = 0; i < columns->own_count; i++)
        free(columns->own[i]);
    free(columns->own);
    free(columns->list);
    *columns = (struct columns){0};
}

void columns_put_help(struct text *text)
{
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        text_format(text, "%-7s %-30s %s\n", metric_table[i].heading, metric_table[i].id,
                    metric_table[i].help);
    text_string(text,
                "vmstat.KEY, meminfo.KEY: any key of /proc/vmstat (counters per second) or /proc/meminfo\n");
}
