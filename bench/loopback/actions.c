#include "bench/loopback/session.h"

#include <string.h>

#include "bench/loopback/keys.h"

/* What keys do. Of both ends, they are about A; of one end, about that. */

static unsigned side_of(const struct session *s)
{
    return s->plan->side == 1;
}

static void mute(struct session *s)
{
    struct mouth *m = s->end[side_of(s)].mouth;

    mouth_mute(m, !mouth_is_muted(m));
    session_tell(s, mouth_is_muted(m) ? "muted" : "no longer muted");
}

static void lose(struct session *s)
{
    struct session_end *e = &s->end[side_of(s)];

    e->loss_percent = e->loss_percent ? 0 : s->o->loss;
    peer_set_loss(session_peer(s, side_of(s)), e->loss_percent);
    session_tell(s, "%u %% of %c's packets are lost on purpose", e->loss_percent, "AB"[side_of(s)]);
}

static void dial(struct session *s, char digit)
{
    const char digits[] = {digit, 0};

    if (peer_dial(session_peer(s, side_of(s)), digits) == 0)
        session_tell(s, "digit %c", digit);
    else
        session_tell(s, "digit %c cannot be sent: no telephone-event was agreed on", digit);
}

static void mark(struct session *s)
{
    for (unsigned i = 0; i < 2; i++)
        if (s->end[i].mouth)
            mouth_mark(s->end[i].mouth);
    session_tell(s, "marker");
}

static const char *codec_now(const struct session *s)
{
    return peer_sender_codec(peer_sender(session_peer(s, side_of(s))))->name;
}

/* Where SDP is pasted, what comes on stdin meanwhile is no key. */
static int change_pass(struct session *s, const struct peer_change *c)
{
    bool is_pasted = !s->call && !s->o->sdp_in;

    if (s->call)
        return call_change(s->call, c);
    if (is_pasted)
        session_keys_read(s, false);
    int err = exchange_offer(&s->exchange, s->alone, c);
    if (is_pasted)
        session_keys_read(s, true);
    return err;
}

/* @return 0; or an error, which has been told */
static int change(struct session *s, struct peer_change *c, const char *what)
{
    c->direction = s->end[side_of(s)].is_held ? PEER_SENDONLY : PEER_SENDRECV;
    int err = change_pass(s, c);
    if (err)
        session_tell(s, "%s: %s", what, s->call ? call_problem(s->call) : s->exchange.problem);
    else
        session_tell(s, "%s: done; %c sends %s", what, "AB"[side_of(s)], codec_now(s));
    return err;
}

static void hold(struct session *s)
{
    struct session_end *e = &s->end[side_of(s)];
    struct peer_change c = {0};

    e->is_held = !e->is_held;
    if (change(s, &c, e->is_held ? "hold" : "end of hold") != 0)
        e->is_held = !e->is_held;
}

static void codec_change(struct session *s)
{
    struct peer_change c = {.only = peer_next_codec(session_peer(s, side_of(s)))};
    char what[64];

    snprintf(what, sizeof(what), "codec %s", c.only ? c.only : "change");
    if (c.only)
        (void)change(s, &c, what);
    else
        session_tell(s, "%c has no other codec", "AB"[side_of(s)]);
}

/* The other end, which is elsewhere, has made a further offer. */
static void change_answer(struct session *s)
{
    if (exchange_answer(&s->exchange, s->alone) == 0)
        session_tell(s, "the other end made a new offer; %c sends %s", "AB"[side_of(s)],
                     codec_now(s));
    else
        session_tell(s, "the other end made a new offer: %s", s->exchange.problem);
}

static void act(struct session *s, char key)
{
    struct peer_change restart = {.is_restart = true};

    switch (keys_find(key)) {
    case KEY_MUTE:
        mute(s);
        break;
    case KEY_HOLD:
        hold(s);
        break;
    case KEY_DIGIT:
        dial(s, key);
        break;
    case KEY_LOSS:
        lose(s);
        break;
    case KEY_CODEC:
        codec_change(s);
        break;
    case KEY_RESTART:
        (void)change(s, &restart, "ICE restart");
        break;
    case KEY_MARKER:
        mark(s);
        break;
    case KEY_QUIT:
        s->is_quitting = true;
        break;
    case KEY_NONE:
        break;
    }
}

void session_act(struct session *s)
{
    if (exchange_has_come(&s->exchange))
        change_answer(s);
    while (s->n_pressed && !s->is_quitting) {
        char key = s->pressed[0];

        memmove(s->pressed, s->pressed + 1, --s->n_pressed);
        act(s, key);
    }
}
