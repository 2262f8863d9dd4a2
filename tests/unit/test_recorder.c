#include "blackbox/recorder.h"
#include "blackbox/recording.h"
#include "support.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static atomic_int flushes;
static atomic_int fail_flushes_with;

int __wrap_fdatasync(int fd);

int __wrap_fdatasync(int fd)
{
    (void)fd;
    flushes++;
    errno = fail_flushes_with;
    return fail_flushes_with ? -1 : 0;
}

/* A machine that the test writes, and a recorder on it. */
struct machine {
    struct folder proc;
    char file[96];
    struct sampler *sampler;
    struct snapshot *before;
    struct snapshot *now;
    struct interval interval;
    struct recorder *recorder;
    struct recorder_settings settings;
    struct problem problem;
};

static void put_counters(struct machine *machine, unsigned major_faults, unsigned available_kib)
{
    char text[256];

    (void)snprintf(text, sizeof(text),
                   "nr_free_pages 1000\npgmajfault %u\nnr_of_tomorrow %u\nunsteady 18446744073709551615\n",
                   major_faults, major_faults * 3);
    folder_put(&machine->proc, "vmstat", text);
    (void)snprintf(text, sizeof(text),
                   "MemTotal:       16000000 kB\nMemFree:        8000 kB\nMemAvailable:   %u kB\n"
                   "SwapTotal:      2000 kB\nSwapFree:       1500 kB\nNewPages_Total:       5\n",
                   available_kib);
    folder_put(&machine->proc, "meminfo", text);
}

static void put_process(struct machine *machine, unsigned pid, const char *comm, unsigned major_faults,
                        unsigned rss_pages)
{
    char name[32], text[256];

    (void)snprintf(name, sizeof(name), "%u/stat", pid);
    (void)snprintf(
        text, sizeof(text),
        "%u (%s) S 1 1 1 0 -1 4194560 50 9 %u 9 0 0 0 0 20 0 1 0 %u 9999999 %u 18446744073709551615\n", pid,
        comm, major_faults, pid * 10, rss_pages);
    folder_put(&machine->proc, name, text);
    (void)snprintf(name, sizeof(name), "%u/status", pid);
    folder_put(&machine->proc, name, "Name:\tx\nUid:\t1000\t1001\t1000\t1000\nVmSwap:\t      12 kB\n");
    (void)snprintf(name, sizeof(name), "%u/cgroup", pid);
    folder_put(&machine->proc, name, "0::/job\n");
}

static int machine_setup(void **state)
{
    struct machine *machine = calloc(1, sizeof(*machine));

    if (!machine)
        return -1;
    flushes = 0;
    fail_flushes_with = 0;
    folder_make(&machine->proc);
    put_counters(machine, 100, 9000000);
    folder_put(&machine->proc, "loadavg", "0.50 0.25 0.10 2/345 678\n");
    folder_put(&machine->proc, "stat",
               "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nctxt 4711\nprocesses 5\n"
               "procs_running 2\nprocs_blocked 1\n");
    folder_put(
        &machine->proc, "pressure/memory",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=12\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
    folder_put(&machine->proc, "sys/kernel/random/boot_id", "00112233-4455-6677-8899-aabbccddeeff\n");
    put_process(machine, 7, "foo) Z 1 (", 5, 100);
    put_process(machine, 8, "small", 900, 10);
    (void)snprintf(machine->file, sizeof(machine->file), "%s/box.flr", machine->proc.path);
    machine->settings = (struct recorder_settings){
        .store = {machine->file, MIB, false},
        .proc_path = machine->proc.path,
        .interval_ns = 1000000000,
        .processes = 1,
        .watch = WATCH_DEFAULTS,
    };
    *state = machine;
    return 0;
}

static int machine_teardown(void **state)
{
    struct machine *machine = *state;

    recorder_close(machine->recorder);
    interval_free(&machine->interval);
    free(machine->before);
    free(machine->now);
    sampler_free(machine->sampler);
    folder_remove(&machine->proc);
    free(machine);
    return 0;
}

#define unit_test_on_machine(test) cmocka_unit_test_setup_teardown(test, machine_setup, machine_teardown)

static void open_recorder(struct machine *machine)
{
    machine->sampler = sampler_new();
    assert_int_equal(recorder_want(machine->sampler, machine->proc.path), 0);
    assert_int_equal(sampler_open(machine->sampler, machine->proc.path, &machine->problem), 0);
    machine->before = snapshot_new(machine->sampler);
    machine->now = snapshot_new(machine->sampler);
    assert_int_equal(interval_init(&machine->interval, machine->sampler), 0);
    if (recorder_open(&machine->recorder, &machine->settings, machine->sampler, &machine->problem) < 0)
        fail_msg("%s", machine->problem.text);
    sampler_read(machine->sampler, machine->now);
    assert_int_equal(recorder_begin(machine->recorder, machine->now), 0);
}

/* The next sample, SECONDS after the one before. */
static int beat(struct machine *machine, uint64_t seconds)
{
    struct snapshot *before = machine->now;

    machine->now = machine->before;
    machine->before = before;
    sampler_read(machine->sampler, machine->now);
    machine->now->monotonic_ns = before->monotonic_ns + seconds * UINT64_C(1000000000);
    interval_compute(&machine->interval, machine->sampler, before, machine->now);
    return recorder_take(machine->recorder, machine->now, &machine->interval);
}

/* What was recorded reaches the file by another thread: all of it, when the recorder has been closed. */
static struct recording *open_recording(struct machine *machine)
{
    struct recording *recording;
    struct problem problem;

    recorder_close(machine->recorder);
    machine->recorder = NULL;
    if (recording_open(&recording, machine->file, &problem) < 0)
        fail_msg("%s", problem.text);
    return recording;
}

/* Goes to the next of a kind. */
static const struct decoder *find(struct recording *recording, int kind)
{
    int found;

    while ((found = recording_next(recording)) != kind)
        assert_true(found > RECORDED_END);
    return recording_decoder(recording);
}

static struct value value_of(const struct decoder *decoder, const char *source, const char *name)
{
    int column = schema_find(&decoder->schema, source, name);

    if (column < 0)
        fail_msg("there is no column %s %s", source, name);
    return decoder->sample.values[column];
}

static void what_was_read_is_recorded(void **state)
{
    struct machine *machine = *state;

    open_recorder(machine);
    put_counters(machine, 107, 9000000);
    assert_int_equal(beat(machine, 1), 0);
    struct recording *recording = open_recording(machine);
    const struct decoder *decoder = find(recording, RECORDED_SAMPLE);
    assert_value(value_of(decoder, "vmstat", "nr_free_pages"), 1000);
    assert_value(value_of(decoder, "vmstat", "pgmajfault"), 100);
    assert_value(value_of(decoder, "vmstat", "nr_of_tomorrow"), 300);
    assert_value(value_of(decoder, "vmstat", "unsteady"), UINT64_MAX);
    assert_value(value_of(decoder, "meminfo", "MemTotal"), UINT64_C(16000000) * 1024);
    assert_value(value_of(decoder, "meminfo", "MemFree"), 8000 * 1024);
    assert_value(value_of(decoder, "meminfo", "NewPages_Total"), 5);
    assert_value(value_of(decoder, "stat", "ctxt"), 4711);
    assert_value(value_of(decoder, "stat", "procs_blocked"), 1);
    assert_true(value_of(decoder, "clock", "slept_ns").present);
    decoder = find(recording, RECORDED_SAMPLE);
    assert_value(value_of(decoder, "vmstat", "pgmajfault"), 107);
    assert_value(value_of(decoder, "vmstat", "nr_of_tomorrow"), 321);
    assert_int_equal(decoder->sample.monotonic_ns, machine->now->monotonic_ns);
    assert_int_equal(decoder->sample.wall_ns, machine->now->wall_ns);
    recording_close(recording);
}

/* Every value of the snapshot has its column, whatever the kernel. */
static void each_key_of_a_real_kernel_is_recorded(void **state)
{
    struct machine *machine = *state;
    static const char *const files[] = {"vmstat", "meminfo", "stat", "loadavg"};
    size_t count;

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char *text = fixture_get("linux-6.18", 0, files[i]);
        folder_put(&machine->proc, files[i], text);
        free(text);
    }
    open_recorder(machine);
    struct recording *recording = open_recording(machine);
    const struct decoder *decoder = find(recording, RECORDED_SAMPLE);
    const struct sampler_input *inputs = sampler_inputs(machine->sampler, &count);
    assert_true(count > 200);
    assert_int_equal(decoder->schema.count, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct value expected = machine->now->values[inputs[i].value];
        struct value value = value_of(decoder, source_name(inputs[i].source), inputs[i].name);
        assert_int_equal(value.present, expected.present);
        assert_int_equal(value.number, expected.present ? expected.number : 0);
    }
    char *vmstat = fixture_get("linux-6.18", 0, "vmstat");
    size_t lines = 0;
    for (char *line = strtok(vmstat, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        unsigned long long number;
        char key[64];
        assert_int_equal(sscanf(line, "%63s %llu", key, &number), 2);
        assert_value(value_of(decoder, "vmstat", key), number);
    }
    assert_true(lines > 100);
    free(vmstat);
    recording_close(recording);
}

static void a_recording_says_whose_it_is(void **state)
{
    static const uint8_t boot[] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                   0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    struct machine *machine = *state;
    struct utsname name;

    machine->settings.watch.major_faults = 77;
    machine->settings.watch.context_switches_per_cpu = true;
    machine->settings.interval_ns = 250000000;
    open_recorder(machine);
    assert_int_equal(uname(&name), 0);
    struct recording *recording = open_recording(machine);
    const struct decoder *decoder = find(recording, RECORDED_SEGMENT);
    assert_memory_equal(decoder->header.boot_id, boot, sizeof(boot));
    assert_string_equal(decoder->schema.host, name.nodename);
    assert_string_equal(decoder->schema.kernel, name.release);
    assert_int_equal(decoder->schema.page_bytes, sysconf(_SC_PAGESIZE));
    assert_int_equal(decoder->schema.ticks_per_second, sysconf(_SC_CLK_TCK));
    assert_int_equal(decoder->schema.interval_ns, 250000000);
    assert_near(decoder->schema.alert_major_faults, 77);
    assert_near(decoder->schema.alert_context_switches, 5000);
    assert_true(decoder->schema.alert_context_switches_per_cpu);
    decoder = find(recording, RECORDED_RUN);
    assert_int_equal(decoder->run.pid, getpid());
    assert_string_equal(decoder->run.version, FAULTLINE_VERSION);
    assert_int_equal(decoder->run.monotonic_ns, machine->now->monotonic_ns);
    assert_int_equal(decoder->run.wall_ns, machine->now->wall_ns);
    recording_close(recording);
}

static void without_alerts_there_are_no_thresholds(void **state)
{
    struct machine *machine = *state;

    machine->settings.no_alerts = true;
    folder_delete(&machine->proc, "sys/kernel/random/boot_id");
    open_recorder(machine);
    struct recording *recording = open_recording(machine);
    const struct decoder *decoder = find(recording, RECORDED_SEGMENT);
    assert_absent(decoder->schema.alert_major_faults);
    assert_absent(decoder->schema.alert_context_switches);
    for (size_t i = 0; i < BOOT_ID_BYTES; i++)
        assert_int_equal(decoder->header.boot_id[i], 0);
    recording_close(recording);
}

static void processes_go_with_the_samples(void **state)
{
    struct machine *machine = *state;

    open_recorder(machine);
    assert_int_equal(beat(machine, 1), 0); /* the first scan */
    assert_int_equal(beat(machine, 1), 0); /* peace: no scan */
    put_counters(machine, 100, 100000);    /* memory is short: each sample has one */
    put_process(machine, 8, "small", 950, 10);
    assert_int_equal(beat(machine, 1), 0);
    struct recording *recording = open_recording(machine);
    (void)find(recording, RECORDED_SAMPLE);
    const struct decoder *decoder = find(recording, RECORDED_SAMPLE);
    assert_int_equal(recording_next(recording), RECORDED_PROCESSES);
    assert_int_equal(decoder->processes.processes, 2);
    assert_int_equal(decoder->processes.unread, 0);
    assert_int_equal(decoder->processes.since_ns, 0);
    assert_int_equal(decoder->row_count, 1);
    assert_int_equal(decoder->rows[0].pid, 7);
    assert_string_equal(decoder->rows[0].comm, "foo) Z 1 (");
    assert_string_equal(decoder->rows[0].cgroup, "/job");
    assert_value(decoder->rows[0].uid, 1001);
    assert_value(decoder->rows[0].swap_bytes, 12 * 1024); /* swap is in use */
    assert_int_equal(decoder->rows[0].rss_bytes, 100 * sysconf(_SC_PAGESIZE));
    assert_int_equal(decoder->rows[0].major_faults, 5);
    assert_false(decoder->rows[0].major_faults_since.present);
    assert_int_equal(recording_next(recording), RECORDED_SAMPLE);
    assert_int_equal(recording_next(recording), RECORDED_SAMPLE);
    assert_int_equal(recording_next(recording), RECORDED_PROCESSES);
    assert_int_equal(decoder->processes.since_ns, 2000000000);
    assert_int_equal(decoder->row_count, 2);
    assert_int_equal(decoder->rows[1].pid, 8);
    assert_value(decoder->rows[1].major_faults_since, 50);
    recording_close(recording);
}

static void processes_may_not_be_asked_for(void **state)
{
    struct machine *machine = *state;
    int found;

    machine->settings.processes = 0;
    open_recorder(machine);
    put_counters(machine, 100, 100);
    for (int i = 0; i < 5; i++)
        assert_int_equal(beat(machine, 1), 0);
    struct recording *recording = open_recording(machine);
    while ((found = recording_next(recording)) != RECORDED_END)
        assert_int_not_equal(found, RECORDED_PROCESSES);
    recording_close(recording);
}

static void events_are_recorded_between(void **state)
{
    struct machine *machine = *state;
    struct event event = {.kind = EVENT_ALERT,
                          .severity = SEVERITY_WARNING,
                          .wall_ns = 5,
                          .alert = "major_faults"};

    open_recorder(machine);
    assert_int_equal(recorder_note(machine->recorder, &event), 0);
    assert_int_equal(recorder_end(machine->recorder), 0);
    struct recording *recording = open_recording(machine);
    const struct decoder *decoder = find(recording, RECORDED_EVENT);
    assert_string_equal(decoder->event.event.alert, "major_faults");
    assert_int_equal(decoder->event.event.wall_ns, 5);
    assert_true(decoder->event.monotonic_ns >= machine->now->monotonic_ns);
    decoder = find(recording, RECORDED_STOP);
    assert_true(decoder->stop.monotonic_ns >= decoder->event.monotonic_ns);
    assert_true(decoder->stop.wall_ns >= machine->now->wall_ns);
    assert_int_equal(recording_next(recording), RECORDED_END);
    recording_close(recording);
}

static void wait_for_flushes(int count)
{
    for (int i = 0; i < 20000 && flushes < count; i++)
        usleep(500);
    assert_int_equal(flushes, count);
}

static void the_disk_is_asked_every_ten_seconds_and_when_it_matters(void **state)
{
    struct machine *machine = *state;
    struct event event = {.kind = EVENT_OOM_KILL, .severity = SEVERITY_CRITICAL, .kills = 1};

    open_recorder(machine);
    wait_for_flushes(1);
    for (int i = 0; i < 9; i++)
        assert_int_equal(beat(machine, 1), 0);
    usleep(2000);
    assert_int_equal(flushes, 1);
    assert_int_equal(beat(machine, 1), 0);
    wait_for_flushes(2);
    assert_int_equal(recorder_note(machine->recorder, &event), 0);
    wait_for_flushes(3);
    event.severity = SEVERITY_WARNING;
    assert_int_equal(recorder_note(machine->recorder, &event), 0);
    usleep(2000);
    assert_int_equal(flushes, 3);
    assert_int_equal(recorder_end(machine->recorder), 0);
    assert_int_equal(flushes, 4);
}

static void a_disk_that_fails_is_told(void **state)
{
    struct machine *machine = *state;
    int error = 0;

    open_recorder(machine);
    wait_for_flushes(1);
    fail_flushes_with = EIO;
    for (int i = 0; i < 1000 && error == 0; i++) {
        error = beat(machine, 10);
        usleep(1000);
    }
    assert_int_equal(error, -EIO);
    assert_int_equal(recorder_end(machine->recorder), -EIO);
}

static void what_cannot_be_opened_is_told(void **state)
{
    struct machine *machine = *state;
    struct recorder *second = NULL;

    open_recorder(machine);
    assert_int_equal(recorder_open(&second, &machine->settings, machine->sampler, &machine->problem),
                     -EAGAIN);
    assert_non_null(strstr(machine->problem.text, "another faultline"));
    assert_null(second);
    machine->settings.store.path = "/no/such/folder/box";
    assert_int_equal(recorder_open(&second, &machine->settings, machine->sampler, &machine->problem),
                     -ENOENT);
    recorder_close(NULL);
}

/* A run after another one goes on in the same segment: the machine and its keys are the same. */
static void a_second_run_goes_on(void **state)
{
    struct machine *machine = *state;

    open_recorder(machine);
    recorder_close(machine->recorder);
    interval_free(&machine->interval);
    free(machine->before);
    free(machine->now);
    sampler_free(machine->sampler);
    open_recorder(machine);
    struct recording *recording = open_recording(machine);
    assert_int_equal(recording_segment_count(recording), 1);
    assert_int_equal(recording_segment(recording, 0)->content.runs, 2);
    assert_int_equal(recording_segment(recording, 0)->content.samples, 2);
    recording_close(recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_on_machine(what_was_read_is_recorded),
        unit_test_on_machine(each_key_of_a_real_kernel_is_recorded),
        unit_test_on_machine(a_recording_says_whose_it_is),
        unit_test_on_machine(without_alerts_there_are_no_thresholds),
        unit_test_on_machine(processes_go_with_the_samples),
        unit_test_on_machine(processes_may_not_be_asked_for),
        unit_test_on_machine(events_are_recorded_between),
        unit_test_on_machine(the_disk_is_asked_every_ten_seconds_and_when_it_matters),
        unit_test_on_machine(a_disk_that_fails_is_told),
        unit_test_on_machine(what_cannot_be_opened_is_told),
        unit_test_on_machine(a_second_run_goes_on),
    };
    return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
