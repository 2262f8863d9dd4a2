#include "base/clock.h"
#include "server/history.h"
#include "support.h"
#include "tapes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

/* Memory that the test fills, and what is told of it, line by line: "s VALUE" a sample by its count of
 * running processes, "e" with what it was called. */
struct stage {
    struct folder folder;
    struct recent *recent;
    struct past past;
    struct figures figures;
    uint64_t base_ns; /* not long ago: what is long ago is folded to make few samples of it */
    char *lines;      /* of the last history */
};

#define AT(seconds) (stage->base_ns + (seconds)*SECOND)

static int setup(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    if (!stage)
        return -1;
    *state = stage;
    folder_make(&stage->folder);
    stage->recent = recent_new(1);
    stage->base_ns = clock_wall_ns() - 2000 * SECOND;
    figures_init(&stage->figures);
    stage->past = (struct past){.recent = stage->recent, .interval_seconds = 1};
    return past_init(&stage->past);
}

static int teardown(void **state)
{
    struct stage *stage = *state;

    recent_free(stage->recent);
    past_free(&stage->past);
    folder_remove(&stage->folder);
    free(stage->lines);
    free(stage);
    return 0;
}

#define on_stage(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void add(struct stage *stage, uint64_t wall_ns, double running)
{
    stage->figures.interval.wall_ns = wall_ns;
    stage->figures.values[M_procs_running] = running;
    recent_add_interval(stage->recent, &stage->figures.interval);
}

static void add_event(struct stage *stage, uint64_t wall_ns, const char *line)
{
    recent_add_event(stage->recent, wall_ns, line, strlen(line));
}

/* How many looks it took. */
static unsigned read_history(struct stage *stage, const struct history_range *range)
{
    struct problem problem = {0};
    struct history *history;
    size_t total = 0;
    unsigned looks = 0;
    int more = 1;

    if (history_open(&history, &stage->past, range, &problem) < 0)
        fail_msg("%s", problem.text);
    struct text text = text_new(history_text_max(&stage->past));
    free(stage->lines);
    stage->lines = NULL;
    while (more > 0) {
        text.length = 0;
        more = history_next(history, &text);
        assert_int_equal(text.lost, 0);
        stage->lines = realloc(stage->lines, total + text.length + 1);
        assert_non_null(stage->lines);
        memcpy(stage->lines + total, text.bytes, text.length);
        total += text.length;
        looks++;
    }
    assert_int_equal(more, 0);
    stage->lines[total] = '\0';
    text_free(&text);
    history_close(history);
    return looks;
}

#define assert_told(stage, expected, ...)                                                                    \
    check_told(stage, &(struct history_range){__VA_ARGS__}, expected, __LINE__)
static void check_told(struct stage *stage, const struct history_range *range, const char *expected, int line)
{
    TEXT(told, 65536);

    read_history(stage, range);
    for (const char *at = stage->lines; *at; at = strchr(at, '\n') + 1) {
        const char *running = strstr(at, "\"procs_running\":");
        const char *end = strchr(at, '\n');
        assert_non_null(end);
        if (strncmp(at, "{\"type\":\"sample\",", 17) == 0 && running && running < end)
            text_format(&told, "s%g ", strtod(running + 16, NULL));
        else
            text_format(&told, "%.*s ", (int)(end - at), at);
    }
    check_text(&told, expected, __FILE__, line);
}

static void memory_in_the_order_in_which_it_came(void **state)
{
    struct stage *stage = *state;

    assert_told(stage, "", 0, UINT64_MAX, 0);
    assert_int_equal(history_since_ns(&stage->past), 0);
    add(stage, AT(0), 1);
    add_event(stage, AT(1), "e1\n");
    add(stage, AT(1), 2);
    add(stage, AT(2), 3);
    add_event(stage, AT(3), "e2\n");
    assert_told(stage, "s1 e1 s2 s3 e2 ", 0, UINT64_MAX, 0);
    assert_int_equal(history_since_ns(&stage->past), AT(0));
}

static void a_part_of_it(void **state)
{
    struct stage *stage = *state;

    for (unsigned i = 0; i < 10; i++)
        add(stage, AT(i), i);
    assert_told(stage, "s3 s4 s5 ", AT(3), AT(5), 0);
    assert_told(stage, "s3 s4 ", AT(2) + 1, AT(5) - 1, 0);
    assert_told(stage, "s9 ", AT(9), UINT64_MAX, 0);
    assert_told(stage, "", AT(10), UINT64_MAX, 0);
    assert_told(stage, "", 0, AT(0) - 1, 0);
    assert_told(stage, "", AT(5), AT(3), 0);
}

static void a_sample_has_all_that_is_known(void **state)
{
    struct stage *stage = *state;

    stage->figures.values[M_major_faults_per_second] = 12.5;
    add(stage, UINT64_C(1795410001) * SECOND, 4);
    read_history(stage, &(struct history_range){0, UINT64_C(1795410001) * SECOND, 0});
    assert_string_equal(stage->lines, "{\"type\":\"sample\",\"time\":\"2026-11-23T05:00:01.000Z\","
                                      "\"interval_seconds\":1.000,\"procs_running\":4,"
                                      "\"major_faults_per_second\":12.5}\n");
}

static void samples_are_folded(void **state)
{
    struct stage *stage = *state;

    for (unsigned i = 0; i < 10; i++)
        add(stage, AT(i), i);
    assert_told(stage, "s1 s3 s5 s7 s9 ", 0, UINT64_MAX, 2);
    assert_told(stage, "s3 s7 s9 ", 0, UINT64_MAX, 4); /* the last one is shorter */
    assert_told(stage, "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 ", 0, UINT64_MAX, 1);
    assert_told(stage, "s4 s5 ", AT(3), AT(5), 2);
    add_event(stage, AT(10), "e\n");
    assert_told(stage, "s4 s9 e ", 0, UINT64_MAX, 5.4);
}

static void of_folded_samples_rates_are_means_with_the_highest(void **state)
{
    struct stage *stage = *state;

    for (unsigned i = 0; i < 4; i++) {
        stage->figures.values[M_major_faults_per_second] = i * i;
        add(stage, AT(i), i);
    }
    read_history(stage, &(struct history_range){0, UINT64_MAX, 2});
    const char *first = strstr(stage->lines, "\"interval_seconds\":2.000,\"procs_running\":1,"
                                             "\"major_faults_per_second\":0.5,");
    const char *second = strstr(stage->lines, "\"interval_seconds\":2.000,\"procs_running\":3,"
                                              "\"major_faults_per_second\":6.5,");
    assert_true(first && second && first < second);
    assert_non_null(strstr(first, "\"major_faults_per_second_highest\":1.0"));
    assert_non_null(strstr(second, "\"major_faults_per_second_highest\":9.0"));
}

static void more_samples_than_an_answer_has_are_folded_by_themselves(void **state)
{
    struct stage *stage = *state;
    const uint64_t now_ns = clock_wall_ns();

    recent_free(stage->recent);
    stage->past.recent = stage->recent = recent_new(0.1);
    stage->past.interval_seconds = 0.1;
    stage->figures.interval.seconds = 0.1;
    for (unsigned i = 0; i < 4000; i++)
        add(stage, now_ns - (4000 - i) * SECOND / 10, 1);
    unsigned looks = read_history(stage, &(struct history_range){0, UINT64_MAX, 0});
    size_t lines = 0;
    for (const char *at = stage->lines; (at = strchr(at, '\n')); at++)
        lines++;
    assert_true(lines <= HISTORY_SAMPLES_MAX && lines > HISTORY_SAMPLES_MAX / 2);
    assert_true(looks > 3); /* not all of it at once */
    read_history(stage, &(struct history_range){now_ns - 100 * SECOND, UINT64_MAX, 0});
    lines = 0;
    for (const char *at = stage->lines; (at = strchr(at, '\n')); at++)
        lines++;
    assert_in_range(lines, 999, 1000); /* a part of it is told as it is */
}

/* -- with a recording -- */

static void record(struct stage *stage, struct tape *tape, uint64_t first, uint64_t last)
{
    tape_init(tape, &stage->folder, "tape");
    assert_int_equal(schema_add(&tape->schema, "stat", "procs_running"), 0);
    tape_open(tape, TAPE_BYTES);
    tape_put_run(tape, first);
    tape_put_samples(tape, first + 1, last);
    tape_close(tape);
    stage->past.recording_path = tape->path;
}

static size_t count_of(const char *lines, const char *word)
{
    size_t count = 0;

    for (const char *at = lines; (at = strstr(at, word)); at++)
        count++;
    return count;
}

static void what_memory_no_longer_has_comes_from_the_recording(void **state)
{
    struct stage *stage = *state;
    struct tape tape;

    record(stage, &tape, 100, 110); /* nine intervals between the samples, or ten with the run's */
    uint64_t last_ns = tape.sample.wall_ns;
    add(stage, last_ns - 1 * SECOND, 70); /* the recording has these */
    add(stage, last_ns, 71);
    add(stage, last_ns + SECOND, 72);
    add_event(stage, last_ns + SECOND, "{\"e\":1}\n");
    assert_in_range(history_since_ns(&stage->past), TAPE_WALL_NS + 100 * SECOND - 1,
                    TAPE_WALL_NS + 101 * SECOND);
    read_history(stage, &(struct history_range){0, last_ns + 100 * SECOND, 0});
    assert_int_equal(count_of(stage->lines, "\"procs_running\":71"), 0); /* once each */
    assert_int_equal(count_of(stage->lines, "\"procs_running\":72"), 1);
    assert_int_equal(count_of(stage->lines, "{\"e\":1}"), 1);
    size_t samples = count_of(stage->lines, "\"type\":\"sample\"");
    assert_in_range(samples, 10, 11);
    assert_null(strstr(strstr(stage->lines, "\"procs_running\":72"), "\"type\":\"sample\""));
    /* What memory has is told from there. */
    assert_told(stage, "s71 s72 {\"e\":1} ", last_ns, last_ns + 100 * SECOND, 0);
    tape_free(&tape);
}

static void a_part_that_the_recording_alone_has(void **state)
{
    struct stage *stage = *state;
    struct tape tape;

    record(stage, &tape, 100, 110);
    add(stage, TAPE_WALL_NS + 200 * SECOND, 72);
    read_history(stage, &(struct history_range){TAPE_WALL_NS + 103 * SECOND, TAPE_WALL_NS + 105 * SECOND, 0});
    assert_in_range(count_of(stage->lines, "\"type\":\"sample\""), 2, 3);
    assert_null(strstr(stage->lines, "\"procs_running\":72"));
    tape_free(&tape);
}

static void a_recording_that_is_not_there(void **state)
{
    struct stage *stage = *state;
    struct problem problem = {0};
    struct history *history;

    stage->past.recording_path = "/no/such/recording";
    const struct history_range all = {0, UINT64_MAX, 0};
    assert_int_equal(history_open(&history, &stage->past, &all, &problem), -ENOENT);
    assert_non_null(strstr(problem.text, "/no/such/recording"));
    add(stage, AT(0), 1);
    assert_int_equal(history_since_ns(&stage->past), AT(0));
    assert_told(stage, "s1 ", AT(0), UINT64_MAX, 0); /* memory is enough for it */
    history_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(memory_in_the_order_in_which_it_came),
        on_stage(a_part_of_it),
        on_stage(a_sample_has_all_that_is_known),
        on_stage(samples_are_folded),
        on_stage(of_folded_samples_rates_are_means_with_the_highest),
        on_stage(more_samples_than_an_answer_has_are_folded_by_themselves),
        on_stage(what_memory_no_longer_has_comes_from_the_recording),
        on_stage(a_part_that_the_recording_alone_has),
        on_stage(a_recording_that_is_not_there),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
