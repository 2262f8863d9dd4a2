#include "metric/ranking.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>

static bool no_memory;

void *__real_memory_new(size_t size);
void *__wrap_memory_new(size_t size);

void *__wrap_memory_new(size_t size)
{
    return no_memory ? NULL : __real_memory_new(size);
}

struct item {
    unsigned key;
    unsigned number; /* when it was offered */
};

static const int context_of_test;

static bool has_more(const void *a, const void *b, const void *context)
{
    assert_ptr_equal(context, &context_of_test);
    return ((const struct item *)a)->key > ((const struct item *)b)->key;
}

static void make(struct ranking *ranking, size_t room)
{
    assert_int_equal(ranking_init(ranking, sizeof(struct item), room, has_more, &context_of_test), 0);
}

static void offer(struct ranking *ranking, unsigned key, unsigned number)
{
    struct item item = {key, number};

    ranking_offer(ranking, &item);
}

#define assert_order(ranking, expected) check_order(ranking, expected, __LINE__)
static void check_order(const struct ranking *ranking, const char *expected, int line)
{
    TEXT(text, 256);

    for (size_t i = 0; i < ranking->count; i++) {
        const struct item *item = ranking_at(ranking, i);
        text_format(&text, i > 0 ? " %u:%u" : "%u:%u", item->key, item->number);
    }
    check_text(&text, expected, __FILE__, line);
}

static void the_first_of_many_in_order(void **state)
{
    struct ranking ranking;
    (void)state;

    make(&ranking, 3);
    assert_order(&ranking, "");
    offer(&ranking, 5, 0);
    assert_order(&ranking, "5:0");
    offer(&ranking, 7, 1);
    offer(&ranking, 3, 2);
    assert_order(&ranking, "7:1 5:0 3:2");
    offer(&ranking, 2, 3);
    assert_order(&ranking, "7:1 5:0 3:2");
    offer(&ranking, 6, 4);
    assert_order(&ranking, "7:1 6:4 5:0");
    offer(&ranking, 9, 5);
    offer(&ranking, 8, 6);
    offer(&ranking, 1, 7);
    assert_order(&ranking, "9:5 8:6 7:1");
    ranking_free(&ranking);
    assert_int_equal(ranking.room, 0);
    ranking_free(&ranking);
}

static void of_two_that_are_the_same_the_first_stays_in_front(void **state)
{
    struct ranking ranking;
    (void)state;

    make(&ranking, 4);
    offer(&ranking, 5, 0);
    offer(&ranking, 5, 1);
    offer(&ranking, 6, 2);
    offer(&ranking, 5, 3);
    offer(&ranking, 5, 4);
    assert_order(&ranking, "6:2 5:0 5:1 5:3");
    offer(&ranking, 6, 5);
    offer(&ranking, 5, 6);
    assert_order(&ranking, "6:2 6:5 5:0 5:1");
    ranking_free(&ranking);
}

/* Against the plainest of sorts. */
static void as_if_all_were_sorted(void **state)
{
    enum { MANY = 1009, ROOM = 100 };
    struct ranking ranking;
    unsigned placed = 0;
    (void)state;

    make(&ranking, ROOM);
    for (unsigned i = 0; i < MANY; i++)
        offer(&ranking, i * 271 % MANY / 3, i);
    for (unsigned key = MANY / 3; placed < ROOM; key--) {
        for (unsigned i = 0; i < MANY && placed < ROOM; i++) {
            if (i * 271 % MANY / 3 != key)
                continue;
            const struct item *item = ranking_at(&ranking, placed++);
            assert_int_equal(item->key, key);
            assert_int_equal(item->number, i);
        }
    }
    assert_int_equal(ranking.count, ROOM);
    ranking_free(&ranking);
}

static void fewer_than_there_is_room_for(void **state)
{
    struct ranking ranking;
    (void)state;

    make(&ranking, 4);
    ranking.most = 2;
    for (unsigned i = 0; i < 10; i++)
        offer(&ranking, i, i);
    assert_order(&ranking, "9:9 8:8");
    ranking_clear(&ranking);
    assert_order(&ranking, "");
    ranking.most = 0;
    offer(&ranking, 1, 1);
    assert_order(&ranking, "");
    ranking.most = 4;
    for (unsigned i = 0; i < 10; i++)
        offer(&ranking, i, i);
    assert_order(&ranking, "9:9 8:8 7:7 6:6");
    ranking_free(&ranking);
}

static void one_may_be_written_to(void **state)
{
    struct ranking ranking;
    (void)state;

    make(&ranking, 2);
    offer(&ranking, 1, 1);
    offer(&ranking, 2, 2);
    ((struct item *)ranking_at(&ranking, 1))->number = 77;
    assert_order(&ranking, "2:2 1:77");
    ranking_free(&ranking);
}

static void without_memory(void **state)
{
    struct ranking ranking;
    (void)state;

    no_memory = true;
    int error = ranking_init(&ranking, sizeof(struct item), 3, has_more, NULL);
    no_memory = false;
    assert_int_equal(error, -ENOMEM);
    ranking_free(&ranking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_many_in_order),
        cmocka_unit_test(of_two_that_are_the_same_the_first_stays_in_front),
        cmocka_unit_test(as_if_all_were_sorted),
        cmocka_unit_test(fewer_than_there_is_room_for),
        cmocka_unit_test(one_may_be_written_to),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("ranking", tests, NULL, NULL);
}
