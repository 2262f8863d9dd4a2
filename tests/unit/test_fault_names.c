#include "kernel/fault_names.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A record with the names of PATH and GROUP, the last ones first, each ended by a '\0'. */
struct record {
    struct fault_record_names head;
    char bytes[2 * (PATH_ROOM)];
};

static size_t fill(struct record *record, const char *path, size_t path_bytes, const char *group,
                   size_t group_bytes)
{
    *record = (struct record){
        .head = {.kind = FAULT_RECORD_NAMES,
                 .uid = 1000,
                 .key = {.pid = 42, .inode = 7},
                 .comm = "python3",
                 .path_bytes = (uint32_t)path_bytes,
                 .cgroup_bytes = (uint32_t)group_bytes},
    };
    memcpy(record->bytes, path, path_bytes);
    memcpy(record->bytes + path_bytes, group, group_bytes);
    return sizeof(record->head) + path_bytes + group_bytes;
}

#define FILL(record, path, group) fill(record, path, sizeof(path), group, sizeof(group))

static void names_are_put_in_order(void **state)
{
    struct record record;
    struct fault_names names;
    size_t length = FILL(&record, "data.bin\0srv\0mnt", "job\0train");
    (void)state;

    assert_int_equal(fault_names_read(&names, &record, length), 0);
    assert_string_equal(names.path, "/mnt/srv/data.bin");
    assert_string_equal(names.cgroup, "/train/job");
    assert_string_equal(names.comm, "python3");
    assert_int_equal(names.uid, 1000);
    assert_int_equal(names.key.pid, 42);
    assert_int_equal(names.key.inode, 7);
    assert_false(names.deleted);
}

static void what_is_cut_is_marked(void **state)
{
    struct record record;
    struct fault_names names;
    size_t length = FILL(&record, "c\0b", "y\0x");
    (void)state;

    record.head.flags = PATH_CUT | PATH_DELETED | PATH_CGROUP_CUT;
    assert_int_equal(fault_names_read(&names, &record, length), 0);
    assert_string_equal(names.path, ".../b/c");
    assert_string_equal(names.cgroup, ".../x/y");
    assert_true(names.deleted);
}

static void no_file_has_no_path_and_the_root_is_a_slash(void **state)
{
    struct record record;
    struct fault_names names;
    size_t length = fill(&record, "", 0, "", 0);
    (void)state;

    assert_int_equal(fault_names_read(&names, &record, length), 0);
    assert_string_equal(names.path, "");
    assert_string_equal(names.cgroup, "/");
}

static void the_longest_fits(void **state)
{
    enum { MOST = PATH_ROOM };
    static char most[MOST]; /* nothing but the ends of names */
    static struct record record;
    static struct fault_names names;
    size_t length = fill(&record, most, MOST, most, MOST);
    (void)state;

    record.head.flags = PATH_CUT | PATH_CGROUP_CUT;
    assert_int_equal(fault_names_read(&names, &record, length), 0);
    assert_int_equal(strlen(names.path), 3 + MOST);
    memset(most, 'x', MOST - 1);
    length = fill(&record, most, MOST, most, MOST);
    record.head.flags = PATH_CUT;
    assert_int_equal(fault_names_read(&names, &record, length), 0);
    assert_int_equal(strlen(names.path), 4 + MOST - 1);
    assert_int_equal(strlen(names.cgroup), 1 + MOST - 1);
}

static void a_name_without_its_end_is_kept_short(void **state)
{
    struct record record;
    struct fault_names names;
    size_t length = FILL(&record, "a", "b");
    (void)state;

    memset(record.head.comm, 'x', sizeof(record.head.comm));
    assert_int_equal(fault_names_read(&names, &record, length), 0);
    assert_int_equal(strlen(names.comm), FAULT_COMM_BYTES - 1);
}

static void what_is_not_whole_is_refused(void **state)
{
    static struct record record;
    struct fault_names names;
    size_t length = FILL(&record, "data\0srv", "job");
    (void)state;

    /* In memory of its own, so that a sanitizer sees what is read behind its end. */
    for (size_t cut = 0; cut < length; cut++) {
        char *part = malloc(cut + 1);
        memcpy(part, &record, cut);
        assert_int_equal(fault_names_read(&names, part, cut), -EBADMSG);
        free(part);
    }
    record.head.path_bytes = UINT32_MAX;
    assert_int_equal(fault_names_read(&names, &record, length), -EBADMSG);
    length = fill(&record, "abc", 3, "d", 2); /* no end */
    assert_int_equal(fault_names_read(&names, &record, length), -EBADMSG);
    record.head.path_bytes = sizeof(record.bytes);
    assert_int_equal(fault_names_read(&names, &record, sizeof(record)), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_put_in_order),
        cmocka_unit_test(what_is_cut_is_marked),
        cmocka_unit_test(no_file_has_no_path_and_the_root_is_a_slash),
        cmocka_unit_test(the_longest_fits),
        cmocka_unit_test(a_name_without_its_end_is_kept_short),
        cmocka_unit_test(what_is_not_whole_is_refused),
    };
    return cmocka_run_group_tests_name("fault_names", tests, NULL, NULL);
}
