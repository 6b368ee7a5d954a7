#include "relay/control/fragment.h"

#include <errno.h>
#include <string.h>

#include "relay/control/dialogue.h"
#include "relay/control/transport/transport.h"

/* One that came early. */
struct fragment {
    struct le le;
    char *tag; /* of the peer that it describes */
    char *text;
};

static void fragment_destructor(void *data)
{
    struct fragment *f = data;

    list_unlink(&f->le);
    if (f->text)
        explicit_bzero(f->text, strlen(f->text)); /* a=ice-pwd */
    mem_deref(f->text);
    mem_deref(f->tag);
}

static int keep(struct call *call, struct str tag, struct str text)
{
    struct fragment *f;

    if (list_count(&call->fragments) >= FRAGMENTS_MAX)
        return ENOBUFS;
    f = mem_zalloc(sizeof(*f), fragment_destructor);
    if (!f)
        return ENOMEM;
    if (re_sdprintf(&f->tag, "%b", tag.p, tag.n) || re_sdprintf(&f->text, "%b", text.p, text.n)) {
        mem_deref(f);
        return ENOMEM;
    }
    list_append(&call->fragments, &f->le, f);
    return 0;
}

static bool is_taken(const struct fragment *f, const struct leg *leg)
{
    struct sdp_fragment *read = mem_zalloc(sizeof(*read), NULL);
    const bool is_good =
        read && !sdp_fragment_parse(read, str_of(f->text)) && transport_trickle(leg, read);

    mem_deref(read);
    return is_good;
}

void fragment_take_waiting(const struct leg *leg)
{
    struct le *le = leg->call->fragments.head;

    while (le) {
        struct fragment *f = le->data;

        le = le->next;
        if (leg_has_tag(leg, str_of(f->tag)) && is_taken(f, leg))
            mem_deref(f);
    }
}

/* Of an answer the answerer is the sender. */
static struct str sender_of(const struct ng_request *req)
{
    return req->command == NG_ANSWER ? req->to_tag : req->from_tag;
}

static void add(struct call *call, const struct ng_request *req, const struct sdp_fragment *read,
                struct command_result *res)
{
    const struct str tag = sender_of(req);
    const struct leg *leg = dialogue_find_tag(call, tag);
    int err;

    if (leg && transport_trickle(leg, read))
        return;
    err = keep(call, tag, req->sdp);
    if (err == ENOBUFS)
        command_fail(res, "Too many trickle-ICE fragments wait for their description");
    else if (err)
        command_fail(res, "Parallel session limit reached");
}

void fragment_take(struct control *c, const struct ng_request *req, struct command_result *res)
{
    struct sdp_fragment *read;
    struct call *call;

    if (str_is_empty(req->call_id) || str_is_empty(sender_of(req))) {
        command_fail(res, str_is_empty(req->call_id) ? "No call-id in message"
                                                     : "No tag of the sender in message");
        return;
    }
    call = call_find(c, req->call_id);
    if (!call || call->is_ended) {
        command_fail(res, "Unknown call-id");
        return;
    }
    read = mem_zalloc(sizeof(*read), NULL);
    if (!read)
        command_fail(res, "Parallel session limit reached");
    else if (sdp_fragment_parse(read, req->sdp))
        command_fail(res, "Failed to parse trickle-ICE fragment");
    else
        add(call, req, read, res);
    mem_deref(read);
}
