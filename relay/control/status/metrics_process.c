#include "relay/control/status/metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What proc(5) says about us; only the fields that are shown. */
struct process {
    double cpu_s, start_s;
    uint64_t resident_bytes, open_fds, max_fds;
};

/* @return length; 0: not readable */
static size_t read_file(char *buf, size_t cap, const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return 0;
    n = read(fd, buf, cap - 1);
    close(fd);
    if (n <= 0)
        return 0;
    buf[n] = '\0';
    return (size_t)n;
}

/* btime of /proc/stat: when the machine started [s, UNIX time]; the line is behind those of the
 * CPUs. */
static bool read_boot_time(double *boot_s)
{
    FILE *f = fopen("/proc/stat", "re");
    char line[256];
    uint64_t btime = 0;

    if (!f)
        return false;
    while (!btime && fgets(line, sizeof(line), f)) {
        if (!strncmp(line, "btime ", 6))
            btime = strtoull(line + 6, NULL, 10);
    }
    (void)fclose(f);
    *boot_s = (double)btime;
    return btime != 0;
}

/* The field of that number of proc(5)'s stat line, after the name, which is the second and may hold
 * blanks and brackets itself. */
static uint64_t stat_field(const char *name_end, unsigned number)
{
    const char *at = name_end;

    for (unsigned i = 2; i < number && at; i++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at, NULL, 10) : 0;
}

static bool read_stat(struct process *p)
{
    const double tick_hz = (double)sysconf(_SC_CLK_TCK);
    double boot_s;
    char buf[1024];
    const char *name_end;

    if (!read_file(buf, sizeof(buf), "/proc/self/stat") || !read_boot_time(&boot_s))
        return false;
    name_end = strrchr(buf, ')');
    if (!name_end)
        return false;
    p->cpu_s = (double)(stat_field(name_end, 14) + stat_field(name_end, 15)) / tick_hz;
    p->start_s = boot_s + (double)stat_field(name_end, 22) / tick_hz;
    p->resident_bytes = stat_field(name_end, 24) * (uint64_t)sysconf(_SC_PAGESIZE);
    return true;
}

/* From Linux 6.2 on the size of the directory is the count: with thousands of calls, reading the
 * directory would take this thread some milliseconds. */
static bool read_fds(struct process *p)
{
    struct stat st;
    struct rlimit limit;
    DIR *dir;
    uint64_t n = 0;

    if (getrlimit(RLIMIT_NOFILE, &limit) || stat("/proc/self/fd", &st))
        return false;
    p->max_fds = limit.rlim_cur;
    p->open_fds = (uint64_t)st.st_size;
    if (p->open_fds)
        return true;
    dir = opendir("/proc/self/fd");
    if (!dir)
        return false;
    while (readdir(dir))
        n++;
    (void)closedir(dir);
    p->open_fds = n > 3 ? n - 3 : 0; /* ".", ".." and the directory itself */
    return true;
}

void metrics_write_process(struct metrics_writer *w)
{
    struct process p;

    if (read_stat(&p)) {
        metrics_family(w, METRIC_PROCESS_CPU_SECONDS_TOTAL);
        metrics_real(w, NULL, p.cpu_s);
        metrics_family(w, METRIC_PROCESS_RESIDENT_MEMORY_BYTES);
        metrics_count(w, NULL, p.resident_bytes);
        metrics_family(w, METRIC_PROCESS_START_TIME_SECONDS);
        metrics_real(w, NULL, p.start_s);
    }
    if (read_fds(&p)) {
        metrics_family(w, METRIC_PROCESS_OPEN_FDS);
        metrics_count(w, NULL, p.open_fds);
        metrics_family(w, METRIC_PROCESS_MAX_FDS);
        metrics_count(w, NULL, p.max_fds);
    }
}
