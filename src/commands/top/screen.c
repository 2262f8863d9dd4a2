#include "commands/top/screen.h"

#include "base/clock.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "commands/repeat.h"
#include "commands/top/tty_guard.h"

#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <wchar.h>

enum { LINE_SUMMARY, LINE_STATE, LINE_HEADINGS, LINE_ROWS };

struct screen {
    struct look *look;
    const struct top_settings *settings;
    struct problem *problem;
    SCREEN *terminal;
    struct text line;
    struct loop *loop;
    struct loop_source keys;
    unsigned empty_reads; /* in a row */
    uint64_t looked_ns;
    char filter_before[TOP_FILTER_MAX]; /* what Escape brings back */
    bool filtering;                     /* keys are letters of the filter */
    bool helping;
    bool paused;
};

/* -- drawing -- */

/* Puts what fits of the text into a line of the screen; names may hold signs that take two columns, or none.
 */
static void draw(int y, const struct text *text)
{
    const char *at = text->bytes;
    size_t left = text->length;
    int column = 0;
    mbstate_t state = {0};
    wchar_t sign;

    move(y, 0);
    while (left > 0 && *at != '\n') {
        size_t length = mbrtowc(&sign, at, left, &state);
        bool valid = length != (size_t)-1 && length != (size_t)-2 && length > 0;
        int width = valid ? wcwidth(sign) : 1;
        if (column + (width > 0 ? width : 1) > COLS)
            break;
        if (!valid || width < 0) { /* no text of this locale */
            sign = L'?';
            length = valid ? length : 1;
            width = 1;
            state = (mbstate_t){0};
        }
        addnwstr(&sign, 1);
        at += length;
        left -= length;
        column += width;
    }
    clrtoeol();
}

static void draw_line(struct screen *screen, int y, void (*put)(const struct look *look, struct text *text))
{
    screen->line.length = 0;
    put(screen->look, &screen->line);
    draw(y, &screen->line);
}

static void put_state(struct screen *screen)
{
    const struct look_view *view = &screen->look->view;
    struct text *line = &screen->line;

    line->length = 0;
    if (screen->filtering) {
        text_string(line, "/");
        text_printable(line, view->filter);
        text_string(line, "_   Enter: keep, Escape: leave");
        return;
    }
    text_format(line, "by %s, most %s first", top_by_name(view->by), top_key_name(view->sort));
    if (view->filter[0]) {
        text_string(line, ", only '");
        text_printable(line, view->filter);
        text_string(line, "'");
    }
    text_string(line, screen->paused ? ", PAUSED: space goes on" : "   q: end  ?: help");
}

static const char *const help_lines[] = {
    "q      end",
    "m n    sort by major, by minor faults a second",
    "r w    by resident memory, by swap",
    "s      by stalls for memory (of cgroups)",
    "p c    processes; sums by command",
    "u g    sums by user, by memory cgroup",
    "/      show those whose command, user or cgroup has a text in it",
    "space  pause, go on",
    "?      this help; any key leaves it",
    "",
    "x in front of a command: the process ended in the last interval. OOM: the kernel's",
    "badness, 0 to 2000; whoever has the most is killed first when memory runs out.",
};

static void draw_help(struct screen *screen)
{
    size_t count = sizeof(help_lines) / sizeof(*help_lines);

    for (size_t i = 0; i < count && LINE_HEADINGS + (int)i < LINES; i++) {
        screen->line.length = 0;
        text_string(&screen->line, help_lines[i]);
        draw(LINE_HEADINGS + (int)i, &screen->line);
    }
}

static void draw_rows(struct screen *screen)
{
    attron(A_REVERSE);
    draw_line(screen, LINE_HEADINGS, look_put_headings);
    attroff(A_REVERSE);
    for (size_t i = 0; i < screen->look->count && LINE_ROWS + (int)i < LINES; i++) {
        screen->line.length = 0;
        look_put_row(screen->look, i, &screen->line);
        draw(LINE_ROWS + (int)i, &screen->line);
    }
}

static void redraw(struct screen *screen)
{
    erase();
    draw_line(screen, LINE_SUMMARY, look_put_summary);
    put_state(screen);
    attron(A_BOLD);
    draw(LINE_STATE, &screen->line);
    attroff(A_BOLD);
    if (screen->helping)
        draw_help(screen);
    else
        draw_rows(screen);
    refresh();
}

/* -- looking -- */

/* Leaves the last line empty where there is room for the rest: the cursor stands there. */
static size_t rows_of_screen(const struct screen *screen)
{
    size_t rows = LINES > LINE_ROWS ? (size_t)(LINES - LINE_ROWS) : 1;

    if (screen->settings->rows > 0 && screen->settings->rows < rows)
        rows = (size_t)screen->settings->rows;
    return rows < SCREEN_ROWS_MAX ? rows : SCREEN_ROWS_MAX;
}

static int look_again(struct screen *screen)
{
    screen->look->view.rows = rows_of_screen(screen);
    screen->looked_ns = clock_monotonic_ns();
    int error = look_take(screen->look, screen->problem);
    if (error == 0)
        redraw(screen);
    return error;
}

static int take_turn(void *context)
{
    struct screen *screen = context;
    return screen->paused ? 0 : look_again(screen);
}

/* What a key has changed shows at once, but not of an interval too short to tell anything. */
static void show_change(struct screen *screen)
{
    static const uint64_t least_ns = NS_PER_SECOND / 10;
    uint64_t since_ns = clock_monotonic_ns() - screen->looked_ns;

    if (screen->paused) {
        redraw(screen);
        return;
    }
    if (since_ns < least_ns)
        usleep((useconds_t)((least_ns - since_ns) / 1000));
    if (look_again(screen) < 0)
        loop_stop(screen->loop);
}

/* -- keys -- */

static void sort_by(struct screen *screen, enum top_key key)
{
    if (key != TOP_KEY_STALL || screen->look->view.by == TOP_BY_CGROUP)
        screen->look->view.sort = key;
    show_change(screen);
}

/* A way that is not possible here is left again. */
static void show_by(struct screen *screen, enum top_by by)
{
    struct look_view before = screen->look->view;

    screen->look->view.by = by;
    if (by != TOP_BY_CGROUP && before.sort == TOP_KEY_STALL)
        screen->look->view.sort = TOP_KEY_MAJOR_FAULTS;
    if (look_again(screen) == 0)
        return;
    screen->look->view = before;
    if (look_again(screen) < 0)
        loop_stop(screen->loop);
}

static void act_sort(struct screen *screen, unsigned key)
{
    sort_by(screen, (enum top_key)key);
}

static void act_by(struct screen *screen, unsigned by)
{
    show_by(screen, (enum top_by)by);
}

static void act_end(struct screen *screen, unsigned unused)
{
    (void)unused;
    loop_stop(screen->loop);
}

static void act_filter(struct screen *screen, unsigned unused)
{
    (void)unused;
    memcpy(screen->filter_before, screen->look->view.filter, sizeof(screen->filter_before));
    screen->look->view.filter[0] = '\0';
    screen->filtering = true;
    redraw(screen);
}

static void act_pause(struct screen *screen, unsigned unused)
{
    (void)unused;
    screen->paused = !screen->paused;
    show_change(screen);
}

static void act_help(struct screen *screen, unsigned unused)
{
    (void)unused;
    screen->helping = true;
    redraw(screen);
}

static const struct {
    int key;
    void (*act)(struct screen *screen, unsigned value);
    unsigned value;
} keys[] = {
    {'q', act_end, 0},
    {'m', act_sort, TOP_KEY_MAJOR_FAULTS},
    {'n', act_sort, TOP_KEY_MINOR_FAULTS},
    {'r', act_sort, TOP_KEY_RSS},
    {'w', act_sort, TOP_KEY_SWAP},
    {'s', act_sort, TOP_KEY_STALL},
    {'p', act_by, TOP_BY_PROCESS},
    {'c', act_by, TOP_BY_COMM},
    {'u', act_by, TOP_BY_USER},
    {'g', act_by, TOP_BY_CGROUP},
    {'/', act_filter, 0},
    {' ', act_pause, 0},
    {'?', act_help, 0},
    {'h', act_help, 0},
};

static void end_filter(struct screen *screen, bool keep)
{
    if (!keep)
        memcpy(screen->look->view.filter, screen->filter_before, sizeof(screen->filter_before));
    screen->filtering = false;
    show_change(screen);
}

static void type_filter(struct screen *screen, int key)
{
    enum { ESCAPE = 27, DELETE = 127 };
    char *filter = screen->look->view.filter;
    size_t length = strlen(filter);

    if (key == '\n' || key == '\r' || key == KEY_ENTER) {
        end_filter(screen, true);
    } else if (key == ESCAPE) {
        end_filter(screen, false);
    } else {
        if ((key == KEY_BACKSPACE || key == DELETE || key == '\b') && length > 0)
            filter[length - 1] = '\0';
        else if (key >= ' ' && key <= 255 && key != DELETE && length + 1 < TOP_FILTER_MAX)
            memcpy(filter + length, (char[]){(char)key, '\0'}, 2);
        redraw(screen);
    }
}

static void take_key(struct screen *screen, int key)
{
    if (screen->helping) {
        screen->helping = false;
        redraw(screen);
        return;
    }
    if (screen->filtering) {
        type_filter(screen, key);
        return;
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (keys[i].key == key)
            keys[i].act(screen, keys[i].value);
    }
}

/* A terminal that is ready again and again and has nothing to say has gone. */
static void on_keys(void *context)
{
    enum { EMPTY_READS_MAX = 3 };
    struct screen *screen = context;
    int key;

    screen->empty_reads++;
    while ((key = getch()) != ERR) {
        screen->empty_reads = 0;
        take_key(screen, key);
    }
    if (screen->empty_reads >= EMPTY_READS_MAX)
        loop_stop(screen->loop);
}

static int begin(void *context, struct loop *loop)
{
    struct screen *screen = context;

    screen->loop = loop;
    screen->keys = (struct loop_source){STDIN_FILENO, on_keys, screen};
    return loop_add(loop, &screen->keys, EPOLLIN);
}

static void on_resize(void *context)
{
    struct screen *screen = context;
    struct terminal_size size = terminal_size(STDOUT_FILENO);

    if (size.lines > 0 && size.columns > 0)
        resizeterm((int)size.lines, (int)size.columns);
    show_change(screen);
}

/* -- beginning and end -- */

/* newterm() and not initscr(), which would end the program where TERM is not known. */
static bool open_terminal(struct screen *screen)
{
    setlocale(LC_CTYPE, "");
    tty_guard_note();
    screen->terminal = newterm(NULL, stdout, stdin);
    if (!screen->terminal)
        return false;
    tty_guard_begin();
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(50);
    curs_set(0);
    return true;
}

static void close_terminal(struct screen *screen)
{
    endwin();
    tty_guard_end();
    delscreen(screen->terminal);
    setlocale(LC_CTYPE, "C");
}

int screen_run(struct look *look, const struct top_settings *settings, struct problem *problem)
{
    struct screen screen = {.look = look,
                            .settings = settings,
                            .problem = problem,
                            .line = text_new(look_text_max(look))};
    struct repeat repeat = {.turn = take_turn, .resized = on_resize, .begin = begin, .context = &screen};

    if (!screen.line.bytes)
        return -ENOMEM;
    if (!open_terminal(&screen)) {
        text_free(&screen.line);
        return problem_set(problem, ENOTTY,
                           "this terminal cannot be written to in place (TERM=%s): blocks of rows",
                           getenv("TERM") ? getenv("TERM") : "");
    }
    struct beat beat = settings->beat;
    beat.count += beat.count > 0; /* the first look has nothing to compare with */
    int error = repeat_run(&repeat, &beat);
    close_terminal(&screen);
    text_free(&screen.line);
    return error;
}
