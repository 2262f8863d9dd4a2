#include "base/clock.h"
#include "support.h"
#include "watch/incidents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Wall times are monotonic ones and an hour. */
enum { WALL_AHEAD = 3600 };

static uint64_t at(double seconds)
{
    return (uint64_t)(seconds * (double)NS_PER_SECOND);
}

static void add(struct incidents *incidents, struct event event, double seconds, const char *message)
{
    event.wall_ns = at(seconds + WALL_AHEAD);
    snprintf(event.message, sizeof(event.message), "%s", message);
    assert_int_equal(incidents_add(incidents, &event, at(seconds)), 0);
}

static void add_alert(struct incidents *incidents, const char *alert, enum event_severity severity,
                      double seconds, const char *message)
{
    add(incidents,
        (struct event){.kind = EVENT_ALERT,
                       .alert = alert,
                       .severity = severity,
                       .state = severity == SEVERITY_OVER ? STATE_END : STATE_CONTINUE},
        seconds, message);
}

static void add_kills(struct incidents *incidents, uint64_t kills, double seconds, const char *message)
{
    add(incidents, (struct event){.kind = EVENT_OOM_KILL, .severity = SEVERITY_CRITICAL, .kills = kills},
        seconds, message);
}

static void incident_is(const struct incident *incident, double begin, double end, uint64_t oom_kills,
                        const char *title)
{
    assert_true(incident->begin_ns == at(begin + WALL_AHEAD));
    assert_true(incident->end_ns == at(end + WALL_AHEAD));
    assert_true(incident->oom_kills == oom_kills);
    assert_string_equal(incident->title, title);
}

static void without_events_there_is_none(void **state)
{
    struct incidents incidents = {0};
    (void)state;

    incidents_break(&incidents);
    assert_int_equal(incidents.count, 0);
    incidents_free(&incidents);
}

static void what_comes_within_the_quiet_time_is_one(void **state)
{
    struct incidents incidents = {0};
    (void)state;

    add_alert(&incidents, "major_faults", SEVERITY_WARNING, 100, "faults");
    add_alert(&incidents, "memory_pressure", SEVERITY_WARNING, 155, "pressure");
    add_kills(&incidents, 1, 210, "kill");
    add_alert(&incidents, "major_faults", SEVERITY_OVER, 270, "over");
    assert_int_equal(incidents.count, 1);
    incident_is(&incidents.list[0], 100, 270, 1, "kill");
    assert_true(incidents.list[0].last_kill_ns == at(210 + WALL_AHEAD));
    assert_int_equal(incidents.list[0].severity, SEVERITY_CRITICAL);
    incidents_free(&incidents);
}

static void the_quiet_time_counts_from_the_last_event(void **state)
{
    struct incidents incidents = {0};
    (void)state;

    add_kills(&incidents, 1, 100, "first");
    add_kills(&incidents, 1, 100 + INCIDENT_QUIET_SECONDS, "still");
    add_kills(&incidents, 1, 100.001 + 2 * INCIDENT_QUIET_SECONDS, "second");
    assert_int_equal(incidents.count, 2);
    incident_is(&incidents.list[0], 100, 160, 2, "first");
    assert_true(incidents.list[0].last_kill_ns == at(160 + WALL_AHEAD));
    incident_is(&incidents.list[1], 220.001, 220.001, 1, "second");
    incidents_free(&incidents);
}

static void a_clock_that_was_set_parts_nothing(void **state)
{
    struct incidents incidents = {0};
    struct event event = {.kind = EVENT_OOM_KILL, .severity = SEVERITY_CRITICAL, .kills = 1, .message = "k"};
    (void)state;

    event.wall_ns = at(9000);
    assert_int_equal(incidents_add(&incidents, &event, at(100)), 0);
    event.wall_ns = at(5400);
    assert_int_equal(incidents_add(&incidents, &event, at(110)), 0);
    assert_int_equal(incidents.count, 1);
    assert_true(incidents.list[0].begin_ns == at(9000));
    assert_true(incidents.list[0].end_ns == at(5400));
    incidents_free(&incidents);
}

static void a_storm_of_context_switches_alone_is_none(void **state)
{
    struct incidents incidents = {0};
    (void)state;

    add_alert(&incidents, "context_switches", SEVERITY_WARNING, 100, "storm");
    add_alert(&incidents, "context_switches", SEVERITY_OVER, 120, "over");
    assert_int_equal(incidents.count, 0);
    add_alert(&incidents, "major_faults", SEVERITY_WARNING, 130, "faults");
    add_alert(&incidents, "context_switches", SEVERITY_CRITICAL, 180, "storm");
    assert_true(incidents.list[0].last_kill_ns == 0);
    incident_is(&incidents.list[0], 130, 130, 0, "faults"); /* nor does it make one longer, or worse */
    assert_int_equal(incidents.list[0].severity, SEVERITY_WARNING);
    add_alert(&incidents, "major_faults", SEVERITY_WARNING, 191, "again");
    assert_int_equal(incidents.count, 2);
    incidents_free(&incidents);
}

static void the_end_of_an_alert_begins_none(void **state)
{
    struct incidents incidents = {0};
    (void)state;

    add_alert(&incidents, "major_faults", SEVERITY_OVER, 5, "over");
    assert_int_equal(incidents.count, 0);
    add_kills(&incidents, 1, 10, "kill");
    add_alert(&incidents, "memory_pressure", SEVERITY_OVER, 100, "over"); /* long after that */
    assert_int_equal(incidents.count, 1);
    incident_is(&incidents.list[0], 10, 10, 1, "kill");
    incidents_free(&incidents);
}

static void an_alert_that_was_under_way_begins_one(void **state)
{
    struct incidents incidents = {0};
    (void)state;

    add_alert(&incidents, "major_faults", SEVERITY_WARNING, 1, "still");
    assert_int_equal(incidents.count, 1);
    incident_is(&incidents.list[0], 1, 1, 0, "still");
    incidents_free(&incidents);
}

static void the_first_of_the_worst_alerts_is_the_title(void **state)
{
    struct incidents incidents = {0};
    (void)state;

    add_alert(&incidents, "major_faults", SEVERITY_WARNING, 10, "a warning");
    add_alert(&incidents, "memory_pressure", SEVERITY_WARNING, 11, "another");
    assert_string_equal(incidents.list[0].title, "a warning");
    add_alert(&incidents, "memory_running_out", SEVERITY_CRITICAL, 12, "critical");
    add_alert(&incidents, "memory_pressure", SEVERITY_CRITICAL, 13, "critical too");
    add_alert(&incidents, "major_faults", SEVERITY_WARNING, 14, "a warning again");
    add_alert(&incidents, "memory_running_out", SEVERITY_OVER, 15, "over");
    incident_is(&incidents.list[0], 10, 15, 0, "critical");
    incidents_free(&incidents);
}

static void the_first_kill_is_the_title_before_any_alert(void **state)
{
    struct incidents incidents = {0};
    (void)state;

    add_alert(&incidents, "memory_pressure", SEVERITY_CRITICAL, 10, "critical");
    add_kills(&incidents, 3, 11, "three killed");
    add_kills(&incidents, 2, 12, "two killed");
    add_alert(&incidents, "memory_running_out", SEVERITY_CRITICAL, 13, "critical again");
    incident_is(&incidents.list[0], 10, 13, 5, "three killed");
    incidents_free(&incidents);
}

static void another_boot_is_another_incident(void **state)
{
    struct incidents incidents = {0};
    (void)state;

    add_kills(&incidents, 1, 100, "before");
    incidents_break(&incidents);
    add_alert(&incidents, "major_faults", SEVERITY_OVER, 101, "over"); /* of an alert that nobody saw */
    assert_int_equal(incidents.count, 1);
    add_kills(&incidents, 1, 102, "behind");
    add_kills(&incidents, 1, 103, "and on");
    assert_int_equal(incidents.count, 2);
    incident_is(&incidents.list[0], 100, 100, 1, "before");
    incident_is(&incidents.list[1], 102, 103, 2, "behind");
    incidents_free(&incidents);
}

static void kills_are_counted_from_the_newest(void **state)
{
    struct incidents incidents = {0};
    (void)state;

    assert_null(incidents_of_kill(&incidents, 1));
    add_kills(&incidents, 1, 100, "one");
    add_kills(&incidents, 3, 110, "three");
    add_alert(&incidents, "major_faults", SEVERITY_WARNING, 200, "none");
    add_kills(&incidents, 2, 300, "two");
    assert_int_equal(incidents_kills(&incidents), 6);
    assert_ptr_equal(incidents_of_kill(&incidents, 1), &incidents.list[2]);
    assert_ptr_equal(incidents_of_kill(&incidents, 2), &incidents.list[2]);
    assert_ptr_equal(incidents_of_kill(&incidents, 3), &incidents.list[0]);
    assert_ptr_equal(incidents_of_kill(&incidents, 6), &incidents.list[0]);
    assert_null(incidents_of_kill(&incidents, 7));
    assert_null(incidents_of_kill(&incidents, 0));
    incidents_free(&incidents);
}

static const struct incident *near(const struct incidents *incidents, double seconds, double within)
{
    return incidents_near(incidents, at(seconds + WALL_AHEAD), at(within));
}

static void the_nearest_of_a_time_is_found(void **state)
{
    struct incidents incidents = {0};
    (void)state;

    assert_null(near(&incidents, 100, 1000));
    add_kills(&incidents, 1, 100, "first");
    add_kills(&incidents, 1, 120, "first still");
    add_kills(&incidents, 1, 200, "second");
    assert_ptr_equal(near(&incidents, 110, 1000), &incidents.list[0]);
    assert_ptr_equal(near(&incidents, 159, 1000), &incidents.list[0]);
    assert_ptr_equal(near(&incidents, 160, 1000), &incidents.list[1]);
    assert_ptr_equal(near(&incidents, 210, 10), &incidents.list[1]);
    assert_null(near(&incidents, 211, 10));
    assert_ptr_equal(near(&incidents, 90, 10), &incidents.list[0]);
    assert_null(near(&incidents, 89, 10));
    incidents_free(&incidents);
}

static void the_nearest_may_end_before_it_begins(void **state)
{
    struct incident back = {.begin_ns = at(9000), .end_ns = at(5400)};
    const struct incidents incidents = {&back, 1};
    (void)state;

    assert_ptr_equal(incidents_near(&incidents, at(7000), 0), &back);
    assert_ptr_equal(incidents_near(&incidents, at(5300), at(100)), &back);
    assert_null(incidents_near(&incidents, at(9002), at(1)));
}

static void a_long_message_is_cut(void **state)
{
    struct incidents incidents = {0};
    char message[EVENT_MESSAGE_MAX];
    (void)state;

    memset(message, 'm', sizeof(message));
    message[sizeof(message) - 1] = '\0';
    add_kills(&incidents, 1, 1, message);
    assert_int_equal(strlen(incidents.list[0].title), INCIDENT_TITLE_MAX - 1);
    assert_memory_equal(incidents.list[0].title, message, INCIDENT_TITLE_MAX - 1);
    incidents_free(&incidents);
}

static void many_are_kept_oldest_first(void **state)
{
    struct incidents incidents = {0};
    char title[32];
    (void)state;

    for (unsigned i = 0; i < 300; i++) {
        snprintf(title, sizeof(title), "number %u", i);
        add_kills(&incidents, i + 1, 1 + 61.0 * i, title);
    }
    assert_int_equal(incidents.count, 300);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(title, sizeof(title), "number %u", i);
        incident_is(&incidents.list[i], 1 + 61.0 * i, 1 + 61.0 * i, i + 1, title);
    }
    incidents_free(&incidents);
    assert_int_equal(incidents.count, 0);
    assert_null(incidents.list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_events_there_is_none),
        cmocka_unit_test(what_comes_within_the_quiet_time_is_one),
        cmocka_unit_test(the_quiet_time_counts_from_the_last_event),
        cmocka_unit_test(a_clock_that_was_set_parts_nothing),
        cmocka_unit_test(a_storm_of_context_switches_alone_is_none),
        cmocka_unit_test(the_end_of_an_alert_begins_none),
        cmocka_unit_test(an_alert_that_was_under_way_begins_one),
        cmocka_unit_test(the_first_of_the_worst_alerts_is_the_title),
        cmocka_unit_test(the_first_kill_is_the_title_before_any_alert),
        cmocka_unit_test(another_boot_is_another_incident),
        cmocka_unit_test(kills_are_counted_from_the_newest),
        cmocka_unit_test(the_nearest_of_a_time_is_found),
        cmocka_unit_test(the_nearest_may_end_before_it_begins),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(many_are_kept_oldest_first),
    };
    return cmocka_run_group_tests_name("incidents", tests, NULL, NULL);
}
