#include "kernel/cgroup_memory.h"

#include "kernel/cgroup.h"
#include "kernel/proc_file.h"
#include "kernel/source_format.h"
#include "kernel/wanted_lines.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

/* The kernel counts a major fault among all as well. */
static struct value less(struct value all, struct value some)
{
    bool known = all.present && some.present && all.number >= some.number;
    return known ? (struct value){all.number - some.number, true} : (struct value){0, false};
}

/* "anon 1536000\n...pgfault 2048\npgmajfault 7\n..." */
void cgroup_memory_parse_stat_v2(const char *bytes, size_t length, struct cgroup_memory *memory)
{
    struct value faults;
    struct wanted_line wanted[] = {
        {"pgfault ", &faults, false},
        {"pgmajfault ", &memory->major_faults, false},
    };

    WANTED_LINES_TAKE(bytes, length, key_number_parse, wanted);
    memory->minor_faults = less(faults, memory->major_faults);
}

/* A group without a limit has PAGE_COUNTER_MAX pages (linux/page_counter.h): with 64 bits nearly 2^63 bytes,
 * with 32 nearly 2^43. Nobody has half of that. */
static bool is_limit(struct value bytes)
{
    const uint64_t none = UINT64_C(1) << (sizeof(long) == sizeof(uint64_t) ? 62 : 42);
    return bytes.present && bytes.number < none;
}

/* "cache 0\n...hierarchical_memory_limit 9223372036854771712\n...total_pgfault 2048\n...": what begins with
 * total_ includes the groups below. */
void cgroup_memory_parse_stat_v1(const char *bytes, size_t length, struct cgroup_memory *memory)
{
    struct value faults;
    struct wanted_line wanted[] = {
        {"total_pgfault ", &faults, false},
        {"total_pgmajfault ", &memory->major_faults, false},
        {"total_swap ", &memory->swap_bytes, false},
        {"hierarchical_memory_limit ", &memory->limit_bytes, false},
    };

    WANTED_LINES_TAKE(bytes, length, key_number_parse, wanted);
    memory->minor_faults = less(faults, memory->major_faults);
    if (!is_limit(memory->limit_bytes))
        memory->limit_bytes = (struct value){0, false};
}

void cgroup_memory_parse_pressure(const char *bytes, size_t length, struct cgroup_memory *memory)
{
    struct wanted_line wanted[] = {
        {"some ", &memory->some_stall_us, false},
        {"full ", &memory->full_stall_us, false},
    };

    WANTED_LINES_TAKE(bytes, length, pressure_memory_format.parse, wanted);
}

/* "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n" */
void cgroup_memory_parse_kills(const char *bytes, size_t length, struct cgroup_memory *memory)
{
    struct wanted_line wanted[] = {{"oom_kill ", &memory->kills, false}};

    WANTED_LINES_TAKE(bytes, length, key_number_parse, wanted);
}

struct value cgroup_memory_amount(const char *bytes, size_t length)
{
    struct value amount = {0, false};
    const char *newline = memchr(bytes, '\n', length);

    if (newline)
        scan_unsigned(bytes, newline, &amount);
    return amount;
}

static void parse_usage(const char *bytes, size_t length, struct cgroup_memory *memory)
{
    memory->usage_bytes = cgroup_memory_amount(bytes, length);
}

static void parse_limit(const char *bytes, size_t length, struct cgroup_memory *memory)
{
    memory->limit_bytes = cgroup_memory_amount(bytes, length);
}

static void parse_swap(const char *bytes, size_t length, struct cgroup_memory *memory)
{
    memory->swap_bytes = cgroup_memory_amount(bytes, length);
}

struct memory_file {
    const char *name;
    void (*parse)(const char *bytes, size_t length, struct cgroup_memory *memory);
};

/* Up to a row without a name. */
static const struct memory_file v1_files[] = {
    {"memory.stat", cgroup_memory_parse_stat_v1},
    {"memory.usage_in_bytes", parse_usage},
    {"memory.oom_control", cgroup_memory_parse_kills},
    {NULL, NULL},
};

static const struct memory_file v2_files[] = {
    {"memory.stat", cgroup_memory_parse_stat_v2},
    {"memory.events", cgroup_memory_parse_kills},
    {"memory.pressure", cgroup_memory_parse_pressure},
    {"memory.current", parse_usage},
    {"memory.max", parse_limit},
    {"memory.swap.current", parse_swap},
    {NULL, NULL},
};

/* Why a group could not be read, of what two of its files say: that one is missing says the least. */
static int worse(int error, ssize_t other)
{
    return error == -ENOENT && other < 0 ? (int)other : error;
}

static int read_files(int folder_fd, const struct memory_file *files, struct cgroup_memory *memory)
{
    char bytes[8192]; /* memory.stat of 6.18 has 70 keys: 4000 with the largest numbers, 1500 as a rule */
    bool any = false;
    int error = -ENOENT;

    for (const struct memory_file *file = files; file->name; file++) {
        ssize_t length = proc_file_read_small(folder_fd, file->name, bytes, sizeof(bytes));
        if (length >= 0) {
            file->parse(bytes, (size_t)length, memory);
            any = true;
        }
        error = worse(error, length);
    }
    return any ? 0 : error;
}

int cgroup_memory_read(int folder_fd, int version, struct cgroup_memory *memory)
{
    static const struct memory_file *const files[] = {[CGROUP_V1] = v1_files, [CGROUP_V2] = v2_files};

    *memory = (struct cgroup_memory){0};
    if (version != CGROUP_V1 && version != CGROUP_V2)
        return -EINVAL;
    return read_files(folder_fd, files[version], memory);
}

/* -ENODEV comes of a file that was opened before its group was removed (fs/kernfs/file.c). */
bool cgroup_memory_is_gone(int error)
{
    return error == -ENOENT || error == -ENODEV;
}
