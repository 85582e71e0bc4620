/* A caller waits in a queue: music, positions, offers, until somebody answers or something else ends it. */
#include "call/call.h"
#include "call/leg.h"
#include "call/segment.h"
#include "core/events.h"
#include "people/agent.h"
#include "queue/queue.h"
#include "queue/visit.h"
#include "story/announce.h"
#include "story/story.h"
#include "zj_obj.h"
#include <errno.h>
#include <string.h>

#define HOPS_MAX 5 /* overflows of one call: two full queues may point at each other */

static void enter(struct acd_call *call)
{
	struct acd_queue *q = acd_queue_find(call->tenant, call->dest.id);
	int err;

	if (!q) {
		acd_call_bye(call, 404, ACD_RESULT_FAILED, "queue is gone", ACD_LEFT_FAILED);
		return;
	}
	acd_call_set_where(call, ACD_AT_QUEUE);
	acd_segment_put(call->main, ACD_SEG_QUEUE, "queue");
	err = acd_visit_enter(call, q);
	if (err == ENOMEM)
		acd_call_bye(call, 503, ACD_RESULT_FAILED, "no memory", ACD_LEFT_FAILED);
	else if (!q->enabled)
		acd_queue_overflow(call, q, ACD_LEFT_FAILED);
	else if (err)
		acd_queue_overflow(call, q, ACD_LEFT_OVERFLOW_FULL);
	else
		acd_play_music(call->main, q);
}

static void start(struct acd_call *call)
{
	if (acd_leg_is_answered(call->main)) {
		enter(call);
	} else if (!acd_queue_find(call->tenant, call->dest.id)) {
		acd_call_bye(call, 404, ACD_RESULT_FAILED, "no such queue", ACD_LEFT_FAILED);
	} else {
		acd_call_set_where(call, ACD_AT_RING);
		acd_leg_answer(call->main);
	}
}

static void ringing(struct acd_call *call, struct acd_leg *leg)
{
	struct acd_visit *v = call->visit;

	if (v && !strcmp(v->offer.leg, leg->id)) {
		v->offer.ringing_at = leg->ringing_at;
		acd_visit_dirty(v);
	}
}

static void answered(struct acd_call *call, struct acd_leg *leg)
{
	struct acd_visit *v = call->visit;
	char agent[ZJ_UUID_SIZE];
	bool record;

	if (leg == call->main) {
		if (!v)
			enter(call);
		return;
	}
	if (!v || strcmp(v->offer.leg, leg->id)) { /* cannot be: a leg that was given up is ending */
		acd_leg_hangup(leg, 0, 0, "no longer offered");
		return;
	}
	ACD_COPY(agent, v->offer.agent);
	record = v->queue->record;
	ACD_COPY(call->last_agent, agent);
	acd_visit_leave(v, ACD_LEFT_ANSWERED, agent);
	acd_talk_begin(call, leg, record);
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	struct acd_visit *v = call->visit;

	if (leg == call->main) {
		acd_call_result(call, v ? ACD_RESULT_ABANDONED_QUEUE : ACD_RESULT_NO_ANSWER, NULL);
		if (v)
			acd_visit_leave(v, ACD_LEFT_ABANDONED, NULL);
		acd_call_end(call, 0, NULL);
	} else if (v && !strcmp(v->offer.leg, leg->id)) {
		if (leg->retry_us <
		    ACD_S) /* a phone that refuses at once must not be asked a thousand times a second */
			leg->retry_us = ACD_S;
		acd_visit_offer_end(v, acd_outcome_of(leg->sip_code));
	}
}

static void played(struct acd_call *call, struct acd_leg *leg, enum acd_play what)
{
	if (what != ACD_PLAY_ANNOUNCEMENT || leg != call->main || !call->visit)
		return;
	acd_visit_announced(call->visit);
	acd_play_music(leg, call->visit->queue);
}

static void leave(struct acd_call *call, enum acd_left how)
{
	if (call->visit)
		acd_visit_leave(call->visit, how, NULL);
}

void acd_queue_overflow(struct acd_call *call, struct acd_queue *q, enum acd_left how)
{
	static const struct {
		enum acd_result result;
		const char *reason;
	} ends[ACD_LEFT_COUNT] = {
		[ACD_LEFT_TIMEOUT] = {ACD_RESULT_NO_ANSWER, "waited too long"},
		[ACD_LEFT_NO_AGENT] = {ACD_RESULT_NO_ANSWER, "no agent signed in"},
		[ACD_LEFT_OVERFLOW_FULL] = {ACD_RESULT_BUSY, "queue is full"},
		[ACD_LEFT_FAILED] = {ACD_RESULT_FAILED, "queue is closed"},
	};
	struct acd_dest to = q->overflow;

	zj_info("queue", "overflow call=%s queue=%s how=%s", call->id, q->number, acd_left_name(how));
	if (to.kind == ACD_TO_NOTHING || to.kind == ACD_TO_HANGUP || ++call->hops > HOPS_MAX)
		acd_call_bye(call, 480, ends[how].result, ends[how].reason, how);
	else
		acd_call_go(call, &to, how);
}

/* The music goes on by itself while acd is away; it is started again only when the leg plays something else. */
static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	(void)snapshot;
	if (!call->main || !leg)
		return;
	if (!acd_leg_is_answered(call->main))
		acd_leg_answer(call->main);
	else if (!call->visit)
		enter(call);
	else if (!acd_str(leg, "play")[0] || strcmp(acd_str(leg, "play"), call->main->play))
		acd_play_music(call->main, call->visit->queue);
}

const struct acd_story acd_story_queue = {.name = "queue",
					  .to = ACD_TO_QUEUE,
					  .start = start,
					  .ringing = ringing,
					  .answered = answered,
					  .ended = ended,
					  .played = played,
					  .leave = leave,
					  .resume = resume};
