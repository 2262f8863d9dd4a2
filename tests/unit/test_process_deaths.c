#include "kernel/bpf.h"
#include "kernel/process_deaths.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
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
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

/* Where a grandchild is found by the test. */
static volatile pid_t *grandchild_pid;

static struct process_deaths *opened(void)
{
    struct process_deaths *deaths;
    int error = process_deaths_open(&deaths);

    if (error < 0) {
        assert_null(deaths);
        print_message("skipped: %s\n", bpf_why(error));
        skip();
    }
    process_deaths_watch(deaths, (uint32_t)getpid());
    return deaths;
}

/* Starts a child, whose child does WHAT; returns when that has told its pid. */
static pid_t start_grandchild(void (*what)(const void *), const void *context)
{
    *grandchild_pid = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        pid_t own = fork();
        if (own == 0) {
            *grandchild_pid = getpid();
            what(context);
            _exit(0);
        }
        waitpid(own, NULL, 0);
        _exit(0);
    }
    while (*grandchild_pid == 0)
        sched_yield();
    return *grandchild_pid;
}

static void wait_for_all(void)
{
    while (wait(NULL) > 0) {
    }
}

/* The one death that there is to be, when all have ended. */
static void take(struct process_deaths *deaths, struct process_death *death)
{
    struct pollfd ready = {process_deaths_fd(deaths), POLLIN, 0};

    wait_for_all();
    assert_int_equal(poll(&ready, 1, 0), 1);
    assert_true(process_deaths_read(deaths, death));
    assert_int_equal(death->pid, *grandchild_pid);
    static struct process_death other;
    assert_false(process_deaths_read(deaths, &other));
    assert_int_equal(process_deaths_lost(deaths), 0);
}

static void sleep_on(const void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

static void become_nobody(const void *shared)
{
    volatile bool *ready = *(volatile bool *const *)shared;

    if (setuid(NOBODY) < 0)
        _exit(1);
    *ready = true;
    sleep_on(NULL);
}

static void abort_now(const void *unused)
{
    (void)unused;
    abort();
}

static void write_to_nobody(const void *unused)
{
    int ends[2];
    (void)unused;

    if (pipe(ends) < 0)
        _exit(1);
    close(ends[0]);
    if (write(ends[1], "x", 1) != 1)
        _exit(1);
}

static void kill_from_a_child(pid_t pid, int signal, pid_t *killer)
{
    *killer = fork();
    assert_true(*killer >= 0);
    if (*killer == 0) {
        prctl(PR_SET_NAME, "killer");
        _exit(kill(pid, signal) < 0);
    }
}

static void who_killed_it(void **state)
{
    static struct process_death death;
    struct process_deaths *deaths = opened();
    pid_t killer;
    (void)state;

    pid_t victim = start_grandchild(sleep_on, NULL);
    kill_from_a_child(victim, SIGKILL, &killer);
    take(deaths, &death);
    assert_int_equal(death.signal, SIGKILL);
    assert_true(death.sender.seen);
    assert_false(death.sender.kernel);
    assert_int_equal(death.sender.pid, killer);
    assert_int_equal(death.sender.uid, geteuid());
    assert_string_equal(death.sender.comm, "killer");
    assert_string_equal(death.comm, "test_process_de");
    assert_true(death.parent_pid != (uint32_t)getpid());
    assert_int_equal(process_deaths_count(deaths), 3);
    process_deaths_free(deaths);
}

static void whose_it_was(void **state)
{
    static struct process_death death;
    struct process_deaths *deaths = opened();
    volatile bool *ready = (void *)(grandchild_pid + 1);
    (void)state;

    *ready = false;
    pid_t victim = start_grandchild(become_nobody, &ready);
    while (!*ready)
        sched_yield();
    assert_int_equal(kill(victim, SIGTERM), 0);
    take(deaths, &death);
    assert_int_equal(death.signal, SIGTERM);
    assert_int_equal(death.uid, NOBODY);
    assert_int_equal(death.sender.uid, geteuid());
    assert_int_equal(death.sender.pid, getpid());
    process_deaths_free(deaths);
}

static void it_did_so_itself(void **state)
{
    static struct process_death death;
    struct process_deaths *deaths = opened();
    (void)state;

    pid_t victim = start_grandchild(abort_now, NULL);
    take(deaths, &death);
    assert_int_equal(death.signal, SIGABRT);
    assert_int_equal(death.sender.pid, victim);
    assert_false(death.sender.kernel);
    start_grandchild(write_to_nobody, NULL);
    take(deaths, &death);
    assert_int_equal(death.signal, SIGPIPE);
    assert_true(death.sender.kernel);
    process_deaths_free(deaths);
}

static void die_of_it(int number)
{
    sigset_t set;

    signal(number, SIG_DFL);
    raise(number);
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void handle(const void *shared)
{
    volatile bool *ready = *(volatile bool *const *)shared;

    signal(SIGTERM, die_of_it);
    *ready = true;
    sleep_on(NULL);
}

static void a_handler_passes_it_on(void **state)
{
    static struct process_death death;
    struct process_deaths *deaths = opened();
    volatile bool *ready = (void *)(grandchild_pid + 1);
    (void)state;

    *ready = false;
    pid_t victim = start_grandchild(handle, &ready);
    while (!*ready)
        sched_yield();
    assert_int_equal(kill(victim, SIGTERM), 0);
    take(deaths, &death);
    assert_int_equal(death.signal, SIGTERM);
    assert_int_equal(death.sender.pid, getpid());
    process_deaths_free(deaths);
}

static void *sleep_in_a_thread(void *unused)
{
    sleep_on(NULL);
    return unused;
}

static void end_with_threads(const void *signal_name)
{
    enum { THREADS = 16 };
    pthread_t thread;

    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread, NULL, sleep_in_a_thread, NULL);
    if (signal_name) {
        signal(SIGQUIT, SIG_DFL); /* a shell has it ignored in its background */
        raise(SIGQUIT);
    }
}

/* Those that end at the same time may all find none left. */
static void threads_end_once(void **state)
{
    enum { TIMES = 20 };
    static struct process_death death;
    struct process_deaths *deaths = opened();
    (void)state;

    for (int i = 0; i < TIMES; i++) {
        start_grandchild(end_with_threads, "QUIT");
        take(deaths, &death);
        assert_int_equal(death.signal, SIGQUIT);
        start_grandchild(end_with_threads, NULL);
        wait_for_all();
        assert_int_equal(process_deaths_count(deaths), 4 * (i + 1));
    }
    process_deaths_free(deaths);
}

static void fill_file(const void *path)
{
    enum { MUCH = 1 << 20 };
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    signal(SIGBUS, SIG_DFL); /* cmocka has a handler */
    if (ftruncate(fd, MUCH) < 0)
        _exit(1);
    char *memory = mmap(NULL, MUCH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    memset(memory, 1, MUCH);
}

/* In a mount namespace of the test program's own. */
static int mount_tmpfs(const char *path)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", path, "tmpfs", 0, "size=256k,huge=never") < 0)
        return -errno;
    return 0;
}

static void a_full_file_system(void **state)
{
    const struct folder *folder = *state;
    static struct process_death death;
    struct process_deaths *deaths = opened();
    char path[128];
    struct stat status;

    int error = mount_tmpfs(folder->path);
    if (error < 0) {
        print_message("skipped: no tmpfs: %s\n", strerror(-error));
        process_deaths_free(deaths);
        skip();
    }
    snprintf(path, sizeof(path), "%s/full", folder->path);
    start_grandchild(fill_file, path);
    take(deaths, &death);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(umount(folder->path), 0);
    assert_int_equal(death.signal, SIGBUS);
    assert_true(death.sender.kernel);
    assert_true(death.file.known);
    assert_string_equal(death.file.path, path);
    assert_int_equal(death.file.device, major(status.st_dev) << 20 | minor(status.st_dev));
    assert_int_equal(death.file.length_bytes, 1 << 20);
    assert_int_equal(death.file.offset_bytes, 256 << 10);
    assert_value(death.file.size_bytes, 256 << 10);
    assert_true(death.file.used_bytes.present && death.file.used_bytes.number <= 256 << 10);
    process_deaths_free(deaths);
}

static void touch(size_t pages)
{
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    volatile char *memory =
        mmap(NULL, pages * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (size_t i = 0; memory != MAP_FAILED && i < pages; i++)
        memory[i * page_size] = 1;
}

static void *touch_some(void *unused)
{
    touch(100);
    return unused;
}

static void touch_in_threads(const void *unused)
{
    pthread_t threads[8];
    (void)unused;

    touch(50);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, touch_some, NULL), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
}

/* Those of threads that ended before their process, of the grandchild and of the child, as the kernel adds
 * them up where all are waited for. */
static void faults_are_those_of_getrusage(void **state)
{
    struct process_deaths *deaths = opened();
    struct rusage before;
    struct rusage after;
    (void)state;

    getrusage(RUSAGE_CHILDREN, &before);
    start_grandchild(touch_in_threads, NULL);
    wait_for_all();
    getrusage(RUSAGE_CHILDREN, &after);
    struct ended_faults faults = process_deaths_faults(deaths);
    assert_true(faults.minor >= 8 * 100 + 50);
    assert_int_equal(faults.minor, after.ru_minflt - before.ru_minflt);
    assert_int_equal(faults.major, after.ru_majflt - before.ru_majflt);
    process_deaths_free(deaths);
}

static void without_a_keeper_nobody_is_looked_at(void **state)
{
    static struct process_death death;
    struct process_deaths *deaths = opened();
    (void)state;

    process_deaths_watch(deaths, 0);
    start_grandchild(abort_now, NULL);
    wait_for_all();
    assert_false(process_deaths_read(deaths, &death));
    assert_int_equal(process_deaths_count(deaths), 0);
    process_deaths_free(deaths);
}

static int start(void **state)
{
    const struct rlimit no_core = {0, 0};
    (void)state;

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setrlimit(RLIMIT_CORE, &no_core);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    grandchild_pid = page;
    return page == MAP_FAILED ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_those_of_getrusage),
        cmocka_unit_test(who_killed_it),
        cmocka_unit_test(whose_it_was),
        cmocka_unit_test(it_did_so_itself),
        cmocka_unit_test(a_handler_passes_it_on),
        cmocka_unit_test(threads_end_once),
        cmocka_unit_test(without_a_keeper_nobody_is_looked_at),
        unit_test_in_folder(a_full_file_system),
    };
    return cmocka_run_group_tests_name("process_deaths", tests, start, NULL);
}
