#include "blackbox/event_frame.h"

#include "blackbox/packed_value.h"

#include <assert.h>
#include <string.h>

/* These numbers are in files. */
static_assert(EVENT_ALERT == 0 && EVENT_OOM_KILL == 1, "kinds");
static_assert(STATE_BEGIN == 0 && STATE_CONTINUE == 1 && STATE_END == 2, "states");
static_assert(SEVERITY_OVER == 0 && SEVERITY_WARNING == 1 && SEVERITY_CRITICAL == 2, "severities");
static_assert(OOM_CONSTRAINT_UNKNOWN == 0 && OOM_CONSTRAINT_NONE == 1 && OOM_CONSTRAINT_MEMCG == 2 &&
                  OOM_CONSTRAINT_CPUSET == 3 && OOM_CONSTRAINT_MEMORY_POLICY == 4,
              "constraints");

static void put_alert(struct packer *packer, const struct event *event)
{
    pack_string(packer, event->alert);
    pack_byte(packer, (uint8_t)event->state);
    pack_double(packer, event->value);
    pack_double(packer, event->threshold);
    pack_double(packer, event->worst);
    pack_double(packer, event->duration_seconds);
    pack_string(packer, event->diagnosis ? event->diagnosis : "");
}

static bool take_alert(struct unpacker *unpacker, struct recorded_event *recorded)
{
    struct event *event = &recorded->event;

    unpack_string(unpacker, recorded->alert, sizeof(recorded->alert));
    uint8_t state = unpack_byte(unpacker);
    event->value = unpack_double(unpacker);
    event->threshold = unpack_double(unpacker);
    event->worst = unpack_double(unpacker);
    event->duration_seconds = unpack_double(unpacker);
    unpack_string(unpacker, recorded->diagnosis, sizeof(recorded->diagnosis));
    event->alert = recorded->alert;
    event->diagnosis = recorded->diagnosis[0] ? recorded->diagnosis : NULL;
    event->state = (enum event_state)state;
    return state <= STATE_END;
}

static void put_task(struct packer *packer, const struct oom_task *task)
{
    pack_value(packer, task->pid);
    pack_value(packer, task->uid);
    pack_value(packer, task->rss_bytes);
    pack_value(packer, task->swap_bytes);
    pack_value(packer, task->oom_score_adj);
    pack_string(packer, task->comm);
}

static void take_task(struct unpacker *unpacker, struct oom_task *task)
{
    task->pid = unpack_value(unpacker);
    task->uid = unpack_value(unpacker);
    task->rss_bytes = unpack_value(unpacker);
    task->swap_bytes = unpack_value(unpacker);
    task->oom_score_adj = unpack_value(unpacker);
    unpack_string(unpacker, task->comm, sizeof(task->comm));
}

static void put_kill(struct packer *packer, const struct oom_kill *kill)
{
    pack_value(packer, kill->pid);
    pack_value(packer, kill->uid);
    pack_value(packer, kill->total_vm_bytes);
    pack_value(packer, kill->anon_rss_bytes);
    pack_value(packer, kill->file_rss_bytes);
    pack_value(packer, kill->shmem_rss_bytes);
    pack_value(packer, kill->pgtables_bytes);
    pack_value(packer, kill->oom_score_adj);
    pack_string(packer, kill->comm);
    pack_byte(packer, (uint8_t)kill->constraint);
    pack_string(packer, kill->cgroup);
    pack_string(packer, kill->limit_cgroup);
    pack_value(packer, kill->usage_bytes);
    pack_value(packer, kill->limit_bytes);
    pack_byte(packer, kill->group_kill);
    pack_string(packer, kill->trigger);
    pack_value(packer, kill->trigger_pid);
    pack_unsigned(packer, kill->task_count);
    for (size_t i = 0; i < kill->task_count; i++)
        put_task(packer, &kill->tasks[i]);
}

static bool take_kill(struct unpacker *unpacker, struct oom_kill *kill)
{
    kill->pid = unpack_value(unpacker);
    kill->uid = unpack_value(unpacker);
    kill->total_vm_bytes = unpack_value(unpacker);
    kill->anon_rss_bytes = unpack_value(unpacker);
    kill->file_rss_bytes = unpack_value(unpacker);
    kill->shmem_rss_bytes = unpack_value(unpacker);
    kill->pgtables_bytes = unpack_value(unpacker);
    kill->oom_score_adj = unpack_value(unpacker);
    unpack_string(unpacker, kill->comm, sizeof(kill->comm));
    uint8_t constraint = unpack_byte(unpacker);
    unpack_string(unpacker, kill->cgroup, sizeof(kill->cgroup));
    unpack_string(unpacker, kill->limit_cgroup, sizeof(kill->limit_cgroup));
    kill->usage_bytes = unpack_value(unpacker);
    kill->limit_bytes = unpack_value(unpacker);
    kill->group_kill = unpack_byte(unpacker) != 0;
    unpack_string(unpacker, kill->trigger, sizeof(kill->trigger));
    kill->trigger_pid = unpack_value(unpacker);
    uint64_t tasks = unpack_unsigned(unpacker);
    if (constraint > OOM_CONSTRAINT_MEMORY_POLICY || tasks > OOM_TASKS_MAX)
        return false;
    kill->constraint = (enum oom_constraint)constraint;
    kill->task_count = (size_t)tasks;
    for (size_t i = 0; i < kill->task_count; i++)
        take_task(unpacker, &kill->tasks[i]);
    return true;
}

void event_frame_put(struct packer *packer, const struct event *event, uint64_t monotonic_ns)
{
    pack_byte(packer, (uint8_t)event->kind);
    pack_unsigned(packer, monotonic_ns);
    pack_unsigned(packer, event->wall_ns);
    pack_byte(packer, (uint8_t)event->severity);
    pack_byte(packer, event->colors_row);
    pack_string(packer, event->message);
    if (event->kind == EVENT_ALERT) {
        put_alert(packer, event);
        return;
    }
    pack_unsigned(packer, event->kills);
    pack_byte(packer, event->kill != NULL);
    if (event->kill)
        put_kill(packer, event->kill);
}

static bool take_oom_kill(struct unpacker *unpacker, struct recorded_event *recorded)
{
    recorded->event.kills = unpack_unsigned(unpacker);
    if (unpack_byte(unpacker) == 0)
        return true;
    recorded->event.kill = &recorded->kill;
    return take_kill(unpacker, &recorded->kill);
}

bool event_frame_take(struct unpacker *unpacker, struct recorded_event *recorded)
{
    struct event *event = &recorded->event;
    uint8_t kind = unpack_byte(unpacker);

    memset(recorded, 0, sizeof(*recorded));
    recorded->monotonic_ns = unpack_unsigned(unpacker);
    event->wall_ns = unpack_unsigned(unpacker);
    uint8_t severity = unpack_byte(unpacker);
    event->colors_row = unpack_byte(unpacker) != 0;
    unpack_string(unpacker, event->message, sizeof(event->message));
    if (kind > EVENT_OOM_KILL || severity > SEVERITY_CRITICAL)
        return false;
    event->kind = (enum event_kind)kind;
    event->severity = (enum event_severity)severity;
    bool known = kind == EVENT_ALERT ? take_alert(unpacker, recorded) : take_oom_kill(unpacker, recorded);
    return known && !unpacker->bad;
}
