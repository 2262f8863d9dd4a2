/*
 * TLS for connections of libevent's, by Mbed TLS: 1.2, and 1.3 where the library has it. OpenSSL would make
 * the program three times as large, and every start of it cost four times the instructions (static,
 * x86-64: 5.5 MB against 2.0 MB, 302,000 against 71,000).
 */
#pragma once

#include "base/problem.h"

#include <event2/bufferevent.h>

struct tls;

/* Reads certificate (the chain, PEM) and key. Sets *TLS, to be closed with tls_close(). Returns 0 or a
 * negative errno with *PROBLEM set: -ENOTSUP where this faultline was built without Mbed TLS. */
int tls_open(struct tls **tls, const char *certificate_path, const char *key_path, struct problem *problem);
void tls_close(struct tls *tls); /* NULL is allowed; connections that are open go on */

/* Reads both files again, for connections from now on. Returns 0, or a negative errno with *PROBLEM set, and
 * all is as it was. */
int tls_reload(struct tls *tls, struct problem *problem);

/*
 * Plain text over WIRE, a connection that was accepted, which becomes its own. Where the other side breaks
 * the protocol, BROKEN is called with CONTEXT, once, and the connection is shut down. NULL without memory:
 * WIRE is freed then.
 */
struct bufferevent *tls_accept(struct tls *tls, struct bufferevent *wire, void (*broken)(void *context),
                               void *context);
