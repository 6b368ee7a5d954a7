#include "bench/load/negotiate.h"

#include <strings.h>

#include "bench/load/impair.h"

#define UFRAG_CHARS 8  /* 4 at least: RFC 8839 s.5.4 */
#define PWD_CHARS   24 /* 22 at least */
#define DYNAMIC_PT  96 /* from here on: RFC 3551 s.6 */

static void key_make(struct load_secrets *s, uint8_t key[LOAD_SRTP_KEY_BYTES])
{
    for (unsigned i = 0; i < LOAD_SRTP_KEY_BYTES; i++)
        key[i] = (uint8_t)(load_random(&s->seed) * 256);
}

static void text_make(struct load_secrets *s, char *text, unsigned n)
{
    static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (unsigned i = 0; i < n; i++)
        text[i] = chars[(unsigned)(load_random(&s->seed) * 64)];
    text[n] = 0;
}

static unsigned media_of(const struct load_mode *mode)
{
    return mode->has_video ? 2 : 1;
}

static void names_make(struct load_end *end, const struct load_mode *mode,
                       struct load_secrets *secrets)
{
    if (!mode->has_ice)
        return;
    text_make(secrets, end->ours.ufrag, UFRAG_CHARS);
    text_make(secrets, end->ours.pwd, PWD_CHARS);
}

void load_end_begin(struct load_end ends[LOAD_MEDIA_MAX][2], const struct load_mode *mode,
                    bool has_dtmf, struct load_secrets *secrets)
{
    for (unsigned kind = 0; kind < media_of(mode); kind++) {
        struct load_end *a = &ends[kind][LOAD_A];

        if (mode->is_secure[LOAD_A]) {
            a->out = (struct load_crypto){.tag = 1, .suite = LOAD_SUITE_SHA1_80};
            key_make(secrets, a->out.key);
        }
        a->pt = load_mode_format(mode, (enum load_media_kind)kind, LOAD_A)->pt;
        names_make(a, mode, secrets);
        if (has_dtmf && kind == LOAD_AUDIO && mode->check != LOAD_CHECK_CLOCK)
            a->dtmf_pt = LOAD_DTMF_PT;
    }
}

/* B answers a suite that A does not have, if it is offered: then the relay cannot but re-encrypt.
 * @return NULL; else what is wrong */
static const char *crypto_answer(struct load_end *b, const struct load_line *offer,
                                 struct load_secrets *secrets)
{
    const struct load_crypto *chosen = NULL;

    for (unsigned i = 0; i < offer->n_cryptos; i++)
        if (!chosen || offer->cryptos[i].suite == LOAD_SUITE_SHA1_32)
            chosen = &offer->cryptos[i];
    if (!chosen)
        return "no suite in the relay's offer";
    b->in = *chosen;
    b->out = *chosen;
    key_make(secrets, b->out.key);
    return NULL;
}

static const char *crypto_take(struct load_end *end, const struct load_line *l, bool is_secure,
                               enum load_side side, struct load_secrets *secrets)
{
    if (!is_secure)
        return l->n_cryptos ? "SRTP was not asked for" : NULL;
    if (side == LOAD_B)
        return crypto_answer(end, l, secrets);
    if (l->n_cryptos != 1 || l->cryptos[0].suite != end->out.suite)
        return "no key in the relay's answer";
    end->in = l->cryptos[0];
    return NULL;
}

/* The relay may have given B's codec another payload type than we would. */
static const char *format_take(struct load_end *end, const struct load_line *l,
                               const struct load_format *format)
{
    end->pt = format->pt;
    for (unsigned i = 0; i < l->n_maps; i++) {
        if (strcasecmp(l->maps[i].text, format->rtpmap) != 0)
            continue;
        end->pt = l->maps[i].pt;
        return NULL;
    }
    return format->pt < DYNAMIC_PT ? NULL : "B's codec is not in the relay's offer";
}

static const char *line_take(struct load_end *end, const struct load_line *l,
                             const struct load_mode *mode, enum load_media_kind kind,
                             enum load_side side, struct load_secrets *secrets)
{
    const char *problem = NULL;

    end->relay = l->rtp;
    end->relay_rtcp = l->rtcp;
    if (!l->is_there || !load_address_port(&l->rtp) || !l->rtp.sa.sa_family)
        return "the relay refused the stream";
    if (side == LOAD_B) {
        names_make(end, mode, secrets);
        end->dtmf_pt = l->dtmf_pt;
        problem = format_take(end, l, load_mode_format(mode, kind, side));
    } else if (!l->dtmf_pt) {
        end->dtmf_pt = 0;
    }
    if (problem)
        return problem;
    end->theirs = l->ice;
    if (mode->has_ice && (!l->ice.ufrag[0] || !l->ice.pwd[0]))
        return "no ICE in the relay's description";
    return crypto_take(end, l, mode->is_secure[side], side, secrets);
}

const char *load_end_take(struct load_end ends[LOAD_MEDIA_MAX][2], const struct load_mode *mode,
                          enum load_side side, const struct load_description *d,
                          struct load_secrets *secrets)
{
    const char *problem = NULL;

    for (unsigned kind = 0; kind < media_of(mode) && !problem; kind++)
        problem = line_take(&ends[kind][side], &d->lines[kind], mode, (enum load_media_kind)kind,
                            side, secrets);
    return problem;
}

void load_end_describe(struct load_description *d, const struct load_end ends[LOAD_MEDIA_MAX][2],
                       const struct load_mode *mode, enum load_side side,
                       const union load_address *address)
{
    *d = (struct load_description){0};
    for (unsigned kind = 0; kind < media_of(mode); kind++) {
        const struct load_end *end = &ends[kind][side];
        struct load_line *l = &d->lines[kind];

        *l = (struct load_line){
            .rtp = *address,
            .ice = end->ours,
            .format = load_mode_format(mode, (enum load_media_kind)kind, side),
            .pt = end->pt,
            .dtmf_pt = end->dtmf_pt,
            .is_there = true,
        };
        if (end->out.suite)
            l->cryptos[l->n_cryptos++] = end->out;
    }
}
