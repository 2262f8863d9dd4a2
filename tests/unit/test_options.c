#include "commands/options.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    bool wide;
    bool psi;
    const char *proc;
    const char *columns;
    int color;
    uint64_t rows;
};

static int apply_color(void *settings, const char *value)
{
    if (strcmp(value, "red") != 0)
        return -EINVAL;
    ((struct settings *)settings)->color = 1;
    return 0;
}

#define FIELD(name) .offset = offsetof(struct settings, name)

static const struct option_row rows[] = {
    {"columns", 'o', "LIST", "these columns", FIELD(columns)},
    {"wide", 'w', NULL, "more columns", FIELD(wide)},
    {"psi", 0, NULL, "pressure", FIELD(psi)},
    {"proc", 0, "DIR", "another /proc", FIELD(proc)},
    {"color", 'c', "WHICH", "a color", .apply = apply_color, .expected = "red"},
    {"rows", 'n', "N", "so many rows", .least = 2, .most = 10, .expected = "2 to 10", FIELD(rows)},
};
static const struct option_table table = OPTION_TABLE(rows);

/* A command line and what came of it. */
struct line {
    struct command_line given;
    struct settings settings;
    struct problem problem;
    int operands;
    int error;
};

/* Parses the words of TEXT, which are parted by blanks. */
static void parse(struct line *line, char *text)
{
    *line = (struct line){.given = command_line_of("faultline", text), .operands = -1};
    line->error = options_parse(&table, &line->settings, line->given.count, line->given.words,
                                &line->operands, &line->problem);
}

/* Parses, and what is left over has to be OPERANDS. */
static void accepts(struct line *line, const char *words, const char *operands)
{
    static char copy[512]; /* the settings point into it */
    TEXT(rest, 256);

    strcpy(copy, words);
    parse(line, copy);
    if (line->error < 0)
        fail_msg("%s: %s", words, line->problem.text);
    for (int i = line->operands; i < line->given.count; i++) {
        if (rest.length > 0)
            text_char(&rest, ' ');
        text_string(&rest, line->given.words[i]);
    }
    assert_text(&rest, operands);
    assert_null(line->given.words[line->given.count]);
}

static void refuses(const char *words, const char *problem)
{
    struct line line;
    char copy[512];

    strcpy(copy, words);
    parse(&line, copy);
    assert_int_equal(line.error, -EINVAL);
    assert_string_equal(line.problem.text, problem);
}

static void no_words_set_nothing(void **state)
{
    struct line line;
    (void)state;

    accepts(&line, "", "");
    assert_false(line.settings.wide);
    assert_null(line.settings.proc);
}

static void long_names(void **state)
{
    struct line line;
    (void)state;

    accepts(&line, "--wide --proc /host/proc --columns=r,b", "");
    assert_true(line.settings.wide);
    assert_false(line.settings.psi);
    assert_string_equal(line.settings.proc, "/host/proc");
    assert_string_equal(line.settings.columns, "r,b");
}

static void letters(void **state)
{
    struct line line;
    (void)state;

    accepts(&line, "-w -o r,b", "");
    assert_true(line.settings.wide);
    assert_string_equal(line.settings.columns, "r,b");
    accepts(&line, "-wor,b", ""); /* together */
    assert_true(line.settings.wide);
    assert_string_equal(line.settings.columns, "r,b");
}

static void the_last_of_two_counts(void **state)
{
    struct line line;
    (void)state;

    accepts(&line, "-o r -o b", "");
    assert_string_equal(line.settings.columns, "b");
}

static void a_value_goes_through_its_function(void **state)
{
    struct line line;
    (void)state;

    accepts(&line, "--color red", "");
    assert_int_equal(line.settings.color, 1);
    accepts(&line, "-c red", "");
    assert_int_equal(line.settings.color, 1);
    refuses("--color blue", "--color 'blue': expected red");
    refuses("-c blue", "--color 'blue': expected red");
}

static void a_number_is_within_its_bounds(void **state)
{
    struct line line;
    (void)state;

    accepts(&line, "--rows 2", "");
    assert_int_equal(line.settings.rows, 2);
    accepts(&line, "-n 10", "");
    assert_int_equal(line.settings.rows, 10);
    refuses("--rows 1", "--rows '1': expected 2 to 10");
    refuses("--rows 11", "--rows '11': expected 2 to 10");
    refuses("--rows 3x", "--rows '3x': expected 2 to 10");
    refuses("--rows 18446744073709551616", "--rows '18446744073709551616': expected 2 to 10");
}

static void options_may_follow_operands(void **state)
{
    struct line line;
    (void)state;

    accepts(&line, "0.1 --wide 5 -o r", "0.1 5");
    assert_true(line.settings.wide);
    assert_string_equal(line.settings.columns, "r");
}

static void two_dashes_end_the_options(void **state)
{
    struct line line;
    (void)state;

    accepts(&line, "--wide -- --psi -5 -o", "--psi -5 -o");
    assert_true(line.settings.wide);
    assert_false(line.settings.psi);
}

static void a_long_name_may_be_cut_where_it_is_clear(void **state)
{
    struct line line;
    (void)state;

    accepts(&line, "--pro /p --wi", "");
    assert_string_equal(line.settings.proc, "/p");
    assert_true(line.settings.wide);
    refuses("--p", "unknown option '--p': see --help"); /* psi or proc */
}

static void unknown_options_are_named(void **state)
{
    (void)state;
    refuses("--zork", "unknown option '--zork': see --help");
    refuses("--zork=3", "unknown option '--zork=3': see --help");
    refuses("1 5 --zork", "unknown option '--zork': see --help");
    refuses("-z", "unknown option '-z': see --help");
    refuses("-wz", "unknown option '-z': see --help");
    refuses("1 -z", "unknown option '-z': see --help");
}

/* The word before is none of its business. */
static void an_unknown_letter_in_front_of_others_behind_a_long_option_is_named(void **state)
{
    (void)state;
    refuses("--wide -zw", "unknown option '-z': see --help");
    refuses("--psi -w -zw", "unknown option '-z': see --help");
}

static void a_missing_value_is_told(void **state)
{
    (void)state;
    refuses("--proc", "option '--proc' wants a value: see --help");
    refuses("-o", "option '-o' wants a value: see --help");
    refuses("--wide -o", "option '-o' wants a value: see --help");
    refuses("-wo", "option '-o' wants a value: see --help");
}

static void a_value_too_many_is_told(void **state)
{
    (void)state;
    refuses("--wide=yes", "option '--wide=yes' takes no value: see --help");
}

static void a_negative_number_is_no_option(void **state)
{
    (void)state;
    refuses("-5", "'-5': expected a number above 0");
    refuses("1 -10", "'-10': expected a number above 0");
    refuses("-.5 3", "'-.5': expected a number above 0");
    refuses("--wide -1", "'-1': expected a number above 0");
}

static void it_can_be_done_twice_in_a_program(void **state)
{
    struct line line;
    (void)state;

    refuses("-wz", "unknown option '-z': see --help"); /* getopt stopped in the middle of a word */
    accepts(&line, "-w 3", "3");
    assert_true(line.settings.wide);
}

/* Parses up to the first operand; what is left over has to be OPERANDS. */
static void accepts_up_to_operand(struct line *line, const char *words, const char *operands)
{
    static char copy[512];
    TEXT(rest, 256);

    strcpy(copy, words);
    *line = (struct line){.given = command_line_of("faultline", copy), .operands = -1};
    line->error = options_parse_up_to_operand(&table, &line->settings, line->given.count, line->given.words,
                                              &line->operands, &line->problem);
    if (line->error < 0)
        fail_msg("%s: %s", words, line->problem.text);
    for (int i = line->operands; i < line->given.count; i++) {
        text_string(&rest, line->given.words[i]);
        text_char(&rest, ' ');
    }
    assert_text(&rest, operands);
}

static void options_may_end_at_the_first_operand(void **state)
{
    struct line line;
    (void)state;

    accepts_up_to_operand(&line, "-w --proc /p make -w --psi -o x", "make -w --psi -o x ");
    assert_true(line.settings.wide);
    assert_string_equal(line.settings.proc, "/p");
    assert_false(line.settings.psi);
    assert_null(line.settings.columns);
    accepts_up_to_operand(&line, "make --what -- x", "make --what -- x ");
    assert_false(line.settings.wide);
    accepts_up_to_operand(&line, "--psi -- -w -- x", "-w -- x ");
    assert_true(line.settings.psi);
    assert_false(line.settings.wide);
    accepts_up_to_operand(&line, "-w", "");
    accepts_up_to_operand(&line, "", "");
    accepts_up_to_operand(&line, "- -w", "- -w "); /* which is no option */
    assert_false(line.settings.wide);
    accepts(&line, "make -w", "make"); /* and the other way is as it was */
    assert_true(line.settings.wide);
}

static void what_is_wrong_in_front_of_an_operand_is_told(void **state)
{
    static const struct {
        const char *words, *problem;
    } cases[] = {
        {"--what make", "unknown option '--what': see --help"},
        {"-z make", "unknown option '-z': see --help"},
        {"-w -o", "option '-o' wants a value: see --help"},
        {"--rows 99 make", "--rows '99': expected 2 to 10"},
        {"-1 make", "'-1': expected a number above 0"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct line line = {.operands = -1};
        char copy[128];
        strcpy(copy, cases[i].words);
        line.given = command_line_of("faultline", copy);
        assert_int_equal(options_parse_up_to_operand(&table, &line.settings, line.given.count,
                                                     line.given.words, &line.operands, &line.problem),
                         -EINVAL);
        assert_string_equal(line.problem.text, cases[i].problem);
    }
}

static void help_has_a_line_for_each(void **state)
{
    TEXT(text, 1024);
    (void)state;

    options_put_help(&text, &table);
    assert_text(&text, "  -o, --columns LIST         these columns\n"
                       "  -w, --wide                 more columns\n"
                       "      --psi                  pressure\n"
                       "      --proc DIR             another /proc\n"
                       "  -c, --color WHICH          a color\n"
                       "  -n, --rows N               so many rows\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_words_set_nothing),
        cmocka_unit_test(long_names),
        cmocka_unit_test(letters),
        cmocka_unit_test(the_last_of_two_counts),
        cmocka_unit_test(a_value_goes_through_its_function),
        cmocka_unit_test(a_number_is_within_its_bounds),
        cmocka_unit_test(options_may_follow_operands),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(a_long_name_may_be_cut_where_it_is_clear),
        cmocka_unit_test(unknown_options_are_named),
        cmocka_unit_test(an_unknown_letter_in_front_of_others_behind_a_long_option_is_named),
        cmocka_unit_test(a_missing_value_is_told),
        cmocka_unit_test(a_value_too_many_is_told),
        cmocka_unit_test(a_negative_number_is_no_option),
        cmocka_unit_test(it_can_be_done_twice_in_a_program),
        cmocka_unit_test(options_may_end_at_the_first_operand),
        cmocka_unit_test(what_is_wrong_in_front_of_an_operand_is_told),
        cmocka_unit_test(help_has_a_line_for_each),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
