#include "relay/control/ng/ng_parse.h"

bool ng_word_dtls(struct ng_parser *p, size_t at, struct str word)
{
    enum { OFF, PASSIVE, ACTIVE };
    static const struct ng_word modes[] = {
        {STR_INIT("off"), OFF},         {STR_INIT("no"), OFF},        {STR_INIT("disable"), OFF},
        {STR_INIT("passive"), PASSIVE}, {STR_INIT("active"), ACTIVE},
    };
    const struct ng_word *w = ng_word_find(modes, NG_N(modes), word);

    (void)at;
    if (!w)
        return false;
    p->r->dtls_off = w->value == OFF; /* each says all: the last one counts */
    p->r->dtls_passive = w->value == PASSIVE;
    p->r->dtls_active = w->value == ACTIVE;
    return true;
}

/** A protocol as three bits, which the single words set and clear. */
enum { PROTO_SECURE = 1, PROTO_FEEDBACK = 2, PROTO_DTLS = 4 };

static const enum ng_proto proto_of_bits[] = {
    NG_PROTO_RTP_AVP,           NG_PROTO_RTP_SAVP,          NG_PROTO_RTP_AVPF,
    NG_PROTO_RTP_SAVPF,         NG_PROTO_UDP_TLS_RTP_SAVP,  NG_PROTO_UDP_TLS_RTP_SAVP,
    NG_PROTO_UDP_TLS_RTP_SAVPF, NG_PROTO_UDP_TLS_RTP_SAVPF,
};

bool ng_word_proto_part(struct ng_parser *p, size_t at, struct str word)
{
    static const struct {
        struct str name;
        unsigned clear, set;
    } parts[] = {
        {STR_INIT("RTP"), PROTO_SECURE, 0},   {STR_INIT("SRTP"), 0, PROTO_SECURE},
        {STR_INIT("AVP"), PROTO_FEEDBACK, 0}, {STR_INIT("AVPF"), 0, PROTO_FEEDBACK},
        {STR_INIT("DTLS"), 0, PROTO_DTLS},
    };

    (void)at;
    for (size_t i = 0; i < NG_N(parts); i++) {
        if (!ng_name_is(parts[i].name, word))
            continue;
        p->proto = (p->proto & ~parts[i].clear) | parts[i].set;
        p->r->proto = proto_of_bits[p->proto];
        return true;
    }
    return false;
}

bool ng_word_proto(struct ng_parser *p, size_t at, struct str word)
{
    static const struct {
        struct str name;
        enum ng_proto proto;
        unsigned bits;
    } protos[] = {
        {STR_INIT("RTP/AVP"), NG_PROTO_RTP_AVP, 0},
        {STR_INIT("RTP/SAVP"), NG_PROTO_RTP_SAVP, PROTO_SECURE},
        {STR_INIT("RTP/AVPF"), NG_PROTO_RTP_AVPF, PROTO_FEEDBACK},
        {STR_INIT("RTP/SAVPF"), NG_PROTO_RTP_SAVPF, PROTO_SECURE | PROTO_FEEDBACK},
        {STR_INIT("UDP/TLS/RTP/SAVP"), NG_PROTO_UDP_TLS_RTP_SAVP, PROTO_SECURE | PROTO_DTLS},
        {STR_INIT("UDP/TLS/RTP/SAVPF"), NG_PROTO_UDP_TLS_RTP_SAVPF,
         PROTO_SECURE | PROTO_FEEDBACK | PROTO_DTLS},
        {STR_INIT("accept"), NG_PROTO_ACCEPT, 0},
    };

    (void)at;
    for (size_t i = 0; i < NG_N(protos); i++) {
        if (!ng_name_is(protos[i].name, word))
            continue;
        p->proto = protos[i].bits;
        p->r->proto = protos[i].proto;
        return true;
    }
    return false;
}

/** RFC 4568 s.6.2, RFC 6188, RFC 7714 */
static bool is_suite(struct str name)
{
    static const struct str suites[] = {
        STR_INIT("AEAD_AES_256_GCM"),        STR_INIT("AEAD_AES_128_GCM"),
        STR_INIT("AES_256_CM_HMAC_SHA1_80"), STR_INIT("AES_256_CM_HMAC_SHA1_32"),
        STR_INIT("AES_192_CM_HMAC_SHA1_80"), STR_INIT("AES_192_CM_HMAC_SHA1_32"),
        STR_INIT("AES_CM_128_HMAC_SHA1_80"), STR_INIT("AES_CM_128_HMAC_SHA1_32"),
        STR_INIT("F8_128_HMAC_SHA1_80"),     STR_INIT("F8_128_HMAC_SHA1_32"),
        STR_INIT("NULL_HMAC_SHA1_80"),       STR_INIT("NULL_HMAC_SHA1_32"),
    };

    for (size_t i = 0; i < NG_N(suites); i++) {
        if (str_equal_nocase(suites[i], name))
            return true;
    }
    return false;
}

static bool add_suite(struct ng_strings *list, struct str name)
{
    return is_suite(name) && ng_strings_add(list, name);
}

/** "S1;S2;" */
static bool add_suites(struct ng_strings *list, struct str names)
{
    bool is_known = true;
    struct str name;

    while (ng_next_piece(&name, &names, ';')) {
        if (!add_suite(list, name))
            is_known = false;
    }
    return is_known;
}

static bool take_suites(struct ng_request *r, struct str word)
{
    static const struct str no = STR_INIT("no-"), only = STR_INIT("only-"),
                            order = STR_INIT("order:"), theirs = STR_INIT("offerer-pref:");

    if (ng_name_begins(no, word))
        return add_suite(&r->sdes_no, (struct str){word.p + no.n, word.n - no.n});
    if (ng_name_begins(only, word))
        return add_suite(&r->sdes_only, (struct str){word.p + only.n, word.n - only.n});
    if (ng_name_begins(order, word))
        return add_suites(&r->sdes_order, (struct str){word.p + order.n, word.n - order.n});
    return ng_name_begins(theirs, word); /* the offerer's order is kept anyway */
}

bool ng_word_sdes(struct ng_parser *p, size_t at, struct str word)
{
    static const struct ng_word set[] = {
        {STR_INIT("off"), NG_SDES_OFF},
        {STR_INIT("no"), NG_SDES_OFF},
        {STR_INIT("disable"), NG_SDES_OFF},
        {STR_INIT("nonew"), NG_SDES_NONEW},
        {STR_INIT("pad"), NG_SDES_PAD},
        {STR_INIT("lifetime"), NG_SDES_LIFETIME},
        {STR_INIT("static"), NG_SDES_STATIC},
        {STR_INIT("prefer"), NG_SDES_PREFER},
        {STR_INIT("unencrypted-SRTP"), NG_SDES_UNENCRYPTED_SRTP},
        {STR_INIT("unencrypted-SRTCP"), NG_SDES_UNENCRYPTED_SRTCP},
        {STR_INIT("unauthenticated-SRTP"), NG_SDES_UNAUTHENTICATED_SRTP},
    };
    static const struct ng_word clear[] = {
        {STR_INIT("encrypted-SRTP"), NG_SDES_UNENCRYPTED_SRTP},
        {STR_INIT("encrypted-SRTCP"), NG_SDES_UNENCRYPTED_SRTCP},
        {STR_INIT("authenticated-SRTP"), NG_SDES_UNAUTHENTICATED_SRTP},
    };
    const struct ng_word *w;

    (void)at;
    w = ng_word_find(set, NG_N(set), word);
    if (w) {
        p->r->sdes |= w->value;
        return true;
    }
    w = ng_word_find(clear, NG_N(clear), word);
    if (w) {
        p->r->sdes &= ~w->value;
        return true;
    }
    return take_suites(p->r, word);
}
