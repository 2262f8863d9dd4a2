/* The option --user of commands that go on for months: root opens what needs it, and a user with less does
 * the rest. */
#pragma once

#include "base/privilege.h"
#include "base/problem.h"
#include "commands/options.h"

#include <stdbool.h>
#include <stddef.h>

struct lesser_user {
    const char *name; /* NULL: it stays who it is */

    /* its own */
    struct account account;
};

/* The row for a command whose settings are a TYPE with a struct lesser_user FIELD. */
/* clang-format off */
#define LESSER_USER_OPTION(type, field)                                                                      \
    {"user", 0, "USER", "once all is open, be USER: a name, or UID:GID",                                     \
     .offset = offsetof(type, field) + offsetof(struct lesser_user, name)}
/* clang-format on */

/* Finds the account. Returns 0, or a negative errno with *PROBLEM set, as do the others. */
int lesser_user_find(struct lesser_user *user, struct problem *problem);

/* Whose what is made is to be, NULL where nobody was named. */
const struct account *lesser_user_account(const struct lesser_user *user);

/* Files are opened as that user between the two. Who would not come back could not become that user for good
 * either, and is told so there. */
int lesser_user_begin(const struct lesser_user *user, struct problem *problem);
void lesser_user_end(const struct lesser_user *user);

/* For good. Of the capabilities those stay that watching needs: CAP_SYSLOG, CAP_BPF, CAP_PERFMON. */
int lesser_user_become(const struct lesser_user *user, struct problem *problem);
