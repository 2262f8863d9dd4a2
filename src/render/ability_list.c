#include "render/ability_list.h"

#include "render/json_object.h"

static const char *const states[] = {
    [ABILITY_HERE] = "ok",
    [ABILITY_PARTLY] = "partly",
    [ABILITY_MISSING] = "missing",
};

static void put_line(struct text *text, const char *what, const char *words)
{
    text_format(text, "         %s: ", what);
    text_printable(text, words);
    text_char(text, '\n');
}

void ability_list_put(struct text *text, const struct ability *ability)
{
    text_format(text, "%-8s %-20s ", states[ability->state], ability->title);
    text_printable(text, ability->place);
    if (ability->place[0] && ability->why[0])
        text_string(text, ": ");
    text_printable(text, ability->why);
    text_char(text, '\n');
    if (ability->state == ABILITY_HERE)
        return;
    put_line(text, "without", ability->without);
    put_line(text, "mend", ability->mend);
}

void ability_list_put_sum(struct text *text, const struct ability *list, size_t count)
{
    size_t here = 0;

    for (size_t i = 0; i < count; i++)
        here += list[i].state == ABILITY_HERE;
    text_format(text, "%zu of %zu are here", here, count);
    text_string(text,
                ability_lacks_core(list, count) ? "; without what is missing there are no rows\n" : "\n");
}

void ability_list_put_json(struct text *text, const struct ability *ability)
{
    json_begin(text, "ability");
    json_string(text, "id", ability->id);
    json_string(text, "title", ability->title);
    json_key(text, "core");
    text_string(text, ability->core ? "true" : "false");
    json_string(text, "state", states[ability->state]);
    json_known(text, "place", ability->place);
    json_known(text, "why", ability->why);
    json_string(text, "without", ability->without);
    json_known(text, "mend", ability->mend);
    json_end(text);
}
