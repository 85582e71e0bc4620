/* Kamailio module `trunk`: over which trunk a call leaves, what it says there, where it goes when that fails. See
 * kamailio-mods/README.md. */
#include "trunk_mod.h"
#include "trunk_gate_mod.h"
#include "trunk_guard_mod.h"
#include "trunk_keep.h"
#include "trunk_tally_save.h"
#include "zk_did.h"
#include "zk_kam.h"
#include "zk_log.h"
#include "zk_trunk.h"
#include <core/pt.h>
#include <core/timer.h>
#include <poll.h>
#include <time.h>

MODULE_VERSION

static char *param_db;
static char *param_copy;
static char *param_rpc;
static char *param_name = "edge";
static struct zk_follow *follow;
static struct zk_sink sink;
char *trunk_tls_socket = "", *trunk_tls_contact = ".";
struct zk_store *trunk_store;
struct trunk_state *trunk_live;

int64_t trunk_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The process that talks to the database: configuration in, what the toll guard counted in and out. */
static void run_follow(void)
{
	struct trunk_save *save;
	int64_t due = 0;
	if (trunk_save_alloc(&save, trunk_live, param_db, param_name))
		_exit(1);
	for (;;) {
		if (zk_mono_ms() >= due) {
			trunk_save_turn(save, trunk_now_us());
			due = zk_mono_ms() + TRUNK_SAVE_EVERY_MS;
		}
		struct pollfd p = {.fd = zk_follow_fd(follow), .events = POLLIN};
		int64_t left = due - zk_mono_ms();
		int save_ms = left > 0 ? (int)left : 0, look_ms = zk_follow_wait_ms(follow);
		if (poll(&p, 1, save_ms < look_ms ? save_ms : look_ms) > 0 || !zk_follow_wait_ms(follow))
			zk_follow_turn(follow);
	}
}

static void run_turns(void (*turn)(struct trunk_keep *k, int64_t now_us))
{
	struct trunk_keep *k;
	zk_edge_owns_f owns = (zk_edge_owns_f)find_export(ZK_EDGE_OWNS, 0, 0);
	if (trunk_keep_alloc(&k, trunk_store, trunk_live, param_rpc, owns))
		_exit(1);
	for (;;) {
		turn(k, trunk_now_us());
		poll(NULL, 0, TRUNK_KEEP_EVERY_MS);
	}
}

static void run_keep(void)
{
	run_turns(trunk_keep_turn);
}

static void run_names(void)
{
	run_turns(trunk_names_turn);
}

bool trunk_works(const struct zk_uuid *tenant, const struct zk_uuid *package, int64_t at)
{
	static zk_did_works_f works;
	if (!works)
		works = (zk_did_works_f)find_export(ZK_DID_WORKS, 0, 0);
	return works && works(tenant, package, at);
}

void trunk_named(const struct zk_uuid *host, const struct zk_uuid *trunk, const struct trunk_addr *addr, unsigned n)
{
	static zk_did_named_f named;
	struct zk_did_addr to[TRUNK_ADDRS];
	if (!named)
		named = (zk_did_named_f)find_export(ZK_DID_NAMED, 0, 0);
	for (unsigned i = 0; i < n && i < TRUNK_ADDRS; i++)
		to[i] = (struct zk_did_addr){addr[i].ip, (uint16_t)addr[i].port};
	if (named)
		named(host, trunk, to, n);
}

void trunk_changed(const struct zk_uuid *trunk, const struct zk_uuid *host, const char *state, int rtt_ms, int c)
{
	char t[ZK_UUID_TEXT], h[ZK_UUID_TEXT];
	zk_uuid_text(t, trunk);
	zk_uuid_text(h, host);
	static zk_edge_trunk_state_f tell;
	static struct trunk_trunk row;
	if (!tell)
		tell = (zk_edge_trunk_state_f)find_export(ZK_EDGE_TRUNK_STATE, 0, 0);
	struct trunk_host_state live;
	trunk_state_host(trunk_live, host, &live);
	if (tell && trunk_find(trunk_store, trunk, &row))
		(void)tell(&(struct zk_trunk_state){row.tenant, *trunk, *host, state, row.host, live.fault, rtt_ms, c});
	zk_log(!strcmp(state, "up") || !strcmp(state, "registered") ? ZK_INFO : ZK_WARN,
	       "trunk %s trunk=%s host=%s ms=%d code=%d because=\"%s\"", state, t, h, rtt_ms, c, live.fault);
}

void trunk_elsewhere(const struct zk_uuid *trunk, const char *state)
{
	zk_edge_owns_f owns = (zk_edge_owns_f)find_export(ZK_EDGE_OWNS, 0, 0);
	for (int r = TRUNK_REG_NONE; r <= TRUNK_REG_FAILED; r++)
		if (!strcmp(trunk_reg_name((enum trunk_reg)r), state) && owns && !owns(trunk))
			(void)trunk_state_registered(trunk_live, trunk, (enum trunk_reg)r, 0, trunk_now_us());
}

static int mod_init(void)
{
	if (!param_db) {
		LM_ERR("parameter db is not set\n");
		return -1;
	}
	if (load_tm_api(&trunk_tmb) < 0) {
		LM_ERR("module tm must be loaded before\n");
		return -1;
	}
	zk_kam_seed();
	if (trunk_store_alloc(&trunk_store) || trunk_state_alloc(&trunk_live)) {
		LM_ERR("no shared memory: start Kamailio with a larger -m\n");
		return -1;
	}
	sink = trunk_sink(trunk_store);
	if (zk_follow_alloc(&follow, "trunk", param_db, param_copy, trunk_tables, TRUNK_MAPS, &sink))
		return -1;
	(void)zk_follow_start(follow); /* said in the log */
	if (trunk_probe_init(trunk_store, trunk_live) || register_timer(trunk_probe_timer, NULL, 1) < 0)
		return -1;
	if (trunk_gate_open())
		return -1;
	return register_procs(trunk_gate_port ? 4 : 3);
}

static int child_init(int rank)
{
	if (rank == PROC_INIT && trunk_gate_port)
		trunk_gate_socket();
	if (rank != PROC_MAIN)
		return 0;
	return zk_kam_fork("trunk", run_follow) || zk_kam_fork("trunk keep", run_keep) ||
			       zk_kam_fork("trunk names", run_names) ||
			       (trunk_gate_port && zk_kam_fork("trunk gate", trunk_gate_run))
		       ? -1
		       : 0;
}

static cmd_export_t cmds[] = {
	{ZK_TRUNK_ELSEWHERE, (cmd_function)trunk_elsewhere, 0, NULL, NULL, 0},
	{ZK_TRUNK_ENTER, (cmd_function)trunk_enter, 0, NULL, NULL, 0},
	{ZK_TRUNK_ASK, (cmd_function)trunk_ask, 0, NULL, NULL, 0},
	{"trunk_route", (cmd_function)trunk_w_route, 0, NULL, NULL, ANY_ROUTE},
	{"trunk_next", (cmd_function)trunk_w_next, 0, NULL, NULL, ANY_ROUTE},
	{"trunk_again", (cmd_function)trunk_w_again, 0, NULL, NULL, ANY_ROUTE},
	{"trunk_answer", (cmd_function)trunk_w_answer, 2, fixup_spve_spve, fixup_free_spve_spve, ANY_ROUTE},
	{"trunk_line", (cmd_function)trunk_w_line, 1, fixup_spve_null, fixup_free_spve_null, ANY_ROUTE},
	{"trunk_end", (cmd_function)trunk_w_end, 0, NULL, NULL, ANY_ROUTE},
	{"trunk_in", (cmd_function)trunk_w_in, 1, fixup_spve_null, fixup_free_spve_null, ANY_ROUTE},
	{"trunk_is_emergency", (cmd_function)trunk_w_emergency, 2, fixup_spve_spve, fixup_free_spve_spve, ANY_ROUTE},
	{0},
};
static param_export_t params[] = {
	{"db", PARAM_STRING, &param_db},
	{"copy", PARAM_STRING, &param_copy},
	{"rpc", PARAM_STRING, &param_rpc},
	{"name", PARAM_STRING, &param_name},
	{"gate", PARAM_INT, &trunk_gate_port},
	{"socket", PARAM_STRING, &trunk_tls_socket},
	{"contact", PARAM_STRING, &trunk_tls_contact},
	{0},
};
static pv_export_t pvs[] = {
	{{"trunk", 5}, PVT_OTHER, trunk_pv_get, NULL, trunk_pv_name, NULL, NULL, 0},
	{{NULL, 0}, 0, NULL, NULL, NULL, NULL, NULL, 0},
};

struct module_exports exports = {
	.name = "trunk",
	.dlflags = DEFAULT_DLFLAGS,
	.cmds = cmds,
	.params = params,
	.rpc_methods = trunk_rpcs,
	.pv_items = pvs,
	.init_mod_f = mod_init,
	.init_child_f = child_init,
};
