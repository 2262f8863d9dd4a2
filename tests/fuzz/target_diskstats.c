/* /proc/diskstats: whatever it says, every line is taken off, a name ends and holds no blank, and numbers are
 * where the line has them. */
#include "kernel/diskstats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

static void check(const struct disk *disk)
{
    const char *end = memchr(disk->name, '\0', sizeof(disk->name));
    bool before = true;

    if (!end || end == disk->name)
        fail("a name without an end, or none");
    if (strpbrk(disk->name, " \n"))
        fail("a name with blanks");
    if (!disk_is_called(disk, disk->name))
        fail("not called by its own name");
    bool old = disk->numbers[DISK_READS].present && !disk->numbers[DISK_READS_MERGED].present &&
               disk->numbers[DISK_SECTORS_READ].present;
    for (size_t i = 0; i < DISK_NUMBERS && !old; i++) {
        if (disk->numbers[i].present && !before)
            fail("a number behind one that is absent");
        before = disk->numbers[i].present;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size > 0 ? size : 1);
    struct span text = {bytes, size};
    struct disk disk;
    int got;

    if (!bytes)
        abort();
    memcpy(bytes, data, size);
    for (size_t left = size; (memset(&disk, 0xee, sizeof(disk)), got = diskstats_next(&text, &disk)) != 0;) {
        if (text.length >= left)
            fail("it does not go on");
        left = text.length;
        if (got > 0)
            check(&disk);
    }
    free(bytes);
    return 0;
}
