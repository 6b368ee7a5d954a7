#include "relay/control/policy/policy_users.h"

#include <stdlib.h>
#include <string.h>

#include "relay/control/policy/policy_table.h"

static void key_add(struct policy_key *key, const char *text)
{
    const size_t n = strlen(text);

    memcpy(key->text + key->n, text, n); /* POLICY_KEY_MAX has room for the longest user and host */
    key->n += n;
}

struct policy_key policy_key_of(char form, const char *user, const char *host)
{
    struct policy_key key = {.text = {form}, .n = 1};

    if (form == 'u') {
        key_add(&key, user);
        key_add(&key, "@");
    }
    key_add(&key, host);
    return key;
}

struct str policy_key_text(const struct policy_key *key)
{
    return (struct str){key->text, key->n};
}

struct str policy_user_next(const struct policy *p, enum policy_side side, size_t *at)
{
    struct str key;

    do {
        key = policy_index_next(&p->users[side].index, at);
    } while (key.n && key.p[0] != 'u');
    return key.n ? (struct str){key.p + 1, key.n - 1} : key;
}

bool policy_has_user(const struct policy *p, enum policy_side side, struct str user)
{
    struct policy_key key = {.text = {'u'}, .n = 1};

    if (user.n > sizeof(key.text) - 1)
        return false;
    memcpy(key.text + 1, user.p, user.n);
    key.n += user.n;
    return policy_index_find(&p->users[side].index, policy_key_text(&key)) != NULL;
}

void policy_wipe_users(struct policy *p)
{
    for (unsigned side = 0; side < POLICY_SIDES; side++) {
        free(p->users[side].patterns);
        policy_index_wipe(&p->users[side].index);
    }
}

/* ---- judging ----------------------------------------------------------------------------------
 */

/* Every pattern that a user falls under, the narrowest first: one after the other. */
struct walk {
    const struct policy_users *users;
    const struct uri *user;
    const char *parent; /* of the domain: its next suffix */
    char form;          /* of the next key; 0: no more */
};

static const struct policy_pattern *find(const struct walk *w, struct policy_key key)
{
    const uint32_t *found = policy_index_find(&w->users->index, policy_key_text(&key));

    return found ? &w->users->patterns[*found] : NULL;
}

/* @param found  NULL: nothing under this key @return false: there are no more keys */
static bool walk_next(struct walk *w, const struct policy_pattern **found)
{
    *found = NULL;
    switch (w->form) {
    case 'u':
        w->form = 'd';
        *found =
            w->user->user[0] ? find(w, policy_key_of('u', w->user->user, w->user->host)) : NULL;
        return true;
    case 'd':
        w->form = 's';
        w->parent = strchr(w->user->host, '.');
        *found = find(w, policy_key_of('d', "", w->user->host));
        return true;
    case 's':
        if (!w->parent) {
            w->form = 0;
            *found = find(w, policy_key_of('a', "", ""));
            return true;
        }
        *found = find(w, policy_key_of('s', "", w->parent + 1));
        w->parent = strchr(w->parent + 1, '.');
        return true;
    default:
        return false;
    }
}

static struct walk walk_of(const struct policy *p, enum policy_side side, const struct uri *user)
{
    return (struct walk){.users = &p->users[side], .user = user, .form = 'u'};
}

enum policy_code policy_judge_user(struct policy_finding *f, const struct policy *p,
                                   enum policy_side side, const struct uri *user,
                                   enum media_kind kind)
{
    const policy_set row = (policy_set)1 << (f->row - p->rows);
    const struct policy_pattern *entry;
    bool is_allowed = !(p->users[side].has_allow[kind] & row);
    struct walk w;

    f->side = side;
    if (!p->users[side].n_patterns)
        return POLICY_CODE_ALLOWED;
    if (user) {
        w = walk_of(p, side, user);
        while (walk_next(&w, &entry)) {
            if (!entry)
                continue;
            if (entry->deny[kind] & row) {
                f->pattern = entry;
                return POLICY_CODE_USER;
            }
            is_allowed = is_allowed || (entry->allow[kind] & row);
        }
    }
    return is_allowed ? POLICY_CODE_ALLOWED : POLICY_CODE_USER;
}

bool policy_has_migrated(const struct policy *p, const struct uri *remote, unsigned row,
                         int64_t unix_time)
{
    struct walk w = walk_of(p, POLICY_SIDE_PUBLIC, remote);
    const struct policy_pattern *entry;

    if (!p->users[POLICY_SIDE_PUBLIC].n_patterns)
        return false;
    while (walk_next(&w, &entry)) {
        if (entry && entry->migrated >> row & 1 && unix_time >= entry->migrated_since)
            return true;
    }
    return false;
}
