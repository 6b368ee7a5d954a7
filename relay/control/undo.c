#include "relay/control/undo.h"

#include <errno.h>
#include <string.h>

/* A leg as it was, and its streams. */
struct saved_leg {
    struct leg *leg;
    struct leg was;
    struct stream *streams; /* was.n_streams copies */
};

struct undo {
    struct call *call;
    int tos;
    unsigned n_legs; /* of the call; those behind them in its list are new */
    struct saved_leg legs[];
};

static int save_leg(struct saved_leg *saved, struct leg *leg)
{
    if (leg->n_streams) {
        saved->streams = mem_zalloc(leg->n_streams * sizeof(*saved->streams), NULL);
        if (!saved->streams)
            return ENOMEM;
    }
    saved->leg = mem_ref(leg);
    saved->was = *leg;
    mem_ref(leg->ice);
    for (unsigned i = 0; i < leg->n_streams; i++) {
        saved->streams[i] = *leg->streams[i];
        mem_ref(saved->streams[i].offered);
    }
    return 0;
}

static void drop_leg(struct saved_leg *saved)
{
    for (unsigned i = 0; i < saved->was.n_streams; i++)
        mem_deref(saved->streams[i].offered);
    if (saved->streams) /* keys are in it */
        explicit_bzero(saved->streams, saved->was.n_streams * sizeof(*saved->streams));
    mem_deref(saved->streams);
    mem_deref(saved->was.ice);
    mem_deref(saved->leg);
}

static void undo_free(struct undo *u)
{
    for (unsigned i = 0; i < u->n_legs; i++)
        drop_leg(&u->legs[i]);
    mem_deref(u);
}

int undo_save(struct undo **up, struct call *call)
{
    unsigned n_legs = list_count(&call->legs);
    struct undo *u = mem_zalloc(sizeof(*u) + n_legs * sizeof(u->legs[0]), NULL);
    struct le *le;
    int err = 0;

    if (!u)
        return ENOMEM;
    u->call = call;
    u->tos = call->tos;
    for (le = call->legs.head; le && !err; le = le->next) {
        err = save_leg(&u->legs[u->n_legs], le->data);
        u->n_legs += !err;
    }
    if (err)
        undo_free(u);
    else
        *up = u;
    return err;
}

/* ---- back -------------------------------------------------------------------------------------
 */

static void end_new_legs(struct undo *u)
{
    struct le *le = u->call->legs.tail;

    for (unsigned n = list_count(&u->call->legs); n > u->n_legs; n--) {
        struct leg *leg = le->data;

        le = le->prev;
        leg_end(leg);
    }
}

/* A line that was off before keeps the ports that were opened for it: they are used when it comes
 * back. */
static void restore_stream(struct stream *s, struct stream *was)
{
    const struct stream now = *s;

    *s = *was;
    was->offered = now.offered; /* its reference goes with the copy */
    s->interface = now.interface;
    s->port = now.port;
    memcpy(s->fd, now.fd, sizeof(s->fd));
    s->was_used = now.was_used;
    s->ice = now.ice;
    s->ice_stream = now.ice_stream;
    s->progress = now.progress;
    s->media = now.media;
}

static void restore_leg(struct saved_leg *saved)
{
    struct leg *leg = saved->leg;
    const struct leg now = *leg;

    while (leg->n_streams > saved->was.n_streams)
        stream_close(leg->streams[--leg->n_streams]);
    for (unsigned i = 0; i < leg->n_streams; i++)
        restore_stream(leg->streams[i], &saved->streams[i]);
    if (now.doc != saved->was.doc)
        sdp_free(now.doc);
    if (now.tag != saved->was.tag)
        mem_deref(now.tag);
    *leg = saved->was;
    leg->le = now.le;
    leg->streams = now.streams;
    saved->was.ice = now.ice; /* its reference goes with the copy */
}

void undo_apply(struct undo *u)
{
    if (!u)
        return;
    end_new_legs(u);
    for (unsigned i = 0; i < u->n_legs; i++)
        restore_leg(&u->legs[i]);
    u->call->tos = u->tos;
    undo_free(u);
}

void undo_forget(struct undo *u)
{
    if (!u)
        return;
    for (unsigned i = 0; i < u->n_legs; i++) {
        if (u->legs[i].was.doc != u->legs[i].leg->doc)
            sdp_free(u->legs[i].was.doc);
    }
    undo_free(u);
}
