/* trunk.status, trunk.route, trunk.count: what the module knows, for people and tests. */
#include "trunk_guard_mod.h"
#include "zk_kam.h"
#include <arpa/inet.h>
#include <stdlib.h>

static void address(char *out, size_t size, const struct trunk_host_state *h)
{
	char ip[INET6_ADDRSTRLEN] = "";
	const struct trunk_addr *a = &h->addr[h->used < TRUNK_ADDRS ? h->used : 0];
	if (h->n)
		inet_ntop(AF_INET6, &a->ip, ip, sizeof ip);
	snprintf(out, size, "%s:%d", IN6_IS_ADDR_V4MAPPED(&a->ip) ? ip + 7 : ip, a->port);
}

static void host_line(rpc_t *rpc, void *ctx, const struct zk_uuid *trunk, const struct zk_uuid *host)
{
	struct trunk_host_state h;
	char where[INET6_ADDRSTRLEN + 8], t[ZK_UUID_TEXT], id[ZK_UUID_TEXT];
	trunk_state_host(trunk_live, host, &h);
	address(where, sizeof where, &h);
	zk_uuid_text(t, trunk);
	zk_uuid_text(id, host);
	rpc->rpl_printf(ctx, "host trunk=%s id=%s address=%s state=%s ms=%d because=\"%s\"", t, id, where,
			trunk_health_name(h.health), h.rtt_us / 1000, h.fault);
}

static const char *const status_doc[] = {"Trunks and their hosts, one a line: trunk.status.", NULL};
static void rpc_status(rpc_t *rpc, void *ctx)
{
	static struct trunk_trunk t;
	struct trunk_host hosts[8];
	uint32_t from = 0;
	while (zk_dump(trunk_store, TRUNK_TRUNK, &from, &t, 1)) {
		struct trunk_trunk_state s;
		char id[ZK_UUID_TEXT];
		trunk_state_trunk(trunk_live, &t.rec.id, &s);
		zk_uuid_text(id, &t.rec.id);
		rpc->rpl_printf(ctx,
				"trunk id=%s identifier=%s enabled=%d calls=%d max=%d registration=%s paused=%d "
				"closed=%d failures=%d",
				id, t.identifier, t.enabled, s.calls, t.max_calls, trunk_reg_name(s.reg),
				s.paused_until_us > 0, s.closed, s.failures);
		host_line(rpc, ctx, &t.rec.id, &t.rec.id);
	}
	from = 0;
	for (size_t n; (n = zk_dump(trunk_store, TRUNK_HOST, &from, hosts, 8));)
		for (size_t i = 0; i < n; i++)
			host_line(rpc, ctx, &hosts[i].trunk, &hosts[i].rec.id);
}

static const char *const count_doc[] = {"Rows of each table, and calls: trunk.count.", NULL};
static void rpc_count(rpc_t *rpc, void *ctx)
{
	void *out;
	if (rpc->add(ctx, "{", &out) < 0)
		return;
	rpc->struct_add(out, "d", "calls", (int)trunk_state_count(trunk_live));
	for (unsigned i = 0; i < TRUNK_MAPS; i++)
		rpc->struct_add(out, "d", trunk_tables[i].name, (int)zk_store_count(trunk_store, i));
}

/* Arguments: TENANT OBJECT (trunk:ID, trunk_group:ID, -) NUMBER [CALLER [GROUP]]. */
static const char *const route_doc[] = {"The plan of a call: trunk.route TENANT OBJECT NUMBER [CALLER [GROUP]].", NULL};
static void rpc_route(rpc_t *rpc, void *ctx)
{
	struct trunk_query q = {.kind = TRUNK_BY_RATE};
	struct trunk_plan plan;
	char tenant[64], object[64], group[64];
	if (!zk_kam_rpc_text(rpc, ctx, true, "TENANT", tenant, sizeof tenant) ||
	    !zk_kam_rpc_text(rpc, ctx, true, "OBJECT", object, sizeof object) ||
	    !zk_kam_rpc_text(rpc, ctx, true, "NUMBER", q.called, sizeof q.called) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "CALLER", q.caller, sizeof q.caller) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "GROUP", group, sizeof group))
		return;
	if (!zk_uuid_parse(&q.tenant, tenant)) {
		rpc->fault(ctx, 400, "TENANT: an id");
		return;
	}
	if (!strncmp(object, "trunk:", 6) && zk_uuid_parse(&q.object, object + 6))
		q.kind = TRUNK_ONE;
	else if (!strncmp(object, "trunk_group:", 12) && zk_uuid_parse(&q.object, object + 12))
		q.kind = TRUNK_SOME;
	(void)zk_uuid_parse(&q.account_group, group);
	struct trunk_chosen chosen;
	bool number = q.caller[0] && trunk_number_of(trunk_store, &q.tenant, q.caller, &chosen);
	trunk_plan(trunk_store, &q, number ? &chosen.trunk : NULL, 0, 1, &plan);
	rpc->rpl_printf(ctx, "why=%s n=%u", trunk_why_name(plan.why), plan.n);
	for (unsigned i = 0; i < plan.n; i++) {
		static struct trunk_hop h;
		if (trunk_hop(trunk_store, &q, &plan.c[i], &h))
			rpc->rpl_printf(ctx, "uri=%s caller=%s name=%s anonymous=%d identifier=%s", h.uri, h.caller,
					h.caller_name, h.anonymous, h.t.identifier);
		else
			rpc->rpl_printf(ctx, "refused=caller");
	}
}

static const char *const guard_doc[] = {
	"What the toll guard says of a number: trunk.guard TENANT NUMBER [EXTENSION [ACCOUNT]].", NULL};

static const char *const explain_doc[] = {"What would happen to a call that acd sends out, and why: trunk.explain "
					  "TENANT NUMBER WHAT [SECONDS since 1970]; WHAT "
					  "is key=value parted by ; with out (trunk:ID, trunk_group:ID), group, pool, "
					  "extension, account, caller, anonymous, "
					  "emergency.",
					  NULL};

rpc_export_t trunk_rpcs[] = {
	{"trunk.explain", trunk_rpc_explain, (const char **)explain_doc, 0},
	{"trunk.guard", trunk_rpc_guard, (const char **)guard_doc, RET_ARRAY},
	{"trunk.status", rpc_status, (const char **)status_doc, RET_ARRAY},
	{"trunk.route", rpc_route, (const char **)route_doc, RET_ARRAY},
	{"trunk.count", rpc_count, (const char **)count_doc, 0},
	{0},
};
