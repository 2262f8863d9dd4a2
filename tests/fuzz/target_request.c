/* The head of an HTTP request, as bytes come: where it ends is found however they are cut, and what is taken
 * out of it lies within it and keeps the contract. */
#include "server/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

/* The same, line by line. */
static size_t plain_head_length(const char *bytes, size_t length)
{
    size_t at = 0;
    bool any = false;

    while (at < length && (bytes[at] == '\r' || bytes[at] == '\n'))
        at++;
    while (at < length) {
        const char *newline = memchr(bytes + at, '\n', length - at);
        if (!newline)
            return 0;
        size_t next = (size_t)(newline - bytes) + 1;
        if (any && (next - at == 1 || (next - at == 2 && bytes[at] == '\r')))
            return next;
        any = true;
        at = next;
    }
    return 0;
}

/* Memory of its own size for each part: a read beyond it is seen. */
static size_t length_of(const uint8_t *data, size_t size, size_t known)
{
    char *copy = malloc(size > 0 ? size : 1);

    if (!copy)
        abort();
    memcpy(copy, data, size);
    size_t head = request_head_length(copy, size, known);
    free(copy);
    return head;
}

static size_t check_length(const uint8_t *data, size_t size)
{
    size_t head = length_of(data, size, 0);
    size_t step = size / 7 + 1;

    if (head != plain_head_length((const char *)data, size))
        fail("the head ends elsewhere");
    for (size_t known = 0, part = step; part < size; part += step) {
        size_t found = length_of(data, part, known);
        if (found != (head > part ? 0 : head))
            fail("the head ends elsewhere when it comes in parts");
        if (found > 0)
            break;
        known = part;
        if (length_of(data, size, known) != head)
            fail("the head ends elsewhere when some of it was known");
    }
    return head;
}

static void check_inside(const char *string, const char *head, size_t length)
{
    if (string < head || string + strlen(string) > head + length)
        fail("a string that lies outside of the head");
    for (const char *at = string; *at; at++) {
        if (((unsigned char)*at < 0x20 && *at != '\t') || *at == 0x7f)
            fail("a control byte");
    }
}

static int hex_digit(char byte)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = byte ? strchr(digits, byte) : NULL;

    if (!at)
        return -1;
    return at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* What a parameter is, by the plainest of decoders; false where it is refused. */
static bool plain_parameter(const char *query, const char *name, char *value, size_t size)
{
    size_t put = 0;
    char start[16];

    (void)snprintf(start, sizeof(start), "%s=", name);
    while (strncmp(query, start, strlen(start)) != 0) {
        query = strchr(query, '&');
        if (!query)
            return false;
        query++;
    }
    for (query += strlen(start); *query && *query != '&'; query++) {
        int byte = *query == '+' ? ' ' : (unsigned char)*query;
        if (byte == '%') {
            if (hex_digit(query[1]) < 0 || hex_digit(query[2]) < 0)
                return false;
            byte = hex_digit(query[1]) * 16 + hex_digit(query[2]);
            query += 2;
        }
        if (byte == 0 || put + 1 >= size)
            return false;
        value[put++] = (char)byte;
    }
    value[put] = '\0';
    return true;
}

static void check_parameters(const struct request *request)
{
    static const char *const names[] = {"since", "until", "every", "processes", "s"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        for (size_t size = 1; size <= 64; size = size * 2 + 1) {
            char expected[64];
            char *value = malloc(size);
            if (!value)
                abort();
            bool found = request_parameter(request, names[i], value, size);
            bool wanted = request->query && plain_parameter(request->query, names[i], expected, size);
            if (found != wanted || (found && strcmp(value, expected) != 0))
                fail("another value of a parameter");
            free(value);
        }
    }
}

static void check(const struct request *request, const char *head, size_t length)
{
    if (request->path != NULL && *request->path == '/' && request->path[1] == '\0')
        ; /* may be one of its own */
    else
        check_inside(request->path, head, length);
    if (request->query)
        check_inside(request->query, head, length);
    if (request->header_count > REQUEST_HEADERS_MAX)
        fail("more headers than there is room for");
    for (size_t i = 0; i < request->header_count; i++) {
        check_inside(request->headers[i].name, head, length);
        check_inside(request->headers[i].value, head, length);
        if (request->headers[i].name[0] == '\0' || !request_header(request, request->headers[i].name))
            fail("a header without a name, or that is not found by it");
    }
    if (!request->is_http_1_0 && !request_header(request, "Host"))
        fail("a request without a host");
    if (request_header(request, "Transfer-Encoding"))
        fail("a body of unknown length");
    check_parameters(request);
    (void)request_takes_gzip(request);
}

static bool is_status(int status)
{
    return status == 400 || status == 431 || status == 501 || status == 505;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request request;
    size_t length = check_length(data, size);

    if (length == 0)
        return 0;
    char *head = malloc(length + 1);
    if (!head)
        abort();
    memcpy(head, data, length);
    int status = request_parse(&request, head, length);
    if (status == 0)
        check(&request, head, length);
    else if (!is_status(status))
        fail("a status of its own");
    free(head);
    return 0;
}
