#include "blackbox/flusher.h"

#include "base/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

struct flusher {
    int fd;
    pthread_t thread;
    pthread_mutex_t mutex; /* for what follows */
    pthread_cond_t asked;
    bool wanted;
    bool ending;
    int error;
};

static int flush(int fd)
{
    return fdatasync(fd) < 0 ? -errno : 0;
}

static void *run(void *context)
{
    struct flusher *flusher = context;

    pthread_mutex_lock(&flusher->mutex);
    while (!flusher->ending) {
        if (!flusher->wanted) {
            pthread_cond_wait(&flusher->asked, &flusher->mutex);
            continue;
        }
        flusher->wanted = false;
        pthread_mutex_unlock(&flusher->mutex);
        int error = flush(flusher->fd);
        pthread_mutex_lock(&flusher->mutex);
        if (error < 0)
            flusher->error = error;
    }
    pthread_mutex_unlock(&flusher->mutex);
    return NULL;
}

int flusher_start(struct flusher **flusher, int fd)
{
    struct flusher *started = calloc(1, sizeof(*started));
    if (!started)
        return -ENOMEM;
    started->fd = fd;
    pthread_mutex_init(&started->mutex, NULL);
    pthread_cond_init(&started->asked, NULL);
    int error = thread_start(&started->thread, run, started);
    if (error < 0)
        free(started);
    else
        *flusher = started;
    return error;
}

void flusher_request(struct flusher *flusher)
{
    pthread_mutex_lock(&flusher->mutex);
    flusher->wanted = true;
    pthread_cond_signal(&flusher->asked);
    pthread_mutex_unlock(&flusher->mutex);
}

int flusher_error(struct flusher *flusher)
{
    pthread_mutex_lock(&flusher->mutex);
    int error = flusher->error;
    flusher->error = 0;
    pthread_mutex_unlock(&flusher->mutex);
    return error;
}

int flusher_stop(struct flusher *flusher)
{
    if (!flusher)
        return 0;
    pthread_mutex_lock(&flusher->mutex);
    flusher->ending = true;
    pthread_cond_signal(&flusher->asked);
    pthread_mutex_unlock(&flusher->mutex);
    pthread_join(flusher->thread, NULL);
    int error = flush(flusher->fd);
    pthread_cond_destroy(&flusher->asked);
    pthread_mutex_destroy(&flusher->mutex);
    free(flusher);
    return error;
}
