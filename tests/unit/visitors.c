#include "visitors.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { TURNS = 12, READ_BYTES = 65536 };

int door_open(struct door *door)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    (void)signal(SIGPIPE, SIG_IGN); /* as the program does */
    *door = (struct door){.address.sun_family = AF_UNIX, .length = sizeof(door->address)};
    /* The kernel thinks of a name. */
    assert_int_equal(bind(fd, (struct sockaddr *)&door->address, sizeof(sa_family_t)), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&door->address, &door->length), 0);
    return fd;
}

void visitor_open(struct visitor *visitor, const struct door *door)
{
    *visitor = (struct visitor){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    assert_true(visitor->fd >= 0);
    assert_int_equal(connect(visitor->fd, (const struct sockaddr *)&door->address, door->length), 0);
}

void visitor_close(struct visitor *visitor)
{
    if (visitor->fd >= 0)
        close(visitor->fd);
    free(visitor->bytes);
    *visitor = (struct visitor){.fd = -1};
}

void visitor_send_bytes(const struct visitor *visitor, const char *bytes, size_t length)
{
    assert_int_equal(send(visitor->fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

void visitor_send(const struct visitor *visitor, const char *text)
{
    visitor_send_bytes(visitor, text, strlen(text));
}

size_t visitor_read(struct visitor *visitor, size_t most)
{
    size_t total = 0;

    while (!visitor->at_end && total < most) {
        size_t wanted = most - total < READ_BYTES ? most - total : READ_BYTES;
        visitor->bytes = realloc(visitor->bytes, visitor->length + wanted + 1);
        assert_non_null(visitor->bytes);
        ssize_t got = read(visitor->fd, visitor->bytes + visitor->length, wanted);
        if (got < 0 && errno == EAGAIN)
            break;
        visitor->at_end = got <= 0;
        if (got > 0) {
            visitor->length += (size_t)got;
            total += (size_t)got;
        }
    }
    if (visitor->bytes)
        visitor->bytes[visitor->length] = '\0';
    return total;
}

void http_settle(struct http *http)
{
    for (int i = 0; i < TURNS; i++)
        http_turn(http);
}

void visitor_wait(struct visitor *visitor, struct http *http)
{
    do
        http_settle(http);
    while (visitor_read(visitor, SIZE_MAX) > 0);
}

/* -- answers -- */

const char *answer_header(const struct answer *answer, const char *name)
{
    static char value[1024];
    char start[128];

    snprintf(start, sizeof(start), "\r\n%s: ", name);
    const char *at = strcasestr(answer->head, start);
    if (!at)
        return NULL;
    at += strlen(start);
    snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

/* Puts together the chunks at AT, whose end is terminated. Returns what is behind them, or NULL where they
 * are not whole. */
static const char *take_chunks(struct answer *answer, const char *at, const char *end)
{
    for (;;) {
        char *behind;
        size_t length = strtoul(at, &behind, 16);
        if (behind == at || end - behind < 2)
            return NULL;
        assert_memory_equal(behind, "\r\n", 2);
        at = behind + 2;
        if ((size_t)(end - at) < length + 2)
            return NULL;
        memcpy(answer->body + answer->body_length, at, length);
        answer->body_length += length;
        assert_memory_equal(at + length, "\r\n", 2);
        at += length + 2;
        if (length == 0)
            return at;
    }
}

static const char *take_body(struct answer *answer, const struct visitor *visitor, const char *at, bool head)
{
    const char *end = visitor->bytes + visitor->length;
    const char *length = answer_header(answer, "Content-Length");
    size_t there = (size_t)(end - at);

    answer->is_chunked = answer_header(answer, "Transfer-Encoding") != NULL;
    answer->body = malloc(there + 1);
    assert_non_null(answer->body);
    if (head)
        return at;
    if (answer->is_chunked)
        return take_chunks(answer, at, end);
    length = answer_header(answer, "Content-Length");
    if (length ? strtoul(length, NULL, 10) > there : !visitor->at_end)
        return NULL;
    answer->body_length = length ? strtoul(length, NULL, 10) : there;
    memcpy(answer->body, at, answer->body_length);
    return at + answer->body_length;
}

struct answer visitor_take_answer(struct visitor *visitor, bool head)
{
    struct answer answer = {0};
    const char *end = visitor->bytes ? strstr(visitor->bytes, "\r\n\r\n") : NULL;

    if (!end)
        return answer;
    answer.head = strndup(visitor->bytes, (size_t)(end - visitor->bytes) + 2);
    assert_non_null(answer.head);
    const char *behind = take_body(&answer, visitor, end + 4, head);
    if (!behind) {
        answer_free(&answer);
        return answer;
    }
    answer.body[answer.body_length] = '\0';
    assert_memory_equal(answer.head, "HTTP/1.1 ", 9);
    answer.status = (int)strtol(answer.head + 9, NULL, 10);
    visitor->length -= (size_t)(behind - visitor->bytes);
    memmove(visitor->bytes, behind, visitor->length + 1);
    return answer;
}

void answer_free(struct answer *answer)
{
    free(answer->head);
    free(answer->body);
    *answer = (struct answer){0};
}

struct answer visitor_ask(struct visitor *visitor, struct http *http, const char *request, int status)
{
    visitor_send(visitor, request);
    visitor_wait(visitor, http);
    struct answer answer = visitor_take_answer(visitor, strncmp(request, "HEAD ", 5) == 0);
    if (answer.status != status)
        fail_msg("%d and not %d: %s%s", answer.status, status, request,
                 visitor->bytes ? visitor->bytes : "(nothing)");
    return answer;
}
