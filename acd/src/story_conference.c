/* A member of a conference, from the password to the farewell. */
#include "agent.h"
#include "announce.h"
#include "call.h"
#include "conference.h"
#include "events.h"
#include "extension.h"
#include "leg.h"
#include "phrase.h"
#include "segment.h"
#include "story.h"
#include "zj_obj.h"
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define TRIES_MAX   3
#define FAREWELL_US (15 * ACD_S)
#define WAIT_MAX_US (3600 * ACD_S) /* for the chair */
#define HEARD_MAX   50             /* in larger conferences nobody is told who comes and goes */
#define NAME_MS     5000

static struct acd_room *room_of(const struct acd_call *call)
{
	struct acd_room *r = NULL;

	HASH_FIND_STR(call->tenant->rooms, call->dest.id, r);
	return r;
}

static void set_state(struct acd_guest *g, enum acd_member_state state)
{
	g->state = state;
	acd_call_dirty(g->call);
	if (g->conf)
		acd_conference_dirty(g->conf, true);
}

static void guest_destructor(void *obj)
{
	struct acd_guest *g = obj;

	if (g->conf)
		DL_DELETE(g->conf->guests, g);
}

static struct acd_guest *guest_make(struct acd_call *call)
{
	struct acd_guest *g = zj_alloc(sizeof(*g), guest_destructor);

	if (!g)
		return NULL;
	g->call = call;
	g->since = call->last_at;
	call->own = g;
	return g;
}

static void room_cmd(struct acd_guest *g, const char *method, const char *role)
{
	struct acd_tenant *t = g->call->tenant;
	json_t *params = json_pack("{s:s, s:s}", "room", g->conf->id, "leg", g->call->main->id);

	if (role)
		json_object_set_new(params, "role", json_string(role));
	acd_media(t->acd, t, method, params);
}

/* ---- what the others hear ---- */
static void others_hear(const struct acd_guest *g, json_t *items)
{
	struct acd_guest *other;

	if (acd_conference_inside(g->conf) <= HEARD_MAX)
		DL_FOREACH (g->conf->guests, other)
			if (other != g && other->inside && other->state == ACD_MEMBER_IN &&
			    acd_leg_is_answered(other->call->main))
				acd_play(other->call->main, json_deep_copy(items), 0, ACD_PLAY_ANNOUNCEMENT);
	json_decref(items);
}

static json_t *tone(int hz)
{
	return json_pack("{s:{s:[i], s:i}}", "tone", "hz", hz, "ms", 200);
}

static void told(const struct acd_guest *g, bool comes)
{
	const struct acd_tenant *t = g->call->tenant;
	const struct acd_room *r = g->conf->room;

	if (r->announce && g->name_path[0])
		others_hear(g, json_pack("[o, o]", acd_item_file(t->acd, g->name_path),
					 acd_phrase(t, comes ? ACD_SAY_JOINED : ACD_SAY_LEFT)));
	else if (!r->quiet)
		others_hear(g, json_pack("[o]", tone(comes ? 800 : 400)));
}

static void play_music(struct acd_leg *leg, const struct acd_room *r)
{
	if (!acd_play_prompt(leg, r->music, -1, ACD_PLAY_MUSIC))
		acd_play_music(leg, NULL);
}

/* Who is alone hears music, if the room has any; as soon as somebody else is there nobody does. */
static void music(struct acd_conference *c)
{
	bool alone = acd_conference_inside(c) == 1 && c->room->wait_music;
	struct acd_guest *g;

	DL_FOREACH (c->guests, g) {
		if (!g->inside || !g->call->main)
			continue;
		if (alone && g->call->main->playing == ACD_PLAY_NOTHING && g->state == ACD_MEMBER_IN)
			play_music(g->call->main, c->room);
		else if (!alone && g->call->main->playing == ACD_PLAY_MUSIC)
			acd_play_stop(g->call->main);
	}
}

/* ---- going ---- */
static void out_of(struct acd_guest *g)
{
	struct acd_conference *c = g->conf;

	if (!c)
		return;
	if (g->inside) {
		told(g, false);
		if (g->call->main && acd_leg_is_alive(g->call->main))
			room_cmd(g, "room.leave", NULL);
	}
	g->inside = false;
	g->call->room[0] = 0;
	if (c->guests == g && !g->next) {
		acd_conference_remove(g);
		return; /* it is over */
	}
	acd_conference_remove(g);
	music(c);
}

static void farewell_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);

	(void)acd;
	acd_call_at(call, 0);
	acd_call_end(call, 0, NULL);
}

static void farewell(struct acd_guest *g, enum acd_phrase p, enum acd_result result, const char *why)
{
	struct acd_call *call = g->call;
	struct acd *acd = call->tenant->acd;

	acd_call_result(call, result, why);
	if (!call->hangup_by[0])
		ACD_COPY(call->hangup_by, "system");
	acd_ask_no_more(call->main);
	out_of(g);
	set_state(g, ACD_MEMBER_LEAVING);
	acd_segment_put(call->main, ACD_SEG_IVR, why);
	acd_play(call->main, json_pack("[o]", acd_phrase(call->tenant, p)), 0, ACD_PLAY_GOODBYE);
	acd_timer_start(acd, &call->timer, acd->now + FAREWELL_US, farewell_h);
}

void acd_guest_kick(struct acd_guest *g, const char *why)
{
	struct acd_call *call = g->call;

	acd_call_at(call, 0);
	ACD_COPY(g->end, why);
	zj_info("conference", "out call=%s why=%s", call->id, why);
	if (g->state == ACD_MEMBER_LEAVING)
		return;
	if (call->main && acd_leg_is_answered(call->main)) {
		farewell(g,
			 !strcmp(why, "time")  ? ACD_SAY_TIME_IS_UP
			 : !strcmp(why, "end") ? ACD_SAY_CONFERENCE_ENDS
					       : ACD_SAY_KICKED,
			 ACD_RESULT_ANSWERED, why);
		return;
	}
	out_of(g);
	acd_call_result(call, ACD_RESULT_NO_ANSWER, why);
	acd_call_end(call, 0, why);
}

/* ---- coming ---- */
static void enter(struct acd_guest *g);

static void create(struct acd_conference *c)
{
	struct acd_tenant *t = c->tenant;

	acd_media(t->acd, t, "room.create",
		  json_pack("{s:s, s:s, s:b, s:b}", "room", c->id, "call", c->call, "talking", (int)c->room->detect,
			    "gate", (int)c->room->optimise));
	c->created = true;
}

static void chair_is_here(struct acd_conference *c)
{
	struct acd_guest *g;

	if (c->led)
		return;
	c->led = true;
	DL_FOREACH (c->guests, g)
		if (g->state == ACD_MEMBER_WAITING)
			enter(g);
}

static void enter(struct acd_guest *g)
{
	struct acd_call *call = g->call;
	struct acd_conference *c = g->conf;

	acd_call_at(call, 0);
	acd_timer_stop(&call->timer);
	if (!c->created)
		create(c);
	g->muted = g->muted || (!g->admin && (c->room->mute_on_entry || c->muted));
	acd_play_stop(call->main);
	room_cmd(g, "room.join", g->muted ? "listen" : "talk");
	ACD_COPY(call->room, c->id);
	g->inside = true;
	g->since = call->last_at;
	c->came++;
	set_state(g, ACD_MEMBER_IN);
	acd_conference_dirty(c, false);
	acd_call_result(call, ACD_RESULT_ANSWERED, NULL);
	if (!call->answered_at)
		call->answered_at = call->main->answered_at;
	acd_segment_put(call->main, ACD_SEG_CONFERENCE, "joined");
	zj_info("conference", "in call=%s conference=%s admin=%d", call->id, c->id, g->admin);
	told(g, true);
	if (c->room->record && !c->n_records)
		acd_conference_record(c, true);
	if (g->admin)
		chair_is_here(c);
	music(c);
}

static void wait_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);

	(void)acd;
	acd_guest_kick(call->own, "time");
}

static void place(struct acd_guest *g)
{
	struct acd_conference *c = g->conf;
	struct acd *acd = c->tenant->acd;

	if (!c->room->wait_leader || c->led || g->admin) {
		enter(g);
		return;
	}
	set_state(g, ACD_MEMBER_WAITING);
	if (c->room->wait_music)
		play_music(g->call->main, c->room);
	acd_timer_start(acd, &g->call->timer, acd->now + WAIT_MAX_US, wait_h);
}

/* What the room says to who comes in. */
static void entry(struct acd_guest *g)
{
	struct acd_tenant *t = g->call->tenant;
	struct acd_conference *c = g->conf;
	unsigned n = acd_conference_inside(c);
	json_t *items = json_array(), *prompt = acd_item_prompt(t, c->room->entry_prompt);

	if (prompt)
		json_array_append_new(items, prompt);
	if (c->room->announce_count && !n)
		json_array_append_new(items, acd_phrase(t, ACD_SAY_ONLY_ONE));
	if (c->room->announce_count && n) {
		json_array_append_new(items, acd_phrase(t, ACD_SAY_THERE_ARE));
		json_array_append_new(items, acd_spoken_number(t, n));
		json_array_append_new(items, acd_phrase(t, ACD_SAY_MEMBERS));
	}
	if (c->room->wait_leader && !c->led && !g->admin)
		json_array_append_new(items, acd_phrase(t, ACD_SAY_WAIT_FOR_CHAIR));
	if (!json_array_size(items)) {
		json_decref(items);
		place(g);
		return;
	}
	set_state(g, ACD_MEMBER_ENTRY);
	acd_play(g->call->main, items, 0, ACD_PLAY_SPEECH);
}

static void ask_name(struct acd_guest *g)
{
	set_state(g, ACD_MEMBER_NAME);
	acd_play(g->call->main, json_pack("[o]", acd_phrase(g->call->tenant, ACD_SAY_SAY_NAME)), 0, ACD_PLAY_SPEECH);
}

static void record_name(struct acd_guest *g)
{
	struct acd_tenant *t = g->call->tenant;

	acd_uuid(t->acd, g->name_record);
	snprintf(g->name_path, sizeof(g->name_path), "%s/names/%s.wav", t->id, g->name_record);
	acd_call_dirty(g->call);
	acd_media(t->acd, t, "leg.record",
		  json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:b}", "leg", g->call->main->id, "record", g->name_record,
			    "path", g->name_path, "max_ms", NAME_MS, "silence_ms", 2000, "term", "#", "beep", 1));
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
		farewell(g, ACD_SAY_ROOM_LOCKED, ACD_RESULT_REJECTED, "conference is locked");
		return;
	}
	if (!g->conf && r && n >= r->max_members) {
		farewell(g, ACD_SAY_ROOM_FULL, ACD_RESULT_OVER_LIMIT, "conference is full");
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
		entry(g);
}

static void ask_pin(struct acd_guest *g, bool again)
{
	struct acd_tenant *t = g->call->tenant;
	struct acd_room *r = room_of(g->call);
	json_t *items = json_array();

	if (again)
		json_array_append_new(items, acd_phrase(t, ACD_SAY_WRONG_PIN));
	json_array_append_new(items, acd_phrase(t, r && r->pin[0] ? ACD_SAY_ENTER_PIN : ACD_SAY_ENTER_PIN_OR_NOT));
	set_state(g, ACD_MEMBER_PIN);
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
		farewell(g, ACD_SAY_WRONG_PIN_BYE, ACD_RESULT_REJECTED, "wrong PIN");
	}
}

static void begin(struct acd_call *call)
{
	struct acd_guest *g = call->own;
	struct acd_room *r = room_of(call);
	struct acd_extension *e =
		call->direction == ACD_DIR_INTERNAL ? acd_extension_by_number(call->tenant, call->caller) : NULL;

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
	} else if (!guest_make(call)) {
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

/* ---- keys ---- */
void acd_guest_mute(struct acd_guest *g, bool on)
{
	if (g->muted == on)
		return;
	g->muted = on;
	if (on)
		g->talking = false;
	if (g->inside)
		room_cmd(g, "room.set_role", on ? "listen" : "talk");
	acd_call_dirty(g->call);
	if (g->conf)
		acd_conference_dirty(g->conf, true);
}

static void hear(struct acd_guest *g, json_t *items)
{
	set_state(g, ACD_MEMBER_IN);
	acd_play(g->call->main, items, 0, ACD_PLAY_ANNOUNCEMENT);
}

static void hear_phrase(struct acd_guest *g, enum acd_phrase p)
{
	hear(g, json_pack("[o]", acd_phrase(g->call->tenant, p)));
}

static void hear_count(struct acd_guest *g)
{
	const struct acd_tenant *t = g->call->tenant;

	hear(g, json_pack("[o, o, o]", acd_phrase(t, ACD_SAY_THERE_ARE),
			  acd_spoken_number(t, acd_conference_inside(g->conf)), acd_phrase(t, ACD_SAY_MEMBERS)));
}

static void mute_self(struct acd_guest *g)
{
	acd_guest_mute(g, !g->muted);
	hear_phrase(g, g->muted ? ACD_SAY_MUTED : ACD_SAY_UNMUTED);
}

static void lock(struct acd_guest *g)
{
	g->conf->locked = !g->conf->locked;
	acd_conference_dirty(g->conf, false);
	hear_phrase(g, g->conf->locked ? ACD_SAY_NOW_LOCKED : ACD_SAY_NOW_UNLOCKED);
}

static void kick_last(struct acd_guest *g)
{
	struct acd_guest *last = g->conf->guests->prev;

	if (last == g)
		last = g == g->conf->guests ? NULL : g->prev;
	hear_phrase(g, last ? ACD_SAY_REMOVED : ACD_SAY_NOT_POSSIBLE);
	if (last)
		acd_guest_kick(last, "kicked");
}

static void mute_all(struct acd_guest *g)
{
	struct acd_guest *other;

	g->conf->muted = !g->conf->muted;
	DL_FOREACH (g->conf->guests, other)
		if (!other->admin)
			acd_guest_mute(other, g->conf->muted);
	acd_conference_dirty(g->conf, false);
	hear_phrase(g, g->conf->muted ? ACD_SAY_ALL_MUTED : ACD_SAY_ALL_UNMUTED);
}

static void ask_number(struct acd_guest *g)
{
	set_state(g, ACD_MEMBER_INVITING);
	acd_ask(g->call->main,
		&(struct acd_question){.items = json_pack("[o]", acd_phrase(g->call->tenant, ACD_SAY_ENTER_NUMBER)),
				       .max = 32,
				       .term = "#",
				       .first_ms = 8000,
				       .clear = true});
}

static void record(struct acd_guest *g)
{
	acd_conference_record(g->conf, !g->conf->record[0]);
	hear_phrase(g, g->conf->record[0] ? ACD_SAY_RECORDING_ON : ACD_SAY_RECORDING_OFF);
}

static const struct {
	char key;
	bool admin;
	void (*h)(struct acd_guest *g);
} keys[] = {{'1', false, mute_self}, {'0', false, hear_count}, {'2', true, lock},  {'3', true, kick_last},
	    {'4', true, mute_all},   {'5', true, ask_number},  {'6', true, record}};

static void menu_key(struct acd_guest *g, char key)
{
	for (size_t i = 0; key && i < ZJ_ARRAY_SIZE(keys); i++)
		if (keys[i].key == key && (g->admin || !keys[i].admin)) {
			keys[i].h(g);
			return;
		}
	acd_play_stop(g->call->main); /* back to the others */
	set_state(g, ACD_MEMBER_IN);
	music(g->conf);
}

static void collected(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	struct acd_guest *g = call->own;
	const char *digits = acd_str(p, "digits"), *because = "";

	if (!g || leg != call->main || !acd_is_answer(leg, p))
		return;
	if (g->state == ACD_MEMBER_PIN)
		pin_came(g, digits);
	else if (g->state == ACD_MEMBER_MENU)
		menu_key(g, digits[0]);
	else if (g->state == ACD_MEMBER_INVITING)
		hear_phrase(g, digits[0] && acd_conference_invite(g->conf, digits, &because) ? ACD_SAY_INVITED
											     : ACD_SAY_NOT_POSSIBLE);
}

static void digit(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	struct acd_guest *g = call->own;

	if (!g || leg != call->main || g->state != ACD_MEMBER_IN || !g->conf->room->menu ||
	    acd_str(p, "digit")[0] != '*')
		return;
	set_state(g, ACD_MEMBER_MENU);
	acd_ask(leg, &(struct acd_question){
			     .items = json_pack("[o]", acd_phrase(call->tenant,
								  g->admin ? ACD_SAY_ADMIN_MENU : ACD_SAY_MEMBER_MENU)),
			     .max = 1,
			     .first_ms = 6000,
			     .clear = true});
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
		place(g);
	else if (g->state == ACD_MEMBER_IN && g->conf)
		music(g->conf);
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
	entry(g);
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	struct acd_guest *g = call->own;

	if (leg != call->main)
		return;
	if (g)
		out_of(g);
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
		out_of(call->own);
	call->room[0] = 0;
	if (call->main) {
		acd_ask_no_more(call->main);
		acd_play_stop(call->main);
	}
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
	struct acd_guest *g = guest_make(call);
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
		create(g->conf);
	room_cmd(g, "room.join", g->muted ? "listen" : "talk");
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
		place(g);
	else
		entry(g);
}

struct acd_call *acd_conference_invite(struct acd_conference *c, const char *number, const char **because)
{
	struct acd_tenant *t = c->tenant;
	struct acd_extension *e = acd_extension_by_number(t, number);
	struct acd_call *call;
	struct acd_guest *g;
	unsigned n;

	DL_COUNT(c->guests, g, n);
	*because = !e                                                  ? "no such extension"
		   : n >= c->room->max_members                         ? "the conference is full"
		   : (int64_t)HASH_CNT(in_t, t->calls) >= t->max_calls ? "too many calls of the tenant"
								       : NULL;
	call = *because ? NULL : acd_call_add(t, NULL, ACD_DIR_INTERNAL);
	if (!call)
		return NULL;
	ACD_COPY(call->caller, c->room->invite_caller[0] ? c->room->invite_caller : c->room->number);
	ACD_COPY(call->caller_name, c->room->name);
	ACD_COPY(call->callee, number);
	call->dest = (struct acd_dest){.kind = ACD_TO_CONFERENCE};
	ACD_COPY(call->dest.id, c->room->id);
	call->story = &acd_story_conference;
	g = guest_make(call);
	call->main = g ? acd_leg_originate(call, e->number, ACD_ROLE_AGENT, t->acd->set.dial_ring_us) : NULL;
	if (!call->main) {
		acd_call_free(call);
		*because = "no memory";
		return NULL;
	}
	g->invited = true;
	acd_conference_add(c, g);
	if (e->agent)
		(void)acd_agent_take(e->agent, call->main, NULL);
	zj_info("conference", "invited call=%s number=%s conference=%s", call->id, zj_log_esc(number), c->id);
	return call;
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
