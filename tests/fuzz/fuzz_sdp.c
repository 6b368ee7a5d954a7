#include <stdint.h>

#include "../sdp_echo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/** Said again, a document is read as what it was, and said a third time it is the same text. */
static void check_echo(const struct sdp_doc *doc)
{
    static char first[ECHO_CAP], second[ECHO_CAP];
    struct sdp_doc *again = NULL;
    int n = echo_write(first, sizeof(first), doc, DIALECT_RFC);

    if (n < 0)
        abort();
    if (n > SDP_TEXT_MAX) /* candidates repeated in our spelling may be longer than in theirs */
        return;
    if (sdp_parse(&again, (struct str){first, (size_t)n}) != 0 || again->n_media != doc->n_media)
        abort();
    if (echo_write(second, sizeof(second), again, DIALECT_RFC) != n ||
        memcmp(first, second, (size_t)n))
        abort();
    sdp_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sdp_doc *doc;

    if (sdp_parse(&doc, (struct str){(const char *)data, n}) != 0)
        return 0;
    check_echo(doc);
    sdp_free(doc);
    return 0;
}
