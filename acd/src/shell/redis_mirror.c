#include "shell/daemon.h"
#include "zj_obj.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define EVENTS_KEPT_MS (600 * 1000LL)
#define PATIENCE_US    (2 * ACD_S) /* a Redis that is silent so long is as good as away for facts */

/* Applies one step, unless a later owner has been here. ARGV: epoch, then n and n words, again and again. */
static const char step_script[] = "local o = tonumber(redis.call('GET', KEYS[1]) or '0')\n"
				  "local e = tonumber(ARGV[1])\n"
				  "if o > e then return redis.error_reply('STALE ' .. o) end\n"
				  "if o < e then redis.call('SET', KEYS[1], ARGV[1]) end\n"
				  "local i = 2\n"
				  "while i <= #ARGV do\n"
				  "  local n = tonumber(ARGV[i])\n"
				  "  redis.call(unpack(ARGV, i + 1, i + n))\n"
				  "  i = i + n + 1\n"
				  "end\n"
				  "return 1\n";

struct step { /* one tenant's part of one entry; open until committed, then waiting for Redis */
	struct step *next, *prev;
	struct acd_mirror *m;
	char tenant[ZJ_UUID_SIZE];
	char **argv;
	int argc, cap;
	char **facts; /* for the spool, once Redis has them */
	size_t n_facts, cap_facts;
	int64_t sent_at;
};

struct acd_mirror {
	struct acd_daemon *d;
	struct zj_redis *redis;
	struct step *open, *sent;
	int64_t issued, confirmed;
	bool stale;
};

static void step_free(struct step *s)
{
	for (int i = 0; i < s->argc; i++)
		free(s->argv[i]);
	for (size_t i = 0; i < s->n_facts; i++)
		free(s->facts[i]);
	free(s->argv);
	free(s->facts);
	free(s);
}

/* Takes the text, which no memory may have made NULL: what cannot be kept must not be half kept. */
static void fact_take(struct step *s, char *text)
{
	if (s->n_facts == s->cap_facts) {
		s->cap_facts = s->cap_facts ? s->cap_facts * 2 : 16;
		s->facts = realloc(s->facts, sizeof(*s->facts) * s->cap_facts);
	}
	if (!s->facts || !text)
		abort(); /* let the supervisor start us anew: Redis and mediad have the last step */
	s->facts[s->n_facts++] = text;
}

static void arg_take(struct step *s, char *text)
{
	if (s->argc == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 32;
		s->argv = realloc(s->argv, sizeof(*s->argv) * (size_t)s->cap);
	}
	if (!s->argv || !text)
		abort();
	s->argv[s->argc++] = text;
}

static void arg(struct step *s, const char *text)
{
	arg_take(s, strdup(text));
}

static void arg_int(struct step *s, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)v);
	arg(s, text);
}

static void arg_key(struct step *s, const char *what)
{
	char key[96];

	snprintf(key, sizeof(key), "zj:{%s}:%s", s->tenant, what);
	arg(s, key);
}

static struct step *step_of(struct acd_mirror *m, const char *tenant)
{
	struct step *s;

	DL_FOREACH (m->open, s)
		if (!strcmp(s->tenant, tenant))
			return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->m = m;
	ACD_COPY(s->tenant, tenant);
	DL_APPEND(m->open, s);
	arg(s, "EVAL");
	arg(s, step_script);
	arg(s, "1");
	arg_key(s, "owner");
	arg_int(s, m->d->acd->epoch);
	return s;
}

/* Facts that Redis has, or cannot have, go to the spool. */
static void spool(struct acd_mirror *m, struct step *s)
{
	for (size_t i = 0; i < s->n_facts; i++) {
		int err = zj_spool_append_text(m->d->spool, s->facts[i], strlen(s->facts[i]));

		if (err)
			zj_error("spool", "fact lost tenant=%s err=%s", s->tenant, strerror(err));
		free(s->facts[i]);
	}
	if (s->n_facts)
		acd_writer_kick(m->d->writer);
	s->n_facts = 0;
}

static void step_h(int err, redisReply *reply, void *argp)
{
	struct step *s = argp;
	struct acd_mirror *m = s->m;

	DL_DELETE(m->sent, s);
	spool(m, s);
	m->confirmed++;
	if (err) {
		m->stale = true;
	} else if (reply && reply->type == REDIS_REPLY_ERROR) {
		m->stale = true;
		zj_error("redis", "step refused tenant=%s because=%s", s->tenant, zj_log_esc(reply->str));
		if (strstr(reply->str, "STALE"))
			acd_stop(m->d, 75, "another acd owns this tenant now");
	}
	step_free(s);
	acd_media_link_confirmed(m->d->media);
	acd_edge_confirmed(m->d->edge);
	acd_api_confirmed(m->d->api);
}

void acd_mirror_commit(struct acd_mirror *m, const char *tenant)
{
	struct step *s = NULL;

	DL_FOREACH (m->open, s)
		if (!strcmp(s->tenant, tenant))
			break;
	if (!s)
		return;
	DL_DELETE(m->open, s);
	s->sent_at = zj_mono_us();
	DL_APPEND(m->sent, s);
	m->issued++;
	if (zj_redis_argv(m->redis, step_h, s, s->argc, (const char **)(void *)s->argv, NULL)) {
		DL_DELETE(m->sent, s);
		m->issued--;
		m->stale = true;
		spool(m, s);
		step_free(s);
	}
}

void acd_mirror_state(struct acd_mirror *m, const char *tenant, enum acd_kind kind, const char *id, json_t *value)
{
	static const char *const names[ACD_KINDS] = {"calls",  "agents", "queues",     "requests",
						     "groups", "recent", "conferences"};
	struct step *s = step_of(m, tenant);

	arg_int(s, value ? 4 : 3);
	arg(s, value ? "HSET" : "HDEL");
	arg_key(s, names[kind]);
	arg(s, id);
	if (value)
		arg_take(s, json_dumps(value, JSON_COMPACT));
	json_decref(value);
}

void acd_mirror_fact(struct acd_mirror *m, const char *tenant, const char *table, json_t *row)
{
	struct step *s = step_of(m, tenant);
	const char *id = acd_str(row, "id");
	char *text = acd_fact_text(table, tenant, id, row);

	arg_int(s, 4);
	arg(s, "HSET");
	arg_key(s, "facts");
	arg(s, id);
	arg(s, text);
	fact_take(s, text);
	json_decref(row);
}

/* `text` is the event as subscribers get it. It is in the stream for ten minutes; its history goes by the spool, not by
 * the hash of facts. A queue's figures are in what the others tell. */
void acd_mirror_event(struct acd_mirror *m, const char *tenant, json_t *event, const char *text, const char *data)
{
	struct step *s = step_of(m, tenant);
	const char *dash = strchr(acd_str(event, "cursor"), '-'), *type = acd_str(event, "type");
	char id[ZJ_UUID_SIZE], *fact = NULL;

	arg_int(s, 8);
	arg(s, "XADD");
	arg_key(s, "events");
	arg(s, "MINID");
	arg(s, "~");
	arg_int(s, m->d->acd->now / ACD_MS - EVENTS_KEPT_MS);
	arg(s, "*");
	arg(s, "e");
	arg(s, text);
	if (!strcmp(type, "queue.changed") || !strcmp(type, "conference.changed"))
		return;
	zj_uuid7(id);
	if (asprintf(&fact,
		     "{\"t\":\"event\",\"n\":\"%s\",\"i\":\"%s\",\"r\":{\"tenant_id\":\"%s\",\"id\":\"%s\",\"epoch\":%"
		     "lld,\"seq\":%s,"
		     "\"at\":\"%s\",\"type\":\"%s\",\"data\":%s}}",
		     tenant, id, tenant, id, (long long)m->d->acd->epoch, dash ? dash + 1 : "0", acd_str(event, "at"),
		     type, data) < 0)
		fact = NULL;
	fact_take(s, fact);
}

void acd_mirror_seen(struct acd_mirror *m, const char *tenant, const char *instance, int64_t seq)
{
	struct step *s = step_of(m, tenant);

	arg_int(s, 6);
	arg(s, "HSET");
	arg_key(s, "seen");
	arg(s, "instance");
	arg(s, instance);
	arg(s, "seq");
	arg_int(s, seq);
}

void acd_mirror_written(struct acd_mirror *m, const char *tenant, const char *const *ids, size_t n)
{
	const char *argv[2 + 256];
	char key[96];
	size_t i, k;

	snprintf(key, sizeof(key), "zj:{%s}:facts", tenant);
	argv[0] = "HDEL";
	argv[1] = key;
	for (i = 0; i < n; i += k) {
		for (k = 0; k < 256 && i + k < n; k++)
			argv[2 + k] = ids[i + k];
		if (zj_redis_argv(m->redis, NULL, NULL, (int)(2 + k), argv, NULL))
			return; /* what stays there is written again by a successor, to no effect */
	}
}

int64_t acd_mirror_issued(const struct acd_mirror *m)
{
	return m->issued;
}

int64_t acd_mirror_confirmed(const struct acd_mirror *m)
{
	return m->confirmed;
}

bool acd_mirror_is_up(const struct acd_mirror *m)
{
	return zj_redis_is_up(m->redis);
}

bool acd_mirror_is_stale(const struct acd_mirror *m)
{
	return m->stale || !zj_redis_is_up(m->redis);
}

struct zj_redis *acd_mirror_redis(struct acd_mirror *m)
{
	return m->redis;
}

/* Everything as it is now. The hashes are emptied first: what ended while Redis was away must not come back to life. */
void acd_mirror_write_all(struct acd_mirror *m)
{
	static const char *const hashes[] = {"calls",  "agents", "queues",     "requests",
					     "groups", "recent", "conferences"};
	struct acd_tenant *t, *next;

	if (!zj_redis_is_up(m->redis))
		return;
	HASH_ITER (hh, m->d->acd->tenants, t, next)
		for (size_t i = 0; i < ZJ_ARRAY_SIZE(hashes); i++) {
			struct step *s = step_of(m, t->id);

			arg_int(s, 2);
			arg(s, "DEL");
			arg_key(s, hashes[i]);
		}
	m->stale = false;
	acd_save_all(m->d->acd);
	zj_info("redis", "everything written back");
}

static void conn_h(struct zj_redis *r, bool up, void *argp)
{
	struct acd_mirror *m = argp;

	(void)r;
	zj_info("redis", up ? "up" : "down");
	zj_metric_set(&acd_metrics[ACD_M_REDIS_UP], up);
	if (!up) {
		m->stale = true;
		return;
	}
	if (m->d->serving)
		acd_lease_take(m->d->lease, 0); /* it may have come back empty; then everything is written again */
}

/* Called every second: gives the facts of steps that Redis does not answer to the spool. Their ids make a repeat
 * harmless. */
static void impatient(struct acd_mirror *m)
{
	int64_t now = zj_mono_us();
	struct step *s;

	DL_FOREACH (m->sent, s)
		if (now - s->sent_at > PATIENCE_US) {
			m->stale = true;
			spool(m, s);
		}
}

static void tick_h(uv_timer_t *t)
{
	impatient(t->data);
}

static uv_timer_t tick; /* one mirror a process */

int acd_mirror_alloc(struct acd_mirror **mp, struct acd_daemon *d)
{
	struct acd_mirror *m = zj_alloc(sizeof(*m), NULL);
	int err;

	if (!m)
		return ENOMEM;
	m->d = d;
	m->stale = true;
	err = zj_redis_alloc(&m->redis, d->loop, d->conf.redis, NULL, NULL, conn_h, m);
	if (err) {
		zj_deref(m);
		return err;
	}
	uv_timer_init(d->loop, &tick);
	tick.data = m;
	uv_timer_start(&tick, tick_h, 1000, 1000);
	*mp = m;
	return 0;
}

void acd_mirror_close(struct acd_mirror *m)
{
	struct step *s, *next;

	uv_close((uv_handle_t *)&tick, NULL);
	zj_redis_close(m->redis);
	DL_FOREACH_SAFE (m->open, s, next) {
		spool(m, s);
		step_free(s);
	}
	zj_deref(m);
}
