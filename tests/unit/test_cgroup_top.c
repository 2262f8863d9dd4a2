#include "kernel/cgroup.h"
#include "metric/cgroup_top.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A group that a test makes up. */
struct fake {
    const char *name;
    unsigned minor_faults, major_faults;
    unsigned some_us; /* of version 2 */
    unsigned usage, swap;
};

static void put_file(const struct folder *folder, const char *group, const char *file, const char *text)
{
    char name[1024];

    snprintf(name, sizeof(name), "%s/%s", group, file);
    folder_put(folder, name, text);
}

static void put_number(const struct folder *folder, const char *group, const char *file, unsigned number)
{
    char text[32];

    snprintf(text, sizeof(text), "%u\n", number);
    put_file(folder, group, file, text);
}

static void put(const struct folder *folder, const struct fake *fake)
{
    char text[256];

    snprintf(text, sizeof(text), "pgfault %u\npgmajfault %u\n", fake->minor_faults + fake->major_faults,
             fake->major_faults);
    put_file(folder, fake->name, "memory.stat", text);
    snprintf(text, sizeof(text), "some avg10=0.00 total=%u\nfull avg10=0.00 total=0\n", fake->some_us);
    put_file(folder, fake->name, "memory.pressure", text);
    put_number(folder, fake->name, "memory.current", fake->usage);
    put_number(folder, fake->name, "memory.swap.current", fake->swap);
}

#define PUT(folder, ...) put(folder, &(struct fake){__VA_ARGS__})

static void put_v1(const struct folder *folder, const struct fake *fake)
{
    char text[256];

    snprintf(text, sizeof(text),
             "hierarchical_memory_limit 1048576\ntotal_swap %u\ntotal_pgfault %u\ntotal_pgmajfault %u\n",
             fake->swap, fake->minor_faults + fake->major_faults, fake->major_faults);
    put_file(folder, fake->name, "memory.stat", text);
    put_number(folder, fake->name, "memory.usage_in_bytes", fake->usage);
}

#define PUT_V1(folder, ...) put_v1(folder, &(struct fake){__VA_ARGS__})

static struct cgroup_top *open_top(const struct folder *folder, int version, size_t rows)
{
    struct cgroup_top *top = cgroup_top_new(rows);

    assert_non_null(top);
    assert_int_equal(cgroup_top_open(top, folder->path, version), 0);
    return top;
}

static struct cgroup_top_result run(struct cgroup_top *top, const struct cgroup_view *view)
{
    struct cgroup_top_result result;

    assert_int_equal(cgroup_top_run(top, view, &result), 0);
    return result;
}

#define VIEW(...) (&(struct cgroup_view){.rows = 100, __VA_ARGS__})

/* The paths of the rows, in order. */
#define assert_paths(top, result, expected) check_paths(top, result, expected, __LINE__)
static void check_paths(const struct cgroup_top *top, struct cgroup_top_result result, const char *expected,
                        int line)
{
    TEXT(paths, 4096);

    for (size_t i = 0; i < result.count; i++)
        text_format(&paths, "%s%s", i > 0 ? " " : "", cgroup_top_row(top, i)->path);
    check_text(&paths, expected, __FILE__, line);
}

static void a_row_tells_what_the_group_has(void **state)
{
    struct cgroup_top *top = open_top(*state, CGROUP_V2, 5);

    PUT(*state, .name = "a/b", .minor_faults = 30, .major_faults = 4, .some_us = 50, .usage = 8192,
        .swap = 4096);
    run(top, VIEW());
    PUT(*state, .name = "a/b", .minor_faults = 37, .major_faults = 6, .some_us = 90, .usage = 12288,
        .swap = 8192);
    struct cgroup_top_result result = run(top, VIEW());
    assert_paths(top, result, "/a/b");
    assert_int_equal(result.census.groups, 1);
    assert_int_equal(result.others, 0);
    const struct cgroup_row *group = &cgroup_top_row(top, 0)->group;
    assert_null(group->path); /* which would be another's by now */
    assert_value(group->memory.minor_faults, 37);
    assert_value(group->memory.usage_bytes, 12288);
    assert_value(group->memory.swap_bytes, 8192);
    assert_value(group->minor_faults_since, 7);
    assert_value(group->major_faults_since, 2);
    assert_value(group->some_stall_us_since, 40);
    assert_value(group->full_stall_us_since, 0);
    cgroup_top_free(top);
    cgroup_top_free(NULL);
}

static void sorted_by_each_key(void **state)
{
    struct cgroup_top *top = open_top(*state, CGROUP_V2, 5);
    static const struct {
        enum top_key sort;
        const char *paths;
    } orders[] = {
        {TOP_KEY_MAJOR_FAULTS, "/a /b /c /d /e"}, {TOP_KEY_MINOR_FAULTS, "/b /c /d /e /a"},
        {TOP_KEY_RSS, "/c /d /e /a /b"},          {TOP_KEY_SWAP, "/d /e /a /b /c"},
        {TOP_KEY_STALL, "/e /a /b /c /d"},
    };

    run(top, VIEW());
    for (size_t time = 0; time < COUNT_OF(orders); time++) {
        unsigned t = (unsigned)time + 1;
        PUT(*state, .name = "a", .major_faults = 5 * t, .minor_faults = 1 * t, .usage = 2, .swap = 3,
            .some_us = 4 * t);
        PUT(*state, .name = "b", .major_faults = 4 * t, .minor_faults = 5 * t, .usage = 1, .swap = 2,
            .some_us = 3 * t);
        PUT(*state, .name = "c", .major_faults = 3 * t, .minor_faults = 4 * t, .usage = 5, .swap = 1,
            .some_us = 2 * t);
        PUT(*state, .name = "d", .major_faults = 2 * t, .minor_faults = 3 * t, .usage = 4, .swap = 5,
            .some_us = 1 * t);
        PUT(*state, .name = "e", .major_faults = 1 * t, .minor_faults = 2 * t, .usage = 3, .swap = 4,
            .some_us = 5 * t);
        assert_paths(top, run(top, VIEW(.sort = orders[time].sort)), orders[time].paths);
    }
    cgroup_top_free(top);
}

static void ties_are_for_the_other_keys(void **state)
{
    struct cgroup_top *top = open_top(*state, CGROUP_V2, 5);

    PUT(*state, .name = "a", .usage = 1, .swap = 1);
    PUT(*state, .name = "b", .usage = 1, .swap = 2);
    PUT(*state, .name = "c", .usage = 2);
    assert_paths(top, run(top, VIEW()), "/c /b /a");
    /* What is not known is nothing. */
    put_file(*state, "d", "memory.stat", "pgfault 5\npgmajfault 1\n");
    assert_paths(top, run(top, VIEW(.sort = TOP_KEY_RSS)), "/c /b /a /d");
    cgroup_top_free(top);
}

static void filtered_by_path(void **state)
{
    struct cgroup_top *top = open_top(*state, CGROUP_V2, 2);

    PUT(*state, .name = "a.slice", .usage = 4);
    PUT(*state, .name = "a.slice/job.service", .usage = 3);
    PUT(*state, .name = "a.slice/job.service/leaf", .usage = 2);
    PUT(*state, .name = "b.slice", .usage = 1);
    struct cgroup_view view = {.rows = 9, .sort = TOP_KEY_RSS, .filter = "job"};
    struct cgroup_top_result result = run(top, &view);
    assert_paths(top, result, "/a.slice/job.service /a.slice/job.service/leaf");
    assert_int_equal(result.others, 0);
    assert_int_equal(result.census.groups, 4);
    strcpy(view.filter, "/b");
    assert_paths(top, run(top, &view), "/b.slice");
    strcpy(view.filter, "nowhere");
    assert_paths(top, run(top, &view), "");
    strcpy(view.filter, "a.slice");
    assert_int_equal(run(top, &view).others, 1); /* of those that it lets pass */
    cgroup_top_free(top);
}

static void rows_and_others(void **state)
{
    struct cgroup_top *top = open_top(*state, CGROUP_V2, 2);

    PUT(*state, .name = "a", .usage = 1);
    PUT(*state, .name = "b", .usage = 2);
    PUT(*state, .name = "c", .usage = 3);
    PUT(*state, .name = "d", .usage = 4);
    struct cgroup_top_result result = run(top, VIEW(.sort = TOP_KEY_RSS));
    assert_paths(top, result, "/d /c"); /* as there is room for */
    assert_int_equal(result.others, 2);
    result = run(top, &(struct cgroup_view){.rows = 1, .sort = TOP_KEY_RSS});
    assert_paths(top, result, "/d");
    assert_int_equal(result.others, 3);
    assert_int_equal(run(top, &(struct cgroup_view){.rows = 0}).others, 4);
    cgroup_top_free(top);
}

static void groups_of_version_1(void **state)
{
    struct cgroup_top *top = open_top(*state, CGROUP_V1, 5);

    PUT_V1(*state, .name = "a", .major_faults = 2, .minor_faults = 10, .usage = 5, .swap = 7);
    PUT_V1(*state, .name = "b", .usage = 6);
    run(top, VIEW());
    PUT_V1(*state, .name = "a", .major_faults = 5, .minor_faults = 20, .usage = 5, .swap = 7);
    PUT_V1(*state, .name = "b", .usage = 6);
    assert_paths(top, run(top, VIEW(.sort = TOP_KEY_RSS)), "/b /a");
    assert_paths(top, run(top, VIEW(.sort = TOP_KEY_SWAP)), "/a /b");
    PUT_V1(*state, .name = "a", .major_faults = 9, .minor_faults = 21, .usage = 5, .swap = 7);
    assert_paths(top, run(top, VIEW()), "/a /b");
    const struct cgroup_row *group = &cgroup_top_row(top, 0)->group;
    assert_value(group->major_faults_since, 4);
    assert_value(group->minor_faults_since, 1);
    assert_value(group->memory.limit_bytes, 1048576);
    assert_false(group->some_stall_us_since.present); /* it knows nothing of stalls */
    cgroup_top_free(top);
}

static void hostile_paths(void **state)
{
    struct cgroup_top *top = open_top(*state, CGROUP_V2, 5);
    char name[3 * 250 + 1] = "";
    char component[251];

    PUT(*state, .name = "\x1b[31m\n\xff", .usage = 9);
    memset(component, 'x', 250);
    component[249] = '/';
    component[250] = '\0';
    for (int i = 0; i < 3; i++)
        strcat(name, component);
    name[strlen(name) - 1] = '\0';
    PUT(*state, .name = name, .usage = 5);
    struct cgroup_top_result result = run(top, VIEW(.sort = TOP_KEY_RSS));
    assert_int_equal(result.count, 2);
    assert_string_equal(cgroup_top_row(top, 0)->path, "/\x1b[31m\n\xff");
    assert_int_equal(strlen(cgroup_top_row(top, 1)->path), CGROUP_PATH_MAX - 1); /* cut */
    assert_int_equal(strspn(cgroup_top_row(top, 1)->path, "/x"), CGROUP_PATH_MAX - 1);
    cgroup_top_free(top);
}

static void what_cannot_be_opened(void **state)
{
    struct cgroup_top *top = cgroup_top_new(1);
    struct cgroup_top_result result;
    const struct folder *folder = *state;

    assert_non_null(top);
    assert_int_equal(cgroup_top_run(top, VIEW(), &result), -EBADF);
    assert_int_equal(cgroup_top_open(top, "/nonexistent", CGROUP_V2), -ENOENT);
    assert_int_equal(cgroup_top_open(top, folder->path, 3), -EINVAL);
    assert_int_equal(cgroup_top_open(top, folder->path, CGROUP_V2), 0);
    assert_int_equal(run(top, VIEW()).count, 0);
    cgroup_top_free(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(a_row_tells_what_the_group_has),
        unit_test_in_folder(sorted_by_each_key),
        unit_test_in_folder(ties_are_for_the_other_keys),
        unit_test_in_folder(filtered_by_path),
        unit_test_in_folder(rows_and_others),
        unit_test_in_folder(groups_of_version_1),
        unit_test_in_folder(hostile_paths),
        unit_test_in_folder(what_cannot_be_opened),
    };
    return cmocka_run_group_tests_name("cgroup_top", tests, NULL, NULL);
}
