#include "kernel/perf_ring.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <string.h>
#include <unistd.h>

/* A ring that the test fills as the kernel would. */
struct fixture {
    struct perf_event_mmap_page control;
    unsigned char data[256];
    struct perf_ring ring;
};

/* EMPTY_AT: how many bytes have gone through it before. */
static void make(struct fixture *fixture, uint64_t empty_at)
{
    memset(fixture, 0, sizeof(*fixture));
    memset(fixture->data, 0xee, sizeof(fixture->data));
    fixture->control.data_head = fixture->control.data_tail = empty_at;
    fixture->ring = (struct perf_ring){.control = &fixture->control,
                                       .data = fixture->data,
                                       .size = sizeof(fixture->data)};
}

static void put(struct fixture *fixture, const void *bytes, size_t length)
{
    const unsigned char *from = bytes;

    for (size_t i = 0; i < length; i++)
        fixture->data[fixture->control.data_head++ % sizeof(fixture->data)] = from[i];
}

static void put_header(struct fixture *fixture, uint32_t type, size_t body)
{
    struct perf_event_header header = {.type = type, .size = (uint16_t)(sizeof(header) + body)};

    put(fixture, &header, sizeof(header));
}

/* RAW_SIZE is what the sample says of TEXT's length. */
static void put_sample_that_says(struct fixture *fixture, uint64_t time, const char *text, uint32_t raw_size)
{
    put_header(fixture, PERF_RECORD_SAMPLE, sizeof(time) + sizeof(raw_size) + strlen(text));
    put(fixture, &time, sizeof(time));
    put(fixture, &raw_size, sizeof(raw_size));
    put(fixture, text, strlen(text));
}

static void put_sample(struct fixture *fixture, uint64_t time, const char *text)
{
    put_sample_that_says(fixture, time, text, (uint32_t)strlen(text));
}

static void put_lost(struct fixture *fixture, uint64_t lost)
{
    uint64_t id = 77;

    put_header(fixture, PERF_RECORD_LOST, sizeof(id) + sizeof(lost));
    put(fixture, &id, sizeof(id));
    put(fixture, &lost, sizeof(lost));
}

#define assert_takes(fixture, time, text) check_takes(fixture, time, text, __LINE__)
static void check_takes(struct fixture *fixture, uint64_t time, const char *text, int line)
{
    struct perf_sample sample;

    if (perf_ring_peek(&fixture->ring, &sample) && sample.time == time && sample.length == strlen(text) &&
        memcmp(sample.raw, text, sample.length) == 0) {
        perf_ring_drop(&fixture->ring, &sample);
        return;
    }
    print_error("no such sample as \"%s\"\n", text);
    _fail(__FILE__, line);
}

static void assert_empty(struct fixture *fixture)
{
    struct perf_sample sample;

    assert_false(perf_ring_peek(&fixture->ring, &sample));
    assert_int_equal(fixture->control.data_tail, fixture->control.data_head);
}

static void samples_come_in_the_order_in_which_they_were_written(void **state)
{
    struct fixture fixture;
    (void)state;

    make(&fixture, 0);
    assert_empty(&fixture);
    put_sample(&fixture, 5, "first one...");
    put_sample(&fixture, 6, "second");
    assert_takes(&fixture, 5, "first one...");
    assert_takes(&fixture, 6, "second");
    assert_empty(&fixture);
    assert_int_equal(fixture.ring.lost, 0);
}

static void a_look_takes_nothing(void **state)
{
    struct fixture fixture;
    struct perf_sample sample;
    (void)state;

    make(&fixture, 0);
    put_sample(&fixture, 5, "first one...");
    assert_true(perf_ring_peek(&fixture.ring, &sample));
    assert_int_equal(fixture.control.data_tail, 0);
    assert_takes(&fixture, 5, "first one...");
    assert_int_equal(fixture.control.data_tail, fixture.control.data_head);
}

/* The ring's end falls on every byte of a record once. */
static void a_sample_that_wraps_around_the_end_is_put_together(void **state)
{
    struct fixture fixture;
    (void)state;

    for (uint64_t before = 200; before <= 256; before++) {
        make(&fixture, before);
        put_lost(&fixture, 3);
        put_sample(&fixture, before, "a sample of 28 bytes length.");
        assert_takes(&fixture, before, "a sample of 28 bytes length.");
        assert_int_equal(fixture.ring.lost, 3);
        assert_empty(&fixture);
    }
}

static void the_counts_may_wrap_around_64_bits(void **state)
{
    struct fixture fixture;
    (void)state;

    make(&fixture, UINT64_MAX - 20);
    put_sample(&fixture, 5, "a sample of 28 bytes length.");
    assert_takes(&fixture, 5, "a sample of 28 bytes length.");
    assert_empty(&fixture);
}

static void what_was_lost_is_counted(void **state)
{
    struct fixture fixture;
    (void)state;

    make(&fixture, 0);
    put_lost(&fixture, 3);
    put_sample(&fixture, 5, "text");
    put_lost(&fixture, 40);
    put_lost(&fixture, 500);
    assert_takes(&fixture, 5, "text");
    assert_int_equal(fixture.ring.lost, 3);
    assert_empty(&fixture);
    assert_int_equal(fixture.ring.lost, 543);
}

static void records_of_other_kinds_and_short_ones_are_left_out(void **state)
{
    struct fixture fixture;
    (void)state;

    make(&fixture, 0);
    put_header(&fixture, PERF_RECORD_THROTTLE, 3);
    put(&fixture, "abc", 3);
    put_header(&fixture, PERF_RECORD_LOST, 15);
    put(&fixture, "123456789012345", 15);
    put_header(&fixture, PERF_RECORD_SAMPLE, 11);
    put(&fixture, "12345678901", 11);
    put_header(&fixture, PERF_RECORD_SAMPLE, 0);
    put_sample(&fixture, 5, "text");
    assert_takes(&fixture, 5, "text");
    assert_empty(&fixture);
    assert_int_equal(fixture.ring.lost, 0);
}

static void a_sample_has_no_more_bytes_than_its_record(void **state)
{
    struct fixture fixture;
    (void)state;

    make(&fixture, 0);
    put_sample_that_says(&fixture, 5, "four", UINT32_MAX);
    put_sample_that_says(&fixture, 6, "four", 5);
    put_sample_that_says(&fixture, 7, "four", 3);
    put_sample_that_says(&fixture, 8, "", 0);
    assert_takes(&fixture, 5, "four");
    assert_takes(&fixture, 6, "four");
    assert_takes(&fixture, 7, "fou");
    assert_takes(&fixture, 8, "");
    assert_empty(&fixture);
}

static void a_long_sample_is_cut(void **state)
{
    static unsigned char data[4096];
    struct perf_event_mmap_page control = {.data_head = 2048};
    struct perf_ring ring = {.control = &control, .data = data, .size = sizeof(data)};
    struct perf_event_header header = {.type = PERF_RECORD_SAMPLE, .size = 2048};
    uint32_t raw_size = 2048 - 20;
    struct perf_sample sample;
    (void)state;

    memset(data, 'x', sizeof(data));
    memcpy(data, &header, sizeof(header));
    memcpy(data + 16, &raw_size, sizeof(raw_size));
    assert_true(perf_ring_peek(&ring, &sample));
    assert_int_equal(sample.length, PERF_RAW_MAX);
    assert_int_equal(sample.raw[PERF_RAW_MAX - 1], 'x');
    perf_ring_drop(&ring, &sample);
    assert_int_equal(control.data_tail, 2048);
}

/* What no kernel writes: all that is in the ring goes, and it can be used again. */
static void what_cannot_be_a_record_is_thrown_away(void **state)
{
    struct fixture fixture;
    (void)state;

    make(&fixture, 0);
    fixture.control.data_head = 257; /* more than there is room for */
    assert_empty(&fixture);
    make(&fixture, 100);
    fixture.control.data_head = 92; /* backwards */
    assert_empty(&fixture);
    make(&fixture, 0);
    put(&fixture, "short", 5);
    assert_empty(&fixture);
    for (size_t size = 0; size < sizeof(struct perf_event_header); size++) {
        struct perf_event_header header = {.type = PERF_RECORD_SAMPLE, .size = (uint16_t)size};
        make(&fixture, 0);
        put(&fixture, &header, sizeof(header));
        assert_empty(&fixture);
    }
    make(&fixture, 0);
    put_header(&fixture, PERF_RECORD_SAMPLE, 65000);
    put(&fixture, "long", 4);
    assert_empty(&fixture);
    put_sample(&fixture, 5, "text");
    assert_takes(&fixture, 5, "text");
}

static void what_is_no_event_is_not_mapped(void **state)
{
    struct perf_ring ring;
    int fd = open("/", O_PATH | O_CLOEXEC);
    (void)state;

    assert_true(fd >= 0);
    assert_int_equal(perf_ring_map(&ring, fd, 1), -EBADF);
    assert_null(ring.control);
    perf_ring_unmap(&ring);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_come_in_the_order_in_which_they_were_written),
        cmocka_unit_test(a_look_takes_nothing),
        cmocka_unit_test(a_sample_that_wraps_around_the_end_is_put_together),
        cmocka_unit_test(the_counts_may_wrap_around_64_bits),
        cmocka_unit_test(what_was_lost_is_counted),
        cmocka_unit_test(records_of_other_kinds_and_short_ones_are_left_out),
        cmocka_unit_test(a_sample_has_no_more_bytes_than_its_record),
        cmocka_unit_test(a_long_sample_is_cut),
        cmocka_unit_test(what_cannot_be_a_record_is_thrown_away),
        cmocka_unit_test(what_is_no_event_is_not_mapped),
    };
    return cmocka_run_group_tests_name("perf_ring", tests, NULL, NULL);
}
