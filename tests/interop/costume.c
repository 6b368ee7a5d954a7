#include "tests/interop/costume.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bench/scan.h"

#define LINE_MAX_BYTES 1024
#define DEAD           "127.0.0.1" /* nobody listens at the ports of a capture here */

struct costume {
    char *out;
    size_t cap, n;
    const char *own;
    bool is_fallback; /* within such a part */
    bool is_audio, is_media;
    bool has_candidates, has_cryptos; /* ours are written */
};

static void put(struct costume *c, const char *line)
{
    int n = snprintf(c->out + c->n, c->cap - c->n, "%s\r\n", line);

    assert_true(n > 0 && (size_t)n < c->cap - c->n);
    c->n += (size_t)n;
}

/* Cuts the next line off, without its end. @return false: that was the last */
static bool take_line(const char **at, char line[static LINE_MAX_BYTES])
{
    size_t n = strcspn(*at, "\r\n");

    if (!**at)
        return false;
    assert_true(n < LINE_MAX_BYTES);
    memcpy(line, *at, n);
    line[n] = 0;
    *at += n;
    *at += strspn(*at, "\r");
    *at += **at == '\n';
    return true;
}

static bool starts(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* Writes all own lines that start like that. */
static void put_own(struct costume *c, const char *with)
{
    const char *at = c->own;
    char line[LINE_MAX_BYTES];

    while (take_line(&at, line)) {
        if (starts(line, with))
            put(c, line);
    }
}

static bool is_tcp(const char *line)
{
    return strstr(line, " TCP") != NULL;
}

static void put_candidates(struct costume *c, const char *line)
{
    if (!c->has_candidates) {
        put_own(c, "a=candidate:");
        put_own(c, "a=remote-candidate");
    }
    c->has_candidates = true;
    if (is_tcp(line)) /* to be read and passed over */
        put(c, line);
}

static void put_cryptos(struct costume *c)
{
    if (!c->has_cryptos)
        put_own(c, "a=crypto");
    c->has_cryptos = true;
}

/* "m=audio 10406 RTP/AVP ...": our port, and behind it whether we hold. */
static void put_media(struct costume *c, const char *line)
{
    const char *own = strstr(c->own, "m=audio "), *at = line + strlen("m=");
    uint32_t port, captured_port;
    char kind[16], text[LINE_MAX_BYTES];

    c->is_media = true;
    c->is_audio = starts(line, "m=audio ");
    c->has_candidates = c->has_cryptos = false;
    assert_non_null(own);
    own += strlen("m=audio ");
    assert_true(scan_number(&own, UINT16_MAX, &port));
    assert_true(scan_word(&at, kind, sizeof(kind), "") &&
                scan_number(&at, UINT16_MAX, &captured_port));
    snprintf(text, sizeof(text), "m=%s %u%s", kind, c->is_audio ? port : 9, at);
    put(c, text);
    if (c->is_audio)
        put_own(c, "a=inactive");
}

/* Where we have no credentials of the line, no line has: the generations are never mixed. */
static bool has_line_credentials(const struct costume *c)
{
    return strstr(c->own, "a=ice-ufrag:") != NULL;
}

static void put_dead_candidate(struct costume *c)
{
    if (!c->has_candidates && has_line_credentials(c))
        put(c, "a=candidate:1 1 UDP 2013266431 " DEAD " 9 typ host");
    c->has_candidates = true;
}

/* A line of another medium, of which nothing is to be reached. */
static void put_other(struct costume *c, const char *line)
{
    if (starts(line, "c="))
        put(c, "c=IN IP4 " DEAD);
    else if (starts(line, "a=candidate:") || starts(line, "a=x-candidate"))
        put_dead_candidate(c);
    else if (starts(line, "a=rtcp:"))
        put(c, "a=rtcp:9");
    else if (!starts(line, "a=ice-") || has_line_credentials(c))
        put(c, line);
}

static void put_audio(struct costume *c, const char *line)
{
    if (starts(line, "a=candidate:") || starts(line, "a=x-candidate"))
        put_candidates(c, line);
    else if (starts(line, "a=crypto"))
        put_cryptos(c);
    else if (starts(line, "a=ice-ufrag:"))
        put_own(c, "a=ice-ufrag:");
    else if (starts(line, "a=ice-pwd:"))
        put_own(c, "a=ice-pwd:");
    else if (starts(line, "a=rtcp:"))
        put_own(c, "a=rtcp:");
    else if (starts(line, "a=x-ssrc-range:"))
        put_own(c, "a=x-ssrc-range:");
    else if (starts(line, "c="))
        put(c, "c=IN IP4 " DEAD);
    else
        put(c, line);
}

/* The header of a part of a multipart. */
static void put_header(struct costume *c, const char *line)
{
    c->is_fallback = c->is_fallback || strstr(line, "ms-proxy-2007fallback");
    put(c, line);
}

static void dress_line(struct costume *c, const char *line)
{
    if (starts(line, "--")) {
        c->is_fallback = c->is_media = false;
        put(c, line);
    } else if (c->is_fallback || line[0] == 0 || line[1] != '=') {
        put_header(c, line);
    } else if (starts(line, "o=")) {
        put_own(c, "o=");
    } else if (starts(line, "c=") && !c->is_media) {
        put(c, "c=IN IP4 " DEAD);
    } else if (starts(line, "m=")) {
        put_media(c, line);
    } else if (!c->is_media) {
        put(c, line);
    } else if (c->is_audio) {
        put_audio(c, line);
    } else {
        put_other(c, line);
    }
}

size_t costume_put_on(char *out, size_t cap, const char *captured, const char *own)
{
    struct costume c = {.out = out, .cap = cap, .own = own};
    char line[LINE_MAX_BYTES];

    while (take_line(&captured, line))
        dress_line(&c, line);
    return c.n;
}
