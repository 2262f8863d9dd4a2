/* The file of passwords, and what clients send of them. */
#include "server/access.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* -- credentials -- */

static int sextet(char byte)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = byte ? strchr(alphabet, byte) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* RFC 4648, 4. The padding may be missing. Returns how many bytes it was, or -EINVAL. */
static int decode_base64(const char *words, char *bytes, size_t size)
{
    unsigned bits = 0;
    unsigned held = 0;
    size_t length = 0;

    for (; *words && *words != '='; words++) {
        int value = sextet(*words);
        if (value < 0)
            return -EINVAL;
        bits = bits << 6 | (unsigned)value;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        if (length == size)
            return -EINVAL;
        bytes[length++] = (char)(bits >> held & 0xff);
    }
    words += strspn(words, "=");
    return *words ? -EINVAL : (int)length;
}

int credentials_parse(struct credentials *credentials, const char *authorization)
{
    static const char scheme[] = "basic ";

    if (strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
        return -EINVAL;
    authorization += sizeof(scheme) - 1;
    authorization += strspn(authorization, " ");
    int length = decode_base64(authorization, credentials->bytes, sizeof(credentials->bytes) - 1);
    if (length < 0 || memchr(credentials->bytes, '\0', (size_t)length))
        return -EINVAL;
    credentials->bytes[length] = '\0';
    char *colon = strchr(credentials->bytes, ':');
    if (!colon)
        return -EINVAL;
    *colon = '\0';
    credentials->user = credentials->bytes;
    credentials->password = colon + 1;
    return 0;
}

/* -- the file -- */

static bool is_bcrypt_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '.' || byte == '/';
}

/* "$2y$10$" and 53 bytes of salt and hash. */
static bool is_bcrypt(const char *hash)
{
    if (strlen(hash) != BCRYPT_HASH_BYTES || strncmp(hash, "$2", 2) != 0 || !strchr("aby", hash[2]) ||
        hash[3] != '$' || hash[6] != '$')
        return false;
    for (size_t i = 7; i < BCRYPT_HASH_BYTES; i++) {
        if (!is_bcrypt_byte(hash[i]))
            return false;
    }
    return hash[4] >= '0' && hash[4] <= '3' && hash[5] >= '0' && hash[5] <= '9';
}

static int cost_of(const char *hash)
{
    return (hash[4] - '0') * 10 + (hash[5] - '0');
}

static const struct password_entry *find(const struct password_file *file, const char *user)
{
    for (size_t i = 0; i < file->count; i++) {
        if (strcmp(file->entries[i].user, user) == 0)
            return &file->entries[i];
    }
    return NULL;
}

static int check_line(const struct password_file *file, const char *user, const char *hash, size_t line,
                      const char *path, struct problem *problem)
{
    const struct password_entry *known = find(file, user);

    if (!is_bcrypt(hash))
        return problem_set(problem, EINVAL,
                           "%s: line %zu: the hash is not bcrypt's ($2y$...): make it with htpasswd -B %s %s",
                           path, line, path, user);
    if (cost_of(hash) < 4 || cost_of(hash) > BCRYPT_COST_MAX)
        return problem_set(
            problem, EINVAL,
            "%s: line %zu: cost %d: each attempt would take too long or no time: 4 to %d, with "
            "htpasswd -B -C 10",
            path, line, cost_of(hash), BCRYPT_COST_MAX);
    if (known)
        return problem_set(problem, EINVAL,
                           "%s: line %zu: '%s' stands in line %zu as well: remove one of them", path, line,
                           user, known->line);
    return 0;
}

static int add(struct password_file *file, const char *user, const char *hash, size_t line)
{
    struct password_entry *entries = reallocarray(file->entries, file->count + 1, sizeof(*entries));

    if (!entries)
        return -ENOMEM;
    file->entries = entries;
    struct password_entry *entry = &entries[file->count];
    *entry = (struct password_entry){.user = strdup(user), .line = line};
    if (!entry->user)
        return -ENOMEM;
    memcpy(entry->hash, hash, BCRYPT_HASH_BYTES + 1);
    file->count++;
    return 0;
}

static int parse_line(struct password_file *file, char *line, size_t number, const char *path,
                      struct problem *problem)
{
    size_t length = strlen(line);

    while (length > 0 && strchr(" \t\r", line[length - 1]))
        line[--length] = '\0';
    if (length == 0 || line[0] == '#')
        return 0;
    char *colon = strchr(line, ':');
    if (!colon || colon == line)
        return problem_set(problem, EINVAL,
                           "%s: line %zu: expected USER:HASH: make it with htpasswd -B %s USER", path, number,
                           path);
    *colon = '\0';
    int error = check_line(file, line, colon + 1, number, path, problem);
    return error < 0 ? error : add(file, line, colon + 1, number);
}

int password_file_parse(struct password_file *file, const char *text, const char *path,
                        struct problem *problem)
{
    char *copy = strdup(text);
    char *rest = copy;
    size_t number = 0;
    int error = copy ? 0 : -ENOMEM;

    while (error == 0 && rest) {
        char *line = strsep(&rest, "\n");
        error = parse_line(file, line, ++number, path, problem);
    }
    free(copy);
    if (error == 0 && file->count == 0)
        error = problem_set(problem, EINVAL, "%s: no user is in it: make one with htpasswd -B %s USER", path,
                            path);
    return error;
}

void password_file_free(struct password_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        free(file->entries[i].user);
    free(file->entries);
    *file = (struct password_file){0};
}
