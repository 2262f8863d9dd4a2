#include "commands/blackbox_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char of_root[] = "/var/lib/faultline/blackbox.flr";

/* Variables that are no absolute path count for nothing (XDG Base Directory Specification). */
static int of_user(char path[BLACKBOX_PATH_MAX], struct problem *problem)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int length = -1;

    if (state && state[0] == '/')
        length = snprintf(path, BLACKBOX_PATH_MAX, "%s/faultline/blackbox.flr", state);
    else if (home && home[0] == '/')
        length = snprintf(path, BLACKBOX_PATH_MAX, "%s/.local/state/faultline/blackbox.flr", home);
    if (length < 0)
        return problem_set(problem, ENOENT, "neither XDG_STATE_HOME nor HOME is set: name a file");
    if (length >= BLACKBOX_PATH_MAX)
        return problem_set(problem, ENAMETOOLONG, "the path of the home folder is too long: name a file");
    return 0;
}

static int find(char path[BLACKBOX_PATH_MAX], struct problem *problem)
{
    if (geteuid() != 0)
        return of_user(path, problem);
    memcpy(path, of_root, sizeof(of_root));
    return 0;
}

static int make_folder(const char *path, const struct account *owner)
{
    if (mkdir(path, 0700) < 0)
        return errno == EEXIST ? 0 : -errno;
    return owner && lchown(path, owner->uid, owner->gid) < 0 ? -errno : 0;
}

/* The last one is OWNER's; those above it are everybody's. */
static int make_folders(char *path, const struct account *owner, struct problem *problem)
{
    const char *last = strrchr(path, '/');
    int error = 0;

    for (char *slash = strchr(path + 1, '/'); slash && error == 0; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        error = make_folder(path, slash == last ? owner : NULL);
        if (error < 0)
            problem_set(problem, -error, "%s: %s", path, strerror(-error));
        *slash = '/';
    }
    return error;
}

int blackbox_path_to_write(char path[BLACKBOX_PATH_MAX], const struct account *owner, struct problem *problem)
{
    int error = find(path, problem);
    return error < 0 ? error : make_folders(path, owner, problem);
}

void blackbox_path_to_read(char path[BLACKBOX_PATH_MAX])
{
    struct problem nowhere;

    if (find(path, &nowhere) < 0 || access(path, F_OK) < 0)
        memcpy(path, of_root, sizeof(of_root));
}
