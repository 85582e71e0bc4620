#include "login/session.h"
#include "login/session_priv.h"
#include "server/api.h"
#include "zj_log.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define GRAIN_US (300 * 1000000LL)
#define LOOK_MS  5000

static void forget(struct api_sessions *s, struct api_session_entry *e)
{
	HASH_DEL(s->by_hash, e);
	sodium_memzero(e, sizeof(*e));
	free(e);
	zj_metric_set(&api_metrics[API_M_sessions], HASH_COUNT(s->by_hash));
}

int64_t api_session_grain_us(int64_t idle_us)
{
	return idle_us / 4 < GRAIN_US ? idle_us / 4 : GRAIN_US;
}

int64_t api_session_expires_us(const struct api_sessions *s, const struct api_session *session)
{
	return session->used_us + s->hooks.idle_h(session->tenant, s->hooks.arg);
}

/* The tenant decides how long: looked at anew each time, so that a shorter time is in effect at once. */
static void on_look(uv_timer_t *t)
{
	struct api_sessions *s = t->data;
	struct api_session_entry *e, *next;
	int64_t now = zj_now_us();
	HASH_ITER (hh, s->by_hash, e, next) {
		struct api_session x = e->session;
		if (api_session_expires_us(s, &x) > now)
			continue;
		forget(s, e);
		api_session_expire(s, x.tenant, x.account, x.hash);
	}
}

int api_sessions_alloc(struct api_sessions **sp, uv_loop_t *loop, struct zj_redis *redis, size_t max,
		       const struct api_session_hooks *hooks)
{
	struct api_sessions *s = zj_alloc(sizeof(*s), NULL);
	if (!s)
		return ENOMEM;
	s->redis = redis;
	s->max = max;
	s->hooks = *hooks;
	s->timer.data = s;
	uv_timer_init(loop, &s->timer);
	uv_timer_start(&s->timer, on_look, LOOK_MS, LOOK_MS);
	*sp = s;
	return 0;
}

static void closed(uv_handle_t *h)
{
	zj_deref(h->data);
}

void api_sessions_close(struct api_sessions *s)
{
	struct api_session_entry *e, *next;
	if (!s)
		return;
	HASH_ITER (hh, s->by_hash, e, next)
		forget(s, e);
	uv_close((uv_handle_t *)&s->timer, closed);
}

static struct api_session_entry *find(struct api_sessions *s, const char *hash)
{
	struct api_session_entry *e;
	HASH_FIND_STR(s->by_hash, hash, e);
	return e;
}

void api_session_keep(struct api_sessions *s, const struct api_session *x)
{
	struct api_session_entry *e = find(s, x->hash);
	if (e)
		forget(s, e);
	if (HASH_COUNT(s->by_hash) >= s->max)
		forget(s, s->by_hash);
	e = calloc(1, sizeof(*e));
	if (!e)
		return;
	e->session = *x;
	e->written_us = x->used_us;
	HASH_ADD_STR(s->by_hash, session.hash, e);
	zj_metric_set(&api_metrics[API_M_sessions], HASH_COUNT(s->by_hash));
}

void api_session_put(struct api_sessions *s, const struct api_session *session)
{
	struct api_session x = *session;
	x.made_us = x.used_us = zj_now_us();
	api_session_keep(s, &x);
	api_session_write(s, &x);
}

const struct api_session *api_session_peek(struct api_sessions *s, const char *hash)
{
	struct api_session_entry *e = find(s, hash);
	return e && api_session_expires_us(s, &e->session) > zj_now_us() ? &e->session : NULL;
}

const struct api_session *api_session_find(struct api_sessions *s, const char *hash)
{
	struct api_session_entry *e = find(s, hash);
	int64_t now = zj_now_us(), idle;
	if (!e)
		return NULL;
	idle = s->hooks.idle_h(e->session.tenant, s->hooks.arg);
	if (e->session.used_us + idle <= now)
		return NULL; /* on_look ends it */
	e->session.used_us = now;
	if (e->written_us + api_session_grain_us(idle) < now) {
		e->written_us = now;
		HASH_DEL(s->by_hash, e); /* to the end of the order */
		HASH_ADD_STR(s->by_hash, session.hash, e);
		api_session_write(s, &e->session);
	}
	return &e->session;
}

void api_session_drop(struct api_sessions *s, const char *tenant, const char *account, const char *hash)
{
	struct api_session_entry *e = find(s, hash);
	if (e)
		forget(s, e);
	if (zj_redis_cmd(s->redis, NULL, NULL, "DEL zj:{%s}:session:%s", tenant, hash) ||
	    zj_redis_cmd(s->redis, NULL, NULL, "ZREM zj:{%s}:sessions %s:%s", tenant, account, hash) ||
	    zj_redis_cmd(s->redis, NULL, NULL, "ZREM zj:{%s}:sessions:%s %s:%s", tenant, account, account, hash))
		zj_warn("session", "ended while Redis is away: the session is void there only when it expires");
}
