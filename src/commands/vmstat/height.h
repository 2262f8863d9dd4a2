/* How many rows stand below a heading before it comes again. */
#pragma once

/* Three less than standard output's terminal has lines, of 24 where it is none, and 22 on one that is too
 * small: as vmstat(8). */
unsigned vmstat_height(void);
