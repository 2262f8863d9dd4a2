/*
 * The reader of recordings: whatever a file holds, reading it ends, and what it tells keeps its contract.
 *
 * An input is a byte of flags, a byte that says how far the second segment is out of its place, and what a
 * segment begins with: header and frames. No mutation would ever get through the checksums, so most inputs
 * are sealed anew: each frame, as far as there is one by its length, gets the checksum that it should have,
 * and it is its content that is put to the test.
 */
#include "base/crc32c.h"
#include "blackbox/playback.h"
#include "blackbox/window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    FLAG_AS_IT_IS = 1, /* checksums and all */
    FLAG_FILE = 2,     /* as a file of two segments, not as one in memory */
    FLAG_SWAPPED = 8,  /* the second one stands first */
    FLAG_BEYOND = 16,  /* the second one's sequence is another one than the next */
    FLAGS_OPEN =
        0xe0, /* all of them: no trailers; that zeros are looked through takes its time, so it is rare */
    FLAGS_BYTES = 2,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

static void *need(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* -- sealing -- */

static void put_crc(uint8_t *at, uint32_t crc)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(crc >> (8 * i));
}

/* What the checksum of a frame goes on from; of types that are none, the header's. */
static uint32_t root_of(const struct frame_roots *roots, uint8_t type)
{
    if (type == FRAME_FULL)
        return roots->schema;
    return type == FRAME_CHANGES || type == FRAME_PROCESSES ? roots->chain : roots->header;
}

/* The header keeps its ids and times, and is a header. Returns its checksum. */
static uint32_t seal_header(uint8_t *bytes, uint64_t sequence)
{
    struct segment_header header = {.recording_id = bytes[16], .sequence = sequence};
    struct unpacker unpacker = unpacker_over(bytes + 32, SEGMENT_HEADER_BYTES - 32);

    unpack_bytes(&unpacker, header.boot_id, sizeof(header.boot_id));
    header.monotonic_ns = unpack_fixed64(&unpacker);
    header.wall_ns = unpack_fixed64(&unpacker);
    segment_put_header(bytes, &header);
    return header.crc;
}

static void seal(uint8_t *bytes, size_t length, uint64_t sequence)
{
    struct frame_roots roots = frame_roots_of(seal_header(bytes, sequence));
    const uint8_t *end = bytes + length;

    for (uint8_t *at = bytes + SEGMENT_HEADER_BYTES; at < end;) {
        struct unpacker unpacker = unpacker_over(at, (size_t)(end - at));
        uint64_t content = unpack_unsigned(&unpacker);
        uint8_t type = unpack_byte(&unpacker);
        if (unpacker.bad || content > FRAME_CONTENT_MAX || content + 4 > (size_t)(end - unpacker.at))
            return;
        uint8_t *behind = at + (unpacker.at - at) + content;
        uint32_t crc = crc32c(root_of(&roots, type), at, (size_t)(behind - at));
        put_crc(behind, crc);
        if (type >= FRAME_SCHEMA && type <= FRAME_STOP)
            frame_roots_follow(&roots, type, crc);
        at = behind + 4;
    }
}

/* -- what is told keeps its contract -- */

static void check_string(const char *string, size_t size)
{
    if (!memchr(string, '\0', size))
        fail("a string that does not end");
}

static void check_schema(const struct schema *schema)
{
    check_string(schema->host, sizeof(schema->host));
    check_string(schema->kernel, sizeof(schema->kernel));
    if (schema->page_bytes == 0 || schema->count > SCHEMA_COLUMNS_MAX)
        fail("a schema that cannot be");
    for (size_t i = 0; i < schema->count; i++) {
        check_string(schema->columns[i].source, sizeof(schema->columns[i].source));
        check_string(schema->columns[i].name, sizeof(schema->columns[i].name));
        if (schema->columns[i].name[0] == '\0')
            fail("a column without a name");
    }
}

/* Put and taken again, it is the same. */
static void check_sample(const struct decoder *decoder)
{
    const struct sample *sample = &decoder->sample;
    size_t room = 20 + sample->count * 11;
    uint8_t *bytes = need(malloc(room));
    struct packer packer = packer_over(bytes, room);
    struct sample again;

    if (sample->count != decoder->schema.count)
        fail("a sample that is not of its schema");
    sample_put_full(&packer, sample);
    struct unpacker unpacker = unpacker_over(bytes, packer.length);
    if (sample_init(&again, sample->count) < 0 || packer.overflow || !sample_take_full(&unpacker, &again))
        fail("a sample that cannot be put");
    for (size_t i = 0; i < sample->count; i++) {
        if (sample->values[i].present != again.values[i].present ||
            (sample->values[i].present && sample->values[i].number != again.values[i].number))
            fail("a sample that is another one when put again");
    }
    sample_free(&again);
    free(bytes);
}

static void check_processes(const struct decoder *decoder)
{
    if (decoder->row_count > PROCESS_ROWS_MAX)
        fail("more processes than there may be");
    for (size_t i = 0; i < decoder->row_count; i++) {
        check_string(decoder->rows[i].comm, sizeof(decoder->rows[i].comm));
        check_string(decoder->rows[i].cgroup, sizeof(decoder->rows[i].cgroup));
    }
}

static void check_kill(const struct oom_kill *kill)
{
    check_string(kill->comm, sizeof(kill->comm));
    check_string(kill->cgroup, sizeof(kill->cgroup));
    check_string(kill->limit_cgroup, sizeof(kill->limit_cgroup));
    check_string(kill->trigger, sizeof(kill->trigger));
    if (kill->task_count > OOM_TASKS_MAX || (unsigned)kill->constraint > OOM_CONSTRAINT_MEMORY_POLICY)
        fail("a kill that cannot be");
    for (size_t i = 0; i < kill->task_count; i++)
        check_string(kill->tasks[i].comm, sizeof(kill->tasks[i].comm));
}

static void check_event(const struct recorded_event *recorded)
{
    const struct event *event = &recorded->event;

    check_string(event->message, sizeof(event->message));
    if ((unsigned)event->kind > EVENT_OOM_KILL || (unsigned)event->severity > SEVERITY_CRITICAL ||
        (unsigned)event->state > STATE_END)
        fail("an event that cannot be");
    if (event->kind == EVENT_ALERT)
        check_string(event->alert, sizeof(recorded->alert));
    if (event->diagnosis)
        check_string(event->diagnosis, sizeof(recorded->diagnosis));
    if (event->kill)
        check_kill(event->kill);
}

static void check_decoded(const struct decoder *decoder, int decoded)
{
    switch (decoded) {
    case DECODED_SCHEMA:
        check_schema(&decoder->schema);
        break;
    case DECODED_SAMPLE:
        check_sample(decoder);
        break;
    case DECODED_PROCESSES:
        check_processes(decoder);
        break;
    case DECODED_EVENT:
        check_event(&decoder->event);
        break;
    case DECODED_RUN:
        check_string(decoder->run.version, sizeof(decoder->run.version));
        break;
    default:
        break;
    }
}

/* -- a segment in memory -- */

static void decode(const uint8_t *bytes, size_t length)
{
    struct decoder *decoder = need(decoder_new());
    size_t steps = 0;
    int decoded = DECODED_STUCK;

    if (decoder_begin(decoder, bytes, length) == 0) {
        do {
            size_t before = decoder->at;
            decoded = decoder_next(decoder);
            if (decoded < 0)
                abort(); /* no memory */
            check_decoded(decoder, decoded);
            if (decoder->at > length || (decoded > DECODED_END && decoder->at <= before))
                fail("the reader does not go on, or goes beyond the end");
            if (++steps > 2 * length)
                fail("there is no end of it");
        } while (decoded > DECODED_END || (decoded == DECODED_STUCK && decoder_skip(decoder) > 0));
    }
    decoder_free(decoder);
}

/* -- a file -- */

static void put(int fd, const void *bytes, size_t length, uint64_t offset)
{
    if (pwrite(fd, bytes, length, (off_t)offset) != (ssize_t)length)
        abort();
}

static void put_segment(int fd, const uint8_t *bytes, size_t length, uint64_t offset, bool open)
{
    uint8_t trailer_bytes[SEGMENT_TRAILER_BYTES];
    struct segment_header header;
    struct segment_trailer trailer = {.used_bytes = (uint32_t)length, .oom_kills = bytes[length - 1]};

    put(fd, bytes, length, offset);
    if (open || segment_take_header(bytes, &header) < 0)
        return;
    segment_put_trailer(trailer_bytes, &header, &trailer);
    put(fd, trailer_bytes, sizeof(trailer_bytes), offset + SEGMENT_FRAMES_END);
}

/* The same segment twice, the second one with another number. */
static int make_file(const uint8_t *data, uint8_t *bytes, size_t length)
{
    int fd = memfd_create("recording", MFD_CLOEXEC);
    uint64_t first = data[0] & FLAG_SWAPPED ? SEGMENT_BYTES : 0;
    uint64_t second = SEGMENT_BYTES - first + (first ? 0 : data[1]);
    bool open = (data[0] & FLAGS_OPEN) == FLAGS_OPEN;

    if (fd < 0 || ftruncate(fd, 2 * SEGMENT_BYTES + data[1]) < 0)
        abort();
    put_segment(fd, bytes, length, first, open);
    if (!(data[0] & FLAG_AS_IT_IS))
        seal(bytes, length, data[0] & FLAG_BEYOND ? 7 : 2);
    put_segment(fd, bytes, length, second, open);
    return fd;
}

static void read_all(struct recording *recording)
{
    uint64_t steps = 0;
    int found;

    while ((found = recording_next(recording)) > RECORDED_END) {
        if (recording_at(recording) >= recording_segment_count(recording))
            fail("a segment that is not there");
        if (++steps > 2 * SEGMENT_BYTES)
            fail("there is no end of it");
    }
    if (found < 0)
        abort();
    if (recording_loss(recording)->bytes > 3 * SEGMENT_BYTES)
        fail("more was lost than there is");
}

static void play_all(struct recording *recording)
{
    struct playback_settings settings = {.range = PLAYBACK_ALL, .last_segment = SIZE_MAX, .intervals = true};
    struct playback *playback = need(playback_new(recording));
    uint64_t steps = 0;
    int played;

    if (sampler_want(playback_sampler(playback), &metric_table[M_major_faults_per_second], NULL) < 0 ||
        playback_start(playback, &settings) < 0)
        abort();
    while ((played = playback_next(playback)) > PLAYED_END) {
        if (played == PLAYED_INTERVAL && !(playback_interval(playback)->seconds > 0))
            fail("an interval that takes no time");
        if (++steps > 4 * SEGMENT_BYTES)
            fail("there is no end of it");
    }
    if (played < 0)
        abort();
    playback_free(playback);
}

static void look_around(struct recording *recording)
{
    struct playback_settings settings = {.range = PLAYBACK_ALL, .last_segment = SIZE_MAX};
    struct boot boot;
    uint64_t wall_ns;

    if (window_boot_count(recording) == 0 || window_find_boot(recording, 1, &boot) < 0)
        fail("a recording without a boot");
    (void)window_find_oom(recording, 1, &wall_ns);
    (void)window_find_oom(recording, 3, &wall_ns);
    (void)window_parse_time(recording, "-1h", false, &wall_ns);
    if (!window_narrow(recording, &settings))
        fail("all of it is none of it");
}

static void read_file(int fd)
{
    struct recording *recording;
    struct problem problem = {0};
    char path[32];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (recording_open(&recording, path, &problem) == 0) {
        read_all(recording);
        play_all(recording);
        look_around(recording);
        recording_close(recording);
    } else if (problem.text[0] == '\0') {
        fail("refused without a reason");
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < FLAGS_BYTES + SEGMENT_HEADER_BYTES || size > SEGMENT_FRAMES_END)
        return 0;
    size_t length = size - FLAGS_BYTES;
    uint8_t *bytes = need(malloc(length)); /* of its own size, so that a read beyond it is seen */
    memcpy(bytes, data + FLAGS_BYTES, length);
    if (!(data[0] & FLAG_AS_IT_IS))
        seal(bytes, length, 1);
    if (data[0] & FLAG_FILE)
        read_file(make_file(data, bytes, length));
    else
        decode(bytes, length);
    free(bytes);
    return 0;
}
