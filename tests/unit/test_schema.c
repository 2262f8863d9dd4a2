#include "blackbox/schema.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct schema schema_new(void)
{
    return (struct schema){
        .host = "box",
        .kernel = "6.18.0-rc7+",
        .page_bytes = 65536,
        .ticks_per_second = 250,
        .interval_ns = 10000000,
        .alert_major_faults = 50.5,
        .alert_context_switches = NAN,
        .alert_context_switches_per_cpu = true,
    };
}

static void add(struct schema *schema, const char *source, const char *name)
{
    assert_int_equal(schema_add(schema, source, name), 0);
}

/* Packs SCHEMA and takes it again, from memory that ends where it does. */
static int round_trip(const struct schema *schema, struct schema *taken)
{
    uint8_t *bytes = malloc(1 << 18);
    struct packer packer = packer_over(bytes, 1 << 18);

    schema_put(&packer, schema);
    assert_false(packer.overflow);
    bytes = realloc(bytes, packer.length);
    struct unpacker unpacker = unpacker_over(bytes, packer.length);
    *taken = (struct schema){0};
    int error = schema_take(&unpacker, taken);
    free(bytes);
    return error;
}

static void a_schema_comes_out_as_it_was_put(void **state)
{
    struct schema schema = schema_new();
    struct schema taken;
    (void)state;

    add(&schema, "vmstat", "pgfault");
    add(&schema, "vmstat", "pgmajfault");
    add(&schema, "vmstat", "pgmajfault_of_tomorrow");
    add(&schema, "vmstat", "pg");
    add(&schema, "vmstat", "pg");
    add(&schema, "meminfo", "pgfault");
    add(&schema, "vmstat", "oom_kill");
    assert_int_equal(round_trip(&schema, &taken), 0);
    assert_string_equal(taken.host, "box");
    assert_string_equal(taken.kernel, "6.18.0-rc7+");
    assert_int_equal(taken.page_bytes, 65536);
    assert_int_equal(taken.ticks_per_second, 250);
    assert_int_equal(taken.interval_ns, 10000000);
    assert_near(taken.alert_major_faults, 50.5);
    assert_absent(taken.alert_context_switches);
    assert_true(taken.alert_context_switches_per_cpu);
    assert_int_equal(taken.count, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(taken.columns[i].source, schema.columns[i].source);
        assert_string_equal(taken.columns[i].name, schema.columns[i].name);
    }
    assert_true(schema_equal(&schema, &taken));
    schema_free(&schema);
    schema_free(&taken);
}

static void as_many_columns_as_there_may_be(void **state)
{
    struct schema schema = schema_new();
    struct schema taken;
    char name[SCHEMA_NAME_MAX];
    (void)state;

    for (int i = 0; i < SCHEMA_COLUMNS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "key_%d", i * 7);
        add(&schema, i % 100 < 50 ? "a" : "b", name);
    }
    assert_int_equal(schema_add(&schema, "a", "more"), -E2BIG);
    assert_int_equal(round_trip(&schema, &taken), 0);
    assert_int_equal(taken.count, SCHEMA_COLUMNS_MAX);
    assert_int_equal(schema_find(&taken, "a", "key_14329"), 2047);
    assert_true(schema_equal(&schema, &taken));
    schema_free(&schema);
    schema_free(&taken);
}

static void names_have_their_length(void **state)
{
    static const char longest[] = "123456789012345678901234567890123456789012345678901234567890123";
    static const char too_long[] = "1234567890123456789012345678901234567890123456789012345678901234";
    static const char longest_source[] = "1234567890123456789012345678901";
    static const char too_long_source[] = "12345678901234567890123456789012";
    struct schema schema = schema_new();
    struct schema taken;
    (void)state;

    assert_int_equal(schema_add(&schema, "a", too_long), -ENAMETOOLONG);
    assert_int_equal(schema_add(&schema, too_long_source, "a"), -ENAMETOOLONG);
    assert_int_equal(schema.count, 0);
    add(&schema, longest_source, longest);
    assert_int_equal(round_trip(&schema, &taken), 0);
    assert_string_equal(taken.columns[0].source, longest_source);
    assert_string_equal(taken.columns[0].name, longest);
    schema_free(&schema);
    schema_free(&taken);
}

static void a_column_is_found_by_both_names(void **state)
{
    struct schema schema = schema_new();
    (void)state;

    add(&schema, "vmstat", "a");
    add(&schema, "meminfo", "a");
    add(&schema, "meminfo", "b");
    assert_int_equal(schema_find(&schema, "vmstat", "a"), 0);
    assert_int_equal(schema_find(&schema, "meminfo", "a"), 1);
    assert_int_equal(schema_find(&schema, "meminfo", "b"), 2);
    assert_int_equal(schema_find(&schema, "vmstat", "b"), -ENOENT);
    assert_int_equal(schema_find(&schema, "vmstat", ""), -ENOENT);
    schema_free(&schema);
}

static void a_copy_is_its_own(void **state)
{
    struct schema schema = schema_new();
    struct schema copy = {0};
    struct schema nothing = schema_new();
    struct schema copy_of_nothing = {0};
    (void)state;

    add(&schema, "vmstat", "a");
    assert_int_equal(schema_copy(&copy, &schema), 0);
    assert_true(schema_equal(&copy, &schema));
    schema_free(&schema);
    assert_string_equal(copy.columns[0].name, "a");
    assert_int_equal(schema_copy(&copy_of_nothing, &nothing), 0);
    assert_int_equal(copy_of_nothing.count, 0);
    schema_free(&copy);
    schema_free(&copy_of_nothing);
}

static bool is_equal_with(void (*change)(struct schema *))
{
    struct schema schema = schema_new();
    struct schema other = schema_new();

    add(&schema, "vmstat", "a");
    add(&schema, "vmstat", "b");
    add(&other, "vmstat", "a");
    add(&other, "vmstat", "b");
    change(&other);
    bool equal = schema_equal(&schema, &other);
    assert_int_equal(schema_equal(&other, &schema), equal);
    schema_free(&schema);
    schema_free(&other);
    return equal;
}

static void nothing(struct schema *schema)
{
    (void)schema;
}

static void change_host(struct schema *schema)
{
    schema->host[0] = 'c';
}

static void change_kernel(struct schema *schema)
{
    schema->kernel[0] = '7';
}

static void change_page(struct schema *schema)
{
    schema->page_bytes = 4096;
}

static void change_ticks(struct schema *schema)
{
    schema->ticks_per_second = 100;
}

static void change_interval(struct schema *schema)
{
    schema->interval_ns++;
}

static void change_faults(struct schema *schema)
{
    schema->alert_major_faults = NAN;
}

static void change_switches(struct schema *schema)
{
    schema->alert_context_switches = 0;
}

static void change_per_cpu(struct schema *schema)
{
    schema->alert_context_switches_per_cpu = false;
}

static void change_source(struct schema *schema)
{
    schema->columns[1].source[0] = 'x';
}

static void change_name(struct schema *schema)
{
    schema->columns[1].name[0] = 'x';
}

static void add_column(struct schema *schema)
{
    add(schema, "vmstat", "c");
}

static void schemas_are_equal_where_everything_is(void **state)
{
    static void (*const changes[])(struct schema *) = {
        change_host,     change_kernel,  change_page,   change_ticks, change_interval, change_faults,
        change_switches, change_per_cpu, change_source, change_name,  add_column,
    };
    (void)state;

    assert_true(is_equal_with(nothing));
    for (size_t i = 0; i < COUNT_OF(changes); i++)
        assert_false(is_equal_with(changes[i]));
}

static void a_schema_that_is_cut_is_none(void **state)
{
    uint8_t bytes[512];
    struct schema schema = schema_new();
    struct packer packer = packer_over(bytes, sizeof(bytes));
    (void)state;

    add(&schema, "vmstat", "pgfault");
    add(&schema, "vmstat", "pgmajfault");
    add(&schema, "meminfo", "MemFree");
    schema_put(&packer, &schema);
    for (size_t length = 0; length < packer.length; length++) {
        struct schema taken = {0};
        struct unpacker unpacker = unpacker_over(bytes, length);
        assert_int_equal(schema_take(&unpacker, &taken), -EBADMSG);
        schema_free(&taken);
    }
    schema_free(&schema);
}

/* A schema of COUNT columns in a group that says it has GROUP, the second name of which shares SHARED bytes
 * with "ab". */
static int take_crafted(uint64_t page_bytes, uint64_t count, uint64_t group, uint64_t shared,
                        const char *rest)
{
    uint8_t bytes[256];
    struct packer packer = packer_over(bytes, sizeof(bytes));
    struct schema taken = {0};

    pack_string(&packer, "host");
    pack_string(&packer, "kernel");
    pack_unsigned(&packer, page_bytes);
    pack_unsigned(&packer, 100);
    pack_unsigned(&packer, 1);
    pack_double(&packer, 1);
    pack_double(&packer, 1);
    pack_byte(&packer, 0);
    pack_unsigned(&packer, count);
    pack_string(&packer, "source");
    pack_unsigned(&packer, group);
    pack_unsigned(&packer, 0);
    pack_string(&packer, "ab");
    pack_unsigned(&packer, shared);
    pack_string(&packer, rest);
    struct unpacker unpacker = unpacker_over(bytes, packer.length);
    int error = schema_take(&unpacker, &taken);
    if (error == 0)
        assert_int_equal(taken.count, 2);
    schema_free(&taken);
    return error;
}

static void what_no_writer_puts_is_refused(void **state)
{
    static const char rest_61[] = "1234567890123456789012345678901234567890123456789012345678901";
    static const char rest_62[] = "12345678901234567890123456789012345678901234567890123456789012";
    (void)state;

    assert_int_equal(take_crafted(4096, 2, 2, 2, "c"), 0);
    assert_int_equal(take_crafted(4096, 2, 2, 2, rest_61), 0);
    assert_int_equal(take_crafted(4096, 2, 2, 2, rest_62), -EBADMSG);
    assert_int_equal(take_crafted(0, 2, 2, 2, "c"), -EBADMSG);
    assert_int_equal(take_crafted(4096, 2, 2, 3, "c"), -EBADMSG);
    assert_int_equal(take_crafted(4096, 2, 2, UINT64_MAX, "c"), -EBADMSG);
    assert_int_equal(take_crafted(4096, 2, 2, 0, ""), -EBADMSG);
    assert_int_equal(take_crafted(4096, 2, 3, 2, "c"), -EBADMSG);
    assert_int_equal(take_crafted(4096, 2, 0, 2, "c"), -EBADMSG);
    assert_int_equal(take_crafted(4096, 2, UINT64_MAX, 2, "c"), -EBADMSG);
    assert_int_equal(take_crafted(4096, 1, 2, 2, "c"), -EBADMSG);
    assert_int_equal(take_crafted(4096, SCHEMA_COLUMNS_MAX + 1, 2, 2, "c"), -EBADMSG);
    assert_int_equal(take_crafted(4096, UINT64_MAX, 2, 2, "c"), -EBADMSG);
}

static void there_may_be_no_columns(void **state)
{
    struct schema schema = schema_new();
    struct schema taken;
    (void)state;

    assert_int_equal(round_trip(&schema, &taken), 0);
    assert_int_equal(taken.count, 0);
    schema_free(&taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_comes_out_as_it_was_put),
        cmocka_unit_test(as_many_columns_as_there_may_be),
        cmocka_unit_test(names_have_their_length),
        cmocka_unit_test(a_column_is_found_by_both_names),
        cmocka_unit_test(a_copy_is_its_own),
        cmocka_unit_test(schemas_are_equal_where_everything_is),
        cmocka_unit_test(a_schema_that_is_cut_is_none),
        cmocka_unit_test(what_no_writer_puts_is_refused),
        cmocka_unit_test(there_may_be_no_columns),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
