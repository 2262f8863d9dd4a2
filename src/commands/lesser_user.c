#include "commands/lesser_user.h"

#include "base/protect.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

static const char passwd_path[] = "/etc/passwd";

/* The kernel's log is opened anew where it was lost; the programs in the kernel are asked by system calls
 * that want the other two where kernel.unprivileged_bpf_disabled is set, as it mostly is. */
static const int kept[] = {CAP_SYSLOG, CAP_BPF, CAP_PERFMON};

int lesser_user_find(struct lesser_user *user, struct problem *problem)
{
    if (!user->name)
        return 0;
    int error = users_find_account(passwd_path, user->name, &user->account);
    if (error == -ENOENT)
        return problem_set(problem, ENOENT, "--user '%s': %s has no such user: a name of it, or UID:GID",
                           user->name, passwd_path);
    if (error < 0)
        return problem_set(problem, -error, "%s: %s: name --user by numbers, UID:GID", passwd_path,
                           strerror(-error));
    return 0;
}

const struct account *lesser_user_account(const struct lesser_user *user)
{
    return user->name ? &user->account : NULL;
}

static int told(const struct lesser_user *user, int error, struct problem *problem)
{
    if (error == 0)
        return 0;
    return problem_set(problem, -error, "--user '%s': %s: only root becomes somebody else", user->name,
                       strerror(-error));
}

int lesser_user_begin(const struct lesser_user *user, struct problem *problem)
{
    return user->name ? told(user, privilege_act_as(&user->account), problem) : 0;
}

void lesser_user_end(const struct lesser_user *user)
{
    if (user->name)
        (void)privilege_act_as_oneself();
}

int lesser_user_become(const struct lesser_user *user, struct problem *problem)
{
    if (!user->name)
        return 0;
    protect_outlive_root();
    return told(user, privilege_drop(&user->account, kept, sizeof(kept) / sizeof(*kept)), problem);
}
