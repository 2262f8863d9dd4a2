#include "support.h"
#include "watch/ability.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct ability list[ABILITIES_MAX];
static size_t count;

static void look(const char *proc_path, const char *kmsg_path, const char *mountinfo_path)
{
    const struct ability_settings settings = {proc_path, kmsg_path, mountinfo_path};

    count = ability_look(&settings, list);
    assert_in_range(count, 15, ABILITIES_MAX);
}

static const struct ability *of(const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].id, id) == 0)
            return &list[i];
    }
    fail_msg("no ability '%s'", id);
    return NULL;
}

static void is_here(const char *id)
{
    const struct ability *ability = of(id);

    assert_int_equal(ability->state, ABILITY_HERE);
    assert_string_equal(ability->why, "");
    assert_null(ability->mend);
}

static void is_missing(const char *id, const char *why, const char *mend)
{
    const struct ability *ability = of(id);

    assert_int_equal(ability->state, ABILITY_MISSING);
    assert_non_null(strstr(ability->why, why));
    assert_non_null(ability->mend);
    assert_non_null(strstr(ability->mend, mend));
}

static void a_machine_of_each_kind(void **state)
{
    (void)state;
    look(fixture_path("linux-6.18", 0), "/nonexistent/kmsg", "/nonexistent/mountinfo");
    is_here("page_faults");
    is_here("memory");
    is_here("cpu");
    is_here("refaults");
    is_here("stalls");
    is_here("oom_kills");
    assert_false(ability_lacks_core(list, count));
    is_missing("kernel_log", "No such file", "--device /dev/kmsg");
    is_missing("cgroups", "no cgroups are mounted", "cgroup2");

    look(fixture_path("linux-4.4", 0), "/dev/null", "/nonexistent/mountinfo");
    is_here("page_faults");
    is_here("refaults"); /* under their older name */
    is_missing("stalls", "psi=0", "4.20");
    is_missing("oom_kills", "does not count it", "4.13");
    assert_false(ability_lacks_core(list, count));
    is_missing("kernel_log", "another device", "/dev/kmsg");
}

static void without_proc_there_are_no_rows(void **state)
{
    const struct folder *folder = *state;

    look("/nonexistent", "/dev/null", "/nonexistent/mountinfo");
    is_missing("page_faults", "No such file", "--proc");
    is_missing("memory", "No such file", "--proc");
    is_missing("processes", "hidden", "root");
    assert_true(ability_lacks_core(list, count));

    /* One of the three. */
    folder_put(folder, "vmstat", "pgfault 5\npgmajfault 2\n");
    folder_put(folder, "stat", "cpu  1 2 3 4 5 6 7 8 9 10\nctxt 77\n");
    look(folder->path, "/dev/null", "/nonexistent/mountinfo");
    is_here("page_faults");
    is_here("cpu");
    is_missing("memory", "No such file", "proc");
    assert_true(ability_lacks_core(list, count));

    folder_put(folder, "meminfo", "MemFree: 5 kB\n");
    folder_put(folder, "vmstat", "nr_free_pages 5\n");
    look(folder->path, "/dev/null", "/nonexistent/mountinfo");
    is_here("memory");
    is_missing("page_faults", "the kernel does not count it", "newer kernel");
    assert_true(ability_lacks_core(list, count));
}

#define MOUNT(type, path, options) "30 23 0:26 / " path " rw shared:4 - " type " " type " rw" options "\n"

static void cgroups_of_both_versions(void **state)
{
    const struct folder *folder = *state;
    char mountinfo[PATH_MAX];
    char text[PATH_MAX];

    snprintf(mountinfo, sizeof(mountinfo), "%s/mountinfo", folder->path);
    folder_put(folder, "mountinfo", MOUNT("cgroup2", "/u", "") MOUNT("cgroup", "/m", ",memory"));
    look("/proc", "/dev/null", mountinfo);
    is_here("cgroups");
    assert_string_equal(of("cgroups")->place, "v1, /m");

    snprintf(text, sizeof(text), "30 23 0:26 / %s/unified rw shared:4 - cgroup2 cgroup2 rw\n", folder->path);
    folder_put(folder, "mountinfo", text);
    folder_put(folder, "unified/cgroup.controllers", "cpu memory_extra pids\n");
    look("/proc", "/dev/null", mountinfo);
    is_missing("cgroups", "no memory controller", "cgroup_disable");
    folder_put(folder, "unified/cgroup.controllers", "cpu memory\n");
    look("/proc", "/dev/null", mountinfo);
    is_here("cgroups");
    assert_int_equal(strncmp(of("cgroups")->place, "v2, /", 5), 0);
    folder_put(folder, "mountinfo", MOUNT("tmpfs", "/u", ""));
    look("/proc", "/dev/null", mountinfo);
    is_missing("cgroups", "no cgroups", "cgroup2");
}

static bool is_locked(void)
{
    char *status = file_get("/proc/self/status");
    bool locked = !strstr(status, "VmLck:\t       0 kB");

    free(status);
    return locked;
}

/* What a try takes is given back. */
static void nothing_stays_behind(void **state)
{
    (void)state;
    look("/proc", "/dev/kmsg", "/proc/self/mountinfo"); /* what is opened once for all is open then */
    int before = open_descriptors();
    char *score = file_get("/proc/self/oom_score_adj");
    look("/proc", "/dev/kmsg", "/proc/self/mountinfo");
    char *after = file_get("/proc/self/oom_score_adj");
    assert_int_equal(open_descriptors(), before);
    assert_string_equal(score, after);
    assert_false(is_locked());
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    free(score);
    free(after);
}

static int look_as_nobody(void)
{
    const struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_MEMLOCK, &none) < 0 || setuid(65534) < 0)
        return 1;
    look("/proc", "/dev/kmsg", "/proc/self/mountinfo");
#if !defined(__SANITIZE_ADDRESS__) /* which has mlockall() do nothing */
    if (of("memory_lock")->state != ABILITY_MISSING)
        return 2;
#endif
    if (of("oom_score")->state != ABILITY_MISSING || of("own_cgroup")->state != ABILITY_MISSING)
        return 3;
    if (of("page_faults")->state != ABILITY_HERE)
        return 4;
    return 0;
}

static void a_user_may_less(void **state)
{
    int status;
    (void)state;

    if (geteuid() != 0) {
        print_message("skipped: only root becomes somebody else\n");
        skip();
    }
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(look_as_nobody());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* What is printed of each. */
static void each_has_its_words(void **state)
{
    (void)state;
    look("/nonexistent", "/nonexistent", "/nonexistent");
    for (size_t i = 0; i < count; i++) {
        assert_true(list[i].id[0] && list[i].title[0] && list[i].without[0]);
        assert_int_equal(strspn(list[i].id, "abcdefghijklmnopqrstuvwxyz_"), strlen(list[i].id));
        assert_in_range(strlen(list[i].title), 3, 20);
        assert_int_equal(list[i].state == ABILITY_HERE, list[i].mend == NULL);
        assert_int_equal(list[i].state == ABILITY_HERE, list[i].why[0] == '\0');
        for (size_t other = 0; other < i; other++)
            assert_string_not_equal(list[i].id, list[other].id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_of_each_kind),
        unit_test_in_folder(without_proc_there_are_no_rows),
        unit_test_in_folder(cgroups_of_both_versions),
        cmocka_unit_test(nothing_stays_behind),
        cmocka_unit_test(a_user_may_less),
        cmocka_unit_test(each_has_its_words),
    };
    return cmocka_run_group_tests_name("ability", tests, NULL, NULL);
}
