#include "ice/leg.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Control has other work: what is left after so many rings again. */
#define EVENTS_PER_CALL 256

int ice_mailbox_init(struct ice_mailbox *mail)
{
    mail->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (mail->event_fd < 0)
        return errno;
    return pthread_mutex_init(&mail->lock, NULL);
}

void ice_mailbox_wipe(struct ice_mailbox *mail)
{
    close(mail->event_fd);
    pthread_mutex_destroy(&mail->lock);
}

/* An eventfd refuses a write only when its 64-bit counter is full, and then it is readable. */
static void ring_bell(const struct ice_mailbox *mail)
{
    (void)!eventfd_write(mail->event_fd, 1);
}

static void enqueue(struct ice_leg *leg)
{
    struct ice_mailbox *mail = &leg->ice->mail;

    if (leg->has_mail)
        return;

    leg->has_mail = true;
    leg->next_mail = NULL;
    leg->prev_mail = mail->last;
    if (mail->last)
        mail->last->next_mail = leg;
    else
        mail->first = leg;
    mail->last = leg;
    ring_bell(mail);
}

static void dequeue(struct ice_leg *leg)
{
    struct ice_mailbox *mail = &leg->ice->mail;

    if (!leg->has_mail)
        return;

    leg->has_mail = false;
    *(leg->prev_mail ? &leg->prev_mail->next_mail : &mail->first) = leg->next_mail;
    *(leg->next_mail ? &leg->next_mail->prev_mail : &mail->last) = leg->prev_mail;
}

void ice_mailbox_post_state(struct ice_leg *leg, struct ice_component *c, enum ice_state state)
{
    struct ice_mailbox *mail = &leg->ice->mail;

    pthread_mutex_lock(&mail->lock);
    if (c->state != state) {
        c->state = state;
        c->is_state_news = true;
        enqueue(leg);
    }
    pthread_mutex_unlock(&mail->lock);
}

void ice_mailbox_post_pair(struct ice_leg *leg, struct ice_component *c,
                           const struct ice_candidate *local, const struct ice_candidate *remote,
                           const struct sockaddr_storage *media)
{
    struct ice_mailbox *mail = &leg->ice->mail;

    pthread_mutex_lock(&mail->lock);
    c->local = *local;
    c->remote = *remote;
    c->media = *media;
    c->has_pair = true;
    c->is_pair_news = true;
    enqueue(leg);
    pthread_mutex_unlock(&mail->lock);
}

void ice_mailbox_post_loss(struct ice_leg *leg, struct ice_component *c)
{
    struct ice_mailbox *mail = &leg->ice->mail;

    pthread_mutex_lock(&mail->lock);
    c->has_pair = c->is_pair_news = false;
    c->state = ICE_STATE_LOST;
    c->is_state_news = true;
    enqueue(leg);
    pthread_mutex_unlock(&mail->lock);
}

void ice_mailbox_set_stream(struct ice_leg *leg, unsigned place, struct ice_stream *stream)
{
    pthread_mutex_lock(&leg->ice->mail.lock);
    leg->streams[place] = stream;
    pthread_mutex_unlock(&leg->ice->mail.lock);
}

void ice_mailbox_forget(struct ice_leg *leg)
{
    pthread_mutex_lock(&leg->ice->mail.lock);
    dequeue(leg);
    pthread_mutex_unlock(&leg->ice->mail.lock);
}

/* The pair goes before the state: who hears READY already knows where media goes. */
static bool take_from_component(struct ice_component *c, struct ice_event *ev)
{
    if (c->is_pair_news) {
        c->is_pair_news = false;
        ev->type = ICE_EVENT_SELECTED;
        ev->local = c->local;
        ev->remote = c->remote;
        ev->media = c->media;
    } else if (c->is_state_news) {
        c->is_state_news = false;
        ev->type = ICE_EVENT_STATE;
    } else {
        return false;
    }
    ev->state = c->state;
    return true;
}

static bool take_from_leg(struct ice_leg *leg, struct ice_event *ev)
{
    for (unsigned i = 0; i < ICE_STREAMS_MAX; i++) {
        struct ice_stream *s = leg->streams[i];

        for (unsigned j = 0; s && j < s->n_components; j++) {
            *ev = (struct ice_event){.leg = leg, .arg = leg->cfg.arg};
            ev->stream = i;
            ev->component = j + 1;
            if (take_from_component(&s->components[j], ev))
                return true;
        }
    }
    return false;
}

/** Takes one piece of news. A leg that has been told all goes out of the queue. */
static bool take(struct ice_mailbox *mail, struct ice_event *ev)
{
    bool is_news = false;

    pthread_mutex_lock(&mail->lock);
    while (mail->first && !is_news) {
        is_news = take_from_leg(mail->first, ev);
        if (!is_news)
            dequeue(mail->first);
    }
    pthread_mutex_unlock(&mail->lock);
    return is_news;
}

int ice_event_fd(const struct ice *ice)
{
    return ice->mail.event_fd;
}

/* One at a time, so that h may free the leg of this or of any other event. */
void ice_dispatch(struct ice *ice, ice_event_h *h, void *arg)
{
    struct ice_event ev;
    eventfd_t n;

    (void)!eventfd_read(ice->mail.event_fd, &n);
    for (unsigned i = 0; i < EVENTS_PER_CALL; i++) {
        if (!take(&ice->mail, &ev))
            return;
        h(&ev, arg);
    }
    ring_bell(&ice->mail);
}

static const struct ice_component *component_of(const struct ice_leg *leg, unsigned stream,
                                                unsigned component)
{
    const struct ice_stream *s = stream < ICE_STREAMS_MAX ? leg->streams[stream] : NULL;

    return s && component >= 1 && component <= s->n_components ? &s->components[component - 1]
                                                               : NULL;
}

enum ice_state ice_component_state(const struct ice_leg *leg, unsigned stream, unsigned component)
{
    const struct ice_component *c = component_of(leg, stream, component);
    enum ice_state state;

    pthread_mutex_lock(&leg->ice->mail.lock);
    state = c ? c->state : ICE_STATE_NEW;
    pthread_mutex_unlock(&leg->ice->mail.lock);
    return state;
}

bool ice_selected_pair(const struct ice_leg *leg, unsigned stream, unsigned component,
                       struct ice_candidate *local, struct ice_candidate *remote)
{
    const struct ice_component *c = component_of(leg, stream, component);
    bool has_pair;

    pthread_mutex_lock(&leg->ice->mail.lock);
    has_pair = c && c->has_pair;
    if (has_pair) {
        *local = c->local;
        *remote = c->remote;
    }
    pthread_mutex_unlock(&leg->ice->mail.lock);
    return has_pair;
}

int ice_media_fd(const struct ice_leg *leg, unsigned stream, unsigned component)
{
    const struct ice_component *c = component_of(leg, stream, component);

    return c ? c->media_fd : -1;
}
