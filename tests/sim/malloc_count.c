#include "tests/sim/malloc_count.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#endif

/* Mutable globals: malloc() has no other place. */
static _Atomic uint64_t n_allocations, failing;

uint64_t malloc_count(void)
{
    return atomic_load_explicit(&n_allocations, memory_order_relaxed);
}

/* @return whether this allocation may succeed */
static bool count(void)
{
    const uint64_t n = atomic_fetch_add_explicit(&n_allocations, 1, memory_order_relaxed) + 1;

    return n != atomic_load_explicit(&failing, memory_order_relaxed);
}

#ifdef HAS_SANITIZER
/* The sanitizers own malloc(); they call hooks. Declared here: gcc installs no header for it. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *p, size_t n)
{
    (void)p;
    (void)n;
    (void)count();
}

static void on_free(const volatile void *p)
{
    (void)p;
}

bool malloc_fail_nth(uint64_t n)
{
    return n == 0;
}

__attribute__((constructor)) static void install(void)
{
    (void)__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}
#else
/* glibc lets a program put its own malloc before that of the library, for shared libraries too
 * ("Replacing malloc" in its manual). */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);
void *aligned_alloc(size_t align, size_t n);
int posix_memalign(void **p, size_t align, size_t n);

bool malloc_fail_nth(uint64_t n)
{
    atomic_store(&failing, n ? malloc_count() + n : 0);
    return true;
}

void *malloc(size_t n)
{
    if (!count())
        return NULL;
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    if (!count())
        return NULL;
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    if (!count())
        return NULL;
    return __libc_realloc(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    if (!count())
        return NULL;
    return __libc_memalign(align, n);
}

int posix_memalign(void **p, size_t align, size_t n)
{
    void *at = aligned_alloc(align, n);

    if (!at)
        return ENOMEM;
    *p = at;
    return 0;
}
#endif
