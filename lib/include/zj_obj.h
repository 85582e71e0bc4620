/* Reference-counted objects: every shared thing is one. Not thread-safe unless said: an object lives on one loop. */
#ifndef ZJ_OBJ_H
#define ZJ_OBJ_H
#include <stddef.h>

#define ZJ_UNUSED        __attribute__((unused))
#define ZJ_MUST_CHECK    __attribute__((warn_unused_result))
#define ZJ_PRINTF(f, a)  __attribute__((format(printf, f, a)))
#define ZJ_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

typedef void(zj_destructor_h)(void *obj);

/* Zeroed object with one reference; NULL when memory (or the test's allowance) is exhausted. `destructor` (may be NULL)
 * runs when the last reference goes: it cancels timers and unlinks first, then releases members; it never sends. */
void *zj_alloc(size_t size, zj_destructor_h *destructor) ZJ_MUST_CHECK;
void *zj_ref(void *obj);                      /* returns obj; NULL stays NULL */
void *zj_deref(void *obj);                    /* returns NULL, so that `x = zj_deref(x)` */
char *zj_strdup(const char *s) ZJ_MUST_CHECK; /* an object too: zj_deref it */
char *zj_asprintf(const char *fmt, ...) ZJ_PRINTF(1, 2) ZJ_MUST_CHECK;

/* For tests: living objects; and after `n` more successful allocations every one fails (-1: never). */
size_t zj_objects_alive(void);
void zj_alloc_fail_after(long n);
#endif
