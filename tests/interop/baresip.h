#ifndef PICRELAY_TESTS_BARESIP_H
#define PICRELAY_TESTS_BARESIP_H

#include "tests/interop/folder.h"
#include "tests/interop/proxy.h"
#include "bench/sound/sound.h"

/**
 * baresip as one side of a call: it says a sound of ours and records what it hears. Whoever has
 * said all hangs up. Thread: the loop's.
 */

struct baresip {
    const struct relay *relay;
    struct process *process;
    struct folder folder;
    char address[32]; /* of its SIP port, with the port */
};

struct baresip_config {
    const char *codec;      /* its module: "g711", "g722", "opus" */
    uint32_t rate_hz;       /* of that codec in baresip */
    const char *encryption; /* "srtp-mand": SDES; "dtls_srtp"; NULL: none */
    const char *nat;        /* "ice"; NULL: none */
    const char *media;      /* address of its media; NULL: 127.0.0.1, which is no ICE candidate */
    const struct sound *says;
    const char *callee; /* "127.0.0.1:5060": who is called; NULL: answers a call */
};

/** Starts it; who calls, does so over the proxy. */
void baresip_start(struct baresip *b, const struct proxy *p, const struct baresip_config *cfg);
/** Puts it away, whatever it does. A zeroed one is allowed. */
void baresip_stop(struct baresip *b);

void baresip_wait_established(const struct baresip *b);
/** Waits until its call has ended, and ends it. */
void baresip_wait_end(struct baresip *b);
/** What it heard until then, as one channel. To be wiped. */
void baresip_heard(const struct baresip *b, struct sound *heard);

#endif
