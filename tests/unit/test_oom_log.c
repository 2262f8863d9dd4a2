#include "kernel/oom_log.h"
#include "support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A log, and whose line comes next. */
struct stage {
    struct oom_log *log;
    const char *caller;
    struct value time_us;
    bool continues;
    bool after_gap;
    struct oom_kill kill; /* the last one */
};

static int stage_setup(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    if (!stage)
        return -1;
    stage->log = oom_log_new();
    stage->caller = "";
    *state = stage;
    return stage->log ? 0 : -1;
}

static int stage_teardown(void **state)
{
    struct stage *stage = *state;

    oom_log_free(stage->log);
    free(stage);
    return 0;
}

/* The line is handed over in memory that ends with it: the sanitizers see what goes beyond. */
static enum oom_line take_bytes(struct stage *stage, const char *bytes, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, length);
    struct oom_log_line line = {.text = copy,
                                .length = length,
                                .continues = stage->continues,
                                .after_gap = stage->after_gap,
                                .caller = stage->caller,
                                .time_us = stage->time_us};
    memset(&stage->kill, 0xee, sizeof(stage->kill));
    enum oom_line kind = oom_log_take(stage->log, &line, &stage->kill);
    free(copy);
    return kind;
}

static enum oom_line take(struct stage *stage, const char *line)
{
    return take_bytes(stage, line, strlen(line));
}

/* Lines that are no kill. */
static void feed(struct stage *stage, const char *lines)
{
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        assert_int_equal(take_bytes(stage, lines, length), OOM_LINE_OTHER);
        lines += length;
        lines += *lines == '\n';
    }
}

static void put_value(struct text *text, const char *name, struct value value)
{
    text_string(text, name);
    if (!value.present)
        text_char(text, '-');
    else if (value.number % 1024 == 0 && value.number > 0)
        text_format(text, "%" PRId64 "K", (int64_t)value.number / 1024);
    else
        text_format(text, "%" PRId64, (int64_t)value.number);
}

static void put_name(struct text *text, const char *name, const char *string)
{
    text_string(text, name);
    text_char(text, '<');
    text_string(text, string);
    text_char(text, '>');
}

static void put_task(struct text *text, const struct oom_task *task)
{
    put_value(text, "task ", task->pid);
    put_name(text, " ", task->comm);
    put_value(text, " uid ", task->uid);
    put_value(text, " adj ", task->oom_score_adj);
    put_value(text, " rss ", task->rss_bytes);
    put_value(text, " swap ", task->swap_bytes);
    text_char(text, '\n');
}

/* Every field of a kill but its tasks. */
static void put_kill(struct text *text, const struct oom_kill *kill)
{
    const char *constraint = oom_constraint_name(kill->constraint);

    put_value(text, "pid ", kill->pid);
    put_name(text, " ", kill->comm);
    put_value(text, " uid ", kill->uid);
    put_value(text, " adj ", kill->oom_score_adj);
    put_value(text, "\nvm ", kill->total_vm_bytes);
    put_value(text, " anon ", kill->anon_rss_bytes);
    put_value(text, " file ", kill->file_rss_bytes);
    put_value(text, " shmem ", kill->shmem_rss_bytes);
    put_value(text, " pgtables ", kill->pgtables_bytes);
    text_char(text, '\n');
    text_string(text, constraint ? constraint : "unknown");
    put_name(text, " ", kill->cgroup);
    put_name(text, " of ", kill->limit_cgroup);
    put_value(text, " usage ", kill->usage_bytes);
    put_value(text, " limit ", kill->limit_bytes);
    put_name(text, "\ntrigger ", kill->trigger);
    put_value(text, " ", kill->trigger_pid);
    text_string(text, kill->group_kill ? "\ngroup\n" : "\n");
}

/* The last kill was EXPECTED, in all that is known of it. */
#define assert_kill(stage, expected) check_kill(stage, expected, __FILE__, __LINE__)
static void check_kill(const struct stage *stage, const char *expected, const char *file, int line)
{
    TEXT(text, 16384);

    put_kill(&text, &stage->kill);
    assert_true(stage->kill.task_count <= OOM_TASKS_MAX);
    for (size_t i = 0; i < stage->kill.task_count; i++)
        put_task(&text, &stage->kill.tasks[i]);
    check_text(&text, expected, file, line);
}

#define take_kill(stage, line) assert_int_equal(take(stage, line), OOM_LINE_KILL)

static void lines_that_say_nothing_of_a_kill(void **state)
{
    feed(*state,
         "job (161): drop_caches: 1\n"
         "Tasks state (memory values in pages):\n"
         " </TASK>\n"
         "[\n[]\n[ ]\n[pid\n[ pid\n[ 12\n[ 12]\nCPU: \nCPU: 1 PID: \nmemory: usage \nmemory: usage 1kB\n"
         "Task in \nTasks in \noom-kill:\noom-kill:constraint=\n invoked oom-killer: \n"
         "Tasks in /a are going to be killed due to memory.oom.group set\n"
         "oom_reaper: reaped process 197 (trainer), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n"
         "Out of memory and no killable processes...\n"
         "Memory cgroup out of memory: Kill process 3344 (worker 3) score 1411 or sacrifice child\n"
         "Out of memory: Kill process 3344 (worker 3) score 1411 or sacrifice child\n"
         "sshd[12]: Killed process 1 (init) total-vm:1kB, anon-rss:1kB, file-rss:1kB\n"
         " Killed process 1 (init) total-vm:1kB, anon-rss:1kB, file-rss:1kB\n"
         "killed process 1 (init) total-vm:1kB, anon-rss:1kB, file-rss:1kB\n"
         "Killed process (init) total-vm:1kB\nKilled process 1\nKilled process 1(init)\nKilled process \n"
         "Killed process 1 init total-vm:1kB\nKilled process 1, UID 2\n");
    assert_int_equal(take(*state, ""), OOM_LINE_OTHER);
}

#define TABLE                                                                                                \
    "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents "           \
    "oom_score_adj name\n"
#define TABLE_5_4  "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
#define TABLE_3_10 "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"

/* As linux-6.12/memcg-nested has it. */
#define NESTED_HEAD                                                                                          \
    "trainer invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=300\n"                   \
    "CPU: 0 UID: 1000 PID: 197 Comm: trainer Not tainted 6.12.117+deb12-cloud-amd64 #1  Debian\n"            \
    "Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-debian-1.16.2-1 04/01/2014\n"        \
    "Call Trace:\n"                                                                                          \
    " dump_header+0x43/0x1d0\n"                                                                              \
    "memory: usage 24576kB, limit 24580kB, failcnt 76\n"                                                     \
    "swap: usage 0kB, limit 9007199254740988kB, failcnt 0\n"                                                 \
    "Memory cgroup stats for /train:\n"                                                                      \
    "anon 20881408\n"                                                                                        \
    "Tasks state (memory values in pages):\n"
#define NESTED_TASKS                                                                                         \
    "[    197]  1000   197     5643     5408     4320        0      1088    81920        3           300 "   \
    "trainer\n"                                                                                              \
    "[    195]     0   195     1035      832      768        0        64    45056        0             0 "   \
    "logger\n"
#define NESTED_SUMMARY                                                                                       \
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=train,mems_allowed=0,oom_memcg=/train,"     \
    "task_memcg=/train/job,task=trainer,pid=197,uid=1000\n"
#define NESTED_VICTIM                                                                                        \
    "Memory cgroup out of memory: Killed process 197 (trainer) total-vm:22572kB, anon-rss:17280kB, "         \
    "file-rss:4kB, shmem-rss:4352kB, UID:1000 pgtables:80kB oom_score_adj:300"
#define NESTED_REPORT NESTED_HEAD TABLE NESTED_TASKS NESTED_SUMMARY

#define NESTED_FIGURES                                                                                       \
    "pid 197 <trainer> uid 1000 adj 300\n"                                                                   \
    "vm 22572K anon 17280K file 4K shmem 4352K pgtables 80K\n"
#define NESTED_CAUSE                                                                                         \
    "memcg </train/job> of </train> usage 24576K limit 24580K\n"                                             \
    "trigger <trainer> 197\n"
#define NESTED_KILL                                                                                          \
    NESTED_FIGURES NESTED_CAUSE "task 197 <trainer> uid 1000 adj 300 rss 21632K swap 12K\n"                  \
                                "task 195 <logger> uid 0 adj 0 rss 3328K swap 0\n"

static void a_limit_further_up(void **state)
{
    feed(*state, NESTED_REPORT);
    take_kill(*state, NESTED_VICTIM);
    assert_kill(*state, NESTED_KILL);
}

static void the_whole_machine(void **state)
{
    feed(
        *state,
        "eats-it-all invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, "
        "oom_score_adj=0\n"
        "CPU: 1 UID: 1000 PID: 175 Comm: eats-it-all Not tainted 6.12.117 #1\n"
        "Mem-Info:\n"
        "Node 0 DMA free:3904kB boost:0kB min:704kB\n"
        "lowmem_reserve[]: 0 1929 1929 1929 1929\n" TABLE
        "[    163]     0   163      565      400        0        0       400    36864        0             0 "
        "job\n"
        "[    175]  1000   175    43787    43392    43328        0        64   389120        0             0 "
        "eats-it-all\n"
        "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=data,mems_allowed=0,global_oom,"
        "task_memcg=/data/base,task=eats-it-all,pid=175,uid=1000\n");
    take_kill(*state, "Out of memory: Killed process 175 (eats-it-all) total-vm:175148kB, anon-rss:173312kB, "
                      "file-rss:0kB, shmem-rss:256kB, UID:1000 pgtables:380kB oom_score_adj:0");
    assert_kill(*state, "pid 175 <eats-it-all> uid 1000 adj 0\n"
                        "vm 175148K anon 173312K file 0 shmem 256K pgtables 380K\n"
                        "none </data/base> of <> usage - limit -\n"
                        "trigger <eats-it-all> 175\n"
                        "task 175 <eats-it-all> uid 1000 adj 0 rss 173568K swap 0\n"
                        "task 163 <job> uid 0 adj 0 rss 1600K swap 0\n");
}

/* With vm.oom_kill_allocating_task; adjustments below zero. */
static void the_one_who_asked(void **state)
{
    feed(
        *state,
        "asker invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=-100\n"
        "CPU: 1 UID: 0 PID: 196 Comm: asker Not tainted 6.12.117 #1\n" TABLE
        "[    194]     0   194    15627    15392    15360        0        32   159744        0           900 "
        "bystander\n"
        "[    196]     0   196    27915    27584    27552        0        32   262144        0          -100 "
        "asker\n"
        "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,"
        "task=asker,pid=196,uid=0\n");
    take_kill(*state,
              "Out of memory (oom_kill_allocating_task): Killed process 196 (asker) total-vm:111660kB, "
              "anon-rss:110208kB, file-rss:0kB, shmem-rss:128kB, UID:0 pgtables:256kB oom_score_adj:-100");
    assert_kill(*state, "pid 196 <asker> uid 0 adj -100\n"
                        "vm 111660K anon 110208K file 0 shmem 128K pgtables 256K\n"
                        "none </> of <> usage - limit -\n"
                        "trigger <asker> 196\n"
                        "task 196 <asker> uid 0 adj -100 rss 110336K swap 0\n"
                        "task 194 <bystander> uid 0 adj 900 rss 61568K swap 0\n");
}

static void full_nodes_of_a_cpuset(void **state)
{
    feed(*state,
         "on-node-1 invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0\n"
         "oom-kill:constraint=CONSTRAINT_CPUSET,nodemask=(null),cpuset=near,mems_allowed=1,global_oom,"
         "task_memcg=/near,task=on-node-1,pid=179,uid=0\n");
    take_kill(*state, "Out of memory: Killed process 179 (on-node-1) total-vm:65580kB, anon-rss:63488kB, "
                      "file-rss:0kB, shmem-rss:128kB, UID:0 pgtables:164kB oom_score_adj:0");
    assert_kill(*state, "pid 179 <on-node-1> uid 0 adj 0\n"
                        "vm 65580K anon 63488K file 0 shmem 128K pgtables 164K\n"
                        "cpuset </near> of <> usage - limit -\n"
                        "trigger <on-node-1> -\n");
}

static void full_nodes_of_a_memory_policy(void **state)
{
    feed(*state,
         "bound invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0\n"
         "CPU: 0 UID: 0 PID: 198 Comm: bound Tainted: G        W          6.12.117 #1\n"
         "oom-kill:constraint=CONSTRAINT_MEMORY_POLICY,nodemask=1,cpuset=/,mems_allowed=0-1,3,global_oom,"
         "task_memcg=/,task=bound,pid=198,uid=0\n");
    take_kill(*state,
              "Out of memory: Killed process 198 (bound) total-vm:63532kB, anon-rss:62336kB, file-rss:0kB, "
              "shmem-rss:128kB, UID:0 pgtables:164kB oom_score_adj:0");
    assert_kill(*state, "pid 198 <bound> uid 0 adj 0\n"
                        "vm 63532K anon 62336K file 0 shmem 128K pgtables 164K\n"
                        "memory_policy </> of <> usage - limit -\n"
                        "trigger <bound> 198\n");
}

static void a_constraint_of_a_later_day_is_unknown(void **state)
{
    feed(
        *state,
        "oom-kill:constraint=CONSTRAINT_NEW,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/x,"
        "task=y,pid=5,uid=0\n");
    take_kill(*state,
              "Out of memory: Killed process 5 (y) total-vm:4kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, "
              "UID:0 pgtables:4kB oom_score_adj:0");
    assert_kill(*state, "pid 5 <y> uid 0 adj 0\n"
                        "vm 4K anon 4K file 0 shmem 0 pgtables 4K\n"
                        "unknown </x> of <> usage - limit -\n"
                        "trigger <> -\n");
}

/* The victim's line has neither uid, nor page tables, nor adjustment: they are in the table. */
static void the_form_of_4_19(void **state)
{
    feed(*state, "worker 3 invoked oom-killer: gfp_mask=0x6000c0(GFP_KERNEL), nodemask=(null), order=0, "
                 "oom_score_adj=500\n"
                 "worker 3 cpuset=/ mems_allowed=0\n"
                 "CPU: 1 PID: 3344 Comm: worker 3 Not tainted 4.19.0 #1\n"
                 "Task in /shop/jobs/night killed as a result of limit of /shop\n"
                 "memory: usage 131072kB, limit 131072kB, failcnt 311\n"
                 "memory+swap: usage 131072kB, limit 9007199254740988kB, failcnt 0\n"
                 "kmem: usage 1204kB, limit 9007199254740988kB, failcnt 0\n" TABLE_5_4
                 "[   3301]     0  3301     1200      800    53248        0             0 runner\n"
                 "[   3344]  1001  3344    36000    29870   299008        0           500 worker 3\n"
                 "Memory cgroup out of memory: Kill process 3344 (worker 3) score 1411 or sacrifice child\n");
    take_kill(*state, "Killed process 3344 (worker 3) total-vm:144000kB, anon-rss:118904kB, file-rss:576kB, "
                      "shmem-rss:0kB");
    assert_kill(*state, "pid 3344 <worker 3> uid 1001 adj 500\n"
                        "vm 144000K anon 118904K file 576K shmem 0 pgtables 292K\n"
                        "memcg </shop/jobs/night> of </shop> usage 131072K limit 131072K\n"
                        "trigger <worker 3> 3344\n"
                        "task 3344 <worker 3> uid 1001 adj 500 rss 119480K swap 0\n"
                        "task 3301 <runner> uid 0 adj 0 rss 3200K swap 0\n");
}

/* RHEL 7: the user in the line of the kill; no bytes of page tables. */
static void a_form_of_3_10(void **state)
{
    feed(*state, "reports invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
                 "reports cpuset=/ mems_allowed=0\n"
                 "CPU: 0 PID: 9120 Comm: reports Not tainted 3.10.0-957.el7.x86_64 #1\n"
                 "Task in /machine/reports killed as a result of limit of /machine\n"
                 "memory: usage 524288kB, limit 524288kB, failcnt 4410\n" TABLE_3_10
                 "[ 9100]     0  9100    28320      480      14        7             0 start.sh\n"
                 "[ 9120]  1000  9120   712000   131200     380        0             0 reports\n");
    take_kill(*state, "Killed process 9120 (reports), UID 1000, total-vm:2848000kB, anon-rss:522200kB, "
                      "file-rss:2600kB, shmem-rss:0kB");
    assert_kill(*state, "pid 9120 <reports> uid 1000 adj 0\n"
                        "vm 2848000K anon 522200K file 2600K shmem 0 pgtables -\n"
                        "memcg </machine/reports> of </machine> usage 524288K limit 524288K\n"
                        "trigger <reports> 9120\n"
                        "task 9120 <reports> uid 1000 adj 0 rss 524800K swap 0\n"
                        "task 9100 <start.sh> uid 0 adj 0 rss 1920K swap 28K\n");
}

/* RHEL 6: the user in front of the name, other columns, and no shared memory. */
static void another_form_of_3_10(void **state)
{
    feed(*state, "reports invoked oom-killer: gfp_mask=0xd0, order=0, oom_adj=0, oom_score_adj=0\n"
                 "Pid: 9120, comm: reports Not tainted 2.6.32-754.el6.x86_64 #1\n"
                 "Task in /machine/reports killed as a result of limit of /machine\n"
                 "memory: usage 524288kB, limit 524288kB, failcnt 4410\n"
                 "[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name\n"
                 "[ 9120]  1000  9120   712000   131200   0       0           -17 reports\n");
    take_kill(*state, "Killed process 9120, UID 1001, (reports) total-vm:2848000kB, anon-rss:522200kB, "
                      "file-rss:2600kB");
    assert_kill(*state, "pid 9120 <reports> uid 1001 adj -17\n"
                        "vm 2848000K anon 522200K file 2600K shmem - pgtables -\n"
                        "memcg </machine/reports> of </machine> usage 524288K limit 524288K\n"
                        "trigger <reports> -\n"
                        "task 9120 <reports> uid 1000 adj -17 rss 524800K swap -\n");
}

/* 5.4 called bytes of page tables kB: the table tells, and without one that they are more than all they map.
 */
static void page_tables_in_bytes(void **state)
{
    feed(*state,
         "renderer invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=200\n" TABLE_5_4
         "[   1402]     0  1402      600      220    45056        0          -500 queue\n"
         "[   1409]  1002  1409   940000     8311   106496        0           200 renderer\n"
         "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/studio,"
         "task_memcg=/studio/frame-7,task=renderer,pid=1409,uid=1002\n");
    take_kill(
        *state,
        "Memory cgroup out of memory: Killed process 1409 (renderer) total-vm:3760000kB, "
        "anon-rss:32500kB, file-rss:744kB, shmem-rss:0kB, UID:1002 pgtables:106496kB oom_score_adj:200");
    assert_kill(*state, "pid 1409 <renderer> uid 1002 adj 200\n"
                        "vm 3760000K anon 32500K file 744K shmem 0 pgtables 104K\n"
                        "memcg </studio/frame-7> of </studio> usage - limit -\n"
                        "trigger <renderer> -\n"
                        "task 1409 <renderer> uid 1002 adj 200 rss 33244K swap 0\n"
                        "task 1402 <queue> uid 0 adj -500 rss 880K swap 0\n");
    take_kill(*state, "Out of memory: Killed process 7 (x) total-vm:37600kB, anon-rss:4kB, file-rss:0kB, "
                      "shmem-rss:0kB, UID:0 pgtables:106496kB oom_score_adj:0");
    assert_value(((struct stage *)*state)->kill.pgtables_bytes, 106496);
    take_kill(*state, "Out of memory: Killed process 7 (x) total-vm:37600kB, anon-rss:4kB, file-rss:0kB, "
                      "shmem-rss:0kB, UID:0 pgtables:37600kB oom_score_adj:0");
    assert_value(((struct stage *)*state)->kill.pgtables_bytes, 37600 * 1024);
}

#define GROUP_REPORT                                                                                         \
    "eater invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"                       \
    "CPU: 1 UID: 0 PID: 226 Comm: eater Not tainted 6.12.117 #1\n"                                           \
    "memory: usage 16384kB, limit 16384kB, failcnt 19\n" TABLE                                               \
    "[    222]     5   222      523      320      256        0        64    45056        0             7 "   \
    "helper-1\n"                                                                                             \
    "[    226]     0   226     3595     3360     3328        0        32    65536        0             0 "   \
    "eater\n"                                                                                                \
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=batch,mems_allowed=0,oom_memcg=/batch,"     \
    "task_memcg=/batch/e,task=eater,pid=226,uid=0\n"
#define GROUP_VICTIM                                                                                         \
    "Memory cgroup out of memory: Killed process 226 (eater) total-vm:14380kB, anon-rss:13312kB, "           \
    "file-rss:0kB, shmem-rss:128kB, UID:0 pgtables:64kB oom_score_adj:0"
#define GROUP_LINE "Tasks in /batch are going to be killed due to memory.oom.group set\n"
#define GROUP_MEMBER                                                                                         \
    "Memory cgroup out of memory: Killed process 222 (helper-1) total-vm:2092kB, anon-rss:1024kB, "          \
    "file-rss:12kB, shmem-rss:256kB, UID:5 pgtables:44kB oom_score_adj:7"
#define GROUP_TASKS                                                                                          \
    "task 226 <eater> uid 0 adj 0 rss 13440K swap 0\n"                                                       \
    "task 222 <helper-1> uid 5 adj 7 rss 1280K swap 0\n"

/* Members share what the report says, and have figures of their own. */
static void a_group_that_dies_with_its_victim(void **state)
{
    feed(*state, GROUP_REPORT);
    take_kill(*state, GROUP_VICTIM);
    assert_kill(*state, "pid 226 <eater> uid 0 adj 0\n"
                        "vm 14380K anon 13312K file 0 shmem 128K pgtables 64K\n"
                        "memcg </batch/e> of </batch> usage 16384K limit 16384K\n"
                        "trigger <eater> 226\n" GROUP_TASKS);
    feed(*state, GROUP_LINE);
    take_kill(*state, GROUP_MEMBER);
    assert_kill(*state, "pid 222 <helper-1> uid 5 adj 7\n"
                        "vm 2092K anon 1024K file 12K shmem 256K pgtables 44K\n"
                        "memcg </batch> of </batch> usage 16384K limit 16384K\n"
                        "trigger <eater> 226\n"
                        "group\n" GROUP_TASKS);
    assert_int_equal(take(*state, GROUP_VICTIM), OOM_LINE_REPEAT);
    take_kill(*state,
              "Memory cgroup out of memory: Killed process 224 (helper-2) total-vm:3116kB, anon-rss:2048kB, "
              "file-rss:0kB, shmem-rss:128kB, UID:0 pgtables:40kB oom_score_adj:0");
    assert_kill(*state, "pid 224 <helper-2> uid 0 adj 0\n"
                        "vm 3116K anon 2048K file 0 shmem 128K pgtables 40K\n"
                        "memcg </batch> of </batch> usage 16384K limit 16384K\n"
                        "trigger <eater> 226\n"
                        "group\n" GROUP_TASKS);
    take_kill(*state, GROUP_VICTIM); /* it is repeated once, and no more */
    feed(*state, NESTED_REPORT);     /* the next report ends the group */
    take_kill(*state, NESTED_VICTIM);
    assert_kill(*state, NESTED_KILL);
}

/* 4.19 does not say of the members what they died of. */
static void a_group_in_4_19(void **state)
{
    feed(*state, "batch-2 invoked oom-killer: gfp_mask=0x6000c0(GFP_KERNEL), nodemask=(null), order=0, "
                 "oom_score_adj=0\n"
                 "Task in /batch killed as a result of limit of /batch\n" TABLE_5_4
                 "[   5010]     9  5010     2000     1800    57344        0             4 batch-1\n"
                 "[   5012]     0  5012     6000     5600    90112        0             0 batch-2\n");
    take_kill(
        *state,
        "Killed process 5012 (batch-2) total-vm:24000kB, anon-rss:21888kB, file-rss:512kB, shmem-rss:0kB");
    feed(*state, GROUP_LINE);
    take_kill(
        *state,
        "Killed process 5010 (batch-1) total-vm:8000kB, anon-rss:6688kB, file-rss:512kB, shmem-rss:0kB");
    assert_kill(*state, "pid 5010 <batch-1> uid 9 adj 4\n"
                        "vm 8000K anon 6688K file 512K shmem 0 pgtables 56K\n"
                        "memcg </batch> of </batch> usage - limit -\n"
                        "trigger <batch-2> -\n"
                        "group\n"
                        "task 5012 <batch-2> uid 0 adj 0 rss 22400K swap 0\n"
                        "task 5010 <batch-1> uid 9 adj 4 rss 7200K swap 0\n");
    assert_int_equal(take(*state,
                          "Killed process 5012 (batch-2) total-vm:24000kB, anon-rss:21888kB, file-rss:512kB, "
                          "shmem-rss:0kB"),
                     OOM_LINE_REPEAT);
}

/* Where the kernel left the reports out. */
static void a_group_without_a_report(void **state)
{
    take_kill(*state, GROUP_VICTIM);
    assert_kill(*state, "pid 226 <eater> uid 0 adj 0\n"
                        "vm 14380K anon 13312K file 0 shmem 128K pgtables 64K\n"
                        "memcg <> of <> usage - limit -\n"
                        "trigger <> -\n");
    feed(*state, GROUP_LINE);
    assert_int_equal(take(*state, GROUP_VICTIM), OOM_LINE_REPEAT);
    take_kill(*state, GROUP_MEMBER);
    assert_kill(*state, "pid 222 <helper-1> uid 5 adj 7\n"
                        "vm 2092K anon 1024K file 12K shmem 256K pgtables 44K\n"
                        "memcg </batch> of <> usage - limit -\n"
                        "trigger <> -\n"
                        "group\n");
}

/* Kills of a group follow one another within milliseconds; a later one, whose report was left out, is
 * another's. */
static void a_group_ends_when_nothing_of_it_comes(void **state)
{
    struct stage *stage = *state;

    stage->time_us = (struct value){1000000, true};
    feed(stage, GROUP_REPORT);
    take_kill(stage, GROUP_VICTIM);
    feed(stage, GROUP_LINE);
    stage->time_us.number += 400000;
    assert_int_equal(take(stage, GROUP_VICTIM), OOM_LINE_REPEAT);
    stage->time_us.number += 500000;
    take_kill(stage, GROUP_MEMBER);
    assert_true(stage->kill.group_kill);
    stage->time_us.number += 500001;
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_FIGURES "memcg <> of <> usage - limit -\n"
                                      "trigger <> -\n");
}

/* A kill without a report takes nothing from the report before. */
static void a_kill_whose_report_was_left_out(void **state)
{
    feed(*state, NESTED_REPORT);
    take_kill(*state, NESTED_VICTIM);
    take_kill(*state, NESTED_VICTIM); /* of the same pid even */
    assert_kill(*state, NESTED_FIGURES "memcg <> of <> usage - limit -\n"
                                       "trigger <> -\n");
    take_kill(*state, "Killed process 8 (bare)");
    assert_kill(*state, "pid 8 <bare> uid - adj -\n"
                        "vm - anon - file - shmem - pgtables -\n"
                        "unknown <> of <> usage - limit -\n"
                        "trigger <> -\n");
    take_kill(
        *state,
        "Out of memory: Killed process 9 (other) total-vm:4kB, anon-rss:0kB, file-rss:0kB, shmem-rss:0kB, "
        "UID:3 pgtables:4kB oom_score_adj:-5");
    assert_kill(*state, "pid 9 <other> uid 3 adj -5\n"
                        "vm 4K anon 0 file 0 shmem 0 pgtables 4K\n"
                        "unknown <> of <> usage - limit -\n"
                        "trigger <> -\n");
}

static void a_report_without_its_header_takes_nothing_from_the_one_before(void **state)
{
    feed(*state, NESTED_REPORT);
    take_kill(*state, NESTED_VICTIM);
    feed(*state, "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/b,"
                 "task_memcg=/b/c,task=x,pid=12,uid=0\n");
    take_kill(*state,
              "Memory cgroup out of memory: Killed process 12 (x) total-vm:8kB, anon-rss:4kB, file-rss:0kB, "
              "shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0");
    assert_kill(*state, "pid 12 <x> uid 0 adj 0\n"
                        "vm 8K anon 4K file 0 shmem 0 pgtables 4K\n"
                        "memcg </b/c> of </b> usage - limit -\n"
                        "trigger <> -\n");
}

/* The process's first thread had ended: the kill names another one, the summary the process. */
static void a_thread_as_victim(void **state)
{
    feed(*state,
         "eater invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n" TABLE
         "[    291]     0   290     6412     4128     4064        0        64    77824        0             "
         "0 eater\n"
         "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=worker,mems_allowed=0,oom_memcg=/w,"
         "task_memcg=/w/orker,task=victim,pid=290,uid=0\n");
    take_kill(*state,
              "Memory cgroup out of memory: Killed process 291 (eater) total-vm:25648kB, anon-rss:16256kB, "
              "file-rss:0kB, shmem-rss:256kB, UID:0 pgtables:76kB oom_score_adj:0");
    assert_kill(*state, "pid 290 <eater> uid 0 adj 0\n"
                        "vm 25648K anon 16256K file 0 shmem 256K pgtables 76K\n"
                        "memcg </w/orker> of </w> usage - limit -\n"
                        "trigger <eater> -\n"
                        "task 290 <eater> uid 0 adj 0 rss 16512K swap 0\n");
}

/* Its repeat, when its group dies, names the thread again. */
static void a_thread_as_the_victim_of_a_group(void **state)
{
    static const char victim[] =
        "Memory cgroup out of memory: Killed process 291 (eater) total-vm:25648kB, anon-rss:16256kB, "
        "file-rss:0kB, shmem-rss:256kB, UID:0 pgtables:76kB oom_score_adj:0";

    feed(*state,
         "eater invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
         "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=worker,mems_allowed=0,oom_memcg=/w,"
         "task_memcg=/w/orker,task=victim,pid=290,uid=0\n");
    take_kill(*state, victim);
    feed(*state, GROUP_LINE);
    assert_int_equal(take(*state, victim), OOM_LINE_REPEAT);
    take_kill(*state, GROUP_MEMBER);
}

#define LEFT_HEAD   "left invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"
#define RIGHT_HEAD  "right invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"
#define LEFT_CPU    "CPU: 1 PID: 2201 Comm: left Not tainted 5.4.0 #1"
#define RIGHT_CPU   "CPU: 1 PID: 2302 Comm: right Not tainted 5.4.0 #1"
#define LEFT_USAGE  "memory: usage 16384kB, limit 16384kB, failcnt 99"
#define RIGHT_USAGE "memory: usage 24576kB, limit 24576kB, failcnt 99"
#define LEFT_ROW    "[   2201]  1001  2201     4800     4001    73728        0             0 left"
#define RIGHT_ROW   "[   2302]  1002  2302     6900     6010    86016        0             0 right"
#define LEFT_SUMMARY                                                                                         \
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/east,"          \
    "task_memcg=/east/left,task=left,pid=2201,uid=1001"
#define RIGHT_SUMMARY                                                                                        \
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/west,"          \
    "task_memcg=/west/right,task=right,pid=2302,uid=1002"
#define LEFT_VICTIM                                                                                          \
    "Memory cgroup out of memory: Killed process 2201 (left) total-vm:19200kB, anon-rss:15404kB, "           \
    "file-rss:600kB, shmem-rss:0kB, UID:1001 pgtables:72kB oom_score_adj:0"
#define RIGHT_VICTIM                                                                                         \
    "Memory cgroup out of memory: Killed process 2302 (right) total-vm:27600kB, anon-rss:23440kB, "          \
    "file-rss:600kB, shmem-rss:0kB, UID:1002 pgtables:84kB oom_score_adj:0"
#define LEFT_FIGURES                                                                                         \
    "pid 2201 <left> uid 1001 adj 0\n"                                                                       \
    "vm 19200K anon 15404K file 600K shmem 0 pgtables 72K\n"
#define RIGHT_FIGURES                                                                                        \
    "pid 2302 <right> uid 1002 adj 0\n"                                                                      \
    "vm 27600K anon 23440K file 600K shmem 0 pgtables 84K\n"

static const char *const mixed[] = {
    "1" LEFT_HEAD, "1" LEFT_CPU,  "2" RIGHT_HEAD, "2" RIGHT_CPU, "1" LEFT_USAGE,   "2" RIGHT_USAGE,
    "1" TABLE_5_4, "2" TABLE_5_4, "2" RIGHT_ROW,  "1" LEFT_ROW,  "1" LEFT_SUMMARY, "2" RIGHT_SUMMARY,
};

/* Without callers there is no telling whose a line is, but for what has the victim's pid. */
static void two_reports_mixed_up(void **state)
{
    for (size_t i = 0; i < COUNT_OF(mixed); i++)
        feed(*state, mixed[i] + 1);
    take_kill(*state, RIGHT_VICTIM);
    assert_kill(*state, RIGHT_FIGURES "memcg </west/right> of </west> usage - limit -\n"
                                      "trigger <> -\n");
    take_kill(*state, LEFT_VICTIM);
    assert_kill(*state, LEFT_FIGURES "memcg </east/left> of </east> usage - limit -\n"
                                     "trigger <> -\n");
    feed(*state, NESTED_REPORT); /* that is over with the last of them */
    take_kill(*state, NESTED_VICTIM);
    assert_kill(*state, NESTED_KILL);
}

static void two_reports_mixed_up_and_a_kill_of_neither(void **state)
{
    for (size_t i = 0; i < COUNT_OF(mixed); i++)
        feed(*state, mixed[i] + 1);
    take_kill(*state, NESTED_VICTIM);
    assert_kill(*state, NESTED_FIGURES "memcg <> of <> usage - limit -\n"
                                       "trigger <> -\n");
    take_kill(*state, LEFT_VICTIM);
    assert_kill(*state, LEFT_FIGURES "memcg </east/left> of </east> usage - limit -\n"
                                     "trigger <> -\n");
    take_kill(*state, NESTED_VICTIM); /* one summary is left, and is not its */
    assert_kill(*state, NESTED_FIGURES "memcg <> of <> usage - limit -\n"
                                       "trigger <> -\n");
}

/* Whose group it is that dies there, nobody can tell: the other report's victim is none of it. */
static void two_reports_mixed_up_and_a_group(void **state)
{
    for (size_t i = 0; i < COUNT_OF(mixed); i++)
        feed(*state, mixed[i] + 1);
    take_kill(*state, RIGHT_VICTIM);
    feed(*state, "Tasks in /west are going to be killed due to memory.oom.group set");
    take_kill(*state, LEFT_VICTIM);
    assert_kill(*state, LEFT_FIGURES "memcg </east/left> of </east> usage - limit -\n"
                                     "trigger <> -\n");
}

/* As of 3.10, where they have no summaries. */
static void two_reports_of_an_old_kernel_mixed_up(void **state)
{
    feed(*state, "one invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
                 "two invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
                 "CPU: 0 PID: 801 Comm: one Not tainted 3.10.0 #1\n"
                 "CPU: 1 PID: 902 Comm: two Not tainted 3.10.0 #1\n"
                 "Task in /a/one killed as a result of limit of /a\n"
                 "memory: usage 10240kB, limit 10240kB, failcnt 40\n" TABLE_3_10
                 "Task in /b/two killed as a result of limit of /b\n"
                 "[  801]   501   801     3300     2590      12        0             0 one\n"
                 "memory: usage 20480kB, limit 20480kB, failcnt 80\n");
    take_kill(*state, "Killed process 801 (one) total-vm:13200kB, anon-rss:9900kB, file-rss:460kB");
    assert_kill(*state, "pid 801 <one> uid - adj -\n"
                        "vm 13200K anon 9900K file 460K shmem - pgtables -\n"
                        "unknown <> of <> usage - limit -\n"
                        "trigger <> -\n");
    feed(*state, TABLE_3_10 "[  902]   502   902     5900     5150      17        0             0 two\n");
    take_kill(*state, "Killed process 902 (two) total-vm:23600kB, anon-rss:20100kB, file-rss:500kB");
    assert_kill(*state, "pid 902 <two> uid - adj -\n"
                        "vm 23600K anon 20100K file 500K shmem - pgtables -\n"
                        "unknown <> of <> usage - limit -\n"
                        "trigger <> -\n");
}

static void callers_part_reports_that_are_mixed_up(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < COUNT_OF(mixed); i++) {
        stage->caller = mixed[i][0] == '1' ? "T2201" : "T2302";
        feed(stage, mixed[i] + 1);
    }
    stage->caller = "T2302";
    take_kill(stage, RIGHT_VICTIM);
    assert_kill(stage, RIGHT_FIGURES "memcg </west/right> of </west> usage 24576K limit 24576K\n"
                                     "trigger <right> 2302\n"
                                     "task 2302 <right> uid 1002 adj 0 rss 24040K swap 0\n");
    stage->caller = "T2201";
    take_kill(stage, LEFT_VICTIM);
    assert_kill(stage, LEFT_FIGURES "memcg </east/left> of </east> usage 16384K limit 16384K\n"
                                    "trigger <left> 2201\n"
                                    "task 2201 <left> uid 1001 adj 0 rss 16004K swap 0\n");
}

/* Room is for four reports: of more, the oldest is forgotten, and nothing of it left to the caller in its
 * place. */
static void more_callers_than_there_is_room_for(void **state)
{
    static const char *const callers[] = {"T1", "T2", "T3", "T4"};
    struct stage *stage = *state;

    for (size_t i = 0; i < COUNT_OF(callers); i++) {
        stage->caller = callers[i];
        feed(stage, NESTED_HEAD TABLE NESTED_TASKS "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),");
    }
    stage->caller = "T5";
    stage->continues = true; /* of what came before, which this log never had */
    feed(stage, "cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a/b,task=trainer,pid=197,uid=1000");
    stage->continues = false;
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_FIGURES "memcg <> of <> usage - limit -\n"
                                      "trigger <> -\n");
    stage->caller = "T4"; /* the others are still there */
    stage->continues = true;
    feed(stage,
         "cpuset=train,mems_allowed=0,oom_memcg=/train,task_memcg=/train/job,task=trainer,pid=197,uid=1000");
    stage->continues = false;
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_KILL);
    stage->caller = "T1";
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_FIGURES "memcg <> of <> usage - limit -\n"
                                      "trigger <> -\n");
}

/* A path can make the line longer than a record holds. */
static void a_summary_in_several_records(void **state)
{
    struct stage *stage = *state;

    feed(
        stage, NESTED_HEAD TABLE NESTED_TASKS
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=train,mems_allowed=0,oom_memcg=/train,");
    stage->continues = true;
    feed(stage, "task_memcg=/train/j\nob,task=trainer,p\nid=19\n7,uid=1000");
    stage->continues = false;
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_KILL);
}

static void older_lines_in_several_records(void **state)
{
    struct stage *stage = *state;

    feed(stage, "Task in /shop");
    stage->continues = true;
    feed(stage, "/night\n killed as a result\n of limit of /shop");
    stage->continues = false;
    take_kill(stage, "Killed process 5 (x) total-vm:4kB, anon-rss:4kB, file-rss:0kB");
    assert_string_equal(stage->kill.cgroup, ""); /* no report */
    feed(stage, "x invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\nTask in /shop");
    stage->continues = true;
    feed(stage, "/night\n killed as a result\n of limit of /sh\nop");
    stage->continues = false;
    take_kill(stage, "Killed process 5 (x) total-vm:4kB, anon-rss:4kB, file-rss:0kB");
    assert_string_equal(stage->kill.cgroup, "/shop/night");
    assert_string_equal(stage->kill.limit_cgroup, "/shop");
    feed(stage, "Tasks in /shop");
    stage->continues = true;
    feed(stage, "/night are going to be killed due to memory.oom.group set");
    stage->continues = false;
    take_kill(stage, "Killed process 6 (y) total-vm:4kB, anon-rss:4kB, file-rss:0kB");
    assert_true(stage->kill.group_kill);
    assert_string_equal(stage->kill.cgroup, "/shop/night");
}

/* Without callers in the log, another CPU's line may stand between the pieces. */
static void a_line_whose_pieces_another_comes_between(void **state)
{
    struct stage *stage = *state;

    feed(stage, NESTED_HEAD TABLE NESTED_TASKS
         "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=train,mems_allowed=0,oom_memcg=\n"
         "usb 1-1: new high-speed USB device");
    stage->continues = true;
    feed(stage, "number 5\n" /* that one's own end */
                "/train,task_memcg=/train");
    stage->continues = false;
    feed(stage, "eth0: link up");
    stage->continues = true;
    feed(stage, "/job,task=trainer,pid=197\n,uid=1000");
    stage->continues = false;
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_KILL);
}

/* Otherwise a piece goes on with the line right before it. */
static void a_piece_of_a_line_that_is_not_there(void **state)
{
    struct stage *stage = *state;

    feed(stage, NESTED_HEAD "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=train,\n"
                            "another line comes between");
    stage->continues = true;
    feed(stage, "mems_allowed=0,oom_memcg=/train,task_memcg=/train/job,task=trainer,pid=197,uid=1000");
    stage->continues = false;
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_FIGURES "memcg <> of <> usage 24576K limit 24580K\n"
                                      "trigger <trainer> 197\n");
}

#define OTHERS_FIGURES                                                                                       \
    "pid 777 <mysqld> uid 27 adj 0\n"                                                                        \
    "vm 8K anon 4K file 0 shmem 0 pgtables 4K\n"

/* The last line of its report is missing, and then the kernel leaves out the next report. */
static void a_report_that_is_another_victims(void **state)
{
    struct stage *stage = *state;

    feed(stage, NESTED_REPORT);
    take_kill(stage, "Memory cgroup out of memory: Killed process 777 (mysqld) total-vm:8kB, anon-rss:4kB, "
                     "file-rss:0kB, shmem-rss:0kB, UID:27 pgtables:4kB oom_score_adj:0");
    assert_kill(stage, OTHERS_FIGURES "memcg <> of <> usage - limit -\ntrigger <> -\n");
    feed(stage, NESTED_REPORT);
    take_kill(stage, "Out of memory: Killed process 777 (mysqld) total-vm:8kB, anon-rss:4kB, "
                     "file-rss:0kB, shmem-rss:0kB, UID:27 pgtables:4kB oom_score_adj:0");
    assert_kill(stage, OTHERS_FIGURES "unknown <> of <> usage - limit -\ntrigger <> -\n");
    /* Of the same user, but not for a cgroup's limit. */
    feed(stage, NESTED_REPORT);
    take_kill(stage, "Out of memory: Killed process 198 (trainer) total-vm:8kB, anon-rss:4kB, "
                     "file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:4kB oom_score_adj:0");
    assert_string_equal(stage->kill.cgroup, "");
    /* One of its threads. */
    feed(stage, NESTED_REPORT);
    take_kill(stage, "Memory cgroup out of memory: Killed process 198 (trainer) total-vm:8kB, anon-rss:4kB, "
                     "file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:4kB oom_score_adj:0");
    assert_string_equal(stage->kill.cgroup, "/train/job");
    assert_value(stage->kill.pid, 197);
}

static void what_was_told_before_a_gap_belongs_to_nobody(void **state)
{
    struct stage *stage = *state;

    feed(stage, NESTED_REPORT);
    stage->after_gap = true;
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_FIGURES "memcg <> of <> usage - limit -\ntrigger <> -\n");
}

static void a_report_without_anybody_to_kill(void **state)
{
    struct stage *stage = *state;

    feed(stage, "mysqld invoked oom-killer: order=0\n"
                "memory: usage 4kB, limit 8kB, failcnt 1\n"
                "Out of memory and no killable processes...\n" NESTED_REPORT);
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_KILL);
}

/* The kernel prints them as negative in the table and the summary. */
static void users_from_2_to_the_31_on(void **state)
{
    struct stage *stage = *state;

    feed(stage, "x invoked oom-killer: order=0\n" TABLE_5_4
                "[      7] -2147483648     7      100       10     4096        0             0 x\n"
                "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
                "task_memcg=/a,task=x,pid=7,uid=-2147483648");
    take_kill(stage, "Out of memory: Killed process 8 (x) total-vm:400kB, anon-rss:4kB, file-rss:0kB, "
                     "shmem-rss:0kB, UID:2147483648 pgtables:4kB oom_score_adj:0");
    assert_string_equal(stage->kill.cgroup, "/a");
    assert_value(stage->kill.uid, 2147483648);
    assert_value(stage->kill.tasks[0].uid, 2147483648);
}

/* LINES, the last of them GAP_US after the others. */
static void feed_with_gap(struct stage *stage, const char *lines, uint64_t from_us, uint64_t gap_us)
{
    stage->time_us = (struct value){from_us, true};
    feed(stage, lines);
    stage->time_us.number += gap_us;
}

static void what_is_older_than_5_seconds_belongs_to_another_report(void **state)
{
    static const char alone[] = NESTED_FIGURES "memcg <> of <> usage - limit -\n"
                                               "trigger <> -\n";
    struct stage *stage = *state;

    feed_with_gap(stage, NESTED_REPORT, 1000, 5000000);
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_KILL);
    feed_with_gap(stage, NESTED_REPORT, 20000000, 5000001);
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, alone);
    feed_with_gap(stage, "trainer invoked oom-killer: order=0", 40000000,
                  5000001); /* and right behind the header */
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, alone);
    feed_with_gap(stage, NESTED_REPORT, 60000000, 0);
    stage->time_us.number = 54999999; /* a clock that goes back is another boot's */
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, alone);
    feed_with_gap(stage, NESTED_REPORT, 70000000, 0);
    stage->time_us.number = 69999999; /* a little back: another CPU had its turn later */
    assert_int_equal(take(stage, "eth0: link up"), OOM_LINE_OTHER);
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_KILL);
    feed_with_gap(stage, NESTED_REPORT, 80000000, 5000001);
    stage->time_us = (struct value){0, false}; /* a line without time may belong to it */
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_KILL);
}

static void the_members_of_a_group_are_not_late(void **state)
{
    struct stage *stage = *state;

    stage->time_us = (struct value){1000000, true};
    feed(stage, GROUP_REPORT);
    take_kill(stage, GROUP_VICTIM);
    feed(stage, GROUP_LINE);
    stage->time_us.number += 5000001;
    take_kill(stage, GROUP_MEMBER);
    assert_kill(stage, "pid 222 <helper-1> uid 5 adj 7\n"
                       "vm 2092K anon 1024K file 12K shmem 256K pgtables 44K\n"
                       "memcg <> of <> usage - limit -\n"
                       "trigger <> -\n");
}

static void put_row(struct stage *stage, unsigned pid, unsigned rss_pages, const char *name)
{
    char row[512];
    snprintf(row, sizeof(row), "[ %6u] %5u %5u %8u %8u %8u %8u %13u %s", pid, pid + 1, pid, 1000U, rss_pages,
             4096U, 1U, 0U, name);
    feed(stage, row);
}

#define ROW_VICTIM                                                                                           \
    "Out of memory: Killed process 108 (t8) total-vm:4000kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, "    \
    "UID:109 pgtables:4kB oom_score_adj:0"

static void of_many_tasks_the_ten_largest_in_order(void **state)
{
    static const unsigned sizes[] = {50, 10, 900, 20, 500, 30, 800, 40, 60, 700, 5, 600, 70, 1, 80};
    static const unsigned order[] = {2, 6, 9, 11, 4, 14, 12, 8, 0, 7};
    struct stage *stage = *state;
    char name[16];

    feed(stage, "x invoked oom-killer: order=0\n" TABLE_5_4);
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        snprintf(name, sizeof(name), "t%u", i);
        put_row(stage, 100 + i, sizes[i], name);
    }
    take_kill(stage, ROW_VICTIM);
    assert_int_equal(stage->kill.task_count, OOM_TASKS_MAX);
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        const struct oom_task *task = &stage->kill.tasks[i];
        snprintf(name, sizeof(name), "t%u", order[i]);
        assert_string_equal(task->comm, name);
        assert_value(task->pid, 100 + order[i]);
        assert_value(task->uid, 101 + order[i]);
        assert_value(task->rss_bytes, sizes[order[i]] * 4096);
        assert_value(task->swap_bytes, 4096);
    }
}

static void as_many_tasks_as_there_are_places_for(void **state)
{
    struct stage *stage = *state;

    feed(stage, "x invoked oom-killer: order=0\n" TABLE_5_4);
    for (unsigned i = 0; i < OOM_TASKS_MAX; i++)
        put_row(stage, 100 + i, 50 - i, "x");
    take_kill(stage, ROW_VICTIM);
    assert_int_equal(stage->kill.task_count, OOM_TASKS_MAX);
    for (unsigned i = 0; i < OOM_TASKS_MAX; i++)
        assert_value(stage->kill.tasks[i].pid, 100 + i);
}

/* They keep the order of the table; those that come when all places are taken by their equals have none. */
static void tasks_of_equal_size(void **state)
{
    struct stage *stage = *state;
    char name[16];

    feed(stage, "x invoked oom-killer: order=0\n" TABLE_5_4);
    for (unsigned i = 0; i < 12; i++) {
        snprintf(name, sizeof(name), "t%u", i);
        put_row(stage, 100 + i, i == 11 ? 8 : 7, name);
    }
    take_kill(stage, ROW_VICTIM);
    assert_int_equal(stage->kill.task_count, OOM_TASKS_MAX);
    assert_string_equal(stage->kill.tasks[0].comm, "t11");
    for (unsigned i = 1; i < OOM_TASKS_MAX; i++) {
        snprintf(name, sizeof(name), "t%u", i - 1);
        assert_string_equal(stage->kill.tasks[i].comm, name);
    }
}

/* What says neither who nor how much is left out, whatever else it says. */
static void a_table_without_the_columns_that_count(void **state)
{
    static const char *const tables[] = {
        "[  pid  ]   uid  total_vm      rss name\n[      7]     0       100       10 x\n",
        "[  pid  ]   uid  tgid total_vm name\n[      7]     0     7      100 x\n",
        "[  pid  ] name\n[      7] x\n",
    };
    struct stage *stage = *state;

    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        feed(stage, "x invoked oom-killer: order=0\n");
        feed(stage, tables[i]);
        take_kill(stage, ROW_VICTIM);
        assert_int_equal(stage->kill.task_count, 0);
    }
}

static uint64_t page_size_told(struct stage *stage, const char *row, const char *victim)
{
    feed(stage, "x invoked oom-killer: order=0\n" TABLE_5_4);
    feed(stage, row);
    take_kill(stage, victim);
    assert_int_equal(stage->kill.task_count, 1);
    assert_true(stage->kill.tasks[0].rss_bytes.present);
    return stage->kill.tasks[0].rss_bytes.number;
}

/* The table counts pages, of the machine that wrote the log. */
static void the_table_tells_the_size_of_a_page(void **state)
{
    static const char row[] = "[  7]  1  7     100     1    4096        0             0 x";
    uint64_t own =
        page_size_told(*state, row, "Out of memory: Killed process 8 (y) total-vm:6400kB, anon-rss:4kB");

    assert_int_equal(page_size_told(*state, row,
                                    "Out of memory: Killed process 7 (x) total-vm:6400kB, anon-rss:4kB"),
                     65536);
    assert_int_equal(page_size_told(*state, row,
                                    "Out of memory: Killed process 7 (x) total-vm:1600kB, anon-rss:4kB"),
                     16384);
    assert_int_equal(page_size_told(*state, row,
                                    "Out of memory: Killed process 7 (x) total-vm:400kB, anon-rss:4kB"),
                     4096);
    assert_int_equal(page_size_told(*state, row,
                                    "Out of memory: Killed process 7 (x) total-vm:404kB, anon-rss:4kB"),
                     4096);
    /* No page has such a size. */
    assert_int_equal(page_size_told(*state, row,
                                    "Out of memory: Killed process 7 (x) total-vm:700kB, anon-rss:4kB"),
                     own);
    assert_int_equal(page_size_told(*state, row,
                                    "Out of memory: Killed process 7 (x) total-vm:200kB, anon-rss:4kB"),
                     own);
    assert_int_equal(page_size_told(*state, row,
                                    "Out of memory: Killed process 7 (x) total-vm:12800kB, anon-rss:4kB"),
                     own);
    assert_int_equal(page_size_told(*state, "[  7]  1  7     0     1    4096        0             0 x",
                                    "Out of memory: Killed process 7 (x) total-vm:400kB, anon-rss:4kB"),
                     own);
    assert_int_equal(own, sysconf(_SC_PAGESIZE));
}

/* A name in all places that it stands in. */
static void name_is_told(struct stage *stage, const char *name)
{
    char line[1024];

    snprintf(line, sizeof(line),
             "%s invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0", name);
    assert_int_equal(take(stage, line), OOM_LINE_OTHER);
    snprintf(line, sizeof(line), "CPU: 1 UID: 0 PID: 77 Comm: %s Not tainted 6.12.117 #1", name);
    assert_int_equal(take(stage, line), OOM_LINE_OTHER);
    feed(stage, TABLE_5_4);
    snprintf(line, sizeof(line), "[     76]   500    76       25       20     4096        0             3 %s",
             name);
    assert_int_equal(take(stage, line), OOM_LINE_OTHER);
    snprintf(line, sizeof(line),
             "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,"
             "task_memcg=/a/b,task=%s,pid=76,uid=500",
             name);
    assert_int_equal(take(stage, line), OOM_LINE_OTHER);
    snprintf(
        line, sizeof(line),
        "Memory cgroup out of memory: Killed process 76 (%s) total-vm:100kB, anon-rss:80kB, file-rss:0kB, "
        "shmem-rss:8kB, UID:500 pgtables:4kB oom_score_adj:3",
        name);
    take_kill(stage, line);
    snprintf(line, sizeof(line),
             "pid 76 <%s> uid 500 adj 3\n"
             "vm 100K anon 80K file 0 shmem 8K pgtables 4K\n"
             "memcg </a/b> of </a> usage - limit -\n"
             "trigger <%s> 77\n"
             "task 76 <%s> uid 500 adj 3 rss 80K swap 0\n",
             name, name, name);
    assert_kill(stage, line);
}

static void names_that_look_like_the_kernels_words(void **state)
{
    static const char *const names[] = {
        "two words",
        " lead and trail ",
        "(sd-pam)",
        "a) b(c",
        ")",
        "(",
        ",pid=1,uid=0",
        ",task=x",
        ",task=x,pid=1",
        ") total-vm:1kB",
        ") total-vm:1kB,",
        "), UID 0, total",
        ",task_memcg=/z",
        "mems_allowed=",
        "new\nline",
        "[ 4] 0 4 1 9 0 ",
        " Comm: x",
        " PID: 5 Comm: ",
        "UID:0",
        "anon-rss:1kB",
        "caf\xc3\xa9 \xff",
        "\x1b[31mred",
        "kB, limit 1kB",
        "Killed process ",
        "\\x29",
    };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        name_is_told(*state, names[i]);
}

/* As above, in the older forms of the line. */
static void such_names_in_older_forms(void **state)
{
    static const char *const names[] = {"(sd-pam)",        "a) b(c", ") total-vm:1kB",
                                        "), UID 0, total", ")",      "x, UID 7"};
    struct stage *stage = *state;
    char line[512];

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(
            line, sizeof(line),
            "Killed process 76 (%s), UID 1000, total-vm:100kB, anon-rss:80kB, file-rss:4kB, shmem-rss:0kB",
            names[i]);
        take_kill(stage, line);
        assert_string_equal(stage->kill.comm, names[i]);
        assert_value(stage->kill.uid, 1000);
        assert_value(stage->kill.total_vm_bytes, 102400);
        snprintf(line, sizeof(line),
                 "Killed process 76, UID 1000, (%s) total-vm:100kB, anon-rss:80kB, file-rss:4kB", names[i]);
        take_kill(stage, line);
        assert_string_equal(stage->kill.comm, names[i]);
        assert_value(stage->kill.uid, 1000);
        assert_value(stage->kill.total_vm_bytes, 102400);
    }
}

/* OUTER is the limit's, INNER the victim's, CPUSET that of the one who asked. */
static void paths_are_told(struct stage *stage, const char *cpuset, const char *outer, const char *inner)
{
    char line[2048];

    snprintf(line, sizeof(line), "Memory cgroup stats for %s:", outer);
    feed(stage, NESTED_HEAD);
    assert_int_equal(take(stage, line), OOM_LINE_OTHER);
    snprintf(line, sizeof(line),
             "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=%s,mems_allowed=0-3,5,oom_memcg=%s,"
             "task_memcg=%s,task=trainer,pid=197,uid=1000",
             cpuset, outer, inner);
    assert_int_equal(take(stage, line), OOM_LINE_OTHER);
    take_kill(stage, NESTED_VICTIM);
    assert_string_equal(stage->kill.limit_cgroup, outer);
    assert_string_equal(stage->kill.cgroup, inner);
    assert_int_equal(stage->kill.constraint, OOM_CONSTRAINT_MEMCG);
    assert_string_equal(stage->kill.trigger, "trainer");
    assert_value(stage->kill.limit_bytes, 24580 * 1024);
    snprintf(line, sizeof(line), "Tasks in %s are going to be killed due to memory.oom.group set", inner);
    assert_int_equal(take(stage, line), OOM_LINE_OTHER);
    take_kill(stage, GROUP_MEMBER);
    assert_string_equal(stage->kill.cgroup, inner);
    assert_true(stage->kill.group_kill);
    /* Up to 4.20 */
    feed(stage, "trainer invoked oom-killer: order=0");
    snprintf(line, sizeof(line), "Task in %s killed as a result of limit of %s", inner, outer);
    assert_int_equal(take(stage, line), OOM_LINE_OTHER);
    take_kill(stage, "Killed process 5 (x) total-vm:4kB, anon-rss:4kB, file-rss:0kB");
    assert_string_equal(stage->kill.limit_cgroup, outer);
    assert_string_equal(stage->kill.cgroup, inner);
    assert_string_equal(stage->kill.trigger, "trainer");
}

static void paths_that_look_like_the_kernels_words(void **state)
{
    static const char *const names[] = {
        "with blanks",
        "a,b=c",
        ",task_memcg=",
        ",task=",
        ",task=trainer,pid=197,uid=1000",
        ",pid=1,uid=0",
        ",oom_memcg=",
        "mems_allowed=0,oom_memcg=",
        " killed as a result of limit of ",
        " killed as a result of limit of /",
        " are going to be killed due to memory.oom.group set",
        " invoked oom-killer: gfp",
        "(b) total-vm:1kB",
        "line\nbreak",
        ",global_oom,task_memcg=",
    };
    char outer[128], inner[128];

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        paths_are_told(*state, names[i], "/a", "/a/b");
        snprintf(outer, sizeof(outer), "/%s", names[i]);
        paths_are_told(*state, names[i], outer, outer);
        snprintf(inner, sizeof(inner), "/%s/it", names[i]);
        paths_are_told(*state, "/", outer, inner);
        snprintf(inner, sizeof(inner), "/a/%s", names[i]);
        paths_are_told(*state, "/", "/a", inner); /* the root has no limit: "/" would be a piece of a name */
    }
}

static void the_paths_of_a_machine_that_is_full(void **state)
{
    struct stage *stage = *state;

    feed(stage, "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=mems_allowed=0,mems_allowed=0-1,"
                "global_oom,"
                "task_memcg=/a,task_memcg=/b c,task=trainer,pid=197,uid=1000");
    take_kill(stage, NESTED_VICTIM);
    assert_string_equal(stage->kill.cgroup, "/a,task_memcg=/b c");
    assert_string_equal(stage->kill.limit_cgroup, "");
    assert_int_equal(stage->kill.constraint, OOM_CONSTRAINT_NONE);
}

static void numbers_that_do_not_fit_are_absent(void **state)
{
    struct stage *stage = *state;

    feed(stage,
         "x invoked oom-killer: order=0\n"
         "CPU: 1 PID: 99999999999999999999 Comm: x Not tainted\n"
         "memory: usage 18446744073709551615kB, limit 18014398509481983kB, failcnt 1\n" TABLE_5_4
         "[   76]   500    76       25 18446744073709551615     4096        1             3 large\n"
         "[   77]   500    77       25 18446744073709551616     4096        1             3 too-large\n");
    take_kill(
        stage,
        "Out of memory: Killed process 76 (x) total-vm:18446744073709551616kB, "
        "anon-rss:18014398509481984kB, file-rss:18014398509481983kB, shmem-rss:kB, UID:18446744073709551615 "
        "pgtables:-kB oom_score_adj:-9223372036854775808");
    assert_kill(stage, "pid 76 <x> uid -1 adj -9007199254740992K\n"
                       "vm - anon - file -1K shmem - pgtables 4K\n"
                       "unknown <> of <> usage - limit -1K\n"
                       "trigger <x> -\n"
                       "task 76 <large> uid 500 adj 3 rss - swap 4K\n");
    assert_int_equal(take(stage, "Killed process 18446744073709551616 (x) total-vm:4kB, anon-rss:4kB"),
                     OOM_LINE_OTHER);
    take_kill(stage, "Killed process 18446744073709551615 (x) total-vm:4kB, anon-rss:4kB");
    assert_value(stage->kill.pid, UINT64_MAX);
}

/* WORD, and so many bytes more that the line is 60000 long. */
static void take_long(struct stage *stage, const char *word, enum oom_line expected)
{
    static char line[60000];

    memset(line, 'x', sizeof(line));
    memcpy(line, word, strlen(word));
    assert_int_equal(take_bytes(stage, line, sizeof(line)), expected);
}

static void lines_that_are_far_too_long(void **state)
{
    static const char summary_begin[] = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/"
                                        ",mems_allowed=0,oom_memcg=/a,task_memcg=/a/";
    const char *const words[] = {"Task in /",
                                 "Tasks in /",
                                 "[ pid ] ",
                                 "[ 7] 1 7 25 20 4096 0 0 ",
                                 "memory: usage 1kB, limit 1kB",
                                 "CPU: 1 PID: 5 Comm: ",
                                 "oom-kill:constraint=",
                                 summary_begin};
    struct stage *stage = *state;

    take_long(stage, "trigger invoked oom-killer: ", OOM_LINE_OTHER);
    feed(stage, TABLE_5_4);
    for (int goes_on = 0; goes_on <= 1; goes_on++) {
        stage->continues = goes_on;
        for (size_t i = 0; i < COUNT_OF(words); i++)
            take_long(stage, words[i], OOM_LINE_OTHER);
    }
    stage->continues = false;
    take_long(stage, "Killed process 5 (", OOM_LINE_KILL);
    assert_int_equal(strlen(stage->kill.comm), OOM_COMM_MAX - 1);
    assert_string_equal(stage->kill.trigger, "trigger");
    assert_string_equal(stage->kill.cgroup, "");
    assert_false(stage->kill.anon_rss_bytes.present);
}

/* Names and paths of LENGTH bytes. */
static void names_of(struct stage *stage, size_t length)
{
    static char name[2000], path[2000], line[20000];

    memset(name, 'n', length);
    memset(path, 'p', length);
    path[0] = '/';
    name[length] = path[length] = '\0';
    snprintf(line, sizeof(line), "%s invoked oom-killer: order=0", name);
    feed(stage, line);
    feed(stage, TABLE_5_4);
    snprintf(line, sizeof(line), "[     76]   500    76       25       20     4096        0             3 %s",
             name);
    feed(stage, line);
    snprintf(line, sizeof(line),
             "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/"
             ",mems_allowed=0,oom_memcg=%s,task_memcg=%s,"
             "task=x,pid=76,uid=500",
             path, path);
    feed(stage, line);
    snprintf(line, sizeof(line), "Killed process 76 (%s) total-vm:100kB, anon-rss:80kB, file-rss:0kB", name);
    take_kill(stage, line);
    assert_value(stage->kill.anon_rss_bytes, 81920);
    assert_int_equal(stage->kill.task_count, 1);
    assert_int_equal(strlen(stage->kill.comm), length < OOM_COMM_MAX ? length : OOM_COMM_MAX - 1);
    assert_memory_equal(stage->kill.comm, name, strlen(stage->kill.comm));
    assert_string_equal(stage->kill.trigger, stage->kill.comm);
    assert_string_equal(stage->kill.tasks[0].comm, stage->kill.comm);
    assert_int_equal(strlen(stage->kill.cgroup), length < OOM_CGROUP_MAX ? length : OOM_CGROUP_MAX - 1);
    assert_memory_equal(stage->kill.cgroup, path, strlen(stage->kill.cgroup));
    assert_string_equal(stage->kill.limit_cgroup, stage->kill.cgroup);
}

static void names_that_are_too_long_are_cut(void **state)
{
    static const size_t lengths[] = {1,
                                     OOM_COMM_MAX - 1,
                                     OOM_COMM_MAX,
                                     OOM_COMM_MAX + 1,
                                     OOM_CGROUP_MAX - 1,
                                     OOM_CGROUP_MAX,
                                     OOM_CGROUP_MAX + 1,
                                     700};

    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        names_of(*state, lengths[i]);
}

/* A summary for which there is no room says nothing, and none is taken for it. */
static void a_summary_that_is_too_long_is_left_out(void **state)
{
    static char line[4096];
    struct stage *stage = *state;

    feed(stage, NESTED_HEAD);
    strcpy(line, "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/"
                 "a,task_memcg=/a/");
    memset(line + strlen(line), 'x', 1600);
    strcat(line, ",task=trainer,pid=197,uid=1000");
    feed(stage, line);
    take_kill(stage, NESTED_VICTIM);
    assert_kill(stage, NESTED_FIGURES "memcg <> of <> usage 24576K limit 24580K\n"
                                      "trigger <trainer> 197\n");
}

static void tables_of_another_form(void **state)
{
    static const char rows[] = "[   76]   500    76       25       20     4096        1             3 x\n";
    static const char victim[] =
        "Out of memory: Killed process 76 (x) total-vm:100kB, anon-rss:80kB, file-rss:0kB";
    static const char none[] = "pid 76 <x> uid - adj -\n"
                               "vm 100K anon 80K file 0 shmem - pgtables -\n"
                               "unknown <> of <> usage - limit -\n"
                               "trigger <x> -\n";
    struct stage *stage = *state;

    feed(stage, "x invoked oom-killer: order=0\n"); /* without a header */
    feed(stage, rows);
    take_kill(stage, victim);
    assert_kill(stage, none);

    feed(stage, "x invoked oom-killer: order=0\n" TABLE_5_4 /* rows of another form, and one that has it */
                "[   70]   500    70       25       20     4096        1\n"
                "[   71]   500    71       25       20     4096        1             3\n"
                "[   72]   500    72       25       ??     4096        1             3 y\n"
                "[   73]\n"
                "[   74   500    74       25       20     4096        1             3 z\n"
                "[ 7 5]   500    75       25       20     4096        1             3 z\n"
                "   76]   500    76       25       20     4096        1             3 z\n"
                "[   76]   500    76       25       20     4096        1             3 x\n");
    take_kill(stage, victim);
    assert_kill(stage, "pid 76 <x> uid 500 adj 3\n"
                       "vm 100K anon 80K file 0 shmem - pgtables 4K\n"
                       "unknown <> of <> usage - limit -\n"
                       "trigger <x> -\n"
                       "task 76 <x> uid 500 adj 3 rss 80K swap 4K\n");

    /* Columns that are new, missing, and in another order. */
    feed(stage, "x invoked oom-killer: order=0\n[  pid  ] rss new tgid total_vm other name\n"
                "[   76] 20 999 76 25 888 x y\n");
    take_kill(stage, victim);
    assert_kill(stage, "pid 76 <x> uid - adj -\n"
                       "vm 100K anon 80K file 0 shmem - pgtables -\n"
                       "unknown <> of <> usage - limit -\n"
                       "trigger <x> -\n"
                       "task 76 <x y> uid - adj - rss 80K swap -\n");

    /* The second table of a report is its own. */
    feed(stage, "x invoked oom-killer: order=0\n" TABLE_5_4
                "[   70]   500    70       25       99     4096        1             3 first\n" TABLE_5_4
                "[   76]   500    76       25       20     4096        1             3 x\n");
    take_kill(stage, victim);
    assert_int_equal(stage->kill.task_count, 1);
    assert_string_equal(stage->kill.tasks[0].comm, "x");
}

/* Where reports are left out, a victim looks like another one of the group before, until its own group is
 * named. */
static void groups_without_reports_that_follow_one_another(void **state)
{
    static const char victim[] =
        "Memory cgroup out of memory: Killed process 500 (next) total-vm:8kB, anon-rss:4kB, "
        "file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0";

    feed(*state, GROUP_REPORT);
    take_kill(*state, GROUP_VICTIM);
    feed(*state, GROUP_LINE);
    assert_int_equal(take(*state, GROUP_VICTIM), OOM_LINE_REPEAT);
    take_kill(*state, victim);
    feed(*state, "Tasks in /next are going to be killed due to memory.oom.group set\n");
    take_kill(*state, GROUP_VICTIM);
    assert_kill(*state, "pid 226 <eater> uid 0 adj 0\n"
                        "vm 14380K anon 13312K file 0 shmem 128K pgtables 64K\n"
                        "memcg </next> of <> usage - limit -\n"
                        "trigger <> -\n"
                        "group\n");
    assert_int_equal(take(*state, victim), OOM_LINE_REPEAT);
}

/* The victim had ended by itself: the report ends without a kill, and the next kill is not its. */
static void a_victim_that_ended_by_itself(void **state)
{
    struct stage *stage = *state;

    feed(stage, NESTED_REPORT
         "Memory cgroup out of memory: OOM victim 197 (trainer) is already exiting. Skip killing the task\n");
    take_kill(stage, LEFT_VICTIM);
    assert_kill(stage, LEFT_FIGURES "memcg <> of <> usage - limit -\n"
                                    "trigger <> -\n");
    feed(stage, GROUP_REPORT); /* a member that did leaves the group as it is */
    take_kill(stage, GROUP_VICTIM);
    feed(stage, GROUP_LINE
         "Memory cgroup out of memory: OOM victim 225 (y) is already exiting. Skip killing the task\n");
    take_kill(stage, GROUP_MEMBER);
    assert_string_equal(stage->kill.limit_cgroup, "/batch");
}

static void resident_memory_is_the_sum_of_its_parts(void **state)
{
    struct oom_kill kill = {.anon_rss_bytes = {1, true},
                            .file_rss_bytes = {20, true},
                            .shmem_rss_bytes = {300, true}};
    (void)state;

    assert_value(oom_kill_rss_bytes(&kill), 321);
    kill.shmem_rss_bytes.present = false; /* before 4.5 it is part of the file's */
    assert_value(oom_kill_rss_bytes(&kill), 21);
    kill.file_rss_bytes.present = false;
    assert_false(oom_kill_rss_bytes(&kill).present);
    kill.file_rss_bytes.present = true;
    kill.anon_rss_bytes.present = false;
    assert_false(oom_kill_rss_bytes(&kill).present);
    kill = (struct oom_kill){.anon_rss_bytes = {UINT64_MAX, true}, .file_rss_bytes = {0, true}};
    assert_value(oom_kill_rss_bytes(&kill), UINT64_MAX);
    kill.file_rss_bytes.number = 1;
    assert_false(oom_kill_rss_bytes(&kill).present);
}

static void constraints_have_names(void **state)
{
    (void)state;
    assert_null(oom_constraint_name(OOM_CONSTRAINT_UNKNOWN));
    assert_string_equal(oom_constraint_name(OOM_CONSTRAINT_NONE), "none");
    assert_string_equal(oom_constraint_name(OOM_CONSTRAINT_MEMCG), "memcg");
    assert_string_equal(oom_constraint_name(OOM_CONSTRAINT_CPUSET), "cpuset");
    assert_string_equal(oom_constraint_name(OOM_CONSTRAINT_MEMORY_POLICY), "memory_policy");
}

#define on_stage(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(lines_that_say_nothing_of_a_kill),
        on_stage(a_limit_further_up),
        on_stage(the_whole_machine),
        on_stage(the_one_who_asked),
        on_stage(full_nodes_of_a_cpuset),
        on_stage(full_nodes_of_a_memory_policy),
        on_stage(a_constraint_of_a_later_day_is_unknown),
        on_stage(the_form_of_4_19),
        on_stage(a_form_of_3_10),
        on_stage(another_form_of_3_10),
        on_stage(page_tables_in_bytes),
        on_stage(a_group_that_dies_with_its_victim),
        on_stage(a_group_in_4_19),
        on_stage(a_group_without_a_report),
        on_stage(a_group_ends_when_nothing_of_it_comes),
        on_stage(a_kill_whose_report_was_left_out),
        on_stage(a_report_without_its_header_takes_nothing_from_the_one_before),
        on_stage(a_thread_as_victim),
        on_stage(a_thread_as_the_victim_of_a_group),
        on_stage(two_reports_mixed_up),
        on_stage(two_reports_mixed_up_and_a_kill_of_neither),
        on_stage(two_reports_mixed_up_and_a_group),
        on_stage(two_reports_of_an_old_kernel_mixed_up),
        on_stage(callers_part_reports_that_are_mixed_up),
        on_stage(more_callers_than_there_is_room_for),
        on_stage(a_summary_in_several_records),
        on_stage(older_lines_in_several_records),
        on_stage(a_line_whose_pieces_another_comes_between),
        on_stage(a_piece_of_a_line_that_is_not_there),
        on_stage(a_report_that_is_another_victims),
        on_stage(what_was_told_before_a_gap_belongs_to_nobody),
        on_stage(a_report_without_anybody_to_kill),
        on_stage(users_from_2_to_the_31_on),
        on_stage(what_is_older_than_5_seconds_belongs_to_another_report),
        on_stage(the_members_of_a_group_are_not_late),
        on_stage(of_many_tasks_the_ten_largest_in_order),
        on_stage(as_many_tasks_as_there_are_places_for),
        on_stage(tasks_of_equal_size),
        on_stage(a_table_without_the_columns_that_count),
        on_stage(the_table_tells_the_size_of_a_page),
        on_stage(names_that_look_like_the_kernels_words),
        on_stage(such_names_in_older_forms),
        on_stage(paths_that_look_like_the_kernels_words),
        on_stage(the_paths_of_a_machine_that_is_full),
        on_stage(numbers_that_do_not_fit_are_absent),
        on_stage(lines_that_are_far_too_long),
        on_stage(names_that_are_too_long_are_cut),
        on_stage(a_summary_that_is_too_long_is_left_out),
        on_stage(tables_of_another_form),
        on_stage(groups_without_reports_that_follow_one_another),
        on_stage(a_victim_that_ended_by_itself),
        cmocka_unit_test(resident_memory_is_the_sum_of_its_parts),
        cmocka_unit_test(constraints_have_names),
    };
    return cmocka_run_group_tests_name("oom_log", tests, NULL, NULL);
}
