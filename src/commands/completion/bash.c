#include "commands/completion/shells.h"

/* bash alone does it, without the package bash-completion; a "--color=" is three words there. */
static const char beginning[] =
    "# faultline's completion for bash: made by `faultline completion bash`\n"
    "_faultline() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev= command= i options kind= words= theirs=\n"
    "    [ \"$COMP_CWORD\" -gt 0 ] && prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    [ \"$cur\" = = ] && cur=\n"
    "    [ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    [ \"$COMP_CWORD\" -gt 1 ] && command=${COMP_WORDS[1]}\n"
    "    COMPREPLY=()\n"
    "    case $command in\n";

static const char middle[] =
    "    esac\n"
    "    # What follows run's -- is another's command line.\n"
    "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
    "        if [ \"$command ${COMP_WORDS[i]}\" = 'run --' ]; then\n"
    "            if [ $((i + 1)) -eq \"$COMP_CWORD\" ]; then kind=command; else kind=file; fi\n"
    "            prev= theirs=1\n"
    "        fi\n"
    "    done\n"
    "    case $command:$prev in\n";

static const char end[] =
    "    esac\n"
    "    if [[ -z $theirs && $cur == -* ]]; then kind=words words=$options; fi\n"
    "    case $kind in\n"
    "    file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
    "    folder) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
    "    command) mapfile -t COMPREPLY < <(compgen -c -- \"$cur\") ;;\n"
    "    user) mapfile -t COMPREPLY < <(compgen -u -- \"$cur\") ;;\n"
    "    words) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\") ;;\n"
    "    columns)\n"
    "        local before=\n"
    "        [[ $cur == *,* ]] && before=${cur%,*},\n"
    "        compopt -o nospace\n"
    "        mapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$words\" -- \"${cur##*,}\")\n"
    "        ;;\n"
    "    esac\n"
    "}\n"
    "complete -F _faultline faultline\n";

static const char *const kinds[] = {
    [COMPLETION_NONE] = "",           [COMPLETION_ANY] = "",
    [COMPLETION_FILE] = "file",       [COMPLETION_FOLDER] = "folder",
    [COMPLETION_COMMAND] = "command", [COMPLETION_USER] = "user",
    [COMPLETION_CHOICE] = "words",    [COMPLETION_COLUMNS] = "columns",
};

static void put_command_names(struct text *text)
{
    for (size_t i = 0; i < command_count; i++) {
        if (commands[i].name[0])
            text_format(text, " %s", commands[i].name);
    }
}

static void put_options(struct text *text, const struct option_table *table)
{
    text_string(text, "options='");
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].letter)
            text_format(text, "-%c ", table->rows[i].letter);
        text_format(text, "--%s%s", table->rows[i].name, i + 1 < table->count ? " " : "'");
    }
}

/* Of its options, and what an operand may be. */
static void put_command(struct text *text, const struct command *command)
{
    enum completion_kind kind = completion_kind_of_operands(command->operands);

    text_format(text, "    %s) ", command->name[0] ? command->name : "*");
    put_options(text, command->options);
    if (!command->name[0]) {
        text_string(text, "; command= kind=; [ \"$COMP_CWORD\" -eq 1 ] && kind=words words='");
        put_command_names(text);
        text_char(text, '\'');
    } else {
        text_format(text, " kind=%s words='", kinds[kind]);
        if (kind == COMPLETION_CHOICE)
            completion_put_words(text, command->operands);
        text_char(text, '\'');
    }
    text_string(text, " ;;\n");
}

static void put_argument(struct text *text, const struct command *command, const struct option_row *row)
{
    enum completion_kind kind = completion_kind_of(row);

    if (kind == COMPLETION_NONE)
        return;
    text_format(text, "    %s:--%s", command->name, row->name);
    if (row->letter)
        text_format(text, " | %s:-%c", command->name, row->letter);
    text_format(text, ") kind=%s words='", kinds[kind]);
    if (kind == COMPLETION_CHOICE)
        completion_put_words(text, row->choices);
    else if (kind == COMPLETION_COLUMNS)
        completion_put_columns(text);
    text_string(text, "' ;;\n");
}

void bash_put_completion(struct text *text)
{
    text_string(text, beginning);
    for (size_t i = 1; i < command_count; i++)
        put_command(text, &commands[i]);
    put_command(text, &commands[0]); /* any other word */
    text_string(text, middle);
    for (size_t i = 0; i < command_count; i++) {
        for (size_t row = 0; row < commands[i].options->count; row++)
            put_argument(text, &commands[i], &commands[i].options->rows[row]);
    }
    text_string(text, end);
}
