/* Picks the command: the first word where it is one, else the live view. */
#include "base/file.h"
#include "base/signals.h"
#include "commands/commands.h"

#include <stdbool.h>
#include <string.h>

/* A symbolic link of that name is the command. */
static bool is_called(const char *path, const char *name)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return path && strcmp(slash ? slash + 1 : path, name) == 0;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < command_count; i++) {
        if (commands[i].name[0] && strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    file_reserve_standard();
    signals_fail_writes(); /* a reader that has gone ends a command in silence, by EPIPE */
    if (is_called(argv[0], "vmstat"))
        return command_vmstat(argc, argv);
    const struct command *command = argc > 1 ? find(argv[1]) : NULL;
    return command ? command->run(argc - 1, argv + 1) : command_live(argc, argv);
}
