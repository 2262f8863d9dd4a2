/* The one loop that everything happens in: descriptors, and what is to be done when they are ready. Around
 * epoll(7). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop {
    int epoll_fd;
    bool stopping;
};

/* Owned by whoever waits for the descriptor; stays in place while it is in the loop. */
struct loop_source {
    int fd;
    void (*ready)(void *context);
    void *context;
};

/* Returns 0 or a negative errno. */
int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* EVENTS as for epoll_ctl(2): EPOLLIN, EPOLLPRI, EPOLLET. Returns 0 or a negative errno. */
int loop_add(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_remove(struct loop *loop, struct loop_source *source);

/* Calls ready() of what is ready, as it comes, until loop_stop(). Returns 0 or a negative errno. */
int loop_run(struct loop *loop);

/* For a loop that is a source of another one, which waits for epoll_fd to be readable: calls ready() of one
 * that is, if any is, and does not wait. Returns 0 or a negative errno. */
int loop_turn(struct loop *loop);

/* To be called from a ready(): the loop ends after it. */
void loop_stop(struct loop *loop);
