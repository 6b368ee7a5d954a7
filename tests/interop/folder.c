#include "tests/interop/folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void folder_open(struct folder *f)
{
    strcpy(f->path, "/tmp/picrelay-interop-XXXXXX");
    assert_non_null(mkdtemp(f->path));
}

void folder_close(struct folder *f)
{
    char path[FOLDER_PATH_MAX];
    DIR *d = *f->path ? opendir(f->path) : NULL;

    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] != '.')
            unlink(folder_path(path, f, e->d_name));
    }
    if (d) {
        closedir(d);
        rmdir(f->path);
    }
    *f->path = 0;
}

const char *folder_path(char path[static FOLDER_PATH_MAX], const struct folder *f, const char *name)
{
    int n = snprintf(path, FOLDER_PATH_MAX, "%s/%s", f->path, name);

    assert_true(n > 0 && n < FOLDER_PATH_MAX);
    return path;
}

void folder_write(const struct folder *f, const char *name, const char *text, size_t n)
{
    char path[FOLDER_PATH_MAX];
    FILE *file = fopen(folder_path(path, f, name), "we");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

void folder_make_pipe(const struct folder *f, const char *name)
{
    char path[FOLDER_PATH_MAX];

    assert_int_equal(mkfifo(folder_path(path, f, name), 0600), 0);
}
