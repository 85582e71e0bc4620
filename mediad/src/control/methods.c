/* The table of methods, and what every command goes through: who asks, which leg or room, epoch, repetition. */
#include "control/methods.h"
#include <stdio.h>
#include <zj_log.h>

#define METHODS_MAX 48
static struct zj_rpc_method all[METHODS_MAX + 1];

/* Built once from the tables of the files. */
const struct zj_rpc_method *md_methods_table(void)
{
	static const struct zj_rpc_method *const parts[] = {md_session_methods, md_leg_methods,   md_play_methods,
							    md_record_methods,  md_room_methods,  md_refer_methods,
							    md_fax_methods,     md_detect_methods};
	size_t n = 0;
	if (all[0].name)
		return all;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(parts); i++)
		for (const struct zj_rpc_method *m = parts[i]; m->name && n < METHODS_MAX; m++)
			all[n++] = *m;
	return all;
}

struct md_peer *md_peer_of(struct zj_rpc_conn *conn, struct zj_rpc_call *call)
{
	struct md_peer *p = zj_rpc_user(conn);
	if (!p)
		zj_rpc_fail(call, ZJ_RPC_REFUSED, "say hello first", json_pack("{s:s}", "because", "no_hello"));
	return p;
}

void md_answer(struct zj_rpc_call *call, const struct md_result *res)
{
	json_t *data = NULL;
	if (!res->code) {
		zj_rpc_reply(call, res->state ? json_pack("{s:s}", "state", res->state) : json_object());
		return;
	}
	const char *because = res->because ? res->because : "refused";
	if (res->code == ZJ_RPC_STALE)
		data = json_pack("{s:I}", "epoch", (json_int_t)res->epoch);
	else if (res->code == ZJ_RPC_REFUSED || res->code == ZJ_RPC_OVERLOAD)
		data = json_pack("{s:s}", "because", because);
	zj_rpc_fail(call, res->code, because, data);
}

/* The epoch fences owners. Another controller's right comes from the leg it was handed. */
bool md_epoch_check(struct md_control *c, const struct md_peer *peer, const json_t *p, struct md_result *res)
{
	int64_t known = c->epochs.slot[zj_slot(md_str(p, "tenant"))];
	if (peer != c->owner || md_int(p, "epoch", 0) >= known)
		return true;
	res->code = ZJ_RPC_STALE;
	res->because = "stale epoch";
	res->epoch = known;
	return false;
}

static bool check_cmd_id(const json_t *p, struct md_result *res)
{
	const char *id = md_str(p, "cmd_id");
	if (id[0] && strlen(id) <= 100)
		return true;
	md_bad(res, "cmd_id: 1 to 100 bytes");
	return false;
}

static bool find_leg(struct md_control *c, const json_t *p, struct md_peer *peer, struct md_leg **lp,
		     struct md_result *res)
{
	struct md_leg *l = md_leg_find(c, md_str(p, "leg"));
	if (!l || strcmp(l->tenant, md_str(p, "tenant"))) {
		res->code = ZJ_RPC_NOT_FOUND;
		res->because = "no such leg";
		return false;
	}
	if (peer != c->owner && l->controller != peer) {
		md_refuse(res, "not_controller");
		return false;
	}
	*lp = l;
	return true;
}

void md_leg_command(struct md_control *c, struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call,
		    md_leg_cmd_h *h)
{
	struct md_result res = {0};
	struct md_leg *l;
	struct md_peer *peer = md_peer_of(conn, call);
	if (!peer)
		return;
	if (!check_cmd_id(params, &res) || !md_epoch_check(c, peer, params, &res) ||
	    !find_leg(c, params, peer, &l, &res)) {
		md_answer(call, &res);
		return;
	}
	struct zj_log_ctx old = zj_log_with((struct zj_log_ctx){.tenant = l->tenant, .call = l->call, .leg = l->id});
	l->taken = true;
	if (!md_cmd_find(&l->cmds, md_str(params, "cmd_id"), &res)) {
		zj_ref(l); /* a command may be the last of it */
		h(l, params, peer, &res);
		md_cmd_keep(&l->cmds, md_str(params, "cmd_id"), &res);
		md_answer(call, &res);
		zj_deref(l);
	} else {
		md_answer(call, &res);
	}
	zj_log_with(old);
}

static bool find_room(struct md_control *c, const json_t *p, struct md_peer *peer, struct md_room **rp,
		      struct md_result *res)
{
	struct md_room *r = md_room_find(c, md_str(p, "room"));
	if (!r || strcmp(r->tenant, md_str(p, "tenant"))) {
		res->code = ZJ_RPC_NOT_FOUND;
		res->because = "no such room";
		return false;
	}
	if (peer != c->owner && r->controller != peer) {
		md_refuse(res, "not_controller");
		return false;
	}
	*rp = r;
	return true;
}

void md_room_command(struct md_control *c, struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call,
		     md_room_cmd_h *h)
{
	struct md_result res = {0};
	struct md_room *r;
	struct md_peer *peer = md_peer_of(conn, call);
	if (!peer)
		return;
	if (!check_cmd_id(params, &res) || !md_epoch_check(c, peer, params, &res) ||
	    !find_room(c, params, peer, &r, &res)) {
		md_answer(call, &res);
		return;
	}
	struct zj_log_ctx old = zj_log_with((struct zj_log_ctx){.tenant = r->tenant, .call = r->call});
	if (!md_cmd_find(&r->cmds, md_str(params, "cmd_id"), &res)) {
		zj_ref(r);
		h(r, params, peer, &res);
		md_cmd_keep(&r->cmds, md_str(params, "cmd_id"), &res);
		zj_deref(r);
	}
	md_answer(call, &res);
	zj_log_with(old);
}
