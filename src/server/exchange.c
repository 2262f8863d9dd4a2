#include "base/clock.h"
#include "base/text.h"
#include "server/connection.h"

#include <string.h>
#include <strings.h>
#include <time.h>

enum { ANSWER_HEAD_MAX = 2048 };

/* -- the request -- */

const struct request *exchange_request(const struct exchange *exchange)
{
    return &exchange->request;
}

/* -- answers -- */

/* What every answer says: no guessing of types, nothing of it elsewhere, nothing kept. */
static const struct {
    const char *name;
    const char *value;
} common_headers[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-store"},
};

static const char *phrase_of(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Content Too Large"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "";
}

void exchange_add_header(struct exchange *exchange, const char *name, const char *value)
{
    struct extra_header *extra = &exchange->extra[exchange->extra_count];

    if (exchange->extra_count == EXTRA_HEADERS_MAX || strlen(value) >= sizeof(extra->value))
        return;
    extra->name = name;
    memcpy(extra->value, value, strlen(value) + 1);
    exchange->extra_count++;
}

static bool has_extra(const struct exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->extra_count; i++) {
        if (strcasecmp(exchange->extra[i].name, name) == 0)
            return true;
    }
    return false;
}

static void put_header(struct text *head, const char *name, const char *value)
{
    text_string(head, name);
    text_string(head, ": ");
    text_string(head, value);
    text_string(head, "\r\n");
}

/* "Fri, 27 Nov 2026 09:00:00 GMT", in any locale. */
static void put_date(struct text *head)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(clock_wall_ns() / NS_PER_SECOND);
    struct tm utc;

    if (gmtime_r(&now, &utc))
        text_format(head, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[utc.tm_wday], utc.tm_mday,
                    months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/* LENGTH: how the answer's is told, or NULL: it ends with the connection. */
static void put_head(struct exchange *exchange, int status, const char *content_type, const char *length_name,
                     const char *length_value)
{
    char bytes[ANSWER_HEAD_MAX + EXTRA_HEADERS_MAX * EXTRA_VALUE_MAX];
    struct text head = text_over(bytes, sizeof(bytes));

    text_format(&head, "HTTP/1.1 %d %s\r\n", status, phrase_of(status));
    put_date(&head);
    put_header(&head, "Content-Type", content_type);
    if (length_name)
        put_header(&head, length_name, length_value);
    for (size_t i = 0; i < exchange->extra_count; i++)
        put_header(&head, exchange->extra[i].name, exchange->extra[i].value);
    for (size_t i = 0; i < sizeof(common_headers) / sizeof(*common_headers); i++) {
        if (!has_extra(exchange, common_headers[i].name))
            put_header(&head, common_headers[i].name, common_headers[i].value);
    }
    if (!exchange->request.keeps_alive)
        put_header(&head, "Connection", "close");
    else if (exchange->request.is_http_1_0)
        put_header(&head, "Connection", "keep-alive");
    text_string(&head, "\r\n");
    bufferevent_write(exchange->connection->plain, head.bytes, head.length);
}

static void begin_answer(struct exchange *exchange, int status, const char *content_type, size_t length)
{
    char words[24];
    struct text number = text_over(words, sizeof(words) - 1);

    text_unsigned(&number, length);
    words[number.length] = '\0';
    put_head(exchange, status, content_type, "Content-Length", words);
}

static bool wants_body(const struct exchange *exchange)
{
    return exchange->request.method != REQUEST_HEAD;
}

void exchange_answer(struct exchange *exchange, int status, const char *content_type, const char *bytes,
                     size_t length)
{
    begin_answer(exchange, status, content_type, length);
    if (wants_body(exchange))
        bufferevent_write(exchange->connection->plain, bytes, length);
}

void exchange_answer_constant(struct exchange *exchange, int status, const char *content_type,
                              const void *bytes, size_t length)
{
    begin_answer(exchange, status, content_type, length);
    if (wants_body(exchange))
        evbuffer_add_reference(bufferevent_get_output(exchange->connection->plain), bytes, length, NULL,
                               NULL);
}

void exchange_answer_text(struct exchange *exchange, int status, const char *text)
{
    exchange_answer(exchange, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* To HTTP/1.0 it goes on until the connection ends. */
bool exchange_begin(struct exchange *exchange, const char *content_type,
                    const struct exchange_watcher *watcher)
{
    exchange->is_chunked = !exchange->request.is_http_1_0;
    if (!exchange->is_chunked)
        exchange->request.keeps_alive = false;
    put_head(exchange, 200, content_type, exchange->is_chunked ? "Transfer-Encoding" : NULL, "chunked");
    if (!wants_body(exchange))
        return false;
    exchange->in_parts = true;
    exchange->watcher = *watcher;
    return true;
}

void exchange_put(struct exchange *exchange, const char *bytes, size_t length)
{
    struct bufferevent *plain = exchange->connection->plain;

    if (length == 0) /* a chunk of nothing is the last one */
        return;
    if (exchange->is_chunked)
        evbuffer_add_printf(bufferevent_get_output(plain), "%zx\r\n", length);
    bufferevent_write(plain, bytes, length);
    if (exchange->is_chunked)
        bufferevent_write(plain, "\r\n", 2);
}

void exchange_end(struct exchange *exchange)
{
    static const char last_chunk[] = "0\r\n\r\n";

    if (exchange->is_chunked)
        bufferevent_write(exchange->connection->plain, last_chunk, sizeof(last_chunk) - 1);
    exchange->watcher = (struct exchange_watcher){0};
    exchange->in_parts = false;
    connection_schedule(exchange->connection);
}

size_t exchange_backlog(const struct exchange *exchange)
{
    return connection_unsent_bytes(exchange->connection);
}

void exchange_continue(struct exchange *exchange)
{
    connection_schedule(exchange->connection);
}

void exchange_drop(struct exchange *exchange)
{
    exchange->connection->broken = true;
    connection_schedule(exchange->connection);
}
