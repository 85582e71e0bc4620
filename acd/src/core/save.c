/* What a successor needs of agents, queues and calls, as JSON in Redis; and back. Times are microseconds. */
#include "core/save.h"
#include "call/call.h"
#include "call/leg.h"
#include "call/outbound.h"
#include "call/segment.h"
#include "call/talk_record.h"
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
#include "queue/queue.h"
#include "queue/visit.h"
#include "story/story.h"
#include "zj_obj.h"
#include <string.h>
#include <utlist.h>

#define ACD_MIN(a, b) ((a) < (b) ? (a) : (b))

static void put(json_t *o, const char *key, int64_t v)
{
	if (v)
		json_object_set_new(o, key, json_integer(v));
}

static void puts_(json_t *o, const char *key, const char *v)
{
	if (v[0])
		json_object_set_new(o, key, json_string(v));
}

/* ---- agents ---- */
json_t *acd_save_agent(const struct acd_agent *a)
{
	json_t *o = json_pack("{s:s, s:s, s:I, s:I}", "state", acd_agent_state_name(a->state), "cause",
			      acd_cause_name(a->cause), "since", (json_int_t)a->since, "version",
			      (json_int_t)a->version),
	       *turns = json_object();
	const struct acd_member *m;

	puts_(o, "interval", a->interval);
	puts_(o, "reason", a->reason);
	puts_(o, "by", a->by_account);
	puts_(o, "call", a->call);
	puts_(o, "queue", a->queue);
	puts_(o, "leg", a->leg);
	puts_(o, "ext", a->ext);
	if (a->rest)
		json_object_set_new(o, "rest", json_string(a->rest_reason));
	put(o, "leave", a->leave);
	put(o, "idle_at", a->idle_at);
	put(o, "retry_at", a->retry_at);
	put(o, "day", a->day);
	put(o, "calls_today", a->calls_today);
	put(o, "wrapup_at", acd_timer_is_on(&a->wrapup) ? a->wrapup.at : 0);
	for (m = a->members; m; m = m->a_next)
		put(turns, m->queue_id, m->offered_at);
	json_object_set_new(o, "turns", turns);
	return o;
}

void acd_load_agent(struct acd_agent *a, const json_t *o)
{
	struct acd_extension *e;
	struct acd_member *m;

	acd_agent_unindex(a);
	for (m = a->members; m; m = m->a_next) {
		m->offered_at = acd_int(json_object_get(o, "turns"), m->queue_id, 0);
		m->queue->signed_in -= a->state != ACD_SIGNED_OUT;
		m->queue->n_idle -= a->state == ACD_IDLE;
	}
	a->tenant->acd->n_signed_in -= a->state != ACD_SIGNED_OUT;
	a->state = acd_agent_state_parse(acd_str(o, "state"), ACD_SIGNED_OUT);
	a->cause = acd_cause_parse(acd_str(o, "cause"), ACD_CAUSE_SYSTEM);
	a->since = acd_int(o, "since", a->tenant->acd->now);
	a->version = acd_int(o, "version", 0);
	ACD_COPY(a->interval, acd_str(o, "interval"));
	ACD_COPY(a->reason, acd_str(o, "reason"));
	ACD_COPY(a->by_account, acd_str(o, "by"));
	ACD_COPY(a->call, acd_str(o, "call"));
	ACD_COPY(a->queue, acd_str(o, "queue"));
	ACD_COPY(a->leg, acd_str(o, "leg"));
	ACD_COPY(a->ext, acd_str(o, "ext"));
	a->rest = json_is_string(json_object_get(o, "rest"));
	ACD_COPY(a->rest_reason, acd_str(o, "rest"));
	a->leave = acd_int(o, "leave", 0);
	a->idle_at = acd_int(o, "idle_at", 0);
	a->retry_at = acd_int(o, "retry_at", 0);
	a->day = acd_int(o, "day", 0);
	a->calls_today = acd_int(o, "calls_today", 0);
	a->wrapup.at = acd_int(o, "wrapup_at", 0);
	for (m = a->members; m; m = m->a_next) {
		m->queue->signed_in += a->state != ACD_SIGNED_OUT;
		m->queue->n_idle += a->state == ACD_IDLE;
	}
	a->tenant->acd->n_signed_in += a->state != ACD_SIGNED_OUT;
	e = acd_agent_phone(a);
	if (e && a->state != ACD_SIGNED_OUT)
		e->agent = a;
}

/* ---- queues ---- */
json_t *acd_save_queue(const struct acd_queue *q)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "day", (json_int_t)q->day, "offered", (json_int_t)q->offered,
			 "answered", (json_int_t)q->answered, "abandoned", (json_int_t)q->abandoned, "in_level",
			 (json_int_t)q->in_level);
}

void acd_load_queue(struct acd_queue *q, const json_t *o)
{
	q->day = acd_int(o, "day", 0);
	q->offered = acd_int(o, "offered", 0);
	q->answered = acd_int(o, "answered", 0);
	q->abandoned = acd_int(o, "abandoned", 0);
	q->in_level = acd_int(o, "in_level", 0);
}

/* ---- calls ---- */
static json_t *save_leg(const struct acd_leg *l)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:I}", "id", l->id, "state", acd_leg_state_name(l->state), "role",
			      acd_role_name(l->role), "offered_at", (json_int_t)l->offered_at);

	put(o, "out", l->out);
	put(o, "rung", l->rung);
	put(o, "handed", l->handed);
	puts_(o, "agent", l->agent);
	puts_(o, "group", l->group);
	puts_(o, "ext", l->ext);
	puts_(o, "sip_call_id", l->sip_call_id);
	puts_(o, "contact", l->contact);
	puts_(o, "codec", l->codec);
	puts_(o, "relay", l->relay);
	puts_(o, "trunk", l->trunk);
	puts_(o, "because", l->because);
	if (l->attempts)
		json_object_set(o, "attempts", l->attempts);
	if (l->asked)
		json_object_set(o, "asked", l->asked);
	if (l->progress)
		json_object_set(o, "progress", l->progress);
	put(o, "longest_us", l->longest_us);
	put(o, "cut_at", l->cut_at);
	put(o, "ringing_at", l->ringing_at);
	put(o, "early_at", l->early_at);
	put(o, "answered_at", l->answered_at);
	put(o, "outcome", (int64_t)l->outcome);
	put(o, "wrapup_us", l->wrapup_us);
	put(o, "retry_us", l->retry_us);
	puts_(o, "play", l->play);
	puts_(o, "collect", l->collect);
	if (l->playing)
		json_object_set_new(o, "playing", json_string(acd_play_name(l->playing)));
	return o;
}

static struct acd_leg *load_leg(struct acd_call *call, const json_t *o)
{
	struct acd_leg *l;

	if (!zj_uuid_is_valid(acd_str(o, "id")) || acd_leg_find(call->tenant->acd, acd_str(o, "id")))
		return NULL;
	l = acd_leg_add(call, acd_str(o, "id"), acd_role_parse(acd_str(o, "role"), ACD_ROLE_CUSTOMER),
			acd_int(o, "out", 0));
	if (!l)
		return NULL;
	l->state = acd_leg_state_parse(acd_str(o, "state"), ACD_LEG_TRYING);
	l->handed = acd_int(o, "handed", 0);
	ACD_COPY(l->agent, acd_str(o, "agent"));
	ACD_COPY(l->group, acd_str(o, "group"));
	acd_leg_set_phone(l, acd_str(o, "ext"));
	l->rung = acd_int(o, "rung", 0);
	ACD_COPY(l->sip_call_id, acd_str(o, "sip_call_id"));
	ACD_COPY(l->contact, acd_str(o, "contact"));
	ACD_COPY(l->codec, acd_str(o, "codec"));
	ACD_COPY(l->relay, acd_str(o, "relay"));
	ACD_COPY(l->trunk, acd_str(o, "trunk"));
	ACD_COPY(l->because, acd_str(o, "because"));
	if (json_is_array(json_object_get(o, "attempts")))
		l->attempts = json_incref(json_object_get(o, "attempts"));
	if (json_is_object(json_object_get(o, "asked")))
		l->asked = json_incref(json_object_get(o, "asked"));
	if (json_is_array(json_object_get(o, "progress")))
		l->progress = json_incref(json_object_get(o, "progress"));
	l->offered_at = acd_int(o, "offered_at", call->last_at);
	l->ringing_at = acd_int(o, "ringing_at", 0);
	l->early_at = acd_int(o, "early_at", 0);
	l->answered_at = acd_int(o, "answered_at", 0);
	l->outcome = (enum acd_outcome)ACD_MIN(acd_int(o, "outcome", 0), ACD_OFFER_CANCELLED);
	l->wrapup_us = acd_int(o, "wrapup_us", 0);
	l->retry_us = acd_int(o, "retry_us", 0);
	ACD_COPY(l->play, acd_str(o, "play"));
	ACD_COPY(l->collect, acd_str(o, "collect"));
	l->playing = acd_play_parse(acd_str(o, "playing"), ACD_PLAY_NOTHING);
	l->longest_us = acd_int(o, "longest_us", 0);
	l->cut_at = acd_int(o, "cut_at", 0);
	acd_leg_cut(l);
	if (l->state == ACD_LEG_ENDING)
		acd_leg_guard(l);
	return l;
}

static json_t *save_visit(const struct acd_visit *v)
{
	json_t *o = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O?}", "id", v->id, "queue",
			      v->queue->id, "entered_at", (json_int_t)v->entered_at, "waits_since",
			      (json_int_t)v->waits_since, "priority", (json_int_t)v->priority, "position_in",
			      (json_int_t)v->position_in, "waiting_in", (json_int_t)v->waiting_in, "agents_in",
			      (json_int_t)v->agents_in, "idle_in", (json_int_t)v->idle_in, "day", (json_int_t)v->day,
			      "why", v->why),
	       *tried = json_array();

	for (unsigned i = 0; i < v->n_tried; i++)
		json_array_append_new(tried, json_string(v->tried[i]));
	json_object_set_new(o, "tried", tried);
	if (v->offer.id[0])
		json_object_set_new(o, "offer",
				    json_pack("{s:s, s:s, s:s, s:I, s:I}", "id", v->offer.id, "agent", v->offer.agent,
					      "leg", v->offer.leg, "at", (json_int_t)v->offer.at, "ringing_at",
					      (json_int_t)v->offer.ringing_at));
	return o;
}

static void load_visit(struct acd_call *call, const json_t *o)
{
	const json_t *offer = json_object_get(o, "offer"), *tried;
	struct acd_queue *q = NULL;
	struct acd_visit *v;
	size_t i;

	HASH_FIND_STR(call->tenant->queues, acd_str(o, "queue"), q);
	v = q ? acd_visit_alloc(call, q) : NULL;
	if (!v)
		return;
	ACD_COPY(v->id, acd_str(o, "id"));
	v->entered_at = acd_int(o, "entered_at", call->last_at);
	v->waits_since = acd_int(o, "waits_since", v->entered_at);
	v->priority = acd_int(o, "priority", 0);
	v->position_in = acd_int(o, "position_in", 0);
	v->waiting_in = acd_int(o, "waiting_in", 0);
	v->agents_in = acd_int(o, "agents_in", 0);
	v->idle_in = acd_int(o, "idle_in", 0);
	v->day = acd_int(o, "day", 0);
	v->why = json_is_object(json_object_get(o, "why")) ? json_incref(json_object_get(o, "why")) : NULL;
	json_array_foreach (json_object_get(o, "tried"), i, tried)
		if (v->n_tried < ACD_TRIED_MAX && json_is_string(tried)) {
			ACD_COPY(v->tried[v->n_tried], json_string_value(tried));
			v->n_tried++;
		}
	ACD_COPY(v->offer.id, acd_str(offer, "id"));
	ACD_COPY(v->offer.agent, acd_str(offer, "agent"));
	ACD_COPY(v->offer.leg, acd_str(offer, "leg"));
	v->offer.at = acd_int(offer, "at", 0);
	v->offer.ringing_at = acd_int(offer, "ringing_at", 0);
	acd_visit_restore(v);
}

static json_t *save_segments(const struct acd_call *c)
{
	json_t *all = json_array();
	const struct acd_segment *s;

	DL_FOREACH (c->segments, s) {
		json_t *legs = json_array(), *o;

		for (unsigned i = 0; i < s->n; i++)
			json_array_append_new(legs, json_string(s->legs[i]));
		o = json_pack("{s:s, s:s, s:s, s:I, s:s, s:o}", "id", s->id, "room", s->room, "kind",
			      acd_segment_kind_name(s->kind), "from", (json_int_t)s->from, "why", s->began_by, "legs",
			      legs);
		json_array_append_new(all, o);
	}
	return all;
}

static void load_segments(struct acd_call *c, const json_t *all)
{
	const json_t *o, *leg;
	size_t i, j;

	json_array_foreach (all, i, o) {
		struct acd_segment *s =
			acd_segment_add(c, acd_str(o, "id"), acd_segment_kind_parse(acd_str(o, "kind"), ACD_SEG_HOLD),
					acd_int(o, "from", c->last_at), acd_str(o, "why"));

		if (!s)
			return;
		ACD_COPY(s->room, acd_str(o, "room"));
		json_array_foreach (json_object_get(o, "legs"), j, leg)
			if (s->n < ACD_SEGMENT_LEGS && json_is_string(leg)) {
				ACD_COPY(s->legs[s->n], json_string_value(leg));
				s->n++;
			}
	}
}

static json_t *save_via(const struct acd_call *c)
{
	json_t *via = json_array();

	for (unsigned i = 0; i < c->n_via; i++)
		json_array_append_new(via, json_string(c->via[i]));
	return via;
}

static void load_via(struct acd_call *c, const json_t *via)
{
	const json_t *one;
	size_t i;

	json_array_foreach (via, i, one)
		if (c->n_via < ACD_VIA_MAX && json_is_string(one)) {
			ACD_COPY(c->via[c->n_via], json_string_value(one));
			c->n_via++;
		}
}

static json_t *save_hunting(const struct acd_hunting *h)
{
	json_t *order = json_array();

	for (unsigned i = 0; i < h->n; i++)
		json_array_append_new(order, json_string(h->order[i]));
	return json_pack("{s:o, s:i, s:b, s:b, s:I}", "order", order, "next", (int)h->next, "rang", h->rang, "first",
			 h->first, "until", (json_int_t)h->until);
}

static void load_hunting(struct acd_call *c, const json_t *o)
{
	struct acd_hunting *h = json_is_object(o) ? zj_alloc(sizeof(*h), NULL) : NULL;
	const json_t *one;
	size_t i;

	if (!h)
		return;
	json_array_foreach (json_object_get(o, "order"), i, one)
		if (h->n < ACD_HUNT_MAX && json_is_string(one)) {
			ACD_COPY(h->order[h->n], json_string_value(one));
			h->n++;
		}
	h->next = (unsigned)ACD_MIN(acd_int(o, "next", 0), h->n);
	h->rang = json_is_true(json_object_get(o, "rang"));
	h->first = json_is_true(json_object_get(o, "first"));
	h->until = acd_int(o, "until", 0);
	c->hunting = h;
}

/* The texts of a call, listed once for both ways. */
/* clang-format off */
#define CALL_TEXTS(X) \
	X(argument) X(last_prompt) X(barred_by) X(related) X(caller) X(callee) X(caller_name) X(did) X(trunk) X(route) X(binding) X(vip) X(hangup_by) X(hangup_reason) X(first_queue) X(last_agent) X(relation) \
	X(out_ext) X(out_number) X(out_service) X(room) X(record) X(record_segment) X(record_leg) X(record_path) X(record_key) X(ivr_visit)
/* clang-format on */
#define CALL_TIMES(X)                                                                                                  \
	X(started_at) X(answered_at) X(ended_at) X(last_at) X(hangup_cause) X(waited_us) X(ivr_from) X(paused_until)

json_t *acd_save_call(const struct acd_call *c)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "story", c->story->name, "where",
			      acd_where_name(c->where), "direction", acd_direction_name(c->direction), "dest_kind",
			      acd_dest_kind_name(c->dest.kind), "dest_id", c->dest.id, "dest_number", c->dest.number),
	       *legs = json_array();
	const struct acd_leg *leg;

#define PUT_TEXT(name) puts_(o, #name, c->name);
#define PUT_TIME(name) put(o, #name, c->name);
	CALL_TEXTS(PUT_TEXT)
	CALL_TIMES(PUT_TIME)
	put(o, "queued", c->queued);
	put(o, "out_click", c->out_click);
	put(o, "out_known", c->out_known);
	put(o, "out_detect", c->out_detect);
	put(o, "out_anonymous", c->out_anonymous);
	if (c->result_set)
		json_object_set_new(o, "result", json_string(acd_result_name(c->result)));
	put(o, "hops", c->hops);
	put(o, "n_records", c->n_records);
	put(o, "feature", (int64_t)c->feature);
	put(o, "last_code", c->last_code);
	if (c->n_via)
		json_object_set_new(o, "via", save_via(c));
	if (c->hunting)
		json_object_set_new(o, "hunting", save_hunting(c->hunting));
	if (c->third)
		puts_(o, "third", c->third->id);
	put(o, "hold", c->hold);
	put(o, "recording", c->recording);
	put(o, "record_asked", c->record_asked);
	if (c->main)
		puts_(o, "main", c->main->id);
	if (c->peer)
		puts_(o, "peer", c->peer->id);
	DL_FOREACH (c->legs, leg)
		json_array_append_new(legs, save_leg(leg));
	json_object_set_new(o, "legs", legs);
	json_object_set_new(o, "segments", save_segments(c));
	if (c->visit)
		json_object_set_new(o, "visit", save_visit(c->visit));
	if (c->own && c->story->save)
		json_object_set_new(o, "own", c->story->save(c));
	return o;
}

/* An ended call comes back only to wait for its recording. */
struct acd_call *acd_load_call(struct acd_tenant *t, const char *id, const json_t *o)
{
	struct acd_call *c = acd_call_add(t, id, acd_direction_parse(acd_str(o, "direction"), ACD_DIR_IN));
	const json_t *leg;
	size_t i;

	if (!c)
		return NULL;
#define GET_TEXT(name) ACD_COPY(c->name, acd_str(o, #name));
#define GET_TIME(name) c->name = acd_int(o, #name, 0);
	CALL_TEXTS(GET_TEXT)
	CALL_TIMES(GET_TIME)
	c->restored = true;
	c->story = acd_story_find(acd_str(o, "story"));
	c->where = acd_where_parse(acd_str(o, "where"), ACD_AT_RING);
	acd_dest_read(&c->dest, o, "dest");
	c->queued = acd_int(o, "queued", 0);
	c->out_click = acd_int(o, "out_click", 0);
	c->out_known = acd_int(o, "out_known", 0);
	c->out_detect = acd_int(o, "out_detect", 0);
	c->out_anonymous = acd_int(o, "out_anonymous", 0);
	c->result_set = json_is_string(json_object_get(o, "result"));
	c->result = acd_result_parse(acd_str(o, "result"), ACD_RESULT_FAILED);
	c->hops = (unsigned)acd_int(o, "hops", 0);
	c->n_records = (unsigned)acd_int(o, "n_records", 0);
	c->feature = (enum acd_feature)ACD_MIN(acd_int(o, "feature", 0), ACD_DO_COUNT - 1);
	c->last_code = (int)acd_int(o, "last_code", 0);
	load_via(c, json_object_get(o, "via"));
	load_hunting(c, json_object_get(o, "hunting"));
	c->hold = acd_int(o, "hold", 0);
	c->recording = acd_int(o, "recording", 0);
	c->record_asked = acd_int(o, "record_asked", 0);
	json_array_foreach (json_object_get(o, "legs"), i, leg)
		load_leg(c, leg);
	c->main = acd_leg_find(t->acd, acd_str(o, "main"));
	c->peer = acd_leg_find(t->acd, acd_str(o, "peer"));
	c->third = acd_leg_find(t->acd, acd_str(o, "third"));
	load_segments(c, json_object_get(o, "segments"));
	if (json_is_object(json_object_get(o, "visit")))
		load_visit(c, json_object_get(o, "visit"));
	if (c->story->load && json_is_object(json_object_get(o, "own")))
		c->story->load(c, json_object_get(o, "own"));
	acd_talk_record_restored(c);
	if (c->where == ACD_AT_ENDED)
		acd_call_linger(c);
	return c;
}
