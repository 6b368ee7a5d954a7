#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/bencode.h"
#include "bench/load/sdp.h"
#include "bench/load/stream.h"

/* What a relay under test may answer: an NG reply, the SDP in it, and media. The first byte says
 * which. */

static void media_read(const uint8_t *data, size_t n)
{
    static const char *const modes[] = {"plain", "transcode", "opus", "srtp-both"};
    struct load_end end = {.in.suite = LOAD_SUITE_NONE};
    struct load_stream a, b;
    uint8_t packet[LOAD_PACKET_MAX];
    uint64_t number;

    if (!n || n > sizeof(packet))
        return;
    const struct load_mode *mode = load_mode_find(modes[data[0] % 4]);
    end.in.suite = mode->is_secure[1] ? LOAD_SUITE_SHA1_80 : LOAD_SUITE_NONE;
    if (load_stream_init(&a, &end) != 0 || load_stream_init(&b, &end) != 0)
        abort();
    (void)load_stream_write(&a, packet, 0, mode, NULL);
    memcpy(packet, data + 1, n - 1);
    enum load_verdict v = load_stream_read(&b, &a, 1, mode, packet, n - 1, &number);
    if ((v == LOAD_GOOD || v == LOAD_RENUMBERED) && number >= a.n_sent)
        abort();
    load_stream_wipe(&a);
    load_stream_wipe(&b);
}

static void reply_read(const char *reply, size_t n)
{
    struct load_description d;
    struct load_text sdp;

    if (!load_find(&sdp, reply, n, "sdp"))
        return;
    if (sdp.at < reply || sdp.n > n || (size_t)(sdp.at - reply) > n - sdp.n)
        abort();
    (void)load_sdp_read(&d, sdp.at, sdp.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct load_description d;

    if (!n)
        return 0;
    switch (data[0]) {
    case 'm':
        media_read(data + 1, n - 1);
        break;
    case 's':
        if (load_sdp_read(&d, (const char *)data + 1, n - 1) == 0 &&
            d.n_cryptos > LOAD_SDP_CRYPTOS_MAX)
            abort();
        break;
    default:
        reply_read((const char *)data, n);
    }
    return 0;
}
