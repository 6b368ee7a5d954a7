#include "bench/report/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_MAX 2048

/* The value of the first line that begins with this name. */
static void line_read(char *to, size_t cap, const char *path, const char *name)
{
    char line[512];
    FILE *f = fopen(path, "re");

    to[0] = 0;
    while (f && !to[0] && fgets(line, sizeof(line), f)) {
        char *colon = strchr(line, ':');

        if (strncmp(line, name, strlen(name)) != 0 || !colon)
            continue;
        colon[strcspn(colon, "\n")] = 0;
        snprintf(to, cap, "%s", colon + 1 + strspn(colon + 1, " \t"));
    }
    if (f)
        fclose(f);
}

/* As one would type it: where the program lies on this machine means nothing to who reads that. */
static const char *word_of(char **argv, int i)
{
    const char *slash = i == 0 ? strrchr(argv[0], '/') : NULL;

    return slash ? slash + 1 : argv[i];
}

static void command_write(char *to, size_t cap, int argc, char **argv)
{
    size_t n = 0;

    to[0] = 0;
    for (int i = 0; i < argc && n < cap - 1; i++) {
        int wrote = snprintf(to + n, cap - n, "%s%s", i ? " " : "", word_of(argv, i));

        n = wrote < 0 || (size_t)wrote >= cap - n ? cap - 1 : n + (size_t)wrote;
    }
}

json_t *report_machine(int argc, char **argv)
{
    char cpu[256], command[COMMAND_MAX], date[32] = "", system[256] = "";
    time_t now = time(NULL);
    struct utsname names;
    struct tm tm;

    line_read(cpu, sizeof(cpu), "/proc/cpuinfo", "model name");
    command_write(command, sizeof(command), argc, argv);
    if (gmtime_r(&now, &tm))
        (void)strftime(date, sizeof(date), "%FT%TZ", &tm);
    if (uname(&names) == 0)
        snprintf(system, sizeof(system), "%.60s %.100s", names.sysname, names.release);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "date", date, "command", command,
                     "version", PICRELAY_VERSION, "cpu", cpu[0] ? cpu : "unknown", "kernel", system,
                     "cpus", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "memory_mb",
                     (json_int_t)(sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) / 1024));
}
