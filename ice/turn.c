#include "ice/leg.h"

#include <arpa/inet.h>

/*
 * A relayed candidate of a TURN server (RFC 8656) beside the host candidate: for peers that cannot
 * reach the host, or cannot be reached from it. libnice speaks to the server from the component's
 * own port; what comes from there is told from everything else by its source.
 */

#define CHANNEL_HEADER  4
#define DATA_INDICATION 0x0017

void ice_turn_prepare(struct ice_leg *leg, const struct ice_stream *s)
{
    const struct ice_turn_server *turn = leg->cfg.turn;
    char host[INET6_ADDRSTRLEN];
    NiceAddress addr;

    if (!turn || !ice_addr_to_nice(&addr, &turn->addr))
        return;
    nice_address_to_string(&addr, host);
    for (unsigned i = 1; i <= s->n_components; i++)
        leg->is_gathering |=
            nice_agent_set_relay_info(leg->agent, s->nice_id, i, host, nice_address_get_port(&addr),
                                      turn->username, turn->password, NICE_RELAY_TYPE_TURN_UDP);
}

bool ice_turn_is_from_server(const struct ice_leg *leg, const struct sockaddr_storage *from)
{
    return leg->cfg.turn && checks_is_same(&leg->cfg.turn->addr, from);
}

static size_t unwrap_channel(const uint8_t *packet, size_t n, const uint8_t **inner)
{
    const size_t len = (size_t)packet[2] << 8 | packet[3];

    if (len > n - CHANNEL_HEADER)
        return 0;
    *inner = packet + CHANNEL_HEADER;
    return len;
}

size_t ice_turn_unwrap(struct ice_stun *stun, const uint8_t *packet, size_t n,
                       const uint8_t **inner)
{
    StunMessage msg = {.agent = &stun->rfc, .buffer = (uint8_t *)packet, .buffer_len = n};
    uint16_t len = 0;

    if (n > CHANNEL_HEADER && packet[0] > 3)
        return unwrap_channel(packet, n, inner);
    if (ice_stun_kind(packet, n, true) != ICE_STUN_OTHER ||
        ((unsigned)packet[0] << 8 | packet[1]) != DATA_INDICATION ||
        stun_message_validate_buffer_length(packet, n, true) != (int)n)
        return 0;
    *inner = stun_message_find(&msg, STUN_ATTRIBUTE_DATA, &len);
    return *inner ? len : 0;
}
