#include "relay/control/transport/handshake_internal.h"

#include <errno.h>

#include "relay/log.h"

/* What descriptions say of DTLS: RFC 8122 (fingerprints), RFC 4145 and RFC 5763 s.5 (roles). */

int handshake_answer(struct stream *s, const struct sdp_media *offer, bool is_passive)
{
    struct fingerprint remote;
    bool is_server = s->handshake ? s->handshake->is_server : is_passive;
    int err = handshake_read_fingerprint(&remote, s, offer);

    if (err)
        return err;
    if (str_equal_nocase(offer->setup, STR("active")))
        is_server = true;
    else if (str_equal_nocase(offer->setup, STR("passive")))
        is_server = false;
    else if (str_equal_nocase(offer->setup, STR("holdconn")))
        return ENOENT;
    return handshake_begin(s, &remote, is_server);
}

/* Nothing said means active: RFC 4145 s.4. */
int handshake_accept(struct stream *s, const struct sdp_media *answer)
{
    struct fingerprint remote;
    int err = handshake_read_fingerprint(&remote, s, answer);

    if (err)
        return err;
    if (str_equal_nocase(answer->setup, STR("holdconn")))
        return ENOENT;
    return handshake_begin(s, &remote, !str_equal_nocase(answer->setup, STR("passive")));
}

struct str handshake_setup(const struct stream *s, bool is_offer)
{
    if (is_offer)
        return STR("actpass"); /* RFC 5763 s.5 */
    return s->handshake && s->handshake->is_server ? STR("passive") : STR("active");
}

struct str handshake_fingerprint(char *text, const struct stream *s, struct str hash)
{
    enum fingerprint_hash wanted = FINGERPRINT_SHA_256;
    struct fingerprint f;
    int n;

    if (!str_is_empty(hash) && fingerprint_find_hash(&wanted, hash))
        log_warning(s->leg->call->id,
                    "DTLS-fingerprint of " STR_FMT " is not written: unknown, or weaker than "
                    "SHA-256, which stands in its place",
                    STR_ARG(hash));
    if (certificate_fingerprint(&f, wanted, s->leg->certificate->x509))
        return STR("");
    n = fingerprint_print(text, FINGERPRINT_TEXT_MAX, &f);
    return n < 0 ? STR("") : (struct str){text, (size_t)n};
}

int handshake_read_fingerprint(struct fingerprint *f, const struct stream *s,
                               const struct sdp_media *theirs)
{
    int err = fingerprint_parse(f, theirs->fingerprint);

    if (!err)
        return 0;
    s->control->counters.events[CONTROL_DTLS_FINGERPRINT]++;
    log_warning(s->leg->call->id, "%s: %s; expected a=fingerprint with SHA-256 or stronger",
                media_kind_name(s->kind),
                str_is_empty(theirs->fingerprint) ? "DTLS without fingerprint"
                : err == ENOTSUP                  ? "a fingerprint of a hash that is too weak"
                                                  : "a malformed fingerprint");
    return ENOENT;
}
