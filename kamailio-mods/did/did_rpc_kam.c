/* What can be asked of the module: where a number leads and why, how much it holds. */
#include "did_kam.h"
#include <stdlib.h>
#include <time.h>

static bool given(const char *text)
{
	return text[0] && !(text[0] == '-' && !text[1]);
}

/* An optional id; "-" or nothing is none. False: it is no id (answered). */
static bool id_of(rpc_t *rpc, void *ctx, const char *what, const char *text, struct zk_uuid *id,
		  const struct zk_uuid **out)
{
	*out = NULL;
	if (!given(text))
		return true;
	if (!zk_uuid_parse(id, text)) {
		rpc->fault(ctx, 400, "%s is no id", what);
		return false;
	}
	*out = id;
	return true;
}

static void add_id(rpc_t *rpc, void *out, const char *name, const struct zk_uuid *id)
{
	char text[ZK_UUID_TEXT] = "";
	if (!zk_uuid_is_zero(id))
		zk_uuid_text(text, id);
	rpc->struct_add(out, "s", name, text);
}

static void add_hit(rpc_t *rpc, void *out, const struct did_hit *h, enum did_result result)
{
	char target[DID_TARGET_MAX];
	did_dest_text(target, &h->dest);
	rpc->struct_add(out, "s", "number", h->number);
	add_id(rpc, out, "tenant", &h->tenant);
	add_id(rpc, out, "number_id", &h->number_id);
	add_id(rpc, out, "trunk", &h->trunk);
	rpc->struct_add(out, "d", "vip", h->vip);
	rpc->struct_add(out, "s", "binding", h->binding_kind);
	add_id(rpc, out, "binding_target", &h->binding_target);
	if (result != DID_FOUND)
		return;
	rpc->struct_add(out, "sssss", "kind", did_kind_name((enum did_kind)h->dest.kind), "target", target, "by",
			did_by_name(h->by), "segment", did_segment_name(h->segment), "result", did_result_name(result));
	add_id(rpc, out, "id", &h->route);
}

static const char *const lookup_doc[] = {"Where a call to NUMBER goes now: did.lookup NUMBER [CALLER].", NULL};
static void rpc_lookup(rpc_t *rpc, void *ctx)
{
	char to[64], from[64];
	struct did_hit h;
	void *out;
	if (!zk_kam_rpc_text(rpc, ctx, true, "NUMBER", to, sizeof to) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "CALLER", from, sizeof from))
		return;
	enum did_result r =
		did_find(did_store, &(struct did_query){.called = to, .caller = from, .at = time(NULL)}, &h);
	if (r != DID_FOUND)
		rpc->fault(ctx, 404, "%s", did_result_name(r));
	else if (rpc->add(ctx, "{", &out) >= 0)
		add_hit(rpc, out, &h, r);
}

static void add_opinion(rpc_t *rpc, void *list, const struct did_opinion *o)
{
	static const char *const verdicts[] = {"wins", "beaten", "no"};
	char against[80] = "";
	static const char *const names[] = {"enabled", "did", "caller", "trunk", "time", "package"};
	size_t at = 0;
	void *row;
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (o->against & 1u << i)
			at += (size_t)snprintf(against + at, sizeof against - at, "%s%s", at ? "," : "", names[i]);
	if (rpc->array_add(list, "{", &row) < 0)
		return;
	add_id(rpc, row, "id", &o->route);
	rpc->struct_add(row, "dsss", "priority", (int)o->priority, "verdict", verdicts[o->verdict], "against", against,
			"decided_by", o->decided_by);
}

static void add_explanation(rpc_t *rpc, void *ctx, const struct did_explanation *e)
{
	char now[40];
	void *out, *list;
	if (rpc->add(ctx, "{", &out) < 0)
		return;
	snprintf(now, sizeof now, "%04d-%02d-%02d %02d:%02d:%02d", e->now.year, e->now.month, e->now.day,
		 e->now.second / 3600, e->now.second / 60 % 60, e->now.second % 60);
	rpc->struct_add(out, "s", "outcome", did_result_name(e->result));
	if (e->result != DID_FOUND && e->result != DID_NO_DESTINATION)
		return;
	add_hit(rpc, out, &e->hit, e->result);
	rpc->struct_add(out, "sddd", "local_time", now, "weekday", e->now.weekday + 1, "holiday", e->holiday,
			"considered", (int)e->routes);
	if (rpc->struct_add(out, "[", "routes", &list) < 0)
		return;
	for (size_t i = 0; i < e->count; i++)
		add_opinion(rpc, list, &e->opinions[i]);
}

static const char *const explain_doc[] = {"What would happen to a call and why: did.explain NUMBER [CALLER] [TRUNK] "
					  "[SECONDS since 1970] [TENANT]; - for none.",
					  NULL};
static void rpc_explain(rpc_t *rpc, void *ctx)
{
	static struct did_explanation e;
	char to[64], from[64], trunk[64], at[32], tenant[64];
	struct zk_uuid trunk_id, tenant_id;
	const struct zk_uuid *only;
	struct did_query q = {.called = to, .caller = from};
	if (!zk_kam_rpc_text(rpc, ctx, true, "NUMBER", to, sizeof to) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "CALLER", from, sizeof from) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "TRUNK", trunk, sizeof trunk) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "SECONDS", at, sizeof at) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "TENANT", tenant, sizeof tenant) ||
	    !id_of(rpc, ctx, "TRUNK", trunk, &trunk_id, &q.trunk) ||
	    !id_of(rpc, ctx, "TENANT", tenant, &tenant_id, &only))
		return;
	q.at = given(at) ? strtoll(at, NULL, 10) : (int64_t)time(NULL);
	if (!given(from))
		from[0] = '\0';
	did_explain(did_store, &q, only, &e);
	add_explanation(rpc, ctx, &e);
}

static const char *const count_doc[] = {"Rows and bytes of each table: did.count.", NULL};
static void rpc_count(rpc_t *rpc, void *ctx)
{
	void *out;
	if (rpc->add(ctx, "{", &out) < 0)
		return;
	for (unsigned i = 0; i < DID_MAPS; i++)
		rpc->struct_add(out, "d", did_tables[i].name, (int)zk_store_count(did_store, i));
	for (unsigned i = 0; i < DID_MAPS; i++)
		rpc->struct_printf(out, "bytes", "%s=%zu", did_tables[i].name, zk_store_bytes(did_store, i));
}

static void dump_row(rpc_t *rpc, void *ctx, const struct did_route *r)
{
	char tenant[ZK_UUID_TEXT], target[DID_TARGET_MAX], id[ZK_UUID_TEXT], did[ZK_UUID_TEXT] = "";
	bool by_id = r->did_match == DID_NUMBER || r->did_match == DID_GROUP;
	zk_uuid_text(tenant, &r->tenant);
	zk_uuid_text(id, &r->rec.id);
	did_dest_text(target, &r->work);
	if (by_id)
		zk_uuid_text(did, &r->did.id);
	rpc->rpl_printf(ctx, "did=%s:%s caller=%s:%s tenant=%s priority=%d kind=%s target=%s enabled=%d id=%s",
			did_match_name((enum did_match)r->did_match), by_id ? did : r->did.text,
			did_match_name((enum did_match)r->caller_match), r->caller, tenant, (int)r->priority,
			did_kind_name((enum did_kind)r->work.kind), target, r->enabled, id);
}

#define DUMP_MAX 10000
static const char *const dump_doc[] = {"The inbound routes, one a line, 10000 at most: did.dump.", NULL};
static void rpc_dump(rpc_t *rpc, void *ctx)
{
	struct did_route rows[32];
	uint32_t from = 0;
	for (size_t n, sent = 0; sent < DUMP_MAX && (n = zk_dump(did_store, DID_ROUTE, &from, rows, 32)); sent += n)
		for (size_t i = 0; i < n; i++)
			dump_row(rpc, ctx, &rows[i]);
}

rpc_export_t did_rpcs[] = {
	{"did.lookup", rpc_lookup, (const char **)lookup_doc, 0},
	{"did.explain", rpc_explain, (const char **)explain_doc, 0},
	{"did.count", rpc_count, (const char **)count_doc, 0},
	{"did.dump", rpc_dump, (const char **)dump_doc, RET_ARRAY},
	{0},
};
