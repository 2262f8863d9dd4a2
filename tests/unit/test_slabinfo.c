#include "kernel/slabinfo.h"
#include "support.h"

#include <errno.h>
#include <string.h>

static int next(struct span *text, struct slab *slab)
{
    memset(slab, 0xee, sizeof(*slab));
    return slabinfo_next(text, slab);
}

static void the_caches_of_a_kernel(void **state)
{
    struct span text = span_of("slabinfo - version: 2.1\n"
                               "# name            <active_objs> <num_objs> <objsize> <objperslab> "
                               "<pagesperslab> : tunables <limit>\n"
                               "dentry            40446  41160    192   21    1 : tunables    0    0    0 : "
                               "slabdata   1960   1960      0\n"
                               "a name of blanks      1      2      3    4    5 : tunables    0    0    0 : "
                               "slabdata      1      1      0\n"
                               "bare 6 7 8 9 10");
    struct slab slab;
    (void)state;

    assert_int_equal(slabinfo_begin(&text), 0);
    assert_int_equal(next(&text, &slab), 1);
    assert_string_equal(slab.name, "dentry");
    assert_value(slab.numbers[SLAB_ACTIVE_OBJECTS], 40446);
    assert_value(slab.numbers[SLAB_OBJECTS], 41160);
    assert_value(slab.numbers[SLAB_OBJECT_BYTES], 192);
    assert_value(slab.numbers[SLAB_OBJECTS_PER_SLAB], 21);
    assert_value(slab.numbers[SLAB_PAGES_PER_SLAB], 1);
    assert_int_equal(next(&text, &slab), 1);
    assert_string_equal(slab.name, "a name of blanks");
    assert_value(slab.numbers[SLAB_PAGES_PER_SLAB], 5);
    assert_int_equal(next(&text, &slab), 1);
    assert_string_equal(slab.name, "bare");
    assert_value(slab.numbers[SLAB_ACTIVE_OBJECTS], 6);
    assert_int_equal(next(&text, &slab), 0);
}

static int begin(const char *text)
{
    struct span span = span_of(text);
    return slabinfo_begin(&span);
}

static void other_versions_are_refused(void **state)
{
    (void)state;
    assert_int_equal(begin("slabinfo - version: 2.0\n"), 0);
    assert_int_equal(begin("slabinfo - version: 2.0 (statistics)\n"), 0);
    assert_int_equal(begin("slabinfo - version: 1.1\n"), -EINVAL);
    assert_int_equal(begin("slabinfo - version: 3.0\n"), -EINVAL);
    assert_int_equal(begin("slabinfo - version: 2.2\n"), -EINVAL);
    assert_int_equal(begin("dentry 1 2 3 4 5\n"), -EINVAL);
    assert_int_equal(begin(""), -EINVAL);
}

static void what_is_not_understood_is_taken_off(void **state)
{
    static const char *const lines[] = {"broken 1 2 3 4",         "x",
                                        " : tunables 1",          "1 2 3 4 5",
                                        "a 1 2 3 4 x : tunables", "a 1 2 3 4 18446744073709551616"};
    struct slab slab;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct span text = span_of(lines[i]);
        assert_int_equal(next(&text, &slab), -EINVAL);
        assert_int_equal(next(&text, &slab), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_caches_of_a_kernel),
        cmocka_unit_test(other_versions_are_refused),
        cmocka_unit_test(what_is_not_understood_is_taken_off),
    };
    return cmocka_run_group_tests_name("slabinfo", tests, NULL, NULL);
}
