#include "kernel/diskstats.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int next(struct span *text, struct disk *disk)
{
    memset(disk, 0xee, sizeof(*disk));
    return diskstats_next(text, disk);
}

static int one(const char *line, struct disk *disk)
{
    struct span text = span_of(line);
    return next(&text, disk);
}

/* As 6.18 printed it. */
static void a_disk_with_all_its_numbers(void **state)
{
    struct disk disk;
    (void)state;

    assert_int_equal(
        one(" 254       0 vda 62340 7783 3165002 11698 27378 11157 2526872 7743 5 8604 22080 8007 74 "
            "608472 1324 5305 1314\n",
            &disk),
        1);
    assert_string_equal(disk.name, "vda");
    assert_value(disk.numbers[DISK_READS], 62340);
    assert_value(disk.numbers[DISK_READS_MERGED], 7783);
    assert_value(disk.numbers[DISK_SECTORS_READ], 3165002);
    assert_value(disk.numbers[DISK_READ_MS], 11698);
    assert_value(disk.numbers[DISK_WRITES], 27378);
    assert_value(disk.numbers[DISK_WRITES_MERGED], 11157);
    assert_value(disk.numbers[DISK_SECTORS_WRITTEN], 2526872);
    assert_value(disk.numbers[DISK_WRITE_MS], 7743);
    assert_value(disk.numbers[DISK_IN_FLIGHT], 5);
    assert_value(disk.numbers[DISK_BUSY_MS], 8604);
    assert_value(disk.numbers[DISK_WEIGHTED_MS], 22080);
    assert_value(disk.numbers[DISK_DISCARDS], 8007);
    assert_value(disk.numbers[DISK_DISCARD_MS], 1324);
    assert_value(disk.numbers[DISK_FLUSHES], 5305);
    assert_value(disk.numbers[DISK_FLUSH_MS], 1314);
}

static void older_kernels_have_fewer(void **state)
{
    struct disk disk;
    (void)state;

    assert_int_equal(one("8 0 sda 1 2 3 4 5 6 7 8 9 10 11", &disk), 1);
    assert_value(disk.numbers[DISK_WEIGHTED_MS], 11);
    assert_false(disk.numbers[DISK_DISCARDS].present);
    assert_int_equal(one("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", &disk), 1);
    assert_value(disk.numbers[DISK_DISCARD_MS], 15);
    assert_false(disk.numbers[DISK_FLUSHES].present);
    assert_int_equal(one("8 1 sda1 4000 90000 2000 40000", &disk), 1); /* 2.6.0 to 2.6.24 */
    assert_value(disk.numbers[DISK_READS], 4000);
    assert_value(disk.numbers[DISK_SECTORS_READ], 90000);
    assert_value(disk.numbers[DISK_WRITES], 2000);
    assert_value(disk.numbers[DISK_SECTORS_WRITTEN], 40000);
    assert_false(disk.numbers[DISK_READS_MERGED].present);
    assert_int_equal(one("8 1 sda1", &disk), 1);
    assert_false(disk.numbers[DISK_READS].present);
    assert_int_equal(one("8 1 sda1 1 2 3 4 5 6 7 8", &disk), 1);
    assert_value(disk.numbers[DISK_WRITE_MS], 8);
    assert_false(disk.numbers[DISK_IN_FLIGHT].present);
}

static void numbers_of_a_later_day_are_left_out(void **state)
{
    struct disk disk;
    (void)state;

    assert_int_equal(one("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20", &disk), 1);
    assert_value(disk.numbers[DISK_FLUSH_MS], 17);
    assert_int_equal(one("8 0 sda 18446744073709551615 0 18446744073709551614", &disk), 1);
    assert_value(disk.numbers[DISK_READS], UINT64_MAX);
}

static void what_is_not_understood_is_taken_off(void **state)
{
    static const char *const lines[] = {
        "what is this",
        "",
        "8",
        "8 0",
        "8 x sda 1",
        "8 0 sda 1 2 x 4",
        "8 0 sda 1 2 3x 4",
        "8 0 sda -1 2 3 4",
        "-8 0 sda 1",
        "8 0 sda 18446744073709551616",
        "8 0 a-name-that-is-much-longer-than-any-name-that-a-kernel-would-give-to-a-disk-of-its-own 1 2 3 4",
    };
    struct disk disk;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        if (lines[i][0])
            assert_int_equal(one(lines[i], &disk), -EINVAL);
    }
    struct span nul = {"8 0 s\0a 1", 10};
    assert_int_equal(next(&nul, &disk), -EINVAL);
    struct span text = span_of("what is this\n\n8 0 sda 1\n8 16 sdb 2");
    assert_int_equal(next(&text, &disk), -EINVAL);
    assert_int_equal(next(&text, &disk), -EINVAL);
    assert_int_equal(next(&text, &disk), 1);
    assert_string_equal(disk.name, "sda");
    assert_int_equal(next(&text, &disk), 1); /* without a newline */
    assert_string_equal(disk.name, "sdb");
    assert_int_equal(next(&text, &disk), 0);
    assert_int_equal(next(&text, &disk), 0);
}

static void a_disk_by_its_names(void **state)
{
    struct disk disk = {.name = "cciss/c0d0"};
    (void)state;

    assert_true(disk_is_called(&disk, "cciss/c0d0"));
    assert_true(disk_is_called(&disk, "cciss!c0d0"));
    assert_false(disk_is_called(&disk, "/dev/cciss/c0d0"));
    assert_false(disk_is_called(&disk, "cciss/c0d0p1"));
    assert_false(disk_is_called(&disk, "cciss/c0d"));
    assert_false(disk_is_called(&disk, ""));
    assert_false(disk_is_called(&disk, "/dev/"));
}

static void disks_have_a_folder(void **state)
{
    const struct folder *folder = *state;
    struct disk disk = {.name = "cciss/c0d0"};
    struct disk partition = {.name = "cciss/c0d0p1"};

    folder_put(folder, "cciss!c0d0/size", "1\n");
    int fd = open(folder->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(disk_is_whole(&disk, fd));
    assert_false(disk_is_whole(&partition, fd));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_with_all_its_numbers),
        cmocka_unit_test(older_kernels_have_fewer),
        cmocka_unit_test(numbers_of_a_later_day_are_left_out),
        cmocka_unit_test(what_is_not_understood_is_taken_off),
        cmocka_unit_test(a_disk_by_its_names),
        unit_test_in_folder(disks_have_a_folder),
    };
    return cmocka_run_group_tests_name("diskstats", tests, NULL, NULL);
}
