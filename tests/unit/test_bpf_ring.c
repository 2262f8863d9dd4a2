#include "kernel/bpf_ring.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A ring that the test fills as the kernel would: the reader's page, the kernel's page, and the data, whose
 * second half the test keeps the same as the first. */
struct fixture {
    int fd;
    char *memory;
    size_t page_size;
    size_t size; /* of the data */
    struct bpf_ring ring;
};

static unsigned long *consumed(const struct fixture *fixture)
{
    return (unsigned long *)(void *)fixture->memory;
}

static unsigned long *produced(const struct fixture *fixture)
{
    return (unsigned long *)(void *)(fixture->memory + fixture->page_size);
}

/* EMPTY_AT: how many bytes have gone through it before. */
static void make(struct fixture *fixture, unsigned long empty_at)
{
    const size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    const size_t whole = 4 * page_size;

    *fixture =
        (struct fixture){.fd = memfd_create("ring", MFD_CLOEXEC), .page_size = page_size, .size = page_size};
    assert_true(fixture->fd >= 0);
    assert_int_equal(ftruncate(fixture->fd, (off_t)whole), 0);
    fixture->memory = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_SHARED, fixture->fd, 0);
    assert_true(fixture->memory != MAP_FAILED);
    memset(fixture->memory + 2 * page_size, 0xee, 2 * page_size);
    *consumed(fixture) = *produced(fixture) = empty_at;
    assert_int_equal(bpf_ring_map(&fixture->ring, fixture->fd, fixture->size), 0);
}

static void unmake(struct fixture *fixture)
{
    bpf_ring_unmap(&fixture->ring);
    munmap(fixture->memory, 4 * fixture->page_size);
    close(fixture->fd);
}

static void put_at(const struct fixture *fixture, unsigned long at, const void *bytes, size_t length)
{
    char *data = fixture->memory + 2 * fixture->page_size;

    for (size_t i = 0; i < length; i++) {
        size_t place = (at + i) % fixture->size;
        data[place] = data[place + fixture->size] = ((const char *)bytes)[i];
    }
}

/* A record that is still being written, or was given up, has FLAGS. Returns where it stands. */
static unsigned long put(const struct fixture *fixture, const char *text, uint32_t flags)
{
    const unsigned long at = *produced(fixture);
    const size_t length = strlen(text);
    const uint32_t header[2] = {(uint32_t)length | flags, 3 /* pages to the ring's own, for the kernel */};

    put_at(fixture, at, header, sizeof(header));
    put_at(fixture, at + sizeof(header), text, length);
    *produced(fixture) += (sizeof(header) + length + 7) / 8 * 8;
    return at;
}

#define assert_takes(fixture, text) check_takes(fixture, text, __LINE__)
static void check_takes(struct fixture *fixture, const char *text, int line)
{
    size_t length = 0;
    const char *record = bpf_ring_peek(&fixture->ring, &length);

    if (record && length == strlen(text) && memcmp(record, text, length) == 0 && (uintptr_t)record % 8 == 0) {
        bpf_ring_drop(&fixture->ring);
        return;
    }
    print_error("no such record as \"%s\"\n", text);
    _fail(__FILE__, line);
}

static void assert_empty(struct fixture *fixture)
{
    size_t length;

    assert_null(bpf_ring_peek(&fixture->ring, &length));
    assert_true(*consumed(fixture) == *produced(fixture));
}

static void records_come_in_the_order_in_which_they_were_written(void **state)
{
    struct fixture fixture;
    (void)state;

    make(&fixture, 0);
    assert_empty(&fixture);
    put(&fixture, "first one", 0);
    put(&fixture, "second", 0);
    put(&fixture, "exactly8", 0);
    put(&fixture, "", 0);
    assert_takes(&fixture, "first one");
    put(&fixture, "fifth", 0);
    assert_takes(&fixture, "second");
    assert_takes(&fixture, "exactly8");
    assert_takes(&fixture, "");
    assert_takes(&fixture, "fifth");
    assert_empty(&fixture);
    unmake(&fixture);
}

static void a_look_takes_nothing(void **state)
{
    struct fixture fixture;
    size_t length;
    (void)state;

    make(&fixture, 0);
    put(&fixture, "first", 0);
    assert_non_null(bpf_ring_peek(&fixture.ring, &length));
    assert_true(*consumed(&fixture) == 0);
    assert_takes(&fixture, "first");
    bpf_ring_drop(&fixture.ring); /* of nothing */
    assert_empty(&fixture);
    unmake(&fixture);
}

static void one_that_is_still_being_written_holds_up_those_behind_it(void **state)
{
    struct fixture fixture;
    size_t length;
    (void)state;

    make(&fixture, 0);
    unsigned long at = put(&fixture, "late", BPF_RINGBUF_BUSY_BIT);
    put(&fixture, "early", 0);
    assert_null(bpf_ring_peek(&fixture.ring, &length));
    bpf_ring_drop(&fixture.ring); /* which is no way around it */
    assert_true(*consumed(&fixture) == 0);
    put_at(&fixture, at, &(uint32_t){4}, sizeof(uint32_t));
    assert_takes(&fixture, "late");
    assert_takes(&fixture, "early");
    assert_empty(&fixture);
    unmake(&fixture);
}

static void those_that_were_given_up_are_left_out(void **state)
{
    struct fixture fixture;
    (void)state;

    make(&fixture, 0);
    put(&fixture, "no", BPF_RINGBUF_DISCARD_BIT);
    put(&fixture, "neither, and longer than that", BPF_RINGBUF_DISCARD_BIT);
    put(&fixture, "this one", 0);
    put(&fixture, "nor this", BPF_RINGBUF_DISCARD_BIT);
    assert_takes(&fixture, "this one");
    assert_empty(&fixture);
    unmake(&fixture);
}

/* The ring's end falls on every eighth byte of a record once. */
static void a_record_that_wraps_around_the_end_is_in_one_piece(void **state)
{
    struct fixture fixture;
    (void)state;

    make(&fixture, 0);
    for (unsigned long back = 0; back <= 64; back += 8) {
        *consumed(&fixture) = *produced(&fixture) = 7 * fixture.size - back;
        put(&fixture, "a record of 32 bytes, as you see", 0);
        put(&fixture, "and one behind it", 0);
        assert_takes(&fixture, "a record of 32 bytes, as you see");
        assert_takes(&fixture, "and one behind it");
        assert_empty(&fixture);
    }
    unmake(&fixture);
}

static void a_ring_that_is_full(void **state)
{
    struct fixture fixture;
    unsigned records = 0;
    (void)state;

    make(&fixture, 40);
    for (; *produced(&fixture) - *consumed(&fixture) < fixture.size; records++)
        put(&fixture, "12345678", 0);
    assert_int_equal(records, fixture.size / 16);
    for (; records > 0; records--)
        assert_takes(&fixture, "12345678");
    assert_empty(&fixture);
    unmake(&fixture);
}

static void the_counts_may_wrap_around(void **state)
{
    struct fixture fixture;
    (void)state;

    make(&fixture, ULONG_MAX - 15);
    put(&fixture, "a record of 32 bytes, as you see", 0);
    put(&fixture, "and one behind it", 0);
    assert_true(*produced(&fixture) < 100);
    assert_takes(&fixture, "a record of 32 bytes, as you see");
    assert_takes(&fixture, "and one behind it");
    assert_empty(&fixture);
    unmake(&fixture);
}

/* What no kernel writes: all that is in the ring goes, and it can be used again. */
static void what_cannot_be_a_record_is_thrown_away(void **state)
{
    struct fixture fixture;
    (void)state;

    make(&fixture, 4000);
    unsigned long at = put(&fixture, "longer than it is", 0);
    put_at(&fixture, at, &(uint32_t){17 + 8}, sizeof(uint32_t));
    assert_empty(&fixture);
    at = put(&fixture, "longer than any", 0);
    put_at(&fixture, at, &(uint32_t){~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT)}, sizeof(uint32_t));
    assert_empty(&fixture);
    at = put(&fixture, "and given up", 0);
    put_at(&fixture, at, &(uint32_t){~BPF_RINGBUF_BUSY_BIT}, sizeof(uint32_t));
    assert_empty(&fixture);
    put(&fixture, "more than there is room for", 0);
    *produced(&fixture) += fixture.size;
    assert_empty(&fixture);
    put(&fixture, "backwards", 0);
    *produced(&fixture) = *consumed(&fixture) - 8;
    assert_empty(&fixture);
    put(&fixture, "text", 0);
    assert_takes(&fixture, "text");
    assert_empty(&fixture);
    unmake(&fixture);
}

static void what_is_no_ring_is_not_mapped(void **state)
{
    const size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    struct bpf_ring ring;
    int fd = open("/", O_PATH | O_CLOEXEC);
    int pipe_fds[2];
    (void)state;

    assert_true(fd >= 0);
    assert_int_equal(bpf_ring_map(&ring, fd, page_size), -EBADF);
    assert_null(ring.consumed);
    assert_null(ring.pages);
    bpf_ring_unmap(&ring);
    close(fd);
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    assert_int_equal(bpf_ring_map(&ring, pipe_fds[0], page_size), -EACCES);
    assert_null(ring.consumed);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

/* The first page can be mapped, and then the rest cannot. */
static void a_ring_that_is_mapped_by_half(void **state)
{
    struct bpf_ring ring;
    int fd = memfd_create("ring", MFD_CLOEXEC);
    (void)state;

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, sysconf(_SC_PAGESIZE)), 0);
    assert_int_equal(bpf_ring_map(&ring, fd, SIZE_MAX / 4), -ENOMEM);
    assert_null(ring.consumed);
    assert_null(ring.pages);
    bpf_ring_unmap(&ring);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_in_the_order_in_which_they_were_written),
        cmocka_unit_test(a_look_takes_nothing),
        cmocka_unit_test(one_that_is_still_being_written_holds_up_those_behind_it),
        cmocka_unit_test(those_that_were_given_up_are_left_out),
        cmocka_unit_test(a_record_that_wraps_around_the_end_is_in_one_piece),
        cmocka_unit_test(a_ring_that_is_full),
        cmocka_unit_test(the_counts_may_wrap_around),
        cmocka_unit_test(what_cannot_be_a_record_is_thrown_away),
        cmocka_unit_test(what_is_no_ring_is_not_mapped),
        cmocka_unit_test(a_ring_that_is_mapped_by_half),
    };
    return cmocka_run_group_tests_name("bpf_ring", tests, NULL, NULL);
}
