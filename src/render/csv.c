#include "render/csv.h"

#include "base/clock.h"

#include <math.h>

void csv_put_header(struct text *text, const struct columns *columns)
{
    text_string(text, "time,interval_seconds");
    for (size_t i = 0; i < columns->count; i++) {
        text_char(text, ',');
        text_string(text, columns->list[i].metric->id);
    }
    text_char(text, '\n');
}

void csv_put_row(struct text *text, const struct columns *columns, const struct interval *interval)
{
    clock_put_iso(text, interval->wall_ns);
    text_char(text, ',');
    text_decimal(text, interval->seconds, 3);
    for (size_t i = 0; i < columns->count; i++) {
        double value = interval->values[columns->list[i].index];
        text_char(text, ',');
        if (!isnan(value))
            text_decimal(text, value, metric_decimals(columns->list[i].metric));
    }
    text_char(text, '\n');
}
