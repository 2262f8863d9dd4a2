#include "blackbox/segment_index.h"
#include "tapes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PLACES = 4, OURS = 7, ANOTHER = 8 };

/* A file of PLACES, all zero, and what was found in it. */
struct shelf {
    char path[96];
    int fd;
    struct segment_index index;
};

static struct shelf make_shelf(void **state)
{
    const struct folder *folder = *state;
    struct shelf shelf = {.fd = -1};

    (void)snprintf(shelf.path, sizeof(shelf.path), "%s/shelf", folder->path);
    shelf.fd = open(shelf.path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(shelf.fd >= 0);
    assert_int_equal(ftruncate(shelf.fd, PLACES * SEGMENT_BYTES), 0);
    return shelf;
}

static void free_shelf(struct shelf *shelf)
{
    segment_index_free(&shelf->index);
    close(shelf->fd);
}

static void put_header(const struct shelf *shelf, off_t offset, uint64_t recording_id, uint64_t sequence)
{
    struct segment_header header = {.recording_id = recording_id, .sequence = sequence};
    uint8_t bytes[SEGMENT_HEADER_BYTES];

    segment_put_header(bytes, &header);
    tape_patch(shelf->path, (uint64_t)offset, bytes, sizeof(bytes));
}

static off_t place(unsigned number)
{
    return (off_t)number * SEGMENT_BYTES;
}

static int build(struct shelf *shelf)
{
    return segment_index_build(&shelf->index, shelf->fd, (off_t)tape_length(shelf->path));
}

static void assert_segment(const struct segment_index *index, size_t at, uint64_t sequence, off_t offset)
{
    assert_true(at < index->count);
    assert_int_equal(index->list[at].header.sequence, sequence);
    assert_int_equal(index->list[at].offset, offset);
}

static void they_are_in_the_order_of_their_numbers(void **state)
{
    struct shelf shelf = make_shelf(state);

    put_header(&shelf, place(0), OURS, 13);
    put_header(&shelf, place(2), OURS, 11);
    put_header(&shelf, place(3), OURS, 12);
    assert_int_equal(build(&shelf), 0);
    assert_int_equal(shelf.index.count, 3);
    assert_segment(&shelf.index, 0, 11, place(2));
    assert_segment(&shelf.index, 1, 12, place(3));
    assert_segment(&shelf.index, 2, 13, place(0));
    assert_int_equal(shelf.index.foreign, 0);
    assert_int_equal(shelf.index.headless, 0);
    free_shelf(&shelf);
}

static void those_of_other_recordings_are_left_out(void **state)
{
    struct shelf shelf = make_shelf(state);

    put_header(&shelf, place(0), ANOTHER, 2);
    put_header(&shelf, place(1), OURS, 5);
    put_header(&shelf, place(2), ANOTHER, 4);
    put_header(&shelf, place(3), OURS, 5);
    assert_int_equal(build(&shelf), 0);
    assert_int_equal(shelf.index.count, 1);
    assert_segment(&shelf.index, 0, 5, place(1));
    assert_int_equal(shelf.index.foreign, 2);
    free_shelf(&shelf);
}

static void a_place_without_a_header_is_counted(void **state)
{
    struct shelf shelf = make_shelf(state);

    put_header(&shelf, place(0), OURS, 1);
    tape_patch(shelf.path, (uint64_t)place(2) + 4096, "body", 4);
    tape_patch(shelf.path, (uint64_t)place(3), "rubbish", 7);
    tape_cut(shelf.path, (uint64_t)place(3) + 1000);
    assert_int_equal(build(&shelf), 0);
    assert_int_equal(shelf.index.count, 1);
    assert_int_equal(shelf.index.headless, 2);
    assert_int_equal(shelf.index.headless_bytes, SEGMENT_BYTES + 1000);
    free_shelf(&shelf);
}

/* Each has the bytes up to the next one; a writer may go on in the newest. */
static void out_of_place_they_are_found_and_do_not_overlap(void **state)
{
    struct shelf shelf = make_shelf(state);

    put_header(&shelf, place(0), OURS, 1);
    put_header(&shelf, place(1) - 10, OURS, 3);
    put_header(&shelf, place(2) - 100, OURS, 2);
    tape_cut(shelf.path, (uint64_t)place(3) - 100);
    assert_int_equal(build(&shelf), 0);
    assert_int_equal(shelf.index.count, 3);
    assert_segment(&shelf.index, 0, 1, 0);
    assert_segment(&shelf.index, 1, 2, place(2) - 100);
    assert_segment(&shelf.index, 2, 3, place(1) - 10);
    assert_int_equal(shelf.index.list[0].bytes, SEGMENT_BYTES - 10);
    assert_int_equal(shelf.index.list[2].bytes, SEGMENT_BYTES);
    free_shelf(&shelf);
}

static void what_the_writer_begins_is_found(void **state)
{
    struct shelf shelf = make_shelf(state);

    put_header(&shelf, place(2), OURS, 3);
    assert_int_equal(build(&shelf), 0);
    assert_false(segment_index_look_for_newer(&shelf.index));
    put_header(&shelf, place(3), ANOTHER, 4);
    assert_false(segment_index_look_for_newer(&shelf.index));
    put_header(&shelf, place(3), OURS, 4);
    assert_true(segment_index_look_for_newer(&shelf.index));
    assert_segment(&shelf.index, 1, 4, place(3));
    put_header(&shelf, place(0), OURS, 5); /* behind the last place comes the first */
    assert_true(segment_index_look_for_newer(&shelf.index));
    assert_segment(&shelf.index, 2, 5, place(0));
    free_shelf(&shelf);
}

/* Round the ring, the place behind the newest one known is not that of the next. */
static void the_oldest_of_those_that_are_newer_comes_next(void **state)
{
    struct shelf shelf = make_shelf(state);

    put_header(&shelf, place(0), OURS, 1);
    assert_int_equal(build(&shelf), 0);
    put_header(&shelf, place(1), OURS, 6);
    put_header(&shelf, place(2), OURS, 3);
    put_header(&shelf, place(3), OURS, 4);
    assert_true(segment_index_look_for_newer(&shelf.index));
    assert_segment(&shelf.index, 1, 3, place(2));
    free_shelf(&shelf);
}

static void what_has_none_is_refused(void **state)
{
    struct shelf shelf = make_shelf(state);

    assert_int_equal(build(&shelf), -EBADMSG);
    assert_int_equal(shelf.index.count, 0);
    put_header(&shelf, place(1), OURS, 1);
    tape_set_version(shelf.path, 1, SEGMENT_VERSION + 1);
    assert_int_equal(build(&shelf), -EPROTONOSUPPORT);
    free_shelf(&shelf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(they_are_in_the_order_of_their_numbers),
        unit_test_in_folder(those_of_other_recordings_are_left_out),
        unit_test_in_folder(a_place_without_a_header_is_counted),
        unit_test_in_folder(out_of_place_they_are_found_and_do_not_overlap),
        unit_test_in_folder(what_the_writer_begins_is_found),
        unit_test_in_folder(the_oldest_of_those_that_are_newer_comes_next),
        unit_test_in_folder(what_has_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
