#include "passwords.h"
#include "server/access.h"
#include "support.h"

#include <crypt.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stands before the function that tries a password: counts, and lets the thread in only while the gate is
 * open. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool closed;
    unsigned tries;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};

char *__real_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);
char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);

char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
    pthread_mutex_lock(&gate.mutex);
    gate.tries++;
    while (gate.closed)
        pthread_cond_wait(&gate.changed, &gate.mutex);
    pthread_mutex_unlock(&gate.mutex);
    return __real_crypt_r(phrase, setting, data);
}

static void set_gate(bool closed)
{
    pthread_mutex_lock(&gate.mutex);
    gate.closed = closed;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.mutex);
}

static unsigned tries(void)
{
    pthread_mutex_lock(&gate.mutex);
    unsigned count = gate.tries;
    pthread_mutex_unlock(&gate.mutex);
    return count;
}

enum { CLIENTS = 20 };

struct door {
    struct folder folder;
    char path[80];
    struct loop loop;
    struct access *access;
    struct problem problem;
    unsigned wanted; /* answers, until the loop ends */
    struct client {
        struct door *door;
        unsigned answers;
        enum access_verdict verdict;
    } clients[CLIENTS];
};

static void put_users(const struct door *door, const char *text)
{
    folder_put(&door->folder, "users", text);
}

static int setup(void **state)
{
    struct door *door = calloc(1, sizeof(*door));

    if (!door)
        return -1;
    *state = door;
    folder_make(&door->folder);
    snprintf(door->path, sizeof(door->path), "%s/users", door->folder.path);
    put_users(door, "ada:" HASH_OF_SECRET "\nbob:" HASH_OF_OTHER "\neve:" HASH_OF_WORDS
                    "\nmute:" HASH_OF_EMPTY "\n");
    for (size_t i = 0; i < CLIENTS; i++)
        door->clients[i].door = door;
    gate.tries = 0;
    return loop_open(&door->loop);
}

static int teardown(void **state)
{
    struct door *door = *state;

    set_gate(false);
    access_close(door->access);
    loop_close(&door->loop);
    folder_remove(&door->folder);
    free(door);
    return 0;
}

#define at_door(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static struct door *open_door(void **state)
{
    struct door *door = *state;

    if (access_open(&door->access, door->path, &door->loop, &door->problem) < 0)
        fail_msg("%s", door->problem.text);
    return door;
}

static void tell(void *context, enum access_verdict verdict)
{
    struct client *client = context;

    client->answers++;
    client->verdict = verdict;
    if (--client->door->wanted == 0)
        loop_stop(&client->door->loop);
}

static enum access_verdict ask(struct door *door, size_t client, const char *authorization)
{
    return access_check(door->access, authorization, tell, &door->clients[client]);
}

/* Waits for so many answers. */
static void wait_for(struct door *door, unsigned count)
{
    door->wanted = count;
    assert_int_equal(loop_run(&door->loop), 0);
}

/* The verdict of one who has to wait for it. */
static enum access_verdict verdict_for(struct door *door, const char *authorization)
{
    assert_int_equal(ask(door, 0, authorization), ACCESS_PENDING);
    wait_for(door, 1);
    return door->clients[0].verdict;
}

static void who_has_the_password_is_let_in(void **state)
{
    struct door *door = open_door(state);

    assert_int_equal(verdict_for(door, ADA_SECRET), ACCESS_GRANTED);
    assert_int_equal(verdict_for(door, BOB_OTHER), ACCESS_GRANTED);
    assert_int_equal(verdict_for(door, EVE_WORDS), ACCESS_GRANTED);
    assert_int_equal(verdict_for(door, MUTE_EMPTY), ACCESS_GRANTED);
    assert_int_equal(tries(), 4);
}

static void who_has_not_is_refused(void **state)
{
    struct door *door = open_door(state);

    assert_int_equal(verdict_for(door, ADA_WRONG), ACCESS_REFUSED);
    assert_int_equal(verdict_for(door, ADA_WRONG), ACCESS_REFUSED);                /* is not remembered */
    assert_int_equal(verdict_for(door, "Basic Ym9iOnNlY3JldA=="), ACCESS_REFUSED); /* bob:secret */
    assert_int_equal(verdict_for(door, "Basic Og=="), ACCESS_REFUSED);
    assert_int_equal(tries(), 4);
}

/* Even with a password that is right for whoever's hash he is held against. */
static void an_unknown_user_is_tried_as_long_and_refused(void **state)
{
    struct door *door = *state;

    put_users(door, "ada:" HASH_OF_SECRET "\n");
    open_door(state);
    assert_int_equal(verdict_for(door, NOBODY_SECRET), ACCESS_REFUSED);
    assert_int_equal(tries(), 1);
}

static void who_shows_nothing_is_refused_at_once(void **state)
{
    static char longest[2000] = "Basic ";
    struct door *door = open_door(state);

    memset(longest + 6, 'Y', sizeof(longest) - 7);
    assert_int_equal(ask(door, 0, NULL), ACCESS_REFUSED);
    assert_int_equal(ask(door, 0, ""), ACCESS_REFUSED);
    assert_int_equal(ask(door, 0, "Bearer YWRhOnNlY3JldA=="), ACCESS_REFUSED);
    assert_int_equal(ask(door, 0, longest), ACCESS_REFUSED);
    assert_int_equal(tries(), 0);
}

static void who_was_let_in_is_known(void **state)
{
    struct door *door = open_door(state);

    assert_int_equal(verdict_for(door, ADA_SECRET), ACCESS_GRANTED);
    assert_int_equal(ask(door, 0, ADA_SECRET), ACCESS_GRANTED);
    assert_int_equal(ask(door, 1, ADA_SECRET), ACCESS_GRANTED);
    assert_int_equal(verdict_for(door, ADA_WRONG), ACCESS_REFUSED);
    assert_int_equal(ask(door, 0, ADA_SECRET), ACCESS_GRANTED);
    assert_int_equal(tries(), 2);
}

static void after_a_reload_the_password_is_shown_again(void **state)
{
    struct door *door = open_door(state);

    assert_int_equal(verdict_for(door, ADA_SECRET), ACCESS_GRANTED);
    put_users(door, "ada:" HASH_OF_OTHER "\n");
    assert_int_equal(access_reload(door->access, &door->problem), 0);
    assert_int_equal(verdict_for(door, ADA_SECRET), ACCESS_REFUSED);
    assert_int_equal(verdict_for(door, BOB_OTHER), ACCESS_REFUSED);
    put_users(door, "ada:" HASH_OF_SECRET "\n");
    assert_int_equal(access_reload(door->access, &door->problem), 0);
    assert_int_equal(verdict_for(door, ADA_SECRET), ACCESS_GRANTED);
}

static void a_reload_that_fails_changes_nothing(void **state)
{
    struct door *door = open_door(state);
    char expected[256];

    assert_int_equal(verdict_for(door, ADA_SECRET), ACCESS_GRANTED);
    put_users(door, "ada:" HASH_OF_OTHER "\nbob\n");
    assert_int_equal(access_reload(door->access, &door->problem), -EINVAL);
    snprintf(expected, sizeof(expected), "%s: line 2: expected USER:HASH", door->path);
    assert_int_equal(strncmp(door->problem.text, expected, strlen(expected)), 0);
    folder_delete(&door->folder, "users");
    assert_int_equal(access_reload(door->access, &door->problem), -ENOENT);
    assert_int_equal(ask(door, 0, ADA_SECRET), ACCESS_GRANTED);
    assert_int_equal(verdict_for(door, BOB_OTHER), ACCESS_GRANTED);
    assert_int_equal(verdict_for(door, ADA_WRONG), ACCESS_REFUSED);
}

/* Whoever was being tried meanwhile was held against the old hash. */
static void who_is_tried_during_a_reload_is_not_known_afterwards(void **state)
{
    struct door *door = open_door(state);

    set_gate(true);
    assert_int_equal(ask(door, 0, ADA_SECRET), ACCESS_PENDING);
    put_users(door, "ada:" HASH_OF_OTHER "\n");
    assert_int_equal(access_reload(door->access, &door->problem), 0);
    set_gate(false);
    wait_for(door, 1);
    assert_int_equal(verdict_for(door, ADA_SECRET), ACCESS_REFUSED);
}

static void more_than_can_wait(void **state)
{
    enum { ROOM = 16 };
    struct door *door = open_door(state);

    set_gate(true);
    for (size_t i = 0; i < ROOM; i++)
        assert_int_equal(ask(door, i, i % 2 ? ADA_WRONG : ADA_SECRET), ACCESS_PENDING);
    assert_int_equal(ask(door, ROOM, ADA_SECRET), ACCESS_BUSY);
    assert_int_equal(ask(door, ROOM, NULL), ACCESS_REFUSED);
    set_gate(false);
    wait_for(door, ROOM);
    for (size_t i = 0; i < ROOM; i++) {
        assert_int_equal(door->clients[i].answers, 1);
        assert_int_equal(door->clients[i].verdict, i % 2 ? ACCESS_REFUSED : ACCESS_GRANTED);
    }
    assert_int_equal(door->clients[ROOM].answers, 0);
    assert_int_equal(ask(door, ROOM, ADA_WRONG), ACCESS_PENDING);
    wait_for(door, 1);
}

static void who_is_forgotten_is_not_told(void **state)
{
    struct door *door = open_door(state);

    set_gate(true);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(ask(door, i, ADA_SECRET), ACCESS_PENDING);
    access_forget(door->access, &door->clients[0]); /* being tried */
    access_forget(door->access, &door->clients[2]); /* waits for it */
    access_forget(door->access, &door->clients[9]); /* never was there */
    set_gate(false);
    wait_for(door, 2);
    assert_int_equal(verdict_for(door, ADA_WRONG), ACCESS_REFUSED);
    assert_int_equal(door->clients[0].answers, 1);
    assert_int_equal(door->clients[1].answers, 1);
    assert_int_equal(door->clients[2].answers, 0);
    assert_int_equal(door->clients[3].answers, 1);
}

static void what_waits_when_it_is_closed_is_not_answered(void **state)
{
    struct door *door = open_door(state);

    set_gate(true);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(ask(door, i, ADA_SECRET), ACCESS_PENDING);
    set_gate(false);
    access_close(door->access);
    door->access = NULL;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(door->clients[i].answers, 0);
    assert_int_equal(loop_turn(&door->loop), 0); /* nothing of it is in the loop any more */
    access_close(NULL);
}

/* The least recently known one makes place. */
static void more_than_can_be_known(void **state)
{
    enum { ROOM = 16 };
    char users[4096] = "";
    char authorization[32];
    struct door *door = *state;

    for (int i = 0; i <= ROOM; i++)
        sprintf(users + strlen(users), "%c:%s\n", 'a' + i, HASH_OF_EMPTY);
    put_users(door, users);
    open_door(state);
    for (int i = 0; i <= ROOM; i++) {
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        int byte = 'a' + i;
        snprintf(authorization, sizeof(authorization), "Basic %c%co=", alphabet[byte >> 2],
                 alphabet[(byte & 3) << 4 | 3]);
        assert_int_equal(verdict_for(door, authorization), ACCESS_GRANTED);
        assert_int_equal(ask(door, 0, authorization), ACCESS_GRANTED);
    }
    assert_int_equal(verdict_for(door, "Basic YTo="), ACCESS_GRANTED); /* "a:" is tried again */
}

static void files_that_cannot_be_read(void **state)
{
    struct door *door = *state;
    char expected[256];

    put_users(door, "");
    assert_int_equal(access_open(&door->access, door->path, &door->loop, &door->problem), -EINVAL);
    assert_non_null(strstr(door->problem.text, "no user is in it"));
    folder_delete(&door->folder, "users");
    assert_int_equal(access_open(&door->access, door->path, &door->loop, &door->problem), -ENOENT);
    snprintf(expected, sizeof(expected),
             "--auth-file %s: No such file or directory: make it with htpasswd -cB %s USER", door->path,
             door->path);
    assert_string_equal(door->problem.text, expected);
    assert_null(door->access);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        at_door(who_has_the_password_is_let_in),
        at_door(who_has_not_is_refused),
        at_door(an_unknown_user_is_tried_as_long_and_refused),
        at_door(who_shows_nothing_is_refused_at_once),
        at_door(who_was_let_in_is_known),
        at_door(after_a_reload_the_password_is_shown_again),
        at_door(a_reload_that_fails_changes_nothing),
        at_door(who_is_tried_during_a_reload_is_not_known_afterwards),
        at_door(more_than_can_wait),
        at_door(who_is_forgotten_is_not_told),
        at_door(what_waits_when_it_is_closed_is_not_answered),
        at_door(more_than_can_be_known),
        at_door(files_that_cannot_be_read),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
