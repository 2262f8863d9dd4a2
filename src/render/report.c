#include "render/report.h"

#include "base/clock.h"
#include "base/size.h"
#include "render/cells.h"
#include "render/oom_table.h"
#include "watch/oom_event.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
    TIME_CELL = 10, /* with the indent */
    SIZE_CELL = 7,
    RATE_CELL = 7,
    SHARE_CELL = 6,
    BAR_CELL = 8,
    PID_CELL = 9,
    COMM_CELL = 16,
    PAGE_COLUMNS = 80,
    LEGEND_MAX = 256,
};

/* A handful of faults is no long bar, whatever else there was. */
static const double major_scale_least = 50;

static void put_heading(struct text *text, const char *heading)
{
    text_char(text, '\n');
    text_string(text, heading);
    text_char(text, '\n');
}

/* Returns the column that the next line begins at. */
static size_t end_line(struct text *text)
{
    text_char(text, '\n');
    return 0;
}

/* Whole sentences, in lines of a page; those of names and figures are left as long as they are. */
static void put_paragraph(struct text *text, const char *words)
{
    size_t column = 0;

    for (const char *end; *words != '\0'; words = *end == '\0' ? end : end + 1) {
        end = words + strcspn(words, " \n");
        size_t length = (size_t)(end - words);
        if (column + 1 + length > PAGE_COLUMNS)
            column = end_line(text);
        text_format(text, "%s%.*s", column == 0 ? "  " : " ", (int)length, words);
        column += (column == 0 ? 2 : 1) + length;
        if (*end == '\n')
            column = end_line(text);
    }
    (void)end_line(text);
}

static void put_time(struct text *text, uint64_t wall_ns)
{
    text_string(text, "  ");
    clock_put_time_of_day(text, wall_ns);
}

static void put_bytes(struct text *text, double bytes, size_t width)
{
    bool known = bytes >= 0 && bytes < 0x1p64; /* a damaged recording may hold anything */
    cell_size(text, (struct value){known ? (uint64_t)bytes : 0, known}, width);
}

/* -- head -- */

static void put_head(struct text *text, const struct report_head *head)
{
    const struct incident *incident = head->incident;

    text_printable(text, incident->title);
    text_string(text, "\n  ");
    clock_put_local(text, incident->begin_ns);
    text_char(text, ' ');
    text_string(text, clock_zone());
    if (incident->end_ns > incident->begin_ns) {
        text_string(text, ", for ");
        text_duration(text, (double)(incident->end_ns - incident->begin_ns) / (double)NS_PER_SECOND);
    }
    text_string(text, "; host ");
    text_printable(text, head->host);
    text_string(text, ", Linux ");
    text_printable(text, head->kernel);
    if (head->number > 0)
        text_format(text, "\n  incident %zu of %zu, counted from the newest", head->number, head->count);
    text_char(text, '\n');
}

/* -- kills -- */

static void put_kills(struct text *text, const struct evidence *evidence)
{
    if (evidence->kills_told == 0)
        return;
    put_heading(text, "What was killed");
    for (size_t i = 0; i < evidence->kill_count; i++) {
        const struct evidence_kill *kill = &evidence->kills[i];
        put_time(text, kill->wall_ns);
        text_char(text, ' ');
        text_printable(text, oom_event_particulars(kill->message));
        text_char(text, '\n');
        if (kill->known)
            oom_table_put_details(text, &kill->kill);
    }
    if (evidence->kills_told > evidence->kill_count)
        text_format(text, "  %" PRIu64 " kills in all; replay --events has the others\n",
                    evidence->kills_told);
}

/* -- the table -- */

/* A share of the largest as a bar, in eighths of a column where the reader shows UTF-8. */
static void put_bar(struct text *text, double share, bool signs)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    size_t start = text->length;
    unsigned parts = share > 0 ? (unsigned)((share < 1 ? share : 1) * BAR_CELL * 8 + 0.5) : 0;

    if (share > 0 && parts == 0)
        parts = 1; /* little is not nothing */
    text_char(text, ' ');
    for (unsigned i = 0; i < parts / 8; i++)
        text_string(text, signs ? "█" : "#");
    if (signs)
        text_string(text, eighths[parts % 8]);
    else if (parts % 8 >= 4 || (parts > 0 && parts < 8))
        text_char(text, '#');
    cell_fill_right(text, start, BAR_CELL + 1);
}

static double largest(const struct evidence *evidence, enum evidence_figure figure)
{
    double most = 0;

    for (size_t i = 0; i < evidence->slice_count; i++) {
        double value = evidence->slices[i].figures[figure];
        if (value > most)
            most = value;
    }
    return most;
}

struct scale {
    double memory_bytes;
    double major;
};

static void put_slice_headings(struct text *text)
{
    static const struct {
        const char *word;
        size_t width;
        bool bar;
    } headings[] = {
        {"time", TIME_CELL, false}, {"avail", SIZE_CELL, true}, {"min/s", RATE_CELL, false},
        {"maj/s", RATE_CELL, true}, {"rf/s", RATE_CELL, false}, {"memF", SHARE_CELL, true},
        {"ioF", SHARE_CELL, false},
    };

    for (size_t i = 0; i < sizeof(headings) / sizeof(*headings); i++) {
        cell_word(text, headings[i].word, headings[i].width);
        if (headings[i].bar)
            put_bar(text, 0, false);
    }
    text_char(text, '\n');
}

static void put_slice(struct text *text, const struct evidence_slice *slice, const struct scale *scale,
                      bool signs)
{
    const double *figures = slice->figures;

    put_time(text, slice->wall_ns);
    put_bytes(text, figures[EVIDENCE_AVAILABLE_BYTES], SIZE_CELL);
    put_bar(text, figures[EVIDENCE_AVAILABLE_BYTES] / scale->memory_bytes, signs);
    cell_decimal(text, figures[EVIDENCE_MINOR_FAULTS], 0, RATE_CELL);
    cell_decimal(text, figures[EVIDENCE_MAJOR_FAULTS], 0, RATE_CELL);
    put_bar(text, figures[EVIDENCE_MAJOR_FAULTS] / scale->major, signs);
    cell_decimal(text, figures[EVIDENCE_REFAULTS], 0, RATE_CELL);
    cell_decimal(text, figures[EVIDENCE_MEMORY_STALL], 1, SHARE_CELL);
    put_bar(text, figures[EVIDENCE_MEMORY_STALL] / 100, signs);
    cell_decimal(text, figures[EVIDENCE_IO_STALL], 1, SHARE_CELL);
    text_char(text, '\n');
}

/* Most machines have none, and a column of noughts says nothing. */
static void put_swap(struct text *text, const struct evidence *evidence)
{
    const struct evidence_slice *slices = evidence->slices;
    double most_bytes = largest(evidence, EVIDENCE_SWAP_USED_BYTES);

    if (most_bytes <= 0)
        return;
    text_string(text, "  swap in use: ");
    put_bytes(text, slices[0].figures[EVIDENCE_SWAP_USED_BYTES], 0);
    text_string(text, " at first, ");
    put_bytes(text, most_bytes, 0);
    text_string(text, " at most, ");
    put_bytes(text, slices[evidence->slice_count - 1].figures[EVIDENCE_SWAP_USED_BYTES], 0);
    text_string(text, " at last\n");
}

static void put_legend(struct text *text, double total_bytes)
{
    char bytes[LEGEND_MAX];
    struct text legend = text_over(bytes, sizeof(bytes) - 1);

    text_string(&legend, "avail: memory that could be had");
    if (total_bytes > 0) {
        text_string(&legend, ", of ");
        put_bytes(&legend, total_bytes, 0);
    }
    text_string(&legend, "; rf/s: refaults; memF, ioF: percent of the time in which all tasks stood still "
                         "for memory, for I/O");
    bytes[legend.length] = '\0';
    put_paragraph(text, bytes);
}

static void put_slices(struct text *text, const struct evidence *evidence, bool signs)
{
    bool knows_total = evidence->total_bytes > 0;
    struct scale scale = {
        .memory_bytes = knows_total ? evidence->total_bytes : largest(evidence, EVIDENCE_AVAILABLE_BYTES),
        .major = largest(evidence, EVIDENCE_MAJOR_FAULTS),
    };

    if (scale.major < major_scale_least)
        scale.major = major_scale_least;

    put_heading(text, "How it came");
    if (evidence->slice_count == 0) {
        text_string(text, "  no sample of that time is there\n");
        return;
    }
    put_slice_headings(text);
    for (size_t i = 0; i < evidence->slice_count; i++)
        put_slice(text, &evidence->slices[i], &scale, signs);
    put_legend(text, evidence->total_bytes);
    put_swap(text, evidence);
}

/* -- processes -- */

static void put_process(struct text *text, const struct process_row *row)
{
    text_char(text, ' ');
    cell_name(text, row->comm, COMM_CELL);
    cell_number(text, (struct value){row->pid, true}, PID_CELL);
    cell_number(text, row->uid, RATE_CELL);
    text_char(text, ' ');
    cell_name(text, row->cgroup, 0);
    text_char(text, '\n');
}

static void put_holders(struct text *text, const struct evidence *evidence)
{
    const struct evidence_process *list[EVIDENCE_HOLDERS_MAX];
    size_t count = evidence_holders(evidence, list);

    if (count == 0)
        return;
    put_heading(text, "Who held the memory");
    text_string(text, "  at ");
    clock_put_time_of_day(text, evidence->scan_ns);
    text_string(text, evidence->kills_told > 1   ? ", the last look before the last kill\n"
                      : evidence->kills_told > 0 ? ", the last look before the kill\n"
                                                 : ", the last look\n");
    text_string(text, "       rss    swap command               pid    uid cgroup\n");
    for (size_t i = 0; i < count; i++) {
        cell_size(text, (struct value){list[i]->last.rss_bytes, true}, TIME_CELL);
        cell_size(text, list[i]->last.swap_bytes, SIZE_CELL + 1);
        put_process(text, &list[i]->last);
    }
}

static void put_growers(struct text *text, const struct evidence *evidence)
{
    const struct evidence_process *list[EVIDENCE_HOLDERS_MAX];
    size_t count = evidence_growers(evidence, list);

    if (count == 0)
        return;
    put_heading(text, "Whose grew");
    text_string(text, "      more      within command               pid    uid cgroup\n");
    for (size_t i = 0; i < count; i++) {
        const struct evidence_process *process = list[i];
        put_bytes(text, evidence_growth_bytes(process), TIME_CELL);
        size_t start = text->length;
        text_duration(text, evidence_growth_seconds(process));
        cell_fill_left(text, start, 12);
        put_process(text, &process->last);
    }
}

/* -- alerts -- */

static void put_alerts(struct text *text, const struct evidence *evidence)
{
    if (evidence->alerts_told == 0)
        return;
    put_heading(text, "Alerts");
    for (size_t i = 0; i < evidence->alert_count; i++) {
        put_time(text, evidence->alerts[i].wall_ns);
        text_string(text, "  ");
        text_printable(text, evidence->alerts[i].message);
        text_char(text, '\n');
    }
    if (evidence->alerts_told > evidence->alert_count)
        text_format(text, "  %" PRIu64 " in all; replay --events has the others\n", evidence->alerts_told);
}

/* -- what it adds up to -- */

static const struct {
    const char *meaning;
    const char *advice;
} verdicts[] = {
    [VERDICT_NONE] = {"The figures do not say why.",
                      "Look at the samples of that time: faultline replay -w --psi --around ..."},
    [VERDICT_CGROUP_LIMIT] =
        {"A memory cgroup was full, whatever the machine had left.",
         "A higher limit (memory.max), or less at once in that group: smaller batches, fewer "
         "workers.\nIf one process grew without end, look for its leak first."},
    [VERDICT_MACHINE_FULL] =
        {"The whole machine was out of memory.",
         "Less at once, more memory or swap; a memory limit for the job that grew makes that "
         "job die, and nobody else."},
    [VERDICT_NODES_FULL] =
        {"The memory nodes that the task was bound to were full, others may not have been.",
         "Bind it to more nodes (cpuset.mems, numactl), or not at all."},
    [VERDICT_SWAP_THRASH] =
        {"Memory in use was swapped out and was needed again: the machine ran from its swap.",
         "Run less at once, or add memory."},
    [VERDICT_FILE_THRASH] = {"The files in use did not fit into memory: what was read had just been evicted.",
                             "Less data at once, a higher limit of the cgroup, more memory."},
    [VERDICT_COLD_READ] = {"Files were read for the first time, or after a long while.",
                           "It passes; reading ahead (madvise, readahead) or a faster disk make it shorter."},
    [VERDICT_DIRECT_RECLAIM] =
        {"Memory was asked for faster than the kernel frees it in the background.",
         "Spread allocations out; a higher vm.watermark_scale_factor lets it begin earlier."},
    [VERDICT_RUNNING_OUT] =
        {"Memory became less so fast that it would have been used up within half a minute; "
         "then that ended.",
         "See whose grew; a memory limit for it keeps others from harm."},
};

static void put_grower_sentence(struct text *text, const struct evidence *evidence)
{
    const struct evidence_process *list[EVIDENCE_HOLDERS_MAX];

    if (evidence_growers(evidence, list) == 0)
        return;
    double seconds = evidence_growth_seconds(list[0]);
    text_string(text, "  ");
    text_printable(text, list[0]->last.comm);
    text_format(text, "[%" PRIu64 "] grew by ", list[0]->last.pid);
    put_bytes(text, evidence_growth_bytes(list[0]), 0);
    if (!isnan(seconds)) {
        text_string(text, " within ");
        text_duration(text, seconds);
    }
    text_string(text, ".\n");
}

static void put_verdict(struct text *text, const struct evidence *evidence)
{
    put_heading(text, "Diagnosis");
    put_paragraph(text, verdicts[evidence->verdict].meaning);
    put_grower_sentence(text, evidence);
    put_heading(text, "What to try");
    put_paragraph(text, verdicts[evidence->verdict].advice);
}

void report_put(struct text *text, const struct report_head *head, const struct evidence *evidence,
                bool signs)
{
    put_head(text, head);
    put_kills(text, evidence);
    put_slices(text, evidence, signs);
    put_holders(text, evidence);
    put_growers(text, evidence);
    put_alerts(text, evidence);
    put_verdict(text, evidence);
}
