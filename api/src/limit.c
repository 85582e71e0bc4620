#include "limit.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

#define SETS        1024
#define WAYS        8
#define WINDOW_US   (300 * 1000000LL)
#define PER_ACCOUNT 10 /* failures in a window from one source for one account */
#define PER_SOURCE  100

struct slot {
	uint64_t key; /* 0: free */
	int64_t since_us;
	unsigned failures;
};
struct api_limit {
	unsigned char secret[crypto_shorthash_KEYBYTES]; /* nobody can aim at a set */
	struct slot slots[SETS][WAYS];
};

int api_limit_alloc(struct api_limit **lp)
{
	struct api_limit *l = zj_alloc(sizeof(*l), NULL);
	if (!l)
		return ENOMEM;
	crypto_shorthash_keygen(l->secret);
	*lp = l;
	return 0;
}

/* `account` NULL: the source alone. */
static uint64_t key_of(const struct api_limit *l, const char *source, const char *account)
{
	char text[512];
	uint64_t key = 0;
	size_t n = 0;
	for (const char *s = source; *s && n < 100; s++)
		text[n++] = *s;
	text[n++] = account ? '\n' : '\r';
	for (const char *s = account; s && *s && n < sizeof(text); s++)
		text[n++] = *s;
	crypto_shorthash((unsigned char *)&key, (const unsigned char *)text, n, l->secret);
	return key ? key : 1;
}

static const struct slot *find(const struct api_limit *l, uint64_t key)
{
	for (int i = 0; i < WAYS; i++)
		if (l->slots[key % SETS][i].key == key)
			return &l->slots[key % SETS][i];
	return NULL;
}

static unsigned wait_s(const struct slot *s, unsigned allowed, int64_t now_us)
{
	if (!s || s->failures < allowed || now_us - s->since_us >= WINDOW_US)
		return 0;
	return (unsigned)((s->since_us + WINDOW_US - now_us) / 1000000) + 1;
}

unsigned api_limit_wait_s(const struct api_limit *l, const char *source, const char *account, int64_t now_us)
{
	unsigned a = wait_s(find(l, key_of(l, source, account)), PER_ACCOUNT, now_us);
	unsigned b = wait_s(find(l, key_of(l, source, NULL)), PER_SOURCE, now_us);
	return a > b ? a : b;
}

/* When a set is full the oldest goes. */
static void count(struct api_limit *l, uint64_t key, int64_t now_us)
{
	struct slot *set = l->slots[key % SETS], *s = (struct slot *)find(l, key);
	if (!s) {
		s = set;
		for (int i = 1; i < WAYS; i++)
			if (set[i].since_us < s->since_us)
				s = &set[i];
		*s = (struct slot){.key = key, .since_us = now_us};
	}
	if (now_us - s->since_us >= WINDOW_US) {
		s->since_us = now_us;
		s->failures = 0;
	}
	s->failures++;
}

void api_limit_failed(struct api_limit *l, const char *source, const char *account, int64_t now_us)
{
	count(l, key_of(l, source, account), now_us);
	count(l, key_of(l, source, NULL), now_us);
}

void api_limit_succeeded(struct api_limit *l, const char *source, const char *account)
{
	struct slot *s = (struct slot *)find(l, key_of(l, source, account));
	if (s)
		*s = (struct slot){0};
}
