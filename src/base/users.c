#include "base/users.h"

#include "base/number.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USER_NAME_MAX = 64 }; /* useradd(8) allows 32 */

struct user {
    uint64_t uid;
    char name[USER_NAME_MAX];
};

static int compare(const void *a, const void *b)
{
    const struct user *one = a;
    const struct user *other = b;

    return one->uid < other->uid ? -1 : one->uid > other->uid;
}

static void insert(struct users *users, const struct user *user)
{
    size_t place = users->count++;

    for (; place > 0 && compare(user, &users->list[place - 1]) < 0; place--)
        users->list[place] = users->list[place - 1];
    users->list[place] = *user;
}

/* "+" and "-" are of NIS, and no users. */
static bool is_user(const struct passwd *entry)
{
    return entry->pw_name && !strchr("+-", entry->pw_name[0]); /* nor is "" */
}

static void add(struct users *users, const struct passwd *entry)
{
    struct user user = {.uid = entry->pw_uid};
    /* Of several names for a number the first counts, as for getpwuid(3). */
    struct user *list =
        users_name(users, user.uid) ? NULL : reallocarray(users->list, users->count + 1, sizeof(*list));

    if (!list)
        return;
    users->list = list;
    memcpy(user.name, entry->pw_name, strnlen(entry->pw_name, sizeof(user.name) - 1));
    insert(users, &user);
}

void users_read(struct users *users, const char *path)
{
    const struct passwd *entry;
    FILE *file = fopen(path, "re");

    *users = (struct users){0};
    if (!file)
        return;
    while ((entry = fgetpwent(file))) {
        if (is_user(entry))
            add(users, entry);
    }
    (void)fclose(file);
}

void users_free(struct users *users)
{
    free(users->list);
    *users = (struct users){0};
}

const char *users_name(const struct users *users, uint64_t uid)
{
    const struct user wanted = {.uid = uid};
    const struct user *found =
        users->count > 0 ? bsearch(&wanted, users->list, users->count, sizeof(wanted), compare) : NULL;

    return found ? found->name : NULL;
}

/* The highest number says "nobody in particular" to the system calls that take one. */
static bool parse_id(const char *word, uint32_t *id)
{
    uint64_t number;

    if (number_parse_unsigned(word, &number) < 0 || number >= UINT32_MAX)
        return false;
    *id = (uint32_t)number;
    return true;
}

/* "UID:GID" */
static bool parse_account(const char *word, struct account *account)
{
    char uid[16];
    const char *colon = strchr(word, ':');
    size_t length = colon ? (size_t)(colon - word) : sizeof(uid);

    if (length >= sizeof(uid))
        return false;
    memcpy(uid, word, length);
    uid[length] = '\0';
    return parse_id(uid, &account->uid) && parse_id(colon + 1, &account->gid);
}

int users_find_account(const char *path, const char *word, struct account *account)
{
    const struct passwd *entry;
    bool found = false;

    if (parse_account(word, account))
        return 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    while (!found && (entry = fgetpwent(file)))
        found = is_user(entry) && strcmp(entry->pw_name, word) == 0;
    if (found)
        *account = (struct account){entry->pw_uid, entry->pw_gid};
    (void)fclose(file);
    return found ? 0 : -ENOENT;
}
