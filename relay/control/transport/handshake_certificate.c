#include "relay/control/transport/handshake.h"

#include <errno.h>

#include "relay/clock.h"
#include "relay/log.h"

/* The certificates of both ends, as signalling tells of them. */

#define HOUR_US   3600000000ull
#define VALID_FOR 30 /* [days] beyond the rotation: calls may be long */

static int make_certificate(struct control *c, uint64_t now_us)
{
    struct certificate *fresh;
    int err = certificate_make(&fresh, c->cfg->dtls_certificate_hours / 24 + VALID_FOR);

    if (err)
        return err;
    mem_deref(c->certificate);
    c->certificate = fresh;
    c->certificate_us = now_us;
    return 0;
}

int handshake_open(struct control *c)
{
    int err = association_context_alloc(&c->dtls);

    return err ? err : make_certificate(c, clock_now_us());
}

void handshake_close(struct control *c)
{
    c->certificate = mem_deref(c->certificate);
    c->dtls = mem_deref(c->dtls);
}

void handshake_rotate(struct control *c, uint64_t now_us)
{
    if (now_us - c->certificate_us < c->cfg->dtls_certificate_hours * HOUR_US)
        return;
    if (make_certificate(c, now_us)) {
        log_error(NULL, "no new DTLS certificate could be made: the old one stays for as long");
        c->certificate_us = now_us;
        return;
    }
    log_info(NULL, "DTLS: new calls show a new certificate");
}
