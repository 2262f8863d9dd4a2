/* Whether programs can be put into the kernel (eBPF), and in words why not. */
#pragma once

/* 0, or a negative errno for bpf_why(): -ENOSYS where this faultline was built without, -ENOENT where the
 * kernel does not describe its structures (CONFIG_DEBUG_INFO_BTF). */
int bpf_has_btf(void);

/* What can be told before one is tried: as above, and -EINVAL where the kernel is too old to say so itself.
 */
int bpf_is_possible(void);

/* What is missing, or would be needed, where one could not be loaded with that negative errno. */
const char *bpf_why(int error);
