#include "trunk_guard.h"
#include "trunk_country.h"
#include <stdio.h>
#include <string.h>

const char *trunk_measure_name(enum trunk_measure m)
{
	static const char *const names[TRUNK_MEASURES] = {
		[TRUNK_CALLS_HOUR] = "calls_hour", [TRUNK_CALLS_DAY] = "calls_day", [TRUNK_SPEND_HOUR] = "spend_hour",
		[TRUNK_SPEND_DAY] = "spend_day",   [TRUNK_ABROAD] = "abroad",
	};
	return (unsigned)m < TRUNK_MEASURES ? names[m] : "?";
}

int64_t trunk_price_of(const struct trunk_price *p, int64_t talked_us)
{
	int64_t s = (talked_us + 999999) / 1000000 - p->initial_s, step = p->increment_s > 0 ? p->increment_s : 60;
	if (talked_us <= 0)
		return 0;
	int64_t steps = s > 0 ? (s + step - 1) / step : 0;
	return p->connection + steps * step * p->minute / 60;
}

struct guard_args {
	const struct trunk_query *q;
	const struct trunk_plan *plan;
	int64_t now_us;
	struct trunk_guarded *g;
};

/* ---- the country ---- */
static void judge(struct trunk_guarded *g, const struct trunk_guard_row *r, const char *home, const char *number,
		  bool bare)
{
	char digits[TRUNK_E164_MAX];
	(void)trunk_e164(digits, number, home, bare);
	const struct trunk_country *c = trunk_country_of(digits), *own = trunk_country_of(home);
	bool abroad = !c || !own || strcmp(c->code, own->code) != 0;
	bool dear = !c || !strcmp(c->code, TRUNK_SATELLITE) || !strcmp(c->code, TRUNK_PREMIUM);
	int allowed = r ? trunk_destination_listed(r->allowed, digits, c) : -1,
	    barred = r ? trunk_destination_listed(r->barred, digits, c) : -1;
	/* What nobody named: at home all is called, abroad what a list of countries does not leave out; satellites and
	 * premium numbers only where the carrier's guard names them. */
	bool bars = barred >= 0    ? barred >= allowed
		    : allowed >= 0 ? false
				   : (dear && (!r || r->by_carrier)) || (abroad && r && r->allowed[0]);
	if (abroad || !g->digits[0]) {
		snprintf(g->digits, sizeof g->digits, "%s", digits);
		snprintf(g->country, sizeof g->country, "%s", c ? c->code : "");
	}
	g->abroad = g->abroad || abroad;
	if (bars && !g->barred) {
		g->barred = true;
		g->by = r ? r->rec.id : (struct zk_uuid){{0}};
	}
}

/* As it was dialled, and as it leaves: a rule of a trunk may make another number of it. What a rule puts before a
 * number may be anything, so that only a plus or 00 counts there. */
static void judge_all(struct guard_args *a, const struct trunk_guard_row *r)
{
	const char *home = r ? r->home : "86", *called = a->q->called;
	bool same = true;
	for (unsigned i = 0; a->plan && i < a->plan->n; i++) {
		const struct trunk_candidate *c = &a->plan->c[i];
		const char *leaves = c->called + (c->bare < sizeof c->called ? c->bare : 0);
		if (!strcmp(leaves, called))
			continue;
		same = false;
		judge(a->g, r, home, leaves, false);
	}
	judge(a->g, r, home, called, same);
}

/* ---- limits ---- */
static bool is_night(const struct trunk_guard_row *r, const struct did_zone *zone, int64_t now_us)
{
	struct did_local l;
	if (r->night_from < 0 || r->night_until < 0)
		return false;
	did_local_at(&l, zone, now_us / 1000000);
	int minute = l.second / 60;
	return r->night_from < r->night_until ? minute >= r->night_from && minute < r->night_until
					      : minute >= r->night_from || minute < r->night_until;
}

static void count(struct trunk_guarded *g, const struct zk_uuid *subject, enum trunk_subject kind)
{
	for (unsigned i = 0; i < g->n_subjects; i++)
		if (!zk_uuid_cmp(&g->subject[i].id, subject))
			return;
	g->subject[g->n_subjects].id = *subject;
	g->subject[g->n_subjects++].kind = kind;
}

static void watch(struct guard_args *a, const struct trunk_guard_row *r, const struct zk_uuid *subject,
		  const struct trunk_tenant *t)
{
	struct trunk_guarded *g = a->g;
	struct trunk_watch *w = &g->w[g->n];
	bool night = is_night(r, &t->zone, a->now_us), limits = false;
	*w = (struct trunk_watch){r->rec.id, *subject, r->subject, r->bars, r->warn, {0}};
	for (unsigned m = 0; m < TRUNK_MEASURES; m++) {
		w->limit[m] = night && r->night[m] >= 0 ? r->night[m] : r->limit[m];
		limits = limits || w->limit[m] >= 0;
	}
	if (r->max_s && (!g->max_s || r->max_s < g->max_s))
		g->max_s = r->max_s;
	if (!limits)
		return;
	g->n++;
	count(g, subject, r->subject);
}

/* A guard of `owner` about this one, else about each of its kind. */
static const struct trunk_guard_row *row_of(struct zk_map *const *maps, const struct zk_uuid *owner, bool by_carrier,
					    enum trunk_subject kind, const struct zk_uuid *id)
{
	const struct zk_uuid none = {{0}}, *keys[] = {id, &none};
	for (unsigned i = 0; i < 2; i++) {
		struct zk_iter it;
		const struct trunk_guard_row *r =
			zk_first(maps[TRUNK_GUARD], trunk_guard_hash(owner, kind, keys[i]), &it);
		for (; r; r = zk_next(&it))
			if (r->enabled && r->subject == kind && r->by_carrier == by_carrier &&
			    !zk_uuid_cmp(&r->tenant, owner) && !zk_uuid_cmp(&r->id, keys[i]))
				return r;
	}
	return NULL;
}

static const struct zk_uuid nobody;

static void guard_h(struct zk_map *const *maps, void *arg)
{
	struct guard_args *a = arg;
	const struct trunk_query *q = a->q;
	const struct trunk_tenant *t = zk_by_id(maps[TRUNK_TENANT], &q->tenant), *carrier = trunk_carrier(maps);
	*a->g = (struct trunk_guarded){.tenant = q->tenant};
	if (!t)
		return;
	/* The carrier's word about this tenant, else about all. */
	const struct trunk_guard_row *r = row_of(maps, &q->tenant, true, TRUNK_OF_TENANT, &nobody);
	if (!r && carrier)
		r = row_of(maps, &carrier->rec.id, true, TRUNK_OF_TENANT, &nobody);
	judge_all(a, r);
	if (r)
		watch(a, r, &q->tenant, t);
	const struct zk_uuid *ids[] = {
		[TRUNK_OF_TENANT] = &nobody, [TRUNK_OF_EXTENSION] = &q->extension, [TRUNK_OF_ACCOUNT] = &q->account};
	for (enum trunk_subject kind = TRUNK_OF_TENANT; kind <= TRUNK_OF_ACCOUNT; kind++) {
		if (kind != TRUNK_OF_TENANT && zk_uuid_is_zero(ids[kind]))
			continue;
		r = row_of(maps, &q->tenant, false, kind, ids[kind]);
		if (!r)
			continue;
		judge_all(a, r);
		watch(a, r, kind == TRUNK_OF_TENANT ? &q->tenant : ids[kind], t);
	}
	const struct zk_uuid *on = a->plan && a->plan->n  ? &a->plan->c[0].trunk
				   : q->kind == TRUNK_ONE ? &q->object
							  : NULL;
	const struct trunk_rate *rate = trunk_rate_of(maps, q, on);
	if (rate)
		a->g->price = (struct trunk_price){rate->connection, rate->minute, rate->initial_s, rate->increment_s};
}

void trunk_guard(struct zk_store *store, const struct trunk_query *q, const struct trunk_plan *plan, int64_t now_us,
		 struct trunk_guarded *g)
{
	struct guard_args a = {q, plan, now_us, g};
	if (zk_read(store, guard_h, &a))
		*g = (struct trunk_guarded){.tenant = q->tenant};
}
