/* What members may press: * opens the menu, of which administrators have more. */
#include "call/call.h"
#include "conference/guest.h"
#include "core/events.h"
#include "people/extension.h"
#include "story/announce.h"
#include "story/dialogue.h"
#include "story/phrase.h"
#include <utlist.h>

static void hear(struct acd_guest *g, json_t *items)
{
	acd_guest_state(g, ACD_MEMBER_IN);
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
	acd_guest_state(g, ACD_MEMBER_INVITING);
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

void acd_guest_menu_key(struct acd_guest *g, char key)
{
	for (size_t i = 0; key && i < ZJ_ARRAY_SIZE(keys); i++)
		if (keys[i].key == key && (g->admin || !keys[i].admin)) {
			keys[i].h(g);
			return;
		}
	acd_play_stop(g->call->main); /* back to the others */
	acd_guest_state(g, ACD_MEMBER_IN);
	acd_conference_music(g->conf);
}

void acd_guest_invite_key(struct acd_guest *g, const char *digits)
{
	const struct acd_extension *e = acd_guest_extension(g);
	const char *because = "";

	hear_phrase(g, digits[0] && acd_conference_invite(g->conf, digits, e ? e->number : NULL, &because)
			       ? ACD_SAY_INVITED
			       : ACD_SAY_NOT_POSSIBLE);
}

void acd_guest_menu(struct acd_guest *g)
{
	acd_guest_state(g, ACD_MEMBER_MENU);
	acd_ask(g->call->main,
		&(struct acd_question){
			.items = json_pack("[o]", acd_phrase(g->call->tenant,
							     g->admin ? ACD_SAY_ADMIN_MENU : ACD_SAY_MEMBER_MENU)),
			.max = 1,
			.first_ms = 6000,
			.clear = true});
}
