#include "kernel/cgroup.h"
#include "metric/cgroup_choice.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(const struct folder *folder, const char *group, unsigned usage)
{
    char name[512], text[32];

    snprintf(name, sizeof(name), "%s/memory.stat", group);
    folder_put(folder, name, "pgfault 30\npgmajfault 10\n");
    snprintf(name, sizeof(name), "%s/memory.current", group);
    snprintf(text, sizeof(text), "%u\n", usage);
    folder_put(folder, name, text);
}

static struct cgroup_choice *open_choice(const struct folder *folder, const char *pattern)
{
    struct cgroup_choice *choice = cgroup_choice_new(pattern);

    assert_non_null(choice);
    assert_int_equal(cgroup_choice_open(choice, folder->path, CGROUP_V2), 0);
    return choice;
}

/* Their paths, with blanks in between, of a choice that looks. */
#define assert_chosen(choice, expected) check_chosen(choice, expected, __LINE__)
static void check_chosen(struct cgroup_choice *choice, const char *expected, int line)
{
    TEXT(text, 4096);

    assert_int_equal(cgroup_choice_look(choice), 0);
    for (size_t i = 0; i < cgroup_choice_count(choice); i++)
        text_format(&text, i > 0 ? " %s" : "%s", cgroup_choice_at(choice, i)->path);
    check_text(&text, expected, __FILE__, line);
}

static void put_some(const struct folder *folder)
{
    put(folder, "system.slice", 1000);
    put(folder, "system.slice/a.service", 300);
    put(folder, "system.slice/b.service", 400);
    put(folder, "user.slice", 500);
}

static void chosen(const struct folder *folder, const char *pattern, const char *expected)
{
    struct cgroup_choice *choice = open_choice(folder, pattern);

    assert_chosen(choice, expected);
    assert_int_equal(cgroup_choice_left_out(choice), 0);
    cgroup_choice_free(choice);
}

static void those_that_match_the_largest_first(void **state)
{
    put_some(*state);
    chosen(*state, "*.service", "/system.slice/b.service /system.slice/a.service"); /* also for slashes */
    chosen(*state, "/*.slice", "/system.slice /user.slice");
    chosen(*state, "/system.slice/[a]*", "/system.slice/a.service");
    chosen(*state, "system.slice", ""); /* the whole path has to match */
    chosen(*state, "/nothing", "");
}

static void what_is_known_of_them(void **state)
{
    put_some(*state);
    struct cgroup_choice *choice = open_choice(*state, "/user.slice");
    assert_int_equal(cgroup_choice_look(choice), 0);
    const struct cgroup_chosen *user = cgroup_choice_at(choice, 0);
    assert_value(user->memory.usage_bytes, 500);
    assert_value(user->memory.minor_faults, 20);
    assert_value(user->memory.major_faults, 10);
    assert_false(user->memory.limit_bytes.present);
    cgroup_choice_free(choice);
}

static void each_look_is_a_new_choice(void **state)
{
    const struct folder *folder = *state;

    put_some(folder);
    struct cgroup_choice *choice = open_choice(folder, "*.service");
    assert_int_equal(cgroup_choice_count(choice), 0);
    assert_chosen(choice, "/system.slice/b.service /system.slice/a.service");
    put(folder, "system.slice/a.service", 900);
    put(folder, "c.service", 600);
    assert_chosen(choice, "/system.slice/a.service /c.service /system.slice/b.service");
    folder_delete(folder, "c.service/memory.stat");
    folder_delete(folder, "c.service/memory.current");
    folder_delete(folder, "c.service");
    assert_chosen(choice, "/system.slice/a.service /system.slice/b.service");
    cgroup_choice_free(choice);
}

static void more_than_there_is_room_for(void **state)
{
    char name[32];

    for (unsigned i = 0; i < CGROUP_CHOICE_MAX + 7; i++) {
        snprintf(name, sizeof(name), "job%u", i);
        put(*state, name, i);
    }
    put(*state, "else", 5);
    struct cgroup_choice *choice = open_choice(*state, "/job*");
    assert_int_equal(cgroup_choice_look(choice), 0);
    assert_int_equal(cgroup_choice_count(choice), CGROUP_CHOICE_MAX);
    assert_int_equal(cgroup_choice_left_out(choice), 7);
    assert_string_equal(cgroup_choice_at(choice, 0)->path, "/job106");
    assert_string_equal(cgroup_choice_at(choice, CGROUP_CHOICE_MAX - 1)->path, "/job7");
    assert_int_equal(cgroup_choice_look(choice), 0);
    assert_int_equal(cgroup_choice_left_out(choice), 7);
    cgroup_choice_free(choice);
}

static void hostile_paths(void **state)
{
    put(*state, "\xff\n*", 5);
    put(*state, "[x]", 4);
    chosen(*state, "*", "/\xff\n* /[x]");
    chosen(*state, "/\\[*", "/[x]");
}

static void what_cannot_be_opened(void **state)
{
    const struct folder *folder = *state;
    struct cgroup_choice *choice = cgroup_choice_new("*");

    assert_int_equal(cgroup_choice_look(choice), -EBADF);
    assert_int_equal(cgroup_choice_count(choice), 0);
    assert_int_equal(cgroup_choice_open(choice, "/no/such/folder", CGROUP_V2), -ENOENT);
    assert_int_equal(cgroup_choice_open(choice, folder->path, 3), -EINVAL);
    cgroup_choice_free(choice);
    cgroup_choice_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(those_that_match_the_largest_first),
        unit_test_in_folder(what_is_known_of_them),
        unit_test_in_folder(each_look_is_a_new_choice),
        unit_test_in_folder(more_than_there_is_room_for),
        unit_test_in_folder(hostile_paths),
        unit_test_in_folder(what_cannot_be_opened),
    };
    return cmocka_run_group_tests_name("cgroup_choice", tests, NULL, NULL);
}
