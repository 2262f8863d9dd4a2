#include "base/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SETS = _LINUX_CAPABILITY_U32S_3 };

/* libc has no function for it, only libcap. */
static int get_capabilities(struct __user_cap_data_struct sets[SETS])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    return syscall(SYS_capget, &header, sets) < 0 ? -errno : 0;
}

static int set_capabilities(const struct __user_cap_data_struct sets[SETS])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

static int keep_only(const int *capabilities, size_t count)
{
    struct __user_cap_data_struct had[SETS];
    struct __user_cap_data_struct kept[SETS] = {0};

    int error = get_capabilities(had);
    if (error < 0)
        return error;
    for (size_t i = 0; i < count; i++) {
        size_t set = (size_t)CAP_TO_INDEX(capabilities[i]);
        kept[set].permitted |= had[set].permitted & CAP_TO_MASK(capabilities[i]);
    }
    for (size_t set = 0; set < SETS; set++)
        kept[set].effective = kept[set].permitted;
    return set_capabilities(kept);
}

/* Only root has other groups to leave. */
static int leave_groups(const struct account *account)
{
    bool is_there = geteuid() == account->uid && getegid() == account->gid;
    return setgroups(0, NULL) < 0 && !is_there ? -errno : 0;
}

static int become(const struct account *account)
{
    int error = leave_groups(account);

    if (error == 0 && setresgid(account->gid, account->gid, account->gid) < 0)
        error = -errno;
    if (error == 0 && setresuid(account->uid, account->uid, account->uid) < 0)
        error = -errno;
    return error;
}

int privilege_drop(const struct account *account, const int *capabilities, size_t count)
{
    if (prctl(PR_SET_KEEPCAPS, 1) < 0)
        return -errno;
    int error = become(account);
    if (error == 0)
        error = keep_only(capabilities, count);
    (void)prctl(PR_SET_KEEPCAPS, 0);
    return error;
}

int privilege_act_as(const struct account *account)
{
    int error = leave_groups(account);

    if (error == 0 && setegid(account->gid) < 0)
        error = -errno;
    if (error == 0 && seteuid(account->uid) < 0)
        error = -errno;
    return error;
}

int privilege_act_as_oneself(void)
{
    return seteuid(getuid()) < 0 || setegid(getgid()) < 0 ? -errno : 0;
}
