/* What `faultline check` prints. */
#pragma once

#include "base/text.h"
#include "watch/ability.h"

enum { ABILITY_LINE_MAX = 8192 }; /* bytes that one takes at the most, as text or as JSON */

/* One, with what is lost and the mend where it is not all here. */
void ability_list_put(struct text *text, const struct ability *ability);

/* The last line: how many there are, of how many. */
void ability_list_put_sum(struct text *text, const struct ability *list, size_t count);

/* One as an object: "type":"ability". */
void ability_list_put_json(struct text *text, const struct ability *ability);
