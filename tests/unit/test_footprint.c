#include "base/clock.h"
#include "job/footprint.h"
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static bool out_of_memory;

void *__real_memory_new(size_t bytes);
void *__wrap_memory_new(size_t bytes);

void *__wrap_memory_new(size_t bytes)
{
    return out_of_memory ? NULL : __real_memory_new(bytes);
}

enum { SMALL_BYTES = 1 << 20, LARGE_BYTES = 32 << 20 };

/* A child that has BYTES in memory; SPACE_BYTES is its limit where that is not 0. It is there until it is
 * ended. */
static pid_t start(const char *comm, size_t bytes, rlim_t space_bytes)
{
    int ends[2];
    char byte;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            _exit(1);
        memset(memory, 1, bytes);
        prctl(PR_SET_NAME, comm);
        if (space_bytes > 0 && setrlimit(RLIMIT_AS, &(struct rlimit){space_bytes, RLIM_INFINITY}) < 0)
            _exit(1);
        if (write(ends[1], "", 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    return child;
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void look(struct footprint *footprint)
{
    footprint_look(footprint, NULL, getpid());
}

static void how_much_all_have_and_the_most_that_it_was(void **state)
{
    struct footprint footprint;
    (void)state;

    assert_int_equal(footprint_init(&footprint), 0);
    assert_int_equal(footprint.looks, 0);
    look(&footprint);
    assert_int_equal(footprint.processes, 0);
    assert_int_equal(footprint.peak_bytes, 0);
    pid_t small = start("small) R 1", SMALL_BYTES, 0);
    pid_t large = start("large", LARGE_BYTES, 0);
    look(&footprint);
    assert_int_equal(footprint.processes, 2);
    assert_true(footprint.rss_bytes >= SMALL_BYTES + LARGE_BYTES);
    assert_int_equal(footprint.largest.pid, large);
    assert_string_equal(footprint.largest.comm, "large");
    assert_true(footprint.largest.rss_bytes >= LARGE_BYTES);
    assert_true(footprint.largest.rss_bytes < footprint.rss_bytes);
    assert_true(footprint_has(&footprint, small) && footprint_has(&footprint, large));
    assert_false(footprint_has(&footprint, getpid()));
    uint64_t peak = footprint.rss_bytes;
    end(large);
    look(&footprint);
    assert_int_equal(footprint.processes, 1);
    assert_true(footprint.rss_bytes <= peak - LARGE_BYTES);
    assert_true(footprint.peak_bytes == peak);
    assert_int_equal(footprint.most_processes, 2);
    assert_int_equal(footprint.largest.pid, large);
    assert_false(footprint_has(&footprint, large));
    end(small);
    look(&footprint);
    assert_int_equal(footprint.processes, 0);
    assert_int_equal(footprint.rss_bytes, 0);
    assert_int_equal(footprint.looks, 4);
    assert_false(footprint.cut);
    footprint_free(&footprint);
}

static void who_came_nearest_to_a_limit_of_address_space(void **state)
{
    struct footprint footprint;
    (void)state;

    if (getenv("FAULTLINE_SANITIZED"))
        skip(); /* whose address space has terabytes */
    assert_int_equal(footprint_init(&footprint), 0);
    pid_t unlimited = start("unlimited", SMALL_BYTES, 0);
    look(&footprint);
    assert_int_equal(footprint.space.process.pid, 0);
    assert_int_equal(footprint.space.limit_bytes, 0);
    pid_t far = start("far", SMALL_BYTES, (rlim_t)1 << 40);
    pid_t near = start("near", SMALL_BYTES, (rlim_t)1 << 32);
    look(&footprint);
    assert_int_equal(footprint.space.process.pid, near);
    assert_string_equal(footprint.space.process.comm, "near");
    assert_true(footprint.space.limit_bytes == (uint64_t)1 << 32);
    assert_true(footprint.space.used_bytes > SMALL_BYTES && footprint.space.used_bytes < (uint64_t)1 << 32);
    end(near);
    look(&footprint);
    assert_int_equal(footprint.space.process.pid, near); /* which it was */
    end(far);
    end(unlimited);
    footprint_free(&footprint);
}

static void shared_memory_when_there_was_the_least(void **state)
{
    struct footprint footprint;
    struct file_system shm;
    (void)state;

    if (file_system_look(&shm, "/dev/shm") < 0)
        skip();
    assert_int_equal(footprint_init(&footprint), 0);
    look(&footprint);
    assert_string_equal(footprint.shared_memory.path, "/dev/shm");
    assert_true(footprint.shared_memory.size_bytes == shm.size_bytes);
    footprint.shared_memory.free_bytes = 0;
    look(&footprint);
    assert_int_equal(footprint.shared_memory.free_bytes, 0);
    footprint_free(&footprint);
}

/* Soon at first, then a few times a second. */
static void when_it_is_looked_at_again(void **state)
{
    struct footprint footprint;
    uint64_t before = clock_monotonic_ns();
    (void)state;

    assert_int_equal(footprint_init(&footprint), 0);
    assert_true(footprint.next_ns >= before + NS_PER_SECOND / 200);
    for (uint64_t pause = NS_PER_SECOND / 200; pause < NS_PER_SECOND; pause *= 2) {
        uint64_t wanted = pause < NS_PER_SECOND / 4 ? pause : NS_PER_SECOND / 4;
        before = clock_monotonic_ns();
        assert_true(footprint.pause_ns == wanted);
        look(&footprint);
        assert_true(footprint.next_ns >= before + wanted);
    }
    footprint_free(&footprint);
}

static void without_memory_nothing_stays_open(void **state)
{
    struct footprint footprint;
    int before = open_descriptors();
    (void)state;

    out_of_memory = true;
    assert_int_equal(footprint_init(&footprint), -ENOMEM);
    out_of_memory = false;
    footprint_free(&footprint);
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(footprint_init(&footprint), 0);
    look(&footprint);
    footprint_free(&footprint);
    footprint_free(&footprint); /* of a zeroed one nothing becomes */
    assert_int_equal(open_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_much_all_have_and_the_most_that_it_was),
        cmocka_unit_test(who_came_nearest_to_a_limit_of_address_space),
        cmocka_unit_test(shared_memory_when_there_was_the_least),
        cmocka_unit_test(when_it_is_looked_at_again),
        cmocka_unit_test(without_memory_nothing_stays_open),
    };
    return cmocka_run_group_tests_name("footprint", tests, NULL, NULL);
}
