#include "login/limit.h"
#include "login/limit_priv.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FIRST_WAIT_S 2U
#define AT_ONCE      16U /* tries under way together for one source and account */

int api_limit_alloc(struct api_limit **lp, struct zj_redis *redis)
{
	struct api_limit *l = zj_alloc(sizeof(*l), NULL);
	if (!l)
		return ENOMEM;
	l->redis = redis;
	crypto_shorthash_keygen(l->secret);
	*lp = l;
	return 0;
}

size_t api_limit_text(const struct api_try *t, enum api_limit_kind kind, char text[512])
{
	int n = snprintf(text, 512, "%d\n%s\n%s", (int)kind, kind == API_LIMIT_ACCOUNT ? "" : t->source,
			 kind == API_LIMIT_SOURCE ? "" : t->name);
	return n < 512 ? (size_t)n : 511;
}

static unsigned tries_of(const struct api_try *t, enum api_limit_kind kind)
{
	switch (kind) {
#define X(k, tries, cap, forget)                                                                                       \
	case k:                                                                                                        \
		return tries;
		API_LIMITS(X)
#undef X
	case API_LIMIT_KINDS:
		break;
	}
	return 1;
}

static unsigned cap_s_of(enum api_limit_kind kind)
{
#define X(k, tries, cap, forget) [k] = (cap),
	static const unsigned caps[API_LIMIT_KINDS] = {API_LIMITS(X)};
#undef X
	return caps[kind];
}

int64_t api_limit_forget_us(enum api_limit_kind kind)
{
#define X(k, tries, cap, forget) [k] = (forget),
	static const int64_t forgets[API_LIMIT_KINDS] = {API_LIMITS(X)};
#undef X
	return forgets[kind] * 1000000;
}

/* When a set is full the one that failed longest ago goes. */
struct api_limit_slot *api_limit_slot(struct api_limit *l, const struct api_try *t, enum api_limit_kind kind, bool make,
				      int64_t now_us)
{
	char text[512];
	uint64_t key = 0;
	size_t n = api_limit_text(t, kind, text);
	crypto_shorthash((unsigned char *)&key, (const unsigned char *)text, n, l->secret);
	key = key ? key : 1;
	struct api_limit_slot *set = l->slots[key % API_LIMIT_SETS], *s = set;
	for (int i = 0; i < API_LIMIT_WAYS; i++) {
		if (set[i].key == key) {
			if (now_us - set[i].last_us > api_limit_forget_us(kind) && set[i].until_us <= now_us)
				set[i].failures = 0;
			return &set[i];
		}
		if (set[i].last_us < s->last_us)
			s = &set[i];
	}
	if (!make)
		return NULL;
	*s = (struct api_limit_slot){.key = key, .last_us = now_us};
	return s;
}

unsigned api_limit_take(struct api_limit *l, const struct api_try *t, int64_t now_us)
{
	unsigned wait = 0;
	for (enum api_limit_kind k = 0; k < API_LIMIT_KINDS; k++) {
		const struct api_limit_slot *s = api_limit_slot(l, t, k, false, now_us);
		unsigned this = 0;
		if (s && s->until_us > now_us)
			this = (unsigned)((s->until_us - now_us + 999999) / 1000000);
		else if (s && k == API_LIMIT_PAIR && s->pending >= (s->failures < t->tries ? AT_ONCE : 1U))
			this = 1;
		wait = this > wait ? this : wait;
	}
	if (!wait)
		api_limit_slot(l, t, API_LIMIT_PAIR, true, now_us)->pending++;
	return wait;
}

void api_limit_untake(struct api_limit *l, const struct api_try *t)
{
	struct api_limit_slot *s = api_limit_slot(l, t, API_LIMIT_PAIR, false, 0);
	if (s && s->pending)
		s->pending--;
}

static void failed(struct api_limit *l, const struct api_try *t, enum api_limit_kind kind, int64_t now_us)
{
	struct api_limit_slot *s = api_limit_slot(l, t, kind, true, now_us);
	unsigned tries = tries_of(t, kind), cap = cap_s_of(kind), over, wait;
	s->failures++;
	s->last_us = now_us;
	if (s->failures < tries)
		return;
	over = s->failures - tries;
	wait = over < 16 ? FIRST_WAIT_S << over : cap;
	s->until_us = now_us + (int64_t)(wait < cap ? wait : cap) * 1000000;
}

/* Who gets in is no guesser: the account's counts begin anew, the source's stays. */
void api_limit_result(struct api_limit *l, const struct api_try *t, bool good, int64_t now_us)
{
	api_limit_untake(l, t);
	for (enum api_limit_kind k = 0; k < API_LIMIT_KINDS; k++) {
		struct api_limit_slot *s;
		if (!good)
			failed(l, t, k, now_us);
		else if (k != API_LIMIT_SOURCE && (s = api_limit_slot(l, t, k, false, now_us)))
			s->failures = 0;
	}
}
