/* An incident in plain text, for a colleague who was not there. */
#pragma once

#include "base/text.h"
#include "watch/evidence.h"
#include "watch/incidents.h"

struct report_head {
    const char *host;
    const char *kernel;
    const struct incident *incident;
    size_t number; /* counted from the newest, 1; 0: a time was asked for, and there was none */
    size_t count;
};

/* An upper bound for what it needs. */
enum { REPORT_MAX = 256 * 1024 };

/* SIGNS: the reader shows UTF-8; else bars are drawn with '#'. */
void report_put(struct text *text, const struct report_head *head, const struct evidence *evidence,
                bool signs);
