/* Pick-up: a phone takes a call that rings at another one, if its range allows. */
#include "call/call.h"
#include "call/leg.h"
#include "call/segment.h"
#include "core/events.h"
#include "people/extension.h"
#include "people/feature.h"
#include "story/announce.h"
#include "story/story.h"
#include <string.h>
#include <utlist.h>

static bool rings_for(const struct acd_call *call, const struct acd_extension *who, const char *number)
{
	const struct acd_leg *leg;

	if ((call->story != &acd_story_extension && call->story != &acd_story_group) || !call->main ||
	    !acd_leg_is_alive(call->main))
		return false;
	DL_FOREACH (call->legs, leg)
		if (leg->out && leg != call->main && leg->phone && leg->phone != who && acd_leg_is_alive(leg) &&
		    !acd_leg_is_answered(leg) && (!number[0] || !strcmp(number, leg->ext)) &&
		    acd_in_range(who, leg->phone, who->pickup))
			return true;
	return false;
}

/* The one that has waited longest. */
static struct acd_call *find(const struct acd_leg *by, const char *number)
{
	struct acd_call *call, *next, *oldest = NULL;

	HASH_ITER (in_t, by->call->tenant->calls, call, next)
		if (call != by->call && call->where == ACD_AT_RING && rings_for(call, by->phone, number) &&
		    (!oldest || call->started_at < oldest->started_at))
			oldest = call;
	return oldest;
}

bool acd_pickup(struct acd_leg *by, const char *number)
{
	struct acd_call *from = by->call, *call = by->phone ? find(by, number) : NULL;

	if (!call)
		return false;
	zj_info("pickup", "call=%s by=%s from_call=%s", call->id, by->ext, from->id);
	acd_call_at(call, 0);
	ACD_COPY(from->relation, "pickup");
	ACD_COPY(from->related, call->id);
	acd_leg_move(by, call);
	acd_segment_put(by, ACD_SEG_RING, "pickup");
	call->third = by;
	acd_call_tell(call, &acd_story_meet, ACD_LEFT_ANSWERED);
	acd_call_result(from, ACD_RESULT_ANSWERED, "picked up another call");
	if (!from->legs)
		acd_call_finish(from);
	return true;
}

/* ---- meet: main and the one who picked up are answered, and talk ---- */
static void meet_start(struct acd_call *call)
{
	if (call->third) {
		call->peer = call->third;
		call->third = NULL;
	}
	acd_call_set_where(call, ACD_AT_RING);
	if (call->peer->agent[0])
		ACD_COPY(call->last_agent, call->peer->agent);
	if (!acd_leg_is_answered(call->peer))
		acd_leg_answer(call->peer);
	acd_call_meet(call);
}

static void meet_answered(struct acd_call *call, struct acd_leg *leg)
{
	(void)leg;
	acd_call_meet(call);
}

static void meet_ended(struct acd_call *call, struct acd_leg *leg)
{
	if (leg == call->main) {
		acd_call_result(call, ACD_RESULT_NO_ANSWER, NULL);
		acd_call_end(call, 0, NULL);
	} else if (leg == call->peer) {
		call->peer = NULL;
		acd_call_bye(call, 480, ACD_RESULT_UNREACHABLE, "who picked up is gone", ACD_LEFT_FAILED);
	}
}

static void meet_leave(struct acd_call *call, enum acd_left how)
{
	(void)how;
	if (call->peer)
		acd_leg_hangup(call->peer, 0, 0, "given up");
	call->peer = NULL;
}

static void meet_resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	(void)snapshot;
	(void)leg;
	if (call->peer && call->main)
		meet_start(call);
	else
		acd_call_bye(call, 480, ACD_RESULT_FAILED, "interrupted", ACD_LEFT_FAILED);
}

const struct acd_story acd_story_meet = {.name = "meet",
					 .start = meet_start,
					 .ringing = acd_leg_nothing,
					 .answered = meet_answered,
					 .ended = meet_ended,
					 .played = acd_played_nothing,
					 .leave = meet_leave,
					 .resume = meet_resume};
