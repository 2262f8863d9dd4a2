#include "watch/diagnosis.h"

#include <math.h>
#include <unistd.h>

/* What makes up most of the pages read is the cause. */
static const double majority = 0.5;

const enum metric_id diagnosis_inputs[] = {
    M_major_faults_per_second,  M_refaults_file_per_second, M_refaults_anon_per_second,
    M_swap_in_bytes_per_second, M_io_in_bytes_per_second,   M_direct_scans_per_second,
};
const size_t diagnosis_input_count = sizeof(diagnosis_inputs) / sizeof(*diagnosis_inputs);

/* Pages a second. */
struct reads {
    double total;
    double refaulted_file;
    double swapped_in;
    bool known; /* this kernel tells refaults from first reads */
};

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static struct reads reads_of(const struct interval *interval)
{
    const double *values = interval->values;
    double page_size = (double)sysconf(_SC_PAGESIZE);
    struct reads reads = {
        .refaulted_file = zero_if_absent(values[M_refaults_file_per_second]),
        /* zswap gives pages back without pswpin (mm/page_io.c), but a refault they are. */
        .swapped_in = larger(zero_if_absent(values[M_swap_in_bytes_per_second]) / page_size,
                             zero_if_absent(values[M_refaults_anon_per_second])),
        .known = !isnan(values[M_refaults_file_per_second]),
    };
    /*
     * What block devices delivered is the measure, as a fault reads more pages than one (read-ahead). Files
     * on network file systems and zswap do not pass there (zram does): then the parts are the whole.
     */
    double from_devices = zero_if_absent(values[M_io_in_bytes_per_second]) / page_size;
    double parts = reads.refaulted_file + reads.swapped_in;
    reads.total = larger(larger(from_devices, parts), zero_if_absent(values[M_major_faults_per_second]));
    return reads;
}

enum diagnosis diagnose_reads(const struct interval *interval)
{
    struct reads reads = reads_of(interval);

    if (!reads.known || reads.total <= 0)
        return DIAGNOSIS_NONE;
    if (reads.swapped_in >= majority * reads.total)
        return DIAGNOSIS_SWAP_THRASH;
    if (reads.refaulted_file >= majority * reads.total)
        return DIAGNOSIS_FILE_THRASH;
    if (reads.refaulted_file + reads.swapped_in >= majority * reads.total)
        return reads.swapped_in > reads.refaulted_file ? DIAGNOSIS_SWAP_THRASH : DIAGNOSIS_FILE_THRASH;
    return DIAGNOSIS_COLD_READ;
}

enum diagnosis diagnose_memory_stall(const struct interval *interval)
{
    enum diagnosis reads = diagnose_reads(interval);

    if (reads == DIAGNOSIS_SWAP_THRASH || reads == DIAGNOSIS_FILE_THRASH)
        return reads;
    /* A first read is no stall for memory (mm/filemap.c counts waits for refaulting pages alone). */
    return interval->values[M_direct_scans_per_second] > 0 ? DIAGNOSIS_DIRECT_RECLAIM : DIAGNOSIS_NONE;
}

const char *diagnosis_name(enum diagnosis diagnosis)
{
    static const char *const names[] = {
        [DIAGNOSIS_COLD_READ] = "cold_read",
        [DIAGNOSIS_FILE_THRASH] = "file_thrash",
        [DIAGNOSIS_SWAP_THRASH] = "swap_thrash",
        [DIAGNOSIS_DIRECT_RECLAIM] = "direct_reclaim",
    };
    return names[diagnosis];
}

static void put_share(struct text *text, const char *what, double part, double whole)
{
    text_string(text, what);
    text_decimal(text, whole > 0 ? part / whole * 100 : 0, 0);
    text_char(text, '%');
}

void diagnosis_put_meaning(struct text *text, enum diagnosis diagnosis, const struct interval *interval)
{
    struct reads reads = reads_of(interval);

    switch (diagnosis) {
    case DIAGNOSIS_COLD_READ:
        put_share(text, "refaults ", reads.refaulted_file, reads.total);
        text_string(text, ": files are read for the first time, or after a long while");
        break;
    case DIAGNOSIS_FILE_THRASH:
        put_share(text, "refaults ", reads.refaulted_file, reads.total);
        if (reads.swapped_in > 0)
            put_share(text, ", swap-ins ", reads.swapped_in, reads.total);
        text_string(text, ": the working set does not fit in RAM");
        break;
    case DIAGNOSIS_SWAP_THRASH:
        put_share(text, "swap-ins ", reads.swapped_in, reads.total);
        text_string(text, ": memory in use was swapped out and is needed again");
        break;
    case DIAGNOSIS_DIRECT_RECLAIM:
        text_string(text, "direct reclaim of ");
        text_decimal(text, interval->values[M_direct_scans_per_second], 0);
        text_string(text, " pages/s: tasks must free memory before they get any");
        break;
    case DIAGNOSIS_NONE:
        break;
    }
}
