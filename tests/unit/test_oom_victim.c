#include "kernel/oom_victim.h"
#include "support.h"

#include <string.h>

static enum oom_words words_of(const char *line, const char *rest)
{
    struct span span = span_of(line);
    enum oom_words words = oom_victim_take_words(&span);

    assert_true(span_is(span, rest));
    return words;
}

static void the_words_in_front(void **state)
{
    (void)state;
    assert_int_equal(words_of("Killed process 5 (x)", "5 (x)"), OOM_WORDS_PLAIN);
    assert_int_equal(words_of("Memory cgroup out of memory: Killed process 5", "5"), OOM_WORDS_MEMCG);
    assert_int_equal(words_of("Out of memory: Killed process 5", "5"), OOM_WORDS_MACHINE);
    assert_int_equal(words_of("Out of memory (oom_kill_allocating_task): Killed process 5", "5"),
                     OOM_WORDS_ALLOCATING);
    assert_int_equal(words_of("Out of memory: Kill process 5", "Out of memory: Kill process 5"),
                     OOM_WORDS_COUNT);
    assert_int_equal(words_of("", ""), OOM_WORDS_COUNT);
}

static void which_words_are_said_for_what(void **state)
{
    (void)state;
    assert_true(oom_victim_words_fit(OOM_WORDS_MEMCG, OOM_CONSTRAINT_MEMCG));
    assert_false(oom_victim_words_fit(OOM_WORDS_MEMCG, OOM_CONSTRAINT_NONE));
    assert_false(oom_victim_words_fit(OOM_WORDS_MACHINE, OOM_CONSTRAINT_MEMCG));
    assert_true(oom_victim_words_fit(OOM_WORDS_MACHINE, OOM_CONSTRAINT_CPUSET));
    assert_true(oom_victim_words_fit(OOM_WORDS_ALLOCATING, OOM_CONSTRAINT_MEMORY_POLICY));
    assert_true(oom_victim_words_fit(OOM_WORDS_PLAIN, OOM_CONSTRAINT_MEMCG));
    assert_true(oom_victim_words_fit(OOM_WORDS_MACHINE, OOM_CONSTRAINT_UNKNOWN));
}

static void the_line_of_a_kernel_of_today(void **state)
{
    struct oom_kill kill = {0};
    (void)state;

    assert_true(
        oom_victim_read(span_of(
                            "4242 (a) b) total-vm:22572kB, anon-rss:17280kB, file-rss:4kB, shmem-rss:4352kB, "
                            "UID:1000 pgtables:80kB oom_score_adj:-300"),
                        &kill));
    assert_value(kill.pid, 4242);
    assert_string_equal(kill.comm, "a) b");
    assert_value(kill.total_vm_bytes, 22572 * 1024);
    assert_value(kill.anon_rss_bytes, 17280 * 1024);
    assert_value(kill.file_rss_bytes, 4096);
    assert_value(kill.shmem_rss_bytes, 4352 * 1024);
    assert_value(kill.uid, 1000);
    assert_value(kill.pgtables_bytes, 80 * 1024);
    assert_value(kill.oom_score_adj, (uint64_t)-300);
}

static void older_lines(void **state)
{
    struct oom_kill kill = {0};
    (void)state;

    assert_true(oom_victim_read(span_of("7 (x) total-vm:4kB, anon-rss:4kB, file-rss:0kB"), &kill));
    assert_false(kill.shmem_rss_bytes.present);
    assert_false(kill.uid.present);
    assert_true(oom_victim_read(span_of("7, UID 1000, (x) total-vm:4kB, anon-rss:4kB, file-rss:0kB"), &kill));
    assert_value(kill.uid, 1000);
    assert_string_equal(kill.comm, "x");
    assert_true(oom_victim_read(span_of("8 (y), UID 1001, total-vm:4kB, anon-rss:4kB, file-rss:0kB"), &kill));
    assert_value(kill.uid, 1001);
    assert_string_equal(kill.comm, "y");
}

static void what_is_no_victim(void **state)
{
    static const char *const lines[] = {"",        "x",       "(init) total-vm:1kB",
                                        "1",       "1(init)", "1 init total-vm:1kB",
                                        "1, UID 2"};
    struct oom_kill kill;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lines); i++)
        assert_false(oom_victim_read(span_of(lines[i]), &kill));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_in_front),
        cmocka_unit_test(which_words_are_said_for_what),
        cmocka_unit_test(the_line_of_a_kernel_of_today),
        cmocka_unit_test(older_lines),
        cmocka_unit_test(what_is_no_victim),
    };
    return cmocka_run_group_tests_name("oom_victim", tests, NULL, NULL);
}
