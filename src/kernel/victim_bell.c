#include "kernel/victim_bell.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STACK_SLOT = -8, NOTE_BYTES = 8 };

static int bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
    long result = syscall(SYS_bpf, command, attributes, sizeof(*attributes));
    return result < 0 ? -errno : (int)result;
}

static int open_ring(size_t page_size)
{
    union bpf_attr attributes;

    memset(&attributes, 0, sizeof(attributes));
    attributes.map_type = BPF_MAP_TYPE_RINGBUF;
    attributes.max_entries = (uint32_t)page_size;
    memcpy(attributes.map_name, "faultline_bell", sizeof("faultline_bell"));
    return bpf(BPF_MAP_CREATE, &attributes);
}

/* Puts eight bytes into the ring at every victim. Written out by hand: it is all that the program does. */
static int load_program(int ring_fd)
{
    const struct bpf_insn program[] = {
        {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = STACK_SLOT, .imm = 0},
        {.code = BPF_LD | BPF_IMM | BPF_DW,
         .dst_reg = BPF_REG_1,
         .src_reg = BPF_PSEUDO_MAP_FD,
         .imm = ring_fd},
        {.code = 0}, /* the upper half of the map's address */
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10},
        /* BPF_ADD and BPF_K are 0 */
        {.code = BPF_ALU64, .dst_reg = BPF_REG_2, .imm = STACK_SLOT},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = NOTE_BYTES},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = 0},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_output},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr attributes;

    memset(&attributes, 0, sizeof(attributes));
    attributes.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
    attributes.insns = (uint64_t)(uintptr_t)program;
    attributes.insn_cnt = sizeof(program) / sizeof(*program);
    attributes.license = (uint64_t)(uintptr_t) "Dual MIT/GPL";
    memcpy(attributes.prog_name, "faultline_bell", sizeof("faultline_bell"));
    return bpf(BPF_PROG_LOAD, &attributes);
}

static int attach(int program_fd)
{
    union bpf_attr attributes;

    memset(&attributes, 0, sizeof(attributes));
    attributes.raw_tracepoint.name = (uint64_t)(uintptr_t) "mark_victim";
    attributes.raw_tracepoint.prog_fd = (uint32_t)program_fd;
    return bpf(BPF_RAW_TRACEPOINT_OPEN, &attributes);
}

/* The ring's first page is the reader's, the second one the kernel's (kernel/bpf/ringbuf.c). */
static int map_ring(struct victim_bell *bell, size_t page_size)
{
    void *consumer = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, bell->fd, 0);
    if (consumer == MAP_FAILED)
        return -errno;
    bell->consumer = consumer;
    void *producer = mmap(NULL, page_size, PROT_READ, MAP_SHARED, bell->fd, (off_t)page_size);
    if (producer == MAP_FAILED)
        return -errno;
    bell->producer = producer;
    return 0;
}

int victim_bell_open(struct victim_bell *bell)
{
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);

    *bell = (struct victim_bell)VICTIM_BELL_CLOSED;
    bell->fd = open_ring(page_size);
    int error = bell->fd < 0 ? bell->fd : map_ring(bell, page_size);
    if (error == 0)
        error = bell->program_fd = load_program(bell->fd);
    if (error >= 0)
        error = bell->link_fd = attach(bell->program_fd);
    if (error < 0)
        victim_bell_close(bell);
    return error < 0 ? error : 0;
}

static void close_if_open(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void victim_bell_close(struct victim_bell *bell)
{
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);

    if (bell->consumer)
        munmap(bell->consumer, page_size);
    if (bell->producer)
        munmap(bell->producer, page_size);
    bell->consumer = NULL;
    bell->producer = NULL;
    close_if_open(&bell->link_fd);
    close_if_open(&bell->program_fd);
    close_if_open(&bell->fd);
}

void victim_bell_hush(struct victim_bell *bell)
{
    unsigned long heard = __atomic_load_n((unsigned long *)bell->producer, __ATOMIC_ACQUIRE);
    __atomic_store_n((unsigned long *)bell->consumer, heard, __ATOMIC_RELEASE);
}
