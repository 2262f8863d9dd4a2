#include "base/choice.h"

#include <errno.h>
#include <string.h>

int choice_parse(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, list[i]) == 0)
            return (int)i;
    }
    return -EINVAL;
}
