#include "base/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

int loop_open(struct loop *loop)
{
    *loop = (struct loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    return loop->epoll_fd < 0 ? -errno : 0;
}

void loop_close(struct loop *loop)
{
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    loop->epoll_fd = -1;
}

int loop_add(struct loop *loop, struct loop_source *source, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
}

/* One at a time: what one source does may remove another that is ready as well. */
static int serve_one(struct loop *loop, int timeout_ms)
{
    struct epoll_event event;
    int count = epoll_wait(loop->epoll_fd, &event, 1, timeout_ms);

    if (count < 0 && errno != EINTR)
        return -errno;
    if (count > 0) {
        const struct loop_source *source = event.data.ptr;
        source->ready(source->context);
    }
    return 0;
}

int loop_run(struct loop *loop)
{
    int error = 0;

    loop->stopping = false;
    while (error == 0 && !loop->stopping)
        error = serve_one(loop, -1);
    return error;
}

int loop_turn(struct loop *loop)
{
    return serve_one(loop, 0);
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
}
