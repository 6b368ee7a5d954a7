#ifndef PICRELAY_TESTS_SCENE_H
#define PICRELAY_TESTS_SCENE_H

#include "bench/peer/call.h"
#include "tests/program/relay.h"

/* The peers of a scene: plain RTP, SRTP, and both with ICE in the two dialects. */
#define SCENE_PLAIN(codecs_)                                                                       \
    {                                                                                              \
        .dialect = PEER_PLAIN, .keys = PEER_KEYS_NONE, .codecs = (codecs_)                         \
    }
#define SCENE_SECURE(codecs_)                                                                      \
    {                                                                                              \
        .dialect = PEER_PLAIN, .keys = PEER_KEYS_ONE, .codecs = (codecs_)                          \
    }
#define SCENE_LYNC(codecs_)                                                                        \
    {                                                                                              \
        .dialect = PEER_LYNC, .keys = PEER_KEYS_TRIPLE, .codecs = (codecs_)                        \
    }
#define SCENE_RFC(codecs_)                                                                         \
    {                                                                                              \
        .dialect = PEER_RFC, .keys = PEER_KEYS_ONE, .codecs = (codecs_)                            \
    }

/**
 * Real calls of bench's peers, all at the same time: set up, two seconds of speech both ways, hung
 * up, accounted for. Thread: the loop's.
 */

#define SCENE_CALLS_MAX 20

struct scene_call {
    const char *why;         /* what it shows */
    struct call_config call; /* loop, ng, sounds and, if NULL, direction are put in */
};

struct scene_result {
    struct call_account account;
    char tag[2][24];
    json_t *query;  /* of the relay, just before the end */
    json_t *record; /* of its log */
};

/** Every call has to connect and to end; results are to be judged, and let go by scene_wipe(). */
void scene_run(struct relay *r, const struct scene_call *calls, size_t n,
               struct scene_result *results);
void scene_wipe(struct scene_result *results, size_t n);

/** Fails with why unless both heard the other's words and no packet was lost or out of order. */
void scene_expect_clear(const struct scene_call *call, const struct scene_result *result);
/** The same without the words: where sanitizers make the peers too slow to speak in time. */
void scene_expect_whole(const struct scene_call *call, const struct scene_result *result);
/** Whether the relay's query shows a flag ("transcoding", "ICE") on the leg that offered or
 * answered.
 */
bool scene_has_flag(const struct scene_result *result, unsigned side, const char *flag);
/** The member of a leg's first stream in the record. */
json_t *scene_recorded(const struct scene_result *result, unsigned side, const char *path);

/** The sounds that A and B say: two seconds each. Read once per process, never freed. */
const struct sound *scene_sound(unsigned side);

#endif
