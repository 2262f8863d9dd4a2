/*
 * write_recording PROC FILE BYTES: writes a recording as fast as it can, of the values in the tree PROC going
 * on at random, always the same. Commands on standard input, a line each:
 *
 *     at SECONDS                   the wall clock
 *     kernel RELEASE               that of the runs that begin from now on
 *     start N                      a run begins, in boot N: another one than before begins at 5 s
 *     spread LESS_THAN ONE_OF      how much values grow, and how many of them (1000 4)
 *     samples COUNT MS [SCAN]      so far apart, every SCAN-th one with processes
 *     pass SECONDS                 nothing is recorded
 *     step SECONDS                 the wall clock is set, forward or back
 *     sleep SECONDS                the machine sleeps
 *     kill PID COMM                an OOM kill
 *     kills N                      OOM kills that nobody has named
 *     alert begin|continue|end     one of major faults
 *     stop                         the run ends in order
 *     cut                          it does not
 */
#include "base/clock.h"
#include "blackbox/store.h"
#include "blackbox/writer.h"
#include "metric/sampler.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROCESSES = 6, NS_PER_MS = 1000000, LINE_MAX_BYTES = 256 };

struct script {
    const char *path;
    uint64_t bytes;
    struct schema schema;
    struct sample sample; /* the clocks, and the values as they are */
    size_t slept;         /* the place of that value */
    uint64_t dice;
    uint64_t growth; /* less than that */
    uint64_t one_of;
    uint8_t boot_id[BOOT_ID_BYTES];
    struct store store;
    struct writer *writer;
    uint64_t scanned_ns;
    uint64_t major_faults[PROCESSES];
};

static void die(const char *what)
{
    (void)fprintf(stderr, "write_recording: %s\n", what);
    exit(1);
}

static void check(int error, const struct problem *problem)
{
    if (error < 0)
        die(problem && problem->text[0] ? problem->text : strerror(-error));
}

/* xorshift64* */
static uint64_t throw(struct script * script, uint64_t sides)
{
    script->dice ^= script->dice >> 12;
    script->dice ^= script->dice << 25;
    script->dice ^= script->dice >> 27;
    return (script->dice * UINT64_C(2685821657736338717) >> 32) % sides;
}

/* -- the values -- */

static void take_tree(struct script *script, const char *proc)
{
    struct problem problem = {0};
    struct sampler *sampler = sampler_new();
    size_t count;

    if (!sampler)
        die("no memory");
    check(sampler_want_all(sampler, proc), NULL);
    check(sampler_open(sampler, proc, &problem), &problem);
    struct snapshot *snapshot = snapshot_new(sampler);
    const struct sampler_input *inputs = sampler_inputs(sampler, &count);
    if (!snapshot)
        die("no memory");
    sampler_read(sampler, snapshot);
    check(sample_init(&script->sample, count + 1), NULL);
    for (size_t i = 0; i < count; i++) {
        check(schema_add(&script->schema, source_name(inputs[i].source), inputs[i].name), NULL);
        script->sample.values[i] = snapshot->values[inputs[i].value];
    }
    check(schema_add(&script->schema, "clock", "slept_ns"), NULL);
    script->slept = count;
    script->sample.values[count] = (struct value){0, true};
    free(snapshot);
    sampler_free(sampler);
}

static void advance(struct script *script, uint64_t ns)
{
    script->sample.monotonic_ns += ns;
    script->sample.wall_ns += ns;
}

static void move_values(struct script *script)
{
    for (size_t i = 0; i < script->slept; i++) {
        struct value *value = &script->sample.values[i];
        if (value->present && throw(script, script->one_of) == 0)
            value->number += throw(script, script->growth);
    }
}

static void spread(struct script *script, const char *words)
{
    if (sscanf(words, "%" SCNu64 " %" SCNu64, &script->growth, &script->one_of) != 2)
        die("spread LESS_THAN ONE_OF");
}

/* -- processes -- */

static struct process_row make_row(struct script *script, unsigned number)
{
    const uint64_t since = throw(script, 3) == 0 ? throw(script, 500) : 0;
    struct process_row row = {
        .pid = 1000 + number,
        .start_ticks = 500 + number,
        .rss_bytes = ((uint64_t)(PROCESSES - number) << 24) + throw(script, 1000) * 4096,
        .swap_bytes = {throw(script, 2) * 4096, true},
        .minor_faults = script->major_faults[number] * 3,
        .major_faults = script->major_faults[number] += since,
        .minor_faults_since = {since * 3, script->scanned_ns > 0},
        .major_faults_since = {since, script->scanned_ns > 0},
        .uid = {number, number != 2},
    };
    (void)snprintf(row.comm, sizeof(row.comm), number == 1 ? "a) Z 1 (\n\xff%u" : "worker-%u", number);
    (void)snprintf(row.cgroup, sizeof(row.cgroup), "/machine.slice/job-%u", number);
    return row;
}

static void put_sample(struct script *script, bool scan)
{
    struct process_row rows[PROCESSES];
    const uint64_t now_ns = script->sample.monotonic_ns;
    const struct process_record record = {
        .summary = {.since_ns = script->scanned_ns > 0 ? now_ns - script->scanned_ns : 0, .processes = 300},
        .rows = rows,
        .count = PROCESSES,
    };

    for (unsigned i = 0; scan && i < PROCESSES; i++)
        rows[i] = make_row(script, i);
    if (scan)
        script->scanned_ns = now_ns;
    check(writer_put_sample(script->writer, &script->sample, scan ? &record : NULL), NULL);
}

static void put_samples(struct script *script, const char *words)
{
    unsigned long count;
    unsigned long ms;
    unsigned long scan = 0;

    if (sscanf(words, "%lu %lu %lu", &count, &ms, &scan) < 2)
        die("samples COUNT MS [SCAN]");
    for (unsigned long i = 1; i <= count; i++) {
        advance(script, ms * NS_PER_MS);
        move_values(script);
        put_sample(script, scan > 0 && i % scan == 0);
    }
}

/* -- events -- */

static void put_kill(struct script *script, const char *words)
{
    struct oom_kill kill = {.constraint = OOM_CONSTRAINT_NONE,
                            .cgroup = "/machine.slice/job-0",
                            .task_count = 3};
    struct event event = {.kind = EVENT_OOM_KILL, .severity = SEVERITY_CRITICAL, .kills = 1, .kill = &kill};

    kill.pid.present = sscanf(words, "%" SCNu64 " %15s", &kill.pid.number, kill.comm) == 2;
    kill.anon_rss_bytes = (struct value){UINT64_C(512) << 20, true};
    kill.oom_score_adj = (struct value){(uint64_t)-5, true};
    for (size_t i = 0; i < kill.task_count; i++) {
        kill.tasks[i] = (struct oom_task){.pid = {kill.pid.number + i, true},
                                          .rss_bytes = {UINT64_C(512) << (20 - i), true}};
        (void)snprintf(kill.tasks[i].comm, sizeof(kill.tasks[i].comm), "task-%zu", i);
    }
    event.wall_ns = script->sample.wall_ns;
    (void)snprintf(event.message, sizeof(event.message), "OOM KILL DETECTED: %s[%" PRIu64 "]", kill.comm,
                   kill.pid.number);
    check(writer_put_event(script->writer, &event, script->sample.monotonic_ns), NULL);
}

static void put_kills(struct script *script, const char *words)
{
    struct event event = {.kind = EVENT_OOM_KILL,
                          .severity = SEVERITY_CRITICAL,
                          .wall_ns = script->sample.wall_ns,
                          .kills = strtoull(words, NULL, 10)};

    (void)snprintf(event.message, sizeof(event.message), "OOM KILL DETECTED (%" PRIu64 " kills)",
                   event.kills);
    check(writer_put_event(script->writer, &event, script->sample.monotonic_ns), NULL);
}

static void put_alert(struct script *script, const char *words)
{
    const enum event_state state = words[0] == 'b'   ? STATE_BEGIN
                                   : words[0] == 'c' ? STATE_CONTINUE
                                                     : STATE_END;
    struct event event = {
        .kind = EVENT_ALERT,
        .severity = state == STATE_END ? SEVERITY_OVER : SEVERITY_WARNING,
        .wall_ns = script->sample.wall_ns,
        .alert = "major_faults",
        .state = state,
        .value = 75,
        .threshold = 50,
        .worst = 80,
        .duration_seconds = 2,
        .diagnosis = state == STATE_END ? NULL : "cold_read",
    };
    (void)snprintf(event.message, sizeof(event.message), "75 Major Faults/sec detected!");
    check(writer_put_event(script->writer, &event, script->sample.monotonic_ns), NULL);
}

/* -- runs -- */

static void leave(struct script *script)
{
    writer_close(script->writer);
    script->writer = NULL;
    store_close(&script->store);
}

static void boot_kernel(struct script *script, const char *words)
{
    (void)snprintf(script->schema.kernel, sizeof(script->schema.kernel), "%.*s", (int)strcspn(words, "\n"),
                   words);
}

static void start(struct script *script, const char *words)
{
    const uint8_t boot = (uint8_t)strtoul(words, NULL, 10);
    const struct store_settings settings = {.path = script->path, .bytes = script->bytes};
    struct problem problem = {0};

    if (script->boot_id[0] != boot)
        script->sample.monotonic_ns = 5 * NS_PER_SECOND;
    memset(script->boot_id, boot, sizeof(script->boot_id));
    check(store_open(&script->store, &settings, &problem), &problem);
    check(writer_open(&script->writer, &script->store, script->path, &script->schema, script->boot_id,
                      &problem),
          &problem);
    const struct run run = {script->sample.monotonic_ns, script->sample.wall_ns, 4711, "0.0.0"};
    check(writer_put_run(script->writer, &run), NULL);
    script->scanned_ns = 0;
    put_sample(script, false);
}

static void stop(struct script *script, const char *words)
{
    const struct stop stop = {script->sample.monotonic_ns, script->sample.wall_ns};
    (void)words;
    check(writer_put_stop(script->writer, &stop), NULL);
    leave(script);
}

static void cut(struct script *script, const char *words)
{
    (void)words;
    leave(script);
}

/* -- clocks -- */

static int64_t ns_of(const char *words)
{
    return (int64_t)(strtod(words, NULL) * (double)NS_PER_SECOND);
}

static void at(struct script *script, const char *words)
{
    script->sample.wall_ns = strtoull(words, NULL, 10) * NS_PER_SECOND;
}

static void pass(struct script *script, const char *words)
{
    advance(script, (uint64_t)ns_of(words));
}

static void step(struct script *script, const char *words)
{
    script->sample.wall_ns += (uint64_t)ns_of(words);
}

/* CLOCK_MONOTONIC stands still meanwhile. */
static void sleep_for(struct script *script, const char *words)
{
    script->sample.wall_ns += (uint64_t)ns_of(words);
    script->sample.values[script->slept].number += (uint64_t)ns_of(words);
}

static void obey(struct script *script, const char *line)
{
    static const struct {
        const char *name;
        void (*run)(struct script *script, const char *words);
    } commands[] = {
        {"at", at},         {"kernel", boot_kernel},  {"kills", put_kills},
        {"start", start},   {"samples", put_samples}, {"pass", pass},
        {"spread", spread}, {"step", step},           {"sleep", sleep_for},
        {"kill", put_kill}, {"alert", put_alert},     {"stop", stop},
        {"cut", cut},
    };
    const size_t length = strcspn(line, " \n");

    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        if (strlen(commands[i].name) != length || strncmp(commands[i].name, line, length) != 0)
            continue;
        commands[i].run(script, line + length + (line[length] == ' '));
        return;
    }
    die(line);
}

int main(int argc, char **argv)
{
    struct script script = {.dice = 88172645463325252, .growth = 1000, .one_of = 4, .store = {.fd = -1}};
    char line[LINE_MAX_BYTES];

    if (argc != 4) {
        (void)fprintf(stderr, "usage: write_recording PROC FILE BYTES <COMMANDS\n");
        return 2;
    }
    script.path = argv[2];
    script.bytes = strtoull(argv[3], NULL, 10);
    script.schema = (struct schema){
        .host = "testhost",
        .kernel = "6.18.0-test",
        .page_bytes = 4096,
        .ticks_per_second = 100,
        .interval_ns = NS_PER_SECOND,
        .alert_major_faults = 50,
        .alert_context_switches = 5000,
    };
    take_tree(&script, argv[1]);
    script.sample.monotonic_ns = 5 * NS_PER_SECOND;
    while (fgets(line, sizeof(line), stdin))
        obey(&script, line);
    if (script.writer)
        leave(&script);
    schema_free(&script.schema);
    sample_free(&script.sample);
    return 0;
}
