#include "blackbox/playback.h"

#include "base/clock.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A clock is slewed by 0.05% at most; what goes off by more from one sample to the next was set. */
static const int64_t step_least_ns = INT64_C(500) * 1000 * 1000;

enum { NO_COLUMN = -1 };

struct playback {
    struct recording *recording;
    struct playback_settings settings;
    struct sampler *sampler;
    struct schema mapped; /* what the columns were found in */
    int *columns;         /* of the sampler's inputs in the recording, or NO_COLUMN */
    int slept_column;
    struct snapshot *before;
    struct snapshot *after;
    struct interval interval;
    bool has_before; /* a sample that the next one is an interval to */

    /* What came before, for marks. */
    bool any; /* sample, so far */
    struct segment_header header;
    bool orderly;    /* the last run was ended */
    bool has_clocks; /* those of the last sample, of this boot */
    uint64_t last_monotonic_ns;
    uint64_t last_wall_ns;
    struct value last_slept;
    struct mark mark;
    bool has_interval; /* to be told behind the mark */
};

struct playback *playback_new(struct recording *recording)
{
    struct playback *playback = calloc(1, sizeof(*playback));

    if (!playback)
        return NULL;
    playback->recording = recording;
    playback->sampler = sampler_new();
    if (!playback->sampler) {
        free(playback);
        return NULL;
    }
    return playback;
}

void playback_free(struct playback *playback)
{
    if (!playback)
        return;
    schema_free(&playback->mapped);
    interval_free(&playback->interval);
    free(playback->columns);
    free(playback->before);
    free(playback->after);
    sampler_free(playback->sampler);
    free(playback);
}

struct sampler *playback_sampler(const struct playback *playback)
{
    return playback->sampler;
}

static int make_room(struct playback *playback)
{
    size_t inputs;
    int error = sampler_arrange(playback->sampler);

    if (error == 0)
        error = interval_init(&playback->interval, playback->sampler);
    if (error < 0)
        return error;
    (void)sampler_inputs(playback->sampler, &inputs);
    playback->columns = calloc(inputs + 1, sizeof(*playback->columns));
    playback->before = snapshot_new(playback->sampler);
    playback->after = snapshot_new(playback->sampler);
    return playback->columns && playback->before && playback->after ? 0 : -ENOMEM;
}

int playback_start(struct playback *playback, const struct playback_settings *settings)
{
    int error = playback->columns ? 0 : make_room(playback);

    playback->settings = *settings;
    playback->has_before = false;
    playback->has_interval = false;
    playback->any = false;
    playback->orderly = false;
    playback->has_clocks = false;
    recording_seek(playback->recording, settings->first_segment);
    return error;
}

/* -- samples -- */

/* Finds the wanted values in what the segment holds. Most segments of a recording hold the same. */
static int map_columns(struct playback *playback, const struct schema *schema)
{
    size_t count;
    const struct sampler_input *inputs = sampler_inputs(playback->sampler, &count);

    if (schema_equal(schema, &playback->mapped))
        return 0;
    for (size_t i = 0; i < count; i++) {
        int column = schema_find(schema, source_name(inputs[i].source), inputs[i].name);
        playback->columns[i] = column < 0 ? NO_COLUMN : column;
    }
    int slept = schema_find(schema, "clock", "slept_ns");
    playback->slept_column = slept < 0 ? NO_COLUMN : slept;
    sampler_set_page_bytes(playback->sampler, schema->page_bytes);
    schema_free(&playback->mapped);
    return schema_copy(&playback->mapped, schema);
}

static struct value slept(const struct playback *playback, const struct sample *sample)
{
    int column = playback->slept_column;
    return column == NO_COLUMN ? (struct value){0, false} : sample->values[column];
}

static void fill_snapshot(const struct playback *playback, const struct sample *sample,
                          struct snapshot *snapshot)
{
    size_t count;
    const struct sampler_input *inputs = sampler_inputs(playback->sampler, &count);

    snapshot->monotonic_ns = sample->monotonic_ns;
    snapshot->wall_ns = sample->wall_ns;
    for (size_t i = 0; i < count; i++) {
        int column = playback->columns[i];
        snapshot->values[inputs[i].value] =
            column == NO_COLUMN ? (struct value){0, false} : sample->values[column];
    }
}

static bool in_range(const struct playback *playback, uint64_t wall_ns)
{
    return wall_ns >= playback->settings.range.since_ns && wall_ns <= playback->settings.range.until_ns;
}

/* Ends an interval with the sample, where one had begun, and begins the next one. */
static bool take_interval(struct playback *playback, const struct sample *sample)
{
    struct snapshot *now = playback->after;
    bool had_before = playback->has_before;

    fill_snapshot(playback, sample, now);
    bool told =
        had_before && in_range(playback, now->wall_ns) && now->monotonic_ns > playback->before->monotonic_ns;
    if (told)
        interval_compute(&playback->interval, playback->sampler, playback->before, now);
    playback->after = playback->before;
    playback->before = now;
    playback->has_before = true;
    return told;
}

/* -- marks -- */

static double seconds_between(uint64_t before_ns, uint64_t after_ns)
{
    return (double)(int64_t)(after_ns - before_ns) / (double)NS_PER_SECOND;
}

static void set_mark(struct playback *playback, enum mark_kind kind, uint64_t wall_ns, double seconds)
{
    playback->mark = (struct mark){kind, wall_ns, seconds, playback->orderly};
}

/* Whether the wall clock did not go on as the other one did. */
static bool has_stepped(struct playback *playback, const struct sample *sample)
{
    int64_t off = (int64_t)(sample->wall_ns - playback->last_wall_ns -
                            (sample->monotonic_ns - playback->last_monotonic_ns));
    struct value slept_now = slept(playback, sample);
    bool knows_sleep = slept_now.present && playback->last_slept.present;
    int64_t asleep_ns = knows_sleep ? (int64_t)(slept_now.number - playback->last_slept.number) : 0;

    if (asleep_ns >= step_least_ns) {
        set_mark(playback, MARK_SUSPEND, sample->wall_ns, (double)asleep_ns / (double)NS_PER_SECOND);
        return true;
    }
    if (off < step_least_ns && off > -step_least_ns)
        return false;
    set_mark(playback, MARK_CLOCK_STEP, sample->wall_ns, (double)off / (double)NS_PER_SECOND);
    return true;
}

/* A clock that was set back makes all times in between come twice: that is worth telling where one of them is
 * asked for. */
static bool step_concerns_range(const struct playback *playback, const struct sample *sample)
{
    const struct playback_range *range = &playback->settings.range;
    bool back = sample->wall_ns < playback->last_wall_ns;
    uint64_t latest_ns = back ? playback->last_wall_ns : sample->wall_ns;

    return sample->wall_ns <= range->until_ns && latest_ns >= range->since_ns;
}

static int play_sample(struct playback *playback)
{
    const struct sample *sample = &recording_decoder(playback->recording)->sample;
    bool marked =
        playback->has_clocks && has_stepped(playback, sample) && step_concerns_range(playback, sample);

    playback->header = recording_decoder(playback->recording)->header;
    playback->last_monotonic_ns = sample->monotonic_ns;
    playback->last_wall_ns = sample->wall_ns;
    playback->last_slept = slept(playback, sample);
    playback->any = true;
    playback->orderly = false;
    if (playback->settings.intervals)
        playback->has_interval = take_interval(playback, sample);
    playback->has_before = true;
    playback->has_clocks = true;
    return marked ? PLAYED_MARK : PLAYED_END;
}

static bool same_boot(const struct segment_header *a, const struct segment_header *b)
{
    return memcmp(a->boot_id, b->boot_id, sizeof(a->boot_id)) == 0;
}

static int play_run(struct playback *playback)
{
    const struct decoder *decoder = recording_decoder(playback->recording);
    const struct run *run = &decoder->run;
    bool same =
        same_boot(&playback->header, &decoder->header) && run->monotonic_ns >= playback->last_monotonic_ns;
    double seconds = same ? seconds_between(playback->last_monotonic_ns, run->monotonic_ns)
                          : seconds_between(playback->last_wall_ns, run->wall_ns);

    if (seconds < 0) /* a machine may start with its clock far back */
        seconds = NAN;
    playback->header = decoder->header;
    playback->has_before = false;
    playback->has_clocks &= same;
    set_mark(playback, same ? MARK_RESTART : MARK_BOOT, run->wall_ns, seconds);
    return playback->any && in_range(playback, run->wall_ns) ? PLAYED_MARK : PLAYED_END;
}

/* A segment of another boot whose beginning was lost has no run to tell of it. */
static int play_segment(struct playback *playback)
{
    const struct decoder *decoder = recording_decoder(playback->recording);

    if (!playback->any)
        playback->header = decoder->header;
    else if (!same_boot(&playback->header, &decoder->header))
        playback->has_before = playback->has_clocks = false;
    return map_columns(playback, &decoder->schema);
}

static int play_loss(struct playback *playback)
{
    playback->has_before = false;
    set_mark(playback, MARK_LOSS, playback->last_wall_ns, NAN);
    return playback->any && in_range(playback, playback->last_wall_ns) ? PLAYED_MARK : PLAYED_END;
}

static int play_event(const struct playback *playback)
{
    const struct recorded_event *recorded = &recording_decoder(playback->recording)->event;
    return in_range(playback, recorded->event.wall_ns) ? PLAYED_EVENT : PLAYED_END;
}

static int play_processes(const struct playback *playback)
{
    const struct sample *sample = &recording_decoder(playback->recording)->sample;
    return in_range(playback, sample->wall_ns) ? PLAYED_PROCESSES : PLAYED_END;
}

/* What a frame is to whoever looks on: PLAYED_END where nothing. */
static int play(struct playback *playback, int recorded)
{
    switch (recorded) {
    case RECORDED_SAMPLE:
        return play_sample(playback);
    case RECORDED_PROCESSES:
        return play_processes(playback);
    case RECORDED_EVENT:
        return play_event(playback);
    case RECORDED_RUN:
        return play_run(playback);
    case RECORDED_STOP:
        playback->orderly = true;
        return PLAYED_END;
    case RECORDED_SEGMENT:
        return play_segment(playback);
    default:
        return play_loss(playback);
    }
}

int playback_next(struct playback *playback)
{
    int played = PLAYED_END;

    while (played == PLAYED_END) {
        if (playback->has_interval) {
            playback->has_interval = false;
            return PLAYED_INTERVAL;
        }
        int recorded = recording_next(playback->recording);
        if (recorded <= RECORDED_END || recording_at(playback->recording) > playback->settings.last_segment)
            return recorded < 0 ? recorded : PLAYED_END;
        played = play(playback, recorded);
    }
    return played;
}

const struct interval *playback_interval(const struct playback *playback)
{
    return &playback->interval;
}

const struct mark *playback_mark(const struct playback *playback)
{
    return &playback->mark;
}

const struct decoder *playback_decoder(const struct playback *playback)
{
    return recording_decoder(playback->recording);
}

const struct snapshot *playback_snapshot(const struct playback *playback)
{
    return playback->before;
}
