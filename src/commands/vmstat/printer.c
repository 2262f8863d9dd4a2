#include "commands/vmstat/printer.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/terminal.h"
#include "commands/outcome.h"

#include <errno.h>
#include <unistd.h>

enum { OUTPUT_BYTES = 64 * 1024 };

/* Three lines less than the screen has, of 24 where it is none: as vmstat(8). */
static unsigned height_of_screen(void)
{
    unsigned lines = terminal_size(STDOUT_FILENO).lines;

    if (lines == 0)
        lines = 24;
    return lines > 3 ? lines - 3 : 22;
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
        .height = settings->one_header ? 0 : height_of_screen(),
    };
    return printer->output.bytes ? 0 : -ENOMEM;
}

void printer_close(struct printer *printer)
{
    text_free(&printer->output);
}

void printer_begin(struct printer *printer)
{
    printer->wall_ns = clock_wall_ns();
    printer->rows = 0;
    if (printer->settings->csv && !printer->begun)
        listing_put_csv_header(&printer->output, printer->listing);
}

int printer_end(struct printer *printer)
{
    int error = file_write_all(STDOUT_FILENO, printer->output.bytes, printer->output.length);

    printer->output.length = 0;
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

void printer_put_lines(struct printer *printer, const union listing_cell *cells)
{
    if (printer->settings->json || printer->settings->csv)
        printer_put(printer, cells);
    else
        listing_put_lines(&printer->output, printer->listing, &printer->style, cells);
}
