#include "bench/load/proc.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/scan.h"

/* @return bytes, NUL-terminated; -1 */
static ssize_t file_read(char *buf, size_t cap, const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return -1;

    size_t n = fread(buf, 1, cap - 1, f);
    fclose(f);
    buf[n] = 0;
    return n ? (ssize_t)n : -1;
}

/* Fields 14 and 15, utime and stime; the name in field 2 may hold blanks and brackets. */
static bool stat_read(struct load_proc *p, const char *path)
{
    char text[1024], *at;
    uint64_t per_s = (uint64_t)sysconf(_SC_CLK_TCK);

    if (file_read(text, sizeof(text), path) < 0 || !(at = strrchr(text, ')')))
        return false;
    for (unsigned field = 2; field < 14 && at; field++)
        at = strchr(at + 1, ' ');
    if (!at)
        return false;
    p->user_us = strtoull(at, &at, 10) * 1000000 / per_s;
    p->system_us = strtoull(at, &at, 10) * 1000000 / per_s;
    return true;
}

static uint64_t field_read(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void thread_read(struct load_proc *p, pid_t pid, uint32_t tid)
{
    char path[64], text[4096];

    snprintf(path, sizeof(path), "/proc/%d/task/%u/status", (int)pid, tid);
    if (file_read(text, sizeof(text), path) < 0)
        return; /* it has ended meanwhile */
    p->n_threads++;
    p->switches += field_read(text, "\nvoluntary_ctxt_switches:") +
                   field_read(text, "\nnonvoluntary_ctxt_switches:");
    snprintf(path, sizeof(path), "/proc/%d/task/%u/schedstat", (int)pid, tid);
    if (file_read(text, sizeof(text), path) > 0)
        p->cpu_ns += strtoull(text, NULL, 10);
}

static void threads_read(struct load_proc *p, pid_t pid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        uint32_t tid;
        const char *name = e->d_name;

        if (scan_number(&name, INT32_MAX, &tid))
            thread_read(p, pid, tid);
    }
    if (d)
        closedir(d);
}

int load_proc_read(struct load_proc *p, pid_t pid)
{
    char path[64], text[4096];

    *p = (struct load_proc){0};
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (!stat_read(p, path))
        return ESRCH;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    if (file_read(text, sizeof(text), path) < 0)
        return ESRCH;
    p->rss_bytes = field_read(text, "\nVmRSS:") * 1024;
    threads_read(p, pid);
    return 0;
}
