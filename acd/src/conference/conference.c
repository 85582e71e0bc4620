/* Rooms and conferences: who is in, since when, what is told of it. What a member hears and presses is its story's. */
#include "conference/conference.h"
#include "call/call.h"
#include "call/leg.h"
#include "call/talk_record.h"
#include "core/events.h"
#include "zj_obj.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#define TOLD_US     (200 * ACD_MS) /* a conference is told at most this often … */
#define TOLD_BIG_US ACD_S          /* … and this often when it is a big one */
#define BIG         50
#define LISTED      200 /* members that an event lists; of more the first ones, and the number of all */

/* ---- rooms ---- */
static void room_destructor(void *obj)
{
	json_decref(((struct acd_room *)obj)->administrators);
}

static bool is_true(const json_t *row, const char *key)
{
	return json_is_true(json_object_get(row, key));
}

static void fill(struct acd_room *r, const json_t *row)
{
	ACD_COPY(r->number, acd_str(row, "number"));
	ACD_COPY(r->name, acd_str(row, "name"));
	ACD_COPY(r->pin, acd_str(row, "pin"));
	ACD_COPY(r->admin_pin, acd_str(row, "admin_pin"));
	ACD_COPY(r->entry_prompt, acd_str(row, "entry_prompt_id"));
	ACD_COPY(r->music, acd_str(row, "music_id"));
	ACD_COPY(r->invite_caller, acd_str(row, "invite_caller"));
	json_decref(r->administrators);
	r->administrators = json_incref(json_object_get(row, "administrators"));
	r->max_members = acd_int(row, "max_members", 30);
	r->max_us = acd_int(row, "max_minutes", 0) * 60 * ACD_S;
	r->wait_leader = is_true(row, "wait_leader");
	r->optimise = is_true(row, "optimise");
	r->detect = is_true(row, "detect");
	r->quiet = is_true(row, "quiet");
	r->announce = is_true(row, "announce");
	r->wait_music = is_true(row, "wait_music");
	r->menu = is_true(row, "menu");
	r->announce_count = is_true(row, "announce_count");
	r->record = is_true(row, "record");
	r->mute_on_entry = is_true(row, "mute_on_entry");
	r->enabled = is_true(row, "enabled");
}

void acd_room_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_room *r = NULL;

	HASH_FIND_STR(t->rooms, id, r);
	if (!r && row) {
		r = zj_alloc(sizeof(*r), room_destructor);
		if (!r)
			return;
		ACD_COPY(r->id, id);
		r->tenant = t;
		HASH_ADD_STR(t->rooms, id, r);
	}
	if (!r)
		return;
	r->gone = !row; /* a conference in it goes on */
	if (row)
		fill(r, row);
	if (r->live)
		acd_conference_dirty(r->live, true);
}

struct acd_room *acd_room_find(const struct acd_tenant *t, const char *id)
{
	struct acd_room *r = NULL;

	HASH_FIND_STR(t->rooms, id, r);
	return r && !r->gone && r->enabled ? r : NULL;
}

bool acd_room_is_admin(const struct acd_room *r, const char *account)
{
	const json_t *a;
	size_t i;

	json_array_foreach (r->administrators, i, a)
		if (account[0] && json_is_string(a) && !strcmp(json_string_value(a), account))
			return true;
	return false;
}

static void forget(struct acd_conference *c)
{
	struct acd_conference **at = &c->tenant->dirty_conferences;

	acd_timer_stop(&c->end);
	acd_timer_stop(&c->tell);
	while (*at && *at != c)
		at = &(*at)->dirty_next;
	if (*at)
		*at = c->dirty_next;
	if (c->room)
		c->room->live = NULL;
	zj_deref(c);
}

void acd_rooms_free(struct acd_tenant *t)
{
	struct acd_room *r, *next;

	HASH_ITER (hh, t->rooms, r, next) {
		HASH_DEL(t->rooms, r);
		if (r->live)
			forget(r->live);
		zj_deref(r);
	}
}

/* ---- conferences ---- */
struct acd_conference *acd_conference_by_id(const struct acd_tenant *t, const char *id)
{
	struct acd_room *r, *next;

	HASH_ITER (hh, t->rooms, r, next)
		if (r->live && !strcmp(r->live->id, id))
			return r->live;
	return NULL;
}

static void end_h(struct acd *acd, struct acd_timer *timer)
{
	(void)acd;
	acd_conference_end(acd_container(timer, struct acd_conference, end), "time");
}

static struct acd_conference *make(struct acd_room *r)
{
	struct acd_conference *c = zj_alloc(sizeof(*c), NULL);

	if (!c)
		return NULL;
	c->room = r;
	c->tenant = r->tenant;
	r->live = c;
	return c;
}

struct acd_conference *acd_conference_get(struct acd_room *r, const struct acd_call *opener)
{
	struct acd *acd = r->tenant->acd;
	struct acd_conference *c = r->live ? r->live : make(r);

	if (!c || c->started_at)
		return c;
	acd_uuid(acd, c->id);
	ACD_COPY(c->call, opener->id);
	c->started_at = acd->now;
	if (r->max_us)
		acd_timer_start(acd, &c->end, acd->now + r->max_us, end_h);
	zj_info("conference", "begins room=%s conference=%s call=%s", r->number, c->id, opener->id);
	return c;
}

void acd_conference_add(struct acd_conference *c, struct acd_guest *g)
{
	unsigned n;
	struct acd_guest *other;

	g->conf = c;
	DL_APPEND(c->guests, g);
	DL_COUNT(c->guests, other, n);
	if (n > c->peak)
		c->peak = n;
	acd_conference_dirty(c, false);
}

unsigned acd_conference_inside(const struct acd_conference *c)
{
	const struct acd_guest *g;
	unsigned n = 0;

	DL_FOREACH (c->guests, g)
		n += g->inside;
	return n;
}

static void finish(struct acd_conference *c, const char *how)
{
	struct acd_tenant *t = c->tenant;

	acd_conference_record(c, false);
	if (c->created)
		acd_media(t->acd, t, "room.destroy", json_pack("{s:s}", "room", c->id));
	if (c->came)
		acd_fact(t, "conference",
			 json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:i, s:i, s:s}", "id", c->id, "call_id",
				   c->call, "room_id", c->room->id, "number", c->room->number, "name", c->room->name,
				   "started_at", acd_json_time(c->started_at), "ended_at", acd_json_time(t->acd->now),
				   "members", (int)c->came, "peak", (int)c->peak, "ended_how", how));
	zj_info("conference", "ended room=%s conference=%s members=%u how=%s", c->room->number, c->id, c->came, how);
	acd_event(t, "conference.ended", json_pack("{s:s, s:s}", "id", c->room->id, "session", c->id));
	t->acd->fx.state(t->id, ACD_KIND_CONFERENCE, c->room->id, NULL, t->acd->fx_arg);
	acd_touch(t);
	forget(c);
}

/* How it ends is how the last one left. */
void acd_conference_remove(struct acd_guest *g)
{
	struct acd_conference *c = g->conf;

	if (!c)
		return;
	DL_DELETE(c->guests, g);
	g->conf = NULL;
	g->inside = false;
	if (c->guests)
		acd_conference_dirty(c, false);
	else
		finish(c, !strcmp(g->end, "time") ? "max_time" : !strcmp(g->end, "end") ? "command" : "last_left");
}

void acd_conference_end(struct acd_conference *c, const char *how)
{
	struct acd_guest *g, *next;

	acd_conference_record(c, false);
	DL_FOREACH_SAFE (c->guests, g, next)
		acd_guest_kick(g, how);
}

void acd_conference_record(struct acd_conference *c, bool on)
{
	struct acd_tenant *t = c->tenant;
	time_t day = (time_t)(t->acd->now / ACD_S);
	struct tm tm;
	char path[160];
	json_t *params;

	if (on == (c->record[0] != 0) || (on && (!c->created || t->record_off)))
		return;
	if (!on) {
		acd_media(t->acd, t, "room.record_stop", json_pack("{s:s, s:s}", "room", c->id, "record", c->record));
		c->record[0] = 0;
	} else {
		gmtime_r(&day, &tm);
		snprintf(path, sizeof(path), "%s/%04d/%02d/%02d/%s-%u.wav", t->id, tm.tm_year + 1900, tm.tm_mon + 1,
			 tm.tm_mday, c->id, ++c->n_records);
		acd_uuid(t->acd, c->record);
		params = json_pack("{s:s, s:s}", "room", c->id, "record", c->record);
		acd_record_where(t, params, path);
		acd_media(t->acd, t, "room.record", params);
	}
	acd_conference_dirty(c, false);
}

void acd_conference_talking(struct acd *acd, const json_t *p)
{
	struct acd_tenant *t = acd_tenant_find(acd, acd_str(p, "tenant"));
	struct acd_conference *c = t ? acd_conference_by_id(t, acd_str(p, "room")) : NULL;
	struct acd_guest *g;

	if (!c)
		return;
	DL_FOREACH (c->guests, g)
		if (g->call->main && !strcmp(g->call->main->id, acd_str(p, "leg"))) {
			g->talking = json_is_true(json_object_get(p, "on"));
			acd_conference_dirty(c, true);
		}
}

void acd_conferences_check(struct acd *acd)
{
	struct acd_tenant *t, *nt;
	struct acd_room *r, *nr;

	HASH_ITER (hh, acd->tenants, t, nt)
		HASH_ITER (hh, t->rooms, r, nr)
			if (r->live && !r->live->guests)
				finish(r->live, "lost");
}

/* ---- told and kept ---- */
void acd_conference_dirty(struct acd_conference *c, bool told_only)
{
	c->unsaved = c->unsaved || !told_only;
	if (!c->dirty) {
		c->dirty = true;
		c->dirty_next = c->tenant->dirty_conferences;
		c->tenant->dirty_conferences = c;
	}
	acd_touch(c->tenant);
}

static void tell_h(struct acd *acd, struct acd_timer *timer)
{
	(void)acd;
	acd_conference_dirty(acd_container(timer, struct acd_conference, tell), true);
}

void acd_conference_tell(struct acd_tenant *t)
{
	while (t->dirty_conferences) {
		struct acd_conference *c = t->dirty_conferences;
		int64_t next = c->told_at + (c->peak > BIG ? TOLD_BIG_US : TOLD_US);

		t->dirty_conferences = c->dirty_next;
		c->dirty = false;
		if (c->unsaved)
			t->acd->fx.state(t->id, ACD_KIND_CONFERENCE, c->room->id, acd_save_conference(c),
					 t->acd->fx_arg);
		c->unsaved = false;
		if (t->acd->now >= next) {
			acd_timer_stop(&c->tell);
			c->told_at = t->acd->now;
			acd_event(t, "conference.changed", acd_board_conference(c));
		} else if (!acd_timer_is_on(&c->tell)) {
			acd_timer_start(t->acd, &c->tell, next, tell_h);
		}
	}
}

static json_t *board_guest(const struct acd_guest *g)
{
	const struct acd_call *call = g->call;
	const struct acd_leg *leg = call->main;
	json_t *o =
		json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:o}", "id", call->id, "number",
			  leg && leg->out ? call->callee : call->caller, "name",
			  leg && leg->out ? "" : call->caller_name, "state", acd_member_state_name(g->state), "admin",
			  g->admin, "muted", g->muted, "talking", g->talking, "since", acd_json_time(g->since));

	if (leg && leg->agent[0])
		json_object_set_new(o, "agent", json_string(leg->agent));
	if (leg && leg->ext[0])
		json_object_set_new(o, "extension", json_string(leg->ext));
	return o;
}

json_t *acd_board_conference(const struct acd_conference *c)
{
	json_t *members = json_array();
	const struct acd_guest *g;
	int n = 0;

	DL_FOREACH (c->guests, g)
		if (n++ < LISTED)
			json_array_append_new(members, board_guest(g));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:b, s:b, s:b, s:i, s:o}", "id", c->room->id, "session", c->id,
			 "number", c->room->number, "name", c->room->name, "since", acd_json_time(c->started_at),
			 "locked", c->locked, "muted", c->muted, "recording", c->record[0] != 0, "count", n, "members",
			 members);
}

json_t *acd_save_conference(const struct acd_conference *c)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:b, s:b, s:b, s:b, s:i, s:i, s:i}", "id", c->id, "call", c->call,
			 "record", c->record, "started_at", (json_int_t)c->started_at, "locked", c->locked, "muted",
			 c->muted, "led", c->led, "created", c->created, "came", (int)c->came, "peak", (int)c->peak,
			 "n_records", (int)c->n_records);
}

/* Before the calls that take part in it. */
void acd_load_conference(struct acd_tenant *t, const char *room, const json_t *o)
{
	struct acd_room *r = NULL;
	struct acd_conference *c;

	HASH_FIND_STR(t->rooms, room, r);
	c = r && !r->live && zj_uuid_is_valid(acd_str(o, "id")) ? make(r) : NULL;
	if (!c)
		return;
	ACD_COPY(c->id, acd_str(o, "id"));
	ACD_COPY(c->call, acd_str(o, "call"));
	ACD_COPY(c->record, acd_str(o, "record"));
	c->started_at = acd_int(o, "started_at", t->acd->now);
	c->locked = is_true(o, "locked");
	c->muted = is_true(o, "muted");
	c->led = is_true(o, "led");
	c->created = is_true(o, "created");
	c->came = (unsigned)acd_int(o, "came", 0);
	c->peak = (unsigned)acd_int(o, "peak", 0);
	c->n_records = (unsigned)acd_int(o, "n_records", 0);
	if (r->max_us)
		acd_timer_start(t->acd, &c->end, c->started_at + r->max_us, end_h);
}
