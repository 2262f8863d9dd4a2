/* Records of deaths: whatever they hold, names end within their memory, and what was not seen is nothing. */
#include "kernel/process_death.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

static void check_sender(const struct death_signal_sender *sender)
{
    if (!memchr(sender->comm, '\0', sizeof(sender->comm)))
        fail("a sender's name without an end");
    if (!sender->seen && (sender->kernel || sender->pid || sender->uid || sender->comm[0]))
        fail("a sender that was not seen");
}

static void check_file(const struct death_touched_file *file)
{
    if (!memchr(file->path, '\0', sizeof(file->path)))
        fail("a path without an end");
    if (file->path[0] != '/' && file->path[0] != '\0' && strncmp(file->path, "...", 3) != 0)
        fail("no path");
    if (!file->known && (file->path[0] || file->deleted || file->size_bytes.present))
        fail("a file that is not known");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct process_death death;
    int error = process_death_from_record(&death, data, size);

    if (error != 0 && error != -EBADMSG)
        fail("an error that is not told of");
    if (error != 0)
        return 0;
    if (!memchr(death.comm, '\0', sizeof(death.comm)))
        fail("a name without an end");
    if (death.signal < 0 || death.signal > DEATH_STATUS_SIGNAL)
        fail("no signal");
    check_sender(&death.sender);
    check_file(&death.file);
    return 0;
}
