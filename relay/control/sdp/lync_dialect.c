#include "relay/control/sdp/lync_sdp.h"

#include "relay/control/sdp/sdp_attribute.h"
#include "relay/control/sdp/sdp_scan.h"

/*
 * Which dialect a leg speaks. What the description says counts before what the interface is
 * configured for, because it is the peer itself that says it; but the absence of Microsoft's lines
 * says less than the configuration does.
 */

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
};

struct lync_detection lync_detect(const struct sdp_doc *doc)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        bool fits = rules[i].claim ? rules[i].claim(doc) : has_attribute(doc, rules[i].attribute);

        if (fits)
            return (struct lync_detection){.dialect = rules[i].dialect, .why = rules[i].why};
    }
    if (has_ice(doc))
        return (struct lync_detection){
            .dialect = DIALECT_RFC, .why = "ICE without a line of Microsoft's", .is_weak = true};
    return (struct lync_detection){.dialect = DIALECT_AUTO, .why = "nothing in it tells"};
}

static bool is_messenger(enum config_dialect dialect)
{
    return dialect == DIALECT_WLM2009 || dialect == DIALECT_MSN;
}

/* The description tells the generation of ICE; of which family its sender is, the configuration may
 * know better: a Messenger that does not speak of encryption looks like an OCS. */
static struct lync_detection refine(struct lync_detection found, enum config_dialect configured)
{
    const bool is_office = configured == DIALECT_LYNC || configured == DIALECT_OCS2007;

    if (found.dialect == DIALECT_OCS2007 && is_messenger(configured))
        return (struct lync_detection){.dialect = DIALECT_MSN,
                                       .why = "draft-06 candidates, the interface is of Messenger"};
    if (found.is_weak && is_messenger(configured))
        return (struct lync_detection){.dialect = DIALECT_WLM2009,
                                       .why = "draft-19 candidates, the interface is of Messenger"};
    if (found.is_weak && is_office)
        return (struct lync_detection){.dialect = DIALECT_LYNC,
                                       .why = "draft-19 candidates, the interface is of Lync"};
    return found;
}

struct lync_detection lync_choose(const struct sdp_doc *doc, const struct lync_knowledge *known)
{
    struct lync_detection found = {.dialect = DIALECT_AUTO};

    if (known->asked != DIALECT_AUTO)
        return (struct lync_detection){.dialect = known->asked, .why = "the request asks for it"};
    if (doc)
        found = refine(lync_detect(doc), known->configured);
    if (found.dialect != DIALECT_AUTO)
        return found;
    if (known->before != DIALECT_AUTO)
        return (struct lync_detection){.dialect = known->before, .why = known->before_why};
    if (known->configured != DIALECT_AUTO)
        return (struct lync_detection){.dialect = known->configured,
                                       .why = "the interface's dialect"};
    return (struct lync_detection){.dialect = DIALECT_RFC, .why = "nothing tells otherwise"};
}
