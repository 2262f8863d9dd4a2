/*
 * Where a server listens: "127.0.0.1:10858", "[::1]:10858", ":10858" or "*:10858" for all addresses of the
 * machine, "localhost:10858", "unix:/run/faultline.sock"; or what systemd hands over (sd_listen_fds(3)).
 */
#pragma once

#include "base/problem.h"

#include <stddef.h>

/* Listens there. Returns the socket, which does not block, or a negative errno with *PROBLEM set: -EINVAL
 * where WORDS are no address. */
int address_listen(const char *words, struct problem *problem);

/* Whether WORDS are an address, without listening: 0, or -EINVAL with *PROBLEM set. */
int address_check(const char *words, struct problem *problem);

/* Removes what address_listen() left in the file system, a socket's file. */
void address_forget(const char *words);

/* The sockets that systemd, or who speaks as it does, hands over: at most MOST of them into SOCKETS. They are
 * taken once. Returns their number, or a negative errno with *PROBLEM set. */
int address_take_handed(int *sockets, size_t most, struct problem *problem);
