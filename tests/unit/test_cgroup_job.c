/* On the hierarchy of this machine; what it cannot make a group in is skipped. */
#include "kernel/cgroup.h"
#include "kernel/cgroup_job.h"
#include "kernel/cgroup_tree.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NONE_YET "none yet"

static struct problem problem;

/* What the program is in, and where it could make groups: the same before and after. */
static char *groups_before;
static int descriptors_before;

static const char *name_of_job(void)
{
    static char name[CGROUP_JOB_NAME_MAX];

    snprintf(name, sizeof(name), CGROUP_JOB_PREFIX "unit-test-%d", (int)getpid());
    return name;
}

static struct cgroup_job make_job(void)
{
    struct cgroup_job job;

    descriptors_before = open_descriptors();
    groups_before = file_get("/proc/self/cgroup");
    int error = cgroup_job_make(&job, name_of_job(), &problem);
    if (error < 0) {
        free(groups_before);
        if (geteuid() == 0)
            print_message("%s\n", problem.text);
        skip();
    }
    return job;
}

static void remove_job(struct cgroup_job *job)
{
    int above_fd = fcntl(job->memory.above_fd, F_DUPFD_CLOEXEC, 0);
    int stalls_above_fd = job->stalls.above_fd < 0 ? -1 : fcntl(job->stalls.above_fd, F_DUPFD_CLOEXEC, 0);

    assert_int_equal(cgroup_job_remove(job), 0);
    assert_int_equal(faccessat(above_fd, name_of_job(), F_OK, 0), -1);
    close(above_fd);
    if (stalls_above_fd >= 0) {
        assert_int_equal(faccessat(stalls_above_fd, name_of_job(), F_OK, 0), -1);
        close(stalls_above_fd);
    }
    assert_int_equal(open_descriptors(), descriptors_before);
    char *groups = file_get("/proc/self/cgroup");
    assert_string_equal(groups, groups_before);
    free(groups);
    free(groups_before);
    assert_int_equal(cgroup_job_remove(job), 0); /* nothing is left to be done */
}

/* Starts a child that waits until it is placed, and then does WORK. Everything of the test's own is left out.
 */
static pid_t start_in(const struct cgroup_job *job, void (*work)(void))
{
    int placed[2];
    char byte;

    assert_int_equal(pipe(placed), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(placed[1]);
        if (read(placed[0], &byte, 1) == 0)
            work();
        _exit(0);
    }
    close(placed[0]);
    int error = cgroup_job_place(job, pid);
    close(placed[1]);
    assert_int_equal(error, 0);
    return pid;
}

static int status_of(pid_t pid)
{
    int status = -1;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void wait_for_ever(void)
{
    for (;;)
        pause();
}

enum { TAKEN_BYTES = 64 << 20 };

static void take_memory(void)
{
    char *bytes =
        mmap(NULL, TAKEN_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (bytes == MAP_FAILED)
        _exit(1);
}

static void what_a_child_took(void **state)
{
    struct cgroup_job job = make_job();
    struct cgroup_account account;
    (void)state;

    assert_int_equal(status_of(start_in(&job, take_memory)), 0);
    assert_int_equal(cgroup_job_read(&job, &account), 0);
    if (job.version == CGROUP_V1 || account.peak_bytes.present) { /* v2: since 5.19 */
        assert_true(account.peak_bytes.number >= TAKEN_BYTES);
        assert_true(account.peak_bytes.number <= TAKEN_BYTES + TAKEN_BYTES / 50);
    }
    assert_true(account.memory.usage_bytes.number < TAKEN_BYTES / 8);
    assert_true(account.memory.minor_faults.present);
    assert_true(account.anon_bytes.present && account.file_bytes.present);
    assert_value(account.memory.kills, 0);
    assert_false(account.memory.limit_bytes.present && job.version == CGROUP_V2);
    bool has_psi = access("/proc/pressure/memory", R_OK) == 0;
    if (has_psi && (job.version == CGROUP_V2 || job.stalls.fd >= 0)) {
        assert_true(account.memory.some_stall_us.present && account.memory.full_stall_us.present);
        assert_true(account.io_some_stall_us.present && account.io_full_stall_us.present);
        assert_true(account.cpu_some_stall_us.present);
        assert_true(account.cpu_us.number > 0);
    }
    remove_job(&job);
}

static uint64_t limit_of(struct cgroup_job *job, uint64_t bytes)
{
    struct cgroup_account account;

    assert_int_equal(cgroup_job_limit(job, bytes), 0);
    assert_int_equal(cgroup_job_read(job, &account), 0);
    return account.memory.limit_bytes.present ? account.memory.limit_bytes.number : 0;
}

static void a_limit_up_and_down(void **state)
{
    struct cgroup_job job = make_job();
    (void)state;

    assert_int_equal(limit_of(&job, 32 << 20), 32 << 20);
    assert_int_equal(limit_of(&job, 64 << 20), 64 << 20);
    assert_int_equal(limit_of(&job, (16 << 20) + 5), 16 << 20);
    remove_job(&job);
}

/* How many there are, once that is COUNT or after 5 s. */
static size_t wait_for_processes(const struct cgroup_job *job, size_t wanted, pid_t *pids, size_t room)
{
    size_t count = 0;

    for (int i = 0; i < 500; i++) {
        assert_int_equal(cgroup_job_processes(job, pids, room, &count), 0);
        if (count >= wanted)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return count;
}

static void have_children(void)
{
    for (int i = 0; i < 3 && fork() > 0; i++)
        continue;
    wait_for_ever();
}

static bool is_among(pid_t pid, const pid_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pids[i] == pid)
            return true;
    }
    return false;
}

/* The job makes a group of its own, and moves there. */
static void processes_wherever_they_are_in_it(void **state)
{
    struct cgroup_job job = make_job();
    pid_t pids[8];
    (void)state;

    pid_t one = start_in(&job, have_children);
    assert_int_equal(mkdirat(job.memory.fd, "below", 0755), 0);
    assert_int_equal(mkdirat(job.memory.fd, "below/further", 0755), 0);
    pid_t other = start_in(&job, wait_for_ever);
    int below_fd = openat(job.memory.fd, "below/further", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(cgroup_move(below_fd, other), 0);
    close(below_fd);
    assert_int_equal(wait_for_processes(&job, 5, pids, COUNT_OF(pids)), 5);
    assert_true(is_among(one, pids, 5) && is_among(other, pids, 5) && !is_among(getpid(), pids, 5));
    assert_int_equal(wait_for_processes(&job, 5, pids, 1), 5);
    assert_int_equal(cgroup_job_kill(&job), 0);
    assert_int_equal(wait_for_processes(&job, 0, pids, COUNT_OF(pids)), 0);
    assert_int_equal(status_of(one), SIGKILL);
    assert_int_equal(status_of(other), SIGKILL);
    remove_job(&job);
}

/* A bomb that goes off slowly enough to be there when it is killed, and ends by itself at 200. */
enum { FORKS_MAX = 200 };
static atomic_int *forks;

static void go_off(void)
{
    while (atomic_fetch_add(forks, 1) < FORKS_MAX) {
        (void)!fork();
        nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
    }
    wait_for_ever();
}

static void kill_bomb(int (*end)(const struct cgroup_job *job))
{
    struct cgroup_job job = make_job();
    pid_t pids[1];

    forks = mmap(NULL, sizeof(*forks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(forks != MAP_FAILED);
    pid_t first = start_in(&job, go_off);
    assert_true(wait_for_processes(&job, 20, pids, 1) >= 20);
    assert_int_equal(end(&job), 0);
    int after = atomic_load(forks);
    assert_int_equal(wait_for_processes(&job, 0, pids, 1), 0);
    assert_int_equal(status_of(first), SIGKILL);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    assert_int_equal(atomic_load(forks), after);
    munmap(forks, sizeof(*forks));
    remove_job(&job);
}

static void a_fork_bomb(void **state)
{
    (void)state;
    kill_bomb(cgroup_job_kill);
}

static int end_tree(const struct cgroup_job *job)
{
    return cgroup_tree_kill(job->memory.fd);
}

/* On v1 by signals alone. */
static void a_fork_bomb_without_the_group_of_v2(void **state)
{
    (void)state;
    kill_bomb(end_tree);
}

/* What the one that is left found, in the order in which it was done. */
struct outcome {
    size_t processes;
    int killed;
    int removed;
    size_t left;
};

static void end_what_is_left(struct cgroup_job *job, int maker_fd, int out_fd)
{
    struct outcome outcome = {0};
    char byte;

    (void)!read(maker_fd, &byte, 1); /* until the maker is gone */
    cgroup_job_processes(job, NULL, 0, &outcome.processes);
    outcome.killed = cgroup_job_kill(job);
    cgroup_job_processes(job, NULL, 0, &outcome.left);
    outcome.removed = cgroup_job_remove(job);
    (void)!write(out_fd, &outcome, sizeof(outcome));
    _exit(0);
}

static void make_and_die(int out_fd)
{
    struct cgroup_job job;
    int alive[2];

    if (pipe(alive) < 0 || cgroup_job_make(&job, name_of_job(), &problem) < 0)
        _exit(1);
    if (fork() == 0) {
        close(alive[1]);
        end_what_is_left(&job, alive[0], out_fd);
    }
    close(alive[0]);
    pid_t child = fork();
    if (child == 0) {
        close(alive[1]);
        wait_for_ever();
    }
    if (cgroup_job_place(&job, child) < 0)
        kill(child, SIGKILL);
    kill(getpid(), SIGKILL);
}

static void a_fork_ends_it_where_the_maker_was_killed(void **state)
{
    struct outcome outcome;
    int out[2];
    (void)state;

    struct cgroup_job job = make_job(); /* or skip */
    remove_job(&job);
    assert_int_equal(pipe(out), 0);
    pid_t maker = fork();
    if (maker == 0)
        make_and_die(out[1]);
    close(out[1]);
    assert_int_equal(status_of(maker), SIGKILL);
    assert_int_equal(read(out[0], &outcome, sizeof(outcome)), sizeof(outcome));
    close(out[0]);
    assert_int_equal(outcome.processes, 1);
    assert_int_equal(outcome.killed, 0);
    assert_int_equal(outcome.left, 0);
    assert_int_equal(outcome.removed, 0);
}

static void it_is_not_removed_from_under_its_processes(void **state)
{
    struct cgroup_job job = make_job();
    (void)state;

    pid_t pid = start_in(&job, wait_for_ever);
    assert_int_equal(cgroup_job_remove(&job), -EBUSY);
    assert_int_equal(cgroup_job_kill(&job), 0);
    assert_int_equal(status_of(pid), SIGKILL);
    remove_job(&job);
}

/* The second is not made, and the first is left as it is. */
static void a_name_that_is_taken(void **state)
{
    struct cgroup_job job = make_job();
    struct cgroup_job again;
    struct cgroup_account account;
    int before = open_descriptors();
    (void)state;

    if (job.keeper.fd >= 0) { /* by then the program is in another group, where the name is free */
        remove_job(&job);
        skip();
    }
    assert_int_equal(cgroup_job_make(&again, name_of_job(), &problem), -EEXIST);
    assert_non_null(strstr(problem.text, name_of_job()));
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(cgroup_job_read(&job, &account), 0);
    remove_job(&job);
}

static void who_cannot_be_placed(void **state)
{
    struct cgroup_job job = make_job();
    (void)state;

    assert_int_equal(cgroup_job_place(&job, 0), -EINVAL);
    assert_int_equal(cgroup_job_place(&job, -1), -EINVAL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    status_of(pid);
    assert_int_equal(cgroup_job_place(&job, pid), -ESRCH);
    remove_job(&job);
}

static void the_path_is_that_of_the_kernel(void **state)
{
    struct cgroup_job job = make_job();
    char path[PATH_MAX], file[64], comm[64] = "";
    (void)state;

    pid_t pid = start_in(&job, wait_for_ever);
    snprintf(file, sizeof(file), "/proc/%d/comm", (int)pid);
    char *line = file_get(file);
    snprintf(comm, sizeof(comm), "%.*s", (int)strcspn(line, "\n"), line);
    free(line);
    assert_int_equal(cgroup_of_process("/proc", (uint64_t)pid, comm, path, sizeof(path)), 0);
    assert_string_equal(path, job.path);
    assert_int_equal(cgroup_job_kill(&job), 0);
    status_of(pid);
    remove_job(&job);
}

static void names_that_are_refused(void **state)
{
    static const char *const names[] = {"",
                                        "job",
                                        "faultline",
                                        CGROUP_JOB_PREFIX "a/b",
                                        CGROUP_JOB_PREFIX "a\n",
                                        CGROUP_JOB_PREFIX
                                        "of more than sixty-three bytes of more than sixty-three bytes"};
    struct cgroup_job job;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        strcpy(problem.text, NONE_YET);
        assert_int_equal(cgroup_job_make(&job, names[i], &problem), -EINVAL);
        assert_string_not_equal(problem.text, NONE_YET);
        assert_int_equal(cgroup_job_remove(&job), 0);
    }
}

/* An ordinary user in root's group. */
static void who_may_not(void **state)
{
    struct cgroup_job job = make_job();
    int status = 0;
    (void)state;

    remove_job(&job);
    if (geteuid() != 0)
        skip();
    pid_t pid = fork();
    if (pid == 0) {
        int error =
            setgid(65534) < 0 || setuid(65534) < 0 ? 0 : cgroup_job_make(&job, name_of_job(), &problem);
        _exit(error == -EACCES && strstr(problem.text, "be root") ? 0 : 1);
    }
    status = status_of(pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_child_took),
        cmocka_unit_test(a_limit_up_and_down),
        cmocka_unit_test(processes_wherever_they_are_in_it),
        cmocka_unit_test(a_fork_bomb),
        cmocka_unit_test(a_fork_bomb_without_the_group_of_v2),
        cmocka_unit_test(a_fork_ends_it_where_the_maker_was_killed),
        cmocka_unit_test(it_is_not_removed_from_under_its_processes),
        cmocka_unit_test(a_name_that_is_taken),
        cmocka_unit_test(who_cannot_be_placed),
        cmocka_unit_test(the_path_is_that_of_the_kernel),
        cmocka_unit_test(names_that_are_refused),
        cmocka_unit_test(who_may_not),
    };
    return cmocka_run_group_tests_name("cgroup_job", tests, NULL, NULL);
}
