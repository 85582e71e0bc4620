/* Rings one extension for the main leg, which may be unanswered (a direct call) or hear a ring-back tone (a transfer).
 * Who is away, busy, does not answer or wants no calls may have the call forwarded.
 */
#include "call/call.h"
#include "call/leg.h"
#include "call/segment.h"
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
#include "story/announce.h"
#include "story/story.h"
#include "zj_obj.h"
#include <string.h>

static const struct {
	enum acd_forward forward;
	enum acd_result result;
	int code;
	const char *reason;
} ends[ACD_OFFER_COUNT] = {
	[ACD_OFFER_NO_ANSWER] = {ACD_FORWARD_NO_ANSWER, ACD_RESULT_NO_ANSWER, 480, "extension did not answer"},
	[ACD_OFFER_REJECTED] = {ACD_FORWARD_BUSY, ACD_RESULT_REJECTED, 603, "extension refused"},
	[ACD_OFFER_BUSY] = {ACD_FORWARD_BUSY, ACD_RESULT_BUSY, 486, "extension is busy"},
	[ACD_OFFER_UNREACHABLE] = {ACD_FORWARD_UNREACHABLE, ACD_RESULT_UNREACHABLE, 480, "extension is not reachable"},
};

/* It will not be answered there. `code` 0: what goes with the outcome. */
static void give_up(struct acd_call *call, struct acd_extension *e, enum acd_outcome o, int64_t code,
		    const char *reason)
{
	struct acd_dest box = {0};

	if (o < ACD_OFFER_NO_ANSWER || o > ACD_OFFER_UNREACHABLE)
		o = ACD_OFFER_UNREACHABLE;
	if (e && acd_forward(call, e, ends[o].forward))
		return;
	if (e && e->voicemail && acd_dest_voicemail(e, &box)) {
		acd_call_go(call, &box, ACD_LEFT_REDIRECTED);
		return;
	}
	ACD_COPY(call->last_prompt, e ? e->unavailable_id : NULL);
	acd_call_bye(call, code ? (int)code : ends[o].code, ends[o].result, reason ? reason : ends[o].reason,
		     ACD_LEFT_FAILED);
}

static struct acd_extension *called(const struct acd_call *call)
{
	return acd_extension_find(call->tenant, call->dest.id);
}

static void ring_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);

	(void)acd;
	acd_call_at(call, 0);
	give_up(call, called(call), ACD_OFFER_NO_ANSWER, 0, "ring timeout");
}

static void ring(struct acd_call *call, struct acd_extension *e)
{
	struct acd *acd = call->tenant->acd;

	acd_call_set_where(call, ACD_AT_RING);
	acd_segment_put(call->main, ACD_SEG_RING, "extension");
	call->peer = acd_leg_ring(call, e, e->ring_us + 5 * ACD_S, NULL);
	if (!call->peer) {
		acd_call_bye(call, 503, ACD_RESULT_FAILED, "no memory", ACD_LEFT_FAILED);
		return;
	}
	if (e->agent)
		(void)acd_agent_take(e->agent, call->peer, NULL); /* busy with another call: its phone decides */
	if (acd_leg_is_answered(call->main))
		acd_play_ringback(call->main, e->ringback_id);
	acd_timer_start(acd, &call->timer, acd->now + e->ring_us, ring_h);
}

static void start(struct acd_call *call)
{
	struct acd_extension *e = called(call);

	if (!e) {
		acd_call_bye(call, 404, ACD_RESULT_UNREACHABLE, "no such extension", ACD_LEFT_FAILED);
		return;
	}
	if (acd_forward(call, e, ACD_FORWARD_ALL))
		return;
	switch (acd_extension_able(e, call)) {
	case ACD_ABLE_DND:
		give_up(call, e, ACD_OFFER_BUSY, 480, "do not disturb");
		return;
	case ACD_ABLE_BUSY:
		give_up(call, e, ACD_OFFER_BUSY, 0, NULL);
		return;
	case ACD_ABLE_AWAY:
		give_up(call, e, ACD_OFFER_UNREACHABLE, 0, "extension is not registered");
		return;
	case ACD_ABLE:
		break;
	}
	ring(call, e);
}

static void ringing(struct acd_call *call, struct acd_leg *leg)
{
	struct acd_extension *e = called(call);

	if (leg == call->peer && call->main && acd_leg_is_alive(call->main) && !acd_leg_is_answered(call->main))
		acd_call_alert(call, e ? e->ringback_id : "");
}

static void answered(struct acd_call *call, struct acd_leg *leg)
{
	if (leg == call->peer) {
		acd_timer_stop(&call->timer);
		if (leg->agent[0])
			ACD_COPY(call->last_agent, leg->agent);
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
		give_up(call, called(call), acd_outcome_of(code), code >= 400 && code < 700 ? code : 480, NULL);
	}
}

static void leave(struct acd_call *call, enum acd_left how)
{
	if (call->peer) {
		acd_leg_hangup(call->peer, 0, how == ACD_LEFT_ANSWERED ? ACD_ELSEWHERE : 0, "given up");
		call->peer = NULL;
	}
	if (call->main)
		acd_play_stop(call->main);
}

static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	struct acd *acd = call->tenant->acd;
	struct acd_extension *e = called(call);

	(void)snapshot;
	(void)leg;
	if (!call->peer && call->main && acd_leg_is_alive(call->main))
		give_up(call, e, ACD_OFFER_UNREACHABLE, 480, NULL);
	else if (call->peer && !acd_leg_is_answered(call->peer))
		acd_timer_start(acd, &call->timer, call->peer->offered_at + (e ? e->ring_us : acd->set.dial_ring_us),
				ring_h);
	else
		acd_call_meet(call);
}

const struct acd_story acd_story_extension = {.name = "extension",
					      .to = ACD_TO_EXTENSION,
					      .start = start,
					      .ringing = ringing,
					      .answered = answered,
					      .ended = ended,
					      .played = acd_played_nothing,
					      .leave = leave,
					      .resume = resume};
