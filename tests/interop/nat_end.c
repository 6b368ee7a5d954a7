/*
 * One end of a call behind a NAT, or not, for test_nat.c: a leg of ice/ with one stream of one
 * component. Its stdin is a socket that the other end has too: signalling.
 *
 *     nat_end ADDRESS PORT control|follow TIMEOUT_MS [advertise=ADDRESS] [srflx=ADDRESS]
 *             [turn=ADDRESS:PORT:USER:PASSWORD]
 *
 * It tells "UFRAG PWD", a line "candidate ..." for each of its own and "end", and hears the same of
 * the other. Then it writes "pair LOCAL REMOTE" (candidate types) and, if it has heard a media
 * packet, "media" to stdout; or "failed".
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ice/ice.h"

#define LINE_MAX_BYTES 512
#define CANDIDATES     16
#define MEDIA_MS       20
#define MEDIA_PACKETS  250 /* five seconds: ends what would go on for ever */
#define MEDIA_BYTES    172
#define GATHER_MS      5000
#define MORE_AFTER     10 /* packets for the other end, when this one has heard enough */

struct nat_end {
    struct ice *ice;
    struct ice_leg *leg;
    uint16_t port;
    struct sockaddr_storage srflx; /* of the NAT, as a STUN server would have told; or none */
    struct ice_turn_server turn;
    bool is_selected, has_failed;
    enum ice_candidate_type local, remote;
    struct sockaddr_storage media;
};

_Noreturn static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static struct sockaddr_storage address(const char *text, uint16_t port)
{
    struct sockaddr_storage ss = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&ss;

    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    if (inet_pton(AF_INET, text, &in->sin_addr) != 1)
        die(text);
    return ss;
}

/* "ADDRESS:PORT:USER:PASSWORD" */
static void read_turn(struct ice_turn_server *turn, char *text)
{
    char *rest = NULL;
    const char *host = strtok_r(text, ":", &rest);
    const char *port = strtok_r(NULL, ":", &rest);
    const char *user = strtok_r(NULL, ":", &rest);
    const char *password = strtok_r(NULL, ":", &rest);

    if (!password)
        die("turn");
    turn->addr = address(host, (uint16_t)strtoul(port, NULL, 10));
    (void)snprintf(turn->username, sizeof(turn->username), "%s", user);
    (void)snprintf(turn->password, sizeof(turn->password), "%s", password);
}

static void read_option(struct nat_end *e, struct ice_leg_config *cfg, char *option)
{
    if (!strncmp(option, "advertise=", 10)) {
        cfg->advertise = address(option + 10, 0);
    } else if (!strncmp(option, "srflx=", 6)) {
        e->srflx = address(option + 6, e->port);
    } else if (!strncmp(option, "turn=", 5)) {
        read_turn(&e->turn, option + 5);
        cfg->turn = &e->turn;
    }
}

static void open_end(struct nat_end *e, int argc, char **argv)
{
    struct ice_leg_config cfg = {.mode = ICE_MODE_RFC, .tos = -1, .arg = e};

    if (argc < 5)
        die("usage");
    cfg.local = address(argv[1], 0);
    e->port = (uint16_t)strtoul(argv[2], NULL, 10);
    cfg.is_controlling = !strcmp(argv[3], "control");
    cfg.timeout_ms = (unsigned)strtoul(argv[4], NULL, 10);
    for (int i = 5; i < argc; i++)
        read_option(e, &cfg, argv[i]);
    if (ice_alloc(&e->ice) || ice_leg_alloc(&e->leg, e->ice, &cfg) ||
        ice_leg_add_stream(e->leg, 1, &e->port))
        die("ice");
    if (ice_leg_await_gathering(e->leg, GATHER_MS))
        fprintf(stderr, "nothing came from the TURN server\n");
}

/* ---- signalling ---- */

static void write_candidate(const struct ice_candidate *c)
{
    char line[LINE_MAX_BYTES];

    if (ice_candidate_print(line, sizeof(line), c) > 0)
        dprintf(STDIN_FILENO, "candidate %s\n", line);
}

static void tell(const struct nat_end *e)
{
    struct ice_candidate c[CANDIDATES];
    const size_t n = ice_local_candidates(e->leg, 0, c, CANDIDATES);

    dprintf(STDIN_FILENO, "%s %s\n", ice_local_ufrag(e->leg, 0), ice_local_pwd(e->leg, 0));
    for (size_t i = 0; i < n; i++)
        write_candidate(&c[i]);
    if (e->srflx.ss_family) {
        c[0].type = ICE_SRFLX;
        c[0].raddr = c[0].addr;
        c[0].addr = e->srflx;
        c[0].priority -= 1u << 24;
        (void)snprintf(c[0].foundation, sizeof(c[0].foundation), "srflx");
        write_candidate(&c[0]);
    }
    dprintf(STDIN_FILENO, "end\n");
}

static void hear(struct nat_end *e)
{
    char line[LINE_MAX_BYTES];
    struct ice_candidate c[CANDIDATES];
    const char *ufrag, *pwd;
    char *rest = NULL;
    size_t n = 0;

    if (!fgets(line, sizeof(line), stdin))
        die("signalling");
    ufrag = strtok_r(line, " ", &rest);
    pwd = strtok_r(NULL, " \n", &rest);
    if (!ufrag || !pwd || ice_set_remote_credentials(e->leg, 0, ufrag, pwd))
        die("credentials");
    while (fgets(line, sizeof(line), stdin) && !strncmp(line, "candidate ", 10)) {
        if (n < CANDIDATES && !ice_candidate_parse(&c[n], line + 10, strcspn(line + 10, "\n")))
            n++;
    }
    (void)ice_set_remote_candidates(e->leg, 0, c, n);
}

/* ---- checks and media ---- */

static void event_h(const struct ice_event *ev, void *arg)
{
    struct nat_end *e = ev->arg;

    (void)arg;
    if (ev->type == ICE_EVENT_SELECTED) {
        e->is_selected = true;
        e->local = ev->local.type;
        e->remote = ev->remote.type;
        e->media = ev->media;
    }
    e->has_failed = ev->state == ICE_STATE_FAILED;
}

static bool is_connected(struct nat_end *e)
{
    struct pollfd pfd = {.fd = ice_event_fd(e->ice), .events = POLLIN};

    while (ice_component_state(e->leg, 0, 1) != ICE_STATE_READY || !e->is_selected) {
        if (e->has_failed && !e->is_selected)
            return false;
        if (poll(&pfd, 1, -1) != 1)
            die("poll");
        ice_dispatch(e->ice, event_h, NULL);
    }
    return true;
}

/* A packet each 20 ms until one has come, and some more for the other end. */
static bool has_media(struct nat_end *e)
{
    const int fd = ice_media_fd(e->leg, 0, 1);
    uint8_t packet[MEDIA_BYTES] = {0x80}, got[1500];
    struct pollfd pfds[] = {{.fd = fd, .events = POLLIN},
                            {.fd = ice_event_fd(e->ice), .events = POLLIN}};
    unsigned n_heard = 0, n_left = MEDIA_PACKETS;

    while (n_left > 0) {
        n_left--;
        (void)!sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&e->media,
                      sizeof(struct sockaddr_in));
        (void)poll(pfds, 2, MEDIA_MS);
        if (pfds[1].revents)
            ice_dispatch(e->ice, event_h, NULL); /* a better pair */
        while (recv(fd, got, sizeof(got), MSG_DONTWAIT) == MEDIA_BYTES && got[0] == packet[0])
            if (++n_heard == 1 && n_left > MORE_AFTER)
                n_left = MORE_AFTER;
    }
    return n_heard > 0;
}

int main(int argc, char **argv)
{
    struct nat_end e = {0};

    open_end(&e, argc, argv);
    tell(&e);
    hear(&e);
    if (is_connected(&e)) {
        const bool is_heard = has_media(&e);

        printf("pair %s %s%s\n", ice_candidate_type_name(e.local),
               ice_candidate_type_name(e.remote), is_heard ? " media" : "");
    } else {
        printf("failed\n");
    }
    ice_leg_free(e.leg);
    ice_free(e.ice);
    return 0;
}
