#include "render/page.h"

#include "base/gzip.h"
#include "render/page_data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char place[] = "<!--recording-->";

const char page_element_begin[] = "<script type=\"application/x-ndjson\" id=\"recording\">\n";
const char page_element_end[] = "</script>";

bool page_is_there(void)
{
    return true;
}

struct page page_get(void)
{
    return (struct page){page_data_packed, page_data_packed_bytes, page_data_bytes, page_data_policy};
}

int page_unpack(char **html)
{
    char *bytes = malloc(page_data_bytes + 1);

    if (!bytes)
        return -ENOMEM;
    int error = gzip_unpack(page_data_packed, page_data_packed_bytes, bytes, page_data_bytes);
    if (error < 0) {
        free(bytes);
        return error;
    }
    bytes[page_data_bytes] = '\0';
    *html = bytes;
    return 0;
}

int page_parts_open(struct page_parts *parts)
{
    int error = page_unpack(&parts->html);

    if (error < 0)
        return error;
    const char *at = strstr(parts->html, place);
    if (!at)
        return -EBADMSG;
    parts->before = (size_t)(at - parts->html);
    parts->after = parts->before + sizeof(place) - 1;
    return 0;
}

void page_parts_free(struct page_parts *parts)
{
    free(parts->html);
    *parts = (struct page_parts){0};
}

/* A "<" stands in strings alone, and may be written so there. */
void page_put_lines(struct text *text, const char *lines, size_t length)
{
    const char *end = lines + length;

    while (lines < end) {
        const char *at = memchr(lines, '<', (size_t)(end - lines));
        text_bytes(text, lines, (size_t)((at ? at : end) - lines));
        if (!at)
            return;
        text_string(text, "\\u003c");
        lines = at + 1;
    }
}
