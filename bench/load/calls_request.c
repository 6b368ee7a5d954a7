#include "bench/load/calls_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/negotiate.h"
#include "bench/ng/bencode.h"
#include "bench/ng/client.h"
#include "bench/scan.h"

#define FRAGMENT_MAX 1024
#define CALL_ID_MAX  48

struct load_fragments {
    const struct scenario *scenario;
    struct {
        char at[FRAGMENT_MAX]; /* of offer and answer: keys that are the same in all */
        size_t n;
    } of[SCENARIO_PARTS_MAX][2];
};

static int list_put(json_t *request, const char *key, const char *names)
{
    char name[64];
    json_t *list = json_array();

    while (scan_word(&names, name, sizeof(name), ",")) {
        json_array_append_new(list, json_string(name));
        (void)scan_text(&names, ",");
    }
    return json_object_set_new(request, key, list) ? ENOMEM : 0;
}

static const char *choose(const char *own, const char *common)
{
    return own[0] ? own : common;
}

/* A dictionary without its "d" and "e". */
static int fragment_make(struct load_fragments *f, unsigned i, enum load_step step,
                         const struct load_calls_config *cfg)
{
    const struct scenario_part *part = &cfg->scenario->parts[i];
    bool is_offer = step == LOAD_OFFER;
    const char *flags = is_offer ? part->mode->offer_flags : part->mode->answer_flags;
    const char *more = is_offer ? cfg->offer_flags : cfg->answer_flags;
    const char *direction = choose(part->direction, cfg->direction);
    const char *provider = choose(part->provider, cfg->provider);
    char buf[FRAGMENT_MAX + 2];
    json_t *keys = json_object();

    int err = keys ? ng_put_script_flags(keys, flags) : ENOMEM;
    if (!err && more)
        err = ng_put_script_flags(keys, more);
    if (!err && is_offer && direction)
        err = list_put(keys, "direction", direction);
    if (!err && is_offer && provider)
        err = json_object_set_new(keys, "provider", json_string(provider)) ? EINVAL : 0;
    long n = err ? -1 : ng_bencode_write(buf, sizeof(buf), keys);
    json_decref(keys);
    if (n < 2)
        return err ? err : EINVAL;
    f->of[i][step].n = (size_t)n - 2;
    memcpy(f->of[i][step].at, buf + 1, (size_t)n - 2);
    return 0;
}

int load_fragments_alloc(struct load_fragments **fp, const struct load_calls_config *cfg)
{
    struct load_fragments *f = calloc(1, sizeof(*f));
    int err = 0;

    if (!f)
        return ENOMEM;
    f->scenario = cfg->scenario;
    for (unsigned i = 0; i < cfg->scenario->n_parts && !err; i++) {
        err = fragment_make(f, i, LOAD_OFFER, cfg);
        if (!err)
            err = fragment_make(f, i, LOAD_ANSWER, cfg);
    }
    if (err)
        load_fragments_free(f);
    else
        *fp = f;
    return err;
}

void load_fragments_free(struct load_fragments *f)
{
    free(f);
}

static void sdp_put(struct load_buffer *b, const struct load_call *call, enum load_side side,
                    const union load_address *address)
{
    struct load_description d;
    char sdp[LOAD_SDP_MAX];

    load_end_describe(&d, call->end, call->part->mode, side, address);
    if (call->is_held)
        d.direction = side == LOAD_A ? LOAD_SENDONLY : LOAD_RECVONLY;
    load_put_pair(b, "sdp", sdp, load_sdp_write(sdp, sizeof(sdp), &d));
}

void load_request_write(struct load_buffer *b, const struct load_fragments *f,
                        const struct load_call *call, enum load_step step,
                        const union load_address *address)
{
    static const char *const commands[] = {"offer", "answer", "offer", "answer", "delete"};
    unsigned part = (unsigned)(call->part - f->scenario->parts);
    bool is_of_b = step == LOAD_ANSWER || step == LOAD_REANSWER;
    char name[CALL_ID_MAX];

    int n = snprintf(name, sizeof(name), "load-%llx", (unsigned long long)call->serial);
    load_put_bytes(b, "d", 1);
    load_put_pair(b, "command", commands[step], strlen(commands[step]));
    load_put_pair(b, "call-id", name, (size_t)n);
    load_put_pair(b, "from-tag", "a", 1);
    if (is_of_b)
        load_put_pair(b, "to-tag", "b", 1);
    if (step != LOAD_DELETE) {
        sdp_put(b, call, is_of_b ? LOAD_B : LOAD_A, address);
        load_put_bytes(b, f->of[part][is_of_b].at, f->of[part][is_of_b].n);
    }
    load_put_bytes(b, "e", 1);
}
