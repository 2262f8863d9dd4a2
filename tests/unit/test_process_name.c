#include "support.h"
#include "watch/process_name.h"

static void names(void **state)
{
    static const struct {
        const char *comm;
        uint64_t pid;
        const char *expected;
    } cases[] = {
        {"python3", 4242, "python3[4242]"},
        {"two words", 1, "two words[1]"},
        {" ", 2, "' '[2]"},
        {"x ", 3, "'x '[3]"},
        {" x", 4, "' x'[4]"},
        {"", UINT64_MAX, "a process without a name[18446744073709551615]"},
        {"a\nb\033[2J\xff", 5, "a\nb\033[2J\xff[5]"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        TEXT(text, 128);
        process_name_put(&text, cases[i].comm, cases[i].pid);
        assert_text(&text, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests_name("process_name", tests, NULL, NULL);
}
