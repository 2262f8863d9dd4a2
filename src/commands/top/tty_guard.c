#include "commands/top/tty_guard.h"

#include <curses.h>
#include <signal.h>
#include <stddef.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

enum { RESTORE_MAX = 256 };

/* A handler can reach nothing else. */
static struct {
    struct termios attributes;
    char sequences[RESTORE_MAX]; /* what puts the cursor, the colours and the screen back */
    size_t length;
} saved;

/* The last three only until somebody else catches them. */
static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL,  SIGABRT,
                            SIGQUIT, SIGSYS, SIGINT, SIGTERM, SIGHUP};

static void restore(int signal)
{
    (void)!write(STDOUT_FILENO, saved.sequences, saved.length);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &saved.attributes);
    (void)raise(signal); /* the handler is gone by now: this is the end */
}

static int keep(int byte)
{
    if (saved.length < RESTORE_MAX)
        saved.sequences[saved.length++] = (char)byte;
    return byte;
}

static void keep_sequence(const char *name)
{
    char *sequence = tigetstr((char *)name);

    if (sequence && sequence != (char *)-1)
        (void)tputs(sequence, 1, keep);
}

/* What is ignored stays so. */
static void handle_all(void (*handler)(int))
{
    const struct sigaction action = {.sa_handler = handler, .sa_flags = (int)SA_RESETHAND};
    struct sigaction before;

    for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++) {
        if (sigaction(fatal[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(fatal[i], &action, NULL);
    }
}

void tty_guard_note(void)
{
    (void)tcgetattr(STDIN_FILENO, &saved.attributes);
}

void tty_guard_begin(void)
{
    saved.length = 0;
    keep_sequence("sgr0");
    keep_sequence("cnorm");
    keep_sequence("rmcup");
    handle_all(restore);
}

void tty_guard_end(void)
{
    handle_all(SIG_DFL);
}
