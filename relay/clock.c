#include "relay/clock.h"

#include <time.h>

#define NTP_UNIX_OFFSET_S 2208988800U /* 1900-01-01 to 1970-01-01: RFC 868 */
#define US_PER_S          1000000U

static uint64_t read_us(clockid_t clock)
{
    struct timespec ts = {0};

    clock_gettime(clock, &ts); /* cannot fail for the two clocks that are asked for here */
    return (uint64_t)ts.tv_sec * US_PER_S + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t clock_now_us(void)
{
    uint64_t now_us = read_us(CLOCK_MONOTONIC);

    return now_us ? now_us : 1; /* 0 is "never" in other rooms */
}

uint64_t clock_wall_us(void)
{
    return read_us(CLOCK_REALTIME);
}

/* The seconds are taken modulo 2^32, as on the wire: RFC 3550 s.4. */
uint64_t clock_ntp(uint64_t wall_us)
{
    uint64_t seconds = wall_us / US_PER_S + NTP_UNIX_OFFSET_S;
    uint64_t fraction = ((wall_us % US_PER_S) << 32) / US_PER_S;

    return (seconds << 32) | fraction;
}
