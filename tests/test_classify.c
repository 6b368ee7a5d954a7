#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relay/media/classify.h"

enum carries { RTP_ONLY, RTCP_ONLY, BOTH };

static void classify_tells_kinds_apart_by_their_first_bytes(void **state)
{
    /* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): as it is read */
    static const struct {
        const char *reason;
        uint8_t first, second;
        size_t n;
        enum carries carries;
        enum drop drop;
        enum packet_kind kind;
    } rows[] = {
        {"RTP", 0x80, 0, 12, RTP_ONLY, DROP_NONE, PACKET_RTP},
        {"RTP with marker", 0x80, 0x80, 12, BOTH, DROP_NONE, PACKET_RTP},
        {"the last first byte of RTP", 191, 96, 12, BOTH, DROP_NONE, PACKET_RTP},
        {"the first byte after RTP", 192, 96, 12, BOTH, DROP_RX_UNKNOWN, PACKET_RTP},
        {"the byte before RTP", 127, 96, 12, BOTH, DROP_RX_UNKNOWN, PACKET_RTP},
        {"SR where both are muxed", 0x80, 200, 28, BOTH, DROP_NONE, PACKET_RTCP},
        {"the lowest RTCP type", 0x80, 192, 8, BOTH, DROP_NONE, PACKET_RTCP},
        {"below RTCP: payload type 63 with marker", 0x80, 191, 12, BOTH, DROP_NONE, PACKET_RTP},
        {"the highest RTCP type", 0x80, 223, 8, BOTH, DROP_NONE, PACKET_RTCP},
        {"above RTCP: payload type 96 with marker", 0x80, 224, 12, BOTH, DROP_NONE, PACKET_RTP},
        {"payload type 72 with marker, not muxed", 0x80, 200, 12, RTP_ONLY, DROP_NONE, PACKET_RTP},
        {"SR on its own component", 0x80, 200, 28, RTCP_ONLY, DROP_NONE, PACKET_RTCP},
        {"RTP on the RTCP component", 0x80, 0, 172, RTCP_ONLY, DROP_RTCP_BAD, PACKET_RTP},
        {"short RTP", 0x80, 0, 11, BOTH, DROP_RTP_BAD, PACKET_RTP},
        {"short RTCP", 0x80, 201, 7, BOTH, DROP_RTCP_BAD, PACKET_RTCP},
        {"one byte", 0x80, 0, 1, BOTH, DROP_RX_UNKNOWN, PACKET_RTP},
        {"nothing", 0, 0, 0, BOTH, DROP_RX_UNKNOWN, PACKET_RTP},
        {"STUN request", 0, 1, 28, BOTH, DROP_STUN_BAD, PACKET_RTP},
        {"the highest first byte of STUN", 3, 0, 28, BOTH, DROP_STUN_BAD, PACKET_RTP},
        {"behind STUN", 4, 0, 28, BOTH, DROP_RX_UNKNOWN, PACKET_RTP},
        {"DTLS change cipher spec", 20, 254, 14, BOTH, DROP_DTLS_SOURCE, PACKET_RTP},
        {"the highest first byte of DTLS", 63, 254, 14, BOTH, DROP_DTLS_SOURCE, PACKET_RTP},
        {"TURN channel data", 64, 0, 14, BOTH, DROP_RX_UNKNOWN, PACKET_RTP},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t data[256] = {rows[i].first, rows[i].second};
        enum packet_kind kind = PACKET_RTP;

        print_message("    %s\n", rows[i].reason);
        assert_int_equal(classify(&kind, data, rows[i].n, rows[i].carries != RTCP_ONLY,
                                  rows[i].carries != RTP_ONLY),
                         rows[i].drop);
        if (rows[i].drop == DROP_NONE)
            assert_int_equal(kind, rows[i].kind);
    }
}

static void every_drop_reason_has_a_label_of_its_own(void **state)
{
    enum drop i, j;

    (void)state;
    for (i = DROP_NONE; i < DROP_COUNT; i++) {
        assert_string_not_equal(drop_name(i), "unknown");
        for (j = DROP_NONE; j < i; j++)
            assert_string_not_equal(drop_name(i), drop_name(j));
    }
    assert_string_equal(drop_name(DROP_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classify_tells_kinds_apart_by_their_first_bytes),
        cmocka_unit_test(every_drop_reason_has_a_label_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
