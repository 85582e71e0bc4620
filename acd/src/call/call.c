#include "call/call.h"
#include "call/leg.h"
#include "call/segment.h"
#include "core/events.h"
#include "queue/visit.h"
#include "story/story.h"
#include "zj_obj.h"
#include <string.h>
#include <utlist.h>

#define LINGER_US (10 * ACD_S) /* an ended call waits this long for its recording's and its flow's facts */

struct acd_call *acd_call_find(struct acd *acd, const char *id)
{
	struct acd_call *call = NULL;

	if (id[0])
		HASH_FIND_STR(acd->calls, id, call);
	return call;
}

static void destructor(void *obj)
{
	struct acd_call *call = obj;

	acd_timer_stop(&call->timer);
	acd_timer_stop(&call->pause);
	zj_deref(call->hunting);
	zj_deref(call->own);
}

struct acd_call *acd_call_add(struct acd_tenant *t, const char *id, enum acd_direction direction)
{
	struct acd_call *call = zj_alloc(sizeof(*call), destructor);

	if (!call)
		return NULL;
	if (id)
		ACD_COPY(call->id, id);
	else
		acd_uuid(t->acd, call->id);
	call->tenant = t;
	call->direction = direction;
	call->story = &acd_story_none;
	call->started_at = call->last_at = t->acd->now;
	HASH_ADD(hh, t->acd->calls, id, strlen(call->id), call);
	HASH_ADD(in_t, t->calls, id, strlen(call->id), call);
	acd_call_dirty(call);
	return call;
}

void acd_call_free(struct acd_call *call)
{
	struct acd_leg *leg, *next;

	if (call->visit)
		call->visit = zj_deref(call->visit);
	DL_FOREACH_SAFE (call->legs, leg, next)
		acd_leg_free(leg);
	acd_segments_free(call);
	acd_call_clean(call);
	HASH_DELETE(hh, call->tenant->acd->calls, call);
	HASH_DELETE(in_t, call->tenant->calls, call);
	zj_deref(call);
}

void acd_calls_free(struct acd *acd)
{
	struct acd_call *call, *next;

	HASH_ITER (hh, acd->calls, call, next)
		acd_call_free(call);
}

void acd_call_at(struct acd_call *call, int64_t at)
{
	int64_t now = call->tenant->acd->now;

	if (!at || at > now)
		at = now;
	if (at > call->last_at)
		call->last_at = at;
}

void acd_call_set_where(struct acd_call *call, enum acd_where where)
{
	enum acd_where old = call->where;

	if (old == where)
		return;
	if (!acd_where_may(old, where)) {
		call->tenant->acd->stats.impossible++;
		zj_error("call", "impossible call=%s where=%s to=%s", call->id, acd_where_name(old),
			 acd_where_name(where));
		return;
	}
	call->where = where;
	acd_call_dirty(call);
	zj_info("call", "where call=%s old=%s new=%s story=%s", call->id, acd_where_name(old), acd_where_name(where),
		call->story->name);
}

void acd_call_result(struct acd_call *call, enum acd_result result, const char *reason)
{
	if (call->result_set)
		return;
	call->result_set = true;
	call->result = result;
	if (reason)
		ACD_COPY(call->hangup_reason, reason);
}

/* Who ended it: the first of the parties to go. A phone that missed an offer is no party. */
void acd_call_hangup_by(struct acd_call *call, const struct acd_leg *leg, const char *by, const char *reason)
{
	bool party = leg == call->main || (leg == call->peer && leg->answered_at);

	if (call->hangup_by[0] || !party)
		return;
	ACD_COPY(call->hangup_by, strcmp(by, "far") ? "system" : leg->role == ACD_ROLE_AGENT ? "agent" : "customer");
	call->hangup_cause = leg->q850;
	if (!call->hangup_reason[0])
		ACD_COPY(call->hangup_reason, reason);
}

struct acd_leg *acd_call_other(const struct acd_call *call, const struct acd_leg *leg)
{
	return leg == call->main ? call->peer : call->main;
}

void acd_call_end(struct acd_call *call, int sip_code, const char *reason)
{
	struct acd_leg *leg, *next;

	acd_call_set_where(call, ACD_AT_ENDING);
	if (reason && !call->hangup_by[0]) {
		ACD_COPY(call->hangup_by, "system");
		ACD_COPY(call->hangup_reason, reason);
	}
	DL_FOREACH_SAFE (call->legs, leg, next)
		acd_leg_hangup(leg, leg->answered_at ? 0 : sip_code, 0, reason);
}

/* Of "kind:id". */
static void put_binding(json_t *row, const char *binding)
{
	const char *colon = strchr(binding, ':');

	json_object_set_new(row, "binding_kind",
			    colon ? json_stringn(binding, (size_t)(colon - binding)) : json_null());
	json_object_set_new(row, "binding_id", colon ? json_string(colon + 1) : json_null());
}

static void write_call(const struct acd_call *call)
{
	json_t *row =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", call->id, "direction",
			  acd_direction_name(call->direction), "kind", call->queued ? "queue" : "manual", "caller",
			  call->caller, "callee", call->callee, "did", acd_json_text(call->did), "trunk_id",
			  acd_json_text(call->trunk), "started_at", acd_json_time(call->started_at), "answered_at",
			  acd_json_time(call->answered_at), "ended_at", acd_json_time(call->ended_at));

	json_object_set_new(row, "hangup_by", acd_json_text(call->hangup_by));
	json_object_set_new(row, "hangup_cause", call->hangup_cause ? json_integer(call->hangup_cause) : json_null());
	json_object_set_new(row, "hangup_reason", acd_json_text(call->hangup_reason));
	json_object_set_new(row, "result", json_string(acd_result_name(call->result)));
	json_object_set_new(row, "first_queue", acd_json_text(call->first_queue));
	json_object_set_new(row, "last_agent", acd_json_text(call->last_agent));
	json_object_set_new(row, "related_call", acd_json_text(call->related));
	json_object_set_new(row, "relation", acd_json_text(call->relation));
	json_object_set_new(row, "route_id", acd_json_text(call->route));
	json_object_set_new(row, "vip", json_boolean(call->vip[0]));
	put_binding(row, call->binding);
	json_object_set_new(row, "barred_by", acd_json_text(call->barred_by));
	acd_fact(call->tenant, "call", row);
}

static void linger_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);

	(void)acd;
	if (call->ivr_visit[0])
		acd_ivr_left(call, NULL, "hangup");
	acd_call_free(call);
}

void acd_call_linger(struct acd_call *call)
{
	struct acd *acd = call->tenant->acd;

	acd_timer_start(acd, &call->timer, acd->now + (call->recording || call->ivr_visit[0] ? LINGER_US : 0),
			linger_h);
}

/* Called once: its fact is written, and it leaves the board. It stays in memory while a recording's
 * or a flow's last word is outstanding. */
void acd_call_finish(struct acd_call *call)
{
	if (call->where == ACD_AT_ENDED)
		return;
	acd_timer_stop(&call->timer);
	if (call->visit)
		acd_visit_leave(call->visit, ACD_LEFT_ABANDONED, NULL);
	if (call->room[0]) /* its story ended with it */
		acd_media(call->tenant->acd, call->tenant, "room.destroy", json_pack("{s:s}", "room", call->room));
	call->room[0] = 0;
	acd_call_set_where(call, ACD_AT_ENDED);
	call->ended_at = call->last_at;
	acd_call_result(call, ACD_RESULT_FAILED, NULL);
	write_call(call);
	zj_info("call", "ended call=%s result=%s by=%s ms=%lld", call->id, acd_result_name(call->result),
		call->hangup_by[0] ? call->hangup_by : "-", (long long)((call->ended_at - call->started_at) / ACD_MS));
	acd_call_ended(call);
	acd_call_linger(call);
}
