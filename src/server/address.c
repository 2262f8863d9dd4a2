#include "server/address.h"

#include "base/number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 512, FIRST_HANDED = 3 /* SD_LISTEN_FDS_START */ };

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } socket;
    socklen_t length;
    bool both; /* IPv6 and IPv4 */
};

/* -- reading -- */

static const char unix_prefix[] = "unix:";

static const char *path_of(const char *words)
{
    size_t length = sizeof(unix_prefix) - 1;
    return strncmp(words, unix_prefix, length) == 0 ? words + length : NULL;
}

static bool read_path(const char *path, struct address *address)
{
    struct sockaddr_un *local = &address->socket.local;

    if (path[0] == '\0' || strlen(path) >= sizeof(local->sun_path))
        return false;
    *local = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(local->sun_path, path, strlen(path) + 1);
    address->length = sizeof(*local);
    return true;
}

static void set_v6(struct address *address, struct in6_addr host, uint16_t port)
{
    address->socket.v6 =
        (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = host};
    address->length = sizeof(address->socket.v6);
}

/* Names are not looked up: that would wait for others, and may change while it runs. */
static bool read_host(const char *host, uint16_t port, struct address *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    size_t length = strlen(host);

    if (length == 0 || strcmp(host, "*") == 0) {
        set_v6(address, in6addr_any, port);
        address->both = true;
        return true;
    }
    if (host[0] == '[' && host[length - 1] == ']') {
        char inner[INET6_ADDRSTRLEN];
        if (length - 2 >= sizeof(inner))
            return false;
        memcpy(inner, host + 1, length - 2);
        inner[length - 2] = '\0';
        if (inet_pton(AF_INET6, inner, &v6) != 1)
            return false;
        set_v6(address, v6, port);
        return true;
    }
    if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &v4) != 1)
        return false;
    address->socket.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = v4};
    address->length = sizeof(address->socket.v4);
    return true;
}

static bool read_internet(const char *words, struct address *address)
{
    char host[INET6_ADDRSTRLEN + 2];
    const char *colon = strrchr(words, ':');
    uint64_t port;

    if (!colon || (size_t)(colon - words) >= sizeof(host) || number_parse_unsigned(colon + 1, &port) < 0 ||
        port > UINT16_MAX)
        return false;
    memcpy(host, words, (size_t)(colon - words));
    host[colon - words] = '\0';
    return read_host(host, (uint16_t)port, address);
}

static int read_address(const char *words, struct address *address, struct problem *problem)
{
    const char *path = path_of(words);

    *address = (struct address){0};
    if (path ? read_path(path, address) : read_internet(words, address))
        return 0;
    return problem_set(problem, EINVAL,
                       "'%s': expected ADDRESS:PORT, such as 127.0.0.1:10858, [::1]:10858 or :10858 for all "
                       "addresses, or unix:PATH",
                       words);
}

int address_check(const char *words, struct problem *problem)
{
    struct address address;
    return read_address(words, &address, problem);
}

/* -- listening -- */

/* What a server that did not end in order has left: nobody answers there. One that has too much to do is not
 * waited for. */
static void remove_stale(const struct address *address)
{
    struct stat info;
    const char *path = address->socket.local.sun_path;

    if (lstat(path, &info) < 0 || !S_ISSOCK(info.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, &address->socket.any, address->length) < 0 && errno == ECONNREFUSED)
        unlink(path);
    if (fd >= 0)
        close(fd);
}

static int set_options(int fd, const struct address *address)
{
    const int on = 1;
    const int only = address->both ? 0 : 1;

    if (address->socket.any.sa_family == AF_UNIX)
        return 0;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return -errno;
    if (address->socket.any.sa_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) < 0)
        return -errno;
    return 0;
}

static int bind_and_listen(const struct address *address)
{
    int fd = socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    int error = set_options(fd, address);
    if (error == 0 && (bind(fd, &address->socket.any, address->length) < 0 || listen(fd, BACKLOG) < 0))
        error = -errno;
    if (error < 0)
        close(fd);
    return error < 0 ? error : fd;
}

/* A kernel without IPv6 has all addresses, too. */
static int listen_everywhere(struct address *address)
{
    int fd = bind_and_listen(address);

    if (fd != -EAFNOSUPPORT || !address->both)
        return fd;
    address->socket.v4 =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = address->socket.v6.sin6_port};
    address->length = sizeof(address->socket.v4);
    return bind_and_listen(address);
}

static const char *mend_of(int error)
{
    switch (error) {
    case -EADDRINUSE:
        return ": another program listens there: end it, or take another port";
    case -EACCES:
        return ": ports below 1024 are for root; of a unix socket its folder has to be writable";
    case -EADDRNOTAVAIL:
        return ": this machine does not have that address";
    default:
        return "";
    }
}

int address_listen(const char *words, struct problem *problem)
{
    struct address address;
    int error = read_address(words, &address, problem);

    if (error < 0)
        return error;
    if (address.socket.any.sa_family == AF_UNIX)
        remove_stale(&address);
    int fd = listen_everywhere(&address);
    return fd < 0 ? problem_set(problem, -fd, "%s: %s%s", words, strerror(-fd), mend_of(fd)) : fd;
}

void address_forget(const char *words)
{
    const char *path = path_of(words);
    struct stat info;

    if (path && lstat(path, &info) == 0 && S_ISSOCK(info.st_mode))
        unlink(path);
}

/* -- what is handed over -- */

static bool is_for_this_process(void)
{
    const char *pid = getenv("LISTEN_PID");
    uint64_t number;

    return pid && number_parse_unsigned(pid, &number) == 0 && number == (uint64_t)getpid();
}

/* One that is no listening stream socket would be accepted from in vain. */
static int adopt(int fd)
{
    int listening = 0;
    int type = 0;
    socklen_t length = sizeof(listening);

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) < 0)
        return -errno;
    length = sizeof(type);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0)
        return -errno;
    if (!listening || type != SOCK_STREAM)
        return -EINVAL;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;
    return 0;
}

int address_take_handed(int *sockets, size_t most, struct problem *problem)
{
    const char *words = getenv("LISTEN_FDS");
    uint64_t count = 0;
    bool ours = words && is_for_this_process();

    if (ours && (number_parse_unsigned(words, &count) < 0 || count > most))
        return problem_set(problem, EINVAL, "LISTEN_FDS '%s': expected a number up to %zu", words, most);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    for (int i = 0; i < (int)count; i++) {
        sockets[i] = FIRST_HANDED + i;
        int error = adopt(sockets[i]);
        if (error < 0)
            return problem_set(problem, -error,
                               "descriptor %d, handed over by LISTEN_FDS, is no stream socket that listens",
                               sockets[i]);
    }
    return (int)count;
}
