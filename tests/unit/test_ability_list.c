#include "render/ability_list.h"
#include "support.h"

static const struct ability here = {
    .id = "stalls",
    .title = "stalls (PSI)",
    .state = ABILITY_HERE,
    .place = "/proc/pressure/memory",
    .without = "how long",
};
static const struct ability partly = {
    .id = "perf",
    .title = "perf events",
    .state = ABILITY_PARTLY,
    .place = "perf_event_open(2)",
    .why = "of user mode alone",
    .without = "run: faults",
    .mend = "grant it",
};
static const struct ability hostile = {
    .id = "memory",
    .title = "memory",
    .core = true,
    .state = ABILITY_MISSING,
    .place = "/a\x1b[31m\xff",
    .why = "no \"such\" file",
    .without = "all",
    .mend = "mount it",
};
static const struct ability placeless = {
    .id = "own_cgroup",
    .title = "a cgroup for a job",
    .state = ABILITY_MISSING,
    .why = "no group",
    .without = "run",
    .mend = "be root",
};

static void lines_for_people(void **state)
{
    TEXT(text, 4096);
    (void)state;

    ability_list_put(&text, &here);
    ability_list_put(&text, &partly);
    ability_list_put(&text, &hostile);
    ability_list_put(&text, &placeless);
    assert_text(&text, "ok       stalls (PSI)         /proc/pressure/memory\n"
                       "partly   perf events          perf_event_open(2): of user mode alone\n"
                       "         without: run: faults\n"
                       "         mend: grant it\n"
                       "missing  memory               /a\\x1b[31m\\xff: no \"such\" file\n"
                       "         without: all\n"
                       "         mend: mount it\n"
                       "missing  a cgroup for a job   no group\n"
                       "         without: run\n"
                       "         mend: be root\n");
}

static void a_sum(void **state)
{
    const struct ability well[] = {here, partly, placeless};
    const struct ability bad[] = {here, hostile};
    TEXT(text, 256);
    (void)state;

    ability_list_put_sum(&text, well, COUNT_OF(well));
    ability_list_put_sum(&text, bad, COUNT_OF(bad));
    assert_text(&text, "1 of 3 are here\n1 of 2 are here; without what is missing there are no rows\n");
}

static void objects(void **state)
{
    TEXT(text, 4096);
    (void)state;

    ability_list_put_json(&text, &here);
    ability_list_put_json(&text, &hostile);
    assert_text(
        &text,
        "{\"type\":\"ability\",\"id\":\"stalls\",\"title\":\"stalls (PSI)\",\"core\":false,"
        "\"state\":\"ok\",\"place\":\"/proc/pressure/memory\",\"without\":\"how long\"}\n"
        "{\"type\":\"ability\",\"id\":\"memory\",\"title\":\"memory\",\"core\":true,"
        "\"state\":\"missing\",\"place\":\"/a\\u001b[31m\xef\xbf\xbd\",\"why\":\"no \\\"such\\\" file\","
        "\"without\":\"all\",\"mend\":\"mount it\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_for_people),
        cmocka_unit_test(a_sum),
        cmocka_unit_test(objects),
    };
    return cmocka_run_group_tests_name("ability_list", tests, NULL, NULL);
}
