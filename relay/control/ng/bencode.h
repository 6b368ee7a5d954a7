#ifndef PICRELAY_BENCODE_H
#define PICRELAY_BENCODE_H

#include <stddef.h>

#include "relay/control/ng/tree.h"
#include "relay/str.h"

/**
 * Bencode as the NG protocol uses it: keys in any order, strings of any bytes. [pure]
 * Thread: any. Source: NG protocol, encodings; BEP 3 without the rule of sorted keys.
 */

#define BENCODE_MAX (256u * 1024) /* one message [bytes]; a longer string is a fault by itself */

/**
 * Decodes one value; white space behind it is passed over.
 * @param t  empty; its strings borrow from `in`
 * @return 0; EBADMSG: not one value and nothing else; E2BIG: too deep; ENOMEM.
 *         On an error *t holds rubbish: only tree_wipe() may follow.
 */
int bencode_decode(struct tree *t, struct str in);

/** Where one value ends in bytes that still arrive (TCP has no other framing). Starts as zero. */
struct bencode_scan {
    size_t at; /* all before it has been understood */
    unsigned depth;
};

/**
 * Goes on where it stopped, so that bytes that trickle in are not read again and again.
 * @param in  the bytes of the value from its first one, at least as many as in the call before
 * @return 0: the value is the first s->at bytes; EAGAIN: not complete; EBADMSG: never will be;
 *         E2BIG: too deep
 */
int bencode_scan(struct bencode_scan *s, struct str in);

#endif
