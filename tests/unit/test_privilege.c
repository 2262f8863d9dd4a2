#include "base/privilege.h"
#include "base/protect.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, MUCH = 64 << 20 };

static const struct account nobody = {NOBODY, NOBODY - 1};
static const int kept[] = {CAP_SYSLOG, CAP_BPF, CAP_PERFMON};

static void needs_root(void)
{
    if (geteuid() == 0)
        return;
    print_message("skipped: only root becomes somebody else\n");
    skip();
}

/* What a child finds is said by its status: the number of the first thing that is wrong, 0: nothing is. */
static int status_of(int (*what)(const void *), const void *context)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(what(context));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Whether the file of a task in /proc has that LINE. */
static bool says(const char *path, const char *line)
{
    char text[8192];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(fd, text, sizeof(text) - 1);

    close(fd);
    if (length < 0)
        return false;
    text[length] = '\0';
    return strstr(text, line) != NULL;
}

static uint64_t permitted(void)
{
    char text[8192] = "";
    unsigned long long set = 0;
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

    (void)!read(fd, text, sizeof(text) - 1);
    close(fd);
    const char *line = strstr(text, "CapPrm:");
    if (line)
        sscanf(line, "CapPrm: %llx", &set);
    return set;
}

static uint64_t expected_set(uint64_t had)
{
    return had & (UINT64_C(1) << CAP_SYSLOG | UINT64_C(1) << CAP_BPF | UINT64_C(1) << CAP_PERFMON);
}

static bool has_sets(uint64_t expected)
{
    char line[128];

    snprintf(line, sizeof(line), "CapInh:\t%016x\nCapPrm:\t%016llx\nCapEff:\t%016llx\n", 0U,
             (unsigned long long)expected, (unsigned long long)expected);
    return says("/proc/self/status", line);
}

static int drop_and_look(const void *unused)
{
    uint64_t expected = expected_set(permitted());
    (void)unused;

    if (privilege_drop(&nobody, kept, COUNT_OF(kept)) != 0)
        return 1;
    if (!has_sets(expected))
        return 2;
    if (!says("/proc/self/status", "Uid:\t65534\t65534\t65534\t65534\n") ||
        !says("/proc/self/status", "Gid:\t65533\t65533\t65533\t65533\n") ||
        !says("/proc/self/status", "Groups:\t \n"))
        return 3;
    if (setuid(0) == 0 || setgid(0) == 0 || seteuid(0) == 0)
        return 4;
    if (open("/etc/shadow", O_RDONLY | O_CLOEXEC) >= 0)
        return 5;
    return 0;
}

static void root_becomes_somebody_with_three_capabilities(void **state)
{
    (void)state;
    needs_root();
    assert_int_equal(status_of(drop_and_look, NULL), 0);
}

static int drop_all(const void *unused)
{
    (void)unused;
    return privilege_drop(&nobody, NULL, 0) == 0 && has_sets(0) ? 0 : 1;
}

static void none_may_be_kept(void **state)
{
    (void)state;
    needs_root();
    assert_int_equal(status_of(drop_all, NULL), 0);
}

/* What root has read, a key say, is not for whoever else is that user. */
static int look_at_own_memory(const void *unused)
{
    (void)unused;
    if (privilege_drop(&nobody, NULL, 0) != 0)
        return 1;
    if (prctl(PR_GET_DUMPABLE) == 1)
        return 2;
    return open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC) >= 0 ? 3 : 0;
}

static void its_memory_stays_closed(void **state)
{
    (void)state;
    needs_root();
    assert_int_equal(status_of(look_at_own_memory, NULL), 0);
}

static int look_at_the_limit(const void *context)
{
    const struct rlimit *given = context;
    struct rlimit now;

    protect_give_back();
    return getrlimit(RLIMIT_MEMLOCK, &now) == 0 && now.rlim_cur == given->rlim_cur ? 0 : 1;
}

/* With all of its memory locked, and a limit that it is beyond; what it starts has that limit again. */
static int allocate(const void *unused)
{
    const struct rlimit little = {64 << 10, 64 << 10};
    (void)unused;

    protect_self();
    if (setrlimit(RLIMIT_MEMLOCK, &little) < 0)
        return 1;
    protect_outlive_root();
    if (privilege_drop(&nobody, kept, COUNT_OF(kept)) != 0)
        return 2;
    void *memory = mmap(NULL, MUCH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 3;
    return status_of(look_at_the_limit, &little) == 0 ? 0 : 4;
}

static void memory_can_be_had_where_it_is_locked(void **state)
{
    struct capture capture;
    (void)state;

    needs_root();
#if defined(__SANITIZE_ADDRESS__)
    skip(); /* mlockall() does nothing there */
#endif
    capture_begin(&capture, STDERR_FILENO); /* this root may not lower its oom_score_adj everywhere */
    int status = status_of(allocate, NULL);
    free(capture_end(&capture));
    assert_int_equal(status, 0);
}

static int drop_as_nobody(const void *context)
{
    const struct account *wanted = context;
    int error;

    if (privilege_drop(&nobody, NULL, 0) != 0)
        return 1;
    error = privilege_drop(wanted, kept, COUNT_OF(kept));
    return -error;
}

static void who_is_not_root_may_be_himself_alone(void **state)
{
    static const struct account root = {0, 0};
    (void)state;

    needs_root();
    assert_int_equal(status_of(drop_as_nobody, &nobody), 0);
    assert_int_equal(status_of(drop_as_nobody, &root), EPERM);
}

static int make_a_file(const void *context)
{
    const char *path = context;
    const gid_t roots = 0;
    struct stat status;

    if (setgroups(1, &roots) < 0 || privilege_act_as(&nobody) != 0)
        return 1;
    if (getgroups(0, NULL) != 0)
        return 7; /* which would open what root's group may */
    if (open("/etc/faultline-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 || errno != EACCES)
        return 2;
    if (open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 || stat(path, &status) < 0)
        return 3;
    if (status.st_uid != nobody.uid || status.st_gid != nobody.gid)
        return 4;
    if (privilege_act_as_oneself() != 0 || geteuid() != 0 || getegid() != 0)
        return 5;
    return open("/etc/shadow", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 6;
}

static void files_are_made_as_somebody_else(void **state)
{
    const struct folder *folder = *state;
    char path[PATH_MAX];

    needs_root();
    assert_int_equal(chmod(folder->path, 0777), 0);
    snprintf(path, sizeof(path), "%s/file", folder->path);
    assert_int_equal(status_of(make_a_file, path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_becomes_somebody_with_three_capabilities),
        cmocka_unit_test(none_may_be_kept),
        cmocka_unit_test(its_memory_stays_closed),
        cmocka_unit_test(memory_can_be_had_where_it_is_locked),
        cmocka_unit_test(who_is_not_root_may_be_himself_alone),
        unit_test_in_folder(files_are_made_as_somebody_else),
    };
    return cmocka_run_group_tests_name("privilege", tests, NULL, NULL);
}
