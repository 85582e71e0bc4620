/* Kamailio module `blacklist`: is this number barred at any scope the call touches? See kamailio-mods/README.md. */
#include "bl_explain.h"
#include "bl_follow.h"
#include "zk_bl.h"
#include "zk_kam.h"
#include <core/pt.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

MODULE_VERSION

static char *param_db;
static char *param_copy;        /* of the lists; the small tables' is beside it */
static int param_memory = 1024; /* MB of address space: 16 bytes a number are used */
static struct bl_store *store;
static struct zk_store *people;
static struct bl_follow *follow;
static struct zk_follow *people_follow;
static struct zk_sink people_sink;
static struct bl_answer answer; /* of the last check in this process: valid for the message in hand */

/* Two followers, one loop: each wait ends. */
static void run(void)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = bl_follow_fd(follow), .events = POLLIN},
				      {.fd = zk_follow_fd(people_follow), .events = POLLIN}};
		int lists = bl_follow_wait_ms(follow), persons = zk_follow_wait_ms(people_follow);
		poll(p, 2, lists < persons ? lists : persons);
		if (p[1].revents || !zk_follow_wait_ms(people_follow))
			zk_follow_turn(people_follow);
		if (p[0].revents || !bl_follow_wait_ms(follow))
			bl_follow_turn(follow);
	}
}

static char *beside(const char *path, const char *end)
{
	char *out = NULL;
	return path && asprintf(&out, "%s%s", path, end) > 0 ? out : NULL;
}

/* What is missing is said in the log. */
static void load(void)
{
	(void)zk_follow_start(people_follow);
	(void)bl_follow_start(follow);
}

static int mod_init(void)
{
	if (!param_db || param_memory < 16 || param_memory > 65536) {
		LM_ERR("parameters: db must be set, memory_mb be 16 to 65536\n");
		return -1;
	}
	zk_kam_seed();
	if (bl_store_alloc(&store, (size_t)param_memory << 20) || bl_people_alloc(&people)) {
		LM_ERR("no memory for the lists memory_mb=%d\n", param_memory);
		return -1;
	}
	people_sink = bl_people_sink(people);
	if (bl_follow_alloc(&follow, store, param_db, param_copy) ||
	    zk_follow_alloc(&people_follow, "blacklist", param_db, beside(param_copy, "-people"), bl_people_tables,
			    BL_PEOPLE_TABLES, &people_sink))
		return -1;
	zk_kam_load(load);
	return register_procs(1);
}

static int child_init(int rank)
{
	if (rank == PROC_INIT)
		zk_kam_loaded();
	if (rank > 0) {
		bl_store_map(store);
		zk_store_map(people);
	}
	return rank == PROC_MAIN ? zk_kam_fork("blacklist", run) : 0;
}

static int check(struct sip_msg *msg, char *const *params, bool only_these)
{
	char tenant[64], number[128], direction[8], scopes[512] = "";
	struct bl_query q;
	answer = (struct bl_answer){0};
	if (!zk_kam_arg(msg, params[0], tenant, sizeof tenant) ||
	    !zk_kam_arg(msg, params[2], direction, sizeof direction) ||
	    (params[3] && !zk_kam_arg(msg, params[3], scopes, sizeof scopes)))
		return -1;
	if (!zk_kam_arg(msg, params[1], number, sizeof number))
		number[0] = '\0';
	const char *wrong = bl_query_read(&q, people, tenant, number, direction, scopes);
	if (wrong) {
		LM_ERR("cannot check the lists: %s tenant=%s direction=%s\n", wrong, tenant, direction);
		return -1;
	}
	q.only_these = only_these;
	bl_check(store, &q, &answer, NULL, NULL);
	return answer.barred ? 1 : -1;
}

static bool caller_barred(const struct zk_bl_call *c, const char *caller, int64_t now_s)
{
	struct bl_query q = {.tenant = c->tenant, .number = caller, .now = now_s, .direction = BL_IN};
	bl_query_at(&q, people, BL_DID, &c->did);
	bl_query_at(&q, people, BL_TRUNK, &c->trunk);
	bl_query_at(&q, people, BL_EXTENSION, &c->extension);
	bl_query_at(&q, people, BL_ACCOUNT, &c->account);
	q.own_black_off = !bl_people_switch(people, &q.tenant, q.direction);
	bl_check(store, &q, &answer, NULL, NULL);
	return answer.barred;
}

/* (tenant, number, direction[, scopes]): true when barred; $bl(…) then says how. */
static int w_check(struct sip_msg *msg, char *tenant, char *number, char *direction)
{
	return check(msg, (char *[]){tenant, number, direction, NULL}, false);
}

static int w_check_at(struct sip_msg *msg, char *tenant, char *number, char *direction, char *scopes)
{
	return check(msg, (char *[]){tenant, number, direction, scopes}, false);
}

/* The same, of the scopes named alone: lines (the number is the caller's, in both directions), a phone that rings. */
static int w_at(struct sip_msg *msg, char *tenant, char *number, char *direction, char *scopes)
{
	return check(msg, (char *[]){tenant, number, direction, scopes}, true);
}

enum { PV_CODE, PV_RULE, PV_SCOPE, PV_RESULT, PV_PROMPT };
static const char *const pv_names[] = {[PV_CODE] = "code",     [PV_RULE] = "rule",     [PV_SCOPE] = "scope",
				       [PV_RESULT] = "result", [PV_PROMPT] = "prompt", NULL};

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
		return zk_kam_pv_text(msg, param, res, answer.barred ? bl_scope_names[answer.scope] : "");
	case PV_RESULT:
		return zk_kam_pv_text(msg, param, res, answer.barred ? bl_result_names[answer.result] : "");
	case PV_PROMPT:
		return zk_kam_pv_uuid(msg, param, res, &answer.prompt);
	default:
		return pv_get_null(msg, param, res);
	}
}

/* TENANT NUMBER [DIRECTION] [SCOPES] of an RPC as a query; false with the fault sent. */
static bool rpc_query(rpc_t *rpc, void *ctx, struct bl_query *q, char *number, size_t size)
{
	char tenant[64], direction[8], scopes[512], at[32];
	if (!zk_kam_rpc_text(rpc, ctx, true, "TENANT", tenant, sizeof tenant) ||
	    !zk_kam_rpc_text(rpc, ctx, true, "NUMBER", number, size) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "DIRECTION", direction, sizeof direction) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "SCOPES", scopes, sizeof scopes) ||
	    !zk_kam_rpc_text(rpc, ctx, false, "SECONDS", at, sizeof at))
		return false;
	const char *wrong = bl_query_read(q, people, tenant, number, direction[0] ? direction : "in", scopes);
	if (wrong)
		rpc->fault(ctx, 400, "%s", wrong);
	if (at[0] && at[0] != '-')
		q->now = strtoll(at, NULL, 10);
	return !wrong;
}

static void add_answer(rpc_t *rpc, void *out, const struct bl_answer *a)
{
	char rule[ZK_UUID_TEXT] = "", prompt[ZK_UUID_TEXT] = "";
	if (!zk_uuid_is_zero(&a->rule))
		zk_uuid_text(rule, &a->rule);
	if (!zk_uuid_is_zero(&a->prompt))
		zk_uuid_text(prompt, &a->prompt);
	rpc->struct_add(out, "ddsssds", "barred", (int)a->barred, "code", (int)a->code, "rule", rule, "scope",
			a->barred ? bl_scope_names[a->scope] : "", "result",
			a->barred ? bl_result_names[a->result] : "", "lifted", (int)a->lifted, "prompt", prompt);
}

static const char *const lookup_doc[] = {
	"Is NUMBER barred? blacklist.lookup TENANT NUMBER [in|out] [extension=ID;did=ID;trunk=ID;…].", NULL};
static void rpc_lookup(rpc_t *rpc, void *ctx)
{
	struct bl_query q;
	struct bl_answer a;
	char number[64];
	void *out;
	if (!rpc_query(rpc, ctx, &q, number, sizeof number))
		return;
	bl_check(store, &q, &a, NULL, NULL);
	if (rpc->add(ctx, "{", &out) >= 0)
		add_answer(rpc, out, &a);
}

static void add_seen(rpc_t *rpc, void *list, const struct bl_seen *s)
{
	char tenant[ZK_UUID_TEXT], name[ZK_UUID_TEXT], ref[ZK_UUID_TEXT] = "";
	void *one;
	zk_uuid_text(tenant, &s->tenant);
	zk_uuid_text(name, &s->name);
	if (!zk_uuid_is_zero(&s->rule.ref))
		zk_uuid_text(ref, &s->rule.ref);
	if (rpc->array_add(list, "{", &one) < 0)
		return;
	rpc->struct_add(one, "ssssssssdddd", "tenant", tenant, "rule", name, "scope", bl_scope_names[s->rule.scope],
			"ref", ref, "match", bl_match_names[s->match], "number", s->number, "colour",
			bl_colour_names[s->rule.colour], "direction", bl_direction_names[s->rule.direction & 3], "code",
			(int)s->rule.code, "overrides", (int)s->rule.overrides, "in_force", (int)s->in_force, "counts",
			(int)s->counts);
}

static const char *const explain_doc[] = {
	"What decides about NUMBER, and every rule that names it: blacklist.explain TENANT NUMBER [in|out] [SCOPES] "
	"[SECONDS since 1970].",
	NULL};
static void rpc_explain(rpc_t *rpc, void *ctx)
{
	static struct bl_seen seen[BL_SEEN_MAX];
	struct bl_query q;
	struct bl_answer a;
	char number[64];
	unsigned n;
	void *out, *rows;
	if (!rpc_query(rpc, ctx, &q, number, sizeof number))
		return;
	bl_check(store, &q, &a, seen, &n);
	if (rpc->add(ctx, "{", &out) < 0)
		return;
	add_answer(rpc, out, &a);
	if (rpc->struct_add(out, "[", "rows", &rows) < 0)
		return;
	for (unsigned i = 0; i < n; i++)
		add_seen(rpc, rows, &seen[i]);
}

static const char *const count_doc[] = {"Numbers, other rows, sets and bytes: blacklist.count.", NULL};
static void rpc_count(rpc_t *rpc, void *ctx)
{
	struct bl_size size;
	void *out;
	bl_store_size(store, &size);
	if (rpc->add(ctx, "{", &out) < 0)
		return;
	rpc->struct_printf(out, "numbers", "%llu", (unsigned long long)size.numbers);
	rpc->struct_printf(out, "others", "%llu", (unsigned long long)size.wide);
	rpc->struct_printf(out, "sets", "%llu", (unsigned long long)size.sets);
	rpc->struct_printf(out, "bytes", "%llu", (unsigned long long)size.bytes);
	rpc->struct_printf(out, "bytes_most", "%llu", (unsigned long long)size.bytes_most);
}

static cmd_export_t cmds[] = {
	{ZK_BL_CALLER, (cmd_function)caller_barred, 0, NULL, NULL, 0},
	{"blacklist_check", (cmd_function)w_check, 3, fixup_spve_all, fixup_free_spve_all, ANY_ROUTE},
	{"blacklist_check", (cmd_function)w_check_at, 4, fixup_spve_all, fixup_free_spve_all, ANY_ROUTE},
	{"blacklist_at", (cmd_function)w_at, 4, fixup_spve_all, fixup_free_spve_all, ANY_ROUTE},
	{0},
};
static param_export_t params[] = {
	{"db", PARAM_STRING, &param_db},
	{"copy", PARAM_STRING, &param_copy},
	{"memory_mb", PARAM_INT, &param_memory},
	{0},
};
static pv_export_t pvs[] = {
	{{"bl", 2}, PVT_OTHER, pv_get, NULL, pv_name, NULL, NULL, 0},
	{{NULL, 0}, 0, NULL, NULL, NULL, NULL, NULL, 0},
};
static rpc_export_t rpcs[] = {
	{"blacklist.lookup", rpc_lookup, (const char **)lookup_doc, 0},
	{"blacklist.explain", rpc_explain, (const char **)explain_doc, 0},
	{"blacklist.count", rpc_count, (const char **)count_doc, 0},
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
