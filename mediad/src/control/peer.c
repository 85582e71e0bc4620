/* Controllers: each has a name, an outbox of events that outlives its connections, and legs it answers for. */
#include "control/control.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <zj_log.h>

#define PEERS_MAX  32
#define EVENTS_MAX 100000
#define STUCK_US   30000000 /* connected, but acknowledges nothing: as good as gone */

struct md_peer *md_peer_find(struct md_control *c, const char *name)
{
	struct md_peer *p;
	LL_FOREACH (c->peers, p)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

int md_peer_get(struct md_peer **pp, struct md_control *c, const char *name)
{
	struct md_peer *p = md_peer_find(c, name);
	int n = 0;
	if (p) {
		*pp = p;
		return 0;
	}
	LL_COUNT(c->peers, p, n);
	if (!name[0] || strlen(name) >= MD_NAME_MAX)
		return EINVAL;
	if (n >= PEERS_MAX)
		return ENOSPC;
	p = calloc(1, sizeof(*p));
	if (!p)
		return ENOMEM;
	memcpy(p->name, name, strlen(name) + 1);
	p->ctl = c;
	p->away_us = zj_mono_us();
	int err = zj_outbox_alloc(&p->outbox, EVENTS_MAX);
	if (err) {
		free(p);
		return err;
	}
	LL_APPEND(c->peers, p);
	*pp = p;
	return 0;
}

int64_t md_peer_event(struct md_peer *p, const char *method, json_t *params)
{
	json_object_set_new(params, "at", json_integer(zj_now_us()));
	if (!zj_outbox_waiting(p->outbox))
		p->stuck_us = zj_mono_us();
	if (zj_outbox_put(p->outbox, method, params))
		zj_error("control", "event lost: method=%s peer=%s", method, p->name);
	return zj_outbox_last(p->outbox);
}

/* Its legs return to the owner, or, if it is the owner, end. */
static void give_up(struct md_peer *p)
{
	struct md_leg *l, *next;
	unsigned n = 0;
	HASH_ITER (hh, p->ctl->legs, l, next) {
		if (l->controller != p || !l->taken)
			continue; /* a call nobody has taken yet has a patience of its own */
		if (p != p->ctl->owner)
			md_leg_return(l);
		else if (l->state != MD_L_ENDED)
			md_leg_end(l, "system", 503, 41, "controller is gone");
		else
			continue;
		n++;
	}
	if (n)
		zj_error("control", "controller did not come back: peer=%s legs=%u", p->name, n);
	p->returned = true;
}

void md_peer_up(struct md_peer *p, struct zj_rpc_conn *conn, const char *instance, int64_t seen)
{
	bool same = instance && !strcmp(instance, p->ctl->instance);
	zj_info("control", "controller is here: peer=%s seen=%lld events=%zu", p->name, (long long)(same ? seen : 0),
		zj_outbox_waiting(p->outbox));
	/* Who knows nothing of this mediad's events was born anew, and so knows nothing of its legs either. The owner
	 * finds them in the snapshot; any other controller's go back to the owner. */
	if (!same && p != p->ctl->owner)
		give_up(p);
	p->conn = conn;
	p->known = true;
	p->returned = false;
	p->stuck_us = zj_mono_us();
	zj_outbox_attach(p->outbox, conn, same ? seen : 0);
}

void md_peer_down(struct md_peer *p, struct zj_rpc_conn *conn)
{
	if (p->conn != conn)
		return; /* a newer connection took its place */
	zj_warn("control", "controller is away: peer=%s", p->name);
	p->conn = NULL;
	p->away_us = zj_mono_us();
	zj_outbox_attach(p->outbox, NULL, 0);
}

void md_peers_watch(struct md_control *c)
{
	int64_t now = zj_mono_us();
	for (struct md_peer *p = c->peers; p; p = p->next) {
		int64_t patience = p == c->owner ? c->conf->owner_gone_s * 1000000 : c->conf->controller_gone_ms * 1000;
		bool gone = !p->conn && now - p->away_us >= patience;
		bool stuck = p->conn && p != c->owner && zj_outbox_waiting(p->outbox) && now - p->stuck_us >= STUCK_US;
		if (!stuck && p->conn)
			p->returned = false;
		if ((gone || stuck) && (p == c->owner || !p->returned))
			give_up(p);
	}
}

void md_peers_free(struct md_control *c)
{
	struct md_peer *p, *next;
	LL_FOREACH_SAFE(c->peers, p, next)
	{
		zj_deref(p->outbox);
		free(p);
	}
	c->peers = c->owner = NULL;
}
