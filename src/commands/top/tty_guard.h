/* Brings a terminal back to how it was, should the program crash. */
#pragma once

/* Remembers how the terminal behind descriptor 0 is set: before ncurses sets it otherwise. */
void tty_guard_note(void);

/* After that: from now on a signal that ends the program brings the terminal back before. */
void tty_guard_begin(void);
void tty_guard_end(void);
