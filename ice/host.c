#include "ice/leg.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <nice/interfaces.h>

/*
 * What libnice 0.1.21 asks of its surroundings, and is told by us instead: its functions and GLib's
 * of these names are hidden by ours, as in door.c.
 *
 * It lists all addresses of the host by netlink for each socket that it opens, each local candidate
 * and each check that it sends, which was a third of the cost of a call. An agent of ours has one
 * address, given to it: there is nothing to look up.
 *
 * It makes a GMainContext for each component, of use only to who reads from it without giving one.
 * GLib walks the list of all contexts for each new one, so a call cost more the more there were.
 * And it takes 128 KB of buffers for each, of which it needs two.
 *
 * Its passwords are of a Mersenne twister, whose next numbers can be told from some hundred before
 * (RFC 8445 s.5.3 wants 128 bits of randomness).
 */

/* An index would become IP_UNICAST_IF of the socket: checks would leave by another interface than
 * media, which goes where the routes say. */
__attribute__((visibility("default"))) guint nice_interfaces_get_if_index_by_addr(NiceAddress *addr)
{
    (void)addr;
    return 0;
}

/* The place of a candidate's address in this list tells candidates of several addresses apart. */
__attribute__((visibility("default"))) GList *nice_interfaces_get_local_ips(
    gboolean include_loopback)
{
    (void)include_loopback;
    return NULL;
}

/* Whoever has set a context for its thread is given that one: ice_host_begin(). */
__attribute__((visibility("default"))) GMainContext *g_main_context_new(void)
{
    GMainContext *given = g_main_context_get_thread_default();

    return given ? g_main_context_ref(given) : g_main_context_new_with_flags(0);
}

/* A new component asks for two buffers: one for what comes to it, of which the door gives it
 * ICE_STUN_MAX at a time and nothing when it is closed, and one for a frame of TCP (RFC 4571),
 * which is off. By their very sizes in libnice 0.1.21: whatever else is asked for, it gets. */
static bool is_component_buffer(gsize n)
{
    return (n == UINT16_MAX || n == sizeof(uint16_t) + UINT16_MAX) &&
           g_main_context_get_thread_default();
}

__attribute__((visibility("default"))) gpointer g_malloc(gsize n)
{
    void *p = n ? malloc(is_component_buffer(n) ? ICE_STUN_MAX : n) : NULL;

    if (!p && n)
        abort(); /* as GLib does */
    return p;
}

/* A password is some thirty numbers. The kernel gives those of many at once; what was given away is
 * wiped, so none can be found here afterwards. */
static uint32_t random_u32(void)
{
    static _Thread_local uint32_t numbers[64];
    static _Thread_local unsigned n_left;
    uint32_t number;

    if (n_left == 0) {
        if (getrandom(numbers, sizeof(numbers), 0) != (ssize_t)sizeof(numbers))
            abort(); /* 256 bytes are always to be had; a password that is known must not be */
        n_left = G_N_ELEMENTS(numbers);
    }
    number = numbers[--n_left];
    explicit_bzero(&numbers[n_left], sizeof(number));
    return number;
}

/* Numbers beyond the last multiple of n would favour the lower ones: they are drawn again. */
__attribute__((visibility("default"))) gint32 g_random_int_range(gint32 begin, gint32 end)
{
    const uint32_t n = end > begin ? (uint32_t)end - (uint32_t)begin : 1;
    const uint32_t fair = UINT32_MAX - UINT32_MAX % n;
    uint32_t random;

    do {
        random = random_u32();
    } while (random >= fair);
    return (gint32)((uint32_t)begin + random % n);
}

void ice_host_begin(struct ice *ice)
{
    g_main_context_push_thread_default(ice->idle_context);
}

void ice_host_end(struct ice *ice)
{
    g_main_context_pop_thread_default(ice->idle_context);
}

static bool is_ours(const char *name, void *function)
{
    return dlsym(RTLD_DEFAULT, name) == function;
}

bool ice_host_is_in_force(void)
{
    return is_ours("nice_interfaces_get_if_index_by_addr",
                   (void *)nice_interfaces_get_if_index_by_addr) &&
           is_ours("nice_interfaces_get_local_ips", (void *)nice_interfaces_get_local_ips) &&
           is_ours("g_main_context_new", (void *)g_main_context_new) &&
           is_ours("g_malloc", (void *)g_malloc) &&
           is_ours("g_random_int_range", (void *)g_random_int_range);
}
