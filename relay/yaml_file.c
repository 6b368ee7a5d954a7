#include "relay/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail_errno(const struct yaml_report *report, int err)
{
    snprintf(report->err, report->err_cap, "%s: %s; expected a readable file", report->file,
             strerrordesc_np(err));
    return err;
}

/* The size is found by reading: a pipe, as in --config <(...), has none to ask for. */
static int read_all(int fd, char **text, size_t *n, size_t bytes_max,
                    const struct yaml_report *report)
{
    size_t cap = 0;
    ssize_t got;

    do {
        if (*n + 1 >= cap) {
            char *grown;

            cap = cap ? cap * 2 : 16384;
            grown = realloc(*text, cap);
            if (!grown)
                return yaml_fail_memory(report);
            *text = grown;
        }
        got = read(fd, *text + *n, cap - *n - 1);
        if (got < 0 && errno != EINTR)
            return fail_errno(report, errno);
        *n += got > 0 ? (size_t)got : 0;
        if (*n > bytes_max)
            return yaml_fail(report, 1, "a larger file; expected at most %zu bytes", bytes_max);
    } while (got != 0);

    (*text)[*n] = '\0';
    return 0;
}

int yaml_read_file(char **text, size_t *n, size_t bytes_max, const struct yaml_report *report)
{
    int fd = open(report->file, O_RDONLY | O_CLOEXEC);
    char *all = NULL;
    size_t n_all = 0;
    int err;

    if (fd < 0)
        return fail_errno(report, errno);

    err = read_all(fd, &all, &n_all, bytes_max, report);
    close(fd);
    if (err) {
        free(all);
        return err;
    }
    *text = all;
    *n = n_all;
    return 0;
}
