#ifndef PICRELAY_TESTS_COSTUME_H
#define PICRELAY_TESTS_COSTUME_H

#include <stddef.h>

/**
 * An offer of a peer of ours in the lines of a captured one: what the client wrote stays, in its
 * order, with its blanks and its part boundaries; addresses, ports, credentials, keys and SSRC
 * become the peer's. So the relay has to understand the former and the peer can be reached.
 * [pure] Any thread.
 */

/**
 * @param captured  a body of tests/vectors/sdp, multipart or not. In a multipart, the part that is
 *                  no fallback is dressed; of the other one nothing could be reached
 * @param own       the peer's own offer
 * @return length without the NUL; it has to fit
 */
size_t costume_put_on(char *out, size_t cap, const char *captured, const char *own);

#endif
