#include "kernel/perf_inherit.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES = 256, NOBODY = 65534, FAKE_ID = 4711 };

static int tracefs_error; /* why there is none below TRACEFS */
#define TRACEFS "/sys/kernel/tracing"

/* Stands in for the kernel where a test asks for it. Events are descriptors of /dev/null. */
static struct {
    bool fake;
    int error;         /* of those that count in the kernel's mode */
    int error_in_user; /* of the others */
    int software_left; /* that can be had */
    int filter_error;
    unsigned opened;
    struct perf_event_attr attributes[8];
    int fds[8];
    unsigned filters;
} kernel;

long __real_syscall(long number, void *a, long b, long c, long d, long e);
long __wrap_syscall(long number, void *a, long b, long c, long d, long e);
int __real_ioctl(int fd, unsigned long request, const char *argument);
int __wrap_ioctl(int fd, unsigned long request, const char *argument);

static int fail_with(int error)
{
    errno = error;
    return -1;
}

static int refusal_of(const struct perf_event_attr *attributes)
{
    if (kernel.software_left-- <= 0)
        return EMFILE;
    return attributes->exclude_kernel ? kernel.error_in_user : kernel.error;
}

long __wrap_syscall(long number, void *a, long b, long c, long d, long e)
{
    const struct perf_event_attr *attributes = a;
    const int pid = (int)b;

    if (!kernel.fake || number != SYS_perf_event_open)
        return __real_syscall(number, a, b, c, d, e);
    assert_int_equal(pid, 77);
    assert_int_equal((int)c, -1);
    assert_int_equal((int)d, -1);
    assert_int_equal((unsigned)e, PERF_FLAG_FD_CLOEXEC);
    int error = refusal_of(attributes);
    if (error)
        return fail_with(error);
    kernel.attributes[kernel.opened] = *attributes;
    return kernel.fds[kernel.opened++] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int __wrap_ioctl(int fd, unsigned long request, const char *argument)
{
    if (!kernel.fake)
        return __real_ioctl(fd, request, argument);
    assert_int_equal(request, PERF_EVENT_IOC_SET_FILTER);
    assert_string_equal(argument, "ret == -12");
    kernel.filters++;
    return kernel.filter_error ? fail_with(kernel.filter_error) : 0;
}

static void use_fake(int error, int error_in_user)
{
    memset(&kernel, 0, sizeof(kernel));
    kernel.fake = true;
    kernel.error = error;
    kernel.error_in_user = error_in_user;
    kernel.software_left = 100;
}

static void use_real(void)
{
    memset(&kernel, 0, sizeof(kernel));
}

static void assert_all_closed(const struct perf_inherit *events)
{
    for (unsigned i = 0; i < PERF_INHERIT_EVENTS; i++)
        assert_int_equal(events->fds[i], -1);
    for (unsigned i = 0; i < kernel.opened; i++)
        assert_true(fcntl(kernel.fds[i], F_GETFD) < 0);
}

/* -- what the kernel is asked for -- */

static void each_is_inherited_and_begins_with_the_program(void **state)
{
    static const unsigned long configs[] = {PERF_COUNT_SW_PAGE_FAULTS_MIN, PERF_COUNT_SW_PAGE_FAULTS_MAJ,
                                            PERF_COUNT_SW_CONTEXT_SWITCHES, PERF_COUNT_SW_TASK_CLOCK};
    struct perf_inherit events;
    (void)state;

    use_fake(0, 0);
    assert_int_equal(perf_inherit_open(&events, 77), 0);
    assert_false(events.user_mode_only);
    assert_int_equal(kernel.opened, COUNT_OF(configs));
    for (size_t i = 0; i < COUNT_OF(configs); i++) {
        assert_int_equal(kernel.attributes[i].type, PERF_TYPE_SOFTWARE);
        assert_int_equal(kernel.attributes[i].config, configs[i]);
        assert_true(kernel.attributes[i].inherit && kernel.attributes[i].disabled &&
                    kernel.attributes[i].enable_on_exec && !kernel.attributes[i].exclude_kernel);
    }
    perf_inherit_close(&events);
    assert_all_closed(&events);
    use_real();
}

static void who_may_not_look_into_the_kernel(void **state)
{
    struct perf_inherit events;
    struct perf_inherit_counts counts;
    (void)state;

    use_fake(EACCES, 0);
    assert_int_equal(perf_inherit_open(&events, 77), 0);
    assert_true(events.user_mode_only);
    assert_int_equal(kernel.opened, 3);
    assert_int_equal(events.fds[PERF_INHERIT_CONTEXT_SWITCHES], -1);
    perf_inherit_read(&events, &counts); /* /dev/null has none to give */
    assert_false(counts.minor_faults.present || counts.context_switches.present ||
                 counts.failed_allocations.present);
    perf_inherit_close(&events);
    assert_all_closed(&events);
    use_real();
}

static void where_the_kernel_refuses(void **state)
{
    struct perf_inherit events;
    (void)state;

    use_fake(EACCES, EACCES);
    assert_int_equal(perf_inherit_open(&events, 77), -EACCES);
    assert_all_closed(&events);
    use_fake(EPERM, 0);
    assert_int_equal(perf_inherit_open(&events, 77), -EPERM);
    assert_all_closed(&events);
    use_fake(0, 0);
    kernel.software_left = 2;
    assert_int_equal(perf_inherit_open(&events, 77), -EMFILE);
    assert_int_equal(kernel.opened, 2);
    assert_all_closed(&events);
    use_real();
}

static void put_ids(const struct folder *tracefs)
{
    folder_put(tracefs, "events/syscalls/sys_exit_mmap/id", "4711\n");
    folder_put(tracefs, "events/syscalls/sys_exit_mremap/id", "4712\n");
}

static void failures_are_picked_by_a_filter(void **state)
{
    const struct folder *tracefs = *state;
    struct perf_inherit events;

    put_ids(tracefs);
    use_fake(EACCES, 0);
    assert_int_equal(perf_inherit_open(&events, 77), 0);
    assert_int_equal(perf_inherit_open_failed_allocations(&events, 77, tracefs->path), 0);
    assert_int_equal(kernel.opened, 5);
    assert_int_equal(kernel.filters, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(kernel.attributes[3 + i].type, PERF_TYPE_TRACEPOINT);
        assert_int_equal(kernel.attributes[3 + i].config, FAKE_ID + i);
        assert_true(kernel.attributes[3 + i].inherit && kernel.attributes[3 + i].exclude_kernel);
    }
    perf_inherit_close(&events);
    assert_all_closed(&events);
    use_real();
}

static void where_there_are_no_failures_to_count(void **state)
{
    const struct folder *tracefs = *state;
    struct perf_inherit events;

    use_fake(0, 0);
    assert_int_equal(perf_inherit_open(&events, 77), 0);
    assert_int_equal(perf_inherit_open_failed_allocations(&events, 77, "/nowhere"), -ENOENT);
    assert_int_equal(perf_inherit_open_failed_allocations(&events, 77, tracefs->path), -ENOENT);
    put_ids(tracefs);
    folder_put(tracefs, "events/syscalls/sys_exit_mremap/id", "none\n");
    assert_int_equal(perf_inherit_open_failed_allocations(&events, 77, tracefs->path), -EINVAL);
    put_ids(tracefs);
    kernel.filter_error = EINVAL;
    assert_int_equal(perf_inherit_open_failed_allocations(&events, 77, tracefs->path), -EINVAL);
    assert_true(events.fds[PERF_INHERIT_MINOR_FAULTS] >= 0);
    assert_int_equal(events.fds[PERF_INHERIT_FAILED_MMAPS], -1);
    assert_int_equal(events.fds[PERF_INHERIT_FAILED_MREMAPS], -1);
    perf_inherit_close(&events);
    assert_all_closed(&events);
    use_real();
}

/* -- a real job: this program again, which goes on step by step -- */

struct job {
    pid_t pid;
    int said; /* a byte for each step */
    int go;
    struct perf_inherit events;
};

static void say(const void *bytes, size_t length)
{
    if (write(STDOUT_FILENO, bytes, length) != (ssize_t)length)
        _exit(1);
}

static void wait_for_go(void)
{
    char byte;

    if (read(STDIN_FILENO, &byte, 1) != 1)
        _exit(1);
}

/* Waits while the test looks at the counts. */
static void step(void)
{
    say("+", 1);
    wait_for_go();
}

static volatile char *map_pages(size_t pages)
{
    size_t size = pages * (size_t)sysconf(_SC_PAGESIZE);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        _exit(1);
    madvise(memory, size, MADV_NOHUGEPAGE);
    return memory;
}

static void touch(volatile char *memory, size_t pages)
{
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);

    for (size_t i = 0; i < pages; i++)
        memory[i * page_size] = 1;
}

static void touch_memory(void)
{
    volatile char *memory = map_pages(PAGES + 1);

    touch(memory, 1); /* so that the program itself is in its place */
    step();
    touch(memory + sysconf(_SC_PAGESIZE), PAGES);
    step();
}

static uint64_t own_major_faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_majflt;
}

static void touch_file(const char *path)
{
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    int fd = open(path, O_RDONLY);
    volatile const char *memory = mmap(NULL, PAGES * page_size, PROT_READ, MAP_SHARED, fd, 0);

    madvise((void *)memory, PAGES * page_size, MADV_RANDOM);
    step();
    uint64_t before = own_major_faults();
    for (size_t i = 0; i < PAGES; i++)
        (void)memory[i * page_size];
    uint64_t faults = own_major_faults() - before;
    say(&faults, sizeof(faults));
    wait_for_go();
}

/* Asks for more than it may have: twice as such, then by malloc(). */
static void starve(void)
{
    enum { MUCH = 1 << 30 };
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = (void *)map_pages(1);
    const struct rlimit limit = {64 << 20, 64 << 20};

    setrlimit(RLIMIT_AS, &limit);
    step();
    if (mmap(NULL, MUCH, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED || errno != ENOMEM)
        _exit(1);
    if (mremap(page, page_size, MUCH, MREMAP_MAYMOVE) != MAP_FAILED || errno != ENOMEM)
        _exit(1);
    if (mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) /* EINVAL */
        _exit(1);
    step();
    void *volatile block = malloc(MUCH);
    if (block)
        _exit(1);
    step();
}

static void do_work(const char *what, const char *file)
{
    if (strcmp(what, "memory") == 0)
        touch_memory();
    else if (strcmp(what, "file") == 0)
        touch_file(file);
    else
        starve();
    _exit(0);
}

/* ARGUMENTS: "ignore" or "wait", what the grandchild does, and on what. The fork leaves faults to both: the
 * grandchild begins when its parent has had its own. */
static int work(char **arguments)
{
    int ready[2];
    char byte = '+';

    if (strcmp(arguments[0], "ignore") == 0)
        signal(SIGCHLD, SIG_IGN);
    if (pipe(ready) < 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0 && read(ready[0], &byte, 1) == 1)
        do_work(arguments[1], arguments[2]);
    waitpid(pid, NULL, WNOHANG);
    if (write(ready[1], &byte, 1) != 1)
        return 1;
    waitpid(pid, NULL, 0);
    return 0;
}

static void become_job(const int *said, const int *go, const char *how, const char *what, const char *file,
                       bool as_nobody)
{
    char byte;

    if (as_nobody && (setresuid(NOBODY, NOBODY, NOBODY) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0))
        _exit(1);
    dup2(said[1], STDOUT_FILENO);
    dup2(go[0], STDIN_FILENO);
    touch(map_pages(PAGES), PAGES); /* before the program, which is not counted */
    if (read(STDIN_FILENO, &byte, 1) == 1)
        execl("/proc/self/exe", "job", how, what, file, NULL);
    _exit(1);
}

static void go_on(const struct job *job)
{
    assert_int_equal(write(job->go, "+", 1), 1);
}

static void await_step(const struct job *job)
{
    char byte;

    assert_int_equal(read(job->said, &byte, 1), 1);
}

/* A job that has yet to begin, with its events open; skips the test where the kernel forbids them. */
static void prepare(struct job *job, const char *how, const char *what, const char *file, bool as_nobody)
{
    int said[2];
    int go[2];

    assert_int_equal(pipe2(said, O_CLOEXEC), 0);
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    job->pid = fork();
    assert_true(job->pid >= 0);
    if (job->pid == 0)
        become_job(said, go, how, what, file, as_nobody);
    close(said[1]);
    close(go[0]);
    job->said = said[0];
    job->go = go[1];
    usleep(as_nobody ? 50000 : 0); /* until it is nobody's */
    int error = perf_inherit_open(&job->events, job->pid);
    if (error < 0) {
        kill(job->pid, SIGKILL);
        waitpid(job->pid, NULL, 0);
        print_message("skipped: perf_event_open: %s\n", strerror(-error));
        skip();
    }
}

static void finish(struct job *job)
{
    int status;

    close(job->go);
    assert_int_equal(waitpid(job->pid, &status, 0), job->pid);
    assert_int_equal(status, 0);
    close(job->said);
}

static void count_memory(const char *how)
{
    struct job job;
    struct perf_inherit_counts before;
    struct perf_inherit_counts after;

    prepare(&job, how, "memory", NULL, false);
    perf_inherit_read(&job.events, &before);
    assert_value(before.minor_faults, 0);
    go_on(&job);
    await_step(&job);
    perf_inherit_read(&job.events, &before);
    go_on(&job);
    await_step(&job);
    perf_inherit_read(&job.events, &after);
    assert_value(after.minor_faults, before.minor_faults.number + PAGES);
    assert_value(after.major_faults, before.major_faults.number);
    go_on(&job);
    finish(&job);
    perf_inherit_read(&job.events, &before); /* what has ended stays in it */
    assert_true(before.minor_faults.number >= after.minor_faults.number);
    assert_true(before.cpu_ns.present && before.cpu_ns.number > after.cpu_ns.number);
    assert_int_equal(before.context_switches.present, !job.events.user_mode_only);
    assert_false(before.failed_allocations.present);
    perf_inherit_close(&job.events);
}

/* Their own memory is touched beside what the job touches. */
static void skip_under_sanitizers(void)
{
    if (getenv("FAULTLINE_SANITIZED"))
        skip();
}

static void a_grandchild_is_counted(void **state)
{
    (void)state;
    skip_under_sanitizers();
    count_memory("wait");
}

static void nobody_waits_for_a_grandchild(void **state)
{
    (void)state;
    skip_under_sanitizers();
    count_memory("ignore");
}

/* What was written and is on the disk, but not in memory. */
static void make_cold(const char *path)
{
    static char page[4096];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    for (size_t i = 0; i < PAGES * (size_t)sysconf(_SC_PAGESIZE) / sizeof(page); i++)
        assert_int_equal(write(fd, page, sizeof(page)), sizeof(page));
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    close(fd);
}

static void major_faults_are_those_of_getrusage(void **state)
{
    const struct folder *folder = *state;
    struct job job;
    struct perf_inherit_counts before;
    struct perf_inherit_counts after;
    char path[128];
    uint64_t faults;

    snprintf(path, sizeof(path), "%s/cold", folder->path);
    make_cold(path);
    prepare(&job, "wait", "file", path, false);
    go_on(&job);
    await_step(&job);
    perf_inherit_read(&job.events, &before);
    go_on(&job);
    assert_int_equal(read(job.said, &faults, sizeof(faults)), sizeof(faults));
    perf_inherit_read(&job.events, &after);
    go_on(&job);
    finish(&job);
    assert_value(after.major_faults, before.major_faults.number + faults);
    perf_inherit_close(&job.events);
    if (faults == 0) {
        print_message("skipped: the file cannot be cold here\n");
        skip();
    }
}

/* The rights of who counts are those of who opens. */
static void an_ordinary_user(void **state)
{
    struct job job;
    struct perf_inherit_counts before;
    struct perf_inherit_counts after;
    (void)state;

    skip_under_sanitizers();
    if (setresuid(NOBODY, NOBODY, 0) < 0)
        skip();
    prepare(&job, "wait", "memory", NULL, true);
    assert_int_equal(setresuid(0, 0, 0), 0);
    go_on(&job);
    await_step(&job);
    perf_inherit_read(&job.events, &before);
    go_on(&job);
    await_step(&job);
    perf_inherit_read(&job.events, &after);
    go_on(&job);
    finish(&job);
    assert_value(after.minor_faults, before.minor_faults.number + PAGES);
    assert_true(after.cpu_ns.present && after.cpu_ns.number > before.cpu_ns.number);
    assert_int_equal(after.context_switches.present, !job.events.user_mode_only);
    perf_inherit_close(&job.events);
}

static int become_root_again(void **state)
{
    (void)state;
    return getuid() == NOBODY ? setresuid(0, 0, 0) : 0;
}

static void allocations_that_fail(void **state)
{
    struct job job;
    struct perf_inherit_counts counts;
    (void)state;

    skip_under_sanitizers();
    if (tracefs_error) {
        print_message("no tracefs: %s\n", strerror(tracefs_error));
        skip();
    }
    prepare(&job, "wait", "starve", NULL, false);
    assert_int_equal(perf_inherit_open_failed_allocations(&job.events, job.pid, TRACEFS), 0);
    go_on(&job);
    await_step(&job);
    perf_inherit_read(&job.events, &counts);
    assert_value(counts.failed_allocations, 0);
    go_on(&job);
    await_step(&job);
    perf_inherit_read(&job.events, &counts);
    assert_value(counts.failed_allocations, 2);
    go_on(&job);
    await_step(&job);
    perf_inherit_read(&job.events, &counts);
    assert_true(counts.failed_allocations.number > 2); /* a malloc() tries it in several ways */
    go_on(&job);
    finish(&job);
    perf_inherit_close(&job.events);
}

/* Nothing is mounted for others to see. EBUSY: it is there already. */
static int mount_tracefs(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        (mount("none", TRACEFS, "tracefs", 0, NULL) < 0 && errno != EBUSY))
        tracefs_error = errno;
    return 0;
}

int main(int count, char **arguments)
{
    if (count > 2)
        return work(arguments + 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_inherited_and_begins_with_the_program),
        cmocka_unit_test(who_may_not_look_into_the_kernel),
        cmocka_unit_test(where_the_kernel_refuses),
        unit_test_in_folder(failures_are_picked_by_a_filter),
        unit_test_in_folder(where_there_are_no_failures_to_count),
        cmocka_unit_test(a_grandchild_is_counted),
        cmocka_unit_test(nobody_waits_for_a_grandchild),
        unit_test_in_folder(major_faults_are_those_of_getrusage),
        cmocka_unit_test_teardown(an_ordinary_user, become_root_again),
        cmocka_unit_test(allocations_that_fail),
    };
    return cmocka_run_group_tests_name("perf_inherit", tests, mount_tracefs, NULL);
}
