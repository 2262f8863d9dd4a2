/*
 * The head of an HTTP/1 request (RFC 9112), as far as a server needs it that answers GET and HEAD. Trusts
 * nothing: what is against the rules, or could be read in two ways, is refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REQUEST_HEADERS_MAX = 64 };

enum request_method { REQUEST_GET, REQUEST_HEAD, REQUEST_OTHER };

/* Strings stand in the bytes that were parsed. */
struct request {
    enum request_method method;
    const char *path;  /* of "http://host/path?query" the path, too; percent signs as they came */
    const char *query; /* NULL: there is none */
    struct request_header {
        const char *name;
        const char *value;
    } headers[REQUEST_HEADERS_MAX];
    size_t header_count;
    bool is_http_1_0;
    bool keeps_alive;    /* the client goes on with another request */
    uint64_t body_bytes; /* that come behind the head */
};

/* The length of the head that BYTES begin with, the empty line that ends it included; 0 where it is not all
 * there. Of the first KNOWN bytes it is known that it does not end within them. Empty lines in front of it
 * belong to it. */
size_t request_head_length(const char *bytes, size_t length, size_t known);

/* HEAD is a whole head of LENGTH bytes, with room for one more; it is written to. Returns 0 or the status of
 * the answer to it: 400, 431, 501, 505. */
int request_parse(struct request *request, char *head, size_t length);

/* NULL: there is none of that name, in any case of its letters. The first of several. */
const char *request_header(const struct request *request, const char *name);

/* The value of a parameter of the query, percent signs and plus signs decoded; the first of several. False
 * where there is none, where it is not shorter than SIZE, or holds a NUL. */
bool request_parameter(const struct request *request, const char *name, char *value, size_t size);

/* Whether there is one, of whatever value: one that request_parameter() does not take is not absent. */
bool request_has_parameter(const struct request *request, const char *name);

/* Whether the client takes gzip: named in Accept-Encoding, not with q=0. */
bool request_takes_gzip(const struct request *request);
