/*
 * Who is behind major faults. Where the kernel lets a program in, that one counts them by process
 * (kernel/major_fault_counts.h); elsewhere all processes are looked at from the time on when an alert begins,
 * and what happened between two looks can be told.
 *
 * A machine without an alert pays a store a row for the one, and nothing for the other.
 */
#pragma once

#include "kernel/process.h"

#include <stddef.h>
#include <stdint.h>

enum { CULPRITS_MAX = 3 };

struct culprit {
    uint64_t pid;
    char comm[PROCESS_COMM_MAX]; /* any bytes, terminated */
    double major_faults_per_second;
};

struct culprits;

/* Of the processes that PROC_PATH, which stays the caller's, has. Sets *CULPRITS, to be freed with
 * culprits_free(); NULL where it fails. Returns 0 or a negative errno. */
int culprits_open(struct culprits **culprits, const char *proc_path);

/* NULL is allowed. */
void culprits_free(struct culprits *culprits);

/* The first interval begins. */
void culprits_begin(struct culprits *culprits);

/* What is asked at an interval's end, of the alert about major faults. */
enum culprits_demand {
    CULPRITS_NONE, /* there is none */
    CULPRITS_SOON, /* it goes on, and its next line is not due yet */
    CULPRITS_NOW,  /* a line about it is to be told */
};

/*
 * Takes in the interval that has just ended and lasted SECONDS; every one. Fills NAMED with who had the most
 * major faults a second in it, most first, and returns how many they are: 0 but for CULPRITS_NOW, and then,
 * too, where nobody can be named, as of processes that are looked at with the first look, which has none
 * before it. Where looks are closer than CULPRITS_LOOK_SECONDS they are made that far apart, unless names are
 * wanted now; then a rate is of the time between two.
 *
 * Allocates nothing, unless there are more than twice as many processes as there were at the start.
 */
#define CULPRITS_LOOK_SECONDS 1.0
size_t culprits_take(struct culprits *culprits, enum culprits_demand demand, double seconds,
                     struct culprit named[CULPRITS_MAX]);
