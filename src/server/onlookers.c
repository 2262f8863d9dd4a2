#include "server/onlookers.h"

#include "base/clock.h"
#include "base/number.h"
#include "metric/process_top.h"
#include "render/top_listing.h"
#include "render/top_summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    BACKLOG_BYTES_MAX = 64 * 1024, /* beyond it one is not told more until some of it is sent */
    EVENT_HEAD_MAX = 64,
    SUMMARY_MAX = 1024,
    USER_NUMBER_BYTES = 24,
    SINCE_SECONDS = 60,
};

struct onlooker {
    struct onlookers *all;
    struct exchange *exchange; /* NULL: the place is free */
    uint64_t next_number;      /* of what is told next */
    size_t processes;
};

struct onlookers {
    const struct past *past;
    const char *proc_path;
    struct about about;
    uint32_t memory_id; /* an event's id holds for this memory alone */
    struct onlooker list[ONLOOKERS_MAX];
    struct text output;

    uint64_t since_ns; /* from when on more can be had, and when that was looked up */
    uint64_t since_looked_ns;

    struct process_top *processes; /* NULL: nobody has asked yet */
    bool looked;
    uint64_t looked_ns;
    struct text look;
    size_t look_ends[ONLOOKER_PROCESSES_MAX + 1]; /* where the summary and each row end in it */
    size_t look_rows;
};

struct onlookers *onlookers_new(const struct past *past, const char *proc_path, const struct about *about)
{
    struct onlookers *onlookers = calloc(1, sizeof(*onlookers));

    if (!onlookers)
        return NULL;
    onlookers->past = past;
    onlookers->proc_path = proc_path;
    onlookers->about = *about;
    if (getrandom(&onlookers->memory_id, sizeof(onlookers->memory_id), 0) < 0)
        onlookers->memory_id = (uint32_t)clock_wall_ns();
    size_t sample = json_sample_max(&past->columns);
    onlookers->output =
        text_new(EVENT_HEAD_MAX + JSON_ABOUT_MAX + (sample > JSON_EVENT_MAX ? sample : JSON_EVENT_MAX));
    if (onlookers->output.bytes)
        return onlookers;
    onlookers_free(onlookers);
    return NULL;
}

void onlookers_free(struct onlookers *onlookers)
{
    if (!onlookers)
        return;
    process_top_free(onlookers->processes);
    text_free(&onlookers->output);
    text_free(&onlookers->look);
    free(onlookers);
}

/* -- telling -- */

static void send(struct onlooker *onlooker)
{
    struct text *output = &onlooker->all->output;

    exchange_put(onlooker->exchange, output->bytes, output->length);
    output->length = 0;
}

/* Lines of JSON end with a newline of their own; an empty line ends the event. */
static void tell_item(struct onlooker *onlooker, const struct recent_item *item)
{
    struct text *output = &onlooker->all->output;

    text_format(output, "id: %08" PRIx32 "-%" PRIu64 "\ndata: ", onlooker->all->memory_id, item->number);
    if (item->is_interval)
        json_put_sample(output, &onlooker->all->past->columns, &item->interval);
    else
        text_bytes(output, item->line, item->line_length);
    text_char(output, '\n');
    send(onlooker);
}

static void catch_up(struct onlooker *onlooker)
{
    struct recent_item item;

    while (exchange_backlog(onlooker->exchange) < BACKLOG_BYTES_MAX &&
           recent_find(onlooker->all->past->recent, onlooker->next_number, &item)) {
        onlooker->next_number = item.number + 1;
        tell_item(onlooker, &item);
    }
}

void onlookers_tell(struct onlookers *onlookers)
{
    for (size_t i = 0; i < ONLOOKERS_MAX; i++) {
        if (onlookers->list[i].exchange)
            catch_up(&onlookers->list[i]);
    }
}

void onlookers_keep_alive(struct onlookers *onlookers)
{
    for (size_t i = 0; i < ONLOOKERS_MAX; i++) {
        struct exchange *exchange = onlookers->list[i].exchange;
        if (exchange && exchange_backlog(exchange) == 0)
            exchange_put(exchange, ":\n\n", 3);
    }
}

/* -- processes -- */

static size_t most_processes(const struct onlookers *onlookers)
{
    size_t most = 0;

    for (size_t i = 0; i < ONLOOKERS_MAX; i++) {
        const struct onlooker *onlooker = &onlookers->list[i];
        if (onlooker->exchange && onlooker->processes > most)
            most = onlooker->processes;
    }
    return most;
}

static int open_processes(struct onlookers *onlookers)
{
    size_t row_bytes = listing_max(top_listing_of(PROCESS_GROUP_NONE)) + EVENT_HEAD_MAX;

    if (onlookers->processes)
        return 0;
    if (!onlookers->look.bytes)
        onlookers->look = text_new(SUMMARY_MAX + ONLOOKER_PROCESSES_MAX * row_bytes);
    onlookers->processes = process_top_new(ONLOOKER_PROCESSES_MAX);
    if (!onlookers->look.bytes || !onlookers->processes)
        return -ENOMEM;
    return process_top_open(onlookers->processes, onlookers->proc_path, PROCESS_SOURCE_AUTO);
}

static void close_processes(struct onlookers *onlookers)
{
    process_top_free(onlookers->processes);
    onlookers->processes = NULL;
    onlookers->looked = false;
}

static void put_summary(struct onlookers *onlookers, const struct process_top_result *result,
                        const struct interval *interval, double seconds)
{
    const struct top_summary summary = {
        .wall_ns = interval->wall_ns,
        .seconds = seconds,
        .by = "process",
        .sort = "maj",
        .processes = &result->census,
        .others = result->others,
        .machine = interval,
    };

    text_string(&onlookers->look, "data: ");
    top_summary_put_json(&onlookers->look, &summary);
    text_char(&onlookers->look, '\n');
    onlookers->look_ends[0] = onlookers->look.length;
}

static void put_row(struct onlookers *onlookers, size_t place, uint64_t wall_ns, double seconds)
{
    union listing_cell cells[TOP_CELLS_MAX];
    char user[USER_NUMBER_BYTES];
    const struct top_row *row = process_top_row(onlookers->processes, place);

    top_listing_fill(cells, PROCESS_GROUP_NONE, row, process_top_user(onlookers->processes, row, user),
                     seconds);
    text_string(&onlookers->look, "data: ");
    listing_put_json(&onlookers->look, top_listing_of(PROCESS_GROUP_NONE), cells, wall_ns);
    text_char(&onlookers->look, '\n');
    onlookers->look_ends[place + 1] = onlookers->look.length;
}

static void tell_look(struct onlookers *onlookers)
{
    for (size_t i = 0; i < ONLOOKERS_MAX; i++) {
        const struct onlooker *onlooker = &onlookers->list[i];
        if (!onlooker->exchange || onlooker->processes == 0 ||
            exchange_backlog(onlooker->exchange) >= BACKLOG_BYTES_MAX)
            continue;
        size_t rows = onlooker->processes < onlookers->look_rows ? onlooker->processes : onlookers->look_rows;
        exchange_put(onlooker->exchange, onlookers->look.bytes, onlookers->look_ends[rows]);
    }
}

static bool is_swap_in_use(const struct interval *interval)
{
    return !(interval->values[M_swap_used_bytes] <= 0); /* whoever does not know has to look */
}

void onlookers_look(struct onlookers *onlookers, const struct interval *interval)
{
    const struct process_view view = {.rows = most_processes(onlookers), .sort = TOP_KEY_MAJOR_FAULTS};
    struct process_top_result result;
    uint64_t now_ns = clock_monotonic_ns();

    if (view.rows == 0 || open_processes(onlookers) < 0 ||
        process_top_run(onlookers->processes, &view, is_swap_in_use(interval), &result) < 0) {
        close_processes(onlookers);
        return;
    }
    double seconds = onlookers->looked ? (double)(now_ns - onlookers->looked_ns) / (double)NS_PER_SECOND : 0;
    onlookers->looked = true;
    onlookers->looked_ns = now_ns;
    onlookers->look.length = 0;
    onlookers->look_rows = result.count;
    put_summary(onlookers, &result, interval, seconds);
    for (size_t i = 0; i < result.count; i++)
        put_row(onlookers, i, interval->wall_ns, seconds);
    tell_look(onlookers);
}

/* -- coming and going -- */

static void on_drained(void *context)
{
    catch_up(context);
}

static void on_closed(void *context)
{
    struct onlooker *onlooker = context;
    onlooker->exchange = NULL;
}

static struct onlooker *free_place(struct onlookers *onlookers)
{
    for (size_t i = 0; i < ONLOOKERS_MAX; i++) {
        if (!onlookers->list[i].exchange)
            return &onlookers->list[i];
    }
    return NULL;
}

static bool read_processes(const struct exchange *exchange, size_t *processes)
{
    const struct request *request = exchange_request(exchange);
    char words[8];
    uint64_t number = 0;

    if (request_has_parameter(request, "processes") &&
        (!request_parameter(request, "processes", words, sizeof(words)) ||
         number_parse_unsigned(words, &number) < 0 || number > ONLOOKER_PROCESSES_MAX))
        return false;
    *processes = (size_t)number;
    return true;
}

/* Where one goes on who comes back, or now. */
static uint64_t first_number(const struct onlookers *onlookers, const struct exchange *exchange)
{
    const char *id = request_header(exchange_request(exchange), "Last-Event-ID");
    char memory[16];
    uint64_t number;

    (void)snprintf(memory, sizeof(memory), "%08" PRIx32 "-", onlookers->memory_id);
    if (id && strncmp(id, memory, strlen(memory)) == 0 &&
        number_parse_unsigned(id + strlen(memory), &number) == 0)
        return number + 1;
    return recent_first_since(onlookers->past->recent, UINT64_MAX);
}

/* Looked up once a minute at most: the recording has to be opened for it. */
static uint64_t since_ns(struct onlookers *onlookers)
{
    uint64_t now_ns = clock_monotonic_ns();

    if (onlookers->since_looked_ns == 0 ||
        now_ns - onlookers->since_looked_ns > SINCE_SECONDS * NS_PER_SECOND) {
        onlookers->since_ns = history_since_ns(onlookers->past);
        onlookers->since_looked_ns = onlookers->since_ns > 0 ? now_ns : 0;
    }
    return onlookers->since_ns;
}

static void tell_about(struct onlooker *onlooker)
{
    struct onlookers *onlookers = onlooker->all;
    struct about about = onlookers->about;

    about.wall_ns = clock_wall_ns();
    about.since_ns = since_ns(onlookers);
    text_string(&onlookers->output, "retry: 2000\ndata: ");
    json_put_about(&onlookers->output, &about);
    text_char(&onlookers->output, '\n');
    send(onlooker);
}

void onlookers_answer(struct onlookers *onlookers, struct exchange *exchange)
{
    struct onlooker *place = free_place(onlookers);
    size_t processes;

    if (!read_processes(exchange, &processes)) {
        exchange_answer_text(exchange, 400, "processes: expected a number from 0 to 50\n");
        return;
    }
    if (!place) {
        exchange_add_header(exchange, "Retry-After", "10");
        exchange_answer_text(exchange, 503, "64 look on already: try again later.\n");
        return;
    }
    *place = (struct onlooker){.all = onlookers,
                               .exchange = exchange,
                               .next_number = first_number(onlookers, exchange),
                               .processes = processes};
    const struct exchange_watcher watcher = {on_drained, on_closed, place};
    if (!exchange_begin(exchange, "text/event-stream", &watcher)) {
        place->exchange = NULL;
        return;
    }
    tell_about(place);
    catch_up(place);
}
