#include "base/file.h"
#include "base/memory.h"
#include "kernel/cgroup.h"
#include "kernel/cgroup_walk.h"
#include "metric/cgroup_census.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Stand before the memory that a census asks for, to count how often it does, and to refuse it. */
static unsigned allocations;
static bool no_memory;

void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void *__real_memory_new(size_t size);
void *__wrap_memory_new(size_t size);

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
    allocations++;
    return no_memory ? NULL : __real_reallocarray(memory, count, size);
}

void *__wrap_memory_new(size_t size)
{
    allocations++;
    return no_memory ? NULL : __real_memory_new(size);
}

/* A group of version 2 that a test makes up. */
struct fake {
    const char *name; /* "" for the first one */
    unsigned faults, major_faults;
    unsigned some_us, full_us;
    unsigned kills;
};

static void put_file(const struct folder *folder, const char *group, const char *file, const char *text)
{
    char name[512];

    snprintf(name, sizeof(name), "%s/%s", group, file);
    folder_put(folder, name, text);
}

static void put(const struct folder *folder, const struct fake *fake)
{
    char text[256];

    snprintf(text, sizeof(text), "anon 1\npgfault %u\npgmajfault %u\n", fake->faults, fake->major_faults);
    put_file(folder, fake->name, "memory.stat", text);
    snprintf(text, sizeof(text), "some avg10=0.00 total=%u\nfull avg10=0.00 total=%u\n", fake->some_us,
             fake->full_us);
    put_file(folder, fake->name, "memory.pressure", text);
    snprintf(text, sizeof(text), "oom 1\noom_kill %u\n", fake->kills);
    put_file(folder, fake->name, "memory.events", text);
}

#define PUT(folder, ...) put(folder, &(struct fake){__VA_ARGS__})

static void delete_group(const struct folder *folder, const char *name)
{
    static const char *const files[] = {"/memory.stat", "/memory.pressure", "/memory.events", ""};
    char path[512];

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        snprintf(path, sizeof(path), "%s%s", name, files[i]);
        folder_delete(folder, path);
    }
}

static void rename_group(const struct folder *folder, const char *from, const char *to)
{
    char from_path[512], to_path[512];

    snprintf(from_path, sizeof(from_path), "%s/%s", folder->path, from);
    snprintf(to_path, sizeof(to_path), "%s/%s", folder->path, to);
    assert_int_equal(rename(from_path, to_path), 0);
}

/* The rows of a pass. */
struct rows {
    struct kept {
        char path[64];
        struct cgroup_row row;
    } all[1024];
    size_t count;
};

static void keep(void *context, const struct cgroup_row *row)
{
    struct rows *rows = context;

    assert_true(rows->count < COUNT_OF(rows->all));
    struct kept *kept = &rows->all[rows->count++];
    kept->row = *row;
    snprintf(kept->path, sizeof(kept->path), "%s", row->path);
}

static struct rows rows;

static struct cgroup_census *open_census(const struct folder *folder, int version)
{
    struct cgroup_census *census = cgroup_census_new();

    assert_non_null(census);
    assert_int_equal(cgroup_census_open(census, folder->path, version), 0);
    return census;
}

static struct cgroup_census_result run(struct cgroup_census *census)
{
    struct cgroup_census_result result;

    rows.count = 0;
    assert_int_equal(cgroup_census_run(census, keep, &rows, &result), 0);
    assert_int_equal(rows.count, result.groups - result.unread);
    return result;
}

static const struct cgroup_row *row_of(const char *path)
{
    for (size_t i = 0; i < rows.count; i++) {
        if (strcmp(rows.all[i].path, path) == 0)
            return &rows.all[i].row;
    }
    fail_msg("no row of %s", path);
    abort(); /* which the compiler does not know of fail_msg() */
}

/* Increments; NONE is an absent one. */
enum { NONE = -1 };

static void value_is(struct value value, int expected, int line)
{
    if (expected == NONE && value.present)
        fail_msg("line %d: %llu instead of none", line, (unsigned long long)value.number);
    if (expected != NONE)
        check_value(value, (uint64_t)expected, __FILE__, line);
}

#define assert_since(path, minor, major, some, full, kills)                                                  \
    check_since(row_of(path), (int[]){minor, major, some, full, kills}, __LINE__)
static void check_since(const struct cgroup_row *row, const int expected[5], int line)
{
    value_is(row->minor_faults_since, expected[0], line);
    value_is(row->major_faults_since, expected[1], line);
    value_is(row->some_stall_us_since, expected[2], line);
    value_is(row->full_stall_us_since, expected[3], line);
    value_is(row->kills_since, expected[4], line);
}

static void a_row_tells_what_the_group_has(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);

    PUT(*state, .name = "a", .faults = 30, .major_faults = 4, .some_us = 50, .full_us = 6, .kills = 7);
    put_file(*state, "a", "memory.current", "8192\n");
    put_file(*state, "a", "memory.max", "16384\n");
    put_file(*state, "a", "memory.swap.current", "4096\n");
    struct cgroup_census_result result = run(census);
    assert_int_equal(result.groups, 1); /* the first one has no files */
    assert_int_equal(result.unread, 0);
    assert_int_equal(result.too_deep, 0);
    const struct cgroup_memory *memory = &row_of("/a")->memory;
    assert_value(memory->minor_faults, 26);
    assert_value(memory->major_faults, 4);
    assert_value(memory->some_stall_us, 50);
    assert_value(memory->full_stall_us, 6);
    assert_value(memory->kills, 7);
    assert_value(memory->usage_bytes, 8192);
    assert_value(memory->limit_bytes, 16384);
    assert_value(memory->swap_bytes, 4096);
    cgroup_census_free(census);
}

static void increments_of_each_group(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);

    PUT(*state, .name = "", .faults = 1000, .major_faults = 100);
    PUT(*state, .name = "a", .faults = 30, .major_faults = 4, .some_us = 50, .full_us = 6, .kills = 7);
    PUT(*state, .name = "a/b", .faults = 3);
    assert_int_equal(run(census).groups, 3);
    assert_since("/", NONE, NONE, NONE, NONE, NONE);
    assert_since("/a", NONE, NONE, NONE, NONE, NONE);
    assert_since("/a/b", NONE, NONE, NONE, NONE, NONE);
    PUT(*state, .name = "", .faults = 1017, .major_faults = 102);
    PUT(*state, .name = "a", .faults = 47, .major_faults = 6, .some_us = 1050, .full_us = 506, .kills = 8);
    assert_int_equal(run(census).groups, 3);
    assert_since("/", 15, 2, 0, 0, 0);
    assert_since("/a", 15, 2, 1000, 500, 1);
    assert_since("/a/b", 0, 0, 0, 0, 0);
    run(census);
    assert_since("/a", 0, 0, 0, 0, 0);
    cgroup_census_free(census);
}

static void a_new_group_has_all_since_its_start(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);

    run(census);
    PUT(*state, .name = "a", .faults = 30, .major_faults = 4, .some_us = 50, .full_us = 6, .kills = 7);
    put_file(*state, "b", "memory.stat", "pgfault 9\npgmajfault 1\n");
    run(census);
    assert_since("/a", 26, 4, 50, 6, 7);
    assert_since("/b", 8, 1, NONE, NONE, NONE);
    cgroup_census_free(census);
}

static void the_name_of_a_group_that_is_gone(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);

    PUT(*state, .name = "a", .faults = 30, .major_faults = 4, .kills = 1);
    run(census);
    rename_group(*state, "a", "kept"); /* so that its inode is not given to the next */
    PUT(*state, .name = "a", .faults = 50, .major_faults = 9, .kills = 2);
    delete_group(*state, "kept");
    assert_int_equal(run(census).groups, 1);
    assert_since("/a", 41, 9, 0, 0, 2);
    cgroup_census_free(census);
}

static void a_group_under_another_name(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);

    PUT(*state, .name = "a", .faults = 30, .major_faults = 4);
    run(census);
    rename_group(*state, "a", "b");
    PUT(*state, .name = "b", .faults = 33, .major_faults = 5);
    assert_int_equal(run(census).groups, 1);
    assert_since("/b", 2, 1, 0, 0, 0);
    cgroup_census_free(census);
}

static void a_count_that_goes_backwards(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);

    PUT(*state, .name = "a", .faults = 30, .major_faults = 4, .some_us = 9, .full_us = 9, .kills = 9);
    run(census);
    PUT(*state, .name = "a", .faults = 29, .major_faults = 5, .some_us = 8, .full_us = 10, .kills = 8);
    run(census);
    assert_since("/a", NONE, 1, NONE, 1, NONE);
    assert_value(row_of("/a")->memory.minor_faults, 24);
    cgroup_census_free(census);
}

static void what_was_absent_the_last_time(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);

    put_file(*state, "a", "memory.pressure", "some avg10=0.00 total=5\nfull avg10=0.00 total=1\n");
    run(census);
    PUT(*state, .name = "a", .faults = 30, .major_faults = 4, .some_us = 7, .full_us = 1, .kills = 1);
    run(census);
    assert_since("/a", NONE, NONE, 2, 0, NONE);
    run(census);
    assert_since("/a", 0, 0, 0, 0, 0);
    cgroup_census_free(census);
}

/* A folder can be opened as a file can, but not be read. */
static void one_that_could_not_be_read_the_last_time(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);

    PUT(*state, .name = "a", .faults = 10);
    folder_put(*state, "b/memory.stat/x", "");
    struct cgroup_census_result result = run(census);
    assert_int_equal(result.groups, 2);
    assert_int_equal(result.unread, 1);
    folder_delete(*state, "b/memory.stat/x");
    folder_delete(*state, "b/memory.stat");
    PUT(*state, .name = "b", .faults = 30, .major_faults = 4);
    result = run(census);
    assert_int_equal(result.groups, 2);
    assert_int_equal(result.unread, 0);
    assert_since("/b", NONE, NONE, NONE, NONE, NONE);
    PUT(*state, .name = "b", .faults = 33, .major_faults = 5);
    run(census);
    assert_since("/b", 2, 1, 0, 0, 0);
    cgroup_census_free(census);
}

static void groups_that_have_nothing_to_do_with_memory(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);

    put_file(*state, "a", "pids.current", "5\n");
    PUT(*state, .name = "a/b", .faults = 10);
    struct cgroup_census_result result = run(census);
    assert_int_equal(result.groups, 1);
    assert_int_equal(result.unread, 0);
    assert_string_equal(rows.all[0].path, "/a/b");
    put_file(*state, "a", "memory.stat", "pgfault 1\npgmajfault 0\n"); /* enabled now, counting from 0 */
    run(census);
    assert_since("/a", 1, 0, NONE, NONE, NONE);
    cgroup_census_free(census);
}

static void groups_of_version_1(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V1);

    put_file(*state, "a", "memory.stat", "pgfault 1\ntotal_pgfault 20\ntotal_pgmajfault 5\n");
    put_file(*state, "a", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    run(census);
    put_file(*state, "a", "memory.stat", "pgfault 1\ntotal_pgfault 27\ntotal_pgmajfault 6\n");
    put_file(*state, "a", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
    put_file(*state, "a", "memory.usage_in_bytes", "4096\n");
    run(census);
    assert_since("/a", 6, 1, NONE, NONE, 1);
    assert_value(row_of("/a")->memory.usage_bytes, 4096);
    cgroup_census_free(census);
}

static void put_many(const struct folder *folder, unsigned from, unsigned to, unsigned faults)
{
    char name[32];

    for (unsigned i = from; i < to; i++) {
        snprintf(name, sizeof(name), "%u/%u", i % 10, i);
        PUT(folder, .name = name, .faults = faults + i, .major_faults = i);
    }
}

static void check_many(unsigned from, unsigned to, unsigned minor_faults, bool with_own)
{
    char path[32];

    for (unsigned i = from; i < to; i++) {
        snprintf(path, sizeof(path), "/%u/%u", i % 10, i);
        assert_value(row_of(path)->minor_faults_since, minor_faults);
        assert_value(row_of(path)->major_faults_since, with_own ? i : 0);
    }
}

/* 64 have room from the start. */
static void more_groups_than_there_is_room_for(void **state)
{
    enum { FEW = 30, MANY = 700 };
    struct cgroup_census *census = open_census(*state, CGROUP_V2);

    put_many(*state, 0, FEW, 100);
    run(census);
    allocations = 0;
    put_many(*state, 0, FEW, 107);
    run(census);
    assert_int_equal(allocations, 0);
    check_many(0, FEW, 7, false);
    put_many(*state, FEW, MANY, 50);
    assert_int_equal(run(census).groups, MANY);
    assert_true(allocations > 0);
    check_many(0, FEW, 0, false);
    check_many(FEW, MANY, 50, true);
    put_many(*state, 0, MANY, 200);
    run(census); /* with the other table, which grows now */
    check_many(FEW, MANY, 150, false);
    allocations = 0;
    for (int passes = 0; passes < 3; passes++)
        run(census);
    assert_int_equal(allocations, 0);
    cgroup_census_free(census);
}

static void room_for_twice_as_many_as_there_are(void **state)
{
    enum { MANY = 200 };

    put_many(*state, 0, MANY, 100);
    struct cgroup_census *census = open_census(*state, CGROUP_V2);
    allocations = 0;
    put_many(*state, MANY, 2 * MANY, 100);
    for (int passes = 0; passes < 3; passes++)
        assert_int_equal(run(census).groups, 2 * MANY);
    assert_int_equal(allocations, 0);
    cgroup_census_free(census);
}

static void a_failed_pass_changes_nothing(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);
    struct cgroup_census_result result = {.groups = 77};

    put_many(*state, 0, 64, 100);
    run(census);
    put_many(*state, 0, 65, 110);
    no_memory = true;
    rows.count = 0;
    int error = cgroup_census_run(census, keep, &rows, &result);
    no_memory = false;
    assert_int_equal(error, -ENOMEM);
    assert_int_equal(result.groups, 77);
    put_many(*state, 0, 64, 120);
    assert_int_equal(run(census).groups, 65);
    check_many(0, 64, 20, false);
    check_many(64, 65, 110, true);
    cgroup_census_free(census);
}

static void what_cannot_be_opened(void **state)
{
    const struct folder *folder = *state;
    struct cgroup_census *census = cgroup_census_new();
    struct cgroup_census_result result = {.groups = 77};

    assert_non_null(census);
    assert_int_equal(cgroup_census_run(census, keep, &rows, &result), -EBADF);
    assert_int_equal(result.groups, 77);
    assert_int_equal(cgroup_census_open(census, "/nonexistent", CGROUP_V1), -ENOENT);
    assert_int_equal(cgroup_census_open(census, folder->path, 0), -EINVAL);
    assert_int_equal(cgroup_census_open(census, folder->path, 3), -EINVAL);
    no_memory = true;
    int error = cgroup_census_open(census, folder->path, CGROUP_V2);
    no_memory = false;
    assert_int_equal(error, -ENOMEM);
    assert_int_equal(cgroup_census_run(census, keep, &rows, &result), -EBADF);
    assert_int_equal(cgroup_census_open(census, folder->path, CGROUP_V2), 0);
    run(census);
    cgroup_census_free(census);
    cgroup_census_free(NULL);
}

/* As a group that is watched alone may be. */
static void a_first_group_that_goes_and_comes_back(void **state)
{
    const struct folder *folder = *state;
    struct cgroup_census *census = cgroup_census_new();
    struct cgroup_census_result result = {.groups = 77};
    char path[128];

    PUT(folder, .name = "a", .faults = 30, .major_faults = 4);
    snprintf(path, sizeof(path), "%s/a", folder->path);
    assert_non_null(census);
    assert_int_equal(cgroup_census_open(census, path, CGROUP_V2), 0);
    run(census);
    rename_group(folder, "a", "kept");
    assert_int_equal(cgroup_census_run(census, keep, &rows, &result), -ENOENT);
    assert_int_equal(result.groups, 77);
    PUT(folder, .name = "a", .faults = 50, .major_faults = 5);
    run(census);
    assert_since("/", 45, 5, 0, 0, 0);
    cgroup_census_free(census);
}

struct removal {
    const struct folder *folder;
    bool done;
};

/* Of two groups, removes the one that is not visited. */
static void remove_the_other(void *context, const struct cgroup_row *row)
{
    struct removal *removal = context;

    assert_false(removal->done);
    delete_group(removal->folder, strcmp(row->path, "/a") == 0 ? "b" : "a");
    removal->done = true;
}

static void a_group_that_goes_meanwhile(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);
    struct removal removal = {*state, false};
    struct cgroup_census_result result;

    PUT(*state, .name = "a", .faults = 30);
    PUT(*state, .name = "b", .faults = 30);
    assert_int_equal(cgroup_census_run(census, remove_the_other, &removal, &result), 0);
    assert_true(removal.done);
    assert_int_equal(result.groups, 1);
    assert_int_equal(result.unread, 0);
    cgroup_census_free(census);
}

/* From the first row on no descriptor is left. */
static void use_up_descriptors(void *context, const struct cgroup_row *row)
{
    const struct rlimit *none = context;

    assert_string_equal(row->path, "/");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, none), 0);
}

static void a_folder_that_could_not_be_opened(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);
    struct cgroup_census_result result;
    struct rlimit limit, none;

    PUT(*state, .name = "", .faults = 1000);
    PUT(*state, .name = "a", .faults = 30);
    PUT(*state, .name = "a/b", .faults = 20);
    run(census);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){0, limit.rlim_max};
    int error = cgroup_census_run(census, use_up_descriptors, &none, &result);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(error, 0);
    assert_int_equal(result.groups, 2);
    assert_int_equal(result.unread, 1);
    PUT(*state, .name = "", .faults = 1007);
    run(census);
    assert_since("/", 7, 0, 0, 0, 0);
    assert_since("/a", NONE, NONE, NONE, NONE, NONE);
    assert_since("/a/b", NONE, NONE, NONE, NONE, NONE); /* not new: it was missed */
    PUT(*state, .name = "c", .faults = 5);
    run(census);
    assert_since("/a/b", 0, 0, 0, 0, 0);
    assert_since("/c", 5, 0, 0, 0, 0);
    cgroup_census_free(census);
}

static void groups_that_lie_too_deep(void **state)
{
    struct cgroup_census *census = open_census(*state, CGROUP_V2);
    TEXT(name, 256);

    for (int i = 0; i < CGROUP_DEPTH_MAX + 2; i++)
        text_string(&name, "d/");
    text_string(&name, "memory.stat");
    text_char(&name, '\0');
    folder_put(*state, name.bytes, "pgfault 1\n");
    struct cgroup_census_result result = run(census);
    assert_int_equal(result.groups, 0);
    assert_int_equal(result.too_deep, 1);
    cgroup_census_free(census);
}

static void check_row(void *context, const struct cgroup_row *row)
{
    uint64_t *count = context;

    assert_true(row->path[0] == '/');
    assert_true(!row->minor_faults_since.present ||
                row->minor_faults_since.number <= row->memory.minor_faults.number);
    ++*count;
}

static void this_machine(void **state)
{
    char path[4096], *mountinfo;
    int version;
    (void)state;

    assert_int_equal(file_read_whole("/proc/self/mountinfo", &mountinfo), 0);
    int error = cgroup_memory_mount(mountinfo, path, sizeof(path), &version);
    free(mountinfo);
    if (error < 0)
        skip();
    struct cgroup_census *census = cgroup_census_new();
    assert_non_null(census);
    assert_int_equal(cgroup_census_open(census, path, version), 0);
    for (int passes = 0; passes < 3; passes++) {
        struct cgroup_census_result result;
        uint64_t count = 0;
        assert_int_equal(cgroup_census_run(census, check_row, &count, &result), 0);
        assert_int_equal(count, result.groups - result.unread);
        assert_true(count > 0 || version == CGROUP_V2); /* whose controller may be elsewhere */
    }
    cgroup_census_free(census);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(a_row_tells_what_the_group_has),
        unit_test_in_folder(increments_of_each_group),
        unit_test_in_folder(a_new_group_has_all_since_its_start),
        unit_test_in_folder(the_name_of_a_group_that_is_gone),
        unit_test_in_folder(a_group_under_another_name),
        unit_test_in_folder(a_count_that_goes_backwards),
        unit_test_in_folder(what_was_absent_the_last_time),
        unit_test_in_folder(one_that_could_not_be_read_the_last_time),
        unit_test_in_folder(groups_that_have_nothing_to_do_with_memory),
        unit_test_in_folder(groups_of_version_1),
        unit_test_in_folder(more_groups_than_there_is_room_for),
        unit_test_in_folder(room_for_twice_as_many_as_there_are),
        unit_test_in_folder(a_failed_pass_changes_nothing),
        unit_test_in_folder(what_cannot_be_opened),
        unit_test_in_folder(a_first_group_that_goes_and_comes_back),
        unit_test_in_folder(a_group_that_goes_meanwhile),
        unit_test_in_folder(a_folder_that_could_not_be_opened),
        unit_test_in_folder(groups_that_lie_too_deep),
        cmocka_unit_test(this_machine),
    };
    return cmocka_run_group_tests_name("cgroup_census", tests, NULL, NULL);
}
