#include "relay/text.h"

#include <stdio.h>
#include <string.h>

#define DISTANCE_MAX   99U
#define DISTANCE_CHARS 32 /* names longer than this are not compared */

struct utf8_form {
    uint8_t mask, lead; /* of the first byte */
    uint8_t n_bytes;
    uint32_t min; /* less is an overlong form: RFC 3629 s.10 */
};

static const struct utf8_form utf8_forms[] = {
    {0x80, 0x00, 1, 0x00},
    {0xe0, 0xc0, 2, 0x80},
    {0xf0, 0xe0, 3, 0x800},
    {0xf8, 0xf0, 4, 0x10000},
};

size_t text_utf8(const char *text, size_t n, uint32_t *codepoint)
{
    const uint8_t *bytes = (const uint8_t *)text;
    const struct utf8_form *form = NULL;
    uint32_t cp;

    for (size_t i = 0; n && i < sizeof(utf8_forms) / sizeof(utf8_forms[0]); i++) {
        if ((bytes[0] & utf8_forms[i].mask) == utf8_forms[i].lead)
            form = &utf8_forms[i];
    }
    if (!form || n < form->n_bytes)
        return 0;

    cp = bytes[0] & (uint8_t)~form->mask;
    for (size_t i = 1; i < form->n_bytes; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        cp = (cp << 6) | (bytes[i] & 0x3fU);
    }
    if (cp < form->min || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
        return 0;

    *codepoint = cp;
    return form->n_bytes;
}

/* What a terminal or an editor would obey instead of showing it. */
static bool is_invisible(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) ||      /* C0, DEL, C1 */
           cp == 0x200e || cp == 0x200f ||                 /* direction marks */
           (cp >= 0x2028 && cp <= 0x202e) ||               /* line ends, direction overrides */
           (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff; /* isolates; byte order mark */
}

static bool needs_backslash(enum text_style style, char c)
{
    return c == '\\' || (c == '"' && (style == TEXT_QUOTED || style == TEXT_JSON));
}

/* JSON has no \x, and a byte's worth of YAML's is a code point, as is all of \u. */
static size_t escape_number(char out[TEXT_ESCAPE_MAX], enum text_style style, uint32_t value)
{
    if (value <= 0xff && style != TEXT_JSON)
        return (size_t)snprintf(out, TEXT_ESCAPE_MAX, "\\x%02x", value & 0xffU);

    return (size_t)snprintf(out, TEXT_ESCAPE_MAX, "\\u%04x", value & 0xffffU);
}

size_t text_escape(char out[TEXT_ESCAPE_MAX], enum text_style style, const char *text, size_t n,
                   size_t *n_taken)
{
    uint32_t cp = 0;
    size_t n_bytes = text_utf8(text, n, &cp);

    *n_taken = n_bytes ? n_bytes : 1;
    if (!n_bytes) /* U+FFFD stands for what no JSON text can hold: RFC 8259 s.8.1 */
        return escape_number(out, style, style == TEXT_JSON ? 0xfffd : (uint8_t)text[0]);

    if (cp == '\n')
        return (size_t)snprintf(out, TEXT_ESCAPE_MAX, "\\n");
    if (is_invisible(cp) || (style == TEXT_WORD && cp == ' '))
        return escape_number(out, style, cp);

    if (n_bytes == 1 && needs_backslash(style, text[0]))
        return (size_t)snprintf(out, TEXT_ESCAPE_MAX, "\\%c", text[0]);

    memcpy(out, text, n_bytes);
    out[n_bytes] = '\0';
    return n_bytes;
}

const char *text_quote(char *buf, size_t cap, const char *text, size_t n)
{
    static const char cut[] = "...\"";
    size_t end = 0;

    buf[end++] = '"';
    for (size_t i = 0; i < n;) {
        char form[TEXT_ESCAPE_MAX];
        size_t n_taken;
        size_t n_form = text_escape(form, TEXT_QUOTED, text + i, n - i, &n_taken);

        if (end + n_form + sizeof(cut) > cap) {
            memcpy(buf + end, cut, sizeof(cut));
            return buf;
        }
        memcpy(buf + end, form, n_form);
        end += n_form;
        i += n_taken;
    }
    buf[end++] = '"';
    buf[end] = '\0';
    return buf;
}

static bool is_alnum(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool text_is_name(const char *text, const char *also)
{
    if (!*text)
        return false;

    for (; *text; text++) {
        if (!is_alnum(*text) && !strchr(also, *text))
            return false;
    }
    return true;
}

void text_copy(char *to, size_t cap, const char *from)
{
    size_t n = strnlen(from, cap - 1);

    memcpy(to, from, n);
    memset(to + n, 0, cap - n);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_equal_nocase(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Optimal string alignment: a swap of neighbours, the commonest slip, counts as one. */
unsigned text_distance(const char *a, const char *b)
{
    unsigned row[DISTANCE_CHARS + 1][DISTANCE_CHARS + 1];
    size_t n_a = strlen(a);
    size_t n_b = strlen(b);

    if (n_a > DISTANCE_CHARS || n_b > DISTANCE_CHARS)
        return DISTANCE_MAX;

    for (unsigned i = 0; i <= n_a; i++) {
        for (unsigned j = 0; j <= n_b; j++) {
            if (i == 0 || j == 0) {
                row[i][j] = i + j;
                continue;
            }
            unsigned change = row[i - 1][j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));

            row[i][j] = min3(row[i - 1][j] + 1, row[i][j - 1] + 1, change);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[i][j] = min3(row[i][j], row[i - 2][j - 2] + 1, DISTANCE_MAX);
        }
    }
    return row[n_a][n_b];
}
