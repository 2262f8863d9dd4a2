#include "kernel/bpf_call.h"
#include "support.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

/* Stands in for the kernel: it knows so many bytes of what a caller sets, and no command above the last. */
static size_t known_bytes;
static int refusal; /* 0: by what it knows */

long __wrap_syscall(long number, int command, const unsigned char *attributes, size_t size);

static int fail_with(int error)
{
    errno = error;
    return -1;
}

long __wrap_syscall(long number, int command, const unsigned char *attributes, size_t size)
{
    enum { FLAGS = 1 << 16 };

    assert_int_equal(number, SYS_bpf);
    assert_true(size <= sizeof(union bpf_attr));
    if (refusal)
        return fail_with(refusal);
    for (size_t i = known_bytes; i < size; i++) {
        if (attributes[i])
            return fail_with(E2BIG);
    }
    return fail_with(command & FLAGS ? E2BIG : EINVAL); /* Linux 7.2 wants more to be said with one */
}

static void an_old_kernel_knows_no_loaders(void **state)
{
    (void)state;

    known_bytes = 120; /* 5.10 */
    assert_false(bpf_knows_loaders());
    known_bytes = 128; /* 5.14 */
    assert_true(bpf_knows_loaders());
    known_bytes = sizeof(union bpf_attr);
    assert_true(bpf_knows_loaders());
}

static void what_is_not_said_may_be(void **state)
{
    (void)state;

    refusal = EPERM;
    assert_true(bpf_knows_loaders());
    refusal = ENOSYS;
    assert_true(bpf_knows_loaders());
    refusal = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_kernel_knows_no_loaders),
        cmocka_unit_test(what_is_not_said_may_be),
    };
    return cmocka_run_group_tests_name("bpf_call", tests, NULL, NULL);
}
