#include "watch/oom_history.h"

#include "kernel/kmsg.h"
#include "kernel/oom_log.h"
#include "kernel/saved_log.h"

#include <errno.h>
#include <stdlib.h>

enum { RECORDS_AT_ONCE = 1024 };

struct oom_history {
    oom_history_tell tell;
    void *context;
    struct kmsg kmsg;
    struct kmsg_sleep sleep;
    struct oom_log *log;
    bool any;
    uint64_t first_sequence;
    uint64_t first_us;
    bool caught_up; /* what is read from here on is new */
};

static struct oom_moment moment_of(struct oom_history *history, uint64_t monotonic_us)
{
    struct oom_moment moment = {0};

    if (history->caught_up) {
        moment.has_wall = true;
        moment.wall_ns = kmsg_live_wall_ns(&history->kmsg, monotonic_us);
    } else {
        moment.has_wall = kmsg_past_wall_ns(&history->sleep, monotonic_us, &moment.wall_ns);
    }
    return moment;
}

static int take_record(struct oom_history *history, const struct kmsg_record *record)
{
    struct oom_log_line line = oom_log_line_of(record);
    struct oom_kill kill;

    if (!history->any) {
        history->any = true;
        history->first_sequence = record->sequence;
        history->first_us = record->monotonic_us;
    }
    if (record->facility != 0)
        return 0; /* user space wrote it, whatever it says */
    struct oom_moment moment = moment_of(history, record->monotonic_us);
    if (oom_log_take(history->log, &line, &kill) != OOM_LINE_KILL)
        return 0;
    return history->tell(history->context, &kill, &moment);
}

int oom_history_read(struct oom_history *history)
{
    struct kmsg_record record;

    for (int i = 0; i < RECORDS_AT_ONCE; i++) {
        int got = kmsg_read(&history->kmsg, &record);
        if (got == 0)
            history->caught_up = true;
        if (got <= 0)
            return got;
        int error = take_record(history, &record);
        if (error != 0)
            return error;
    }
    return 1;
}

int oom_history_open(struct oom_history **history, const char *kmsg_path, oom_history_tell tell,
                     void *context)
{
    struct oom_history *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return -ENOMEM;
    *opened = (struct oom_history){.tell = tell, .context = context, .kmsg.fd = -1, .log = oom_log_new()};
    int error = opened->log ? kmsg_find_sleep(kmsg_path, &opened->sleep) : -ENOMEM;
    if (error == 0)
        error = kmsg_open(&opened->kmsg, kmsg_path, true);
    if (error < 0) {
        oom_history_close(opened);
        return error;
    }
    *history = opened;
    return 0;
}

void oom_history_close(struct oom_history *history)
{
    if (!history)
        return;
    kmsg_close(&history->kmsg);
    oom_log_free(history->log);
    free(history);
}

int oom_history_fd(const struct oom_history *history)
{
    return history->kmsg.fd;
}

bool oom_history_lost(struct oom_history *history, uint64_t *records)
{
    bool lost = history->kmsg.gap;

    *records = history->kmsg.lost;
    history->kmsg.gap = false;
    history->kmsg.lost = 0;
    return lost;
}

bool oom_history_is_cut(const struct oom_history *history, struct oom_moment *begin)
{
    *begin = (struct oom_moment){.has_monotonic = true, .monotonic_us = history->first_us};
    begin->has_wall = kmsg_past_wall_ns(&history->sleep, history->first_us, &begin->wall_ns);
    return history->any && history->first_sequence > 0;
}

/* -- a saved log -- */

static struct oom_log_line log_line_of(const struct saved_line *line)
{
    struct value by_wall = {line->wall_ns / 1000, line->has_wall};

    return (struct oom_log_line){
        .text = line->text,
        .length = line->length,
        .continues = line->continues,
        .after_gap = line->after_gap,
        .caller = line->caller,
        .time_us = line->has_monotonic ? (struct value){line->monotonic_us, true} : by_wall,
    };
}

static int take_saved(struct oom_log *log, const struct saved_line *line, oom_history_tell tell,
                      void *context)
{
    struct oom_log_line log_line = log_line_of(line);
    struct oom_moment moment = {line->has_wall, line->wall_ns, line->has_monotonic, line->monotonic_us};
    struct oom_kill kill;

    return oom_log_take(log, &log_line, &kill) == OOM_LINE_KILL ? tell(context, &kill, &moment) : 0;
}

static int read_lines(struct saved_log *saved_log, struct oom_log *log, oom_history_tell tell, void *context,
                      struct oom_saved *saved)
{
    struct saved_line line;
    int got;

    while ((got = saved_log_next(saved_log, &line)) > 0) {
        saved->lines++;
        saved->dated |= line.has_wall || line.has_monotonic;
        int error = take_saved(log, &line, tell, context);
        if (error != 0)
            return error;
    }
    return got;
}

int oom_history_read_saved(FILE *file, uint64_t now_ns, oom_history_tell tell, void *context,
                           struct oom_saved *saved)
{
    struct saved_log *saved_log = saved_log_new(file, now_ns);
    struct oom_log *log = oom_log_new();

    *saved = (struct oom_saved){0};
    int error = saved_log && log ? read_lines(saved_log, log, tell, context, saved) : -ENOMEM;
    saved_log_free(saved_log);
    oom_log_free(log);
    return error;
}
