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

static void change(struct session *s, struct peer_change *c, const char *what)
{
    struct session_end *a = &s->end[CALL_A];

    if (!s->call) {
        session_tell(s, "%s needs a new offer, and the other end is not here", what);
        return;
    }
    c->direction = a->is_held ? PEER_SENDONLY : PEER_SENDRECV;
    if (call_change(s->call, c) == 0)
        session_tell(s, "%s: done; A sends %s", what,
                     peer_sender_codec(peer_sender(call_peer(s->call, CALL_A)))->name);
    else
        session_tell(s, "%s: %s", what, call_problem(s->call));
}

static void hold(struct session *s)
{
    struct session_end *a = &s->end[CALL_A];
    struct peer_change c = {0};

    a->is_held = s->call && !a->is_held;
    change(s, &c, a->is_held ? "hold" : "end of hold");
}

static void codec_change(struct session *s)
{
    struct peer_change c = {0};
    char what[64];

    c.only = s->call ? peer_next_codec(call_peer(s->call, CALL_A)) : NULL;
    snprintf(what, sizeof(what), "codec %s", c.only ? c.only : "change");
    if (s->call && !c.only)
        session_tell(s, "A has no other codec");
    else
        change(s, &c, what);
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
        change(s, &restart, "ICE restart");
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
    while (s->n_pressed && !s->is_quitting) {
        char key = s->pressed[0];

        memmove(s->pressed, s->pressed + 1, --s->n_pressed);
        act(s, key);
    }
}
