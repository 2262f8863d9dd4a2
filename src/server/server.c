#include "server/server.h"

#include "base/clock.h"
#include "base/gzip.h"
#include "base/ticker.h"
#include "render/json.h"
#include "render/page.h"
#include "server/address.h"
#include "server/http.h"
#include "server/onlookers.h"
#include "server/samples.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { KEEP_ALIVE_SECONDS = 15 };

struct server {
    struct server_settings settings;
    struct loop *loop;
    struct tls *tls;
    struct access *access;
    struct exporter *exporter;
    struct gzip_packer *packer; /* NULL: nothing is packed */

    struct recent *recent;
    struct past past;
    struct utsname machine;
    struct onlookers *onlookers;
    struct ticker keep_alive;
    struct text event; /* as JSON */

    int sockets[SERVER_ADDRESSES_MAX * 2]; /* addresses, and what was handed over */
    size_t socket_count;
    size_t listening; /* so many of the addresses */
    struct http *http;
    bool records;
    uint64_t record_failures;
};

/* -- answers -- */

static const char openmetrics_type[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";
static const char text_type[] = "text/plain; version=0.0.4; charset=utf-8";

/* Who asks for OpenMetrics gets it, at whatever weight: Prometheus names it first. */
static enum openmetrics_format format_for(const struct exchange *exchange)
{
    const char *accept = request_header(exchange_request(exchange), "Accept");
    return accept && strstr(accept, "application/openmetrics-text") ? OPENMETRICS_1_0
                                                                    : OPENMETRICS_TEXT_0_0_4;
}

static struct exporter_server own_figures(const struct server *server)
{
    struct http_counts counts = http_counts(server->http);

    return (struct exporter_server){
        .connections = counts.connections,
        .requests = counts.requests,
        .drops = {{"crowded", counts.dropped[HTTP_DROP_CROWDED]},
                  {"slow", counts.dropped[HTTP_DROP_SLOW]},
                  {"broken", counts.dropped[HTTP_DROP_BROKEN]}},
        .records = server->records,
        .record_failures = server->record_failures,
    };
}

/* Packed where that is wanted and possible. */
static void answer_packed(const struct server *server, struct exchange *exchange, const char *type,
                          const struct text *text, const struct openmetrics_spans *spans)
{
    const char *bytes = text->bytes;
    size_t length = text->length;

    exchange_add_header(exchange, "Vary", "Accept, Accept-Encoding");
    if (server->packer && request_takes_gzip(exchange_request(exchange)) &&
        gzip_pack(server->packer, text->bytes, text->length, spans->list, spans->count, &bytes, &length) == 0)
        exchange_add_header(exchange, "Content-Encoding", "gzip");
    exchange_answer(exchange, 200, type, bytes, length);
}

static void answer_metrics(void *context, struct exchange *exchange)
{
    struct server *server = context;
    enum openmetrics_format format = format_for(exchange);
    const struct exporter_server figures = own_figures(server);
    const struct text *text;
    const struct openmetrics_spans *spans;

    if (exporter_put(server->exporter, format, &figures, &text, &spans) < 0)
        exchange_answer_text(exchange, 500, "There is no memory for it.\n");
    else
        answer_packed(server, exchange, format == OPENMETRICS_1_0 ? openmetrics_type : text_type, text,
                      spans);
}

static void answer_health(void *context, struct exchange *exchange)
{
    (void)context;
    exchange_answer_text(exchange, 200, "ok\n");
}

static void answer_stream(void *context, struct exchange *exchange)
{
    struct server *server = context;
    onlookers_answer(server->onlookers, exchange);
}

static void answer_samples(void *context, struct exchange *exchange)
{
    struct server *server = context;
    samples_answer(&server->past, exchange);
}

static void answer_unpacked_page(struct exchange *exchange, const char *type)
{
    char *html;

    if (page_unpack(&html) < 0) {
        exchange_answer_text(exchange, 500, "There is no memory for it.\n");
        return;
    }
    exchange_answer(exchange, 200, type, html, strlen(html));
    free(html);
}

static void answer_page(void *context, struct exchange *exchange)
{
    static const char type[] = "text/html; charset=utf-8";
    struct page page = page_get();

    (void)context;
    if (!page_is_there()) {
        exchange_answer_text(
            exchange, 200, "This faultline was built without its page. /metrics /api/stream /api/samples\n");
        return;
    }
    exchange_add_header(exchange, "Content-Security-Policy", page.policy);
    exchange_add_header(exchange, "Vary", "Accept-Encoding");
    if (!request_takes_gzip(exchange_request(exchange))) {
        answer_unpacked_page(exchange, type);
        return;
    }
    exchange_add_header(exchange, "Content-Encoding", "gzip");
    exchange_answer_constant(exchange, 200, type, page.packed, page.packed_bytes);
}

static const struct http_route routes[] = {
    {"/", false, answer_page},
    {"/metrics", false, answer_metrics},
    {"/api/stream", false, answer_stream},
    {"/api/samples", false, answer_samples},
    {"/healthz", true, answer_health}, /* says nothing but that it is there */
};

/* -- opening -- */

static int open_secrets(struct server *server, struct problem *problem)
{
    const struct server_settings *settings = &server->settings;
    int error = 0;

    if (settings->tls_certificate)
        error = tls_open(&server->tls, settings->tls_certificate, settings->tls_key, problem);
    if (error == 0 && settings->auth_path)
        error = access_open(&server->access, settings->auth_path, server->loop, problem);
    return error;
}

static int open_past(struct server *server)
{
    server->recent = recent_new(server->settings.interval_seconds);
    server->event = text_new(JSON_EVENT_MAX);
    if (!server->recent || !server->event.bytes)
        return -ENOMEM;
    server->past = (struct past){
        .recent = server->recent,
        .interval_seconds = server->settings.interval_seconds,
        .recording_path = server->settings.recording_path,
    };
    return past_init(&server->past);
}

static int open_onlookers(struct server *server)
{
    const struct server_settings *settings = &server->settings;

    if (uname(&server->machine) < 0)
        return -errno;
    const struct about about = {
        .host = server->machine.nodename,
        .kernel = server->machine.release,
        .interval_seconds = settings->interval_seconds,
        .alert_major_faults = settings->watch.major_faults,
        .alert_context_switches = settings->watch.context_switches,
        .context_switches_per_cpu = settings->watch.context_switches_per_cpu,
    };
    server->onlookers = onlookers_new(&server->past, settings->exporter.proc_path, &about);
    return server->onlookers ? 0 : -ENOMEM;
}

static int open_http(struct server *server)
{
    const struct http_settings settings = {
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(*routes),
        .context = server,
        .connections = server->settings.connections,
        .tls = server->tls,
        .access = server->access,
    };

    server->http = http_new(&settings);
    server->packer = gzip_packer_new();
    return server->http && (server->packer || !gzip_is_possible()) ? 0 : -ENOMEM;
}

/* Connections are files, and so is what is read of processes and cgroups. */
static int make_room_for_files(const struct server *server, struct problem *problem)
{
    enum { OTHER_FILES = 128 };
    struct rlimit limit;
    rlim_t wanted = server->settings.connections + OTHER_FILES;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -errno;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted)
        return problem_set(
            problem, EMFILE,
            "--connections %zu: %llu files may be open, %llu are needed: fewer connections, or a higher "
            "limit (ulimit -n)",
            server->settings.connections, (unsigned long long)limit.rlim_max, (unsigned long long)wanted);
    if (limit.rlim_cur < wanted)
        limit.rlim_cur = wanted;
    return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

static int add_socket(struct server *server, int fd)
{
    int error = http_listen(server->http, fd);

    if (error == 0)
        server->sockets[server->socket_count++] = fd;
    return error;
}

/* Those handed over come in place of the default, not of what is asked for. */
static int listen_everywhere(struct server *server, struct problem *problem)
{
    static const char *const standard[] = {"127.0.0.1:10858"};
    const struct server_settings *settings = &server->settings;
    int handed[SERVER_ADDRESSES_MAX];
    int handed_count = address_take_handed(handed, SERVER_ADDRESSES_MAX, problem);
    int error = handed_count < 0 ? handed_count : 0;
    bool use_standard = handed_count <= 0 && settings->address_count == 0;
    const char *const *addresses = use_standard ? standard : settings->addresses;
    size_t count = use_standard ? 1 : settings->address_count;

    for (int i = 0; error == 0 && i < handed_count; i++)
        error = add_socket(server, handed[i]);
    for (size_t i = 0; error == 0 && i < count; i++) {
        int fd = address_listen(addresses[i], problem);
        server->listening += fd >= 0 && !use_standard;
        error = fd < 0 ? fd : add_socket(server, fd);
    }
    return error;
}

int server_open(struct server **server, const struct server_settings *settings, struct loop *loop,
                struct problem *problem)
{
    struct server *opened = calloc(1, sizeof(*opened));

    if (!opened)
        return -ENOMEM;
    opened->settings = *settings;
    opened->loop = loop;
    opened->records = settings->recording_path != NULL;
    int error = open_secrets(opened, problem);
    if (error == 0)
        error = exporter_open(&opened->exporter, &settings->exporter, problem);
    if (error == 0)
        error = open_past(opened);
    if (error == 0)
        error = open_onlookers(opened);
    if (error == 0)
        error = make_room_for_files(opened, problem);
    if (error == 0)
        error = open_http(opened);
    if (error == 0)
        error = listen_everywhere(opened, problem);
    if (error < 0)
        server_close(opened);
    else
        *server = opened;
    return error;
}

void server_close(struct server *server)
{
    if (!server)
        return;
    ticker_stop(&server->keep_alive, server->loop);
    http_free(server->http);
    onlookers_free(server->onlookers);
    for (size_t i = 0; i < server->listening; i++)
        address_forget(server->settings.addresses[i]);
    recent_free(server->recent);
    past_free(&server->past);
    text_free(&server->event);
    gzip_packer_free(server->packer);
    exporter_close(server->exporter);
    access_close(server->access);
    tls_close(server->tls);
    free(server);
}

/* -- where it listens -- */

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

static void put_host(struct text *text, const union socket_address *address)
{
    char host[INET6_ADDRSTRLEN] = "";

    if (address->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
        text_string(text, host);
        return;
    }
    inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
    text_format(text, "[%s]", host);
}

static void put_address(struct text *text, int fd, const char *scheme)
{
    union socket_address address = {.any.sa_family = AF_UNSPEC};
    socklen_t length = sizeof(address);

    if (getsockname(fd, &address.any, &length) < 0)
        return;
    if (address.any.sa_family == AF_UNIX) {
        text_format(text, "unix:%.*s", (int)sizeof(address.local.sun_path), address.local.sun_path);
        return;
    }
    text_format(text, "%s://", scheme);
    put_host(text, &address);
    text_format(text, ":%u/",
                ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port));
}

void server_put_addresses(const struct server *server, struct text *text)
{
    for (size_t i = 0; i < server->socket_count; i++) {
        if (i > 0)
            text_char(text, '\n');
        put_address(text, server->sockets[i], server->tls ? "https" : "http");
    }
}

/* -- what comes -- */

void server_take_interval(struct server *server, const struct interval *interval)
{
    exporter_take_interval(server->exporter, interval);
    recent_add_interval(server->recent, interval);
    onlookers_tell(server->onlookers);
    onlookers_look(server->onlookers, interval);
}

void server_take_event(struct server *server, const struct event *event)
{
    exporter_take_event(server->exporter, event);
    server->event.length = 0;
    json_put_event(&server->event, event);
    recent_add_event(server->recent, event->wall_ns, server->event.bytes, server->event.length);
    onlookers_tell(server->onlookers);
}

void server_note_recording(struct server *server, uint64_t failures)
{
    server->record_failures = failures;
}

void server_reload(struct server *server)
{
    struct problem problem = {0};

    if (server->tls && tls_reload(server->tls, &problem) < 0)
        problem_print(&problem);
    if (server->access && access_reload(server->access, &problem) < 0)
        problem_print(&problem);
}

static void on_keep_alive(void *context)
{
    struct server *server = context;
    onlookers_keep_alive(server->onlookers);
}

int server_run(struct server *server)
{
    int error = ticker_start(&server->keep_alive, server->loop, clock_monotonic_ns(),
                             KEEP_ALIVE_SECONDS * NS_PER_SECOND, on_keep_alive, server);
    return error < 0 ? error : http_run(server->http, server->loop);
}

void server_turn(struct server *server)
{
    http_turn(server->http);
}
