/* The options of how rows look, the same in every command that prints some. */
#pragma once

/* They set an enum size_unit, an enum color_choice. Return 0, or -EINVAL for another word. */
int look_options_apply_unit(void *size_unit, const char *value);
int look_options_apply_color(void *color_choice, const char *value);
