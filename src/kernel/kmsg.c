#include "kernel/kmsg.h"

#include "base/clock.h"
#include "kernel/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char caller_key[] = "caller=";

/* A number and the byte behind it, which has to be TERMINATOR. Returns the place behind that, or NULL. */
static const char *take_number(const char *at, const char *end, char terminator, uint64_t *number)
{
    uint64_t sum = 0;
    const char *first = at;

    for (; at && at < end && *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, (unsigned)(*at - '0'), &sum))
            return NULL;
    }
    if (!at || at == first || at == end || *at != terminator)
        return NULL;
    *number = sum;
    return at + 1;
}

/* The flags and, behind commas, what kernels of a later day may add. */
static void take_caller(const char *at, const char *end, struct kmsg_record *record)
{
    const size_t key_length = sizeof(caller_key) - 1;

    record->caller[0] = '\0';
    while ((at = memchr(at, ',', (size_t)(end - at)))) {
        at++;
        if ((size_t)(end - at) <= key_length || memcmp(at, caller_key, key_length) != 0)
            continue;
        const char *value = at + key_length;
        const char *comma = memchr(value, ',', (size_t)(end - value));
        size_t length = (size_t)((comma ? comma : end) - value);
        if (length >= sizeof(record->caller))
            return;
        memcpy(record->caller, value, length);
        record->caller[length] = '\0';
        return;
    }
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Turns every \xHH into its byte, in place. Returns the new length. */
static size_t unescape(char *text, size_t length)
{
    size_t to = 0;

    for (size_t from = 0; from < length; from++, to++) {
        bool escaped = length - from >= 4 && text[from] == '\\' && text[from + 1] == 'x' &&
                       hex_digit(text[from + 2]) >= 0 && hex_digit(text[from + 3]) >= 0;
        if (escaped) {
            text[to] = (char)(hex_digit(text[from + 2]) << 4 | hex_digit(text[from + 3]));
            from += 3;
        } else {
            text[to] = text[from];
        }
    }
    return to;
}

bool kmsg_parse(char *bytes, size_t length, struct kmsg_record *record)
{
    uint64_t priority = 0;
    char *line_end = memchr(bytes, '\n', length); /* behind it stand the record's keys */
    char *end = line_end ? line_end : bytes + length;
    char *text = memchr(bytes, ';', (size_t)(end - bytes));

    if (!text)
        return false;
    const char *at = take_number(bytes, text, ',', &priority);
    at = take_number(at, text, ',', &record->sequence);
    at = take_number(at, text, ',', &record->monotonic_us);
    if (!at || priority > UINT16_MAX)
        return false;
    record->level = priority & 7;
    record->facility = (unsigned)priority >> 3;
    record->continues = *at == 'c' || *at == '+';
    record->after_gap = false;
    take_caller(at, text, record);
    record->text = text + 1;
    record->text_length = unescape(record->text, (size_t)(end - record->text));
    record->text[record->text_length] = '\0';
    return true;
}

/* Something else than a device, such as a pipe, is taken as it comes. */
static int check_device(int fd)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return -errno;
    return S_ISCHR(status.st_mode) && status.st_rdev != makedev(1, 11) ? -ENODEV : 0;
}

void kmsg_close(struct kmsg *kmsg)
{
    if (kmsg->fd >= 0)
        close(kmsg->fd);
    kmsg->fd = -1;
}

int kmsg_open(struct kmsg *kmsg, const char *path, bool from_start)
{
    kmsg->any = false;
    kmsg->behind_gap = false;
    kmsg->gap = false;
    kmsg->lost = 0;
    kmsg->drift_us = 0;
    kmsg->drift_seen_us = 0;
    kmsg->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (kmsg->fd < 0)
        return -errno;
    int error = check_device(kmsg->fd);
    if (error < 0) {
        kmsg_close(kmsg);
        return error;
    }
    if (!from_start)
        (void)lseek(kmsg->fd, 0,
                    SEEK_END); /* another file than the device in its place may have no such thing */
    return 0;
}

static void note_gap(struct kmsg *kmsg)
{
    kmsg->gap = true;
    kmsg->behind_gap = true;
}

static void count_lost(struct kmsg *kmsg, struct kmsg_record *record)
{
    if (kmsg->any && record->sequence > kmsg->next_sequence) {
        note_gap(kmsg);
        kmsg->lost += record->sequence - kmsg->next_sequence;
    }
    kmsg->any = true;
    kmsg->next_sequence = record->sequence + 1;
    if (record->facility == 0) {
        record->after_gap = kmsg->behind_gap;
        kmsg->behind_gap = false;
    }
}

int kmsg_read(struct kmsg *kmsg, struct kmsg_record *record)
{
    for (;;) {
        ssize_t got = read(kmsg->fd, kmsg->bytes, KMSG_RECORD_MAX);
        if (got == 0 || (got < 0 && errno == EAGAIN))
            return 0;
        /* EPIPE: the next record was overwritten; EINVAL: it is larger than the buffer. The one after shows
         * how many. */
        if (got < 0 && errno != EPIPE && errno != EINVAL && errno != EINTR)
            return -errno;
        if (got < 0 && errno == EPIPE)
            note_gap(kmsg);
        if (got < 0 || !kmsg_parse(kmsg->bytes, (size_t)got, record))
            continue;
        count_lost(kmsg, record);
        return 1;
    }
}

uint64_t kmsg_wall_ns(uint64_t monotonic_us)
{
    uint64_t now_ns = clock_monotonic_ns();
    uint64_t wall_ns = clock_wall_ns();
    uint64_t then_ns;

    if (__builtin_mul_overflow(monotonic_us, UINT64_C(1000), &then_ns) || then_ns > now_ns)
        return wall_ns;
    return wall_ns - (now_ns - then_ns);
}

uint64_t kmsg_live_wall_ns(struct kmsg *kmsg, uint64_t monotonic_us)
{
    enum { DRIFT_PARTS = 10000 }; /* one in so many: more than any clock drifts */
    const int64_t moment_us = 1000000;
    uint64_t now_us = clock_monotonic_ns() / 1000;
    int64_t lag_us = (int64_t)(now_us - monotonic_us);
    int64_t drifted_us = (int64_t)((now_us - kmsg->drift_seen_us) / DRIFT_PARTS);

    if (lag_us - kmsg->drift_us > drifted_us + moment_us) /* it has waited */
        return clock_wall_ns() - (uint64_t)(lag_us - kmsg->drift_us) * 1000;
    if (lag_us < kmsg->drift_us || lag_us - kmsg->drift_us > moment_us) {
        kmsg->drift_us = lag_us;
        kmsg->drift_seen_us = now_us;
    }
    return clock_wall_ns();
}

/* kernel/power/suspend.c, hibernate.c; in older ones hibernation has no prefix of its own. */
bool kmsg_is_wake(const struct kmsg_record *record)
{
    static const char *const words[] = {"PM: suspend exit", "PM: hibernation: hibernation exit",
                                        "PM: hibernation exit"};
    bool wake = false;

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        wake |= strcmp(record->text, words[i]) == 0;
    return record->facility == 0 && wake;
}

static int list_wakes(struct kmsg *kmsg, struct kmsg_sleep *sleep)
{
    struct kmsg_record record = {.text = kmsg->bytes};
    bool first = true;
    int got;

    while ((got = kmsg_read(kmsg, &record)) > 0) {
        if (first)
            sleep->whole = record.sequence == 0;
        first = false;
        if (!kmsg_is_wake(&record))
            continue;
        if (sleep->wakes < KMSG_WAKES_MAX)
            sleep->woke_us[sleep->wakes++] = record.monotonic_us;
        else
            sleep->whole = false;
    }
    return got;
}

int kmsg_find_sleep(const char *path, struct kmsg_sleep *sleep)
{
    *sleep = (struct kmsg_sleep){.slept_ns = clock_slept_ns()};
    if (sleep->slept_ns == 0)
        return 0;
    struct kmsg *kmsg = malloc(sizeof(*kmsg));
    if (!kmsg)
        return -ENOMEM;
    int error = kmsg_open(kmsg, path, true);
    if (error == 0)
        error = list_wakes(kmsg, sleep);
    kmsg_close(kmsg);
    free(kmsg);
    return error;
}

bool kmsg_past_wall_ns(const struct kmsg_sleep *sleep, uint64_t monotonic_us, uint64_t *wall_ns)
{
    bool woke_unseen = sleep->whole && sleep->wakes == 0 && sleep->slept_ns > 0;
    size_t later = 0;

    for (size_t i = 0; i < sleep->wakes; i++)
        later += sleep->woke_us[i] > monotonic_us;
    *wall_ns = kmsg_wall_ns(monotonic_us);
    if (later == 0)
        return !woke_unseen;
    if (!sleep->whole || later < sleep->wakes)
        return false;
    *wall_ns -= sleep->slept_ns < *wall_ns ? sleep->slept_ns : *wall_ns;
    return true;
}
