#include "metric/fault_book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_MIN = 64 };

/* PLACES is a hash of indexes into PAIRS, each plus one, of twice as many as those there is room for. */
struct fault_book {
    struct fault_pair *pairs;
    size_t count;
    size_t room;
    size_t *places;
};

struct fault_book *fault_book_new(void)
{
    return calloc(1, sizeof(struct fault_book));
}

void fault_book_free(struct fault_book *book)
{
    if (!book)
        return;
    for (size_t i = 0; i < book->count; i++) {
        free(book->pairs[i].path);
        free(book->pairs[i].cgroup);
    }
    free(book->pairs);
    free(book->places);
    free(book);
}

static bool same_key(const struct fault_key *a, const struct fault_key *b)
{
    return a->start_ns == b->start_ns && a->inode == b->inode && a->device == b->device && a->pid == b->pid &&
           a->backing == b->backing;
}

static size_t hash_of(const struct fault_key *key)
{
    static const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = key->start_ns;

    hash = (hash ^ key->inode) * odd;
    hash = (hash ^ (uint64_t)key->device << 32 ^ key->pid) * odd;
    hash = (hash ^ key->backing ^ hash >> 32) * odd;
    return (size_t)(hash >> 32);
}

/* Where KEY is, or the empty place that it belongs to. */
static size_t *place_of(const struct fault_book *book, const struct fault_key *key)
{
    size_t mask = 2 * book->room - 1;
    size_t at = hash_of(key) & mask;

    while (book->places[at] != 0 && !same_key(&book->pairs[book->places[at] - 1].key, key))
        at = (at + 1) & mask;
    return &book->places[at];
}

static int grow(struct fault_book *book)
{
    size_t room = book->room > 0 ? 2 * book->room : PAIRS_MIN;
    size_t *places = calloc(2 * room, sizeof(*places));
    struct fault_pair *pairs = places ? reallocarray(book->pairs, room, sizeof(*pairs)) : NULL;

    if (!pairs) {
        free(places);
        return -ENOMEM;
    }
    free(book->places);
    book->pairs = pairs;
    book->places = places;
    book->room = room;
    for (size_t i = 0; i < book->count; i++)
        *place_of(book, &pairs[i].key) = i + 1;
    return 0;
}

const struct fault_pair *fault_book_find(const struct fault_book *book, const struct fault_key *key)
{
    size_t place = book->room > 0 ? *place_of(book, key) : 0;
    return place > 0 ? &book->pairs[place - 1] : NULL;
}

/* The one that is there, or a new one without names. NULL without memory. */
static struct fault_pair *pair_of(struct fault_book *book, const struct fault_key *key)
{
    /* Before it is looked for, as it is put where it was not found. */
    if (book->count == book->room && grow(book) < 0)
        return NULL;
    size_t *place = place_of(book, key);
    if (*place == 0) {
        book->pairs[book->count++] = (struct fault_pair){.key = *key};
        *place = book->count;
    }
    return &book->pairs[*place - 1];
}

int fault_book_name(struct fault_book *book, const struct fault_names *names)
{
    struct fault_pair *pair = pair_of(book, &names->key);
    char *path = strdup(names->path);
    char *cgroup = strdup(names->cgroup);

    if (!pair || pair->named || !path || !cgroup) {
        free(path);
        free(cgroup);
        return pair && pair->named ? 0 : -ENOMEM;
    }
    pair->named = true;
    pair->deleted = names->deleted;
    pair->uid = names->uid;
    memcpy(pair->comm, names->comm, sizeof(pair->comm));
    pair->path = path;
    pair->cgroup = cgroup;
    return 0;
}

int fault_book_add(struct fault_book *book, const struct fault_key *key, const struct fault_sum *sum)
{
    struct fault_pair *pair = pair_of(book, key);

    if (!pair)
        return -ENOMEM;
    latency_add_sum(&pair->latency, sum);
    return 0;
}

/* -- rows -- */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_processes(const struct fault_pair *a, const struct fault_pair *b)
{
    int order = compare_numbers(a->key.pid, b->key.pid);
    return order != 0 ? order : compare_numbers(a->key.start_ns, b->key.start_ns);
}

static int compare_files(const struct fault_pair *a, const struct fault_pair *b)
{
    int order = compare_numbers(a->key.backing, b->key.backing);

    if (order == 0)
        order = compare_numbers(a->key.device, b->key.device);
    return order != 0 ? order : compare_numbers(a->key.inode, b->key.inode);
}

static int compare_pairs(const struct fault_pair *a, const struct fault_pair *b)
{
    int order = compare_processes(a, b);
    return order != 0 ? order : compare_files(a, b);
}

static int compare_cgroups(const struct fault_pair *a, const struct fault_pair *b)
{
    return strcmp(a->cgroup ? a->cgroup : "", b->cgroup ? b->cgroup : "");
}

static int (*const comparisons[])(const struct fault_pair *a, const struct fault_pair *b) = {
    [FAULTS_BY_PAIR] = compare_pairs,
    [FAULTS_BY_PROCESS] = compare_processes,
    [FAULTS_BY_FILE] = compare_files,
    [FAULTS_BY_CGROUP] = compare_cgroups,
};

/* Of a group those without names first, then in the order in which they were told of. */
static int compare_age(const struct fault_pair *a, const struct fault_pair *b)
{
    return a->named != b->named ? a->named - b->named : (a > b) - (a < b);
}

static int compare_members(const void *left, const void *right, void *grouping)
{
    const struct fault_row *a = left;
    const struct fault_row *b = right;
    int order = comparisons[*(const enum fault_grouping *)grouping](a->pair, b->pair);

    return order != 0 ? order : compare_age(a->pair, b->pair);
}

static int compare_lost(const void *left, const void *right)
{
    const struct fault_row *a = left;
    const struct fault_row *b = right;
    int order = compare_numbers(latency_lost_ns(&b->latency), latency_lost_ns(&a->latency));

    if (order == 0)
        order = compare_numbers(b->latency.faults, a->latency.faults);
    return order != 0 ? order : compare_pairs(a->pair, b->pair);
}

static void list_pairs(struct fault_rows *rows, const struct fault_book *book)
{
    for (size_t i = 0; i < book->count; i++) {
        const struct fault_pair *pair = &book->pairs[i];
        if (pair->latency.faults + pair->latency.waits == 0)
            continue;
        rows->list[rows->count++] = (struct fault_row){pair, pair->latency};
        latency_add(&rows->all, &pair->latency);
        if (pair->key.backing == FAULT_UNKNOWN)
            rows->unknown += pair->latency.faults;
    }
}

/* They are sorted by groups. */
static void merge_groups(struct fault_rows *rows, enum fault_grouping grouping)
{
    size_t groups = 0;

    for (size_t i = 0; i < rows->count; i++) {
        struct fault_row *last = groups > 0 ? &rows->list[groups - 1] : NULL;
        if (last && comparisons[grouping](last->pair, rows->list[i].pair) == 0) {
            latency_add(&last->latency, &rows->list[i].latency);
            last->pair = rows->list[i].pair;
        } else {
            rows->list[groups++] = rows->list[i];
        }
    }
    rows->count = groups;
}

int fault_rows_make(struct fault_rows *rows, const struct fault_book *book, enum fault_grouping grouping)
{
    *rows = (struct fault_rows){.list = calloc(book->count + 1, sizeof(*rows->list))};
    if (!rows->list)
        return -ENOMEM;
    list_pairs(rows, book);
    qsort_r(rows->list, rows->count, sizeof(*rows->list), compare_members, &grouping);
    merge_groups(rows, grouping);
    qsort(rows->list, rows->count, sizeof(*rows->list), compare_lost);
    return 0;
}

void fault_rows_free(struct fault_rows *rows)
{
    free(rows->list);
    *rows = (struct fault_rows){0};
}

void fault_rows_add_others(struct fault_rows *rows, const struct fault_sum *sum)
{
    latency_add_sum(&rows->others_latency, sum);
    latency_add_sum(&rows->all, sum);
}

void fault_rows_cut(struct fault_rows *rows, size_t most)
{
    for (; rows->count > most; rows->count--) {
        latency_add(&rows->others_latency, &rows->list[rows->count - 1].latency);
        rows->others++;
    }
}
