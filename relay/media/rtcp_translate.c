#include "relay/media/rtcp_translate.h"

#include <stdbool.h>
#include <string.h>

#include "relay/media/bytes.h"

#define NACK_BYTES 4
#define FCI_MAX    1024

/* What we send to the peer is relayed from one source, and its numbers can be told back. */
static bool has_way_back(const struct translation *t)
{
    return t->back_reception->is_known && t->back_reception->ssrc == t->back->source.ssrc &&
           t->back->has_source && t->back->source.stream == t->back_source.stream &&
           t->back->source.generation == 0;
}

static bool translate_block(const struct translation *t, struct rtcp_block *block)
{
    uint32_t max = t->back_reception->max_ext_seq;
    uint16_t seq;

    if (!has_way_back(t) || !route_unmap_seq(t->back, (uint16_t)block->ext_seq, &seq))
        return false;
    block->ssrc = t->back->source.ssrc;
    block->ext_seq = max + (uint32_t)rtp_seq_diff((uint16_t)max, seq);
    return true;
}

static bool translate_sender_info(const struct translation *t, const struct rtcp_part *part,
                                  struct rtcp_sender_info *si)
{
    struct route_source source = t->forward_source;

    if (rtcp_read_sender_info(si, part) != 0 || !rtcp_sender_ssrc(part, &source.ssrc) ||
        !route_is_source(t->forward, &source))
        return false;
    si->ts = route_map_ts(t->forward, si->ts);
    si->n_packets = t->forward->n_packets; /* of our SSRC, not of the peer's */
    si->n_bytes = t->forward->n_bytes;
    return true;
}

static void translate_report(const struct translation *t, const struct rtcp_part *part,
                             struct rtcp_writer *w)
{
    struct rtcp_sender_info si;
    struct rtcp_block block;
    bool has_si = translate_sender_info(t, part, &si);
    bool has_block =
        rtcp_find_block(&block, part, t->back->ssrc) == 0 && translate_block(t, &block);

    rtcp_write_report(w, t->forward->ssrc, has_si ? &si : NULL, has_block ? &block : NULL);
}

/* Generic NACK: lost packets by number. @return bytes of FCI */
static size_t translate_nack(const struct translation *t, const struct rtcp_feedback *fb,
                             uint8_t *fci)
{
    size_t i, n = 0;
    uint16_t seq;

    for (i = 0; i + NACK_BYTES <= fb->fci_len && n + NACK_BYTES <= FCI_MAX; i += NACK_BYTES) {
        if (!route_unmap_seq(t->back, get_be16(fb->fci + i), &seq))
            continue;
        put_be16(fci + n, seq);
        memcpy(fci + n + 2, fb->fci + i + 2, 2); /* the 16 that follow: a mask, relative */
        n += NACK_BYTES;
    }
    return n;
}

/* Full intra request: the SSRC stands in each entry. @return bytes of FCI */
static size_t translate_fir(const struct translation *t, const struct rtcp_feedback *fb,
                            uint8_t *fci)
{
    size_t i;

    for (i = 0; i + RTCP_FIR_ENTRY_BYTES <= fb->fci_len; i += RTCP_FIR_ENTRY_BYTES) {
        if (get_be32(fb->fci + i) != t->back->ssrc)
            continue;
        memset(fci, 0, RTCP_FIR_ENTRY_BYTES);
        put_be32(fci, t->back->source.ssrc);
        fci[4] = fb->fci[i + 4]; /* command sequence number */
        return RTCP_FIR_ENTRY_BYTES;
    }
    return 0;
}

static void translate_feedback(const struct translation *t, const struct rtcp_part *part,
                               struct rtcp_writer *w)
{
    enum rtcp_kind kind = part->kind == RTCP_KIND_RTPFB ? RTCP_KIND_RTPFB : RTCP_KIND_PSFB;
    struct rtcp_feedback fb, out;
    uint8_t fci[FCI_MAX];
    bool is_pli = kind == RTCP_KIND_PSFB && part->count == RTCP_PSFB_FMT_PLI;

    if (kind == RTCP_KIND_PSFB && !t->has_pictures)
        return;
    if (rtcp_read_feedback(&fb, part) != 0 || !has_way_back(t))
        return;
    out = (struct rtcp_feedback){
        .sender_ssrc = t->forward->ssrc, .media_ssrc = t->back->source.ssrc, .fci = fci};
    if (kind == RTCP_KIND_PSFB && part->count == RTCP_PSFB_FMT_FIR) {
        out.media_ssrc = 0; /* unused: RFC 5104 s.4.3.1.2 */
        out.fci_len = translate_fir(t, &fb, fci);
    } else if (fb.media_ssrc != t->back->ssrc) {
        return;
    } else if (kind == RTCP_KIND_RTPFB && part->count == RTCP_RTPFB_FMT_NACK) {
        out.fci_len = translate_nack(t, &fb, fci);
    }
    if (is_pli || out.fci_len > 0)
        rtcp_write_feedback(w, kind, part->count, &out);
}

size_t rtcp_translate(const struct translation *t, struct rtcp_reader reader, uint8_t *data,
                      size_t cap)
{
    struct rtcp_writer w = {.data = data, .cap = cap};
    struct rtcp_reader again = reader;
    struct rtcp_part part;
    size_t n_before;
    bool has_report = false;

    while (rtcp_next(&reader, &part)) {
        if (part.kind == RTCP_KIND_SR || part.kind == RTCP_KIND_RR) {
            translate_report(t, &part, &w);
            has_report = true;
        }
    }
    if (!has_report)
        rtcp_write_report(&w, t->forward->ssrc, NULL, NULL);
    rtcp_write_cname(&w, t->forward->ssrc, t->cname);
    n_before = w.n;
    while (rtcp_next(&again, &part)) {
        if (part.kind == RTCP_KIND_RTPFB || part.kind == RTCP_KIND_PSFB)
            translate_feedback(t, &part, &w);
    }
    return has_report || w.n > n_before ? w.n : 0;
}
