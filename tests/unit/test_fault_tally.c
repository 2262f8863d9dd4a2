#include "kernel/bpf.h"
#include "metric/fault_tally.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILE_BYTES = 1 << 20 };

static const struct fault_trace_settings all = {.pairs = 8192};

/* What bpf_why() has words for. */
static void where_it_cannot_be_opened_it_is_told_why(void **state)
{
    struct fault_tally tally;
    int before = open_descriptors();
    (void)state;

    int error = fault_tally_open(&tally, &all);
#ifndef FAULTLINE_BPF
    assert_int_equal(error, -ENOSYS);
#endif
    if (geteuid() != 0)
        assert_true(error < 0);
    if (error < 0) {
        assert_null(tally.trace);
        assert_null(tally.book);
        assert_true(strlen(bpf_why(error)) > 0);
    }
    fault_tally_free(&tally);
    fault_tally_free(&tally); /* of a zeroed one nothing becomes */
    assert_int_equal(open_descriptors(), before);
}

/* A file whose pages are not in memory; false where its file system keeps them there. */
static bool make_cold(char *path)
{
    static char bytes[FILE_BYTES];
    unsigned char there;

    int fd = mkstemp(path);
    if (fd < 0)
        return false;
    memset(bytes, 'x', sizeof(bytes));
    bool written = write(fd, bytes, sizeof(bytes)) == FILE_BYTES && fsync(fd) == 0 &&
                   posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0;
    void *memory = mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
    bool cold = written && memory != MAP_FAILED && mincore(memory, 1, &there) == 0 && !(there & 1);
    if (memory != MAP_FAILED)
        munmap(memory, FILE_BYTES);
    close(fd);
    return cold;
}

/* Touches the file once, in a process of its own, as the trace leaves the tracing one out. Returns its pid.
 */
static pid_t touch(const char *path, long *major_faults)
{
    struct rusage usage;

    pid_t child = fork();
    if (child == 0) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        volatile const char *memory = mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
        _exit(fd >= 0 && (const void *)memory != MAP_FAILED && memory[0] == 'x' ? 0 : 1);
    }
    assert_int_equal(wait4(child, NULL, 0, &usage), child);
    *major_faults = usage.ru_majflt;
    return child;
}

struct seen {
    const char *path;
    unsigned events;
    unsigned named;
};

static void see(void *context, const struct fault_record_event *fault, const struct fault_pair *pair)
{
    struct seen *seen = context;

    (void)fault;
    if (!pair || !pair->path || strcmp(pair->path, seen->path) != 0)
        return;
    seen->events++;
    seen->named += pair->named ? 1 : 0;
}

static const struct fault_row *row_of(const struct fault_tally *tally, pid_t pid, const char *path)
{
    for (size_t i = 0; i < tally->rows.count; i++) {
        const struct fault_pair *pair = tally->rows.list[i].pair;
        if (pair->key.pid == (uint32_t)pid && pair->path && strcmp(pair->path, path) == 0)
            return &tally->rows.list[i];
    }
    return NULL;
}

static void a_cold_fault_is_counted(void **state)
{
    struct fault_trace_settings settings = all;
    char path[] = "/var/tmp/faultline-unit-XXXXXX";
    struct seen seen = {.path = path};
    struct fault_tally tally;
    long major_faults;
    (void)state;

    settings.events = true;
    if (geteuid() != 0 || fault_tally_open(&tally, &settings) < 0)
        skip();
    tally.event = see;
    tally.context = &seen;
    bool cold = fault_tally_start(&tally) == 0 && make_cold(path);
    pid_t child = cold ? touch(path, &major_faults) : 0;
    unlink(path);
    if (!cold || major_faults == 0) {
        fault_tally_free(&tally);
        skip(); /* a tmpfs, say */
    }
    while (fault_tally_read(&tally) > 0) {
    }
    assert_int_equal(fault_tally_finish(&tally, FAULTS_BY_PAIR), 0);
    const struct fault_row *row = row_of(&tally, child, path);
    assert_non_null(row);
    assert_true(row->latency.faults >= 1 && row->latency.faults <= (uint64_t)major_faults);
    assert_true(row->latency.total_ns > 0 && row->latency.max_ns <= row->latency.total_ns);
    assert_string_equal(row->pair->comm, "test_fault_tall"); /* 15 bytes */
    assert_int_equal(row->pair->key.backing, FAULT_FILE);
    assert_true(tally.rows.all.faults >= row->latency.faults);
    assert_int_equal(seen.events, row->latency.faults);
    assert_int_equal(seen.named, seen.events); /* names come before the first of them */
    assert_true(tally.summary.seconds > 0 && tally.summary.wall_ns > 0);
    assert_int_equal(tally.summary.beyond + tally.summary.lost, 0);
    fault_tally_free(&tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_it_cannot_be_opened_it_is_told_why),
        cmocka_unit_test(a_cold_fault_is_counted),
    };
    return cmocka_run_group_tests_name("fault_tally", tests, NULL, NULL);
}
