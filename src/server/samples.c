#include "server/samples.h"

#include "base/clock.h"
#include "base/number.h"
#include "base/when.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64 };

static const double EVERY_SECONDS_MAX = 86400;

/* An answer that goes on. */
struct samples {
    struct exchange *exchange;
    struct history *history;
    struct text lines;
};

static void release(struct samples *samples)
{
    history_close(samples->history);
    text_free(&samples->lines);
    free(samples);
}

static void on_closed(void *context)
{
    release(context);
}

/* A client that is slow is waited for; one that is not leaves the loop to others in between. */
static void go_on(void *context)
{
    struct samples *samples = context;

    samples->lines.length = 0;
    int more = history_next(samples->history, &samples->lines);
    if (samples->lines.length > 0)
        exchange_put(samples->exchange, samples->lines.bytes, samples->lines.length);
    if (more > 0 && samples->lines.length == 0)
        exchange_continue(samples->exchange);
    if (more > 0)
        return;
    if (more < 0)
        exchange_drop(samples->exchange); /* what is cut off is not taken for all */
    else
        exchange_end(samples->exchange);
    if (more == 0)
        release(samples);
}

/* -- the question -- */

/* "1764230400.5", or an ISO time. */
static int read_time(const char *words, uint64_t *wall_ns)
{
    char at[WORDS_MAX + 1] = "@";
    double ignored;

    if (number_parse_decimal(words, &ignored) < 0)
        return when_parse(words, clock_wall_ns(), wall_ns);
    memcpy(at + 1, words, strlen(words) + 1);
    return when_parse(at, clock_wall_ns(), wall_ns);
}

/* *WALL_NS stays as it was where the question has no NAME. */
static bool read_parameter_time(const struct exchange *exchange, const char *name, uint64_t *wall_ns)
{
    const struct request *request = exchange_request(exchange);
    char words[WORDS_MAX];

    if (!request_has_parameter(request, name))
        return true;
    return request_parameter(request, name, words, sizeof(words)) && read_time(words, wall_ns) == 0;
}

static bool read_every(const struct exchange *exchange, double *seconds)
{
    const struct request *request = exchange_request(exchange);
    char words[WORDS_MAX];

    if (!request_has_parameter(request, "every"))
        return true;
    return request_parameter(request, "every", words, sizeof(words)) &&
           number_parse_decimal(words, seconds) == 0 && *seconds > 0 && *seconds <= EVERY_SECONDS_MAX;
}

static bool read_range(const struct exchange *exchange, struct history_range *range)
{
    *range = (struct history_range){.since_ns = 0, .until_ns = UINT64_MAX};
    return read_parameter_time(exchange, "since", &range->since_ns) &&
           read_parameter_time(exchange, "until", &range->until_ns) &&
           read_every(exchange, &range->every_seconds);
}

/* -- the answer -- */

static void answer_problem(struct exchange *exchange, int error, const struct problem *problem)
{
    char words[PROBLEM_TEXT_MAX + 2];
    struct text line = text_over(words, sizeof(words) - 1);

    text_printable(&line, problem->text[0] ? problem->text : strerror(-error));
    text_char(&line, '\n');
    words[line.length] = '\0';
    exchange_answer_text(exchange, 500, words);
}

void samples_answer(const struct past *past, struct exchange *exchange)
{
    struct history_range range;
    struct problem problem = {0};

    if (!read_range(exchange, &range)) {
        exchange_answer_text(
            exchange, 400,
            "expected since=TIME, until=TIME, every=SECONDS; a time is seconds since 1970, or "
            "as 2026-11-27T08:00:00Z\n");
        return;
    }
    struct samples *samples = calloc(1, sizeof(*samples));
    int error = samples ? history_open(&samples->history, past, &range, &problem) : -ENOMEM;
    if (error == 0) {
        samples->lines = text_new(history_text_max(past));
        error = samples->lines.bytes ? 0 : -ENOMEM;
    }
    if (error < 0) {
        answer_problem(exchange, error, &problem);
        if (samples)
            release(samples);
        return;
    }
    samples->exchange = exchange;
    const struct exchange_watcher watcher = {go_on, on_closed, samples};
    if (exchange_begin(exchange, "application/x-ndjson", &watcher))
        go_on(samples);
    else
        release(samples);
}
