#include "kernel/bpf.h"
#include "support.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Stands before the kernel's file. */
static int access_error;
static const char *access_path;

int __wrap_access(const char *path, int mode);

int __wrap_access(const char *path, int mode)
{
    access_path = path;
    errno = access_error;
    return mode == R_OK && access_error == 0 ? 0 : -1;
}

static bool has_loaders;

bool __wrap_bpf_knows_loaders(void);

bool __wrap_bpf_knows_loaders(void)
{
    return has_loaders;
}

static void it_takes_a_kernel_that_describes_itself(void **state)
{
    (void)state;

#ifdef FAULTLINE_BPF
    access_error = 0;
    has_loaders = true;
    assert_int_equal(bpf_is_possible(), 0);
    assert_string_equal(access_path, "/sys/kernel/btf/vmlinux");
    access_error = ENOENT;
    assert_int_equal(bpf_is_possible(), -ENOENT);
    access_error = EACCES; /* and it cannot be read, which makes no difference */
    assert_int_equal(bpf_is_possible(), -ENOENT);
    access_error = 0;
    has_loaders = false; /* but describes itself */
    assert_int_equal(bpf_is_possible(), -EINVAL);
    assert_int_equal(bpf_has_btf(), 0);
#else
    assert_int_equal(bpf_is_possible(), -ENOSYS);
    assert_null(access_path);
#endif
}

static void each_reason_in_words(void **state)
{
    (void)state;

    assert_non_null(strstr(bpf_why(-ENOSYS), "built without eBPF"));
    assert_non_null(strstr(bpf_why(-ENOENT), "/sys/kernel/btf/vmlinux"));
    assert_non_null(strstr(bpf_why(-EPERM), "root, or CAP_BPF and CAP_PERFMON"));
    assert_string_equal(bpf_why(-EACCES), bpf_why(-EPERM));
    assert_non_null(strstr(bpf_why(-EINVAL), "Linux 5.18"));
    assert_non_null(strstr(bpf_why(-EXDEV), "PID namespace"));
    assert_string_equal(bpf_why(-ENOMEM), strerror(ENOMEM));
    assert_string_equal(bpf_why(-E2BIG), bpf_why(-EINVAL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_takes_a_kernel_that_describes_itself),
        cmocka_unit_test(each_reason_in_words),
    };
    return cmocka_run_group_tests_name("bpf", tests, NULL, NULL);
}
