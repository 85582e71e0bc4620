/* A member of a conference, from the password to the farewell. */
#include "call/call.h"
#include "call/leg.h"
#include "call/segment.h"
#include "conference/guest.h"
#include "core/events.h"
#include "people/extension.h"
#include "story/announce.h"
#include "story/dialogue.h"
#include "story/story.h"
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define TRIES_MAX 3
#define NAME_MS   5000

static struct acd_room *room_of(const struct acd_call *call)
{
	struct acd_room *r = NULL;

	HASH_FIND_STR(call->tenant->rooms, call->dest.id, r);
	return r;
}

static void ask_name(struct acd_guest *g)
{
	acd_guest_state(g, ACD_MEMBER_NAME);
	acd_play(g->call->main, json_pack("[o]", acd_phrase(g->call->tenant, ACD_SAY_SAY_NAME)), 0, ACD_PLAY_SPEECH);
}

static void record_name(struct acd_guest *g)
{
	struct acd_tenant *t = g->call->tenant;

	acd_uuid(t->acd, g->name_record);
	snprintf(g->name_path, sizeof(g->name_path), "%s/names/%s.wav", t->id, g->name_record);
	acd_call_dirty(g->call);
	acd_record_words(g->call->main, g->name_record, g->name_path, NAME_MS, 2000);
}

/* The password was right, or none is needed. */
static void admit(struct acd_guest *g)
{
	struct acd_call *call = g->call;
	struct acd_room *r = room_of(call);
	struct acd_conference *c = r ? r->live : NULL;
	struct acd_guest *other;
	unsigned n = 0;

	if (c)
		DL_COUNT(c->guests, other, n);
	if (!g->conf && c && c->locked && !g->admin) {
		acd_guest_farewell(g, ACD_SAY_ROOM_LOCKED, ACD_RESULT_REJECTED, "conference is locked");
		return;
	}
	if (!g->conf && r && n >= r->max_members) {
		acd_guest_farewell(g, ACD_SAY_ROOM_FULL, ACD_RESULT_OVER_LIMIT, "conference is full");
		return;
	}
	c = g->conf ? g->conf : r ? acd_conference_get(r, call) : NULL;
	if (!c || !r) {
		acd_call_bye(call, 503, ACD_RESULT_FAILED, "no conference", ACD_LEFT_FAILED);
		return;
	}
	if (!g->conf)
		acd_conference_add(c, g);
	if (r->announce && !g->invited)
		ask_name(g);
	else
		acd_guest_welcome(g);
}

static void ask_pin(struct acd_guest *g, bool again)
{
	struct acd_tenant *t = g->call->tenant;
	struct acd_room *r = room_of(g->call);
	json_t *items = json_array();

	if (again)
		json_array_append_new(items, acd_phrase(t, ACD_SAY_WRONG_PIN));
	json_array_append_new(items, acd_phrase(t, r && r->pin[0] ? ACD_SAY_ENTER_PIN : ACD_SAY_ENTER_PIN_OR_NOT));
	acd_guest_state(g, ACD_MEMBER_PIN);
	acd_ask(g->call->main, &(struct acd_question){.items = items, .max = 17, .term = "#", .first_ms = 8000});
}

static void pin_came(struct acd_guest *g, const char *digits)
{
	struct acd_room *r = room_of(g->call);

	if (r && r->admin_pin[0] && !strcmp(digits, r->admin_pin)) {
		g->admin = true;
		admit(g);
	} else if (r && !strcmp(digits, r->pin)) {
		admit(g);
	} else if (++g->tries < TRIES_MAX) {
		ask_pin(g, true);
	} else {
		zj_warn("conference", "wrong PINs call=%s room=%s caller=%s", g->call->id, r ? r->number : "-",
			zj_log_esc(g->call->caller));
		acd_guest_farewell(g, ACD_SAY_WRONG_PIN_BYE, ACD_RESULT_REJECTED, "wrong PIN");
	}
}

static void begin(struct acd_call *call)
{
	struct acd_guest *g = call->own;
	struct acd_room *r = room_of(call);
	struct acd_extension *e = acd_guest_extension(g);

	acd_call_set_where(call, ACD_AT_CONFERENCE);
	acd_segment_put(call->main, ACD_SEG_IVR, "conference");
	g->admin = g->admin || (r && e && acd_room_is_admin(r, e->account_id));
	if (r && (r->pin[0] || r->admin_pin[0]) && !g->admin && !g->invited)
		ask_pin(g, false);
	else
		admit(g);
}

static void start(struct acd_call *call)
{
	if (!acd_room_find(call->tenant, call->dest.id)) {
		acd_call_bye(call, 404, ACD_RESULT_FAILED, "no such conference room", ACD_LEFT_FAILED);
	} else if (!acd_guest_alloc(call)) {
		acd_call_bye(call, 503, ACD_RESULT_FAILED, "no memory", ACD_LEFT_FAILED);
	} else if (acd_leg_is_answered(call->main)) {
		begin(call);
	} else {
		acd_call_set_where(call, ACD_AT_RING);
		acd_leg_answer(call->main);
	}
}

static void answered(struct acd_call *call, struct acd_leg *leg)
{
	if (leg == call->main && call->own && call->where == ACD_AT_RING)
		begin(call);
}

static void collected(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	struct acd_guest *g = call->own;
	const char *digits = acd_str(p, "digits");

	if (!g || leg != call->main || !acd_is_answer(leg, p))
		return;
	if (g->state == ACD_MEMBER_PIN)
		pin_came(g, digits);
	else if (g->state == ACD_MEMBER_MENU)
		acd_guest_menu_key(g, digits[0]);
	else if (g->state == ACD_MEMBER_INVITING)
		acd_guest_invite_key(g, digits);
}

static void digit(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	struct acd_guest *g = call->own;

	if (!g || leg != call->main || g->state != ACD_MEMBER_IN || !g->conf->room->menu ||
	    acd_str(p, "digit")[0] != '*')
		return;
	acd_guest_menu(g);
}

/* ---- what happens ---- */
static void played(struct acd_call *call, struct acd_leg *leg, enum acd_play what)
{
	struct acd_guest *g = call->own;

	if (!g || leg != call->main)
		return;
	if (g->state == ACD_MEMBER_LEAVING && what == ACD_PLAY_GOODBYE)
		acd_call_end(call, 0, NULL);
	else if (g->state == ACD_MEMBER_NAME && what == ACD_PLAY_SPEECH)
		record_name(g);
	else if (g->state == ACD_MEMBER_ENTRY && what == ACD_PLAY_SPEECH)
		acd_guest_place(g);
	else if (g->state == ACD_MEMBER_IN && g->conf)
		acd_conference_music(g->conf);
}

static void recorded(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	struct acd_guest *g = call->own;

	if (!g || !leg || g->state != ACD_MEMBER_NAME)
		return;
	if (acd_str(p, "path")[0])
		ACD_COPY(g->name_path, acd_str(p, "path"));
	if (acd_int(p, "ms", 0) < 300)
		g->name_path[0] = 0;
	acd_guest_welcome(g);
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	struct acd_guest *g = call->own;

	if (leg != call->main)
		return;
	if (g)
		acd_guest_leave(g);
	if (!leg->answered_at) {
		enum acd_outcome o = acd_outcome_of(leg->sip_code);

		acd_call_result(call,
				o == ACD_OFFER_BUSY       ? ACD_RESULT_BUSY
				: o == ACD_OFFER_REJECTED ? ACD_RESULT_REJECTED
							  : ACD_RESULT_NO_ANSWER,
				"did not come");
	}
	acd_call_result(call, ACD_RESULT_ANSWERED, "left before joining");
	acd_call_end(call, 0, NULL);
}

static void leave(struct acd_call *call, enum acd_left how)
{
	(void)how;
	if (call->own)
		acd_guest_leave(call->own);
	call->room[0] = 0;
	acd_dialogue_leave(call);
}

static json_t *save(const struct acd_call *call)
{
	const struct acd_guest *g = call->own;

	return json_pack("{s:s, s:i, s:b, s:b, s:b, s:b, s:b, s:I, s:s, s:s}", "state", acd_member_state_name(g->state),
			 "tries", (int)g->tries, "admin", (int)g->admin, "muted", (int)g->muted, "invited",
			 (int)g->invited, "inside", (int)g->inside, "listed", g->conf != NULL, "since",
			 (json_int_t)g->since, "name_path", g->name_path, "name_record", g->name_record);
}

static void load(struct acd_call *call, const json_t *o)
{
	struct acd_guest *g = acd_guest_alloc(call);
	struct acd_room *r = room_of(call);

	if (!g)
		return;
	g->state = acd_member_state_parse(acd_str(o, "state"), ACD_MEMBER_RINGING);
	g->tries = (unsigned)acd_int(o, "tries", 0);
	g->admin = json_is_true(json_object_get(o, "admin"));
	g->muted = json_is_true(json_object_get(o, "muted"));
	g->invited = json_is_true(json_object_get(o, "invited"));
	g->since = acd_int(o, "since", g->since);
	ACD_COPY(g->name_path, acd_str(o, "name_path"));
	ACD_COPY(g->name_record, acd_str(o, "name_record"));
	if (json_is_true(json_object_get(o, "listed")) && r && r->live) {
		g->inside = json_is_true(json_object_get(o, "inside"));
		acd_conference_add(r->live, g);
	}
}

static bool is_in_room(const json_t *snapshot, const struct acd_guest *g, bool *there)
{
	const json_t *room, *leg;
	size_t i, k;

	json_array_foreach (json_object_get(snapshot, "rooms"), i, room) {
		if (strcmp(acd_str(room, "room"), g->conf->id))
			continue;
		*there = true;
		json_array_foreach (json_object_get(room, "legs"), k, leg)
			if (!strcmp(acd_str(leg, "leg"), g->call->main->id))
				return true;
	}
	return false;
}

static void resume_inside(struct acd_guest *g, const json_t *snapshot)
{
	bool there = false;

	g->state = ACD_MEMBER_IN;
	if (is_in_room(snapshot, g, &there))
		return;
	if (!there)
		acd_conference_open(g->conf);
	acd_guest_room(g, "room.join", g->muted ? "listen" : "talk");
}

static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	struct acd_guest *g = call->own;

	if (!g || !leg || !call->main || !acd_leg_is_answered(call->main)) {
		if (!g && call->main && acd_leg_is_alive(call->main))
			start(call);
		return;
	}
	if (call->where == ACD_AT_RING)
		begin(call);
	else if (g->state == ACD_MEMBER_LEAVING)
		acd_call_end(call, 0, NULL);
	else if (g->state == ACD_MEMBER_PIN)
		ask_pin(g, false);
	else if (!g->conf)
		admit(g); /* the conference itself was lost */
	else if (g->inside)
		resume_inside(g, snapshot);
	else if (g->state == ACD_MEMBER_WAITING || g->state == ACD_MEMBER_ENTRY)
		acd_guest_place(g);
	else
		acd_guest_welcome(g);
}

const struct acd_story acd_story_conference = {.name = "conference",
					       .to = ACD_TO_CONFERENCE,
					       .start = start,
					       .ringing = acd_leg_nothing,
					       .answered = answered,
					       .ended = ended,
					       .played = played,
					       .collected = collected,
					       .digit = digit,
					       .recorded = recorded,
					       .save = save,
					       .load = load,
					       .leave = leave,
					       .resume = resume};
