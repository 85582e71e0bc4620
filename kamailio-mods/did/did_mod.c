/* Kamailio module `did`: whose number is called, from which trunk, and where the call goes. See
 * kamailio-mods/README.md. */
#include "did_table.h"
#include "zk_kam.h"
#include <core/ip_addr.h>
#include <core/parser/msg_parser.h>
#include <core/pt.h>

MODULE_VERSION

static char *param_db;
static char *param_copy;
static struct zk_store *store;
static struct zk_follow *follow;
static struct zk_sink sink;

/* What the last calls of did_trunk and did_lookup in this process found: valid for the message in hand. */
static struct did_trunk_hit trunk;
static struct did_hit hit;

static void run(void)
{
	zk_follow_run(follow);
}

static int mod_init(void)
{
	if (!param_db) {
		LM_ERR("parameter db is not set\n");
		return -1;
	}
	zk_kam_seed();
	if (did_store_alloc(&store)) {
		LM_ERR("no shared memory: start Kamailio with a larger -m\n");
		return -1;
	}
	sink = did_sink(store);
	if (zk_follow_alloc(&follow, "did", param_db, param_copy, did_tables, DID_MAPS, &sink))
		return -1;
	(void)zk_follow_start(follow); /* empty tables refuse calls until the database is back: said in the log */
	return register_procs(1);
}

static int child_init(int rank)
{
	return rank == PROC_MAIN ? zk_kam_fork("did", run) : 0;
}

static bool source_of(const struct sip_msg *msg, struct did_source *s)
{
	const char *host = ip_addr2a((struct ip_addr *)&msg->rcv.src_ip);
	return did_source_parse(s, host, strlen(host), msg->rcv.src_port);
}

static int w_did_trunk(struct sip_msg *msg, char *p1, char *p2)
{
	struct did_source s;
	(void)p1;
	(void)p2;
	trunk = (struct did_trunk_hit){0};
	return source_of(msg, &s) && did_find_trunk(store, &s, &trunk) ? 1 : -1;
}

/* -1: no such number; -2: no destination for this caller; -3: the trunk is not of that tenant. */
static int w_did_lookup(struct sip_msg *msg, char *called, char *caller)
{
	struct did_source s;
	char to[128], from[128];
	static const int results[DID_RESULTS] = {
		[DID_FOUND] = 1, [DID_NO_NUMBER] = -1, [DID_NO_DESTINATION] = -2, [DID_NO_TRUNK] = -3};
	hit = (struct did_hit){0};
	if (!source_of(msg, &s) || !zk_kam_arg(msg, called, to, sizeof to) ||
	    !zk_kam_arg(msg, caller, from, sizeof from))
		return -1;
	return results[did_find(store, &(struct did_query){&s, to, from}, &hit)];
}

enum { PV_TRUNK, PV_TRUNK_TENANT, PV_TRUNK_EXACT, PV_TENANT, PV_KIND, PV_TARGET, PV_ID, PV_NUMBER };
static const char *const pv_names[] = {[PV_TRUNK] = "trunk",
				       [PV_TRUNK_TENANT] = "trunk_tenant",
				       [PV_TRUNK_EXACT] = "trunk_exact",
				       [PV_TENANT] = "tenant",
				       [PV_KIND] = "kind",
				       [PV_TARGET] = "target",
				       [PV_ID] = "id",
				       [PV_NUMBER] = "number",
				       NULL};

static int pv_name(pv_spec_t *sp, str *in)
{
	return zk_kam_pv_name(sp, in, pv_names);
}

static int pv_get(struct sip_msg *msg, pv_param_t *param, pv_value_t *res)
{
	bool found = !zk_uuid_is_zero(&hit.did);
	switch (param->pvn.u.isname.name.n) {
	case PV_TRUNK:
		return zk_kam_pv_uuid(msg, param, res, zk_uuid_is_zero(&hit.trunk) ? &trunk.trunk : &hit.trunk);
	case PV_TRUNK_TENANT:
		return zk_kam_pv_uuid(msg, param, res, &trunk.tenant);
	case PV_TRUNK_EXACT:
		return pv_get_sintval(msg, param, res, trunk.exact);
	case PV_TENANT:
		return zk_kam_pv_uuid(msg, param, res, &hit.tenant);
	case PV_KIND:
		return zk_kam_pv_text(msg, param, res, found ? did_kind_name(hit.kind) : "");
	case PV_TARGET:
		return zk_kam_pv_uuid(msg, param, res, &hit.target);
	case PV_ID:
		return zk_kam_pv_uuid(msg, param, res, &hit.did);
	case PV_NUMBER:
		return zk_kam_pv_text(msg, param, res, hit.number);
	default:
		return pv_get_null(msg, param, res);
	}
}

static const char *const lookup_doc[] = {"Where a call to NUMBER goes: did.lookup NUMBER [CALLER].", NULL};
static void rpc_lookup(rpc_t *rpc, void *ctx)
{
	char to[64], from[64], tenant[ZK_UUID_TEXT], target[ZK_UUID_TEXT], id[ZK_UUID_TEXT];
	struct did_hit h;
	void *out;
	if (!zk_kam_rpc_text(rpc, ctx, true, "NUMBER", to, sizeof to) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "CALLER", from, sizeof from))
		return;
	enum did_result r = did_find(store, &(struct did_query){NULL, to, from}, &h);
	if (r != DID_FOUND) {
		rpc->fault(ctx, 404, "%s", did_result_name(r));
		return;
	}
	zk_uuid_text(tenant, &h.tenant);
	zk_uuid_text(target, &h.target);
	zk_uuid_text(id, &h.did);
	if (rpc->add(ctx, "{", &out) >= 0)
		rpc->struct_add(out, "sssss", "number", h.number, "tenant", tenant, "kind", did_kind_name(h.kind),
				"target", target, "id", id);
}

static const char *const count_doc[] = {"Rows and bytes of each table: did.count.", NULL};
static void rpc_count(rpc_t *rpc, void *ctx)
{
	void *out;
	if (rpc->add(ctx, "{", &out) < 0)
		return;
	for (unsigned i = 0; i < DID_MAPS; i++)
		rpc->struct_add(out, "d", did_tables[i].name, (int)zk_store_count(store, i));
	for (unsigned i = 0; i < DID_MAPS; i++)
		rpc->struct_printf(out, "bytes", "%s=%zu", did_tables[i].name, zk_store_bytes(store, i));
}

static void dump_row(rpc_t *rpc, void *ctx, const struct did_did *d)
{
	char tenant[ZK_UUID_TEXT], target[ZK_UUID_TEXT], id[ZK_UUID_TEXT];
	zk_uuid_text(tenant, &d->tenant);
	zk_uuid_text(target, &d->target);
	zk_uuid_text(id, &d->rec.id);
	rpc->rpl_printf(ctx, "%s tenant=%s caller_prefix=%s priority=%d kind=%s target=%s enabled=%d id=%s", d->number,
			tenant, d->caller_prefix, d->priority, did_kind_name(d->kind), target, d->enabled, id);
}

#define DUMP_MAX 10000
static const char *const dump_doc[] = {"The DIDs, one a line, 10000 at most: did.dump.", NULL};
static void rpc_dump(rpc_t *rpc, void *ctx)
{
	struct did_did rows[32];
	uint32_t from = 0;
	for (size_t n, sent = 0; sent < DUMP_MAX && (n = zk_dump(store, DID_DID, &from, rows, 32)); sent += n)
		for (size_t i = 0; i < n; i++)
			dump_row(rpc, ctx, &rows[i]);
}

static cmd_export_t cmds[] = {
	{"did_trunk", (cmd_function)w_did_trunk, 0, NULL, NULL, ANY_ROUTE},
	{"did_lookup", (cmd_function)w_did_lookup, 2, fixup_spve_spve, fixup_free_spve_spve, ANY_ROUTE},
	{0},
};
static param_export_t params[] = {
	{"db", PARAM_STRING, &param_db},
	{"copy", PARAM_STRING, &param_copy},
	{0},
};
static pv_export_t pvs[] = {
	{{"did", 3}, PVT_OTHER, pv_get, NULL, pv_name, NULL, NULL, 0},
	{{NULL, 0}, 0, NULL, NULL, NULL, NULL, NULL, 0},
};
static rpc_export_t rpcs[] = {
	{"did.lookup", rpc_lookup, (const char **)lookup_doc, 0},
	{"did.count", rpc_count, (const char **)count_doc, 0},
	{"did.dump", rpc_dump, (const char **)dump_doc, RET_ARRAY},
	{0},
};

struct module_exports exports = {
	.name = "did",
	.dlflags = DEFAULT_DLFLAGS,
	.cmds = cmds,
	.params = params,
	.rpc_methods = rpcs,
	.pv_items = pvs,
	.init_mod_f = mod_init,
	.init_child_f = child_init,
};
