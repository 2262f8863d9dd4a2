#include "kernel/oom_summary.h"

#include <string.h>

/* Whether the group INNER is OUTER or lies below it; OUTER has a limit, and so is not the root. */
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

bool oom_limit_take(struct span line, struct oom_kill *kill)
{
    struct span inner;
    struct span outer;

    if (!span_take_prefix(&line, "Task in ") ||
        !part_groups(line, " killed as a result of limit of ", false, &inner, &outer))
        return false;
    SPAN_KEEP(kill->cgroup, inner);
    SPAN_KEEP(kill->limit_cgroup, outer);
    kill->constraint = OOM_CONSTRAINT_MEMCG;
    return true;
}

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

/* ",pid=4242,uid=1000", which a summary ends with: the last place where it stands so. */
static void take_victim(struct oom_summary *summary, struct span line)
{
    const char *at = span_find_last(line, ",pid=");

    if (!at)
        return;
    line = span_from(line, at);
    span_take_prefix(&line, ",pid=");
    summary->pid = span_take_number(&line);
    if (!span_take_prefix(&line, ",uid="))
        return;
    summary->uid = span_take_number(&line);
    summary->uid.number = (uint32_t)summary->uid.number; /* printed as %d */
}

bool oom_summary_take(struct oom_summary *summary, struct span line)
{
    struct span rest = line;
    struct span constraint;

    if (!span_take_prefix(&rest, "oom-kill:constraint="))
        return false;
    *summary = (struct oom_summary){0};
    if (span_take_until(&rest, ",", &constraint))
        summary->constraint = constraint_named(constraint);
    take_victim(summary, rest);
    if (rest.length > sizeof(summary->text))
        return true;
    memcpy(summary->text, rest.at, rest.length);
    summary->length = rest.length;
    return true;
}

/* "0-1,global_oom,task_memcg=/job" or "0,oom_memcg=/train,task_memcg=/train/job", behind "mems_allowed=". */
static bool take_groups(struct span span, struct oom_kill *kill)
{
    struct span inner;
    struct span outer;

    while (span.length > 0 && strchr("0123456789-,", *span.at))
        span = span_from(span, span.at + 1);
    if (span_take_prefix(&span, "global_oom,task_memcg=")) {
        SPAN_KEEP(kill->cgroup, span);
        return true;
    }
    if (!span_take_prefix(&span, "oom_memcg=") || !part_groups(span, ",task_memcg=", true, &inner, &outer))
        return false;
    SPAN_KEEP(kill->cgroup, inner);
    SPAN_KEEP(kill->limit_cgroup, outer);
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

void oom_summary_read(const struct oom_summary *summary, struct oom_kill *kill)
{
    struct span span = {summary->text, summary->length};
    const char *end = span_find_last(span, ",pid=");

    kill->constraint = summary->constraint;
    kill->pid = summary->pid;
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
