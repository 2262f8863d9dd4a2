#include "commands/vmstat/printer.h"

#include "base/clock.h"
#include "base/file.h"
#include "commands/outcome.h"
#include "commands/vmstat/height.h"

#include <errno.h>
#include <unistd.h>

enum { OUTPUT_BYTES = 64 * 1024 };

void printer_measure(struct printer *printer)
{
    printer->height = printer->settings->one_header ? 0 : vmstat_height();
}

int printer_open(struct printer *printer, const struct vmstat_settings *settings,
                 const struct listing *listing, struct problem *problem)
{
    *printer = (struct printer){
        .settings = settings,
        .listing = listing,
        .problem = problem,
        .style = {settings->wide, settings->timestamp, settings->unit, settings->unit_letter},
        .output = text_new(OUTPUT_BYTES + listing_max(listing) * 2),
    };
    if (!printer->output.bytes)
        return -ENOMEM;
    printer_measure(printer);
    if (settings->csv)
        listing_put_csv_header(&printer->output, listing);
    return 0;
}

void printer_close(struct printer *printer)
{
    text_free(&printer->output);
}

void printer_begin(struct printer *printer)
{
    printer->wall_ns = clock_wall_ns();
    printer->rows = 0;
}

int printer_end(struct printer *printer)
{
    struct text *output = &printer->output;
    int error = output->lost > 0 ? -EOVERFLOW : file_write_all(STDOUT_FILENO, output->bytes, output->length);

    output->length = 0;
    return outcome_of_writing(error, printer->problem);
}

static bool wants_headings(const struct printer *printer)
{
    return printer->height > 0 ? printer->rows % printer->height == 0 : !printer->begun;
}

int printer_put(struct printer *printer, const union listing_cell *cells)
{
    struct text *output = &printer->output;

    if (printer->settings->json) {
        listing_put_json(output, printer->listing, cells, printer->wall_ns);
    } else if (printer->settings->csv) {
        listing_put_csv(output, printer->listing, cells, printer->wall_ns);
    } else {
        if (wants_headings(printer))
            listing_put_headings(output, printer->listing, &printer->style);
        listing_put_row(output, printer->listing, &printer->style, cells, printer->wall_ns);
    }
    printer->begun = true;
    printer->rows++;
    return output->length >= OUTPUT_BYTES ? printer_end(printer) : 0;
}

int printer_put_lines(struct printer *printer, const union listing_cell *cells)
{
    if (printer->settings->json || printer->settings->csv)
        return printer_put(printer, cells);
    listing_put_lines(&printer->output, printer->listing, &printer->style, cells);
    return 0;
}
