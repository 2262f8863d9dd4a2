#include "base/file.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MUCH = 1 << 20 }; /* more than any pipe holds by default */

static char byte_at(size_t offset)
{
    return (char)(offset * 7 + offset / 251);
}

/* Reads all that comes, slowly at first, and exits with 0 when it is MUCH bytes in the right order. */
static void read_all_and_exit(int fd)
{
    static char bytes[5000];
    size_t total = 0;
    bool right = true;

    for (ssize_t got; (got = read(fd, bytes, sizeof(bytes))) != 0;) {
        if (got < 0)
            continue;
        for (size_t i = 0; i < (size_t)got; i++)
            right &= bytes[i] == byte_at(total + i);
        total += (size_t)got;
        if (total < 100000)
            usleep(2000);
    }
    _exit(right && total == MUCH ? 0 : 1);
}

/* The reader's exit status, with the writer's result in *WRITTEN. */
static int send_much(int flags, int *written)
{
    int ends[2];
    int status;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t reader = fork();
    if (reader == 0) {
        close(ends[1]);
        read_all_and_exit(ends[0]);
    }
    close(ends[0]);
    fcntl(ends[1], F_SETFL, flags);
    char *bytes = malloc(MUCH);
    assert_non_null(bytes);
    for (size_t i = 0; i < MUCH; i++)
        bytes[i] = byte_at(i);
    *written = file_write_all(ends[1], bytes, MUCH);
    free(bytes);
    close(ends[1]);
    while (waitpid(reader, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return status;
}

static void more_than_a_pipe_holds_arrives_whole(void **state)
{
    int written;
    (void)state;

    assert_int_equal(send_much(0, &written), 0);
    assert_int_equal(written, 0);
}

static void a_non_blocking_pipe_is_waited_for(void **state)
{
    int written;
    (void)state;

    assert_int_equal(send_much(O_NONBLOCK, &written), 0);
    assert_int_equal(written, 0);
}

static volatile sig_atomic_t interruptions;

static void interrupt(int signal)
{
    (void)signal;
    interruptions++;
}

static void signals_in_between_lose_and_repeat_nothing(void **state)
{
    struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART: write() gives EINTR */
    struct itimerval often = {{0, 500}, {0, 500}}, never = {0};
    int written[2], status[2];
    (void)state;

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    status[0] = send_much(0, &written[0]);
    status[1] = send_much(O_NONBLOCK, &written[1]);
    setitimer(ITIMER_REAL, &never, NULL);
    assert_true(interruptions > 0);
    assert_int_equal(status[0], 0);
    assert_int_equal(written[0], 0);
    assert_int_equal(status[1], 0);
    assert_int_equal(written[1], 0);
}

static void failures_are_negative_errnos(void **state)
{
    int ends[2];
    (void)state;

    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    assert_int_equal(file_write_all(ends[1], "x", 1), -EPIPE);
    close(ends[1]);
    assert_int_equal(file_write_all(ends[1], "x", 1), -EBADF);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0)
        skip();
    assert_int_equal(file_write_all(full, "row\n", 4), -ENOSPC);
    close(full);
}

static void nothing_is_written_at_once(void **state)
{
    (void)state;
    assert_int_equal(file_write_all(-1, "", 0), 0);
}

static int read_in(const struct folder *folder, const char *name, char **text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    *text = (char *)name; /* whatever stood there */
    return file_read_whole(path, text);
}

static void a_file_is_read_whole_and_terminated(void **state)
{
    char *text;

    folder_put(*state, "short", "one\ntwo");
    folder_put(*state, "empty", "");
    assert_int_equal(read_in(*state, "short", &text), 0);
    assert_string_equal(text, "one\ntwo");
    free(text);
    assert_int_equal(read_in(*state, "empty", &text), 0);
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(file_read_whole("/proc/self/comm", &text), 0); /* which has no size */
    assert_string_equal(text, "test_file\n");
    free(text);
}

/* It is read in pieces of 64 KiB: lengths around them. */
static void a_large_file_is_read_to_its_last_byte(void **state)
{
    static const size_t lengths[] = {65534, 65535, 65536, 65537, 131070, 131072, 300001};
    static char bytes[300001];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)('a' + (i * 7 + i / 251) % 26);
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        char *text;
        folder_put_bytes(*state, "large", bytes, lengths[i]);
        assert_int_equal(read_in(*state, "large", &text), 0);
        assert_int_equal(strlen(text), lengths[i]);
        assert_memory_equal(text, bytes, lengths[i]);
        free(text);
    }
}

static void put_zeros(const struct folder *folder, const char *name, off_t length)
{
    char path[128];

    folder_put(folder, name, "");
    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    assert_int_equal(truncate(path, length), 0);
}

static void from_16_mib_on_it_is_too_large(void **state)
{
    char *text;

    put_zeros(*state, "much", 15 << 20);
    put_zeros(*state, "too-much", 16 << 20);
    assert_int_equal(read_in(*state, "much", &text), 0);
    assert_int_equal(text[(15 << 20) - 1], 0);
    free(text);
    assert_int_equal(read_in(*state, "too-much", &text), -EFBIG);
    assert_int_equal(file_read_whole("/dev/zero", &text), -EFBIG);
}

static void what_cannot_be_read_is_a_negative_errno(void **state)
{
    char *text;

    folder_put(*state, "folder/file", "x");
    assert_int_equal(read_in(*state, "missing", &text), -ENOENT);
    assert_int_equal(read_in(*state, "folder/file/below", &text), -ENOTDIR);
    assert_true(read_in(*state, "folder", &text) < 0);
}

/* Whether a program that is started from here finds them open: a bit for each of 0 to 2. */
static int open_after_exec(void)
{
    static char script[] =
        "r=0; for f in 0 1 2; do [ -e /proc/self/fd/$f ] && r=$((r + (1 << f))); done; exit $r";

    execl("/bin/sh", "sh", "-c", script, (char *)NULL);
    return 99;
}

/* In a child that has those of CLOSED closed. Exits with 64 plus the failed check, or as the above. */
static int reserve(int closed)
{
    int status;

    pid_t child = fork();
    if (child == 0) {
        int keep = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int fd = 0; fd < 3; fd++)
            closed & 1 << fd ? close(fd) : dup2(keep, fd);
        file_reserve_standard();
        int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
        char byte;
        if (next < 3)
            _exit(64);
        if (closed & 1 && (read(0, &byte, 1) >= 0 || errno != EBADF))
            _exit(65);
        for (int fd = 1; fd < 3; fd++) {
            if (closed & 1 << fd && (write(fd, "x", 1) >= 0 || errno != EBADF))
                _exit(65 + fd);
        }
        _exit(open_after_exec());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void what_is_reserved_fails_and_is_closed_for_who_is_started(void **state)
{
    (void)state;

    if (access("/bin/sh", X_OK) != 0 || access("/proc/self/fd", X_OK) != 0)
        skip();
    for (int closed = 0; closed < 8; closed++)
        assert_int_equal(reserve(closed), 7 & ~closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_a_pipe_holds_arrives_whole),
        cmocka_unit_test(a_non_blocking_pipe_is_waited_for),
        cmocka_unit_test(signals_in_between_lose_and_repeat_nothing),
        cmocka_unit_test(failures_are_negative_errnos),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(nothing_is_written_at_once),
        unit_test_in_folder(a_file_is_read_whole_and_terminated),
        unit_test_in_folder(a_large_file_is_read_to_its_last_byte),
        unit_test_in_folder(from_16_mib_on_it_is_too_large),
        unit_test_in_folder(what_cannot_be_read_is_a_negative_errno),
        cmocka_unit_test(what_is_reserved_fails_and_is_closed_for_who_is_started),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
