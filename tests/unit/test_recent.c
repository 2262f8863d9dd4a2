#include "base/clock.h"
#include "server/recent.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that was ever added, by its number, as plainly as can be. */
enum { MODEL_MAX = 30000, LINE_MAX_BYTES = RECENT_EVENT_BYTES / 2 };

struct model_item {
    bool is_interval;
    uint64_t wall_ns;
    double figure; /* of an interval: in each value */
    size_t line_length;
    unsigned line_seed;
};

struct model {
    struct recent *recent;
    size_t interval_room;
    struct model_item items[MODEL_MAX];
    uint64_t count;
    double values[METRIC_TABLE_SIZE];
    char line[LINE_MAX_BYTES + 1];
};

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct model));
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    struct model *model = *state;

    recent_free(model->recent);
    free(model);
    return 0;
}

#define model_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void begin(struct model *model, double interval_seconds, size_t interval_room)
{
    recent_free(model->recent);
    model->recent = recent_new(interval_seconds);
    assert_non_null(model->recent);
    model->interval_room = interval_room;
    model->count = 0;
}

static struct model_item *new_item(struct model *model)
{
    assert_true(model->count < MODEL_MAX);
    return &model->items[model->count++];
}

static void add_interval(struct model *model, uint64_t wall_ns)
{
    double figure = (double)model->count;
    const struct interval interval = {.wall_ns = wall_ns,
                                      .seconds = figure + 0.5,
                                      .values = model->values,
                                      .value_count = METRIC_TABLE_SIZE};

    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        model->values[i] = figure * 1000 + (double)i;
    *new_item(model) = (struct model_item){.is_interval = true, .wall_ns = wall_ns, .figure = figure};
    recent_add_interval(model->recent, &interval);
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        model->values[i] = -1; /* they were copied */
}

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245U + 12345U;
    return *state >> 8;
}

static const char *line_of(struct model *model, unsigned seed, size_t length)
{
    for (size_t i = 0; i < length; i++)
        model->line[i] = (char)('a' + (seed + i) % 23);
    return model->line;
}

static void add_event(struct model *model, uint64_t wall_ns, size_t length)
{
    unsigned seed = (unsigned)model->count * 7;

    *new_item(model) = (struct model_item){.wall_ns = wall_ns, .line_length = length, .line_seed = seed};
    recent_add_event(model->recent, wall_ns, line_of(model, seed, length), length);
}

static void check_item(struct model *model, const struct recent_item *item)
{
    assert_true(item->number < model->count);
    const struct model_item *expected = &model->items[item->number];
    assert_int_equal(item->is_interval, expected->is_interval);
    assert_int_equal(item->wall_ns, expected->wall_ns);
    if (!expected->is_interval) {
        assert_int_equal(item->line_length, expected->line_length);
        assert_memory_equal(item->line, line_of(model, expected->line_seed, expected->line_length),
                            expected->line_length);
        return;
    }
    assert_int_equal(item->interval.wall_ns, expected->wall_ns);
    assert_int_equal(item->interval.value_count, METRIC_TABLE_SIZE);
    assert_near(item->interval.seconds, expected->figure + 0.5);
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        assert_near(item->interval.values[i], expected->figure * 1000 + (double)i);
}

/* Of intervals the last that there is room for, of events the last ones without a gap; at least as many as
 * fill half the room. */
static void check_all(struct model *model)
{
    static bool seen[MODEL_MAX];
    struct recent_item item;
    uint64_t number = 0;

    memset(seen, 0, sizeof(seen));
    while (recent_find(model->recent, number, &item)) {
        assert_true(item.number >= number);
        check_item(model, &item);
        seen[item.number] = true;
        number = item.number + 1;
    }
    size_t intervals = 0, event_bytes = 0, events = 0;
    bool events_end = false;
    for (uint64_t i = model->count; i-- > 0;) {
        if (model->items[i].is_interval) {
            assert_int_equal(seen[i], intervals++ < model->interval_room);
            continue;
        }
        event_bytes += model->items[i].line_length;
        if (events++ < 1024 && event_bytes <= RECENT_EVENT_BYTES / 2)
            assert_true(seen[i]);
        assert_false(events_end && seen[i]);
        events_end |= !seen[i];
    }
}

static void an_empty_one(void **state)
{
    struct recent_item item;
    struct model *model = *state;

    begin(model, 1, 900);
    assert_false(recent_find(model->recent, 0, &item));
    assert_false(recent_find(model->recent, UINT64_MAX, &item));
    assert_int_equal(recent_since_ns(model->recent), 0);
    assert_int_equal(recent_first_since(model->recent, 0), 0);
    assert_int_equal(recent_first_since(model->recent, UINT64_MAX), 0);
    recent_free(NULL);
}

static void items_in_the_order_in_which_they_came(void **state)
{
    struct recent_item item;
    struct model *model = *state;

    begin(model, 1, 900);
    add_event(model, 5, 10);
    add_interval(model, 7);
    add_event(model, 8, 0);
    add_event(model, 8, 3);
    add_interval(model, 9);
    check_all(model);
    assert_true(recent_find(model->recent, 3, &item));
    assert_int_equal(item.number, 3);
    assert_false(item.is_interval);
    assert_false(recent_find(model->recent, 5, &item)); /* that is the next one */
    assert_int_equal(recent_since_ns(model->recent), 7);
}

static void intervals_last_a_quarter_of_an_hour(void **state)
{
    static const struct {
        double seconds;
        size_t room;
    } cases[] = {{1, 900}, {2, 450}, {0.5, 1800}, {0.01, RECENT_INTERVALS_MAX}, {3600, 16}};
    struct recent_item item;
    struct model *model = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        begin(model, cases[i].seconds, cases[i].room);
        for (size_t count = 0; count < cases[i].room + 3; count++)
            add_interval(model, 100 + count);
        assert_true(recent_find(model->recent, 0, &item));
        assert_int_equal(item.number, 3);
        assert_int_equal(recent_since_ns(model->recent), 103);
        check_all(model);
    }
}

static void numbers_that_are_gone_lead_to_the_first_that_is_there(void **state)
{
    struct recent_item item;
    struct model *model = *state;

    begin(model, 60, 16);
    for (uint64_t i = 0; i < 10; i++)
        add_event(model, i, 10);
    for (uint64_t i = 10; i < 40; i++)
        add_interval(model, i);
    assert_true(recent_find(model->recent, 9, &item));
    assert_int_equal(item.number, 9);
    assert_true(recent_find(model->recent, 10, &item));
    assert_int_equal(item.number, 24); /* the oldest of 16 */
    assert_true(item.is_interval);
    check_all(model);
}

static void more_events_than_there_is_room_for(void **state)
{
    struct recent_item item;
    struct model *model = *state;

    begin(model, 1, 900);
    for (uint64_t i = 0; i < 1030; i++)
        add_event(model, i, 4);
    assert_true(recent_find(model->recent, 0, &item));
    assert_int_equal(item.number, 6);
    check_all(model);
}

static void long_lines_push_out_as_many_as_they_need(void **state)
{
    struct recent_item item;
    struct model *model = *state;

    begin(model, 1, 900);
    for (uint64_t i = 0; i < 4; i++)
        add_event(model, i, RECENT_EVENT_BYTES / 4);
    assert_true(recent_find(model->recent, 0, &item));
    assert_int_equal(item.number, 0); /* all four fit */
    check_all(model);
    add_event(model, 4, 1);
    assert_true(recent_find(model->recent, 0, &item));
    assert_int_equal(item.number, 1);
    check_all(model);
    add_event(model, 5, RECENT_EVENT_BYTES / 2);
    assert_true(recent_find(model->recent, 0, &item));
    assert_int_equal(item.number, 3);
    check_all(model);
}

/* It gets no number either: who counts on sees no gap. */
static void a_line_longer_than_there_is_room_for_is_left_out(void **state)
{
    struct recent_item item;
    struct model *model = *state;

    begin(model, 1, 900);
    add_event(model, 1, 5);
    recent_add_event(model->recent, 2, line_of(model, 0, LINE_MAX_BYTES + 1), LINE_MAX_BYTES + 1);
    add_event(model, 3, LINE_MAX_BYTES);
    check_all(model);
    assert_true(recent_find(model->recent, 1, &item));
    assert_int_equal(item.wall_ns, 3);
}

static void the_first_since_a_time(void **state)
{
    struct model *model = *state;

    begin(model, 1, 900);
    add_interval(model, 10);
    add_event(model, 20, 5);
    add_interval(model, 20);
    add_interval(model, 30);
    assert_int_equal(recent_first_since(model->recent, 0), 0);
    assert_int_equal(recent_first_since(model->recent, 10), 0);
    assert_int_equal(recent_first_since(model->recent, 11), 1);
    assert_int_equal(recent_first_since(model->recent, 20), 1);
    assert_int_equal(recent_first_since(model->recent, 30), 3);
    assert_int_equal(recent_first_since(model->recent, 31), 4);
    assert_int_equal(recent_first_since(model->recent, UINT64_MAX), 4);
}

/* The first that came, not the one of the earliest time. */
static void the_first_since_a_time_when_the_clock_was_set_back(void **state)
{
    struct model *model = *state;

    begin(model, 1, 900);
    add_interval(model, 100);
    add_interval(model, 200);
    add_interval(model, 50);
    add_event(model, 51, 5);
    add_interval(model, 150);
    assert_int_equal(recent_first_since(model->recent, 60), 0);
    assert_int_equal(recent_first_since(model->recent, 101), 1);
    assert_int_equal(recent_first_since(model->recent, 201), 5);
    assert_int_equal(recent_since_ns(model->recent), 100);
    check_all(model);
}

/* Lines of all lengths, seldom very long ones, among intervals, while the clock jumps. */
static void whatever_comes_both_rings_hold_the_last_of_it(void **state)
{
    struct model *model = *state;

    for (unsigned seed = 1; seed <= 12; seed++) {
        unsigned random = seed;
        unsigned longest = seed % 3 == 0 ? 40000 : seed % 3 == 1 ? 2000 : 300;
        uint64_t wall_ns = 1000000;
        begin(model, 60, 16);
        for (unsigned i = 0; i < 4000; i++) {
            wall_ns += next_random(&random) % 1000;
            if (next_random(&random) % 100 == 0)
                wall_ns -= next_random(&random) % 100000;
            if (next_random(&random) % 4 == 0)
                add_interval(model, wall_ns);
            else if (next_random(&random) % 50 == 0)
                add_event(model, wall_ns, LINE_MAX_BYTES - next_random(&random) % 3);
            else
                add_event(model, wall_ns, next_random(&random) % longest);
            if (i % 97 == 0)
                check_all(model);
        }
        check_all(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        model_test(an_empty_one),
        model_test(items_in_the_order_in_which_they_came),
        model_test(intervals_last_a_quarter_of_an_hour),
        model_test(numbers_that_are_gone_lead_to_the_first_that_is_there),
        model_test(more_events_than_there_is_room_for),
        model_test(long_lines_push_out_as_many_as_they_need),
        model_test(a_line_longer_than_there_is_room_for_is_left_out),
        model_test(the_first_since_a_time),
        model_test(the_first_since_a_time_when_the_clock_was_set_back),
        model_test(whatever_comes_both_rings_hold_the_last_of_it),
    };
    return cmocka_run_group_tests_name("recent", tests, NULL, NULL);
}
