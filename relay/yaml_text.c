#include "relay/yaml_text.h"

#include <string.h>

unsigned yaml_count_lines(const char *text, size_t n)
{
    unsigned line = 1;

    for (size_t i = 0; i < n; i++)
        line += text[i] == '\n';

    return line;
}

bool yaml_is_indented_by_tab(const char *text, size_t n, unsigned line)
{
    const char *end = text + n;
    const char *at = text;

    for (unsigned i = 1; i < line && at < end; i++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        at = newline ? newline + 1 : end;
    }
    while (at < end && *at == ' ')
        at++;

    return at < end && *at == '\t';
}

/* All that libyaml takes for the end of a line, and the start of the text. */
static bool starts_a_line(const char *text, size_t at)
{
    static const char *const breaks[] = {"\n",           "\r",           "\xc2\x85",
                                         "\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf"};

    for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
        size_t n = strlen(breaks[i]);

        if (at >= n && memcmp(text + at - n, breaks[i], n) == 0)
            return true;
    }
    return at == 0;
}

/* Nobody needs %YAML or %TAG here, and libyaml 0.2.5 compares each %TAG with all before it: 4 MB of
 * them would take it minutes. */
static int check_directives(const char *text, size_t n, const struct yaml_report *report)
{
    const char *end = text + n;
    const char *at = n ? memchr(text, '%', n) : NULL;

    for (; at; at = memchr(at + 1, '%', (size_t)(end - at - 1))) {
        size_t offset = (size_t)(at - text);

        if (starts_a_line(text, offset))
            return yaml_fail(report, yaml_count_lines(text, offset),
                             "a line that starts with %%; expected no directives");
    }
    return 0;
}

int yaml_check_text_bytes(const char *text, size_t n, const struct yaml_limits *limits,
                          const struct yaml_report *report)
{
    const char *nul;

    if (n > limits->bytes_max)
        return yaml_fail(report, 1, "%zu bytes; expected at most %zu", n, limits->bytes_max);

    nul = n ? memchr(text, '\0', n) : NULL;
    if (nul)
        return yaml_fail(report, yaml_count_lines(text, (size_t)(nul - text)),
                         "a NUL byte; expected text in UTF-8");
    return check_directives(text, n, report);
}
