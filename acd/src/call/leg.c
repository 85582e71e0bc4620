#include "call/leg.h"
#include "call/call.h"
#include "call/outbound.h"
#include "call/segment.h"
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
#include "story/story.h"
#include "zj_obj.h"
#include <stdio.h>
#include <string.h>
#include <utlist.h>

struct acd_leg *acd_leg_find(struct acd *acd, const char *id)
{
	struct acd_leg *leg = NULL;

	if (id[0])
		HASH_FIND_STR(acd->legs, id, leg);
	return leg;
}

bool acd_leg_is_alive(const struct acd_leg *leg)
{
	return leg->state != ACD_LEG_ENDING && leg->state != ACD_LEG_ENDED;
}

bool acd_leg_is_answered(const struct acd_leg *leg)
{
	return leg->state == ACD_LEG_ANSWERED;
}

static void destructor(void *obj)
{
	struct acd_leg *leg = obj;

	acd_timer_stop(&leg->guard);
	acd_timer_stop(&leg->longest);
	json_decref(leg->stats);
	json_decref(leg->attempts);
	json_decref(leg->asked);
	json_decref(leg->progress);
}

struct acd_leg *acd_leg_add(struct acd_call *call, const char *id, enum acd_role role, bool out)
{
	struct acd *acd = call->tenant->acd;
	struct acd_leg *leg = zj_alloc(sizeof(*leg), destructor);

	if (!leg)
		return NULL;
	if (id)
		ACD_COPY(leg->id, id);
	else
		acd_uuid(acd, leg->id);
	leg->call = call;
	leg->role = role;
	leg->out = out;
	leg->state = ACD_LEG_TRYING;
	leg->offered_at = call->last_at;
	DL_APPEND(call->legs, leg);
	HASH_ADD_STR(acd->legs, id, leg);
	acd_call_dirty(call);
	return leg;
}

void acd_leg_free(struct acd_leg *leg)
{
	struct acd_call *call = leg->call;
	struct acd *acd = call->tenant->acd;

	acd_relay_forget(leg);
	if (call->main == leg)
		call->main = NULL;
	if (call->peer == leg)
		call->peer = NULL;
	if (call->third == leg)
		call->third = NULL;
	acd_leg_unset_phone(leg);
	DL_DELETE(call->legs, leg);
	HASH_DEL(acd->legs, leg);
	zj_deref(leg);
}

/* What the called phone shows: of an extension what it says of itself, else what came from outside. */
static void show(const struct acd_call *call, const struct acd_show *add, json_t *params)
{
	const struct acd_extension *e =
		call->direction == ACD_DIR_INTERNAL ? acd_extension_by_number(call->tenant, call->caller) : NULL;
	const char *number = e && e->caller_number[0] ? e->caller_number : call->caller;
	const char *name = !e                  ? call->caller_name
			   : e->caller_name[0] ? e->caller_name
			   : e->name[0]        ? e->name
					       : call->caller_name;
	char text[ACD_TEXT_SIZE * 2];

	snprintf(text, sizeof(text), "%s%s", add ? add->number_prefix : "", number);
	json_object_set_new(params, "from", json_string(text[0] ? text : "anonymous"));
	snprintf(text, sizeof(text), "%s%s", add ? add->name_prefix : "", name);
	if (text[0])
		json_object_set_new(params, "from_name", json_string(text));
}

static json_t *headers(const struct acd_call *call, const struct acd_extension *e)
{
	json_t *h = json_pack("{s:s}", "X-Zj-Call", call->id);

	if (e && e->headers)
		json_object_update(h, e->headers);
	if (e && e->alert_info[0])
		json_object_set_new(h, "Alert-Info", json_string(e->alert_info));
	if (call->n_via) /* RFC 5806: who sent it here last */
		json_object_set_new(h, "Diversion",
				    json_sprintf("<sip:%s@%s>;reason=unconditional", call->via[call->n_via - 1],
						 call->tenant->sip_domain));
	return h;
}

/* Towards a registered telephone. */
static json_t *to_phone(const struct acd_leg *leg, int64_t timeout_us, const struct acd_show *add)
{
	const struct acd_call *call = leg->call;
	const struct acd_extension *e = leg->phone;
	const char *via = acd_edge_for(call->tenant, leg->ext);
	json_t *params = json_pack("{s:s, s:s, s:o, s:I, s:o}", "leg", leg->id, "call", call->id, "to",
				   json_sprintf("sip:%s@%s", leg->ext, call->tenant->sip_domain), "timeout_ms",
				   (json_int_t)(timeout_us / ACD_MS), "headers", headers(call, e));

	show(call, add, params);
	if (e && e->codecs[0])
		json_object_set_new(params, "codecs", json_string(e->codecs));
	if (e && e->late_offer)
		json_object_set_new(params, "late_offer", json_true());
	if (via)
		json_object_set_new(params, "via", json_string(via));
	return params;
}

static struct acd_leg *ring(struct acd_call *call, const char *ext, enum acd_role role, int64_t timeout_us,
			    const struct acd_show *add)
{
	struct acd_tenant *t = call->tenant;
	struct acd_leg *leg = acd_leg_add(call, NULL, role, true);
	struct acd_out out;

	if (!leg)
		return NULL;
	acd_leg_set_phone(leg, ext);
	acd_segment_put(leg, ACD_SEG_RING, "offer");
	if (leg->phone && leg->phone->external[0]) {
		acd_outbound_phone(leg->phone, &out);
		acd_media(t->acd, t, "leg.originate", acd_out_leg(leg, &out, timeout_us));
	} else {
		acd_media(t->acd, t, "leg.originate", to_phone(leg, timeout_us, add));
	}
	return leg;
}

struct acd_leg *acd_leg_originate(struct acd_call *call, const char *ext, enum acd_role role, int64_t timeout_us)
{
	return ring(call, ext, role, timeout_us, NULL);
}

struct acd_leg *acd_leg_ring(struct acd_call *call, const struct acd_extension *e, int64_t timeout_us,
			     const struct acd_show *add)
{
	return ring(call, e->number, ACD_ROLE_AGENT, timeout_us, add);
}

const char *acd_leg_heard(const struct acd_leg *leg)
{
	size_t n = json_array_size(leg->progress);

	return n ? acd_str(json_array_get(leg->progress, n - 1), "what") : "";
}

static json_t *figure(const struct acd_leg *leg, const char *key)
{
	json_t *v = json_object_get(leg->stats, key);

	return json_is_number(v) ? json_incref(v) : json_null();
}

static void write_leg(const struct acd_leg *leg)
{
	json_t *row = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "call_id",
				leg->call->id, "id", leg->id, "role", acd_role_name(leg->role), "sip_call_id",
				acd_json_text(leg->sip_call_id), "agent_id", acd_json_text(leg->agent), "group_id",
				acd_json_text(leg->group), "extension", acd_json_text(leg->ext), "trunk_id",
				acd_json_text(leg->trunk), "contact", acd_json_text(leg->contact), "offered_at",
				acd_json_time(leg->offered_at), "ringing_at", acd_json_time(leg->ringing_at),
				"early_media_at", acd_json_time(leg->early_at), "answered_at",
				acd_json_time(leg->answered_at), "ended_at", acd_json_time(leg->ended_at));

	json_object_set_new(row, "sip_code", leg->sip_code ? json_integer(leg->sip_code) : json_null());
	json_object_set_new(row, "cause", leg->q850 ? json_integer(leg->q850) : json_null());
	json_object_set_new(row, "attempts", leg->attempts ? json_incref(leg->attempts) : json_array());
	json_object_set_new(row, "progress", leg->progress ? json_incref(leg->progress) : json_null());
	json_object_set_new(row, "codec", acd_json_text(leg->codec));
	json_object_set_new(row, "relay", acd_json_text(leg->relay));
	json_object_set_new(row, "loss_rx", figure(leg, "loss"));
	json_object_set_new(row, "jitter_ms_rx", figure(leg, "jitter_ms"));
	json_object_set_new(row, "rtt_ms", figure(leg, "rtt_ms"));
	json_object_set_new(row, "mos_rx", figure(leg, "mos"));
	acd_fact(leg->call->tenant, "call_leg", row);
}

/* It belongs to another call from now on: a row of its own for each, that follow each other. It is in none of the new
 * call's segments yet. */
void acd_leg_move(struct acd_leg *leg, struct acd_call *to)
{
	struct acd_call *from = leg->call;

	acd_segment_leave(leg, "moved");
	leg->ended_at = from->last_at;
	write_leg(leg); /* what it was to that call */
	leg->ended_at = leg->ringing_at = leg->early_at = 0;
	leg->offered_at = to->last_at;
	if (leg->answered_at)
		leg->answered_at = leg->offered_at;
	if (from->main == leg)
		from->main = NULL;
	if (from->peer == leg)
		from->peer = NULL;
	if (from->third == leg)
		from->third = NULL;
	DL_DELETE(from->legs, leg);
	leg->call = to;
	DL_APPEND(to->legs, leg);
	acd_agent_moved(leg);
	acd_call_dirty(from);
	acd_call_dirty(to);
}

static void guard_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_leg *leg = acd_container(timer, struct acd_leg, guard);

	if (!acd->media_up) { /* its snapshot will tell */
		acd_timer_start(acd, timer, acd->now + acd->set.guard_us, guard_h);
		return;
	}
	zj_error("leg", "no hang-up heard, given up leg=%s call=%s", leg->id, leg->call->id);
	acd_call_at(leg->call, 0);
	acd_leg_end(leg, NULL);
}

void acd_leg_guard(struct acd_leg *leg)
{
	struct acd *acd = leg->call->tenant->acd;

	acd_timer_start(acd, &leg->guard, acd->now + acd->set.guard_us, guard_h);
}

void acd_leg_hangup(struct acd_leg *leg, int sip_code, int q850, const char *reason)
{
	struct acd *acd = leg->call->tenant->acd;
	json_t *params;

	if (!acd_leg_is_alive(leg))
		return;
	acd_leg_do(leg, ACD_LEG_EV_HANGUP);
	params = json_pack("{s:s}", "leg", leg->id);
	if (sip_code)
		json_object_set_new(params, "code", json_integer(sip_code));
	if (q850)
		json_object_set_new(params, "cause", json_integer(q850));
	if (reason)
		json_object_set_new(params, "reason", json_string(reason));
	acd_media(acd, leg->call->tenant, "leg.hangup", params);
	acd_leg_guard(leg);
}

void acd_leg_answer(struct acd_leg *leg)
{
	acd_media(leg->call->tenant->acd, leg->call->tenant, "leg.answer", json_pack("{s:s}", "leg", leg->id));
}

bool acd_leg_do(struct acd_leg *leg, enum acd_leg_event e)
{
	int next = acd_leg_next(leg->state, e);
	enum acd_leg_state old = leg->state;

	if (next < 0) {
		zj_warn("leg", "impossible leg=%s state=%s event=%s", leg->id, acd_leg_state_name(old),
			acd_leg_event_name(e));
		leg->call->tenant->acd->stats.impossible++;
		return false;
	}
	leg->state = (enum acd_leg_state)next;
	acd_call_dirty(leg->call);
	if (leg->phone && next != (int)old)
		acd_extension_dirty(leg->phone);
	if (next != (int)old)
		zj_debug("leg", "state leg=%s call=%s old=%s new=%s", leg->id, leg->call->id, acd_leg_state_name(old),
			 acd_leg_state_name(leg->state));
	return next != (int)old;
}

/* A time that the media engine says, never before the leg's beginning nor after the call's present moment. */
static void take_time(int64_t *to, const json_t *from, const char *key, const struct acd_leg *leg)
{
	int64_t at = acd_int(from, key, 0);

	if (*to || !at)
		return;
	*to = at < leg->offered_at ? leg->offered_at : at > leg->call->last_at ? leg->call->last_at : at;
}

void acd_leg_times(struct acd_leg *leg, const json_t *state)
{
	json_t *stats = json_object_get(state, "stats");

	take_time(&leg->ringing_at, state, "ringing_at", leg);
	take_time(&leg->early_at, state, "early_media_at", leg);
	take_time(&leg->answered_at, state, "answered_at", leg);
	if (acd_str(state, "sip_call_id")[0])
		ACD_COPY(leg->sip_call_id, acd_str(state, "sip_call_id"));
	if (acd_str(state, "contact")[0])
		ACD_COPY(leg->contact, acd_str(state, "contact"));
	if (acd_str(state, "codec")[0])
		ACD_COPY(leg->codec, acd_str(state, "codec"));
	acd_out_heard(leg, json_object_get(state, "edge"));
	if (acd_str(state, "relay")[0])
		ACD_COPY(leg->relay, acd_str(state, "relay"));
	leg->sip_code = acd_int(state, "sip_code", leg->sip_code);
	leg->q850 = acd_int(state, "cause", leg->q850);
	if (json_is_object(stats) && !leg->stats)
		leg->stats = json_incref(stats);
}

void acd_leg_end(struct acd_leg *leg, const json_t *final)
{
	struct acd_call *call = leg->call;

	if (leg->state == ACD_LEG_ENDED)
		return;
	acd_leg_times(leg, final);
	leg->ended_at = call->last_at;
	acd_timer_stop(&leg->guard);
	acd_timer_stop(&leg->longest);
	acd_call_hangup_by(call, leg, acd_str(final, "by"), acd_str(final, "reason"));
	acd_leg_do(leg, ACD_LEG_EV_END);
	acd_segment_leave(leg, "hangup");
	if (call->where < ACD_AT_ENDING)
		call->story->ended(call, leg);
	acd_agent_release(leg);
	write_leg(leg);
	acd_leg_free(leg);
	acd_call_dirty(call);
	if (!call->legs)
		acd_call_finish(call);
}
