#include "blackbox/segment.h"
#include "blackbox/store.h"
#include "pwrites.h"
#include "tapes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

/* A path in the test's folder. */
struct place {
    char path[128];
};

static struct place place_of(void **state, const char *name)
{
    const struct folder *folder = *state;
    struct place place;

    (void)snprintf(place.path, sizeof(place.path), "%s/%s", folder->path, name);
    return place;
}

static int try_open(const char *path, uint64_t bytes, bool force, struct store *store,
                    struct problem *problem)
{
    const struct store_settings settings = {path, bytes, force};

    *problem = (struct problem){0};
    return store_open(store, &settings, problem);
}

static struct store open_store(const char *path, uint64_t bytes, bool force)
{
    struct store store;
    struct problem problem;

    if (try_open(path, bytes, force, &store, &problem) < 0)
        fail_msg("%s", problem.text);
    return store;
}

/* Is refused with a text that names the path and has the WORD. */
static int refuse(const char *path, uint64_t bytes, const char *word)
{
    struct store store;
    struct problem problem;
    int error = try_open(path, bytes, false, &store, &problem);

    if (error >= 0)
        fail_msg("%s is not refused", path);
    if (!strstr(problem.text, path) || !strstr(problem.text, word))
        fail_msg("'%s' does not say '%s'", problem.text, word);
    assert_int_equal(store.fd, -1);
    return error;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static uint64_t blocks_bytes(const char *path)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return (uint64_t)status.st_blocks * 512;
}

static void a_new_file_has_all_its_blocks(void **state)
{
    struct place place = place_of(state, "box");
    struct stat status;
    struct store store = open_store(place.path, 2 * MIB, false);

    assert_true(store.fresh);
    assert_int_equal(store.bytes, 2 * MIB);
    assert_int_equal(tape_length(place.path), 2 * MIB);
    assert_true(blocks_bytes(place.path) >= 2 * MIB);
    assert_int_equal(stat(place.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_true(fcntl(store.fd, F_GETFD) & FD_CLOEXEC);
    store_close(&store);
    assert_int_equal(store.fd, -1);
    store_close(&store);
}

static void without_a_size_it_is_the_default(void **state)
{
    struct place place = place_of(state, "box");
    struct store store = open_store(place.path, 0, false);

    assert_int_equal(store.bytes, 64 * MIB);
    assert_int_equal(tape_length(place.path), 64 * MIB);
    store_close(&store);
}

/* A recording with one sample in it. */
static void make_recording(const struct folder *folder, struct tape *tape)
{
    tape_init(tape, folder, "box");
    tape_open(tape, MIB);
    tape_put(tape, 1, false);
    tape_close(tape);
}

static void assert_has_sample(const char *path)
{
    static struct tape_items items;

    tape_read_file(path, &items, NULL);
    assert_int_equal(tape_count(&items, RECORDED_SAMPLE, 1), 1);
}

static void a_recording_is_gone_on_with(void **state)
{
    struct tape tape;

    make_recording(*state, &tape);
    struct store store = open_store(tape.path, MIB, false);
    assert_false(store.fresh);
    assert_int_equal(store.bytes, MIB);
    store_close(&store);
    store = open_store(tape.path, 0, false);
    assert_false(store.fresh);
    assert_int_equal(store.bytes, MIB);
    store_close(&store);
    store = open_store(tape.path, MIB, true);
    assert_false(store.fresh); /* it is as it was asked for: nothing to be overwritten */
    store_close(&store);
    assert_has_sample(tape.path);
    tape_free(&tape);
}

static void another_size_is_refused(void **state)
{
    struct tape tape;

    make_recording(*state, &tape);
    assert_int_equal(refuse(tape.path, 2 * MIB, "leave out --size"), -EEXIST);
    assert_int_equal(refuse(tape.path, 2 * MIB, "--force"), -EEXIST);
    assert_has_sample(tape.path);
    struct store store = open_store(tape.path, 2 * MIB, true);
    assert_true(store.fresh);
    store_close(&store);
    assert_int_equal(tape_length(tape.path), 2 * MIB);
    tape_free(&tape);
}

static void a_file_that_was_cut_keeps_what_is_left(void **state)
{
    struct tape tape;

    tape_init(&tape, *state, "box");
    tape_open(&tape, 2 * MIB);
    tape_put(&tape, 1, false);
    tape_close(&tape);
    tape_cut(tape.path, MIB + 1);
    struct store store = open_store(tape.path, 0, false);
    assert_false(store.fresh);
    assert_int_equal(store.bytes, MIB + SEGMENT_BYTES);
    assert_int_equal(tape_length(tape.path), MIB + SEGMENT_BYTES);
    store_close(&store);
    tape_cut(tape.path, MIB + SEGMENT_BYTES - 1);
    store = open_store(tape.path, MIB + SEGMENT_BYTES, false);
    assert_false(store.fresh);
    assert_int_equal(tape_length(tape.path), MIB + SEGMENT_BYTES);
    store_close(&store);
    assert_has_sample(tape.path);
    tape_free(&tape);
}

/* A copy that was made as evidence, say. */
static void a_small_file_is_refused(void **state)
{
    struct tape tape;

    make_recording(*state, &tape);
    tape_cut(tape.path, 2 * SEGMENT_BYTES);
    assert_int_equal(refuse(tape.path, 0, "too few to go on with"), -EEXIST);
    assert_int_equal(refuse(tape.path, 0, "524288 bytes"), -EEXIST);
    assert_int_equal(refuse(tape.path, MIB, "leave out --size"), -EEXIST);
    assert_has_sample(tape.path);
    struct store store = open_store(tape.path, 0, true);
    assert_true(store.fresh);
    store_close(&store);
    tape_free(&tape);
}

static void another_file_is_refused(void **state)
{
    struct place place = place_of(state, "notes");
    char *text;

    folder_put(*state, "notes", "to be kept");
    assert_int_equal(refuse(place.path, 0, "no recording of faultline"), -EEXIST);
    assert_int_equal(refuse(place.path, MIB, "--force"), -EEXIST);
    text = folder_get(*state, "notes");
    assert_string_equal(text, "to be kept");
    free(text);
    struct store store = open_store(place.path, MIB, true);
    assert_true(store.fresh);
    store_close(&store);
    assert_int_equal(tape_length(place.path), MIB);
}

/* An image of a disk, say, that is zero wherever a segment would begin. */
static void a_file_that_looks_empty_is_refused(void **state)
{
    struct place place = place_of(state, "image");

    folder_put(*state, "image", "");
    tape_cut(place.path, MIB);
    tape_patch(place.path, 700000, "x", 1);
    assert_int_equal(refuse(place.path, MIB, "no recording of faultline"), -EEXIST);
    char byte;
    tape_peek(place.path, 700000, &byte, 1);
    assert_int_equal(byte, 'x');
    tape_patch(place.path, 700000, "\0", 1);
    tape_patch(place.path, MIB - 1, "x", 1);
    assert_int_equal(refuse(place.path, 0, "no recording of faultline"), -EEXIST);
}

/* The recorder died before its first sample; or somebody else made it. */
static void a_file_of_zeros_is_taken(void **state)
{
    struct place place = place_of(state, "box");
    static const char zeros[5000];

    folder_put_bytes(*state, "box", zeros, sizeof(zeros));
    struct store store = open_store(place.path, MIB, false);
    assert_true(store.fresh);
    store_close(&store);
    store = open_store(place.path, 2 * MIB, false);
    assert_true(store.fresh);
    assert_int_equal(tape_length(place.path), 2 * MIB);
    store_close(&store);
    folder_put(*state, "box", "");
    store = open_store(place.path, MIB, false);
    assert_true(store.fresh);
    store_close(&store);
}

static void a_later_version_is_refused(void **state)
{
    struct tape tape;

    make_recording(*state, &tape);
    tape_set_version(tape.path, 0, 2);
    assert_int_equal(refuse(tape.path, 0, "later version"), -EEXIST);
    assert_int_equal(refuse(tape.path, MIB, "--force"), -EEXIST);
    tape_set_version(tape.path, 0, 1);
    assert_has_sample(tape.path);
    tape_set_version(tape.path, 0, 2);
    struct store store = open_store(tape.path, MIB, true);
    assert_true(store.fresh);
    store_close(&store);
    tape_free(&tape);
}

static void a_damaged_version_is_no_later_one(void **state)
{
    struct tape tape;

    make_recording(*state, &tape);
    tape_set_boot(&tape, 2);
    tape_open(&tape, 0);
    tape_put(&tape, 2, false);
    tape_close(&tape);
    tape_patch(tape.path, 8, "\3", 1);
    struct store store = open_store(tape.path, 0, false);
    assert_false(store.fresh);
    store_close(&store);
    tape_free(&tape);
}

static void what_is_no_file_is_refused(void **state)
{
    const struct folder *folder = *state;
    struct place place = place_of(state, "fifo");

    assert_int_equal(mkfifo(place.path, 0600), 0);
    assert_int_equal(refuse(place.path, 0, "no regular file"), -EINVAL);
    assert_true(exists(place.path));
    assert_int_equal(refuse(folder->path, 0, "Is a directory"), -EISDIR);
    place = place_of(state, "no/such/folder");
    assert_int_equal(refuse(place.path, 0, "No such file"), -ENOENT);
}

static void a_second_writer_is_refused(void **state)
{
    struct tape tape;

    make_recording(*state, &tape);
    struct store store = open_store(tape.path, 0, false);
    struct store second;
    struct problem problem;
    assert_int_equal(refuse(tape.path, 0, "another faultline records into it"), -EAGAIN);
    assert_int_equal(try_open(tape.path, 2 * MIB, true, &second, &problem), -EAGAIN);
    assert_int_equal(store_create(&second, tape.path, true, &problem), -EAGAIN);
    assert_int_equal(second.fd, -1);
    assert_has_sample(tape.path);
    store_close(&store);
    store = open_store(tape.path, 0, false);
    store_close(&store);
    tape_free(&tape);
}

static void a_sparse_copy_gets_its_blocks(void **state)
{
    static uint8_t bytes[70000];
    struct tape tape;
    struct place place = place_of(state, "copy");

    make_recording(*state, &tape);
    tape_peek(tape.path, 0, bytes, sizeof(bytes));
    folder_put_bytes(*state, "copy", (const char *)bytes, sizeof(bytes));
    tape_cut(place.path, MIB);
    assert_true(blocks_bytes(place.path) < MIB);
    struct store store = open_store(place.path, 0, false);
    assert_false(store.fresh);
    store_close(&store);
    assert_true(blocks_bytes(place.path) >= MIB);
    assert_has_sample(place.path);
    tape_free(&tape);
}

/* Mounts a tmpfs of so many bytes in the folder; false where that is not allowed. */
static bool mount_small(const struct folder *folder, const char *bytes)
{
    char options[32];

    (void)snprintf(options, sizeof(options), "size=%s", bytes);
    return mount("faultline-test", folder->path, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0;
}

/* Whatever became of the test. */
static int small_teardown(void **state)
{
    const struct folder *folder = *state;

    (void)umount2(folder->path, MNT_DETACH);
    return folder_teardown(state);
}

/* In a folder for all, so that it can be read by who put it there. */
static void a_file_of_another_user_is_refused(void **state)
{
    struct place place = place_of(state, "foreign.flr");
    struct store store;
    struct problem problem;

    if (geteuid() != 0)
        skip();
    close(creat(place.path, 0666));
    assert_int_equal(chown(place.path, 65534, 65534), 0);
    assert_int_equal(refuse(place.path, MIB, "another user"), -EPERM);
    assert_int_equal(try_open(place.path, MIB, true, &store, &problem), -EPERM);
    assert_int_equal(store_create(&store, place.path, true, &problem), -EPERM);
    assert_int_equal(store.fd, -1);
    assert_int_equal(access(place.path, F_OK), 0);
}

static void a_full_disk_is_refused_at_the_start(void **state)
{
    const struct folder *folder = *state;
    struct place place = place_of(state, "box");
    struct problem problem = {0};
    struct store store = {.fd = -1};
    static const char zeros[4096];

    if (!mount_small(folder, "2m"))
        skip();
    int error = try_open(place.path, 4 * MIB, false, &store, &problem);
    bool left = exists(place.path);
    folder_put_bytes(folder, "zeros", zeros, sizeof(zeros));
    struct problem of_zeros;
    struct place zeros_place = place_of(state, "zeros");
    int error_of_zeros = try_open(zeros_place.path, 4 * MIB, false, &store, &of_zeros);
    uint64_t zeros_left = exists(zeros_place.path) ? tape_length(zeros_place.path) : 1;
    struct store small;
    struct problem of_small;
    int error_of_small = try_open(place.path, MIB, false, &small, &of_small);
    store_close(&small);
    assert_int_equal(error, -ENOSPC);
    assert_false(left); /* nothing is left of what could not be made */
    assert_non_null(strstr(problem.text, "No space left"));
    assert_non_null(strstr(problem.text, "4.0M"));
    assert_non_null(strstr(problem.text, "--size"));
    assert_int_equal(error_of_zeros, -ENOSPC);
    assert_int_equal(zeros_left, 0);
    assert_int_equal(error_of_small, 0);
}

/* Its blocks are all there: that others fill the disk is nothing to it. */
static void a_disk_that_fills_later_is_no_matter(void **state)
{
    const struct folder *folder = *state;
    struct place filler = place_of(state, "filler");
    struct tape tape;
    static struct tape_items items;
    static const char zeros[65536];

    if (!mount_small(folder, "2m"))
        skip();
    tape_init(&tape, folder, "box");
    tape_open(&tape, MIB);
    int fd = open(filler.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(fd, zeros, sizeof(zeros)) > 0)
        ;
    int error = errno;
    close(fd);
    int failed = 0;
    for (uint64_t number = 1; number <= 9000; number++)
        failed += tape_try(&tape, number, true) < 0;
    tape_read_file(tape.path, &items, NULL);
    tape_free(&tape);
    assert_int_equal(error, ENOSPC);
    assert_int_equal(failed, 0);
    assert_int_equal(tape_count(&items, RECORDED_SAMPLE, 9000), 1);
}

static void a_write_is_whole_or_an_error(void **state)
{
    struct place place = place_of(state, "box");
    struct store store = open_store(place.path, MIB, false);
    char bytes[8] = "";

    pwrites_reset();
    pwrites.piece = 3;
    assert_int_equal(store_write(&store, "faults", 6, 1000), 0);
    assert_int_equal(pwrites.calls, 2);
    pwrites.fail_with = EINTR;
    pwrites.fail_nth = 1;
    assert_int_equal(store_write(&store, "line", 4, 1006), 0);
    pwrites.fail_with = EIO;
    pwrites.fail_nth = 2;
    assert_int_equal(store_write(&store, "more", 4, 1010), -EIO);
    pwrites_reset();
    tape_peek(place.path, 1004, bytes, 6);
    assert_memory_equal(bytes, "tsline", 6);
    store_close(&store);
}

/* -- copies -- */

static void a_copy_is_a_file_of_its_own(void **state)
{
    struct place place = place_of(state, "copy");
    struct store store;
    struct problem problem = {0};

    assert_int_equal(store_create(&store, place.path, false, &problem), 0);
    assert_true(store.fresh);
    assert_int_equal(tape_length(place.path), 0);
    assert_int_equal(store_write(&store, "x", 1, 0), 0);
    store_close(&store);
    assert_int_equal(store_create(&store, place.path, false, &problem), -EEXIST);
    assert_non_null(strstr(problem.text, "--force"));
    assert_non_null(strstr(problem.text, place.path));
    assert_int_equal(tape_length(place.path), 1);
    assert_int_equal(store_create(&store, place.path, true, &problem), 0);
    assert_int_equal(tape_length(place.path), 0);
    store_close(&store);
    place = place_of(state, "no/folder");
    assert_int_equal(store_create(&store, place.path, false, &problem), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(a_new_file_has_all_its_blocks),
        unit_test_in_folder(without_a_size_it_is_the_default),
        unit_test_in_folder(a_recording_is_gone_on_with),
        unit_test_in_folder(another_size_is_refused),
        unit_test_in_folder(a_file_that_was_cut_keeps_what_is_left),
        unit_test_in_folder(a_small_file_is_refused),
        unit_test_in_folder(another_file_is_refused),
        unit_test_in_folder(a_file_that_looks_empty_is_refused),
        unit_test_in_folder(a_file_of_zeros_is_taken),
        unit_test_in_folder(a_later_version_is_refused),
        unit_test_in_folder(a_damaged_version_is_no_later_one),
        unit_test_in_folder(what_is_no_file_is_refused),
        unit_test_in_folder(a_second_writer_is_refused),
        unit_test_in_folder(a_sparse_copy_gets_its_blocks),
        unit_test_in_folder(a_file_of_another_user_is_refused),
        cmocka_unit_test_setup_teardown(a_full_disk_is_refused_at_the_start, folder_setup, small_teardown),
        cmocka_unit_test_setup_teardown(a_disk_that_fills_later_is_no_matter, folder_setup, small_teardown),
        unit_test_in_folder(a_write_is_whole_or_an_error),
        unit_test_in_folder(a_copy_is_a_file_of_its_own),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
