/*
 * scan FILE: reads all of a recording, each frame of it, and shows none. Prints one line: how many samples
 * there are, and microseconds of CPU time for all.
 */
#include "blackbox/recording.h"
#include "floor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct recording *recording;
    struct problem problem = {0};
    uint64_t samples = 0;
    int found;

    if (argc != 2) {
        (void)fputs("Usage: scan FILE\n", stderr);
        return 2;
    }
    double start_us = cpu_us();
    if (recording_open(&recording, argv[1], &problem) < 0) {
        problem_print(&problem);
        return EXIT_FAILURE;
    }
    while ((found = recording_next(recording)) > RECORDED_END)
        samples += found == RECORDED_SAMPLE;
    check(found, "scan");
    printf("%" PRIu64 " %.0f\n", samples, cpu_us() - start_us);
    recording_close(recording);
    return EXIT_SUCCESS;
}
