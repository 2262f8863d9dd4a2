#include "commands/completion/shells.h"

#include <string.h>

/* Inside of '...[HELP]:ARGUMENT:...': what ends one of these is quoted. */
static void put_quoted(struct text *text, const char *words)
{
    for (; *words; words++) {
        if (strchr("[]:\\", *words))
            text_char(text, '\\');
        if (*words == '\'')
            text_string(text, "'\\'");
        text_char(text, *words);
    }
}

static void put_action(struct text *text, enum completion_kind kind, const char *choices)
{
    static const char *const actions[] = {
        [COMPLETION_NONE] = "",
        [COMPLETION_ANY] = " ",
        [COMPLETION_FILE] = "_files",
        [COMPLETION_FOLDER] = "_files -/",
        [COMPLETION_COMMAND] = "_command_names -e",
        [COMPLETION_USER] = "_users",
        [COMPLETION_CHOICE] = "(",
        [COMPLETION_COLUMNS] = "_values -s , column ",
    };

    text_string(text, actions[kind]);
    if (kind == COMPLETION_COLUMNS)
        completion_put_columns(text);
    if (kind != COMPLETION_CHOICE)
        return;
    completion_put_words(text, choices);
    text_char(text, ')');
}

static void put_option(struct text *text, const struct option_row *row)
{
    enum completion_kind kind = completion_kind_of(row);

    if (row->letter)
        text_format(text, " \\\n        '(-%c --%s)'{-%c,--%s}'[", row->letter, row->name, row->letter,
                    row->name);
    else
        text_format(text, " \\\n        '--%s[", row->name);
    put_quoted(text, row->help);
    text_char(text, ']');
    if (kind != COMPLETION_NONE) {
        text_char(text, ':');
        put_quoted(text, row->argument);
        text_char(text, ':');
        put_action(text, kind, row->choices);
    }
    text_char(text, '\'');
}

static void put_function(struct text *text, const struct command *command)
{
    enum completion_kind kind = completion_kind_of_operands(command->operands);

    text_format(text, "\n_faultline_%s() {\n    _arguments -s", command->name[0] ? command->name : "live");
    for (size_t i = 0; i < command->options->count; i++)
        put_option(text, &command->options->rows[i]);
    if (kind == COMPLETION_COMMAND) {
        text_string(text, " \\\n        '*::command:_normal'");
    } else if (kind != COMPLETION_NONE) {
        text_string(text, " \\\n        '*:");
        put_quoted(text, command->operands);
        text_char(text, ':');
        put_action(text, kind, command->operands);
        text_char(text, '\'');
    }
    text_string(text, "\n}\n");
}

static void put_commands(struct text *text)
{
    text_string(text, "\n_faultline() {\n    local -a commands=(");
    for (size_t i = 0; i < command_count; i++) {
        if (!commands[i].name[0])
            continue;
        text_format(text, "\n        '%s:", commands[i].name);
        put_quoted(text, commands[i].about);
        text_char(text, '\'');
    }
    text_string(text, "\n    )\n"
                      "    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
                      "        _describe -t commands command commands\n"
                      "        return\n"
                      "    fi\n"
                      "    if (( $+functions[_faultline_${words[2]}] )) && [[ $words[2] != live ]]; then\n"
                      "        shift words\n"
                      "        (( CURRENT-- ))\n"
                      "        _faultline_$words[1]\n"
                      "    else\n"
                      "        _faultline_live\n"
                      "    fi\n"
                      "}\n");
}

void zsh_put_completion(struct text *text)
{
    text_string(text, "#compdef faultline\n"
                      "# faultline's completion for zsh: made by `faultline completion zsh`\n");
    for (size_t i = 0; i < command_count; i++)
        put_function(text, &commands[i]);
    put_commands(text);
    /* As a file of fpath it is the function's body; sourced, it makes the function known. */
    text_string(text, "\nif [[ $funcstack[1] == _faultline ]]; then\n"
                      "    _faultline \"$@\"\n"
                      "else\n"
                      "    compdef _faultline faultline\n"
                      "fi\n");
}
