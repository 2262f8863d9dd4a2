/* Paths of files and cgroups as the programs here send them: the names from the last one up to the first
 * below the root, each terminated. */
#pragma once

enum {
    PATH_NAME_BYTES = 256, /* of a file without its folders, or of a cgroup (NAME_MAX), with its end */
    PATH_BYTES = 4096,     /* of all names of a path; with one name more than that it is cut */
    PATH_ROOM = PATH_BYTES + PATH_NAME_BYTES,
    PATH_COMPONENTS = 64, /* at most, names and mount points: with more it is cut as well */
    PATH_PARENTS = 32,    /* how far up a cgroup's parents are looked at for one */
};

/* What is told of a path beside it. */
enum {
    PATH_CUT = 1 << 0,
    PATH_DELETED = 1 << 1, /* the file had no name any more */
    PATH_CGROUP_CUT = 1 << 2,
};
