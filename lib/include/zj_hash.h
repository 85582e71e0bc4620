/* uthash with a quicker function, for tables that every request asks, by ids and texts: eight bytes at a time. To be
 * included instead of uthash.h, by all files that use the same table. Not for keys that strangers choose freely. */
#ifndef ZJ_HASH_H
#define ZJ_HASH_H
#ifdef UTHASH_H
#error "uthash.h was included before zj_hash.h: one table would have two hash functions"
#endif
#include <stdint.h>
#include <string.h>

static inline unsigned zj_hash(const void *key, size_t n)
{
	const char *p = key;
	uint64_t h = n, word;

	for (; n >= sizeof(word); n -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15U;
		h ^= h >> 32;
	}
	for (word = 0; n; n--)
		word = word << 8 | (unsigned char)p[n - 1];
	h = (h ^ word) * 0x9e3779b97f4a7c15U;
	return (unsigned)(h ^ h >> 32);
}
#define HASH_FUNCTION(key, n, hash) (hash) = zj_hash(key, n)
#include <uthash.h>
#endif
