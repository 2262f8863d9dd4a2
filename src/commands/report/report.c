/* faultline report: one incident of a recording in plain text, or as a page. */
#include "render/report.h"

#include "base/clock.h"
#include "base/number.h"
#include "base/size.h"
#include "blackbox/window.h"
#include "commands/blackbox_file.h"
#include "commands/commands.h"
#include "commands/operands.h"
#include "commands/options.h"
#include "commands/outcome.h"
#include "commands/replay/modes.h"
#include "commands/report/html.h"
#include "render/style.h"
#include "watch/evidence.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Processes are looked at less often than all else: what is known of them may be from long before. */
#define LOOKBACK_SECONDS 900

/* What comes behind the last event belongs to it for so long. */
#define AFTER_SECONDS 10

struct report_settings {
    const char *path;   /* NULL: this user's own */
    const char *around; /* NULL: the newest incident */
    double window_seconds;
    const char *html; /* NULL: plain text */
    bool list;
    bool help;
    bool version;
};

struct report {
    struct report_settings settings;
    struct blackbox_file file;
    struct incidents incidents;
    struct incident asked; /* a time that is no incident's */
    struct evidence evidence;
    bool has_machine; /* something was recorded then */
    char host[SCHEMA_HOST_MAX];
    char kernel[SCHEMA_HOST_MAX];
    struct about about;
    struct playback *playback;
    struct text output;
};

/* -- the command line -- */

static int apply_window(void *seconds, const char *value)
{
    return duration_parse(value, 1, 86400, seconds);
}

#define FIELD(name) .offset = offsetof(struct report_settings, name)

static const struct option_row rows[] = {
    {"around", 0, "WHAT", "incident:2, the last but one; oom:2; or a time", FIELD(around)},
    {"window", 0, "LENGTH", "how much of what came before (60s)", .apply = apply_window,
     .expected = "a length of time from 1s to 1d, such as 90s or 5m", FIELD(window_seconds)},
    {"html", 0, "FILE", "one page with charts into FILE, - for standard output", FIELD(html)},
    {"list", 0, NULL, "boots, gaps and incidents, and no report", FIELD(list)},
    {"help", 'h', NULL, "this text; faultline-report(1) says more", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

const struct option_table report_options = OPTION_TABLE(rows);

static void put_help(struct text *text)
{
    text_string(text, "Usage: faultline report [OPTIONS] [FILE]\n"
                      "The newest incident of a recording, in plain text or as a page: who was killed,\n"
                      "how it came, who held the memory, what it means. FILE: what `faultline record`\n"
                      "writes by default. Exit status: 0 done, 3 there is none, 1 failed, 2 wrong\n"
                      "usage.\n");
    options_put_help(text, &report_options);
}

static int parse(struct report_settings *settings, int argc, char **argv, struct problem *problem)
{
    int operands;

    *settings = (struct report_settings){.window_seconds = 60};
    int error = options_parse(&report_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    return operands_parse_file(argv + operands, &settings->path, problem);
}

/* -- which incident -- */

static int add_event(struct report *report)
{
    const struct recorded_event *event = &playback_decoder(report->playback)->event;
    struct incidents *incidents = &report->incidents;
    size_t known = incidents->count;
    int error = incidents_add(incidents, &event->event, event->monotonic_ns);

    if (incidents->count > known)
        incidents->list[known].place = recording_at(report->file.recording);
    return error;
}

static int find_incidents(struct report *report)
{
    const struct playback_settings all = {.range = PLAYBACK_ALL, .last_segment = SIZE_MAX};
    int played = PLAYED_END;

    int error = playback_start(report->playback, &all);
    while (error == 0 && (played = playback_next(report->playback)) > PLAYED_END) {
        if (played == PLAYED_EVENT)
            error = add_event(report);
        else if (played == PLAYED_MARK && playback_mark(report->playback)->kind == MARK_BOOT)
            incidents_break(&report->incidents);
    }
    return played < 0 ? played : error;
}

/* The incident that is nearest to WALL_NS, within the window; else one of that time alone. */
static const struct incident *incident_at(struct report *report, uint64_t wall_ns)
{
    uint64_t window_ns = (uint64_t)(report->settings.window_seconds * (double)NS_PER_SECOND);
    const struct incident *incident = incidents_near(&report->incidents, wall_ns, window_ns);

    if (incident)
        return incident;
    report->asked = (struct incident){.begin_ns = wall_ns,
                                      .end_ns = wall_ns,
                                      .title = "No alert and no OOM kill was recorded then"};
    return &report->asked;
}

/* "incident:N" */
static bool parse_incident(const char *words, uint64_t *number)
{
    static const char prefix[] = "incident:";
    return strncmp(words, prefix, sizeof(prefix) - 1) == 0 &&
           number_parse_unsigned(words + sizeof(prefix) - 1, number) == 0;
}

static int choose_by_time(struct report *report, const struct incident **incident, struct problem *problem)
{
    static const struct time_option option = {"--around", "incident:2 (the last but one), oom, oom:2 or ",
                                              false};
    uint64_t wall_ns;
    int error = blackbox_file_parse_time(&report->file, &option, report->settings.around, &wall_ns, problem);

    if (error == 0)
        *incident = incident_at(report, wall_ns);
    return error;
}

static int choose_by_kill(const struct report *report, uint64_t number, const struct incident **incident,
                          struct problem *problem)
{
    *incident = incidents_of_kill(&report->incidents, number);
    return *incident ? 0
                     : blackbox_file_refuse_oom(report->settings.around, incidents_kills(&report->incidents),
                                                problem);
}

static int choose_by_number(const struct report *report, uint64_t number, const struct incident **incident,
                            struct problem *problem)
{
    const struct incidents *incidents = &report->incidents;

    if (incidents->count == 0)
        return problem_set(problem, ENODATA, "%s: no incident was recorded; --around TIME looks at any time",
                           report->file.path);
    if (number < 1 || number > incidents->count)
        return problem_set(problem, ENODATA,
                           "--around %s: incidents in the recording: %zu; --list names them",
                           report->settings.around, incidents->count);
    *incident = &incidents->list[incidents->count - number];
    return 0;
}

static int choose_incident(struct report *report, const struct incident **incident, struct problem *problem)
{
    const char *around = report->settings.around;
    uint64_t number = 1;

    if (!around || parse_incident(around, &number))
        return choose_by_number(report, number, incident, problem);
    if (blackbox_file_parse_oom(around, &number))
        return choose_by_kill(report, number, incident, problem);
    return choose_by_time(report, incident, problem);
}

/* -- what is known of it -- */

/* Whoever held the memory is gone behind the last kill. */
static bool is_before_the_end(const struct incident *incident, uint64_t wall_ns)
{
    return incident->last_kill_ns == 0 || wall_ns <= incident->last_kill_ns;
}

/* As it was when the incident began: it may have got another name or another kernel since. */
static void note_machine(struct report *report, const struct incident *incident, uint64_t wall_ns)
{
    const struct schema *schema = &playback_decoder(report->playback)->schema;

    if (report->has_machine && wall_ns > incident->begin_ns)
        return;
    memcpy(report->host, schema->host, sizeof(report->host));
    memcpy(report->kernel, schema->kernel, sizeof(report->kernel));
    report->about = (struct about){
        .host = report->host,
        .kernel = report->kernel,
        .interval_seconds = (double)schema->interval_ns / (double)NS_PER_SECOND,
        .alert_major_faults = schema->alert_major_faults,
        .alert_context_switches = schema->alert_context_switches,
        .context_switches_per_cpu = schema->alert_context_switches_per_cpu,
    };
    report->has_machine = true;
}

static void take(struct report *report, const struct incident *incident, int played, uint64_t since_ns)
{
    const struct decoder *decoder = playback_decoder(report->playback);
    const struct event *event = &decoder->event.event;
    const struct interval *interval = playback_interval(report->playback);

    if (played == PLAYED_PROCESSES && is_before_the_end(incident, decoder->sample.wall_ns)) {
        evidence_add_processes(&report->evidence, decoder->rows, decoder->row_count, decoder->sample.wall_ns);
    } else if (played == PLAYED_EVENT && event->wall_ns >= since_ns) {
        note_machine(report, incident, event->wall_ns);
        evidence_add_event(&report->evidence, event);
    } else if (played == PLAYED_INTERVAL && interval->wall_ns >= since_ns) {
        note_machine(report, incident, interval->wall_ns);
        evidence_add_interval(&report->evidence, interval);
    }
}

static uint64_t before(uint64_t wall_ns, double seconds)
{
    uint64_t ns = (uint64_t)(seconds * (double)NS_PER_SECOND);
    return wall_ns > ns ? wall_ns - ns : 0;
}

/* The clock may have been set back in between. */
static uint64_t end_of(const struct incident *incident)
{
    return incident->end_ns > incident->begin_ns ? incident->end_ns : incident->begin_ns;
}

static bool was_recorded(const struct report *report, const struct incident *incident)
{
    return incident != &report->asked;
}

/* What another boot held or did is no evidence. */
static int gather(struct report *report, const struct incident *incident)
{
    struct recording *recording = report->file.recording;
    uint64_t since_ns = before(incident->begin_ns, report->settings.window_seconds);
    uint64_t end_ns = end_of(incident);
    struct playback_settings part = {
        .range = {before(since_ns, LOOKBACK_SECONDS), end_ns + AFTER_SECONDS * NS_PER_SECOND},
        .last_segment = SIZE_MAX,
        .intervals = true,
    };
    double seconds = (double)(part.range.until_ns - since_ns) / (double)NS_PER_SECOND;
    int played = PLAYED_END;

    int error = evidence_init(&report->evidence, seconds);
    if (was_recorded(report, incident))
        window_keep_to_boot(recording, window_boot_of(recording, incident->place), &part);
    if (error < 0 || !window_narrow(recording, &part))
        return error;
    error = playback_start(report->playback, &part);
    while (error == 0 && (played = playback_next(report->playback)) > PLAYED_END)
        take(report, incident, played, since_ns);
    return played < 0 ? played : error;
}

/* -- the run -- */

/* Behind the incident as much as before it: how it went on. */
static int write_html(struct report *report, const struct incident *incident, struct problem *problem)
{
    double window_seconds = report->settings.window_seconds;
    struct html_incident html = {
        .recording_path = report->file.path,
        .range = {before(incident->begin_ns, window_seconds),
                  end_of(incident) + (uint64_t)(window_seconds * (double)NS_PER_SECOND), 0},
        .about = report->about,
        .report = &report->output,
    };

    html.about.wall_ns = incident->end_ns;
    html.about.since_ns = html.range.since_ns;
    return html_write(report->settings.html, &html, problem);
}

static int print(struct report *report, const struct incident *incident, struct problem *problem)
{
    const struct incidents *incidents = &report->incidents;
    const struct report_head head = {
        .host = report->host,
        .kernel = report->kernel,
        .incident = incident,
        .number =
            was_recorded(report, incident) ? incidents->count - (size_t)(incident - incidents->list) : 0,
        .count = incidents->count,
    };

    report->output = text_new(REPORT_MAX);
    if (!report->output.bytes)
        return -ENOMEM;
    report_put(&report->output, &head, &report->evidence, style_for(STDOUT_FILENO, COLOR_NEVER).signs);
    return report->settings.html ? write_html(report, incident, problem)
                                 : outcome_write(&report->output, problem);
}

static int make(struct report *report, struct problem *problem)
{
    const struct incident *incident = &report->asked;

    report->playback = playback_new(report->file.recording);
    if (!report->playback)
        return -ENOMEM;
    int error = evidence_want(playback_sampler(report->playback));
    if (error == 0)
        error = find_incidents(report);
    if (error == 0)
        error = choose_incident(report, &incident, problem);
    if (error == 0)
        error = gather(report, incident);
    if (error == 0 && !report->has_machine)
        error = problem_set(problem, ENODATA, "nothing was recorded then; --list shows from when to when");
    return error < 0 ? error : print(report, incident, problem);
}

/* As `faultline replay --list`. */
static int list(const struct report *report, struct problem *problem)
{
    struct replay replay = {
        .file = report->file,
        .part = {.range = PLAYBACK_ALL, .last_segment = SIZE_MAX},
    };
    int told = replay_list(&replay, problem);
    return told < 0 ? told : 0;
}

static int run(struct report *report, struct problem *problem)
{
    int error = blackbox_file_open(&report->file, report->settings.path, problem);

    if (error == 0)
        error = report->settings.list ? list(report, problem) : make(report, problem);
    if (error == 0)
        blackbox_file_say_loss(&report->file);
    text_free(&report->output);
    evidence_free(&report->evidence);
    incidents_free(&report->incidents);
    playback_free(report->playback);
    blackbox_file_close(&report->file);
    return error;
}

int command_report(int argc, char **argv)
{
    struct problem problem = {0};
    struct report report = {0};

    int error = parse(&report.settings, argc, argv, &problem);
    int status = outcome_of_words(error, report.settings.help, report.settings.version, put_help, &problem);
    if (status != STATUS_GO_ON)
        return status;
    return outcome_of_search(run(&report, &problem), &problem);
}
