#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/ng/client.h"

/* Appends to the list of a key, which is made if need be. */
static int list_append(json_t *object, const char *key, const char *value)
{
    json_t *list = json_object_get(object, key);

    if (!list) {
        list = json_array();
        if (json_object_set_new(object, key, list) != 0)
            return ENOMEM;
    }
    return json_array_append_new(list, json_string(value)) != 0 ? ENOMEM : 0;
}

static int codec_append(json_t *request, const char *verb, size_t n_verb, const char *name)
{
    char key[32];
    json_t *codec = json_object_get(request, "codec");

    if (n_verb >= sizeof(key))
        return EINVAL;
    memcpy(key, verb, n_verb);
    key[n_verb] = 0;
    if (!codec) {
        codec = json_object();
        if (json_object_set_new(request, "codec", codec) != 0)
            return ENOMEM;
    }
    return list_append(codec, key, name);
}

static bool is_transport(const char *word)
{
    return strncmp(word, "RTP/", 4) == 0 || strncmp(word, "UDP/TLS/", 8) == 0;
}

static int word_put(json_t *request, const char *word)
{
    static const char *const lists[] = {"replace", "SDES", "rtcp-mux"};
    char key[64];
    const char *equals = strchr(word, '=');

    if (equals && (size_t)(equals - word) < sizeof(key)) {
        memcpy(key, word, (size_t)(equals - word));
        key[equals - word] = 0;
        return json_object_set_new(request, key, json_string(equals + 1)) != 0 ? ENOMEM : 0;
    }
    if (is_transport(word))
        return json_object_set_new(request, "transport-protocol", json_string(word)) ? ENOMEM : 0;
    if (strncmp(word, "transcode-", 10) == 0)
        return codec_append(request, "transcode", 9, word + 10);
    if (strncmp(word, "codec-", 6) == 0 && strchr(word + 6, '-'))
        return codec_append(request, word + 6, strcspn(word + 6, "-"), strchr(word + 6, '-') + 1);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        size_t n = strlen(lists[i]);

        if (strncasecmp(word, lists[i], n) == 0 && word[n] == '-')
            return list_append(request, lists[i], word + n + 1);
    }
    return list_append(request, "flags", word);
}

int ng_put_script_flags(json_t *request, const char *flags)
{
    char *copy = strdup(flags), *rest = NULL;
    int err = copy ? 0 : ENOMEM;

    for (char *word = copy ? strtok_r(copy, " ", &rest) : NULL; word && !err;
         word = strtok_r(NULL, " ", &rest))
        err = word_put(request, word);
    free(copy);
    return err;
}
