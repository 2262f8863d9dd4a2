#include "reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What parts the texts of an input. */
static const char separator = '\x1e';

enum {
    TEXTS_MAX = 4,
    END_MAX = 64, /* bytes of a last line that tell one text from another */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

const char *behind_key(const struct line *line, const char *key, char terminator)
{
    size_t length = strlen(key);

    if ((size_t)(line->end - line->at) <= length || memcmp(line->at, key, length) != 0 ||
        line->at[length] != terminator)
        return NULL;
    return line->at + length + 1;
}

struct word next_word(const char **at, const char *end)
{
    while (*at < end && **at == ' ')
        ++*at;
    struct word word = {.at = *at};
    while (*at < end && **at != ' ')
        ++*at;
    word.length = (size_t)(*at - word.at);
    return word;
}

bool is_digits(struct word word)
{
    for (size_t i = 0; i < word.length; i++) {
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
    }
    return word.length > 0;
}

struct claim claim_of_digits(struct word word)
{
    __extension__ unsigned __int128 sum = 0;

    if (!is_digits(word))
        return (struct claim){.kind = SAYS_NONE};
    for (size_t i = 0; i < word.length; i++) {
        sum = sum * 10 + (unsigned)(word.at[i] - '0');
        if (sum > UINT64_MAX)
            return (struct claim){.kind = SAYS_NONE};
    }
    return (struct claim){SAYS_NUMBER, (uint64_t)sum};
}

static bool allows(struct claim claim, struct value value)
{
    switch (claim.kind) {
    case SAYS_NUMBER:
        return value.present && value.number == claim.number;
    case SAYS_NONE:
        return !value.present;
    default:
        return true;
    }
}

/*
 * Of several lines with the same key any may be the one that was read; where there is one, it is that. A line
 * that was missing is looked for again when the text has become another one, which shows at its end; where it
 * turns up in a text that ends as before (MAY_BE_MISSED), which no kernel does, it may be absent. Returns
 * whether the source surely knows the line now.
 */
static bool check_name(const char *name, struct value value, const char *text, const char *text_end,
                       bool may_be_missed)
{
    bool found = false;
    bool missed = may_be_missed && !value.present;
    bool allowed = missed;
    struct claim claim = {0};

    for (const char *at = text; at < text_end;) {
        const char *newline = memchr(at, '\n', (size_t)(text_end - at));
        struct line line = {at, newline ? newline : text_end, text, text_end};
        if (reader.says(&line, name, &claim)) {
            found = true;
            allowed |= allows(claim, value);
        }
        at = line.end + 1;
    }
    if (!found)
        allowed = !value.present;
    if (allowed)
        return found && !missed;
    (void)fprintf(stderr, "%s: the source says %llu (%s), the text says %llu (%s) in:\n%.*s\n", name,
                  (unsigned long long)value.number, value.present ? "present" : "absent",
                  (unsigned long long)claim.number, found ? "on some line" : "nowhere",
                  (int)(text_end - text), text);
    abort();
}

struct run {
    struct source *source;
    int *places;
    struct value *values; /* of exactly as many as there are: the sanitizer sees one too many */
    bool *known;          /* by name, after the text before */
    char *end;            /* of the text before: how its last line begins */
    size_t end_length;
};

static struct run begin_run(void)
{
    struct run run = {.source = source_new(reader.id),
                      .places = calloc(reader.name_count, sizeof(int)),
                      .known = calloc(reader.name_count, sizeof(bool))};

    if (!run.source || !run.places || !run.known)
        abort();
    for (size_t i = 0; i < reader.name_count; i++) {
        run.places[i] = source_want(run.source, reader.names[i]);
        if (run.places[i] < 0)
            abort();
    }
    run.values = calloc(source_value_count(run.source), sizeof(*run.values));
    if (!run.values)
        abort();
    return run;
}

static void end_run(struct run *run)
{
    source_free(run->source);
    free(run->places);
    free(run->values);
    free(run->known);
    free(run->end);
}

/* How the last line begins; nothing where it has no newline, as it may be cut short. */
static struct word end_of(const char *text, size_t length)
{
    if (length == 0 || text[length - 1] != '\n')
        return (struct word){0};
    const char *newline = memrchr(text, '\n', length - 1);
    struct word word = {.at = newline ? newline + 1 : text};
    while (word.length < END_MAX && word.at[word.length] > ' ')
        word.length++;
    return word;
}

/* Whether the text ends as the one before it, and remembers its end. */
static bool ends_as_before(struct run *run, const char *text, size_t length)
{
    struct word end = end_of(text, length);
    bool same = end.length > 0 && end.length == run->end_length && memcmp(end.at, run->end, end.length) == 0;

    free(run->end);
    run->end = malloc(end.length + 1);
    if (!run->end)
        abort();
    if (end.length > 0)
        memcpy(run->end, end.at, end.length);
    run->end_length = end.length;
    return same;
}

static void parse_and_check(struct run *run, const char *text, size_t length)
{
    memset(run->values, 0xff, source_value_count(run->source) * sizeof(*run->values));
    source_parse(run->source, text, length, run->values);
    bool same_end = ends_as_before(run, text, length);
    for (size_t i = 0; i < reader.name_count; i++)
        run->known[i] = check_name(reader.names[i], run->values[run->places[i]], text, text + length,
                                   same_end && !run->known[i]);
}

/* The places are known now, which makes no difference. */
static void parse_again(struct run *run, const char *text, size_t length)
{
    size_t count = source_value_count(run->source);
    struct value *first = calloc(count, sizeof(*first));

    if (!first)
        abort();
    memcpy(first, run->values, count * sizeof(*first));
    source_parse(run->source, text, length, run->values);
    for (size_t i = 0; i < reader.name_count; i++) {
        struct value one = first[run->places[i]];
        struct value other = run->values[run->places[i]];
        if (one.present != other.present || (one.present && one.number != other.number)) {
            (void)fprintf(stderr, "%s: another value when parsed again\n", reader.names[i]);
            abort();
        }
    }
    free(first);
}

/* Each text lies in memory of its own size, so that a read beyond it is seen. */
static void take_text(struct run *run, const uint8_t *data, size_t length)
{
    char *text = malloc(length > 0 ? length : 1);

    if (!text)
        abort();
    memcpy(text, data, length);
    parse_and_check(run, text, length);
    parse_again(run, text, length);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = begin_run();

    for (int texts = 0; texts < TEXTS_MAX; texts++) {
        const uint8_t *end = memchr(data, separator, size);
        size_t length = end ? (size_t)(end - data) : size;
        take_text(&run, data, length);
        if (!end)
            break;
        data += length + 1;
        size -= length + 1;
    }
    end_run(&run);
    return 0;
}

/* What happens to files: lines move, come, go, break off. libFuzzer's own changes are of bytes. */

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245U + 12345U;
    return *state >> 8;
}

/* A line anywhere in the data, its newline included. */
static size_t pick_line(const uint8_t *data, size_t size, unsigned *state, size_t *length)
{
    size_t start = next_random(state) % size;
    size_t end = start;

    while (start > 0 && data[start - 1] != '\n' && data[start - 1] != (uint8_t)separator)
        start--;
    while (end < size && data[end] != '\n' && data[end] != (uint8_t)separator)
        end++;
    *length = end - start + (end < size && data[end] == '\n');
    return start;
}

static size_t remove_line(uint8_t *data, size_t size, unsigned *state)
{
    size_t length;
    size_t start = pick_line(data, size, state, &length);

    memmove(data + start, data + start + length, size - start - length);
    return size - length;
}

/* Copies a line in front of another one. */
static size_t copy_line(uint8_t *data, size_t size, size_t max_size, unsigned *state)
{
    char line[256];
    size_t length, ignored;
    size_t from = pick_line(data, size, state, &length);
    size_t to = pick_line(data, size, state, &ignored);

    if (length > sizeof(line) || size + length > max_size)
        return size;
    memcpy(line, data + from, length);
    memmove(data + to + length, data + to, size - to);
    memcpy(data + to, line, length);
    return size + length;
}

/* Numbers gain and lose digits. */
static size_t change_number(uint8_t *data, size_t size, size_t max_size, unsigned *state)
{
    size_t length;
    size_t at = pick_line(data, size, state, &length);
    size_t end = at + length;

    while (at < end && (data[at] < '0' || data[at] > '9'))
        at++;
    if (at == end)
        return size;
    size_t digits = 1 + next_random(state) % 21;
    if (next_random(state) % 4 == 0) {
        memmove(data + at, data + at + 1, size - at - 1);
        return size - 1;
    }
    if (size + digits > max_size)
        return size;
    memmove(data + at + digits, data + at, size - at);
    for (size_t i = 0; i < digits; i++)
        data[at + i] = (uint8_t)('0' + next_random(state) % 10);
    return size + digits;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    unsigned state = seed;

    if (size == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    switch (next_random(&state) % 8) {
    case 0:
        return remove_line(data, size, &state);
    case 1:
        return copy_line(data, size, max_size, &state);
    case 2:
        size = copy_line(data, size, max_size, &state); /* then removed elsewhere: moved, more or less */
        return remove_line(data, size, &state);
    case 3:
        return change_number(data, size, max_size, &state);
    default:
        return LLVMFuzzerMutate(data, size, max_size);
    }
}
