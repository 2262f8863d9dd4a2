/* Clients of a server that the test turns itself: what they send and what comes back, over sockets without a
 * place in the file system. Nothing here waits. */
#pragma once

#include "server/http.h"
#include "support.h"

#include <sys/socket.h>
#include <sys/un.h>

/* Where the server listens. */
struct door {
    struct sockaddr_un address;
    socklen_t length;
};

/* A socket that listens, for http_listen(). */
int door_open(struct door *door);

struct visitor {
    int fd;
    char *bytes; /* that have come so far, terminated */
    size_t length;
    bool at_end; /* the server has closed */
};

void visitor_open(struct visitor *visitor, const struct door *door);
void visitor_close(struct visitor *visitor);

/* All of it has to fit into the socket's buffer. */
void visitor_send(const struct visitor *visitor, const char *text);
void visitor_send_bytes(const struct visitor *visitor, const char *bytes, size_t length);

/* Takes what is there, at most MOST bytes of it. Returns how many they were. */
size_t visitor_read(struct visitor *visitor, size_t most);

/* So many turns that all is done that can be done by now. */
void http_settle(struct http *http);

/* The same while the visitor reads, until nothing comes any more. */
void visitor_wait(struct visitor *visitor, struct http *http);

/* -- answers, in the order in which they came -- */

struct answer {
    int status; /* 0: it has not come, or not all of it */
    char *head; /* terminated */
    char *body; /* terminated, chunks put together */
    size_t body_length;
    bool is_chunked;
};

/* Takes the first answer off the visitor's bytes. HEAD: it has no body. What is not whole stays. Free with
 * answer_free(). */
struct answer visitor_take_answer(struct visitor *visitor, bool head);
void answer_free(struct answer *answer);

/* The value of a header, valid until the next call, or NULL. */
const char *answer_header(const struct answer *answer, const char *name);

/* Sends, waits, and takes the answer, whose status is the one expected. */
struct answer visitor_ask(struct visitor *visitor, struct http *http, const char *request, int status);
