#include "relay/media/srtp_sources.h"

#include <stddef.h>

struct srtp_source *srtp_sources_find(struct srtp_sources *s, uint32_t ssrc)
{
    unsigned i;

    if (s->n > 0 && s->source[s->last].ssrc == ssrc)
        return &s->source[s->last];
    for (i = 0; i < s->n; i++) {
        if (s->source[i].ssrc == ssrc) {
            s->last = i;
            return &s->source[i];
        }
    }
    return NULL;
}

struct srtp_source *srtp_sources_add(struct srtp_sources *s, uint32_t ssrc)
{
    unsigned at = s->n;

    if (s->n < SRTP_SOURCES_MAX) {
        s->n++;
    } else {
        at = s->oldest;
        s->oldest = (s->oldest + 1) % SRTP_SOURCES_MAX;
    }
    s->last = at;
    s->source[at] = (struct srtp_source){.ssrc = ssrc};
    return &s->source[at];
}
