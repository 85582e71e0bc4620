/* The counts of failures in Redis: zj:{login}:fail:<hash> = "failures until_ms last_ms", expires when it is forgotten.
 * The hash hides who tried what. */
#include "login/limit_priv.h"
#include "zj_log.h"
#include "zj_time.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void key_of(const struct api_try *t, enum api_limit_kind kind, char key[60])
{
	char text[512], hex[33];
	unsigned char raw[16];
	size_t n = api_limit_text(t, kind, text);
	crypto_generichash(raw, sizeof(raw), (const unsigned char *)text, n, NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), raw, sizeof(raw));
	snprintf(key, 60, "zj:{login}:fail:%s", hex);
}

struct ask {
	struct api_limit *l;
	struct api_try t;
	api_limit_h *h;
	void *arg;
};

/* What another process, or this one before its restart, has counted. */
static void merge(struct ask *a, enum api_limit_kind kind, const redisReply *r, int64_t now_us)
{
	unsigned failures;
	int64_t until_ms, last_ms;
	if (r->type != REDIS_REPLY_STRING ||
	    sscanf(r->str, "%u %" SCNd64 " %" SCNd64, &failures, &until_ms, &last_ms) != 3)
		return;
	struct api_limit_slot *s = api_limit_slot(a->l, &a->t, kind, true, now_us);
	if (s->failures >= failures && s->until_us >= until_ms * 1000)
		return;
	s->failures = failures;
	s->until_us = until_ms * 1000;
	s->last_us = last_ms * 1000;
}

static void answered(int err, redisReply *reply, void *arg)
{
	struct ask *a = arg;
	int64_t now = zj_now_us();
	if (!err && reply->type == REDIS_REPLY_ARRAY && reply->elements == API_LIMIT_KINDS)
		for (enum api_limit_kind k = 0; k < API_LIMIT_KINDS; k++)
			merge(a, k, reply->element[k], now);
	a->h(api_limit_take(a->l, &a->t, now), a->arg);
	free(a);
}

void api_limit_ask(struct api_limit *l, const struct api_try *t, api_limit_h *h, void *arg)
{
	char keys[API_LIMIT_KINDS][60];
	const char *argv[API_LIMIT_KINDS + 1] = {"MGET"};
	struct ask *a = malloc(sizeof(*a));
	for (enum api_limit_kind k = 0; k < API_LIMIT_KINDS; k++) {
		key_of(t, k, keys[k]);
		argv[k + 1] = keys[k];
	}
	if (a)
		*a = (struct ask){l, *t, h, arg};
	if (a && l->redis && zj_redis_argv(l->redis, answered, a, API_LIMIT_KINDS + 1, argv, NULL) == 0)
		return;
	free(a);
	h(api_limit_take(l, t, zj_now_us()), arg);
}

static void write_through(struct api_limit *l, const struct api_try *t, enum api_limit_kind kind, int64_t now_us)
{
	const struct api_limit_slot *s = api_limit_slot(l, t, kind, false, now_us);
	char key[60], value[80];
	int err;
	key_of(t, kind, key);
	if (s && s->failures) {
		int64_t life = s->until_us > now_us ? s->until_us - now_us : 0;
		snprintf(value, sizeof(value), "%u %" PRId64 " %" PRId64, s->failures, s->until_us / 1000,
			 s->last_us / 1000);
		err = zj_redis_cmd(l->redis, NULL, NULL, "SET %s %s PX %lld", key, value,
				   (long long)((life + api_limit_forget_us(kind)) / 1000));
	} else {
		err = zj_redis_cmd(l->redis, NULL, NULL, "DEL %s", key);
	}
	if (err)
		zj_debug("login", "Redis is away: failures are counted in memory only");
}

void api_limit_tell(struct api_limit *l, const struct api_try *t, bool good)
{
	int64_t now = zj_now_us();
	api_limit_result(l, t, good, now);
	for (enum api_limit_kind k = 0; l->redis && k < API_LIMIT_KINDS; k++)
		if (!good || k != API_LIMIT_SOURCE)
			write_through(l, t, k, now);
}
