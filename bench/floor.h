/*
 * What the programs here measure against: the bare pread of the files that something is made from, in one
 * process with it, in batches that take turns so that what else happens on the machine meets both alike.
 */
#pragma once

#include "metric/sampler.h"

#include <stddef.h>

enum { FLOOR_BATCHES = 50, FLOOR_BATCH_TURNS = 200 };

/* A file, read with as many preads as the kernel hands it out in and not one more. */
struct bare_file {
    int fd;
    char *bytes;
    size_t capacity;
    unsigned pieces;
};

struct bare_files {
    struct bare_file list[SOURCE_COUNT];
    size_t count;
};

/* The files that SAMPLER, which is open, reads, and no other. */
void bare_files_open(struct bare_files *files, const struct sampler *sampler);
void bare_files_close(struct bare_files *files);

/* Finds out in how many pieces the kernel hands each of them out. Files grow: again now and then. */
void bare_files_size(struct bare_files *files);

/* Reads all of them once. */
void bare_files_read(struct bare_files *files);

/* CPU time of this process and all its threads so far. */
double cpu_us(void);

/* Medians over the batches. */
struct against_floor {
    double turn_us;
    double preads_us; /* of the files once */
    double ratio;
};

/* What a call of TURN with CONTEXT costs. */
struct against_floor floor_measure(struct bare_files *files, void (*turn)(void *context), void *context);

/* End the program, and say why. */
__attribute__((noreturn)) void die(const char *what); /* by errno */
void check(int error, const char *what);              /* where ERROR is a negative errno */
