#include "commands/look_options.h"

#include "base/choice.h"
#include "render/style.h"

int look_options_apply_unit(void *size_unit, const char *value)
{
    static const char *const words[] = {
        [SIZE_AUTO] = "auto", [SIZE_k] = "k", [SIZE_K] = "K", [SIZE_m] = "m", [SIZE_M] = "M"};
    int choice = choice_parse(value, words, sizeof(words) / sizeof(*words));

    if (choice < 0)
        return choice;
    *(enum size_unit *)size_unit = (enum size_unit)choice;
    return 0;
}

int look_options_apply_color(void *color_choice, const char *value)
{
    static const char *const words[] = {
        [COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
    int choice = choice_parse(value, words, sizeof(words) / sizeof(*words));

    if (choice < 0)
        return choice;
    *(enum color_choice *)color_choice = (enum color_choice)choice;
    return 0;
}
