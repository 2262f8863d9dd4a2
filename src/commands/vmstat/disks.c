/* -d, -D and -p: what block devices have done. */
#include "commands/repeat.h"
#include "commands/vmstat/modes.h"
#include "commands/vmstat/printer.h"
#include "commands/vmstat/table_file.h"
#include "kernel/diskstats.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The name, then the kernel's numbers in their order. What has no width is for JSON and CSV alone. */
static const struct listing_field disk_fields[] = {
    {"device", " ", -5, 0, "", LISTING_NAME, 0},
    {"reads", "total", 6, 9, " ", LISTING_COUNT, 0},
    {"reads_merged", "merged", 6, 9, " ", LISTING_COUNT, 0},
    {"read_bytes", "sectors", 7, 11, " ", LISTING_SECTORS, 0},
    {"read_seconds", "ms", 7, 11, " ", LISTING_MS, 0},
    {"writes", "total", 6, 9, " ", LISTING_COUNT, 0},
    {"writes_merged", "merged", 6, 9, " ", LISTING_COUNT, 0},
    {"written_bytes", "sectors", 7, 11, " ", LISTING_SECTORS, 0},
    {"write_seconds", "ms", 7, 11, " ", LISTING_MS, 0},
    {"in_flight", "cur", 6, 7, " ", LISTING_COUNT, 0},
    {"busy_seconds", "sec", 6, 7, " ", LISTING_MS_AS_SECONDS, 0},
    {"weighted_seconds", "", 0, 0, "", LISTING_MS, 0},
    {"discards", "", 0, 0, "", LISTING_COUNT, 0},
    {"discards_merged", "", 0, 0, "", LISTING_COUNT, 0},
    {"discarded_bytes", "", 0, 0, "", LISTING_SECTORS, 0},
    {"discard_seconds", "", 0, 0, "", LISTING_MS, 0},
    {"flushes", "", 0, 0, "", LISTING_COUNT, 0},
    {"flush_seconds", "", 0, 0, "", LISTING_MS, 0},
};

enum { DISK_FIELDS = sizeof(disk_fields) / sizeof(*disk_fields) };

static const struct listing disk_listing = {
    "disk",
    "disk- ------------reads------------ ------------writes----------- -----IO------",
    "disk- -------------------reads------------------- -------------------writes------------------ "
    "------IO-------",
    disk_fields,
    DISK_FIELDS,
};

static const struct listing_field sum_fields[] = {
    {"disks", "disks", 0, 0, "", LISTING_COUNT, 0},
    {"partitions", "partitions", 0, 0, "", LISTING_COUNT, 0},
    {"reads", "total reads", 0, 0, "", LISTING_COUNT, 0},
    {"reads_merged", "merged reads", 0, 0, "", LISTING_COUNT, 0},
    {"read_bytes", "read sectors", 0, 0, "", LISTING_SECTORS, 0},
    {"read_seconds", "milli reading", 0, 0, "", LISTING_MS, 0},
    {"writes", "writes", 0, 0, "", LISTING_COUNT, 0},
    {"writes_merged", "merged writes", 0, 0, "", LISTING_COUNT, 0},
    {"written_bytes", "written sectors", 0, 0, "", LISTING_SECTORS, 0},
    {"write_seconds", "milli writing", 0, 0, "", LISTING_MS, 0},
    {"in_flight", "inprogress IO", 0, 0, "", LISTING_COUNT, 0},
    {"busy_seconds", "milli spent IO", 0, 0, "", LISTING_MS, 0},
    {"weighted_seconds", "milli weighted IO", 0, 0, "", LISTING_MS, 0},
};

enum { SUM_FIELDS = sizeof(sum_fields) / sizeof(*sum_fields), SUM_COUNTS = 2 };

static const struct listing sum_listing = {"disk_sum", NULL, NULL, sum_fields, SUM_FIELDS};

/* What has been found out of the device on a line. */
struct known_disk {
    char name[DISK_NAME_MAX];
    bool whole;
};

struct disks {
    struct table_file file;
    int sys_block_fd; /* -1: not there, or not asked */
    struct known_disk *known;
    size_t known_count;
    struct printer printer;
    struct problem *problem;
    const char *partition;
};

static int open_disks(struct disks *disks, const struct vmstat_settings *settings,
                      const struct listing *listing, struct problem *problem)
{
    *disks = (struct disks){.problem = problem, .partition = settings->partition, .sys_block_fd = -1};
    int error = table_file_open(&disks->file, settings->proc_path, "diskstats", "run as root", problem);
    return error < 0 ? error : printer_open(&disks->printer, settings, listing, problem);
}

static void close_disks(struct disks *disks)
{
    printer_close(&disks->printer);
    table_file_close(&disks->file);
    free(disks->known);
    if (disks->sys_block_fd >= 0)
        close(disks->sys_block_fd);
}

static void on_resize(void *context)
{
    struct disks *disks = context;
    printer_measure(&disks->printer);
}

/* /sys lies beside /proc, on another machine's files as well. */
static void open_sys_block(struct disks *disks, const char *proc_path)
{
    struct problem problem = {0};
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/../sys/block", proc_path);
    disks->sys_block_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (disks->sys_block_fd >= 0)
        return;
    problem_set(&problem, 0, "%s: %s: partitions cannot be told from disks", path, strerror(errno));
    problem_print(&problem);
}

/* The place of what is known of the device on a line. NULL without memory. */
static struct known_disk *known_at(struct disks *disks, size_t line)
{
    if (line >= disks->known_count) {
        struct known_disk *known = reallocarray(disks->known, line + 1, sizeof(*known));
        if (!known)
            return NULL;
        disks->known = known;
        disks->known_count = line + 1;
        known[line].name[0] = '\0';
    }
    return &disks->known[line];
}

/* Asked of /sys once for each device, as long as it stays on its line. */
static bool is_whole(struct disks *disks, size_t line, const struct disk *disk)
{
    struct known_disk *known = known_at(disks, line);

    if (disks->sys_block_fd < 0)
        return true;
    if (!known)
        return disk_is_whole(disk, disks->sys_block_fd);
    if (strcmp(known->name, disk->name) != 0) {
        memcpy(known->name, disk->name, sizeof(known->name));
        known->whole = disk_is_whole(disk, disks->sys_block_fd);
    }
    return known->whole;
}

/* The next device that is understood. Returns false at the end. */
static bool next_disk(struct disks *disks, struct span *text, struct disk *disk)
{
    int got;

    while ((got = diskstats_next(text, disk)) < 0)
        table_file_left_out(&disks->file);
    return got > 0;
}

static void fill_cells(union listing_cell *cells, const struct disk *disk)
{
    cells[0].name = disk->name;
    for (size_t i = 0; i < DISK_NUMBERS; i++)
        cells[i + 1].number = disk->numbers[i];
}

static int list_disks(void *context)
{
    struct disks *disks = context;
    union listing_cell cells[DISK_FIELDS];
    struct span text;
    struct disk disk;

    int error = table_file_read(&disks->file, &text);
    printer_begin(&disks->printer);
    for (size_t line = 0; error == 0 && next_disk(disks, &text, &disk); line++) {
        if (!is_whole(disks, line, &disk))
            continue;
        fill_cells(cells, &disk);
        error = printer_put(&disks->printer, cells);
    }
    return error < 0 ? error : printer_end(&disks->printer);
}

int vmstat_disks(const struct vmstat_settings *settings, struct problem *problem)
{
    struct disks disks;
    struct repeat repeat = {.turn = list_disks, .resized = on_resize, .context = &disks};

    int error = open_disks(&disks, settings, &disk_listing, problem);
    if (error == 0) {
        open_sys_block(&disks, settings->proc_path);
        error = repeat_run(&repeat, &settings->beat);
    }
    close_disks(&disks);
    return error;
}

/* Absent where none of the disks has it, or where it is too much for 64 bits. */
static void add(struct value *sum, bool *overflowed, struct value number)
{
    if (!number.present)
        return;
    *overflowed |= __builtin_add_overflow(sum->number, number.number, &sum->number);
    sum->present = !*overflowed;
}

static int sum_up(struct disks *disks, union listing_cell *cells)
{
    bool overflowed[SUM_FIELDS] = {false};
    struct span text;
    struct disk disk;

    for (size_t i = 0; i < SUM_FIELDS; i++)
        cells[i].number = (struct value){0, i < SUM_COUNTS};
    int error = table_file_read(&disks->file, &text);
    for (size_t line = 0; error == 0 && next_disk(disks, &text, &disk); line++) {
        bool whole = is_whole(disks, line, &disk);
        cells[whole ? 0 : 1].number.number++;
        for (size_t i = SUM_COUNTS; whole && i < SUM_FIELDS; i++)
            add(&cells[i].number, &overflowed[i], disk.numbers[i - SUM_COUNTS]);
    }
    return error;
}

int vmstat_disk_sum(const struct vmstat_settings *settings, struct problem *problem)
{
    union listing_cell cells[SUM_FIELDS];
    struct disks disks;

    int error = open_disks(&disks, settings, &sum_listing, problem);
    if (error == 0) {
        open_sys_block(&disks, settings->proc_path);
        error = sum_up(&disks, cells);
    }
    if (error == 0) {
        printer_begin(&disks.printer);
        error = printer_put_lines(&disks.printer, cells);
    }
    if (error == 0)
        error = printer_end(&disks.printer);
    close_disks(&disks);
    return error;
}

static int find_partition(struct disks *disks, struct disk *disk)
{
    struct span text;
    int error = table_file_read(&disks->file, &text);

    while (error == 0 && next_disk(disks, &text, disk)) {
        if (disk_is_called(disk, disks->partition))
            return 0;
    }
    if (error < 0)
        return error;
    return problem_set(disks->problem, ENOENT, "Disk/Partition %s not found", disks->partition);
}

static int list_partition(void *context)
{
    struct disks *disks = context;
    union listing_cell cells[2 + DISK_BASIC_NUMBERS] = {0};
    struct disk disk;

    int error = find_partition(disks, &disk);
    if (error < 0)
        return error;
    cells[0].name = disk.name;
    cells[1].name = "";
    for (size_t i = 0; i < DISK_BASIC_NUMBERS; i++)
        cells[i + 2].number = disk.numbers[disk_basic_numbers[i]];
    printer_begin(&disks->printer);
    error = printer_put(&disks->printer, cells);
    return error < 0 ? error : printer_end(&disks->printer);
}

int vmstat_partition(const struct vmstat_settings *settings, struct problem *problem)
{
    static const char device[] = "/dev/";
    bool is_path = strncmp(settings->partition, device, strlen(device)) == 0;
    const char *name = settings->partition + (is_path ? strlen(device) : 0);
    /* Its name stands in the headings, and not again in the rows. */
    const struct listing_field fields[] = {
        {"device", "", 0, 0, "", LISTING_NAME, 0},
        {NULL, name, -10, 0, "", LISTING_NAME, 0},
        {"reads", "reads", 10, 0, " ", LISTING_COUNT, 0},
        {"read_bytes", "read sectors", 16, 0, "  ", LISTING_SECTORS, 0},
        {"writes", "writes", 10, 0, "  ", LISTING_COUNT, 0},
        {"written_bytes", "requested writes", 16, 0, "  ", LISTING_SECTORS, 0},
    };
    const struct listing listing = {"partition", NULL, NULL, fields, sizeof(fields) / sizeof(*fields)};
    struct vmstat_settings plain = *settings;
    struct disks disks;
    struct repeat repeat = {.turn = list_partition, .context = &disks};

    plain.timestamp = false; /* vmstat(8) has none here, */
    plain.one_header = true; /* and its headings once */
    plain.partition = name;
    int error = open_disks(&disks, &plain, &listing, problem);
    if (error == 0)
        error = repeat_run(&repeat, &settings->beat);
    close_disks(&disks);
    return error;
}
