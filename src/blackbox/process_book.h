/*
 * Scans of processes as frames. A process is told whole when it first turns up behind a full sample; from
 * then on it is a number in a book that writer and reader keep alike, and its figures are differences.
 */
#pragma once

#include "base/pack.h"
#include "metric/process_scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROCESS_BOOK_MAX = 256, /* processes; then a full sample has to begin a new book */
    PROCESS_ROWS_MAX = 100, /* of a scan */
};

/* What a scan tells of all processes. */
struct process_summary {
    uint64_t since_ns;  /* from the scan before; 0: it is the first */
    uint64_t processes; /* there were */
    uint64_t unread;    /* could not be read */
};

struct process_book;

/* NULL without memory. */
struct process_book *process_book_new(void);
void process_book_free(struct process_book *book);

/* At every full sample: nobody is in it any more. */
void process_book_clear(struct process_book *book);

/* Whether COUNT more would still fit. */
bool process_book_has_room(const struct process_book *book, size_t count);

/* Puts the content of a frame, and takes the ROWS into the book. The book has to be cleared by a full sample
 * where the frame does not reach the file. */
void process_book_put(struct process_book *book, struct packer *packer, const struct process_summary *summary,
                      const struct process_row *rows, size_t count);

/* Takes the content of a frame into the book, *SUMMARY and ROWS[PROCESS_ROWS_MAX]. False where it is none;
 * the book is undefined then. */
bool process_book_take(struct process_book *book, struct unpacker *unpacker, struct process_summary *summary,
                       struct process_row *rows, size_t *count);
