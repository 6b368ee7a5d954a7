#include <stdint.h>

#include "../sdp_echo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/** A peer gets its own dialect back, which then is read as what it was. */
static void check_echo(const struct sdp_doc *doc, enum config_dialect dialect)
{
    static char first[ECHO_CAP], second[ECHO_CAP];
    struct sdp_doc *again = NULL;
    int n = echo_write(first, sizeof(first), doc, dialect);

    if (n < 0)
        abort();
    if (n > SDP_TEXT_MAX)
        return;
    if (sdp_parse(&again, (struct str){first, (size_t)n}) != 0 || again->n_media != doc->n_media)
        abort();
    if (echo_write(second, sizeof(second), again, dialect) != n || memcmp(first, second, (size_t)n))
        abort();
    sdp_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = {(const char *)data, n}, body = lync_pick_body(text);
    struct lync_detection found;
    struct sdp_doc *doc;

    if (body.n > n || (body.n > 0 && (body.p < text.p || body.p + body.n > text.p + n)))
        abort();
    if (sdp_parse(&doc, body) != 0)
        return 0;
    found = lync_detect(doc);
    for (unsigned i = 0; i < doc->n_media; i++) {
        int key = lync_choose_crypto(&doc->media[i]);

        if (key >= (int)doc->media[i].n_crypto || (key >= 0 && doc->media[i].crypto[key].is_scale))
            abort();
    }
    check_echo(doc, found.dialect == DIALECT_AUTO ? DIALECT_LYNC : found.dialect);
    sdp_free(doc);
    return 0;
}
