/* Picks the command: the first word where it is one, else the live view. */
#include "base/file.h"
#include "base/signals.h"
#include "commands/commands.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"check", command_check},   {"metrics", command_metrics}, {"oom", command_oom},
    {"record", command_record}, {"replay", command_replay},   {"report", command_report},
    {"top", command_top},       {"run", command_run},         {"serve", command_serve},
    {"trace", command_trace},   {"vmstat", command_vmstat},
};

/* A symbolic link of that name is the command. */
static bool is_called(const char *path, const char *name)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return path && strcmp(slash ? slash + 1 : path, name) == 0;
}

int main(int argc, char **argv)
{
    file_reserve_standard();
    signals_fail_writes(); /* a reader that has gone ends a command in silence, by EPIPE */
    if (is_called(argv[0], "vmstat"))
        return command_vmstat(argc, argv);
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    return command_live(argc, argv);
}
