/* A growing buffer of bytes, for what comes and goes on a socket. */
#ifndef EDGE_BYTES_H
#define EDGE_BYTES_H
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
	char *p;
	size_t len, cap;
};

static inline bool bytes_append(struct bytes *b, const char *p, size_t len)
{
	if (b->len + len > b->cap) {
		size_t cap = (b->len + len) * 2;
		char *grown = realloc(b->p, cap);
		if (!grown)
			return false;
		b->p = grown;
		b->cap = cap;
	}
	memcpy(b->p + b->len, p, len);
	b->len += len;
	return true;
}

static inline void bytes_consume(struct bytes *b, size_t len)
{
	memmove(b->p, b->p + len, b->len - len);
	b->len -= len;
}

static inline void bytes_free(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){0};
}
#endif
