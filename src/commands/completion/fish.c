#include "commands/completion/shells.h"

static void put_quoted(struct text *text, const char *words)
{
    text_char(text, '\'');
    for (; *words; words++) {
        if (*words == '\'' || *words == '\\')
            text_char(text, '\\');
        text_char(text, *words);
    }
    text_char(text, '\'');
}

/* -x: an argument that is no file, -r: one that may be. */
static void put_action(struct text *text, enum completion_kind kind, const char *choices)
{
    switch (kind) {
    case COMPLETION_NONE:
        break;
    case COMPLETION_ANY:
        text_string(text, " -x");
        break;
    case COMPLETION_FILE:
        text_string(text, " -rF");
        break;
    case COMPLETION_FOLDER:
        text_string(text, " -xa '(__fish_complete_directories)'");
        break;
    case COMPLETION_COMMAND:
        text_string(text, " -xa '(__fish_complete_command)'");
        break;
    case COMPLETION_USER:
        text_string(text, " -xa '(__fish_complete_users)'");
        break;
    case COMPLETION_CHOICE:
        text_format(text, " -xa '%s'", choices);
        break;
    case COMPLETION_COLUMNS:
        text_string(text, " -xa '(__fish_append , ");
        completion_put_columns(text);
        text_string(text, ")'");
        break;
    }
}

static void put_condition(struct text *text, const struct command *command)
{
    text_string(text, "complete -c faultline -n '");
    if (command->name[0])
        text_format(text, "__fish_seen_subcommand_from %s'", command->name);
    else
        text_string(text, "__faultline_lives'");
}

static void put_option(struct text *text, const struct command *command, const struct option_row *row)
{
    put_condition(text, command);
    text_format(text, " -l %s", row->name);
    if (row->letter)
        text_format(text, " -s %c", row->letter);
    put_action(text, completion_kind_of(row), row->choices);
    text_string(text, " -d ");
    put_quoted(text, row->help);
    text_char(text, '\n');
}

static void put_operands(struct text *text, const struct command *command)
{
    enum completion_kind kind = completion_kind_of_operands(command->operands);

    if (kind == COMPLETION_COMMAND) {
        put_condition(text, command);
        text_string(text, " -xa '(__fish_complete_subcommand --fcs-skip=2)'\n");
    } else if (kind == COMPLETION_FILE) {
        put_condition(text, command);
        text_string(text, " -F\n");
    } else if (kind == COMPLETION_CHOICE) {
        put_condition(text, command);
        text_string(text, " -a '");
        completion_put_words(text, command->operands);
        text_string(text, "'\n");
    }
}

static void put_names(struct text *text)
{
    for (size_t i = 0; i < command_count; i++) {
        if (commands[i].name[0])
            text_format(text, " %s", commands[i].name);
    }
}

void fish_put_completion(struct text *text)
{
    text_string(text, "# faultline's completion for fish: made by `faultline completion fish`\n"
                      "function __faultline_lives\n"
                      "    not __fish_seen_subcommand_from");
    put_names(text);
    text_string(text, "\nend\n\ncomplete -c faultline -f\n");
    for (size_t i = 0; i < command_count; i++) {
        if (!commands[i].name[0])
            continue;
        text_format(text, "complete -c faultline -n __fish_use_subcommand -a %s -d ", commands[i].name);
        put_quoted(text, commands[i].about);
        text_char(text, '\n');
    }
    for (size_t i = 0; i < command_count; i++) {
        text_char(text, '\n');
        for (size_t row = 0; row < commands[i].options->count; row++)
            put_option(text, &commands[i], &commands[i].options->rows[row]);
        put_operands(text, &commands[i]);
    }
}
