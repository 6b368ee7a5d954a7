#include <glib-unix.h>
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <farstream/fs-conference.h>

/*
 * A client as pidgin-sipe makes one for Lync: Farstream's RTP conference over its libnice
 * transmitter in the mode OC2007R2, with GStreamer's codecs and SRTP. It offers on stdout, reads
 * the answer from a FIFO, and then says a file and records what it hears until it is told to end.
 *
 *     farstream_client SAY.wav ANSWER.fifo HEARD.raw
 */

#define OC2007R2   5 /* of NiceCompatibility */
#define KEY_BYTES  30
#define PTIME_MS   "20"
#define LIFE_MAX_S 120
#define LOOPBACK   "127.0.0.1"

struct client {
    GMainLoop *loop;
    GstElement *pipeline, *conference;
    FsSession *session;
    FsStream *stream;
    GList *candidates; /* of FsCandidate: ours */
    const char *say_path, *answer_path, *heard_path;
    guint8 key[KEY_BYTES];
    gboolean has_all_candidates, has_offered;
    gboolean is_ready[2], has_begun; /* by component; both: we speak */
};

static void die(const char *what, const GError *error)
{
    fprintf(stderr, "farstream_client: %s: %s\n", what, error ? error->message : "?");
    exit(1);
}

/* With packets as long as the description says: else they are as long as fit into a datagram. */
static FsCodec *codec_new(void)
{
    FsCodec *codec = fs_codec_new(0, "PCMU", FS_MEDIA_TYPE_AUDIO, 8000);

    fs_codec_add_optional_parameter(codec, "ptime", PTIME_MS);
    fs_codec_add_optional_parameter(codec, "maxptime", PTIME_MS);
    return codec;
}

/* ---- description ------------------------------------------------------------------------------
 */

static guint port_of(const struct client *c, guint component)
{
    for (GList *at = c->candidates; at; at = at->next) {
        const FsCandidate *candidate = at->data;

        if (candidate->component_id == component)
            return candidate->port;
    }
    return 9;
}

static void write_offer(const struct client *c)
{
    const FsCandidate *first = c->candidates->data;
    char *key = g_base64_encode(c->key, KEY_BYTES);

    printf("v=0\r\no=- 0 0 IN IP4 " LOOPBACK "\r\ns=session\r\nc=IN IP4 " LOOPBACK "\r\n"
           "b=CT:99980\r\nt=0 0\r\na=x-devicecaps:audio:send,recv\r\n"
           "m=audio %u RTP/AVP 0\r\na=label:main-audio\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n",
           port_of(c, 1), first->username, first->password);
    for (GList *at = c->candidates; at; at = at->next) {
        const FsCandidate *candidate = at->data;

        printf("a=candidate:%s %u UDP %u %s %u typ host \r\n", candidate->foundation,
               candidate->component_id, candidate->priority, candidate->ip, candidate->port);
    }
    printf("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:%s|2^31\r\na=rtcp:%u\r\n"
           "a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n# end\n",
           key, port_of(c, 2));
    fflush(stdout);
    g_free(key);
}

static GstStructure *encryption(const guint8 *key)
{
    GstBuffer *buffer = gst_buffer_new_memdup(key, KEY_BYTES);
    GstStructure *s =
        gst_structure_new("FarstreamSRTP", "cipher", G_TYPE_STRING, "aes-128-icm", "auth",
                          G_TYPE_STRING, "hmac-sha1-80", "key", GST_TYPE_BUFFER, buffer, NULL);

    gst_buffer_unref(buffer);
    return s;
}

static void take_key(struct client *c, const char *line)
{
    const char *inline_ = strstr(line, "inline:");
    GError *error = NULL;
    gsize n = 0;

    if (!inline_)
        die("a crypto line without a key", NULL);
    char **parts = g_strsplit_set(inline_ + strlen("inline:"), "|\r\n", 2);
    guchar *key = g_base64_decode(parts[0], &n);
    GstStructure *parameters = n == KEY_BYTES ? encryption(key) : NULL;
    if (!parameters || !fs_stream_set_decryption_parameters(c->stream, parameters, &error))
        die("the answer's key", error);
    gst_structure_free(parameters);
    g_free(key);
    g_strfreev(parts);
}

/* "a=candidate:FOUNDATION COMPONENT UDP PRIORITY ADDRESS PORT typ host" */
static FsCandidate *read_candidate(const char *line, const char *ufrag, const char *pwd)
{
    char **words = g_strsplit(line + strlen("a=candidate:"), " ", -1);
    FsCandidate *candidate;

    if (g_strv_length(words) < 8)
        die(line, NULL);
    candidate = fs_candidate_new_full(
        words[0], (guint)g_ascii_strtoull(words[1], NULL, 10), words[4],
        (guint16)g_ascii_strtoull(words[5], NULL, 10), NULL, 0, FS_NETWORK_PROTOCOL_UDP,
        (guint32)g_ascii_strtoull(words[3], NULL, 10), FS_CANDIDATE_TYPE_HOST, ufrag, pwd, 127);
    g_strfreev(words);
    return candidate;
}

static void take_candidates(struct client *c, char **lines)
{
    const char *ufrag = "", *pwd = "";
    GList *remote = NULL;
    GError *error = NULL;

    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "a=ice-ufrag:"))
            ufrag = *line + strlen("a=ice-ufrag:");
        else if (g_str_has_prefix(*line, "a=ice-pwd:"))
            pwd = *line + strlen("a=ice-pwd:");
        else if (g_str_has_prefix(*line, "a=candidate:"))
            remote = g_list_append(remote, read_candidate(*line, ufrag, pwd));
    }
    if (!fs_stream_add_remote_candidates(c->stream, remote, &error))
        die("the answer's candidates", error);
    fs_candidate_list_destroy(remote);
}

static void take_answer(struct client *c)
{
    FsCodec *codec = codec_new();
    GList *codecs = g_list_append(NULL, codec);
    GError *error = NULL;
    char *text = NULL;

    if (!g_file_get_contents(c->answer_path, &text, NULL, &error)) /* waits for its writer */
        die("the answer", error);
    char **lines = g_strsplit(text, "\r\n", -1);
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "a=crypto:"))
            take_key(c, *line);
    }
    if (!fs_stream_set_remote_codecs(c->stream, codecs, &error))
        die("the answer's codec", error);
    take_candidates(c, lines);
    fs_codec_list_destroy(codecs);
    g_strfreev(lines);
    g_free(text);
}

/* ---- events -----------------------------------------------------------------------------------
 */

static void offer_if_complete(struct client *c)
{
    gboolean is_ready = FALSE;
    GList *codecs = NULL;

    g_object_get(c->session, "codecs", &codecs, NULL);
    is_ready = codecs != NULL;
    fs_codec_list_destroy(codecs);
    if (!is_ready || !c->has_all_candidates || c->has_offered)
        return;
    c->has_offered = TRUE;
    write_offer(c);
    take_answer(c);
}

static void take_local_candidate(struct client *c, const GstStructure *s)
{
    const FsCandidate *candidate = g_value_get_boxed(gst_structure_get_value(s, "candidate"));

    if (candidate->proto == FS_NETWORK_PROTOCOL_UDP)
        c->candidates = g_list_append(c->candidates, fs_candidate_copy(candidate));
}

/* The file begins now, not when the pipeline did: its packets go at their time. */
static void pace(const struct client *c, GstElement *source)
{
    GstElement *pacer = gst_bin_get_by_name(GST_BIN(source), "pace");
    GstPad *sink = gst_element_get_static_pad(pacer, "sink");
    GstClock *clock = gst_pipeline_get_clock(GST_PIPELINE(c->pipeline));
    GstClockTime now = gst_clock_get_time(clock) - gst_element_get_base_time(c->pipeline);

    gst_pad_set_offset(sink, (gint64)now);
    gst_object_unref(clock);
    gst_object_unref(sink);
    gst_object_unref(pacer);
}

static void open_source(struct client *c)
{
    char *text = g_strdup_printf("filesrc location=%s ! wavparse ! audioconvert ! audioresample ! "
                                 "identity name=pace sync=true ! queue",
                                 c->say_path);
    GError *error = NULL;
    GstElement *bin = gst_parse_bin_from_description(text, TRUE, &error);
    GstPad *sink = NULL;

    if (!bin)
        die("the file to say", error);
    gst_bin_add(GST_BIN(c->pipeline), bin);
    g_object_get(c->session, "sink-pad", &sink, NULL);
    GstPad *src = gst_element_get_static_pad(bin, "src");
    pace(c, bin);
    if (gst_pad_link(src, sink) != GST_PAD_LINK_OK || !gst_element_sync_state_with_parent(bin))
        die("the source cannot be linked", NULL);
    gst_object_unref(src);
    gst_object_unref(sink);
    g_free(text);
}

static void take_state(struct client *c, const GstStructure *s)
{
    gint state = 0;
    guint component = 0;

    if (!gst_structure_get_enum(s, "state", FS_TYPE_STREAM_STATE, &state) ||
        !gst_structure_get_uint(s, "component", &component))
        return;
    if (state == FS_STREAM_STATE_FAILED)
        die("ICE failed", NULL);
    c->is_ready[component == 2] = state >= FS_STREAM_STATE_READY;
    if (c->is_ready[0] && c->is_ready[1] && !c->has_begun) {
        c->has_begun = TRUE;
        open_source(c);
    }
}

static gboolean message_h(GstBus *bus, GstMessage *message, gpointer data)
{
    const GstStructure *s = gst_message_get_structure(message);
    struct client *c = data;
    GError *error = NULL;

    (void)bus;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        gst_message_parse_error(message, &error, NULL);
        die("GStreamer", error);
    }
    if (!s)
        return TRUE;
    if (gst_structure_has_name(s, "farstream-error"))
        die(gst_structure_get_string(s, "error-msg"), NULL);
    else if (gst_structure_has_name(s, "farstream-component-state-changed"))
        take_state(c, s);
    else if (gst_structure_has_name(s, "farstream-new-local-candidate"))
        take_local_candidate(c, s);
    else if (gst_structure_has_name(s, "farstream-local-candidates-prepared"))
        c->has_all_candidates = TRUE;
    else if (!gst_structure_has_name(s, "farstream-codecs-changed"))
        return TRUE;
    offer_if_complete(c);
    return TRUE;
}

static void heard_h(FsStream *stream, GstPad *pad, FsCodec *codec, gpointer data)
{
    struct client *c = data;
    GError *error = NULL;
    char *text = g_strdup_printf("audioconvert ! audioresample ! audio/x-raw,format=S16LE,"
                                 "rate=8000,channels=1 ! filesink async=false sync=false "
                                 "buffer-mode=unbuffered location=%s",
                                 c->heard_path);
    GstElement *bin = gst_parse_bin_from_description(text, TRUE, &error);

    (void)stream;
    (void)codec;
    if (!bin)
        die("the recorder", error);
    gst_bin_add(GST_BIN(c->pipeline), bin);
    GstPad *sink = gst_element_get_static_pad(bin, "sink");
    if (gst_pad_link(pad, sink) != GST_PAD_LINK_OK || !gst_element_sync_state_with_parent(bin))
        die("the recorder cannot be linked", NULL);
    gst_object_unref(sink);
    g_free(text);
}

static gboolean end_h(gpointer data)
{
    g_main_loop_quit(((struct client *)data)->loop);
    return G_SOURCE_REMOVE;
}

/* ---- setting up -------------------------------------------------------------------------------
 */

static void put_value(GHashTable *table, const char *name, GType type, const void *value)
{
    GValue *v = g_new0(GValue, 1);

    g_value_init(v, type);
    if (type == G_TYPE_UINT)
        g_value_set_uint(v, *(const guint *)value);
    else if (type == G_TYPE_BOOLEAN)
        g_value_set_boolean(v, *(const gboolean *)value);
    else
        g_value_set_boxed(v, value);
    g_hash_table_insert(table, g_strdup(name), v);
}

static void set_transmitter(struct client *c)
{
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
    FsCandidate *own = fs_candidate_new(NULL, FS_COMPONENT_NONE, FS_CANDIDATE_TYPE_HOST,
                                        FS_NETWORK_PROTOCOL_UDP, LOOPBACK, 0);
    GList *list = g_list_append(NULL, own);
    const guint mode = OC2007R2;
    const gboolean is_controlling = TRUE;
    GError *error = NULL;

    put_value(table, "compatibility-mode", G_TYPE_UINT, &mode);
    put_value(table, "controlling-mode", G_TYPE_BOOLEAN, &is_controlling);
    put_value(table, "preferred-local-candidates", FS_TYPE_CANDIDATE_LIST, list);
    if (!fs_stream_set_transmitter_ht(c->stream, "nice", table, &error))
        die("the libnice transmitter", error);
}

static void open_stream(struct client *c)
{
    FsCodec *codec = codec_new();
    GList *codecs = g_list_append(NULL, codec);
    GstStructure *parameters = encryption(c->key);
    GError *error = NULL;

    FsParticipant *participant =
        fs_conference_new_participant(FS_CONFERENCE(c->conference), &error);
    c->session =
        fs_conference_new_session(FS_CONFERENCE(c->conference), FS_MEDIA_TYPE_AUDIO, &error);
    if (!participant || !c->session ||
        !fs_session_set_codec_preferences(c->session, codecs, &error) ||
        !fs_session_set_encryption_parameters(c->session, parameters, &error))
        die("the session", error);
    c->stream = fs_session_new_stream(c->session, participant, FS_DIRECTION_BOTH, &error);
    if (!c->stream)
        die("the stream", error);
    g_signal_connect(c->stream, "src-pad-added", G_CALLBACK(heard_h), c);
    set_transmitter(c);
    gst_structure_free(parameters);
    fs_codec_list_destroy(codecs);
}

int main(int argc, char **argv)
{
    struct client c = {0};

    (void)alarm(LIFE_MAX_S); /* whoever started it may be gone */
    gst_init(&argc, &argv);
    if (argc != 4)
        die("usage: farstream_client SAY.wav ANSWER.fifo HEARD.raw", NULL);
    c.say_path = argv[1];
    c.answer_path = argv[2];
    c.heard_path = argv[3];
    for (unsigned i = 0; i < KEY_BYTES; i++)
        c.key[i] = (guint8)g_random_int();
    c.loop = g_main_loop_new(NULL, FALSE);
    c.pipeline = gst_pipeline_new(NULL);
    c.conference = gst_element_factory_make("fsrtpconference", NULL);
    if (!c.conference)
        die("there is no fsrtpconference", NULL);
    gst_bin_add(GST_BIN(c.pipeline), c.conference);
    GstBus *bus = gst_element_get_bus(c.pipeline);
    gst_bus_add_watch(bus, message_h, &c);
    open_stream(&c);
    g_unix_signal_add(SIGTERM, end_h, &c);
    gst_element_set_state(c.pipeline, GST_STATE_PLAYING);
    g_main_loop_run(c.loop);
    gst_element_set_state(c.pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    _exit(0); /* what GStreamer's plugins keep until the end is nothing for a leak checker */
}
