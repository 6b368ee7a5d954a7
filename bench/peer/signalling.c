#include "bench/peer/signalling.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "bench/scan.h"

int signalling_init(struct signalling *s, struct ng_client *ng)
{
    uint64_t random[3];

    *s = (struct signalling){.ng = ng};
    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return EIO;
    snprintf(s->id, sizeof(s->id), "call-%016llx", (unsigned long long)random[0]);
    for (unsigned i = 0; i < 2; i++)
        snprintf(s->tag[i], sizeof(s->tag[i]), "%c-%016llx", 'a' + (int)i,
                 (unsigned long long)random[i + 1]);
    return 0;
}

__attribute__((format(printf, 3, 4))) static int problem_set(struct signalling *s, int err,
                                                             const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(s->problem, sizeof(s->problem), format, args);
    va_end(args);
    return err;
}

static json_t *request_make(const struct signalling *s, const char *command, unsigned from,
                            bool has_to_tag)
{
    json_t *r = json_pack("{s:[s], s:s, s:s, s:s}", "supports", "load limit", "call-id", s->id,
                          "from-tag", s->tag[from], "command", command);

    if (r && has_to_tag)
        json_object_set_new(r, "to-tag", json_string(s->tag[!from]));
    return r;
}

/* The offerer's side first. */
static int direction_put(json_t *request, const char *direction, unsigned from)
{
    char name[64];
    json_t *list = json_array();

    while (scan_word(&direction, name, sizeof(name), ",")) {
        json_array_insert_new(list, from ? 0 : json_array_size(list), json_string(name));
        (void)scan_text(&direction, ",");
    }
    return json_object_set_new(request, "direction", list) ? ENOMEM : 0;
}

static json_t *sdp_request_make(const struct signalling *s, const char *command, unsigned from,
                                const char *sdp, const char *flags)
{
    bool is_offer = strcmp(command, "offer") == 0;
    json_t *r = request_make(s, command, from, !is_offer || s->is_answered);
    bool is_made = r && json_object_set_new(r, "sdp", json_string(sdp)) == 0;

    if (is_made && flags)
        is_made = ng_put_script_flags(r, flags) == 0;
    if (is_made && is_offer && s->direction)
        is_made = direction_put(r, s->direction, from) == 0;
    if (is_made && is_offer && s->provider)
        is_made = json_object_set_new(r, "provider", json_string(s->provider)) == 0;
    if (is_made)
        return r;
    json_decref(r);
    return NULL;
}

int signalling_pass(struct signalling *s, const char *command, unsigned from, const char *flags,
                    char *sdp, size_t cap)
{
    json_t *reply = NULL, *request = sdp_request_make(s, command, from, sdp, flags);
    uint64_t start_us = loop_now_us();

    if (!request)
        return problem_set(s, ENOMEM, "%s: no memory", command);
    int err = ng_client_call(s->ng, request, &reply);
    s->took_us = loop_now_us() - start_us;
    json_decref(request);
    if (err)
        return problem_set(s, err, "%s: no usable reply from the relay: %s", command,
                           strerror(err));

    s->is_at_relay = true;
    const char *text = json_string_value(json_object_get(reply, "sdp"));
    const char *reason = json_string_value(json_object_get(reply, "error-reason"));
    if (!text || strlen(text) >= cap)
        err = problem_set(s, EPROTO, "%s: the relay refused: %s", command,
                          reason ? reason : "no SDP in its reply");
    else
        memcpy(sdp, text, strlen(text) + 1);
    s->is_answered = s->is_answered || (!err && strcmp(command, "answer") == 0);
    json_decref(reply);
    return err;
}

int signalling_ask(struct signalling *s, const char *command, json_t **reply)
{
    json_t *request = request_make(s, command, 0, false);
    if (!request)
        return ENOMEM;

    if (strcmp(command, "delete") == 0)
        s->is_at_relay = false;
    int err = ng_client_call(s->ng, request, reply);
    json_decref(request);
    return err;
}

static void deleted_h(int err, json_t *reply, void *arg)
{
    (void)err;
    (void)reply;
    (void)arg;
}

void signalling_drop(struct signalling *s)
{
    if (!s->is_at_relay)
        return;
    json_t *request = request_make(s, "delete", 0, false);

    (void)ng_client_send(s->ng, request, deleted_h, NULL); /* a courtesy, no more */
    json_decref(request);
    s->is_at_relay = false;
}
