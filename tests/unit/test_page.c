#include "base/gzip.h"
#include "render/page.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void it_is_one_file_with_a_place_for_a_recording(void **state)
{
    struct page_parts parts = {0};
    char *html;
    (void)state;

    assert_true(page_is_there());
    assert_int_equal(page_unpack(&html), 0);
    assert_int_equal(strlen(html), page_get().bytes);
    assert_int_equal(strncasecmp(html, "<!doctype html>", 15), 0);
    assert_int_equal(page_parts_open(&parts), 0);
    assert_string_equal(parts.html, html);
    assert_true(parts.before > 0 && parts.after > parts.before && parts.after < strlen(html));
    assert_int_equal(strncmp(html + parts.before, "<!--recording-->", parts.after - parts.before), 0);
    assert_null(strstr(html + parts.after, "<!--recording-->"));
    page_parts_free(&parts);
    page_parts_free(&parts);
    free(html);
}

static void packed_it_is_the_same(void **state)
{
    struct page page = page_get();
    char *html, *unpacked = malloc(page.bytes);
    (void)state;

    assert_non_null(unpacked);
    assert_int_equal(page_unpack(&html), 0);
    assert_int_equal(gzip_unpack(page.packed, page.packed_bytes, unpacked, page.bytes), 0);
    assert_memory_equal(unpacked, html, page.bytes);
    free(unpacked);
    free(html);
}

static void its_policy_lets_nothing_in(void **state)
{
    const char *policy = page_get().policy;
    (void)state;

    assert_non_null(strstr(policy, "default-src 'none'"));
    assert_null(strstr(policy, "unsafe-eval"));
    assert_null(strpbrk(policy, "\r\n"));
    assert_true(strlen(policy) < 512); /* what a header of an answer has room for */
}

static void lines_are(const char *lines, const char *expected)
{
    TEXT(text, 256);
    char *copy = malloc(strlen(lines) + 1);

    assert_non_null(copy);
    memcpy(copy, lines, strlen(lines));
    page_put_lines(&text, copy, strlen(lines));
    assert_text(&text, expected);
    free(copy);
}

static void nothing_in_lines_ends_the_element(void **state)
{
    (void)state;
    lines_are("", "");
    lines_are("{\"a\":1}\n", "{\"a\":1}\n");
    lines_are("{\"comm\":\"</script><b>\"}\n", "{\"comm\":\"\\u003c/script>\\u003cb>\"}\n");
    lines_are("<", "\\u003c");
    lines_are("<<!--", "\\u003c\\u003c!--");
    assert_non_null(strstr(page_element_begin, "id=\"recording\""));
    assert_string_equal(page_element_end, "</script>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_one_file_with_a_place_for_a_recording),
        cmocka_unit_test(packed_it_is_the_same),
        cmocka_unit_test(its_policy_lets_nothing_in),
        cmocka_unit_test(nothing_in_lines_ends_the_element),
    };
    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
