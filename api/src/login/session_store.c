/* Sessions in Redis. Three keys, one slot: zj:{tenant}:session:<hash> holds it (and expires by itself),
 * zj:{tenant}:sessions and zj:{tenant}:sessions:<account> order "account:hash" by the moment of expiry (milliseconds),
 * so that they can be listed, and one that nobody used any more is noticed even when no process has it in memory. */
#include "login/session.h"
#include "login/session_priv.h"
#include "server/api.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

#define MEMBER_LEN (ZJ_UUID_LEN + 1 + 64)

/* Members of the JSON text in Redis: X(name, member of struct api_session) */
#define TEXTS(X)                                                                                                       \
	X("account", account)                                                                                          \
	X("mark", mark)                                                                                                \
	X("actor", actor)                                                                                              \
	X("actor_mark", actor_mark)                                                                                    \
	X("parent", parent)                                                                                            \
	X("source", source)                                                                                            \
	X("program", program)

static char *text_of(const struct api_session *x)
{
	json_t *o = json_object();
	json_object_set_new(o, "made", json_integer(x->made_us));
	json_object_set_new(o, "used", json_integer(x->used_us));
#define X(name, member)                                                                                                \
	if (x->member[0])                                                                                              \
		json_object_set_new(o, name, json_string_nocheck(x->member));
	TEXTS(X)
#undef X
	char *text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

static bool read_text(struct api_session *x, const char *text, size_t n)
{
	json_t *o = json_loadb(text, n, 0, NULL);
#define X(name, member)                                                                                                \
	{                                                                                                              \
		const char *v = json_string_value(json_object_get(o, name));                                           \
		snprintf(x->member, sizeof(x->member), "%s", v ? v : "");                                              \
	}
	TEXTS(X)
#undef X
	x->made_us = json_integer_value(json_object_get(o, "made"));
	x->used_us = json_integer_value(json_object_get(o, "used"));
	json_decref(o);
	return zj_uuid_is_valid(x->account) && strlen(x->mark) == 16;
}

void api_session_write(struct api_sessions *s, const struct api_session *x)
{
	int64_t idle = s->hooks.idle_h(x->tenant, s->hooks.arg), life = idle + api_session_grain_us(idle);
	long long until_ms = (long long)((x->used_us + life) / 1000);
	char *text = text_of(x);
	if (!text || zj_redis_cmd(s->redis, NULL, NULL, "SET zj:{%s}:session:%s %s PX %lld", x->tenant, x->hash, text,
				  (long long)(life / 1000)))
		zj_debug("session", "Redis is away; the session is in memory only");
	else if (zj_redis_cmd(s->redis, NULL, NULL, "ZADD zj:{%s}:sessions %lld %s:%s", x->tenant, until_ms, x->account,
			      x->hash) ||
		 zj_redis_cmd(s->redis, NULL, NULL, "ZADD zj:{%s}:sessions:%s %lld %s:%s", x->tenant, x->account,
			      until_ms, x->account, x->hash) ||
		 zj_redis_cmd(s->redis, NULL, NULL, "PEXPIRE zj:{%s}:sessions:%s %lld", x->tenant, x->account,
			      (long long)(life / 1000)))
		zj_debug("session", "Redis is away; the session is not listed there");
	free(text);
}

struct load {
	struct api_sessions *s;
	api_session_load_h *h;
	void *arg;
	struct api_session x;
};

static void loaded(int err, redisReply *reply, void *arg)
{
	struct load *l = arg;
	if (!err && (!reply || reply->type != REDIS_REPLY_STRING || !read_text(&l->x, reply->str, reply->len)))
		err = ENOENT;
	if (!err) {
		l->x.used_us = zj_now_us(); /* it lived in Redis, and is being used */
		api_session_keep(l->s, &l->x);
		api_session_write(l->s, &l->x);
	}
	l->h(err, l->arg);
	free(l);
}

int api_session_load(struct api_sessions *s, const char *tenant, const char *hash, api_session_load_h *h, void *arg)
{
	struct load *l = calloc(1, sizeof(*l));
	if (!l)
		return ENOMEM;
	l->s = s;
	l->h = h;
	l->arg = arg;
	snprintf(l->x.tenant, sizeof(l->x.tenant), "%s", tenant);
	snprintf(l->x.hash, sizeof(l->x.hash), "%s", hash);
	int err = zj_redis_cmd(s->redis, loaded, l, "GET zj:{%s}:session:%s", tenant, hash);
	if (err)
		free(l);
	return err;
}

/* --- lists --- */

struct list {
	struct api_sessions *s;
	api_session_list_h *h;
	void *arg;
	size_t n;
	struct api_session v[API_SESSIONS_LISTED];
	char tenant[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE]; /* account empty: all */
};

static void list_memory(struct list *l)
{
	struct api_session_entry *e, *next;
	int64_t now = zj_now_us();
	l->n = 0;
	HASH_ITER (hh, l->s->by_hash, e, next)
		if (l->n < API_SESSIONS_LISTED && strcmp(e->session.tenant, l->tenant) == 0 &&
		    (!l->account[0] || strcmp(e->session.account, l->account) == 0) &&
		    api_session_expires_us(l->s, &e->session) > now)
			l->v[l->n++] = e->session;
	l->h(l->v, l->n, l->arg);
	free(l);
}

/* What this process has in memory is newer than what Redis has: it is written there only now and then. */
static void list_values(int err, redisReply *reply, void *arg)
{
	struct list *l = arg;
	size_t kept = 0;
	if (err || reply->type != REDIS_REPLY_ARRAY || reply->elements != l->n) {
		list_memory(l);
		return;
	}
	for (size_t i = 0; i < l->n; i++) {
		const redisReply *r = reply->element[i];
		struct api_session x = l->v[i];
		const struct api_session *memory = api_session_peek(l->s, x.hash);
		if (memory)
			l->v[kept++] = *memory;
		else if (r->type == REDIS_REPLY_STRING && read_text(&x, r->str, r->len))
			l->v[kept++] = x;
	}
	l->h(l->v, kept, l->arg);
	free(l);
}

static void list_members(int err, redisReply *reply, void *arg)
{
	struct list *l = arg;
	const char *argv[API_SESSIONS_LISTED + 1] = {"MGET"};
	char(*keys)[160] = NULL;
	if (err || reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
		list_memory(l);
		return;
	}
	keys = calloc(API_SESSIONS_LISTED, sizeof(*keys));
	for (size_t i = 0; keys && i < reply->elements && l->n < API_SESSIONS_LISTED; i++) {
		const redisReply *r = reply->element[i];
		if (r->type != REDIS_REPLY_STRING || r->len != MEMBER_LEN)
			continue;
		struct api_session *x = &l->v[l->n];
		snprintf(x->tenant, sizeof(x->tenant), "%s", l->tenant);
		snprintf(x->hash, sizeof(x->hash), "%s", r->str + ZJ_UUID_SIZE);
		snprintf(keys[l->n], sizeof(*keys), "zj:{%s}:session:%s", l->tenant, x->hash);
		argv[1 + l->n] = keys[l->n];
		l->n++;
	}
	if (!l->n || zj_redis_argv(l->s->redis, list_values, l, (int)l->n + 1, argv, NULL))
		list_memory(l);
	free(keys);
}

void api_session_list(struct api_sessions *s, const char *tenant, const char *account, api_session_list_h *h, void *arg)
{
	struct list *l = calloc(1, sizeof(*l));
	int err;
	if (!l) {
		h(NULL, 0, arg);
		return;
	}
	l->s = s;
	l->h = h;
	l->arg = arg;
	snprintf(l->tenant, sizeof(l->tenant), "%s", tenant);
	snprintf(l->account, sizeof(l->account), "%s", account ? account : "");
	err = zj_redis_cmd(s->redis, list_members, l, "ZREVRANGE zj:{%s}:sessions%s%s 0 %d", tenant, account ? ":" : "",
			   account ? account : "", API_SESSIONS_LISTED - 1);
	if (err)
		list_memory(l);
}

/* --- ends --- */

struct expire {
	struct api_sessions *s;
	char tenant[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE], hash[65];
};

/* Another process may have taken it out: that one tells. Redis away: this one does. */
static void expired(int err, redisReply *reply, void *arg)
{
	struct expire *e = arg;
	if (err || !reply || (reply->type == REDIS_REPLY_INTEGER && reply->integer == 1))
		e->s->hooks.timeout_h(e->tenant, e->account, e->hash, e->s->hooks.arg);
	free(e);
}

void api_session_expire(struct api_sessions *s, const char *tenant, const char *account, const char *hash)
{
	struct expire *e = calloc(1, sizeof(*e));
	if (!e)
		return;
	e->s = s;
	snprintf(e->tenant, sizeof(e->tenant), "%s", tenant);
	snprintf(e->account, sizeof(e->account), "%s", account);
	snprintf(e->hash, sizeof(e->hash), "%s", hash);
	int err = zj_redis_cmd(s->redis, expired, e, "ZREM zj:{%s}:sessions %s:%s", tenant, account, hash);
	if (err) {
		expired(err, NULL, e);
		return;
	}
	zj_redis_cmd(s->redis, NULL, NULL, "ZREM zj:{%s}:sessions:%s %s:%s", tenant, account, account, hash);
	zj_redis_cmd(s->redis, NULL, NULL, "DEL zj:{%s}:session:%s", tenant, hash);
}

struct sweep {
	struct api_sessions *s;
	char tenant[ZJ_UUID_SIZE];
};

static void swept(int err, redisReply *reply, void *arg)
{
	struct sweep *w = arg;
	for (size_t i = 0; !err && reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
		const redisReply *r = reply->element[i];
		char account[ZJ_UUID_SIZE];
		if (r->type != REDIS_REPLY_STRING || r->len != MEMBER_LEN)
			continue;
		snprintf(account, sizeof(account), "%.36s", r->str);
		if (!api_session_peek(w->s, r->str + ZJ_UUID_SIZE))
			api_session_expire(w->s, w->tenant, account, r->str + ZJ_UUID_SIZE);
	}
	free(w);
}

void api_session_sweep(struct api_sessions *s, const char *tenant)
{
	struct sweep *w = calloc(1, sizeof(*w));
	if (!w)
		return;
	w->s = s;
	snprintf(w->tenant, sizeof(w->tenant), "%s", tenant);
	if (zj_redis_cmd(s->redis, swept, w, "ZRANGEBYSCORE zj:{%s}:sessions -inf %lld LIMIT 0 %d", tenant,
			 (long long)(zj_now_us() / 1000), API_SESSIONS_LISTED))
		free(w);
}
