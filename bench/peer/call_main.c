#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/peer/call.h"
#include "bench/peer/call_account.h"
#include "bench/sound/wav.h"

/* picrelay-call: one call through a relay, and a report. Exit status 0: both heard the other. */

struct options {
    const char *ng, *dialect[2], *codecs[2], *say[2], *profile[2], *keys[2], *digits[2], *local[2];
    const char *direction, *provider, *offer_flags, *answer_flags, *out, *seconds;
    bool is_mute[2], is_swapped, is_truncated, is_json, is_help;
};

enum kind { TEXT, FLAG };

/* One row an option: its name, what it sets, its help. */
#define SIDES(name, field, help)                                                                   \
    {"a-" name, TEXT, offsetof(struct options, field), "of A: " help},                             \
    {                                                                                              \
        "b-" name, TEXT, offsetof(struct options, field) + sizeof(char *), "of B: " help           \
    }

static const struct {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *help;
} rows[] = {
    {"ng", TEXT, offsetof(struct options, ng), "ADDRESS:PORT of the relay; without: back to back"},
    {"a", TEXT, offsetof(struct options, dialect),
     "dialect of A, who offers: lync, rfc, plain, ocs2007, wlm2009, msn"},
    {"b", TEXT, offsetof(struct options, dialect) + sizeof(char *), "dialect of B, who answers"},
    SIDES("codecs", codecs, "codecs, as G722,PCMU,CN,telephone-event"),
    SIDES("profile", profile, "profile of the offer, as RTP/AVP"),
    SIDES("keys", keys, "one, triple (as Lync), mki, none, dtls"),
    SIDES("local", local, "address (127.0.0.1)"),
    SIDES("dial", digits, "digits to dial after the sound"),
    {"say-a", TEXT, offsetof(struct options, say), "WAV that A says"},
    {"say-b", TEXT, offsetof(struct options, say) + sizeof(char *), "WAV that B says"},
    {"seconds", TEXT, offsetof(struct options, seconds), "of it at the most"},
    {"direction", TEXT, offsetof(struct options, direction), "interfaces, as enterprise,skype"},
    {"provider", TEXT, offsetof(struct options, provider), "Identity of the provider"},
    {"offer-flags", TEXT, offsetof(struct options, offer_flags),
     "as in a proxy's script; default: what the peers need"},
    {"answer-flags", TEXT, offsetof(struct options, answer_flags), "likewise"},
    {"out", TEXT, offsetof(struct options, out), "folder for what was heard"},
    {"json", FLAG, offsetof(struct options, is_json), "report as JSON"},
    {"help", FLAG, offsetof(struct options, is_help), "print this text"},
    {"mute-a", FLAG, offsetof(struct options, is_mute), "sabotage: A is silent"},
    {"mute-b", FLAG, offsetof(struct options, is_mute) + sizeof(bool), "sabotage: B is silent"},
    {"swap", FLAG, offsetof(struct options, is_swapped), "sabotage: B says what A says"},
    {"truncate", FLAG, offsetof(struct options, is_truncated), "sabotage: both stop half way"},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void usage(FILE *f)
{
    fprintf(f, "usage: picrelay-call [options]\n");
    for (size_t i = 0; i < ROWS; i++)
        fprintf(f, "  --%-13s %s\n", rows[i].name, rows[i].help);
}

static bool options_read(struct options *o, int argc, char **argv)
{
    struct option list[ROWS + 1] = {0};
    int at;

    for (size_t i = 0; i < ROWS; i++)
        list[i] =
            (struct option){.name = rows[i].name,
                            .has_arg = rows[i].kind == TEXT ? required_argument : no_argument};
    for (int c; (c = getopt_long(argc, argv, "", list, &at)) != -1;) {
        if (c) /* getopt has said what is wrong */
            return false;
        char *field = (char *)o + rows[at].offset;
        if (rows[at].kind == TEXT)
            *(const char **)(void *)field = optarg;
        else
            *(bool *)(void *)field = true;
    }
    return optind == argc;
}

static int sounds_read(struct sound says[2], const struct options *o)
{
    for (unsigned i = 0; i < 2; i++) {
        int err = wav_read(&says[i], o->say[i]);

        if (err) {
            fprintf(stderr, "picrelay-call: %s: %s\n", o->say[i], strerror(err));
            return err;
        }
        double seconds = o->seconds ? strtod(o->seconds, NULL) : 0;
        if (seconds > 0 && seconds * says[i].rate_hz < says[i].n_samples)
            says[i].n_samples = (uint32_t)(seconds * says[i].rate_hz);
    }
    return 0;
}

static int keys_find(enum peer_keys *keys, const char *name)
{
    static const char *const names[] = {
        [PEER_KEYS_ONE] = "one",   [PEER_KEYS_TRIPLE] = "triple", [PEER_KEYS_MKI] = "mki",
        [PEER_KEYS_NONE] = "none", [PEER_KEYS_DTLS] = "dtls",
    };

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0) {
            *keys = (enum peer_keys)i;
            return 0;
        }
    return EINVAL;
}

/* What the peers say in truth, when a test wants them to be found out. */
static void sabotage(struct sound said[2], const struct sound says[2], const struct options *o)
{
    for (unsigned i = 0; i < 2; i++) {
        said[i] = o->is_swapped ? says[CALL_A] : says[i];
        if (o->is_mute[i])
            said[i].n_samples = 0;
        if (o->is_truncated)
            said[i].n_samples /= 2;
    }
}

static int peer_configure(struct peer_config *cfg, const struct options *o, unsigned i)
{
    static const char *const default_codecs[] = {
        [PEER_LYNC] = "G722,PCMU,PCMA,CN,telephone-event",
        [PEER_RFC] = "opus,telephone-event/48000,telephone-event",
        [PEER_PLAIN] = "PCMU,PCMA,telephone-event",
        [PEER_OCS2007] = "SIREN,PCMU,PCMA,telephone-event",
        [PEER_WLM2009] = "SIREN,PCMA,PCMU,telephone-event",
        [PEER_MSN] = "SIREN,PCMA,PCMU,telephone-event",
    };

    if (peer_dialect_find(&cfg->dialect, o->dialect[i]) != 0 ||
        keys_find(&cfg->keys, o->keys[i]) != 0) {
        fprintf(stderr, "picrelay-call: no such dialect or keys: %s, %s\n", o->dialect[i],
                o->keys[i]);
        return EINVAL;
    }
    cfg->codecs = o->codecs[i] ? o->codecs[i] : default_codecs[cfg->dialect];
    cfg->profile = o->profile[i];
    cfg->local = o->local[i];
    cfg->has_ssrc_range = cfg->dialect == PEER_LYNC;
    return 0;
}

static void heard_write(const struct call *c, const char *folder)
{
    static const char *const names[] = {"heard_by_a.wav", "heard_by_b.wav"};
    char path[4096];

    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        fprintf(stderr, "picrelay-call: %s: %s\n", folder, strerror(errno));
    for (unsigned i = 0; i < 2; i++) {
        const struct peer_receiver *r = peer_receiver(call_peer(c, i));

        if (!r)
            continue;
        struct sound heard = peer_receiver_heard(r);
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        int err = wav_write(path, &heard);
        fprintf(stderr, "%s%s%s\n", path, err ? ": " : "", err ? strerror(err) : "");
    }
}

static void report(const struct call_account *account, json_t *query, const struct options *o)
{
    if (!o->is_json) {
        call_account_print(stdout, account);
        return;
    }
    json_t *json = call_account_json(account);
    json_object_set(json, "relay", query ? query : json_null());
    json_dumpf(json, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(json);
}

static int call_place(struct call_config *cfg, const struct options *o)
{
    struct call_account account = {0};
    json_t *query = NULL;
    struct call *c;

    int err = call_alloc(&c, cfg);
    if (err) {
        fprintf(stderr, "picrelay-call: %s\n", strerror(err));
        return err;
    }
    err = call_run(c, &account, &query);
    if (*call_problem(c))
        fprintf(stderr, "picrelay-call: %s\n", call_problem(c));
    report(&account, query, o);
    if (o->out)
        heard_write(c, o->out);
    json_decref(query);
    call_free(c);
    return err ? err : account.is_pass ? 0 : EBADMSG;
}

static int run(const struct options *o, const struct sound says[2])
{
    struct sound said[2];
    struct call_config cfg = {
        .expected = {&says[CALL_B], &says[CALL_A]},
        .direction = o->direction,
        .provider = o->provider,
        .offer_flags = o->offer_flags,
        .answer_flags = o->answer_flags,
        .digits = {o->digits[0], o->digits[1]},
    };

    sabotage(said, says, o);
    int err = 0;
    for (unsigned i = 0; i < 2 && !err; i++) {
        cfg.peer[i].says = &said[i];
        err = peer_configure(&cfg.peer[i], o, i);
    }
    if (!err)
        err = loop_alloc(&cfg.loop);
    if (!err && o->ng)
        err = ng_client_alloc(&cfg.ng, cfg.loop, o->ng, NG_BENCODE);
    if (err)
        fprintf(stderr, "picrelay-call: %s\n", strerror(err));
    else
        err = call_place(&cfg, o);
    ng_client_free(cfg.ng);
    loop_free(cfg.loop);
    return err;
}

int main(int argc, char **argv)
{
    struct options o = {.dialect = {"lync", "lync"}, .keys = {"one", "one"}};
    struct sound says[2] = {{0}};

    if (!options_read(&o, argc, argv))
        return EXIT_FAILURE;
    if (o.is_help) {
        usage(stdout);
        return EXIT_SUCCESS;
    }
    if (!o.say[CALL_A] || !o.say[CALL_B]) {
        usage(stderr);
        return EXIT_FAILURE;
    }
    int err = sounds_read(says, &o);
    if (!err)
        err = run(&o, says);
    sound_wipe(&says[CALL_A]);
    sound_wipe(&says[CALL_B]);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
