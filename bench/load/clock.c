#include "bench/load/clock.h"

#include <time.h>

#define NS UINT64_C(1000000000)

static uint64_t read_ns(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * NS + (uint64_t)ts.tv_nsec;
}

uint64_t load_now_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

uint64_t load_wall_ns(void)
{
    return read_ns(CLOCK_REALTIME);
}

void load_sleep_until(uint64_t ns)
{
    struct timespec ts = {.tv_sec = (time_t)(ns / NS), .tv_nsec = (long)(ns % NS)};

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}
