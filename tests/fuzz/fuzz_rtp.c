#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/media/classify.h"
#include "relay/media/rtp.h"

/* A datagram of any content: what is accepted must lie within it, and come out of a rewrite, and of
 * the loss of its extension, as the same packet. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(int claim)
{
    if (!claim)
        abort();
}

static void rewrite(uint8_t *data, size_t n, struct rtp_packet rtp)
{
    struct rtp_packet again;
    size_t cut;

    rtp.seq ^= 0xffff;
    rtp.pt ^= 0x7f;
    rtp_rewrite(data, &rtp);
    cut = rtp_strip_extension(data, &rtp);
    require(cut <= n && rtp_parse(&again, data + cut, n - cut) == 0);
    require(again.seq == rtp.seq && again.pt == rtp.pt && again.ts == rtp.ts);
    require(again.payload_len == rtp.payload_len && again.payload_start == rtp.payload_start);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    enum packet_kind kind = PACKET_RTP;
    struct rtp_packet rtp;
    uint8_t *copy;

    (void)classify(&kind, data, n, true, true);
    if (rtp_parse(&rtp, data, n) != 0)
        return 0;
    require((size_t)rtp.payload_start + rtp.payload_len <= n);
    require(rtp.csrc_end >= RTP_HEADER_BYTES && rtp.csrc_end <= rtp.payload_start);
    copy = malloc(n);
    require(copy != NULL);
    memcpy(copy, data, n);
    rewrite(copy, n, rtp);
    free(copy);
    return 0;
}
