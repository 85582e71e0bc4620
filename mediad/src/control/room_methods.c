/* room.*: who hears whom. */
#include "control/methods.h"
#include <errno.h>
#include <zj_log.h>

static void m_room_create(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct md_control *c = arg;
	struct md_result res = {0};
	struct md_peer *peer = md_peer_of(conn, call);
	if (!peer)
		return;
	struct md_mroom_conf conf = {.watch = json_is_true(json_object_get(p, "talking")),
				     .gate = json_is_true(json_object_get(p, "gate"))};
	struct md_room *r = md_room_find(c, md_str(p, "room"));
	if (!md_epoch_check(c, peer, p, &res))
		;
	else if (r && strcmp(r->tenant, md_str(p, "tenant")))
		md_refuse(&res, "room_taken");
	else if (r)
		; /* a repetition */
	else if (HASH_COUNT(c->rooms) >= (unsigned)c->conf->max_rooms ||
		 md_room_alloc(&r, c, md_str(p, "room"), md_str(p, "call"), md_str(p, "tenant"), peer, &conf)) {
		res.code = ZJ_RPC_OVERLOAD;
		res.because = "max_rooms";
	}
	md_answer(call, &res);
}

static bool role_of(const json_t *p, enum md_role *role, struct md_result *res)
{
	const char *s = md_str(p, "role");
	for (int i = 0; i < 3; i++)
		if (!strcmp(s ? s : "talk", md_role_names[i])) {
			*role = (enum md_role)i;
			return true;
		}
	md_bad(res, "role: talk, listen or whisper");
	return false;
}

/* Whom a whisperer speaks to. */
static bool target_of(struct md_room *r, const json_t *p, enum md_role role, struct md_leg **to, struct md_result *res)
{
	*to = NULL;
	if (role != MD_WHISPER)
		return true;
	*to = md_str(p, "to") ? md_leg_find(r->ctl, md_str(p, "to")) : NULL;
	if (*to && (*to)->room == r)
		return true;
	md_refuse(res, "to_not_in_room");
	return false;
}

static struct md_leg *leg_of(struct md_room *r, const json_t *p, struct md_peer *peer, struct md_result *res)
{
	struct md_leg *l = md_leg_find(r->ctl, md_str(p, "leg"));
	if (!l || strcmp(l->tenant, r->tenant)) {
		res->code = ZJ_RPC_NOT_FOUND;
		res->because = "no such leg";
		return NULL;
	}
	if (l->state == MD_L_ENDED || (peer != r->ctl->owner && l->controller != peer)) {
		md_refuse(res, l->state == MD_L_ENDED ? "ended" : "not_controller");
		return NULL;
	}
	l->taken = true;
	return l;
}

static void join(struct md_room *r, struct md_leg *l, const json_t *p, struct md_result *res)
{
	enum md_role role;
	struct md_leg *to;
	if (!role_of(p, &role, res) || !target_of(r, p, role, &to, res))
		return;
	if (md_room_join(r, l, role, to))
		md_refuse(res, "moving");
}

static void room_join(struct md_room *r, const json_t *p, struct md_peer *peer, struct md_result *res)
{
	struct md_leg *l = leg_of(r, p, peer, res);
	if (l)
		join(r, l, p, res);
}
MD_ROOM_METHOD(join)

static void room_set_role(struct md_room *r, const json_t *p, struct md_peer *peer, struct md_result *res)
{
	struct md_leg *l = leg_of(r, p, peer, res);
	if (l && l->room != r)
		md_refuse(res, "not_in_room");
	else if (l)
		join(r, l, p, res);
}
MD_ROOM_METHOD(set_role)

static void room_leave(struct md_room *r, const json_t *p, struct md_peer *peer ZJ_UNUSED,
		       struct md_result *res ZJ_UNUSED)
{
	struct md_leg *l = md_leg_find(r->ctl, md_str(p, "leg"));
	if (l && l->room == r)
		md_room_leave(l);
}
MD_ROOM_METHOD(leave)

static void room_destroy(struct md_room *r, const json_t *p ZJ_UNUSED, struct md_peer *peer ZJ_UNUSED,
			 struct md_result *res ZJ_UNUSED)
{
	md_room_destroy(r);
}
MD_ROOM_METHOD(destroy)

const struct zj_rpc_method md_room_methods[] = {
	{"room.create", MD_R " call:u talking?:b gate?:b", m_room_create, "Makes a room"},
	{"room.join", MD_R " leg:u role?:s to?:u", m_room_join, "Puts a leg into it"},
	{"room.set_role", MD_R " leg:u role:s to?:u", m_room_set_role, "talk, listen or whisper"},
	{"room.leave", MD_R " leg:u", m_room_leave, "Takes a leg out"},
	{"room.destroy", MD_R, m_room_destroy, "Empties and forgets it"},
	{0},
};
