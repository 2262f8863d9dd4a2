/* Recordings that tests make up. Whatever is in one is known by a number: what is read can be held against
 * what was written, wherever it comes from. */
#pragma once

#include "blackbox/recording.h"
#include "blackbox/writer.h"
#include "support.h"

enum {
    TAPE_COLUMNS = 24,
    TAPE_PROCESSES = 3,
    TAPE_BYTES = 4 * SEGMENT_BYTES, /* the smallest file there is */
};

#define TAPE_SECOND  UINT64_C(1000000000)
#define TAPE_WALL_NS (UINT64_C(1764000000) * TAPE_SECOND) /* 2025-11-24 16:00 UTC: when number 0 was */

struct tape {
    char path[96];
    struct schema schema;
    uint8_t boot_id[BOOT_ID_BYTES];
    struct store store;
    struct writer *writer;
    struct sample sample;   /* with room for the columns */
    uint64_t wall_ahead_ns; /* that the wall clock has been set forward (back: two's complement) */
};

/* A schema of TAPE_COLUMNS, to be changed before tape_open() at will. */
void tape_init(struct tape *tape, const struct folder *folder, const char *name);
void tape_free(struct tape *tape);

/* Begins the file, or goes on with what there is. BYTES as in struct store_settings. */
void tape_open(struct tape *tape, uint64_t bytes);

/* Leaves it as a crash would. */
void tape_close(struct tape *tape);

/* From now on, of a boot with this number. */
void tape_set_boot(struct tape *tape, uint8_t boot);

/* These happen NUMBER seconds after the boot. What is not put by tape_try() has to be written. */
void tape_put_run(struct tape *tape, uint64_t number);
void tape_put_stop(struct tape *tape, uint64_t number);
void tape_put_alert(struct tape *tape, uint64_t number);
void tape_put_kill(struct tape *tape, uint64_t number); /* of three, where NUMBER ends with 9 */
void tape_put(struct tape *tape, uint64_t number, bool processes);
int tape_try(struct tape *tape, uint64_t number, bool processes);

/* Samples FIRST to LAST. */
void tape_put_samples(struct tape *tape, uint64_t first, uint64_t last);

/* The values of sample NUMBER. */
void tape_fill(struct sample *sample, uint64_t number, uint64_t wall_ahead_ns);

/* What was read, and which it is; every field of it has been held against what was put. */
struct tape_item {
    int kind; /* enum recorded */
    uint64_t number;
};

/* KIND is what recording_next() has just said, or the like of it; the decoder has it. */
struct tape_item tape_identify(int kind, const struct decoder *decoder, uint64_t wall_ahead_ns);

enum { TAPE_ITEMS_MAX = 16384 };
struct tape_items {
    struct tape_item at[TAPE_ITEMS_MAX];
    size_t count;
};

/* A recording that can be opened. */
struct recording *tape_play(const char *path);

/* All that comes until the recording ends. */
void tape_read(struct recording *recording, struct tape_items *items);

/* Opens, reads, closes. *LOSS may be NULL. */
void tape_read_file(const char *path, struct tape_items *items, struct recording_loss *loss);

/* Whether, and how often, it is among them. */
size_t tape_count(const struct tape_items *items, int kind, uint64_t number);
size_t tape_count_kind(const struct tape_items *items, int kind);

/* Kinds, in letters: "[" a segment, "r" run, "s" sample, "p" processes, "e" event, "." stop, "!" loss. */
void tape_spell(const struct tape_items *items, char *letters, size_t size);
#define assert_spelled(items, letters) tape_check_spelling(items, letters, __FILE__, __LINE__)
void tape_check_spelling(const struct tape_items *items, const char *letters, const char *file, int line);

/* The bytes of the file, to be damaged at will. */
void tape_patch(const char *path, uint64_t offset, const void *bytes, size_t length);

/* A segment becomes one of another version, whole: its checksum says so. */
void tape_set_version(const char *path, uint64_t segment, uint8_t version);
void tape_peek(const char *path, uint64_t offset, void *bytes, size_t length);
void tape_cut(const char *path, uint64_t bytes);
uint64_t tape_length(const char *path);

/* Where the next frame of its newest segment would stand. */
uint64_t tape_used(const char *path);
