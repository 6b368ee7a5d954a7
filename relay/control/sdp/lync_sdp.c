#include "relay/control/sdp/lync_sdp.h"

#include "relay/control/sdp/sdp_attribute.h"
#include "relay/control/sdp/sdp_scan.h"

static bool has_attribute(const struct sdp_doc *doc, const char *name)
{
    for (unsigned i = 0; i < doc->n_lines; i++) {
        if (doc->lines[i].type == 'a' &&
            str_equal_nocase(sdp_attribute_name(doc->lines[i].value), str_of(name)))
            return true;
    }
    return false;
}

/** Whether some m= line fits; a rule of the table below asks this way. */
static bool any_media(const struct sdp_doc *doc, bool (*fits)(const struct sdp_media *m))
{
    for (unsigned i = 0; i < doc->n_media; i++) {
        if (fits(&doc->media[i]))
            return true;
    }
    return false;
}

static bool media_has_draft6(const struct sdp_media *m)
{
    return m->is_draft6;
}

static bool media_has_credentials(const struct sdp_media *m)
{
    return !str_is_empty(m->ice_ufrag);
}

static bool media_has_ice(const struct sdp_media *m)
{
    return m->has_candidates || media_has_credentials(m);
}

static bool media_has_encryption(const struct sdp_media *m)
{
    return m->encryption != SDP_ENCRYPTION_NONE;
}

static bool media_rejects_encryption(const struct sdp_media *m)
{
    return m->encryption == SDP_ENCRYPTION_REJECTED;
}

static bool media_has_padding(const struct sdp_media *m)
{
    return m->n_candidates > 0 && strchr(m->candidates[0].ufrag, '=') != NULL;
}

static bool media_is_main(const struct sdp_media *m)
{
    return scan_has_prefix(m->label, STR("main-"));
}

/** Lines of the fallback generation alone; a document with both is one of the newer. */
static bool is_draft6(const struct sdp_doc *doc)
{
    return any_media(doc, media_has_draft6) && !any_media(doc, media_has_credentials);
}

static bool is_padded_draft6(const struct sdp_doc *doc)
{
    return is_draft6(doc) && any_media(doc, media_has_padding);
}

static bool is_clear_draft6(const struct sdp_doc *doc)
{
    return is_draft6(doc) && any_media(doc, media_rejects_encryption);
}

static bool is_clear_draft19(const struct sdp_doc *doc)
{
    return any_media(doc, media_has_credentials) && any_media(doc, media_rejects_encryption);
}

/** TCP-PASS and TCP-ACT are tokens of an old ICE-TCP draft; RFC 6544 writes "TCP ... tcptype". */
static bool has_old_tcp_token(const struct sdp_doc *doc)
{
    for (unsigned i = 0; i < doc->n_lines; i++) {
        struct str value = doc->lines[i].value, transport;

        if (doc->lines[i].type != 'a' ||
            !str_equal_nocase(scan_until(&value, ':'), STR("candidate")))
            continue;
        scan_word(&value); /* foundation */
        scan_word(&value); /* component */
        transport = scan_word(&value);
        if (scan_has_prefix(transport, STR("TCP-")))
            return true;
    }
    return false;
}

static bool has_line(const struct sdp_doc *doc, char type, struct str value)
{
    for (unsigned i = 0; i < doc->n_session_lines; i++) {
        if (doc->lines[i].type == type && str_equal(scan_trim(doc->lines[i].value), value))
            return true;
    }
    return false;
}

static bool has_microsoft_session(const struct sdp_doc *doc)
{
    return str_equal(doc->origin_id, STR("0")) && has_line(doc, 's', STR("session")) &&
           has_line(doc, 'b', STR("CT:99980"));
}

static bool has_main_label(const struct sdp_doc *doc)
{
    return any_media(doc, media_is_main);
}

static bool has_encryption(const struct sdp_doc *doc)
{
    return any_media(doc, media_has_encryption);
}

static bool has_ice(const struct sdp_doc *doc)
{
    return any_media(doc, media_has_ice);
}

/* The first row that fits decides: from lines that only one generation writes down to weak signs.
 * A row asks for an attribute's presence, or for a claim about the document. */
static const struct {
    enum config_dialect dialect;
    const char *attribute;
    bool (*claim)(const struct sdp_doc *doc);
    const char *why;
} rules[] = {
    {DIALECT_MSN, NULL, is_padded_draft6, "padded draft-06 candidates"},
    {DIALECT_MSN, NULL, is_clear_draft6, "draft-06 candidates, encryption rejected"},
    {DIALECT_OCS2007, NULL, is_draft6, "draft-06 candidates"},

    {DIALECT_RFC, "fingerprint", NULL, "a=fingerprint"},
    {DIALECT_RFC, "group", NULL, "a=group"},
    {DIALECT_RFC, "mid", NULL, "a=mid"},
    {DIALECT_RFC, "rtcp-mux-only", NULL, "a=rtcp-mux-only"},
    {DIALECT_RFC, "ice-options", NULL, "a=ice-options"},
    {DIALECT_RFC, "ice-lite", NULL, "a=ice-lite"},

    {DIALECT_LYNC, "x-ssrc-range", NULL, "a=x-ssrc-range"},
    {DIALECT_LYNC, "x-devicecaps", NULL, "a=x-devicecaps"},
    {DIALECT_LYNC, "x-mediabw", NULL, "a=x-mediabw"},
    {DIALECT_LYNC, "x-candidate-ipv6", NULL, "a=x-candidate-ipv6"},
    {DIALECT_LYNC, "x-bypassid", NULL, "a=x-bypassid"},
    {DIALECT_LYNC, "cryptoscale", NULL, "a=cryptoscale"},
    {DIALECT_LYNC, NULL, has_old_tcp_token, "TCP-PASS or TCP-ACT candidates"},

    {DIALECT_WLM2009, NULL, is_clear_draft19, "draft-19 candidates, encryption rejected"},
    {DIALECT_LYNC, NULL, has_main_label, "a=label:main-audio"},
    {DIALECT_LYNC, NULL, has_microsoft_session, "o=- 0, s=session, b=CT:99980"},
    {DIALECT_OCS2007, NULL, has_encryption, "a=encryption without candidates"},
    {DIALECT_RFC, NULL, has_ice, "ICE without a line of Microsoft's"},
};

struct lync_detection lync_detect(const struct sdp_doc *doc)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        bool fits = rules[i].claim ? rules[i].claim(doc) : has_attribute(doc, rules[i].attribute);

        if (fits)
            return (struct lync_detection){rules[i].dialect, rules[i].why};
    }
    return (struct lync_detection){DIALECT_AUTO, "nothing in it tells"};
}

int lync_choose_crypto(const struct sdp_media *media)
{
    int with_mki = -1;

    for (unsigned i = 0; i < media->n_crypto; i++) {
        const struct sdp_crypto *c = &media->crypto[i];

        if (c->is_scale || c->has_session_params || c->keys.suite == SRTP_SUITE_NONE)
            continue;
        if (c->keys.mki_len == 0)
            return (int)i;
        if (with_mki < 0)
            with_mki = (int)i;
    }
    return with_mki;
}

bool lync_is_optional_srtp(const struct sdp_media *media)
{
    return sdp_proto_is_rtp(media->proto) && !sdp_proto_is_secure(media->proto) &&
           lync_choose_crypto(media) >= 0;
}
