#include "job/account.h"

#include <sys/wait.h>

int job_exit_status(const struct job_account *account)
{
    enum { SIGNALED = 128 };

    return WIFSIGNALED(account->status) ? SIGNALED + WTERMSIG(account->status) : WEXITSTATUS(account->status);
}
