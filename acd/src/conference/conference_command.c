/* What the api asks of conferences. Who may: the api says so (`admin`), or the account is one of the room's
 * administrators. */
#include "call/call.h"
#include "call/command.h"
#include "call/leg.h"
#include "conference/conference.h"
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
#include <string.h>
#include <utlist.h>

#define INVITES_MAX 100

static json_t *refuse(const char *because)
{
	return json_pack("{s:b, s:s}", "refused", 1, "because", because);
}

static json_t *state_of(const struct acd_conference *c)
{
	return json_pack("{s:o}", "state", acd_board_conference(c));
}

static json_t *find_room(struct acd_tenant *t, const json_t *p, struct acd_room **r)
{
	*r = acd_room_find(t, acd_str(p, "room"));
	if (!*r)
		return refuse("no such conference room");
	if (!json_is_true(json_object_get(p, "admin")) && !acd_room_is_admin(*r, acd_str(p, "account")))
		return refuse("not an administrator of this room");
	return NULL;
}

static json_t *find(struct acd_tenant *t, const json_t *p, struct acd_conference **c)
{
	struct acd_room *r;
	json_t *err = find_room(t, p, &r);

	if (err)
		return err;
	*c = r->live;
	return *c ? NULL : refuse("nobody is in this room");
}

static struct acd_guest *member_of(const struct acd_conference *c, const json_t *p)
{
	struct acd_guest *g;

	DL_FOREACH (c->guests, g)
		if (!strcmp(g->call->id, acd_str(p, "member")))
			return g;
	return NULL;
}

/* An agent's number is that of the phone it sits at, or of its own extension. */
static const char *number_of(struct acd_tenant *t, const char *text)
{
	struct acd_agent *a = !strncmp(text, "agent:", 6) ? acd_agent_find(t, text + 6) : NULL;
	struct acd_extension *e = NULL;

	if (strncmp(text, "agent:", 6) != 0)
		return text;
	if (a && !a->gone && a->ext[0])
		return a->ext;
	e = a && !a->gone ? acd_extension_find(t, a->extension_id) : NULL;
	return e ? e->number : NULL;
}

static bool is_there(const struct acd_conference *c, const char *number)
{
	const struct acd_guest *g;

	DL_FOREACH (c->guests, g)
		if (!strcmp(g->call->callee, number) || !strcmp(g->call->caller, number))
			return true;
	return false;
}

/* Nobody calls outside who has neither a telephone with that permission nor the right to control every room. */
static const char *inviter(const struct acd_tenant *t, const json_t *p)
{
	const char *by = acd_conference_inviter(t, acd_str(p, "account"));

	return by[0] || json_is_true(json_object_get(p, "admin")) ? by : NULL;
}

static const char *invite_one(struct acd_conference *c, const char *text, const char *by, json_t *invited)
{
	const char *number = text ? number_of(c->tenant, text) : NULL, *because = "no such agent, or it has no phone";
	struct acd_call *call;

	if (!number)
		return because;
	if (is_there(c, number))
		return "is there already";
	call = acd_conference_invite(c, number, by, &because);
	if (call)
		json_array_append_new(invited, json_pack("{s:s, s:s}", "number", number, "call", call->id));
	return call ? NULL : because;
}

/* All are rung; what could not be is said, one by one. */
json_t *acd_conference_invite_cmd(struct acd_tenant *t, const json_t *p)
{
	json_t *numbers = json_object_get(p, "numbers"), *invited = json_array(), *refused = json_array(), *number,
	       *answer;
	struct acd_call none = {0};
	struct acd_conference *c;
	struct acd_room *r;
	json_t *err = find_room(t, p, &r);
	const char *by = inviter(t, p);
	size_t i;

	if (!err && (json_array_size(numbers) < 1 || json_array_size(numbers) > INVITES_MAX))
		err = refuse("numbers: 1 to 100 of them");
	acd_uuid(t->acd, none.id); /* a conference that nobody has called into yet */
	c = err ? NULL : acd_conference_get(r, &none);
	json_array_foreach (numbers, i, number) {
		const char *because = c ? invite_one(c, json_string_value(number), by, invited) : "no memory";

		if (because)
			json_array_append_new(refused, json_pack("{s:O, s:s}", "number", number, "because", because));
	}
	if (c && !c->guests && !err) {
		err = refuse(acd_str(json_array_get(refused, 0), "because"));
		acd_conferences_check(t->acd);
		c = NULL;
	}
	answer = err ? err : state_of(c);
	if (!err) {
		json_object_set(json_object_get(answer, "state"), "invited", invited);
		json_object_set(json_object_get(answer, "state"), "refused", refused);
	}
	json_decref(invited);
	json_decref(refused);
	return answer;
}

json_t *acd_conference_kick_cmd(struct acd_tenant *t, const json_t *p)
{
	struct acd_conference *c;
	json_t *err = find(t, p, &c);
	struct acd_guest *g = err ? NULL : member_of(c, p);

	if (err || !g)
		return err ? err : refuse("no such member");
	err = json_pack("{s:{s:s}}", "state", "id", acd_str(p, "room"));
	acd_guest_kick(g, "kicked"); /* it may have been the last one */
	return err;
}

json_t *acd_conference_mute_cmd(struct acd_tenant *t, const json_t *p)
{
	bool on = json_is_true(json_object_get(p, "on")), all = !acd_str(p, "member")[0];
	struct acd_conference *c;
	json_t *err = find(t, p, &c);
	struct acd_guest *g = err || all ? NULL : member_of(c, p);

	if (err || (!g && !all))
		return err ? err : refuse("no such member");
	if (g)
		acd_guest_mute(g, on);
	if (all) {
		c->muted = on;
		acd_conference_dirty(c, false);
		DL_FOREACH (c->guests, g)
			if (!g->admin)
				acd_guest_mute(g, on);
	}
	return state_of(c);
}

json_t *acd_conference_lock_cmd(struct acd_tenant *t, const json_t *p)
{
	struct acd_conference *c;
	json_t *err = find(t, p, &c);

	if (err)
		return err;
	c->locked = json_is_true(json_object_get(p, "on"));
	acd_conference_dirty(c, false);
	return state_of(c);
}

json_t *acd_conference_record_cmd(struct acd_tenant *t, const json_t *p)
{
	struct acd_conference *c;
	json_t *err = find(t, p, &c);

	if (err)
		return err;
	if (!c->created)
		return refuse("nobody is in yet");
	acd_conference_record(c, json_is_true(json_object_get(p, "on")));
	return state_of(c);
}

json_t *acd_conference_end_cmd(struct acd_tenant *t, const json_t *p)
{
	struct acd_conference *c;
	json_t *err = find(t, p, &c);

	if (err)
		return err;
	err = json_pack("{s:{s:s}}", "state", "id", acd_str(p, "room"));
	acd_conference_end(c, "end");
	return err;
}
