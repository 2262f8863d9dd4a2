/* A server with routes of the tests' own, clients in the same program, and passwords in place of access.c. */
#pragma once

#include "server/http.h"
#include "visitors.h"

/* What the server asks of passwords, and what it is answered. */
struct guard {
    enum access_verdict verdict;
    unsigned checks;
    char authorization[64];
    void (*tell)(void *context, enum access_verdict verdict);
    void *context;
    const void *forgotten;
};

extern struct guard guard;

enum { VISITORS = 5 };

struct site {
    struct http *http;
    struct door door;
    struct visitor visitors[VISITORS];

    unsigned hellos;
    int bell_fd; /* to which the first hello writes a byte; 0: none */

    /* of the answers in parts */
    struct exchange *exchanges[VISITORS];
    size_t exchange_count;
    unsigned drained, closed;
    size_t to_put; /* bytes that are put whenever there is room */
    size_t backlog_when_drained;
    bool drops; /* in drained() */
    bool refused_parts;
};

/* Of which at most CONNECTIONS may come; GUARDED: only to those with a password. */
void open_site(struct site *site, size_t connections, bool guarded);

int site_setup(void **state);
int site_teardown(void **state);

#define on_site(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)

/* Comes, as the visitor of that place. */
struct visitor *visit(struct site *site, size_t place);

/* Opens the site, to ten, and is the first that comes. */
struct visitor *first_visit(struct site *site);

struct http_counts counts(const struct site *site);

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

void put_some(struct site *site);

/* Frees the answer as well. */
void body_is(struct answer answer, const char *body);
