/* Between limit.c (memory) and limit_store.c (Redis). */
#ifndef API_LIMIT_PRIV_H
#define API_LIMIT_PRIV_H
#include "login/limit.h"
#include <sodium.h>

/* What is counted: X(enum, whose tries, longest wait in seconds, forgotten after seconds without a failure).
 * An account's own wait stays short: else anybody could lock somebody out. */
#define API_LIMITS(X)                                                                                                  \
	X(API_LIMIT_PAIR, t->tries, 900, 3600)                                                                         \
	X(API_LIMIT_ACCOUNT, t->tries * 10, 30, 3600)                                                                  \
	X(API_LIMIT_SOURCE, 100, 60, 300)
enum api_limit_kind {
#define X(kind, tries, cap, forget) kind,
	API_LIMITS(X)
#undef X
		API_LIMIT_KINDS
};
#define API_LIMIT_SETS 1024
#define API_LIMIT_WAYS 8

struct api_limit_slot {
	uint64_t key; /* 0: free */
	int64_t last_us, until_us;
	unsigned failures, pending;
};
struct api_limit {
	struct zj_redis *redis;
	unsigned char secret[crypto_shorthash_KEYBYTES]; /* nobody can aim at a set */
	struct api_limit_slot slots[API_LIMIT_SETS][API_LIMIT_WAYS];
};
/* What the count is of, as a text; returns its length. */
size_t api_limit_text(const struct api_try *t, enum api_limit_kind kind, char text[512]);
struct api_limit_slot *api_limit_slot(struct api_limit *l, const struct api_try *t, enum api_limit_kind kind, bool make,
				      int64_t now_us);
int64_t api_limit_forget_us(enum api_limit_kind kind);
#endif
