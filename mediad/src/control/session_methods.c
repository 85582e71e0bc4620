/* hello, ack, claim, epochs, snapshot. */
#include "control/methods.h"
#include <openssl/crypto.h>
#include <utlist.h>
#include <zj_log.h>

#define PAGE 500 /* legs or rooms in one answer: a line is at most 1 MiB */

static bool is_token_good(const struct md_control *c, const char *token)
{
	size_t n = strlen(c->conf->token);
	return !n || (token && strlen(token) == n && !CRYPTO_memcmp(token, c->conf->token, n));
}

static void m_hello(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct md_control *c = arg;
	struct md_peer *peer;
	if (!is_token_good(c, md_str(p, "token"))) {
		zj_warn("control", "hello with a wrong token: name=%s", zj_log_esc(md_str(p, "name")));
		zj_rpc_fail(call, ZJ_RPC_REFUSED, "wrong token", json_pack("{s:s}", "because", "token"));
		return;
	}
	if (md_peer_get(&peer, c, md_str(p, "name"))) {
		zj_rpc_fail(call, ZJ_RPC_BAD_PARAMS, "name: 1 to 31 bytes, at most 32 controllers", NULL);
		return;
	}
	struct md_peer *former = zj_rpc_user(conn);
	if (former && former != peer)
		md_peer_down(former, conn);
	zj_rpc_set_user(conn, peer);
	zj_rpc_reply(call, json_pack("{s:s,s:s,s:I}", "mediad", c->conf->name, "instance", c->instance, "seq",
				     (json_int_t)zj_outbox_last(peer->outbox)));
	md_peer_up(peer, conn, md_str(p, "instance"), md_int(p, "seen", 0));
}

static void m_ack(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct md_control *c = arg;
	struct md_peer *peer = md_peer_of(conn, call);
	struct md_leg *l, *next;
	int64_t seq = md_int(p, "seq", 0);
	if (!peer)
		return;
	if (seq > zj_outbox_last(peer->outbox)) {
		zj_warn("control", "acknowledged what was never sent: peer=%s seq=%lld", peer->name, (long long)seq);
		return;
	}
	zj_outbox_ack(peer->outbox, seq);
	peer->stuck_us = zj_mono_us();
	if (seq > peer->acked)
		peer->acked = seq;
	DL_FOREACH_SAFE2(peer == c->owner ? c->ended : NULL, l, next, e_next)
	{
		if (l->hungup_seq > seq)
			break;
		md_leg_drop_if_done(l);
	}
	zj_rpc_reply(call, json_object());
}

static void m_claim(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct md_control *c = arg;
	struct md_peer *peer = md_peer_of(conn, call);
	if (!peer)
		return;
	if (peer != c->owner) {
		zj_rpc_fail(call, ZJ_RPC_REFUSED, "only the owner claims", json_pack("{s:s}", "because", "not_owner"));
		return;
	}
	int64_t higher = md_epochs_claim(&c->epochs, json_object_get(p, "slots"), md_int(p, "epoch", 0));
	if (higher < 0) {
		zj_rpc_fail(call, ZJ_RPC_BAD_PARAMS, "epoch: at least 1; slots: a list of [from,to] within 0..1023",
			    NULL);
	} else if (higher) {
		zj_rpc_fail(call, ZJ_RPC_STALE, "stale epoch", json_pack("{s:I}", "epoch", (json_int_t)higher));
	} else {
		zj_info("control", "slots claimed: epoch=%lld", (long long)md_int(p, "epoch", 0));
		zj_rpc_reply(call, json_object());
	}
}

static void m_epochs(struct zj_rpc_conn *conn, json_t *p ZJ_UNUSED, struct zj_rpc_call *call, void *arg)
{
	struct md_control *c = arg;
	if (md_peer_of(conn, call))
		zj_rpc_reply(call, json_pack("{s:o}", "epochs", md_epochs_json(&c->epochs)));
}

static void m_snapshot(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct md_control *c = arg;
	struct md_peer *peer = md_peer_of(conn, call);
	struct md_leg *l, *ln;
	struct md_room *r, *rn;
	int64_t after = md_int(p, "after", 0), next = 0;
	size_t n = 0;
	if (!peer)
		return;
	json_t *legs = json_array(), *rooms = json_array();
	/* One numbering for both kinds, so that a page ends at a number; what is younger than the page comes by events.
	 */
	HASH_ITER (hh, c->legs, l, ln) {
		if (l->serial <= after)
			continue;
		if (n++ == PAGE)
			break;
		json_array_append_new(legs, md_leg_json(l));
		next = l->serial;
	}
	bool more = n > PAGE;
	HASH_ITER (hh, c->rooms, r, rn)
		if (r->serial > after && (!more || r->serial <= next))
			json_array_append_new(rooms, md_room_json(r));
	json_t *o = json_pack("{s:s,s:I,s:o,s:o}", "instance", c->instance, "seq",
			      (json_int_t)zj_outbox_last(peer->outbox), "legs", legs, "rooms", rooms);
	if (more)
		json_object_set_new(o, "next", json_integer(next));
	zj_rpc_reply(call, o);
}

const struct zj_rpc_method md_session_methods[] = {
	{"hello", "name:s token?:s seen?:i instance?:s", m_hello, "Says who the connection is; its events follow"},
	{"ack", "seq:i", m_ack, "Events up to this number have been taken"},
	{"claim", "epoch:i slots:a", m_claim, "The owner takes slots"},
	{"epochs", "", m_epochs, "Highest epochs known"},
	{"snapshot", "after?:i", m_snapshot, "All legs and rooms, a page at a time"},
	{0},
};
