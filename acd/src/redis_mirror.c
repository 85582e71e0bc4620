#include "daemon.h"
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
	json_t *facts; /* for the spool, once Redis has them */
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
	free(s->argv);
	json_decref(s->facts);
	free(s);
}

static void arg_take(struct step *s, char *text)
{
	if (s->argc == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 32;
		s->argv = realloc(s->argv, sizeof(*s->argv) * (size_t)s->cap);
		if (!s->argv)
			abort(); /* nothing can be kept any more: let the supervisor start us anew */
	}
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
	s->facts = json_array();
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
static void spool(struct acd_mirror *m, json_t *facts)
{
	const json_t *record;
	size_t i;

	json_array_foreach (facts, i, record) {
		int err = zj_spool_append(m->d->spool, record);

		if (err)
			zj_error("spool", "fact lost table=%s err=%s", acd_str(record, "t"), strerror(err));
	}
	if (json_array_size(facts)) {
		json_array_clear(facts);
		acd_writer_kick(m->d->writer);
	}
}

static void step_h(int err, redisReply *reply, void *argp)
{
	struct step *s = argp;
	struct acd_mirror *m = s->m;

	DL_DELETE(m->sent, s);
	spool(m, s->facts);
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
		spool(m, s->facts);
		step_free(s);
	}
}

void acd_mirror_state(struct acd_mirror *m, const char *tenant, enum acd_kind kind, const char *id, json_t *value)
{
	static const char *const names[ACD_KINDS] = {"calls", "agents", "queues"};
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
	json_t *record = json_pack("{s:s, s:o}", "t", table, "r", row);

	arg_int(s, 4);
	arg(s, "HSET");
	arg_key(s, "facts");
	arg(s, acd_str(row, "id"));
	arg_take(s, json_dumps(record, JSON_COMPACT));
	json_array_append_new(s->facts, record);
}

/* Events are in the stream for ten minutes; their history goes by the spool, not by the hash of facts. */
void acd_mirror_event(struct acd_mirror *m, const char *tenant, json_t *event)
{
	struct step *s = step_of(m, tenant);
	char id[ZJ_UUID_SIZE];
	const char *dash = strchr(acd_str(event, "cursor"), '-');

	arg_int(s, 8);
	arg(s, "XADD");
	arg_key(s, "events");
	arg(s, "MINID");
	arg(s, "~");
	arg_int(s, m->d->acd->now / ACD_MS - EVENTS_KEPT_MS);
	arg(s, "*");
	arg(s, "e");
	arg_take(s, json_dumps(event, JSON_COMPACT));
	zj_uuid7(id);
	json_array_append_new(s->facts, json_pack("{s:s, s:{s:s, s:s, s:I, s:I, s:O, s:O, s:O}}", "t", "event", "r",
						  "tenant_id", tenant, "id", id, "epoch", (json_int_t)m->d->acd->epoch,
						  "seq", (json_int_t)(dash ? atoll(dash + 1) : 0), "at",
						  json_object_get(event, "at"), "type", json_object_get(event, "type"),
						  "data", json_object_get(event, "data")));
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

void acd_mirror_written(struct acd_mirror *m, const char *tenant, const char *id)
{
	zj_redis_cmd(m->redis, NULL, NULL, "HDEL zj:{%s}:facts %s", tenant, id);
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
	static const char *const hashes[] = {"calls", "agents", "queues"};
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
			spool(m, s->facts);
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
		spool(m, s->facts);
		step_free(s);
	}
	zj_deref(m);
}
