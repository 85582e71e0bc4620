/* Small pure helpers of the modules: UUIDs as 16 bytes, hashing, telephone numbers. */
#ifndef ZK_TEXT_H
#define ZK_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ZK_UUID_TEXT  37  /* with the zero */
#define ZK_NUMBER_MAX 34  /* a plus, 32 digits, the zero: what the schema admits */
#define ZK_DOMAIN_MAX 254 /* with the zero */

/* Calls are named by these 16 bytes; texts are lower case. */
struct zk_uuid {
	unsigned char b[16];
};

bool zk_uuid_parse(struct zk_uuid *u, const char *text);
void zk_uuid_text(char out[ZK_UUID_TEXT], const struct zk_uuid *u);
/* Here, for every decision compares some: the compiler makes two words of it. */
static inline int zk_uuid_cmp(const struct zk_uuid *a, const struct zk_uuid *b)
{
	return memcmp(a->b, b->b, sizeof a->b);
}
static inline bool zk_uuid_is_zero(const struct zk_uuid *u)
{
	static const struct zk_uuid zero;
	return !zk_uuid_cmp(u, &zero);
}
/* UUIDv7 (RFC 9562 5.7) of this moment, from the kernel's random numbers. */
void zk_uuid7(struct zk_uuid *u);

/* This moment, UTC with microseconds (RFC 3339): the form in which all of Zongji's logs say time. */
#define ZK_RFC3339 28
void zk_rfc3339(char out[ZK_RFC3339]);

/* Milliseconds of a clock that nobody sets. */
int64_t zk_mono_ms(void);

/* 64-bit hash of a prefix (may be NULL with 0 bytes) and a text, under a seed that is drawn at each start, so that
 * nobody outside can choose numbers that collide. Set the seed before the first fork. */
void zk_hash_seed(uint64_t seed);
uint64_t zk_hash(const void *prefix, size_t prefix_len, const char *text, size_t text_len);

/* Copies at most size - 1 bytes of a text that need not end with a zero. False when it did not fit. */
bool zk_copy(char *out, size_t size, const char *text, size_t len);
/* The same in lower case (domains, RFC 3261 19.1.4). */
bool zk_copy_lower(char *out, size_t size, const char *text, size_t len);

/* Escapes a text of foreign origin for a log line: control characters, quotes, blanks and non-ASCII become \xNN. */
void zk_escape(char *out, size_t size, const char *text, size_t len);
#endif
