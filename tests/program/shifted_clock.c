#include "tests/program/shifted_clock.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "relay/clock.h"

/* In the place of clock_wall_us(), by the linker's --wrap. */
uint64_t __real_clock_wall_us(void);
uint64_t __wrap_clock_wall_us(void);

/* Set before main(), then only read. */
static const _Atomic int64_t *shift_us;

__attribute__((constructor)) static void map_clock(void)
{
    const char *path = getenv(SHIFTED_CLOCK_FILE);
    const int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*shift_us), PROT_READ, MAP_SHARED, fd, 0);

    if (at == MAP_FAILED) {
        (void)fputs("picrelay-shifted: no clock in " SHIFTED_CLOCK_FILE "\n", stderr);
        _exit(2);
    }
    close(fd);
    shift_us = at;
}

uint64_t __wrap_clock_wall_us(void)
{
    return __real_clock_wall_us() + (uint64_t)atomic_load(shift_us);
}
