#include "support.h"
#include "watch/culprits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The kernel counts for /proc alone; of a folder of the test's own the processes are looked at. */
struct scene {
    struct folder folder;
    struct culprits *culprits;
    struct culprit named[CULPRITS_MAX];
    size_t count;
};

static int scene_setup(void **state)
{
    static struct scene scene;

    scene = (struct scene){.culprits = NULL};
    folder_make(&scene.folder);
    *state = &scene;
    return 0;
}

static int scene_teardown(void **state)
{
    struct scene *scene = *state;

    culprits_free(scene->culprits);
    folder_remove(&scene->folder);
    return 0;
}

static void put(struct scene *scene, unsigned pid, const char *comm, unsigned faults)
{
    folder_put_process(&scene->folder, pid, comm, faults);
}

static void open_culprits(struct scene *scene)
{
    assert_int_equal(culprits_open(&scene->culprits, scene->folder.path), 0);
    culprits_begin(scene->culprits);
}

static size_t take(struct scene *scene, enum culprits_demand demand, double seconds)
{
    memset(scene->named, 0xee, sizeof(scene->named));
    scene->count = culprits_take(scene->culprits, demand, seconds, scene->named);
    return scene->count;
}

static void named(const struct scene *scene, size_t place, unsigned pid, const char *comm, double rate)
{
    assert_true(place < scene->count);
    assert_int_equal(scene->named[place].pid, pid);
    assert_string_equal(scene->named[place].comm, comm);
    assert_near(scene->named[place].major_faults_per_second, rate);
}

static void between_two_looks_the_three_with_the_most_faults_are_named(void **state)
{
    struct scene *scene = *state;

    put(scene, 10, "few", 1000);
    put(scene, 11, "none", 5000);
    put(scene, 12, "most", 0);
    put(scene, 13, "fewest", 7);
    put(scene, 14, "more", 1);
    open_culprits(scene);
    assert_int_equal(take(scene, CULPRITS_NOW, 2), 0); /* the first look */
    put(scene, 10, "few", 1004);
    put(scene, 12, "most", 160);
    put(scene, 13, "fewest", 8);
    put(scene, 14, "more", 7);
    assert_int_equal(take(scene, CULPRITS_NOW, 2), 3);
    named(scene, 0, 12, "most", 80);
    named(scene, 1, 14, "more", 3);
    named(scene, 2, 10, "few", 2);
    assert_int_equal(take(scene, CULPRITS_NOW, 2), 0); /* nobody faulted since */
}

static void of_equals_the_lower_pid_comes_first(void **state)
{
    struct scene *scene = *state;

    for (unsigned pid = 20; pid < 25; pid++)
        put(scene, pid, "x", 0);
    open_culprits(scene);
    take(scene, CULPRITS_NOW, 1);
    for (unsigned pid = 20; pid < 25; pid++)
        put(scene, pid, "x", 9);
    assert_int_equal(take(scene, CULPRITS_NOW, 1), 3);
    for (unsigned i = 0; i < 3; i++)
        named(scene, i, 20 + i, "x", 9);
}

static void one_that_is_new_counts_since_its_start_and_one_that_is_gone_is_not_named(void **state)
{
    struct scene *scene = *state;

    put(scene, 30, "gone", 0);
    put(scene, 31, "stays", 0);
    open_culprits(scene);
    take(scene, CULPRITS_NOW, 1);
    folder_delete(&scene->folder, "30/stat");
    folder_delete(&scene->folder, "30");
    put(scene, 31, "stays", 1);
    put(scene, 32, "new", 40);
    assert_int_equal(take(scene, CULPRITS_NOW, 1), 2);
    named(scene, 0, 32, "new", 40);
    named(scene, 1, 31, "stays", 1);
}

static void without_an_alert_nobody_is_looked_at(void **state)
{
    struct scene *scene = *state;

    put(scene, 40, "x", 0);
    open_culprits(scene);
    take(scene, CULPRITS_NOW, 1);
    put(scene, 40, "x", 500);
    assert_int_equal(take(scene, CULPRITS_NONE, 1), 0);
    assert_int_equal(take(scene, CULPRITS_NOW, 1), 0); /* what was before is of another alert */
    put(scene, 40, "x", 503);
    assert_int_equal(take(scene, CULPRITS_NOW, 1), 1);
    named(scene, 0, 40, "x", 3);
}

static void while_an_alert_goes_on_a_rate_is_of_the_last_interval(void **state)
{
    struct scene *scene = *state;

    put(scene, 50, "x", 0);
    open_culprits(scene);
    take(scene, CULPRITS_NOW, 1);
    put(scene, 50, "x", 1000);
    assert_int_equal(take(scene, CULPRITS_SOON, 0.999), 0);
    put(scene, 50, "x", 1006);
    assert_int_equal(take(scene, CULPRITS_NOW, 2), 1);
    named(scene, 0, 50, "x", 3);
}

static void looks_are_a_second_apart_unless_names_are_wanted(void **state)
{
    struct scene *scene = *state;

    put(scene, 60, "x", 0);
    open_culprits(scene);
    take(scene, CULPRITS_NOW, 0.25);
    put(scene, 60, "x", 10);
    take(scene, CULPRITS_SOON, 0.25);
    take(scene, CULPRITS_SOON, 0.25);
    assert_int_equal(take(scene, CULPRITS_NOW, 0.5), 1);
    named(scene, 0, 60, "x", 10); /* of one second */
    put(scene, 60, "x", 20);
    assert_int_equal(take(scene, CULPRITS_NOW, 0.25), 1);
    named(scene, 0, 60, "x", 40);
    put(scene, 60, "x", 30);
    for (unsigned i = 0; i < 4; i++) /* the last of them looks */
        take(scene, CULPRITS_SOON, 0.25);
    put(scene, 60, "x", 31);
    assert_int_equal(take(scene, CULPRITS_NOW, 0.25), 1);
    named(scene, 0, 60, "x", 4);
}

static void names_are_whole_whatever_bytes_they_have(void **state)
{
    static const char *const comms[] = {"", " ", ") Z 1 (", "a\nb", "\033[31m\xff\"\\"};
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT_OF(comms); i++) {
        put(scene, 70, comms[i], 0);
        open_culprits(scene);
        take(scene, CULPRITS_NOW, 1);
        put(scene, 70, comms[i], 5);
        assert_int_equal(take(scene, CULPRITS_NOW, 1), 1);
        named(scene, 0, 70, comms[i], 5);
        culprits_free(scene->culprits);
        scene->culprits = NULL;
    }
}

static void a_folder_that_goes_away_names_nobody(void **state)
{
    struct scene *scene = *state;

    open_culprits(scene);
    assert_int_equal(take(scene, CULPRITS_NOW, 1), 0);
    folder_remove(&scene->folder);
    assert_int_equal(take(scene, CULPRITS_NOW, 1), 0);
    folder_make(&scene->folder);
    culprits_free(scene->culprits);
    assert_int_equal(culprits_open(&scene->culprits, "/no/such/proc"), -ENOENT);
    assert_null(scene->culprits);
}

/* In whatever way whoever runs this may. */
static void the_machines_own_processes(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(culprits_open(&scene->culprits, "/proc"), 0);
    culprits_begin(scene->culprits);
    assert_int_equal(take(scene, CULPRITS_NONE, 1), 0);
    assert_int_equal(take(scene, CULPRITS_SOON, 1), 0);
    take(scene, CULPRITS_NOW, 1);
    take(scene, CULPRITS_NOW, 1);
    for (size_t i = 0; i < scene->count; i++)
        assert_true(scene->named[i].pid > 0 && scene->named[i].major_faults_per_second > 0);
}

#define on_scene(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_scene(between_two_looks_the_three_with_the_most_faults_are_named),
        on_scene(of_equals_the_lower_pid_comes_first),
        on_scene(one_that_is_new_counts_since_its_start_and_one_that_is_gone_is_not_named),
        on_scene(without_an_alert_nobody_is_looked_at),
        on_scene(while_an_alert_goes_on_a_rate_is_of_the_last_interval),
        on_scene(looks_are_a_second_apart_unless_names_are_wanted),
        on_scene(names_are_whole_whatever_bytes_they_have),
        on_scene(a_folder_that_goes_away_names_nobody),
        on_scene(the_machines_own_processes),
    };
    return cmocka_run_group_tests_name("culprits", tests, NULL, NULL);
}
