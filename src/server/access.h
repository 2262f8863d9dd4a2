/*
 * Who may ask: users and passwords of a file as htpasswd(1) -B writes it, by HTTP's basic authentication
 * (RFC 7617).
 *
 * A bcrypt hash takes as long to try as it was made to, tens of milliseconds. So it is tried by a thread of
 * its own, while the loop goes on; who has been let in once is known from then on.
 */
#pragma once

#include "base/loop.h"
#include "base/problem.h"

#include <stddef.h>

enum access_verdict {
    ACCESS_GRANTED,
    ACCESS_REFUSED,
    ACCESS_PENDING, /* the answer comes later */
    ACCESS_BUSY,    /* too many wait for one */
};

struct access;

/*
 * Reads the file and starts the thread, whose answers come in LOOP. Sets *ACCESS, to be closed with
 * access_close(). Returns 0 or a negative errno with *PROBLEM set to file, line and mend: -ENOTSUP where this
 * faultline was built without libcrypt.
 */
int access_open(struct access **access, const char *path, struct loop *loop, struct problem *problem);
void access_close(struct access *access); /* NULL is allowed; what is pending is not answered */

/* Reads the file again; who was let in has to show the password again. Returns 0, or a negative errno with
 * *PROBLEM set, and all is as it was. */
int access_reload(struct access *access, struct problem *problem);

/*
 * Whether AUTHORIZATION, the value of that header or NULL, is of a user. Where that is pending, TELL is
 * called with CONTEXT from within the loop, GRANTED or REFUSED, unless access_forget() comes first. How long
 * it takes does not depend on whether there is such a user.
 */
enum access_verdict access_check(struct access *access, const char *authorization,
                                 void (*tell)(void *context, enum access_verdict verdict), void *context);
void access_forget(struct access *access, const void *context);

/* -- its parts -- */

enum { CREDENTIALS_MAX = 256, BCRYPT_HASH_BYTES = 60, BCRYPT_COST_MAX = 16 };

/* "Basic dXNlcjpwYXNz", decoded: user and password, each terminated. */
struct credentials {
    char bytes[CREDENTIALS_MAX];
    const char *user;
    const char *password;
};

/* Returns 0, or -EINVAL where AUTHORIZATION is no such value, or longer. */
int credentials_parse(struct credentials *credentials, const char *authorization);

struct password_entry {
    char *user;
    char hash[BCRYPT_HASH_BYTES + 1];
    size_t line;
};

struct password_file {
    struct password_entry *entries;
    size_t count;
};

/* TEXT as htpasswd -B writes it: "user:$2y$10$...", one a line; empty lines and those that begin with # are
 * none. Start from a zeroed struct. Returns 0, -ENOMEM, or -EINVAL with *PROBLEM set, PATH being what it
 * calls the file. Free with password_file_free() in any case. */
int password_file_parse(struct password_file *file, const char *text, const char *path,
                        struct problem *problem);
void password_file_free(struct password_file *file);
