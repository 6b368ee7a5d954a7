#include "relay/control/sdp/sdp_attribute.h"

#include "relay/control/sdp/sdp_crypto.h"
#include "relay/control/sdp/sdp_feedback.h"
#include "relay/control/sdp/sdp_scan.h"

#define PTIME_MAX_MS 1000

static struct sdp_format *find_format(struct sdp_media *m, struct str pt_text)
{
    uint32_t pt;

    if (!scan_uint(&pt, pt_text, 127))
        return NULL;
    for (unsigned i = 0; i < m->n_formats; i++) {
        if (m->formats[i].pt == pt)
            return &m->formats[i];
    }
    return NULL;
}

/** "96 opus/48000/2" */
static void read_rtpmap(struct sdp_section *s, struct str value)
{
    struct sdp_format *f = find_format(s->media, scan_word(&value));
    struct str encoding = scan_word(&value);
    struct str name = scan_until(&encoding, '/');
    struct str clock = scan_until(&encoding, '/');
    uint32_t clock_hz, n_channels = 1;

    if (!f || str_is_empty(name) || !scan_uint(&clock_hz, clock, UINT32_MAX) || clock_hz == 0)
        return;
    if (!str_is_empty(encoding) && (!scan_uint(&n_channels, encoding, 255) || n_channels == 0))
        return;
    f->name = name;
    f->clock_hz = clock_hz;
    f->n_channels = (uint8_t)n_channels;
}

static void read_fmtp(struct sdp_section *s, struct str value)
{
    struct sdp_format *f = find_format(s->media, scan_word(&value));

    if (f && str_is_empty(f->fmtp))
        f->fmtp = scan_trim(value);
}

static void read_feedback(struct sdp_section *s, struct str value)
{
    sdp_feedback_read(s->media, value);
}

static void read_milliseconds(unsigned *ms, struct str value)
{
    uint32_t n;

    value = scan_until(&value, '.'); /* RFC 8866 s.6.4 has whole numbers; some write "20.0" */
    if (scan_uint(&n, value, PTIME_MAX_MS))
        *ms = n;
}

static void read_ptime(struct sdp_section *s, struct str value)
{
    read_milliseconds(&s->media->ptime_ms, value);
}

static void read_maxptime(struct sdp_section *s, struct str value)
{
    read_milliseconds(&s->media->maxptime_ms, value);
}

static void set_direction(struct sdp_section *s, enum sdp_direction direction)
{
    s->media->direction = direction;
    s->media->has_direction = true;
}

static void read_sendrecv(struct sdp_section *s, struct str value)
{
    (void)value;
    set_direction(s, SDP_SENDRECV);
}

static void read_sendonly(struct sdp_section *s, struct str value)
{
    (void)value;
    set_direction(s, SDP_SENDONLY);
}

static void read_recvonly(struct sdp_section *s, struct str value)
{
    (void)value;
    set_direction(s, SDP_RECVONLY);
}

static void read_inactive(struct sdp_section *s, struct str value)
{
    (void)value;
    set_direction(s, SDP_INACTIVE);
}

static void read_rtcp(struct sdp_section *s, struct str value)
{
    s->rtcp = value;
}

static void read_rtcp_mux(struct sdp_section *s, struct str value)
{
    (void)value;
    s->media->has_rtcp_mux = true;
}

static void read_rtcp_rsize(struct sdp_section *s, struct str value)
{
    (void)value;
    s->media->has_rtcp_rsize = true;
}

/** Tags are unique over a=crypto and a=cryptoscale: of two lines with one tag the first counts. */
static bool is_tag_taken(const struct sdp_media *m, uint32_t tag)
{
    for (unsigned i = 0; i < m->n_crypto; i++) {
        if (m->crypto[i].tag == tag)
            return true;
    }
    return false;
}

static void add_crypto(struct sdp_media *m, struct str value, bool is_scale)
{
    struct sdp_crypto c;

    if (m->n_crypto < SDP_CRYPTO_MAX && sdp_crypto_parse(&c, value, is_scale) == 0 &&
        !is_tag_taken(m, c.tag))
        m->crypto[m->n_crypto++] = c;
    else
        m->n_bad_crypto++;
    explicit_bzero(&c, sizeof(c));
}

static void read_crypto(struct sdp_section *s, struct str value)
{
    add_crypto(s->media, value, false);
}

static void read_cryptoscale(struct sdp_section *s, struct str value)
{
    add_crypto(s->media, value, true);
}

static void read_encryption(struct sdp_section *s, struct str value)
{
    if (str_equal_nocase(value, STR("rejected")))
        s->media->encryption = SDP_ENCRYPTION_REJECTED;
    else if (str_equal_nocase(value, STR("optional")))
        s->media->encryption = SDP_ENCRYPTION_OPTIONAL;
    else if (str_equal_nocase(value, STR("required")))
        s->media->encryption = SDP_ENCRYPTION_REQUIRED;
}

static void read_ice_ufrag(struct sdp_section *s, struct str value)
{
    s->media->ice_ufrag = value;
}

static void read_ice_pwd(struct sdp_section *s, struct str value)
{
    s->media->ice_pwd = value;
}

static void read_ice_lite(struct sdp_section *s, struct str value)
{
    (void)value;
    s->doc->is_ice_lite = true;
}

/** "trickle ice2" (RFC 8839 s.5.6) */
static void read_ice_options(struct sdp_section *s, struct str value)
{
    while (!str_is_empty(value)) {
        if (str_equal_nocase(scan_word(&value), STR("trickle")))
            s->doc->is_trickling = true;
    }
}

/**
 * A relay has UDP and two components. Held against its own address a candidate fails only for what
 * no network can use (multicast, unspecified); the rest of the address rules needs the local
 * address and is left to whoever starts the checks.
 */
static bool is_candidate_taken(const struct ice_candidate *c)
{
    return c->transport == ICE_UDP && (c->component == 1 || c->component == 2) &&
           ice_candidate_usable(c, &c->addr);
}

static void read_candidate(struct sdp_section *s, struct str value)
{
    struct sdp_media *m = s->media;
    struct ice_candidate c = {0};
    bool is_draft6;

    m->has_candidates = true;
    if (m->n_candidates >= SDP_CANDIDATES_MAX || ice_candidate_parse(&c, value.p, value.n) != 0) {
        m->n_skipped_candidates++;
        return;
    }
    is_draft6 = c.ufrag[0] != '\0';
    if (m->n_candidates == 0)
        m->is_draft6 = is_draft6;
    /* lines of the two generations are never mixed: the first one used decides */
    if (is_draft6 == m->is_draft6 && is_candidate_taken(&c))
        m->candidates[m->n_candidates++] = c;
    else
        m->n_skipped_candidates++;
    explicit_bzero(&c, sizeof(c));
}

/** "1 192.0.2.1 5004 2 192.0.2.1 5005" (RFC 8839 s.5.2) */
static void read_remote_candidates(struct sdp_section *s, struct str value)
{
    struct sdp_media *m = s->media;

    for (m->n_remote_candidates = 0; m->n_remote_candidates < 2; m->n_remote_candidates++) {
        struct ice_candidate *c = &m->remote_candidates[m->n_remote_candidates];
        struct str component = scan_word(&value), host = scan_word(&value);
        uint32_t id, port;
        union addr a = {0};

        if (!scan_uint(&id, component, 2) || id == 0 || addr_parse_host(&a, host.p, host.n) != 0 ||
            !scan_uint(&port, scan_word(&value), UINT16_MAX))
            return;
        addr_set_port(&a, (uint16_t)port);
        *c = (struct ice_candidate){.component = (uint8_t)id};
        memcpy(&c->addr, &a, sizeof(a));
    }
}

/** draft-06 names the chosen candidate by its user name */
static void read_remote_candidate(struct sdp_section *s, struct str value)
{
    struct ice_candidate *c = &s->media->remote_candidates[0];
    struct str ufrag = scan_word(&value);

    if (str_is_empty(ufrag) || ufrag.n >= sizeof(c->ufrag) || !str_is_empty(scan_word(&value)))
        return;
    *c = (struct ice_candidate){.component = 1};
    memcpy(c->ufrag, ufrag.p, ufrag.n);
    s->media->n_remote_candidates = 1;
}

static void read_end_of_candidates(struct sdp_section *s, struct str value)
{
    (void)value;
    s->media->has_end_of_candidates = true;
}

/** "LOW-HIGH", 1 to 0xFFFFFF00 (MS-SDPEXT) */
static void read_ssrc_range(struct sdp_section *s, struct str value)
{
    struct str low_text = scan_until(&value, '-');
    uint32_t low, high;

    if (!scan_uint(&low, low_text, 0xFFFFFF00) || !scan_uint(&high, value, 0xFFFFFF00) ||
        low == 0 || low > high)
        return;
    s->media->ssrc_low = low;
    s->media->ssrc_high = high;
}

static void read_label(struct sdp_section *s, struct str value)
{
    s->media->label = value;
}

static void read_mid(struct sdp_section *s, struct str value)
{
    s->media->mid = value;
}

/* Of several the last one counts whose hash is strong enough (RFC 8122 s.5.1): a line's own before
 * the session's. A weak one stands only where there is no other, to be refused by its name. */
static void read_fingerprint(struct sdp_section *s, struct str value)
{
    static const struct str strong[] = {STR_INIT("sha-256 "), STR_INIT("sha-384 "),
                                        STR_INIT("sha-512 ")};
    bool is_strong = false;

    for (size_t i = 0; i < sizeof(strong) / sizeof(*strong); i++)
        is_strong = is_strong || scan_has_prefix(value, strong[i]);
    if (is_strong || str_is_empty(s->media->fingerprint))
        s->media->fingerprint = value;
}

static void read_setup(struct sdp_section *s, struct str value)
{
    s->media->setup = value;
}

enum attribute_place { IN_MEDIA = 1, IN_SESSION = 2, ANYWHERE = 3 };

struct attribute {
    struct str name;
    enum attribute_place place;                            /* where it is read */
    bool passes;                                           /* reaches the other side as it stands */
    void (*read)(struct sdp_section *s, struct str value); /* NULL: not for a relay to know */
};

/* One row an attribute. What does not pass describes the sender's transport, keys or addresses, or
 * refers to something that does (a=group to a=mid), or is written anew from typed values. */
static const struct attribute attributes[] = {
    {STR_INIT("acap"), IN_MEDIA, false, NULL}, /* RFC 5939 may hold any attribute, crypto too */
    {STR_INIT("acfg"), IN_MEDIA, false, NULL},
    {STR_INIT("alt"), IN_MEDIA, false, NULL},
    {STR_INIT("altc"), IN_MEDIA, false, NULL}, /* RFC 6947: another address */
    {STR_INIT("bundle-only"), IN_MEDIA, false, NULL},
    {STR_INIT("candidate"), IN_MEDIA, false, read_candidate},
    {STR_INIT("connection"), IN_MEDIA, false, NULL},
    {STR_INIT("crypto"), IN_MEDIA, false, read_crypto},
    {STR_INIT("cryptoscale"), IN_MEDIA, false, read_cryptoscale},
    {STR_INIT("direction"), IN_MEDIA, false, NULL}, /* who connects, of the years before RFC 4145 */
    {STR_INIT("dtls-id"), IN_MEDIA, false, NULL},
    {STR_INIT("encryption"), ANYWHERE, false, read_encryption},
    {STR_INIT("end-of-candidates"), ANYWHERE, false, read_end_of_candidates},
    {STR_INIT("extmap"), IN_MEDIA, false, NULL},
    {STR_INIT("extmap-allow-mixed"), IN_MEDIA, false, NULL},
    {STR_INIT("fingerprint"), ANYWHERE, false, read_fingerprint},
    {STR_INIT("fmtp"), IN_MEDIA, false, read_fmtp},
    {STR_INIT("group"), IN_MEDIA, false, NULL},
    {STR_INIT("ice-lite"), IN_SESSION, false, read_ice_lite},
    {STR_INIT("ice-options"), ANYWHERE, false, read_ice_options},
    {STR_INIT("ice-pwd"), ANYWHERE, false, read_ice_pwd},
    {STR_INIT("ice-ufrag"), ANYWHERE, false, read_ice_ufrag},
    {STR_INIT("identity"), IN_MEDIA, false, NULL},
    {STR_INIT("inactive"), ANYWHERE, false, read_inactive},
    {STR_INIT("key-mgmt"), IN_MEDIA, false, NULL},
    {STR_INIT("label"), IN_MEDIA, false, read_label},
    {STR_INIT("maxptime"), IN_MEDIA, true, read_maxptime},
    {STR_INIT("mid"), IN_MEDIA, false, read_mid},
    {STR_INIT("pcfg"), IN_MEDIA, false, NULL},
    {STR_INIT("ptime"), IN_MEDIA, true, read_ptime},
    {STR_INIT("recvonly"), ANYWHERE, false, read_recvonly},
    {STR_INIT("remote-candidate"), IN_MEDIA, false, read_remote_candidate},
    {STR_INIT("remote-candidates"), IN_MEDIA, false, read_remote_candidates},
    {STR_INIT("rid"), IN_MEDIA, false, NULL},
    {STR_INIT("rtcp"), IN_MEDIA, false, read_rtcp},
    {STR_INIT("rtcp-fb"), IN_MEDIA, false, read_feedback},
    {STR_INIT("rtcp-mux"), IN_MEDIA, false, read_rtcp_mux},
    {STR_INIT("rtcp-rsize"), IN_MEDIA, false, read_rtcp_rsize},
    {STR_INIT("rtpmap"), IN_MEDIA, false, read_rtpmap},
    {STR_INIT("sendonly"), ANYWHERE, false, read_sendonly},
    {STR_INIT("sendrecv"), ANYWHERE, false, read_sendrecv},
    {STR_INIT("setup"), ANYWHERE, false, read_setup},
    {STR_INIT("simulcast"), IN_MEDIA, false, NULL},
    {STR_INIT("source-filter"), IN_MEDIA, false, NULL},
    {STR_INIT("tcap"), IN_MEDIA, false, NULL},
    {STR_INIT("tls-id"), IN_MEDIA, false, NULL},
    {STR_INIT("x-candidate-ipv6"), IN_MEDIA, false, read_candidate},
    {STR_INIT("x-ssrc-range"), IN_MEDIA, false, read_ssrc_range},
    {STR_INIT("zrtp-hash"), IN_MEDIA, false, NULL},
};

/* Families of which no member passes, those included that nobody has thought of yet. */
static const struct str private_prefixes[] = {
    STR_INIT("candidate"),        STR_INIT("ice-"), STR_INIT("msid"), STR_INIT("old"),
    STR_INIT("remote-candidate"), STR_INIT("rtcp"), STR_INIT("ssrc"), STR_INIT("x-"),
};

bool sdp_is_bundled(const struct sdp_doc *doc, struct str mid)
{
    for (unsigned i = 0; !str_is_empty(mid) && i < doc->n_session_lines; i++) {
        struct str value = doc->lines[i].value;

        if (doc->lines[i].type != 'a' || !str_equal_nocase(scan_until(&value, ':'), STR("group")) ||
            !str_equal_nocase(scan_word(&value), STR("BUNDLE")))
            continue;
        for (struct str word = scan_word(&value); !str_is_empty(word); word = scan_word(&value)) {
            if (str_equal(word, mid))
                return true;
        }
    }
    return false;
}

static const struct attribute *find_attribute(struct str name)
{
    for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
        if (str_equal_nocase(attributes[i].name, name))
            return &attributes[i];
    }
    return NULL;
}

struct str sdp_attribute_name(struct str value)
{
    return scan_trim(scan_until(&value, ':'));
}

void sdp_attribute_read(struct sdp_section *s, struct str value)
{
    const struct attribute *a = find_attribute(scan_trim(scan_until(&value, ':')));
    enum attribute_place here = s->is_session ? IN_SESSION : IN_MEDIA;

    if (a && a->read && (a->place & here))
        a->read(s, scan_trim(value));
}

bool sdp_attribute_passes(struct str value)
{
    struct str name = sdp_attribute_name(value);
    const struct attribute *a = find_attribute(name);

    if (a)
        return a->passes;
    for (size_t i = 0; i < sizeof(private_prefixes) / sizeof(*private_prefixes); i++) {
        if (scan_has_prefix(name, private_prefixes[i]))
            return false;
    }
    return true;
}
