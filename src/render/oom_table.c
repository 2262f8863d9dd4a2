#include "render/oom_table.h"

#include "base/clock.h"
#include "base/size.h"
#include "render/cells.h"

#include <inttypes.h>
#include <string.h>

enum {
    TIME_CELL = 19,
    PID_CELL = 8,
    UID_CELL = 7,
    ADJ_CELL = 6,
    SIZE_CELL = 7,
    COMM_CELL = 16,
    TASKS_INDENT = 24,
};

static void put_time(struct text *text, const struct oom_moment *moment)
{
    size_t start = text->length;

    if (moment->has_wall)
        clock_put_local(text, moment->wall_ns);
    else if (moment->has_monotonic)
        text_format(text, "[%5" PRIu64 ".%06" PRIu64 "]", moment->monotonic_us / 1000000,
                    moment->monotonic_us % 1000000);
    else
        text_char(text, '-');
    cell_fill_right(text, start, TIME_CELL);
}

/* What was full: the size of the cgroup's limit, or a word. */
static void put_limit(struct text *text, const struct oom_kill *kill)
{
    static const char *const words[] = {
        [OOM_CONSTRAINT_UNKNOWN] = "-",
        [OOM_CONSTRAINT_NONE] = "machine",
        [OOM_CONSTRAINT_MEMCG] = "cgroup",
        [OOM_CONSTRAINT_CPUSET] = "cpuset",
        [OOM_CONSTRAINT_MEMORY_POLICY] = "policy",
    };

    if (kill->constraint == OOM_CONSTRAINT_MEMCG && kill->limit_bytes.present)
        cell_size(text, kill->limit_bytes, SIZE_CELL + 1);
    else
        cell_word(text, words[kill->constraint], SIZE_CELL + 1);
}

static void put_cgroup(struct text *text, const struct oom_kill *kill)
{
    text_printable(text, kill->cgroup[0] ? kill->cgroup : "-");
    if (kill->limit_cgroup[0] && strcmp(kill->limit_cgroup, kill->cgroup) != 0) {
        text_string(text, " (limit of ");
        text_printable(text, kill->limit_cgroup);
        text_char(text, ')');
    }
    if (kill->group_kill)
        text_string(text, " (with its group)");
}

void oom_table_put_header(struct text *text)
{
    cell_name(text, "time", TIME_CELL);
    cell_word(text, "pid", PID_CELL);
    cell_word(text, "uid", UID_CELL);
    cell_word(text, "adj", ADJ_CELL);
    cell_word(text, "rss", SIZE_CELL);
    cell_word(text, "limit", SIZE_CELL + 1);
    text_char(text, ' ');
    cell_name(text, "command", COMM_CELL);
    text_string(text, " cgroup\n");
}

static void put_part(struct text *text, const char *name, struct value bytes)
{
    if (!bytes.present)
        return;
    text_string(text, name);
    cell_size(text, bytes, 0);
}

static void put_task(struct text *text, const struct oom_task *task)
{
    cell_number(text, task->pid, TASKS_INDENT + PID_CELL - 5);
    cell_number(text, task->uid, UID_CELL);
    cell_signed(text, task->oom_score_adj, ADJ_CELL);
    cell_size(text, task->rss_bytes, SIZE_CELL);
    cell_size(text, task->swap_bytes, SIZE_CELL + 1);
    text_char(text, ' ');
    text_printable(text, task->comm);
    text_char(text, '\n');
}

void oom_table_put_details(struct text *text, const struct oom_kill *kill)
{
    size_t start = text->length;

    text_string(text, "    held:");
    size_t nothing = text->length;
    put_part(text, " anon ", kill->anon_rss_bytes);
    put_part(text, ", file ", kill->file_rss_bytes);
    put_part(text, ", shmem ", kill->shmem_rss_bytes);
    put_part(text, ", page tables ", kill->pgtables_bytes);
    put_part(text, "; virtual ", kill->total_vm_bytes);
    put_part(text, "; its cgroup used ", kill->usage_bytes);
    if (text->length > nothing)
        text_char(text, '\n');
    else
        text->length = start;
    if (kill->trigger[0]) {
        text_string(text, "    asked for more: ");
        text_printable(text, kill->trigger);
        if (kill->trigger_pid.present)
            text_format(text, "[%" PRIu64 "]", kill->trigger_pid.number);
        text_char(text, '\n');
    }
    if (kill->task_count > 0)
        text_string(text, "    largest tasks:      pid    uid   adj    rss    swap command\n");
    for (size_t i = 0; i < kill->task_count; i++)
        put_task(text, &kill->tasks[i]);
}

void oom_table_put_kill(struct text *text, const struct oom_kill *kill, const struct oom_moment *moment,
                        bool verbose)
{
    put_time(text, moment);
    cell_number(text, kill->pid, PID_CELL);
    cell_number(text, kill->uid, UID_CELL);
    cell_signed(text, kill->oom_score_adj, ADJ_CELL);
    cell_size(text, oom_kill_rss_bytes(kill), SIZE_CELL);
    put_limit(text, kill);
    text_char(text, ' ');
    cell_name(text, kill->comm, COMM_CELL);
    text_char(text, ' ');
    put_cgroup(text, kill);
    text_char(text, '\n');
    if (verbose)
        oom_table_put_details(text, kill);
}
