#include "server/request.h"

#include "base/number.h"

#include <string.h>
#include <strings.h>

/* -- where it ends -- */

/* A line ends with a newline, a carriage return in front of it or not. */
size_t request_head_length(const char *bytes, size_t length, size_t known)
{
    size_t at = 0;
    const char *newline;

    while (at < length && (bytes[at] == '\r' || bytes[at] == '\n'))
        at++;
    if (known > at + 3)
        at = known - 3;
    while (at < length && (newline = memchr(bytes + at, '\n', length - at))) {
        size_t next = (size_t)(newline - bytes) + 1;
        if (next < length && bytes[next] == '\n')
            return next + 1;
        if (next + 1 < length && bytes[next] == '\r' && bytes[next + 1] == '\n')
            return next + 2;
        at = next;
    }
    return 0;
}

/* -- lines -- */

/* Takes the next line off *REST, terminated, without its end. */
static char *take_line(char **rest)
{
    char *line = *rest;
    char *newline = strchr(line, '\n');

    *rest = newline ? newline + 1 : line + strlen(line);
    if (newline)
        *newline = '\0';
    size_t length = strlen(line);
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    return line;
}

static bool is_token_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static size_t token_length(const char *at)
{
    size_t length = 0;

    while (is_token_byte(at[length]))
        length++;
    return length;
}

static bool has_control(const char *at, const char *allowed)
{
    for (; *at; at++) {
        if (((unsigned char)*at < 0x20 || *at == 0x7f) && !strchr(allowed, *at))
            return true;
    }
    return false;
}

/* -- the first line -- */

static enum request_method method_of(const char *word)
{
    if (strcmp(word, "GET") == 0)
        return REQUEST_GET;
    return strcmp(word, "HEAD") == 0 ? REQUEST_HEAD : REQUEST_OTHER;
}

/* "/path?query", "http://host/path?query"; "*" and a host alone have no path here. */
static void split_target(struct request *request, char *target)
{
    char *scheme_end = target[0] == '/' ? NULL : strstr(target, "://");

    if (scheme_end)
        target = scheme_end + 3 + strcspn(scheme_end + 3, "/?");
    request->path = target;
    char *mark = strchr(target, '?');
    if (mark) {
        *mark = '\0';
        request->query = mark + 1;
    }
    if (scheme_end && *request->path == '\0')
        request->path = "/";
}

static int parse_version(struct request *request, const char *version)
{
    if (strncmp(version, "HTTP/", 5) != 0 || strlen(version) != 8 || version[6] != '.')
        return 400;
    if (version[5] != '1' || version[7] < '0' || version[7] > '9')
        return 505;
    request->is_http_1_0 = version[7] == '0';
    request->keeps_alive = !request->is_http_1_0;
    return 0;
}

static int parse_first_line(struct request *request, char *line)
{
    size_t method = token_length(line);

    if (method == 0 || line[method] != ' ' || has_control(line, ""))
        return 400;
    line[method] = '\0';
    char *target = line + method + 1;
    char *space = strchr(target, ' ');
    if (!space || space == target)
        return 400;
    *space = '\0';
    request->method = method_of(line);
    split_target(request, target);
    return parse_version(request, space + 1);
}

/* -- the others -- */

static int add_header(struct request *request, char *line)
{
    size_t name = token_length(line);

    /* A line that begins with a blank went on with the one before, once. */
    if (name == 0 || line[name] != ':' || has_control(line, "\t"))
        return 400;
    if (request->header_count == REQUEST_HEADERS_MAX)
        return 431;
    line[name] = '\0';
    char *value = line + name + 1;
    value += strspn(value, " \t");
    size_t length = strlen(value);
    while (length > 0 && strchr(" \t", value[length - 1]))
        value[--length] = '\0';
    request->headers[request->header_count++] = (struct request_header){line, value};
    return 0;
}

const char *request_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    }
    return NULL;
}

static size_t count_headers(const struct request *request, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++)
        count += strcasecmp(request->headers[i].name, name) == 0;
    return count;
}

/* Whether a list, "close, TE", has the WORD. */
static bool has_word(const char *list, const char *word)
{
    while (list && *list) {
        list += strspn(list, ", \t");
        size_t length = strcspn(list, ", \t");
        if (length == strlen(word) && strncasecmp(list, word, length) == 0)
            return true;
        list += length;
    }
    return false;
}

static int take_meaning(struct request *request)
{
    const char *connection = request_header(request, "Connection");
    const char *length = request_header(request, "Content-Length");

    if (request_header(request, "Transfer-Encoding"))
        return 501; /* nobody sends a body of unknown length with GET */
    if (count_headers(request, "Content-Length") > 1 || count_headers(request, "Host") > 1)
        return 400;
    if (!request->is_http_1_0 && !request_header(request, "Host"))
        return 400;
    if (length && number_parse_unsigned(length, &request->body_bytes) < 0)
        return 400;
    if (has_word(connection, "close"))
        request->keeps_alive = false;
    else if (has_word(connection, "keep-alive"))
        request->keeps_alive = true;
    return 0;
}

int request_parse(struct request *request, char *head, size_t length)
{
    char *rest = head;
    int status;

    *request = (struct request){.path = ""};
    head[length] = '\0';
    if (strlen(head) != length)
        return 400;
    rest += strspn(rest, "\r\n");
    status = parse_first_line(request, take_line(&rest));
    while (status == 0 && *rest) {
        char *line = take_line(&rest);
        if (*line == '\0')
            break;
        status = add_header(request, line);
    }
    return status != 0 ? status : take_meaning(request);
}

/* -- parameters -- */

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static bool decode(const char *at, size_t length, char *value, size_t size)
{
    const char *end = at + length;
    size_t put = 0;

    while (at < end) {
        char byte = *at++;
        if (byte == '+')
            byte = ' ';
        if (byte == '%') {
            int high = end - at >= 2 ? hex_digit(at[0]) : -1;
            int low = end - at >= 2 ? hex_digit(at[1]) : -1;
            if (high < 0 || low < 0)
                return false;
            byte = (char)(high * 16 + low);
            at += 2;
        }
        if (byte == '\0' || put + 1 >= size)
            return false;
        value[put++] = byte;
    }
    value[put] = '\0';
    return true;
}

/* Its value, *VALUE_LENGTH bytes as they came, or NULL. */
static const char *find_parameter(const struct request *request, const char *name, size_t *value_length)
{
    const char *at = request->query;
    size_t name_length = strlen(name);

    while (at && *at) {
        size_t length = strcspn(at, "&");
        if (length > name_length && strncmp(at, name, name_length) == 0 && at[name_length] == '=') {
            *value_length = length - name_length - 1;
            return at + name_length + 1;
        }
        at += length + (at[length] == '&');
    }
    return NULL;
}

bool request_has_parameter(const struct request *request, const char *name)
{
    size_t length;
    return find_parameter(request, name, &length) != NULL;
}

bool request_parameter(const struct request *request, const char *name, char *value, size_t size)
{
    size_t length;
    const char *words = find_parameter(request, name, &length);
    return words && decode(words, length, value, size);
}

/* "gzip;q=0", "gzip; Q=0.000" */
static bool is_refused(const char *coding, size_t length)
{
    for (size_t at = 0; at + 1 < length; at++) {
        const char *quality = coding + at + 2;
        if ((coding[at] == 'q' || coding[at] == 'Q') && coding[at + 1] == '=')
            return strspn(quality, "0.") == strcspn(quality, ", \t;");
    }
    return false;
}

/* "gzip", "x, gzip;q=0.5", "*"; not "gzip;q=0". */
bool request_takes_gzip(const struct request *request)
{
    const char *at = request_header(request, "Accept-Encoding");
    bool takes = false;

    while (at && *at) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ",");
        size_t word = strcspn(at, "; \t,");
        if (word == 4 && strncasecmp(at, "gzip", 4) == 0)
            return !is_refused(at, length);
        if (word == 1 && *at == '*')
            takes = !is_refused(at, length);
        at += length;
    }
    return takes;
}
