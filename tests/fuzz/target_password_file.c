/* A file of passwords, and the header that shows one: whatever is taken from it keeps the contract. */
#include "server/access.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

/* Whether line NUMBER of TEXT begins with "USER:HASH". */
static bool is_in_line(const char *text, size_t number, const struct password_entry *entry)
{
    size_t user = strlen(entry->user);

    while (--number > 0) {
        text = strchr(text, '\n');
        if (!text)
            return false;
        text++;
    }
    return strncmp(text, entry->user, user) == 0 && text[user] == ':' &&
           strncmp(text + user + 1, entry->hash, BCRYPT_HASH_BYTES) == 0;
}

static void check_entry(const struct password_file *file, size_t place, const char *text)
{
    const struct password_entry *entry = &file->entries[place];

    if (entry->user[0] == '\0' || entry->user[0] == '#' || strpbrk(entry->user, ":\n"))
        fail("a user who is none");
    if (strlen(entry->hash) != BCRYPT_HASH_BYTES || strncmp(entry->hash, "$2", 2) != 0)
        fail("a hash that is none");
    if (!is_in_line(text, entry->line, entry))
        fail("a line that says something else");
    for (size_t i = 0; i < place; i++) {
        if (strcmp(file->entries[i].user, entry->user) == 0)
            fail("a user twice");
    }
}

static void check_file(const char *text)
{
    struct password_file file = {0};
    struct problem problem = {0};
    int error = password_file_parse(&file, text, "users", &problem);

    if (error != 0 && error != -EINVAL)
        fail("an error of its own");
    if (error == 0 && file.count == 0)
        fail("a file without users");
    if (error < 0 && strncmp(problem.text, "users: ", 7) != 0)
        fail("a problem without a story");
    for (size_t i = 0; i < file.count; i++)
        check_entry(&file, i, text);
    password_file_free(&file);
}

/* As many bytes as the sextets make, and the same bits. */
static void check_credentials(const char *authorization)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct credentials credentials;
    char bytes[CREDENTIALS_MAX];

    if (credentials_parse(&credentials, authorization) < 0)
        return;
    size_t user = strlen(credentials.user);
    size_t length = user + 1 + strlen(credentials.password);
    if (credentials.user != credentials.bytes || credentials.password != credentials.bytes + user + 1 ||
        length >= CREDENTIALS_MAX)
        fail("user or password elsewhere");
    memcpy(bytes, credentials.bytes, length);
    bytes[user] = ':';
    const char *words = authorization + strlen("Basic ");
    words += strspn(words, " ");
    if (strcspn(words, "=") * 6 / 8 != length)
        fail("bytes too many or too few");
    for (size_t bit = 0; bit < length * 8; bit++) {
        size_t sextet = (size_t)(strchr(alphabet, words[bit / 6]) - alphabet);
        unsigned wanted = (unsigned)(sextet >> (5 - bit % 6)) & 1U;
        if (((unsigned char)bytes[bit / 8] >> (7 - bit % 8) & 1U) != wanted)
            fail("other bytes than were sent");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    check_file(text);
    check_credentials(text);
    free(text);
    return 0;
}
