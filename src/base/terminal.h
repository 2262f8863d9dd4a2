/* The size of the terminal behind a descriptor. */
#pragma once

struct terminal_size {
    unsigned lines; /* 0: no terminal, or one that does not know */
    unsigned columns;
};

struct terminal_size terminal_size(int fd);
