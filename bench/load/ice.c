#include "bench/load/ice.h"

#include <stdio.h>
#include <string.h>

#include "bench/load/bytes.h"
#include "bench/load/impair.h"
#include "bench/load/stun.h"

/* RFC 8445 s.5.1.2.1: a peer reflexive candidate's type preference, 110 */
#define CHECK_PRIORITY(component) ((110u << 24) + (65535u << 8) + 256u - (component))
#define ROLE_CONFLICT             "\0\0\x04\x57Role Conflict" /* 487: RFC 8445 s.7.3.1.1 */

void load_ice_init(struct load_ice *ice, const struct load_end *end, bool is_controlling,
                   uint64_t start_ns, uint64_t random)
{
    *ice = (struct load_ice){
        .end = end, .is_controlling = is_controlling, .tie = random, .random = random};
    for (unsigned c = 0; c < LOAD_ICE_COMPONENTS; c++) {
        ice->component[c].next_ns = start_ns;
        for (unsigned i = 0; i < sizeof(ice->component[c].id); i++)
            ice->component[c].id[i] = (uint8_t)(load_random(&ice->random) * 256);
    }
}

static void role_put(const struct load_ice *ice, struct stun_writer *w)
{
    uint8_t tie[8];

    load_put32(tie, (uint32_t)(ice->tie >> 32));
    load_put32(tie + 4, (uint32_t)ice->tie);
    stun_put(w, ice->is_controlling ? STUN_ICE_CONTROLLING : STUN_ICE_CONTROLLED, tie, sizeof(tie));
    if (ice->is_controlling)
        stun_put(w, STUN_USE_CANDIDATE, NULL, 0);
}

size_t load_ice_next(struct load_ice *ice, unsigned component, uint64_t now_ns,
                     uint8_t packet[LOAD_STUN_MAX])
{
    const struct load_end *end = ice->end;
    char username[2 * LOAD_ICE_TEXT];
    uint8_t priority[4];
    struct stun_writer w;

    if (ice->component[component].is_valid || ice->component[component].next_ns > now_ns ||
        ice->component[component].tries == LOAD_ICE_TRIES)
        return 0;
    ice->component[component].tries++;
    ice->component[component].next_ns = now_ns + LOAD_ICE_INTERVAL_NS;
    ice->n_checks++;
    int n = snprintf(username, sizeof(username), "%s:%s", end->theirs.ufrag, end->ours.ufrag);
    load_put32(priority, CHECK_PRIORITY(component + 1));
    stun_begin(&w, packet, LOAD_STUN_MAX, STUN_REQUEST, ice->component[component].id);
    stun_put(&w, STUN_USERNAME, username, (size_t)n);
    stun_put(&w, STUN_PRIORITY, priority, sizeof(priority));
    role_put(ice, &w);
    return stun_end(&w, end->theirs.pwd);
}

/* RFC 8445 s.7.3.1.1: who has the larger tie-breaker controls.
 * @return whether the other side has to change its role */
static bool is_conflict(struct load_ice *ice, const uint8_t *packet, size_t n)
{
    size_t n_tie;
    const uint8_t *tie = stun_find(
        packet, n, ice->is_controlling ? STUN_ICE_CONTROLLING : STUN_ICE_CONTROLLED, &n_tie);

    if (!tie || n_tie != 8)
        return false;
    ice->n_conflicts++;
    uint64_t theirs = (uint64_t)load_get32(tie) << 32 | load_get32(tie + 4);
    if ((ice->tie >= theirs) == ice->is_controlling)
        return true;
    ice->is_controlling = !ice->is_controlling;
    return false;
}

static bool is_for_us(const struct load_ice *ice, const uint8_t *packet, size_t n)
{
    size_t n_name, n_ours = strlen(ice->end->ours.ufrag);
    const uint8_t *name = stun_find(packet, n, STUN_USERNAME, &n_name);

    return name && n_name > n_ours && memcmp(name, ice->end->ours.ufrag, n_ours) == 0 &&
           name[n_ours] == ':' && stun_is_authentic(packet, n, ice->end->ours.pwd);
}

static size_t request_take(struct load_ice *ice, unsigned component, const union load_address *from,
                           const uint8_t *packet, size_t n, uint8_t answer[LOAD_STUN_MAX])
{
    struct stun_writer w;
    size_t n_value;

    if (!is_for_us(ice, packet, n)) {
        ice->n_bad++;
        return 0;
    }
    bool has_conflict = is_conflict(ice, packet, n);
    stun_begin(&w, answer, LOAD_STUN_MAX, has_conflict ? STUN_ERROR : STUN_SUCCESS, packet + 8);
    if (has_conflict) {
        stun_put(&w, STUN_ERROR_CODE, ROLE_CONFLICT, sizeof(ROLE_CONFLICT) - 1);
    } else {
        stun_put_address(&w, from);
        if (!ice->is_controlling && stun_find(packet, n, STUN_USE_CANDIDATE, &n_value))
            ice->component[component].is_nominated = true;
    }
    return stun_end(&w, ice->end->ours.pwd);
}

static void response_take(struct load_ice *ice, unsigned component, const uint8_t *packet, size_t n)
{
    size_t n_code;
    const uint8_t *code;

    if (memcmp(packet + 8, ice->component[component].id, STUN_ID) != 0 ||
        !stun_is_authentic(packet, n, ice->end->theirs.pwd)) {
        ice->n_bad++;
        return;
    }
    ice->component[component].answers++;
    if (stun_type_of(packet) == STUN_SUCCESS) {
        ice->component[component].is_valid = true;
        ice->component[component].is_nominated |= ice->is_controlling;
        return;
    }
    code = stun_find(packet, n, STUN_ERROR_CODE, &n_code);
    if (!code || n_code < 4 || code[2] != 4 || code[3] != 87)
        return;
    ice->n_conflicts++;
    ice->is_controlling = !ice->is_controlling;
    ice->component[component].id[0]++; /* another request is another transaction */
    ice->component[component].next_ns = 0;
}

size_t load_ice_take(struct load_ice *ice, unsigned component, const union load_address *from,
                     const uint8_t *packet, size_t n, uint8_t answer[LOAD_STUN_MAX])
{
    if (!stun_is_message(packet, n)) {
        ice->n_bad++;
        return 0;
    }
    switch (stun_type_of(packet)) {
    case STUN_REQUEST:
        return request_take(ice, component, from, packet, n, answer);
    case STUN_SUCCESS:
    case STUN_ERROR:
        response_take(ice, component, packet, n);
    }
    return 0; /* indications keep NAT bindings open: RFC 8445 s.11 */
}

uint64_t load_ice_lost(const struct load_ice *ice)
{
    uint64_t n = 0;

    for (unsigned c = 0; c < LOAD_ICE_COMPONENTS; c++) {
        const unsigned tries = ice->component[c].tries, answers = ice->component[c].answers;

        if ((ice->component[c].is_valid || tries == LOAD_ICE_TRIES) && answers < tries)
            n += tries - answers;
    }
    return n;
}

bool load_ice_is_done(const struct load_ice *ice)
{
    for (unsigned c = 0; c < LOAD_ICE_COMPONENTS; c++)
        if (!ice->component[c].is_valid || !ice->component[c].is_nominated)
            return false;
    return true;
}

bool load_ice_has_failed(const struct load_ice *ice)
{
    for (unsigned c = 0; c < LOAD_ICE_COMPONENTS; c++)
        if (!ice->component[c].is_valid && ice->component[c].tries == LOAD_ICE_TRIES)
            return true;
    return false;
}
