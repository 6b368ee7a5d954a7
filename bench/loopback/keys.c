#include "bench/loopback/keys.h"

#include <string.h>

static const struct key rows[] = {
    {KEY_MUTE, "m", "m", "mute", "mute A's mouth (of one end: its own), and back"},
    {KEY_HOLD, "h", "h", "hold", "A puts B on hold by a new offer, and back (of one end: it does)"},
    {KEY_DIGIT, "0123456789*#ABCD", "0-9*#", "digit", "A dials it (RFC 4733)"},
    {KEY_LOSS, "l", "l", "loss", "lose part of A's packets on purpose (--loss), and back"},
    {KEY_CODEC, "c", "c", "codec", "A asks for its next codec by a new offer (likewise)"},
    {KEY_RESTART, "i", "i", "ICE restart", "A restarts ICE by a new offer (likewise)"},
    {KEY_MARKER, "k", "k", "marker", "all mouths say a marker, for the delay"},
    {KEY_QUIT, "q\x1b", "q", "quit", "end the call, print the verdict"},
};

const struct key *keys_at(size_t i)
{
    return i < sizeof(rows) / sizeof(rows[0]) ? &rows[i] : NULL;
}

enum key_action keys_find(char c)
{
    for (size_t i = 0; c && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strchr(rows[i].keys, c))
            return rows[i].action;
    return KEY_NONE;
}
