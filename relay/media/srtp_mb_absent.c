#include "relay/media/srtp.h"

#include <errno.h>

/* Stands for srtp_multibuffer.c where intel-ipsec-mb is not: no context, so no session either. */

static int absent_context_alloc(struct srtp_context **cp)
{
    (void)cp;
    return ENOTSUP;
}

const struct srtp_provider srtp_provider_multibuffer = {
    .name = "multibuffer",
    .context_alloc = absent_context_alloc,
};
