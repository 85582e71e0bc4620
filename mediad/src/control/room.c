#include "control/control.h"
#include <errno.h>
#include <string.h>
#include <utlist.h>
#include <zj_log.h>

static void tell(struct md_room *r, const struct md_leg *l, const char *event)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s}", "room", r->id, "call", r->call, "tenant", r->tenant, "leg",
			      l->id, "role", md_role_names[l->role]);
	md_peer_event(r->controller, event, o);
}

void md_room_talking(const struct md_leg *l, bool on)
{
	const struct md_room *r = l->room;
	if (r)
		md_peer_event(r->controller, "room.talking",
			      json_pack("{s:s,s:s,s:s,s:s,s:b}", "room", r->id, "call", r->call, "tenant", r->tenant,
					"leg", l->id, "on", (int)on));
}

int md_room_alloc(struct md_room **rp, struct md_control *c, const char *id, const char *call, const char *tenant,
		  struct md_peer *controller, const struct md_mroom_conf *conf)
{
	struct md_room *r = zj_alloc(sizeof(*r), NULL);
	if (!r)
		return ENOMEM;
	r->ctl = c;
	memcpy(r->id, id, ZJ_UUID_LEN);
	memcpy(r->call, call, ZJ_UUID_LEN);
	memcpy(r->tenant, tenant, ZJ_UUID_LEN);
	r->controller = controller;
	r->serial = ++c->serial;
	int err = md_mroom_open(&r->mroom, c->engine, r->call, conf, r);
	if (err) {
		zj_deref(r);
		return err;
	}
	zj_ref(r); /* the engine's, until it says that the room is closed */
	HASH_ADD_STR(c->rooms, id, r);
	*rp = r;
	return 0;
}

struct md_room *md_room_find(struct md_control *c, const char *id)
{
	struct md_room *r;
	HASH_FIND_STR(c->rooms, id, r);
	return r;
}

/* Joins, or changes the role. EBUSY as md_mroom_join. */
int md_room_join(struct md_room *r, struct md_leg *l, enum md_role role, struct md_leg *to)
{
	bool here = l->room == r;
	if (l->room && !here)
		md_room_leave(l);
	int err = md_mroom_join(r->mroom, l->stream, role, to ? to->stream : NULL);
	if (err)
		return err;
	l->room = r;
	l->role = role;
	l->whisper_to = to;
	if (!here) {
		md_passage_end(r);
		DL_APPEND2(r->members, l, m_prev, m_next);
		zj_info("room", "joined: role=%s room=%s leg=%s call=%s", md_role_names[role], r->id, l->id, r->call);
		tell(r, l, "room.joined");
	}
	return 0;
}

void md_room_leave(struct md_leg *l)
{
	struct md_room *r = l->room;
	struct md_leg *other;
	md_passage_end(r);
	md_mroom_leave(r->mroom, l->stream);
	l->room = NULL;
	l->whisper_to = NULL;
	DL_DELETE2(r->members, l, m_prev, m_next);
	DL_FOREACH2(r->members, other, m_next)
	if (other->whisper_to == l)
		other->whisper_to = NULL;
	tell(r, l, "room.left");
}

void md_room_destroy(struct md_room *r)
{
	while (r->members)
		md_room_leave(r->members);
	if (r->recording)
		md_recording_owner_gone(r->recording, MD_REC_STOPPED);
	HASH_DEL(r->ctl->rooms, r);
	md_mroom_close(r->mroom);
	zj_deref(r);
}

json_t *md_room_json(const struct md_room *r)
{
	struct md_leg *l;
	json_t *legs = json_array(), *records = json_array();
	DL_FOREACH2(r->members, l, m_next)
	{
		json_t *o = json_pack("{s:s,s:s}", "leg", l->id, "role", md_role_names[l->role]);
		if (l->whisper_to)
			json_object_set_new(o, "to", json_string(l->whisper_to->id));
		json_array_append_new(legs, o);
	}
	if (r->recording)
		json_array_append_new(records, md_recording_json(r->recording));
	return json_pack("{s:s,s:s,s:s,s:o,s:o}", "room", r->id, "call", r->call, "tenant", r->tenant, "legs", legs,
			 "records", records);
}
