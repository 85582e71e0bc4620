/* The engine's world against mediad's snapshot: after a restart of acd, of mediad, or a connection lost between them.
 * All events up to the snapshot have been handled before. What mediad does not have has ended; what it has and we do
 * not know is taken over (Redis had lost it) or hung up; what differs is commanded again. */
#include "call/call.h"
#include "call/command.h"
#include "call/leg.h"
#include "call/segment.h"
#include "conference/conference.h"
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
#include "people/group.h"
#include "queue/queue.h"
#include "queue/visit.h"
#include "shell/daemon.h"
#include "story/story.h"
#include "zj_obj.h"
#include <string.h>
#include <utlist.h>

void acd_save_all(struct acd *acd)
{
	struct acd_tenant *t, *nt;

	acd_enter(acd);
	HASH_ITER (hh, acd->tenants, t, nt) {
		struct acd_agent *a, *na;
		struct acd_queue *q, *nq;
		struct acd_call *c, *nc;
		struct acd_request *r, *nr;
		struct acd_group *g, *ng;
		struct acd_recent *e, *ne;
		struct acd_room *room, *nroom;

		HASH_ITER (hh, t->agents, a, na)
			acd->fx.state(t->id, ACD_KIND_AGENT, a->id, acd_save_agent(a), acd->fx_arg);
		HASH_ITER (hh, t->queues, q, nq)
			acd->fx.state(t->id, ACD_KIND_QUEUE, q->id, acd_save_queue(q), acd->fx_arg);
		HASH_ITER (in_t, t->calls, c, nc)
			acd->fx.state(t->id, ACD_KIND_CALL, c->id, acd_save_call(c), acd->fx_arg);
		HASH_ITER (hh, t->groups, g, ng)
			acd->fx.state(t->id, ACD_KIND_GROUP, g->id, acd_group_save(g), acd->fx_arg);
		HASH_ITER (hh, t->recent, e, ne)
			acd->fx.state(t->id, ACD_KIND_RECENT, e->caller, acd_recent_save(e), acd->fx_arg);
		HASH_ITER (hh, t->rooms, room, nroom)
			if (room->live)
				acd->fx.state(t->id, ACD_KIND_CONFERENCE, room->id, acd_save_conference(room->live),
					      acd->fx_arg);
		HASH_ITER (hh, t->requests, r, nr)
			acd->fx.state(t->id, ACD_KIND_REQUEST, r->id, acd_save_request(r), acd->fx_arg);
		acd_touch(t);
	}
	acd_leave(acd);
}

static json_t *legs_by_id(const json_t *snapshot)
{
	json_t *by_id = json_object(), *leg;
	size_t i;

	json_array_foreach (json_object_get(snapshot, "legs"), i, leg)
		json_object_set(by_id, acd_str(leg, "leg"), leg);
	return by_id;
}

/* The snapshot is ahead of us only when events were lost; then its states stand in for them. */
static void catch_up(struct acd *acd, struct acd_leg *leg, const json_t *s)
{
	static const struct {
		const char *state, *method;
	} as_events[] = {{"ringing", "leg.ringing"}, {"early", "leg.early_media"}, {"answered", "leg.answered"}};
	enum acd_leg_state theirs = acd_leg_state_parse(acd_str(s, "state"), ACD_LEG_TRYING);

	if (theirs <= leg->state || theirs > ACD_LEG_ANSWERED || leg->state >= ACD_LEG_ANSWERED)
		return;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(as_events); i++)
		if (!strcmp(as_events[i].state, acd_str(s, "state"))) {
			json_t *p = json_copy((json_t *)(uintptr_t)s);

			json_object_set_new(p, "leg", json_string(leg->id));
			acd_media_event(acd, as_events[i].method, p);
			json_decref(p);
		}
}

static void check_leg(struct acd *acd, struct acd_leg *leg, const json_t *s)
{
	if (!s || !strcmp(acd_str(s, "state"), "ended")) {
		json_t *final =
			json_pack("{s:s, s:i, s:s}", "by", "system", "cause", 41, "reason", "media engine lost it");
		const json_t *theirs = json_object_get(s, "final");

		zj_warn("reconcile", "leg is gone leg=%s call=%s state=%s", leg->id, leg->call->id,
			acd_leg_state_name(leg->state));
		acd_call_at(leg->call, acd_int(theirs, "ended_at", 0));
		acd_leg_end(leg, theirs ? theirs : final);
		json_decref(final);
	} else if (leg->state == ACD_LEG_ENDING) {
		acd_media(acd, leg->call->tenant, "leg.hangup", json_pack("{s:s}", "leg", leg->id));
	} else {
		catch_up(acd, leg, s);
	}
}

static void check_calls(struct acd *acd, const json_t *snapshot, const json_t *by_id)
{
	size_t n = HASH_COUNT(acd->calls), i = 0;
	struct acd_call *call, *next;
	struct acd_leg *leg, *nleg;
	char(*ids)[ZJ_UUID_SIZE] = n ? zj_alloc(sizeof(*ids) * n, NULL) : NULL;

	if (!ids)
		return;
	HASH_ITER (hh, acd->calls, call, next) {
		ACD_COPY(ids[i], call->id);
		i++;
	}
	for (i = 0; i < n; i++) { /* by id: the end of a leg may end its call */
		call = acd_call_find(acd, ids[i]);
		if (!call)
			continue;
		acd_call_at(call, 0);
		DL_FOREACH_SAFE (call->legs, leg, nleg)
			check_leg(acd, leg, json_object_get(by_id, leg->id));
		call = acd_call_find(acd, ids[i]);
		if (call && call->where < ACD_AT_ENDING)
			call->story->resume(call, snapshot, call->main ? json_object_get(by_id, call->main->id) : NULL);
		else if (call && !call->legs)
			acd_call_finish(call);
	}
	zj_deref(ids);
}

/* An agent whose leg is nowhere is free. */
static void check_agents(struct acd *acd)
{
	struct acd_tenant *t, *nt;
	struct acd_agent *a, *na;

	HASH_ITER (hh, acd->tenants, t, nt)
		HASH_ITER (hh, t->agents, a, na) {
			bool held = a->state == ACD_RESERVED || a->state == ACD_RINGING || a->state == ACD_TALKING;

			if (!held || acd_leg_find(acd, a->leg))
				continue;
			zj_warn("reconcile", "agent held by no leg agent=%s state=%s", a->number,
				acd_agent_state_name(a->state));
			a->leg[0] = 0;
			acd_agent_settle(a, ACD_CAUSE_SYSTEM, NULL);
		}
}

/* ---- taking over what only mediad knows ---- */
static void take_agent_leg(struct acd_call *call, const json_t *s)
{
	struct acd_tenant *t = call->tenant;
	struct acd_extension *e = NULL;
	struct acd_agent *a, *next;
	struct acd_leg *leg;
	char number[ACD_NUMBER_SIZE];

	acd_sip_user(number, sizeof(number), acd_str(s, "to"));
	leg = acd_leg_add(call, acd_str(s, "leg"), ACD_ROLE_AGENT, true);
	if (!leg)
		return;
	acd_leg_set_phone(leg, number);
	leg->state = ACD_LEG_ANSWERED;
	acd_leg_times(leg, s);
	HASH_FIND(by_number, t->extensions_by_number, number, strlen(number), e);
	HASH_ITER (hh, t->agents, a, next)
		if (e && !e->agent && a->state == ACD_SIGNED_OUT && a->enabled && !strcmp(a->extension_id, e->id)) {
			ACD_COPY(a->ext, number);
			e->agent = a;
			acd_agent_do(
				a, &(struct acd_agent_change){.event = ACD_EV_SIGN_IN, .cause = ACD_CAUSE_CONNECTION});
		}
	if (e && e->agent && !acd_agent_take(e->agent, leg, NULL)) {
		acd_agent_answered(leg);
		ACD_COPY(call->last_agent, e->agent->id);
	}
	ACD_COPY(call->room, acd_str(s, "room"));
	call->peer = leg;
	call->story = &acd_story_talk;
	acd_call_set_where(call, ACD_AT_TALK);
	acd_call_result(call, ACD_RESULT_ANSWERED, NULL);
	acd_segment_put(call->main, ACD_SEG_TALK, "taken over");
	acd_segment_put(leg, ACD_SEG_TALK, "taken over");
}

static const json_t *partner(const json_t *snapshot, const json_t *leg)
{
	const char *room = acd_str(leg, "room");
	const json_t *other;
	size_t i;

	json_array_foreach (json_object_get(snapshot, "legs"), i, other)
		if (*room && other != leg && !strcmp(acd_str(other, "room"), room) &&
		    !strcmp(acd_str(other, "dir"), "out") && !strcmp(acd_str(other, "state"), "answered"))
			return other;
	return NULL;
}

static void take_over(struct acd *acd, const json_t *snapshot, const json_t *s)
{
	const json_t *other = partner(snapshot, s);

	zj_warn("reconcile", "unknown leg is taken over leg=%s call=%s", acd_str(s, "leg"), acd_str(s, "call"));
	acd_incoming_known(acd, s, other != NULL);
	if (other && !acd_leg_find(acd, acd_str(other, "leg"))) {
		struct acd_leg *leg = acd_leg_find(acd, acd_str(s, "leg"));

		if (leg)
			take_agent_leg(leg->call, other);
	}
}

static void check_unknown(struct acd *acd, const json_t *snapshot)
{
	const json_t *s;
	size_t i;

	json_array_foreach (json_object_get(snapshot, "legs"), i, s)
		if (!acd_leg_find(acd, acd_str(s, "leg")) && strcmp(acd_str(s, "state"), "ended") &&
		    !strcmp(acd_str(s, "dir"), "in"))
			take_over(acd, snapshot, s);
	json_array_foreach (json_object_get(snapshot, "legs"), i, s) {
		struct acd_tenant *t = acd_tenant_get(acd, acd_str(s, "tenant"));

		if (!t || acd_leg_find(acd, acd_str(s, "leg")) || !strcmp(acd_str(s, "state"), "ended"))
			continue;
		zj_warn("reconcile", "unknown leg is hung up leg=%s call=%s", acd_str(s, "leg"), acd_str(s, "call"));
		acd_media(acd, t, "leg.hangup", json_pack("{s:s}", "leg", acd_str(s, "leg")));
	}
	json_array_foreach (json_object_get(snapshot, "rooms"), i, s) {
		struct acd_tenant *t = acd_tenant_get(acd, acd_str(s, "tenant"));
		struct acd_call *call = acd_call_find(acd, acd_str(s, "call"));

		if (t && (!call || strcmp(call->room, acd_str(s, "room"))) &&
		    !acd_conference_by_id(t, acd_str(s, "room")))
			acd_media(acd, t, "room.destroy", json_pack("{s:s}", "room", acd_str(s, "room")));
	}
}

void acd_reconcile(struct acd *acd, const json_t *snapshot)
{
	json_t *by_id = legs_by_id(snapshot);

	acd_enter(acd);
	acd->media_up = true;
	check_calls(acd, snapshot, by_id);
	check_unknown(acd, snapshot);
	check_agents(acd);
	acd_conferences_check(acd);
	acd_leave(acd);
	json_decref(by_id);
}
