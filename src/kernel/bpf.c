#include "kernel/bpf.h"

#include "kernel/bpf_call.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int bpf_has_btf(void)
{
#ifndef FAULTLINE_BPF
    return -ENOSYS;
#else
    return access("/sys/kernel/btf/vmlinux", R_OK) == 0 ? 0 : -ENOENT;
#endif
}

int bpf_is_possible(void)
{
    int error = bpf_has_btf();

    return error < 0 || bpf_knows_loaders() ? error : -EINVAL;
}

const char *bpf_why(int error)
{
    static const char too_old[] =
        "the kernel lacks what eBPF programs need here (Linux 5.18 or newer has it)";
    static const struct {
        int error;
        const char *why;
    } reasons[] = {
        {-ENOSYS,
         "this faultline was built without eBPF (that takes clang, bpftool and the headers of libbpf)"},
        {-ENOENT, "the kernel has no BTF (/sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF)"},
        {-EPERM, "it takes root, or CAP_BPF and CAP_PERFMON"},
        {-EACCES, "it takes root, or CAP_BPF and CAP_PERFMON"},
        {-EINVAL, too_old},
        {-E2BIG, too_old}, /* before 5.14 */
        {-EXDEV, "in a PID namespace processes have other numbers"},
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
        if (reasons[i].error == error)
            return reasons[i].why;
    }
    return strerror(-error);
}
