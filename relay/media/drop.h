#ifndef PICRELAY_DROP_H
#define PICRELAY_DROP_H

/**
 * Why a packet was not passed on. The reason is also the label in metrics and call records
 * (threat model, section 5). One row a reason; drop.c has the names.
 */
enum drop {
    DROP_NONE,
    DROP_RX_UNKNOWN, /* first byte of no known kind; empty; too short */
    DROP_OVERSIZE,   /* longer than a packet may be */
    DROP_SOURCE,     /* from an address that may not send here */
    DROP_NOT_READY,  /* peer or way on not known yet */
    DROP_RTP_BAD,    /* impossible lengths or version */
    DROP_RTCP_BAD,
    DROP_PAYLOAD_TYPE,   /* not negotiated */
    DROP_POLICY_GATE,    /* of a kind, size or rate that policy forbids */
    DROP_SSRC_RANGE,     /* not of the a=x-ssrc-range that its sender gave */
    DROP_SSRC_THROTTLED, /* a third source within 2 s of a change: Microsoft's rule */
    DROP_ON_HOLD,        /* direction does not allow it */
    DROP_SRTP_AUTH,
    DROP_SRTP_REPLAY,
    DROP_STUN_BAD,    /* STUN that is not for libnice: too short, or on a leg without ICE */
    DROP_DTLS_SOURCE, /* DTLS where none is expected, or from an address that may not send here */
    DROP_DTLS_BAD,    /* no DTLS records, or more of them than a handshake needs */
    DROP_LATE,        /* after the stream was removed */
    DROP_NO_SINK,     /* nowhere to go */
    DROP_DUPLICATE,   /* transcoder: had it already */
    DROP_TOO_LATE,    /* transcoder: its time was past */
    DROP_CODEC,       /* payload that the codec refused */
    DROP_BLOCKED,     /* a telephone-event, while `block DTMF` is in force */
    DROP_POOL,        /* no free packet buffer */
    DROP_SEND,        /* the kernel refused it */
    DROP_KERNEL,      /* the socket's buffer was full before we came: SO_RXQ_OVFL */
    DROP_COUNT
};

/** @return the metric label, "drop_source" in the words of the threat model; never NULL */
const char *drop_name(enum drop reason);

#endif
