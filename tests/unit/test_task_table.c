#include "bpf/task_record.h"
#include "kernel/task_table.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Stands before the memory that a table asks for, to count how often it does, and to refuse it. */
static unsigned allocations;
static bool no_memory;

void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
    allocations++;
    return no_memory ? NULL : __real_reallocarray(memory, count, size);
}

/* Records as the kernel gives them, in memory of just their size. */
struct stream {
    char *bytes;
    size_t length;
};

static void put_bytes(struct stream *stream, const void *bytes, size_t length)
{
    char *grown = realloc(stream->bytes, stream->length + length);

    assert_non_null(grown);
    memcpy(grown + stream->length, bytes, length);
    stream->bytes = grown;
    stream->length += length;
}

/* A process that a test makes up. */
struct fake {
    unsigned pid;
    uint64_t minor_faults, major_faults;
    uint64_t start_ticks;
    int64_t rss_pages, swap_pages;
    unsigned uid;
    bool kernel_thread;
    const char *comm; /* of 16 bytes at most; "x" where not given */
};

static uint64_t ns_per_tick(void)
{
    return UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK);
}

static void put(struct stream *stream, const struct fake *fake)
{
    struct task_record_process record = {
        .head = {TASK_RECORD_PROCESS, fake->pid, fake->minor_faults, fake->major_faults},
        .start_ns = fake->start_ticks * ns_per_tick() + ns_per_tick() - 1,
        .rss_pages = fake->rss_pages,
        .swap_pages = fake->swap_pages,
        .uid = fake->uid,
        .is_kernel_thread = fake->kernel_thread,
    };
    const char *comm = fake->comm ? fake->comm : "x";

    memcpy(record.comm, comm, strnlen(comm, sizeof(record.comm)));
    put_bytes(stream, &record, sizeof(record));
}

#define PUT(stream, ...) put(stream, &(struct fake){__VA_ARGS__})

static void put_thread(struct stream *stream, unsigned pid, uint64_t minor_faults, uint64_t major_faults)
{
    struct task_record_thread record = {TASK_RECORD_THREAD, pid, minor_faults, major_faults};

    put_bytes(stream, &record, sizeof(record));
}

/* Gives the stream in pieces of SIZE bytes, what was not used again in front of the next. */
static int take_in_pieces(struct task_table *table, const struct stream *stream, size_t size)
{
    char *left = NULL; /* of just its size */
    size_t left_length = 0;

    task_table_begin(table);
    for (size_t at = 0; at < stream->length; at += size) {
        size_t piece = stream->length - at < size ? stream->length - at : size;
        size_t used = 77;
        left = realloc(left, left_length + piece);
        assert_non_null(left);
        memcpy(left + left_length, stream->bytes + at, piece);
        left_length += piece;
        int error = task_table_take(table, left, left_length, &used);
        if (error < 0) {
            free(left);
            return error;
        }
        assert_true(used <= left_length && left_length - used < sizeof(struct task_record_process));
        left_length -= used;
        memmove(left, left + used, left_length);
    }
    task_table_end(table);
    free(left);
    return left_length == 0 ? 0 : -EBADMSG;
}

static void take_all(struct task_table *table, struct stream *stream)
{
    assert_int_equal(take_in_pieces(table, stream, stream->length), 0);
    free(stream->bytes);
    *stream = (struct stream){0};
}

/* Fails at once where the stream is no such one. */
static void refuses(struct stream *stream)
{
    struct task_table table = {0};

    assert_int_equal(take_in_pieces(&table, stream, stream->length), -EBADMSG);
    task_table_free(&table);
    free(stream->bytes);
    *stream = (struct stream){0};
}

static void a_record_tells_what_the_process_has(void **state)
{
    struct task_table table = {0};
    struct stream stream = {0};
    (void)state;

    PUT(&stream, .pid = 42, .minor_faults = 30, .major_faults = 4, .start_ticks = 99, .rss_pages = 7,
        .swap_pages = 5, .uid = 1000, .comm = "foo) Z 1 (");
    PUT(&stream, .pid = 43, .uid = UINT32_MAX, .kernel_thread = true, .comm = "kworker/u4:1");
    take_all(&table, &stream);
    assert_int_equal(table.count, 2);
    const struct task_process *process = table.processes;
    assert_int_equal(process->stat.pid, 42);
    assert_int_equal(process->stat.minor_faults, 30);
    assert_int_equal(process->stat.major_faults, 4);
    assert_int_equal(process->stat.start_ticks, 99); /* cut, as the kernel does for /proc */
    assert_int_equal(process->stat.rss_pages, 7);
    assert_int_equal(process->swap_pages, 5);
    assert_int_equal(process->uid, 1000);
    assert_false(process->stat.kernel_thread);
    assert_string_equal(process->stat.comm, "foo) Z 1 (");
    assert_int_equal(process[1].stat.pid, 43);
    assert_int_equal(process[1].uid, UINT32_MAX);
    assert_true(process[1].stat.kernel_thread);
    assert_string_equal(process[1].stat.comm, "kworker/u4:1");
    task_table_free(&table);
}

static void the_faults_of_threads_are_those_of_their_process(void **state)
{
    struct task_table table = {0};
    struct stream stream = {0};
    (void)state;

    PUT(&stream, .pid = 1, .minor_faults = 1, .major_faults = 2);
    PUT(&stream, .pid = 5, .minor_faults = 10, .major_faults = 20);
    put_thread(&stream, 5, 100, 200);
    put_thread(&stream, 1, 3, 4);
    put_thread(&stream, 5, 1000, 2000);
    PUT(&stream, .pid = 9, .minor_faults = 7);
    take_all(&table, &stream);
    assert_int_equal(table.count, 3);
    assert_int_equal(table.processes[0].stat.minor_faults, 4);
    assert_int_equal(table.processes[0].stat.major_faults, 6);
    assert_int_equal(table.processes[1].stat.minor_faults, 1110);
    assert_int_equal(table.processes[1].stat.major_faults, 2220);
    assert_int_equal(table.processes[2].stat.minor_faults, 7);
    assert_int_equal(table.processes[2].stat.major_faults, 0);
    task_table_free(&table);
}

/* Where numbers have wrapped, a thread has a smaller one than its process. */
static void threads_that_come_before_their_process(void **state)
{
    struct task_table table = {0};
    struct stream stream = {0};
    (void)state;

    for (int time = 0; time < 2; time++) {
        put_thread(&stream, 32000, 100, 200);
        put_thread(&stream, 500, 9000, 9000); /* which began behind its turn: it is left out */
        PUT(&stream, .pid = 400, .minor_faults = 3);
        for (int i = 0; i < 100; i++)
            put_thread(&stream, 31000, 1, 2);
        put_thread(&stream, 32000, 1000, 2000);
        PUT(&stream, .pid = 31000, .minor_faults = 5);
        PUT(&stream, .pid = 32000, .minor_faults = 10, .major_faults = 20);
        put_thread(&stream, 32000, 10000, 20000);
        take_all(&table, &stream);
        assert_int_equal(table.count, 3);
        assert_int_equal(table.processes[0].stat.minor_faults, 3);
        assert_int_equal(table.processes[1].stat.minor_faults, 105);
        assert_int_equal(table.processes[1].stat.major_faults, 200);
        assert_int_equal(table.processes[2].stat.minor_faults, 11110);
        assert_int_equal(table.processes[2].stat.major_faults, 22220);
    }
    /* What came early is not counted again in a stream that does not have it. */
    PUT(&stream, .pid = 32000, .minor_faults = 10);
    take_all(&table, &stream);
    assert_int_equal(table.count, 1);
    assert_int_equal(table.processes[0].stat.minor_faults, 10);
    task_table_free(&table);
}

static void pieces_of_any_size_split_anywhere(void **state)
{
    struct task_table table = {0};
    struct stream stream = {0};
    (void)state;

    put_thread(&stream, 20, 1, 2);
    for (unsigned pid = 10; pid <= 20; pid++) {
        PUT(&stream, .pid = pid, .minor_faults = pid, .start_ticks = 2 * pid, .rss_pages = 3 * pid,
            .comm = "same");
        put_thread(&stream, pid, 1000, 0);
        put_thread(&stream, 10, 0, 1);
    }
    for (size_t size = 1; size <= stream.length; size++) {
        assert_int_equal(take_in_pieces(&table, &stream, size), 0);
        assert_int_equal(table.count, 11);
        for (unsigned i = 0; i < 11; i++) {
            const struct task_process *process = &table.processes[i];
            assert_int_equal(process->stat.pid, 10 + i);
            assert_int_equal(process->stat.start_ticks, 2 * (10 + i));
            assert_int_equal(process->stat.rss_pages, 3 * (10 + i));
            assert_int_equal(process->stat.minor_faults, 1010 + i + (i == 10));
            assert_int_equal(process->stat.major_faults, i == 0 ? 11 : i == 10 ? 2 : 0);
            assert_string_equal(process->stat.comm, "same");
        }
    }
    free(stream.bytes);
    task_table_free(&table);
}

static void what_is_not_whole_is_not_used(void **state)
{
    struct task_table table = {0};
    struct stream stream = {0};
    size_t used = 77;
    (void)state;

    PUT(&stream, .pid = 3);
    task_table_begin(&table);
    for (size_t length = 0; length < sizeof(struct task_record_process); length++) {
        assert_int_equal(task_table_take(&table, stream.bytes, length, &used), 0);
        assert_int_equal(used, 0);
        assert_int_equal(table.count, 0);
    }
    assert_int_equal(task_table_take(&table, stream.bytes, stream.length, &used), 0);
    assert_int_equal(used, sizeof(struct task_record_process));
    assert_int_equal(table.count, 1);
    free(stream.bytes);
    task_table_free(&table);
}

static void kinds_that_are_none(void **state)
{
    static const unsigned kinds[] = {2, 255, 256, 0x80000000, UINT32_MAX};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct stream stream = {0};
        struct task_record_thread record = {kinds[i], 7, 1, 1};
        PUT(&stream, .pid = 5);
        put_bytes(&stream, &record, sizeof(record));
        refuses(&stream);
    }
}

static void processes_that_do_not_ascend(void **state)
{
    struct stream stream = {0};
    (void)state;

    PUT(&stream, .pid = 5);
    PUT(&stream, .pid = 4);
    refuses(&stream);
    PUT(&stream, .pid = 5);
    PUT(&stream, .pid = 5);
    refuses(&stream);
    PUT(&stream, .pid = 5);
    put_thread(&stream, 6, 1, 1);
    PUT(&stream, .pid = 6);
    PUT(&stream, .pid = 1);
    refuses(&stream);
}

static void a_stream_behind_a_refused_one(void **state)
{
    struct task_table table = {0};
    struct stream bad = {0};
    struct stream good = {0};
    (void)state;

    put_thread(&bad, 3, 100, 100);
    PUT(&bad, .pid = 5);
    PUT(&bad, .pid = 4);
    assert_int_equal(take_in_pieces(&table, &bad, bad.length), -EBADMSG);
    PUT(&good, .pid = 3, .minor_faults = 1);
    take_all(&table, &good);
    assert_int_equal(table.count, 1);
    assert_int_equal(table.processes[0].stat.pid, 3);
    assert_int_equal(table.processes[0].stat.minor_faults, 1);
    free(bad.bytes);
    task_table_free(&table);
}

static void names_without_an_end_and_negative_amounts(void **state)
{
    struct task_table table = {0};
    struct stream stream = {0};
    (void)state;

    PUT(&stream, .pid = 1, .rss_pages = -3, .swap_pages = INT64_MIN, .comm = "0123456789abcdef");
    PUT(&stream, .pid = 2, .rss_pages = INT64_MAX, .swap_pages = INT64_MAX, .comm = "");
    PUT(&stream, .pid = UINT32_MAX, .comm = "\x1b[31m\n\xff");
    take_all(&table, &stream);
    assert_int_equal(table.processes[0].stat.rss_pages, 0);
    assert_int_equal(table.processes[0].swap_pages, 0);
    assert_string_equal(table.processes[0].stat.comm, "0123456789abcde");
    assert_true(table.processes[1].stat.rss_pages == INT64_MAX);
    assert_true(table.processes[1].swap_pages == INT64_MAX);
    assert_string_equal(table.processes[1].stat.comm, "");
    assert_int_equal(table.processes[2].stat.pid, UINT32_MAX);
    assert_string_equal(table.processes[2].stat.comm, "\x1b[31m\n\xff");
    task_table_free(&table);
}

/* The name of one that was there before does not stand behind that of another one. */
static void places_are_filled_anew(void **state)
{
    struct task_table table = {0};
    struct stream stream = {0};
    (void)state;

    PUT(&stream, .pid = 1, .minor_faults = 5, .kernel_thread = true, .comm = "a_long_name");
    take_all(&table, &stream);
    PUT(&stream, .pid = 2, .comm = "b");
    take_all(&table, &stream);
    assert_int_equal(table.count, 1);
    assert_int_equal(table.processes[0].stat.pid, 2);
    assert_int_equal(table.processes[0].stat.minor_faults, 0);
    assert_false(table.processes[0].stat.kernel_thread);
    assert_string_equal(table.processes[0].stat.comm, "b");
    task_table_free(&table);
}

static void as_many_processes_as_there_may_be(void **state)
{
    enum { MANY = 32768 };
    struct task_table table = {0};
    struct stream stream = {0};
    struct task_record_process *records = calloc(MANY, sizeof(*records));
    (void)state;

    assert_non_null(records);
    for (unsigned i = 0; i < MANY; i++)
        records[i] = (struct task_record_process){.head = {.pid = 3 * i + 1, .minor_faults = i}};
    stream = (struct stream){(char *)records, MANY * sizeof(*records)};
    for (int time = 0; time < 2; time++) {
        assert_int_equal(take_in_pieces(&table, &stream, 32767), 0);
        assert_int_equal(table.count, MANY);
        for (unsigned i = 0; i < MANY; i++) {
            if (table.processes[i].stat.pid != 3 * i + 1 || table.processes[i].stat.minor_faults != i)
                fail_msg("the process at %u", i);
        }
        allocations = 0; /* of the second time */
    }
    assert_int_equal(allocations, 0);
    free(stream.bytes);
    task_table_free(&table);
}

static void room_is_made_once(void **state)
{
    struct task_table table = {0};
    struct stream stream = {0};
    (void)state;

    assert_int_equal(task_table_reserve(&table, 0), 0);
    assert_int_equal(task_table_reserve(&table, 1000), 0);
    assert_true(table.room >= 1000);
    allocations = 0;
    assert_int_equal(task_table_reserve(&table, 1000), 0);
    for (unsigned pid = 1; pid <= 1000; pid++)
        PUT(&stream, .pid = pid);
    take_all(&table, &stream);
    assert_int_equal(allocations, 0);
    assert_int_equal(table.count, 1000);
    task_table_free(&table);
    assert_null(table.processes);
    assert_int_equal(table.room, 0);
}

static void without_memory(void **state)
{
    struct task_table table = {0};
    struct stream processes = {0};
    struct stream threads = {0};
    (void)state;

    PUT(&processes, .pid = 1);
    put_thread(&threads, 1, 1, 1);
    no_memory = true;
    int reserved = task_table_reserve(&table, 1);
    int of_processes = take_in_pieces(&table, &processes, processes.length);
    int of_threads = take_in_pieces(&table, &threads, threads.length);
    no_memory = false;
    assert_int_equal(reserved, -ENOMEM);
    assert_int_equal(of_processes, -ENOMEM);
    assert_int_equal(of_threads, -ENOMEM);
    assert_int_equal(table.count, 0);
    free(threads.bytes);
    take_all(&table, &processes);
    assert_int_equal(table.count, 1);
    task_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_tells_what_the_process_has),
        cmocka_unit_test(the_faults_of_threads_are_those_of_their_process),
        cmocka_unit_test(threads_that_come_before_their_process),
        cmocka_unit_test(pieces_of_any_size_split_anywhere),
        cmocka_unit_test(what_is_not_whole_is_not_used),
        cmocka_unit_test(kinds_that_are_none),
        cmocka_unit_test(processes_that_do_not_ascend),
        cmocka_unit_test(a_stream_behind_a_refused_one),
        cmocka_unit_test(names_without_an_end_and_negative_amounts),
        cmocka_unit_test(places_are_filled_anew),
        cmocka_unit_test(as_many_processes_as_there_may_be),
        cmocka_unit_test(room_is_made_once),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("task_table", tests, NULL, NULL);
}
