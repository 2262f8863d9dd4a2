#include "kernel/process_death.h"
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct record {
    struct death_record head;
    char names[PATH_ROOM];
};

static const struct death_record killed = {
    .pid = 42,
    .parent_pid = 41,
    .uid = 1000,
    .status = SIGKILL,
    .comm = "python3",
    .sender = {.flags = DEATH_SENDER_SEEN, .pid = 7, .uid = 33, .comm = "sh"},
};

/* A SIGBUS, with the names of the file's path, the last one first. */
static size_t fill_sigbus(struct record *record, const char *names, size_t length)
{
    *record = (struct record){.head = killed};
    record->head.status = SIGBUS | DEATH_STATUS_CORE;
    record->head.sender.flags = DEATH_SENDER_SEEN | DEATH_SENDER_KERNEL;
    record->head.file = (struct death_file){
        .offset = 8192,
        .length = 4096,
        .used_bytes = 1000,
        .limit_bytes = 2000,
        .device = 27,
        .flags = DEATH_FILE_SEEN | DEATH_FILE_LIMITED,
        .path_bytes = (uint32_t)length,
    };
    memcpy(record->names, names, length);
    return sizeof(record->head) + length;
}

#define FILL_SIGBUS(record, names) fill_sigbus(record, names, sizeof(names))

static void who_killed_whom(void **state)
{
    static struct process_death death;
    (void)state;

    assert_int_equal(process_death_from_record(&death, &killed, sizeof(killed)), 0);
    assert_int_equal(death.pid, 42);
    assert_int_equal(death.parent_pid, 41);
    assert_int_equal(death.uid, 1000);
    assert_string_equal(death.comm, "python3");
    assert_int_equal(death.signal, SIGKILL);
    assert_false(death.core);
    assert_true(death.sender.seen);
    assert_false(death.sender.kernel);
    assert_int_equal(death.sender.pid, 7);
    assert_int_equal(death.sender.uid, 33);
    assert_string_equal(death.sender.comm, "sh");
    assert_false(death.file.known);
    assert_string_equal(death.file.path, "");
    assert_false(death.file.size_bytes.present);
}

static void nobody_was_seen(void **state)
{
    static struct process_death death;
    struct death_record record = killed;
    (void)state;

    memset(&death, 0xee, sizeof(death)); /* of the one before */
    record.sender.flags = 0;
    assert_int_equal(process_death_from_record(&death, &record, sizeof(record)), 0);
    assert_false(death.sender.seen || death.sender.kernel);
    assert_int_equal(death.sender.pid, 0);
    assert_string_equal(death.sender.comm, "");
}

static void the_file_of_a_sigbus(void **state)
{
    static struct process_death death;
    static struct record record;
    size_t length = FILL_SIGBUS(&record, "full\0shm\0dev");
    (void)state;

    assert_int_equal(process_death_from_record(&death, &record, length), 0);
    assert_int_equal(death.signal, SIGBUS);
    assert_true(death.core);
    assert_true(death.sender.kernel);
    assert_true(death.file.known);
    assert_string_equal(death.file.path, "/dev/shm/full");
    assert_false(death.file.deleted);
    assert_int_equal(death.file.device, 27);
    assert_int_equal(death.file.offset_bytes, 8192);
    assert_int_equal(death.file.length_bytes, 4096);
    assert_value(death.file.used_bytes, 1000);
    assert_value(death.file.size_bytes, 2000);
}

static void a_file_without_a_name_or_a_limit(void **state)
{
    static struct process_death death;
    static struct record record;
    size_t length = FILL_SIGBUS(&record, "c\0b");
    (void)state;

    record.head.file.flags = DEATH_FILE_SEEN;
    record.head.file.path_flags = PATH_CUT | PATH_DELETED;
    assert_int_equal(process_death_from_record(&death, &record, length), 0);
    assert_string_equal(death.file.path, ".../b/c");
    assert_true(death.file.deleted);
    assert_false(death.file.used_bytes.present || death.file.size_bytes.present);
}

static void names_without_their_end_are_kept_short(void **state)
{
    static struct process_death death;
    struct death_record record = killed;
    (void)state;

    memset(record.comm, 'x', sizeof(record.comm));
    memset(record.sender.comm, 'y', sizeof(record.sender.comm));
    assert_int_equal(process_death_from_record(&death, &record, sizeof(record)), 0);
    assert_int_equal(strlen(death.comm), DEATH_COMM_BYTES - 1);
    assert_int_equal(strlen(death.sender.comm), DEATH_COMM_BYTES - 1);
}

static void what_is_not_whole_is_refused(void **state)
{
    static struct process_death death;
    static struct record record;
    size_t length = FILL_SIGBUS(&record, "full\0shm");
    (void)state;

    /* In memory of its own, so that a sanitizer sees what is read behind its end. */
    for (size_t cut = 0; cut < length; cut++) {
        char *part = malloc(cut + 1);
        memcpy(part, &record, cut);
        assert_int_equal(process_death_from_record(&death, part, cut), -EBADMSG);
        free(part);
    }
    record.head.file.path_bytes = UINT32_MAX;
    assert_int_equal(process_death_from_record(&death, &record, length), -EBADMSG);
    length = fill_sigbus(&record, "abc", 3); /* no end */
    assert_int_equal(process_death_from_record(&death, &record, length), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_killed_whom),
        cmocka_unit_test(nobody_was_seen),
        cmocka_unit_test(the_file_of_a_sigbus),
        cmocka_unit_test(a_file_without_a_name_or_a_limit),
        cmocka_unit_test(names_without_their_end_are_kept_short),
        cmocka_unit_test(what_is_not_whole_is_refused),
    };
    return cmocka_run_group_tests_name("process_death", tests, NULL, NULL);
}
