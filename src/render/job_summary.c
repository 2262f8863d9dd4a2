#include "render/job_summary.h"

#include "base/problem.h"
#include "base/signal_name.h"
#include "base/size.h"
#include "job/diagnosis.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { LABEL_WIDTH = 9, COMMAND_SHOWN_MAX = 40, WORTH_TELLING_BYTES = 1 << 20, SENTENCE_MAX = 4096 };

/* A byte of a name may become "\\u001b" in JSON. Of the others there is a fixed number, all of a fixed size.
 */
size_t job_summary_max(const struct job_account *account)
{
    enum {
        BYTE_MAX = 6,
        WORD_MAX = sizeof("\"\","),
        DEATH_MAX = BYTE_MAX * sizeof(struct job_death) + 512,
        FIGURES_MAX = 8192,
        OTHERS_MAX =
            FIGURES_MAX + JOB_LEFT_OUT_MAX * BYTE_MAX * PROBLEM_TEXT_MAX + 2 * BYTE_MAX * SENTENCE_MAX,
    };
    size_t bytes = OTHERS_MAX + JOB_FAULTS_SHOWN * (size_t)TRACE_TABLE_LINE_MAX +
                   account->deaths->count * (size_t)DEATH_MAX;

    if (account->cgroup)
        bytes += BYTE_MAX * strlen(account->cgroup);
    for (char *const *word = account->command; *word; word++)
        bytes += BYTE_MAX * strlen(*word) + WORD_MAX;
    return bytes;
}

/* -- a line: "  memory   peak 1.0G, ..." -- */

static void begin_line(struct text *text, const char *label)
{
    text_format(text, "  %-*s", LABEL_WIDTH, label);
}

static void end_line(struct text *text)
{
    text_char(text, '\n');
}

/* Parts of a line that may be absent, with commas between. */
static void put_comma(struct text *text, size_t start)
{
    if (text->length > start + LABEL_WIDTH + 2)
        text_string(text, ", ");
}

/* "1,204,311" */
static void put_grouped(struct text *text, uint64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text_char(text, ',');
        text_char(text, digits[i]);
    }
}

static void put_count(struct text *text, uint64_t number, const char *unit)
{
    put_grouped(text, number);
    text_string(text, unit);
}

/* -- the first line -- */

/* Takes off a character that was cut at the end. */
static void drop_cut_character(struct text *shown)
{
    size_t start = shown->length;

    do {
        start--;
    } while (start > 0 && (shown->bytes[start] & 0xc0) == 0x80);
    if (text_utf8_length(shown->bytes + start) == 0)
        shown->length = start;
}

static void put_command(struct text *text, char *const *command)
{
    char words[COMMAND_SHOWN_MAX + 1];
    struct text shown = text_over(words, COMMAND_SHOWN_MAX);

    for (; *command; command++) {
        text_string(&shown, **command ? *command : "''");
        if (command[1])
            text_char(&shown, ' ');
    }
    words[shown.length] = '\0';
    if (shown.lost > 0)
        drop_cut_character(&shown);
    words[shown.length] = '\0';
    text_printable(text, words);
    if (shown.lost > 0)
        text_string(text, "...");
}

static void put_end(struct text *text, const struct job_account *account)
{
    put_command(text, account->command);
    if (WIFSIGNALED(account->status)) {
        text_string(text, ": ended by ");
        text_signal(text, WTERMSIG(account->status));
    } else {
        text_format(text, ": ended with status %d", WEXITSTATUS(account->status));
    }
    text_string(text, " after ");
    text_duration(text, account->seconds);
    text_char(text, '\n');
}

/* -- what it used up -- */

static void put_faults(struct text *text, const struct job_account *account)
{
    const struct job_usage *usage = &account->usage;

    begin_line(text, "faults");
    put_count(text, usage->minor_faults, " minor, ");
    put_count(text, usage->major_faults, " major");
    end_line(text);
}

static void put_peak_process(struct text *text, const struct job_account *account)
{
    static const double sure = 0.9;
    const struct footprint_process *largest = &account->footprint->largest;
    double bytes = (double)account->usage.largest_rss_bytes;

    text_size_within(text, "largest process ", bytes, "");
    /* The kernel's own figure has no name; the one that was seen largest has, and was it if it was about as
     * large. */
    if (account->footprint->most_processes > 1 && largest->pid != 0 &&
        (double)largest->rss_bytes >= sure * bytes) {
        text_string(text, " (");
        text_printable(text, largest->comm);
        text_format(text, "[%d])", (int)largest->pid);
    }
}

static double peak_resident(const struct job_account *account)
{
    double largest = (double)account->usage.largest_rss_bytes;
    double sampled = (double)account->footprint->peak_bytes;

    return sampled > largest ? sampled : largest;
}

static void put_memory(struct text *text, const struct job_account *account)
{
    if (!account->last.peak_bytes.present)
        return;
    begin_line(text, "memory");
    text_size_within(text, "", (double)account->last.peak_bytes.number, " at the most");
    if (account->limit_bytes.present)
        text_size_within(text, ", of its limit of ", (double)account->limit_bytes.number, "");
    text_string(text, ", page cache included");
    end_line(text);
}

static void put_resident(struct text *text, const struct job_account *account)
{
    begin_line(text, "resident");
    text_size_within(text, "", peak_resident(account), " at the most, ");
    put_peak_process(text, account);
    end_line(text);
}

static void put_cpu(struct text *text, const struct job_account *account)
{
    const struct job_usage *usage = &account->usage;
    double all = usage->user_seconds + usage->system_seconds + usage->unwaited_cpu_seconds;

    begin_line(text, "cpu");
    text_duration(text, usage->user_seconds);
    text_string(text, " user, ");
    text_duration(text, usage->system_seconds);
    text_string(text, " system");
    if (usage->unwaited_cpu_seconds > 0) {
        text_string(text, ", ");
        text_duration(text, usage->unwaited_cpu_seconds);
        text_string(text, " unwaited for");
    }
    text_string(text, ": ");
    text_decimal(text, account->seconds > 0 ? 100 * all / account->seconds : 0, 0);
    text_string(text, "% of one\n");
}

static void put_switches(struct text *text, const struct job_account *account)
{
    begin_line(text, "switches");
    put_count(text, account->usage.voluntary_switches, " voluntary, ");
    put_count(text, account->usage.involuntary_switches, " not");
    if (account->ended_processes.present)
        text_format(text, "; %" PRIu64 " process%s ended", account->ended_processes.number,
                    account->ended_processes.number == 1 ? "" : "es");
    end_line(text);
}

static void put_disk(struct text *text, const struct job_account *account)
{
    const struct job_refaults *refaults = &account->refaults;

    begin_line(text, "disk");
    text_size_within(text, "", (double)account->usage.read_bytes, " read, ");
    text_size_within(text, "", (double)account->usage.written_bytes, " written");
    if (!refaults->of_machine && refaults->file_bytes >= WORTH_TELLING_BYTES)
        text_size_within(text, "; ", refaults->file_bytes, " of pages came back that had been evicted");
    end_line(text);
}

/* -- where it stood still -- */

static void put_stall(struct text *text, size_t start, const char *what, double some, double full,
                      double seconds)
{
    if (isnan(some))
        return;
    put_comma(text, start);
    text_string(text, what);
    text_decimal(text, 100 * some / seconds, 0);
    if (isnan(full)) {
        text_char(text, '%');
        return;
    }
    text_char(text, '/');
    text_decimal(text, 100 * full / seconds, 0);
    text_char(text, '%');
}

static void put_stalls(struct text *text, const struct job_account *account)
{
    const struct job_stalls *stalls = &account->stalls;
    size_t start = text->length;

    if ((isnan(stalls->memory_some) && isnan(stalls->io_some)) || account->seconds <= 0)
        return;
    begin_line(text, "stalled");
    put_stall(text, start, "memory ", stalls->memory_some, stalls->memory_full, account->seconds);
    put_stall(text, start, "io ", stalls->io_some, stalls->io_full, account->seconds);
    put_stall(text, start, "cpu ", stalls->cpu_some, NAN, account->seconds);
    text_string(text, stalls->of_machine ? " of the time, some/all of the machine"
                                         : " of the time, some/all of it");
    end_line(text);
}

/* -- major faults, one by one -- */

static void put_fault_row(struct text *text, const struct fault_row *row)
{
    begin_line(text, "");
    trace_table_put_time(text, latency_lost_ns(&row->latency));
    text_string(text, " in ");
    put_count(text, row->latency.faults, " faults of ");
    text_printable(text, row->pair->comm);
    text_format(text, "[%" PRIu32 "] on ", (uint32_t)row->pair->key.pid);
    trace_table_put_file(text, &row->pair->key, row->pair);
    end_line(text);
}

static void put_trace(struct text *text, const struct fault_rows *rows, const struct trace_summary *trace,
                      size_t shown)
{
    begin_line(text, "traced");
    trace_table_put_time(text, latency_lost_ns(&rows->all));
    text_string(text, " in ");
    put_count(text, rows->all.faults, " major faults");
    if (rows->all.faults > 0) {
        text_string(text, ", p50 ");
        trace_table_put_time(text, latency_percentile_ns(&rows->all, 50));
        text_string(text, ", p99 ");
        trace_table_put_time(text, latency_percentile_ns(&rows->all, 99));
    }
    if (trace->has_waits && rows->all.waits > 0) {
        text_string(text, ", and ");
        put_count(text, rows->all.waits, " waits for another's");
    }
    end_line(text);
    for (size_t i = 0; i < shown; i++)
        put_fault_row(text, &rows->list[i]);
}

/* -- what ended its parts -- */

/* The names in it, of processes, files and cgroups, are any bytes. */
static void put_death(struct text *text, const struct job_death *death, const struct job_deaths *deaths)
{
    char bytes[SENTENCE_MAX + 1];
    struct text sentence = text_over(bytes, SENTENCE_MAX);

    job_death_put(&sentence, death, deaths);
    bytes[sentence.length] = '\0';
    text_printable(text, bytes);
}

static void put_deaths(struct text *text, const struct job_account *account, size_t shown)
{
    const struct job_deaths *deaths = account->deaths;
    uint64_t more = deaths->count - shown + deaths->beyond;

    for (size_t i = 0; i < shown; i++) {
        begin_line(text, i == 0 ? "killed" : "");
        put_death(text, &deaths->list[i], deaths);
        end_line(text);
    }
    if (more > 0) {
        begin_line(text, shown == 0 ? "killed" : "");
        text_format(text, "and %" PRIu64 " more\n", more);
    }
    if (deaths->unnamed > 0) {
        begin_line(text, "killed");
        text_format(text, "%" PRIu64 " by the kernel's OOM killer, without a name\n", deaths->unnamed);
    }
}

static void put_left(struct text *text, const struct job_account *account)
{
    if (account->ended_by_us > 0) {
        begin_line(text, "left");
        text_format(text, "%u process%s when the command ended, which %s ended\n", account->ended_by_us,
                    account->ended_by_us == 1 ? "" : "es", account->ended_by_us == 1 ? "was" : "were");
    }
    if (account->left > 0) {
        begin_line(text, "left");
        text_format(text, "%u that could not be ended\n", account->left);
    }
}

static void put_left_out(struct text *text, const struct job_account *account)
{
    for (size_t i = 0; i < account->left_out_count; i++) {
        begin_line(text, i == 0 ? "without" : "");
        text_printable(text, account->left_out[i]); /* a cgroup's name may be in it */
        end_line(text);
    }
}

static void put_sentence(struct text *text, const struct job_account *account,
                         void (*put)(struct text *text, const struct job_account *account))
{
    char bytes[SENTENCE_MAX + 1];
    struct text sentence = text_over(bytes, SENTENCE_MAX);

    put(&sentence, account);
    bytes[sentence.length] = '\0';
    text_printable(text, bytes);
    if (sentence.length > 0)
        text_string(text, ".\n");
}

/* -- all of it -- */

/* How many lines of those that there may be many of fit the screen. */
struct shown {
    size_t deaths;
    size_t faults;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Those that are there as a rule, the two sentences among them, and each reason why something is not. */
static size_t other_lines(const struct job_account *account, bool traced)
{
    enum { USUAL_LINES = 10 };
    const bool others[] = {traced, account->deaths->unnamed > 0, account->ended_by_us > 0, account->left > 0};
    size_t lines = USUAL_LINES + account->left_out_count;

    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        lines += others[i] ? 1 : 0;
    return lines;
}

/* Those that lost next to nothing are left out. */
static size_t faults_worth_a_line(const struct fault_rows *rows)
{
    enum { SHARE = 100 };
    uint64_t all_ns = latency_lost_ns(&rows->all);
    size_t count = 0;

    while (count < rows->count && count < JOB_FAULTS_SHOWN &&
           latency_lost_ns(&rows->list[count].latency) >= all_ns / SHARE)
        count++;
    return count;
}

static struct shown shown_of(const struct job_account *account, bool traced)
{
    const struct job_deaths *deaths = account->deaths;
    size_t room = JOB_SUMMARY_LINES - other_lines(account, traced);
    size_t most = least(JOB_DEATHS_SHOWN, room);
    bool all = deaths->count <= most && (deaths->beyond == 0 || deaths->count < room);
    struct shown shown = {.deaths = all ? deaths->count : least(JOB_DEATHS_SHOWN, room - 1)};

    room -= shown.deaths + (deaths->count > shown.deaths || deaths->beyond > 0 ? 1 : 0);
    shown.faults = traced ? least(room, faults_worth_a_line(account->faults)) : 0;
    return shown;
}

void job_summary_put(struct text *text, const struct job_account *account, const struct trace_summary *trace)
{
    bool traced = account->faults && trace;
    struct shown shown = shown_of(account, traced);

    put_end(text, account);
    put_faults(text, account);
    put_memory(text, account);
    put_resident(text, account);
    put_stalls(text, account);
    put_disk(text, account);
    put_cpu(text, account);
    put_switches(text, account);
    if (traced)
        put_trace(text, account->faults, trace, shown.faults);
    put_deaths(text, account, shown.deaths);
    put_left(text, account);
    put_left_out(text, account);
    put_sentence(text, account, job_ending_put);
    put_sentence(text, account, job_wait_put);
}
