/* Built without libevent. */
#include "server/server.h"

#include <errno.h>

int server_open(struct server **server, const struct server_settings *settings, struct loop *loop,
                struct problem *problem)
{
    (void)server;
    (void)settings;
    (void)loop;
    return problem_set(problem, ENOTSUP, "this faultline was built without libevent, which serving needs");
}

void server_close(struct server *server)
{
    (void)server;
}

void server_put_addresses(const struct server *server, struct text *text)
{
    (void)server;
    (void)text;
}

void server_take_interval(struct server *server, const struct interval *interval)
{
    (void)server;
    (void)interval;
}

void server_take_event(struct server *server, const struct event *event)
{
    (void)server;
    (void)event;
}

void server_note_recording(struct server *server, uint64_t failures)
{
    (void)server;
    (void)failures;
}

void server_reload(struct server *server)
{
    (void)server;
}

int server_run(struct server *server)
{
    (void)server;
    return -ENOTSUP;
}

void server_turn(struct server *server)
{
    (void)server;
}
