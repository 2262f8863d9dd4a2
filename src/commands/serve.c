/* faultline serve: Prometheus metrics and the live page; records besides, if asked for. */
#include "base/clock.h"
#include "base/text.h"
#include "commands/alert_options.h"
#include "commands/black_box.h"
#include "commands/commands.h"
#include "commands/lesser_user.h"
#include "commands/monitor.h"
#include "commands/options.h"
#include "commands/outcome.h"
#include "metric/comm_counters.h"
#include "server/address.h"
#include "server/server.h"

#include <errno.h>

enum { RECORDED_PROCESSES = 10, ADDRESSES_BYTES = 4096 };

struct serve_settings {
    char **addresses; /* NULL at the end */
    size_t address_count;
    double interval_seconds;
    const char *record_path;
    uint64_t record_bytes; /* 0: as the file has it, or the default */
    uint64_t processes;
    const char *cgroups;
    bool node_exporter_names;
    const char *tls_certificate;
    const char *tls_key;
    const char *auth_path;
    uint64_t connections;
    struct watch_settings watch;
    const char *cgroup_path;
    const char *on_event;
    bool protect;
    struct lesser_user user;
    const char *proc_path;
    bool help;
    bool version;
};

struct serve {
    struct serve_settings settings;
    struct monitor monitor;
    struct server *server;
    bool records;
    struct black_box box;
};

/* -- the command line -- */

#define FIELD(name) .offset = offsetof(struct serve_settings, name)

static const struct option_row rows[] = {
    {"record", 0, "FILE", "record into FILE as well, and show what is in it", FIELD(record_path)},
    {"size", 0, "SIZE", "of that file, for good: 1M to 1T (64M)", .apply = black_box_apply_size,
     .expected = BLACK_BOX_SIZE_EXPECTED, FIELD(record_bytes)},
    {"interval", 0, "SECONDS", "between rows, 0.01 to 3600 (1)", .apply = black_box_apply_interval,
     .expected = BLACK_BOX_INTERVAL_EXPECTED, FIELD(interval_seconds)},
    {"processes", 0, "N", "faults and memory by command, N of them and the rest", .most = COMM_COUNTERS_MAX,
     .expected = "a number from 0 to 100", FIELD(processes)},
    {"cgroups", 0, "GLOB", "memory cgroups whose path matches, 100 at most", FIELD(cgroups)},
    {"node-exporter-names", 0, NULL, "also the node_* names of vmstat, meminfo, PSI, stat",
     FIELD(node_exporter_names)},
    {"tls-cert", 0, "FILE", "HTTPS, with this certificate (PEM)", FIELD(tls_certificate)},
    {"tls-key", 0, "FILE", "and its key", FIELD(tls_key)},
    {"auth-file", 0, "FILE", "users and passwords, as htpasswd -B writes them", FIELD(auth_path)},
    {"connections", 0, "N", "at most, 10 to 1000 (200)", .least = 10, .most = SERVER_CONNECTIONS_MAX,
     .expected = "a number from 10 to 1000", FIELD(connections)},
    ALERT_OPTIONS(struct serve_settings, watch),
    {"cgroup", 0, "DIR", "of OOM kills, those in and below this cgroup", FIELD(cgroup_path)},
    {"on-event", 0, "COMMAND", "run COMMAND for each event, as JSON on its input", FIELD(on_event)},
    {"protect", 0, NULL, "lock memory, and be the last for the OOM killer", FIELD(protect)},
    LESSER_USER_OPTION(struct serve_settings, user),
    {"proc", 0, "DIR", "read another /proc, e.g. /host/proc", FIELD(proc_path)},
    {"help", 'h', NULL, "this text; faultline-serve(1) says more", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

const struct option_table serve_options = OPTION_TABLE(rows);

static void put_help(struct text *text)
{
    text_string(text, "Usage: faultline serve [OPTIONS] [ADDRESS:PORT]...\n"
                      "Metrics for Prometheus at /metrics, a live page at /. Without an address:\n"
                      "127.0.0.1:10858; [::1]:PORT, :PORT for all, unix:PATH are others. SIGHUP reads\n"
                      "certificate and passwords again. Exit status: 0 ended by a signal, 1 failed,\n"
                      "2 wrong usage.\n");
    options_put_help(text, &serve_options);
}

static int check_addresses(struct serve_settings *settings, struct problem *problem)
{
    int error = 0;

    while (error == 0 && settings->addresses[settings->address_count])
        error = address_check(settings->addresses[settings->address_count++], problem);
    if (error == 0 && settings->address_count > SERVER_ADDRESSES_MAX)
        error = problem_set(problem, EINVAL, "%zu addresses: %d at most", settings->address_count,
                            SERVER_ADDRESSES_MAX);
    return error;
}

static int parse(struct serve_settings *settings, int argc, char **argv, struct problem *problem)
{
    int operands;

    *settings = (struct serve_settings){
        .interval_seconds = 1,
        .connections = SERVER_CONNECTIONS_DEFAULT,
        .watch = WATCH_DEFAULTS,
        .proc_path = "/proc",
    };
    int error = options_parse(&serve_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    if (!settings->tls_certificate != !settings->tls_key)
        return problem_set(problem, EINVAL, "--tls-cert and --tls-key: one does not go without the other");
    if (settings->record_bytes > 0 && !settings->record_path)
        return problem_set(problem, EINVAL, "--size: of which file? It goes with --record");
    settings->addresses = argv + operands;
    error = check_addresses(settings, problem);
    return error < 0 ? error : lesser_user_find(&settings->user, problem);
}

/* -- what the monitor tells -- */

static int take_interval(void *context, const struct interval *interval, bool storm)
{
    struct serve *serve = context;

    (void)storm;
    if (serve->records)
        black_box_take(&serve->box, serve->monitor.series.before, interval);
    server_take_interval(serve->server, interval);
    return 0;
}

static int take_event(void *context, const struct event *event)
{
    struct serve *serve = context;

    if (serve->records)
        black_box_note(&serve->box, event);
    server_take_event(serve->server, event);
    return 0;
}

static int note_recording(void *context)
{
    struct serve *serve = context;

    server_note_recording(serve->server, serve->box.failures);
    return 0;
}

static void reload(void *context)
{
    struct serve *serve = context;
    server_reload(serve->server);
}

/* -- the run -- */

static int open_monitor(struct serve *serve, struct problem *problem)
{
    const struct serve_settings *settings = &serve->settings;
    const struct monitor_settings watched = {
        .beat = {settings->interval_seconds, 0},
        .proc_path = settings->proc_path,
        .watch = settings->watch,
        .cgroup_path = settings->cgroup_path,
        .on_event = settings->on_event,
        .protect = settings->protect,
    };
    const struct monitor_listener listener = {
        .interval = take_interval,
        .event = take_event,
        .flush = note_recording,
        .hung_up = reload,
        .context = serve,
    };

    int error = monitor_init(&serve->monitor, &watched, &listener);
    struct sampler *sampler = serve->monitor.series.sampler;
    if (error == 0)
        error = sampler_want_table(sampler);
    if (error == 0 && serve->records)
        error = recorder_want(sampler, settings->proc_path);
    return error < 0 ? error : monitor_open(&serve->monitor, problem);
}

static int open_box(struct serve *serve, struct problem *problem)
{
    const struct serve_settings *settings = &serve->settings;
    const struct recorder_settings recording = {
        .store = {.bytes = settings->record_bytes},
        .proc_path = settings->proc_path,
        .interval_ns = (uint64_t)(settings->interval_seconds * (double)NS_PER_SECOND + 0.5),
        .processes = RECORDED_PROCESSES,
        .watch = settings->watch,
    };

    return serve->records ? black_box_open(&serve->box, recording, serve->monitor.series.sampler,
                                           &settings->user, problem)
                          : 0;
}

static int open_server(struct serve *serve, struct problem *problem)
{
    const struct serve_settings *settings = &serve->settings;
    const struct server_settings served = {
        .addresses = (const char *const *)settings->addresses,
        .address_count = settings->address_count,
        .tls_certificate = settings->tls_certificate,
        .tls_key = settings->tls_key,
        .auth_path = settings->auth_path,
        .connections = settings->connections,
        .exporter =
            {
                .proc_path = settings->proc_path,
                .processes = settings->processes,
                .cgroups = settings->cgroups,
                .node_exporter_names = settings->node_exporter_names,
            },
        .interval_seconds = settings->interval_seconds,
        .watch = settings->watch,
        .recording_path = serve->records ? serve->box.path : NULL,
    };

    return server_open(&serve->server, &served, &serve->monitor.loop, problem);
}

static void say_addresses(const struct server *server)
{
    char bytes[ADDRESSES_BYTES];
    struct text addresses = text_over(bytes, sizeof(bytes) - 1);

    server_put_addresses(server, &addresses);
    bytes[addresses.length] = '\0';
    for (char *at = bytes, *end; *at; at = end) {
        struct problem problem;
        end = at;
        while (*end && *end != '\n')
            end++;
        if (*end)
            *end++ = '\0';
        problem_set(&problem, 0, "serving %s", at);
        problem_print(&problem);
    }
}

static int open_all(struct serve *serve, struct problem *problem)
{
    const struct serve_settings *settings = &serve->settings;
    const struct account *owner = lesser_user_account(&settings->user);
    int error =
        serve->records ? black_box_choose_path(&serve->box, settings->record_path, owner, problem) : 0;

    if (error == 0)
        error = open_monitor(serve, problem);
    if (error == 0)
        error = open_server(serve, problem);
    if (error == 0)
        error = open_box(serve, problem);
    return error;
}

static int run(struct serve *serve, struct problem *problem)
{
    static const struct columns no_columns;

    serve->records = serve->settings.record_path != NULL;
    int error = open_all(serve, problem);
    if (error < 0)
        return error;
    monitor_start(&serve->monitor, &no_columns);
    error = lesser_user_become(&serve->settings.user, problem);
    if (error == 0 && serve->records)
        error = black_box_begin(&serve->box, serve->monitor.series.before, problem);
    if (error < 0)
        return error;
    say_addresses(serve->server);
    error = monitor_begin(&serve->monitor);
    if (error == 0)
        error = server_run(serve->server);
    int ended = serve->records ? black_box_end(&serve->box, problem) : 0;
    return error < 0 ? error : ended;
}

int command_serve(int argc, char **argv)
{
    struct problem problem = {0};
    struct serve serve = {0};

    int error = parse(&serve.settings, argc, argv, &problem);
    int status = outcome_of_words(error, serve.settings.help, serve.settings.version, put_help, &problem);
    if (status != STATUS_GO_ON)
        return status;
    error = run(&serve, &problem);
    server_close(serve.server);
    monitor_release(&serve.monitor);
    black_box_close(&serve.box);
    return error < 0 ? outcome_failed(&problem, error) : STATUS_DONE;
}
