#include "kernel/cgroup_account.h"

#include "kernel/cgroup.h"
#include "kernel/proc_file.h"
#include "kernel/source_format.h"
#include "kernel/wanted_lines.h"

#include <sys/types.h>

/* "anon 22024192\nfile 31854592\n...workingset_refault_anon 12\nworkingset_refault_file 41336\n...".
 * Before 5.9 there was one count, of files: what came back from swap was none. */
void cgroup_account_parse_stat_v2(const char *bytes, size_t length, struct cgroup_account *account)
{
    struct value refaults_before_5_9;
    struct wanted_line wanted[] = {
        {"anon ", &account->anon_bytes, false},
        {"file ", &account->file_bytes, false},
        {"workingset_refault_anon ", &account->refaults_anon, false},
        {"workingset_refault_file ", &account->refaults_file, false},
        {"workingset_refault ", &refaults_before_5_9, false},
    };

    WANTED_LINES_TAKE(bytes, length, key_number_parse, wanted);
    if (!account->refaults_file.present)
        account->refaults_file = refaults_before_5_9;
}

void cgroup_account_parse_stat_v1(const char *bytes, size_t length, struct cgroup_account *account)
{
    struct wanted_line wanted[] = {
        {"total_rss ", &account->anon_bytes, false},
        {"total_cache ", &account->file_bytes, false},
        {"total_workingset_refault_anon ", &account->refaults_anon, false},
        {"total_workingset_refault_file ", &account->refaults_file, false},
    };

    WANTED_LINES_TAKE(bytes, length, key_number_parse, wanted);
}

void cgroup_account_parse_io_pressure(const char *bytes, size_t length, struct cgroup_account *account)
{
    struct wanted_line wanted[] = {
        {"some ", &account->io_some_stall_us, false},
        {"full ", &account->io_full_stall_us, false},
    };

    WANTED_LINES_TAKE(bytes, length, pressure_io_format.parse, wanted);
}

void cgroup_account_parse_cpu_pressure(const char *bytes, size_t length, struct cgroup_account *account)
{
    struct wanted_line wanted[] = {{"some ", &account->cpu_some_stall_us, false}};

    WANTED_LINES_TAKE(bytes, length, pressure_cpu_format.parse, wanted);
}

/* "usage_usec 634527\nuser_usec 213380\nsystem_usec 421146\n" */
void cgroup_account_parse_cpu_stat(const char *bytes, size_t length, struct cgroup_account *account)
{
    struct wanted_line wanted[] = {{"usage_usec ", &account->cpu_us, false}};

    WANTED_LINES_TAKE(bytes, length, key_number_parse, wanted);
}

static void parse_peak(const char *bytes, size_t length, struct cgroup_account *account)
{
    account->peak_bytes = cgroup_memory_amount(bytes, length);
}

static void parse_memory_pressure(const char *bytes, size_t length, struct cgroup_account *account)
{
    cgroup_memory_parse_pressure(bytes, length, &account->memory);
}

struct account_file {
    const char *name;
    void (*parse)(const char *bytes, size_t length, struct cgroup_account *account);
};

/* Up to a row without a name. */
static const struct account_file v1_files[] = {
    {"memory.stat", cgroup_account_parse_stat_v1},
    {"memory.max_usage_in_bytes", parse_peak},
    {NULL, NULL},
};

static const struct account_file v2_files[] = {
    {"memory.stat", cgroup_account_parse_stat_v2},
    {"memory.peak", parse_peak},
    {NULL, NULL},
};

static const struct account_file stall_files[] = {
    {"memory.pressure", parse_memory_pressure},
    {"io.pressure", cgroup_account_parse_io_pressure},
    {"cpu.pressure", cgroup_account_parse_cpu_pressure},
    {"cpu.stat", cgroup_account_parse_cpu_stat},
    {NULL, NULL},
};

static void read_files(int folder_fd, const struct account_file *files, struct cgroup_account *account)
{
    char bytes[8192]; /* as in cgroup_memory.c */

    for (const struct account_file *file = files; file->name; file++) {
        ssize_t length = proc_file_read_small(folder_fd, file->name, bytes, sizeof(bytes));
        if (length >= 0)
            file->parse(bytes, (size_t)length, account);
    }
}

int cgroup_account_read(int memory_fd, int version, int stall_fd, struct cgroup_account *account)
{
    *account = (struct cgroup_account){0};
    int error = cgroup_memory_read(memory_fd, version, &account->memory);
    if (error < 0)
        return error;
    read_files(memory_fd, version == CGROUP_V1 ? v1_files : v2_files, account);
    if (stall_fd >= 0)
        read_files(stall_fd, stall_files, account);
    return 0;
}
