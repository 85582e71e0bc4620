#include "did_explain.h"
#include <string.h>

#define BATCH 64

struct batch {
	const struct did_query *q;
	struct did_explanation *e;
	const struct did_route *routes;
	size_t n;
	const struct did_route *winner;
	struct did_opinion found[BATCH];
	size_t opinions;
};

static int bits(unsigned set)
{
	return __builtin_popcount(set);
}

/* Which of two opinions is told first. */
static bool told_before(const struct did_opinion *a, const struct did_opinion *b)
{
	if (a->verdict != b->verdict)
		return a->verdict < b->verdict;
	if (bits(a->against) != bits(b->against))
		return bits(a->against) < bits(b->against);
	if (a->priority != b->priority)
		return a->priority > b->priority;
	return zk_uuid_cmp(&a->route, &b->route) < 0;
}

static void tell(struct did_explanation *e, const struct did_opinion *o)
{
	size_t i = e->count < DID_OPINIONS_MAX ? e->count++ : DID_OPINIONS_MAX;
	if (i == DID_OPINIONS_MAX) {
		if (!told_before(o, &e->opinions[DID_OPINIONS_MAX - 1]))
			return;
		i--;
	}
	for (; i > 0 && told_before(o, &e->opinions[i - 1]); i--)
		e->opinions[i] = e->opinions[i - 1];
	e->opinions[i] = *o;
}

/* Opinions of copies: what is asked of the maps is of this moment. */
static void judge_h(struct zk_map *const *maps, void *arg)
{
	struct batch *b = arg;
	struct did_call c;
	b->opinions = 0;
	if (did_call_make(&c, maps, b->q))
		return;
	b->e->now = c.now;
	b->e->holiday = c.holiday;
	for (size_t i = 0; i < b->n; i++) {
		const struct did_route *r = &b->routes[i];
		if (zk_uuid_cmp(&r->tenant, &b->e->hit.tenant))
			continue;
		struct did_opinion o = {.route = r->rec.id,
					.priority = r->priority,
					.against = did_route_against(&c, r),
					.decided_by = ""};
		o.verdict = o.against                                   ? DID_DOES_NOT_MATCH
			    : zk_uuid_cmp(&r->rec.id, &b->e->hit.route) ? DID_BEATEN
									: DID_WINS;
		if (o.verdict == DID_BEATEN && b->winner)
			did_route_compare(b->winner, r, &o.decided_by);
		b->found[b->opinions++] = o;
	}
}

struct copy {
	const struct zk_uuid *id;
	struct did_route *out;
	bool found;
};

static void copy_h(struct zk_map *const *maps, void *arg)
{
	struct copy *c = arg;
	const struct did_route *r = zk_by_id(maps[DID_ROUTE], c->id);
	c->found = r != NULL;
	if (r)
		*c->out = *r;
}

static void judge_all(struct zk_store *store, const struct did_query *q, struct did_explanation *e)
{
	static struct did_route rows[BATCH]; /* RPC: one process, one question at a time */
	struct did_route winner;
	struct copy w = {&e->hit.route, &winner, false};
	struct batch b = {.q = q, .e = e, .routes = rows};
	uint32_t from = 0;
	if (!zk_uuid_is_zero(&e->hit.route) && !zk_read(store, copy_h, &w) && w.found)
		b.winner = &winner;
	do {
		b.n = zk_dump(store, DID_ROUTE, &from, rows, BATCH);
		if (zk_read(store, judge_h, &b))
			return;
		e->routes += b.opinions;
		for (size_t i = 0; i < b.opinions; i++)
			tell(e, &b.found[i]);
	} while (b.n);
}

void did_explain(struct zk_store *store, const struct did_query *q, const struct zk_uuid *tenant,
		 struct did_explanation *e)
{
	memset(e, 0, sizeof *e);
	e->result = did_find(store, q, &e->hit);
	if (tenant && zk_uuid_cmp(tenant, &e->hit.tenant)) {
		memset(e, 0, sizeof *e);
		e->result = DID_NO_NUMBER;
		return;
	}
	if (e->result == DID_FOUND || e->result == DID_NO_DESTINATION)
		judge_all(store, q, e);
}
