#include "base/file.h"
#include "kernel/cgroup.h"
#include "kernel/cgroup_job.h"
#include "kernel/cgroup_tree.h"
#include "kernel/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the kernel says of this program and of the machine. */
struct surroundings {
    char *mountinfo;
    char *groups; /* /proc/self/cgroup */
};

/* A group that is there. */
struct place {
    int version;
    int fd;
    bool alone; /* this program is in it, and nobody else */
    char path[PATH_MAX];
    char folder[PATH_MAX];
};

static const char *mend_of(int error, int version)
{
    switch (-error) {
    case EACCES:
    case EPERM:
        return version == CGROUP_V1
                   ? "be root"
                   : "be root, or have a group that is delegated to you: systemd-run --user --scope "
                     "-p Delegate=yes faultline run ...";
    case EROFS:
        return "containers have it so: mount cgroups for writing, or run faultline outside";
    case EEXIST:
        return "it may be left of a run that was killed: remove the folder";
    case EAGAIN:
        return "no more groups may be made there: see cgroup.max.descendants and cgroup.max.depth";
    default:
        return "the job can run without a group of its own";
    }
}

/* Of what is called NAME in PLACE, or of that itself where NAME is "". */
static int tell(struct problem *problem, int error, const struct place *place, const char *name)
{
    return problem_set(problem, -error, "cgroup %s%s%s: %s: %s", place->folder, *name ? "/" : "", name,
                       strerror(-error), mend_of(error, place->version));
}

static int look_around(struct surroundings *around, struct problem *problem)
{
    *around = (struct surroundings){NULL, NULL};
    int error = file_read_whole("/proc/self/mountinfo", &around->mountinfo);
    if (error == 0)
        error = file_read_whole("/proc/self/cgroup", &around->groups);
    return error < 0 ? problem_set(problem, -error, "/proc/self: the own cgroup: %s", strerror(-error)) : 0;
}

static void forget(struct surroundings *around)
{
    free(around->mountinfo);
    free(around->groups);
}

/* PLACE has its version and path already. */
static int open_place(const struct surroundings *around, struct place *place)
{
    int error =
        cgroup_folder(around->mountinfo, place->version, place->path, place->folder, sizeof(place->folder));
    if (error < 0)
        return error;
    place->fd = open(place->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return place->fd < 0 ? -errno : 0;
}

/* The folder is believed only where the program finds itself in it: the group may have been removed and made
 * anew, or something else be mounted over it. */
static int find_self(struct place *place)
{
    bool holds = false;
    int error = cgroup_holds(place->fd, getpid(), &holds, &place->alone);

    if (error == 0 && !holds)
        error = -ENOENT;
    if (error == 0)
        return 0;
    close(place->fd);
    place->fd = -1;
    return error;
}

static int open_own(const struct surroundings *around, int version, struct place *own)
{
    struct span path = cgroup_in_version(around->groups, version);

    own->version = version;
    own->fd = -1;
    own->alone = false;
    SPAN_KEEP(own->path, path);
    SPAN_KEEP(own->folder, path); /* for who tells of it */
    if (path.length == 0 || path.length >= sizeof(own->path))
        return path.length == 0 ? -ENOENT : -ENAMETOOLONG;
    int error = open_place(around, own);
    return error < 0 ? error : find_self(own);
}

static int tell_own(struct problem *problem, int error, const struct place *own)
{
    if (error == -ENOENT)
        return problem_set(
            problem, ENOENT,
            "cgroup %s: it is this program's own, and no folder of it is in sight: it was removed, or "
            "is outside of the cgroup namespace: the job can run without a group of its own",
            own->path);
    return tell(problem, error, own, "");
}

static int make_folder(struct cgroup_job_folder *folder, const char *name)
{
    if (mkdirat(folder->above_fd, name, 0755) < 0)
        return -errno;
    folder->made = true;
    folder->fd = openat(folder->above_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return folder->fd < 0 ? -errno : 0;
}

/* Makes the job's group of the memory controller, below memory.above_fd, which is ABOVE. */
static int make_memory(struct cgroup_job *job, const struct place *above, struct problem *problem)
{
    const char *path = strcmp(above->path, "/") == 0 ? "" : above->path;
    int length = snprintf(job->path, sizeof(job->path), "%s/%s", path, job->name);

    if (length < 0 || (size_t)length >= sizeof(job->path))
        return tell(problem, -ENAMETOOLONG, above, job->name);
    int error = make_folder(&job->memory, job->name);
    return error < 0 ? tell(problem, error, above, job->name) : 0;
}

static bool file_begins(int folder_fd, const char *file, const char *start)
{
    char text[64];
    return proc_file_read_small(folder_fd, file, text, sizeof(text)) >= 0 &&
           strncmp(text, start, strlen(start)) == 0;
}

/* Without a hierarchy in the own group, its limit does not hold for what is below it. */
static int check_hierarchy(const struct place *own, struct problem *problem)
{
    struct cgroup_memory memory;

    if (!file_begins(own->fd, "memory.use_hierarchy", "0"))
        return 0;
    if (cgroup_memory_read(own->fd, CGROUP_V1, &memory) < 0 || !memory.limit_bytes.present)
        return 0;
    return problem_set(problem, EPERM,
                       "cgroup %s: it has a limit of memory that a job below it would escape: write 1 to its "
                       "memory.use_hierarchy, or start faultline outside of it",
                       own->folder);
}

static int make_v1(struct cgroup_job *job, const struct surroundings *around, struct problem *problem)
{
    struct place own;
    int error = open_own(around, CGROUP_V1, &own);

    if (error < 0)
        return tell_own(problem, error, &own);
    job->memory.above_fd = own.fd;
    error = check_hierarchy(&own, problem);
    if (error == 0)
        error = make_memory(job, &own, problem);
    if (error == 0 && file_begins(job->memory.fd, "memory.use_hierarchy", "0"))
        cgroup_write(job->memory.fd, "memory.use_hierarchy", "1");
    return error;
}

/* Below a group that is threaded it would be one that takes no process. */
static bool takes_processes(int folder_fd)
{
    return file_begins(folder_fd, "cgroup.type", "domain\n");
}

/* Nothing is said of what goes wrong here. */
static void make_stalls(struct cgroup_job *job, const struct surroundings *around)
{
    struct place own;

    if (open_own(around, CGROUP_V2, &own) < 0)
        return;
    job->stalls.above_fd = own.fd;
    if (make_folder(&job->stalls, job->name) == 0 && takes_processes(job->stalls.fd))
        return;
    if (job->stalls.made)
        cgroup_tree_remove(own.fd, job->name);
    if (job->stalls.fd >= 0)
        close(job->stalls.fd);
    close(own.fd);
    job->stalls = (struct cgroup_job_folder){-1, -1, false};
}

/* Whether FILE, "cpuset cpu io memory pids\n", has the memory controller. */
static bool lists_memory(int folder_fd, const char *file)
{
    char text[1024];
    struct span line;

    if (proc_file_read_small(folder_fd, file, text, sizeof(text)) < 0)
        return false;
    struct span rest = span_of(text);
    if (!span_take_line(&rest, &line))
        return false;
    for (struct span word = span_take_word(&line); word.length > 0; word = span_take_word(&line)) {
        if (span_is(word, "memory"))
            return true;
    }
    return false;
}

static int no_controller(struct problem *problem, const struct place *place, const char *why)
{
    return problem_set(problem, ENOTSUP, "cgroup %s: %s: the job can run without a group of its own",
                       place->folder, why);
}

/* To the groups below memory.above_fd, which is ABOVE. */
static int hand_down(struct cgroup_job *job, const struct place *above, struct problem *problem)
{
    if (lists_memory(above->fd, "cgroup.subtree_control"))
        return 0;
    if (!lists_memory(above->fd, "cgroup.controllers"))
        return no_controller(problem, above, "it has no memory controller");
    int error = cgroup_write(above->fd, "cgroup.subtree_control", "+memory");
    if (error < 0)
        return tell(problem, error, above, "cgroup.subtree_control");
    job->handed_down = true;
    return 0;
}

/* The group of v2 has to be one that counts memory and takes processes. */
static int check_v2(const struct cgroup_job *job, const struct place *above, struct problem *problem)
{
    if (!takes_processes(job->memory.fd))
        return no_controller(problem, above, "it is a threaded group, which no job can be below");
    if (cgroup_version(job->memory.fd) != CGROUP_V2)
        return no_controller(problem, above, "what is below it has no memory controller");
    return 0;
}

static int make_v2_below(struct cgroup_job *job, const struct place *above, struct problem *problem)
{
    int error = make_memory(job, above, problem);
    return error < 0 ? error : check_v2(job, above, problem);
}

/* Takes the descriptor of ROOT. */
static int make_below_root(struct cgroup_job *job, const struct place *root, struct problem *problem)
{
    job->memory.above_fd = root->fd;
    int error = hand_down(job, root, problem);
    return error < 0 ? error : make_v2_below(job, root, problem);
}

static int make_keeper(struct cgroup_job *job, const struct place *own, struct problem *problem)
{
    char name[CGROUP_JOB_NAME_MAX + sizeof(CGROUP_JOB_KEEPER)];

    (void)snprintf(name, sizeof(name), "%s%s", job->name, CGROUP_JOB_KEEPER);
    job->keeper.above_fd = fcntl(own->fd, F_DUPFD_CLOEXEC, 0);
    int error = job->keeper.above_fd < 0 ? -errno : make_folder(&job->keeper, name);
    if (error == 0)
        error = cgroup_move(job->keeper.fd, 0);
    return error < 0 ? tell(problem, error, own, name) : 0;
}

/* Takes the descriptor of OWN. */
static int make_within(struct cgroup_job *job, const struct place *own, struct problem *problem)
{
    job->memory.above_fd = own->fd;
    int error = make_keeper(job, own, problem);
    if (error == 0)
        error = hand_down(job, own, problem);
    return error < 0 ? error : make_v2_below(job, own, problem);
}

static bool may_write(int folder_fd, const char *file)
{
    return faccessat(folder_fd, file, W_OK, 0) == 0;
}

/* Whether the own group can be parted into one for this program and one for the job. */
static bool can_part(const struct place *own)
{
    return own->alone && may_write(own->fd, ".") && may_write(own->fd, "cgroup.procs") &&
           may_write(own->fd, "cgroup.subtree_control") && lists_memory(own->fd, "cgroup.controllers");
}

/* The file of the own group that has a limit of memory, or NULL. */
static const char *limit_of(int folder_fd)
{
    static const char *const files[] = {"memory.max", "memory.high", "memory.swap.max", "memory.zswap.max"};
    char text[32];

    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        if (proc_file_read_small(folder_fd, files[i], text, sizeof(text)) >= 0 && strcmp(text, "max\n") != 0)
            return files[i];
    }
    return NULL;
}

static bool is_of_job(const char *path)
{
    const char *name = strrchr(path, '/');
    return name && strncmp(name + 1, CGROUP_JOB_PREFIX, strlen(CGROUP_JOB_PREFIX)) == 0;
}

/* Why a group beside the own one would do harm. */
static int check_beside(const struct place *own, struct problem *problem)
{
    static const char alone[] =
        "start faultline as the only process of a group of its own: systemd-run --scope "
        "-p Delegate=yes faultline run ...";
    const char *limit = limit_of(own->fd);

    if (limit)
        return problem_set(problem, EPERM, "cgroup %s: a job beside it would escape its %s: %s", own->folder,
                           limit, alone);
    if (is_of_job(own->path))
        return problem_set(
            problem, EBUSY,
            "cgroup %s: it is the group of another job, which a job beside it would escape: run "
            "this one without a group of its own",
            own->folder);
    return 0;
}

/* Opens the group above OWN, which may be written to. */
static int open_above(const struct surroundings *around, const struct place *own, struct place *above,
                      struct problem *problem)
{
    *above = *own;
    above->fd = -1;
    char *slash = strrchr(above->path, '/');
    slash[slash == above->path] = '\0';
    int error = strcmp(own->path, "/") == 0 ? -ENOENT : open_place(around, above);
    if (error == -ENOENT)
        return problem_set(
            problem, EBUSY,
            "cgroup %s: other processes than faultline are in it, and what is above it is out of "
            "sight: start faultline alone in a group, or run the job without a group of its own",
            own->folder);
    if (error == 0 && faccessat(above->fd, "cgroup.procs", W_OK, 0) < 0)
        error = -errno;
    return error < 0 ? tell(problem, error, above, "") : 0;
}

static int make_beside(struct cgroup_job *job, const struct surroundings *around, const struct place *own,
                       struct problem *problem)
{
    struct place above;
    int error = open_above(around, own, &above, problem);

    job->memory.above_fd = above.fd;
    if (error == 0 && !lists_memory(above.fd, "cgroup.subtree_control"))
        error = no_controller(problem, &above, "it does not hand the memory controller down");
    if (error == 0)
        error = check_beside(own, problem);
    return error < 0 ? error : make_v2_below(job, &above, problem);
}

static bool is_root(const struct place *own)
{
    return faccessat(own->fd, "cgroup.events", F_OK, 0) < 0;
}

static int make_v2(struct cgroup_job *job, const struct surroundings *around, struct problem *problem)
{
    struct place own;
    int error = open_own(around, CGROUP_V2, &own);

    if (error < 0)
        return tell_own(problem, error, &own);
    if (is_root(&own))
        return make_below_root(job, &own, problem);
    if (can_part(&own))
        return make_within(job, &own, problem);
    error = make_beside(job, around, &own, problem);
    close(own.fd);
    return error;
}

static int make_of_version(struct cgroup_job *job, const struct surroundings *around, struct problem *problem)
{
    char folder[PATH_MAX];
    int error = cgroup_memory_mount(around->mountinfo, folder, sizeof(folder), &job->version);

    if (error < 0)
        return problem_set(
            problem, ENOTSUP,
            "no cgroup hierarchy with the memory controller is mounted: the job can run without a "
            "group of its own");
    if (job->version == CGROUP_V2)
        return make_v2(job, around, problem);
    error = make_v1(job, around, problem);
    if (error == 0)
        make_stalls(job, around);
    return error;
}

static bool is_name(const char *name)
{
    return strncmp(name, CGROUP_JOB_PREFIX, strlen(CGROUP_JOB_PREFIX)) == 0 && !strpbrk(name, "/\n") &&
           strlen(name) < CGROUP_JOB_NAME_MAX;
}

int cgroup_job_make(struct cgroup_job *job, const char *name, struct problem *problem)
{
    struct surroundings around;

    *job = cgroup_job_none();
    if (!is_name(name))
        return problem_set(problem, EINVAL, "'%s': no name for the cgroup of a job", name);
    memcpy(job->name, name, strlen(name) + 1);
    int error = look_around(&around, problem);
    if (error == 0)
        error = make_of_version(job, &around, problem);
    forget(&around);
    if (error < 0) {
        cgroup_job_remove(job);
        cgroup_job_close(job);
    }
    return error;
}
