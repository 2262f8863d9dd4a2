#include "kernel/entries.h"
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SMALLEST = 512 };

static int open_folder(const struct folder *folder)
{
    int fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void names_types_and_inodes(void **state)
{
    _Alignas(uint64_t) char memory[SMALLEST];
    struct stat status;
    struct entry entry;
    unsigned folders = 0;
    int more;

    folder_put(*state, "below/file", "");
    folder_put(*state, "file", "");
    int fd = open_folder(*state);
    struct entries entries = entries_of(fd, memory, sizeof(memory));
    while ((more = entries_next(&entries, &entry)) > 0) {
        folders += entry.type == DT_DIR;
        if (strcmp(entry.name, "..") == 0)
            continue;
        assert_int_equal(fstatat(fd, entry.name, &status, 0), 0);
        assert_true(status.st_ino == entry.inode);
        assert_true(entry.type == (S_ISDIR(status.st_mode) ? DT_DIR : DT_REG));
    }
    assert_int_equal(more, 0);
    assert_int_equal(folders, 3); /* "." and ".." are two */
    assert_int_equal(entries_next(&entries, &entry), 0);
    close(fd);
}

static void more_than_fit_and_long_names(void **state)
{
    enum { MANY = 100 };
    _Alignas(uint64_t) char memory[SMALLEST];
    char name[256];
    struct entry entry;
    bool seen[MANY] = {false};
    unsigned count = 0;
    int more;

    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "%0*d", i % 2 ? 255 : 3, i);
        folder_put(*state, name, "");
    }
    int fd = open_folder(*state);
    struct entries entries = entries_of(fd, memory, sizeof(memory));
    while ((more = entries_next(&entries, &entry)) > 0) {
        long number = strtol(entry.name, NULL, 10);
        if (*entry.name == '.')
            continue;
        assert_true(number < MANY && !seen[number]);
        seen[number] = true;
        count++;
    }
    assert_int_equal(more, 0);
    assert_int_equal(count, MANY);
    close(fd);
}

static void what_is_no_folder(void **state)
{
    _Alignas(uint64_t) char memory[SMALLEST];
    struct entries entries = entries_of(-1, memory, sizeof(memory));
    struct entry entry = {.inode = 7};
    char path[128];

    assert_int_equal(entries_next(&entries, &entry), -EBADF);
    folder_put(*state, "file", "");
    snprintf(path, sizeof(path), "%s/file", ((struct folder *)*state)->path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    entries = entries_of(fd, memory, sizeof(memory));
    assert_int_equal(entries_next(&entries, &entry), -ENOTDIR);
    assert_true(entry.inode == 7);
    close(fd);
}

/* Entries that no kernel gives: they end before they begin, behind the memory, or not at all. */
static void entries_of_another_form(void **state)
{
    static const unsigned short lengths[] = {0, 18, 19, 24, 64, 65, 65535};
    enum { FILLED = 64, LENGTH_AT = 16, NAME_AT = 19 };
    _Alignas(uint64_t) char memory[SMALLEST];
    struct entry entry;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct entries entries = entries_of(-1, memory, sizeof(memory));
        memset(memory, 'x', sizeof(memory));
        memcpy(memory + LENGTH_AT, &lengths[i], sizeof(lengths[i]));
        entries.length = FILLED;
        assert_int_equal(entries_next(&entries, &entry), -EIO);
        memory[NAME_AT + 4] = '\0';
        bool whole = lengths[i] == 24 || lengths[i] == 64;
        assert_int_equal(entries_next(&entries, &entry), whole ? 1 : -EIO);
        if (whole)
            assert_string_equal(entry.name, "xxxx");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(names_types_and_inodes),
        unit_test_in_folder(more_than_fit_and_long_names),
        unit_test_in_folder(what_is_no_folder),
        cmocka_unit_test(entries_of_another_form),
    };
    return cmocka_run_group_tests_name("entries", tests, NULL, NULL);
}
