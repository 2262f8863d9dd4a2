#include "kernel/diskstats.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool take_number(struct span *line, struct value *number)
{
    struct span word = span_take_word(line);
    bool negative = word.length > 0 && *word.at == '-';

    *number = span_take_number(&word);
    return number->present && word.length == 0 && !negative;
}

/* As many numbers as there are; those of a later day are left out. False where one is no number. */
static bool take_numbers(struct span *line, struct value *numbers, unsigned *count)
{
    struct value number;

    for (*count = 0; span_skip_blanks(line), line->length > 0; (*count)++) {
        if (!take_number(line, &number))
            return false;
        if (*count < DISK_NUMBERS)
            numbers[*count] = number;
    }
    return true;
}

const enum disk_number disk_basic_numbers[DISK_BASIC_NUMBERS] = {DISK_READS, DISK_SECTORS_READ, DISK_WRITES,
                                                                 DISK_SECTORS_WRITTEN};

/* The four numbers of an old partition, to their places. */
static void spread(struct value *numbers)
{
    struct value four[4];

    memcpy(four, numbers, sizeof(four));
    memset(numbers, 0, DISK_NUMBERS * sizeof(*numbers));
    for (size_t i = 0; i < DISK_BASIC_NUMBERS; i++)
        numbers[disk_basic_numbers[i]] = four[i];
}

static int read_line(struct span line, struct disk *disk)
{
    struct value major;
    struct value minor;
    unsigned count;

    *disk = (struct disk){0};
    if (!take_number(&line, &major) || !take_number(&line, &minor))
        return -EINVAL;
    struct span name = span_take_word(&line);
    if (name.length == 0 || name.length >= sizeof(disk->name) || memchr(name.at, '\0', name.length) ||
        !take_numbers(&line, disk->numbers, &count))
        return -EINVAL;
    span_keep(disk->name, sizeof(disk->name), name);
    if (count == DISK_BASIC_NUMBERS)
        spread(disk->numbers);
    return 1;
}

int diskstats_next(struct span *text, struct disk *disk)
{
    struct span line;

    return span_take_line(text, &line) ? read_line(line, disk) : 0;
}

/* What is a slash in a device's name is a "!" in sysfs (drivers/base/core.c). */
static char in_sysfs(char byte)
{
    return (char)(byte == '/' ? '!' : byte);
}

bool disk_is_called(const struct disk *disk, const char *name)
{
    const char *at = disk->name;

    for (; *at && in_sysfs(*at) == in_sysfs(*name); at++)
        name++;
    return *at == '\0' && *name == '\0';
}

bool disk_is_whole(const struct disk *disk, int sys_block_fd)
{
    char folder[DISK_NAME_MAX];
    size_t i = 0;

    for (; disk->name[i]; i++)
        folder[i] = in_sysfs(disk->name[i]);
    folder[i] = '\0';
    return faccessat(sys_block_fd, folder, F_OK, 0) == 0;
}
