#include "kernel/oom_victim.h"

enum oom_words oom_victim_take_words(struct span *line)
{
    static const char *const forms[OOM_WORDS_COUNT] = {
        [OOM_WORDS_PLAIN] = "Killed process ",
        [OOM_WORDS_MEMCG] = "Memory cgroup out of memory: Killed process ",
        [OOM_WORDS_MACHINE] = "Out of memory: Killed process ",
        [OOM_WORDS_ALLOCATING] = "Out of memory (oom_kill_allocating_task): Killed process ",
    };
    enum oom_words words = 0;

    while (words < OOM_WORDS_COUNT && !span_take_prefix(line, forms[words]))
        words++;
    return words;
}

bool oom_victim_words_fit(enum oom_words words, enum oom_constraint constraint)
{
    if (words == OOM_WORDS_PLAIN || constraint == OOM_CONSTRAINT_UNKNOWN)
        return true;
    return (words == OOM_WORDS_MEMCG) == (constraint == OOM_CONSTRAINT_MEMCG);
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
            *sizes[i].value = value_times(span_take_number(&rest), sizes[i].unit);
    }
}

/* The end of the name in "(NAME) total-vm:...", or in 3.10 "(NAME), UID 1000, total-vm:...": it may hold
 * anything, a bracket too. */
static const char *find_name_end(struct span span)
{
    const char *end = span_find_last(span, ") total-vm:");
    const char *end_with_uid = span_find_last(span, "), UID ");
    return !end || (end_with_uid && end_with_uid > end) ? end_with_uid : end;
}

bool oom_victim_read(struct span line, struct oom_kill *kill)
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
        SPAN_KEEP(kill->comm, closed ? span_until(line, span_end(line) - 1) : line);
        return true;
    }
    SPAN_KEEP(kill->comm, span_until(line, end));
    line = span_from(line, end);
    read_sizes(line, kill);
    if (span_take_prefix(&line, "), UID "))
        kill->uid = span_take_number(&line);
    return true;
}
