#include "relay/control/sdp/sdp_fragment.h"

#include <errno.h>
#include <string.h>

#include "relay/control/sdp/sdp_scan.h"

/* Where the reader is. */
struct reader {
    struct sdp_fragment *f;
    struct sdp_fragment_media session; /* what stands before the first m= line */
    struct sdp_fragment_media *here;
    bool has_ice;
};

static void read_candidate(struct reader *r, struct str value)
{
    struct sdp_fragment_media *m = r->here;
    struct ice_candidate c;

    if (m->n_candidates == SDP_FRAGMENT_CANDIDATES_MAX ||
        ice_candidate_parse(&c, value.p, value.n) || c.transport != ICE_UDP || c.component > 2 ||
        c.ufrag[0]) /* a line of draft-06, which knows no trickle */
        m->n_skipped++;
    else
        m->candidates[m->n_candidates++] = c;
}

static void read_mid(struct reader *r, struct str value)
{
    r->here->mid = value;
}

static void read_ufrag(struct reader *r, struct str value)
{
    r->here->ice_ufrag = value;
}

static void read_pwd(struct reader *r, struct str value)
{
    r->here->ice_pwd = value;
}

static void read_end(struct reader *r, struct str value)
{
    (void)value;
    r->here->has_end_of_candidates = true;
}

static const struct {
    struct str name;
    bool is_ice;
    void (*read)(struct reader *r, struct str value);
} attributes[] = {
    {STR_INIT("candidate"), true, read_candidate},
    {STR_INIT("end-of-candidates"), true, read_end},
    {STR_INIT("ice-pwd"), true, read_pwd},
    {STR_INIT("ice-ufrag"), true, read_ufrag},
    {STR_INIT("mid"), false, read_mid},
};

static void read_attribute(struct reader *r, struct str value)
{
    const struct str name = scan_trim(scan_until(&value, ':'));

    for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
        if (!str_equal_nocase(attributes[i].name, name))
            continue;
        r->has_ice = r->has_ice || attributes[i].is_ice;
        attributes[i].read(r, scan_trim(value));
    }
}

static int begin_media(struct reader *r)
{
    if (r->f->n_media == SDP_FRAGMENT_MEDIA_MAX)
        return EBADMSG;
    r->here = &r->f->media[r->f->n_media++];
    r->here->has_m_line = true;
    return 0;
}

/* RFC 8840 s.4.4: credentials and the end stand for all lines where they stand before the first. */
static void inherit(struct reader *r)
{
    const struct sdp_fragment_media *session = &r->session;

    if (!r->f->n_media) {
        r->f->media[r->f->n_media++] = *session;
        return;
    }
    for (unsigned i = 0; i < r->f->n_media; i++) {
        struct sdp_fragment_media *m = &r->f->media[i];

        if (str_is_empty(m->ice_ufrag)) {
            m->ice_ufrag = session->ice_ufrag;
            m->ice_pwd = session->ice_pwd;
        }
        m->has_end_of_candidates = m->has_end_of_candidates || session->has_end_of_candidates;
    }
}

int sdp_fragment_parse(struct sdp_fragment *f, struct str text)
{
    struct reader r = {.f = f, .here = &r.session};
    int err = 0;

    memset(f, 0, sizeof(*f));
    if (str_is_empty(text) || memchr(text.p, '\0', text.n))
        return EBADMSG;
    while (!str_is_empty(text) && !err) {
        struct str line = scan_line(&text);

        if (line.n < 2 || line.p[1] != '=')
            continue;
        if (line.p[0] == 'm')
            err = begin_media(&r);
        else if (line.p[0] == 'a')
            read_attribute(&r, (struct str){line.p + 2, line.n - 2});
    }
    inherit(&r);
    return err ? err : r.has_ice ? 0 : EBADMSG;
}

struct str sdp_fragment_ufrag(const struct sdp_fragment *f)
{
    for (unsigned i = 0; i < f->n_media; i++)
        if (!str_is_empty(f->media[i].ice_ufrag))
            return f->media[i].ice_ufrag;
    return (struct str){NULL, 0};
}
