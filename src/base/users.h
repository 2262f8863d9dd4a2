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

/* What a process can be. */
struct account {
    uint32_t uid;
    uint32_t gid;
};

/*
 * The account of WORD, which is a name in PATH, or "UID:GID", two numbers that need not stand there. Sets
 * *ACCOUNT. Returns 0 or
 *
 *     -ENOENT   there is no such name, or no such file
 *     -errno    PATH cannot be read
 */
int users_find_account(const char *path, const char *word, struct account *account);

/* The name of a user, valid as long as USERS; NULL where it is not known. */
const char *users_name(const struct users *users, uint64_t uid);
