#include "watch/process_name.h"

#include <string.h>

/* Blanks at its ends would not be seen. */
static void put_comm(struct text *text, const char *comm)
{
    size_t length = strlen(comm);
    bool quoted = length > 0 && (comm[0] == ' ' || comm[length - 1] == ' ');

    text_string(text, quoted ? "'" : "");
    text_string(text, length > 0 ? comm : "a process without a name");
    text_string(text, quoted ? "'" : "");
}

void process_name_put(struct text *text, const char *comm, uint64_t pid)
{
    put_comm(text, comm);
    text_char(text, '[');
    text_unsigned(text, pid);
    text_char(text, ']');
}
