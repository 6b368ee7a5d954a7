#include <stdint.h>

#include "../sdp_echo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

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
    for (unsigned i = DIALECT_AUTO; i <= DIALECT_RFC; i++) {
        const struct lync_knowledge known = {.configured = (enum config_dialect)i};

        if (lync_choose(doc, &known).dialect == DIALECT_AUTO)
            abort();
    }
    for (unsigned i = 0; i < doc->n_media; i++) {
        int key = lync_choose_crypto(&doc->media[i]);

        if (key >= (int)doc->media[i].n_crypto || (key >= 0 && doc->media[i].crypto[key].is_scale))
            abort();
    }
    /* a peer gets its own dialect back */
    if (!echo_is_stable(doc, found.dialect == DIALECT_AUTO ? DIALECT_LYNC : found.dialect))
        abort();
    sdp_free(doc);
    return 0;
}
