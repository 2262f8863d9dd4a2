#include "render/columns.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void headings_are(const struct columns *columns, const char *expected)
{
    TEXT(text, 512);

    for (size_t i = 0; i < columns->count; i++) {
        if (i > 0)
            text_char(&text, ' ');
        text_string(&text, columns->list[i].metric->heading);
    }
    assert_text(&text, expected);
}

static void the_default_14(void **state)
{
    struct columns columns = {0};
    (void)state;

    assert_int_equal(columns_add_set(&columns, COLUMNS_DEFAULT), 0);
    assert_int_equal(columns.count, 14);
    headings_are(&columns, "r b swpd free buff cache min maj in cs us sy id wa");
    columns_free(&columns);
    assert_int_equal(columns.count, 0);
}

static void the_wide_ones_have_all_of_the_default_and_more(void **state)
{
    struct columns columns = {0};
    (void)state;

    columns_add_set(&columns, COLUMNS_WIDE);
    size_t wide = columns.count;
    headings_are(&columns,
                 "r b swpd free avail buff cache si so bi bo min maj rfile ranon in cs us sy id wa st gu");
    columns_add_set(&columns, COLUMNS_DEFAULT);
    assert_int_equal(columns.count, wide);
    columns_free(&columns);
}

static void stall_shares_come_behind(void **state)
{
    struct columns columns = {0};
    (void)state;

    columns_add_set(&columns, COLUMNS_DEFAULT);
    columns_add_set(&columns, COLUMNS_PSI);
    headings_are(&columns, "r b swpd free buff cache min maj in cs us sy id wa cpuS memS memF ioS ioF");
    columns_free(&columns);
}

static void all_is_the_whole_table_in_its_order(void **state)
{
    struct columns columns = {0};
    (void)state;

    columns_add_set(&columns, COLUMNS_ALL);
    assert_int_equal(columns.count, METRIC_TABLE_SIZE);
    for (size_t i = 0; i < columns.count; i++)
        assert_ptr_equal(columns.list[i].metric, &metric_table[i]);
    columns_free(&columns);
}

static void a_list_names_ids_headings_and_keys_in_the_users_order(void **state)
{
    struct columns columns = {0};
    struct problem problem;
    (void)state;

    assert_int_equal(columns_add_list(&columns, "maj,mem_free_bytes,vmstat.pgsteal_kswapd,r,meminfo.Slab",
                                      &problem),
                     0);
    headings_are(&columns, "maj free pgsteal_kswapd r Slab");
    assert_int_equal(columns.own_count, 2);
    columns_free(&columns);
}

static void a_column_named_twice_is_shown_once(void **state)
{
    struct columns columns = {0};
    struct problem problem;
    (void)state;

    assert_int_equal(columns_add_list(&columns, "maj,major_faults_per_second,r,maj", &problem), 0);
    headings_are(&columns, "maj r");
    columns_free(&columns);
}

/* Who goes through `own` takes each for a column that the sampler was asked for. */
static void a_key_named_twice_is_one_metric(void **state)
{
    struct columns columns = {0};
    struct problem problem;
    (void)state;

    assert_int_equal(columns_add_list(&columns, "vmstat.pgfault,r,vmstat.pgfault", &problem), 0);
    headings_are(&columns, "pgfault r");
    size_t own_count = columns.own_count;
    columns_free(&columns);
    assert_int_equal(own_count, 1);
}

static void an_unknown_word_is_named(void **state)
{
    static const char *const lists[] = {"r,frea,maj", "frea", "r,frea"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct columns columns = {0};
        struct problem problem = {0};
        assert_int_equal(columns_add_list(&columns, lists[i], &problem), -EINVAL);
        assert_string_equal(
            problem.text, "unknown column 'frea': expected ids or headings that `-o help` lists, vmstat.KEY "
                          "or meminfo.KEY, with commas between");
        columns_free(&columns);
    }
}

static void empty_words_and_endless_ones_are_refused(void **state)
{
    static const char *const lists[] = {"", ",", "r,", ",r", "r,,maj", " r", "r maj", "vmstat.", "R"};
    char endless[3000] = "vmstat.";
    (void)state;

    memset(endless + 7, 'k', sizeof(endless) - 8);
    for (size_t i = 0; i <= COUNT_OF(lists); i++) {
        struct columns columns = {0};
        struct problem problem = {0};
        assert_int_equal(columns_add_list(&columns, i < COUNT_OF(lists) ? lists[i] : endless, &problem),
                         -EINVAL);
        columns_free(&columns);
    }
}

static void wanting_them_sets_the_places_of_their_values(void **state)
{
    struct sampler *sampler = sampler_new();
    struct columns columns = {0};
    struct problem problem;
    (void)state;

    columns_add_list(&columns, "vmstat.pgsteal_kswapd,maj,meminfo.Slab", &problem);
    assert_int_equal(columns_want(&columns, sampler), 0);
    assert_int_equal(columns.list[0].index, METRIC_TABLE_SIZE);
    assert_int_equal(columns.list[1].index, M_major_faults_per_second);
    assert_int_equal(columns.list[2].index, METRIC_TABLE_SIZE + 1);
    assert_true(sampler_wants(sampler, M_major_faults_per_second));
    assert_false(sampler_wants(sampler, M_minor_faults_per_second));
    sampler_free(sampler);
    columns_free(&columns);
}

static void chosen_are(const char *list, enum column_set set, bool psi, const char *expected)
{
    struct columns columns = {0};
    struct problem problem;

    assert_int_equal(columns_choose(&columns, list, set, psi, &problem), 0);
    headings_are(&columns, expected);
    columns_free(&columns);
}

static void a_list_is_chosen_before_a_set_and_stalls_come_behind_either(void **state)
{
    (void)state;
    chosen_are(NULL, COLUMNS_PSI, false, "cpuS memS memF ioS ioF");
    chosen_are("r,maj", COLUMNS_WIDE, false, "r maj");
    chosen_are("r,memF", COLUMNS_WIDE, true, "r memF cpuS memS ioS ioF");
    chosen_are(NULL, COLUMNS_DEFAULT, true,
               "r b swpd free buff cache min maj in cs us sy id wa cpuS memS memF ioS ioF");
}

static void a_list_that_cannot_be_chosen_is_told(void **state)
{
    struct columns columns = {0};
    struct problem problem = {0};
    (void)state;

    assert_int_equal(columns_choose(&columns, "r,frea", COLUMNS_WIDE, true, &problem), -EINVAL);
    assert_string_equal(problem.text,
                        "unknown column 'frea': expected ids or headings that `-o help` lists, vmstat.KEY "
                        "or meminfo.KEY, with commas between");
    columns_free(&columns);
}

static void a_column_is_as_wide_as_it_was_added(void **state)
{
    static const struct metric own = {.id = "own_lowest", .heading = "own", .width = 8};
    struct columns columns = {0};
    (void)state;

    assert_int_equal(columns_add(&columns, &own, 9, SIZE_m), 0);
    assert_int_equal(columns_add(&columns, &own, 5, SIZE_K), 0); /* is there */
    assert_int_equal(columns.count, 1);
    assert_int_equal(columns.list[0].width, 9);
    assert_int_equal(columns.list[0].unit, SIZE_m);
    columns_free(&columns);
}

static void help_names_each_heading_id_and_meaning(void **state)
{
    struct text text = text_new(32768);
    (void)state;

    columns_put_help(&text);
    assert_int_equal(text.lost, 0);
    text_char(&text, '\0');
    assert_non_null(
        strstr(text.bytes,
               "maj     major_faults_per_second        page faults that waited for a read from disk"));
    assert_non_null(strstr(text.bytes, "vmstat.KEY"));
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        assert_non_null(strstr(text.bytes, metric_table[i].help));
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_14),
        cmocka_unit_test(the_wide_ones_have_all_of_the_default_and_more),
        cmocka_unit_test(stall_shares_come_behind),
        cmocka_unit_test(all_is_the_whole_table_in_its_order),
        cmocka_unit_test(a_list_names_ids_headings_and_keys_in_the_users_order),
        cmocka_unit_test(a_column_named_twice_is_shown_once),
        cmocka_unit_test(a_key_named_twice_is_one_metric),
        cmocka_unit_test(an_unknown_word_is_named),
        cmocka_unit_test(empty_words_and_endless_ones_are_refused),
        cmocka_unit_test(wanting_them_sets_the_places_of_their_values),
        cmocka_unit_test(a_list_is_chosen_before_a_set_and_stalls_come_behind_either),
        cmocka_unit_test(a_list_that_cannot_be_chosen_is_told),
        cmocka_unit_test(a_column_is_as_wide_as_it_was_added),
        cmocka_unit_test(help_names_each_heading_id_and_meaning),
    };
    return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
