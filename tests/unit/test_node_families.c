#include "render/node_families.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of a /proc, as text; free it. */
static char *families_of(const char *proc_path, enum openmetrics_format format)
{
    struct problem problem = {0};
    struct sampler *sampler = sampler_new();

    assert_int_equal(sampler_want_table(sampler), 0);
    assert_int_equal(sampler_want_all(sampler, proc_path), 0);
    assert_int_equal(sampler_open(sampler, proc_path, &problem), 0);
    struct snapshot *snapshot = snapshot_new(sampler);
    struct node_families *families = node_families_new(sampler);
    assert_non_null(families);
    sampler_read(sampler, snapshot);
    struct text text = text_new(node_families_max(families) + 1);
    text.capacity--;
    node_families_put(families, &text, format, snapshot);
    assert_int_equal(text.lost, 0);
    text.bytes[text.length] = '\0';
    char *copy = strdup(text.bytes);
    text_free(&text);
    node_families_free(families);
    free(snapshot);
    sampler_free(sampler);
    return copy;
}

static void has(const char *text, const char *lines)
{
    if (!strstr(text, lines))
        fail_msg("there is no\n%sin\n%s", lines, text);
}

static void has_not(const char *text, const char *words)
{
    if (strstr(text, words))
        fail_msg("there is %s in\n%s", words, text);
}

/* The number behind KEY in a file of the machine. */
static unsigned long long number_in(const char *machine, const char *file, const char *key)
{
    char *text = fixture_get(machine, 0, file);
    const char *at = strstr(text, key);

    assert_non_null(at);
    unsigned long long number = strtoull(at + strlen(key), NULL, 10);
    free(text);
    return number;
}

static void has_value(const char *text, const char *name, unsigned long long value)
{
    char line[128];

    snprintf(line, sizeof(line), "\n%s %llu\n", name, value);
    has(text, line);
}

static const char machine[] = "linux-6.18";

static void values_are_those_of_the_files(void **state)
{
    char *text = families_of(fixture_path(machine, 0), OPENMETRICS_TEXT_0_0_4);
    (void)state;

    has_value(text, "node_boot_time_seconds", number_in(machine, "stat", "\nbtime "));
    has_value(text, "node_context_switches_total", number_in(machine, "stat", "\nctxt "));
    has_value(text, "node_forks_total", number_in(machine, "stat", "\nprocesses "));
    has_value(text, "node_intr_total", number_in(machine, "stat", "\nintr "));
    has_value(text, "node_procs_running", number_in(machine, "stat", "\nprocs_running "));
    has_value(text, "node_procs_blocked", number_in(machine, "stat", "\nprocs_blocked "));
    has_value(text, "node_vmstat_pgfault", number_in(machine, "vmstat", "\npgfault "));
    has_value(text, "node_vmstat_pgmajfault", number_in(machine, "vmstat", "\npgmajfault "));
    has_value(text, "node_vmstat_pswpin", number_in(machine, "vmstat", "\npswpin "));
    has_value(text, "node_vmstat_pgpgout", number_in(machine, "vmstat", "\npgpgout "));
    has_value(text, "node_vmstat_oom_kill", number_in(machine, "vmstat", "\noom_kill "));
    has_value(text, "node_memory_MemFree_bytes", number_in(machine, "meminfo", "\nMemFree:") * 1024);
    has_value(text, "node_memory_Active_anon_bytes", number_in(machine, "meminfo", "\nActive(anon):") * 1024);
    free(text);
}

static void types_and_meanings_are_those_of_node_exporter(void **state)
{
    char *text = families_of(fixture_path(machine, 0), OPENMETRICS_TEXT_0_0_4);
    (void)state;

    has(text, "# HELP node_vmstat_pgfault /proc/vmstat information field pgfault.\n"
              "# TYPE node_vmstat_pgfault untyped\n"
              "node_vmstat_pgfault ");
    has(text, "# HELP node_memory_MemTotal_bytes Memory information field MemTotal_bytes.\n"
              "# TYPE node_memory_MemTotal_bytes gauge\n");
    has(text, "# HELP node_context_switches_total Total number of context switches.\n"
              "# TYPE node_context_switches_total counter\n");
    has(text, "# HELP node_pressure_memory_stalled_seconds_total Total time in seconds no process could make "
              "progress due to memory congestion\n"
              "# TYPE node_pressure_memory_stalled_seconds_total counter\n");
    has_not(text, "node_vmstat_nr_free_pages");
    has_not(text, "node_vmstat_pgsteal");
    has_not(text, "# UNIT");
    has_not(text, "faultline_");
    free(text);
}

static void in_openmetrics_families_have_units_and_no_total(void **state)
{
    char *text = families_of(fixture_path(machine, 0), OPENMETRICS_1_0);
    (void)state;

    has(text, "# HELP node_pressure_cpu_waiting_seconds Total time in seconds that processes have waited for "
              "CPU time\n"
              "# TYPE node_pressure_cpu_waiting_seconds counter\n"
              "# UNIT node_pressure_cpu_waiting_seconds seconds\n"
              "node_pressure_cpu_waiting_seconds_total ");
    has(text, "# TYPE node_vmstat_pgmajfault unknown\nnode_vmstat_pgmajfault ");
    has(text, "# UNIT node_memory_MemTotal_bytes bytes\nnode_memory_MemTotal_bytes ");
    has_not(text, "untyped");
    free(text);
}

static void microseconds_become_seconds_and_huge_pages_stay_numbers(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "meminfo", "MemTotal: 16 kB\nHugePages_Total: 7\nHugepagesize: 2048 kB\n");
    folder_put(folder, "pressure/io",
               "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234567\n"
               "full avg10=0.00 avg60=0.00 avg300=0.00 total=42\n");
    folder_put(folder, "vmstat", "pgfault_of_tomorrow 5\npgdemote_fault 6\nnr_fault 7\npswpx 8\n");
    char *text = families_of(folder->path, OPENMETRICS_TEXT_0_0_4);
    has(text, "\nnode_pressure_io_waiting_seconds_total 1.234567\n");
    has(text, "\nnode_pressure_io_stalled_seconds_total 0.000042\n");
    has(text, "\nnode_memory_HugePages_Total 7\n");
    has(text, "\nnode_memory_Hugepagesize_bytes 2097152\n");
    has(text, "\nnode_memory_MemTotal_bytes 16384\n");
    has(text, "\nnode_vmstat_pgfault_of_tomorrow 5\n");
    has(text, "\nnode_vmstat_pgdemote_fault 6\n");
    has(text, "\nnode_vmstat_pswpx 8\n");
    has_not(text, "nr_fault");
    free(text);
}

static void what_is_absent_has_no_family(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "vmstat", "pgfault 5\n");
    char *text = families_of(folder->path, OPENMETRICS_TEXT_0_0_4);
    assert_string_equal(text, "# HELP node_vmstat_pgfault /proc/vmstat information field pgfault.\n"
                              "# TYPE node_vmstat_pgfault untyped\n"
                              "node_vmstat_pgfault 5\n");
    free(text);
}

/* Each family stands there once, and each sample behind its own. */
static void every_machine_has_each_family_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < fixture_machine_count; i++) {
        char *text = families_of(fixture_path(fixture_machines[i], 0), OPENMETRICS_TEXT_0_0_4);
        size_t families = 0;
        for (char *line = strstr(text, "# TYPE "); line; line = strstr(line + 1, "# TYPE ")) {
            char name[160];
            const char *word = line + strlen("# TYPE ");
            snprintf(name, sizeof(name), "# TYPE %.*s ", (int)strcspn(word, " "), word);
            if (strstr(line + 1, name))
                fail_msg("%s twice", name);
            const char *sample = strchr(line, '\n') + 1;
            assert_int_equal(strncmp(sample, word, strcspn(word, " ")), 0);
            families++;
        }
        assert_true(families > 40);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_the_files),
        cmocka_unit_test(types_and_meanings_are_those_of_node_exporter),
        cmocka_unit_test(in_openmetrics_families_have_units_and_no_total),
        unit_test_in_folder(microseconds_become_seconds_and_huge_pages_stay_numbers),
        unit_test_in_folder(what_is_absent_has_no_family),
        cmocka_unit_test(every_machine_has_each_family_once),
    };
    return cmocka_run_group_tests_name("node_families", tests, NULL, NULL);
}
