#ifndef PICRELAY_RTCP_TRANSLATE_H
#define PICRELAY_RTCP_TRANSLATE_H

#include <stddef.h>
#include <stdint.h>

#include "relay/media/reception.h"
#include "relay/media/route.h"
#include "relay/media/rtcp.h"
#include "relay/str.h"

/**
 * RTCP between two legs whose RTP is relayed: SSRCs, sequence numbers and timestamps become those
 * that the other side knows. [pure]
 * Source: RFC 3550 s.7.2 (translators), RFC 4585 s.6.2.1 and 6.3.1, RFC 5104 s.4.3.1.
 *
 * What goes on: SR, RR (the block on what we relay), NACK, PLI, FIR. The peer's SDES gives way to
 * our CNAME; BYE, APP, XR, other feedback and Microsoft's extensions end here: what one leg says of
 * itself is not told to the other, and our SSRC lives as long as the call.
 * What is written begins with a report and a CNAME: valid whether or not reduced size was agreed.
 */
struct translation {
    const struct route *forward;            /* what we send to the receiver of this RTCP */
    struct route_source forward_source;     /* the peer that wrote it; ssrc is filled in here */
    const struct route *back;               /* what we send to the peer that wrote it */
    const struct reception *back_reception; /* of the source behind `back` */
    struct route_source back_source;        /* likewise, relayed */
    struct str cname;                       /* ours towards the receiver */
    bool has_pictures;                      /* payload-specific feedback goes on */
};

/** @return bytes written; 0: nothing to tell */
size_t rtcp_translate(const struct translation *t, struct rtcp_reader reader, uint8_t *data,
                      size_t cap);

#endif
