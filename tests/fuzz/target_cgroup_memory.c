/* The files of a memory cgroup: whatever they say, a value is what the first whole line with its key has, and
 * absent where that has no number. And mountinfo: a mount point that is found is a part of it, and a folder
 * lies below one. */
#include "kernel/cgroup.h"
#include "kernel/cgroup_account.h"
#include "kernel/cgroup_memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

/* The digits at AT, up to a blank or a newline, behind blanks. */
static struct value number_at(const char *at)
{
    char digits[24];
    const struct value none = {0, false};

    at += strspn(at, " ");
    size_t length = strspn(at, "0123456789");
    if (length == 0 || (at[length] != ' ' && at[length] != '\n'))
        return none;
    for (; length > 1 && *at == '0'; length--)
        at++;
    if (length > 20)
        return none;
    (void)snprintf(digits, sizeof(digits), "%.*s", (int)length, at);
    errno = 0;
    uint64_t number = strtoumax(digits, NULL, 10);
    return errno == 0 ? (struct value){number, true} : none;
}

/* What stands behind KEY on the first line that begins with it and has a newline; NULL without one. TEXT ends
 * with a zero byte. */
static const char *behind_key(const char *text, const char *end, const char *key)
{
    for (const char *line = text; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline)
            return NULL;
        if (strncmp(line, key, strlen(key)) == 0)
            return line + strlen(key);
        line = newline + 1;
    }
    return NULL;
}

static struct value value_of(const char *text, const char *end, const char *key)
{
    const char *behind = behind_key(text, end, key);
    return behind ? number_at(behind) : (struct value){0, false};
}

/* The same of " total=" on that line. */
static struct value total_of(const char *text, const char *end, const char *key)
{
    const char *behind = behind_key(text, end, key);
    const char *newline = behind ? memchr(behind, '\n', (size_t)(end - behind)) : NULL;
    const char *total = newline ? memmem(behind, (size_t)(newline - behind), " total=", 7) : NULL;

    return total ? number_at(total + 7) : (struct value){0, false};
}

static void check(const char *what, struct value value, struct value expected)
{
    if (value.present != expected.present || (value.present && value.number != expected.number))
        fail(what);
}

static struct value minor_of(struct value faults, struct value major)
{
    if (!faults.present || !major.present || faults.number < major.number)
        return (struct value){0, false};
    return (struct value){faults.number - major.number, true};
}

static void check_stat(const char *bytes, size_t size, const char *text)
{
    const char *end = text + size;
    struct cgroup_memory memory;

    memset(&memory, 0xee, sizeof(memory));
    cgroup_memory_parse_stat_v2(bytes, size, &memory);
    struct value major = value_of(text, end, "pgmajfault ");
    check("major faults of v2", memory.major_faults, major);
    check("minor faults of v2", memory.minor_faults, minor_of(value_of(text, end, "pgfault "), major));
    memset(&memory, 0xee, sizeof(memory));
    cgroup_memory_parse_stat_v1(bytes, size, &memory);
    major = value_of(text, end, "total_pgmajfault ");
    struct value limit = value_of(text, end, "hierarchical_memory_limit ");
    limit.present &= limit.number < UINT64_C(1) << 62;
    check("major faults of v1", memory.major_faults, major);
    check("minor faults of v1", memory.minor_faults, minor_of(value_of(text, end, "total_pgfault "), major));
    check("swap of v1", memory.swap_bytes, value_of(text, end, "total_swap "));
    check("limit of v1", memory.limit_bytes, limit);
}

static void check_others(const char *bytes, size_t size, const char *text)
{
    const char *end = text + size;
    struct cgroup_memory memory;

    memset(&memory, 0xee, sizeof(memory));
    cgroup_memory_parse_pressure(bytes, size, &memory);
    cgroup_memory_parse_kills(bytes, size, &memory);
    check("some", memory.some_stall_us, total_of(text, end, "some "));
    check("full", memory.full_stall_us, total_of(text, end, "full "));
    check("kills", memory.kills, value_of(text, end, "oom_kill "));
    check("an amount", cgroup_memory_amount(bytes, size),
          memchr(text, '\n', size) ? number_at(text) : (struct value){0, false});
}

static struct value either(struct value value, struct value other)
{
    return value.present ? value : other;
}

static void check_account_stat(const char *bytes, size_t size, const char *text)
{
    const char *end = text + size;
    struct cgroup_account account;

    memset(&account, 0xee, sizeof(account));
    cgroup_account_parse_stat_v2(bytes, size, &account);
    check("anon of v2", account.anon_bytes, value_of(text, end, "anon "));
    check("file of v2", account.file_bytes, value_of(text, end, "file "));
    check("refaults of anon of v2", account.refaults_anon, value_of(text, end, "workingset_refault_anon "));
    check("refaults of files of v2", account.refaults_file,
          either(value_of(text, end, "workingset_refault_file "),
                 value_of(text, end, "workingset_refault ")));
    memset(&account, 0xee, sizeof(account));
    cgroup_account_parse_stat_v1(bytes, size, &account);
    check("anon of v1", account.anon_bytes, value_of(text, end, "total_rss "));
    check("file of v1", account.file_bytes, value_of(text, end, "total_cache "));
    check("refaults of anon of v1", account.refaults_anon,
          value_of(text, end, "total_workingset_refault_anon "));
    check("refaults of files of v1", account.refaults_file,
          value_of(text, end, "total_workingset_refault_file "));
}

static void check_account_others(const char *bytes, size_t size, const char *text)
{
    const char *end = text + size;
    struct cgroup_account account;

    memset(&account, 0xee, sizeof(account));
    cgroup_account_parse_io_pressure(bytes, size, &account);
    cgroup_account_parse_cpu_pressure(bytes, size, &account);
    cgroup_account_parse_cpu_stat(bytes, size, &account);
    check("some of io", account.io_some_stall_us, total_of(text, end, "some "));
    check("full of io", account.io_full_stall_us, total_of(text, end, "full "));
    check("some of cpu", account.cpu_some_stall_us, total_of(text, end, "some "));
    check("processor time", account.cpu_us, value_of(text, end, "usage_usec "));
}

/* The group that the text itself tells, in the mounts that it has besides. */
static void check_folder(const char *text, int version)
{
    char path[64];
    char folder[80];
    struct span found = cgroup_in_version(text, version);

    if (found.at < text || span_end(found) > text + strlen(text))
        found = span_of(""); /* none */
    SPAN_KEEP(path, found);
    memset(folder, '#', sizeof(folder));
    int error = cgroup_folder(text, version, path, folder, sizeof(folder) - 1);
    if (folder[sizeof(folder) - 1] != '#')
        fail("a folder over the end of its memory");
    if (error != 0 && error != -ENOENT && error != -ENAMETOOLONG)
        fail("a folder that was not found for no reason");
    if (error == 0 && path[0] != '/')
        fail("a folder of no group");
    if (error == 0 && (strstr(path, "/../") || strcmp(path, "/..") == 0))
        fail("a folder outside of the mount");
}

static void check_mount(const char *text)
{
    char path[64];
    int version = 0;

    memset(path, '#', sizeof(path));
    int error = cgroup_memory_mount(text, path, sizeof(path) - 1, &version);
    if (path[sizeof(path) - 1] != '#')
        fail("a mount point over the end of its memory");
    if (error != 0 && (version != 0 || (error != -ENOENT && error != -ENAMETOOLONG)))
        fail("a mount that was not found changed something");
    if (error == 0 &&
        (!strstr(text, version == CGROUP_V2 ? " - cgroup2" : " - cgroup") ||
         (!strchr(path, '\\') && !strchr(text, '\\') && !strstr(text, path) && strcmp(path, "/") != 0)))
        fail("a mount that is not in the text");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size > 0 ? size : 1);
    char *text = malloc(size + 1);

    if (!bytes || !text)
        abort();
    memcpy(bytes, data, size);
    memcpy(text, data, size);
    text[size] = '\0';
    check_stat(bytes, size, text);
    check_others(bytes, size, text);
    check_account_stat(bytes, size, text);
    check_account_others(bytes, size, text);
    check_mount(text);
    check_folder(text, CGROUP_V1);
    check_folder(text, CGROUP_V2);
    free(bytes);
    free(text);
    return 0;
}
