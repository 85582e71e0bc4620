/* What mediad says, handler by handler. */
#include "call/call.h"
#include "call/leg.h"
#include "call/outbound.h"
#include "call/transfer.h"
#include "conference/conference.h"
#include "core/events.h"
#include "fax/fax.h"
#include "people/agent.h"
#include "queue/queue.h"
#include "story/announce.h"
#include "story/story.h"
#include "zj_obj.h"
#include "zj_rpc.h"
#include <string.h>

#define PROGRESS_MAX 16 /* kept of a leg */

static void ringing_h(struct acd_leg *leg, const json_t *p)
{
	acd_leg_times(leg, p);
	if (!leg->ringing_at)
		leg->ringing_at = leg->call->last_at;
	if (!acd_leg_do(leg, ACD_LEG_EV_RING))
		return;
	acd_agent_ringing(leg);
	leg->call->story->ringing(leg->call, leg);
}

static void early_h(struct acd_leg *leg, const json_t *p)
{
	acd_leg_times(leg, p);
	if (!leg->early_at)
		leg->early_at = leg->call->last_at;
	if (acd_leg_do(leg, ACD_LEG_EV_EARLY) && leg->call->story->early)
		leg->call->story->early(leg->call, leg);
}

static void answered_h(struct acd_leg *leg, const json_t *p)
{
	struct acd_call *call = leg->call;

	acd_leg_times(leg, p);
	if (!leg->answered_at)
		leg->answered_at = call->last_at;
	if (leg->role == ACD_ROLE_CUSTOMER && !call->answered_at)
		call->answered_at = leg->answered_at;
	if (!acd_leg_do(leg, ACD_LEG_EV_ANSWER))
		return; /* it crossed our hang-up */
	acd_leg_cut(leg);
	if (call->direction == ACD_DIR_INTERNAL && leg == call->peer && !call->answered_at)
		call->answered_at = leg->answered_at;
	acd_relay_check(leg);
	acd_agent_answered(leg);
	call->story->answered(call, leg);
}

static void played_h(struct acd_leg *leg, const json_t *p)
{
	enum acd_play what = leg->playing;

	if (strcmp(leg->play, acd_str(p, "play")) || !strcmp(acd_str(p, "reason"), "stopped"))
		return;
	leg->playing = ACD_PLAY_NOTHING;
	leg->play[0] = 0;
	if (acd_leg_is_alive(leg))
		leg->call->story->played(leg->call, leg, what);
}

/* The phone's own hold key. The other end shall hear music. */
static void held_h(struct acd_leg *leg, const json_t *p)
{
	const char *because;

	(void)p;
	leg->far_held = true;
	if (leg == leg->call->peer && leg->call->where == ACD_AT_TALK)
		acd_talk_hold(leg->call, true, &because);
}

static void unheld_h(struct acd_leg *leg, const json_t *p)
{
	const char *because;

	(void)p;
	leg->far_held = false;
	if (leg == leg->call->peer && leg->call->where == ACD_AT_HOLD)
		acd_talk_hold(leg->call, false, &because);
}

static void relay_h(struct acd_leg *leg, const json_t *p)
{
	ACD_COPY(leg->relay, acd_str(p, "relay"));
	acd_call_dirty(leg->call);
	zj_info("leg", "media moved relay=%s leg=%s call=%s", zj_log_esc(leg->relay), leg->id, leg->call->id);
	acd_relay_check(leg);
}

/* What becomes of a phone's REFER (RFC 3515): without it the phone waits. */
static void refer_result(const struct acd_leg *leg, int code)
{
	struct acd_tenant *t = leg->call->tenant;

	acd_media(t->acd, t, "leg.notify", json_pack("{s:s, s:i}", "leg", leg->id, "code", code));
}

/* The phone's own transfer key: the other leg goes where it says. */
static void refer_h(struct acd_leg *leg, const json_t *p)
{
	struct acd_call *call = leg->call;
	struct acd_leg *other = acd_call_other(call, leg);
	struct acd_dest dest = {0};

	if ((call->where != ACD_AT_TALK && call->where != ACD_AT_HOLD) || !other ||
	    !acd_dest_parse(call->tenant, acd_str(p, "to"), &dest) ||
	    !acd_transfer_allowed(call, &dest, acd_str(p, "to"))) {
		zj_warn("call", "refer refused call=%s where=%s to=%s", call->id, acd_where_name(call->where),
			zj_log_esc(acd_str(p, "to")));
		refer_result(leg, 603);
		return;
	}
	refer_result(leg, 200);
	call->main = other;
	call->peer = leg;
	ACD_COPY(call->out_ext, leg->ext);
	ACD_COPY(call->relation, "transfer");
	acd_call_go(call, &dest, ACD_LEFT_TRANSFERRED);
}

static void handed_h(struct acd_leg *leg, const json_t *p)
{
	const json_t *state = json_object_get(p, "state");
	struct acd_call *call = leg->call;

	acd_leg_times(leg, state);
	if (leg->answered_at && acd_leg_next(leg->state, ACD_LEG_EV_ANSWER) == ACD_LEG_ANSWERED) {
		acd_leg_do(leg, ACD_LEG_EV_ANSWER);
		if (!call->answered_at)
			call->answered_at = leg->answered_at;
	}
	acd_ivr_returned(call, leg, json_object_get(p, "data"));
}

static void handover_failed_h(struct acd_leg *leg, const json_t *p)
{
	acd_leg_times(leg, json_object_get(p, "state"));
	acd_ivr_failed(leg->call, leg, acd_str(p, "because"));
}

static void collected_h(struct acd_leg *leg, const json_t *p)
{
	if (leg->call->story->collected && acd_leg_is_alive(leg))
		leg->call->story->collected(leg->call, leg, p);
}

static void digit_h(struct acd_leg *leg, const json_t *p)
{
	if (leg->call->story->digit && acd_leg_is_alive(leg))
		leg->call->story->digit(leg->call, leg, p);
}

static void recorded_h(struct acd_leg *leg, const json_t *p)
{
	if (leg->call->story->recorded)
		leg->call->story->recorded(leg->call, leg, p);
}

/* What was heard, as it was told, without what the leg says of itself. */
static void detected_h(struct acd_leg *leg, const json_t *p)
{
	static const char *const keys[] = {"what", "cause", "confidence", "answered", "ms", "hz", "greeting_ms"};
	json_t *row;

	if (!leg->progress)
		leg->progress = json_array();
	if (json_array_size(leg->progress) >= PROGRESS_MAX)
		return;
	row = json_object();
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(keys); i++)
		if (json_object_get(p, keys[i]))
			json_object_set(row, keys[i], json_object_get(p, keys[i]));
	json_array_append_new(leg->progress, row);
	acd_call_dirty(leg->call);
}

static const struct {
	const char *method;
	void (*h)(struct acd_leg *leg, const json_t *p);
} handlers[] = {
	{"leg.ringing", ringing_h},   {"leg.early_media", early_h},   {"leg.answered", answered_h},
	{"leg.played", played_h},     {"leg.held", held_h},           {"leg.unheld", unheld_h},
	{"leg.refer", refer_h},       {"leg.handed", handed_h},       {"leg.handover_failed", handover_failed_h},
	{"leg.hungup", acd_leg_end},  {"leg.collected", collected_h}, {"leg.dtmf", digit_h},
	{"leg.recorded", recorded_h}, {"leg.relay", relay_h},         {"leg.detected", detected_h},
};

/* How it ended, and what of its call it is looked for by. */
static void recording_of(json_t *row, const struct acd_call *call, const json_t *p)
{
	json_object_set_new(row, "key_id", acd_json_text(acd_str(p, "key_id")));
	json_object_set_new(row, "ended_how", json_string(acd_str(p, "reason")[0] ? acd_str(p, "reason") : "stopped"));
	json_object_set_new(row, "because", json_string(acd_str(p, "because")));
	json_object_set_new(row, "agent_id", call ? acd_json_text(call->last_agent) : json_null());
	json_object_set_new(row, "queue_id", call ? acd_json_text(call->first_queue) : json_null());
	json_object_set_new(row, "kind", call ? json_string(call->queued ? "queue" : "manual") : json_null());
	json_object_set_new(row, "direction", call ? json_string(acd_direction_name(call->direction)) : json_null());
	json_object_set_new(row, "caller", json_string(call ? call->caller : ""));
	json_object_set_new(row, "callee", json_string(call ? call->did[0] ? call->did : call->callee : ""));
}

/* The fact needs nothing but the event; the call, when it still lives, knows leg and segment. */
void acd_recording_fact(struct acd_tenant *t, const struct acd_call *call, const json_t *p)
{
	json_t *pauses = json_object_get(p, "pauses");
	int64_t from = acd_int(p, "from_at", 0);
	json_t *row;

	if (!from)
		return;
	row = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:I, s:I, s:o}", "call_id",
			acd_str(p, "call"), "id", acd_str(p, "record"), "leg_id",
			call ? acd_json_text(call->record_leg) : json_null(), "segment_id",
			call ? acd_json_text(call->record_segment) : json_null(), "from_at", acd_json_time(from),
			"to_at", acd_json_time(from + acd_int(p, "ms", 0) * ACD_MS), "pauses",
			pauses ? json_incref(pauses) : json_array(), "store", "local", "node", t->acd->set.node, "path",
			acd_str(p, "path"), "format", "wav", "channels", (json_int_t)acd_int(p, "channels", 2), "bytes",
			(json_int_t)acd_int(p, "bytes", 0), "sha256", acd_json_text(acd_str(p, "sha256")));
	recording_of(row, call, p);
	acd_fact(t, "recording", row);
}

static void recorded(struct acd *acd, const json_t *p)
{
	struct acd_tenant *t = acd_tenant_get(acd, acd_str(p, "tenant"));
	struct acd_call *call = acd_call_find(acd, acd_str(p, "call"));

	if (t) {
		acd_recording_fact(t, call, p);
		if (acd_str(p, "because")[0])
			acd_event(t, "recording.failed",
				  json_pack("{s:s, s:s, s:s}", "call", acd_str(p, "call"), "reason",
					    acd_str(p, "reason"), "because", acd_str(p, "because")));
	}
	if (call && (!call->record[0] || !strcmp(call->record, acd_str(p, "record")))) {
		call->recording = false; /* it may have ended by itself: the disk */
		call->record[0] = 0;
		acd_call_dirty(call);
	}
}

static void dispatch(struct acd *acd, const char *method, const json_t *p)
{
	struct acd_leg *leg = acd_leg_find(acd, acd_str(p, "leg"));
	struct acd_call *call = leg ? leg->call : acd_call_find(acd, acd_str(p, "call"));

	if (!strcmp(method, "leg.incoming")) {
		acd_incoming(acd, p);
		return;
	}
	if (!strcmp(method, "room.talking")) {
		acd_conference_talking(acd, p);
		return;
	}
	if (!strcmp(method, "room.recorded")) {
		recorded(acd, p);
		return;
	}
	if (call)
		acd_call_at(call, acd_int(p, "at", 0));
	if (!leg && call && !strcmp(method, "leg.recorded") && call->story->recorded)
		call->story->recorded(call, NULL, p);
	if (call && !strncmp(method, "leg.fax", 7)) {
		acd_fax_event(call, leg, method, p);
		return;
	}
	if (!leg) {
		if (call && !strcmp(method, "leg.handed")) /* the caller hung up before the flow's last word */
			acd_ivr_returned(call, NULL, json_object_get(p, "data"));
		return;
	}
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(handlers); i++)
		if (!strcmp(handlers[i].method, method))
			handlers[i].h(leg, p);
}

void acd_media_event(struct acd *acd, const char *method, const json_t *p)
{
	struct zj_log_ctx old = zj_log_with((struct zj_log_ctx){
		.tenant = acd_str(p, "tenant"), .call = acd_str(p, "call"), .leg = acd_str(p, "leg")});

	acd_enter(acd);
	dispatch(acd, method, p);
	acd_leave(acd);
	zj_log_with(old);
}

/* An originate that was refused is a leg that ended; a hand-over that was refused is a flow that failed; a leg that
 * mediad does not know any more has ended without our hearing it. What never arrived is found by comparing the
 * snapshot. */
void acd_media_failed(struct acd *acd, const char *method, const json_t *params, int code, const char *because)
{
	struct acd_leg *leg = acd_leg_find(acd, acd_str(params, "leg"));

	zj_warn("media", "refused method=%s code=%d because=%s leg=%s", method, code, zj_log_esc(because),
		acd_str(params, "leg"));
	if (!leg || code == ZJ_RPC_GONE)
		return;
	acd_enter(acd);
	acd_call_at(leg->call, 0);
	if (!strcmp(method, "leg.originate") || (code == ZJ_RPC_NOT_FOUND && !strncmp(method, "leg.", 4))) {
		json_t *final = json_pack("{s:s, s:i, s:i, s:s}", "by", "system", "sip_code", 503, "cause", 41,
					  "reason", because);

		acd_leg_end(leg, final);
		json_decref(final);
	} else if (!strcmp(method, "leg.record") && code != ZJ_RPC_REFUSED && leg->call->story->recorded) {
		json_t *p =
			json_pack("{s:s, s:s, s:i}", "record", acd_str(params, "record"), "reason", "disk", "ms", 0);

		leg->call->story->recorded(leg->call, leg, p);
		json_decref(p);
	} else if (!strcmp(method, "leg.fax") && strcmp(because, "fax") != 0) {
		acd_fax_refused(leg->call, because);
	} else if (!strcmp(method, "leg.handover")) {
		acd_ivr_failed(leg->call, leg, because);
	}
	acd_leave(acd);
}
