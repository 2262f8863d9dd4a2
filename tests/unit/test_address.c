#include "server/address.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void accepted(const char *words)
{
    struct problem problem = {0};

    if (address_check(words, &problem) < 0)
        fail_msg("%s", problem.text);
}

static void refused(const char *words)
{
    struct problem problem = {0};
    char expected[512];

    if (address_check(words, &problem) != -EINVAL)
        fail_msg("%s is taken", words);
    snprintf(expected, sizeof(expected),
             "'%s': expected ADDRESS:PORT, such as 127.0.0.1:10858, [::1]:10858 or :10858 for all "
             "addresses, or unix:PATH",
             words);
    assert_string_equal(problem.text, expected);
    assert_int_equal(address_listen(words, &problem), -EINVAL);
}

static void all_forms(void **state)
{
    (void)state;
    accepted("127.0.0.1:10858");
    accepted("0.0.0.0:1");
    accepted("[::1]:10858");
    accepted("[::]:65535");
    accepted("[fe80:1111:2222:3333:4444:5555:6666:7777]:0");
    accepted("[::ffff:192.168.100.100]:80");
    accepted(":10858");
    accepted("*:10858");
    accepted("localhost:10858");
    accepted("unix:/run/faultline.sock");
    accepted("unix:relative");
}

static void what_is_no_address(void **state)
{
    static const char *const none[] = {
        "",
        "10858",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "::1:80",
        "[::1]",
        "[::1:80",
        "::1]:80",
        "[]:80",
        "[127.0.0.1]:80",
        "[*]:80",
        "example:80",
        "127.1:80",
        "127.0.0.1:http",
        "127.0.0.256:80",
        "127.0.0.1 :80",
        " :80",
        "http://a:80",
        "unix:",
        "unix",
        "[fe80::1%lo]:80",
        "localhost:80/",
        "[fe80:1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:80",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(none); i++)
        refused(none[i]);
}

static void a_path_that_fits_a_socket(void **state)
{
    char words[256] = "unix:";
    struct problem problem = {0};
    (void)state;

    memset(words + 5, 'x', 107);
    accepted(words);
    words[5 + 107] = 'x';
    assert_int_equal(address_check(words, &problem), -EINVAL);
}

static int listening(const char *words)
{
    struct problem problem = {0};
    int fd = address_listen(words, &problem);
    int is_listening = 0;
    socklen_t length = sizeof(is_listening);

    if (fd < 0)
        fail_msg("%s", problem.text);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &length), 0);
    assert_int_equal(is_listening, 1);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    return fd;
}

static uint16_t port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t length = sizeof(address);

    assert_int_equal(getsockname(fd, &address.any, &length), 0);
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

static bool can_connect(const char *host, uint16_t port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr.s_addr = inet_addr(host)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;

    close(fd);
    return connected;
}

static void this_machine_alone_or_all_addresses(void **state)
{
    static const char *const words[] = {"127.0.0.1:0", "localhost:0", ":0", "*:0", "0.0.0.0:0"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        int fd = listening(words[i]);
        assert_true(can_connect("127.0.0.1", port_of(fd)));
        assert_int_equal(can_connect("127.0.0.2", port_of(fd)), i >= 2);
        close(fd);
    }
}

static void an_address_that_is_taken(void **state)
{
    int fd = listening("127.0.0.1:0");
    char words[32], expected[160];
    struct problem problem = {0};
    (void)state;

    snprintf(words, sizeof(words), "127.0.0.1:%u", port_of(fd));
    snprintf(expected, sizeof(expected),
             "%s: Address already in use: another program listens there: end it, or take another port",
             words);
    assert_int_equal(address_listen(words, &problem), -EADDRINUSE);
    assert_string_equal(problem.text, expected);
    close(fd);
    fd = listening(words);
    close(fd);
    assert_int_equal(address_listen("192.0.2.1:0", &problem), -EADDRNOTAVAIL);
    assert_non_null(strstr(problem.text, "this machine does not have that address"));
}

/* -- sockets in the file system -- */

struct place {
    char words[80];
};

static struct place place_in(const struct folder *folder)
{
    struct place place;

    snprintf(place.words, sizeof(place.words), "unix:%s/socket", folder->path);
    return place;
}

static bool is_socket(const char *words)
{
    struct stat info;
    return lstat(words + strlen("unix:"), &info) == 0 && S_ISSOCK(info.st_mode);
}

static void a_socket_that_was_left_is_replaced(void **state)
{
    struct place place = place_in(*state);

    close(listening(place.words)); /* nobody answers there any more */
    assert_true(is_socket(place.words));
    int fd = listening(place.words);
    address_forget(place.words);
    assert_false(is_socket(place.words));
    address_forget(place.words);
    close(fd);
}

static void a_socket_that_is_answered_at_is_not(void **state)
{
    struct place place = place_in(*state);
    struct problem problem = {0};
    int fd = listening(place.words);

    assert_int_equal(address_listen(place.words, &problem), -EADDRINUSE);
    assert_true(is_socket(place.words));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, place.words + strlen("unix:"));
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(client);
    close(fd);
}

/* As many wait to be let in as may. */
static void nor_is_one_that_has_too_much_to_do(void **state)
{
    struct place place = place_in(*state);
    struct problem problem = {0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int clients[4];

    int fd = listening(place.words);
    assert_int_equal(listen(fd, 0), 0);
    strcpy(address.sun_path, place.words + strlen("unix:"));
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(clients[i], (const struct sockaddr *)&address, sizeof(address));
    }
    assert_int_equal(address_listen(place.words, &problem), -EADDRINUSE);
    assert_true(is_socket(place.words));
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        close(clients[i]);
    close(fd);
}

static void a_file_is_not_touched(void **state)
{
    struct place place = place_in(*state);
    struct problem problem = {0};

    folder_put(*state, "socket", "precious");
    assert_int_equal(address_listen(place.words, &problem), -EADDRINUSE);
    address_forget(place.words);
    char *text = folder_get(*state, "socket");
    assert_string_equal(text, "precious");
    free(text);
    address_forget("127.0.0.1:80");
    assert_int_equal(address_listen("unix:/no/such/folder/socket", &problem), -ENOENT);
}

/* -- what is handed over, from descriptor 3 on: in a process of its own -- */

enum { DESCRIPTORS = 3, FAILS = 100 };

static void close_from_3(void)
{
    for (int fd = 3; fd < 64; fd++)
        close(fd);
}

/* What TAKE returns in a process whose descriptors 3 and 4 listen and 5 does not. */
static int in_another_process(int (*take)(void))
{
    int status;
    fflush(NULL);
    pid_t pid = fork();

    if (pid == 0) {
        close_from_3();
        for (int i = 0; i < 2; i++) {
            int fd = socket(AF_UNIX, SOCK_STREAM, 0);
            if (fd != 3 + i || bind(fd, &(struct sockaddr){.sa_family = AF_UNIX}, sizeof(sa_family_t)) < 0 ||
                listen(fd, 5) < 0)
                _exit(FAILS);
        }
        if (socket(AF_UNIX, SOCK_STREAM, 0) != 5)
            _exit(FAILS);
        _exit(take());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void hand_over(const char *count, long pid)
{
    char words[32];

    snprintf(words, sizeof(words), "%ld", pid);
    setenv("LISTEN_PID", words, 1);
    setenv("LISTEN_FDS", count, 1);
    setenv("LISTEN_FDNAMES", "a:b", 1);
}

static int take_two(void)
{
    int sockets[DESCRIPTORS] = {-1, -1, -1};
    struct problem problem = {0};

    hand_over("2", getpid());
    if (address_take_handed(sockets, DESCRIPTORS, &problem) != 2 || sockets[0] != 3 || sockets[1] != 4)
        return FAILS;
    if (!(fcntl(3, F_GETFL) & O_NONBLOCK) || !(fcntl(4, F_GETFD) & FD_CLOEXEC))
        return FAILS + 1;
    if (getenv("LISTEN_PID") || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES"))
        return FAILS + 2;
    return address_take_handed(sockets, DESCRIPTORS, &problem); /* they are taken once */
}

static int take_for_another(void)
{
    int sockets[DESCRIPTORS];
    struct problem problem = {0};

    hand_over("2", getppid());
    int count = address_take_handed(sockets, DESCRIPTORS, &problem);
    return (fcntl(3, F_GETFD) & FD_CLOEXEC) ? FAILS : count;
}

static int take_without_pid(void)
{
    int sockets[DESCRIPTORS];
    struct problem problem = {0};

    hand_over("2", getpid());
    unsetenv("LISTEN_PID");
    return address_take_handed(sockets, DESCRIPTORS, &problem);
}

static int take_too_many(void)
{
    int sockets[DESCRIPTORS];
    struct problem problem = {0};

    hand_over("4", getpid());
    if (address_take_handed(sockets, DESCRIPTORS, &problem) != -EINVAL ||
        strcmp(problem.text, "LISTEN_FDS '4': expected a number up to 3") != 0)
        return FAILS;
    hand_over("-1", getpid());
    return address_take_handed(sockets, DESCRIPTORS, &problem) == -EINVAL ? 0 : FAILS + 1;
}

static int take_one_that_does_not_listen(void)
{
    int sockets[DESCRIPTORS];
    struct problem problem = {0};

    hand_over("3", getpid());
    if (address_take_handed(sockets, DESCRIPTORS, &problem) != -EINVAL)
        return FAILS;
    return strstr(problem.text, "descriptor 5") ? 0 : FAILS + 1;
}

static void sockets_that_are_handed_over(void **state)
{
    (void)state;
    assert_int_equal(in_another_process(take_two), 0);
    assert_int_equal(in_another_process(take_for_another), 0);
    assert_int_equal(in_another_process(take_without_pid), 0);
    assert_int_equal(in_another_process(take_too_many), 0);
    assert_int_equal(in_another_process(take_one_that_does_not_listen), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms),
        cmocka_unit_test(what_is_no_address),
        cmocka_unit_test(a_path_that_fits_a_socket),
        cmocka_unit_test(this_machine_alone_or_all_addresses),
        cmocka_unit_test(an_address_that_is_taken),
        unit_test_in_folder(a_socket_that_was_left_is_replaced),
        unit_test_in_folder(a_socket_that_is_answered_at_is_not),
        unit_test_in_folder(nor_is_one_that_has_too_much_to_do),
        unit_test_in_folder(a_file_is_not_touched),
        cmocka_unit_test(sockets_that_are_handed_over),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
