/* Reference-counted objects (zj_obj.h). A header stands before each object; its size keeps malloc's alignment. */
#include "zj_obj.h"
#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct header {
	size_t refs;
	zj_destructor_h *destructor;
};
_Static_assert(sizeof(struct header) % _Alignof(max_align_t) == 0, "objects must be aligned for any type");

static _Atomic size_t alive;
static _Atomic long allowance = -1;

static bool allowed(void)
{
	long left = atomic_load(&allowance);

	while (left > 0) {
		if (atomic_compare_exchange_weak(&allowance, &left, left - 1))
			return true;
	}
	return left < 0;
}

static struct header *header_of(void *obj)
{
	return (struct header *)obj - 1;
}

void *zj_alloc(size_t size, zj_destructor_h *destructor)
{
	struct header *h;

	if (!allowed() || size > SIZE_MAX - sizeof(*h))
		return NULL;
	h = calloc(1, sizeof(*h) + size);
	if (!h)
		return NULL;
	h->refs = 1;
	h->destructor = destructor;
	atomic_fetch_add(&alive, 1);
	return h + 1;
}

void *zj_ref(void *obj)
{
	if (obj)
		header_of(obj)->refs++;
	return obj;
}

void *zj_deref(void *obj)
{
	struct header *h;

	if (!obj)
		return NULL;
	h = header_of(obj);
	assert(h->refs > 0);
	if (h->refs > 1) {
		h->refs--;
		return NULL;
	}
	/* The last reference stays until the destructor is done, so that a zj_ref() and zj_deref() pair in it is
	 * harmless. */
	if (h->destructor)
		h->destructor(obj);
	h->refs = 0;
	atomic_fetch_sub(&alive, 1);
	free(h);
	return NULL;
}

char *zj_strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = zj_alloc(size, NULL);

	return copy ? memcpy(copy, s, size) : NULL;
}

char *zj_asprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return NULL;
	s = zj_alloc((size_t)len + 1, NULL);
	if (!s)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(s, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return s;
}

size_t zj_objects_alive(void)
{
	return atomic_load(&alive);
}

void zj_alloc_fail_after(long n)
{
	atomic_store(&allowance, n);
}
