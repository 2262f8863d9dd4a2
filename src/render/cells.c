#include "render/cells.h"

#include "base/size.h"

#include <inttypes.h>
#include <math.h>

void cell_fill_left(struct text *text, size_t start, size_t width)
{
    size_t used = text_width(text->bytes + start, text->length - start);
    if (width > 0)
        text_indent(text, start, used < width ? width - used : 1);
}

void cell_fill_right(struct text *text, size_t start, size_t width)
{
    for (size_t used = text_width(text->bytes + start, text->length - start); used < width; used++)
        text_char(text, ' ');
}

void cell_word(struct text *text, const char *word, size_t width)
{
    size_t start = text->length;
    text_string(text, word);
    cell_fill_left(text, start, width);
}

void cell_number(struct text *text, struct value value, size_t width)
{
    size_t start = text->length;

    if (value.present)
        text_unsigned(text, value.number);
    else
        text_char(text, '-');
    cell_fill_left(text, start, width);
}

void cell_signed(struct text *text, struct value value, size_t width)
{
    size_t start = text->length;

    if (value.present)
        text_format(text, "%" PRId64, (int64_t)value.number);
    else
        text_char(text, '-');
    cell_fill_left(text, start, width);
}

void cell_size(struct text *text, struct value bytes, size_t width)
{
    size_t start = text->length;

    if (bytes.present && bytes.number == 0)
        text_char(text, '0');
    else if (bytes.present)
        text_size(text, (double)bytes.number);
    else
        text_char(text, '-');
    cell_fill_left(text, start, width);
}

void cell_decimal(struct text *text, double value, unsigned decimals, size_t width)
{
    size_t start = text->length;

    if (isnan(value))
        text_char(text, '-');
    else
        text_decimal(text, value, decimals);
    cell_fill_left(text, start, width);
}

void cell_name(struct text *text, const char *name, size_t width)
{
    size_t start = text->length;
    text_printable(text, name[0] ? name : "-");
    cell_fill_right(text, start, width);
}
