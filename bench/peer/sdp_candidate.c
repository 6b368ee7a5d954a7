#include "bench/peer/sdp_candidate.h"

#include <stdio.h>
#include <string.h>

#include "bench/scan.h"

#define Q_UNIT 1000 /* libnice's priorities of draft-06 are in thousandths */

/* "FOUNDATION 1 UDP 2130706431 192.0.2.1 5004 typ host ..." */
static bool read_draft19(struct peer_candidate *c, const char *value)
{
    uint32_t component, port;
    char word[8];

    if (!scan_word(&value, c->foundation, sizeof(c->foundation), "") ||
        !scan_number(&value, 2, &component) || !component ||
        !scan_word(&value, c->transport, sizeof(c->transport), "") ||
        !scan_number(&value, UINT32_MAX, &c->priority) ||
        !scan_word(&value, c->address, sizeof(c->address), "") ||
        !scan_number(&value, UINT16_MAX, &port) || !scan_word(&value, word, sizeof(word), "") ||
        strcmp(word, "typ") != 0 || !scan_word(&value, c->type, sizeof(c->type), ""))
        return false;
    c->component = (uint8_t)component;
    c->port = (uint16_t)port;
    return true;
}

/* "0.830": always three digits in captures. @return false: no such number */
static bool read_q(const char **value, uint32_t *priority)
{
    char word[8];
    const char *thousandths = word + 2;

    return scan_word(value, word, sizeof(word), "") && strlen(word) == strlen("0.830") &&
           strncmp(word, "0.", 2) == 0 && strspn(thousandths, "0123456789") == 3 &&
           scan_number(&thousandths, Q_UNIT - 1, priority);
}

/* "UFRAG 1 PASSWORD UDP 0.830 192.0.2.1 5004" */
static bool read_draft6(struct peer_candidate *c, const char *value)
{
    uint32_t component, port;

    if (!scan_word(&value, c->ufrag, sizeof(c->ufrag), "") || !scan_number(&value, 2, &component) ||
        !component || !scan_word(&value, c->pwd, sizeof(c->pwd), "") ||
        !scan_word(&value, c->transport, sizeof(c->transport), "") ||
        !read_q(&value, &c->priority) || !scan_word(&value, c->address, sizeof(c->address), "") ||
        !scan_number(&value, UINT16_MAX, &port))
        return false;
    c->component = (uint8_t)component;
    c->port = (uint16_t)port;
    /* components belong together by their user name */
    memcpy(c->foundation, c->ufrag, sizeof(c->foundation) - 1);
    snprintf(c->type, sizeof(c->type), "%s", c->priority < Q_UNIT / 2 ? "relay" : "host");
    return true;
}

bool peer_candidate_read(struct peer_candidate *c, const char *value)
{
    *c = (struct peer_candidate){0};
    if (read_draft19(c, value))
        return true;
    *c = (struct peer_candidate){0};
    return read_draft6(c, value);
}

int peer_candidate_print(char *buf, size_t cap, const struct peer_candidate *c)
{
    if (*c->ufrag)
        return snprintf(buf, cap, "%s %u %s %s 0.%03u %s %u", c->ufrag, c->component, c->pwd,
                        c->transport, c->priority % Q_UNIT, c->address, c->port);
    return snprintf(buf, cap, "%s %u %s %u %s %u typ %s", c->foundation, c->component, c->transport,
                    c->priority, c->address, c->port, c->type);
}
