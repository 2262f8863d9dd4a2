#include "job/deaths.h"
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { COMMAND = 100, KEEPER = 99 };

/* A status of waitpid(2), as Linux has it. */
#define EXITED(status)   ((status) << 8)
#define SIGNALED(signal) (signal)
#define DUMPED(signal)   ((signal) | 0x80)

static struct job_deaths fresh(void)
{
    return (struct job_deaths){.cgroup = "/job", .command = COMMAND, .keeper = KEEPER, .sees_senders = true};
}

static struct oom_kill kill_of(uint32_t pid, enum oom_constraint constraint, const char *limit_cgroup)
{
    struct oom_kill kill = {.pid = some(pid),
                            .anon_rss_bytes = some(900 << 20),
                            .file_rss_bytes = some(12 << 20),
                            .shmem_rss_bytes = some(0),
                            .comm = "python3",
                            .constraint = constraint,
                            .limit_bytes = some(1 << 30)};

    snprintf(kill.limit_cgroup, sizeof(kill.limit_cgroup), "%s", limit_cgroup);
    return kill;
}

static struct process_death end_of(uint32_t pid, int signal)
{
    return (struct process_death){.pid = pid, .comm = "python3", .signal = signal};
}

static struct process_death kernel_end_of(uint32_t pid, int signal)
{
    struct process_death end = end_of(pid, signal);

    end.sender = (struct death_signal_sender){.seen = true, .kernel = true, .pid = pid, .comm = "python3"};
    return end;
}

static struct process_death sent_end_of(uint32_t pid, int signal, uint32_t sender)
{
    struct process_death end = end_of(pid, signal);

    end.sender = (struct death_signal_sender){.seen = true, .pid = sender, .uid = 1000, .comm = "bash"};
    return end;
}

static struct process_death bus_end_of(uint32_t pid, const char *path, struct value used, struct value size)
{
    struct process_death end = kernel_end_of(pid, SIGBUS);

    end.file.known = true;
    end.file.device = 0xfffU << 20 | 0xfffff; /* none has it */
    snprintf(end.file.path, sizeof(end.file.path), "%s", path);
    end.file.length_bytes = 4096;
    end.file.used_bytes = used;
    end.file.size_bytes = size;
    return end;
}

/* The death at PLACE, when all has been told, is put so. */
static void reads(const struct job_deaths *deaths, size_t place, const char *expected)
{
    TEXT(text, 4096);

    assert_true(place < deaths->count);
    job_death_put(&text, &deaths->list[place], deaths);
    assert_text(&text, expected);
}

static void the_one_death_reads(struct job_deaths *deaths, const char *expected)
{
    job_deaths_settle(deaths);
    assert_int_equal(deaths->count, 1);
    reads(deaths, 0, expected);
}

static void no_death(struct job_deaths *deaths)
{
    job_deaths_settle(deaths);
    assert_int_equal(deaths->count, 0);
    assert_int_equal(deaths->beyond, 0);
    assert_null(job_deaths_of_command(deaths));
}

/* -- the OOM killer's -- */

static void where_the_limit_was(void **state)
{
    static const struct {
        enum oom_constraint constraint;
        const char *limit_cgroup;
        enum death_cause cause;
        const char *words;
    } cases[] = {
        {OOM_CONSTRAINT_MEMCG, "/job", DEATH_BY_OWN_LIMIT, ", by the kernel, at the job's own limit of 1.0G"},
        {OOM_CONSTRAINT_MEMCG, "/job/below", DEATH_BY_OWN_LIMIT,
         ", by the kernel, at the job's own limit of 1.0G"},
        {OOM_CONSTRAINT_MEMCG, "/jobless", DEATH_BY_LIMIT_ABOVE,
         ", by the kernel, at the limit of /jobless (1.0G), which is not the job's own"},
        {OOM_CONSTRAINT_MEMCG, "/", DEATH_BY_LIMIT_ABOVE,
         ", by the kernel, at the limit of / (1.0G), which is not the job's own"},
        {OOM_CONSTRAINT_MEMCG, "", DEATH_BY_LIMIT_ABOVE,
         ", by the kernel, at the limit of a cgroup above it (1.0G), which is not the job's own"},
        {OOM_CONSTRAINT_MEMCG, "/slurm/uid_1000/job_7", DEATH_BY_LIMIT_ABOVE,
         ", by the kernel, at the limit of /slurm/uid_1000/job_7 (1.0G), which is Slurm's"},
        {OOM_CONSTRAINT_NONE, "", DEATH_BY_MACHINE, ", by the kernel: the whole machine was out of memory"},
        {OOM_CONSTRAINT_CPUSET, "", DEATH_BY_NODES,
         ", by the kernel: the memory nodes that it may use were full"},
        {OOM_CONSTRAINT_MEMORY_POLICY, "", DEATH_BY_NODES,
         ", by the kernel: the memory nodes that it may use were full"},
        {OOM_CONSTRAINT_UNKNOWN, "", DEATH_BY_OOM, ", by the kernel's OOM killer"},
    };
    char expected[512];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct job_deaths deaths = fresh();
        struct oom_kill kill = kill_of(4250, cases[i].constraint, cases[i].limit_cgroup);
        const struct job_death *death = job_deaths_add_kill(&deaths, &kill);
        assert_ptr_equal(death, &deaths.list[0]);
        assert_int_equal(death->cause, cases[i].cause);
        assert_true(job_death_is_oom(death));
        assert_int_equal(deaths.oom_kills, 1);
        assert_int_equal(deaths.unnamed, 0);
        snprintf(expected, sizeof(expected), "python3[4250] 912M resident: SIGKILL%s", cases[i].words);
        the_one_death_reads(&deaths, expected);
    }
}

static void without_a_cgroup_of_its_own_no_limit_is_the_jobs(void **state)
{
    struct job_deaths deaths = fresh();
    struct oom_kill kill = kill_of(4250, OOM_CONSTRAINT_MEMCG, "/job");
    (void)state;

    deaths.cgroup = NULL;
    kill.limit_bytes.present = false;
    kill.anon_rss_bytes.present = false;
    kill.comm[0] = '\0';
    job_deaths_add_kill(&deaths, &kill);
    the_one_death_reads(&deaths,
                        "a process without a name[4250]: SIGKILL, by the kernel, at the limit of /job, "
                        "which is not the job's own");
    deaths = fresh();
    kill = kill_of(4250, OOM_CONSTRAINT_MEMCG, "/job");
    kill.limit_bytes.present = false;
    job_deaths_add_kill(&deaths, &kill);
    the_one_death_reads(&deaths,
                        "python3[4250] 912M resident: SIGKILL, by the kernel, at the job's own limit");
}

static void whose_limit_it_is(void **state)
{
    static const struct {
        const char *cgroup, *owner;
    } cases[] = {
        {"/kubepods.slice/kubepods-burstable.slice/cri-containerd-x.scope", "Kubernetes"},
        {"/system.slice/slurmstepd.scope/job_1", "Slurm"},
        {"/docker/0123", "Docker"},
        {"/system.slice/docker-0123.scope", "Docker"},
        {"/machine.slice/libpod-1.scope", "Podman"},
        {"/htcondor/x", "HTCondor"},
        {"/pbs_jobs.service/jobid/1", "PBS"},
        {"/lxc.payload.x", "LXC"},
        {"/machine.slice/systemd-nspawn@x.service", "systemd-nspawn"},
        {"/user.slice/user-1000.slice", "systemd"},
        {"/system.slice/x.service", "systemd"},
        {"/system.slice:cri-containerd:1", "systemd"},
        {"/cri-containerd:1", "containerd"},
        {"/train", NULL},
        {"/", NULL},
        {"", NULL},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (cases[i].owner)
            assert_string_equal(job_limit_owner(cases[i].cgroup), cases[i].owner);
        else
            assert_null(job_limit_owner(cases[i].cgroup));
    }
}

/* -- the others -- */

static void what_the_end_of_a_process_says(void **state)
{
    const struct {
        struct process_death end;
        bool inside;
        enum death_cause cause;
        const char *words;
    } cases[] = {
        {end_of(7, SIGSEGV), false, DEATH_BY_SIGNAL, "SIGSEGV"},
        {end_of(7, SIGBUS), false, DEATH_BY_SIGNAL, "SIGBUS"},
        {kernel_end_of(7, SIGSEGV), false, DEATH_BY_ITSELF, "SIGSEGV, by itself"},
        {kernel_end_of(7, SIGBUS), false, DEATH_BY_ITSELF, "SIGBUS, by itself"},
        {kernel_end_of(7, SIGKILL), false, DEATH_BY_KERNEL,
         "SIGKILL, by the kernel, and not for want of memory"},
        {sent_end_of(7, SIGABRT, 7), true, DEATH_BY_ITSELF, "SIGABRT, by itself"},
        {sent_end_of(7, SIGKILL, 8), false, DEATH_BY_PROCESS, "SIGKILL, sent by bash[8] of user 1000"},
        {sent_end_of(7, SIGKILL, 8), true, DEATH_BY_PROCESS,
         "SIGKILL, sent by bash[8] of user 1000, a process of the job"},
        {sent_end_of(7, 64, UINT32_MAX >> 1), false, DEATH_BY_PROCESS,
         "signal 64, sent by bash[2147483647] of user 1000"},
        {bus_end_of(7, "/data/x", some(0), some(1 << 20)), false, DEATH_BY_ITSELF,
         "SIGBUS, by itself, on /data/x"},
        {bus_end_of(7, "/data/x", some(0), (struct value){0, false}), false, DEATH_BY_ITSELF,
         "SIGBUS, by itself, on /data/x"},
        {bus_end_of(7, "/dev/shm/x", some(64 << 20), some(64 << 20)), false, DEATH_BY_FULL_FILE_SYSTEM,
         "SIGBUS on /dev/shm/x, whose file system (64M) was full"},
        {bus_end_of(7, "/dev/shm/x", some(63 << 20), some(64 << 20)), false, DEATH_BY_FULL_FILE_SYSTEM,
         "SIGBUS on /dev/shm/x, whose file system (64M) was full"},
        {bus_end_of(7, "/dev/shm/x", some((63 << 20) - 1), some(64 << 20)), false, DEATH_BY_ITSELF,
         "SIGBUS, by itself, on /dev/shm/x"},
    };
    char expected[512];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct job_deaths deaths = fresh();
        job_deaths_add_end(&deaths, &cases[i].end, cases[i].inside);
        assert_int_equal(deaths.list[0].cause, cases[i].cause);
        assert_false(job_death_is_oom(&deaths.list[0]));
        snprintf(expected, sizeof(expected), "python3[7]: %s", cases[i].words);
        the_one_death_reads(&deaths, expected);
    }
    struct job_deaths deaths = fresh();
    struct process_death end = kernel_end_of(7, SIGSEGV);
    end.core = true;
    job_deaths_add_end(&deaths, &end, false);
    the_one_death_reads(&deaths, "python3[7]: SIGSEGV, by itself, core dumped");
}

static void what_waiting_gives(void **state)
{
    const struct file_system shm = {"/dev/shm", 64 << 20, 0};
    const struct {
        int status;
        const struct file_system *full;
        const char *words;
    } cases[] = {
        {SIGNALED(SIGSEGV), NULL, "x[7]: SIGSEGV"},
        {DUMPED(SIGSEGV), NULL, "x[7]: SIGSEGV, core dumped"},
        {SIGNALED(SIGSEGV), &shm, "x[7]: SIGSEGV"},
        {SIGNALED(SIGBUS), NULL, "x[7]: SIGBUS"},
        {SIGNALED(SIGBUS), &shm, "x[7]: SIGBUS, while /dev/shm (64M) was full"},
        {SIGNALED(SIGKILL), NULL,
         "x[7]: SIGKILL, sent by somebody else: the kernel counts no OOM kill of it"},
        {SIGNALED(40), NULL, "x[7]: signal 40"},
        {EXITED(0), NULL, NULL},
        {EXITED(139), &shm, NULL},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct job_deaths deaths = fresh();
        job_deaths_add_status(&deaths, 7, "x", cases[i].status, cases[i].full);
        if (cases[i].words)
            the_one_death_reads(&deaths, cases[i].words);
        else
            no_death(&deaths);
    }
    struct job_deaths deaths = fresh();
    deaths.sees_senders = false;
    job_deaths_add_status(&deaths, 7, " x", SIGNALED(SIGKILL), NULL);
    the_one_death_reads(&deaths,
                        "' x'[7]: SIGKILL, sent by somebody else: the kernel counts no OOM kill of it "
                        "(root, with eBPF, sees who)");
}

static void usual_signals_are_told_of_the_command_alone(void **state)
{
    static const int usual[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2};
    static const int others[] = {SIGKILL, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGSYS, 34};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(usual) + COUNT_OF(others); i++) {
        bool is_usual = i < COUNT_OF(usual);
        int signal = is_usual ? usual[i] : others[i - COUNT_OF(usual)];
        struct process_death end = sent_end_of(7, signal, 8);
        struct job_deaths deaths = fresh();
        job_deaths_add_end(&deaths, &end, true);
        job_deaths_add_status(&deaths, 9, "x", SIGNALED(signal), NULL);
        assert_int_equal(deaths.count, is_usual ? 0 : 2);
        assert_null(job_deaths_of_command(&deaths));
        end.pid = COMMAND;
        deaths = fresh();
        job_deaths_add_end(&deaths, &end, true);
        assert_ptr_equal(job_deaths_of_command(&deaths), &deaths.list[0]);
        assert_int_equal(deaths.list[0].signal, signal);
        deaths = fresh();
        job_deaths_add_status(&deaths, COMMAND, "x", SIGNALED(signal), NULL);
        assert_non_null(job_deaths_of_command(&deaths));
    }
}

static void what_the_keeper_ends_is_not_told(void **state)
{
    struct job_deaths deaths = fresh();
    struct process_death end = sent_end_of(7, SIGKILL, KEEPER);
    (void)state;

    job_deaths_add_end(&deaths, &end, false);
    no_death(&deaths);
    end = sent_end_of(COMMAND, SIGTERM, KEEPER); /* that faultline was asked to hand on */
    job_deaths_add_end(&deaths, &end, false);
    no_death(&deaths);
    job_deaths_add_status(&deaths, COMMAND, "x", SIGNALED(SIGTERM), NULL);
    the_one_death_reads(&deaths, "x[100]: SIGTERM");
}

/* -- what several tell of one -- */

enum { KILL, END, STATUS };

/* Tells in each of the six orders. */
static void in_any_order(const struct oom_kill *kill, const struct process_death *end, int status,
                         const struct file_system *full, const char *expected)
{
    static const int orders[][3] = {{KILL, END, STATUS}, {KILL, STATUS, END}, {END, KILL, STATUS},
                                    {END, STATUS, KILL}, {STATUS, KILL, END}, {STATUS, END, KILL}};

    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        struct job_deaths deaths = fresh();
        for (size_t n = 0; n < 3; n++) {
            if (orders[i][n] == KILL && kill)
                job_deaths_add_kill(&deaths, kill);
            else if (orders[i][n] == END && end)
                job_deaths_add_end(&deaths, end, false);
            else if (orders[i][n] == STATUS)
                job_deaths_add_status(&deaths, 7, "python3", status, full);
        }
        the_one_death_reads(&deaths, expected);
    }
}

static void whoever_tells_first(void **state)
{
    const struct file_system shm = {"/dev/shm", 64 << 20, 0};
    struct oom_kill kill = kill_of(7, OOM_CONSTRAINT_MEMCG, "/job");
    struct process_death end = kernel_end_of(7, SIGKILL);
    (void)state;

    in_any_order(&kill, &end, SIGNALED(SIGKILL), NULL,
                 "python3[7] 912M resident: SIGKILL, by the kernel, at the job's own limit of 1.0G");
    in_any_order(&kill, NULL, SIGNALED(SIGKILL), NULL,
                 "python3[7] 912M resident: SIGKILL, by the kernel, at the job's own limit of 1.0G");
    in_any_order(NULL, &end, SIGNALED(SIGKILL), NULL,
                 "python3[7]: SIGKILL, by the kernel, and not for want of memory");
    end = sent_end_of(7, SIGKILL, 8); /* who was too late */
    in_any_order(&kill, &end, SIGNALED(SIGKILL), NULL,
                 "python3[7] 912M resident: SIGKILL, by the kernel, at the job's own limit of 1.0G");
    in_any_order(NULL, &end, SIGNALED(SIGKILL), NULL, "python3[7]: SIGKILL, sent by bash[8] of user 1000");
    end = end_of(7, SIGBUS); /* whose signal was not seen: what waiting gives stands */
    in_any_order(NULL, &end, SIGNALED(SIGBUS), &shm, "python3[7]: SIGBUS, while /dev/shm (64M) was full");
    end = bus_end_of(7, "/data/x", some(0), some(1 << 20));
    in_any_order(NULL, &end, SIGNALED(SIGBUS), &shm, "python3[7]: SIGBUS, by itself, on /data/x");
    end = sent_end_of(7, SIGBUS, 8);
    in_any_order(NULL, &end, SIGNALED(SIGBUS), &shm, "python3[7]: SIGBUS, sent by bash[8] of user 1000");
    end = bus_end_of(7, "/dev/shm/x", some(1 << 20), some(1 << 20));
    in_any_order(NULL, &end, SIGNALED(SIGBUS), &shm,
                 "python3[7]: SIGBUS on /dev/shm/x, whose file system (1.0M) was full");
    end = kernel_end_of(7, SIGSEGV);
    end.core = true;
    in_any_order(NULL, &end, DUMPED(SIGSEGV), NULL, "python3[7]: SIGSEGV, by itself, core dumped");
}

static void what_a_signal_says_leaves_no_full_file_system_behind(void **state)
{
    const struct file_system shm = {"/dev/shm", 64 << 20, 0};
    struct job_deaths deaths = fresh();
    struct process_death end = bus_end_of(7, "/data/x", some(0), some(1 << 20));
    (void)state;

    job_deaths_add_status(&deaths, 7, "x", SIGNALED(SIGBUS), &shm);
    assert_string_equal(deaths.list[0].full.path, "/dev/shm");
    job_deaths_add_end(&deaths, &end, false);
    assert_string_equal(deaths.list[0].full.path, "");
    assert_int_equal(deaths.list[0].full.size_bytes, 0);
}

static void the_name_of_whoever_told_first_stays_where_there_is_one(void **state)
{
    struct job_deaths deaths = fresh();
    struct process_death end = kernel_end_of(7, SIGSEGV);
    (void)state;

    end.comm[0] = '\0';
    job_deaths_add_end(&deaths, &end, false);
    job_deaths_add_status(&deaths, 7, "late", SIGNALED(SIGSEGV), NULL);
    assert_string_equal(deaths.list[0].comm, "late");
}

static void a_pid_that_is_used_again(void **state)
{
    struct job_deaths deaths = fresh();
    struct process_death first = kernel_end_of(7, SIGSEGV);
    struct process_death second = sent_end_of(7, SIGABRT, 7);
    (void)state;

    strcpy(second.comm, "other");
    second.core = true;
    job_deaths_add_end(&deaths, &first, false);
    job_deaths_add_status(&deaths, 7, "python3", SIGNALED(SIGSEGV), NULL);
    job_deaths_add_end(&deaths, &second, false);
    job_deaths_add_status(&deaths, 7, "other", DUMPED(SIGABRT), NULL);
    assert_int_equal(deaths.count, 2);
    reads(&deaths, 0, "python3[7]: SIGSEGV, by itself");
    reads(&deaths, 1, "other[7]: SIGABRT, by itself, core dumped");
    deaths = fresh(); /* and where the ends are told late */
    job_deaths_add_status(&deaths, 7, "python3", SIGNALED(SIGSEGV), NULL);
    job_deaths_add_status(&deaths, 7, "other", DUMPED(SIGABRT), NULL);
    job_deaths_add_end(&deaths, &first, false);
    job_deaths_add_end(&deaths, &second, false);
    assert_int_equal(deaths.count, 2);
    reads(&deaths, 0, "python3[7]: SIGSEGV, by itself");
    reads(&deaths, 1, "other[7]: SIGABRT, by itself, core dumped");
}

/* -- kills without a name -- */

static void kills_without_a_name_are_those_that_nobody_else_explains(void **state)
{
    struct job_deaths deaths = fresh();
    struct process_death sent = sent_end_of(8, SIGKILL, 9), by_kernel = kernel_end_of(10, SIGKILL);
    (void)state;

    job_deaths_add_unnamed_kills(&deaths, 3);
    job_deaths_add_end(&deaths, &sent, false);
    job_deaths_add_status(&deaths, 7, "a", SIGNALED(SIGSEGV), NULL);
    job_deaths_add_status(&deaths, 11, "b", SIGNALED(SIGKILL), NULL);
    job_deaths_add_end(&deaths, &by_kernel, false);
    job_deaths_settle(&deaths);
    assert_int_equal(deaths.oom_kills, 3);
    assert_int_equal(deaths.unnamed, 1);
    assert_int_equal(deaths.count, 4);
    reads(&deaths, 0, "b[11]: SIGKILL, by the kernel's OOM killer");
    reads(&deaths, 1, "python3[10]: SIGKILL, by the kernel's OOM killer");
    reads(&deaths, 2, "python3[8]: SIGKILL, sent by bash[9] of user 1000");
    reads(&deaths, 3, "a[7]: SIGSEGV");
}

static void no_more_of_them_than_were_counted(void **state)
{
    struct job_deaths deaths = fresh();
    (void)state;

    job_deaths_add_unnamed_kills(&deaths, 1);
    job_deaths_add_status(&deaths, 7, "a", SIGNALED(SIGKILL), NULL);
    job_deaths_add_status(&deaths, 8, "b", SIGNALED(SIGKILL), NULL);
    job_deaths_settle(&deaths);
    assert_int_equal(deaths.unnamed, 0);
    assert_int_equal(deaths.list[0].cause, DEATH_BY_OOM);
    assert_int_equal(deaths.list[1].cause, DEATH_BY_SOMEBODY);
}

/* -- their order, and the room -- */

static void the_oom_killers_come_first_then_the_command(void **state)
{
    struct job_deaths deaths = fresh();
    struct oom_kill kill = kill_of(20, OOM_CONSTRAINT_NONE, "");
    static const pid_t expected[] = {COMMAND, 20, 8, 7};
    static const pid_t expected_without[] = {20, COMMAND, 7, 8};
    (void)state;

    job_deaths_add_status(&deaths, 7, "a", SIGNALED(SIGSEGV), NULL);
    job_deaths_add_status(&deaths, COMMAND, "c", SIGNALED(SIGTERM), NULL);
    job_deaths_add_status(&deaths, 8, "b", SIGNALED(SIGSEGV), NULL);
    job_deaths_add_kill(&deaths, &kill);
    job_deaths_settle(&deaths);
    for (size_t i = 0; i < COUNT_OF(expected_without); i++)
        assert_int_equal(deaths.list[i].pid, expected_without[i]);
    deaths = fresh();
    job_deaths_add_status(&deaths, 7, "a", SIGNALED(SIGSEGV), NULL);
    job_deaths_add_kill(&deaths, &kill);
    kill.pid = some(8);
    job_deaths_add_kill(&deaths, &kill);
    kill.pid = some(COMMAND);
    job_deaths_add_kill(&deaths, &kill);
    job_deaths_settle(&deaths);
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        assert_int_equal(deaths.list[i].pid, expected[i]);
}

static void fill(struct job_deaths *deaths)
{
    for (int i = 0; i < JOB_DEATHS_MAX; i++)
        job_deaths_add_status(deaths, 1000 + i, "x", SIGNALED(SIGSEGV), NULL);
    assert_int_equal(deaths->count, JOB_DEATHS_MAX);
    assert_int_equal(deaths->beyond, 0);
}

/* Two tell of each, and it is one. */
static void beyond_the_room_they_are_counted_once(void **state)
{
    struct job_deaths deaths = fresh();
    (void)state;

    fill(&deaths);
    for (uint32_t i = 0; i < 10; i++) {
        struct process_death end = kernel_end_of(2000 + i, SIGSEGV);
        job_deaths_add_end(&deaths, &end, false);
        job_deaths_add_status(&deaths, (pid_t)(2000 + i), "y", SIGNALED(SIGSEGV), NULL);
    }
    assert_int_equal(deaths.count, JOB_DEATHS_MAX);
    assert_int_equal(deaths.beyond, 10);
    struct process_death known = kernel_end_of(1000, SIGSEGV); /* those that are there go on */
    job_deaths_add_end(&deaths, &known, false);
    assert_int_equal(deaths.list[0].cause, DEATH_BY_ITSELF);
    assert_int_equal(deaths.beyond, 10);
    job_deaths_settle(&deaths);
    assert_int_equal(deaths.list[0].pid, 1000);
    assert_int_equal(deaths.list[JOB_DEATHS_MAX - 1].pid, 1000 + JOB_DEATHS_MAX - 1);
}

static void the_command_and_oom_kills_take_the_room_of_others(void **state)
{
    struct job_deaths deaths = fresh();
    struct oom_kill kill = kill_of(20, OOM_CONSTRAINT_NONE, "");
    (void)state;

    fill(&deaths);
    job_deaths_add_status(&deaths, COMMAND, "c", SIGNALED(SIGTERM), NULL);
    assert_non_null(job_deaths_of_command(&deaths));
    assert_int_equal(deaths.beyond, 1);
    assert_non_null(job_deaths_add_kill(&deaths, &kill));
    assert_non_null(job_deaths_of_command(&deaths)); /* which is not the one that makes room */
    job_deaths_settle(&deaths);
    assert_int_equal(deaths.list[0].pid, 20);
    assert_int_equal(deaths.list[1].pid, COMMAND);
    assert_int_equal(deaths.list[2].pid, 1000);
    assert_int_equal(deaths.count, JOB_DEATHS_MAX);
}

static void a_kill_that_there_is_no_room_for_is_counted(void **state)
{
    struct job_deaths deaths = fresh();
    (void)state;

    for (uint32_t i = 0; i < JOB_DEATHS_MAX + 2; i++) {
        struct oom_kill kill = kill_of(1000 + i, OOM_CONSTRAINT_NONE, "");
        bool there = job_deaths_add_kill(&deaths, &kill) != NULL;
        assert_int_equal(there, i < JOB_DEATHS_MAX);
    }
    assert_int_equal(deaths.oom_kills, JOB_DEATHS_MAX + 2);
    assert_int_equal(deaths.beyond, 2);
}

static void the_longest_names_are_kept_as_far_as_there_is_room(void **state)
{
    struct job_deaths deaths = fresh();
    struct oom_kill kill = kill_of(UINT32_MAX >> 1, OOM_CONSTRAINT_MEMCG, "");
    struct process_death end = bus_end_of(7, "", some(UINT64_MAX), some(UINT64_MAX));
    TEXT(text, 4096);
    (void)state;

    memset(kill.comm, '\xff', sizeof(kill.comm) - 1);
    memset(kill.limit_cgroup, '\x1b', sizeof(kill.limit_cgroup) - 1);
    kill.anon_rss_bytes = some(UINT64_MAX - (12 << 20));
    kill.limit_bytes = some(UINT64_MAX);
    memset(end.file.path, 'p', sizeof(end.file.path) - 1);
    job_deaths_add_kill(&deaths, &kill);
    job_deaths_add_end(&deaths, &end, false);
    assert_int_equal(strlen(deaths.list[0].comm), OOM_COMM_MAX - 1);
    assert_int_equal(strlen(deaths.list[0].limit_cgroup), OOM_CGROUP_MAX - 1);
    assert_int_equal(strlen(deaths.list[1].file), FILE_SYSTEM_PATH_MAX - 1);
    for (size_t i = 0; i < deaths.count; i++)
        job_death_put(&text, &deaths.list[i], &deaths);
    assert_int_equal(text.lost, 0);
}

/* Somebody was killed on this machine, and one of the job was ended by SIGKILL, once. */
static void a_kill_that_may_have_been_of_the_job(void **state)
{
    struct job_deaths deaths = {.command = 7};
    (void)state;

    job_deaths_add_suspected_kills(&deaths, 1);
    job_deaths_add_status(&deaths, 7, "train", SIGNALED(SIGKILL), NULL);
    job_deaths_add_status(&deaths, 8, "worker", SIGNALED(SIGKILL), NULL);
    job_deaths_settle(&deaths);
    assert_int_equal(deaths.oom_kills, 1);
    assert_int_equal(deaths.suspected, 0);
    reads(&deaths, 0, "train[7]: SIGKILL, probably by the kernel's OOM killer, which took somebody then");
    assert_int_equal(deaths.list[1].cause, DEATH_BY_SOMEBODY);
}

static void a_kill_that_was_not_of_the_job(void **state)
{
    struct job_deaths deaths = {.command = 7};
    (void)state;

    job_deaths_add_suspected_kills(&deaths, 2);
    job_deaths_add_status(&deaths, 7, "train", SIGNALED(SIGTERM), NULL);
    job_deaths_settle(&deaths);
    assert_int_equal(deaths.oom_kills, 0);
    assert_int_equal(deaths.suspected, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kill_that_may_have_been_of_the_job),
        cmocka_unit_test(a_kill_that_was_not_of_the_job),
        cmocka_unit_test(where_the_limit_was),
        cmocka_unit_test(without_a_cgroup_of_its_own_no_limit_is_the_jobs),
        cmocka_unit_test(whose_limit_it_is),
        cmocka_unit_test(what_the_end_of_a_process_says),
        cmocka_unit_test(what_waiting_gives),
        cmocka_unit_test(usual_signals_are_told_of_the_command_alone),
        cmocka_unit_test(what_the_keeper_ends_is_not_told),
        cmocka_unit_test(whoever_tells_first),
        cmocka_unit_test(what_a_signal_says_leaves_no_full_file_system_behind),
        cmocka_unit_test(the_name_of_whoever_told_first_stays_where_there_is_one),
        cmocka_unit_test(a_pid_that_is_used_again),
        cmocka_unit_test(kills_without_a_name_are_those_that_nobody_else_explains),
        cmocka_unit_test(no_more_of_them_than_were_counted),
        cmocka_unit_test(the_oom_killers_come_first_then_the_command),
        cmocka_unit_test(beyond_the_room_they_are_counted_once),
        cmocka_unit_test(the_command_and_oom_kills_take_the_room_of_others),
        cmocka_unit_test(a_kill_that_there_is_no_room_for_is_counted),
        cmocka_unit_test(the_longest_names_are_kept_as_far_as_there_is_room),
    };
    return cmocka_run_group_tests_name("job_deaths", tests, NULL, NULL);
}
