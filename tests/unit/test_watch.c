#include "support.h"
#include "watch/watch.h"

#include <string.h>
#include <unistd.h>

#define GIB 0x1p30

/* A watch and the interval that it takes in next. */
struct scene {
    struct watch watch;
    struct figures figures;
    struct event events[WATCH_EVENTS_MAX];
    size_t count; /* of the events of the last step */
};

static void begin(struct scene *scene)
{
    struct watch_settings settings = WATCH_DEFAULTS;

    *scene = (struct scene){0};
    watch_init(&scene->watch, settings);
    figures_init(&scene->figures);
    scene->figures.interval.wall_ns = 12345;
}

static void set(struct scene *scene, enum metric_id id, double value)
{
    scene->figures.values[id] = value;
}

static size_t step(struct scene *scene)
{
    memset(scene->events, 0xee, sizeof(scene->events));
    scene->count = watch_step(&scene->watch, &scene->figures.interval, scene->events);
    return scene->count;
}

static size_t step_with(struct scene *scene, enum metric_id id, double value)
{
    set(scene, id, value);
    return step(scene);
}

/* Reads of pages, as the diagnosis measures them. */
static void set_reads(struct scene *scene, double pages, double refaulted_file, double swapped_in)
{
    double page = (double)sysconf(_SC_PAGESIZE);

    set(scene, M_io_in_bytes_per_second, pages * page);
    set(scene, M_refaults_file_per_second, refaulted_file);
    set(scene, M_swap_in_bytes_per_second, swapped_in * page);
}

static void only_event(const struct scene *scene, const char *message)
{
    assert_int_equal(scene->count, 1);
    assert_string_equal(scene->events[0].message, message);
}

static void a_quiet_machine_has_no_events(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    assert_int_equal(step(&scene), 0); /* nor one of which nothing is known */
    set(&scene, M_context_switches_per_second, 5000);
    set(&scene, M_memory_full_stall_percent, 9.9);
    set(&scene, M_mem_available_bytes, 8 * GIB);
    set(&scene, M_oom_kills, 0);
    for (int second = 0; second < 20; second++)
        assert_int_equal(step_with(&scene, M_major_faults_per_second, 50), 0);
}

static void major_faults_of_a_working_set_that_does_not_fit(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    set_reads(&scene, 100, 92, 0);
    step_with(&scene, M_major_faults_per_second, 85);
    only_event(
        &scene,
        "HIGH IO LATENCY: 85 Major Faults/sec detected! refaults 92%: the working set does not fit in RAM");
    const struct event *event = scene.events;
    assert_int_equal(event->kind, EVENT_ALERT);
    assert_int_equal(event->severity, SEVERITY_WARNING);
    assert_int_equal(event->state, STATE_BEGIN);
    assert_string_equal(event->alert, "major_faults");
    assert_string_equal(event->diagnosis, "file_thrash");
    assert_near(event->value, 85);
    assert_near(event->threshold, 50);
    assert_near(event->worst, 85);
    assert_near(event->duration_seconds, 1);
    assert_false(event->colors_row);
    assert_true(event->wall_ns == 12345);
}

static void major_faults_of_other_causes(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    set_reads(&scene, 100, 3, 0);
    step_with(&scene, M_major_faults_per_second, 51);
    only_event(
        &scene,
        "HIGH IO LATENCY: 51 Major Faults/sec detected! refaults 3%: files are read for the first time, "
        "or after a long while");
    assert_string_equal(scene.events[0].diagnosis, "cold_read");

    begin(&scene);
    set_reads(&scene, 100, 0, 77);
    step_with(&scene, M_major_faults_per_second, 70);
    only_event(
        &scene,
        "HIGH IO LATENCY: 70 Major Faults/sec detected! swap-ins 77%: memory in use was swapped out and "
        "is needed again");
    assert_string_equal(scene.events[0].diagnosis, "swap_thrash");

    begin(&scene); /* a kernel that does not count refaults */
    step_with(&scene, M_major_faults_per_second, 85);
    only_event(&scene,
               "HIGH IO LATENCY: 85 Major Faults/sec detected! tasks wait for pages to be read from disk");
    assert_null(scene.events[0].diagnosis);
}

/* They are told one by one, by who watches for them. */
static void an_oom_kill_is_no_event_of_a_row(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    assert_int_equal(step_with(&scene, M_oom_kills, 3), 0);
    set(&scene, M_major_faults_per_second, 900);
    assert_int_equal(step_with(&scene, M_oom_kills, 1), 1);
    assert_int_equal(scene.events[0].kind, EVENT_ALERT);
}

static void memory_that_runs_out(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    set(&scene, M_swap_free_bytes, 0);
    assert_int_equal(step_with(&scene, M_mem_available_bytes, 13.6 * GIB), 0);
    assert_int_equal(step_with(&scene, M_mem_available_bytes, 12.0 * GIB), 0); /* it has to go on */
    step_with(&scene, M_mem_available_bytes, 10.8 * GIB);
    only_event(&scene, "MEMORY RUNNING OUT: 1.2G/s, about 9 s left: unless it stops, an OOM kill comes next");
    assert_string_equal(scene.events[0].alert, "memory_running_out");
    assert_int_equal(scene.events[0].severity, SEVERITY_CRITICAL);
    assert_near(scene.events[0].value, 9);
    assert_near(scene.events[0].threshold, 30);
    assert_int_equal(step_with(&scene, M_mem_available_bytes, 9.6 * GIB), 0); /* 8 s */
    assert_int_equal(step_with(&scene, M_mem_available_bytes, 8.4 * GIB), 0); /* 7 s */
    assert_int_equal(step_with(&scene, M_mem_available_bytes, 6.8 * GIB), 1); /* less than half of 9 s */
    assert_string_equal(
        scene.events[0].message,
        "MEMORY RUNNING OUT: 1.6G/s, about 4 s left: unless it stops, an OOM kill comes next");
    assert_int_equal(scene.events[0].state, STATE_CONTINUE);
}

static void set_swap(struct scene *scene, double free_gib, double used_gib)
{
    set(scene, M_swap_free_bytes, free_gib * GIB);
    set(scene, M_swap_used_bytes, used_gib * GIB);
}

static void swap_that_is_taken_away_is_not_taken_up(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    set(&scene, M_mem_available_bytes, 10 * GIB);
    for (double free_gib = 40; free_gib >= 0; free_gib -= 8) {
        set_swap(&scene, free_gib, 0);
        assert_int_equal(step(&scene), 0);
    }
}

static void one_large_allocation_is_no_alert(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    step_with(&scene, M_mem_available_bytes, 12 * GIB);
    step_with(&scene, M_mem_available_bytes, 12 * GIB);
    assert_int_equal(step_with(&scene, M_mem_available_bytes, 2 * GIB), 0);
    assert_int_equal(step_with(&scene, M_mem_available_bytes, 2 * GIB), 0);
}

static void free_swap_is_memory_that_is_left(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    set_swap(&scene, 80, 0);
    step_with(&scene, M_mem_available_bytes, 13 * GIB);
    step_with(&scene, M_mem_available_bytes, 12 * GIB);
    assert_int_equal(step_with(&scene, M_mem_available_bytes, 11 * GIB), 0); /* 91 s left */
    set_swap(&scene, 40, 40);
    assert_int_equal(step(&scene), 0); /* 1G/s before that */
    set_swap(&scene, 20, 60);
    step(&scene);
    only_event(&scene, "MEMORY RUNNING OUT: 20G/s, about 2 s left: unless it stops, an OOM kill comes next");
}

static void memory_that_falls_slowly_or_grows_is_no_alert(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    double left = 31;
    for (int second = 0; left > 25; second++, left -= 0.5)
        assert_int_equal(step_with(&scene, M_mem_available_bytes, left * GIB), 0); /* never below 50 s */
    for (int second = 0; second < 10; second++, left += 1)
        assert_int_equal(step_with(&scene, M_mem_available_bytes, left * GIB), 0);
}

static void a_kernel_without_memavailable_has_no_such_alert(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    set(&scene, M_swap_free_bytes, 9 * GIB);
    step(&scene);
    set(&scene, M_swap_free_bytes, 1 * GIB);
    assert_int_equal(step(&scene), 0);
    assert_int_equal(step(&scene), 0);
}

static void in_short_intervals_the_fall_is_taken_over_a_second(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    scene.figures.interval.seconds = 0.125;
    step_with(&scene, M_mem_available_bytes, 9 * GIB);
    for (int second = 0; second < 2; second++) {
        for (int i = 1; i <= 7; i++) /* one large allocation, which would be 8 GiB a second */
            assert_int_equal(step_with(&scene, M_mem_available_bytes, (8 - second) * GIB), 0);
        step_with(&scene, M_mem_available_bytes,
                  (8 - second) * GIB); /* a second later it was 1 GiB a second */
    }
    only_event(&scene, "MEMORY RUNNING OUT: 1.0G/s, about 7 s left: unless it stops, an OOM kill comes next");
}

static void pressure(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    set_reads(&scene, 100, 80, 0);
    step_with(&scene, M_memory_full_stall_percent, 10);
    only_event(
        &scene,
        "MEMORY PRESSURE: 10% of the time all tasks stood still for memory: refaults 80%: the working set "
        "does not fit in RAM");
    assert_string_equal(scene.events[0].alert, "memory_pressure");
    assert_string_equal(scene.events[0].diagnosis, "file_thrash");

    begin(&scene);
    set_reads(&scene, 100, 0, 0);
    set(&scene, M_direct_scans_per_second, 777);
    step_with(&scene, M_memory_full_stall_percent, 45);
    only_event(
        &scene,
        "MEMORY PRESSURE: 45% of the time all tasks stood still for memory: direct reclaim of 777 pages/s: "
        "tasks must free memory before they get any");
    assert_string_equal(scene.events[0].diagnosis, "direct_reclaim");

    begin(&scene);
    step_with(&scene, M_memory_full_stall_percent, 45);
    only_event(
        &scene,
        "MEMORY PRESSURE: 45% of the time all tasks stood still for memory: the kernel makes room, for the "
        "whole machine or within a memory cgroup's limit");
    assert_null(scene.events[0].diagnosis);
}

static void a_storm_of_context_switches_colors_the_row(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    step_with(&scene, M_context_switches_per_second, 5001);
    only_event(
        &scene,
        "CONTEXT SWITCH STORM: 5001 switches/sec: tasks block and wake more than they compute (locks, pipes, "
        "too many threads)");
    assert_true(scene.events[0].colors_row);
    assert_string_equal(scene.events[0].alert, "context_switches");
    assert_true(watch_is_storm(&scene.watch, &scene.figures.interval));
    step_with(&scene, M_context_switches_per_second, 5001);
    assert_true(
        watch_is_storm(&scene.watch, &scene.figures.interval)); /* each such row, not only the first */
    step_with(&scene, M_context_switches_per_second, 5000);
    assert_false(watch_is_storm(&scene.watch, &scene.figures.interval));
    step_with(&scene, M_context_switches_per_second, NAN);
    assert_false(watch_is_storm(&scene.watch, &scene.figures.interval));
}

static void thresholds_are_the_users(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    scene.watch.settings = (struct watch_settings){.major_faults = 1000, .context_switches = 10};
    set(&scene, M_context_switches_per_second, 10);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 1000), 0);
    set(&scene, M_context_switches_per_second, 10.5);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 1000.5), 2);
    assert_near(scene.events[0].threshold, 1000);
    assert_near(scene.events[1].threshold, 10);
}

static void context_switches_by_cpu(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    scene.watch.settings.context_switches = 1000;
    scene.watch.settings.context_switches_per_cpu = true;
    set(&scene, M_cpus_online, 8);
    assert_int_equal(step_with(&scene, M_context_switches_per_second, 8000), 0);
    assert_int_equal(step_with(&scene, M_context_switches_per_second, 8001), 1);
    assert_near(scene.events[0].threshold, 8000);
    set(&scene, M_cpus_online, NAN);
    assert_false(watch_is_storm(&scene.watch, &scene.figures.interval));
}

static void an_episode_from_its_beginning_to_its_end(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    scene.figures.interval.seconds = 1.5;
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 85), 1);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 90), 0);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 400), 1);
    assert_int_equal(scene.events[0].state, STATE_CONTINUE);
    assert_near(scene.events[0].worst, 400);
    assert_near(scene.events[0].duration_seconds, 4.5);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 0), 0);
    step_with(&scene, M_major_faults_per_second, 7);
    only_event(&scene, "HIGH IO LATENCY is over: it lasted 4.5 s, at worst 400 Major Faults/sec");
    const struct event *event = scene.events;
    assert_int_equal(event->state, STATE_END);
    assert_int_equal(event->severity, SEVERITY_OVER);
    assert_near(event->value, 7);
    assert_near(event->worst, 400);
    assert_near(event->duration_seconds, 4.5);
    assert_null(event->diagnosis);
}

static void all_at_once_fit_the_room_for_events(void **state)
{
    struct scene scene;
    (void)state;

    begin(&scene);
    step_with(&scene, M_mem_available_bytes, 12 * GIB);
    step_with(&scene, M_mem_available_bytes, 9 * GIB);
    set(&scene, M_mem_available_bytes, 1 * GIB);
    set(&scene, M_major_faults_per_second, 1e18);
    set(&scene, M_context_switches_per_second, 1e18);
    set(&scene, M_memory_full_stall_percent, 100);
    set(&scene, M_direct_scans_per_second, 1e18);
    assert_int_equal(step(&scene), WATCH_EVENTS_MAX);
    for (size_t i = 0; i < scene.count; i++)
        assert_true(memchr(scene.events[i].message, '\0', EVENT_MESSAGE_MAX) != NULL);
}

/* -- who is behind the major faults -- */

/* A watch over processes of a folder like /proc. */
static void begin_with_culprits(struct scene *scene, const struct folder *folder)
{
    begin(scene);
    assert_int_equal(culprits_open(&scene->watch.culprits, folder->path), 0);
    culprits_begin(scene->watch.culprits);
    folder_put_process(folder, 17, "sh", 0);
    folder_put_process(folder, 4242, "python3", 0);
}

static void end_with_culprits(struct scene *scene)
{
    culprits_free(scene->watch.culprits);
}

static void processes_are_named_once_they_can_be_and_with_each_line_from_then_on(void **state)
{
    struct scene scene;

    begin_with_culprits(&scene, *state);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 3), 0);
    step_with(&scene, M_major_faults_per_second, 90);
    only_event(&scene,
               "HIGH IO LATENCY: 90 Major Faults/sec detected! tasks wait for pages to be read from disk");
    assert_int_equal(scene.events[0].process_count, 0);
    folder_put_process(*state, 17, "sh", 3);
    folder_put_process(*state, 4242, "python3", 80);
    set_reads(&scene, 100, 92, 0);
    step_with(&scene, M_major_faults_per_second, 85);
    only_event(&scene, "HIGH IO LATENCY: 85 Major Faults/sec detected! python3[4242] 80/s, sh[17] 3.0/s; "
                       "refaults 92%: the working set does not fit in RAM");
    const struct event *event = scene.events;
    assert_int_equal(event->state, STATE_CONTINUE);
    assert_int_equal(event->process_count, 2);
    assert_int_equal(event->processes[0].pid, 4242);
    assert_string_equal(event->processes[0].comm, "python3");
    assert_near(event->processes[0].major_faults_per_second, 80);
    assert_int_equal(event->processes[1].pid, 17);

    assert_int_equal(step(&scene), 0); /* once */
    folder_put_process(*state, 17, "sh", 203);
    set_reads(&scene, 0, 0, 0);
    step_with(&scene, M_major_faults_per_second, 200); /* doubled */
    only_event(
        &scene,
        "HIGH IO LATENCY: 200 Major Faults/sec detected! sh[17] 200/s; refaults 0%: files are read for "
        "the first time, or after a long while");
    for (int second = 0; second < 3; second++) {
        folder_put_process(*state, 17, "sh", 1000);
        step_with(&scene, M_major_faults_per_second, 0);
    }
    only_event(&scene, "HIGH IO LATENCY is over: it lasted 4.0 s, at worst 200 Major Faults/sec");
    assert_int_equal(scene.events[0].process_count, 0);
    end_with_culprits(&scene);
}

static void an_alert_whose_processes_cannot_be_named_is_told_as_without(void **state)
{
    struct scene scene;

    begin_with_culprits(&scene, *state);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 90), 1);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 90), 0); /* whoever it was has gone */
    folder_put_process(*state, 17, "sh", 3);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 90), 0);
    folder_put_process(*state, 17, "sh", 6);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 190), 1); /* its next line as ever */
    assert_int_equal(scene.events[0].process_count, 1);
    end_with_culprits(&scene);
}

/* Who faults a little then is not who faulted a lot before. */
static void nobody_is_named_for_an_interval_within_bounds(void **state)
{
    struct scene scene;

    begin_with_culprits(&scene, *state);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 90), 1);
    folder_put_process(*state, 17, "sh", 3);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 3), 0);
    folder_put_process(*state, 4242, "python3", 70);
    step_with(&scene, M_major_faults_per_second, 70); /* beyond again */
    only_event(&scene,
               "HIGH IO LATENCY: 70 Major Faults/sec detected! python3[4242] 70/s; tasks wait for pages "
               "to be read from disk");
    end_with_culprits(&scene);
}

static void other_alerts_name_nobody(void **state)
{
    struct scene scene;

    begin_with_culprits(&scene, *state);
    set(&scene, M_context_switches_per_second, 6000);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 90), 2);
    set(&scene, M_context_switches_per_second, 13000);
    folder_put_process(*state, 17, "sh", 200);
    assert_int_equal(step_with(&scene, M_major_faults_per_second, 200), 2);
    assert_string_equal(scene.events[0].alert, "major_faults");
    assert_int_equal(scene.events[0].process_count, 1);
    assert_string_equal(scene.events[1].alert, "context_switches");
    assert_int_equal(scene.events[1].process_count, 0);
    assert_null(strstr(scene.events[1].message, "sh[17]"));
    end_with_culprits(&scene);
}

static void the_longest_names_fit(void **state)
{
    struct scene scene;
    char comm[PROCESS_COMM_MAX];

    begin_with_culprits(&scene, *state);
    memset(comm, '\x01', sizeof(comm) - 1);
    comm[sizeof(comm) - 1] = '\0';
    for (unsigned pid = 1; pid <= CULPRITS_MAX; pid++)
        folder_put_process(*state, 4000000000 + pid, comm, 0);
    step_with(&scene, M_major_faults_per_second, 1e18);
    for (unsigned pid = 1; pid <= CULPRITS_MAX; pid++)
        folder_put_process(*state, 4000000000 + pid, comm, 4294967295);
    step_with(&scene, M_major_faults_per_second, 1e18);
    assert_int_equal(scene.count, 1);
    assert_int_equal(scene.events[0].process_count, CULPRITS_MAX);
    assert_true(strlen(scene.events[0].message) < EVENT_MESSAGE_MAX / 2);
    assert_non_null(strstr(scene.events[0].message, "[4000000003] 4294967295/s; tasks wait"));
    end_with_culprits(&scene);
}

static void each_alert_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(watch_alert_name(ALERT_MAJOR_FAULTS), "major_faults");
    assert_string_equal(watch_alert_name(ALERT_CONTEXT_SWITCHES), "context_switches");
    assert_string_equal(watch_alert_name(ALERT_MEMORY_PRESSURE), "memory_pressure");
    assert_string_equal(watch_alert_name(ALERT_MEMORY_RUNNING_OUT), "memory_running_out");
}

static void it_asks_the_sampler_for_what_it_needs(void **state)
{
    static const enum metric_id needed[] = {
        M_major_faults_per_second,   M_context_switches_per_second, M_cpus_online,
        M_memory_full_stall_percent, M_mem_available_bytes,         M_swap_free_bytes,
        M_refaults_file_per_second,  M_swap_in_bytes_per_second,    M_io_in_bytes_per_second,
        M_direct_scans_per_second,
    };
    struct sampler *sampler = sampler_new();
    (void)state;

    assert_int_equal(watch_want(sampler), 0);
    for (size_t i = 0; i < COUNT_OF(needed); i++)
        assert_true(sampler_wants(sampler, needed[i]));
    sampler_free(sampler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_machine_has_no_events),
        cmocka_unit_test(major_faults_of_a_working_set_that_does_not_fit),
        cmocka_unit_test(major_faults_of_other_causes),
        cmocka_unit_test(an_oom_kill_is_no_event_of_a_row),
        cmocka_unit_test(memory_that_runs_out),
        cmocka_unit_test(swap_that_is_taken_away_is_not_taken_up),
        cmocka_unit_test(one_large_allocation_is_no_alert),
        cmocka_unit_test(free_swap_is_memory_that_is_left),
        cmocka_unit_test(memory_that_falls_slowly_or_grows_is_no_alert),
        cmocka_unit_test(a_kernel_without_memavailable_has_no_such_alert),
        cmocka_unit_test(in_short_intervals_the_fall_is_taken_over_a_second),
        cmocka_unit_test(pressure),
        cmocka_unit_test(a_storm_of_context_switches_colors_the_row),
        cmocka_unit_test(thresholds_are_the_users),
        cmocka_unit_test(context_switches_by_cpu),
        cmocka_unit_test(an_episode_from_its_beginning_to_its_end),
        cmocka_unit_test(all_at_once_fit_the_room_for_events),
        unit_test_in_folder(processes_are_named_once_they_can_be_and_with_each_line_from_then_on),
        unit_test_in_folder(an_alert_whose_processes_cannot_be_named_is_told_as_without),
        unit_test_in_folder(nobody_is_named_for_an_interval_within_bounds),
        unit_test_in_folder(other_alerts_name_nobody),
        unit_test_in_folder(the_longest_names_fit),
        cmocka_unit_test(each_alert_has_its_name),
        cmocka_unit_test(it_asks_the_sampler_for_what_it_needs),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
