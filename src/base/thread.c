#include "base/thread.h"

#include <signal.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024 };

/* Where registers are many the C library asks for more: arm64's for 128 KiB. */
static size_t stack_bytes(void)
{
    long least = sysconf(_SC_THREAD_STACK_MIN);

    return least > STACK_BYTES ? (size_t)least : STACK_BYTES;
}

int thread_start(pthread_t *thread, void *(*run)(void *context), void *context)
{
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;

    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return -error;
    error = pthread_attr_setstacksize(&attributes, stack_bytes());
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (error == 0)
        error = pthread_create(thread, &attributes, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return -error;
}
