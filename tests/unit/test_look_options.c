#include "commands/look_options.h"
#include "render/style.h"
#include "support.h"

#include <errno.h>

static void units(void **state)
{
    static const struct {
        const char *word;
        enum size_unit unit;
    } words[] = {{"auto", SIZE_AUTO}, {"k", SIZE_k}, {"K", SIZE_K}, {"m", SIZE_m}, {"M", SIZE_M}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        enum size_unit unit = (enum size_unit)77;
        assert_int_equal(look_options_apply_unit(&unit, words[i].word), 0);
        assert_int_equal(unit, words[i].unit);
    }
}

static void colors(void **state)
{
    static const struct {
        const char *word;
        enum color_choice color;
    } words[] = {{"auto", COLOR_AUTO}, {"always", COLOR_ALWAYS}, {"never", COLOR_NEVER}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        enum color_choice color = (enum color_choice)77;
        assert_int_equal(look_options_apply_color(&color, words[i].word), 0);
        assert_int_equal(color, words[i].color);
    }
}

static void other_words_change_nothing(void **state)
{
    static const char *const words[] = {"",          "G",  "kk", "AUTO", "aut",
                                        "automatic", " k", "on", "yes",  "Never"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        enum size_unit unit = SIZE_m;
        enum color_choice color = COLOR_NEVER;
        assert_int_equal(look_options_apply_unit(&unit, words[i]), -EINVAL);
        assert_int_equal(look_options_apply_color(&color, words[i]), -EINVAL);
        assert_int_equal(unit, SIZE_m);
        assert_int_equal(color, COLOR_NEVER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units),
        cmocka_unit_test(colors),
        cmocka_unit_test(other_words_change_nothing),
    };
    return cmocka_run_group_tests_name("look_options", tests, NULL, NULL);
}
