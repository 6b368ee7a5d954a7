#include "bench/scan.h"

#include <string.h>

static const char *blanks_skip(const char *at)
{
    return at + strspn(at, " \t");
}

bool scan_word(const char **at, char *word, size_t cap, const char *stops)
{
    const char *first = blanks_skip(*at);
    size_t n = strcspn(first, " \t");
    size_t n_stopped = strcspn(first, stops);

    if (n_stopped < n)
        n = n_stopped;
    if (!n || n >= cap)
        return false;
    memcpy(word, first, n);
    word[n] = 0;
    *at = first + n;
    return true;
}

bool scan_number(const char **at, uint32_t max, uint32_t *number)
{
    const char *p = blanks_skip(*at), *first = p;
    uint64_t v = 0;

    while (*p >= '0' && *p <= '9' && p - first < 10)
        v = v * 10 + (uint64_t)(*p++ - '0');
    if (p == first || v > max)
        return false;
    *number = (uint32_t)v;
    *at = p;
    return true;
}

bool scan_text(const char **at, const char *text)
{
    size_t n = strlen(text);

    if (strncmp(*at, text, n) != 0)
        return false;
    *at += n;
    return true;
}
