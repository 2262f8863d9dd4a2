/*
 * render_frames FIXTURE FORMAT: what faultline would have printed on the machine that a fixture was recorded
 * on, with the recorded clocks in place of this machine's. FORMAT: table, wide, json or csv.
 *
 * One sampler reads all frames, as it would live, so that what it learned from one frame is put to the test
 * by the next.
 */
#include "render/stream.h"
#include "watch/watch.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 512 };

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[1 << 20];
    FILE *in = fopen(from, "re");
    FILE *out = fopen(to, "we"); /* cut and written anew: the same file to whoever has it open */
    if (!in || !out)
        die(from);
    size_t length = fread(bytes, 1, sizeof(bytes), in);
    if (fwrite(bytes, 1, length, out) != length || fclose(out) != 0)
        die(to);
    (void)fclose(in);
}

static void copy_tree(const char *from, const char *to)
{
    DIR *dir = opendir(from);
    if (!dir || (mkdir(to, 0700) < 0 && errno != EEXIST))
        die(from);
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char source[PATH_SIZE];
        char target[PATH_SIZE];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(source, sizeof(source), "%s/%s", from, entry->d_name);
        (void)snprintf(target, sizeof(target), "%s/%s", to, entry->d_name);
        if (entry->d_type == DT_DIR)
            copy_tree(source, target);
        else
            copy_file(source, target);
    }
    (void)closedir(dir);
}

struct machine {
    const char *fixture;
    const char *proc; /* where the frames appear one after the other */
    FILE *times;
    struct sampler *sampler;
};

/* Makes the next frame current. False when there is none. */
static bool next_frame(struct machine *machine, struct snapshot *clocks)
{
    unsigned frame;
    char path[PATH_SIZE];

    if (fscanf(machine->times, "%u %" SCNu64 " %" SCNu64, &frame, &clocks->monotonic_ns, &clocks->wall_ns) !=
        3)
        return false;
    (void)snprintf(path, sizeof(path), "%s/%u", machine->fixture, frame);
    copy_tree(path, machine->proc);
    return true;
}

static void take(struct machine *machine, const struct snapshot *clocks, struct snapshot *snapshot)
{
    sampler_read(machine->sampler, snapshot);
    snapshot->monotonic_ns = clocks->monotonic_ns;
    snapshot->wall_ns = clocks->wall_ns;
}

static void show(struct stream *stream, struct watch *watch, const struct interval *interval)
{
    struct event events[WATCH_EVENTS_MAX];
    size_t count = watch_step(watch, interval, events);

    stream_put_interval(stream, interval, watch_is_storm(watch, interval));
    for (size_t i = 0; i < count; i++)
        stream_put_event(stream, &events[i]);
}

static void render(struct machine *machine, struct columns *columns, enum stream_format format)
{
    struct problem problem = {0};
    struct snapshot clocks;
    struct interval interval;
    struct stream stream;
    struct watch watch;
    const struct table table = {.columns = columns, .style = {.timestamp = false}};

    machine->sampler = sampler_new();
    if (!next_frame(machine, &clocks) || columns_want(columns, machine->sampler) < 0 ||
        watch_want(machine->sampler) < 0)
        die("set-up");
    if (sampler_open(machine->sampler, machine->proc, &problem) < 0 ||
        interval_init(&interval, machine->sampler) < 0 || stream_open(&stream, format, &table) < 0)
        die(problem.text);
    watch_init(&watch, (struct watch_settings)WATCH_DEFAULTS);

    struct snapshot *before = snapshot_new(machine->sampler);
    struct snapshot *after = snapshot_new(machine->sampler);
    take(machine, &clocks, before);
    stream_put_header(&stream);
    while (next_frame(machine, &clocks)) {
        take(machine, &clocks, after);
        interval_compute(&interval, machine->sampler, before, after);
        show(&stream, &watch, &interval);
        struct snapshot *swapped = before;
        before = after;
        after = swapped;
    }
    if (stream_flush(&stream) < 0)
        die("write");
    free(before);
    free(after);
    interval_free(&interval);
    stream_close(&stream);
    sampler_free(machine->sampler);
}

static void choose(struct columns *columns, const char *format)
{
    bool all = strcmp(format, "json") == 0 || strcmp(format, "csv") == 0;
    bool wide = strcmp(format, "wide") == 0;

    columns_add_set(columns, all ? COLUMNS_ALL : wide ? COLUMNS_WIDE : COLUMNS_DEFAULT);
    if (wide)
        columns_add_set(columns, COLUMNS_PSI);
}

int main(int argc, char **argv)
{
    char proc[] = "/tmp/render_frames.XXXXXX";
    char path[PATH_SIZE];
    struct columns columns = {0};

    if (argc != 3) {
        (void)fprintf(stderr, "usage: render_frames FIXTURE table|wide|json|csv\n");
        return 2;
    }
    if (!mkdtemp(proc))
        die(proc);
    (void)snprintf(path, sizeof(path), "%s/times", argv[1]);
    struct machine machine = {.fixture = argv[1], .proc = proc, .times = fopen(path, "re")};
    if (!machine.times)
        die(path);
    choose(&columns, argv[2]);
    render(&machine, &columns,
           strcmp(argv[2], "json") == 0  ? STREAM_JSON
           : strcmp(argv[2], "csv") == 0 ? STREAM_CSV
                                         : STREAM_TABLE);
    columns_free(&columns);
    (void)fclose(machine.times);

    char command[PATH_SIZE];
    (void)snprintf(command, sizeof(command), "rm -r %s", proc);
    return system(command) == 0 ? 0 : 1;
}
