/* The names of users, as /etc/passwd has them. Those of a directory service (LDAP) are not there: a program
 * that is one static file cannot load what asks for them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct user;

/* A zeroed one is empty. */
struct users {
    struct user *list;
    size_t count;
};

/* Reads them from PATH. Without the file, or without memory, all are unknown. */
void users_read(struct users *users, const char *path);
void users_free(struct users *users);

/* The name of a user, valid as long as USERS; NULL where it is not known. */
const char *users_name(const struct users *users, uint64_t uid);
