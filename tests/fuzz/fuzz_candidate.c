#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ice/candidate.h"

#define TEXT_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What was read is printed and read again: the same candidate, in either generation. */
static void assert_survives(const struct ice_candidate *c)
{
    char text[TEXT_MAX];
    struct ice_candidate again;
    const int len = c->ufrag[0] ? ice_candidate_print_draft6(text, sizeof(text), c)
                                : ice_candidate_print(text, sizeof(text), c);

    assert(len > 0 && strlen(text) == (size_t)len);
    assert(ice_candidate_parse(&again, text, (size_t)len) == 0);
    assert(memcmp(&again.addr, &c->addr, sizeof(c->addr)) == 0);
    assert(memcmp(&again.raddr, &c->raddr, sizeof(c->raddr)) == 0);
    assert(again.component == c->component && again.priority == c->priority);
    assert(again.type == c->type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct ice_candidate c;
    const int err = ice_candidate_parse(&c, (const char *)data, n);

    assert(err == 0 || err == EINVAL || err == EAFNOSUPPORT);
    if (!err) {
        assert_survives(&c);
        (void)ice_candidate_usable(&c, &c.addr);
    }
    return 0;
}
