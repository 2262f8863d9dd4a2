#include "watch/watch.h"

#include "base/size.h"
#include "base/text.h"
#include "watch/diagnosis.h"
#include "watch/process_name.h"

#include <math.h>

/* The fall of memory is taken over windows of at least this long, and has to go on for two of them: one large
 * allocation, or huge pages set aside, is no flood. */
static const double fall_seconds = 1;

static const double running_out_seconds = 30;

static void put_fall_rate(struct text *text, const struct watch *watch)
{
    text_size(text, watch->fall.latest_per_second);
    text_string(text, "/s, about ");
}

struct rule {
    const char *name;
    const char *title;
    enum event_severity severity;
    enum bound bound;
    void (*put_before)(struct text *text, const struct watch *watch); /* in front of the value, or NULL */
    const char *unit;
    const char *after; /* behind the value, where an episode begins or goes on */
    enum diagnosis (*diagnose)(const struct interval *interval); /* or NULL */
    const char *meaning;                                         /* where there is no diagnosis */
    bool colors_row;
    bool names_culprits;
};

static const struct rule rules[ALERT_COUNT] = {
    [ALERT_MAJOR_FAULTS] =
        {
            .name = "major_faults",
            .title = "HIGH IO LATENCY",
            .severity = SEVERITY_WARNING,
            .bound = BOUND_ABOVE,
            .unit = " Major Faults/sec",
            .after = " detected! ",
            .diagnose = diagnose_reads,
            .meaning = "tasks wait for pages to be read from disk",
            .names_culprits = true,
        },
    [ALERT_CONTEXT_SWITCHES] =
        {
            .name = "context_switches",
            .title = "CONTEXT SWITCH STORM",
            .severity = SEVERITY_WARNING,
            .bound = BOUND_ABOVE,
            .unit = " switches/sec",
            .after = ": ",
            .meaning = "tasks block and wake more than they compute (locks, pipes, too many threads)",
            .colors_row = true,
        },
    [ALERT_MEMORY_PRESSURE] =
        {
            .name = "memory_pressure",
            .title = "MEMORY PRESSURE",
            .severity = SEVERITY_WARNING,
            .bound = BOUND_AT_LEAST,
            .unit = "% of the time all tasks stood still for memory",
            .after = ": ",
            .diagnose = diagnose_memory_stall,
            .meaning = "the kernel makes room, for the whole machine or within a memory cgroup's limit",
        },
    [ALERT_MEMORY_RUNNING_OUT] =
        {
            .name = "memory_running_out",
            .title = "MEMORY RUNNING OUT",
            .severity = SEVERITY_CRITICAL,
            .bound = BOUND_AT_MOST,
            .put_before = put_fall_rate,
            .unit = " s left",
            .after = ": ",
            .meaning = "unless it stops, an OOM kill comes next",
        },
};

/* Seconds until nothing is left at the rate of late; as long as that is not confirmed, at the lesser one. */
static double seconds_left(const struct memory_fall *fall)
{
    double confirmed = fall->left_bytes / fall->confirmed_per_second;

    return confirmed <= running_out_seconds ? fall->left_bytes / fall->latest_per_second : confirmed;
}

static double measure(const struct watch *watch, const struct interval *interval, enum alert_id alert)
{
    switch (alert) {
    case ALERT_MAJOR_FAULTS:
        return interval->values[M_major_faults_per_second];
    case ALERT_CONTEXT_SWITCHES:
        return interval->values[M_context_switches_per_second];
    case ALERT_MEMORY_PRESSURE:
        return interval->values[M_memory_full_stall_percent];
    case ALERT_MEMORY_RUNNING_OUT:
        return seconds_left(&watch->fall);
    default:
        return NAN;
    }
}

static double threshold(const struct watch *watch, const struct interval *interval, enum alert_id alert)
{
    switch (alert) {
    case ALERT_MAJOR_FAULTS:
        return watch->settings.major_faults;
    case ALERT_CONTEXT_SWITCHES:
        return watch->settings.context_switches *
               (watch->settings.context_switches_per_cpu ? interval->values[M_cpus_online] : 1);
    case ALERT_MEMORY_PRESSURE:
        return 10; /* percent of the interval */
    case ALERT_MEMORY_RUNNING_OUT:
        return running_out_seconds;
    default:
        return NAN;
    }
}

/* What the rules above measure with. */
static const enum metric_id inputs[] = {
    M_major_faults_per_second,
    M_context_switches_per_second,
    M_cpus_online,
    M_memory_full_stall_percent,
    M_mem_available_bytes,
    M_swap_free_bytes,
    M_swap_used_bytes,
    M_mem_total_bytes,
};

const char *watch_alert_name(enum alert_id alert)
{
    return rules[alert].name;
}

void watch_init(struct watch *watch, struct watch_settings settings)
{
    *watch = (struct watch){
        .settings = settings,
        .fall = {.left_bytes = NAN, .latest_per_second = NAN, .confirmed_per_second = NAN},
    };
}

static int want_all(struct sampler *sampler, const enum metric_id *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int error = sampler_want(sampler, &metric_table[list[i]], NULL);
        if (error < 0)
            return error;
    }
    return 0;
}

int watch_want(struct sampler *sampler)
{
    int error = want_all(sampler, inputs, sizeof(inputs) / sizeof(*inputs));
    return error < 0 ? error : want_all(sampler, diagnosis_inputs, diagnosis_input_count);
}

/* NAN where either is. */
static double lesser_of_both(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : a < b ? a : b;
}

static void take_memory_fall(struct memory_fall *fall, double now, const struct interval *interval)
{
    double swap_free_bytes = zero_if_absent(interval->values[M_swap_free_bytes]);
    double left_bytes = interval->values[M_mem_available_bytes] + swap_free_bytes;
    double total_bytes = zero_if_absent(interval->values[M_mem_total_bytes]) + swap_free_bytes +
                         zero_if_absent(interval->values[M_swap_used_bytes]);

    if (!isnan(fall->left_bytes) && now - fall->at < fall_seconds)
        return;
    double rate = (fall->left_bytes - left_bytes) / (now - fall->at);
    if (!(rate > 0) || total_bytes != fall->total_bytes) /* swap taken away is not memory taken up */
        rate = NAN;
    *fall = (struct memory_fall){
        .at = now,
        .left_bytes = left_bytes,
        .total_bytes = total_bytes,
        .latest_per_second = rate,
        .confirmed_per_second = lesser_of_both(fall->latest_per_second, rate),
    };
}

static void put_value(struct text *text, const struct rule *rule, double value)
{
    text_decimal(text, value, 0);
    text_string(text, rule->unit);
}

/* A process that hardly faults has a rate all the same. */
static void put_rate(struct text *text, double rate)
{
    text_decimal(text, rate, rate < 9.5 ? 1 : 0);
    text_string(text, "/s");
}

/* "python3[4242] 80/s, sh[17] 3.0/s; " */
static void put_culprits(struct text *text, const struct watch *watch)
{
    for (size_t i = 0; i < watch->named_count; i++) {
        const struct culprit *culprit = &watch->named[i];
        process_name_put(text, culprit->comm, culprit->pid);
        text_char(text, ' ');
        put_rate(text, culprit->major_faults_per_second);
        text_string(text, i + 1 < watch->named_count ? ", " : "; ");
    }
}

static void put_message(struct text *text, const struct rule *rule, const struct watch *watch,
                        const struct interval *interval, double value, enum diagnosis diagnosis)
{
    text_string(text, rule->title);
    text_string(text, ": ");
    if (rule->put_before)
        rule->put_before(text, watch);
    put_value(text, rule, value);
    text_string(text, rule->after);
    if (rule->names_culprits)
        put_culprits(text, watch);
    if (diagnosis == DIAGNOSIS_NONE)
        text_string(text, rule->meaning);
    else
        diagnosis_put_meaning(text, diagnosis, interval);
}

static void put_end_message(struct text *text, const struct rule *rule, const struct episode *episode)
{
    text_string(text, rule->title);
    text_string(text, " is over: it lasted ");
    text_decimal(text, episode_duration(episode), 1);
    text_string(text, " s, at worst ");
    put_value(text, rule, episode->worst);
}

static void terminate(struct text *text)
{
    text->bytes[text->length] = '\0';
}

static void fill_alert(struct event *event, enum alert_id alert, enum episode_step step,
                       const struct watch *watch, const struct interval *interval)
{
    static const enum event_state states[] = {
        [EPISODE_BEGINS] = STATE_BEGIN, [EPISODE_CONTINUES] = STATE_CONTINUE, [EPISODE_ENDS] = STATE_END};
    const struct rule *rule = &rules[alert];
    const struct episode *episode = &watch->episodes[alert];
    bool over = step == EPISODE_ENDS;
    double value = measure(watch, interval, alert);
    enum diagnosis diagnosis = over || !rule->diagnose ? DIAGNOSIS_NONE : rule->diagnose(interval);
    struct text message = text_over(event->message, EVENT_MESSAGE_MAX - 1);

    if (over)
        put_end_message(&message, rule, episode);
    else
        put_message(&message, rule, watch, interval, value, diagnosis);
    terminate(&message);
    event->kind = EVENT_ALERT;
    event->kills = 0;
    event->kill = NULL;
    event->severity = over ? SEVERITY_OVER : rule->severity;
    event->colors_row = rule->colors_row;
    event->alert = rule->name;
    event->state = states[step];
    event->value = value;
    event->threshold = threshold(watch, interval, alert);
    event->worst = episode->worst;
    event->duration_seconds = episode_duration(episode);
    event->diagnosis = diagnosis_name(diagnosis);
    event->processes = watch->named;
    event->process_count = rule->names_culprits ? watch->named_count : 0;
}

/* Where a beginning could not be told with names, the next interval that is beyond the threshold is told,
 * too, if it has any. */
static enum episode_step name_culprits(struct watch *watch, const struct interval *interval,
                                       enum alert_id alert, enum episode_step step)
{
    struct episode *episode = &watch->episodes[alert];
    bool line = step == EPISODE_BEGINS || step == EPISODE_CONTINUES;
    bool owed = watch->owes_names && episode->active && episode->last_beyond == watch->now;
    enum culprits_demand demand = !episode->active ? CULPRITS_NONE
                                  : line || owed   ? CULPRITS_NOW
                                                   : CULPRITS_SOON;

    watch->named_count = culprits_take(watch->culprits, demand, interval->seconds, watch->named);
    if (demand != CULPRITS_SOON)
        watch->owes_names = step == EPISODE_BEGINS && watch->named_count == 0;
    return owed && !line && watch->named_count > 0
               ? episode_tell(episode, measure(watch, interval, alert), watch->now)
               : step;
}

size_t watch_step(struct watch *watch, const struct interval *interval, struct event *events)
{
    size_t count = 0;

    watch->now += interval->seconds;
    take_memory_fall(&watch->fall, watch->now, interval);
    for (enum alert_id alert = 0; alert < ALERT_COUNT; alert++) {
        enum episode_step step =
            episode_step(&watch->episodes[alert], rules[alert].bound, measure(watch, interval, alert),
                         threshold(watch, interval, alert), watch->now, interval->seconds);
        if (watch->culprits && rules[alert].names_culprits)
            step = name_culprits(watch, interval, alert, step);
        if (step != EPISODE_SILENT)
            fill_alert(&events[count++], alert, step, watch, interval);
    }
    for (size_t i = 0; i < count; i++)
        events[i].wall_ns = interval->wall_ns;
    return count;
}

bool watch_is_storm(const struct watch *watch, const struct interval *interval)
{
    return bound_exceeded(rules[ALERT_CONTEXT_SWITCHES].bound,
                          measure(watch, interval, ALERT_CONTEXT_SWITCHES),
                          threshold(watch, interval, ALERT_CONTEXT_SWITCHES));
}
