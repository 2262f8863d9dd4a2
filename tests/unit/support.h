/* What the unit tests share: cmocka, comparisons that it lacks, folders of files, captured output, figures.
 */
#pragma once

#include "base/text.h"
#include "metric/interval.h"

/* cmocka.h wants the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdbool.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

/* TEXT is EXPECTED byte for byte, and nothing of it was lost. */
#define assert_text(text, expected) check_text(text, expected, __FILE__, __LINE__)
void check_text(const struct text *text, const char *expected, const char *file, int line);

/* Two doubles that differ by no more than what sums and quotients of a few doubles lose. */
#define assert_near(actual, expected)              check_near(actual, expected, 1e-9, __FILE__, __LINE__)
#define assert_within(actual, expected, tolerance) check_near(actual, expected, tolerance, __FILE__, __LINE__)
void check_near(double actual, double expected, double tolerance, const char *file, int line);

/* What a metric is that the kernel did not give. */
#define assert_absent(value) check_absent(value, __FILE__, __LINE__)
void check_absent(double value, const char *file, int line);

/* A raw value of a source. */
#define assert_value(value, expected) check_value(value, expected, __FILE__, __LINE__)
void check_value(struct value value, uint64_t expected, const char *file, int line);

struct value some(uint64_t number);

/* The time zone from now on. in_utc() is a setup of cmocka's. */
void set_zone(const char *zone);
int in_utc(void **state);

/* A text over memory of its own, in the block that it stands in. */
#define TEXT(name, size)                                                                                     \
    char name##_memory[size];                                                                                \
    struct text name = text_over(name##_memory, size)

/* A command line for whoever takes one: PROGRAM, and the words of TEXT, which are parted by blanks and stay
 * in it. */
enum { COMMAND_WORDS_MAX = 17 };
struct command_line {
    char *words[COMMAND_WORDS_MAX + 1];
    int count;
};
struct command_line command_line_of(const char *program, char *text);

/* A folder of the test's own below the one for temporary files. */
struct folder {
    char path[64];
};

/* For cmocka_unit_test_setup_teardown(): *STATE is a fresh struct folder. */
int folder_setup(void **state);
int folder_teardown(void **state);
#define unit_test_in_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

void folder_make(struct folder *folder);
void folder_remove(const struct folder *folder);

/* Makes the file, and the folders above it, or overwrites it in place: who has it open reads the new text. */
void folder_put(const struct folder *folder, const char *name, const char *text);
void folder_put_bytes(const struct folder *folder, const char *name, const char *bytes, size_t length);
void folder_delete(const struct folder *folder, const char *name);

/* Makes /proc/PID/stat of a folder like /proc. */
void folder_put_process(const struct folder *folder, unsigned pid, const char *comm, unsigned major_faults);

/* For functions that take a folder's descriptor; to be closed by the caller. */
int folder_fd(const struct folder *folder);

/* The whole of a file, terminated; free it. */
char *folder_get(const struct folder *folder, const char *name);
char *file_get(const char *path);

/* How many are open. */
int open_descriptors(void);

/* The folder of frame FRAME of a recorded machine: "linux-6.18", 0. Valid until the next call. */
const char *fixture_path(const char *machine, int frame);

/* One file of it, terminated; free it. */
char *fixture_get(const char *machine, int frame, const char *name);

extern const char *const fixture_machines[];
extern const size_t fixture_machine_count;

/* What is written to a descriptor between the two calls. cmocka's own lines would go there too: assert after
 * capture_end(). */
struct capture {
    int fd;
    int saved;
    int memory;
};

void capture_begin(struct capture *capture, int fd);

/* All of it, terminated; free it. */
char *capture_end(struct capture *capture);

/* An interval of one second in which everything is absent until the test says otherwise. */
struct figures {
    struct interval interval;
    double values[METRIC_TABLE_SIZE];
};

void figures_init(struct figures *figures);
