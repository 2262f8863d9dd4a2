/* -m: the kernel's own caches. */
#include "commands/repeat.h"
#include "commands/vmstat/modes.h"
#include "commands/vmstat/printer.h"
#include "commands/vmstat/table_file.h"
#include "kernel/slabinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct listing_field fields[] = {
    {"cache", "Cache", -24, 0, "", LISTING_NAME, 24},
    {"active_objects", "Num", 6, 0, " ", LISTING_COUNT, 0},
    {"objects", "Total", 6, 0, " ", LISTING_COUNT, 0},
    {"object_bytes", "Size", 6, 0, " ", LISTING_COUNT, 0},
    {"objects_per_slab", "Pages", 6, 0, " ", LISTING_COUNT, 0}, /* so it is called by procps */
    {"pages_per_slab", "", 0, 0, "", LISTING_COUNT, 0},
};

enum { FIELDS = sizeof(fields) / sizeof(*fields) };

static const struct listing listing = {"slab", NULL, NULL, fields, FIELDS};

struct slabs {
    struct table_file file;
    struct slab *list;
    size_t count;
    size_t capacity;
    struct printer printer;
    struct problem *problem;
};

static int keep(struct slabs *slabs, const struct slab *slab)
{
    if (slabs->count == slabs->capacity) {
        size_t capacity = slabs->capacity > 0 ? slabs->capacity * 2 : 256;
        struct slab *list = reallocarray(slabs->list, capacity, sizeof(*list));
        if (!list)
            return -ENOMEM;
        slabs->list = list;
        slabs->capacity = capacity;
    }
    slabs->list[slabs->count++] = *slab;
    return 0;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const struct slab *)left)->name, ((const struct slab *)right)->name);
}

static int read_slabs(struct slabs *slabs)
{
    struct span text;
    struct slab slab;
    int got = 1;

    int error = table_file_read(&slabs->file, &text);
    if (error < 0)
        return error;
    if (slabinfo_begin(&text) < 0)
        return problem_set(slabs->problem, EINVAL, "%s/slabinfo: not of the versions 2.0 and 2.1",
                           slabs->file.proc_path);
    slabs->count = 0;
    while (got != 0 && error == 0) {
        got = slabinfo_next(&text, &slab);
        if (got < 0)
            table_file_left_out(&slabs->file);
        else if (got > 0)
            error = keep(slabs, &slab);
    }
    if (slabs->count > 0)
        qsort(slabs->list, slabs->count, sizeof(*slabs->list), compare_names);
    return error;
}

static int list_slabs(void *context)
{
    struct slabs *slabs = context;
    union listing_cell cells[FIELDS];

    int error = read_slabs(slabs);
    printer_begin(&slabs->printer);
    for (size_t i = 0; error == 0 && i < slabs->count; i++) {
        cells[0].name = slabs->list[i].name;
        for (size_t n = 0; n < SLAB_NUMBERS; n++)
            cells[n + 1].number = slabs->list[i].numbers[n];
        error = printer_put(&slabs->printer, cells);
    }
    return error < 0 ? error : printer_end(&slabs->printer);
}

static void on_resize(void *context)
{
    struct slabs *slabs = context;
    printer_measure(&slabs->printer);
}

int vmstat_slabs(const struct vmstat_settings *settings, struct problem *problem)
{
    struct vmstat_settings plain = *settings;
    struct slabs slabs = {.problem = problem};
    struct repeat repeat = {.turn = list_slabs, .resized = on_resize, .context = &slabs};

    plain.timestamp = false; /* vmstat(8) has none here */
    int error = table_file_open(&slabs.file, settings->proc_path, "slabinfo", "run as root", problem);
    if (error == 0)
        error = printer_open(&slabs.printer, &plain, &listing, problem);
    if (error == 0)
        error = repeat_run(&repeat, &settings->beat);
    printer_close(&slabs.printer);
    table_file_close(&slabs.file);
    free(slabs.list);
    return error;
}
