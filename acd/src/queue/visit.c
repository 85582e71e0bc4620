#include "queue/visit.h"
#include "call/call.h"
#include "call/leg.h"
#include "core/events.h"
#include "people/agent.h"
#include "queue/dispatch.h"
#include "queue/queue.h"
#include "queue/vip.h"
#include "story/announce.h"
#include "story/story.h"
#include "zj_obj.h"
#include <errno.h>
#include <string.h>

size_t acd_visit_position(const struct acd_visit *v)
{
	return acd_index_rank(&v->node) + 1;
}

bool acd_visit_has_tried(const struct acd_visit *v, const char *agent)
{
	for (unsigned i = 0; i < v->n_tried; i++)
		if (!strcmp(v->tried[i], agent))
			return true;
	return false;
}

static void note_tried(struct acd_visit *v, const char *agent)
{
	if (acd_visit_has_tried(v, agent))
		return;
	if (v->n_tried == ACD_TRIED_MAX) /* forget the first half: they have had their pause */
		memmove(v->tried, v->tried[ACD_TRIED_MAX / 2], sizeof(v->tried[0]) * (v->n_tried = ACD_TRIED_MAX / 2));
	ACD_COPY(v->tried[v->n_tried], agent);
	v->n_tried++;
}

static void destructor(void *obj)
{
	struct acd_visit *v = obj;

	acd_timer_stop(&v->ring);
	acd_timer_stop(&v->wait);
	acd_timer_stop(&v->announce);
	acd_index_del(&v->node);
	acd_index_del(&v->ready);
	acd_forget_visit(v);
	acd_visit_clean(v);
	json_decref(v->why);
}

/* After the ring time the phone is given up; the caller goes on to the next agent at once. */
static void ring_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_visit *v = acd_container(timer, struct acd_visit, ring);
	struct acd_leg *leg = acd_leg_find(acd, v->offer.leg);

	acd_call_at(v->call, 0);
	acd_visit_offer_end(v, ACD_OFFER_NO_ANSWER);
	if (leg)
		acd_leg_hangup(leg, 0, 0, "ring timeout");
}

static void wait_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_visit *v = acd_container(timer, struct acd_visit, wait);

	(void)acd;
	acd_call_at(v->call, 0);
	acd_queue_overflow(v->call, v->queue, v->queue->signed_in ? ACD_LEFT_TIMEOUT : ACD_LEFT_NO_AGENT);
}

static void announce_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_visit *v = acd_container(timer, struct acd_visit, announce);

	acd_call_at(v->call, 0);
	if (!v->call->main || v->call->main->playing != ACD_PLAY_ANNOUNCEMENT)
		acd_announce_position(v);
	if (v->queue->announce_us)
		acd_timer_start(acd, timer, acd->now + v->queue->announce_us, announce_h);
}

/* The interval is what lies between two announcements, else a long one and a short interval leave no music. */
void acd_visit_announced(struct acd_visit *v)
{
	struct acd *acd = v->queue->tenant->acd;

	if (v->queue->announce_us && v->queue->announce_position)
		acd_timer_start(acd, &v->announce, acd->now + v->queue->announce_us, announce_h);
}

/* What the queue asks for now may have changed since the caller came. */
static void start_timers(struct acd_visit *v)
{
	struct acd *acd = v->queue->tenant->acd;
	struct acd_queue *q = v->queue;

	if (q->max_wait_us)
		acd_timer_start(acd, &v->wait, v->entered_at + q->max_wait_us, wait_h);
	if (q->announce_us && q->announce_position)
		acd_timer_start(acd, &v->announce, acd->now + q->announce_us, announce_h);
	if (v->offer.id[0])
		acd_timer_start(acd, &v->ring, v->offer.at + q->ring_us, ring_h);
}

void acd_visit_restore(struct acd_visit *v)
{
	struct acd *acd = v->queue->tenant->acd;

	acd_index_add(&v->queue->waiting, &v->node);
	acd->n_waiting++;
	if (!v->offer.id[0]) {
		acd_index_add(&v->queue->ready, &v->ready);
		acd_want_agent(v);
	}
	start_timers(v);
}

struct acd_visit *acd_visit_alloc(struct acd_call *call, struct acd_queue *q)
{
	struct acd_visit *v = zj_alloc(sizeof(*v), destructor);

	if (!v)
		return NULL;
	v->call = call;
	v->queue = q;
	call->visit = v;
	return v;
}

int acd_visit_enter(struct acd_call *call, struct acd_queue *q)
{
	struct acd_visit *v = acd_visit_alloc(call, q);
	size_t waiting = acd_index_size(&q->waiting);
	bool full = waiting >= (size_t)q->max_length && !(waiting == 0 && acd_index_size(&q->idle));

	if (!v)
		return ENOMEM;
	acd_uuid(q->tenant->acd, v->id);
	v->entered_at = call->last_at;
	v->priority = acd_vip_level(q->tenant, call->caller, q->id);
	if (!v->priority && call->vip[0]) /* by the number he called */
		v->priority = 1;
	v->waits_since = call->last_at - call->waited_us;
	v->waiting_in = (int64_t)waiting;
	v->agents_in = q->signed_in;
	v->idle_in = q->n_idle;
	call->queued = true;
	if (!call->first_queue[0])
		ACD_COPY(call->first_queue, q->id);
	acd_queue_roll(q);
	v->day = q->day;
	q->offered++;
	acd_queue_dirty(q, false);
	acd_visit_restore(v);
	v->position_in = (int64_t)acd_visit_position(v);
	acd_visit_dirty(v);
	zj_info("queue", "entered call=%s queue=%s position=%lld agents=%u idle=%u", call->id, q->number,
		(long long)v->position_in, q->signed_in, q->n_idle);
	return full ? ENOSPC : 0;
}

static void write_visit(struct acd_visit *v, enum acd_left how, const char *agent)
{
	acd_fact(v->queue->tenant, "queue_visit",
		 json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:i, s:I, s:I, s:I, s:I, s:s, s:o, s:O?}", "call_id",
			   v->call->id, "id", v->id, "queue_id", v->queue->id, "entered_at",
			   acd_json_time(v->entered_at), "left_at", acd_json_time(v->call->last_at), "priority",
			   (json_int_t)v->priority, "vip", (json_int_t)v->priority, "position_in",
			   (json_int_t)v->position_in, "waiting_in", (json_int_t)v->waiting_in, "agents_in",
			   (json_int_t)v->agents_in, "idle_in", (json_int_t)v->idle_in, "left_how", acd_left_name(how),
			   "agent_id", agent ? json_string(agent) : json_null(), "why", v->why));
}

static void count_leaving(struct acd_visit *v, enum acd_left how)
{
	struct acd_queue *q = v->queue;

	acd_queue_roll(q);
	if (v->day == q->day) { /* a visit counts on the day it began */
		q->answered += how == ACD_LEFT_ANSWERED;
		q->in_level += how == ACD_LEFT_ANSWERED && v->call->last_at - v->entered_at <= q->service_level_us;
		q->abandoned += how == ACD_LEFT_ABANDONED;
	}
	acd_queue_dirty(q, false);
}

/* An offer still open is over with it: answered by this very leaving, or cancelled. */
void acd_visit_leave(struct acd_visit *v, enum acd_left how, const char *agent)
{
	struct acd_call *call = v->call;
	struct acd_leg *leg = acd_leg_find(v->queue->tenant->acd, v->offer.leg);
	struct acd_node *after = acd_index_next(&v->node);

	if (v->offer.id[0]) {
		acd_visit_offer_end(v, how == ACD_LEFT_ANSWERED ? ACD_OFFER_ANSWERED : ACD_OFFER_CANCELLED);
		if (leg && how != ACD_LEFT_ANSWERED)
			acd_leg_hangup(leg, 0, 0, "caller left");
	}
	for (int i = 0; after && i < 20; i++, after = acd_index_next(after)) /* they move up */
		acd_visit_dirty(acd_container(after, struct acd_visit, node));
	call->waited_us = call->last_at - v->waits_since;
	acd_index_del(&v->node);
	acd_index_del(&v->ready);
	v->queue->tenant->acd->n_waiting--;
	count_leaving(v, how);
	write_visit(v, how, agent);
	acd_visit_ended(v, how);
	zj_info("queue", "left call=%s queue=%s how=%s waited_ms=%lld", call->id, v->queue->number, acd_left_name(how),
		(long long)((call->last_at - v->entered_at) / ACD_MS));
	call->visit = NULL;
	acd_call_dirty(call);
	zj_deref(v);
}

void acd_visit_offer(struct acd_visit *v, struct acd_member *m, const struct acd_member *next)
{
	struct acd_queue *q = v->queue;
	struct acd *acd = q->tenant->acd;
	struct acd_agent *a = m->agent;
	struct acd_leg *leg;

	acd_call_at(v->call, 0);
	json_decref(v->why);
	v->why = acd_strategy_why(m, next, v, acd->now);
	acd_index_del(&v->ready);
	note_tried(v, a->id);
	leg = acd_leg_originate(v->call, a->ext, ACD_ROLE_AGENT, q->ring_us + 5 * ACD_S);
	if (!leg) { /* out of memory: the caller waits on, the agent too */
		acd_index_add(&q->ready, &v->ready);
		acd_agent_unindex(a);
		return;
	}
	leg->wrapup_us = q->wrapup_us;
	leg->retry_us = q->retry_us;
	acd_uuid(acd, v->offer.id);
	ACD_COPY(v->offer.agent, a->id);
	ACD_COPY(v->offer.leg, leg->id);
	v->offer.at = leg->offered_at;
	v->offer.ringing_at = 0;
	acd_agent_unindex(a);
	m->offered_at = acd->now;
	acd_agent_take(a, leg, q->id);
	acd_timer_start(acd, &v->ring, acd->now + q->ring_us, ring_h);
	acd->stats.offers++;
	acd_visit_dirty(v);
	acd_call_dirty(v->call);
	zj_info("decide", "offer call=%s queue=%s agent=%s strategy=%s next=%s waited_ms=%lld waiting=%zu leg=%s",
		v->call->id, q->number, a->number, q->strategy->name, next ? next->agent->number : "-",
		(long long)((acd->now - v->waits_since) / ACD_MS), acd_index_size(&q->waiting), leg->id);
}

void acd_visit_offer_end(struct acd_visit *v, enum acd_outcome outcome)
{
	struct acd_leg *leg = acd_leg_find(v->queue->tenant->acd, v->offer.leg);

	if (!v->offer.id[0])
		return;
	acd_timer_stop(&v->ring);
	if (leg)
		leg->outcome = outcome;
	acd_fact(v->queue->tenant, "offer",
		 json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s}", "call_id", v->call->id, "id", v->offer.id,
			   "visit_id", v->id, "agent_id", v->offer.agent, "leg_id", v->offer.leg, "offered_at",
			   acd_json_time(v->offer.at), "ringing_at", acd_json_time(v->offer.ringing_at), "ended_at",
			   acd_json_time(v->call->last_at), "outcome", acd_outcome_name(outcome)));
	zj_info("queue", "offer over call=%s agent=%s outcome=%s", v->call->id, v->offer.agent,
		acd_outcome_name(outcome));
	memset(&v->offer, 0, sizeof(v->offer));
	if (outcome != ACD_OFFER_ANSWERED && outcome != ACD_OFFER_CANCELLED) {
		acd_index_add(&v->queue->ready, &v->ready);
		acd_want_agent(v);
	} else if (outcome == ACD_OFFER_ANSWERED) {
		v->queue->tenant->acd->stats.answered++;
	}
	acd_visit_dirty(v);
}
