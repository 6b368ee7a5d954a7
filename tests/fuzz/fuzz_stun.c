#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <netinet/in.h>

#include "ice/stun.h"

/* STUN as it comes to a media port, before any agent: looked at, authenticated, answered. The first
 * byte of the input picks the dialect. */

#define UFRAG "abcd"
#define PWD   "0123456789012345678901"

static struct ice_stun stun;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    ice_stun_init(&stun);
    return 0;
}

static void check_request(enum ice_mode mode, const uint8_t *packet, size_t n)
{
    struct sockaddr_storage from = {.ss_family = AF_INET};
    uint8_t buf[ICE_STUN_ANSWER_MAX];
    StunMessage msg;

    switch (ice_stun_check_request(&stun, mode, &msg, packet, n, UFRAG, PWD)) {
    case ICE_STUN_GOOD:
        (void)ice_stun_nominates(&msg);
        (void)ice_stun_controls(&msg);
        if (mode == ICE_MODE_RFC)
            assert(ice_stun_answer(&stun, buf, &msg, &from) <= ICE_STUN_ANSWER_MAX);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const enum ice_mode modes[] = {ICE_MODE_RFC, ICE_MODE_LYNC, ICE_MODE_WLM2009};
    const uint8_t id[sizeof(StunTransactionId)] = {0x21, 0x12, 0xa4, 0x42};
    enum ice_mode mode;

    if (n < 1)
        return 0;
    mode = modes[data[0] % 3];
    data++;
    n--;
    switch (ice_stun_kind(data, n, mode == ICE_MODE_RFC)) {
    case ICE_STUN_REQUEST:
        check_request(mode, data, n);
        break;
    case ICE_STUN_RESPONSE:
    case ICE_STUN_ERROR:
        (void)ice_stun_read_answer(&stun, data, n, id, PWD);
        (void)ice_stun_error_code(&stun, data, n);
        break;
    default:
        break;
    }
    return 0;
}
