#include "trunk_plan.h"
#include <stdio.h>
#include <string.h>

const char *trunk_why_name(enum trunk_why why)
{
	static const char *const names[TRUNK_WHYS] = {
		[TRUNK_FOUND] = "found",     [TRUNK_NO_TRUNK] = "no_trunk",          [TRUNK_RULE_BARS] = "barred",
		[TRUNK_NO_RATE] = "no_rate", [TRUNK_NOT_OWN] = "caller_not_allowed",
	};
	return (unsigned)why < TRUNK_WHYS ? names[why] : "?";
}

/* Repeatable from one number, so that a plan is a function of its arguments. */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

struct planner {
	struct zk_map *const *maps;
	const struct trunk_query *q;
	const struct trunk_area *area;
	struct zk_uuid group;
	struct trunk_plan *plan;
	struct trunk_trail *trail; /* NULL: nobody asks */
	uint64_t random;
	unsigned barred, rateless;
};

static const struct trunk_tenant *tenant_of(struct zk_map *const *maps, const struct zk_uuid *id)
{
	const struct trunk_tenant *t = zk_by_id(maps[TRUNK_TENANT], id);
	return t && t->enabled ? t : NULL;
}

/* A trunk of the tenant or of the carrier, switched on. */
static const struct trunk_trunk *trunk_of(struct zk_map *const *maps, const struct zk_uuid *tenant,
					  const struct zk_uuid *id)
{
	const struct trunk_trunk *t = zk_by_id(maps[TRUNK_TRUNK], id);
	if (!t || !t->enabled)
		return NULL;
	const struct trunk_tenant *owner = tenant_of(maps, &t->tenant);
	return owner && (owner->carrier || !zk_uuid_cmp(&t->tenant, tenant)) ? t : NULL;
}

const struct trunk_rate *trunk_rate_of(struct zk_map *const *maps, const struct trunk_query *q,
				       const struct zk_uuid *on)
{
	const struct trunk_tenant *carrier = trunk_carrier(maps);
	const struct zk_uuid *levels[] = {&q->account_group, &q->tenant, carrier ? &carrier->rec.id : NULL};
	for (unsigned i = 0; i < 3; i++) {
		if (!levels[i] || zk_uuid_is_zero(levels[i]))
			continue;
		const struct trunk_rate *r = trunk_rate_find(maps, levels[i], q->called);
		if (r && (!on || zk_uuid_is_zero(&r->trunk) || !zk_uuid_cmp(&r->trunk, on)))
			return r;
	}
	return NULL;
}

/* The number as this trunk wants it: its rule, then the long-distance prefix, then the fixed prefix. False: forbidden.
 */
static bool called_on(const struct planner *p, const struct trunk_trunk *t, const struct trunk_rule *r,
		      char out[TRUNK_CALLED_MAX], unsigned *bare)
{
	char text[TRUNK_CALLED_MAX], far[TRUNK_CALLED_MAX];
	if (r && r->attribute == TRUNK_FORBID && !p->q->emergency)
		return false;
	if (!zj_dial_rewrite(text, sizeof text, p->q->called, r ? r->strip : "", r ? r->add : ""))
		return false;
	bool mobile = text[0] == '1' && strlen(text) == 11;
	bool away = mobile && t->long_distance[0] && p->area && p->area->area_code[0] &&
		    strcmp(p->area->area_code, t->area_code) != 0;
	*bare = (unsigned)(strlen(t->prefix) + (away ? strlen(t->long_distance) : 0));
	return zj_dial_rewrite(far, sizeof far, text, "", away ? t->long_distance : "") &&
	       zj_dial_rewrite(out, TRUNK_CALLED_MAX, far, "", t->prefix);
}

struct sorted {
	struct zk_uuid id;
	int priority;
	uint64_t luck;
};

static void sort(struct sorted *s, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		for (unsigned j = i; j && (s[j].priority > s[j - 1].priority ||
					   (s[j].priority == s[j - 1].priority && s[j].luck > s[j - 1].luck));
		     j--) {
			struct sorted x = s[j];
			s[j] = s[j - 1];
			s[j - 1] = x;
		}
}

/* Weighted order without repetition: the smallest -log(u)/weight first, here as the largest of u^(1/weight) in
 * integers: the best of `weight` draws. */
static uint64_t luck(struct planner *p, int weight)
{
	uint64_t best = 0;
	for (int i = 0; i < weight; i++) {
		uint64_t u = draw(&p->random);
		best = u > best ? u : best;
	}
	return best;
}

#define HOSTS_MAX 16
static void add_hosts(struct planner *p, const struct trunk_trunk *t, const char *called, unsigned bare)
{
	struct sorted hosts[HOSTS_MAX];
	struct zk_iter it;
	unsigned n = 1;
	hosts[0] = (struct sorted){t->rec.id, t->priority, luck(p, t->weight)};
	const struct trunk_host *h = zk_first(p->maps[TRUNK_HOST], trunk_id_hash(&t->rec.id), &it);
	for (; h && n < HOSTS_MAX; h = zk_next(&it))
		if (h->enabled && !zk_uuid_cmp(&h->trunk, &t->rec.id))
			hosts[n++] = (struct sorted){h->rec.id, h->priority, luck(p, h->weight)};
	sort(hosts, n);
	for (unsigned i = 0; i < n && p->plan->n < TRUNK_CANDIDATES; i++) {
		struct trunk_candidate *c = &p->plan->c[p->plan->n++];
		c->trunk = t->rec.id;
		c->host = hosts[i].id;
		c->bare = bare;
		zk_copy(c->called, sizeof c->called, called, strlen(called));
	}
}

static void opine(struct planner *p, const struct zk_uuid *trunk, const struct trunk_rule *r,
		  enum trunk_verdict verdict)
{
	if (!p->trail || p->trail->n == TRUNK_OPINIONS)
		return;
	p->trail->o[p->trail->n++] = (struct trunk_opinion){*trunk, r ? r->rec.id : (struct zk_uuid){{0}}, verdict};
}

static void add_trunk(struct planner *p, const struct zk_uuid *id)
{
	const struct trunk_trunk *t = trunk_of(p->maps, &p->q->tenant, id);
	char called[TRUNK_CALLED_MAX];
	unsigned bare;
	if (!t) {
		opine(p, id, NULL, TRUNK_OFF);
		return;
	}
	const struct trunk_rule *r =
		trunk_rule_find(p->maps, &(struct trunk_rule_query){p->q->tenant, p->group, t, p->q->called, p->area});
	if (!called_on(p, t, r, called, &bare)) {
		opine(p, id, r, TRUNK_BARRED);
		p->barred++;
		return;
	}
	if (t->force_rate && !p->q->emergency && !trunk_rate_of(p->maps, p->q, id)) {
		opine(p, id, r, TRUNK_RATELESS);
		p->rateless++;
		return;
	}
	opine(p, id, r, TRUNK_PLANNED);
	add_hosts(p, t, called, bare);
}

#define MEMBERS_MAX 64
static void add_group(struct planner *p, const struct trunk_group *g, unsigned turn)
{
	struct sorted members[MEMBERS_MAX];
	struct zk_iter it;
	unsigned n = 0, first;
	p->group = g->rec.id;
	const struct trunk_member *m = zk_first(p->maps[TRUNK_MEMBER], trunk_id_hash(&g->rec.id), &it);
	for (; m && n < MEMBERS_MAX; m = zk_next(&it)) {
		if (zk_uuid_cmp(&m->group, &g->rec.id) != 0)
			continue;
		/* Of equal priority the older one is first. */
		uint64_t age = 0;
		for (unsigned i = 0; i < 8; i++)
			age = age << 8 | m->rec.id.b[i];
		members[n++] = (struct sorted){m->trunk, g->strategy == TRUNK_RANDOM ? 0 : m->priority,
					       g->strategy == TRUNK_RANDOM ? draw(&p->random) : ~age};
	}
	sort(members, n);
	first = n && g->strategy == TRUNK_ROUND_ROBIN ? turn % n : 0;
	for (unsigned i = 0; i < n; i++)
		add_trunk(p, &members[(first + i) % n].id);
}

static bool group_usable(struct zk_map *const *maps, const struct trunk_group *g, const struct zk_uuid *tenant)
{
	const struct trunk_tenant *owner = tenant_of(maps, &g->tenant);
	return owner && (owner->carrier || !zk_uuid_cmp(&g->tenant, tenant));
}

struct plan_args {
	const struct trunk_query *q;
	const struct zk_uuid *number_trunk;
	unsigned turn;
	uint64_t random;
	struct trunk_plan *plan;
	struct trunk_trail *trail;
};

/* Over which trunk: that of the number that is shown; that of a rate; what the route, the group or the tenant names. */
static void plan_h(struct zk_map *const *maps, void *arg)
{
	struct plan_args *a = arg;
	struct planner p = {.maps = maps, .q = a->q, .plan = a->plan, .trail = a->trail, .random = a->random};
	const char *by = "";
	*a->plan = (struct trunk_plan){.why = TRUNK_NO_TRUNK};
	if (!tenant_of(maps, &a->q->tenant))
		return;
	p.area = trunk_area_of(maps, &a->q->tenant, a->q->called);
	const struct trunk_rate *rate = trunk_rate_of(maps, a->q, NULL);
	if (a->number_trunk && !zk_uuid_is_zero(a->number_trunk)) {
		by = "number";
		add_trunk(&p, a->number_trunk);
	} else if (rate && !zk_uuid_is_zero(&rate->trunk)) {
		by = "rate";
		add_trunk(&p, &rate->trunk);
	} else if (a->q->kind == TRUNK_ONE) {
		by = "trunk";
		add_trunk(&p, &a->q->object);
	} else if (a->q->kind == TRUNK_SOME) {
		by = "trunk_group";
		const struct trunk_group *g = zk_by_id(maps[TRUNK_GROUP], &a->q->object);
		if (g && group_usable(maps, g, &a->q->tenant))
			add_group(&p, g, a->turn);
	}
	if (a->trail) {
		a->trail->by = by;
		a->trail->rate = rate ? rate->rec.id : (struct zk_uuid){{0}};
	}
	a->plan->why = a->plan->n   ? TRUNK_FOUND
		       : p.barred   ? TRUNK_RULE_BARS
		       : p.rateless ? TRUNK_NO_RATE
				    : TRUNK_NO_TRUNK;
}

void trunk_plan(struct zk_store *store, const struct trunk_query *q, const struct zk_uuid *number_trunk, unsigned turn,
		uint64_t random, struct trunk_plan *plan)
{
	trunk_plan_trail(store, q, number_trunk, turn, random, plan, NULL);
}

void trunk_plan_trail(struct zk_store *store, const struct trunk_query *q, const struct zk_uuid *number_trunk,
		      unsigned turn, uint64_t random, struct trunk_plan *plan, struct trunk_trail *trail)
{
	struct plan_args a = {q, number_trunk, turn, random, plan, trail};
	if (trail)
		*trail = (struct trunk_trail){.by = ""};
	if (zk_read(store, plan_h, &a))
		*plan = (struct trunk_plan){.why = TRUNK_NO_TRUNK};
}
