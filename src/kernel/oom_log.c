#include "kernel/oom_log.h"

#include "base/memory.h"
#include "kernel/kmsg.h"
#include "kernel/oom_summary.h"
#include "kernel/oom_tasks.h"
#include "kernel/oom_victim.h"

#include <stdlib.h>
#include <string.h>

enum {
    REPORTS_MAX = 4,       /* that are written at the same time and told apart by their callers */
    SUMMARIES_MAX = 4,     /* of reports that are not told apart */
    GROUP_US = 500000,     /* its members die within milliseconds of one another */
    REPORT_US = 5000000,   /* what is older belongs to another report */
    LINE_MAX_BYTES = 2048, /* of a line put together from several records */
};

struct report {
    char caller[KMSG_CALLER_MAX];
    char line[LINE_MAX_BYTES]; /* the last line of those that may go on in further records */
    size_t line_length;
    bool line_goes_on;     /* it was taken in before, without its end */
    bool line_interrupted; /* another CPU's line came in between */
    struct value time_us;  /* of its last line */
    bool open;             /* it has begun, and nobody has been killed yet */
    bool tangled; /* another one began before that: what belongs to which is known by a victim's pid alone */
    struct oom_kill told; /* what it has told so far */
    struct oom_summary summaries[SUMMARIES_MAX];
    size_t next_summary;
    struct oom_tasks tasks;
    bool group;                /* who is killed now is killed along with the victim */
    struct value group_us;     /* when the last of them was told */
    enum oom_words last_words; /* in front of the last kill */
    struct value last_pid;     /* of the last kill, as its line has it: it may be a thread's */
    struct value repeat_pid;   /* the victim itself is expected among them once more */
};

struct oom_log {
    struct report reports[REPORTS_MAX];
    size_t report_count;
    size_t next_report;
};

/* -- the lines of a report: each takes one, and says whether it was of its kind -- */

static void forget(struct report *report)
{
    size_t kept = offsetof(struct report, open); /* the line in hand, whose and of when it is */

    memset((char *)report + kept, 0, sizeof(*report) - kept);
}

/* Nothing but the summaries says whose report it is. */
static void tangle(struct report *report)
{
    report->tangled = true;
    report->told = (struct oom_kill){0};
    oom_tasks_forget(&report->tasks);
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
        SPAN_KEEP(report->told.trigger, trigger);
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
    report->told.usage_bytes = value_times(usage_kib, 1024);
    report->told.limit_bytes = value_times(limit_kib, 1024);
    return true;
}

static bool take_limit(struct report *report, struct span line)
{
    struct oom_kill ignored = {0};

    return oom_limit_take(line, report->tangled ? &ignored : &report->told);
}

static bool take_table_headings(struct report *report, struct span line)
{
    return oom_tasks_take_headings(&report->tasks, line);
}

static bool take_table_row(struct report *report, struct span line)
{
    struct oom_tasks ignored = {0};

    return oom_tasks_take_row(report->tangled ? &ignored : &report->tasks, line);
}

static bool take_summary(struct report *report, struct span line)
{
    struct oom_summary summary;

    if (!oom_summary_take(&summary, line))
        return false;
    if (!report->open && !report->tangled)
        forget(report); /* its header was left out, and it is not the one before */
    report->open = true;
    report->group = false;
    if (!report->line_goes_on)
        report->next_summary = (report->next_summary + 1) % SUMMARIES_MAX;
    report->summaries[report->next_summary] = summary;
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
        oom_tasks_forget(&report->tasks);
    }
    report->group = report->last_pid.present && !report->open; /* it follows the kill of the victim */
    report->repeat_pid = report->last_pid;
    report->group_us = report->time_us;
    if (report->group)
        SPAN_KEEP(report->told.cgroup, span_until(line, end));
    return true;
}

/* "Memory cgroup stats for /train:" */
static bool take_stats(struct report *report, struct span line)
{
    (void)report;
    return span_take_prefix(&line, "Memory cgroup stats for ");
}

/* -- the kill -- */

/* Where the process's first thread has ended, the line of the kill names another thread than the summary. */
static bool may_be_of(const struct oom_summary *summary, const struct oom_kill *victim, enum oom_words words)
{
    bool other_user =
        summary->uid.present && victim->uid.present && summary->uid.number != victim->uid.number;

    return !other_user && oom_victim_words_fit(words, summary->constraint);
}

static struct oom_summary *summary_of(struct report *report, const struct oom_kill *victim,
                                      enum oom_words words)
{
    struct oom_summary *only = NULL;
    size_t count = 0;

    for (size_t i = 0; i < SUMMARIES_MAX; i++) {
        struct oom_summary *summary = &report->summaries[i];
        if (!summary->pid.present)
            continue;
        if (summary->pid.number == victim->pid.number)
            return summary;
        only = summary;
        count++;
    }
    return count == 1 && !report->tangled && may_be_of(only, victim, words) ? only : NULL;
}

static bool is_repeat(struct report *report, struct value pid)
{
    bool repeat = report->group && report->repeat_pid.present && report->repeat_pid.number == pid.number;

    if (repeat)
        report->repeat_pid.present = false;
    return repeat;
}

/* What the report told before, for the members of a group that follow. */
static void close_report(struct report *report, const struct oom_summary *used, const struct oom_kill *kill)
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
static void add_told(const struct report *report, struct oom_kill *kill)
{
    const struct oom_kill *told = &report->told;

    kill->group_kill = report->group;
    kill->constraint = told->constraint;
    kill->usage_bytes = told->usage_bytes;
    kill->limit_bytes = told->limit_bytes;
    kill->trigger_pid = told->trigger_pid;
    memcpy(kill->cgroup, told->cgroup, sizeof(kill->cgroup));
    memcpy(kill->limit_cgroup, told->limit_cgroup, sizeof(kill->limit_cgroup));
    memcpy(kill->trigger, told->trigger, sizeof(kill->trigger));
}

/* The members of a group die with the same words as their victim. Whoever is killed later, and whose report
 * was left out, need not be of the group. */
static void end_group(struct report *report, enum oom_words words)
{
    bool old = report->group_us.present && report->time_us.present &&
               report->time_us.number - report->group_us.number > GROUP_US;

    report->group &= !old && report->last_words == words;
}

/* Whether the report in hand is another victim's: the kernel left this one's out. */
static bool is_of_another(const struct report *report, const struct oom_summary *summary)
{
    bool summaries = false;

    for (size_t i = 0; i < SUMMARIES_MAX; i++)
        summaries |= report->summaries[i].pid.present;
    return !report->open || (!report->tangled && summaries && !summary);
}

static enum oom_line take_victim(struct report *report, struct span line, enum oom_words words,
                                 struct oom_kill *kill)
{
    struct oom_kill victim = {0};
    struct oom_summary *summary = NULL;

    if (!oom_victim_read(line, &victim))
        return OOM_LINE_OTHER;
    end_group(report, words);
    if (!report->group) {
        summary = summary_of(report, &victim, words);
        if (is_of_another(report, summary))
            forget(report);
    }
    report->last_words = words;
    report->group_us = report->time_us;
    report->line_length = 0;
    add_told(report, &victim);
    *kill = victim;
    if (is_repeat(report, victim.pid))
        return OOM_LINE_REPEAT;
    report->last_pid = victim.pid;
    if (victim.constraint == OOM_CONSTRAINT_UNKNOWN && words == OOM_WORDS_MEMCG)
        victim.constraint = OOM_CONSTRAINT_MEMCG;
    if (summary)
        oom_summary_read(summary, &victim);
    oom_tasks_add_to(&report->tasks, &victim);
    *kill = victim;
    if (!report->group)
        close_report(report, summary, kill);
    return OOM_LINE_KILL;
}

static enum oom_line take_kill(struct report *report, struct span line, struct oom_kill *kill)
{
    enum oom_words words = oom_victim_take_words(&line);

    return words < OOM_WORDS_COUNT ? take_victim(report, line, words, kill) : OOM_LINE_OTHER;
}

/*
 * Nobody is killed, and what was told belongs to nobody who is. Since 5.9: "Out of memory: OOM victim 4242
 * (python3) is already exiting. Skip killing the task"; of all: "Out of memory and no killable processes...".
 */
static bool take_no_victim(struct report *report, struct span line)
{
    struct oom_kill exiting = {0};
    bool nobody = span_take_prefix(&line, "Out of memory and no killable processes...");

    if (!nobody && !span_take_prefix(&line, "Out of memory: OOM victim ") &&
        !span_take_prefix(&line, "Memory cgroup out of memory: OOM victim ") &&
        !span_take_prefix(&line, "Out of memory (oom_kill_allocating_task): OOM victim "))
        return false;
    exiting.pid = span_take_number(&line);
    struct oom_summary *summary = nobody ? NULL : summary_of(report, &exiting, OOM_WORDS_PLAIN);
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
    SPAN_KEEP(report->caller, span_of(line->caller));
    report->line_length = 0;
    report->line_interrupted = false;
    report->time_us.present = false;
    forget(report);
    return report;
}

static void forget_if_old(struct report *report, struct value time_us)
{
    struct value before = report->time_us;
    bool back = before.present && time_us.present && time_us.number < before.number;
    uint64_t gap_us = back ? before.number - time_us.number : time_us.number - before.number;

    if (before.present && time_us.present && gap_us > REPORT_US) {
        report->line_length = 0;
        forget(report);
    } else if (back) {
        return; /* of another CPU, stamped before it had its turn */
    }
    report->time_us = time_us;
}

struct oom_log_line oom_log_line_of(const struct kmsg_record *record)
{
    return (struct oom_log_line){
        .text = record->text,
        .length = record->text_length,
        .continues = record->continues,
        .after_gap = record->after_gap,
        .caller = record->caller,
        .time_us = {record->monotonic_us, true},
    };
}

struct oom_log *oom_log_new(void)
{
    struct oom_log *log = memory_new(sizeof(*log)); /* what a report holds is set where it begins */

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

/* Whether the line may be what follows when another CPU's came between the pieces of one: a path, or the
 * words behind it. */
static bool may_be_rest(struct span line)
{
    return line.length > 0 && memchr(",/ ", *line.at, 3);
}

/* The line as far as it is known. */
static struct span whole_line(struct report *report, const struct oom_log_line *line)
{
    struct span span = {line->text, line->length};

    report->line_goes_on =
        line->continues && report->line_length > 0 && (!report->line_interrupted || may_be_rest(span));
    if (!report->line_goes_on && !may_go_on(span)) {
        report->line_interrupted = true;
        return span;
    }
    if (!report->line_goes_on)
        report->line_length = 0;
    report->line_interrupted = false;
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
        take_summary,     take_limit, take_group,          take_stats,     take_header,
        take_trigger_pid, take_usage, take_table_headings, take_table_row, take_no_victim,
    };
    if (line->after_gap)
        log->report_count = 0;
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
