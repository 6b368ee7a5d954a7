#include <stdlib.h>

#include <jansson.h>

#include "bench/ng/bencode.h"
#include "bench/peer/receiver.h"
#include "bench/peer/rtcp.h"
#include "bench/peer/sdp.h"
#include "bench/sound/wav.h"

/* Everything of a peer that reads what others wrote; the first byte says which. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void sdp_read_and_write(const uint8_t *data, size_t n)
{
    static struct peer_description once, again;
    static char text[4 * PEER_SDP_MAX];

    if (peer_sdp_read(&once, (const char *)data, n) != 0)
        return;
    (void)peer_sdp_crypto_choose(&once);
    int length = peer_sdp_write(text, sizeof(text), &once, PEER_LYNC, NULL);
    if (length < 0 || length > PEER_SDP_MAX)
        return;
    /* what a peer writes, a peer understands */
    if (peer_sdp_read(&again, text, (size_t)length) != 0 || again.n_formats != once.n_formats ||
        again.n_media != once.n_media)
        abort();
}

static void bencode_read_and_write(const uint8_t *data, size_t n)
{
    static char text[65536];
    json_t *value = ng_bencode_read((const char *)data, n);

    if (value && ng_bencode_write(text, sizeof(text), value) < 0 && n < sizeof(text) / 2)
        abort();
    json_decref(value);
}

static void packets_receive(const uint8_t *data, size_t n)
{
    static const struct peer_description local = {
        .formats = {{0, {"PCMU", 8000, 1, ""}},
                    {9, {"G722", 8000, 1, ""}},
                    {111, {"opus", 48000, 2, ""}},
                    {101, {"telephone-event", 8000, 1, ""}}},
        .n_formats = 4,
    };
    struct peer_receiver_config cfg = {.local = &local, .heard_s = 2, .log_packets = 16};
    struct peer_receiver *r;
    uint64_t now_us = 1;

    if (peer_receiver_alloc(&r, &cfg) != 0)
        return;
    /* each packet after a byte of its length */
    for (size_t at = 0; at < n; now_us += 20000) {
        size_t length = data[at] < n - at - 1 ? data[at] : n - at - 1;

        peer_receiver_put(r, data + at + 1, length, now_us);
        at += 1 + length;
    }
    peer_receiver_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct peer_rtcp_stats rtcp = {0};
    struct sound sound = {0};

    if (!n)
        return 0;
    switch (data[0] % 5) {
    case 0:
        sdp_read_and_write(data + 1, n - 1);
        break;
    case 1:
        bencode_read_and_write(data + 1, n - 1);
        break;
    case 2:
        packets_receive(data + 1, n - 1);
        break;
    case 3:
        peer_rtcp_put(&rtcp, data + 1, n - 1, 1, 2, 3);
        break;
    default:
        if (wav_parse(&sound, data + 1, n - 1) == 0)
            sound_wipe(&sound);
    }
    return 0;
}
