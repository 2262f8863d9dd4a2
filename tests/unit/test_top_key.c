#include "metric/top_key.h"
#include "support.h"

#define KEYS(...) (&(struct top_keys){{__VA_ARGS__}})

/* A comes before B, and not the other way around. */
static void before(const struct top_keys *a, const struct top_keys *b, enum top_key sort)
{
    assert_true(top_keys_are_before(a, b, sort));
    assert_false(top_keys_are_before(b, a, sort));
}

static void the_most_of_the_key_comes_first(void **state)
{
    (void)state;

    for (enum top_key sort = 0; sort < TOP_KEYS; sort++) {
        struct top_keys one = {{100, 100, 100, 100, 100}};
        struct top_keys other = {{200, 200, 200, 200, 200}};
        one.values[sort] = 300; /* whatever the others are */
        before(&one, &other, sort);
    }
    before(KEYS([TOP_KEY_RSS] = UINT64_MAX), KEYS([TOP_KEY_RSS] = UINT64_MAX - 1), TOP_KEY_RSS);
}

static void where_it_is_equal_the_others_tell(void **state)
{
    (void)state;

    for (enum top_key sort = 0; sort < TOP_KEYS; sort++) {
        for (enum top_key key = 0; key < TOP_KEYS; key++) {
            struct top_keys one = {{5, 5, 5, 5, 5}};
            struct top_keys other = {{5, 5, 5, 5, 5}};
            one.values[key]++;
            for (enum top_key less = key + 1; less < TOP_KEYS; less++) {
                if (less != sort)
                    other.values[less] = 1000; /* which comes too late, but for the one that is sorted by */
            }
            before(&one, &other, sort);
        }
    }
}

static void equal_ones_are_in_no_order(void **state)
{
    (void)state;

    for (enum top_key sort = 0; sort < TOP_KEYS; sort++)
        assert_false(top_keys_are_before(KEYS(1, 2, 3, 4, 5), KEYS(1, 2, 3, 4, 5), sort));
}

static void what_is_absent_is_nothing(void **state)
{
    (void)state;

    assert_int_equal(top_key_of((struct value){7, true}), 7);
    assert_int_equal(top_key_of((struct value){7, false}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_of_the_key_comes_first),
        cmocka_unit_test(where_it_is_equal_the_others_tell),
        cmocka_unit_test(equal_ones_are_in_no_order),
        cmocka_unit_test(what_is_absent_is_nothing),
    };
    return cmocka_run_group_tests_name("top_key", tests, NULL, NULL);
}
