#include "bench/loopback/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "bench/loopback/keys.h"
#include "bench/peer/codecs.h"
#include "bench/scan.h"

enum kind { TEXT, NUMBER, FLAG };

struct row {
    const char *name, *value;
    enum kind kind;
    size_t offset;
    unsigned min, max; /* of a number */
    const char *help;
};

#define AT(field) offsetof(struct options, field)
#define OF(side, member)                                                                           \
    (AT(of) + (side) * sizeof(struct options_end) + offsetof(struct options_end, member))
/* An option of either end. */
#define SIDES(name, value, member, help)                                                           \
    {"a-" name, value, TEXT, OF(0, member), 0, 0, "A: " help},                                     \
    {                                                                                              \
        "b-" name, value, TEXT, OF(1, member), 0, 0, "the same of B"                               \
    }

static const struct row rows[] = {
    {"ng", "ADDRESS:PORT", TEXT, AT(ng), 0, 0,
     "of the relay's NG port; without it the ends talk to each other directly"},
    {"direction", "NAME,NAME", TEXT, AT(direction), 0, 0, "interfaces of A's and B's side"},
    {"provider", "NAME", TEXT, AT(provider), 0, 0, "Identity of the provider"},
    {"offer-flags", "WORDS", TEXT, AT(offer_flags), 0, 0,
     "as in a proxy's script; default: what the ends need"},
    {"answer-flags", "WORDS", TEXT, AT(answer_flags), 0, 0, "likewise"},
    {"end", "a|b", TEXT, AT(end), 0, 0,
     "only this end is here; the other one's SDP is pasted, or comes by files"},
    {"sdp-in", "FILE", TEXT, AT(sdp_in), 0, 0, "read the other end's SDP there, not on stdin"},
    {"sdp-out", "FILE", TEXT, AT(sdp_out), 0, 0, "write the SDP for it there, not to stdout"},
    {"a", "DIALECT", TEXT, OF(0, dialect), 0, 0, "of A, who offers: lync (default), rfc, plain"},
    {"b", "DIALECT", TEXT, OF(1, dialect), 0, 0, "of B, who answers: rfc (default), lync, plain"},
    SIDES("codecs", "LIST", codecs, "in order of preference, as G722,PCMU,CN,telephone-event"),
    SIDES("keys", "HOW", keys, "one, triple (as Lync), mki, none"),
    SIDES("profile", "NAME", profile, "of its offer, as RTP/AVP"),
    SIDES("local", "ADDRESS", local, "its address (127.0.0.1)"),
    SIDES("say", "WHAT", say, "microphone, FILE.wav, tone, tone:HZ, markers, silence"),
    SIDES("hear", "WHERE", hear, "loudspeaker, none"),
    {"device-in", "DEVICE", TEXT, AT(device_in), 0, 0,
     "microphone, by number or a part of its name; default: the system's"},
    {"device-out", "DEVICE", TEXT, AT(device_out), 0, 0, "loudspeaker, likewise"},
    {"rate-in", "HZ", NUMBER, AT(rate_in), 8000, 96000, "of the microphone; default: its own"},
    {"rate-out", "HZ", NUMBER, AT(rate_out), 8000, 96000, "of the loudspeaker"},
    {"list-devices", NULL, FLAG, AT(is_list), 0, 0, "list them and end"},
    {"seconds", "N", NUMBER, AT(seconds), 1, 86400,
     "talk so long; default: until the files are said, or q"},
    {"repeat", NULL, FLAG, AT(is_repeated), 0, 0, "say the files again and again"},
    {"dial", "DIGITS", TEXT, AT(dial), 0, 0, "A dials them when both hear each other"},
    {"loss", "PERCENT", NUMBER, AT(loss), 1, 90, "what key l loses on purpose (5)"},
    {"record", "FOLDER", TEXT, AT(record), 0, 0,
     "write what was said and heard there, as said_by_a.wav, heard_by_b.wav ..."},
    {"record-s", "N", NUMBER, AT(record_s), 10, 3600, "the last N seconds of it are kept (600)"},
    {"plain", NULL, FLAG, AT(is_plain), 0, 0, "lines, not a screen; so too without a terminal"},
    {"json", NULL, FLAG, AT(is_json), 0, 0, "end with JSON on stdout, not with text"},
    {"help", NULL, FLAG, AT(is_help), 0, 0, "print this text"},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char manual[] =
    "\n"
    "picrelay-loopback makes a call through the relay and lets you hear it: microphone -> A -> relay\n"
    "-> B -> loudspeaker, both ends on this machine, each with ICE, SRTP and codecs of its own. It\n"
    "shows what is going on, and says in the end what works, what does not, and why.\n"
    "\n"
    "EXAMPLES\n"
    "  picrelay-loopback --ng 127.0.0.1:2223 --direction enterprise,skype\n"
    "  picrelay-loopback --ng 127.0.0.1:2223 --direction enterprise,skype --a-say speech.wav\n"
    "                    --b-hear none        no device is needed; ends by itself\n"
    "  picrelay-loopback --ng 192.0.2.10:2223 --end a --a-local 192.0.2.30\n"
    "                    A is here and speaks NG for both; B's SDP is pasted\n"
    "  picrelay-loopback --end b --b rfc      B is here; somebody else tells the relay\n"
    "\n"
    "SOUND\n"
    "  Of both ends, A says what the microphone hears, B says markers (a chirp every two seconds,\n"
    "  for the delay of the way back), and B's ear is the loudspeaker. Of one end, both devices are\n"
    "  its own. WAV files are 16-bit mono. Devices run at a rate of their own; the difference to the\n"
    "  network's clock is taken out. Delay from mouth to ear is measured on what is said, and counts\n"
    "  the devices' own latency as they state it; a tone has no place in time and gives none.\n"
    "\n"
    "THE OTHER END ELSEWHERE\n"
    "  With --end, an SDP is printed for the other end, and its SDP is read: paste it and end with a\n"
    "  line that has only a dot. With --ng this program tells the relay of both sides, and what is\n"
    "  pasted is what goes between the relay and the other end; without, it is what the relay's own\n"
    "  proxy would carry. Two of these programs can be joined by two named pipes (--sdp-in,\n"
    "  --sdp-out). Keys that need a new offer (h c i) go the same way: by pipes the other end answers\n"
    "  at once; by hand the offer is printed, and the answer to it is read.\n"
    "\n";

static const char manual_end[] =
    "\n"
    "EXIT STATUS\n"
    "  0  it works, perhaps with faults\n"
    "  1  it does not work: the verdict says why\n"
    "  2  a mistake in the command line, or a file that cannot be read\n"
    "  Ctrl-C (or SIGTERM) ends the call as q does: hangs up, deletes it at the relay, prints the\n"
    "  verdict.\n";

void options_usage(FILE *out)
{
    fprintf(out, "usage: picrelay-loopback [options]\n%sOPTIONS\n", manual);
    for (size_t i = 0; i < ROWS; i++) {
        char left[48];

        snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].value ? " " : "",
                 rows[i].value ? rows[i].value : "");
        fprintf(out, "  %-22s %s\n", left, rows[i].help);
    }
    fprintf(out, "\nKEYS\n");
    for (size_t i = 0; keys_at(i); i++)
        fprintf(out, "  %-6s %s\n", keys_at(i)->shown, keys_at(i)->help);
    fputs(manual_end, out);
}

void options_default(struct options *o)
{
    *o = (struct options){.loss = 5, .record_s = 600};
    o->of[0] = (struct options_end){.dialect = "lync", .keys = "one"};
    o->of[1] = (struct options_end){.dialect = "rfc", .keys = "one"};
}

static bool row_set(struct options *o, const struct row *row, const char *text)
{
    char *field = (char *)o + row->offset;
    uint32_t number;

    if (row->kind == TEXT) {
        *(const char **)(void *)field = text;
        return true;
    }
    if (row->kind == FLAG) {
        *(bool *)(void *)field = true;
        return true;
    }
    if (!scan_number(&text, row->max, &number) || *text || number < row->min) {
        fprintf(stderr, "picrelay-loopback: --%s takes a number from %u to %u\n", row->name,
                row->min, row->max);
        return false;
    }
    *(unsigned *)(void *)field = number;
    return true;
}

int options_read(struct options *o, int argc, char **argv)
{
    struct option list[ROWS + 1] = {0};
    int at;

    for (size_t i = 0; i < ROWS; i++)
        list[i] =
            (struct option){.name = rows[i].name,
                            .has_arg = rows[i].kind == FLAG ? no_argument : required_argument};
    for (int c; (c = getopt_long(argc, argv, "", list, &at)) != -1;)
        if (c || !row_set(o, &rows[at], optarg))
            return EINVAL;
    if (optind == argc)
        return 0;
    fprintf(stderr, "picrelay-loopback: what is \"%s\"? See --help\n", argv[optind]);
    return EINVAL;
}

/* ---- what they mean --------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static int refuse(char *why, size_t cap, const char *format,
                                                        ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why, cap, format, args);
    va_end(args);
    return EINVAL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);

    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

static bool say_plan(struct plan_end *e, const char *say)
{
    static const struct {
        const char *name;
        enum mouth_kind kind;
    } kinds[] = {{"microphone", MOUTH_MICROPHONE},
                 {"tone", MOUTH_TONE},
                 {"markers", MOUTH_MARKERS},
                 {"silence", MOUTH_SILENCE}};
    const char *hz = say;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].name, say) == 0) {
            e->mouth.kind = kinds[i].kind;
            return true;
        }
    if (scan_text(&hz, "tone:")) {
        e->mouth.kind = MOUTH_TONE;
        return scan_number(&hz, 7000, &e->mouth.tone_hz) && !*hz && e->mouth.tone_hz >= 50;
    }
    e->mouth.kind = MOUTH_FILE;
    e->file = say;
    return ends_with(say, ".wav") || strchr(say, '/');
}

static bool keys_plan(enum peer_keys *keys, const char *name)
{
    static const char *const names[] = {[PEER_KEYS_ONE] = "one",
                                        [PEER_KEYS_TRIPLE] = "triple",
                                        [PEER_KEYS_MKI] = "mki",
                                        [PEER_KEYS_NONE] = "none"};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0) {
            *keys = (enum peer_keys)i;
            return true;
        }
    return false;
}

static bool hear_plan(struct plan_end *e, const char *hear)
{
    e->has_speaker = strcmp(hear, "loudspeaker") == 0;
    return e->has_speaker || strcmp(hear, "none") == 0;
}

static int end_plan(struct plan_end *e, const struct options *o, unsigned side, bool is_alone,
                    char *why, size_t cap)
{
    static const char *const codecs[] = {
        [PEER_LYNC] = "G722,PCMU,PCMA,CN,telephone-event",
        [PEER_RFC] = "opus,telephone-event/48000,telephone-event",
        [PEER_PLAIN] = "PCMU,PCMA,telephone-event",
        [PEER_OCS2007] = "SIREN,PCMU,PCMA,telephone-event",
        [PEER_WLM2009] = "SIREN,PCMA,PCMU,telephone-event",
        [PEER_MSN] = "SIREN,PCMA,PCMU,telephone-event",
    };
    const struct options_end *of = &o->of[side];
    const char *say = of->say ? of->say : is_alone || side == 0 ? "microphone" : "markers";
    const char *hear = of->hear ? of->hear : is_alone || side == 1 ? "loudspeaker" : "none";
    struct peer_description probe;
    char letter = "ab"[side];

    if (peer_dialect_find(&e->peer.dialect, of->dialect) != 0)
        return refuse(why, cap,
                      "--%c %s: there are the dialects lync, rfc, plain, ocs2007, "
                      "wlm2009, msn",
                      letter, of->dialect);
    if (!keys_plan(&e->peer.keys, of->keys))
        return refuse(why, cap, "--%c-keys %s: one, triple, mki, none", letter, of->keys);
    if (!say_plan(e, say))
        return refuse(why, cap,
                      "--%c-say %s: microphone, FILE.wav, tone, tone:HZ (50 to 7000), markers, "
                      "silence",
                      letter, say);
    if (!hear_plan(e, hear))
        return refuse(why, cap, "--%c-hear %s: loudspeaker, none", letter, hear);
    e->peer.codecs = of->codecs ? of->codecs : codecs[e->peer.dialect];
    if (peer_codecs_read(&probe, e->peer.codecs) != 0)
        return refuse(why, cap, "--%c-codecs %s: one of them is not known; as G722,PCMU,opus",
                      letter, e->peer.codecs);
    e->peer.profile = of->profile;
    e->peer.local = of->local;
    e->peer.has_ssrc_range = e->peer.dialect == PEER_LYNC;
    e->mouth.is_repeated = o->is_repeated;
    e->mouth.record_s = o->record_s;
    return 0;
}

bool plan_has(const struct plan *p, unsigned side)
{
    return p->side == OPTIONS_BOTH || p->side == side;
}

int options_plan(struct plan *p, const struct options *o, char *why, size_t cap)
{
    int err = 0;

    *p = (struct plan){.side = OPTIONS_BOTH};
    if (o->end && strcmp(o->end, "a") != 0 && strcmp(o->end, "b") != 0)
        return refuse(why, cap, "--end %s: a or b", o->end);
    if (o->end)
        p->side = *o->end == 'b';
    else if (o->sdp_in || o->sdp_out)
        return refuse(why, cap, "--sdp-in and --sdp-out need --end a or b");
    for (unsigned i = 0; i < 2 && !err; i++)
        err = end_plan(&p->end[i], o, i, p->side != OPTIONS_BOTH, why, cap);
    if (err || p->side != OPTIONS_BOTH)
        return err;
    if (p->end[0].mouth.kind == MOUTH_MICROPHONE && p->end[1].mouth.kind == MOUTH_MICROPHONE)
        return refuse(why, cap, "one microphone cannot speak for both: --a-say or --b-say");
    if (p->end[0].has_speaker && p->end[1].has_speaker)
        return refuse(why, cap, "one loudspeaker cannot play both: --a-hear or --b-hear");
    return 0;
}
