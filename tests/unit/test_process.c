#include "kernel/process.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Recorded on Linux 6.18: a program, and a kernel thread. */
#define CAT                                                                                                  \
    "25195 (cat) R 25190 25190 24040 0 -1 4194304 102 7 3 0 0 0 0 0 20 0 1 0 1152841 3133440 380 "           \
    "18446744073709551615 94083729563648 94083729583529 140727795056256 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 "   \
    "94083729599536 94083729601152 94084702773248 140727795063404 140727795063442 140727795063442 "          \
    "140727795064811 0\n"
#define KTHREADD                                                                                             \
    "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0 18446744073709551615 0 0 0 0 0 0 0 "   \
    "2147483647 0 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

/* With NAME, parentheses included, and what stands behind it: minor 102, major 3, start 1152841, rss 380. */
#define NAMED(name) "25195 " name " R 1 1 1 0 -1 4194304 102 7 3 0 0 0 0 0 20 0 1 0 1152841 3133440 380\n"

static int parse(const char *text, struct process_stat *stat)
{
    return process_parse_stat(text, strlen(text), stat);
}

static void a_program(void **state)
{
    struct process_stat stat;
    (void)state;

    assert_int_equal(parse(CAT, &stat), 0);
    assert_int_equal(stat.pid, 25195);
    assert_string_equal(stat.comm, "cat");
    assert_int_equal(stat.parent, 25190);
    assert_int_equal(stat.address_space_bytes, 3133440);
    assert_int_equal(stat.start_ticks, 1152841);
    assert_int_equal(stat.minor_faults, 102);
    assert_int_equal(stat.major_faults, 3);
    assert_int_equal(stat.rss_pages, 380);
    assert_false(stat.kernel_thread);
}

static void a_kernel_thread(void **state)
{
    struct process_stat stat;
    (void)state;

    assert_int_equal(parse(KTHREADD, &stat), 0);
    assert_int_equal(stat.pid, 2);
    assert_string_equal(stat.comm, "kthreadd");
    assert_int_equal(stat.parent, 0);
    assert_int_equal(stat.address_space_bytes, 0);
    assert_int_equal(stat.start_ticks, 0);
    assert_int_equal(stat.rss_pages, 0);
    assert_true(stat.kernel_thread);
}

static void names_that_look_like_something_else(void **state)
{
    static const struct {
        const char *text, *comm;
    } cases[] = {
        {NAMED("()"), ""},
        {NAMED("(foo) Z 1 ()"), "foo) Z 1 ("},
        {NAMED("())"), ")"},
        {NAMED("((((((((((((((()"), "(((((((((((((("},
        {NAMED("(a\nb\n)"), "a\nb\n"},
        {NAMED("(1 (x) R 2 3\n4)"), "1 (x) R 2 3\n4"},
        {NAMED("( 9 9 9 9 9 9 9)"), " 9 9 9 9 9 9 9"},
        {NAMED("(\xff\xfe\x80\x1b[2J)"), "\xff\xfe\x80\x1b[2J"},
        {NAMED("(kworker/u8:3-events_unbound)"), "kworker/u8:3-events_unbound"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct process_stat stat;
        assert_int_equal(parse(cases[i].text, &stat), 0);
        assert_string_equal(stat.comm, cases[i].comm);
        assert_int_equal(stat.pid, 25195);
        assert_int_equal(stat.parent, 1);
        assert_int_equal(stat.address_space_bytes, 3133440);
        assert_int_equal(stat.minor_faults, 102);
        assert_int_equal(stat.major_faults, 3);
        assert_int_equal(stat.start_ticks, 1152841);
        assert_int_equal(stat.rss_pages, 380);
    }
}

static void a_name_that_is_too_long_is_cut(void **state)
{
    char text[512] = "1 (";
    char cut[PROCESS_COMM_MAX] = "";
    struct process_stat stat;
    (void)state;

    memset(text + 3, 'x', 200);
    strcat(text, ") R 1 1 1 0 -1 0 102 7 3 0 0 0 0 0 20 0 1 0 1152841 3133440 380\n");
    memset(cut, 'x', sizeof(cut) - 1);
    assert_int_equal(parse(text, &stat), 0);
    assert_string_equal(stat.comm, cut);
    assert_int_equal(stat.rss_pages, 380);
}

static void rss_that_is_negative_is_none(void **state)
{
    struct process_stat stat;
    (void)state;

    assert_int_equal(parse("1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 -5 6\n", &stat), 0);
    assert_true(stat.rss_pages == 0);
    assert_int_equal(parse("1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 18446744073709551611 6\n",
                           &stat),
                     0);
    assert_true(stat.rss_pages == 0);
    assert_int_equal(parse("1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 9223372036854775807 6\n",
                           &stat),
                     0);
    assert_true(stat.rss_pages == INT64_MAX);
    assert_int_equal(parse("1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 -18446744073709551615 6\n",
                           &stat),
                     0);
    assert_true(stat.rss_pages == 0);
}

static void the_largest_numbers(void **state)
{
    struct process_stat stat;
    (void)state;

    assert_int_equal(
        parse("18446744073709551615 (x) R 18446744073709551615 1 1 0 -1 18446744073709551615 "
              "18446744073709551615 0 18446744073709551615 0 0 0 0 0 20 0 1 0 18446744073709551615 "
              "18446744073709551615 5",
              &stat),
        0);
    assert_true(stat.parent == UINT64_MAX);
    assert_true(stat.address_space_bytes == UINT64_MAX);
    assert_true(stat.pid == UINT64_MAX);
    assert_true(stat.minor_faults == UINT64_MAX);
    assert_true(stat.major_faults == UINT64_MAX);
    assert_true(stat.start_ticks == UINT64_MAX);
    assert_true(stat.kernel_thread);
}

static void what_is_no_stat_is_refused_and_changes_nothing(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "1",
        "1 (",
        "1 (x",
        "1 )x(",
        "1 (x)",
        "1 (x) R\n",
        "1(x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "(x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "x (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "-1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "18446744073709551616 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "1 x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "1 (x R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4\n", /* 23 fields */
        "1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 \n5 6\n",
        "1 (x) R -1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "1 (x) R x 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "1 (x) R 18446744073709551616 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 -4 5 6\n",
        "1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4kB 5 6\n",
        "1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 18446744073709551616 5 6\n",
        "1 (x) R 1 1 1 0 -1 f 1 0 2 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "1 (x) R 1 1 1 0 -1 0 -1 0 2 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "1 (x) R 1 1 1 0 -1 0 1 0 2x 0 0 0 0 0 20 0 1 0 3 4 5 6\n",
        "1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 -3 4 5 6\n",
        "1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 18446744073709551616 4 5 6\n",
        "1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 - 6\n",
        "1 (x) R 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 5.5 6\n",
    };
    struct process_stat stat, before;
    (void)state;

    memset(&stat, 0x5a, sizeof(stat));
    memcpy(&before, &stat, sizeof(stat));
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (parse(texts[i], &stat) != -EINVAL)
            fail_msg("taken for a stat: %s", texts[i]);
        assert_memory_equal(&stat, &before, sizeof(stat));
    }
}

/* A read that was cut short: from some byte on it is whole, and gives what it gives as a whole, but for the
 * last field, which may be cut itself. */
static void a_stat_cut_anywhere(void **state)
{
    (void)state;

    for (size_t length = 0; length <= strlen(CAT); length++) {
        char *bytes = malloc(length > 0 ? length : 1);
        struct process_stat stat;
        assert_non_null(bytes);
        memcpy(bytes, CAT, length);
        if (process_parse_stat(bytes, length, &stat) == 0) {
            assert_int_equal(stat.start_ticks, 1152841);
            assert_int_equal(stat.major_faults, 3);
            assert_int_equal(stat.parent, 25190);
            assert_int_equal(stat.address_space_bytes, 3133440);
            assert_true(strlen("25195 (cat) R 25190 25190 24040 0 -1 4194304 102 7 3 0 0 0 0 0 20 0 1 0 "
                               "1152841 3133440 ") < length);
        }
        free(bytes);
    }
}

static struct process_status status_of(const char *text)
{
    struct process_status status = {{77, true}, {77, true}};

    process_parse_status(text, strlen(text), &status);
    return status;
}

/* Recorded on Linux 6.18, shortened. */
static void the_status_of_a_program(void **state)
{
    struct process_status status = status_of(
        "Name:\tsleep\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t25196\nNgid:\t0\nPid:\t25196\n"
        "PPid:\t25190\nTracerPid:\t0\nUid:\t1000\t1001\t1002\t1003\nGid:\t4\t5\t6\t7\nFDSize:\t256\n"
        "Groups:\t \nKthread:\t0\nVmPeak:\t    3060 kB\nVmRSS:\t    1624 kB\nVmPTE:\t      44 kB\n"
        "VmSwap:\t     120 kB\nHugetlbPages:\t       0 kB\nThreads:\t1\n");
    (void)state;

    assert_value(status.uid, 1001);
    assert_value(status.swap_bytes, 120 * 1024);
}

static void the_status_of_a_kernel_thread(void **state)
{
    struct process_status status =
        status_of("Name:\tkthreadd\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nThreads:\t1\n");
    (void)state;

    assert_value(status.uid, 0);
    assert_false(status.swap_bytes.present);
}

static void what_a_status_may_lack_or_have_twice(void **state)
{
    struct process_status status;
    (void)state;

    status = status_of("");
    assert_false(status.uid.present || status.swap_bytes.present);
    /* The kernel writes a newline in a name as \n. */
    status =
        status_of("Name:\tUid:\\nUid:\t0\t0\t0\t0\nXUid:\t1\t1\t1\t1\n Uid:\t2\t2\t2\t2\nUid:\t3\t4\t3\t3\n");
    assert_value(status.uid, 4);
    status = status_of("Uid:\t1\t2\t3\t4\nVmSwap:\t5 kB\nUid:\t6\t7\t8\t9\nVmSwap:\t10 kB\n");
    assert_value(status.uid, 2);
    assert_value(status.swap_bytes, 5 * 1024);
    status = status_of("Uid:\tx\t2\t3\t4\nVmSwap:\tx kB\nUid:\t6\t7\t8\t9\nVmSwap:\t10 kB\n");
    assert_false(status.uid.present || status.swap_bytes.present);
    status = status_of("Uid:VmSwap:\t5 kB\n");
    assert_false(status.uid.present || status.swap_bytes.present);
}

static void uids_at_their_limits(void **state)
{
    static const char *const none[] = {"Uid:\t1\t4294967296\t1\t1\n",
                                       "Uid:\t1\t-1\t1\t1\n",
                                       "Uid:\t1\n",
                                       "Uid:\t1\t",
                                       "Uid:\t1\t23",
                                       "Uid:\t1\n2\t3\t4\n",
                                       "Uid:",
                                       "Uid:\t1\t2x\t3\n",
                                       "Uid:\t1\t99999999999999999999\t1"};
    (void)state;

    assert_value(status_of("Uid:\t0\t4294967295\t0\t0\n").uid, 4294967295U);
    assert_value(status_of("Uid:\t0\t65534\t").uid, 65534);
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_false(status_of(none[i]).uid.present);
}

static void swap_at_its_limits(void **state)
{
    static const char *const none[] = {
        "VmSwap:\t5",       "VmSwap:\t5 k",   "VmSwap:\t5 MB\n",
        "VmSwap:\t-5 kB\n", "VmSwap:\t kB\n", "VmSwap:\t5kB\n",
        "VmSwap:\n5 kB\n",  "VmSwap:",        "VmSwap:\t18014398509481984 kB\n"};
    (void)state;

    assert_value(status_of("VmSwap:\t       0 kB\n").swap_bytes, 0);
    assert_value(status_of("VmSwap:\t18014398509481983 kB\n").swap_bytes, UINT64_C(18014398509481983) * 1024);
    assert_value(status_of("VmSwap: 7 kB").swap_bytes, 7 * 1024);
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_false(status_of(none[i]).swap_bytes.present);
}

static void files_of_a_process(void **state)
{
    struct process_stat stat = {0};
    struct process_status status;
    int proc_fd = folder_fd(*state);

    folder_put(*state, "25195/stat", CAT);
    folder_put(*state, "25195/status", "Uid:\t1\t2\t3\t4\nVmSwap:\t5 kB\n");
    assert_int_equal(process_read_stat(proc_fd, 25195, &stat), 0);
    assert_string_equal(stat.comm, "cat");
    assert_int_equal(stat.rss_pages, 380);
    assert_int_equal(process_read_status(proc_fd, 25195, &status), 0);
    assert_value(status.uid, 2);
    assert_value(status.swap_bytes, 5 * 1024);
    close(proc_fd);
}

static void a_process_that_is_not_there(void **state)
{
    struct process_stat stat;
    struct process_status status;
    char cgroup[PROCESS_CGROUP_MAX] = "as it was";
    int proc_fd = folder_fd(*state);

    assert_int_equal(process_read_stat(proc_fd, 25195, &stat), -ENOENT);
    assert_int_equal(process_read_status(proc_fd, 25195, &status), -ENOENT);
    assert_int_equal(process_read_cgroup(proc_fd, UINT64_MAX, cgroup), -ENOENT);
    assert_string_equal(cgroup, "as it was");
    assert_true(process_is_gone(-ENOENT));
    assert_true(process_is_gone(-ESRCH));
    assert_false(process_is_gone(0));
    assert_false(process_is_gone(-EACCES));
    close(proc_fd);
}

static void the_stat_of_another_process_is_refused(void **state)
{
    struct process_stat stat = {.pid = 5};
    int proc_fd = folder_fd(*state);

    folder_put(*state, "25196/stat", CAT);
    assert_int_equal(process_read_stat(proc_fd, 25196, &stat), -EINVAL);
    assert_int_equal(stat.pid, 5);
    close(proc_fd);
}

static void cgroup_is(const struct folder *folder, const char *text, const char *expected)
{
    char cgroup[PROCESS_CGROUP_MAX] = "as it was";
    int proc_fd = folder_fd(folder);

    folder_put(folder, "42/cgroup", text);
    assert_int_equal(process_read_cgroup(proc_fd, 42, cgroup), 0);
    assert_string_equal(cgroup, expected);
    close(proc_fd);
}

static void the_memory_cgroup_of_a_process(void **state)
{
    cgroup_is(*state, "0::/system.slice/a:b.service\n", "/system.slice/a:b.service");
    cgroup_is(*state, "0::/\n", "/");
    cgroup_is(*state, "9:name=systemd:/s\n4:memory:/train/job\n1:cpu:/c\n0::/u\n", "/train/job");
    cgroup_is(*state, "4:memory:/\n0::/u\n", "/");
    cgroup_is(*state, "1:name=systemd:/s\n0::/u\n", "/u");
    cgroup_is(*state, "1:cpu:/c\n", "");
    cgroup_is(*state, "", "");
    cgroup_is(*state, "0::/a b\\c\xff (deleted)\n", "/a b\\c\xff (deleted)");
}

static void a_long_cgroup_is_cut(void **state)
{
    char text[PROCESS_CGROUP_MAX + 100] = "0::/";
    char cut[PROCESS_CGROUP_MAX] = "/";

    memset(text + 4, 'g', sizeof(text) - 5);
    memset(cut + 1, 'g', sizeof(cut) - 2);
    cgroup_is(*state, text, cut);
}

static struct process_list *open_list(const char *path)
{
    struct process_list *list = malloc(sizeof(*list));

    assert_non_null(list);
    assert_int_equal(process_list_open(list, path), 0);
    return list;
}

static void close_list(struct process_list *list)
{
    process_list_close(list);
    assert_int_equal(list->fd, -1);
    free(list);
}

/* How many there are; LISTED is the last one. */
static size_t walk(struct process_list *list, struct process_listed *listed, uint64_t *sum)
{
    size_t count = 0;
    int more;

    for (*sum = 0; (more = process_list_next(list, listed)) > 0; count++)
        *sum += listed->pid;
    assert_int_equal(more, 0);
    return count;
}

static void only_pids_are_listed(void **state)
{
    static const char *const others[] = {"self",  "meminfo", "042", "0",
                                         "7x",    "-7",      " 8",  "18446744073709551616",
                                         "acpi/9"};
    struct process_listed listed;
    uint64_t sum;

    for (size_t i = 0; i < COUNT_OF(others); i++)
        folder_put(*state, others[i], "");
    folder_put(*state, "4194304/stat", "");
    struct process_list *list = open_list(((struct folder *)*state)->path);
    assert_int_equal(walk(list, &listed, &sum), 1);
    assert_int_equal(listed.pid, 4194304);
    assert_true(listed.inode != 0);
    close_list(list);
}

static void more_than_fit_a_piece_and_again(void **state)
{
    enum { MANY = 2500 };
    struct process_listed listed;
    char name[32];
    uint64_t sum;

    for (int pid = 1; pid <= MANY; pid++) {
        snprintf(name, sizeof(name), "%d", pid);
        folder_put(*state, name, "");
    }
    struct process_list *list = open_list(((struct folder *)*state)->path);
    for (int time = 0; time < 3; time++) {
        assert_int_equal(walk(list, &listed, &sum), MANY);
        assert_int_equal(sum, MANY * (MANY + 1) / 2);
        assert_int_equal(process_list_next(list, &listed), 0);
        assert_int_equal(process_list_rewind(list), 0);
    }
    folder_delete(*state, "7");
    folder_put(*state, "10000", "");
    assert_int_equal(walk(list, &listed, &sum), MANY);
    assert_int_equal(sum, MANY * (MANY + 1) / 2 - 7 + 10000);
    close_list(list);
}

static void what_cannot_be_listed(void **state)
{
    struct process_list *list = malloc(sizeof(*list));
    struct process_listed listed;
    char path[128];

    assert_non_null(list);
    folder_put(*state, "file", "");
    snprintf(path, sizeof(path), "%s/file", ((struct folder *)*state)->path);
    assert_int_equal(process_list_open(list, path), -ENOTDIR);
    assert_int_equal(list->fd, -1);
    assert_int_equal(process_list_open(list, "/nonexistent"), -ENOENT);
    assert_int_equal(process_list_next(list, &listed), -EBADF);
    assert_int_equal(process_list_rewind(list), -EBADF);
    close_list(list);
}

static void this_very_process(void **state)
{
    struct process_list *list = open_list("/proc");
    uint64_t self = (uint64_t)getpid();
    struct process_listed listed = {0};
    struct process_stat stat;
    struct process_status status;
    char name[16];
    (void)state;

    while (listed.pid != self)
        assert_int_equal(process_list_next(list, &listed), 1);
    prctl(PR_GET_NAME, name);
    prctl(PR_SET_NAME, "a) R 1 ( \x01\xff");
    int error = process_read_stat(list->fd, self, &stat);
    prctl(PR_SET_NAME, name);
    assert_int_equal(error, 0);
    assert_string_equal(stat.comm, "a) R 1 ( \x01\xff");
    assert_false(stat.kernel_thread);
    assert_int_equal(stat.parent, getppid());
    assert_true(stat.address_space_bytes / (uint64_t)sysconf(_SC_PAGESIZE) >= stat.rss_pages);
    assert_true(stat.minor_faults > 0 && stat.rss_pages > 0 && stat.start_ticks > 0);
    assert_int_equal(process_read_status(list->fd, self, &status), 0);
    assert_value(status.uid, geteuid());
    close_list(list);
}

static void a_process_that_goes(void **state)
{
    struct process_stat stat;
    int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    (void)state;

    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(process_is_gone(process_read_stat(proc_fd, (uint64_t)child, &stat)));
    close(proc_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program),
        cmocka_unit_test(a_kernel_thread),
        cmocka_unit_test(names_that_look_like_something_else),
        cmocka_unit_test(a_name_that_is_too_long_is_cut),
        cmocka_unit_test(rss_that_is_negative_is_none),
        cmocka_unit_test(the_largest_numbers),
        cmocka_unit_test(what_is_no_stat_is_refused_and_changes_nothing),
        cmocka_unit_test(a_stat_cut_anywhere),
        cmocka_unit_test(the_status_of_a_program),
        cmocka_unit_test(the_status_of_a_kernel_thread),
        cmocka_unit_test(what_a_status_may_lack_or_have_twice),
        cmocka_unit_test(uids_at_their_limits),
        cmocka_unit_test(swap_at_its_limits),
        unit_test_in_folder(files_of_a_process),
        unit_test_in_folder(a_process_that_is_not_there),
        unit_test_in_folder(the_stat_of_another_process_is_refused),
        unit_test_in_folder(the_memory_cgroup_of_a_process),
        unit_test_in_folder(a_long_cgroup_is_cut),
        unit_test_in_folder(only_pids_are_listed),
        unit_test_in_folder(more_than_fit_a_piece_and_again),
        unit_test_in_folder(what_cannot_be_listed),
        cmocka_unit_test(this_very_process),
        cmocka_unit_test(a_process_that_goes),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
