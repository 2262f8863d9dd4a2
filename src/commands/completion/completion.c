/* faultline completion: the script with which a shell completes faultline's command line. */
#include "commands/commands.h"
#include "commands/completion/shells.h"
#include "commands/outcome.h"

#include <errno.h>
#include <string.h>

struct completion_settings {
    bool help;
    bool version;
    void (*put)(struct text *text);
};

#define FIELD(name) .offset = offsetof(struct completion_settings, name)

static const struct option_row rows[] = {
    {"help", 'h', NULL, "this text", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

const struct option_table completion_options = OPTION_TABLE(rows);

static const struct {
    const char *name;
    void (*put)(struct text *text);
} shells[] = {
    {"bash", bash_put_completion},
    {"zsh", zsh_put_completion},
    {"fish", fish_put_completion},
};

static void put_help(struct text *text)
{
    text_string(text, "Usage: faultline completion bash|zsh|fish\n"
                      "The script with which that shell completes faultline's command line:\n"
                      "  bash, in ~/.bashrc:  source <(faultline completion bash)\n"
                      "  zsh, in ~/.zshrc:    source <(faultline completion zsh)   (after compinit)\n"
                      "  fish:                faultline completion fish | source\n");
    options_put_help(text, &completion_options);
}

static int choose(struct completion_settings *settings, char **words, struct problem *problem)
{
    if (!words[0] || words[1])
        return problem_set(problem, EINVAL, "completion: expected one shell: bash, zsh or fish");
    for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
        if (strcmp(words[0], shells[i].name) == 0)
            settings->put = shells[i].put;
    }
    if (!settings->put)
        return problem_set(problem, EINVAL, "'%s': expected bash, zsh or fish", words[0]);
    return 0;
}

static int parse(struct completion_settings *settings, int argc, char **argv, struct problem *problem)
{
    int operands;

    int error = options_parse(&completion_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    return choose(settings, argv + operands, problem);
}

static int print(void (*put)(struct text *text), struct problem *problem)
{
    struct text text = text_new(COMPLETION_BYTES_MAX);

    if (!text.bytes)
        return -ENOMEM;
    put(&text);
    int error = text.lost > 0 ? -ENOBUFS : outcome_write(&text, problem);
    text_free(&text);
    return error;
}

int command_completion(int argc, char **argv)
{
    struct completion_settings settings = {0};
    struct problem problem = {0};

    int error = parse(&settings, argc, argv, &problem);
    int status = outcome_of_words(error, settings.help, settings.version, put_help, &problem);
    if (status != STATUS_GO_ON)
        return status;
    error = print(settings.put, &problem);
    return error < 0 ? outcome_failed(&problem, error) : STATUS_DONE;
}
