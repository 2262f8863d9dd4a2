/* The page of web/, as it is built into the program: packed with gzip, a file of its own that loads nothing.
 */
#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether this program was built with it. */
bool page_is_there(void);

struct page {
    const void *packed; /* gzip */
    size_t packed_bytes;
    size_t bytes;       /* unpacked */
    const char *policy; /* the content security policy that it needs */
};

/* Where it is there. */
struct page page_get(void);

/* The page unpacked, terminated, to be freed with free(). Returns 0 or a negative errno. */
int page_unpack(char **html);

/* What the page shows in place of asking a server stands in an element in it: it is put together as
 * page_element_begin, lines of JSON by page_put_lines(), page_element_end. */
struct page_parts {
    char *html;
    size_t before; /* how long the part in front of the element is */
    size_t after;  /* where the part behind it begins */
};

/* Returns 0 or a negative errno. Free with page_parts_free() in any case, from a zeroed struct. */
int page_parts_open(struct page_parts *parts);
void page_parts_free(struct page_parts *parts);

/* Lines of JSON as they may stand in the element: nothing in them can end it. */
void page_put_lines(struct text *text, const char *lines, size_t length);

extern const char page_element_begin[];
extern const char page_element_end[];
