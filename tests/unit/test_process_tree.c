#include "kernel/process_tree.h"
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A tree of the test's own below a root: two children, one of them by another thread, and below the first a
 * grandchild and one below that. All of them wait until they are killed; pids are told through a pipe.
 */
enum { FIRST, OF_THREAD, GRANDCHILD, GREAT_GRANDCHILD, MEMBERS };

struct tree {
    pid_t root;
    pid_t members[MEMBERS];
};

struct told {
    int place;
    pid_t pid;
};

static int pipe_fds[2];

static void tell(int place, pid_t pid)
{
    struct told told = {place, pid};

    if (write(pipe_fds[1], &told, sizeof(told)) != sizeof(told))
        _exit(1);
}

static _Noreturn void wait_for_the_end(void)
{
    for (;;)
        pause();
}

/* Forks below one another those from PLACE on. */
static void fork_line(int place)
{
    pid_t pid = fork();

    if (pid != 0) {
        tell(place, pid);
        return;
    }
    if (place == FIRST)
        fork_line(GRANDCHILD);
    else if (place == GRANDCHILD)
        fork_line(GREAT_GRANDCHILD);
    wait_for_the_end();
}

static void *fork_in_thread(void *context)
{
    (void)context;
    fork_line(OF_THREAD);
    wait_for_the_end();
}

static int tree_setup(void **state)
{
    static struct tree tree;
    struct told told;
    pthread_t thread;

    assert_int_equal(pipe(pipe_fds), 0);
    tree = (struct tree){.root = fork()};
    if (tree.root == 0) {
        fork_line(FIRST);
        if (pthread_create(&thread, NULL, fork_in_thread, NULL) != 0)
            _exit(1);
        wait_for_the_end();
    }
    close(pipe_fds[1]);
    for (int i = 0; i < MEMBERS; i++) {
        assert_int_equal(read(pipe_fds[0], &told, sizeof(told)), sizeof(told));
        tree.members[told.place] = told.pid;
    }
    close(pipe_fds[0]);
    *state = &tree;
    return 0;
}

/* Those below are others' children: who ends first does not matter. */
static int tree_teardown(void **state)
{
    const struct tree *tree = *state;

    for (int i = 0; i < MEMBERS; i++)
        kill(tree->members[i], SIGKILL);
    kill(tree->root, SIGKILL);
    assert_int_equal(waitpid(tree->root, NULL, 0), tree->root);
    return 0;
}

static size_t place_of(pid_t pid, const pid_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pids[i] == pid)
            return i;
    }
    fail_msg("%d is not there", (int)pid);
    return 0;
}

static void all_are_listed_the_nearer_ones_first(void **state)
{
    const struct tree *tree = *state;
    pid_t pids[16];

    assert_int_equal(process_tree_list(tree->root, pids, COUNT_OF(pids)), MEMBERS);
    assert_true(place_of(tree->members[FIRST], pids, MEMBERS) < 2);
    assert_true(place_of(tree->members[OF_THREAD], pids, MEMBERS) < 2);
    assert_int_equal(place_of(tree->members[GRANDCHILD], pids, MEMBERS), 2);
    assert_int_equal(place_of(tree->members[GREAT_GRANDCHILD], pids, MEMBERS), 3);
    assert_int_equal(process_tree_list(tree->members[GRANDCHILD], pids, COUNT_OF(pids)), 1);
    assert_int_equal(pids[0], tree->members[GREAT_GRANDCHILD]);
    assert_int_equal(process_tree_list(tree->members[OF_THREAD], pids, COUNT_OF(pids)), 0);
}

static int compare_pids(const void *a, const void *b)
{
    return *(const pid_t *)a - *(const pid_t *)b;
}

/* As on a kernel that lists no children. */
static void by_parents_it_is_the_same(void **state)
{
    const struct tree *tree = *state;
    pid_t pids[16];
    pid_t by_parents[16];
    ssize_t count = process_tree_list(tree->root, pids, COUNT_OF(pids));

    assert_int_equal(process_tree_list_by_parents(tree->root, by_parents, COUNT_OF(by_parents)), count);
    qsort(pids, (size_t)count, sizeof(*pids), compare_pids);
    qsort(by_parents, (size_t)count, sizeof(*by_parents), compare_pids);
    assert_memory_equal(by_parents, pids, (size_t)count * sizeof(*pids));
    assert_int_equal(process_tree_list_by_parents(tree->root, by_parents, 2), 2);
    assert_int_equal(process_tree_list_by_parents(0x7fffffff, by_parents, 2), 0);
}

static void no_more_than_there_is_room_for(void **state)
{
    const struct tree *tree = *state;
    pid_t pids[MEMBERS + 1];

    for (size_t room = 0; room <= MEMBERS; room++) {
        for (size_t i = 0; i < COUNT_OF(pids); i++)
            pids[i] = -7;
        assert_int_equal(process_tree_list(tree->root, pids, room), room);
        assert_int_equal(pids[room], -7);
        assert_true(room == 0 || pids[room - 1] > 0);
    }
}

/* Whoever waited for one that ended, it is below nobody; one that nobody waited for is. */
static void one_that_ended(void **state)
{
    const struct tree *tree = *state;
    pid_t pids[16];
    siginfo_t info;

    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    ssize_t count = process_tree_list(getpid(), pids, COUNT_OF(pids));
    assert_int_equal(count, MEMBERS + 2);
    (void)place_of(child, pids, (size_t)count);
    assert_int_equal(process_tree_list(child, pids, COUNT_OF(pids)), 0);
    assert_true(process_tree_has(getpid(), child));
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(process_tree_list(getpid(), pids, COUNT_OF(pids)), MEMBERS + 1);
    assert_int_equal(pids[0], tree->root);
    assert_int_equal(process_tree_list(child, pids, COUNT_OF(pids)), -ENOENT);
    assert_false(process_tree_has(getpid(), child));
}

static void who_is_below_whom(void **state)
{
    const struct tree *tree = *state;

    for (int i = 0; i < MEMBERS; i++) {
        assert_true(process_tree_has(tree->root, tree->members[i]));
        assert_true(process_tree_has(getpid(), tree->members[i]));
        assert_false(process_tree_has(tree->members[i], tree->members[i])); /* itself */
        assert_false(process_tree_has(tree->members[i], tree->root));       /* above it */
        assert_false(process_tree_has(tree->members[i], getpid()));
    }
    assert_true(process_tree_has(tree->members[FIRST], tree->members[GREAT_GRANDCHILD]));
    assert_false(process_tree_has(tree->members[OF_THREAD], tree->members[GREAT_GRANDCHILD]));
    assert_false(process_tree_has(tree->members[FIRST], tree->members[OF_THREAD]));
}

static void strangers_are_below_nobody(void **state)
{
    const struct tree *tree = *state;
    static const pid_t none[] = {0, -1, 1, 0x7fffffff};

    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_false(process_tree_has(tree->root, none[i]));
    assert_false(process_tree_has(tree->root, getppid()));
    assert_false(process_tree_has(0x7fffffff, tree->root));
    assert_int_equal(process_tree_list(0x7fffffff, (pid_t[1]){0}, 1), -ENOENT);
    assert_int_equal(process_tree_list(-1, (pid_t[1]){0}, 1), -ENOENT);
}

static void nothing_stays_open(void **state)
{
    const struct tree *tree = *state;
    int before = open_descriptors();
    pid_t pids[16];

    process_tree_list(tree->root, pids, COUNT_OF(pids));
    process_tree_list(0x7fffffff, pids, COUNT_OF(pids));
    process_tree_has(tree->root, tree->members[GREAT_GRANDCHILD]);
    process_tree_has(tree->root, 0x7fffffff);
    assert_int_equal(open_descriptors(), before);
}

/* The kernel's list of them is read in pieces of 4096 bytes. */
static void more_children_than_a_piece_has(void **state)
{
    enum { MANY = 900 };
    static pid_t children[MANY], pids[MANY + 100];
    int64_t sum = 0;
    int made = 0;
    (void)state;

    for (; made < MANY; made++) {
        children[made] = fork();
        if (children[made] == 0)
            _exit(0); /* stays as a zombie */
        if (children[made] < 0)
            break;
        sum += children[made];
    }
    ssize_t count = process_tree_list(getpid(), pids, COUNT_OF(pids));
    for (ssize_t i = 0; i < count; i++)
        sum -= pids[i];
    for (int i = 0; i < made; i++)
        waitpid(children[i], NULL, 0);
    assert_int_equal(count, made);
    assert_true(sum == 0);
}

#define in_tree(test) cmocka_unit_test_setup_teardown(test, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_tree(all_are_listed_the_nearer_ones_first),
        in_tree(by_parents_it_is_the_same),
        in_tree(no_more_than_there_is_room_for),
        in_tree(one_that_ended),
        in_tree(who_is_below_whom),
        in_tree(strangers_are_below_nobody),
        in_tree(nothing_stays_open),
        cmocka_unit_test(more_children_than_a_piece_has),
    };
    return cmocka_run_group_tests_name("process_tree", tests, NULL, NULL);
}
