/* Rings one extension for the main leg, which may be unanswered (a direct call) or hear a ring-back tone (a transfer).
 */
#include "agent.h"
#include "announce.h"
#include "call.h"
#include "events.h"
#include "extension.h"
#include "leg.h"
#include "segment.h"
#include "story.h"
#include "zj_obj.h"
#include <string.h>

static void give_up(struct acd_call *call, int64_t code)
{
	enum acd_outcome o = acd_outcome_of(code);

	acd_call_bye(call, code >= 400 && code < 700 ? (int)code : 480,
		     o == ACD_OFFER_BUSY        ? ACD_RESULT_BUSY
		     : o == ACD_OFFER_REJECTED  ? ACD_RESULT_REJECTED
		     : o == ACD_OFFER_NO_ANSWER ? ACD_RESULT_NO_ANSWER
						: ACD_RESULT_UNREACHABLE,
		     "extension did not answer", ACD_LEFT_FAILED);
}

static void ring_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);

	(void)acd;
	acd_call_at(call, 0);
	acd_call_bye(call, 480, ACD_RESULT_NO_ANSWER, "ring timeout", ACD_LEFT_FAILED);
}

static void start(struct acd_call *call)
{
	struct acd *acd = call->tenant->acd;
	struct acd_extension *e = acd_extension_find(call->tenant, call->dest.id);

	if (!e) {
		acd_call_bye(call, 404, ACD_RESULT_UNREACHABLE, "no such extension", ACD_LEFT_FAILED);
		return;
	}
	if (acd->edge_up && !acd_reg_find(call->tenant, e->number)) {
		acd_call_bye(call, 480, ACD_RESULT_UNREACHABLE, "extension is not registered", ACD_LEFT_FAILED);
		return;
	}
	acd_call_set_where(call, ACD_AT_RING);
	acd_segment_put(call->main, ACD_SEG_RING, "extension");
	call->peer = acd_leg_originate(call, e->number, ACD_ROLE_AGENT, acd->set.dial_ring_us + 5 * ACD_S);
	if (!call->peer) {
		acd_call_bye(call, 503, ACD_RESULT_FAILED, "no memory", ACD_LEFT_FAILED);
		return;
	}
	if (e->agent)
		(void)acd_agent_take(e->agent, call->peer, NULL); /* busy with another call: its phone decides */
	if (acd_leg_is_answered(call->main))
		acd_play_ringback(call->main);
	acd_timer_start(acd, &call->timer, acd->now + acd->set.dial_ring_us, ring_h);
}

static void ringing(struct acd_call *call, struct acd_leg *leg)
{
	struct acd_tenant *t = call->tenant;

	if (leg == call->peer && call->main && acd_leg_is_alive(call->main) && !acd_leg_is_answered(call->main))
		acd_media(t->acd, t, "leg.progress", json_pack("{s:s, s:i}", "leg", call->main->id, "code", 180));
}

static void answered(struct acd_call *call, struct acd_leg *leg)
{
	if (leg == call->peer) {
		acd_timer_stop(&call->timer);
		if (leg->agent[0])
			ACD_COPY(call->last_agent, leg->agent);
		if (!acd_leg_is_answered(call->main)) {
			acd_leg_answer(call->main); /* talk begins when its ACK is here */
			return;
		}
	}
	if (call->peer && acd_leg_is_answered(call->peer))
		acd_talk_begin(call, call->peer, false);
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	if (leg == call->main) {
		acd_call_result(call, ACD_RESULT_NO_ANSWER, NULL);
		acd_call_end(call, 0, NULL);
	} else if (leg == call->peer) {
		call->peer = NULL;
		give_up(call, leg->answered_at ? 480 : leg->sip_code);
	}
}

static void leave(struct acd_call *call, enum acd_left how)
{
	(void)how;
	if (call->peer) {
		acd_leg_hangup(call->peer, 0, 0, "given up");
		call->peer = NULL;
	}
	if (call->main)
		acd_play_stop(call->main);
}

static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	struct acd *acd = call->tenant->acd;

	(void)snapshot;
	(void)leg;
	if (!call->peer && call->main && acd_leg_is_alive(call->main))
		give_up(call, 480);
	else if (call->peer && !acd_leg_is_answered(call->peer))
		acd_timer_start(acd, &call->timer, call->peer->offered_at + acd->set.dial_ring_us, ring_h);
	else if (call->main && acd_leg_is_answered(call->main) && call->peer)
		acd_talk_begin(call, call->peer, false);
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
