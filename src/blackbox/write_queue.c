#include "blackbox/write_queue.h"

#include "base/memory.h"
#include "base/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Writes one behind the other, each with its head before its bytes. */
struct batch {
    uint8_t *bytes;
    size_t length;
    size_t done; /* of it, in whole writes */
};

struct write_head {
    uint64_t offset;
    size_t length;
};

struct write_queue {
    int fd;
    struct flusher *flusher;
    pthread_t thread;
    pthread_mutex_t mutex; /* for what follows, but the bytes that were taken: those are the thread's */
    struct batch taken;
    bool sync_behind; /* what was taken */
    pthread_cond_t asked;
    bool awake; /* it was asked for something */
    bool ending;
    struct batch waiting;
    bool sync_wanted; /* behind what is waiting */
    int error;
};

int write_queue_write_now(int fd, const void *bytes, size_t length, uint64_t offset)
{
    while (length > 0) {
        ssize_t written = pwrite(fd, bytes, length, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        bytes = (const char *)bytes + written;
        offset += (uint64_t)written;
        length -= (size_t)written;
    }
    return 0;
}

/* -- the thread -- */

/* What failed stays the first of those that are still to be written: they may only come in their order. */
static int write_batch(int fd, const struct batch *batch, size_t *done)
{
    struct write_head head;
    int error = 0;

    while (error == 0 && *done < batch->length) {
        memcpy(&head, batch->bytes + *done, sizeof(head));
        error = write_queue_write_now(fd, batch->bytes + *done + sizeof(head), head.length, head.offset);
        if (error == 0)
            *done += sizeof(head) + head.length;
    }
    return error;
}

/* With the mutex. False where nothing waits. */
static bool take_batch(struct write_queue *queue)
{
    uint8_t *emptied = queue->taken.bytes;

    if (queue->waiting.length == 0 && !queue->sync_wanted)
        return false;
    queue->taken = queue->waiting;
    queue->sync_behind = queue->sync_wanted;
    queue->waiting = (struct batch){.bytes = emptied};
    queue->sync_wanted = false;
    return true;
}

/* With the mutex, but while it writes. All there is, up to a failure. */
static void write_what_waits(struct write_queue *queue)
{
    int error = 0;

    while (error == 0 && (queue->taken.done < queue->taken.length || take_batch(queue))) {
        size_t done = queue->taken.done;
        pthread_mutex_unlock(&queue->mutex);
        error = write_batch(queue->fd, &queue->taken, &done);
        if (error == 0 && queue->sync_behind)
            flusher_request(queue->flusher);
        pthread_mutex_lock(&queue->mutex);
        queue->taken.done = done;
        queue->error = error;
    }
}

static void *run(void *context)
{
    struct write_queue *queue = context;
    bool ending = false;

    pthread_mutex_lock(&queue->mutex);
    while (!ending) {
        while (!queue->awake)
            pthread_cond_wait(&queue->asked, &queue->mutex);
        queue->awake = false;
        ending = queue->ending;
        write_what_waits(queue);
    }
    pthread_mutex_unlock(&queue->mutex);
    return NULL;
}

static void wake(struct write_queue *queue)
{
    queue->awake = true;
    pthread_cond_signal(&queue->asked);
}

/* -- who asks it -- */

static void discard(struct write_queue *queue)
{
    pthread_cond_destroy(&queue->asked);
    pthread_mutex_destroy(&queue->mutex);
    free(queue->taken.bytes);
    free(queue->waiting.bytes);
    free(queue);
}

int write_queue_start(struct write_queue **queue, int fd, struct flusher *flusher)
{
    struct write_queue *started = calloc(1, sizeof(*started));
    if (!started)
        return -ENOMEM;
    started->fd = fd;
    started->flusher = flusher;
    started->taken.bytes = memory_new(WRITE_QUEUE_BYTES);
    started->waiting.bytes = memory_new(WRITE_QUEUE_BYTES);
    pthread_mutex_init(&started->mutex, NULL);
    pthread_cond_init(&started->asked, NULL);
    int error = started->taken.bytes && started->waiting.bytes ? thread_start(&started->thread, run, started)
                                                               : -ENOMEM;
    if (error < 0)
        discard(started);
    else
        *queue = started;
    return error;
}

static int refusal(const struct write_queue *queue, size_t length)
{
    if (queue->waiting.length + sizeof(struct write_head) + length <= WRITE_QUEUE_BYTES)
        return 0;
    return queue->error < 0 ? queue->error : -EBUSY;
}

static void append(struct batch *batch, const void *bytes, size_t length)
{
    memcpy(batch->bytes + batch->length, bytes, length);
    batch->length += length;
}

int write_queue_put(struct write_queue *queue, const void *bytes, size_t length, uint64_t offset)
{
    const struct write_head head = {.offset = offset, .length = length};

    pthread_mutex_lock(&queue->mutex);
    int error = refusal(queue, length);
    if (error == 0) {
        append(&queue->waiting, &head, sizeof(head));
        append(&queue->waiting, bytes, length);
    }
    wake(queue); /* also to try again what fills it */
    pthread_mutex_unlock(&queue->mutex);
    return error;
}

void write_queue_sync(struct write_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->sync_wanted = true;
    wake(queue);
    pthread_mutex_unlock(&queue->mutex);
}

bool write_queue_is_empty(struct write_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    bool empty = queue->waiting.length == 0 && queue->taken.done == queue->taken.length;
    pthread_mutex_unlock(&queue->mutex);
    return empty;
}

int write_queue_error(struct write_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    int error = queue->error;
    pthread_mutex_unlock(&queue->mutex);
    return error;
}

int write_queue_stop(struct write_queue *queue)
{
    if (!queue)
        return 0;
    pthread_mutex_lock(&queue->mutex);
    queue->ending = true;
    wake(queue);
    pthread_mutex_unlock(&queue->mutex);
    pthread_join(queue->thread, NULL);
    int error = queue->error;
    discard(queue);
    return error;
}
