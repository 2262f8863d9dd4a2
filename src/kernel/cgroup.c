#include "kernel/cgroup.h"

#include "base/file.h"
#include "kernel/mountinfo.h"
#include "kernel/proc_file.h"
#include "kernel/source_format.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "low 0\nhigh 0\nmax 0\noom 1\noom_kill 1\n" */
const struct source_format memory_events_format = {"memory.events", "memory.events", key_number_locate,
                                                   key_number_parse, NULL};

int cgroup_version(int folder_fd)
{
    static const struct {
        const char *file;
        int version;
    } signs[] = {{"memory.events", CGROUP_V2}, {"memory.oom_control", CGROUP_V1}};

    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
        if (faccessat(folder_fd, signs[i].file, R_OK, 0) == 0)
            return signs[i].version;
    }
    return -ENOENT;
}

/* Puts ROOT, of the mount, and REST, below its mount point, together. */
static int join(const char *root, const char *rest, char *path, size_t size)
{
    if (strcmp(root, "/") == 0)
        root = "";
    size_t length = strlen(root) + strlen(rest);

    if (length + 2 > size)
        return -ENAMETOOLONG;
    memcpy(path, root, strlen(root));
    memcpy(path + strlen(root), rest, strlen(rest) + 1);
    if (length == 0)
        memcpy(path, "/", 2);
    return 0;
}

/* A line that mounts cgroups, of v1 or v2. */
static bool read_mount(struct mount_line *mount, struct span line)
{
    return span_find(line, " - cgroup") && mountinfo_read(mount, line); /* and cgroup2 */
}

int cgroup_path(const char *mountinfo, const char *folder, char *path, size_t size)
{
    struct mount_line mount;
    struct span text = span_of(mountinfo);
    struct span line;
    size_t longest = 0;
    int error = -ENOENT;

    while (span_take_line(&text, &line)) {
        if (!read_mount(&mount, line) || !cgroup_is_within(folder, mount.point) ||
            strlen(mount.point) < longest)
            continue;
        longest = strlen(mount.point); /* of mounts above one another the last one, which is in sight */
        error = join(mount.root, folder + longest, path, size);
    }
    return error;
}

/* Whether LIST, of controllers with commas between, has the memory controller. */
static bool has_memory(const char *list, size_t length)
{
    static const char name[] = "memory";

    for (const char *at = list; at + sizeof(name) - 1 <= list + length; at++) {
        const char *end = at + sizeof(name) - 1;
        if ((at == list || at[-1] == ',') && memcmp(at, name, sizeof(name) - 1) == 0 &&
            (end == list + length || *end == ','))
            return true;
    }
    return false;
}

/* The version of the hierarchy of the memory controller that LINE mounts, or 0 where it mounts something
 * else:
 * "... - cgroup cgroup rw,memory", "... - cgroup2 cgroup2 rw,nsdelegate". The controllers are the last field.
 */
static int version_of_mount(struct span line)
{
    struct span type;

    if (!span_take_until(&line, " - ", NULL) || !span_take_until(&line, " ", &type))
        return 0;
    const char *last = memrchr(line.at, ' ', line.length);
    struct span options = last ? span_from(line, last + 1) : line;

    if (span_is(type, "cgroup2"))
        return CGROUP_V2;
    return span_is(type, "cgroup") && has_memory(options.at, options.length) ? CGROUP_V1 : 0;
}

/* A mount of the hierarchy that may have the memory controller. */
struct memory_mount {
    int version;
    size_t root_length;
};

/* v1 has the controller where it is mounted at all; a shorter root shows more of the hierarchy. */
static bool is_better(struct memory_mount mount, struct memory_mount than)
{
    if (mount.version != than.version)
        return mount.version < than.version;
    return mount.root_length < than.root_length;
}

int cgroup_memory_mount(const char *mountinfo, char *path, size_t size, int *version)
{
    struct mount_line shown;
    struct memory_mount best = {.version = INT_MAX};
    struct span text = span_of(mountinfo);
    struct span line;
    int error = -ENOENT;

    while (span_take_line(&text, &line)) {
        struct memory_mount mount = {.version = version_of_mount(line)};
        if (mount.version == 0 || !read_mount(&shown, line))
            continue;
        mount.root_length = strlen(shown.root);
        if (!is_better(mount, best))
            continue;
        best = mount;
        error = join("/", shown.point, path, size);
    }
    if (error == 0)
        *version = best.version;
    return error;
}

int cgroup_memory_find(char *path, size_t size, int *version)
{
    char *mountinfo;
    int error = file_read_whole("/proc/self/mountinfo", &mountinfo);

    if (error < 0)
        return error;
    error = cgroup_memory_mount(mountinfo, path, size, version);
    free(mountinfo);
    return error;
}

/* Whether a part of PATH is "..": that of a group outside of this program's cgroup namespace is
 * (cgroup_namespaces(7)), and none is called so. */
static bool leads_out(const char *path)
{
    for (const char *at = path; (at = strstr(at, "/..")); at++) {
        if (at[3] == '/' || at[3] == '\0')
            return true;
    }
    return false;
}

int cgroup_folder(const char *mountinfo, int version, const char *path, char *folder, size_t size)
{
    struct mount_line mount;
    size_t best_length = SIZE_MAX;
    struct span text = span_of(mountinfo);
    struct span line;
    int error = -ENOENT;

    while (!leads_out(path) && span_take_line(&text, &line)) {
        if (version_of_mount(line) != version || !read_mount(&mount, line))
            continue;
        size_t root_length = strcmp(mount.root, "/") == 0 ? 0 : strlen(mount.root);
        if (!cgroup_is_within(path, mount.root) || root_length >= best_length)
            continue;
        best_length = root_length;
        error = join(mount.point, strcmp(path, "/") == 0 ? "" : path + root_length, folder, size);
    }
    return error;
}

/* "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n" */
static int add_own_kills(int folder_fd, uint64_t *kills)
{
    char text[256];
    struct value value = {0, false};
    ssize_t length = proc_file_read_small(folder_fd, "memory.oom_control", text, sizeof(text));

    if (length < 0)
        return (int)length;
    const char *line = strstr(text, "\noom_kill ");
    if (line)
        scan_unsigned(line + strlen("\noom_kill "), text + length, &value);
    if (!value.present)
        return -ENODATA;
    *kills += value.number;
    return 0;
}

/* DEPTH keeps a tree that grows below our feet from going on for ever. */
static int add_kills(int folder_fd, unsigned depth, uint64_t *kills)
{
    int error = add_own_kills(folder_fd, kills);
    int own_fd = error == 0 && depth > 0 ? openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    DIR *folder = own_fd >= 0 ? fdopendir(own_fd) : NULL;

    for (const struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        int below_fd = openat(folder_fd, entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (below_fd < 0)
            continue; /* gone meanwhile */
        add_kills(below_fd, depth - 1, kills);
        close(below_fd);
    }
    if (folder)
        closedir(folder);
    else if (own_fd >= 0)
        close(own_fd);
    return error;
}

int cgroup_v1_kills(int folder_fd, uint64_t *kills)
{
    enum { DEPTH_MAX = 32 };

    *kills = 0;
    return add_kills(folder_fd, DEPTH_MAX, kills);
}

/* "4:memory:/job" of v1, "0::/job" of v2 (kernel/cgroup/cgroup.c, proc_cgroup_show()). */
struct span cgroup_in_version(const char *text, int version)
{
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *list = strchr(line, ':');
        const char *path = list ? strchr(list + 1, ':') : NULL;
        if (!path)
            continue;
        if (version == CGROUP_V1 ? has_memory(list + 1, (size_t)(path - list - 1)) : path == list + 1)
            return (struct span){path + 1, strcspn(path + 1, "\n")};
    }
    return span_of("");
}

struct span cgroup_in(const char *text)
{
    struct span path = cgroup_in_version(text, CGROUP_V1);
    return path.length > 0 ? path : cgroup_in_version(text, CGROUP_V2);
}

int cgroup_of_process(const char *proc_path, uint64_t pid, const char *comm, char *path, size_t size)
{
    char folder[PATH_MAX];
    char text[PATH_MAX * 2];

    (void)snprintf(folder, sizeof(folder), "%s/%" PRIu64, proc_path, pid);
    int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return -ESRCH;
    bool same = proc_file_read_small(folder_fd, "comm", text, sizeof(text)) >= 0 &&
                strlen(text) == strlen(comm) + 1 && memcmp(text, comm, strlen(comm)) == 0;
    ssize_t read = same ? proc_file_read_small(folder_fd, "cgroup", text, sizeof(text)) : -ESRCH;
    close(folder_fd);
    if (read < 0)
        return (int)read;
    struct span found = cgroup_in(text);
    if (found.length == 0 || span_is(found, "/")) /* who is exiting has been moved to the root by now */
        return -ENOENT;
    if (found.length >= size)
        return -ENAMETOOLONG;
    span_keep(path, size, found);
    return 0;
}

bool cgroup_is_within(const char *inner, const char *outer)
{
    size_t length = strlen(outer);

    if (strcmp(outer, "/") == 0)
        return inner[0] == '/';
    return length > 0 && strncmp(inner, outer, length) == 0 &&
           (inner[length] == '\0' || inner[length] == '/');
}
