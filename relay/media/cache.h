#ifndef PICRELAY_CACHE_H
#define PICRELAY_CACHE_H

/** What the data path knows of the CPU's caches. [pure] */

#define CACHE_LINE 64 /* [bytes] */

/** Of a function that only asks for lines ahead of their use (__builtin_prefetch). gcc 12 takes
 * such a function for one without effect, and leaves its calls out unless they are inlined before.
 */
#define PREFETCH_INLINE static inline __attribute__((always_inline))

#endif
