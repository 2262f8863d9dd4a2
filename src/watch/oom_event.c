#include "watch/oom_event.h"

#include "base/size.h"
#include "base/text.h"
#include "watch/process_name.h"

#include <inttypes.h>
#include <string.h>

static const char announcement[] = "OOM KILL DETECTED: The kernel terminated a process to reclaim memory.";

static struct text begin_message(struct event *event)
{
    struct text message = text_over(event->message, EVENT_MESSAGE_MAX - 1);
    text_string(&message, announcement);
    return message;
}

const char *oom_event_particulars(const char *message)
{
    size_t length = sizeof(announcement) - 1;
    return strncmp(message, announcement, length) == 0 ? message + length : message;
}

static void end_message(struct event *event, const struct text *message)
{
    event->message[message->length] = '\0';
}

static void put_name(struct text *text, const struct oom_kill *kill)
{
    struct value rss_bytes = oom_kill_rss_bytes(kill);

    text_char(text, ' ');
    process_name_put(text, kill->comm, kill->pid.number);
    if (rss_bytes.present) {
        text_char(text, ' ');
        text_size(text, (double)rss_bytes.number);
        text_string(text, " resident");
    }
}

/* "at the limit of /train (64G)" */
static void put_limit(struct text *text, const struct oom_kill *kill)
{
    bool own = kill->cgroup[0] && strcmp(kill->limit_cgroup, kill->cgroup) == 0;

    text_string(text, ", at the limit of ");
    text_string(text, own ? "this group" : kill->limit_cgroup[0] ? kill->limit_cgroup : "a cgroup");
    if (kill->limit_bytes.present) {
        text_string(text, " (");
        text_size(text, (double)kill->limit_bytes.number);
        text_char(text, ')');
    }
}

static void put_cause(struct text *text, const struct oom_kill *kill)
{
    static const char *const causes[] = {
        [OOM_CONSTRAINT_UNKNOWN] = "",
        [OOM_CONSTRAINT_NONE] = ", the whole machine was out of memory",
        [OOM_CONSTRAINT_MEMCG] = "",
        [OOM_CONSTRAINT_CPUSET] = ", the memory nodes of a cpuset were full",
        [OOM_CONSTRAINT_MEMORY_POLICY] = ", the nodes of a memory policy were full",
    };

    if (kill->cgroup[0]) {
        text_string(text, ", cgroup ");
        text_string(text, kill->cgroup);
    }
    if (kill->constraint == OOM_CONSTRAINT_MEMCG)
        put_limit(text, kill);
    text_string(text, causes[kill->constraint]);
    if (kill->group_kill)
        text_string(text, ", along with its group");
}

void oom_event_named(struct event *event, const struct oom_kill *kill, uint64_t wall_ns)
{
    *event = (struct event){
        .kind = EVENT_OOM_KILL, .severity = SEVERITY_CRITICAL, .wall_ns = wall_ns, .kills = 1, .kill = kill};
    struct text message = begin_message(event);

    put_name(&message, kill);
    put_cause(&message, kill);
    end_message(event, &message);
}

void oom_event_unnamed(struct event *event, uint64_t counted, uint64_t named, uint64_t wall_ns)
{
    *event = (struct event){.kind = EVENT_OOM_KILL,
                            .severity = SEVERITY_CRITICAL,
                            .wall_ns = wall_ns,
                            .kills = counted - named};
    struct text message = begin_message(event);

    if (named > 0)
        text_format(&message, " (%" PRIu64 " kills, %" PRIu64 " named)", counted, named);
    else if (counted > 1)
        text_format(&message, " (%" PRIu64 " kills)", counted);
    end_message(event, &message);
}
