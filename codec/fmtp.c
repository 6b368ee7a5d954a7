#include "codec/fmtp.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const char *skip_blanks(const char *s)
{
    while (*s == ' ' || *s == '\t')
        s++;
    return s;
}

/* @return whether all of s up to a blank, ';' or the end was one number */
static bool read_number(const char *s, uint32_t *value)
{
    const char *begin = s;
    uint64_t v = 0;

    for (; *s >= '0' && *s <= '9'; s++) {
        v = v * 10 + (uint64_t)(*s - '0');
        if (v > UINT32_MAX)
            return false;
    }
    if (s == begin)
        return false;
    s = skip_blanks(s);
    *value = (uint32_t)v;
    return *s == '\0' || *s == ';';
}

/* @return the value of a parameter; NULL: it is not there */
static const char *find_value(const char *fmtp, const char *name)
{
    const size_t n = strlen(name);

    for (const char *s = fmtp; s; s = strchr(s, ';')) {
        s += *s == ';';
        s = skip_blanks(s);
        if (strncasecmp(s, name, n) == 0) {
            const char *after = skip_blanks(s + n);

            if (*after == '=')
                return skip_blanks(after + 1);
        }
    }
    return NULL;
}

uint32_t fmtp_number(const char *fmtp, const char *name, uint32_t otherwise)
{
    const char *found = find_value(fmtp, name);
    uint32_t value;

    return found && read_number(found, &value) ? value : otherwise;
}

bool fmtp_has_bad_number(const char *fmtp, const char *name)
{
    const char *found = find_value(fmtp, name);
    uint32_t value;

    return found && !read_number(found, &value);
}
