#include "kernel/perf_cpus.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Stand in for the kernel where a test asks for it: a machine whose CPUs are told by a letter each, '+' one
 * that is online, '-' one that is not. Events are descriptors of /dev/null.
 */
static struct {
    const char *cpus; /* NULL: the real kernel */
    int fails_at;     /* the CPU that cannot be had, -1: none */
    int error;
    unsigned opened;
    struct perf_event_attr attributes;
    int fds[8];
    char calls[64]; /* of ioctl: 's' sets a program, 'e' enables */
    int program_fd;
    unsigned long failing_request;
} kernel;

static void use_fake(const char *cpus)
{
    memset(&kernel, 0, sizeof(kernel));
    kernel.cpus = cpus;
    kernel.fails_at = -1;
}

long __real_syscall(long number, void *a, long b, long c, long d, long e);
long __wrap_syscall(long number, void *a, long b, long c, long d, long e);
int __real_ioctl(int fd, unsigned long request, long argument);
int __wrap_ioctl(int fd, unsigned long request, long argument);

static int fail_with(int error)
{
    errno = error;
    return -1;
}

long __wrap_syscall(long number, void *a, long b, long c, long d, long e)
{
    struct perf_event_attr *attributes = a;
    const int pid = (int)b;
    const int cpu = (int)c;

    if (!kernel.cpus)
        return __real_syscall(number, a, b, c, d, e);
    assert_int_equal(number, SYS_perf_event_open);
    assert_int_equal(pid, -1);
    assert_int_equal((int)d, -1);
    assert_int_equal((unsigned)e, PERF_FLAG_FD_CLOEXEC);
    if (cpu >= (int)strlen(kernel.cpus))
        return fail_with(EINVAL);
    if (kernel.cpus[cpu] == '-')
        return fail_with(ENODEV);
    if (cpu == kernel.fails_at)
        return fail_with(kernel.error);
    kernel.attributes = *attributes;
    memset(attributes, 0xee, sizeof(*attributes)); /* as it may for an event of another size */
    return kernel.fds[kernel.opened++] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int __wrap_ioctl(int fd, unsigned long request, long argument)
{
    if (!kernel.cpus)
        return __real_ioctl(fd, request, argument);
    if (request == kernel.failing_request)
        return fail_with(EEXIST);
    if (request == PERF_EVENT_IOC_SET_BPF)
        kernel.program_fd = (int)argument;
    strcat(kernel.calls, request == PERF_EVENT_IOC_SET_BPF  ? "s"
                         : request == PERF_EVENT_IOC_ENABLE ? "e"
                                                            : "?");
    return 0;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void assert_none_is_left(const struct perf_cpus *cpus, unsigned opened)
{
    assert_null(cpus->fds);
    assert_int_equal(cpus->count, 0);
    assert_int_equal(kernel.opened, opened);
    for (unsigned i = 0; i < opened; i++)
        assert_false(is_open(kernel.fds[i]));
}

static const struct perf_event_attr page_faults = {
    .type = PERF_TYPE_SOFTWARE,
    .size = sizeof(page_faults),
    .config = PERF_COUNT_SW_PAGE_FAULTS,
};

static void an_event_on_each_cpu_that_is_online(void **state)
{
    static const char *const machines[] = {"+", "++++", "+-+-++", "-++", "++--"};
    static const size_t online[] = {1, 4, 4, 2, 2};
    struct perf_cpus cpus;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(machines); i++) {
        use_fake(machines[i]);
        assert_int_equal(perf_cpus_open(&cpus, &page_faults), 0);
        assert_int_equal(cpus.count, online[i]);
        for (size_t n = 0; n < cpus.count; n++) {
            assert_int_equal(cpus.fds[n], kernel.fds[n]);
            assert_true(is_open(cpus.fds[n]));
        }
        /* Each is asked for as was said, whatever the kernel wrote there before. */
        assert_int_equal(kernel.attributes.type, PERF_TYPE_SOFTWARE);
        assert_int_equal(kernel.attributes.config, PERF_COUNT_SW_PAGE_FAULTS);
        perf_cpus_close(&cpus);
        assert_none_is_left(&cpus, (unsigned)online[i]);
    }
}

static void where_the_kernel_refuses(void **state)
{
    static const int errors[] = {EACCES, EPERM, EMFILE, EINVAL, ENOENT};
    struct perf_cpus cpus;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        use_fake("++++");
        kernel.fails_at = 0;
        kernel.error = errors[i];
        assert_int_equal(perf_cpus_open(&cpus, &page_faults), -errors[i]);
        assert_none_is_left(&cpus, 0);
    }
    use_fake("++++");
    kernel.fails_at = 2;
    kernel.error = EMFILE;
    assert_int_equal(perf_cpus_open(&cpus, &page_faults), -EMFILE);
    assert_none_is_left(&cpus, 2);
    perf_cpus_close(&cpus);
}

static void a_machine_without_cpus(void **state)
{
    struct perf_cpus cpus;
    char all_offline[8192 + 2];
    (void)state;

    use_fake("");
    assert_int_equal(perf_cpus_open(&cpus, &page_faults), -EINVAL);
    memset(all_offline, '-', sizeof(all_offline) - 1);
    all_offline[sizeof(all_offline) - 1] = '\0';
    use_fake(all_offline);
    assert_int_equal(perf_cpus_open(&cpus, &page_faults), -ENODEV);
    assert_none_is_left(&cpus, 0);
}

static void a_program_runs_before_the_event_does(void **state)
{
    struct perf_cpus cpus;
    (void)state;

    use_fake("+-+");
    assert_int_equal(perf_cpus_run(&cpus, PERF_COUNT_SW_PAGE_FAULTS_MAJ, 77), 0);
    assert_int_equal(cpus.count, 2);
    assert_int_equal(kernel.attributes.type, PERF_TYPE_SOFTWARE);
    assert_int_equal(kernel.attributes.config, PERF_COUNT_SW_PAGE_FAULTS_MAJ);
    assert_int_equal(kernel.attributes.sample_period, 1); /* each time */
    assert_int_equal(kernel.attributes.disabled, 1);
    assert_int_equal(kernel.attributes.size, sizeof(struct perf_event_attr));
    assert_string_equal(kernel.calls, "sese");
    assert_int_equal(kernel.program_fd, 77);
    perf_cpus_close(&cpus);
}

static void a_program_that_cannot_run_there(void **state)
{
    static const unsigned long requests[] = {PERF_EVENT_IOC_SET_BPF, PERF_EVENT_IOC_ENABLE};
    struct perf_cpus cpus;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        use_fake("++");
        kernel.failing_request = requests[i];
        assert_int_equal(perf_cpus_run(&cpus, PERF_COUNT_SW_PAGE_FAULTS, 77), -EEXIST);
        assert_none_is_left(&cpus, 2);
    }
    use_fake("++");
    kernel.fails_at = 1;
    kernel.error = EACCES;
    assert_int_equal(perf_cpus_run(&cpus, PERF_COUNT_SW_PAGE_FAULTS, 77), -EACCES);
    assert_none_is_left(&cpus, 1);
    assert_string_equal(kernel.calls, "");
}

/* Page faults of this very process are among those that all CPUs count. */
static void this_machine(void **state)
{
    enum { PAGES = 64 };
    struct perf_cpus cpus;
    uint64_t sum = 0;
    (void)state;

    memset(&kernel, 0, sizeof(kernel));
    int error = perf_cpus_open(&cpus, &page_faults);
    if (error < 0) {
        print_message("skipped: perf_event_open: %s\n", strerror(-error));
        skip();
    }
    assert_true(cpus.count >=
                (size_t)sysconf(_SC_NPROCESSORS_ONLN)); /* some of which may be hidden from us */
    const size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    volatile char *memory = aligned_alloc(page_size, PAGES * page_size);
    assert_non_null(memory);
    for (size_t i = 0; i < PAGES; i++)
        memory[i * page_size] = 1;
    for (size_t i = 0; i < cpus.count; i++) {
        uint64_t count = 0;
        assert_int_equal(read(cpus.fds[i], &count, sizeof(count)), sizeof(count));
        sum += count;
    }
    assert_true(sum > 0);
    free((void *)memory);
    perf_cpus_close(&cpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_on_each_cpu_that_is_online),
        cmocka_unit_test(where_the_kernel_refuses),
        cmocka_unit_test(a_machine_without_cpus),
        cmocka_unit_test(a_program_runs_before_the_event_does),
        cmocka_unit_test(a_program_that_cannot_run_there),
        cmocka_unit_test(this_machine),
    };
    return cmocka_run_group_tests_name("perf_cpus", tests, NULL, NULL);
}
