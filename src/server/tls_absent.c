/* Built without Mbed TLS. */
#include "server/tls.h"

#include <errno.h>
#include <stddef.h>

int tls_open(struct tls **tls, const char *certificate_path, const char *key_path, struct problem *problem)
{
    (void)tls;
    (void)key_path;
    return problem_set(problem, ENOTSUP, "--tls-cert %s: this faultline was built without Mbed TLS",
                       certificate_path);
}

void tls_close(struct tls *tls)
{
    (void)tls;
}

int tls_reload(struct tls *tls, struct problem *problem)
{
    (void)tls;
    (void)problem;
    return 0;
}

struct bufferevent *tls_accept(struct tls *tls, struct bufferevent *wire, void (*broken)(void *context),
                               void *context)
{
    (void)tls;
    (void)wire;
    (void)broken;
    (void)context;
    return NULL;
}
