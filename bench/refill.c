/*
 * refill FROM TO MIB: makes TO, a recording of so many MiB that is full, of what a short one, FROM, holds,
 * again and again: samples differ as they did in FROM, and processes and events come with them. A value that
 * never fell in FROM is a counter, and counts on; what the others were they are again. In an old segment
 * there is an OOM kill. TO looks as if it were still recorded into.
 *
 * Prints one line: how many samples TO has, and bytes a sample: of whole segments, with all that is in them.
 */
#include "base/clock.h"
#include "blackbox/recording.h"
#include "blackbox/segment.h"
#include "blackbox/writer.h"
#include "floor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct refill {
    struct recording *from;
    const struct decoder *decoder; /* of FROM */
    bool *counts;                  /* by value: it never fell */
    size_t frames;                 /* in FROM; behind them it is not looked at, which takes long */
    struct store store;
    struct writer *writer;
    struct sample before; /* in FROM */
    struct sample next;   /* to be written */
    bool begun;           /* `before` is of this turn */
    bool pending;         /* `next` waits for its processes */
    bool killed;          /* the OOM kill is in TO */
};

static void check_problem(int error, const struct problem *problem)
{
    if (error >= 0)
        return;
    problem_print(problem);
    exit(EXIT_FAILURE);
}

static void copy_sample(struct sample *copy, const struct sample *sample)
{
    copy->monotonic_ns = sample->monotonic_ns;
    copy->wall_ns = sample->wall_ns;
    memcpy(copy->values, sample->values, sample->count * sizeof(*sample->values));
}

/* -- what is there -- */

static void find_counters(struct refill *refill)
{
    const struct sample *sample = &refill->decoder->sample;
    bool any = false;

    for (int found; (found = recording_next(refill->from)) > RECORDED_END; refill->frames++) {
        if (found != RECORDED_SAMPLE)
            continue;
        for (size_t i = 0; any && i < sample->count; i++)
            refill->counts[i] &= sample->values[i].number >= refill->before.values[i].number;
        copy_sample(&refill->before, sample);
        any = true;
    }
    if (!any) {
        (void)fputs("refill: there are no samples\n", stderr);
        exit(EXIT_FAILURE);
    }
}

/* The first segment's schema makes all others. */
static void open_from(struct refill *refill, const char *path)
{
    struct problem problem = {0};

    check_problem(recording_open(&refill->from, path, &problem), &problem);
    refill->decoder = recording_decoder(refill->from);
    while (recording_next(refill->from) != RECORDED_SAMPLE)
        ;
    size_t count = refill->decoder->sample.count;
    check(sample_init(&refill->before, count), "memory");
    check(sample_init(&refill->next, count), "memory");
    refill->counts = malloc(count);
    if (!refill->counts)
        die("memory");
    memset(refill->counts, true, count);
    recording_seek(refill->from, 0);
    find_counters(refill);
}

static void open_to(struct refill *refill, const char *path, uint64_t bytes)
{
    const struct store_settings settings = {.path = path, .bytes = bytes};
    struct problem problem = {0};

    check_problem(store_open(&refill->store, &settings, &problem), &problem);
    check(refill->store.fresh ? 0 : -EEXIST, path);
    check_problem(writer_open(&refill->writer, &refill->store, path, &refill->decoder->schema,
                              refill->decoder->header.boot_id, &problem),
                  &problem);
}

/* -- what becomes of it -- */

static void put_next(struct refill *refill, const struct process_record *processes)
{
    if (refill->pending)
        check(writer_put_sample(refill->writer, &refill->next, processes), "sample");
    refill->pending = false;
}

/* Counters and clocks go on from where they are, by as much as they did in FROM. */
static void go_on(struct refill *refill, const struct sample *sample)
{
    struct sample *next = &refill->next;
    const struct sample *before = &refill->before;

    next->monotonic_ns += sample->monotonic_ns - before->monotonic_ns;
    next->wall_ns += sample->wall_ns - before->wall_ns;
    for (size_t i = 0; i < sample->count; i++) {
        if (refill->counts[i])
            next->values[i].number += sample->values[i].number - before->values[i].number;
        else
            next->values[i] = sample->values[i];
    }
}

static void take_sample(struct refill *refill)
{
    const struct sample *sample = &refill->decoder->sample;

    put_next(refill, NULL);
    if (refill->next.wall_ns == 0)
        copy_sample(&refill->next, sample);
    else if (refill->begun)
        go_on(refill, sample);
    refill->pending = refill->begun;
    refill->begun = true;
    copy_sample(&refill->before, sample);
}

static void take_processes(struct refill *refill)
{
    const struct decoder *decoder = refill->decoder;
    const struct process_record record = {decoder->processes, decoder->rows, decoder->row_count};

    put_next(refill, &record);
}

static void put_event(struct refill *refill, const struct event *event)
{
    struct event now = *event;

    put_next(refill, NULL);
    now.wall_ns = refill->next.wall_ns;
    check(writer_put_event(refill->writer, &now, refill->next.monotonic_ns), "event");
}

static void play_once(struct refill *refill)
{
    recording_seek(refill->from, 0);
    refill->begun = false;
    for (size_t i = 0; i < refill->frames; i++) {
        int found = recording_next(refill->from);
        if (found == RECORDED_SAMPLE)
            take_sample(refill);
        else if (found == RECORDED_PROCESSES)
            take_processes(refill);
        else if (found == RECORDED_EVENT)
            put_event(refill, &refill->decoder->event.event);
    }
    put_next(refill, NULL);
}

static void put_kill(struct refill *refill)
{
    static const struct oom_kill kill = {.pid = {4711, true}, .comm = "victim", .cgroup = "/bench"};
    static const struct event event = {.kind = EVENT_OOM_KILL,
                                       .severity = SEVERITY_CRITICAL,
                                       .message = "OOM KILL: victim[4711]",
                                       .kills = 1,
                                       .kill = &kill};

    put_event(refill, &event);
    refill->killed = true;
}

static bool is_begun(const struct refill *refill, uint64_t segment)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header header;

    return pread(refill->store.fd, bytes, sizeof(bytes), (off_t)(segment * SEGMENT_BYTES)) == sizeof(bytes) &&
           segment_take_header(bytes, &header) == 0;
}

static void fill(struct refill *refill)
{
    uint64_t segments = refill->store.bytes / SEGMENT_BYTES;

    while (!is_begun(refill, segments - 1)) {
        play_once(refill);
        if (!refill->killed && is_begun(refill, segments / 8))
            put_kill(refill);
    }
}

static void print_sizes(const char *path)
{
    struct recording *recording;
    struct problem problem = {0};
    uint64_t samples = 0;
    uint64_t samples_of_closed = 0;
    uint64_t closed = 0;

    check_problem(recording_open(&recording, path, &problem), &problem);
    for (size_t i = 0; i < recording_segment_count(recording); i++) {
        const struct segment_info *segment = recording_segment(recording, i);
        samples += segment->content.samples;
        samples_of_closed += segment->closed ? segment->content.samples : 0;
        closed += segment->closed;
    }
    printf("%" PRIu64 " %.1f\n", samples, (double)(closed * SEGMENT_BYTES) / (double)samples_of_closed);
    recording_close(recording);
}

int main(int argc, char **argv)
{
    struct refill refill = {0};
    uint64_t mib = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;

    if (mib == 0) {
        (void)fputs("Usage: refill FROM TO MIB\n", stderr);
        return 2;
    }
    open_from(&refill, argv[1]);
    open_to(&refill, argv[2], mib << 20);
    fill(&refill);
    writer_close(refill.writer);
    store_close(&refill.store);
    recording_close(refill.from);
    sample_free(&refill.before);
    sample_free(&refill.next);
    free(refill.counts);
    print_sizes(argv[2]);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
