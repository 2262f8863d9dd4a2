/*
 * looks bpf|proc: all processes, read barely, once a second: with a walk of the program in the kernel that
 * `faultline top` uses, or by opening, reading and closing each /proc/PID/stat. Until it is ended.
 */
#include "base/text.h"
#include "floor.h"
#include "kernel/bpf_call.h"
#include "kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef FAULTLINE_BPF
#include <bpf/tasks.skel.h>
#include <sys/syscall.h>
#endif

static char bytes[64 * 1024]; /* as many as the program reads at a time */

#ifdef FAULTLINE_BPF
static void read_tasks(void)
{
    static struct tasks_bpf *program;

    if (!program && (!(program = tasks_bpf__open_and_load()) || tasks_bpf__attach(program) < 0))
        die("eBPF");
    int fd = bpf_iterate(program->links.put_task_fd);
    check(fd, "eBPF");
    while (read(fd, bytes, sizeof(bytes)) > 0)
        ;
    close(fd);
}
#else
static void read_tasks(void)
{
    errno = ENOSYS;
    die("eBPF");
}
#endif

static ssize_t read_stat(int proc_fd, uint64_t pid)
{
    char path[32];
    struct text text = text_over(path, sizeof(path));

    text_unsigned(&text, pid);
    text_bytes(&text, "/stat", sizeof("/stat"));
    int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, bytes, 2048);
    close(fd);
    return length;
}

static bool is_kernel_thread(int proc_fd, uint64_t pid)
{
    struct process_stat stat;
    ssize_t length = read_stat(proc_fd, pid);

    return length > 0 && process_parse_stat(bytes, (size_t)length, &stat) == 0 && stat.kernel_thread;
}

/* Kernel threads are left out after the first time, as nobody has to read them again and again. */
static void read_proc(void)
{
    enum { PID_MAX = 1 << 22 };
    static struct process_list list = {.fd = -1};
    static enum { UNKNOWN, READ, LEFT_OUT } ways[PID_MAX];
    struct process_listed listed;

    if (list.fd < 0)
        check(process_list_open(&list, "/proc"), "/proc");
    check(process_list_rewind(&list), "/proc");
    while (process_list_next(&list, &listed) > 0 && listed.pid < PID_MAX) {
        if (ways[listed.pid] == UNKNOWN)
            ways[listed.pid] = is_kernel_thread(list.fd, listed.pid) ? LEFT_OUT : READ;
        else if (ways[listed.pid] == READ)
            (void)read_stat(list.fd, listed.pid);
    }
}

int main(int argc, char **argv)
{
    bool bpf = argc == 2 && strcmp(argv[1], "bpf") == 0;

    if (!bpf && (argc != 2 || strcmp(argv[1], "proc") != 0)) {
        (void)fputs("Usage: looks bpf|proc\n", stderr);
        return 2;
    }
    for (;;) {
        bpf ? read_tasks() : read_proc();
        sleep(1);
    }
}
