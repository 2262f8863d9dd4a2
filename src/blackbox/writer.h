/*
 * Writes a recording: one frame after the other into the newest segment, and when that is full into the one
 * that is oldest by then. Every frame is one write, of bytes that are there already as far as the file system
 * goes; nothing is allocated. Whoever reads the file meanwhile, or after a crash at any moment, finds all
 * frames that were written.
 */
#pragma once

#include "blackbox/process_book.h"
#include "blackbox/run_frame.h"
#include "blackbox/sample.h"
#include "blackbox/schema.h"
#include "blackbox/segment.h"
#include "blackbox/store.h"
#include "watch/event.h"

struct writer;

/* A scan of processes that goes with a sample. */
struct process_record {
    struct process_summary summary;
    const struct process_row *rows;
    size_t count; /* up to PROCESS_ROWS_MAX */
};

/*
 * Goes on behind what the store holds, or begins. SCHEMA is copied. BOOT_ID is that of the running kernel.
 * *WRITER is closed with writer_close(), which leaves the store open. Returns 0 or a negative errno, with
 * *PROBLEM set unless -ENOMEM.
 */
int writer_open(struct writer **writer, const struct store *store, const char *path,
                const struct schema *schema, const uint8_t boot_id[BOOT_ID_BYTES], struct problem *problem);
void writer_close(struct writer *writer); /* NULL is allowed */

/* These return 0, or a negative errno: then nothing of it is in the file, and the next one may well be. */
int writer_put_run(struct writer *writer, const struct run *run);
int writer_put_stop(struct writer *writer, const struct stop *stop);

/* SAMPLE has as many values as the schema has columns. PROCESSES: a scan that was made right behind it, or
 * NULL.
 */
int writer_put_sample(struct writer *writer, const struct sample *sample,
                      const struct process_record *processes);
int writer_put_event(struct writer *writer, const struct event *event, uint64_t monotonic_ns);

/* These are for copies. What comes is of another schema or boot, unless both are as before. */
int writer_change(struct writer *writer, const struct schema *schema, const uint8_t boot_id[BOOT_ID_BYTES]);

/* Something is missing before what comes. */
int writer_leave_gap(struct writer *writer);

/* Nothing comes any more. */
int writer_finish(struct writer *writer);
