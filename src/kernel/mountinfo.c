#include "kernel/mountinfo.h"

enum { DEVICE_MINOR_BITS = 20, ESCAPE_BYTES = 4 };

static bool is_octal(char digit)
{
    return digit >= '0' && digit <= '7';
}

/* "\040": blanks and the like stand so. */
static bool is_escape(const char *at, const char *end)
{
    return end - at >= ESCAPE_BYTES && at[0] == '\\' && is_octal(at[1]) && is_octal(at[2]) && is_octal(at[3]);
}

static char escaped_byte(const char *at)
{
    unsigned byte = 0;

    for (int i = 1; i < ESCAPE_BYTES; i++)
        byte = byte * 8 + ((unsigned char)at[i] - (unsigned)'0');
    return (char)(unsigned char)byte;
}

/* False where it does not fit, or is empty. */
static bool unescape(struct span escaped, char *plain, size_t size)
{
    const char *end = span_end(escaped);
    size_t to = 0;

    for (const char *at = escaped.at; at < end; at++, to++) {
        if (to + 1 >= size)
            return false;
        plain[to] = *at;
        if (!is_escape(at, end))
            continue;
        plain[to] = escaped_byte(at);
        at += ESCAPE_BYTES - 1;
    }
    plain[to] = '\0';
    return escaped.length > 0;
}

static bool read_device(struct span numbers, uint32_t *device)
{
    struct span major;

    if (!span_take_until(&numbers, ":", &major))
        return false;
    struct value high = span_take_number(&major);
    struct value low = span_take_number(&numbers);
    *device = (uint32_t)(high.number << DEVICE_MINOR_BITS | low.number);
    return high.present && low.present;
}

bool mountinfo_read(struct mount_line *mount, struct span line)
{
    (void)span_take_word(&line); /* its number, and that of the mount above it */
    (void)span_take_word(&line);
    struct span numbers = span_take_word(&line);
    struct span root = span_take_word(&line);
    struct span point = span_take_word(&line);

    return read_device(numbers, &mount->device) && unescape(root, mount->root, sizeof(mount->root)) &&
           unescape(point, mount->point, sizeof(mount->point));
}
