#include "kernel/cgroup_walk.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_OF_A_LEAF = 2 }; /* its name and its "."; each folder below it has a ".." (fs/kernfs/inode.c) */

static struct cgroup_level *last_level(struct cgroup_walk *walk)
{
    return &walk->levels[walk->depth - 1];
}

/* Returns its descriptor or a negative errno. */
static int open_folder(int above_fd, const char *name, int flags, struct stat *status)
{
    int fd = openat(above_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);

    if (fd < 0)
        return -errno;
    if (fstat(fd, status) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

/* What has no groups below it is not listed, which would take a fifth of the time that its files do. */
static void enter(struct cgroup_walk *walk, int fd, const struct stat *status, size_t path_length,
                  struct cgroup_found *group)
{
    struct cgroup_level *level = &walk->levels[walk->depth++];

    level->fd = fd;
    level->leaf = status->st_nlink == LINKS_OF_A_LEAF;
    level->entries = entries_of(fd, level->memory, sizeof(level->memory));
    level->path_length = path_length;
    *group = (struct cgroup_found){fd, status->st_ino, walk->path};
}

static void leave(struct cgroup_walk *walk)
{
    close(last_level(walk)->fd);
    walk->depth--;
}

int cgroup_walk_begin(struct cgroup_walk *walk, const char *folder, struct cgroup_found *group)
{
    struct stat status = {0};
    int fd = open_folder(AT_FDCWD, folder, 0, &status);

    walk->depth = 0;
    walk->too_deep = 0;
    if (fd < 0)
        return fd;
    walk->device = status.st_dev;
    memcpy(walk->path, "/", sizeof("/"));
    enter(walk, fd, &status, 0, group);
    return 1;
}

/* Puts NAME behind the path of the group above it. Returns the length of what fits. */
static size_t put_path(struct cgroup_walk *walk, size_t above_length, const char *name)
{
    struct text path = text_over(walk->path, sizeof(walk->path) - 1);

    path.length = above_length;
    text_char(&path, '/');
    text_string(&path, name);
    walk->path[path.length] = '\0';
    return path.length;
}

/* The next folder below the group that the walk is at. Returns as entries_next() does; one that has been
 * removed has no more. */
static int next_folder(struct cgroup_level *level, struct entry *entry)
{
    int more = 0;

    while (!level->leaf && (more = entries_next(&level->entries, entry)) > 0) {
        if (entry->type == DT_DIR && strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
            break;
    }
    return more == -ENOENT ? 0 : more;
}

/* False where the folder has gone, or is of another file system, which somebody has mounted there. */
static bool go_to(struct cgroup_walk *walk, const struct entry *entry, struct cgroup_found *group)
{
    struct stat status = {0};
    int fd = open_folder(last_level(walk)->fd, entry->name, O_NOFOLLOW, &status);

    if (fd == -ENOENT)
        return false;
    if (fd >= 0 && status.st_dev != walk->device) {
        close(fd);
        return false;
    }
    size_t path_length = put_path(walk, last_level(walk)->path_length, entry->name);
    if (fd < 0)
        *group = (struct cgroup_found){fd, entry->inode, walk->path};
    else
        enter(walk, fd, &status, path_length, group);
    return true;
}

int cgroup_walk_next(struct cgroup_walk *walk, struct cgroup_found *group)
{
    struct entry entry;

    while (walk->depth > 0) {
        int more = next_folder(last_level(walk), &entry);
        if (more < 0)
            return more;
        if (more == 0)
            leave(walk);
        else if (walk->depth > CGROUP_DEPTH_MAX)
            walk->too_deep++;
        else if (go_to(walk, &entry, group))
            return 1;
    }
    return 0;
}

void cgroup_walk_end(struct cgroup_walk *walk)
{
    while (walk->depth > 0)
        leave(walk);
}
