/* A ring group's call: its members' phones ring, all at once or in turn, until one answers or the time is over. Exactly
 * one wins: the first `answered` that comes in; the others are told that the call was answered elsewhere. */
#include "call/call.h"
#include "call/leg.h"
#include "call/segment.h"
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
#include "people/group.h"
#include "story/announce.h"
#include "story/music_class.h"
#include "story/story.h"
#include "zj_obj.h"
#include <string.h>
#include <utlist.h>

#define HOPS_MAX   5           /* diversions of one call: two groups may point at each other */
#define NEXT_ROUND (1 * ACD_S) /* phones that refuse at once are not asked a thousand times a second */
#define HANG_ON    (5 * ACD_S) /* the phone's own limit is later than ours */

static void step(struct acd_call *call, struct acd_group *g);

static struct acd_group *group_of(const struct acd_call *call)
{
	struct acd_group *g = NULL;

	HASH_FIND_STR(call->tenant->groups, call->dest.id, g); /* also a disabled one: its calls go on */
	return g;
}

/* A phone's ringing is over: a fact, and one more in the member's counters. */
static void end_ring(struct acd_leg *leg, enum acd_outcome outcome)
{
	struct acd_call *call = leg->call;

	if (!leg->rung)
		return;
	leg->rung = false;
	acd_fact(call->tenant, "ring",
		 json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s}", "call_id", call->id, "id", leg->id,
			   "group_id", call->dest.id, "extension_id", leg->phone ? leg->phone->id : "", "leg_id",
			   leg->id, "offered_at", acd_json_time(leg->offered_at), "ringing_at",
			   acd_json_time(leg->ringing_at), "ended_at", acd_json_time(call->last_at), "outcome",
			   acd_outcome_name(outcome)));
	acd_call_dirty(call);
}

static unsigned stop_all(struct acd_call *call, const struct acd_leg *but, enum acd_outcome outcome, int q850,
			 const char *why)
{
	struct acd_leg *leg, *next;
	unsigned n = 0;

	DL_FOREACH_SAFE (call->legs, leg, next) {
		/* cppcheck-suppress nullPointerRedundantCheck; `but` may be NULL, `leg` not */
		if (!leg->rung || leg == but)
			continue;
		end_ring(leg, outcome);
		acd_leg_hangup(leg, 0, q850, why);
		n++;
	}
	return n;
}

static bool is_ringing(const struct acd_call *call, const char *extension)
{
	const struct acd_leg *leg;

	DL_FOREACH (call->legs, leg)
		if (leg->rung && leg->phone && !strcmp(leg->phone->id, extension))
			return true;
	return false;
}

static bool anybody_rings(const struct acd_call *call)
{
	const struct acd_leg *leg;

	DL_FOREACH (call->legs, leg)
		if (leg->rung)
			return true;
	return false;
}

static bool ring(struct acd_call *call, const struct acd_group *g, const char *extension)
{
	struct acd_extension *e = acd_extension_find(call->tenant, extension);
	const struct acd_show show = {g->number_prefix, g->name_prefix};
	struct acd_leg *leg;

	if (!e || is_ringing(call, extension) || acd_extension_able(e, call) != ACD_ABLE ||
	    (call->main && call->main->phone == e) || (g->hunt == ACD_HUNT_IDLE && !acd_extension_is_idle(e, call)))
		return false;
	leg = acd_leg_ring(call, e, call->hunting->until - call->tenant->acd->now + HANG_ON, &show);
	if (!leg)
		return false;
	leg->rung = true;
	if (e->agent)
		(void)acd_agent_take(e->agent, leg, NULL); /* so that no queue offers him another one meanwhile */
	return true;
}

/* Nobody answers: the diversion, or the end. */
static void fail(struct acd_call *call, enum acd_result result, const char *reason)
{
	struct acd_group *g = group_of(call);

	stop_all(call, NULL, ACD_OFFER_NO_ANSWER, 0, reason);
	zj_info("group", "failed call=%s group=%s reason=%s", call->id, g ? g->name : "-", reason);
	if (g && g->failure.kind != ACD_TO_NOTHING && g->failure.kind != ACD_TO_HANGUP && ++call->hops <= HOPS_MAX)
		acd_call_go(call, &g->failure, ACD_LEFT_REDIRECTED);
	else
		acd_call_bye(call, result == ACD_RESULT_BUSY ? 486 : 480, result, reason, ACD_LEFT_FAILED);
}

static void turn_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);
	struct acd_group *g = group_of(call);

	acd_call_at(call, 0);
	if (!g || !call->hunting || acd->now >= call->hunting->until)
		fail(call, ACD_RESULT_NO_ANSWER, "nobody in the ring group answered");
	else
		step(call, g);
}

static void next_in(struct acd_call *call, int64_t us)
{
	struct acd *acd = call->tenant->acd;
	int64_t at = acd->now + us;

	acd_timer_start(acd, &call->timer, at < call->hunting->until ? at : call->hunting->until, turn_h);
}

/* One after the other, round and round as long as somebody can be rung. */
static void step_in_turn(struct acd_call *call, const struct acd_group *g)
{
	struct acd_hunting *h = call->hunting;

	stop_all(call, NULL, ACD_OFFER_NO_ANSWER, 0, "next one's turn");
	while (h->next < h->n)
		if (ring(call, g, h->order[h->next++])) {
			next_in(call, g->turn_us);
			return;
		}
	if (!h->rang) {
		fail(call, ACD_RESULT_UNREACHABLE, "no member of the ring group can be rung");
		return;
	}
	h->next = 0;
	h->rang = false;
	next_in(call, NEXT_ROUND);
}

static void step_more(struct acd_call *call, const struct acd_group *g, unsigned upto)
{
	struct acd_hunting *h = call->hunting;
	bool more = false;

	while (h->next < h->n && (h->next < upto || !more))
		more = ring(call, g, h->order[h->next++]) || more;
	if (!anybody_rings(call))
		fail(call, ACD_RESULT_UNREACHABLE, "no member of the ring group can be rung");
	else
		next_in(call, h->next < h->n ? g->turn_us : h->until);
}

static void step(struct acd_call *call, struct acd_group *g)
{
	struct acd_hunting *h = call->hunting;

	acd_call_dirty(call);
	if (g->hunt == ACD_HUNT_SEQUENTIAL || g->hunt == ACD_HUNT_ROUND_ROBIN)
		step_in_turn(call, g);
	else if (g->hunt == ACD_HUNT_INCREMENTAL || (h->first && h->next == 0))
		step_more(call, g, 0); /* one more */
	else
		step_more(call, g, h->n);
}

static bool play_music(struct acd_leg *leg, const struct acd_group *g)
{
	const struct acd_music_class *m =
		g->music_class_id[0] ? acd_music_class_find(g->tenant, g->music_class_id) : NULL;

	return acd_play_music_of(leg, g->music_id, m);
}

/* The caller hears the prompt, then music, else a ring-back tone; in early media while he is not answered. */
static void greet(struct acd_call *call, const struct acd_group *g)
{
	struct acd_leg *main = call->main;
	bool said = acd_play_prompt(main, g->prompt_id, 0, ACD_PLAY_ANNOUNCEMENT) || play_music(main, g);

	if (acd_leg_is_answered(main)) {
		if (!said)
			acd_play_ringback(main, "");
	} else if (said) {
		acd_media(call->tenant->acd, call->tenant, "leg.progress",
			  json_pack("{s:s, s:i}", "leg", main->id, "code", 183));
	}
}

static void start(struct acd_call *call)
{
	struct acd_group *g = acd_group_find(call->tenant, call->dest.id);
	struct acd_hunting *h = g ? zj_alloc(sizeof(*h), NULL) : NULL;

	if (!h) {
		acd_call_bye(call, 404, ACD_RESULT_FAILED, "no such ring group", ACD_LEFT_FAILED);
		return;
	}
	call->hunting = zj_deref(call->hunting);
	call->hunting = h;
	h->until = call->tenant->acd->now + g->ring_us;
	acd_group_order(g, call, h);
	acd_call_set_where(call, ACD_AT_RING);
	acd_segment_put(call->main, ACD_SEG_RING, "ring group");
	zj_info("group", "rings call=%s group=%s strategy=%s members=%u", call->id, g->name, acd_hunt_name(g->hunt),
		h->n);
	greet(call, g);
	step(call, g);
}

static void ringing(struct acd_call *call, struct acd_leg *leg)
{
	if (!leg->rung || !call->hunting)
		return;
	call->hunting->rang = true;
	if (call->main && acd_leg_is_alive(call->main) && !acd_leg_is_answered(call->main) &&
	    call->main->playing == ACD_PLAY_NOTHING)
		acd_call_alert(call, "");
}

static void answered(struct acd_call *call, struct acd_leg *leg)
{
	if (leg->rung && !call->peer) {
		acd_timer_stop(&call->timer);
		end_ring(leg, ACD_OFFER_ANSWERED);
		call->peer = leg;
		if (leg->agent[0])
			ACD_COPY(call->last_agent, leg->agent);
		stop_all(call, leg, ACD_OFFER_CANCELLED, ACD_ELSEWHERE, "answered elsewhere");
	}
	acd_call_meet(call);
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	struct acd_group *g = group_of(call);
	enum acd_outcome o = acd_outcome_of(leg->sip_code);

	if (leg == call->main) {
		stop_all(call, NULL, ACD_OFFER_CANCELLED, 0, "caller left");
		acd_call_result(call, ACD_RESULT_NO_ANSWER, NULL);
		acd_call_end(call, 0, NULL);
	} else if (leg == call->peer) {
		call->peer = NULL;
		fail(call, ACD_RESULT_UNREACHABLE, "who answered is gone");
	} else if (leg->rung) {
		end_ring(leg, o == ACD_OFFER_OPEN ? ACD_OFFER_UNREACHABLE : o);
		if (anybody_rings(call) || call->peer)
			return;
		if (g && call->hunting && call->hunting->next < call->hunting->n)
			step(call, g);
		else if (g && call->hunting && (g->hunt == ACD_HUNT_SEQUENTIAL || g->hunt == ACD_HUNT_ROUND_ROBIN))
			step_in_turn(call, g);
		else
			fail(call, o == ACD_OFFER_BUSY ? ACD_RESULT_BUSY : ACD_RESULT_NO_ANSWER,
			     "every member of the ring group refused");
	}
}

static void played(struct acd_call *call, struct acd_leg *leg, enum acd_play what)
{
	struct acd_group *g = group_of(call);

	if (leg != call->main || what != ACD_PLAY_ANNOUNCEMENT || !g)
		return;
	if (!play_music(leg, g))
		acd_play_ringback(leg, "");
}

static void leave(struct acd_call *call, enum acd_left how)
{
	int q850 = how == ACD_LEFT_ANSWERED ? ACD_ELSEWHERE : 0;

	stop_all(call, NULL, ACD_OFFER_CANCELLED, q850, "given up");
	if (call->peer) {
		acd_leg_hangup(call->peer, 0, q850, "given up");
		call->peer = NULL;
	}
	if (call->main)
		acd_play_stop(call->main);
	call->hunting = zj_deref(call->hunting);
}

static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	(void)snapshot;
	(void)leg;
	if (call->peer)
		acd_call_meet(call);
	else if (!call->hunting || !call->main || !acd_leg_is_alive(call->main))
		fail(call, ACD_RESULT_FAILED, "interrupted");
	else
		next_in(call, anybody_rings(call) ? NEXT_ROUND * 5 : 0);
}

const struct acd_story acd_story_group = {.name = "ring_group",
					  .to = ACD_TO_RING_GROUP,
					  .start = start,
					  .ringing = ringing,
					  .answered = answered,
					  .ended = ended,
					  .played = played,
					  .leave = leave,
					  .resume = resume};
