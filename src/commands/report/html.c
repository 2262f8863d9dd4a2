#include "commands/report/html.h"

#include "base/file.h"
#include "commands/outcome.h"
#include "render/json_object.h"
#include "render/page.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct html {
    const struct html_incident *incident;
    int fd;
    struct page_parts parts;
    struct past past;
    struct text lines;
    struct text escaped;
};

static int write_bytes(const struct html *html, const char *bytes, size_t length)
{
    return file_write_all(html->fd, bytes, length);
}

/* Each byte may become six: "\u003c". */
static int write_lines(struct html *html)
{
    html->escaped.length = 0;
    page_put_lines(&html->escaped, html->lines.bytes, html->lines.length);
    html->lines.length = 0;
    return write_bytes(html, html->escaped.bytes, html->escaped.length);
}

static int write_about(struct html *html)
{
    json_put_about(&html->lines, &html->incident->about);
    return write_lines(html);
}

static int write_history(struct html *html, struct problem *problem)
{
    struct history *history = NULL;
    int more = history_open(&history, &html->past, &html->incident->range, problem);

    if (more < 0)
        return more;
    do {
        more = history_next(history, &html->lines);
        int error = write_lines(html);
        if (error < 0)
            more = error;
    } while (more > 0);
    history_close(history);
    return more;
}

static int write_report(struct html *html)
{
    const struct text *report = html->incident->report;
    char *words = strndup(report->bytes, report->length);

    if (!words)
        return -ENOMEM;
    json_begin(&html->lines, "report");
    json_string(&html->lines, "text", words);
    json_end(&html->lines);
    free(words);
    return write_lines(html);
}

static int write_page(struct html *html, struct problem *problem)
{
    const char *page = html->parts.html;
    int error = write_bytes(html, page, html->parts.before);

    if (error == 0)
        error = write_bytes(html, page_element_begin, strlen(page_element_begin));
    if (error == 0)
        error = write_about(html);
    if (error == 0)
        error = write_history(html, problem);
    if (error == 0)
        error = write_report(html);
    if (error == 0)
        error = write_bytes(html, page_element_end, strlen(page_element_end));
    return error < 0 ? error : write_bytes(html, page + html->parts.after, strlen(page + html->parts.after));
}

static int open_parts(struct html *html)
{
    enum { ESCAPED_MAX = 6 };

    html->past = (struct past){
        .interval_seconds = html->incident->about.interval_seconds,
        .recording_path = html->incident->recording_path,
    };
    int error = past_init(&html->past);
    if (error == 0)
        error = page_parts_open(&html->parts);
    if (error < 0)
        return error;
    size_t most =
        history_text_max(&html->past) + html->incident->report->length * ESCAPED_MAX + JSON_ABOUT_MAX;
    html->lines = text_new(most);
    html->escaped = text_new(most * ESCAPED_MAX);
    return html->lines.bytes && html->escaped.bytes ? 0 : -ENOMEM;
}

static void close_parts(struct html *html)
{
    text_free(&html->lines);
    text_free(&html->escaped);
    page_parts_free(&html->parts);
    past_free(&html->past);
}

/* A device, a pipe and the like are written to as they are. */
static int write_special(struct html *html, const char *path, struct problem *problem)
{
    html->fd = open(path, O_WRONLY | O_CLOEXEC);
    if (html->fd < 0)
        return -errno;
    int error = write_page(html, problem);
    if (close(html->fd) < 0 && error == 0)
        error = -errno;
    return error;
}

/* What is there under the name stays as it is until all is written. */
static int write_file(struct html *html, const char *path, struct problem *problem)
{
    char beside[PATH_MAX];

    if ((size_t)snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= sizeof(beside))
        return -ENAMETOOLONG;
    html->fd = mkostemp(beside, O_CLOEXEC);
    if (html->fd < 0)
        return -errno;
    mode_t mask = umask(0);
    umask(mask);
    int error = fchmod(html->fd, 0666 & ~mask) < 0 ? -errno : write_page(html, problem);
    if (close(html->fd) < 0 && error == 0)
        error = -errno;
    if (error == 0 && rename(beside, path) < 0)
        error = -errno;
    if (error < 0)
        unlink(beside);
    return error;
}

/* Of a symbolic link it is what that points to. */
static int write_to(struct html *html, const char *path, struct problem *problem)
{
    struct stat info;
    char target[PATH_MAX];

    if (stat(path, &info) < 0)
        return write_file(html, path, problem);
    if (!S_ISREG(info.st_mode))
        return write_special(html, path, problem);
    return realpath(path, target) ? write_file(html, target, problem) : -errno;
}

int html_write(const char *path, const struct html_incident *incident, struct problem *problem)
{
    struct html html = {.incident = incident, .fd = STDOUT_FILENO};
    bool to_output = strcmp(path, "-") == 0;
    int error;

    if (!page_is_there())
        return problem_set(problem, ENOTSUP, "--html: this faultline was built without its page");
    error = open_parts(&html);
    if (error == 0)
        error = to_output ? write_page(&html, problem) : write_to(&html, path, problem);
    close_parts(&html);
    if (error < 0 && to_output)
        return outcome_of_writing(error, problem);
    if (error < 0 && problem->text[0] == '\0')
        return problem_set(problem, -error, "--html %s: %s", path, strerror(-error));
    return error;
}
