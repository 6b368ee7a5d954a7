#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/control/sdp/sdp_fragment.h"

/* Fragments of trickle ICE: whatever is taken can be used. */

static struct sdp_fragment f;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (sdp_fragment_parse(&f, (struct str){(const char *)data, n}))
        return 0;
    assert(f.n_media >= 1 && f.n_media <= SDP_FRAGMENT_MEDIA_MAX);
    for (unsigned i = 0; i < f.n_media; i++) {
        const struct sdp_fragment_media *m = &f.media[i];

        assert(m->n_candidates <= SDP_FRAGMENT_CANDIDATES_MAX);
        for (unsigned k = 0; k < m->n_candidates; k++) {
            assert(m->candidates[k].component >= 1 && m->candidates[k].component <= 2);
            assert(m->candidates[k].addr.ss_family == AF_INET ||
                   m->candidates[k].addr.ss_family == AF_INET6);
        }
    }
    (void)sdp_fragment_ufrag(&f);
    return 0;
}
