#include "tests/program/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/peer/call_account.h"
#include "bench/sound/wav.h"

#define SAID_S        2
#define RTCP_EVERY_MS 500
#define RECORD_S      20
#define DRAIN_US      500000 /* what has not come by then is lost, and judged as such */

struct scene {
    struct relay *relay;
    struct call *calls[SCENE_CALLS_MAX];
    size_t n;
    bool (*is)(void *call); /* what all of them are waited for */
};

const struct sound *scene_sound(unsigned side)
{
    static struct sound sounds[2];
    static const char *const files[] = {PICRELAY_VECTORS "/speech_a.wav",
                                        PICRELAY_VECTORS "/speech_b.wav"};

    if (!sounds[side].samples) {
        assert_int_equal(wav_read(&sounds[side], files[side]), 0);
        sounds[side].n_samples = SAID_S * sounds[side].rate_hz;
    }
    return &sounds[side];
}

static bool all_are(void *arg)
{
    const struct scene *s = arg;

    for (size_t i = 0; i < s->n; i++)
        if (!s->is(s->calls[i]))
            return false;
    return true;
}

static void wait_for_all(struct scene *s, bool (*is)(void *call), const char *what)
{
    s->is = is;
    relay_wait(s->relay, all_are, s, what);
}

static void call_open(struct scene *s, const struct scene_call *c)
{
    struct call_config cfg = c->call;

    cfg.loop = s->relay->loop;
    cfg.ng = s->relay->ng;
    if (!cfg.direction)
        cfg.direction = "enterprise,skype";
    for (unsigned side = 0; side < 2; side++) {
        cfg.peer[side].says = scene_sound(side);
        cfg.peer[side].rtcp_interval_ms = RTCP_EVERY_MS;
        cfg.peer[side].record_s = RECORD_S;
    }
    assert_int_equal(call_alloc(&s->calls[s->n], &cfg), 0);
    if (call_set_up(s->calls[s->n++]) == 0)
        return;
    print_error("%s: %s\n", c->why, call_problem(s->calls[s->n - 1]));
    fail();
}

static void call_close(struct scene *s, size_t i, struct scene_result *result)
{
    json_t *deleted;

    memset(result, 0, sizeof(*result));
    assert_int_equal(call_query(s->calls[i], &result->query), 0);
    assert_int_equal(call_delete(s->calls[i], &deleted), 0);
    json_decref(deleted);
    result->record = relay_record(s->relay, call_id(s->calls[i]));
    for (unsigned side = 0; side < 2; side++)
        snprintf(result->tag[side], sizeof(result->tag[side]), "%s", call_tag(s->calls[i], side));
    assert_int_equal(call_account(&result->account, s->calls[i]), 0);
    call_free(s->calls[i]);
}

void scene_run(struct relay *r, const struct scene_call *calls, size_t n,
               struct scene_result *results)
{
    struct scene s = {.relay = r};

    assert_true(n <= SCENE_CALLS_MAX);
    for (size_t i = 0; i < n; i++)
        call_open(&s, &calls[i]);
    wait_for_all(&s, call_is_connected, "all calls to be connected");
    for (size_t i = 0; i < n; i++)
        call_say(s.calls[i]);
    wait_for_all(&s, call_is_said, "all to be said");
    for (size_t i = 0; i < n; i++)
        call_hang_up(s.calls[i]);
    s.is = call_is_over;
    (void)loop_run(r->loop, all_are, &s, loop_now_us() + DRAIN_US);
    for (size_t i = 0; i < n; i++)
        call_close(&s, i, &results[i]);
}

void scene_wipe(struct scene_result *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        json_decref(results[i].query);
        json_decref(results[i].record);
    }
}

/* ---- judgement --------------------------------------------------------------------------------
 */

static void complain(const struct scene_call *call, unsigned side,
                     const struct scene_result *result)
{
    json_t *account = call_account_json(&result->account);
    char *text = json_dumps(account, JSON_INDENT(1));

    /* cmocka cuts long texts */
    fprintf(stderr, "%s: what %c heard is not what was said: %s\n", call->why, 'A' + (int)side,
            text);
    free(text);
    json_decref(account);
    fail();
}

static bool is_whole(const struct call_direction *d)
{
    return d->received > 0 && d->rx.lost == 0 && d->rx.reordered == 0 && d->rx.duplicates == 0 &&
           d->rx.bad_header == 0 && d->rx.bad_pt == 0 && d->rx.bad_payload == 0 &&
           d->rx.bad_ts == 0 && d->rx.ssrc_changes == 0 && d->counts.auth_failures == 0;
}

void scene_expect_whole(const struct scene_call *call, const struct scene_result *result)
{
    for (unsigned side = 0; side < 2; side++)
        if (!is_whole(&result->account.heard[side]))
            complain(call, side, result);
}

void scene_expect_clear(const struct scene_call *call, const struct scene_result *result)
{
    scene_expect_whole(call, result);
    for (unsigned side = 0; side < 2; side++)
        if (!result->account.heard[side].score.is_pass)
            complain(call, side, result);
}

bool scene_has_flag(const struct scene_result *result, unsigned side, const char *flag)
{
    char path[80];
    size_t i;
    json_t *item;

    snprintf(path, sizeof(path), "tags.%s.medias.0.flags", result->tag[side]);
    json_array_foreach(relay_json(result->query, path), i, item)
    {
        if (strcmp(json_string_value(item), flag) == 0)
            return true;
    }
    return false;
}

json_t *scene_recorded(const struct scene_result *result, unsigned side, const char *path)
{
    char whole[120];

    snprintf(whole, sizeof(whole), "legs.%u.streams.0.%s", side, path);
    return relay_json(result->record, whole);
}
