#include "bench/loopback/quiet.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHOWS_ALL 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SHOWS_ALL 1
#endif
#endif
#ifndef SHOWS_ALL
#define SHOWS_ALL 0
#endif

void quiet_begin(struct quiet *q)
{
    *q = (struct quiet){0};
    if (SHOWS_ALL)
        return;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)fflush(stderr);
    q->kept = null < 0 ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (q->kept > 0)
        (void)dup2(null, STDERR_FILENO);
    if (null >= 0)
        close(null);
}

void quiet_end(struct quiet *q)
{
    if (q->kept <= 0)
        return;
    (void)fflush(stderr);
    (void)dup2(q->kept, STDERR_FILENO);
    close(q->kept);
    q->kept = 0;
}

void quiet_print(const struct quiet *q, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vdprintf(q->kept > 0 ? q->kept : STDERR_FILENO, format, args);
    va_end(args);
}
