#include "story/story.h"
#include "call/call.h"
#include "call/leg.h"
#include "call/segment.h"
#include "core/events.h"
#include "story/announce.h"
#include "zj_obj.h"
#include <string.h>

#define GOODBYE_US (15 * ACD_S) /* no last sentence is longer */

void acd_start_nothing(struct acd_call *call)
{
	(void)call;
}

void acd_leg_nothing(struct acd_call *call, struct acd_leg *leg)
{
	(void)call;
	(void)leg;
}

void acd_played_nothing(struct acd_call *call, struct acd_leg *leg, enum acd_play what)
{
	(void)call;
	(void)leg;
	(void)what;
}

static void nothing_leave(struct acd_call *call, enum acd_left how)
{
	(void)call;
	(void)how;
}

static void nothing_resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	(void)call;
	(void)snapshot;
	(void)leg;
}

const struct acd_story acd_story_none = {.name = "none",
					 .start = acd_start_nothing,
					 .ringing = acd_leg_nothing,
					 .answered = acd_leg_nothing,
					 .ended = acd_leg_nothing,
					 .played = acd_played_nothing,
					 .leave = nothing_leave,
					 .resume = nothing_resume};

/* ---- bye: a last sentence, then the end ---- */
static void bye_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);

	(void)acd;
	acd_call_at(call, 0);
	acd_call_end(call, call->last_code, NULL);
}

static void bye_start(struct acd_call *call)
{
	struct acd *acd = call->tenant->acd;

	if (!call->main || !acd_leg_is_alive(call->main))
		return;
	if (!acd_leg_is_answered(call->main) && call->last_prompt[0]) /* said in early media */
		acd_media(acd, call->tenant, "leg.progress",
			  json_pack("{s:s, s:i}", "leg", call->main->id, "code", 183));
	if (acd_leg_is_answered(call->main) ? acd_say_goodbye(call->main, call->result)
					    : acd_play_prompt(call->main, call->last_prompt, 0, ACD_PLAY_GOODBYE)) {
		acd_segment_put(call->main, ACD_SEG_HOLD, "goodbye");
		acd_timer_start(acd, &call->timer, acd->now + GOODBYE_US, bye_h);
	}
}

static void bye_played(struct acd_call *call, struct acd_leg *leg, enum acd_play what)
{
	(void)leg;
	if (what == ACD_PLAY_GOODBYE)
		acd_call_end(call, call->last_code, NULL);
}

static void bye_ended(struct acd_call *call, struct acd_leg *leg)
{
	(void)leg;
	acd_call_set_where(call, ACD_AT_ENDING);
}

static void bye_resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	(void)snapshot;
	(void)leg;
	acd_call_end(call, 0, NULL);
}

const struct acd_story acd_story_bye = {.name = "bye",
					.start = bye_start,
					.ringing = acd_leg_nothing,
					.answered = acd_leg_nothing,
					.ended = bye_ended,
					.played = bye_played,
					.leave = nothing_leave,
					.resume = bye_resume};

void acd_call_bye(struct acd_call *call, int sip_code, enum acd_result result, const char *reason, enum acd_left how)
{
	acd_call_result(call, result, reason);
	call->last_code = sip_code;
	if (!call->hangup_by[0])
		ACD_COPY(call->hangup_by, "system");
	zj_info("call", "bye call=%s result=%s reason=%s", call->id, acd_result_name(call->result), zj_log_esc(reason));
	acd_call_tell(call, &acd_story_bye, how);
	if (!acd_timer_is_on(&call->timer))
		acd_call_end(call, sip_code, NULL);
}

void acd_call_meet(struct acd_call *call)
{
	const struct acd_leg *peer = call->peer;

	if (!call->main || !peer || !acd_leg_is_answered(peer))
		return;
	if (acd_leg_is_answered(call->main))
		acd_talk_begin(call, call->peer, false);
	else
		acd_leg_answer(call->main); /* talk begins when its ACK is here */
}

void acd_call_alert(struct acd_call *call, const char *prompt_id)
{
	struct acd_leg *main = call->main;

	if (main->playing == ACD_PLAY_RINGBACK)
		return;
	if (acd_play_prompt(main, prompt_id, -1, ACD_PLAY_RINGBACK))
		acd_media(call->tenant->acd, call->tenant, "leg.progress",
			  json_pack("{s:s, s:i}", "leg", main->id, "code", 183));
	else
		acd_media(call->tenant->acd, call->tenant, "leg.progress",
			  json_pack("{s:s, s:i}", "leg", main->id, "code", 180));
}

/* ---- callout: an agent's own call; its phone first, then the number ---- */
static void callout_answered(struct acd_call *call, struct acd_leg *leg)
{
	struct acd_dest dest = call->dest;

	(void)leg;
	acd_call_go(call, &dest, ACD_LEFT_REDIRECTED);
}

static void callout_ended(struct acd_call *call, struct acd_leg *leg)
{
	enum acd_outcome o = acd_outcome_of(leg->sip_code);

	acd_call_result(call,
			o == ACD_OFFER_BUSY       ? ACD_RESULT_BUSY
			: o == ACD_OFFER_REJECTED ? ACD_RESULT_REJECTED
						  : ACD_RESULT_NO_ANSWER,
			"agent's phone did not answer");
	acd_call_end(call, 0, NULL);
}

const struct acd_story acd_story_callout = {.name = "callout",
					    .start = acd_start_nothing,
					    .ringing = acd_leg_nothing,
					    .answered = callout_answered,
					    .ended = callout_ended,
					    .played = acd_played_nothing,
					    .leave = nothing_leave,
					    .resume = nothing_resume};

static const struct acd_story *const stories[] = {
	&acd_story_external,   &acd_story_queue,     &acd_story_ivr,     &acd_story_extension,
	&acd_story_group,      &acd_story_feature,   &acd_story_meet,    &acd_story_consult,
	&acd_story_talk,       &acd_story_bye,       &acd_story_callout, &acd_story_none,
	&acd_story_conference, &acd_story_voicemail, &acd_story_mailbox, &acd_story_fax};

const struct acd_story *acd_story_find(const char *name)
{
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(stories); i++)
		if (!strcmp(stories[i]->name, name))
			return stories[i];
	return &acd_story_none;
}

void acd_call_tell(struct acd_call *call, const struct acd_story *story, enum acd_left how)
{
	call->story->leave(call, how);
	acd_timer_stop(&call->timer);
	call->own = zj_deref(call->own);
	call->story = story;
	acd_call_dirty(call);
	story->start(call);
}

void acd_call_go(struct acd_call *call, const struct acd_dest *dest, enum acd_left how)
{
	const struct acd_story *next = NULL;

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(stories); i++)
		if (stories[i]->to == dest->kind && dest->kind != ACD_TO_NOTHING)
			next = stories[i];
	call->dest = *dest;
	if (dest->kind == ACD_TO_ACCOUNT && acd_dest_account(call->tenant, &call->dest))
		next = &acd_story_extension;
	if (next)
		acd_call_tell(call, next, how);
	else if (dest->kind == ACD_TO_HANGUP)
		acd_call_bye(call, 603, ACD_RESULT_REJECTED, "hung up by rule", how);
	else if (dest->kind == ACD_TO_ACCOUNT)
		acd_call_bye(call, 480, ACD_RESULT_UNREACHABLE, "the account has no extension", how);
	else if (dest->kind == ACD_TO_PROMPT) {
		ACD_COPY(call->last_prompt, dest->id);
		acd_call_bye(call, 480, ACD_RESULT_REJECTED, "a prompt was played", how);
	} else
		acd_call_bye(call, 501, ACD_RESULT_FAILED, "unknown kind of destination", how);
}

/* What a phone's final answer means for the one that was offered the call. */
enum acd_outcome acd_outcome_of(int64_t code)
{
	static const struct {
		int64_t code;
		enum acd_outcome outcome;
	} by_code[] = {{486, ACD_OFFER_BUSY},      {600, ACD_OFFER_BUSY},      {603, ACD_OFFER_REJECTED},
		       {403, ACD_OFFER_REJECTED},  {433, ACD_OFFER_REJECTED},  {607, ACD_OFFER_REJECTED},
		       {408, ACD_OFFER_NO_ANSWER}, {487, ACD_OFFER_NO_ANSWER}, {200, ACD_OFFER_NO_ANSWER}};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(by_code); i++)
		if (by_code[i].code == code)
			return by_code[i].outcome;
	return ACD_OFFER_UNREACHABLE;
}
