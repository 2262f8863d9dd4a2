#include "passwords.h"
#include "server/access.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- what clients send -- */

static void credentials_are(const char *authorization, const char *user, const char *password)
{
    struct credentials credentials;
    char *copy = strdup(authorization);

    assert_int_equal(credentials_parse(&credentials, copy), 0);
    free(copy);
    assert_string_equal(credentials.user, user);
    assert_string_equal(credentials.password, password);
}

static void no_credentials(const char *authorization)
{
    struct credentials credentials;

    if (credentials_parse(&credentials, authorization) != -EINVAL)
        fail_msg("%s is taken", authorization);
}

static void user_and_password(void **state)
{
    (void)state;
    credentials_are(ADA_SECRET, "ada", "secret");
    credentials_are(EVE_WORDS, "eve", "pass:w\xc3\xb6rd"); /* up to the first colon */
    credentials_are(MUTE_EMPTY, "mute", "");
    credentials_are("Basic Og==", "", "");
    credentials_are("basic YWRhOnNlY3JldA==", "ada", "secret");
    credentials_are("BASIC    YWRhOnNlY3JldA==", "ada", "secret");
    credentials_are("Basic YWRhOnNlY3JldA", "ada", "secret"); /* without its padding */
    credentials_are("Basic Pz8/Pj4+Og==", "\x3f\x3f\x3f>>>", "");
}

static void what_is_no_basic_authentication(void **state)
{
    static const char *const none[] = {
        "",
        "Basic",
        "Basic ",
        "Basic YWRh", /* no colon */
        "Bearer YWRhOnNlY3JldA==",
        "BasicYWRhOnNlY3JldA==",
        "Basic YWRhOnNlY3JldA==x",
        "Basic YWRhOnNl Y3JldA==",
        "Basic YWRh-nNlY3JldA==",
        "Basic YWRhOgBi", /* a NUL */
        "Basic =",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(none); i++)
        no_credentials(none[i]);
}

/* ":aaa..." of so many bytes, which come in threes. */
static void put_long(char *authorization, size_t bytes)
{
    strcpy(authorization, "Basic OmFh"); /* ":aa" */
    for (size_t i = 3; i < bytes; i += 3)
        strcat(authorization, "YWFh");
}

static void credentials_that_are_too_long(void **state)
{
    char authorization[1024];
    struct credentials credentials;
    (void)state;

    put_long(authorization, CREDENTIALS_MAX - 1);
    assert_int_equal(credentials_parse(&credentials, authorization), 0);
    assert_int_equal(strlen(credentials.password), CREDENTIALS_MAX - 2);
    strcat(authorization, "YQ==");
    no_credentials(authorization);
    put_long(authorization, 600);
    no_credentials(authorization);
}

/* -- the file -- */

static void users_of_a_file(void **state)
{
    struct password_file file = {0};
    struct problem problem = {0};
    (void)state;

    assert_int_equal(password_file_parse(&file,
                                         "# who may look\n"
                                         "ada:" HASH_OF_SECRET "\n"
                                         "\n"
                                         "  \t\r\n"
                                         "bob:" HASH_OF_OTHER " \r\n"
                                         "#carl:x\n"
                                         "e v\xff:" HASH_OF_WORDS,
                                         "/etc/users", &problem),
                     0);
    assert_int_equal(file.count, 3);
    assert_string_equal(file.entries[0].user, "ada");
    assert_string_equal(file.entries[0].hash, HASH_OF_SECRET);
    assert_int_equal(file.entries[0].line, 2);
    assert_string_equal(file.entries[1].user, "bob");
    assert_string_equal(file.entries[1].hash, HASH_OF_OTHER);
    assert_int_equal(file.entries[1].line, 5);
    assert_string_equal(file.entries[2].user, "e v\xff");
    assert_int_equal(file.entries[2].line, 7);
    password_file_free(&file);
    password_file_free(&file);
}

static void refuses(const char *text, const char *expected)
{
    struct password_file file = {0};
    struct problem problem = {0};

    if (password_file_parse(&file, text, "/etc/users", &problem) != -EINVAL)
        fail_msg("%s is not refused", text);
    password_file_free(&file);
    assert_string_equal(problem.text, expected);
}

static void lines_that_are_none(void **state)
{
    static const char form[] =
        "/etc/users: line 2: expected USER:HASH: make it with htpasswd -B /etc/users USER";
    static const char hash[] = "/etc/users: line 2: the hash is not bcrypt's ($2y$...): make it with "
                               "htpasswd -B /etc/users bob";
    (void)state;

    refuses("ada:" HASH_OF_SECRET "\nbob\n", form);
    refuses("ada:" HASH_OF_SECRET "\n:" HASH_OF_OTHER "\n", form);
    refuses("ada:" HASH_OF_SECRET "\nbob:\n", hash);
    refuses("ada:" HASH_OF_SECRET "\nbob:secret\n", hash);
    refuses("\nbob:$apr1$JQdcGNNJ$2TkkqyXvJqmDIMgxZfSoN1\n", hash);
    refuses("\nbob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n", hash);
    refuses("\nbob:" HASH_OF_OTHER ":more\n", hash);
    refuses("\nbob:" HASH_OF_OTHER "x\n", hash);
    refuses("\nbob: " HASH_OF_OTHER "\n", hash);
    refuses("\nbob:$2x$04$......................ihqWR5MPTQ.vdPo4V5b6powaL1OAEka\n", hash);
    refuses("\nbob:$2y$4$.......................ihqWR5MPTQ.vdPo4V5b6powaL1OAEka\n", hash);
    refuses("\nbob:$2y$04$....................._ihqWR5MPTQ.vdPo4V5b6powaL1OAEka\n", hash);
}

static void costs(void **state)
{
    struct password_file file = {0};
    struct problem problem = {0};
    (void)state;

    assert_int_equal(password_file_parse(&file,
                                         "bob:$2y$16$......................ihqWR5MPTQ.vdPo4V5b6powaL1OAEka",
                                         "f", &problem),
                     0);
    password_file_free(&file);
    refuses("bob:$2y$17$......................ihqWR5MPTQ.vdPo4V5b6powaL1OAEka",
            "/etc/users: line 1: cost 17: each attempt would take too long or no time: 4 to 16, with "
            "htpasswd -B -C 10");
    refuses("bob:$2y$03$......................ihqWR5MPTQ.vdPo4V5b6powaL1OAEka",
            "/etc/users: line 1: cost 3: each attempt would take too long or no time: 4 to 16, with "
            "htpasswd -B -C 10");
}

static void a_user_twice(void **state)
{
    (void)state;
    refuses("ada:" HASH_OF_SECRET "\n\nbob:" HASH_OF_OTHER "\nada:" HASH_OF_SECRET "\n",
            "/etc/users: line 4: 'ada' stands in line 1 as well: remove one of them");
}

static void a_file_without_users(void **state)
{
    static const char expected[] = "/etc/users: no user is in it: make one with htpasswd -B /etc/users USER";
    (void)state;

    refuses("", expected);
    refuses("\n\n# nobody\n", expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(user_and_password),
        cmocka_unit_test(what_is_no_basic_authentication),
        cmocka_unit_test(credentials_that_are_too_long),
        cmocka_unit_test(users_of_a_file),
        cmocka_unit_test(lines_that_are_none),
        cmocka_unit_test(costs),
        cmocka_unit_test(a_user_twice),
        cmocka_unit_test(a_file_without_users),
    };
    return cmocka_run_group_tests_name("password_file", tests, NULL, NULL);
}
