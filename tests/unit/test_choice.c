#include "base/choice.h"
#include "support.h"

#include <errno.h>

static const char *const words[] = {"auto", "k", "K", "m", "M"};

static void a_word_is_its_place_in_the_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        assert_int_equal(choice_parse(words[i], words, COUNT_OF(words)), i);
}

static void whole_words_only_and_case_counts(void **state)
{
    static const char *const wrong[] = {"", "a", "aut", "autos", "AUTO", "kk", " k", "k "};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(choice_parse(wrong[i], words, COUNT_OF(words)), -EINVAL);
}

static void words_behind_the_count_are_not_looked_at(void **state)
{
    (void)state;
    assert_int_equal(choice_parse("K", words, 2), -EINVAL);
    assert_int_equal(choice_parse("auto", words, 0), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_its_place_in_the_list),
        cmocka_unit_test(whole_words_only_and_case_counts),
        cmocka_unit_test(words_behind_the_count_are_not_looked_at),
    };
    return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
