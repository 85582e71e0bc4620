#include "people/agent.h"
#include "core/events.h"
#include "people/extension.h"
#include "queue/dispatch.h"
#include "queue/queue.h"
#include <errno.h>
#include <string.h>

struct acd_agent *acd_agent_find(struct acd_tenant *t, const char *id)
{
	struct acd_agent *a;

	HASH_FIND_STR(t->agents, id, a);
	return a;
}

/* The extension that the agent is signed in on; NULL: none, or it was deleted. */
struct acd_extension *acd_agent_phone(const struct acd_agent *a)
{
	struct acd_extension *e = NULL;

	if (a->ext[0])
		HASH_FIND(by_number, a->tenant->extensions_by_number, a->ext, strlen(a->ext), e);
	return e && !e->gone ? e : NULL;
}

/* May a queue offer it a caller now? */
bool acd_agent_can_be_offered(const struct acd_agent *a, const char **because)
{
	const struct acd_extension *e = acd_agent_phone(a);
	const char *why = NULL;

	if (a->state != ACD_IDLE)
		why = acd_agent_state_name(a->state);
	else if (!a->enabled || a->gone || a->leave)
		why = "disabled";
	else if (a->retry_at > a->tenant->acd->now)
		why = "missed an offer";
	else if (!e || !e->enabled)
		why = "no extension";
	else if (!acd_extension_is_here(e))
		why = "phone not registered";
	if (because)
		*because = why;
	return !why;
}

void acd_agent_roll(struct acd_agent *a)
{
	int64_t today = acd_day(a->tenant);

	if (a->day != today) {
		a->day = today;
		a->calls_today = 0;
	}
}

static void retry_h(struct acd *acd, struct acd_timer *timer)
{
	(void)acd;
	acd_agent_index(acd_container(timer, struct acd_agent, retry));
}

void acd_agent_unindex(struct acd_agent *a)
{
	struct acd_member *m;

	if (!a->in_idle)
		return;
	a->in_idle = false;
	for (m = a->members; m; m = m->a_next)
		acd_index_del(&m->node);
}

void acd_agent_index(struct acd_agent *a)
{
	struct acd *acd = a->tenant->acd;
	struct acd_member *m;

	if (!acd_agent_can_be_offered(a, NULL)) {
		acd_agent_unindex(a);
		if (a->state == ACD_IDLE && a->retry_at > acd->now)
			acd_timer_start(acd, &a->retry, a->retry_at, retry_h);
		return;
	}
	if (a->in_idle)
		return;
	acd_agent_roll(a);
	a->in_idle = true;
	for (m = a->members; m; m = m->a_next)
		if (m->queue)
			acd_index_add(&m->queue->idle, &m->node);
	acd_want_work(a);
}

/* What ended an interval: the state that follows, or who forced it. A state that acd itself took him into is no choice
 * of his. */
static const char *ended_by(enum acd_agent_state next, enum acd_cause cause)
{
	if (cause == ACD_CAUSE_CONNECTION)
		return "connection";
	if (cause == ACD_CAUSE_SUPERVISOR)
		return next == ACD_IDLE ? "forced_idle" : next == ACD_BUSY ? "forced_busy" : "forced_exit";
	if (next == ACD_RESERVED || (next == ACD_BUSY && cause == ACD_CAUSE_SYSTEM))
		return "system_busy";
	return acd_agent_state_name(next);
}

/* Writes the interval that ends now. Nobody keeps the time in which he is not signed in. */
static void close_interval(struct acd_agent *a, int64_t at, const char *ended)
{
	if (a->state == ACD_SIGNED_OUT || at <= a->since || !a->interval[0])
		return;
	acd_fact(a->tenant, "agent_state",
		 json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o}", "id", a->interval, "agent_id",
			   a->id, "state", acd_agent_state_name(a->state), "reason", acd_json_text(a->reason),
			   "from_at", acd_json_time(a->since), "to_at", acd_json_time(at), "call_id",
			   acd_json_text(a->call), "queue_id", acd_json_text(a->queue), "cause",
			   acd_cause_name(a->cause), "ended_by", ended, "by_account", acd_json_text(a->by_account)));
}

static void count(struct acd_agent *a, enum acd_agent_state from, enum acd_agent_state to)
{
	int in = (to != ACD_SIGNED_OUT) - (from != ACD_SIGNED_OUT), idle = (to == ACD_IDLE) - (from == ACD_IDLE);
	struct acd_member *m;

	a->tenant->acd->n_signed_in += (unsigned)in;
	for (m = a->members; m && (in || idle); m = m->a_next) {
		if (!m->queue)
			continue;
		m->queue->signed_in += (unsigned)in;
		m->queue->n_idle += (unsigned)idle;
		acd_queue_dirty(m->queue, false);
	}
}

static void leave_phone(struct acd_agent *a)
{
	struct acd_extension *e = acd_agent_phone(a);

	if (e && e->agent == a)
		e->agent = NULL;
	a->ext[0] = 0;
	a->rest = false;
}

int acd_agent_do(struct acd_agent *a, const struct acd_agent_change *c)
{
	struct acd *acd = a->tenant->acd;
	int next = acd_agent_next(a->state, c->event);
	enum acd_agent_state old = a->state;
	int64_t at = c->at ? c->at : acd->now;
	bool same;

	if (next < 0) {
		acd->stats.impossible++;
		zj_error("agent", "impossible agent=%s state=%s event=%s", a->number, acd_agent_state_name(a->state),
			 acd_agent_event_name(c->event));
		return EPROTO;
	}
	same = next == (int)old && !strcmp(a->reason, c->reason ? c->reason : "");
	if (same) {
		acd_agent_index(a);
		return 0;
	}
	if (at < a->since)
		at = a->since;
	acd_agent_unindex(a);
	close_interval(a, at, ended_by((enum acd_agent_state)next, c->cause));
	acd_uuid(acd, a->interval);
	a->state = (enum acd_agent_state)next;
	a->since = at;
	a->version++;
	a->cause = c->cause;
	ACD_COPY(a->reason, c->reason);
	ACD_COPY(a->by_account, c->by_account);
	ACD_COPY(a->call, c->call);
	ACD_COPY(a->queue, c->queue);
	ACD_COPY(a->leg, c->leg);
	if (a->state == ACD_IDLE)
		a->idle_at = at;
	if (a->state != ACD_AFTER_CALL)
		acd_timer_stop(&a->wrapup);
	if (a->state != ACD_IDLE)
		acd_timer_stop(&a->retry);
	if (a->state == ACD_SIGNED_OUT)
		leave_phone(a);
	count(a, old, a->state);
	acd_agent_dirty(a);
	zj_info("agent", "state agent=%s old=%s new=%s why=%s cause=%s", a->number, acd_agent_state_name(old),
		acd_agent_state_name(a->state), acd_agent_event_name(c->event), acd_cause_name(c->cause));
	acd_agent_index(a);
	return 0;
}

/* Reserves it for a leg of a call: the compare-and-set that keeps two callers from one agent. */
int acd_agent_take(struct acd_agent *a, struct acd_leg *leg, const char *queue)
{
	if (a->leg[0] || acd_agent_next(a->state, ACD_EV_RESERVE) < 0)
		return EBUSY;
	if (a->state == ACD_BUSY) { /* a direct call interrupts a break, and the break goes on afterwards */
		a->rest = true;
		ACD_COPY(a->rest_reason, a->reason);
	}
	ACD_COPY(leg->agent, a->id);
	ACD_COPY(leg->group, a->group_id);
	return acd_agent_do(a, &(struct acd_agent_change){.event = ACD_EV_RESERVE,
							  .cause = ACD_CAUSE_SYSTEM,
							  .call = leg->call->id,
							  .queue = queue,
							  .leg = leg->id,
							  .at = leg->offered_at});
}

static struct acd_agent *agent_of(const struct acd_leg *leg)
{
	struct acd_agent *a = leg->agent[0] ? acd_agent_find(leg->call->tenant, leg->agent) : NULL;

	return a && !strcmp(a->leg, leg->id) ? a : NULL;
}

static void follow(struct acd_leg *leg, enum acd_agent_event event, int64_t at)
{
	struct acd_agent *a = agent_of(leg);
	char queue[ZJ_UUID_SIZE];

	if (!a || acd_agent_next(a->state, event) < 0)
		return;
	ACD_COPY(queue, a->queue);
	acd_agent_do(a, &(struct acd_agent_change){.event = event,
						   .cause = ACD_CAUSE_SYSTEM,
						   .call = leg->call->id,
						   .queue = queue,
						   .leg = leg->id,
						   .at = at});
}

void acd_agent_moved(const struct acd_leg *leg)
{
	struct acd_agent *a = agent_of(leg);

	if (!a)
		return;
	ACD_COPY(a->call, leg->call->id);
	acd_agent_dirty(a);
}

void acd_agent_ringing(struct acd_leg *leg)
{
	follow(leg, ACD_EV_RING, leg->ringing_at);
}

void acd_agent_answered(struct acd_leg *leg)
{
	struct acd_agent *a = agent_of(leg);

	follow(leg, ACD_EV_ANSWER, leg->answered_at);
	if (a && a->queue[0]) {
		acd_agent_roll(a);
		a->calls_today++;
	}
}

/* Busy or idle: now, or after the present call. */
void acd_agent_after(struct acd_agent *a, bool busy, const char *reason, enum acd_cause cause, const char *by_account)
{
	a->rest = busy;
	ACD_COPY(a->rest_reason, reason);
	if (a->state == ACD_IDLE || a->state == ACD_BUSY || a->state == ACD_AFTER_CALL)
		acd_agent_settle(a, cause, by_account);
	else
		acd_agent_dirty(a);
}

static void wrapup_h(struct acd *acd, struct acd_timer *timer)
{
	(void)acd;
	acd_agent_settle(acd_container(timer, struct acd_agent, wrapup), ACD_CAUSE_SYSTEM, NULL);
}

/* What follows a call: idle, the break asked for meanwhile, or signed out when it was disabled meanwhile. */
void acd_agent_settle(struct acd_agent *a, enum acd_cause cause, const char *by_account)
{
	char reason[ACD_TEXT_SIZE];
	bool rest = a->rest;

	ACD_COPY(reason, a->rest_reason);
	a->rest = false;
	a->rest_reason[0] = 0;
	if (rest)
		acd_agent_do(a,
			     &(struct acd_agent_change){
				     .event = ACD_EV_REST, .cause = cause, .reason = reason, .by_account = by_account});
	else
		acd_agent_do(
			a, &(struct acd_agent_change){.event = ACD_EV_FREE, .cause = cause, .by_account = by_account});
	if (a->leave) {
		a->leave = false;
		acd_agent_do(a, &(struct acd_agent_change){.event = ACD_EV_SIGN_OUT, .cause = ACD_CAUSE_SYSTEM});
	}
}

void acd_agent_release(struct acd_leg *leg)
{
	struct acd_agent *a = agent_of(leg);
	char queue[ZJ_UUID_SIZE];

	if (!a)
		return;
	a->leg[0] = 0;
	if (leg->phone && leg->phone->after_call_us >= 0)
		leg->wrapup_us = leg->phone->after_call_us;
	if (leg->phone && leg->phone->busy_after_call && leg->answered_at)
		a->rest = true;
	if (a->state == ACD_TALKING && leg->wrapup_us > 0) {
		ACD_COPY(queue, a->queue);
		acd_agent_do(a, &(struct acd_agent_change){.event = ACD_EV_WRAPUP,
							   .cause = ACD_CAUSE_SYSTEM,
							   .call = leg->call->id,
							   .queue = queue,
							   .at = leg->ended_at});
		acd_timer_start(a->tenant->acd, &a->wrapup, a->since + leg->wrapup_us, wrapup_h);
		return;
	}
	if (leg->outcome >= ACD_OFFER_NO_ANSWER && leg->outcome <= ACD_OFFER_UNREACHABLE)
		a->retry_at = a->tenant->acd->now + leg->retry_us;
	acd_agent_settle(a, ACD_CAUSE_SYSTEM, NULL);
}

/* After a restart: the wrap-up ends when it would have ended. `wrapup.at` holds the moment. */
void acd_agent_restore_timers(struct acd_agent *a)
{
	if (a->state == ACD_AFTER_CALL)
		acd_timer_start(a->tenant->acd, &a->wrapup, a->wrapup.at, wrapup_h);
	acd_agent_index(a);
}
