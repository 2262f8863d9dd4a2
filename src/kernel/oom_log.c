#include "kernel/oom_log.h"

#include "kernel/kmsg.h"
#include "kernel/span.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    REPORTS_MAX = 4,   /* that are written at the same time and told apart by their callers */
    SUMMARIES_MAX = 4, /* of reports that are not told apart */
    SUMMARY_MAX = OOM_CGROUP_MAX * 3,
    GROUP_US = 500000,     /* its members die within milliseconds of one another */
    REPORT_US = 5000000,   /* what is older belongs to another report */
    LINE_MAX_BYTES = 2048, /* of a line put together from several records */
    COLUMNS_MAX = 16,
};

/* The columns of the table of tasks that are of use; kernels have more, and different ones. */
enum task_column {
    TASK_UID,
    TASK_TGID,
    TASK_TOTAL_VM,
    TASK_RSS,
    TASK_PGTABLES,
    TASK_SWAP,
    TASK_ADJ,
    TASK_COLUMNS,
};

static const char *const task_column_names[TASK_COLUMNS] = {
    [TASK_UID] = "uid",
    [TASK_TGID] = "tgid",
    [TASK_TOTAL_VM] = "total_vm",
    [TASK_RSS] = "rss",
    [TASK_PGTABLES] = "pgtables_bytes",
    [TASK_SWAP] = "swapents",
    [TASK_ADJ] = "oom_score_adj",
};

struct task_row {
    struct value numbers[TASK_COLUMNS]; /* memory in pages */
    char comm[OOM_COMM_MAX];
};

/* The line "oom-kill:constraint=...", kept until the victim's name is known: its words may stand in a path
 * too. */
struct summary {
    struct value pid; /* absent: no summary */
    char text[SUMMARY_MAX];
    size_t length;
};

struct report {
    char caller[KMSG_CALLER_MAX];
    char line[LINE_MAX_BYTES]; /* the last line, if it is one of those that may go on in further records */
    size_t line_length;
    bool line_goes_on;    /* it was taken in before, without its end */
    struct value time_us; /* of its last line */
    bool open;            /* it has begun, and nobody has been killed yet */
    bool tangled; /* another one began before that: what belongs to which is known by a victim's pid alone */
    struct oom_kill told; /* what it has told so far */
    struct summary summaries[SUMMARIES_MAX];
    size_t next_summary;
    enum task_column columns[COLUMNS_MAX]; /* of its table, TASK_COLUMNS: of no use */
    size_t column_count;                   /* 0: no table yet */
    struct task_row rows[OOM_TASKS_MAX];   /* the largest first */
    size_t row_count;
    bool group;              /* who is killed now is killed along with the victim */
    struct value group_us;   /* when the last of them was told */
    size_t last_form;        /* the words in front of the last kill */
    struct value last_pid;   /* of the last kill, as its line has it: it may be a thread's */
    struct value repeat_pid; /* the victim itself is expected among them once more */
};

struct oom_log {
    struct report reports[REPORTS_MAX];
    size_t report_count;
    size_t next_report;
};

static struct value scaled(struct value value, uint64_t unit)
{
    if (value.present && __builtin_mul_overflow(value.number, unit, &value.number))
        value.present = false;
    return value;
}

#define KEEP(field, span) span_keep(field, sizeof(field), span)

/* -- cgroups -- */

/* Whether the group INNER is OUTER or lies below it. */
static bool is_within(struct span inner, struct span outer)
{
    return inner.length >= outer.length && outer.length > 0 &&
           memcmp(inner.at, outer.at, outer.length) == 0 &&
           (inner.length == outer.length || inner.at[outer.length] == '/');
}

/*
 * Parts two groups at BETWEEN, which may stand in their names as well: the inner one lies within the other,
 * and so only few places will do.
 */
static bool part_groups(struct span span, const char *between, bool outer_first, struct span *inner,
                        struct span *outer)
{
    for (const char *at = span_find(span, between); at; at = span_find(span_from(span, at + 1), between)) {
        struct span left = span_until(span, at);
        struct span right = span_from(span, at + strlen(between));
        *inner = outer_first ? right : left;
        *outer = outer_first ? left : right;
        if (is_within(*inner, *outer))
            return true;
    }
    return false;
}

/* -- the lines of a report -- */

static void forget(struct report *report)
{
    size_t kept = offsetof(struct report, open); /* the line in hand, whose and of when it is */

    memset((char *)report + kept, 0, sizeof(*report) - kept);
}

static void forget_table(struct report *report)
{
    report->column_count = 0;
    report->row_count = 0;
}

/* Nothing but the summaries says whose report it is. */
static void tangle(struct report *report)
{
    report->tangled = true;
    report->told = (struct oom_kill){0};
    forget_table(report);
}

/* "python3 invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0"
 */
static bool take_header(struct report *report, struct span line)
{
    struct span trigger;

    if (!span_take_until(&line, " invoked oom-killer: ", &trigger))
        return false;
    if (report->open)
        tangle(report);
    else
        forget(report);
    report->open = true;
    if (!report->tangled)
        KEEP(report->told.trigger, trigger);
    return true;
}

/* "CPU: 1 PID: 4242 Comm: python3 Not tainted ...": the one who asked, by the name in the header. */
static bool take_trigger_pid(struct report *report, struct span line)
{
    if (!span_take_prefix(&line, "CPU: ") || !span_take_until(&line, " PID: ", NULL))
        return false;
    struct value pid = span_take_number(&line);
    bool is_trigger = report->open && !report->tangled && span_take_prefix(&line, " Comm: ") &&
                      span_take_prefix(&line, report->told.trigger);
    if (is_trigger)
        report->told.trigger_pid = pid;
    return true;
}

/* "memory: usage 32768kB, limit 32768kB, failcnt 84" */
static bool take_usage(struct report *report, struct span line)
{
    if (!span_take_prefix(&line, "memory: usage "))
        return false;
    struct value usage_kib = span_take_number(&line);
    if (!span_take_prefix(&line, "kB, limit "))
        return false;
    struct value limit_kib = span_take_number(&line);
    if (report->tangled)
        return true;
    report->told.usage_bytes = scaled(usage_kib, 1024);
    report->told.limit_bytes = scaled(limit_kib, 1024);
    return true;
}

/* Up to 4.20: "Task in /train/job killed as a result of limit of /train" */
static bool take_limit(struct report *report, struct span line)
{
    struct span inner;
    struct span outer;

    if (!span_take_prefix(&line, "Task in ") ||
        !part_groups(line, " killed as a result of limit of ", false, &inner, &outer))
        return false;
    if (report->tangled)
        return true;
    KEEP(report->told.cgroup, inner);
    KEEP(report->told.limit_cgroup, outer);
    report->told.constraint = OOM_CONSTRAINT_MEMCG;
    return true;
}

static enum task_column column_named(struct span name)
{
    enum task_column column = 0;

    while (column < TASK_COLUMNS && !span_is(name, task_column_names[column]))
        column++;
    return column;
}

static bool has_column(const struct report *report, enum task_column column)
{
    for (size_t i = 0; i < report->column_count; i++) {
        if (report->columns[i] == column)
            return true;
    }
    return false;
}

/* "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name" */
static bool take_table_header(struct report *report, struct span line)
{
    if (!span_take_prefix(&line, "["))
        return false;
    span_skip_blanks(&line);
    if (!span_take_prefix(&line, "pid") || !span_take_until(&line, "]", NULL))
        return false;
    forget_table(report);
    for (span_skip_blanks(&line); line.length > 0 && report->column_count < COLUMNS_MAX;
         span_skip_blanks(&line)) {
        const char *blank = memchr(line.at, ' ', line.length);
        struct span name = span_until(line, blank ? blank : span_end(line));
        if (span_is(name, "name"))
            break;
        report->columns[report->column_count++] = column_named(name);
        line = span_from(line, span_end(name));
    }
    if (!has_column(report, TASK_TGID) || !has_column(report, TASK_RSS))
        forget_table(report); /* it says neither who nor how much */
    return true;
}

/* Keeps the largest, in order. */
static void keep_row(struct report *report, const struct task_row *row)
{
    size_t place = report->row_count;

    while (place > 0 && report->rows[place - 1].numbers[TASK_RSS].number < row->numbers[TASK_RSS].number)
        place--;
    if (place == OOM_TASKS_MAX)
        return;
    if (report->row_count < OOM_TASKS_MAX)
        report->row_count++;
    memmove(&report->rows[place + 1], &report->rows[place],
            (report->row_count - place - 1) * sizeof(*report->rows));
    report->rows[place] = *row;
}

/* "[   4242]  1000  4242   123456    65536   524288        0             0 python3" */
static bool take_table_row(struct report *report, struct span line)
{
    struct task_row row = {0};

    if (!span_take_prefix(&line, "["))
        return false;
    span_skip_blanks(&line);
    if (!span_take_number(&line).present || !span_take_prefix(&line, "]"))
        return false;
    if (report->tangled)
        return true;
    for (size_t i = 0; i < report->column_count; i++) {
        span_skip_blanks(&line);
        struct value number = span_take_number(&line);
        if (!number.present)
            return true; /* a row of another form: left out */
        if (report->columns[i] < TASK_COLUMNS)
            row.numbers[report->columns[i]] = number;
    }
    if (report->column_count > 0 && span_take_prefix(&line, " ")) {
        KEEP(row.comm, line);
        keep_row(report, &row);
    }
    return true;
}

/* The victim's pid in ",pid=4242,uid=1000", which a summary ends with: the last one that stands so. */
static struct value summary_pid(struct span line)
{
    const char *at = span_find_last(line, ",pid=");

    if (!at)
        return (struct value){0, false};
    line = span_from(line, at);
    span_take_prefix(&line, ",pid=");
    return span_take_number(&line);
}

/* Since 5.0: "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/train,
 * task_memcg=/train/job,task=python3,pid=4242,uid=1000" */
static bool take_summary(struct report *report, struct span line)
{
    if (!span_take_prefix(&line, "oom-kill:constraint="))
        return false;
    if (!report->open && !report->tangled)
        forget(report); /* its header was left out, and it is not the one before */
    report->open = true;
    report->group = false;
    if (!report->line_goes_on)
        report->next_summary = (report->next_summary + 1) % SUMMARIES_MAX;
    struct summary *summary = &report->summaries[report->next_summary];
    *summary = (struct summary){.pid = summary_pid(line)};
    if (line.length > sizeof(summary->text))
        return true;
    memcpy(summary->text, line.at, line.length);
    summary->length = line.length;
    return true;
}

/* "Tasks in /train are going to be killed due to memory.oom.group set" */
static bool take_group(struct report *report, struct span line)
{
    const char *end = span_find_last(line, " are going to be killed due to memory.oom.group set");

    if (!end || !span_take_prefix(&line, "Tasks in "))
        return false;
    if (report->group) { /* its victim's report was left out, and it was taken for one of the group before */
        report->told = (struct oom_kill){0};
        forget_table(report);
    }
    report->group = report->last_pid.present && !report->open; /* it follows the kill of the victim */
    report->repeat_pid = report->last_pid;
    report->group_us = report->time_us;
    if (report->group)
        KEEP(report->told.cgroup, span_until(line, end));
    return true;
}

/* "Memory cgroup stats for /train:" */
static bool take_stats(struct report *report, struct span line)
{
    (void)report;
    return span_take_prefix(&line, "Memory cgroup stats for ");
}

/* -- the kill -- */

static enum oom_constraint constraint_named(struct span name)
{
    static const struct {
        const char *name;
        enum oom_constraint constraint;
    } names[] = {
        {"CONSTRAINT_NONE", OOM_CONSTRAINT_NONE},
        {"CONSTRAINT_MEMCG", OOM_CONSTRAINT_MEMCG},
        {"CONSTRAINT_CPUSET", OOM_CONSTRAINT_CPUSET},
        {"CONSTRAINT_MEMORY_POLICY", OOM_CONSTRAINT_MEMORY_POLICY},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (span_is(name, names[i].name))
            return names[i].constraint;
    }
    return OOM_CONSTRAINT_UNKNOWN;
}

/* "0-1,global_oom,task_memcg=/job" or "0,oom_memcg=/train,task_memcg=/train/job", behind "mems_allowed=". */
static bool take_groups(struct span span, struct oom_kill *kill)
{
    struct span inner;
    struct span outer;

    while (span.length > 0 && strchr("0123456789-,", *span.at))
        span = span_from(span, span.at + 1);
    if (span_take_prefix(&span, "global_oom,task_memcg=")) {
        KEEP(kill->cgroup, span);
        return true;
    }
    if (!span_take_prefix(&span, "oom_memcg=") || !part_groups(span, ",task_memcg=", true, &inner, &outer))
        return false;
    KEEP(kill->cgroup, inner);
    KEEP(kill->limit_cgroup, outer);
    return true;
}

/* Takes ",task=NAME" off the end. The name is that of the process, and may hold the same words: where the
 * line of the kill named one of its threads, nothing better is known than the last place. */
static bool drop_task(struct span *span, const char *name)
{
    size_t length = strlen(",task=") + strlen(name);

    if (name[0] && span->length >= length) {
        struct span tail = span_from(*span, span_end(*span) - length);
        if (span_take_prefix(&tail, ",task=") && span_is(tail, name)) {
            span->length -= length;
            return true;
        }
    }
    const char *at = span_find_last(*span, ",task=");
    if (at)
        *span = span_until(*span, at);
    return at != NULL;
}

/* What the summary says, now that the victim's name tells where the paths end. */
static void read_summary(const struct summary *summary, struct oom_kill *kill)
{
    struct span span = {summary->text, summary->length};
    struct span constraint;

    if (!span_take_until(&span, ",", &constraint))
        return;
    kill->constraint = constraint_named(constraint);
    kill->pid = summary->pid;
    const char *end = span_find_last(span, ",pid=");
    if (!end)
        return;
    span = span_until(span, end);
    if (!drop_task(&span, kill->comm))
        return;
    /* The cpuset's name may hold the same words: the first place will do from which the rest has its form. */
    while (span_take_until(&span, "mems_allowed=", NULL)) {
        if (take_groups(span, kill))
            return;
    }
}

static struct summary *summary_of(struct report *report, struct value pid)
{
    struct summary *only = NULL;
    size_t count = 0;

    for (size_t i = 0; i < SUMMARIES_MAX; i++) {
        struct summary *summary = &report->summaries[i];
        if (!summary->pid.present)
            continue;
        if (summary->pid.number == pid.number)
            return summary;
        only = summary;
        count++;
    }
    /* Where the process's first thread has ended, the line of the kill names another thread. */
    return count == 1 && !report->tangled ? only : NULL;
}

static const struct task_row *row_of(const struct report *report, struct value pid)
{
    for (size_t i = 0; i < report->row_count; i++) {
        if (report->rows[i].numbers[TASK_TGID].present &&
            report->rows[i].numbers[TASK_TGID].number == pid.number)
            return &report->rows[i];
    }
    return NULL;
}

/* The table counts pages, the kill KiB: where the log is from another machine, that tells its page size. */
static uint64_t page_size(const struct report *report, const struct oom_kill *kill)
{
    const struct task_row *row = row_of(report, kill->pid);

    if (row && row->numbers[TASK_TOTAL_VM].number > 0 && kill->total_vm_bytes.present) {
        uint64_t size = kill->total_vm_bytes.number / row->numbers[TASK_TOTAL_VM].number;
        if (size >= 4096 && size <= 65536 && (size & (size - 1)) == 0)
            return size;
    }
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

static void add_tasks(const struct report *report, struct oom_kill *kill)
{
    uint64_t page = page_size(report, kill);

    kill->task_count = report->row_count;
    for (size_t i = 0; i < report->row_count; i++) {
        const struct task_row *row = &report->rows[i];
        struct oom_task *task = &kill->tasks[i];
        task->pid = row->numbers[TASK_TGID];
        task->uid = row->numbers[TASK_UID];
        task->rss_bytes = scaled(row->numbers[TASK_RSS], page);
        task->swap_bytes = scaled(row->numbers[TASK_SWAP], page);
        task->oom_score_adj = row->numbers[TASK_ADJ];
        memcpy(task->comm, row->comm, sizeof(task->comm));
    }
}

/* "total-vm:123kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:68kB oom_score_adj:0" */
static void read_sizes(struct span span, struct oom_kill *kill)
{
    const struct {
        const char *name;
        struct value *value;
        uint64_t unit;
    } sizes[] = {
        {"total-vm:", &kill->total_vm_bytes, 1024},
        {"anon-rss:", &kill->anon_rss_bytes, 1024},
        {"file-rss:", &kill->file_rss_bytes, 1024},
        {"shmem-rss:", &kill->shmem_rss_bytes, 1024},
        {"UID:", &kill->uid, 1},
        {"pgtables:", &kill->pgtables_bytes, 1024},
        {"oom_score_adj:", &kill->oom_score_adj, 1},
    };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct span rest = span;
        if (span_take_until(&rest, sizes[i].name, NULL))
            *sizes[i].value = scaled(span_take_number(&rest), sizes[i].unit);
    }
}

/* Up to 5.5 page tables were printed in bytes, and called kB (mended by commit 941f762bcb27): the table of
 * tasks tells, or that they would be larger than all that they map. */
static void mend_pgtables(const struct task_row *row, struct oom_kill *kill)
{
    uint64_t bytes = kill->pgtables_bytes.number / 1024;
    bool as_in_row =
        row && row->numbers[TASK_PGTABLES].present && row->numbers[TASK_PGTABLES].number == bytes;
    bool too_large =
        kill->total_vm_bytes.present && kill->pgtables_bytes.number > kill->total_vm_bytes.number;

    if (kill->pgtables_bytes.present && (as_in_row || too_large))
        kill->pgtables_bytes.number = bytes;
}

/* What the table has and the line of the kill, of an older kernel, does not. */
static void add_from_table(const struct report *report, struct oom_kill *kill)
{
    const struct task_row *row = row_of(report, kill->pid);

    mend_pgtables(row, kill);
    if (!row)
        return;
    if (!kill->uid.present)
        kill->uid = row->numbers[TASK_UID];
    if (!kill->oom_score_adj.present)
        kill->oom_score_adj = row->numbers[TASK_ADJ];
    if (!kill->pgtables_bytes.present)
        kill->pgtables_bytes = row->numbers[TASK_PGTABLES];
}

/* The end of the name in "(NAME) total-vm:...", or in 3.10 "(NAME), UID 1000, total-vm:...": it may hold
 * anything, a bracket too. */
static const char *find_name_end(struct span span)
{
    const char *end = span_find_last(span, ") total-vm:");
    const char *end_with_uid = span_find_last(span, "), UID ");
    return !end || (end_with_uid && end_with_uid > end) ? end_with_uid : end;
}

/* The victim itself: "4242 (python3) total-vm:...", and in 3.10 also "4242, UID 1000, (python3)
 * total-vm:...". */
static bool read_victim(struct span line, struct oom_kill *kill)
{
    kill->pid = span_take_number(&line);
    if (!kill->pid.present)
        return false;
    if (span_take_prefix(&line, ", UID ")) {
        kill->uid = span_take_number(&line);
        span_take_prefix(&line, ",");
    }
    if (!span_take_prefix(&line, " ("))
        return false;
    const char *end = find_name_end(line);
    if (!end) {
        bool closed = line.length > 0 && span_end(line)[-1] == ')';
        KEEP(kill->comm, closed ? span_until(line, span_end(line) - 1) : line);
        return true;
    }
    KEEP(kill->comm, span_until(line, end));
    line = span_from(line, end);
    read_sizes(line, kill);
    if (span_take_prefix(&line, "), UID "))
        kill->uid = span_take_number(&line);
    return true;
}

static bool is_repeat(struct report *report, struct value pid)
{
    bool repeat = report->group && report->repeat_pid.present && report->repeat_pid.number == pid.number;

    if (repeat)
        report->repeat_pid.present = false;
    return repeat;
}

/* What the report told before, for the members of a group that follow. */
static void close_report(struct report *report, const struct summary *used, const struct oom_kill *kill)
{
    bool more = false;

    for (size_t i = 0; i < SUMMARIES_MAX; i++) {
        if (&report->summaries[i] == used)
            report->summaries[i].pid.present = false;
        more |= report->summaries[i].pid.present;
    }
    report->told = *kill;
    report->open = more;
    report->tangled &= more;
    if (more)
        tangle(report);
}

/* Members of a group share the report, but not the victim's own figures. */
static void start_from(const struct report *report, struct oom_kill *kill)
{
    const struct oom_kill *told = &report->told;

    *kill = (struct oom_kill){.group_kill = report->group};
    if (!report->open && !report->group)
        return; /* the kernel left the report out */
    kill->constraint = told->constraint;
    kill->usage_bytes = told->usage_bytes;
    kill->limit_bytes = told->limit_bytes;
    kill->trigger_pid = told->trigger_pid;
    memcpy(kill->cgroup, told->cgroup, sizeof(kill->cgroup));
    memcpy(kill->limit_cgroup, told->limit_cgroup, sizeof(kill->limit_cgroup));
    memcpy(kill->trigger, told->trigger, sizeof(kill->trigger));
}

/* Whoever is killed later, and whose report was left out, need not be of the group. */
static void end_group_if_old(struct report *report)
{
    if (report->group_us.present && report->time_us.present &&
        report->time_us.number - report->group_us.number > GROUP_US)
        report->group = false;
}

static enum oom_line take_victim(struct report *report, struct span line, enum oom_constraint constraint,
                                 struct oom_kill *kill)
{
    struct oom_kill victim;

    end_group_if_old(report);
    if (!report->open && !report->group)
        forget_table(report);
    start_from(report, &victim);
    if (!read_victim(line, &victim))
        return OOM_LINE_OTHER;
    report->group_us = report->time_us;
    *kill = victim;
    if (is_repeat(report, victim.pid))
        return OOM_LINE_REPEAT;
    report->last_pid = victim.pid;
    if (victim.constraint == OOM_CONSTRAINT_UNKNOWN)
        victim.constraint = constraint;
    struct summary *summary = report->group ? NULL : summary_of(report, victim.pid);
    if (summary)
        read_summary(summary, &victim);
    add_from_table(report, &victim);
    add_tasks(report, &victim);
    *kill = victim;
    if (!report->group)
        close_report(report, summary, kill);
    return OOM_LINE_KILL;
}

static enum oom_line take_kill(struct report *report, struct span line, struct oom_kill *kill)
{
    static const struct {
        const char *words;
        enum oom_constraint constraint;
    } forms[] = {
        {"Killed process ", OOM_CONSTRAINT_UNKNOWN}, /* up to 5.0, of all */
        {"Memory cgroup out of memory: Killed process ", OOM_CONSTRAINT_MEMCG},
        {"Out of memory: Killed process ", OOM_CONSTRAINT_UNKNOWN}, /* also for a cpuset or a memory policy */
        {"Out of memory (oom_kill_allocating_task): Killed process ", OOM_CONSTRAINT_UNKNOWN},
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        if (!span_take_prefix(&line, forms[i].words))
            continue;
        /* The members of a group die with the same words as their victim. */
        report->group &= report->last_form == i;
        report->last_form = i;
        return take_victim(report, line, forms[i].constraint, kill);
    }
    return OOM_LINE_OTHER;
}

/* Since 5.9: "Out of memory: OOM victim 4242 (python3) is already exiting. Skip killing the task": nobody is
 * killed, and what was told belongs to nobody who is. */
static bool take_exiting(struct report *report, struct span line)
{
    if (!span_take_prefix(&line, "Out of memory: OOM victim ") &&
        !span_take_prefix(&line, "Memory cgroup out of memory: OOM victim ") &&
        !span_take_prefix(&line, "Out of memory (oom_kill_allocating_task): OOM victim "))
        return false;
    struct summary *summary = summary_of(report, span_take_number(&line));
    if (report->tangled && summary)
        summary->pid.present = false;
    else if (!report->tangled && !report->group)
        forget(report);
    return true;
}

/* -- the log -- */

/* Lines with the path of a cgroup are put together by the kernel, and where they get long, or another CPU
 * comes between, they end up in several records. */
static bool may_go_on(struct span line)
{
    return span_take_prefix(&line, "oom-kill:") || span_take_prefix(&line, "Task in ") ||
           span_take_prefix(&line, "Tasks in ");
}

/* Whether a report may begin with the line: callers that write others are not kept. */
static bool may_begin(struct span line)
{
    return may_go_on(line) || span_find(line, " invoked oom-killer: ") || span_find(line, "Killed process ");
}

/* A place that is free, or the next one whose report is done, or the next one. */
static struct report *place_for_report(struct oom_log *log)
{
    size_t place = log->next_report;

    if (log->report_count < REPORTS_MAX)
        return &log->reports[log->report_count++];
    for (size_t i = 0; i < REPORTS_MAX && log->reports[place].open; i++)
        place = (place + 1) % REPORTS_MAX;
    log->next_report = (place + 1) % REPORTS_MAX;
    return &log->reports[place];
}

/* NULL where the line has nothing to do with a report. */
static struct report *report_of(struct oom_log *log, const struct oom_log_line *line)
{
    for (size_t i = 0; i < log->report_count; i++) {
        if (strcmp(log->reports[i].caller, line->caller) == 0)
            return &log->reports[i];
    }
    if (!may_begin((struct span){line->text, line->length}))
        return NULL;
    struct report *report = place_for_report(log);
    KEEP(report->caller, span_of(line->caller));
    report->line_length = 0;
    report->time_us.present = false;
    forget(report);
    return report;
}

static void forget_if_old(struct report *report, struct value time_us)
{
    struct value before = report->time_us;
    bool back = before.present && time_us.present && time_us.number < before.number;
    uint64_t gap_us = back ? before.number - time_us.number : time_us.number - before.number;

    if (before.present && time_us.present && gap_us > REPORT_US)
        forget(report);
    else if (back)
        return; /* of another CPU, stamped before it had its turn */
    report->time_us = time_us;
}

struct oom_log_line oom_log_line_of(const struct kmsg_record *record)
{
    return (struct oom_log_line){
        .text = record->text,
        .length = record->text_length,
        .continues = record->continues,
        .caller = record->caller,
        .time_us = {record->monotonic_us, true},
    };
}

struct oom_log *oom_log_new(void)
{
    struct oom_log *log = malloc(sizeof(*log)); /* what a report holds is set where it begins */

    if (log) {
        log->report_count = 0;
        log->next_report = 0;
    }
    return log;
}

void oom_log_free(struct oom_log *log)
{
    free(log);
}

/* The line as far as it is known. */
static struct span whole_line(struct report *report, const struct oom_log_line *line)
{
    struct span span = {line->text, line->length};

    report->line_goes_on = line->continues && report->line_length > 0;
    if (!report->line_goes_on)
        report->line_length = 0;
    if (!report->line_goes_on && !may_go_on(span))
        return span;
    if (span.length > sizeof(report->line) - report->line_length)
        span.length = sizeof(report->line) - report->line_length;
    memcpy(report->line + report->line_length, span.at, span.length);
    report->line_length += span.length;
    return (struct span){report->line, report->line_length};
}

enum oom_line oom_log_take(struct oom_log *log, const struct oom_log_line *line, struct oom_kill *kill)
{
    /* Those with paths first: they may hold the words of the others. */
    static bool (*const parts[])(struct report * report, struct span line) = {
        take_summary,     take_limit, take_group,        take_stats,     take_header,
        take_trigger_pid, take_usage, take_table_header, take_table_row, take_exiting,
    };
    struct report *report = report_of(log, line);

    if (!report)
        return OOM_LINE_OTHER;
    forget_if_old(report, line->time_us);
    struct span span = whole_line(report, line);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        if (parts[i](report, span))
            return OOM_LINE_OTHER;
    }
    return take_kill(report, span, kill);
}

struct value oom_kill_rss_bytes(const struct oom_kill *kill)
{
    struct value sum = {0, kill->anon_rss_bytes.present && kill->file_rss_bytes.present};
    const struct value *parts[] = {&kill->anon_rss_bytes, &kill->file_rss_bytes, &kill->shmem_rss_bytes};

    /* Shared memory is part of file-rss where a kernel, before 4.5, does not tell it. */
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i]->present && __builtin_add_overflow(sum.number, parts[i]->number, &sum.number))
            sum.present = false;
    }
    return sum;
}

const char *oom_constraint_name(enum oom_constraint constraint)
{
    static const char *const names[] = {
        [OOM_CONSTRAINT_NONE] = "none",
        [OOM_CONSTRAINT_MEMCG] = "memcg",
        [OOM_CONSTRAINT_CPUSET] = "cpuset",
        [OOM_CONSTRAINT_MEMORY_POLICY] = "memory_policy",
    };
    return names[constraint];
}
