/* Kamailio module `did`: whose number is called, from which trunk, and where the call goes. See
 * kamailio-mods/README.md. */
#include "did_heads.h"
#include "did_kam.h"
#include <core/ip_addr.h>
#include <core/parser/msg_parser.h>
#include <core/pt.h>
#include <time.h>

MODULE_VERSION

static char *param_db;
static char *param_copy;
#define SECURE_MAX 4
static int secure[SECURE_MAX]; /* ports of ours where only what came over TLS arrives */
static unsigned n_secure;
struct zk_store *did_store;
static struct zk_follow *follow;
static struct zk_sink sink;

/* What the last calls of did_trunk and did_lookup in this process found: valid for the message in hand. */
static struct did_trunk_hit trunk;
static struct did_hit hit;

static int param_secure(modparam_t type, void *value)
{
	(void)type;
	if (n_secure == SECURE_MAX) {
		LM_ERR("parameter secure: at most %d ports\n", SECURE_MAX);
		return -1;
	}
	secure[n_secure++] = (int)(long)value;
	return 0;
}

static void run(void)
{
	zk_follow_run(follow);
}

/* Empty tables refuse calls until the database is back: said in the log. */
static void load(void)
{
	(void)zk_follow_start(follow);
}

static int mod_init(void)
{
	if (!param_db) {
		LM_ERR("parameter db is not set\n");
		return -1;
	}
	zk_kam_seed();
	if (did_store_alloc(&did_store) || did_names_alloc() || did_heads_alloc()) {
		LM_ERR("no shared memory: start Kamailio with a larger -m\n");
		return -1;
	}
	sink = did_sink(did_store);
	if (zk_follow_alloc(&follow, "did", param_db, param_copy, did_tables, DID_MAPS, &sink))
		return -1;
	zk_kam_load(load);
	return register_procs(1);
}

static int child_init(int rank)
{
	if (rank == PROC_INIT)
		zk_kam_loaded();
	if (rank > 0)
		zk_store_map(did_store);
	return rank == PROC_MAIN ? zk_kam_fork("did", run) : 0;
}

static bool works(const struct zk_uuid *tenant, const struct zk_uuid *package, int64_t at)
{
	return did_works(did_store, tenant, package, at);
}

static struct did_source source_of(const struct sip_msg *msg)
{
	const struct ip_addr *from = &msg->rcv.src_ip;
	struct did_source s = {.port = msg->rcv.src_port};
	if (from->af == AF_INET6) {
		memcpy(&s.host, from->u.addr, sizeof s.host);
	} else {
		s.host.s6_addr[10] = s.host.s6_addr[11] = 0xff;
		memcpy(s.host.s6_addr + 12, from->u.addr, 4);
	}
	const struct socket_info *by = msg->rcv.bind_address;
	for (unsigned i = 0; by && msg->rcv.proto == PROTO_TCP && i < n_secure; i++)
		s.secure |= by->port_no == secure[i];
	return s;
}

static enum zk_did_from from(const struct sip_msg *msg)
{
	struct did_source s = source_of(msg);
	trunk = (struct did_trunk_hit){0};
	if (!did_find_trunk(did_store, &s, &trunk))
		return ZK_FROM_NO_TRUNK;
	return trunk.exact ? ZK_FROM_TRUNK_PORT : ZK_FROM_TRUNK;
}

static int w_did_trunk(struct sip_msg *msg, char *p1, char *p2)
{
	(void)p1;
	(void)p2;
	return from(msg) == ZK_FROM_NO_TRUNK ? -1 : 1;
}

/* -1: no such number; -2: no destination for this caller; -3: the trunk is not of that tenant. */
static int lookup(const struct sip_msg *msg, const char *called, const char *caller, int64_t now_s)
{
	static const int results[DID_RESULTS] = {
		[DID_FOUND] = 1, [DID_NO_NUMBER] = -1, [DID_NO_DESTINATION] = -2, [DID_NO_TRUNK] = -3};
	struct did_source s = source_of(msg);
	struct did_query q = {.source = &s, .called = called, .caller = caller, .at = now_s};
	return results[did_find(did_store, &q, &hit)];
}

static int called(const struct sip_msg *msg, const char *to, const char *caller, int64_t now_s,
		  struct zk_did_called *out)
{
	int result = lookup(msg, to, caller, now_s);
	*out = (struct zk_did_called){.tenant = hit.tenant, .did = hit.number_id, .trunk = hit.trunk};
	if (hit.dest.kind == DID_TO_EXTENSION)
		memcpy(out->extension.b, hit.dest.raw, sizeof out->extension.b);
	else if (hit.dest.kind == DID_TO_ACCOUNT)
		memcpy(out->account.b, hit.dest.raw, sizeof out->account.b);
	return result;
}

static int w_did_lookup(struct sip_msg *msg, char *p_called, char *p_caller)
{
	char to[128], caller[128];
	hit = (struct did_hit){0};
	if (!zk_kam_arg(msg, p_called, to, sizeof to) || !zk_kam_arg(msg, p_caller, caller, sizeof caller))
		return -1;
	return lookup(msg, to, caller, time(NULL));
}

/* The default binding of a tenant, for a call that comes by no number: $did(binding). */
static int w_did_binding(struct sip_msg *msg, char *tenant, char *p2)
{
	char text[ZK_UUID_TEXT];
	struct zk_uuid id;
	(void)p2;
	hit = (struct did_hit){0};
	return zk_kam_arg(msg, tenant, text, sizeof text) && zk_uuid_parse(&id, text) &&
			       did_binding_default(did_store, &id, &hit)
		       ? 1
		       : -1;
}

enum {
	PV_TRUNK,
	PV_TRUNK_TENANT,
	PV_TRUNK_EXACT,
	PV_TENANT,
	PV_KIND,
	PV_TARGET,
	PV_ID,
	PV_NUMBER,
	PV_VIP,
	PV_SEGMENT,
	PV_BINDING,
	PV_BOUND,
	PV_DID
};
static const char *const pv_names[] = {[PV_TRUNK] = "trunk",
				       [PV_TRUNK_TENANT] = "trunk_tenant",
				       [PV_TRUNK_EXACT] = "trunk_exact",
				       [PV_TENANT] = "tenant",
				       [PV_KIND] = "kind",
				       [PV_TARGET] = "target",
				       [PV_ID] = "id",
				       [PV_NUMBER] = "number",
				       [PV_VIP] = "vip",
				       [PV_SEGMENT] = "segment",
				       [PV_BINDING] = "binding",
				       [PV_BOUND] = "bound",
				       [PV_DID] = "did",
				       NULL};

static int pv_name(pv_spec_t *sp, str *in)
{
	return zk_kam_pv_name(sp, in, pv_names);
}

static int pv_target(struct sip_msg *msg, pv_param_t *param, pv_value_t *res)
{
	static char text[DID_TARGET_MAX];
	did_dest_text(text, &hit.dest);
	return zk_kam_pv_text(msg, param, res, hit.dest.kind ? text : "");
}

/* kind:id */
static int pv_binding(struct sip_msg *msg, pv_param_t *param, pv_value_t *res)
{
	static char text[sizeof hit.binding_kind + ZK_UUID_TEXT];
	char id[ZK_UUID_TEXT];
	zk_uuid_text(id, &hit.binding_target);
	snprintf(text, sizeof text, "%s:%s", hit.binding_kind, id);
	return zk_kam_pv_text(msg, param, res, hit.binding_kind[0] ? text : "");
}

static int pv_get(struct sip_msg *msg, pv_param_t *param, pv_value_t *res)
{
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
		return zk_kam_pv_text(msg, param, res, did_kind_name((enum did_kind)hit.dest.kind));
	case PV_TARGET:
		return pv_target(msg, param, res);
	case PV_ID:
		return zk_kam_pv_uuid(msg, param, res, &hit.route);
	case PV_DID:
		return zk_kam_pv_uuid(msg, param, res, &hit.number_id);
	case PV_NUMBER:
		return zk_kam_pv_text(msg, param, res, hit.number);
	case PV_VIP:
		return pv_get_sintval(msg, param, res, hit.vip);
	case PV_SEGMENT:
		return zk_kam_pv_text(msg, param, res, did_segment_name(hit.segment));
	case PV_BINDING:
		return pv_binding(msg, param, res);
	case PV_BOUND:
		return zk_kam_pv_text(msg, param, res, hit.binding_default ? "default" : "");
	default:
		return pv_get_null(msg, param, res);
	}
}

static cmd_export_t cmds[] = {
	{"did_trunk", (cmd_function)w_did_trunk, 0, NULL, NULL, ANY_ROUTE},
	{"did_lookup", (cmd_function)w_did_lookup, 2, fixup_spve_spve, fixup_free_spve_spve, ANY_ROUTE},
	{ZK_DID_FROM, (cmd_function)from, 0, NULL, NULL, 0},
	{ZK_DID_CALLED, (cmd_function)called, 0, NULL, NULL, 0},
	{ZK_DID_WORKS, (cmd_function)works, 0, NULL, NULL, 0},
	{ZK_DID_NAMED, (cmd_function)did_named, 0, NULL, NULL, 0},
	{"did_binding", (cmd_function)w_did_binding, 1, fixup_spve_null, fixup_free_spve_null, ANY_ROUTE},
	{0},
};
static param_export_t params[] = {
	{"db", PARAM_STRING, &param_db},
	{"copy", PARAM_STRING, &param_copy},
	{"secure", PARAM_INT | USE_FUNC_PARAM, (void *)param_secure},
	{0},
};
static pv_export_t pvs[] = {
	{{"did", 3}, PVT_OTHER, pv_get, NULL, pv_name, NULL, NULL, 0},
	{{NULL, 0}, 0, NULL, NULL, NULL, NULL, NULL, 0},
};
struct module_exports exports = {
	.name = "did",
	.dlflags = DEFAULT_DLFLAGS,
	.cmds = cmds,
	.params = params,
	.rpc_methods = did_rpcs,
	.pv_items = pvs,
	.init_mod_f = mod_init,
	.init_child_f = child_init,
};
