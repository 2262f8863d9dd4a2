#include "commands/vmstat/table_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int table_file_open(struct table_file *table, const char *proc_path, const char *name, const char *mend,
                    struct problem *problem)
{
    *table = (struct table_file){.proc_path = proc_path, .name = name, .problem = problem, .file.fd = -1};
    int folder_fd = open(proc_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int error = folder_fd < 0 ? -errno : proc_file_open(&table->file, folder_fd, name);
    if (folder_fd >= 0)
        close(folder_fd);
    if (error == 0)
        return 0;
    bool forbidden = error == -EACCES || error == -EPERM;
    return problem_set(problem, -error, "%s/%s: %s%s%s", proc_path, name, strerror(-error),
                       forbidden ? ": " : "", forbidden ? mend : "");
}

void table_file_close(struct table_file *table)
{
    proc_file_close(&table->file);
}

int table_file_read(struct table_file *table, struct span *text)
{
    int error = proc_file_read(&table->file);

    *text = (struct span){table->file.bytes, table->file.length};
    if (error == 0)
        return 0;
    return problem_set(table->problem, -error, "%s/%s: %s", table->proc_path, table->name, strerror(-error));
}

void table_file_left_out(struct table_file *table)
{
    struct problem problem = {0};

    if (table->told)
        return;
    table->told = true;
    problem_set(&problem, 0, "%s/%s: a line is not understood, and left out", table->proc_path, table->name);
    problem_print(&problem);
}
