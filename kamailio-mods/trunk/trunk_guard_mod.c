/* The toll guard in Kamailio: asked by trunk_route(), told of by log and event, explained by RPC. */
#include "trunk_guard_mod.h"
#include "trunk_keep.h"
#include "trunk_tally_save.h"
#include "zk_kam.h"
#include "zk_log.h"
#include <string.h>

static struct zk_uuid guard; /* that refused the message in hand; zero: none, or nobody's */

const struct zk_uuid *trunk_guard_id(void)
{
	return &guard;
}

void trunk_guard_tell(const struct trunk_alarms *alarms)
{
	static const char *const subjects[] = {"tenant", "extension", "account"};
	static zk_edge_guard_f tell;
	if (alarms->n && !tell)
		tell = (zk_edge_guard_f)find_export(ZK_EDGE_GUARD, 0, 0);
	for (unsigned i = 0; i < alarms->n; i++) {
		const struct trunk_alarm *a = &alarms->a[i];
		char tenant[ZK_UUID_TEXT], subject[ZK_UUID_TEXT], id[ZK_UUID_TEXT];
		zk_uuid_text(tenant, &a->tenant);
		zk_uuid_text(subject, &a->subject);
		zk_uuid_text(id, &a->guard);
		zk_log(ZK_WARN, "toll guard limit measure=%s percent=%d used=%lld limit=%lld %s=%s guard=%s tenant=%s",
		       trunk_measure_name(a->measure), a->percent, (long long)a->used, (long long)a->limit,
		       subjects[a->kind], subject, id, tenant);
		if (tell)
			(void)tell(&(struct zk_guard_alarm){a->tenant, a->guard, a->subject, subjects[a->kind],
							    trunk_measure_name(a->measure), a->percent, a->used,
							    a->limit});
	}
}

static void refused(const struct trunk_query *q, const struct trunk_guarded *g, const char *call_id,
		    const char *because)
{
	char tenant[ZK_UUID_TEXT], extension[ZK_UUID_TEXT], id[ZK_UUID_TEXT], text[256];
	zk_uuid_text(tenant, &q->tenant);
	zk_uuid_text(extension, &q->extension);
	zk_uuid_text(id, &guard);
	zk_escape(text, sizeof text, call_id, strlen(call_id));
	zk_log(ZK_WARN,
	       "toll guard refused because=%s number=+%s country=%s extension=%s guard=%s tenant=%s sip_call_id=%s",
	       because, g->digits, g->country[0] ? g->country : "-", extension, id, tenant, text);
}

const char *trunk_guard_country(const struct trunk_query *q, const struct trunk_plan *plan, const char *call_id,
				struct trunk_guarded *g)
{
	guard = (struct zk_uuid){{0}};
	trunk_guard(trunk_store, q, plan, trunk_now_us(), g);
	if (!g->barred)
		return NULL;
	guard = g->by;
	refused(q, g, call_id, TRUNK_COUNTRY_BARRED);
	return TRUNK_COUNTRY_BARRED;
}

const char *trunk_guard_count(const struct trunk_query *q, const struct trunk_guarded *g, const char *call_id)
{
	enum trunk_measure measure;
	struct trunk_alarms alarms;
	if (!g->n && !g->max_s)
		return NULL;
	bool good = trunk_call_guard(trunk_live, call_id, g, trunk_now_us(), &guard, &measure, &alarms);
	trunk_guard_tell(&alarms);
	if (good)
		return NULL;
	refused(q, g, call_id, trunk_measure_name(measure));
	return trunk_measure_name(measure);
}

void trunk_guard_adopt(const struct trunk_query *q, const char *call_id, int64_t answered_us)
{
	struct trunk_guarded g;
	trunk_guard(trunk_store, q, NULL, trunk_now_us(), &g);
	if (g.n || g.max_s)
		trunk_call_adopt(trunk_live, call_id, &g, answered_us, trunk_now_us());
}

/* ---- what would happen ---- */
static void watch_lines(rpc_t *rpc, void *ctx, const struct trunk_guarded *g, const struct trunk_watch *w)
{
	static const char *const subjects[] = {"tenant", "extension", "account"};
	struct trunk_used u = trunk_state_used(trunk_live, &w->subject, trunk_now_us());
	const int64_t estimate = trunk_price_of(&g->price, TRUNK_ESTIMATE_US),
		      more[TRUNK_MEASURES] = {1, 1, estimate, estimate, g->abroad};
	char id[ZK_UUID_TEXT];
	zk_uuid_text(id, &w->guard);
	for (enum trunk_measure m = 0; m < TRUNK_MEASURES; m++)
		if (w->limit[m] >= 0)
			rpc->rpl_printf(ctx, "limit=%s used=%lld of=%lld refuses=%d subject=%s guard=%s",
					trunk_measure_name(m), (long long)u.of[m], (long long)w->limit[m],
					w->bars && more[m] > 0 && u.of[m] + more[m] > w->limit[m], subjects[w->kind],
					id);
}

void trunk_guard_explain(rpc_t *rpc, void *ctx, const struct trunk_query *q, const struct trunk_plan *plan)
{
	struct trunk_guarded g;
	char id[ZK_UUID_TEXT];
	trunk_guard(trunk_store, q, plan, trunk_now_us(), &g);
	zk_uuid_text(id, &g.by);
	rpc->rpl_printf(ctx, "number=+%s country=%s abroad=%d barred=%d guard=%s estimate=%lld longest=%d", g.digits,
			g.country[0] ? g.country : "-", g.abroad, g.barred, id,
			(long long)trunk_price_of(&g.price, TRUNK_ESTIMATE_US), g.max_s);
	for (unsigned i = 0; i < g.n; i++)
		watch_lines(rpc, ctx, &g, &g.w[i]);
}

/* Arguments: TENANT NUMBER [EXTENSION [ACCOUNT]], all but the number ids. */
void trunk_rpc_guard(rpc_t *rpc, void *ctx)
{
	struct trunk_query q = {.kind = TRUNK_BY_RATE};
	char tenant[64], extension[64], account[64];
	if (!zk_kam_rpc_text(rpc, ctx, true, "TENANT", tenant, sizeof tenant) ||
	    !zk_kam_rpc_text(rpc, ctx, true, "NUMBER", q.called, sizeof q.called) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "EXTENSION", extension, sizeof extension) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "ACCOUNT", account, sizeof account))
		return;
	if (!zk_uuid_parse(&q.tenant, tenant)) {
		rpc->fault(ctx, 400, "TENANT: an id");
		return;
	}
	(void)zk_uuid_parse(&q.extension, extension);
	(void)zk_uuid_parse(&q.account, account);
	if (trunk_emergency(trunk_store, &q.tenant, q.called))
		rpc->rpl_printf(ctx, "emergency=1");
	else
		trunk_guard_explain(rpc, ctx, &q, NULL);
}
