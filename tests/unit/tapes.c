#include "tapes.h"

#include "base/crc32c.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KIND_NONE = -1 };

/* Spreads bits well enough (splitmix64). */
static uint64_t scatter(uint64_t number)
{
    number += UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

void tape_init(struct tape *tape, const struct folder *folder, const char *name)
{
    char column[SCHEMA_NAME_MAX];

    *tape = (struct tape){
        .schema = {.host = "box",
                   .kernel = "6.18.0",
                   .page_bytes = 4096,
                   .ticks_per_second = 100,
                   .interval_ns = TAPE_SECOND,
                   .alert_major_faults = 50,
                   .alert_context_switches = 5000},
        .store.fd = -1,
    };
    (void)snprintf(tape->path, sizeof(tape->path), "%s/%s", folder->path, name);
    for (int i = 0; i < TAPE_COLUMNS; i++) {
        (void)snprintf(column, sizeof(column), "key_%d", i);
        assert_int_equal(schema_add(&tape->schema, i < 16 ? "vmstat" : "meminfo", column), 0);
    }
    tape_set_boot(tape, 1);
}

void tape_free(struct tape *tape)
{
    tape_close(tape);
    schema_free(&tape->schema);
    sample_free(&tape->sample);
}

void tape_set_boot(struct tape *tape, uint8_t boot)
{
    memset(tape->boot_id, boot, sizeof(tape->boot_id));
}

void tape_open(struct tape *tape, uint64_t bytes)
{
    const struct store_settings settings = {tape->path, bytes, false};
    struct problem problem = {0};

    sample_free(&tape->sample);
    assert_int_equal(sample_init(&tape->sample, tape->schema.count), 0);
    int error = store_open(&tape->store, &settings, &problem);
    if (error == 0)
        error = writer_open(&tape->writer, &tape->store, tape->path, &tape->schema, tape->boot_id, &problem);
    if (error < 0)
        fail_msg("%s (%d)", problem.text, error);
}

void tape_close(struct tape *tape)
{
    writer_close(tape->writer);
    tape->writer = NULL;
    store_close(&tape->store);
}

/* -- what is put -- */

static uint64_t monotonic_of(uint64_t number)
{
    return number * TAPE_SECOND + scatter(number) % 1000;
}

static uint64_t wall_of(uint64_t number, uint64_t ahead_ns)
{
    return TAPE_WALL_NS + number * TAPE_SECOND + scatter(number) % 900 + ahead_ns;
}

static uint64_t number_of(uint64_t monotonic_ns)
{
    return monotonic_ns / TAPE_SECOND;
}

/* Some stand still, count, go anywhere, come and go. */
static struct value value_of(uint64_t number, size_t column)
{
    switch (column % 6) {
    case 0:
        return (struct value){column, true};
    case 1:
        return (struct value){number * column + scatter(number) % column, true};
    case 2:
        return (struct value){scatter(number / 5 * column), true};
    case 3:
        return (struct value){number, (number + column) % 4 != 0};
    case 4:
        return (struct value){scatter(number) >> scatter(column) % 60, true};
    default:
        return (struct value){0, false};
    }
}

void tape_fill(struct sample *sample, uint64_t number, uint64_t wall_ahead_ns)
{
    sample->monotonic_ns = monotonic_of(number);
    sample->wall_ns = wall_of(number, wall_ahead_ns);
    for (size_t i = 0; i < sample->count; i++)
        sample->values[i] = value_of(number, i);
}

/* Every fourth scan has another process in it. */
static void fill_row(struct process_row *row, uint64_t number, uint64_t place)
{
    uint64_t pid = place == 0 ? 1000 + number / 4 : 100 + place;

    *row = (struct process_row){
        .pid = pid,
        .start_ticks = scatter(pid),
        .rss_bytes = scatter(number + pid) % 1000000 * 4096,
        .swap_bytes = {scatter(number) % 1000 * 1024, number % 3 != 0},
        .minor_faults = number * pid,
        .major_faults = scatter(number * pid),
        .minor_faults_since = {pid, number % 5 != 0},
        .major_faults_since = {scatter(pid) % 1000, true},
        .uid = {pid * 3, pid % 2 == 0},
    };
    (void)snprintf(row->comm, sizeof(row->comm), "p)\n\xff%u", (unsigned)pid);
    (void)snprintf(row->cgroup, sizeof(row->cgroup), "/slice/%u", (unsigned)pid);
}

static struct process_summary summary_of(uint64_t number)
{
    return (struct process_summary){number * 7, number + 300, number % 3};
}

static void fill_event(struct event *event, uint64_t number)
{
    *event = (struct event){.severity = number % 3, .wall_ns = wall_of(number, 0), .colors_row = number % 2};
    (void)snprintf(event->message, sizeof(event->message), "event %u \xff\n", (unsigned)number);
}

static void fill_alert(struct event *event, uint64_t number)
{
    fill_event(event, number);
    event->kind = EVENT_ALERT;
    event->alert = "major_faults";
    event->state = number % 3;
    event->value = (double)number;
    event->threshold = 50;
    event->worst = NAN;
    event->diagnosis = number % 2 ? "file_thrash" : NULL;
}

static uint64_t kills_of(uint64_t number)
{
    return number % 10 == 9 ? 3 : 1;
}

static void fill_kill(struct event *event, struct oom_kill *kill, uint64_t number)
{
    fill_event(event, number);
    event->kind = EVENT_OOM_KILL;
    event->kills = kills_of(number);
    event->kill = kill;
    *kill = (struct oom_kill){.pid = {number, true}, .constraint = OOM_CONSTRAINT_MEMCG, .task_count = 2};
    (void)snprintf(kill->comm, sizeof(kill->comm), "victim %u", (unsigned)number);
    for (size_t i = 0; i < kill->task_count; i++) {
        kill->tasks[i] = (struct oom_task){.pid = {i, true}, .rss_bytes = {scatter(number), true}};
        (void)snprintf(kill->tasks[i].comm, sizeof(kill->tasks[i].comm), "task %u", (unsigned)i);
    }
}

void tape_put_run(struct tape *tape, uint64_t number)
{
    struct run run = {monotonic_of(number), wall_of(number, tape->wall_ahead_ns), number + 1000, "1.2.3"};
    assert_int_equal(writer_put_run(tape->writer, &run), 0);
}

void tape_put_stop(struct tape *tape, uint64_t number)
{
    struct stop stop = {monotonic_of(number), wall_of(number, tape->wall_ahead_ns)};
    assert_int_equal(writer_put_stop(tape->writer, &stop), 0);
}

void tape_put_alert(struct tape *tape, uint64_t number)
{
    struct event event;

    fill_alert(&event, number);
    event.wall_ns += tape->wall_ahead_ns;
    assert_int_equal(writer_put_event(tape->writer, &event, monotonic_of(number)), 0);
}

void tape_put_kill(struct tape *tape, uint64_t number)
{
    struct event event;
    struct oom_kill kill;

    fill_kill(&event, &kill, number);
    event.wall_ns += tape->wall_ahead_ns;
    assert_int_equal(writer_put_event(tape->writer, &event, monotonic_of(number)), 0);
}

int tape_try(struct tape *tape, uint64_t number, bool processes)
{
    struct process_row rows[TAPE_PROCESSES];
    const struct process_record record = {summary_of(number), rows, TAPE_PROCESSES};

    for (size_t i = 0; i < TAPE_PROCESSES; i++)
        fill_row(&rows[i], number, i);
    tape_fill(&tape->sample, number, tape->wall_ahead_ns);
    return writer_put_sample(tape->writer, &tape->sample, processes ? &record : NULL);
}

void tape_put(struct tape *tape, uint64_t number, bool processes)
{
    assert_int_equal(tape_try(tape, number, processes), 0);
}

void tape_put_samples(struct tape *tape, uint64_t first, uint64_t last)
{
    for (uint64_t number = first; number <= last; number++)
        tape_put(tape, number, false);
}

/* -- what is read -- */

static void check_value_of(struct value value, struct value expected)
{
    assert_int_equal(value.present, expected.present);
    if (expected.present)
        assert_int_equal(value.number, expected.number);
}

static uint64_t check_sample(const struct sample *sample, uint64_t ahead_ns)
{
    uint64_t number = number_of(sample->monotonic_ns);

    assert_int_equal(sample->monotonic_ns, monotonic_of(number));
    assert_int_equal(sample->wall_ns, wall_of(number, ahead_ns));
    for (size_t i = 0; i < sample->count; i++)
        check_value_of(sample->values[i], value_of(number, i));
    return number;
}

static uint64_t check_processes(const struct decoder *decoder)
{
    uint64_t number = number_of(decoder->sample.monotonic_ns);
    struct process_summary summary = summary_of(number);

    assert_memory_equal(&decoder->processes, &summary, sizeof(summary));
    assert_int_equal(decoder->row_count, TAPE_PROCESSES);
    for (size_t i = 0; i < TAPE_PROCESSES; i++) {
        const struct process_row *row = &decoder->rows[i];
        struct process_row expected;
        fill_row(&expected, number, i);
        assert_int_equal(row->pid, expected.pid);
        assert_int_equal(row->start_ticks, expected.start_ticks);
        assert_string_equal(row->comm, expected.comm);
        assert_string_equal(row->cgroup, expected.cgroup);
        assert_int_equal(row->rss_bytes, expected.rss_bytes);
        assert_int_equal(row->minor_faults, expected.minor_faults);
        assert_int_equal(row->major_faults, expected.major_faults);
        check_value_of(row->swap_bytes, expected.swap_bytes);
        check_value_of(row->uid, expected.uid);
        check_value_of(row->minor_faults_since, expected.minor_faults_since);
        check_value_of(row->major_faults_since, expected.major_faults_since);
    }
    return number;
}

static void check_alert(const struct event *event, const struct event *expected)
{
    assert_string_equal(event->alert, expected->alert);
    assert_int_equal(event->state, expected->state);
    assert_near(event->value, expected->value);
    assert_near(event->threshold, expected->threshold);
    assert_absent(event->worst);
    assert_string_equal(event->diagnosis ? event->diagnosis : "",
                        expected->diagnosis ? expected->diagnosis : "");
}

static void check_kill(const struct oom_kill *kill, const struct oom_kill *expected)
{
    check_value_of(kill->pid, expected->pid);
    assert_string_equal(kill->comm, expected->comm);
    assert_int_equal(kill->constraint, expected->constraint);
    assert_int_equal(kill->task_count, expected->task_count);
    for (size_t i = 0; i < expected->task_count; i++) {
        check_value_of(kill->tasks[i].pid, expected->tasks[i].pid);
        check_value_of(kill->tasks[i].rss_bytes, expected->tasks[i].rss_bytes);
        assert_string_equal(kill->tasks[i].comm, expected->tasks[i].comm);
    }
}

static uint64_t check_event(const struct recorded_event *recorded, uint64_t ahead_ns)
{
    const struct event *event = &recorded->event;
    uint64_t number = number_of(recorded->monotonic_ns);
    struct oom_kill kill;
    struct event expected;

    if (event->kind == EVENT_ALERT)
        fill_alert(&expected, number);
    else
        fill_kill(&expected, &kill, number);
    assert_int_equal(recorded->monotonic_ns, monotonic_of(number));
    assert_int_equal(event->wall_ns, expected.wall_ns + ahead_ns);
    assert_int_equal(event->severity, expected.severity);
    assert_int_equal(event->colors_row, expected.colors_row);
    assert_string_equal(event->message, expected.message);
    if (event->kind == EVENT_ALERT) {
        check_alert(event, &expected);
        return number;
    }
    assert_int_equal(event->kills, kills_of(number));
    assert_non_null(event->kill);
    check_kill(event->kill, &kill);
    return number;
}

static uint64_t check_run(const struct run *run, uint64_t ahead_ns)
{
    uint64_t number = number_of(run->monotonic_ns);

    assert_int_equal(run->monotonic_ns, monotonic_of(number));
    assert_int_equal(run->wall_ns, wall_of(number, ahead_ns));
    assert_int_equal(run->pid, number + 1000);
    assert_string_equal(run->version, "1.2.3");
    return number;
}

static uint64_t check_stop(const struct stop *stop, uint64_t ahead_ns)
{
    uint64_t number = number_of(stop->monotonic_ns);

    assert_int_equal(stop->monotonic_ns, monotonic_of(number));
    assert_int_equal(stop->wall_ns, wall_of(number, ahead_ns));
    return number;
}

static uint64_t check_schema(const struct schema *schema)
{
    assert_string_equal(schema->host, "box");
    assert_string_equal(schema->kernel, "6.18.0");
    assert_in_range(schema->count, 1, 2 * TAPE_COLUMNS);
    return 0;
}

struct tape_item tape_identify(int kind, const struct decoder *decoder, uint64_t wall_ahead_ns)
{
    switch (kind) {
    case RECORDED_SEGMENT:
        return (struct tape_item){kind, check_schema(&decoder->schema)};
    case RECORDED_SAMPLE:
        return (struct tape_item){kind, check_sample(&decoder->sample, wall_ahead_ns)};
    case RECORDED_PROCESSES:
        return (struct tape_item){kind, check_processes(decoder)};
    case RECORDED_EVENT:
        return (struct tape_item){kind, check_event(&decoder->event, wall_ahead_ns)};
    case RECORDED_RUN:
        return (struct tape_item){kind, check_run(&decoder->run, wall_ahead_ns)};
    case RECORDED_STOP:
        return (struct tape_item){kind, check_stop(&decoder->stop, wall_ahead_ns)};
    case RECORDED_LOSS:
        return (struct tape_item){kind, 0};
    default:
        fail_msg("recording_next() says %d", kind);
        return (struct tape_item){KIND_NONE, 0};
    }
}

void tape_read(struct recording *recording, struct tape_items *items)
{
    int kind;

    items->count = 0;
    while ((kind = recording_next(recording)) != RECORDED_END) {
        assert_true(items->count < TAPE_ITEMS_MAX);
        items->at[items->count++] = tape_identify(kind, recording_decoder(recording), 0);
    }
}

struct recording *tape_play(const char *path)
{
    struct recording *recording = NULL;
    struct problem problem = {0};

    if (recording_open(&recording, path, &problem) < 0)
        fail_msg("%s", problem.text);
    return recording;
}

void tape_read_file(const char *path, struct tape_items *items, struct recording_loss *loss)
{
    struct recording *recording = tape_play(path);

    tape_read(recording, items);
    if (loss)
        *loss = *recording_loss(recording);
    recording_close(recording);
}

size_t tape_count(const struct tape_items *items, int kind, uint64_t number)
{
    size_t count = 0;

    for (size_t i = 0; i < items->count; i++)
        count += items->at[i].kind == kind && items->at[i].number == number;
    return count;
}

size_t tape_count_kind(const struct tape_items *items, int kind)
{
    size_t count = 0;

    for (size_t i = 0; i < items->count; i++)
        count += items->at[i].kind == kind;
    return count;
}

void tape_spell(const struct tape_items *items, char *letters, size_t size)
{
    static const char letter_of[] = {
        [RECORDED_SEGMENT] = '[', [RECORDED_RUN] = 'r',  [RECORDED_SAMPLE] = 's', [RECORDED_PROCESSES] = 'p',
        [RECORDED_EVENT] = 'e',   [RECORDED_STOP] = '.', [RECORDED_LOSS] = '!',
    };
    size_t length = 0;

    for (; length < items->count && length + 1 < size; length++)
        letters[length] = letter_of[items->at[length].kind];
    letters[length] = '\0';
}

void tape_check_spelling(const struct tape_items *items, const char *letters, const char *file, int line)
{
    char spelled[TAPE_ITEMS_MAX + 1];

    tape_spell(items, spelled, sizeof(spelled));
    if (strcmp(spelled, letters) != 0) {
        print_error("%s, not %s\n", spelled, letters);
        _fail(file, line);
    }
}

/* -- the file -- */

static int open_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        fail_msg("cannot open %s", path);
    return fd;
}

void tape_patch(const char *path, uint64_t offset, const void *bytes, size_t length)
{
    int fd = open_file(path);

    assert_int_equal(lseek(fd, (off_t)offset, SEEK_SET), offset);
    assert_int_equal(write(fd, bytes, length), length);
    close(fd);
}

void tape_peek(const char *path, uint64_t offset, void *bytes, size_t length)
{
    int fd = open_file(path);

    assert_int_equal(lseek(fd, (off_t)offset, SEEK_SET), offset);
    assert_int_equal(read(fd, bytes, length), length);
    close(fd);
}

void tape_set_version(const char *path, uint64_t segment, uint8_t version)
{
    enum { VERSION_OFFSET = 8, CRC_BYTES = 4, COVERED = SEGMENT_HEADER_BYTES - CRC_BYTES };
    uint8_t header[SEGMENT_HEADER_BYTES];
    struct packer crc = packer_over(header + COVERED, CRC_BYTES);

    tape_peek(path, segment * SEGMENT_BYTES, header, sizeof(header));
    header[VERSION_OFFSET] = version;
    pack_fixed32(&crc, crc32c(0, header, COVERED));
    tape_patch(path, segment * SEGMENT_BYTES, header, sizeof(header));
}

void tape_cut(const char *path, uint64_t bytes)
{
    assert_int_equal(truncate(path, (off_t)bytes), 0);
}

uint64_t tape_length(const char *path)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return (uint64_t)status.st_size;
}

uint64_t tape_used(const char *path)
{
    struct recording *recording = tape_play(path);
    const struct segment_info *newest = recording_segment(recording, recording_segment_count(recording) - 1);
    uint64_t used = (uint64_t)newest->offset + newest->content.used_bytes;

    recording_close(recording);
    return used;
}
