#include "render/listing.h"

#include "base/clock.h"
#include "base/size.h"
#include "render/json_object.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum {
    TIMESTAMP_WIDTH = 19,
    NAME_BYTES_MAX = 512,
    NAME_CELL_MAX = NAME_BYTES_MAX * 6 + 32,
    NUMBER_CELL_MAX = 64,
    SECTOR_BYTES = 512,
};

size_t listing_max(const struct listing *listing)
{
    size_t size = 512;

    for (size_t i = 0; i < listing->count; i++) {
        const struct listing_field *field = &listing->fields[i];
        size += field->unit == LISTING_NAME ? NAME_CELL_MAX : NUMBER_CELL_MAX;
        size += strlen(field->heading) + (field->key ? strlen(field->key) : 0);
    }
    return size;
}

/* -- as procps shows them -- */

static int width_of(const struct listing_field *field, const struct listing_style *style)
{
    return style->wide && field->wide_width != 0 ? field->wide_width : field->width;
}

/* Fills the cell that begins at START up to WIDTH. */
static void fill(struct text *text, size_t start, int width)
{
    size_t used = text_width(text->bytes + start, text->length - start);
    size_t wanted = (size_t)(width < 0 ? -width : width);

    if (width > 0 && used < wanted)
        text_indent(text, start, wanted - used);
    for (; width < 0 && used < wanted; used++)
        text_char(text, ' ');
}

static void put_timestamp(struct text *text, const struct listing_style *style, const char *word)
{
    if (!style->timestamp)
        return;
    text_char(text, ' ');
    size_t start = text->length;
    text_string(text, word);
    fill(text, start, TIMESTAMP_WIDTH);
}

void listing_put_headings(struct text *text, const struct listing *listing, const struct listing_style *style)
{
    const char *title = style->wide && listing->wide_title ? listing->wide_title : listing->title;

    if (title) {
        text_string(text, title);
        text_string(text, style->timestamp ? " -----timestamp-----\n" : "\n");
    }
    for (size_t i = 0; i < listing->count; i++) {
        const struct listing_field *field = &listing->fields[i];
        if (field->width == 0)
            continue;
        text_string(text, field->gap);
        size_t start = text->length;
        text_printable(text, field->heading);
        fill(text, start, width_of(field, style));
    }
    put_timestamp(text, style, clock_zone());
    text_char(text, '\n');
}

/* A field without a key is a mere blank. */
static void put_name(struct text *text, const struct listing_field *field, const char *name)
{
    unsigned most = field->most;
    char cut[NAME_BYTES_MAX + 1];
    struct text kept = text_over(cut, most > 0 && most < NAME_BYTES_MAX ? most : NAME_BYTES_MAX);

    text_string(&kept, name[0] || !field->key ? name : "-");
    cut[kept.length] = '\0';
    text_printable(text, cut);
}

static uint64_t shown(const struct listing_field *field, const struct listing_style *style, uint64_t number)
{
    switch (field->unit) {
    case LISTING_MEMORY:
        return (uint64_t)((double)number / unit_bytes(style->unit));
    case LISTING_MS_AS_SECONDS:
        return number / 1000;
    default:
        return number;
    }
}

static void put_number(struct text *text, const struct listing_field *field,
                       const struct listing_style *style, struct value value)
{
    if (!value.present)
        text_char(text, '-');
    else if (field->unit == LISTING_BYTES && value.number > 0)
        text_size(text, (double)value.number);
    else
        text_unsigned(text, shown(field, style, value.number));
}

static bool is_figure(enum listing_unit unit)
{
    return unit == LISTING_RATE || unit == LISTING_PERCENT;
}

static void put_figure(struct text *text, double figure)
{
    if (isnan(figure))
        text_char(text, '-');
    else
        text_decimal(text, figure, figure > 0 && figure < 9.95 ? 1 : 0);
}

static void put_cell(struct text *text, const struct listing_field *field, const struct listing_style *style,
                     const union listing_cell *cell)
{
    if (field->unit == LISTING_NAME)
        put_name(text, field, cell->name);
    else if (is_figure(field->unit))
        put_figure(text, cell->figure);
    else if (field->unit == LISTING_TRUE)
        text_char(text, cell->number.present ? 'x' : ' ');
    else
        put_number(text, field, style, cell->number);
}

void listing_put_row(struct text *text, const struct listing *listing, const struct listing_style *style,
                     const union listing_cell *cells, uint64_t wall_ns)
{
    for (size_t i = 0; i < listing->count; i++) {
        const struct listing_field *field = &listing->fields[i];
        if (field->width == 0)
            continue;
        text_string(text, field->gap);
        size_t start = text->length;
        put_cell(text, field, style, &cells[i]);
        fill(text, start, width_of(field, style));
    }
    if (style->timestamp) {
        text_char(text, ' ');
        clock_put_local(text, wall_ns);
    }
    text_char(text, '\n');
}

void listing_put_lines(struct text *text, const struct listing *listing, const struct listing_style *style,
                       const union listing_cell *cells)
{
    enum { FIGURE_WIDTH = 13 };

    for (size_t i = 0; i < listing->count; i++) {
        const struct listing_field *field = &listing->fields[i];
        if (!cells[i].number.present)
            continue;
        size_t start = text->length;
        put_number(text, field, style, cells[i].number);
        fill(text, start, FIGURE_WIDTH);
        text_char(text, ' ');
        if (field->unit == LISTING_MEMORY) {
            text_char(text, style->unit_letter);
            text_char(text, ' ');
        }
        text_string(text, field->heading);
        text_char(text, '\n');
    }
}

/* -- for programs -- */

/* In bytes, seconds or as it is; a number of bytes exactly. */
static void put_base_unit(struct text *text, enum listing_unit unit, uint64_t number)
{
    struct value bytes = {number, true};

    switch (unit) {
    case LISTING_KIB:
        bytes = value_times(bytes, 1024);
        break;
    case LISTING_PAGES:
        bytes = value_times(bytes, (uint64_t)sysconf(_SC_PAGESIZE));
        break;
    case LISTING_SECTORS:
        bytes = value_times(bytes, SECTOR_BYTES);
        break;
    case LISTING_TICKS:
        text_decimal(text, (double)number / (double)sysconf(_SC_CLK_TCK), 2);
        return;
    case LISTING_MS:
    case LISTING_MS_AS_SECONDS:
        text_decimal(text, (double)number / 1000, 3);
        return;
    default:
        break;
    }
    text_unsigned(text, bytes.present ? bytes.number : UINT64_MAX);
}

static bool is_there(const struct listing_field *field, const union listing_cell *cell)
{
    switch (field->unit) {
    case LISTING_NAME:
        return cell->name[0];
    case LISTING_RATE:
    case LISTING_PERCENT:
        return !isnan(cell->figure);
    default:
        return cell->number.present;
    }
}

/* All but names. */
static void put_plain(struct text *text, const struct listing_field *field, const union listing_cell *cell)
{
    if (is_figure(field->unit))
        text_decimal(text, cell->figure, field->unit == LISTING_PERCENT ? 2 : 1);
    else if (field->unit == LISTING_TRUE)
        text_string(text, "true");
    else
        put_base_unit(text, field->unit, cell->number.number);
}

void listing_put_json(struct text *text, const struct listing *listing, const union listing_cell *cells,
                      uint64_t wall_ns)
{
    json_begin(text, listing->type);
    json_time(text, wall_ns);
    for (size_t i = 0; i < listing->count; i++) {
        const struct listing_field *field = &listing->fields[i];
        if (!field->key || !is_there(field, &cells[i]))
            continue;
        json_key(text, field->key);
        if (field->unit == LISTING_NAME)
            json_put_string(text, cells[i].name);
        else
            put_plain(text, field, &cells[i]);
    }
    json_end(text);
}

void listing_put_csv_header(struct text *text, const struct listing *listing)
{
    text_string(text, "time");
    for (size_t i = 0; i < listing->count; i++) {
        if (!listing->fields[i].key)
            continue;
        text_char(text, ',');
        text_string(text, listing->fields[i].key);
    }
    text_char(text, '\n');
}

/* As in a table, so that it cannot steer a terminal; in quotes where it has to be (RFC 4180). */
static void put_csv_name(struct text *text, const char *name)
{
    char bytes[NAME_BYTES_MAX * 4 + 1]; /* a byte may become \xHH */
    struct text printable = text_over(bytes, sizeof(bytes) - 1);

    text_printable(&printable, name);
    bytes[printable.length] = '\0';
    bool quoted = strpbrk(bytes, ",\"");
    if (quoted)
        text_char(text, '"');
    for (const char *at = bytes; *at; at++) {
        if (*at == '"')
            text_char(text, '"');
        text_char(text, *at);
    }
    if (quoted)
        text_char(text, '"');
}

void listing_put_csv(struct text *text, const struct listing *listing, const union listing_cell *cells,
                     uint64_t wall_ns)
{
    clock_put_iso(text, wall_ns);
    for (size_t i = 0; i < listing->count; i++) {
        const struct listing_field *field = &listing->fields[i];
        if (!field->key)
            continue;
        text_char(text, ',');
        if (field->unit == LISTING_NAME)
            put_csv_name(text, cells[i].name);
        else if (is_there(field, &cells[i]))
            put_plain(text, field, &cells[i]);
    }
    text_char(text, '\n');
}
