/* Built without the page. */
#include "render/page.h"

#include <errno.h>

const char page_element_begin[] = "";
const char page_element_end[] = "";

bool page_is_there(void)
{
    return false;
}

struct page page_get(void)
{
    return (struct page){.packed = "", .policy = ""};
}

int page_unpack(char **html)
{
    (void)html;
    return -ENOTSUP;
}

int page_parts_open(struct page_parts *parts)
{
    (void)parts;
    return -ENOTSUP;
}

void page_parts_free(struct page_parts *parts)
{
    (void)parts;
}

void page_put_lines(struct text *text, const char *lines, size_t length)
{
    (void)text;
    (void)lines;
    (void)length;
}
