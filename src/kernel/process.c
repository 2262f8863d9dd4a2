#include "kernel/process.h"

#include "base/text.h"
#include "kernel/cgroup.h"
#include "kernel/proc_file.h"
#include "kernel/span.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* The fields of stat that are wanted, in their order. */
enum stat_field {
    STAT_PARENT,
    STAT_FLAGS,
    STAT_MINOR_FAULTS,
    STAT_MAJOR_FAULTS,
    STAT_START,
    STAT_SPACE,
    STAT_RSS,
    STAT_WANTED
};

static const unsigned field_places[STAT_WANTED] = {
    [STAT_PARENT] = 4, [STAT_FLAGS] = 9,  [STAT_MINOR_FAULTS] = 10, [STAT_MAJOR_FAULTS] = 12,
    [STAT_START] = 22, [STAT_SPACE] = 23, [STAT_RSS] = 24,
};

static bool is_negative(struct span word)
{
    return word.length > 0 && *word.at == '-';
}

static struct value take_unsigned(struct span *span)
{
    return is_negative(*span) ? (struct value){0, false} : span_take_number(span);
}

/* A whole word. Only RSS may be negative: of an old kernel, whose counters of a process lag behind. */
static bool take_field(struct span word, enum stat_field field, uint64_t *number)
{
    if (field == STAT_RSS && is_negative(word)) {
        *number = 0;
        return span_take_number(&word).present && word.length == 0;
    }
    struct value value = take_unsigned(&word);
    *number = value.number;
    return value.present && word.length == 0;
}

/* REST is what stands behind the name; its first field is the third one. */
static bool take_fields(struct span rest, uint64_t numbers[STAT_WANTED])
{
    unsigned place = 3;

    for (unsigned i = 0; i < STAT_WANTED; i++) {
        for (; place < field_places[i]; place++)
            (void)span_take_word(&rest);
        place++;
        if (!take_field(span_take_word(&rest), i, &numbers[i]))
            return false;
    }
    return true;
}

/* The name may hold blanks, parentheses and newlines; no field but it has parentheses. */
int process_parse_stat(const char *bytes, size_t length, struct process_stat *stat)
{
    enum { KERNEL_THREAD = 0x00200000 }; /* PF_KTHREAD in linux/sched.h, which is not for programs */
    struct span text = {bytes, length};
    const char *close = memrchr(bytes, ')', length);
    struct value pid = take_unsigned(&text);
    uint64_t numbers[STAT_WANTED];

    if (!pid.present || !span_take_prefix(&text, " (") || !close || close < text.at)
        return -EINVAL;
    struct span rest = span_from(text, close + 1);
    if (!take_fields(span_until(rest, scan_line_end(rest.at, span_end(rest))), numbers))
        return -EINVAL;
    *stat = (struct process_stat){
        .pid = pid.number,
        .parent = numbers[STAT_PARENT],
        .start_ticks = numbers[STAT_START],
        .minor_faults = numbers[STAT_MINOR_FAULTS],
        .major_faults = numbers[STAT_MAJOR_FAULTS],
        .address_space_bytes = numbers[STAT_SPACE],
        .rss_pages = numbers[STAT_RSS] <= INT64_MAX ? numbers[STAT_RSS] : 0,
        .kernel_thread = numbers[STAT_FLAGS] & KERNEL_THREAD,
    };
    SPAN_KEEP(stat->comm, span_until(text, close));
    return 0;
}

static void skip_space(struct span *span)
{
    while (span->length > 0 && (*span->at == ' ' || *span->at == '\t'))
        *span = span_from(*span, span->at + 1);
}

/* "Uid:\t1000\t1001\t1000\t1000": real, effective, saved, of the file system. A number that nothing follows
 * may be cut short. */
static struct value take_uid(struct span line)
{
    struct value uid = {0, false};

    for (int i = 0; i < 2; i++) {
        skip_space(&line);
        uid = take_unsigned(&line);
    }
    uid.present &= line.length > 0 && *line.at == '\t' && uid.number <= UINT32_MAX;
    return uid;
}

/* "VmSwap:\t     120 kB" */
static struct value take_kib(struct span line)
{
    skip_space(&line);
    struct value kib = take_unsigned(&line);

    kib.present &= span_is(line, " kB");
    return value_times(kib, 1024);
}

void process_parse_status(const char *bytes, size_t length, struct process_status *status)
{
    struct {
        const char *key;
        struct value (*take)(struct span line);
        struct value *value;
        bool found;
    } wanted[] = {
        {"Uid:", take_uid, &status->uid, false},
        {"VmSwap:", take_kib, &status->swap_bytes, false},
    };
    struct span text = {bytes, length};
    struct span line;

    *status = (struct process_status){0};
    while (span_take_line(&text, &line)) {
        for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
            if (wanted[i].found || !span_take_prefix(&line, wanted[i].key))
                continue;
            wanted[i].found = true;
            *wanted[i].value = wanted[i].take(line);
            break;
        }
    }
}

/* NAME with a slash in front. */
static ssize_t read_file_of(int proc_fd, uint64_t pid, const char *name, char *bytes, size_t size)
{
    char path[64];
    struct text text = text_over(path, sizeof(path));

    text_unsigned(&text, pid);
    text_string(&text, name);
    text_char(&text, '\0');
    return proc_file_read_small(proc_fd, path, bytes, size);
}

int process_read_stat(int proc_fd, uint64_t pid, struct process_stat *stat)
{
    char bytes[2048]; /* 52 numbers and a name have 1200 at most */
    struct process_stat read;
    ssize_t length = read_file_of(proc_fd, pid, "/stat", bytes, sizeof(bytes));

    if (length < 0)
        return (int)length;
    int error = process_parse_stat(bytes, (size_t)length, &read);
    if (error == 0 && read.pid != pid)
        error = -EINVAL;
    if (error == 0)
        *stat = read;
    return error;
}

int process_read_status(int proc_fd, uint64_t pid, struct process_status *status)
{
    char bytes[8192]; /* 1500 as a rule; more where somebody is in hundreds of groups */
    ssize_t length = read_file_of(proc_fd, pid, "/status", bytes, sizeof(bytes));

    if (length < 0)
        return (int)length;
    process_parse_status(bytes, (size_t)length, status);
    return 0;
}

int process_read_cgroup(int proc_fd, uint64_t pid, char cgroup[PROCESS_CGROUP_MAX])
{
    char text[2 * PATH_MAX];
    ssize_t length = read_file_of(proc_fd, pid, "/cgroup", text, sizeof(text));

    if (length < 0)
        return (int)length;
    span_keep(cgroup, PROCESS_CGROUP_MAX, cgroup_in(text));
    return 0;
}

struct value process_read_oom_score(int proc_fd, uint64_t pid)
{
    char text[32];
    struct value score = {0, false};
    ssize_t length = read_file_of(proc_fd, pid, "/oom_score", text, sizeof(text));

    if (length > 0)
        scan_unsigned(text, text + length, &score);
    return score;
}

bool process_is_gone(int error)
{
    return error == -ENOENT || error == -ESRCH;
}

int process_list_open(struct process_list *list, const char *proc_path)
{
    list->fd = open(proc_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    list->entries = entries_of(list->fd, list->memory, sizeof(list->memory));
    return list->fd < 0 ? -errno : 0;
}

void process_list_close(struct process_list *list)
{
    if (list->fd >= 0)
        close(list->fd);
    list->fd = -1;
}

int process_list_rewind(struct process_list *list)
{
    list->entries = entries_of(list->fd, list->memory, sizeof(list->memory));
    return lseek(list->fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

/* "self" is none, and neither is "042", which is no name that the kernel gives. */
static bool take_pid(const char *name, uint64_t *pid)
{
    struct span span = span_of(name);

    if (*name < '1' || *name > '9')
        return false;
    struct value number = span_take_number(&span);
    if (!number.present || span.length > 0)
        return false;
    *pid = number.number;
    return true;
}

int process_list_next(struct process_list *list, struct process_listed *listed)
{
    struct entry entry;
    int more;

    while ((more = entries_next(&list->entries, &entry)) > 0) {
        if (!take_pid(entry.name, &listed->pid))
            continue;
        listed->inode = entry.inode;
        break;
    }
    return more;
}
