#include "tests/ice_rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

const enum ice_mode modes[N_MODES] = {ICE_MODE_RFC, ICE_MODE_LYNC, ICE_MODE_OCS2007,
                                      ICE_MODE_WLM2009, ICE_MODE_MSN};

struct sockaddr_storage address(const char *text, uint16_t port)
{
    struct sockaddr_storage ss = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&ss;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;

    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
    }
    return ss;
}

/* The port is at the same place in both families. */
uint16_t port_of(const struct sockaddr_storage *ss)
{
    return ntohs(((const struct sockaddr_in *)ss)->sin_port);
}

/* All are held before any is given back, so they differ. */
void free_ports(const char *local, uint16_t *ports, unsigned n)
{
    int fds[PORTS_MAX] = {0};

    for (unsigned i = 0; i < n; i++) {
        struct sockaddr_storage ss = address(local, 0);
        struct sockaddr_in6 bound = {0}; /* an IPv4 address fits in, its port at the same place */
        socklen_t len = sizeof(bound);

        assert_true(i < PORTS_MAX);
        fds[i] = socket(ss.ss_family, SOCK_DGRAM, 0);
        assert_int_equal(bind(fds[i], (struct sockaddr *)&ss, sizeof(ss)), 0);
        ports[i] =
            getsockname(fds[i], (struct sockaddr *)&bound, &len) ? 0 : ntohs(bound.sin6_port);
        assert_int_not_equal(ports[i], 0);
    }
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

struct ice_leg_config config(enum ice_mode mode, struct end *end)
{
    return (struct ice_leg_config){
        .mode = mode, .local = address("127.0.0.1", 0), .tos = -1, .arg = end};
}

void end_open(struct end *end, struct ice *ice, const struct ice_leg_config *cfg)
{
    char local[INET6_ADDRSTRLEN];
    const bool is_v6 = cfg->local.ss_family == AF_INET6;

    inet_ntop(cfg->local.ss_family,
              is_v6 ? (const void *)&((const struct sockaddr_in6 *)&cfg->local)->sin6_addr
                    : (const void *)&((const struct sockaddr_in *)&cfg->local)->sin_addr,
              local, sizeof(local));
    free_ports(local, end->ports, COMPONENTS);
    assert_int_equal(ice_leg_alloc(&end->leg, ice, cfg), 0);
    end->stream = ice_leg_add_stream(end->leg, COMPONENTS, end->ports);
    assert_int_equal(end->stream, 0);
}

/* What SDP does: the lines of one end, printed and parsed, reach the other. */
void signal_candidates(struct end *to, const struct end *from, bool is_old)
{
    struct ice_candidate c[COMPONENTS];
    const size_t n = ice_local_candidates(from->leg, (unsigned)from->stream, c, COMPONENTS);

    assert_int_equal(n, COMPONENTS);
    for (size_t i = 0; i < n; i++) {
        char line[256];
        int len = is_old ? ice_candidate_print_draft6(line, sizeof(line), &c[i])
                         : ice_candidate_print(line, sizeof(line), &c[i]);

        assert_true(len > 0);
        assert_int_equal(ice_candidate_parse(&c[i], line, (size_t)len), 0);
    }
    assert_int_equal(ice_set_remote_candidates(to->leg, (unsigned)to->stream, c, n), COMPONENTS);
}

bool is_draft6(enum ice_mode mode)
{
    return mode == ICE_MODE_OCS2007 || mode == ICE_MODE_MSN;
}

void signal_credentials(struct end *to, const struct end *from)
{
    assert_int_equal(ice_set_remote_credentials(to->leg, (unsigned)to->stream,
                                                ice_local_ufrag(from->leg, (unsigned)from->stream),
                                                ice_local_pwd(from->leg, (unsigned)from->stream)),
                     0);
}

void introduce(struct end *a, struct end *b, enum ice_mode mode)
{
    if (!is_draft6(mode)) {
        signal_credentials(a, b);
        signal_credentials(b, a);
    }
    signal_candidates(a, b, is_draft6(mode));
    signal_candidates(b, a, is_draft6(mode));
}

void event_h(const struct ice_event *ev, void *arg)
{
    struct end *end = ev->arg;

    (void)arg;
    assert_ptr_equal(ev->leg, end->leg);
    assert_in_range(ev->component, 1, COMPONENTS);
    end->n_events++;
    end->states[ev->component - 1] = ev->state;
    if (ev->type == ICE_EVENT_SELECTED) {
        end->n_selected[ev->component - 1]++;
        end->local[ev->component - 1] = ev->local;
        end->remote[ev->component - 1] = ev->remote;
    }
}

bool is_in(const struct end *end, enum ice_state state)
{
    return end->states[0] == state && end->states[1] == state;
}

void await_event(struct ice *ice)
{
    struct pollfd pfd = {.fd = ice_event_fd(ice), .events = POLLIN};

    assert_int_equal(poll(&pfd, 1, HANG_MS), 1);
}

void await_both(struct ice *ice, const struct end *a, const struct end *b, enum ice_state state)
{
    while (!is_in(a, state) || !is_in(b, state)) {
        await_event(ice);
        ice_dispatch(ice, event_h, NULL);
    }
}

void assert_same_addr(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    const size_t n =
        a->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

    assert_int_equal(a->ss_family, b->ss_family);
    assert_memory_equal(a, b, n);
}

void assert_pairs_meet(const struct end *a, const struct end *b)
{
    for (unsigned i = 0; i < COMPONENTS; i++) {
        struct ice_candidate local, remote;

        assert_true(a->n_selected[i] > 0);
        assert_same_addr(&a->remote[i].addr, &b->local[i].addr);
        assert_int_equal(port_of(&a->local[i].addr), a->ports[i]);
        assert_true(ice_selected_pair(a->leg, 0, i + 1, &local, &remote));
        assert_same_addr(&local.addr, &a->local[i].addr);
        assert_same_addr(&remote.addr, &a->remote[i].addr);
        assert_int_equal(ice_component_state(a->leg, 0, i + 1), ICE_STATE_READY);
    }
}
