/* Signals by the names that people know: "SIGKILL". */
#pragma once

#include "base/text.h"

/* One without a name, a real-time signal, as "signal 34". */
void text_signal(struct text *text, int signal);
