#include "kernel/cgroup.h"
#include "kernel/cgroup_id.h"
#include "support.h"

#include <errno.h>
#include <sys/stat.h>

static void what_is_no_cgroup_is_refused(void **state)
{
    const struct folder *folder = *state;
    struct cgroup_id id = {0, 0};

    assert_int_equal(cgroup_id_of(folder->path, &id), -ENOTSUP);
    assert_int_equal(cgroup_id_of("/proc", &id), -ENOTSUP);
    assert_int_equal(cgroup_id_of("/nowhere", &id), -ENOENT);
    assert_int_equal(cgroup_id_of("/proc/self/stat", &id), -ENOTDIR);
    assert_int_equal(id.version, 0);
}

/* Where this machine has one. */
static void a_cgroup_is_its_folders_inode(void **state)
{
    static const struct {
        const char *path;
        int version;
    } roots[] = {{"/sys/fs/cgroup", CGROUP_V2},
                 {"/sys/fs/cgroup/unified", CGROUP_V2},
                 {"/sys/fs/cgroup/memory", CGROUP_V1}};
    struct stat status;
    struct cgroup_id id;
    size_t found = 0;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(roots); i++) {
        if (stat(roots[i].path, &status) < 0 || cgroup_id_of(roots[i].path, &id) < 0)
            continue;
        assert_int_equal(id.version, roots[i].version);
        assert_int_equal(id.number, status.st_ino);
        found++;
    }
    if (found == 0)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(what_is_no_cgroup_is_refused),
        cmocka_unit_test(a_cgroup_is_its_folders_inode),
    };
    return cmocka_run_group_tests_name("cgroup_id", tests, NULL, NULL);
}
