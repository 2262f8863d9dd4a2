/* Threads that wait for a disk, so that nobody else has to. */
#pragma once

#include <pthread.h>

/* Starts one with a small stack, as all of it may be locked into memory, and without signals: those are for
 * the loop. To be joined. Returns 0 or a negative errno. */
int thread_start(pthread_t *thread, void *(*run)(void *context), void *context);
