/* Calls a number outside for the main leg: the edge chooses the trunk and goes on to the next one when that fails; we
 * hear the last answer, and what was tried. */
#include "call/call.h"
#include "call/leg.h"
#include "call/outbound.h"
#include "call/segment.h"
#include "core/events.h"
#include "story/announce.h"
#include "story/story.h"
#include "zj_obj.h"
#include <string.h>

#define RING_US (180 * ACD_S) /* the trunks have timeouts of their own; this is for several that keep silent */

static enum acd_result result_of(const struct acd_leg *leg)
{
	static const struct {
		int64_t code;
		enum acd_result result;
	} by_code[] = {
		{486, ACD_RESULT_BUSY},        {600, ACD_RESULT_BUSY},        {603, ACD_RESULT_REJECTED},
		{403, ACD_RESULT_REJECTED},    {433, ACD_RESULT_REJECTED},    {607, ACD_RESULT_REJECTED},
		{408, ACD_RESULT_NO_ANSWER},   {480, ACD_RESULT_NO_ANSWER},   {487, ACD_RESULT_NO_ANSWER},
		{404, ACD_RESULT_UNREACHABLE}, {410, ACD_RESULT_UNREACHABLE}, {484, ACD_RESULT_UNREACHABLE},
		{604, ACD_RESULT_UNREACHABLE},
	};
	static const struct {
		const char *because;
		enum acd_result result;
	} by_reason[] = {{"over_limit", ACD_RESULT_OVER_LIMIT},  {"barred", ACD_RESULT_BARRED},
			 {"no_rate", ACD_RESULT_BARRED},         {"caller_not_allowed", ACD_RESULT_BARRED},
			 {"country_barred", ACD_RESULT_BARRED},  {"calls_hour", ACD_RESULT_OVER_LIMIT},
			 {"calls_day", ACD_RESULT_OVER_LIMIT},   {"spend_hour", ACD_RESULT_OVER_LIMIT},
			 {"spend_day", ACD_RESULT_OVER_LIMIT},   {"abroad", ACD_RESULT_OVER_LIMIT},
			 {"unreachable", ACD_RESULT_UNREACHABLE}};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(by_reason); i++)
		if (!strcmp(by_reason[i].because, leg->because))
			return by_reason[i].result;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(by_code); i++)
		if (by_code[i].code == leg->sip_code)
			return by_code[i].result;
	return ACD_RESULT_FAILED;
}

static void ring_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);

	(void)acd;
	acd_call_at(call, 0);
	acd_call_bye(call, 480, ACD_RESULT_NO_ANSWER, "ring timeout", ACD_LEFT_FAILED);
}

/* Who asked for it leaves no message: that it is a machine is enough. */
static void listen(const struct acd_leg *leg)
{
	struct acd_tenant *t = leg->call->tenant;
	char id[ZJ_UUID_SIZE];

	acd_uuid(t->acd, id);
	acd_media(t->acd, t, "leg.detect", json_pack("{s:s, s:s, s:i}", "leg", leg->id, "detect", id, "beep_ms", 0));
}

static struct acd_leg *dial(struct acd_call *call, const struct acd_out *out)
{
	struct acd_tenant *t = call->tenant;
	struct acd_leg *leg =
		acd_leg_add(call, NULL, call->direction == ACD_DIR_OUT ? ACD_ROLE_CUSTOMER : ACD_ROLE_EXTERNAL, true);

	if (!leg)
		return NULL;
	acd_segment_put(leg, ACD_SEG_RING, "offer");
	acd_media(t->acd, t, "leg.originate", acd_out_leg(leg, out, RING_US + 5 * ACD_S));
	if (call->out_detect)
		listen(leg);
	return leg;
}

static void start(struct acd_call *call)
{
	struct acd *acd = call->tenant->acd;
	struct acd_out_why why = {0};
	struct acd_dest dest = {0};
	struct acd_out out;

	if (call->direction == ACD_DIR_INTERNAL && call->main->role == ACD_ROLE_AGENT && !call->dest.id[0])
		call->direction = ACD_DIR_OUT;
	switch (acd_outbound(call, &out, &dest, &why)) {
	case ACD_OUT_REFUSE:
		acd_call_bye(call, why.code, why.result, why.text, ACD_LEFT_FAILED);
		return;
	case ACD_OUT_GO:
		if (dest.kind == ACD_TO_EXTERNAL || ++call->hops > 20)
			acd_call_bye(call, 404, ACD_RESULT_FAILED, "outbound routes in a circle", ACD_LEFT_FAILED);
		else
			acd_call_go(call, &dest, ACD_LEFT_REDIRECTED);
		return;
	case ACD_OUT_DIAL:
		break;
	}
	acd_call_set_where(call, ACD_AT_RING);
	acd_segment_put(call->main, ACD_SEG_RING, "external");
	call->peer = dial(call, &out);
	if (!call->peer) {
		acd_call_bye(call, 503, ACD_RESULT_FAILED, "no memory", ACD_LEFT_FAILED);
		return;
	}
	zj_info("call", "dial out call=%s leg=%s number=%s object=%s caller=%s emergency=%d", call->id, call->peer->id,
		zj_log_esc(out.number), out.object[0] ? out.object : "-", out.caller[0] ? out.caller : "-",
		out.emergency);
	if (acd_leg_is_answered(call->main))
		acd_play_ringback(call->main, "");
	acd_timer_start(acd, &call->timer, acd->now + RING_US, ring_h);
}

static void ringing(struct acd_call *call, struct acd_leg *leg)
{
	if (leg == call->peer && call->main && acd_leg_is_alive(call->main) && !acd_leg_is_answered(call->main))
		acd_call_alert(call, "");
}

static void early(struct acd_call *call, struct acd_leg *leg)
{
	if (leg == call->peer && call->main && acd_leg_is_alive(call->main))
		acd_talk_early(call);
}

static void answered(struct acd_call *call, struct acd_leg *leg)
{
	struct acd_leg *agent = call->main;

	if (leg == call->peer)
		acd_timer_stop(&call->timer);
	/* From here on it is the customer who is served, as in a call that came in. */
	if (call->direction == ACD_DIR_OUT && agent && call->peer && agent->role == ACD_ROLE_AGENT &&
	    acd_leg_is_answered(agent) && acd_leg_is_answered(call->peer)) {
		acd_play_stop(agent);
		call->main = call->peer;
		call->peer = agent;
		if (agent->agent[0])
			ACD_COPY(call->last_agent, agent->agent);
	}
	acd_call_meet(call);
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	if (leg == call->main) {
		acd_call_result(call, ACD_RESULT_NO_ANSWER, NULL);
		acd_call_end(call, 0, NULL);
	} else if (leg == call->peer) {
		int64_t code = leg->answered_at ? 480 : leg->sip_code;

		call->peer = NULL;
		acd_call_bye(call, code >= 400 && code < 700 ? (int)code : 480, result_of(leg),
			     leg->because[0] ? leg->because : "the called number did not answer", ACD_LEFT_FAILED);
	}
}

static void leave(struct acd_call *call, enum acd_left how)
{
	(void)how;
	acd_talk_room_end(call);
	if (call->peer) {
		acd_leg_hangup(call->peer, 0, 0, "given up");
		call->peer = NULL;
	}
	if (call->main)
		acd_play_stop(call->main);
}

static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	(void)snapshot;
	(void)leg;
	if (!call->peer && call->main && acd_leg_is_alive(call->main))
		acd_call_bye(call, 480, ACD_RESULT_UNREACHABLE, "the call outside is gone", ACD_LEFT_FAILED);
	else if (call->peer && !acd_leg_is_answered(call->peer)) {
		acd_timer_start(call->tenant->acd, &call->timer, call->peer->offered_at + RING_US, ring_h);
		if (call->room[0])
			acd_talk_early(call); /* whatever of it was lost: again */
	} else
		acd_call_meet(call);
}

const struct acd_story acd_story_external = {.name = "external",
					     .to = ACD_TO_EXTERNAL,
					     .start = start,
					     .ringing = ringing,
					     .early = early,
					     .answered = answered,
					     .ended = ended,
					     .played = acd_played_nothing,
					     .leave = leave,
					     .resume = resume};
