#include "kernel/saved_log.h"

#include "base/clock.h"
#include "base/number.h"
#include "base/when.h"
#include "kernel/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUFFER_SIZE = 64 * 1024,
    HOST_MAX = 65, /* HOST_NAME_MAX and its end */
    US_DIGITS = 6,
    DAY_SECONDS = 24 * 60 * 60,
};

#define US_PER_SECOND UINT64_C(1000000)

/* A line or a field, terminated. What is too long for it was cut. */
struct buffer {
    char bytes[BUFFER_SIZE + 1];
    size_t length;
};

struct saved_log {
    FILE *file;
    uint64_t now_ns;

    struct saved_line record; /* the one that was read last */
    size_t indent;            /* of further lines that belong to it. 0: has none */
    bool left_out;
    bool is_kmsg;

    char journal_host[HOST_MAX]; /* of "[   98.765432] HOST kernel: ", or "" */
    struct buffer line;
    struct buffer message; /* of an entry of an export */
};

struct saved_log *saved_log_new(FILE *file, uint64_t now_ns)
{
    struct saved_log *log = calloc(1, sizeof(*log));

    if (!log)
        return NULL;
    log->file = file;
    log->now_ns = now_ns;
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

static void put_byte(struct buffer *buffer, int byte)
{
    if (buffer->length < BUFFER_SIZE)
        buffer->bytes[buffer->length++] = (char)byte;
}

/* Reads a line, without its end: "\n", or a serial console's "\r\n". Returns 1, 0 or a negative errno. */
static int read_line(FILE *file, struct buffer *line)
{
    int byte;
    bool any = false;

    line->length = 0;
    while ((byte = getc_unlocked(file)) != EOF && byte != '\n') {
        put_byte(line, byte);
        any = true;
    }
    if (byte == EOF && (!any || ferror(file)))
        return end_or_error(file);
    while (line->length > 0 && line->bytes[line->length - 1] == '\r')
        line->length--;
    line->bytes[line->length] = '\0';
    return 1;
}

/*
 * The times that lines begin with. Each function reads one that AT begins with into LINE, and returns the
 * place behind it, or NULL where there is none. A time that is none, "Feb 30", is still read, and not set.
 */

static void set_local(struct saved_line *line, const struct when_fields *fields, const char *zone)
{
    line->has_wall = when_from_local(fields, zone, &line->wall_ns) == 0;
}

static void set_wall_us(struct saved_line *line, uint64_t us)
{
    line->has_wall = us <= UINT64_MAX / 1000;
    line->wall_ns = line->has_wall ? us * 1000 : 0;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " ");
}

/* AT if the byte there is BYTE. */
static const char *expect(const char *at, char byte)
{
    return at && *at == byte ? at : NULL;
}

static const char *skip(const char *at, char byte)
{
    return expect(at, byte) ? at + 1 : NULL;
}

/* A table's row that AT begins with: its number from 1, or 0. */
static int which(const char *at, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (begins_with(at, names[i]))
            return i + 1;
    }
    return 0;
}

static const char *scan_weekday(const char *at)
{
    static const char *const names[] = {"Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "};

    return which(at, names, 7) ? at + 4 : NULL;
}

/* "Nov 23", "Nov  3", "Nov23" */
static const char *scan_month_and_day(const char *at, struct when_fields *fields)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    uint64_t day;

    fields->month = which(at, names, 12);
    if (fields->month == 0)
        return NULL;
    at = when_scan_digits(skip_blanks(at + 3), 1, 2, &day);
    fields->day = (int)day;
    return at;
}

/* "   98.765432" */
static const char *scan_microseconds(const char *at, uint64_t *us)
{
    uint64_t seconds;
    uint64_t fraction;

    at = skip(when_scan_digits(skip_blanks(at), 1, 12, &seconds), '.');
    at = at ? when_scan_digits(at, US_DIGITS, US_DIGITS, &fraction) : NULL;
    if (at)
        *us = seconds * US_PER_SECOND + fraction;
    return at;
}

/* The end of a time in brackets. Before it, dmesg -d says how much later this is than the line before. */
static const char *scan_bracket(const char *at)
{
    if (!at)
        return NULL;
    if (begins_with(at, " <"))
        at = skip(at + 2 + strspn(at + 2, " .-0123456789"), '>');
    return skip(at, ']');
}

/* "[   98.765432]" */
static const char *read_monotonic(const char *at, uint64_t now_ns, struct saved_line *line)
{
    uint64_t us = 0;
    (void)now_ns;

    at = skip(at, '[');
    at = at ? scan_bracket(scan_microseconds(at, &us)) : NULL;
    if (at) {
        line->has_monotonic = true;
        line->monotonic_us = us;
    }
    return at;
}

/* "[Mon Nov 23 14:21:30 2026]" */
static const char *read_ctime(const char *at, uint64_t now_ns, struct saved_line *line)
{
    struct when_fields fields = {0};
    uint64_t year = 0;
    (void)now_ns;

    at = skip(at, '[');
    at = at ? scan_weekday(at) : NULL;
    at = at ? skip(scan_month_and_day(at, &fields), ' ') : NULL;
    at = at ? skip(when_scan_clock(at, &fields), ' ') : NULL;
    at = at ? scan_bracket(when_scan_digits(at, 4, 4, &year)) : NULL;
    if (at) {
        fields.year = (int)year;
        set_local(line, &fields, NULL);
    }
    return at;
}

/* "[  +0.000123]", "[<    0.000123>]": since the line before, of which nobody knows how many are missing. */
static const char *read_relative(const char *at, uint64_t now_ns, struct saved_line *line)
{
    (void)now_ns;
    (void)line;
    at = skip(at, '[');
    if (!at)
        return NULL;
    at = skip_blanks(at);
    if (*at != '+' && *at != '<')
        return NULL;
    size_t length = strspn(at + 1, " .-0123456789>");
    return length > 0 ? skip(at + 1 + length, ']') : NULL;
}

/* "[Nov23 14:21]", which is cut to the minute. */
static const char *read_minute(const char *at, uint64_t now_ns, struct saved_line *line)
{
    struct when_fields fields;
    (void)now_ns;
    (void)line;

    at = skip(at, '[');
    at = at ? skip(scan_month_and_day(at, &fields), ' ') : NULL;
    return at ? skip(when_scan_clock(at, &fields), ']') : NULL;
}

/* "2026-11-23T14:21:30.123456+00:00". Without a zone, the local one. */
static const char *read_iso(const char *at, uint64_t now_ns, struct saved_line *line)
{
    struct when_fields fields = {0};
    int east;
    (void)now_ns;

    at = skip(when_scan_date(at, &fields), 'T');
    at = at ? when_scan_clock(at, &fields) : NULL;
    if (!at)
        return NULL;
    const char *zone_end = when_scan_zone(at, &east);
    at = expect(zone_end ? zone_end : at, ' ');
    if (at && zone_end)
        line->has_wall = when_from_zone(&fields, east, &line->wall_ns) == 0;
    else if (at)
        set_local(line, &fields, NULL);
    return at;
}

/* "2026-11-23T14:21:30,123456+00:00": it is dmesg that has a comma there. */
static const char *read_dmesg_iso(const char *at, uint64_t now_ns, struct saved_line *line)
{
    const char *end = read_iso(at, now_ns, line);

    return end && memchr(at, ',', (size_t)(end - at)) ? end : NULL;
}

/* Sets the time by a zone's name. What is neither UTC nor the local zone's name then is unknown. */
static void set_wall_in_zone(struct saved_line *line, const struct when_fields *fields, const char *zone,
                             size_t length)
{
    char name[16];
    int east;

    if (length >= sizeof(name))
        return;
    memcpy(name, zone, length);
    name[length] = '\0';
    if (expect(when_scan_zone(name, &east), '\0'))
        line->has_wall = when_from_zone(fields, east, &line->wall_ns) == 0;
    else
        set_local(line, fields, name);
}

/* "Mon 2026-11-23 14:21:30 UTC" */
static const char *read_full(const char *at, uint64_t now_ns, struct saved_line *line)
{
    struct when_fields fields = {0};
    (void)now_ns;

    at = scan_weekday(at);
    at = at ? skip(when_scan_date(at, &fields), ' ') : NULL;
    at = at ? skip(when_scan_clock(at, &fields), ' ') : NULL;
    if (!at)
        return NULL;
    size_t zone_length = strcspn(at, " ");
    set_wall_in_zone(line, &fields, at, zone_length);
    return at + zone_length;
}

/* The latest year in which FIELDS, that have none, are not more than a day after NOW_NS. */
static void set_wall_without_year(struct saved_line *line, struct when_fields *fields, uint64_t now_ns)
{
    enum { YEARS = 9 }; /* February 29 may be eight years away: 2096, 2104 */
    time_t seconds = (time_t)(now_ns / NS_PER_SECOND);
    struct tm now = {0};

    gmtime_r(&seconds, &now);
    for (int back = -1; back < YEARS; back++) {
        fields->year = now.tm_year + 1900 - back;
        set_local(line, fields, NULL);
        line->has_wall &= line->wall_ns / NS_PER_SECOND <= now_ns / NS_PER_SECOND + DAY_SECONDS;
        if (line->has_wall)
            break;
    }
}

/* "Nov 23 14:21:30.123456" */
static const char *read_dateless(const char *at, uint64_t now_ns, struct saved_line *line)
{
    struct when_fields fields = {0};

    at = skip(scan_month_and_day(at, &fields), ' ');
    at = at ? expect(when_scan_clock(at, &fields), ' ') : NULL;
    if (at)
        set_wall_without_year(line, &fields, now_ns);
    return at;
}

/* "1764000000.123456" */
static const char *read_unix(const char *at, uint64_t now_ns, struct saved_line *line)
{
    enum { LEAST_SECONDS = 100000000 }; /* of 1973: a smaller number is something else */
    uint64_t us = 0;
    (void)now_ns;

    if (*at == ' ')
        return NULL;
    at = expect(scan_microseconds(at, &us), ' ');
    if (!at || us < LEAST_SECONDS * US_PER_SECOND)
        return NULL;
    set_wall_us(line, us);
    return at;
}

/* What follows a time. */
enum header {
    HEADER_NEVER,
    HEADER_MAYBE,
    HEADER_ALWAYS, /* "host kernel: " */
};

static const struct stamp {
    const char *(*read)(const char *at, uint64_t now_ns, struct saved_line *line);
    enum header header;
} stamps[] = {
    {read_monotonic, HEADER_MAYBE}, {read_ctime, HEADER_NEVER},     {read_relative, HEADER_NEVER},
    {read_minute, HEADER_NEVER},    {read_dmesg_iso, HEADER_NEVER}, {read_iso, HEADER_ALWAYS},
    {read_full, HEADER_ALWAYS},     {read_dateless, HEADER_ALWAYS}, {read_unix, HEADER_ALWAYS},
};

/* Moves *AT behind the time that it begins with and a blank. NULL where there is none. */
static const struct stamp *take_stamp(const char **at, struct saved_log *log)
{
    for (size_t i = 0; i < sizeof(stamps) / sizeof(*stamps); i++) {
        const char *end = stamps[i].read(*at, log->now_ns, &log->record);
        if (!end)
            continue;
        *at = *end == ' ' ? end + 1 : end;
        return &stamps[i];
    }
    return NULL;
}

/* What stands in front of times, and says whose a line is. These return the place behind it. */

/* "<6>": a facility and a level. */
static const char *skip_priority(const char *at, bool *kernels)
{
    uint64_t priority;
    const char *end = skip(at, '<');

    end = end ? skip(when_scan_digits(end, 1, 4, &priority), '>') : NULL;
    if (!end)
        return at;
    *kernels = priority >> 3 == 0;
    return end;
}

/* "err   : ": the place behind it, or NULL; the word is filled up to six bytes. */
static const char *skip_decoded(const char *at, const char *const *names, int count, int *found)
{
    enum { WIDTH = 6 };

    *found = which(at, names, count);
    if (*found == 0)
        return NULL;
    size_t length = strlen(names[*found - 1]);
    for (at += length; length < WIDTH; length++, at++) {
        if (*at != ' ')
            return NULL;
    }
    return skip(at, ':');
}

/* "kern  :err   : ": the same in words. */
static const char *skip_decoded_priority(const char *at, bool *kernels)
{
    static const char *const facilities[] = {
        "kern",   "user",   "mail",   "daemon", "authpriv", "auth",   "syslog", "lpr",
        "news",   "uucp",   "cron",   "ftp",    "res0",     "res1",   "res2",   "res3",
        "local0", "local1", "local2", "local3", "local4",   "local5", "local6", "local7",
    };
    static const char *const levels[] = {"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"};
    int facility;
    int level;
    const char *end =
        skip_decoded(at, facilities, (int)(sizeof(facilities) / sizeof(*facilities)), &facility);

    end = end ? skip(skip_decoded(end, levels, (int)(sizeof(levels) / sizeof(*levels)), &level), ' ') : NULL;
    if (!end)
        return at;
    *kernels = facility == 1;
    return end;
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
    const char *first = skip(*at, '[');

    if (!first)
        return;
    first = skip_blanks(first);
    if (*first != 'T' && *first != 'C')
        return;
    const char *end = when_scan_digits(first + 1, 1, 10, &number);
    if (!expect(end, ']'))
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

/* A line as people print it. */
static void take_printed(struct saved_log *log)
{
    bool kernels = true;
    const char *at = skip_decoded_priority(skip_priority(log->line.bytes, &kernels), &kernels);
    const struct stamp *stamp = take_stamp(&at, log);
    const char *behind_header = NULL;

    if (stamp && (stamp->header == HEADER_ALWAYS || (stamp->header == HEADER_MAYBE && has_header(log, at)))) {
        kernels &= take_header(&at);
        behind_header = at;
        const char *end = read_monotonic(at, log->now_ns, &log->record);
        at = end ? end + (*end == ' ') : at;
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
    log->is_kmsg = kmsg_parse(log->line.bytes, log->line.length, &kmsg);
    if (log->is_kmsg)
        take_kmsg(log, &kmsg);
    else
        take_printed(log);
    return !log->left_out;
}

/* What an entry of an export says of times, in microseconds. */
enum entry_time {
    TIME_WALL,
    TIME_SOURCE_WALL,
    TIME_MONOTONIC,
    TIME_SOURCE_MONOTONIC,
    TIME_COUNT,
};

struct entry {
    struct value times[TIME_COUNT];
    bool has_message;
    bool left_out;
};

/* A field as it stands in the line's buffer. */
struct field {
    const char *name;
    const char *value;
    size_t length;
};

static void take_time(struct entry *entry, const struct field *field)
{
    static const char *const names[TIME_COUNT] = {
        [TIME_WALL] = "__REALTIME_TIMESTAMP",
        [TIME_SOURCE_WALL] = "_SOURCE_REALTIME_TIMESTAMP",
        [TIME_MONOTONIC] = "__MONOTONIC_TIMESTAMP",
        [TIME_SOURCE_MONOTONIC] = "_SOURCE_MONOTONIC_TIMESTAMP",
    };

    for (int i = 0; i < TIME_COUNT; i++) {
        if (strcmp(field->name, names[i]) == 0)
            entry->times[i].present = number_parse_unsigned(field->value, &entry->times[i].number) == 0;
    }
}

/* The journal takes what user space wrote to /dev/kmsg for the kernel's: only its facility is another. */
static void take_origin(struct entry *entry, const struct field *field)
{
    static const struct {
        const char *name;
        const char *value;
    } kernels[] = {{"_TRANSPORT", "kernel"}, {"SYSLOG_FACILITY", "0"}};

    for (size_t i = 0; i < sizeof(kernels) / sizeof(*kernels); i++) {
        if (strcmp(field->name, kernels[i].name) == 0)
            entry->left_out |= strcmp(field->value, kernels[i].value) != 0;
    }
}

static void take_field(struct saved_log *log, struct entry *entry, const struct field *field)
{
    take_time(entry, field);
    take_origin(entry, field);
    if (strcmp(field->name, "MESSAGE") != 0)
        return;
    memcpy(log->message.bytes, field->value, field->length);
    log->message.bytes[field->length] = '\0';
    log->message.length = field->length;
    entry->has_message = true;
}

/* Eight bytes, the lowest first. False where the file ends before. */
static bool read_size(FILE *file, uint64_t *size)
{
    *size = 0;
    for (unsigned bit = 0; bit < 64; bit += 8) {
        int byte = getc_unlocked(file);
        if (byte == EOF)
            return false;
        *size |= (uint64_t)byte << bit;
    }
    return true;
}

/*
 * The value of a field whose name is all of the line: bytes of any kind, behind their number. It is put
 * behind the name, as far as there is room.
 */
static void read_binary(struct saved_log *log, struct field *field)
{
    struct buffer *line = &log->line;
    uint64_t size;
    int byte;

    if (line->length < BUFFER_SIZE)
        line->length++; /* the name's end */
    field->value = line->bytes + line->length;
    if (read_size(log->file, &size)) {
        for (; size > 0 && (byte = getc_unlocked(log->file)) != EOF; size--)
            put_byte(line, byte);
        (void)getc_unlocked(log->file); /* a newline, or the end of the file, which the next line finds */
    }
    line->bytes[line->length] = '\0';
    field->length = (size_t)(line->bytes + line->length - field->value);
}

/* Takes the field apart that the line holds, or begins. False where it does neither. */
static bool split_field(struct saved_log *log, struct field *field)
{
    char *behind_name = log->line.bytes + key_length(log->line.bytes);

    field->name = log->line.bytes;
    if (behind_name == log->line.bytes + log->line.length) {
        read_binary(log, field);
        return true;
    }
    if (*behind_name != '=')
        return false;
    *behind_name = '\0';
    field->value = behind_name + 1;
    field->length = (size_t)(log->line.bytes + log->line.length - field->value);
    return true;
}

/* The first that is present, of two. */
static struct value either(struct value first, struct value second)
{
    return first.present ? first : second;
}

static void set_times(struct saved_line *line, const struct entry *entry)
{
    struct value wall = either(entry->times[TIME_SOURCE_WALL], entry->times[TIME_WALL]);
    struct value monotonic = either(entry->times[TIME_SOURCE_MONOTONIC], entry->times[TIME_MONOTONIC]);

    if (wall.present)
        set_wall_us(line, wall.number);
    line->has_monotonic = monotonic.present;
    line->monotonic_us = monotonic.present ? monotonic.number : 0;
}

/* The fields that journalctl begins an entry with. */
static bool begins_entry(const char *line)
{
    return begins_with(line, "__CURSOR=") || begins_with(line, "__REALTIME_TIMESTAMP=");
}

/* An entry, whose first line has been read. Returns 1, 0 where it is left out, or a negative errno. */
static int take_entry(struct saved_log *log)
{
    struct entry entry = {.has_message = false};
    struct field field;
    int got = 1;

    begin_record(log);
    while (got > 0 && log->line.length > 0) {
        if (split_field(log, &field))
            take_field(log, &entry, &field);
        got = read_line(log->file, &log->line);
    }
    if (got < 0)
        return got;
    set_times(&log->record, &entry);
    log->record.text = log->message.bytes;
    log->record.length = log->message.length;
    return entry.has_message && !entry.left_out;
}

int saved_log_next(struct saved_log *log, struct saved_line *line)
{
    int got = 0;

    while (got == 0) {
        got = read_line(log->file, &log->line);
        if (got <= 0)
            return got;
        got = begins_entry(log->line.bytes) ? take_entry(log) : take_line(log);
    }
    *line = log->record;
    return got;
}
