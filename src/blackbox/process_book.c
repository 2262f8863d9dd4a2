#include "blackbox/process_book.h"

#include "blackbox/packed_value.h"

#include <stdlib.h>
#include <string.h>

enum { KIB = 1024, NEW_PROCESS = 0 };

struct process_book {
    struct process_row rows[PROCESS_BOOK_MAX]; /* as they were last told */
    size_t count;
};

struct process_book *process_book_new(void)
{
    return calloc(1, sizeof(struct process_book));
}

void process_book_free(struct process_book *book)
{
    free(book);
}

void process_book_clear(struct process_book *book)
{
    book->count = 0;
}

bool process_book_has_room(const struct process_book *book, size_t count)
{
    return count <= PROCESS_BOOK_MAX - book->count;
}

static bool same_process(const struct process_row *a, const struct process_row *b)
{
    return a->pid == b->pid && a->start_ticks == b->start_ticks && a->uid.present == b->uid.present &&
           a->uid.number == b->uid.number && strcmp(a->comm, b->comm) == 0 &&
           strcmp(a->cgroup, b->cgroup) == 0;
}

/* Its place in the book, or the one behind the last. */
static size_t find(const struct process_book *book, const struct process_row *row)
{
    size_t i = 0;

    while (i < book->count && !same_process(&book->rows[i], row))
        i++;
    return i;
}

/* A new one, all its figures zero. */
static struct process_row *add(struct process_book *book)
{
    struct process_row *row = &book->rows[book->count++];

    memset(row, 0, sizeof(*row));
    return row;
}

static void put_identity(struct packer *packer, const struct process_row *row)
{
    pack_unsigned(packer, row->pid);
    pack_unsigned(packer, row->start_ticks);
    pack_value(packer, row->uid);
    pack_string(packer, row->comm);
    pack_string(packer, row->cgroup);
}

static void take_identity(struct unpacker *unpacker, struct process_row *row)
{
    row->pid = unpack_unsigned(unpacker);
    row->start_ticks = unpack_unsigned(unpacker);
    row->uid = unpack_value(unpacker);
    unpack_string(unpacker, row->comm, sizeof(row->comm));
    unpack_string(unpacker, row->cgroup, sizeof(row->cgroup));
}

static void put_difference(struct packer *packer, uint64_t before, uint64_t now)
{
    pack_signed(packer, (int64_t)(now - before));
}

static void take_difference(struct unpacker *unpacker, uint64_t *number)
{
    *number += (uint64_t)unpack_signed(unpacker);
}

/* What grew since the last scan is, as a rule, what grew since the process was last told of: then it is 1. */
static void put_since(struct packer *packer, struct value since, uint64_t grown)
{
    uint64_t off = since.number - grown;
    uint64_t folded = off >> 63 ? ~(off << 1) : off << 1;

    pack_unsigned(packer, since.present ? folded + 1 : 0);
}

static struct value take_since(struct unpacker *unpacker, uint64_t grown)
{
    uint64_t folded = unpack_unsigned(unpacker);

    if (folded == 0)
        return (struct value){0, false};
    folded--;
    return (struct value){grown + (folded & 1 ? ~(folded >> 1) : folded >> 1), true};
}

/* KiB: a page has no less. Swap is shifted by one, 0 says that it is absent. */
static uint64_t swap_code(const struct process_row *row)
{
    return row->swap_bytes.present ? row->swap_bytes.number / KIB + 1 : 0;
}

static void put_figures(struct packer *packer, const struct process_row *before,
                        const struct process_row *row)
{
    put_difference(packer, before->rss_bytes / KIB, row->rss_bytes / KIB);
    put_difference(packer, swap_code(before), swap_code(row));
    put_difference(packer, before->minor_faults, row->minor_faults);
    put_difference(packer, before->major_faults, row->major_faults);
    put_since(packer, row->minor_faults_since, row->minor_faults - before->minor_faults);
    put_since(packer, row->major_faults_since, row->major_faults - before->major_faults);
}

static void take_figures(struct unpacker *unpacker, struct process_row *row)
{
    uint64_t rss_kib = row->rss_bytes / KIB;
    uint64_t swap = swap_code(row);
    uint64_t minor_faults = row->minor_faults;
    uint64_t major_faults = row->major_faults;

    take_difference(unpacker, &rss_kib);
    take_difference(unpacker, &swap);
    take_difference(unpacker, &row->minor_faults);
    take_difference(unpacker, &row->major_faults);
    row->rss_bytes = rss_kib * KIB;
    row->swap_bytes = swap > 0 ? (struct value){(swap - 1) * KIB, true} : (struct value){0, false};
    row->minor_faults_since = take_since(unpacker, row->minor_faults - minor_faults);
    row->major_faults_since = take_since(unpacker, row->major_faults - major_faults);
}

static void put_row(struct process_book *book, struct packer *packer, const struct process_row *row)
{
    size_t place = find(book, row);
    bool is_new = place == book->count;
    struct process_row *before = is_new ? add(book) : &book->rows[place];

    pack_unsigned(packer, is_new ? NEW_PROCESS : place + 1);
    if (is_new)
        put_identity(packer, row);
    put_figures(packer, before, row);
    *before = *row;
}

void process_book_put(struct process_book *book, struct packer *packer, const struct process_summary *summary,
                      const struct process_row *rows, size_t count)
{
    pack_unsigned(packer, summary->since_ns);
    pack_unsigned(packer, summary->processes);
    pack_unsigned(packer, summary->unread);
    pack_unsigned(packer, count);
    for (size_t i = 0; i < count; i++)
        put_row(book, packer, &rows[i]);
}

static bool take_row(struct process_book *book, struct unpacker *unpacker, struct process_row *row)
{
    uint64_t place = unpack_unsigned(unpacker);

    if (place > book->count || (place == NEW_PROCESS && book->count == PROCESS_BOOK_MAX))
        return false;
    struct process_row *told = place == NEW_PROCESS ? add(book) : &book->rows[place - 1];
    if (place == NEW_PROCESS)
        take_identity(unpacker, told);
    take_figures(unpacker, told);
    *row = *told;
    return !unpacker->bad;
}

bool process_book_take(struct process_book *book, struct unpacker *unpacker, struct process_summary *summary,
                       struct process_row *rows, size_t *count)
{
    summary->since_ns = unpack_unsigned(unpacker);
    summary->processes = unpack_unsigned(unpacker);
    summary->unread = unpack_unsigned(unpacker);
    uint64_t told = unpack_unsigned(unpacker);
    if (unpacker->bad || told > PROCESS_ROWS_MAX)
        return false;
    *count = (size_t)told;
    for (size_t i = 0; i < *count; i++) {
        if (!take_row(book, unpacker, &rows[i]))
            return false;
    }
    return unpacker->at == unpacker->end;
}
