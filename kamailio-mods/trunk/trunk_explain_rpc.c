/* trunk.explain: what would happen to a call that acd sends out, step by step, by the functions that decide it
 * (trunk_call_mod.c): the number that is shown, the trunks, the toll guard, what stands against each
 * attempt now. Nothing is counted. */
#include "trunk_guard_mod.h"
#include "trunk_keep.h"
#include "zk_kam.h"
#include <stdlib.h>
#include <string.h>

#define CALLS_UNLIMITED (-1)

/* ---- the question ---- */
static bool set_id(struct zk_uuid *id, const char *value)
{
	return zk_uuid_parse(id, value);
}

static bool set_out(struct trunk_query *q, const char *value)
{
	bool one = !strncmp(value, "trunk:", 6), some = !strncmp(value, "trunk_group:", 12);
	q->kind = one ? TRUNK_ONE : some ? TRUNK_SOME : TRUNK_BY_RATE;
	return (one || some) && set_id(&q->object, strchr(value, ':') + 1);
}

static bool set(struct trunk_query *q, const char *key, const char *value)
{
	if (!strcmp(key, "out"))
		return set_out(q, value);
	if (!strcmp(key, "group"))
		return set_id(&q->account_group, value);
	if (!strcmp(key, "pool"))
		return set_id(&q->pool, value);
	if (!strcmp(key, "extension"))
		return set_id(&q->extension, value);
	if (!strcmp(key, "account"))
		return set_id(&q->account, value);
	if (!strcmp(key, "caller"))
		return zk_copy(q->caller, sizeof q->caller, value, strlen(value));
	if (!strcmp(key, "anonymous"))
		q->anonymous = value[0] == '1';
	else if (!strcmp(key, "emergency"))
		q->emergency = value[0] == '1' && trunk_emergency(trunk_store, &q->tenant, q->called);
	else
		return false;
	return true;
}

/* `what` is cut up. */
static bool read_what(struct trunk_query *q, char *what)
{
	char *rest = what;
	for (char *part; (part = strsep(&rest, ";"));) {
		char *value = strchr(part, '=');
		if (!*part)
			continue;
		if (!value)
			return false;
		*value++ = '\0';
		if (*value && !set(q, part, value))
			return false;
	}
	return true;
}

/* ---- the answer ---- */
struct explained {
	struct trunk_query q;
	struct trunk_chosen chosen;
	struct trunk_plan plan;
	struct trunk_trail trail;
	struct trunk_guarded g;
	int64_t at_us;           /* that is asked about: hours and nights; all else is as it is now */
	bool some_number, taken; /* taken: all calls that the number may have */
	const char *outcome;
};

static void add_id(rpc_t *rpc, void *row, const char *name, const struct zk_uuid *id)
{
	char text[ZK_UUID_TEXT] = "";
	if (!zk_uuid_is_zero(id))
		zk_uuid_text(text, id);
	rpc->struct_add(row, "s", name, text);
}

static bool is_closed(const struct trunk_trunk *t, int64_t at_us)
{
	return !zk_uuid_is_zero(&t->package) && !trunk_works(&t->tenant, &t->package, at_us / 1000000);
}

/* What stands against this attempt, or "caller": that may not be shown there. */
static const char *against(const struct explained *e, const struct trunk_candidate *c, struct trunk_hop *hop)
{
	if (!trunk_hop(trunk_store, &e->q, c, hop))
		return "caller";
	return trunk_obstacle_name(
		e->q.emergency ? TRUNK_FREE
			       : trunk_state_against(trunk_live, hop, is_closed(&hop->t, e->at_us), trunk_now_us()));
}

static void add_hops(rpc_t *rpc, void *row, const struct explained *e, const struct zk_uuid *trunk)
{
	static struct trunk_hop hop;
	void *list, *one;
	if (rpc->struct_add(row, "[", "hosts", &list) < 0)
		return;
	for (unsigned i = 0; i < e->plan.n; i++) {
		const struct trunk_candidate *c = &e->plan.c[i];
		if (zk_uuid_cmp(&c->trunk, trunk) != 0 || rpc->array_add(list, "{", &one) < 0)
			continue;
		const char *state = against(e, c, &hop);
		bool known = strcmp(state, "caller") != 0;
		rpc->struct_add(one, "dssssd", "order", (int)i, "state", state, "uri", known ? hop.uri : "", "caller",
				known ? hop.caller : "", "caller_name", known ? hop.caller_name : "", "anonymous",
				known && hop.anonymous);
		add_id(rpc, one, "host", &c->host);
	}
}

static void add_trunks(rpc_t *rpc, void *out, const struct explained *e)
{
	static const char *const verdicts[] = {[TRUNK_PLANNED] = "planned",
					       [TRUNK_OFF] = "off",
					       [TRUNK_BARRED] = "barred",
					       [TRUNK_RATELESS] = "no_rate"};
	void *list, *row;
	if (rpc->struct_add(out, "[", "trunks", &list) < 0)
		return;
	for (unsigned i = 0; i < e->trail.n; i++) {
		const struct trunk_opinion *o = &e->trail.o[i];
		if (rpc->array_add(list, "{", &row) < 0)
			return;
		add_id(rpc, row, "trunk", &o->trunk);
		add_id(rpc, row, "rule", &o->rule);
		rpc->struct_add(row, "s", "verdict", verdicts[o->verdict]);
		add_hops(rpc, row, e, &o->trunk);
	}
}

/* Does this limit refuse the call? */
static bool refuses(const struct explained *e, const struct trunk_watch *w, enum trunk_measure m, int64_t used)
{
	const int64_t price = trunk_price_of(&e->g.price, TRUNK_ESTIMATE_US),
		      more[TRUNK_MEASURES] = {1, 1, price, price, e->g.abroad};
	return w->bars && w->limit[m] >= 0 && more[m] > 0 && used + more[m] > w->limit[m];
}

static void add_limits(rpc_t *rpc, void *out, const struct explained *e)
{
	static const char *const subjects[] = {"tenant", "extension", "account"};
	void *list, *row;
	if (rpc->struct_add(out, "[", "limits", &list) < 0)
		return;
	for (unsigned i = 0; i < e->g.n; i++) {
		const struct trunk_watch *w = &e->g.w[i];
		struct trunk_used u = trunk_state_used(trunk_live, &w->subject, trunk_now_us());
		for (enum trunk_measure m = 0; m < TRUNK_MEASURES; m++) {
			if (w->limit[m] < 0 || rpc->array_add(list, "{", &row) < 0)
				continue;
			add_id(rpc, row, "guard", &w->guard);
			rpc->struct_add(row, "ssd", "limit", trunk_measure_name(m), "subject", subjects[w->kind],
					"refuses", (int)refuses(e, w, m, u.of[m]));
			rpc->struct_printf(row, "used", "%lld", (long long)u.of[m]);
			rpc->struct_printf(row, "of", "%lld", (long long)w->limit[m]);
		}
	}
}

static const char *limit_against(const struct explained *e)
{
	for (unsigned i = 0; i < e->g.n; i++) {
		struct trunk_used u = trunk_state_used(trunk_live, &e->g.w[i].subject, trunk_now_us());
		for (enum trunk_measure m = 0; m < TRUNK_MEASURES; m++)
			if (refuses(e, &e->g.w[i], m, u.of[m]))
				return trunk_measure_name(m);
	}
	return NULL;
}

/* Of all attempts: the first that may be made; else why none may. */
static const char *attempts(const struct explained *e)
{
	static struct trunk_hop hop;
	bool full = false;
	for (unsigned i = 0; i < e->plan.n; i++) {
		const char *state = against(e, &e->plan.c[i], &hop);
		if (!strcmp(state, "ok"))
			return "found";
		full = full || !strcmp(state, "full");
	}
	return full ? "over_limit" : "unreachable";
}

/* In the order of w_route(): what the call's record would say. */
static const char *decide(struct explained *e)
{
	const char *limit;
	e->some_number = trunk_choose(&e->q, trunk_state_turn_next(trunk_live, &e->q.pool), &e->chosen);
	if (!e->some_number)
		return "no_number_free";
	trunk_plan_trail(trunk_store, &e->q, e->q.emergency ? NULL : &e->chosen.trunk,
			 trunk_state_turn_next(trunk_live, &e->q.object), 1, &e->plan, &e->trail);
	if (!e->q.emergency)
		trunk_guard(trunk_store, &e->q, &e->plan, e->at_us, &e->g);
	e->taken = !e->q.emergency && !zk_uuid_is_zero(&e->chosen.number) && e->chosen.max_calls != CALLS_UNLIMITED &&
		   trunk_state_calls(trunk_live, &e->chosen.number) >= e->chosen.max_calls;
	if (e->q.caller[0] && !e->q.emergency && !trunk_may_show(trunk_store, &e->q.tenant, e->q.caller))
		return trunk_why_name(TRUNK_NOT_OWN);
	if (e->plan.why != TRUNK_FOUND)
		return trunk_why_name(e->plan.why);
	if (e->g.barred)
		return TRUNK_COUNTRY_BARRED;
	if (e->taken)
		return "no_line_free";
	limit = limit_against(e);
	return limit ? limit : attempts(e);
}

static void answer(rpc_t *rpc, void *ctx, const struct explained *e)
{
	void *out;
	if (rpc->add(ctx, "{", &out) < 0)
		return;
	rpc->struct_add(out, "sdsssddd", "outcome", e->outcome, "emergency", (int)e->q.emergency, "by", e->trail.by,
			"number", e->g.digits, "country", e->g.country, "abroad", (int)e->g.abroad, "country_barred",
			(int)e->g.barred, "longest_s", e->g.max_s);
	rpc->struct_printf(out, "estimate", "%lld", (long long)trunk_price_of(&e->g.price, TRUNK_ESTIMATE_US));
	add_id(rpc, out, "country_guard", &e->g.by);
	add_id(rpc, out, "rate", &e->trail.rate);
	add_id(rpc, out, "caller_number", &e->chosen.number);
	rpc->struct_add(out, "sdd", "caller", e->q.caller, "number_calls",
			zk_uuid_is_zero(&e->chosen.number) ? 0 : trunk_state_calls(trunk_live, &e->chosen.number),
			"number_max", zk_uuid_is_zero(&e->chosen.number) ? CALLS_UNLIMITED : e->chosen.max_calls);
	add_limits(rpc, out, e);
	add_trunks(rpc, out, e);
}

void trunk_rpc_explain(rpc_t *rpc, void *ctx)
{
	static struct explained e;
	char tenant[64], what[1024], at[32];
	memset(&e, 0, sizeof e);
	e.trail.by = "";
	if (!zk_kam_rpc_text(rpc, ctx, true, "TENANT", tenant, sizeof tenant) ||
	    !zk_kam_rpc_text(rpc, ctx, true, "NUMBER", e.q.called, sizeof e.q.called) ||
	    !zk_kam_rpc_text(rpc, ctx, true, "WHAT", what, sizeof what) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "SECONDS", at, sizeof at))
		return;
	if (!zk_uuid_parse(&e.q.tenant, tenant)) {
		rpc->fault(ctx, 400, "TENANT: an id");
		return;
	}
	if (!read_what(&e.q, what)) {
		rpc->fault(ctx, 400, "WHAT: key=value;…");
		return;
	}
	e.at_us = at[0] && at[0] != '-' ? strtoll(at, NULL, 10) * 1000000 : trunk_now_us();
	e.outcome = decide(&e);
	answer(rpc, ctx, &e);
}
