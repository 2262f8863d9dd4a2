#include "kernel/mark_victim.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OLD_FORMAT "\tfield:int pid;\toffset:8;\tsize:4;\tsigned:1;\n"
#define FOLDER     "events/oom/mark_victim/"

/* A tracefs in the mount namespace of a child, which lives as long as the tests: nothing is mounted for
 * others to see. */
static struct {
    pid_t keeper;
    int error; /* why there is none */
    char path[64];
} tracefs;

static char *score_before; /* this process's own oom_score_adj, which the tests change */

static int mount_tracefs(void)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", "/sys/kernel/tracing", "tracefs", 0, NULL) < 0)
        return errno;
    return 0;
}

static void keep_tracefs(int told)
{
    int error = mount_tracefs();

    if (error == 0 && chdir("/sys/kernel/tracing") < 0) /* where others find it: /proc/PID/cwd */
        error = errno;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (write(told, &error, sizeof(error)) == sizeof(error) && error == 0)
        pause();
    _exit(0);
}

static int start(void **state)
{
    int ends[2];
    (void)state;

    score_before = file_get("/proc/self/oom_score_adj");
    assert_int_equal(pipe(ends), 0);
    tracefs.keeper = fork();
    assert_true(tracefs.keeper >= 0);
    if (tracefs.keeper == 0)
        keep_tracefs(ends[1]);
    assert_int_equal(read(ends[0], &tracefs.error, sizeof(tracefs.error)), sizeof(tracefs.error));
    snprintf(tracefs.path, sizeof(tracefs.path), "/proc/%d/cwd", (int)tracefs.keeper);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(score_before);
    kill(tracefs.keeper, SIGKILL);
    return waitpid(tracefs.keeper, NULL, 0) == tracefs.keeper ? 0 : -1;
}

static char *tracefs_get(const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", tracefs.path, name);
    return file_get(path);
}

/* Whether this process may have the tracepoint, by as short a way as there is: 0 or an errno. */
static int refusal(void)
{
    char *id = tracefs_get(FOLDER "id");
    struct perf_event_attr attributes = {.type = PERF_TYPE_TRACEPOINT,
                                         .size = sizeof(attributes),
                                         .config = strtoull(id, NULL, 10),
                                         .sample_type = PERF_SAMPLE_RAW};
    int fd = (int)syscall(SYS_perf_event_open, &attributes, -1, sched_getcpu(), -1, 0);
    int error = fd < 0 ? errno : 0;

    free(id);
    if (fd >= 0)
        close(fd);
    return error;
}

/* Opens it, or skips the test where that is not allowed here. */
static struct mark_victim *opened(const char *path)
{
    struct mark_victim *mark;

    if (tracefs.error) {
        print_message("no tracefs: %s\n", strerror(tracefs.error));
        skip();
    }
    int refused = refusal();
    if (refused) {
        print_message("no perf events: %s\n", strerror(refused));
        skip();
    }
    assert_int_equal(mark_victim_open(&mark, path), 0);
    return mark;
}

/* The kernel tells of the pids of the initial name space (PROC_PID_INIT_INO, include/linux/proc_ns.h), and a
 * test knows those of its own. */
static void need_the_kernels_pids(void)
{
    static const char initial[] = "pid:[4026531836]";
    char own[64] = "";

    if (readlink("/proc/self/ns/pid", own, sizeof(own) - 1) < 0 || strcmp(own, initial) != 0) {
        print_message("in a pid name space of its own\n");
        skip();
    }
}

static void copy_into(const struct folder *folder, const char *name, const char *from)
{
    char *text = tracefs_get(from);

    folder_put(folder, name, text);
    free(text);
}

/*
 * Under the name of mark_victim, another tracepoint that has a pid and an oom_score_adj and happens whenever
 * a process asks for it: oom:oom_score_adj_update. It happens to other processes, too.
 */
static struct mark_victim *opened_at_adjustments(const struct folder *folder)
{
    need_the_kernels_pids();
    if (!tracefs.error) {
        copy_into(folder, FOLDER "id", "events/oom/oom_score_adj_update/id");
        copy_into(folder, FOLDER "format", "events/oom/oom_score_adj_update/format");
    }
    return opened(folder->path);
}

static void write_to(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t length = (ssize_t)strlen(text);

    if (fd < 0 || write(fd, text, (size_t)length) != length)
        fail_msg("%s: %s", path, strerror(errno));
    close(fd);
}

static void adjust(int score)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", score);
    write_to("/proc/self/oom_score_adj", text);
}

/* The next one that is this process, or false. */
static bool next_own(struct mark_victim *mark, struct oom_kill *kill)
{
    while (mark_victim_read(mark, kill) == 1) {
        if (kill->pid.number == (uint64_t)getpid())
            return true;
    }
    return false;
}

static int adjust_teardown(void **state)
{
    write_to("/proc/self/oom_score_adj", score_before);
    return folder_teardown(state);
}

static int open_folder(const struct folder *folder)
{
    struct mark_victim *mark;
    int error = mark_victim_open(&mark, folder->path);

    assert_null(mark); /* nothing that is read here can be opened */
    mark_victim_free(mark);
    return error;
}

static void a_folder_that_is_no_tracefs_is_told(void **state)
{
    const struct folder *folder = *state;
    struct mark_victim *mark;

    assert_int_equal(open_folder(folder), -ENOENT);
    folder_put(folder, FOLDER "format", OLD_FORMAT);
    assert_int_equal(open_folder(folder), -ENOENT);
    folder_delete(folder, FOLDER "format");
    folder_put(folder, FOLDER "id", "609\n");
    assert_int_equal(open_folder(folder), -ENOENT);
    assert_int_equal(mark_victim_open(&mark, "/proc/self/maps"), -ENOTDIR);
    assert_null(mark);
}

static void an_id_that_is_no_number_is_told(void **state)
{
    static const char *const ids[] = {"", "\n", "x", "-1", "6x9\n", "18446744073709551616\n"};

    folder_put(*state, FOLDER "format", OLD_FORMAT);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        folder_put(*state, FOLDER "id", ids[i]);
        assert_int_equal(open_folder(*state), -EINVAL);
    }
}

static void a_format_without_pid_is_told(void **state)
{
    folder_put(*state, FOLDER "id", "609\n");
    folder_put(*state, FOLDER "format", "name: mark_victim\nID: 609\nformat:\n");
    assert_int_equal(open_folder(*state), -EINVAL);
}

static void an_id_that_no_tracepoint_has_is_told(void **state)
{
    mark_victim_free(opened(tracefs.path)); /* or skips: what is not allowed has another error */
    folder_put(*state, FOLDER "id", "4294967295\n");
    folder_put(*state, FOLDER "format", OLD_FORMAT);
    assert_int_equal(open_folder(*state), -EINVAL);
}

static void there_is_a_descriptor_for_each_cpu(void **state)
{
    struct mark_victim *mark = opened(tracefs.path);
    struct oom_kill kill;
    size_t count;
    const int *fds = mark_victim_fds(mark, &count);
    (void)state;

    assert_int_equal(count, sysconf(_SC_NPROCESSORS_ONLN));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
    assert_int_equal(mark_victim_lost(mark), 0);
    while (mark_victim_read(mark, &kill) == 1) /* those of other tests */
        assert_true(kill.pid.present);
    mark_victim_free(mark);
}

static void what_happens_wakes_and_is_read_once(void **state)
{
    struct mark_victim *mark = opened_at_adjustments(*state);
    struct pollfd polled[CPU_SETSIZE];
    struct oom_kill kill;
    size_t count;
    const int *fds = mark_victim_fds(mark, &count);

    assert_true(count <= COUNT_OF(polled));
    for (size_t i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    assert_false(next_own(mark, &kill));
    adjust(321);
    assert_true(poll(polled, count, 10000) > 0);
    assert_true(next_own(mark, &kill));
    assert_value(kill.oom_score_adj, 321);
    assert_false(kill.uid.present);
    assert_false(next_own(mark, &kill));
    mark_victim_free(mark);
}

/* Some 60 bytes each: the rings are gone through several times, with their ends in all places. */
static void thousands_of_them_are_all_read_as_they_come(void **state)
{
    struct mark_victim *mark = opened_at_adjustments(*state);
    struct oom_kill kill;

    for (int i = 0; i < 4000; i++) {
        adjust(i % 1000);
        assert_true(next_own(mark, &kill));
        assert_value(kill.oom_score_adj, (uint64_t)(i % 1000));
    }
    assert_false(next_own(mark, &kill));
    assert_int_equal(mark_victim_lost(mark), 0);
    mark_victim_free(mark);
}

static bool move_to(unsigned cpu, const cpu_set_t *allowed)
{
    cpu_set_t one;

    if (!CPU_ISSET(cpu, allowed))
        return false;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof(one), &one) == 0;
}

static void those_of_all_cpus_come_in_order_of_time(void **state)
{
    struct mark_victim *mark = opened_at_adjustments(*state);
    struct oom_kill kill;
    cpu_set_t allowed;
    int adjusted = 0;

    assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
    for (int i = 0; i < 20; i++) {
        for (unsigned cpu = 0; cpu < CPU_SETSIZE && adjusted < 200; cpu++) {
            if (move_to(cpu, &allowed))
                adjust(++adjusted);
        }
    }
    assert_int_equal(sched_setaffinity(0, sizeof(allowed), &allowed), 0);
    for (int i = 1; i <= adjusted; i++) {
        assert_true(next_own(mark, &kill));
        assert_value(kill.oom_score_adj, (uint64_t)i);
    }
    mark_victim_free(mark);
}

static void what_there_was_no_room_for_is_counted_once(void **state)
{
    enum { ADJUSTED = 20000 }; /* some ten times of what a ring of 8 pages of 64 KiB takes */
    struct mark_victim *mark = opened_at_adjustments(*state);
    struct oom_kill kill;
    cpu_set_t allowed;
    uint64_t own = 0;

    assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE && !move_to(cpu, &allowed); cpu++)
        ;
    for (int i = 0; i < ADJUSTED; i++)
        adjust(i % 1000);
    while (next_own(mark, &kill))
        own++;
    assert_true(own > 0 && own < ADJUSTED);
    adjust(1); /* with which the kernel says what it had no room for */
    assert_int_equal(sched_setaffinity(0, sizeof(allowed), &allowed), 0);
    assert_true(next_own(mark, &kill));
    uint64_t lost = mark_victim_lost(mark);
    assert_true(own + lost >= ADJUSTED);
    assert_true(lost < ADJUSTED + 1000); /* others' are few */
    assert_int_equal(mark_victim_lost(mark), 0);
    mark_victim_free(mark);
}

static bool set_ipc_lock(bool wanted)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &header, data) < 0)
        return false;
    if (wanted)
        data[0].effective |= 1U << CAP_IPC_LOCK;
    else
        data[0].effective &= ~(1U << CAP_IPC_LOCK);
    return syscall(SYS_capset, &header, data) == 0;
}

/* The sizes of the smallest and the largest of this process's rings. */
static void ring_sizes(unsigned long *least, unsigned long *most)
{
    char *maps = file_get("/proc/self/maps");

    *least = ULONG_MAX;
    *most = 0;
    for (char *line = strtok(maps, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long first, behind;

        if (!strstr(line, "[perf_event]") || sscanf(line, "%lx-%lx", &first, &behind) != 2)
            continue;
        *least = behind - first < *least ? behind - first : *least;
        *most = behind - first > *most ? behind - first : *most;
    }
    free(maps);
}

/* Opens them until no more is allowed, and says how the last attempt failed. */
static int open_many(struct mark_victim **marks, size_t *count, size_t most)
{
    int error = 0;

    for (*count = 0; *count < most && error == 0; *count += error == 0)
        error = mark_victim_open(&marks[*count], tracefs.path);
    return error;
}

/* As a user without CAP_IPC_LOCK, who has kernel.perf_event_mlock_kb for each CPU and RLIMIT_MEMLOCK. */
static void rings_are_smaller_where_memory_may_not_be_locked(void **state)
{
    enum { MARKS_MAX = 64 };
    struct mark_victim *marks[MARKS_MAX];
    struct rlimit saved, none;
    size_t count;
    unsigned long least, most;
    (void)state;

    mark_victim_free(opened(tracefs.path));
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &saved), 0);
    none = (struct rlimit){0, saved.rlim_max};
    if (!set_ipc_lock(false) || setrlimit(RLIMIT_MEMLOCK, &none) < 0)
        skip();
    int error = open_many(marks, &count, MARKS_MAX);
    ring_sizes(&least, &most);
    set_ipc_lock(true);
    setrlimit(RLIMIT_MEMLOCK, &saved);
    for (size_t i = 0; i < count; i++)
        mark_victim_free(marks[i]);
    if (error == -EMFILE || error == 0)
        skip(); /* so many CPUs, or so much memory */
    assert_int_equal(error, -EPERM);
    assert_true(count > 1);
    assert_int_equal(most, 9 * sysconf(_SC_PAGESIZE));
    assert_true(least < most);
}

/* A memory cgroup of 32 MiB without swap. */
struct group {
    char path[PATH_MAX];
};

static const struct hierarchy {
    const char *path;
    const char *limit;
    const char *swap; /* where to write a zero */
} hierarchies[] = {
    {"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.swappiness"},
    {"/sys/fs/cgroup", "memory.max", "memory.swap.max"},
};

/* False where there is no such file, or none that may be written. */
static bool group_put(const struct group *group, const char *name, const char *text)
{
    char path[PATH_MAX + 32];

    snprintf(path, sizeof(path), "%s/%s", group->path, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

static bool make_group(struct group *group)
{
    for (size_t i = 0; i < COUNT_OF(hierarchies); i++) {
        const struct hierarchy *hierarchy = &hierarchies[i];

        snprintf(group->path, sizeof(group->path), "%s/faultline-unit-%d", hierarchy->path, (int)getpid());
        if (mkdir(group->path, 0755) < 0)
            continue;
        if (group_put(group, hierarchy->limit, "33554432")) {
            group_put(group, hierarchy->swap, "0"); /* not there where the kernel cannot swap */
            return true;
        }
        rmdir(group->path);
    }
    return false;
}

/* The last of its processes may still be on its way out. */
static void remove_group(const struct group *group)
{
    for (int i = 0; i < 500 && rmdir(group->path) < 0 && errno == EBUSY; i++)
        usleep(10000);
}

/* In the child: takes 64 MiB, more than the group may have. */
static void eat(const struct group *group)
{
    enum { EATEN = 64 << 20 };

    prctl(PR_SET_NAME, "glutton");
    if (!group_put(group, "cgroup.procs", "0"))
        _exit(1);
    adjust(500);
    if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
        _exit(1);
    char *memory = mmap(NULL, EATEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED)
        memset(memory, 1, EATEN);
    _exit(2);
}

/* Makes the OOM killer kill a child, which stays there as a zombie. Returns its pid, or 0 where that cannot
 * be done. */
static pid_t starve_child(void)
{
    struct group group;
    siginfo_t ended;

    if (!make_group(&group))
        return 0;
    pid_t child = fork();
    if (child == 0)
        eat(&group);
    int error = waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT);
    remove_group(&group);
    assert_int_equal(error, 0);
    if (ended.si_code == CLD_KILLED && ended.si_status == SIGKILL)
        return child;
    waitpid(child, NULL, 0);
    return 0;
}

/* Kills a process, and sets *KILL to what MARK tells of it; or skips the test. Frees MARK. */
static void starve(struct mark_victim *mark, struct oom_kill *kill)
{
    pid_t child = starve_child();
    bool told = false;

    while (child && !told && mark_victim_read(mark, kill) == 1)
        told = kill->pid.number == (uint64_t)child;
    mark_victim_free(mark);
    if (!child) {
        print_message("no memory cgroup to make a process die of\n");
        skip();
    }
    waitpid(child, NULL, 0);
    assert_true(told);
}

static void a_real_victim_is_told_with_its_figures(void **state)
{
    enum { MIB = 1 << 20 };
    struct oom_kill kill = {0};
    char *format;
    (void)state;

    need_the_kernels_pids();
    starve(opened(tracefs.path), &kill);
    assert_string_equal(kill.comm, "glutton");
    format = tracefs_get(FOLDER "format");
    bool pid_alone = !strstr(format, "anon_rss");
    free(format);
    if (pid_alone)
        return; /* before 6.9 */
    assert_value(kill.uid, 65534);
    assert_value(kill.oom_score_adj, 500);
    assert_true(kill.anon_rss_bytes.number >= 24 * MIB && kill.anon_rss_bytes.number < 1024 * MIB);
    assert_true(kill.total_vm_bytes.number >= 64 * MIB);
    assert_true(kill.pgtables_bytes.number >= 4096);
    assert_true(kill.file_rss_bytes.present && kill.shmem_rss_bytes.present);
}

/* Newer kernels have the pid where older ones have it. */
static void a_real_victim_of_which_a_pid_is_told_has_the_comm_of_proc(void **state)
{
    struct oom_kill kill = {0};

    need_the_kernels_pids();
    if (!tracefs.error)
        copy_into(*state, FOLDER "id", FOLDER "id");
    folder_put(*state, FOLDER "format", OLD_FORMAT);
    starve(opened(((struct folder *)*state)->path), &kill);
    assert_string_equal(kill.comm, "glutton");
    assert_false(kill.uid.present || kill.anon_rss_bytes.present);
}

#define adjusting_test(test) cmocka_unit_test_setup_teardown(test, folder_setup, adjust_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(a_folder_that_is_no_tracefs_is_told),
        unit_test_in_folder(an_id_that_is_no_number_is_told),
        unit_test_in_folder(a_format_without_pid_is_told),
        unit_test_in_folder(an_id_that_no_tracepoint_has_is_told),
        cmocka_unit_test(there_is_a_descriptor_for_each_cpu),
        adjusting_test(what_happens_wakes_and_is_read_once),
        adjusting_test(thousands_of_them_are_all_read_as_they_come),
        adjusting_test(those_of_all_cpus_come_in_order_of_time),
        adjusting_test(what_there_was_no_room_for_is_counted_once),
        cmocka_unit_test(rings_are_smaller_where_memory_may_not_be_locked),
        cmocka_unit_test(a_real_victim_is_told_with_its_figures),
        unit_test_in_folder(a_real_victim_of_which_a_pid_is_told_has_the_comm_of_proc),
    };
    return cmocka_run_group_tests_name("mark_victim", tests, start, end);
}
