/* eat_memory MIB [MIB_PER_SECOND]: takes memory and keeps it, until it has all it wants or is killed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: eat_memory MIB [MIB_PER_SECOND]\n");
        return 2;
    }
    unsigned long wanted = strtoul(argv[1], NULL, 10);
    unsigned long pace = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

    for (unsigned long i = 0; i < wanted; i++) {
        char *memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            perror("mmap");
            return 1;
        }
        memset(memory, 1, MIB);
        if (pace > 0)
            usleep((useconds_t)(1000000 / pace));
    }
    return 0;
}
