/* The leg is lent to ivr-vxml with a flow; it comes back with a result, or by itself when ivr-vxml dies. */
#include "call/call.h"
#include "call/leg.h"
#include "call/segment.h"
#include "core/events.h"
#include "story/story.h"
#include "zj_obj.h"
#include <string.h>

static struct acd_item *flow_of(const struct acd_call *call)
{
	struct acd_item *flow;

	HASH_FIND_STR(call->tenant->flows, call->dest.id, flow);
	return flow;
}

static void start(struct acd_call *call)
{
	struct acd *acd = call->tenant->acd;
	struct acd_item *flow = flow_of(call);
	json_t *data;

	if (!flow || !flow->enabled) {
		acd_call_bye(call, 404, ACD_RESULT_FAILED, "no such flow", ACD_LEFT_FAILED);
		return;
	}
	acd_uuid(acd, call->ivr_visit);
	call->ivr_from = call->last_at;
	call->main->handed = true;
	acd_call_set_where(call, ACD_AT_IVR);
	acd_segment_put(call->main, ACD_SEG_IVR, "ivr");
	data = json_pack("{s:s, s:s, s:s, s:s, s:I, s:{}}", "flow", flow->id, "caller", call->caller, "callee",
			 call->callee, "call", call->id, "epoch", (json_int_t)acd->epoch, "variables");
	acd_media(acd, call->tenant, "leg.handover",
		  json_pack("{s:s, s:s, s:o}", "leg", call->main->id, "to", "ivr", "data", data));
	zj_info("ivr", "handed call=%s leg=%s flow=%s version=%lld", call->id, call->main->id, flow->id,
		(long long)flow->version);
}

/* Writes the visit. `data` is what the flow returned, NULL when it returned nothing. */
void acd_ivr_left(struct acd_call *call, const json_t *data, const char *how)
{
	struct acd_item *flow = flow_of(call);
	json_t *path = json_object_get(data, "path"), *variables = json_object_get(data, "variables");
	int64_t version = acd_int(data, "flow_version", flow ? flow->version : 0);

	if (!call->ivr_visit[0])
		return;
	acd_fact(call->tenant, "ivr_visit",
		 json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o}", "call_id", call->id, "id", call->ivr_visit,
			   "flow_id", call->dest.id, "flow_version", version ? json_integer(version) : json_null(),
			   "entered_at", acd_json_time(call->ivr_from), "left_at", acd_json_time(call->last_at),
			   "left_how", how, "path", json_is_array(path) ? json_incref(path) : json_array(), "variables",
			   json_is_object(variables) ? json_incref(variables) : json_object()));
	call->ivr_visit[0] = 0;
	acd_call_dirty(call);
}

void acd_ivr_returned(struct acd_call *call, struct acd_leg *leg, const json_t *data)
{
	const char *how = acd_str(data, "how"), *to = acd_str(data, "dest");
	struct acd_dest dest = {0};

	zj_info("ivr", "returned call=%s how=%s dest=%s", call->id, zj_log_esc(how), zj_log_esc(to));
	acd_ivr_left(call, data, *how ? how : "error");
	if (!leg || call->where != ACD_AT_IVR || !acd_leg_is_alive(leg))
		return;
	leg->handed = false;
	if (!strcmp(how, "transfer")) {
		if (acd_dest_parse(call->tenant, to, &dest))
			acd_call_go(call, &dest, ACD_LEFT_REDIRECTED);
		else
			acd_call_bye(call, 404, ACD_RESULT_FAILED, "the flow's destination does not exist",
				     ACD_LEFT_FAILED);
	} else if (!strcmp(how, "exit") || !strcmp(how, "disconnect")) {
		acd_call_result(call, ACD_RESULT_ANSWERED, "flow ended");
		acd_call_end(call, 480, "flow ended");
	} else if (strcmp(how, "hangup")) {
		acd_ivr_failed(call, leg, acd_str(json_object_get(data, "error"), "message"));
	}
}

void acd_ivr_failed(struct acd_call *call, struct acd_leg *leg, const char *because)
{
	if (call->where != ACD_AT_IVR)
		return;
	zj_warn("ivr", "failed call=%s flow=%s because=%s", call->id, call->dest.id, zj_log_esc(because));
	leg->handed = false;
	acd_ivr_left(call, NULL, "error");
	acd_call_bye(call, 503, ACD_RESULT_FAILED, "flow failed", ACD_LEFT_FAILED);
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	(void)leg;
	acd_call_result(call, ACD_RESULT_ABANDONED_IVR, NULL); /* the flow's own last word follows as leg.handed */
	acd_call_end(call, 0, NULL);
}

static void leave(struct acd_call *call, enum acd_left how)
{
	acd_ivr_left(call, NULL, acd_left_name(how));
}

static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	(void)snapshot;
	if (leg && call->main && strcmp(acd_str(leg, "controller"), "ivr"))
		acd_ivr_failed(call, call->main, "not with the ivr any more");
}

const struct acd_story acd_story_ivr = {.name = "ivr",
					.to = ACD_TO_IVR,
					.start = start,
					.ringing = acd_leg_nothing,
					.answered = acd_leg_nothing,
					.ended = ended,
					.played = acd_played_nothing,
					.leave = leave,
					.resume = resume};
