/* Keys pressed during a talk: transfers and consultations by telephone. Only telephones of ours have them, and their
 * other party hears music meanwhile. */
#include "call/call.h"
#include "call/leg.h"
#include "call/segment.h"
#include "call/transfer.h"
#include "core/events.h"
#include "people/extension.h"
#include "people/feature.h"
#include "story/announce.h"
#include "story/story.h"
#include "zj_obj.h"
#include <string.h>

#define KEYS_WITHIN (3 * ACD_S) /* between two keys of a code */
#define NUMBER_MAX  32

/* ---- the codes: the system's only ---- */
static const struct acd_code *code_of(const struct acd *acd, const char *keys)
{
	const struct acd_tenant *t;
	const struct acd_code *c;
	size_t n = strlen(keys), len;

	for (t = acd->tenants; t; t = t->hh.next)
		for (c = t->carrier ? t->hot_keys : NULL; c; c = c->hh.next) {
			len = strlen(c->number);
			if (c->enabled && len && n >= len && !strcmp(keys + n - len, c->number))
				return c;
		}
	return NULL;
}

static void note_key(struct acd_leg *leg, char key)
{
	int64_t now = leg->call->tenant->acd->now;
	size_t n;

	if (now - leg->key_at > KEYS_WITHIN)
		leg->keys[0] = 0;
	leg->key_at = now;
	n = strlen(leg->keys);
	if (n == sizeof(leg->keys) - 1)
		memmove(leg->keys, leg->keys + 1, n--);
	leg->keys[n] = key;
	leg->keys[n + 1] = 0;
}

static const struct acd_code *code_pressed(struct acd_leg *leg, const json_t *p)
{
	const char *digit = acd_str(p, "digit");
	const struct acd_code *c;

	if (!leg->phone || !digit[0])
		return NULL;
	note_key(leg, digit[0]);
	c = code_of(leg->call->tenant->acd, leg->keys);
	if (c)
		leg->keys[0] = 0;
	return c;
}

static void room(struct acd_call *call, const char *method, const struct acd_leg *leg)
{
	acd_media(call->tenant->acd, call->tenant, method, json_pack("{s:s, s:s}", "room", call->room, "leg", leg->id));
}

/* ---- asking for the number ---- */
static void ask(struct acd_call *call, const char *zh, const char *en)
{
	struct acd *acd = call->tenant->acd;
	char id[ZJ_UUID_SIZE];

	acd_uuid(acd, id);
	acd_play_items(call->peer, json_pack("[o]", acd_say_text(call->tenant, zh, en)), ACD_PLAY_ANNOUNCEMENT);
	acd_media(acd, call->tenant, "leg.collect",
		  json_pack("{s:s, s:s, s:i, s:s, s:i, s:i, s:b}", "leg", call->peer->id, "collect", id, "max",
			    NUMBER_MAX, "term", "#", "first_ms", 8000, "inter_ms", 3000, "clear", 1));
}

static void begin(struct acd_call *call, struct acd_leg *leg, const char *what)
{
	struct acd_leg *other = acd_call_other(call, leg);
	const char *because;

	if (!other || !acd_leg_is_answered(other) || !acd_leg_is_answered(leg))
		return;
	call->main = other;
	call->peer = leg;
	if (call->where == ACD_AT_TALK && acd_talk_hold(call, true, &because))
		return;
	zj_info("hot_key", "call=%s extension=%s what=%s", call->id, leg->ext, what);
	room(call, "room.leave", leg);
	ACD_COPY(call->argument, what);
	call->story = &acd_story_consult;
	acd_call_dirty(call);
	ask(call, "请输入号码，按井号键结束。", "Please enter the number, then press the pound key.");
}

void acd_hot_key_pressed(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	const struct acd_code *c = leg == call->main || leg == call->peer ? code_pressed(leg, p) : NULL;

	if (c)
		begin(call, leg, c->what);
}

/* ---- consult: peer has left main waiting ---- */
static void back(struct acd_call *call)
{
	const char *because;

	acd_timer_stop(&call->timer);
	acd_play_stop(call->peer);
	room(call, "room.join", call->peer);
	call->story = &acd_story_talk;
	call->argument[0] = 0;
	(void)acd_talk_hold(call, false, &because);
	acd_segment_put(call->peer, ACD_SEG_TALK, "back");
	acd_call_dirty(call);
}

static void drop_third(struct acd_call *call, const char *why)
{
	struct acd_leg *third = call->third;

	call->third = NULL;
	if (third)
		acd_leg_hangup(third, 0, 0, why);
}

/* Whom peer talked with gets main. */
static void connect(struct acd_call *call, struct acd_leg *third)
{
	const char *because;

	call->third = NULL;
	call->peer = third;
	call->story = &acd_story_talk;
	call->argument[0] = 0;
	ACD_COPY(call->relation, "transfer");
	if (third->agent[0])
		ACD_COPY(call->last_agent, third->agent);
	(void)acd_talk_hold(call, false, &because);
	acd_segment_put(third, ACD_SEG_TALK, "transfer");
	acd_call_dirty(call);
}

static void ring_third(struct acd_call *call, const struct acd_extension *e)
{
	if (acd_extension_able(e, call) != ACD_ABLE || e->external[0] || e == call->peer->phone) {
		back(call);
		return;
	}
	call->third = acd_leg_ring(call, e, e->ring_us, NULL);
	if (!call->third) {
		back(call);
		return;
	}
	call->third->role = ACD_ROLE_CONSULTED;
	acd_play_ringback(call->peer, e->ringback_id);
}

static void collected(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	const char *number = acd_str(p, "digits");
	struct acd_dest dest = {0};
	bool blind = !strcmp(call->argument, "blind_transfer"), consult = !strcmp(call->argument, "agent_consult");

	if (leg != call->peer || call->third)
		return;
	if (!number[0] || !acd_dest_by_number(call->tenant, number, &dest) ||
	    (!blind && dest.kind != ACD_TO_EXTENSION) || (!consult && !acd_transfer_allowed(call, &dest, number))) {
		zj_info("hot_key", "no such number, or not for this call call=%s number=%s", call->id,
			zj_log_esc(number));
		back(call);
	} else if (blind) {
		ACD_COPY(call->relation, "transfer");
		call->argument[0] = 0;
		acd_call_go(call, &dest, ACD_LEFT_TRANSFERRED);
	} else {
		struct acd_extension *e = acd_extension_find(call->tenant, dest.id);

		if (e)
			ring_third(call, e);
		else
			back(call);
	}
}

static void answered(struct acd_call *call, struct acd_leg *leg)
{
	if (leg != call->third)
		return;
	acd_play_stop(call->peer);
	room(call, "room.join", call->peer);
	room(call, "room.join", leg);
	acd_segment_put(call->peer, ACD_SEG_CONSULT, "consult");
	acd_segment_put(leg, ACD_SEG_CONSULT, "consult");
}

/* The code once more, or a star: back to main. */
static void digit(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	if (leg != call->peer || !call->third)
		return;
	if (code_pressed(leg, p)) {
		drop_third(call, "consultation is over");
		room(call, "room.leave", call->peer);
		back(call);
	}
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	bool transfer = !strcmp(call->argument, "attended_transfer");
	struct acd_leg *third = call->third;
	struct acd_dest dest = {.kind = ACD_TO_EXTENSION};

	if (leg == third) {
		call->third = NULL;
		if (leg->answered_at)
			room(call, "room.leave", call->peer);
		back(call);
	} else if (leg == call->peer && transfer && third && acd_leg_is_answered(third)) {
		connect(call, third);
	} else if (leg == call->peer && transfer && third && third->phone) { /* it still rings: main rings it now */
		ACD_COPY(dest.id, third->phone->id);
		ACD_COPY(call->relation, "transfer");
		call->peer = NULL;
		acd_call_go(call, &dest, ACD_LEFT_TRANSFERRED);
	} else if (leg == call->peer || leg == call->main) {
		acd_call_end(call, 0, NULL);
	}
}

static void leave(struct acd_call *call, enum acd_left how)
{
	drop_third(call, "given up");
	if (call->peer)
		acd_play_stop(call->peer);
	acd_story_talk.leave(call, how);
}

/* Half a consultation is none: they talk on. */
static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	if (!call->main || !call->peer)
		return;
	drop_third(call, "interrupted");
	back(call);
	acd_story_talk.resume(call, snapshot, leg);
}

const struct acd_story acd_story_consult = {.name = "consult",
					    .start = acd_start_nothing,
					    .ringing = acd_leg_nothing,
					    .answered = answered,
					    .ended = ended,
					    .played = acd_played_nothing,
					    .collected = collected,
					    .digit = digit,
					    .leave = leave,
					    .resume = resume};
