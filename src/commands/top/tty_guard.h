/* Brings a terminal back to how it was, should the program crash. */
#pragma once

/* Remembers how the terminal behind descriptor 0 is set, and what ends the state that ncurses is about to
 * bring it to; from now on a signal that means a crash restores that before it ends the program. */
void tty_guard_begin(void);
void tty_guard_end(void);
