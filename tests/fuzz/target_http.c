/*
 * The whole server: an input is what clients send, one after the other on the same server. A byte 0x1e lets
 * the server go on, 0x1f lets an interval and an event come, 0x1d is the next client.
 */
#include "base/clock.h"
#include "server/server.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TURNS = 6, TURNS_AT_END = 40, CLIENTS_MAX = 4, READ_BYTES = 65536 };

static struct {
    char folder[256];
    char address[300]; /* "unix:..." */
    struct loop loop;
    struct server *server;
    double values[METRIC_TABLE_SIZE];
    uint64_t wall_ns;
} site;

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

static void close_site(void)
{
    server_close(site.server);
    loop_close(&site.loop);
    rmdir(site.folder);
}

static void take_interval(void)
{
    const struct interval interval = {.wall_ns = site.wall_ns += NS_PER_SECOND,
                                      .seconds = 1,
                                      .values = site.values,
                                      .value_count = METRIC_TABLE_SIZE};
    const struct event event = {.kind = EVENT_ALERT,
                                .wall_ns = site.wall_ns,
                                .message = "message",
                                .alert = "major_faults",
                                .state = STATE_BEGIN,
                                .value = NAN};

    server_take_interval(site.server, &interval);
    server_take_event(site.server, &event);
}

int LLVMFuzzerInitialize(int *count, char ***words)
{
    const char *top = getenv("TMPDIR");
    static const char *const addresses[] = {site.address};
    struct problem problem = {0};

    (void)count;
    (void)words;
    (void)snprintf(site.folder, sizeof(site.folder), "%s/faultline-fuzz-XXXXXX", top ? top : P_tmpdir);
    (void)signal(SIGPIPE, SIG_IGN); /* as the program does */
    if (!mkdtemp(site.folder) || loop_open(&site.loop) < 0)
        fail("no folder, or no loop");
    (void)snprintf(site.address, sizeof(site.address), "unix:%s/socket", site.folder);
    const struct server_settings settings = {
        .addresses = addresses,
        .address_count = 1,
        .connections = CLIENTS_MAX,
        .exporter = {.proc_path = "/proc", .processes = 3, .node_exporter_names = true},
        .interval_seconds = 1,
        .watch = WATCH_DEFAULTS,
    };
    if (server_open(&site.server, &settings, &site.loop, &problem) < 0)
        fail(problem.text);
    site.wall_ns = clock_wall_ns() - 100 * NS_PER_SECOND;
    for (int i = 0; i < 20; i++)
        take_interval();
    (void)atexit(close_site);
    return 0;
}

/* What comes back is answers of HTTP, from the first byte on. */
static void take_answers(int fd, bool *begun)
{
    static const char start[] = "HTTP/1.1 ";
    static char bytes[READ_BYTES];
    ssize_t got;

    while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
        if (!*begun && (got < (ssize_t)sizeof(start) || memcmp(bytes, start, sizeof(start) - 1) != 0))
            fail("an answer that is none");
        *begun = true;
    }
}

static void turn(int fd, bool *begun, int turns)
{
    for (int i = 0; i < turns; i++) {
        server_turn(site.server);
        take_answers(fd, begun);
    }
}

static int open_client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", site.address + strlen("unix:"));
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        fail("nobody listens");
    return fd;
}

/* Where the socket is full, the rest is left out. */
static void send_some(int fd, const uint8_t *bytes, size_t length)
{
    if (length > 0)
        (void)send(fd, bytes, length, MSG_NOSIGNAL);
}

static void speak(int fd, const uint8_t *data, size_t size)
{
    const uint8_t *end = data + size;
    bool begun = false;

    while (data < end) {
        const uint8_t *at = data;
        while (at < end && *at != 0x1e && *at != 0x1f)
            at++;
        send_some(fd, data, (size_t)(at - data));
        turn(fd, &begun, TURNS);
        if (at < end && *at == 0x1f)
            take_interval();
        data = at + 1;
    }
    shutdown(fd, SHUT_WR);
    turn(fd, &begun, TURNS_AT_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int clients[CLIENTS_MAX];
    size_t count = 0;

    while (count < CLIENTS_MAX && size > 0) {
        const uint8_t *end = memchr(data, 0x1d, size);
        size_t length = end ? (size_t)(end - data) : size;
        clients[count] = open_client();
        speak(clients[count++], data, length);
        data += length;
        size -= length;
        if (size > 0) {
            data++;
            size--;
        }
    }
    while (count > 0)
        close(clients[--count]);
    for (int i = 0; i < TURNS; i++)
        server_turn(site.server);
    return 0;
}
