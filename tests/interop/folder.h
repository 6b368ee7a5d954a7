#ifndef PICRELAY_TESTS_FOLDER_H
#define PICRELAY_TESTS_FOLDER_H

#include <stddef.h>

/** A folder of a test's own in /tmp, for the files that other people's programs want. */

#define FOLDER_PATH_MAX 96

struct folder {
    char path[32]; /* "": not there */
};

void folder_open(struct folder *f);
/** Removes it with the files in it. A zeroed one is allowed. */
void folder_close(struct folder *f);

const char *folder_path(char path[static FOLDER_PATH_MAX], const struct folder *f,
                        const char *name);
void folder_write(const struct folder *f, const char *name, const char *text, size_t n);
/** A named pipe: who opens it waits for the one at the other end. */
void folder_make_pipe(const struct folder *f, const char *name);

#endif
