/* Kamailio module `blacklist`: is this number barred for this tenant? See kamailio-mods/README.md. */
#include "bl_table.h"
#include "zk_kam.h"
#include <core/pt.h>
#include <time.h>

MODULE_VERSION

static char *param_db;
static char *param_copy;
static struct zk_store *store;
static struct zk_follow *follow;
static struct zk_sink sink;
static struct bl_answer answer; /* of the last check in this process: valid for the message in hand */

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
	if (bl_store_alloc(&store)) {
		LM_ERR("no shared memory: start Kamailio with a larger -m\n");
		return -1;
	}
	sink = bl_sink(store);
	if (zk_follow_alloc(&follow, "blacklist", param_db, param_copy, bl_tables, BL_TABLES, &sink))
		return -1;
	(void)zk_follow_start(follow); /* said in the log */
	return register_procs(1);
}

static int child_init(int rank)
{
	return rank == PROC_MAIN ? zk_kam_fork("blacklist", run) : 0;
}

static bool parse_direction(const char *text, enum bl_direction *d)
{
	*d = !strcmp(text, "out") ? BL_OUT : BL_IN;
	return *d == BL_OUT || !strcmp(text, "in");
}

static int check(const char *tenant, const char *number, const char *direction, struct bl_answer *a)
{
	struct bl_query q = {.number = number, .now = time(NULL)};
	if ((tenant[0] && !zk_uuid_parse(&q.tenant, tenant)) || !parse_direction(direction, &q.direction))
		return EINVAL;
	return bl_check(store, &q, a);
}

/* Takes (tenant, number, direction): true when barred, $bl(code) and $bl(rule) then say how. */
static int w_check(struct sip_msg *msg, char *p_tenant, char *p_number, char *p_direction)
{
	char tenant[64], number[128], direction[8];
	answer = (struct bl_answer){0};
	if (!zk_kam_arg(msg, p_tenant, tenant, sizeof tenant) ||
	    !zk_kam_arg(msg, p_direction, direction, sizeof direction))
		return -1;
	if (!zk_kam_arg(msg, p_number, number, sizeof number))
		number[0] = '\0';
	int err = check(tenant, number, direction, &answer);
	if (err)
		LM_ERR("cannot check the lists: tenant=%s direction=%s because=\"%s\"\n", tenant, direction,
		       strerror(err));
	return !err && answer.barred ? 1 : -1;
}

enum { PV_CODE, PV_RULE, PV_SCOPE };
static const char *const pv_names[] = {[PV_CODE] = "code", [PV_RULE] = "rule", [PV_SCOPE] = "scope", NULL};

static int pv_name(pv_spec_t *sp, str *in)
{
	return zk_kam_pv_name(sp, in, pv_names);
}

static int pv_get(struct sip_msg *msg, pv_param_t *param, pv_value_t *res)
{
	switch (param->pvn.u.isname.name.n) {
	case PV_CODE:
		return pv_get_sintval(msg, param, res, answer.code);
	case PV_RULE:
		return zk_kam_pv_uuid(msg, param, res, &answer.rule);
	case PV_SCOPE:
		return zk_kam_pv_uuid(msg, param, res, &answer.scope);
	default:
		return pv_get_null(msg, param, res);
	}
}

static const char *const lookup_doc[] = {"Is NUMBER barred? blacklist.lookup TENANT NUMBER [in|out].", NULL};
static void rpc_lookup(rpc_t *rpc, void *ctx)
{
	char tenant[64], number[64], direction[8], rule[ZK_UUID_TEXT] = "";
	struct bl_answer a;
	void *out;
	if (!zk_kam_rpc_text(rpc, ctx, true, "TENANT", tenant, sizeof tenant) ||
	    !zk_kam_rpc_text(rpc, ctx, true, "NUMBER", number, sizeof number) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "DIRECTION", direction, sizeof direction))
		return;
	if (check(tenant, number, direction[0] ? direction : "in", &a)) {
		rpc->fault(ctx, 400, "TENANT must be a UUID, DIRECTION in or out");
		return;
	}
	if (!zk_uuid_is_zero(&a.rule))
		zk_uuid_text(rule, &a.rule);
	if (rpc->add(ctx, "{", &out) >= 0)
		rpc->struct_add(out, "dds", "barred", (int)a.barred, "code", (int)a.code, "rule", rule);
}

static const char *const count_doc[] = {"Rules and bytes: blacklist.count.", NULL};
static void rpc_count(rpc_t *rpc, void *ctx)
{
	void *out;
	if (rpc->add(ctx, "{", &out) < 0)
		return;
	rpc->struct_add(out, "dd", "rules", (int)zk_store_count(store, BL_RULE), "white",
			(int)zk_store_count(store, BL_WHITE));
	rpc->struct_printf(out, "bytes", "%zu", zk_store_bytes(store, BL_RULE) + zk_store_bytes(store, BL_WHITE));
}

static void dump_row(rpc_t *rpc, void *ctx, const struct bl_rule *r)
{
	static const char *const directions[] = {"?", "in", "out", "both"};
	char tenant[ZK_UUID_TEXT], id[ZK_UUID_TEXT];
	zk_uuid_text(tenant, &r->tenant);
	zk_uuid_text(id, &r->rec.id);
	rpc->rpl_printf(ctx, "%s match=%s colour=%s direction=%s code=%u tenant=%s id=%s", r->digits,
			r->prefix ? "prefix" : "exact", r->white ? "white" : "black", directions[r->direction & 3],
			r->code, tenant, id);
}

#define DUMP_MAX 10000
static const char *const dump_doc[] = {"The rules, one a line, 10000 at most: blacklist.dump.", NULL};
static void rpc_dump(rpc_t *rpc, void *ctx)
{
	struct bl_rule rows[32];
	uint32_t from = 0;
	for (size_t n, sent = 0; sent < DUMP_MAX && (n = zk_dump(store, BL_RULE, &from, rows, 32)); sent += n)
		for (size_t i = 0; i < n; i++)
			dump_row(rpc, ctx, &rows[i]);
}

static cmd_export_t cmds[] = {
	{"blacklist_check", (cmd_function)w_check, 3, fixup_spve_all, fixup_free_spve_all, ANY_ROUTE},
	{0},
};
static param_export_t params[] = {
	{"db", PARAM_STRING, &param_db},
	{"copy", PARAM_STRING, &param_copy},
	{0},
};
static pv_export_t pvs[] = {
	{{"bl", 2}, PVT_OTHER, pv_get, NULL, pv_name, NULL, NULL, 0},
	{{NULL, 0}, 0, NULL, NULL, NULL, NULL, NULL, 0},
};
static rpc_export_t rpcs[] = {
	{"blacklist.lookup", rpc_lookup, (const char **)lookup_doc, 0},
	{"blacklist.count", rpc_count, (const char **)count_doc, 0},
	{"blacklist.dump", rpc_dump, (const char **)dump_doc, RET_ARRAY},
	{0},
};

struct module_exports exports = {
	.name = "blacklist",
	.dlflags = DEFAULT_DLFLAGS,
	.cmds = cmds,
	.params = params,
	.rpc_methods = rpcs,
	.pv_items = pvs,
	.init_mod_f = mod_init,
	.init_child_f = child_init,
};
