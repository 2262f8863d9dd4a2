/* Amounts of memory as people read them. */
#pragma once

#include "base/text.h"

/* "512K", "9.8M", "61G": binary units, one digit behind the point below 10. BYTES is finite and not negative.
 */
void text_size(struct text *text, double bytes);
