#include "commands/blackbox_path.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char of_root[] = "/var/lib/faultline/blackbox.flr";

/* Who runs the test does not matter, and nothing is made in the machine's own folders. */
static uid_t user;
static unsigned folders_of_root; /* that were to be made */

uid_t __wrap_geteuid(void);
int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);

uid_t __wrap_geteuid(void)
{
    return user;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    if (strncmp(path, "/var", 4) != 0)
        return __real_mkdir(path, mode);
    folders_of_root++;
    errno = EEXIST;
    return -1;
}

static int setup(void **state)
{
    user = 1000;
    folders_of_root = 0;
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    return folder_setup(state);
}

/* Sets the variable to a folder below the test's own. */
static void set_below(const char *variable, const struct folder *folder, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    setenv(variable, path, 1);
}

static void path_is_below(const char *path, const struct folder *folder, const char *name)
{
    char expected[256];

    snprintf(expected, sizeof(expected), "%s/%s", folder->path, name);
    assert_string_equal(path, expected);
}

static bool is_folder(const struct folder *folder, const char *name)
{
    struct stat status;
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_there(const struct folder *folder, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    return access(path, F_OK) == 0;
}

static void below_the_state_home_with_the_folders_made(void **state)
{
    char path[BLACKBOX_PATH_MAX];
    struct problem problem = {0};

    set_below("XDG_STATE_HOME", *state, "deep/state");
    set_below("HOME", *state, "home");
    assert_int_equal(blackbox_path_to_write(path, NULL, &problem), 0);
    path_is_below(path, *state, "deep/state/faultline/blackbox.flr");
    assert_true(is_folder(*state, "deep/state/faultline"));
    assert_false(is_there(*state, "deep/state/faultline/blackbox.flr"));
    assert_false(is_there(*state, "home"));
    assert_int_equal(blackbox_path_to_write(path, NULL, &problem), 0); /* they are there */
    path_is_below(path, *state, "deep/state/faultline/blackbox.flr");
}

static uid_t owner_of(const struct folder *folder, const char *name)
{
    struct stat status;
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    assert_int_equal(stat(path, &status), 0);
    return status.st_uid;
}

/* Those above it are everybody's. */
static void the_last_folder_is_the_owners(void **state)
{
    const struct account nobody = {65534, 65534};
    char path[BLACKBOX_PATH_MAX];
    struct problem problem = {0};

    if (getuid() != 0) {
        print_message("skipped: only root gives a folder away\n");
        skip();
    }
    set_below("XDG_STATE_HOME", *state, "deep/state");
    assert_int_equal(blackbox_path_to_write(path, &nobody, &problem), 0);
    assert_int_equal(owner_of(*state, "deep/state/faultline"), nobody.uid);
    assert_int_equal(owner_of(*state, "deep/state"), 0);
    assert_int_equal(owner_of(*state, "deep"), 0);
}

static void below_the_home_folder_where_no_other_is_named(void **state)
{
    char path[BLACKBOX_PATH_MAX];
    struct problem problem = {0};

    set_below("HOME", *state, "home");
    assert_int_equal(blackbox_path_to_write(path, NULL, &problem), 0);
    path_is_below(path, *state, "home/.local/state/faultline/blackbox.flr");
    assert_true(is_folder(*state, "home/.local/state/faultline"));
}

static void a_state_home_that_is_no_absolute_path_counts_for_nothing(void **state)
{
    static const char *const values[] = {"", "state", "./state", "~/state"};
    char path[BLACKBOX_PATH_MAX];
    struct problem problem = {0};

    set_below("HOME", *state, "home");
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        setenv("XDG_STATE_HOME", values[i], 1);
        assert_int_equal(blackbox_path_to_write(path, NULL, &problem), 0);
        path_is_below(path, *state, "home/.local/state/faultline/blackbox.flr");
    }
}

static void without_either_a_file_has_to_be_named(void **state)
{
    static const char *const homes[] = {NULL, "", "home"};
    char path[BLACKBOX_PATH_MAX];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(homes); i++) {
        struct problem problem = {0};
        if (homes[i])
            setenv("HOME", homes[i], 1);
        assert_int_equal(blackbox_path_to_write(path, NULL, &problem), -ENOENT);
        assert_string_equal(problem.text, "neither XDG_STATE_HOME nor HOME is set: name a file");
    }
}

static void a_path_that_does_not_fit_is_refused_and_nothing_is_made(void **state)
{
    static const char *const variables[] = {"XDG_STATE_HOME", "HOME"};
    const struct folder *folder = *state;
    char path[BLACKBOX_PATH_MAX];
    char home[BLACKBOX_PATH_MAX + 16];

    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        struct problem problem = {0};
        memset(home, 'h', sizeof(home));
        home[sizeof(home) - 1] = '\0';
        memcpy(home, folder->path, strlen(folder->path));
        home[strlen(folder->path)] = '/';
        home[BLACKBOX_PATH_MAX - 10] = '\0';
        setenv(variables[i], home, 1);
        assert_int_equal(blackbox_path_to_write(path, NULL, &problem), -ENAMETOOLONG);
        assert_string_equal(problem.text, "the path of the home folder is too long: name a file");
        blackbox_path_to_read(path);
        assert_string_equal(path, of_root);
        unsetenv(variables[i]);
    }
    assert_int_equal(rmdir(folder->path), 0); /* is empty */
}

static void a_file_in_the_place_of_a_folder_is_told(void **state)
{
    const struct folder *folder = *state;
    char path[BLACKBOX_PATH_MAX], expected[256];
    struct problem problem = {0};

    folder_put(folder, "home", "");
    set_below("HOME", folder, "home");
    assert_int_equal(blackbox_path_to_write(path, NULL, &problem), -ENOTDIR);
    snprintf(expected, sizeof(expected), "%s/home/.local: Not a directory", folder->path);
    assert_string_equal(problem.text, expected);
}

static void to_read_makes_no_folder(void **state)
{
    char path[BLACKBOX_PATH_MAX];

    set_below("HOME", *state, "home");
    blackbox_path_to_read(path);
    assert_false(is_there(*state, "home"));
}

static void to_read_it_is_the_users_own_else_that_of_root(void **state)
{
    char path[BLACKBOX_PATH_MAX];

    set_below("XDG_STATE_HOME", *state, "state");
    blackbox_path_to_read(path);
    assert_string_equal(path, of_root);
    folder_put(*state, "state/faultline/blackbox.flr", "");
    blackbox_path_to_read(path);
    path_is_below(path, *state, "state/faultline/blackbox.flr");
}

static void root_has_that_of_the_machine_whatever_is_set(void **state)
{
    char path[BLACKBOX_PATH_MAX];
    struct problem problem = {0};

    user = 0;
    set_below("XDG_STATE_HOME", *state, "state");
    folder_put(*state, "state/faultline/blackbox.flr", "");
    blackbox_path_to_read(path);
    assert_string_equal(path, of_root);
    assert_int_equal(folders_of_root, 0);
    memset(path, 'x', sizeof(path));
    assert_int_equal(blackbox_path_to_write(path, NULL, &problem), 0);
    assert_string_equal(path, of_root);
    assert_int_equal(folders_of_root, 3); /* /var, /var/lib, /var/lib/faultline */
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(below_the_state_home_with_the_folders_made),
        TEST(the_last_folder_is_the_owners),
        TEST(below_the_home_folder_where_no_other_is_named),
        TEST(a_state_home_that_is_no_absolute_path_counts_for_nothing),
        TEST(without_either_a_file_has_to_be_named),
        TEST(a_path_that_does_not_fit_is_refused_and_nothing_is_made),
        TEST(a_file_in_the_place_of_a_folder_is_told),
        TEST(to_read_makes_no_folder),
        TEST(to_read_it_is_the_users_own_else_that_of_root),
        TEST(root_has_that_of_the_machine_whatever_is_set),
    };
    return cmocka_run_group_tests_name("blackbox_path", tests, NULL, NULL);
}
