/* What a viewer may see: its reach and its glass, kept up with its rights. */
#include "live/live_priv.h"
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define RELOAD_EVERY 60 /* ticks */
#define RELOAD_MAX   50 /* scopes looked up in a tick, a tenant */

struct reach_ask {
	struct api_live *live;
	char tenant[ZJ_UUID_SIZE];
	uint64_t viewer;
};

static void reach_came(struct api_reach *r, void *arg)
{
	struct reach_ask *a = arg;
	struct api_feed *f = api_feed_find(a->live, a->tenant);
	struct api_viewer *v = f ? f->viewers : NULL;
	while (v && v->serial != a->viewer)
		v = v->next;
	free(a);
	if (!v || !v->scoped || !r) {
		zj_deref(r);
		return;
	}
	v->loading = false;
	api_viewer_set(v, r);
	api_feed_ask_board(f);
}

void api_viewer_reach_ask(struct api_viewer *v)
{
	struct reach_ask *a = calloc(1, sizeof(*a));
	if (!a)
		return;
	v->reload = false;
	a->live = v->feed->live;
	strcpy(a->tenant, v->feed->tenant);
	a->viewer = v->serial;
	api_reach_load(v->api, &v->who, "live.read", reach_came, a);
}

/* What is told is looked at once for all who share a reach. */
void api_viewer_share_reach(struct api_viewer *v)
{
	struct api_viewer *other = v->feed ? v->feed->viewers : NULL;
	while (other && (other == v || !api_reach_equal(other->reach, v->reach)))
		other = other->next;
	if (!other)
		return;
	struct api_reach *own = v->reach;
	v->reach = zj_ref(other->reach);
	zj_deref(own);
}

void api_viewer_set(struct api_viewer *v, struct api_reach *r)
{
	api_glass glass = api_glass_of(v->api, &v->who);
	if (v->reach && v->glass == glass && api_reach_equal(v->reach, r)) {
		zj_deref(r);
		return;
	}
	zj_deref(v->reach);
	v->reach = r;
	v->glass = glass;
	v->waiting = true;
	api_viewer_share_reach(v);
}

/* The rights of a viewer as they are now; false: it must go. What its role's data scope shows it keeps until the
 * database was asked again; all else changes at once. */
static bool still_may(struct api_viewer *v)
{
	bool exact;
	int err = api_who_renew(v->api, &v->who);
	if (err == EAGAIN)
		return true; /* a role's row is on its way: asked again then */
	struct api_reach *r = err ? NULL : api_reach_now(v->api, &v->who, "live.read", &exact);
	if (!r)
		return false;
	v->reload = !exact;
	if (exact || !v->scoped)
		api_viewer_set(v, r);
	else
		zj_deref(r);
	v->scoped = !exact;
	return api_viewer_may(&v->who);
}

/* In any tenant: a carrier's session may watch one that it entered. */
void api_live_session_ended(struct api_live *l, const char *hash, const char *because)
{
	struct api_feed *f, *next;
	struct api_viewer *v, *other;
	HASH_ITER (hh, l->feeds, f, next)
		DL_FOREACH_SAFE (f->viewers, v, other)
			if (strcmp(v->who.hash, hash) == 0)
				api_viewer_end(v, 4401, because);
}

void api_live_rights(struct api_live *l)
{
	struct api_feed *f, *next;
	struct api_viewer *v, *other;
	if (!l)
		return;
	HASH_ITER (hh, l->feeds, f, next) {
		DL_FOREACH_SAFE (f->viewers, v, other)
			if (!still_may(v))
				api_viewer_end(v, 4401, "session");
		api_feed_ask_board(f);
	}
}

/* A department that moved is in no log that the api follows: every viewer's scope is looked up again now and then. */
void api_feed_reload_some(struct api_feed *f, unsigned ticks)
{
	struct api_viewer *v, *next;
	int n = 0;
	DL_FOREACH_SAFE (f->viewers, v, next) {
		if (v->scoped && (v->serial + ticks) % RELOAD_EVERY == 0)
			v->reload = true;
		if (v->reload && n++ < RELOAD_MAX)
			api_viewer_reach_ask(v);
	}
}
