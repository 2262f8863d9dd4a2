#include "render/openmetrics_family.h"
#include "support.h"

#include <string.h>

#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

static void head_is(enum openmetrics_format format, const struct openmetrics_family *family,
                    const char *expected)
{
    TEXT(text, 1024);
    openmetrics_put_head(&text, format, family);
    assert_text(&text, expected);
}

static void heads_of_each_type(void **state)
{
    static const struct {
        enum openmetrics_type type;
        const char *openmetrics;
        const char *text;
    } cases[] = {
        {OPENMETRICS_GAUGE, "# HELP a b\n# TYPE a gauge\n", "# HELP a b\n# TYPE a gauge\n"},
        {OPENMETRICS_COUNTER, "# HELP a b\n# TYPE a counter\n", "# HELP a_total b\n# TYPE a_total counter\n"},
        {OPENMETRICS_HISTOGRAM, "# HELP a b\n# TYPE a histogram\n", "# HELP a b\n# TYPE a histogram\n"},
        {OPENMETRICS_UNKNOWN, "# HELP a b\n# TYPE a unknown\n", "# HELP a b\n# TYPE a untyped\n"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct openmetrics_family family = {"a", cases[i].type, "b"};
        head_is(OPENMETRICS_1_0, &family, cases[i].openmetrics);
        head_is(OPENMETRICS_TEXT_0_0_4, &family, cases[i].text);
    }
}

static void a_unit_is_what_the_name_ends_with(void **state)
{
    (void)state;
    head_is(OPENMETRICS_1_0, &(struct openmetrics_family){"a_bytes", OPENMETRICS_COUNTER, "b"},
            "# HELP a_bytes b\n# TYPE a_bytes counter\n# UNIT a_bytes bytes\n");
    head_is(OPENMETRICS_1_0, &(struct openmetrics_family){"a_seconds", OPENMETRICS_HISTOGRAM, "b"},
            "# HELP a_seconds b\n# TYPE a_seconds histogram\n# UNIT a_seconds seconds\n");
    head_is(OPENMETRICS_1_0, &(struct openmetrics_family){"bytes", OPENMETRICS_GAUGE, "b"},
            "# HELP bytes b\n# TYPE bytes gauge\n");
    head_is(OPENMETRICS_TEXT_0_0_4, &(struct openmetrics_family){"a_bytes", OPENMETRICS_GAUGE, "b"},
            "# HELP a_bytes b\n# TYPE a_bytes gauge\n");
}

static void help_is_escaped(void **state)
{
    static const struct openmetrics_family family = {"a", OPENMETRICS_GAUGE, "\"\\\n\xe9\xe2\x82\xac"};
    (void)state;

    head_is(OPENMETRICS_1_0, &family, "# HELP a \\\"\\\\\\n" REPLACED "\xe2\x82\xac\n# TYPE a gauge\n");
    head_is(OPENMETRICS_TEXT_0_0_4, &family, "# HELP a \"\\\\\\n" REPLACED "\xe2\x82\xac\n# TYPE a gauge\n");
}

static void a_sample_has_a_suffix_and_labels(void **state)
{
    static const struct openmetrics_family histogram = {"a", OPENMETRICS_HISTOGRAM, ""};
    static const struct openmetrics_family counter = {"c", OPENMETRICS_COUNTER, ""};
    const struct openmetrics_label list[] = {{"le", "0.5"}, {"comm", "\"\\\n\xff"}};
    const uint64_t wall_ns = UINT64_C(1234567890123);
    TEXT(text, 1024);
    (void)state;

    openmetrics_begin_sample(&text, &histogram, "_bucket", &(struct openmetrics_labels){list, 2});
    text_unsigned(&text, 7);
    openmetrics_end_sample(&text, NULL);
    openmetrics_begin_sample(&text, &counter, "", NULL);
    text_unsigned(&text, 8);
    openmetrics_end_sample(&text, &wall_ns);
    openmetrics_begin_sample(&text, &counter, "", &(struct openmetrics_labels){list, 0});
    assert_text(&text, "a_bucket{le=\"0.5\",comm=\"\\\"\\\\\\n" REPLACED "ff\"} 7\n"
                       "c_total 8 1234.567\n"
                       "c_total ");
}

static void label_is(const char *value, const char *expected)
{
    static const struct openmetrics_family family = {"a", OPENMETRICS_GAUGE, ""};
    const struct openmetrics_label label = {"l", value};
    TEXT(text, 256);

    openmetrics_begin_sample(&text, &family, "", &(struct openmetrics_labels){&label, 1});
    assert_text(&text, expected);
}

static void values_that_differ_still_do(void **state)
{
    (void)state;
    label_is("\xff", "a{l=\"" REPLACED "ff\"} ");
    label_is("\xfe", "a{l=\"" REPLACED "fe\"} ");
    label_is(REPLACED, "a{l=\"" REPLACED REPLACED "\"} ");
    label_is(REPLACED "ff", "a{l=\"" REPLACED REPLACED "ff\"} ");
    label_is(REPLACED "\xff", "a{l=\"" REPLACED REPLACED REPLACED "ff\"} ");
    label_is("\xff" REPLACED, "a{l=\"" REPLACED "ff" REPLACED REPLACED "\"} ");
    label_is("caf\xc3\xa9", "a{l=\"caf\xc3\xa9\"} ");
    label_is("\xe2\x82", "a{l=\"" REPLACED "e2" REPLACED "82\"} ");
}

static void quotient_is(uint64_t number, uint64_t divisor, const char *expected)
{
    TEXT(text, 64);
    openmetrics_put_quotient(&text, number, divisor);
    assert_text(&text, expected);
}

static void quotients_are_exact(void **state)
{
    (void)state;
    quotient_is(0, 1, "0");
    quotient_is(UINT64_MAX, 1, "18446744073709551615");
    quotient_is(0, 1000, "0.000");
    quotient_is(7, 1000, "0.007");
    quotient_is(12345, 100, "123.45");
    quotient_is(UINT64_MAX, 1000000, "18446744073709.551615");
}

/* As the same family put word by word, in both formats; the spans are where the words stand. */
static void a_prepared_family_is_the_same(void **state)
{
    const struct openmetrics_family families[] = {
        {"faultline_stall_seconds", OPENMETRICS_COUNTER, "with \"quotes\", a \\ and\na line"},
        {"faultline_free_bytes", OPENMETRICS_GAUGE, "free"},
        {"node_vmstat_pgfault", OPENMETRICS_UNKNOWN, "field"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(families); i++) {
        struct openmetrics_prepared prepared = {0};
        assert_int_equal(openmetrics_prepare(&prepared, &families[i]), 0);
        for (enum openmetrics_format format = OPENMETRICS_1_0; format <= OPENMETRICS_TEXT_0_0_4; format++) {
            struct gzip_span list[1];
            struct openmetrics_spans spans = {.list = list, .room = 1};
            struct text plain = text_new(1024);
            struct text text = text_new(1024);
            openmetrics_put_head(&plain, format, &families[i]);
            openmetrics_begin_sample(&plain, &families[i], "", NULL);
            size_t words = plain.length;
            openmetrics_put_quotient(&plain, 1234567, 1000);
            openmetrics_end_sample(&plain, NULL);
            text_string(&text, "before\n");
            openmetrics_put_prepared(&text, &spans, format, &prepared, 1234567, 1000);
            openmetrics_put_prepared(&text, &spans, format, &prepared, 1, 1); /* no room in the spans */
            assert_memory_equal(text.bytes + 7, plain.bytes, plain.length);
            assert_int_equal(spans.count, gzip_is_possible());
            if (gzip_is_possible()) {
                assert_int_equal(list[0].offset, 7);
                assert_int_equal(list[0].length, words);
            }
            text_free(&plain);
            text_free(&text);
        }
        openmetrics_prepared_free(&prepared);
    }
}

static void only_openmetrics_has_an_end(void **state)
{
    TEXT(text, 64);
    (void)state;

    openmetrics_put_end(&text, OPENMETRICS_TEXT_0_0_4);
    assert_text(&text, "");
    openmetrics_put_end(&text, OPENMETRICS_1_0);
    assert_text(&text, "# EOF\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_of_each_type),
        cmocka_unit_test(a_unit_is_what_the_name_ends_with),
        cmocka_unit_test(help_is_escaped),
        cmocka_unit_test(a_sample_has_a_suffix_and_labels),
        cmocka_unit_test(values_that_differ_still_do),
        cmocka_unit_test(quotients_are_exact),
        cmocka_unit_test(a_prepared_family_is_the_same),
        cmocka_unit_test(only_openmetrics_has_an_end),
    };
    return cmocka_run_group_tests_name("openmetrics_family", tests, NULL, NULL);
}
