/* Built without libcrypt: nobody can show a password. */
#include "server/access.h"

#include <errno.h>

int access_open(struct access **access, const char *path, struct loop *loop, struct problem *problem)
{
    (void)access;
    (void)loop;
    return problem_set(problem, ENOTSUP, "--auth-file %s: this faultline was built without libcrypt", path);
}

void access_close(struct access *access)
{
    (void)access;
}

int access_reload(struct access *access, struct problem *problem)
{
    (void)access;
    (void)problem;
    return 0;
}

enum access_verdict access_check(struct access *access, const char *authorization,
                                 void (*tell)(void *context, enum access_verdict verdict), void *context)
{
    (void)access;
    (void)authorization;
    (void)tell;
    (void)context;
    return ACCESS_REFUSED;
}

void access_forget(struct access *access, const void *context)
{
    (void)access;
    (void)context;
}
