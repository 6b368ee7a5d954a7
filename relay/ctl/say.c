#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "relay/ctl/ctl.h"
#include "relay/text.h"

#define COMPLAINT_MAX 4096

/* What picrelayctl says. Names and reasons come from the relay, and to it from strangers: nothing
 * that could steer a terminal passes. */

static void put_text(FILE *out, const char *text)
{
    const size_t n = text ? strlen(text) : 0;

    for (size_t i = 0; i < n;) {
        char form[TEXT_ESCAPE_MAX];
        size_t n_taken;

        (void)text_escape(form, TEXT_LINE, text + i, n - i, &n_taken);
        (void)fputs(form, out);
        i += n_taken;
    }
}

int ctl_complain(int code, const char *fmt, ...)
{
    char text[COMPLAINT_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    (void)fputs("picrelayctl: ", stderr);
    put_text(stderr, text);
    (void)fputc('\n', stderr);
    return code;
}

void ctl_print_text(const char *text)
{
    put_text(stdout, text);
}

void ctl_print_column(const char *text, int width)
{
    int n = 0;

    for (; text && text[n] > ' ' && text[n] < 0x7f; n++)
        ;
    if (text && text[n])
        ctl_print_text(text); /* not what a table has: it may stand crooked */
    else
        printf("%-*s", width, text ? text : "");
    (void)putchar(' ');
}

int ctl_print_json(json_t *value)
{
    int err = value ? json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) : -1;

    (void)putchar('\n');
    json_decref(value);
    return err ? ctl_complain(CTL_EXIT_FAILED, "the answer cannot be written") : 0;
}
