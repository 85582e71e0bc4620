/* At start: what the former acd left in Redis becomes the engine's world again. Read tenant by tenant; nothing is
 * decided before mediad's snapshot has been compared. */
#include "call/call.h"
#include "call/command.h"
#include "conference/conference.h"
#include "core/events.h"
#include "core/save.h"
#include "people/agent.h"
#include "people/group.h"
#include "queue/queue.h"
#include "shell/daemon.h"
#include "zj_obj.h"
#include <stdlib.h>
#include <string.h>

struct restore {
	struct acd_daemon *d;
	void (*done_h)(struct acd_daemon *d);
	unsigned waiting;
	size_t agents, calls, facts;
};

struct part {
	struct restore *r;
	char tenant[ZJ_UUID_SIZE];
	void (*h)(struct restore *r, struct acd_tenant *t, const char *field, const char *value);
};

static json_t *parse(const char *text, const char *what)
{
	json_error_t err;
	json_t *o = json_loads(text, 0, &err);

	if (!o)
		zj_error("restore", "unreadable %s because=%s", what, zj_log_esc(err.text));
	return o;
}

static void agent_h(struct restore *r, struct acd_tenant *t, const char *id, const char *value)
{
	struct acd_agent *a = acd_agent_find(t, id);
	json_t *o = a ? parse(value, "agent") : NULL;

	if (o) {
		acd_load_agent(a, o);
		r->agents++;
	}
	json_decref(o);
}

static void queue_h(struct restore *r, struct acd_tenant *t, const char *id, const char *value)
{
	struct acd_queue *q = acd_queue_find(t, id);
	json_t *o = q ? parse(value, "queue") : NULL;

	(void)r;
	if (o)
		acd_load_queue(q, o);
	json_decref(o);
}

static void group_h(struct restore *r, struct acd_tenant *t, const char *id, const char *value)
{
	struct acd_group *g = NULL;
	json_t *o = parse(value, "group");

	(void)r;
	HASH_FIND_STR(t->groups, id, g);
	if (g && o)
		acd_group_load(g, o);
	json_decref(o);
}

static void recent_h(struct restore *r, struct acd_tenant *t, const char *caller, const char *value)
{
	json_t *o = parse(value, "recent");

	(void)r;
	if (o)
		acd_recent_load(t, caller, o);
	json_decref(o);
}

static void call_h(struct restore *r, struct acd_tenant *t, const char *id, const char *value)
{
	json_t *o = parse(value, "call");

	if (o && zj_uuid_is_valid(id) && !acd_call_find(t->acd, id) && acd_load_call(t, id, o))
		r->calls++;
	json_decref(o);
}

static void conference_h(struct restore *r, struct acd_tenant *t, const char *id, const char *value)
{
	json_t *o = parse(value, "conference");

	(void)r;
	if (o)
		acd_load_conference(t, id, o);
	json_decref(o);
}

static void request_h(struct restore *r, struct acd_tenant *t, const char *id, const char *value)
{
	json_t *o = parse(value, "request");

	(void)r;
	acd_load_request(t, id, o);
	json_decref(o);
}

/* A fact whose writing nobody confirmed: once more, its id makes it harmless. */
static void fact_h(struct restore *r, struct acd_tenant *t, const char *id, const char *value)
{
	(void)t;
	if (!zj_spool_append_text(r->d->spool, value, strlen(value)))
		r->facts++;
	else
		zj_error("restore", "fact not kept id=%s", zj_log_esc(id));
}

static void seen_h(struct restore *r, struct acd_tenant *t, const char *instance, const char *seq)
{
	acd_media_link_restore_seen(r->d->media, t->id, instance, atoll(seq));
}

static void finish(struct restore *r)
{
	if (--r->waiting)
		return;
	zj_info("restore", "agents=%zu calls=%zu facts=%zu", r->agents, r->calls, r->facts);
	r->done_h(r->d);
	zj_deref(r);
}

static void hash_h(int err, redisReply *reply, void *arg)
{
	struct part *p = arg;
	struct restore *r = p->r;
	struct acd_tenant *t = acd_tenant_find(r->d->acd, p->tenant);

	if (!err && t && reply->type == REDIS_REPLY_ARRAY)
		for (size_t i = 0; i + 1 < reply->elements; i += 2)
			p->h(r, t, reply->element[i]->str, reply->element[i + 1]->str);
	zj_deref(p);
	finish(r);
}

static void seen_reply_h(int err, redisReply *reply, void *arg)
{
	struct part *p = arg;
	struct restore *r = p->r;
	struct acd_tenant *t = acd_tenant_find(r->d->acd, p->tenant);

	if (!err && t && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[0]->str &&
	    reply->element[1]->str)
		seen_h(r, t, reply->element[0]->str, reply->element[1]->str);
	zj_deref(p);
	finish(r);
}

static void events_h(int err, redisReply *reply, void *arg)
{
	struct part *p = arg;
	struct restore *r = p->r;
	struct acd_tenant *t = acd_tenant_find(r->d->acd, p->tenant);

	for (size_t i = !err && t && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
	     i-- > 0;) { /* newest first */
		const redisReply *e = reply->element[i];
		json_t *o = e->elements == 2 && e->element[1]->elements == 2
				    ? parse(e->element[1]->element[1]->str, "event")
				    : NULL;

		if (o)
			acd_events_restore(t, o);
		json_decref(o);
	}
	zj_deref(p);
	finish(r);
}

static void ask(struct restore *r, const char *tenant, zj_redis_h *reply_h,
		void (*h)(struct restore *, struct acd_tenant *, const char *, const char *), const char *fmt)
{
	struct part *p = zj_alloc(sizeof(*p), NULL);

	if (!p)
		return;
	p->r = r;
	p->h = h;
	ACD_COPY(p->tenant, tenant);
	r->waiting++;
	if (zj_redis_cmd(acd_mirror_redis(r->d->mirror), reply_h, p, fmt, tenant)) {
		zj_deref(p);
		r->waiting--;
	}
}

void acd_restore(struct acd_daemon *d, void (*done_h)(struct acd_daemon *d))
{
	struct restore *r = zj_alloc(sizeof(*r), NULL);
	struct acd_tenant *t, *next;

	if (!r) {
		done_h(d);
		return;
	}
	r->d = d;
	r->done_h = done_h;
	r->waiting = 1;
	HASH_ITER (hh, d->acd->tenants, t, next) { /* answered in this order: agents before the calls that name them */
		ask(r, t->id, hash_h, agent_h, "HGETALL zj:{%s}:agents");
		ask(r, t->id, hash_h, queue_h, "HGETALL zj:{%s}:queues");
		ask(r, t->id, hash_h, group_h, "HGETALL zj:{%s}:groups");
		ask(r, t->id, hash_h, recent_h, "HGETALL zj:{%s}:recent");
		ask(r, t->id, hash_h, conference_h, "HGETALL zj:{%s}:conferences");
		ask(r, t->id, hash_h, call_h, "HGETALL zj:{%s}:calls");
		ask(r, t->id, hash_h, request_h, "HGETALL zj:{%s}:requests");
		ask(r, t->id, hash_h, fact_h, "HGETALL zj:{%s}:facts");
		ask(r, t->id, seen_reply_h, NULL, "HMGET zj:{%s}:seen instance seq");
		ask(r, t->id, events_h, NULL, "XREVRANGE zj:{%s}:events + - COUNT 2000");
	}
	finish(r);
}
