#ifndef PICRELAY_SDP_CRYPTO_H
#define PICRELAY_SDP_CRYPTO_H

#include <stddef.h>

#include "relay/control/sdp/sdp.h"

/**
 * The a=crypto line both ways, and a=cryptoscale in. [pure] Thread: control.
 * Source: RFC 4568 s.9, RFC 7714 s.14; MS-SDPEXT for a=cryptoscale.
 */

/** Room for the longest value: the tag, the suite, 64 of base64, "|2^31", a 128-byte MKI. */
#define SDP_CRYPTO_TEXT_MAX 512

/**
 * Reads a value ("1 SUITE inline:..."). A suite that we do not know is not an error, its key is
 * not read then.
 * @return 0; EBADMSG: malformed, a key that does not fit the suite, more keys than one. *c is then
 *         wiped.
 */
int sdp_crypto_parse(struct sdp_crypto *c, struct str value, bool is_scale);

/** Writes a value. @return length without NUL; -ENOSPC; -EINVAL: no suite, or a cryptoscale */
int sdp_crypto_print(char *buf, size_t cap, const struct sdp_crypto *c, bool has_lifetime,
                     bool is_padded);

#endif
