#include "blackbox/sample.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 4096, COLUMNS = 300 };

/* A writer's sample and a reader's, which are to stay alike. */
struct pair {
    struct sample before; /* the writer's */
    struct sample next;
    struct sample taken; /* the reader's */
    size_t bytes;        /* of the last content */
};

static void pair_init(struct pair *pair, size_t count)
{
    assert_int_equal(sample_init(&pair->before, count), 0);
    assert_int_equal(sample_init(&pair->next, count), 0);
    assert_int_equal(sample_init(&pair->taken, count), 0);
}

static void pair_free(struct pair *pair)
{
    sample_free(&pair->before);
    sample_free(&pair->next);
    sample_free(&pair->taken);
}

static void assert_same(const struct sample *a, const struct sample *b)
{
    assert_int_equal(a->monotonic_ns, b->monotonic_ns);
    assert_int_equal(a->wall_ns, b->wall_ns);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->values[i].present, b->values[i].present);
        if (a->values[i].present)
            assert_int_equal(a->values[i].number, b->values[i].number);
    }
}

/* The next sample goes from the writer to the reader. */
static void pass(struct pair *pair, bool full)
{
    uint8_t *bytes = malloc(ROOM);
    struct packer packer = packer_over(bytes, ROOM);

    if (full)
        sample_put_full(&packer, &pair->next);
    else
        sample_put_changes(&packer, &pair->before, &pair->next);
    assert_false(packer.overflow);
    bytes = realloc(bytes, packer.length);
    struct unpacker unpacker = unpacker_over(bytes, packer.length);
    assert_true(full ? sample_take_full(&unpacker, &pair->taken)
                     : sample_take_changes(&unpacker, &pair->taken));
    free(bytes);
    pair->bytes = packer.length;
    sample_follow(&pair->before, &pair->next, full);
    assert_same(&pair->taken, &pair->next);
    assert_same(&pair->before, &pair->next);
    assert_int_equal(pair->taken.advance_ns, pair->before.advance_ns);
}

static void set(struct pair *pair, size_t column, uint64_t number)
{
    pair->next.values[column] = (struct value){number, true};
}

static void unset(struct pair *pair, size_t column)
{
    pair->next.values[column] = (struct value){0, false};
}

static void a_full_sample_has_all_its_values(void **state)
{
    (void)state;
    for (size_t count = 0; count < 20; count++) {
        struct pair pair = {0};
        pair_init(&pair, count);
        pair.next.monotonic_ns = UINT64_MAX;
        pair.next.wall_ns = 1;
        for (size_t i = 0; i < count; i++) {
            if (i % 3 != 1)
                set(&pair, i, i % 2 ? UINT64_MAX - i : i);
        }
        pass(&pair, true);
        assert_int_equal(pair.taken.advance_ns, 0);
        pair_free(&pair);
    }
}

/* The reader had others before. */
static void a_full_sample_leaves_nothing_of_the_one_before(void **state)
{
    struct pair pair = {0};
    (void)state;

    pair_init(&pair, 9);
    for (size_t i = 0; i < 9; i++)
        set(&pair, i, 100 + i);
    pass(&pair, true);
    for (size_t i = 0; i < 9; i++)
        unset(&pair, i);
    set(&pair, 8, 5);
    pass(&pair, true);
    assert_false(pair.taken.values[0].present);
    assert_int_equal(pair.taken.values[0].number, 0);
    assert_value(pair.taken.values[8], 5);
    pair_free(&pair);
}

static void differences_of_any_sign_and_size(void **state)
{
    static const uint64_t numbers[] = {
        0,
        1,
        2,
        127,
        128,
        (UINT64_C(1) << 59) - 1,
        UINT64_C(1) << 59,
        (UINT64_C(1) << 60) - 1,
        UINT64_C(1) << 60,
        (UINT64_C(1) << 60) + 1,
        UINT64_C(1) << 61,
        (UINT64_C(1) << 63) - 1,
        UINT64_C(1) << 63,
        (UINT64_C(1) << 63) + 1,
        UINT64_MAX - 1,
        UINT64_MAX,
    };
    struct pair pair = {0};
    (void)state;

    pair_init(&pair, 3);
    for (size_t from = 0; from < COUNT_OF(numbers); from++) {
        for (size_t to = 0; to < COUNT_OF(numbers); to++) {
            set(&pair, 0, numbers[from]);
            set(&pair, 2, numbers[from]);
            pass(&pair, from % 2 == 0);
            set(&pair, 0, numbers[to]);
            set(&pair, 2, numbers[to]);
            pass(&pair, false);
        }
    }
    pair_free(&pair);
}

static void values_become_absent_and_present(void **state)
{
    struct pair pair = {0};
    (void)state;

    pair_init(&pair, 4);
    set(&pair, 0, 5);
    set(&pair, 3, 0);
    pass(&pair, true);
    unset(&pair, 0);
    set(&pair, 1, 0);
    set(&pair, 2, UINT64_MAX);
    unset(&pair, 3);
    pass(&pair, false);
    set(&pair, 0, 5);
    unset(&pair, 1);
    set(&pair, 3, 0);
    pass(&pair, false);
    assert_value(pair.taken.values[0], 5);
    assert_false(pair.taken.values[1].present);
    assert_value(pair.taken.values[2], UINT64_MAX);
    assert_value(pair.taken.values[3], 0);
    pair_free(&pair);
}

/* What an absent one has for a number is nobody's business. */
static void absent_values_are_all_the_same(void **state)
{
    struct pair pair = {0};
    (void)state;

    pair_init(&pair, 2);
    pair.next.values[0] = (struct value){77, false};
    pass(&pair, true);
    pair.next.values[0] = (struct value){78, false};
    pass(&pair, false);
    assert_int_equal(pair.bytes, 2);
    pair_free(&pair);
}

static void any_number_of_values_may_stand_still(void **state)
{
    struct pair pair = {0};
    (void)state;

    pair_init(&pair, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++)
        set(&pair, i, 1000 + i);
    pass(&pair, true);
    for (size_t first = 0; first < 20; first++) {
        for (size_t second = first + 1; second < COLUMNS; second += first + 1) {
            set(&pair, first, pair.before.values[first].number + 1);
            set(&pair, second, pair.before.values[second].number - 1);
            pass(&pair, false);
        }
    }
    set(&pair, COLUMNS - 1, 0);
    pass(&pair, false);
    set(&pair, 0, 0);
    pass(&pair, false);
    for (size_t i = 0; i < COLUMNS; i++)
        set(&pair, i, i * i);
    pass(&pair, false);
    pair_free(&pair);
}

static void what_stands_still_takes_no_bytes(void **state)
{
    struct pair pair = {0};
    (void)state;

    pair_init(&pair, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++)
        set(&pair, i, i << 40);
    pair.next.monotonic_ns = 1000;
    pair.next.wall_ns = 5000;
    pass(&pair, true);
    pair.next.monotonic_ns += 1000000000;
    pair.next.wall_ns += 1000000000;
    pass(&pair, false);
    pair.next.monotonic_ns += 1000000000;
    pair.next.wall_ns += 1000000000;
    pass(&pair, false);
    assert_int_equal(pair.bytes, 2); /* it comes when the last one came, a second later */
    pair.next.monotonic_ns += 1000000000;
    pair.next.wall_ns += 1000000000;
    set(&pair, 5, (UINT64_C(5) << 40) + 3);
    pass(&pair, false);
    assert_int_equal(pair.bytes, 3);
    pair_free(&pair);
}

static void times_go_any_way(void **state)
{
    static const uint64_t times[][2] = {{0, 0},
                                        {1, UINT64_MAX},
                                        {UINT64_MAX, 1},
                                        {UINT64_C(1) << 63, 0},
                                        {0, UINT64_C(1) << 63},
                                        {1000000000, 1764000000000000000},
                                        {2000000000, 1764000000000000000 - 3600000000000}};
    struct pair pair = {0};
    (void)state;

    pair_init(&pair, 0);
    pass(&pair, true);
    for (size_t from = 0; from < COUNT_OF(times); from++) {
        for (size_t to = 0; to < COUNT_OF(times); to++) {
            pair.next.monotonic_ns = times[from][0];
            pair.next.wall_ns = times[from][1];
            pass(&pair, false);
            pair.next.monotonic_ns = times[to][0];
            pair.next.wall_ns = times[to][1];
            pass(&pair, false);
        }
    }
    pair_free(&pair);
}

static void the_advance_is_from_the_sample_before(void **state)
{
    struct pair pair = {0};
    (void)state;

    pair_init(&pair, 1);
    pair.next.monotonic_ns = 100;
    pass(&pair, true);
    pair.next.monotonic_ns = 130;
    pass(&pair, false);
    assert_int_equal(pair.taken.advance_ns, 30);
    pair.next.monotonic_ns = 170;
    pass(&pair, true);
    assert_int_equal(pair.taken.advance_ns, 0);
    pair.next.monotonic_ns = 172;
    pass(&pair, false);
    assert_int_equal(pair.taken.advance_ns, 2);
    pair_free(&pair);
}

static bool takes(const uint8_t *bytes, size_t length, size_t count, bool full)
{
    struct sample sample;
    uint8_t *exact = malloc(length > 0 ? length : 1);

    assert_int_equal(sample_init(&sample, count), 0);
    for (size_t i = 0; !full && i + 1 < count; i++)
        sample.values[i] = (struct value){i, true};
    memcpy(exact, bytes, length);
    struct unpacker unpacker = unpacker_over(exact, length);
    bool taken = full ? sample_take_full(&unpacker, &sample) : sample_take_changes(&unpacker, &sample);
    free(exact);
    sample_free(&sample);
    return taken;
}

#define TAKES_FULL(count, ...)                                                                               \
    takes((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), count, true)
#define TAKES_CHANGES(count, ...)                                                                            \
    takes((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), count, false)

static void a_full_sample_is_as_long_as_it_is(void **state)
{
    (void)state;
    assert_true(TAKES_FULL(2, 1, 2, 3, 4, 5));
    assert_false(TAKES_FULL(2, 1, 2, 3, 4));
    assert_false(TAKES_FULL(2, 1, 2, 3, 4, 5, 6));
    assert_false(TAKES_FULL(2, 1, 2, 3, 4, 0x85));
    assert_false(TAKES_FULL(2, 1, 2));
    assert_false(TAKES_FULL(2, 1));
    assert_true(TAKES_FULL(0, 1, 2));
}

/* Of columns whose last one is absent. */
static void changes_that_nobody_wrote_are_refused(void **state)
{
    (void)state;
    assert_true(TAKES_CHANGES(3, 0, 0));
    assert_false(TAKES_CHANGES(3, 0));
    assert_true(TAKES_CHANGES(3, 0, 0, 1 << 3 | 0));
    assert_true(TAKES_CHANGES(3, 0, 0, 1 << 3 | 1));
    assert_false(TAKES_CHANGES(3, 0, 0, 1 << 3 | 2)); /* a difference to what is absent */
    assert_true(TAKES_CHANGES(3, 0, 0, 0 << 3 | 2, 1, 5));
    assert_false(TAKES_CHANGES(3, 0, 0, 0 << 3 | 2, 1)); /* its number is missing */
    assert_false(TAKES_CHANGES(3, 0, 0, 0 << 3 | 2));
    assert_false(TAKES_CHANGES(3, 0, 0, 0 << 3 | 3, 1, 5)); /* there is no fourth */
    assert_false(TAKES_CHANGES(3, 0, 0, 1 << 3 | 1, 1 << 3 | 2));
    assert_false(TAKES_CHANGES(3, 0, 0, 1 << 3 | 1, 0 << 3 | 0, 1, 5, 0 << 3 | 0, 1, 5));
    assert_false(TAKES_CHANGES(3, 0, 0, 1 << 3 | 7, 0));
    assert_false(TAKES_CHANGES(3, 0, 0, 1 << 3 | 7));
    assert_true(TAKES_CHANGES(10, 0, 0, 1 << 3 | 7, 1));
    assert_false(TAKES_CHANGES(10, 0, 0, 1 << 3 | 7, 3));
    assert_false(TAKES_CHANGES(0, 0, 0, 1 << 3));
    assert_false(TAKES_CHANGES(3, 0, 0, 1 << 3 | 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_sample_has_all_its_values),
        cmocka_unit_test(a_full_sample_leaves_nothing_of_the_one_before),
        cmocka_unit_test(differences_of_any_sign_and_size),
        cmocka_unit_test(values_become_absent_and_present),
        cmocka_unit_test(absent_values_are_all_the_same),
        cmocka_unit_test(any_number_of_values_may_stand_still),
        cmocka_unit_test(what_stands_still_takes_no_bytes),
        cmocka_unit_test(times_go_any_way),
        cmocka_unit_test(the_advance_is_from_the_sample_before),
        cmocka_unit_test(a_full_sample_is_as_long_as_it_is),
        cmocka_unit_test(changes_that_nobody_wrote_are_refused),
    };
    return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}
