#include "base/size.h"

void text_size(struct text *text, double bytes)
{
    static const char units[] = "KMGTPE";
    double number = bytes / 1024;
    const char *unit = units;

    for (; number >= 999.5 && unit[1]; unit++)
        number /= 1024;
    text_decimal(text, number, number < 9.95 && number > 0 ? 1 : 0);
    text_char(text, *unit);
}
