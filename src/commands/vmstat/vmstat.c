/* faultline vmstat: a drop-in for vmstat(8), and what a program of that name is. */
#include "base/file.h"
#include "commands/commands.h"
#include "commands/outcome.h"
#include "commands/vmstat/modes.h"

#include <stddef.h>
#include <unistd.h>

static void put_version(struct text *text)
{
    text_string(text, "vmstat from faultline " FAULTLINE_VERSION "\n");
}

static int misused(const struct problem *problem)
{
    char bytes[4096];
    struct text usage = text_over(bytes, sizeof(bytes));

    if (problem->text[0]) {
        problem_print(problem);
        return STATUS_FAILED;
    }
    vmstat_settings_put_usage(&usage);
    file_write_all(STDERR_FILENO, usage.bytes, usage.length);
    return STATUS_FAILED; /* as vmstat(8) does */
}

static int run(const struct vmstat_settings *settings, struct problem *problem)
{
    const struct {
        bool chosen;
        int (*print)(const struct vmstat_settings *settings, struct problem *problem);
    } modes[] = {
        {settings->disk, vmstat_disks},
        {settings->disk_sum, vmstat_disk_sum},
        {settings->partition, vmstat_partition},
        {settings->slabs, vmstat_slabs},
        {settings->stats, vmstat_totals},
        {settings->forks, vmstat_totals},
        {true, vmstat_rows},
    };
    size_t i = 0;

    while (!modes[i].chosen)
        i++;
    return modes[i].print(settings, problem);
}

int command_vmstat(int argc, char **argv)
{
    struct vmstat_settings settings;
    struct problem problem = {0};

    problem_speak_as("vmstat");
    if (vmstat_settings_parse(&settings, argc, argv, &problem) < 0)
        return misused(&problem);
    if (settings.help)
        return outcome_print(vmstat_settings_put_usage);
    if (settings.version)
        return outcome_print(put_version);
    int error = run(&settings, &problem);
    return outcome_is_end(error) ? STATUS_DONE : outcome_failed(&problem, error);
}
