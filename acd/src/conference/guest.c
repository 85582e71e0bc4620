/* A member comes into the conference, is heard and hears, and goes. */
#include "conference/guest.h"
#include "call/call.h"
#include "call/leg.h"
#include "call/segment.h"
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
#include "story/announce.h"
#include "story/dialogue.h"
#include "zj_obj.h"
#include <string.h>
#include <utlist.h>

#define WAIT_MAX_US (3600 * ACD_S) /* for the chair */
#define HEARD_MAX   50             /* in larger conferences nobody is told who comes and goes */

void acd_guest_state(struct acd_guest *g, enum acd_member_state state)
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

struct acd_guest *acd_guest_alloc(struct acd_call *call)
{
	struct acd_guest *g = zj_alloc(sizeof(*g), guest_destructor);

	if (!g)
		return NULL;
	g->call = call;
	g->since = call->last_at;
	call->own = g;
	return g;
}

struct acd_extension *acd_guest_extension(const struct acd_guest *g)
{
	const struct acd_call *call = g->call;

	return call->direction == ACD_DIR_INTERNAL
		       ? acd_extension_by_number(call->tenant, call->main->out ? call->callee : call->caller)
		       : NULL;
}

void acd_guest_room(struct acd_guest *g, const char *method, const char *role)
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
void acd_conference_music(struct acd_conference *c)
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
void acd_guest_leave(struct acd_guest *g)
{
	struct acd_conference *c = g->conf;

	if (!c)
		return;
	if (g->inside) {
		told(g, false);
		if (g->call->main && acd_leg_is_alive(g->call->main))
			acd_guest_room(g, "room.leave", NULL);
	}
	g->inside = false;
	g->call->room[0] = 0;
	if (c->guests == g && !g->next) {
		acd_conference_remove(g);
		return; /* it is over */
	}
	acd_conference_remove(g);
	acd_conference_music(c);
}

void acd_guest_farewell(struct acd_guest *g, enum acd_phrase p, enum acd_result result, const char *why)
{
	struct acd_call *call = g->call;

	acd_call_result(call, result, why);
	acd_ask_no_more(call->main);
	acd_guest_leave(g);
	acd_guest_state(g, ACD_MEMBER_LEAVING);
	acd_segment_put(call->main, ACD_SEG_IVR, why);
	acd_farewell(call, p);
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
		acd_guest_farewell(g,
				   !strcmp(why, "time")  ? ACD_SAY_TIME_IS_UP
				   : !strcmp(why, "end") ? ACD_SAY_CONFERENCE_ENDS
							 : ACD_SAY_KICKED,
				   ACD_RESULT_ANSWERED, why);
		return;
	}
	acd_guest_leave(g);
	acd_call_result(call, ACD_RESULT_NO_ANSWER, why);
	acd_call_end(call, 0, why);
}

/* ---- coming ---- */
void acd_conference_open(struct acd_conference *c)
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
			acd_guest_enter(g);
}

void acd_guest_enter(struct acd_guest *g)
{
	struct acd_call *call = g->call;
	struct acd_conference *c = g->conf;

	acd_call_at(call, 0);
	acd_timer_stop(&call->timer);
	if (!c->created)
		acd_conference_open(c);
	g->muted = g->muted || (!g->admin && (c->room->mute_on_entry || c->muted));
	acd_play_stop(call->main);
	acd_guest_room(g, "room.join", g->muted ? "listen" : "talk");
	ACD_COPY(call->room, c->id);
	g->inside = true;
	g->since = call->last_at;
	c->came++;
	acd_guest_state(g, ACD_MEMBER_IN);
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
	acd_conference_music(c);
}

static void wait_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);

	(void)acd;
	acd_guest_kick(call->own, "time");
}

void acd_guest_place(struct acd_guest *g)
{
	struct acd_conference *c = g->conf;
	struct acd *acd = c->tenant->acd;

	if (!c->room->wait_leader || c->led || g->admin) {
		acd_guest_enter(g);
		return;
	}
	acd_guest_state(g, ACD_MEMBER_WAITING);
	if (c->room->wait_music)
		play_music(g->call->main, c->room);
	acd_timer_start(acd, &g->call->timer, acd->now + WAIT_MAX_US, wait_h);
}

/* What the room says to who comes in. */
void acd_guest_welcome(struct acd_guest *g)
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
		acd_guest_place(g);
		return;
	}
	acd_guest_state(g, ACD_MEMBER_ENTRY);
	acd_play(g->call->main, items, 0, ACD_PLAY_SPEECH);
}

void acd_guest_mute(struct acd_guest *g, bool on)
{
	if (g->muted == on)
		return;
	g->muted = on;
	if (on)
		g->talking = false;
	if (g->inside)
		acd_guest_room(g, "room.set_role", on ? "listen" : "talk");
	acd_call_dirty(g->call);
	if (g->conf)
		acd_conference_dirty(g->conf, true);
}
