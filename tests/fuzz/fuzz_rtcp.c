#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "relay/media/rtcp.h"
#include "relay/media/rtcp_report.h"
#include "relay/media/rtcp_translate.h"

/* A datagram of any content: every part lies within it, and what we make of it for the other leg is
 * RTCP that we would accept ourselves. */

#define PEER_A 0x41414141u /* easy to hit */
#define PEER_B 0x42424242u
#define OUR_A  0x43434343u
#define OUR_B  0x44444444u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(int claim)
{
    if (!claim)
        abort();
}

static void read_parts(struct rtcp_reader r, const uint8_t *data, size_t n)
{
    struct rtcp_part part;
    struct rtcp_block block;
    struct rtcp_feedback fb;
    struct str cname;

    while (rtcp_next(&r, &part)) {
        require(part.body >= data && part.body + part.n <= data + n);
        (void)rtcp_find_block(&block, &part, OUR_A);
        if (rtcp_find_cname(&cname, &part, PEER_A) == 0)
            require((const uint8_t *)cname.p + cname.n <= data + n);
        if (rtcp_read_feedback(&fb, &part) == 0)
            require(fb.fci + fb.fci_len <= data + n);
    }
}

static void feed(struct route *route, struct reception *reception, uint32_t ssrc, uint16_t seq)
{
    struct route_source source = {.stream = reception, .ssrc = ssrc};
    struct rtp_packet rtp = {.ssrc = ssrc, .seq = seq};

    reception_put(reception, &rtp, 8000, 1000000);
    (void)route_map(route, &source, &rtp, 8000, 1000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct reception of_a = {0}, of_b = {0};
    struct report_of_peer of_peer;
    struct report_state st = {0};
    struct route to_a, to_b;
    struct translation t = {
        .forward = &to_b,
        .forward_source = {.stream = &of_a},
        .back = &to_a,
        .back_reception = &of_b,
        .back_source = {.stream = &of_b},
        .cname = STR("relay"),
        .has_pictures = true,
    };
    struct rtcp_reader r;
    uint8_t out[1500];

    if (n > sizeof(out) || rtcp_begin(&r, data, n) != 0)
        return 0;
    read_parts(r, data, n);
    route_init(&to_a, OUR_A, 7);
    route_init(&to_b, OUR_B, 8);
    feed(&to_a, &of_b, PEER_B, 100);
    feed(&to_a, &of_b, PEER_B, 130);
    feed(&to_b, &of_a, PEER_A, 200);
    report_take(&st, &of_peer, r, OUR_A, 2000000);
    n = rtcp_translate(&t, r, out, sizeof(out));
    require(n == 0 || rtcp_begin(&r, out, n) == 0);
    return 0;
}
