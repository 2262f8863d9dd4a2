#include "base/users.h"
#include "support.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct users users_of(const struct folder *folder, const char *text)
{
    struct users users;
    char path[PATH_MAX];

    folder_put(folder, "passwd", text);
    snprintf(path, sizeof(path), "%s/passwd", folder->path);
    users_read(&users, path);
    return users;
}

static void names_by_number(void **state)
{
    struct users users = users_of(*state, "root:x:0:0:root:/root:/bin/bash\n"
                                          "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
                                          "zoe:x:1001:1001::/home/zoe:/bin/sh\n"
                                          "daemon:*:1:1::/:\n"
                                          "adam:x:1000:1000:Adam,,,:/home/adam:/bin/sh\n");

    assert_int_equal(users.count, 5);
    assert_string_equal(users_name(&users, 0), "root");
    assert_string_equal(users_name(&users, 1), "daemon");
    assert_string_equal(users_name(&users, 1000), "adam");
    assert_string_equal(users_name(&users, 1001), "zoe");
    assert_string_equal(users_name(&users, 65534), "nobody");
    assert_null(users_name(&users, 2));
    assert_null(users_name(&users, 999));
    assert_null(users_name(&users, UINT32_MAX));
    assert_null(users_name(&users, UINT64_C(1) << 32)); /* which is not 0 */
    users_free(&users);
    assert_null(users_name(&users, 0));
}

static void of_several_names_the_first_counts(void **state)
{
    struct users users = users_of(*state, "toor:x:0:0::/root:/bin/sh\n"
                                          "adam:x:1000:1000::/:/bin/sh\n"
                                          "root:x:0:0::/root:/bin/sh\n"
                                          "eve:x:1000:1000::/:/bin/sh\n");

    assert_int_equal(users.count, 2);
    assert_string_equal(users_name(&users, 0), "toor");
    assert_string_equal(users_name(&users, 1000), "adam");
    users_free(&users);
}

static struct account account_of(const struct folder *folder, const char *word)
{
    struct account account = {77, 77};
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/passwd", folder->path);
    assert_int_equal(users_find_account(path, word, &account), 0);
    return account;
}

static void accounts_by_name_and_by_number(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "passwd",
               "root:x:0:0::/root:/bin/sh\n"
               "+nis:x:4:4::/:/bin/sh\n"
               "adam:x:1000:100::/:/bin/sh\n"
               "eve:x:1001:101::/:/bin/sh\n"
               "1001:x:7:8::/:/bin/sh\n"
               "eve:x:1002:102::/:/bin/sh\n");
    assert_int_equal(account_of(folder, "root").uid, 0);
    assert_int_equal(account_of(folder, "adam").uid, 1000);
    assert_int_equal(account_of(folder, "adam").gid, 100);
    assert_int_equal(account_of(folder, "eve").uid, 1001); /* the first one counts */
    assert_int_equal(account_of(folder, "1001").uid, 7);   /* a name, as one number is */
    assert_int_equal(account_of(folder, "5:6").uid, 5);
    assert_int_equal(account_of(folder, "5:6").gid, 6);
    assert_int_equal(account_of(folder, "4294967294:0").uid, UINT32_MAX - 1);
}

static void words_that_are_no_account(void **state)
{
    static const char *const words[] = {"",
                                        "nobody",
                                        "5",
                                        ":",
                                        "5:",
                                        ":6",
                                        "+nis",
                                        "-1:0",
                                        "0x5:6",
                                        "5:6:7",
                                        "4294967295:0",
                                        "0:4294967296",
                                        "111111111111111111111:0",
                                        "adam:100"};
    const struct folder *folder = *state;
    struct account account;
    char path[PATH_MAX];

    folder_put(folder, "passwd", "+nis:x:4:4::/:/bin/sh\n:x:3:3::/:/bin/sh\nadam:x:1000:100::/:/bin/sh\n");
    snprintf(path, sizeof(path), "%s/passwd", folder->path);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        assert_int_equal(users_find_account(path, words[i], &account), -ENOENT);
    assert_int_equal(users_find_account("/nonexistent/passwd", "adam", &account), -ENOENT);
    assert_int_equal(users_find_account("/proc/self/passwd/x", "5:6", &account), 0); /* it is not asked */
}

static void without_the_file_all_are_unknown(void **state)
{
    struct users users = {.count = 77};
    (void)state;

    users_read(&users, "/nonexistent/passwd");
    assert_int_equal(users.count, 0);
    assert_null(users_name(&users, 0));
    users_free(&users);
    users_read(&users, "/"); /* no file */
    assert_int_equal(users.count, 0);
    users_free(&users);
    users = users_of(*state, "");
    assert_null(users_name(&users, 0));
    users_free(&users);
}

static void lines_that_are_none(void **state)
{
    struct users users = users_of(*state, "\n"
                                          "# a comment\n"
                                          "half:x\n"
                                          "letters:x:one:1::/:/bin/sh\n"
                                          ":x:3:3::/:/bin/sh\n"
                                          "+\n"
                                          "+::::::\n"
                                          "+nis:x:4:4::/:/bin/sh\n"
                                          "-nobody:x:5:5::/:/bin/sh\n"
                                          "steers\x1b[31m:x:6:6::/:/bin/sh\n"
                                          "\xff\xfe:x:7:7::/:/bin/sh\n"
                                          "root:x:0:0::/:/bin/sh\n"
                                          "last:x:8:8::/:/bin/sh"); /* without its newline */

    assert_string_equal(users_name(&users, 0), "root");
    assert_null(users_name(&users, 1));
    assert_null(users_name(&users, 3));
    assert_null(users_name(&users, 4));
    assert_null(users_name(&users, 5));
    assert_string_equal(users_name(&users, 6), "steers\x1b[31m"); /* whoever prints it sees to that */
    assert_string_equal(users_name(&users, 7), "\xff\xfe");
    assert_string_equal(users_name(&users, 8), "last");
    users_free(&users);
}

static void a_long_name_is_cut(void **state)
{
    enum { LONG = 20000 };
    char *text = malloc(LONG + 64);

    assert_non_null(text);
    memset(text, 'a', LONG);
    strcpy(text + LONG, ":x:5:5::/:/bin/sh\nroot:x:0:0::/:/bin/sh\n");
    struct users users = users_of(*state, text);
    assert_int_equal(strlen(users_name(&users, 5)), 63);
    assert_int_equal(strspn(users_name(&users, 5), "a"), 63);
    assert_string_equal(users_name(&users, 0), "root");
    users_free(&users);
    free(text);
}

static void many_in_any_order(void **state)
{
    enum { MANY = 1009 };
    struct text text = text_new(MANY * 32);
    char name[32];

    assert_non_null(text.bytes);
    for (unsigned i = 0; i < MANY; i++)
        text_format(&text, "u%u:x:%u:1:::\n", i * 271 % MANY, i * 271 % MANY);
    text_char(&text, '\0');
    struct users users = users_of(*state, text.bytes);
    assert_int_equal(users.count, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "u%u", i);
        assert_string_equal(users_name(&users, i), name);
    }
    assert_null(users_name(&users, MANY));
    users_free(&users);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(names_by_number),
        unit_test_in_folder(of_several_names_the_first_counts),
        unit_test_in_folder(accounts_by_name_and_by_number),
        unit_test_in_folder(words_that_are_no_account),
        unit_test_in_folder(without_the_file_all_are_unknown),
        unit_test_in_folder(lines_that_are_none),
        unit_test_in_folder(a_long_name_is_cut),
        unit_test_in_folder(many_in_any_order),
    };
    return cmocka_run_group_tests_name("users", tests, NULL, NULL);
}
