#include "kernel/saved_log.h"

#include "base/text.h"
#include "base/when.h"
#include "kernel/journal_export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUFFER_SIZE = 64 * 1024, /* for a line or a field. What is longer is cut */
    HOST_MAX = 65,           /* HOST_NAME_MAX and its end */
};

struct saved_log {
    FILE *file;
    uint64_t now_ns;

    struct saved_line record; /* the one that was read last */
    size_t indent;            /* of further lines that belong to it. 0: has none */
    bool left_out;
    bool is_kmsg;
    bool any_kmsg;
    uint64_t next_sequence;
    bool behind_gap; /* no record of the kernel's own has been read since */

    char journal_host[HOST_MAX]; /* of "[   98.765432] HOST kernel: ", or "" */
    struct text line;            /* terminated */
    char line_bytes[BUFFER_SIZE + 1];
    char message_bytes[BUFFER_SIZE + 1]; /* of an entry of an export */
};

struct saved_log *saved_log_new(FILE *file, uint64_t now_ns)
{
    struct saved_log *log = calloc(1, sizeof(*log));

    if (!log)
        return NULL;
    log->file = file;
    log->now_ns = now_ns;
    log->line = text_over(log->line_bytes, BUFFER_SIZE);
    return log;
}

void saved_log_free(struct saved_log *log)
{
    free(log);
}

static bool begins_with(const char *string, const char *start)
{
    return strncmp(string, start, strlen(start)) == 0;
}

/* 0 at the end of the file, or why reading it failed. */
static int end_or_error(FILE *file)
{
    if (!ferror(file))
        return 0;
    return errno > 0 ? -errno : -EIO;
}

/* Reads a line, without its end: "\n", or a serial console's "\r\n". Returns 1, 0 or a negative errno. */
static int read_line(FILE *file, struct text *line)
{
    int byte;
    bool any = false;

    line->length = 0;
    while ((byte = getc_unlocked(file)) != EOF && byte != '\n') {
        text_char(line, (char)byte);
        any = true;
    }
    if (byte == EOF && (!any || ferror(file)))
        return end_or_error(file);
    while (line->length > 0 && line->bytes[line->length - 1] == '\r')
        line->length--;
    line->bytes[line->length] = '\0';
    return 1;
}

/* Moves *AT behind "host kernel: ", or behind "host " and any other tag, of which it returns false. */
static bool take_header(const char **at)
{
    static const char kernel[] = "kernel:";
    const char *tag = *at + strcspn(*at, " ");

    tag += *tag == ' ';
    if (begins_with(tag, kernel)) {
        *at = tag + strlen(kernel);
        *at += **at == ' ';
        return true;
    }
    const char *colon = strstr(tag, ": ");
    *at = colon ? colon + 2 : tag;
    return false;
}

/*
 * Whether "host tag: " follows, where that may as well be the kernel's own words. It does where the tag is
 * the kernel's, and from then on for any tag of that host.
 */
static bool has_header(struct saved_log *log, const char *at)
{
    size_t length = strcspn(at, " ");
    const char *behind = at + length;

    if (length == 0 || length >= sizeof(log->journal_host))
        return false;
    if (begins_with(behind, " kernel: ")) {
        memcpy(log->journal_host, at, length);
        log->journal_host[length] = '\0';
        return true;
    }
    size_t tag_length = *behind == ' ' ? strcspn(behind + 1, " ") : 0;
    return strlen(log->journal_host) == length && begins_with(at, log->journal_host) &&
           behind[tag_length] == ':';
}

/* Moves *AT behind "[  T123] " or "[    C2] " and keeps who that is. */
static void take_caller(const char **at, struct saved_line *line)
{
    uint64_t number;

    if (**at != '[')
        return;
    const char *first = *at + 1 + strspn(*at + 1, " ");
    if (*first != 'T' && *first != 'C')
        return;
    const char *end = when_scan_digits(first + 1, 1, 10, &number);
    if (!end || *end != ']')
        return;
    memcpy(line->caller, first, (size_t)(end - first));
    line->caller[end - first] = '\0';
    *at = end + 1 + (end[1] == ' ');
}

/* Makes the line from AT on the record's text. */
static void set_text(struct saved_log *log, const char *at)
{
    log->record.text = at;
    log->record.length = log->line.length - (size_t)(at - log->line.bytes);
}

/* The place behind "ESC [ 0 ; 31 m" or "ESC [ K", or NULL. */
static const char *skip_color(const char *at)
{
    if (!begins_with(at, "\033["))
        return NULL;
    at += 2 + strspn(at + 2, "0123456789;");
    return *at == 'm' || *at == 'K' ? at + 1 : NULL;
}

/* Whether who printed the line coloured it, as dmesg does from its beginning and journalctl behind "kernel:
 * ". Elsewhere such bytes are of a name that the kernel printed. */
static bool is_colored(const struct text *line)
{
    static const char behind_kernel[] = " kernel: \033[";

    return skip_color(line->bytes) ||
           memmem(line->bytes, line->length, behind_kernel, sizeof(behind_kernel) - 1);
}

static void drop_colors(struct text *line)
{
    size_t to = 0;

    for (const char *at = line->bytes; at < line->bytes + line->length;) {
        const char *behind = skip_color(at);
        if (!behind)
            line->bytes[to++] = *at++;
        else
            at = behind;
    }
    line->length = to;
    line->bytes[to] = '\0';
}

/* A line as people print it. */
static void take_printed(struct saved_log *log)
{
    bool kernels = true;
    const char *at = saved_stamp_skip_priority(log->line.bytes, &kernels);
    const char *time = at;
    enum saved_header header = saved_stamp_take_time(&at, log->now_ns, &log->record);
    const char *behind_header = NULL;

    if (at == time) {
        saved_stamp_find_monotonic(&at, &log->record);
    } else if (header == SAVED_HEADER_ALWAYS && saved_stamp_take_monotonic(&at, &log->record)) {
        behind_header = at; /* whoever captured a console put the time in front */
    } else if (header == SAVED_HEADER_ALWAYS || (header == SAVED_HEADER_MAYBE && has_header(log, at))) {
        kernels &= take_header(&at);
        behind_header = at;
        saved_stamp_take_monotonic(&at, &log->record);
    }
    take_caller(&at, &log->record);
    set_text(log, at);
    /* The journal's own indentation knows nothing of what the message begins with. */
    log->indent = (size_t)((behind_header ? behind_header : at) - log->line.bytes);
    log->left_out = !kernels;
}

/* A record of /dev/kmsg; its text lies in the line's buffer. */
static void take_kmsg(struct saved_log *log, const struct kmsg_record *kmsg)
{
    log->record.has_monotonic = true;
    log->record.monotonic_us = kmsg->monotonic_us;
    log->record.continues = kmsg->continues;
    memcpy(log->record.caller, kmsg->caller, sizeof(kmsg->caller));
    log->record.text = kmsg->text;
    log->record.length = kmsg->text_length;
    log->left_out = kmsg->facility != 0;
    log->behind_gap |= log->any_kmsg && kmsg->sequence != log->next_sequence;
    log->any_kmsg = true;
    log->next_sequence = kmsg->sequence + 1;
    if (log->left_out)
        return;
    log->record.after_gap = log->behind_gap;
    log->behind_gap = false;
}

static size_t key_length(const char *at)
{
    return strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

/* " KEY=value" */
static bool is_key(const char *line)
{
    return *line == ' ' && key_length(line + 1) > 0 && line[1 + key_length(line + 1)] == '=';
}

/* Whether a line belongs to the record above it, and is indented as far as that one's text. */
static bool is_continuation(const struct saved_log *log)
{
    return log->indent > 0 && strspn(log->line.bytes, " ") >= log->indent;
}

static void begin_record(struct saved_log *log)
{
    log->record = (struct saved_line){.text = NULL};
    log->indent = 0;
    log->is_kmsg = false;
    log->left_out = false;
}

/* A line outside of entries. False where it is left out. */
static bool take_line(struct saved_log *log)
{
    struct kmsg_record kmsg;

    if (log->line.length == 0 || (log->is_kmsg && is_key(log->line.bytes)))
        return false;
    if (is_continuation(log)) {
        set_text(log, log->line.bytes + log->indent);
        return !log->left_out;
    }
    begin_record(log);
    if (is_colored(&log->line))
        drop_colors(&log->line);
    log->is_kmsg = kmsg_parse(log->line.bytes, log->line.length, &kmsg);
    if (log->is_kmsg)
        take_kmsg(log, &kmsg);
    else
        take_printed(log);
    return !log->left_out;
}

/* An entry, whose first line has been read. Returns 1, 0 where it is left out, or a negative errno. */
static int take_entry(struct saved_log *log)
{
    struct journal_entry entry = {.message = text_over(log->message_bytes, BUFFER_SIZE)};
    int got = 1;

    begin_record(log);
    while (got > 0 && log->line.length > 0) {
        journal_export_take(&entry, &log->line, log->file);
        got = read_line(log->file, &log->line);
    }
    if (got < 0)
        return got;
    return journal_export_end(&entry, &log->record);
}

int saved_log_next(struct saved_log *log, struct saved_line *line)
{
    int got = 0;

    while (got == 0) {
        got = read_line(log->file, &log->line);
        if (got <= 0)
            return got;
        got = journal_export_begins(log->line.bytes) ? take_entry(log) : take_line(log);
    }
    *line = log->record;
    return got;
}
