/* Kamailio module `trunk`: over which trunk a call leaves, what it says there, where it goes when that fails. See
 * kamailio-mods/README.md. */
#include "trunk_mod.h"
#include "trunk_guard_mod.h"
#include "trunk_keep.h"
#include "trunk_tally_save.h"
#include "zk_did.h"
#include "zk_kam.h"
#include "zk_log.h"
#include "zk_trunk.h"
#include <arpa/inet.h>
#include <core/ip_addr.h>
#include <core/parser/msg_parser.h>
#include <core/pt.h>
#include <core/timer.h>
#include <modules/tm/tm_load.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

MODULE_VERSION

static char *param_db;
static char *param_copy;
static char *param_rpc;
static char *param_name = "edge";
static struct zk_follow *follow;
static struct zk_sink sink;
static struct tm_binds tmb;
struct zk_store *trunk_store;
struct trunk_state *trunk_live;

/* Of the message in hand in this process. */
static struct trunk_hop hop;
static char next_hop[TRUNK_HOST_MAX + 32], attempts[2048], header_lines[TRUNK_HEADERS_MAX + 64];
static int code;
static const char *reason = "", *because = "";

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
	int64_t due = 0, look = 0;
	if (trunk_save_alloc(&save, trunk_live, param_db, param_name))
		_exit(1);
	for (;;) {
		int64_t now = trunk_now_us();
		if (now >= due || due - now > 2000 * TRUNK_SAVE_EVERY_MS) { /* the clock may be set back */
			trunk_save_turn(save, now);
			due = trunk_now_us() + 1000 * TRUNK_SAVE_EVERY_MS;
		}
		struct pollfd p = {.fd = zk_follow_fd(follow), .events = POLLIN};
		int64_t until = look < due ? look : due;
		int n = poll(&p, 1, until > trunk_now_us() ? (int)((until - trunk_now_us()) / 1000) + 1 : 0);
		if (n > 0 || trunk_now_us() >= look || look > trunk_now_us() + 60000000) {
			zk_follow_turn(follow);
			look = trunk_now_us() + 1000LL * zk_follow_wait_ms(follow);
		}
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
	if (tell && trunk_find(trunk_store, trunk, &row))
		(void)tell(&(struct zk_trunk_state){row.tenant, *trunk, *host, state, row.host, rtt_ms, c});
	zk_log(!strcmp(state, "up") || !strcmp(state, "registered") ? ZK_INFO : ZK_WARN,
	       "trunk %s trunk=%s host=%s ms=%d code=%d", state, t, h, rtt_ms, c);
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
	if (load_tm_api(&tmb) < 0) {
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
	return register_procs(3);
}

static int child_init(int rank)
{
	if (rank != PROC_MAIN)
		return 0;
	return zk_kam_fork("trunk", run_follow) || zk_kam_fork("trunk keep", run_keep) ||
			       zk_kam_fork("trunk names", run_names)
		       ? -1
		       : 0;
}

/* The value of a header of the request, "" when absent or too long. */
static void header(struct sip_msg *msg, const char *name, char *out, size_t size)
{
	out[0] = '\0';
	if (parse_headers(msg, HDR_EOH_F, 0) < 0)
		return;
	for (struct hdr_field *h = msg->headers; h; h = h->next)
		if ((size_t)h->name.len == strlen(name) && !strncasecmp(h->name.s, name, (size_t)h->name.len)) {
			if (!zk_copy(out, size, h->body.s, (size_t)h->body.len))
				out[0] = '\0';
			return;
		}
}
#define HEADER(msg, name, array) header((msg), (name), (array), sizeof(array))

static void header_uuid(struct sip_msg *msg, const char *name, struct zk_uuid *id)
{
	char text[64];
	HEADER(msg, name, text);
	if (!zk_uuid_parse(id, text))
		*id = (struct zk_uuid){{0}};
}

static bool call_id_of(struct sip_msg *msg, char *out, size_t size)
{
	if (!msg->callid && (parse_headers(msg, HDR_CALLID_F, 0) < 0 || !msg->callid))
		return false;
	return zk_copy(out, size, msg->callid->body.s, (size_t)msg->callid->body.len);
}

static int refuse(int c, const char *r, const char *b)
{
	code = c;
	reason = r;
	because = b;
	return -1;
}

/* What acd said about the call: X-Zj-Tenant, -Target (number), -Out (trunk:ID, trunk_group:ID), -Group, -Pool, -Caller,
 * -Caller-Name, -Anonymous, -Emergency, -Extension, -Account (ids: whose call it is). */
static bool query_of(struct sip_msg *msg, struct trunk_query *q)
{
	char out[64], flag[8];
	memset(q, 0, sizeof *q);
	header_uuid(msg, "X-Zj-Tenant", &q->tenant);
	header_uuid(msg, "X-Zj-Group", &q->account_group);
	header_uuid(msg, "X-Zj-Pool", &q->pool);
	header_uuid(msg, "X-Zj-Extension", &q->extension);
	header_uuid(msg, "X-Zj-Account", &q->account);
	HEADER(msg, "X-Zj-Target", q->called);
	HEADER(msg, "X-Zj-Caller", q->caller);
	HEADER(msg, "X-Zj-Caller-Name", q->caller_name);
	HEADER(msg, "X-Zj-Out", out);
	if (!strncmp(out, "trunk:", 6) && zk_uuid_parse(&q->object, out + 6))
		q->kind = TRUNK_ONE;
	else if (!strncmp(out, "trunk_group:", 12) && zk_uuid_parse(&q->object, out + 12))
		q->kind = TRUNK_SOME;
	HEADER(msg, "X-Zj-Anonymous", flag);
	q->anonymous = flag[0] == '1';
	HEADER(msg, "X-Zj-Emergency", flag);
	q->emergency = flag[0] == '1' && trunk_emergency(trunk_store, &q->tenant, q->called);
	return q->called[0] && strspn(q->called, "+0123456789*#") == strlen(q->called) && !zk_uuid_is_zero(&q->tenant);
}

static int calls_h(const struct zk_uuid *number, void *arg)
{
	return trunk_state_calls(arg, number);
}

static uint64_t random_number(void)
{
	uint64_t r = 0;
	if (getrandom(&r, sizeof r, GRND_NONBLOCK) != (ssize_t)sizeof r)
		r = (uint64_t)trunk_now_us();
	return r;
}

/* The number that is shown: the pool's turn, or the caller that acd named, with the limits of that number. */
static bool choose(struct trunk_query *q, struct trunk_chosen *chosen)
{
	memset(chosen, 0, sizeof *chosen);
	if (!zk_uuid_is_zero(&q->pool)) {
		if (!trunk_pool_choose(trunk_store, q, trunk_state_turn(trunk_live, &q->pool), random_number(), calls_h,
				       trunk_live, chosen))
			return false;
		zk_copy(q->caller, sizeof q->caller, chosen->text, strlen(chosen->text));
		if (chosen->name[0])
			zk_copy(q->caller_name, sizeof q->caller_name, chosen->name, strlen(chosen->name));
	} else if (q->caller[0]) {
		(void)trunk_number_of(trunk_store, &q->tenant, q->caller, chosen);
	}
	return true;
}

static const struct {
	int code;
	const char *reason;
} answers[TRUNK_WHYS] = {
	[TRUNK_NO_TRUNK] = {404, "No Trunk"},
	[TRUNK_RULE_BARS] = {403, "Forbidden"},
	[TRUNK_NO_RATE] = {403, "No Rate"},
	[TRUNK_NOT_OWN] = {403, "Caller Not Allowed"},
};

/* The final answer that goes back ends the call here; a BYE does it later. */
static void answered_h(struct cell *t, int type, struct tmcb_params *ps)
{
	(void)t;
	(void)type;
	if (ps->code >= 300 && ps->param && *ps->param)
		trunk_call_end(trunk_live, *ps->param, trunk_now_us());
}

static void release_h(void *param)
{
	shm_free(param);
}

static void watch(struct sip_msg *msg, const char *call_id)
{
	char *copy = shm_malloc(strlen(call_id) + 1);
	if (!copy)
		return;
	strcpy(copy, call_id);
	if (tmb.register_tmcb(msg, NULL, TMCB_RESPONSE_OUT, answered_h, copy, release_h) <= 0)
		shm_free(copy);
}

/* Makes the plan of a call that acd sends out. False: $trunk(code) $trunk(reason) $trunk(because). */
static int w_route(struct sip_msg *msg, char *p1, char *p2)
{
	struct trunk_query q;
	struct trunk_chosen chosen;
	struct trunk_plan plan;
	struct trunk_guarded guarded = {0};
	const char *against;
	char call_id[256];
	bool full = true;
	(void)p1;
	(void)p2;
	if (!call_id_of(msg, call_id, sizeof call_id) || !query_of(msg, &q))
		return refuse(400, "Bad Request", "malformed");
	for (unsigned tries = 0; full && tries < 8; tries++) {
		if (!choose(&q, &chosen))
			return refuse(503, "No Number Free", "over_limit");
		if (q.caller[0] && !q.emergency && !trunk_may_show(trunk_store, &q.tenant, q.caller))
			return refuse(answers[TRUNK_NOT_OWN].code, answers[TRUNK_NOT_OWN].reason,
				      trunk_why_name(TRUNK_NOT_OWN));
		trunk_plan(trunk_store, &q, q.emergency ? NULL : &chosen.trunk, trunk_state_turn(trunk_live, &q.object),
			   random_number(), &plan);
		if (plan.why != TRUNK_FOUND)
			return refuse(answers[plan.why].code, answers[plan.why].reason, trunk_why_name(plan.why));
		against = q.emergency ? NULL : trunk_guard_country(&q, &plan, call_id, &guarded);
		if (against)
			return refuse(403, "Country Barred", against);
		if (trunk_call_begin(trunk_live, call_id, &q, &plan, &chosen, trunk_now_us(), &full)) {
			against = q.emergency ? NULL : trunk_guard_count(&q, &guarded, call_id);
			if (against) {
				trunk_call_end(trunk_live, call_id, trunk_now_us());
				return refuse(403, "Limit Reached", against);
			}
			watch(msg, call_id);
			return 1;
		}
		if (zk_uuid_is_zero(&q.pool))
			break;
	}
	return refuse(503, full ? "No Line Free" : "Service Unavailable", "over_limit");
}

static void write_next(void)
{
	struct trunk_host_state host;
	char ip[INET6_ADDRSTRLEN];
	const char *tcp = hop.t.tcp ? ";transport=tcp" : "";
	if (hop.next[0]) {
		snprintf(next_hop, sizeof next_hop, "sip:%s:%d%s", hop.next, hop.port, tcp);
		return;
	}
	trunk_state_host(trunk_live, &hop.via, &host);
	const struct trunk_addr *a = host.n ? &host.addr[host.used < TRUNK_ADDRS ? host.used : 0] : &hop.literal;
	inet_ntop(AF_INET6, &a->ip, ip, sizeof ip);
	if (IN6_IS_ADDR_V4MAPPED(&a->ip))
		snprintf(next_hop, sizeof next_hop, "sip:%s:%d%s", ip + 7, a->port, tcp);
	else
		snprintf(next_hop, sizeof next_hop, "sip:[%s]:%d%s", ip, a->port, tcp);
}

/* What a branch to the trunk says beside R-URI and From: identity, privacy, the trunk's own headers. */
static void write_headers(void)
{
	size_t at = 0, room = sizeof header_lines;
	header_lines[0] = '\0';
	if (hop.caller[0] && !hop.t.no_identity)
		at += (size_t)snprintf(header_lines, room, "P-Asserted-Identity: <sip:%s@%s>\r\n", hop.caller,
				       hop.from_domain);
	if (hop.anonymous && at < room)
		at += (size_t)snprintf(header_lines + at, room - at, "Privacy: id\r\n");
	for (const char *s = hop.t.headers; *s && at < room;) {
		int len = (int)strcspn(s, "\r\n");
		if (len)
			at += (size_t)snprintf(header_lines + at, room - at, "%.*s\r\n", len, s);
		s += len;
		s += strspn(s, "\r\n");
	}
}

/* The next trunk that is alive and has room: $ru, $du and the rest of $trunk(…). False: $trunk(code) … */
static int w_next(struct sip_msg *msg, char *p1, char *p2)
{
	char call_id[256];
	(void)p1;
	(void)p2;
	if (!call_id_of(msg, call_id, sizeof call_id))
		return refuse(400, "Bad Request", "malformed");
	switch (trunk_call_next(trunk_live, trunk_store, call_id, trunk_now_us(), &hop)) {
	case TRUNK_GO:
		write_next();
		write_headers();
		return 1;
	case TRUNK_FULL:
		return refuse(503, "All Trunks Busy", "over_limit");
	case TRUNK_DEAD:
		return refuse(503, "No Trunk Answers", "unreachable");
	case TRUNK_EXHAUSTED:
	case TRUNK_UNCALLED:
		break;
	}
	return refuse(503, "No Trunk Left", "no_trunk");
}

/* The trunk of the attempt that is under way, once more: for digest. */
static int w_again(struct sip_msg *msg, char *p1, char *p2)
{
	struct trunk_candidate c;
	struct trunk_query q;
	char call_id[256];
	(void)p1;
	(void)p2;
	if (!call_id_of(msg, call_id, sizeof call_id) || !trunk_call_now(trunk_live, call_id, &c, &q) ||
	    !trunk_hop(trunk_store, &q, &c, &hop))
		return -1;
	write_next();
	write_headers();
	return 1;
}

static bool is_failure(const struct trunk_trunk *t, int c)
{
	for (unsigned i = 0; i < TRUNK_CODES_MAX && t->codes[i]; i++)
		if (t->codes[i] == c)
			return true;
	return c == 401 || c == 407; /* after our digest: it does not know us */
}

static void tell_attempts(const char *call_id)
{
	trunk_call_text(trunk_live, call_id, attempts, sizeof attempts, trunk_now_us());
}

/* (code, heard): the present attempt got this answer; heard 0: nothing came at all, -: nothing was sent. True: the
 * trunk failed, the next one may be tried. */
static int w_answer(struct sip_msg *msg, char *p_code, char *p_heard)
{
	struct trunk_candidate c;
	struct trunk_query q;
	struct trunk_hop h;
	char call_id[256], text[8], heard[8];
	if (!call_id_of(msg, call_id, sizeof call_id) || !zk_kam_arg(msg, p_code, text, sizeof text) ||
	    !zk_kam_arg(msg, p_heard, heard, sizeof heard))
		return -1;
	int c_ = atoi(text);
	bool known = trunk_call_now(trunk_live, call_id, &c, &q) && trunk_hop(trunk_store, &q, &c, &h);
	bool failed = known && heard[0] != '-' && c_ >= 300 && is_failure(&h.t, c_);
	if (c_ >= 200 &&
	    trunk_call_answer(trunk_live, call_id, c_, failed, known ? h.t.disable_after : 0, trunk_now_us()))
		trunk_changed(&c.trunk, &c.host, "paused", -1, c_);
	if (known && heard[0] == '1' && c_ != 487) {
		struct trunk_host_state host;
		trunk_state_host(trunk_live, &h.via, &host);
		if (host.health == TRUNK_DOWN && trunk_state_heard(trunk_live, &h.via, host.rtt_us, trunk_now_us()))
			trunk_changed(&c.trunk, &c.host, "up", -1, c_);
	}
	if (known && heard[0] == '0' && trunk_state_heard(trunk_live, &h.via, -1, trunk_now_us()))
		trunk_changed(&c.trunk, &c.host, "down", -1, 408);
	tell_attempts(call_id);
	return failed ? 1 : -1;
}

static int w_end(struct sip_msg *msg, char *p1, char *p2)
{
	char call_id[256];
	(void)p1;
	(void)p2;
	if (call_id_of(msg, call_id, sizeof call_id))
		trunk_call_end(trunk_live, call_id, trunk_now_us());
	return 1;
}

/* (trunk): an inbound call of this trunk takes a channel; false: it has none left. */
static int w_in(struct sip_msg *msg, char *p_trunk, char *p2)
{
	char call_id[256], text[64];
	struct zk_uuid id;
	(void)p2;
	if (!call_id_of(msg, call_id, sizeof call_id) || !zk_kam_arg(msg, p_trunk, text, sizeof text) ||
	    !zk_uuid_parse(&id, text))
		return 1;
	if (!trunk_call_in(trunk_live, call_id, &id, trunk_channels(trunk_store, &id), trunk_now_us()))
		return -1;
	watch(msg, call_id);
	return 1;
}

static int w_emergency(struct sip_msg *msg, char *p_tenant, char *p_number)
{
	char tenant[64], number[128];
	struct zk_uuid id;
	return zk_kam_arg(msg, p_tenant, tenant, sizeof tenant) && zk_kam_arg(msg, p_number, number, sizeof number) &&
			       zk_uuid_parse(&id, tenant) && trunk_emergency(trunk_store, &id, number)
		       ? 1
		       : -1;
}

enum {
	PV_ID,
	PV_URI,
	PV_NEXT,
	PV_FROM,
	PV_NAME,
	PV_HEADERS,
	PV_TIMEOUT,
	PV_USER,
	PV_PASSWORD,
	PV_CODE,
	PV_REASON,
	PV_BECAUSE,
	PV_ATTEMPTS,
	PV_CALLER,
	PV_GUARD,
	PV_LONGEST
};
static const char *const pv_names[] = {[PV_ID] = "id",
				       [PV_URI] = "uri",
				       [PV_NEXT] = "next",
				       [PV_FROM] = "from",
				       [PV_NAME] = "name",
				       [PV_HEADERS] = "headers",
				       [PV_TIMEOUT] = "timeout",
				       [PV_USER] = "user",
				       [PV_PASSWORD] = "password",
				       [PV_CODE] = "code",
				       [PV_REASON] = "reason",
				       [PV_BECAUSE] = "because",
				       [PV_ATTEMPTS] = "attempts",
				       [PV_CALLER] = "caller",
				       [PV_GUARD] = "guard",
				       [PV_LONGEST] = "longest",
				       NULL};

static int pv_name(pv_spec_t *sp, str *in)
{
	return zk_kam_pv_name(sp, in, pv_names);
}

static int text(struct sip_msg *msg, pv_param_t *param, pv_value_t *res, char *s)
{
	return s[0] ? pv_get_strzval(msg, param, res, s) : pv_get_null(msg, param, res);
}

/* The From that is shown (RFC 3323 4.1 for one that is withheld). */
static char *from_uri(void)
{
	static char uri[400];
	if (hop.anonymous)
		snprintf(uri, sizeof uri, "sip:anonymous@anonymous.invalid");
	else
		snprintf(uri, sizeof uri, "sip:%s%s%s", hop.t.from_user[0] ? hop.t.from_user : hop.caller,
			 hop.t.from_user[0] || hop.caller[0] ? "@" : "", hop.from_domain);
	return uri;
}

/* A display name in quotes, its own quotes and backslashes escaped. */
static char *from_name(void)
{
	static char name[2 * sizeof hop.caller_name + 4];
	const char *s = hop.anonymous ? "Anonymous" : hop.caller_name;
	size_t at = 0;
	if (!*s)
		return "";
	name[at++] = '"';
	for (; *s && at < sizeof name - 3; s++) {
		if (*s == '"' || *s == '\\')
			name[at++] = '\\';
		if ((unsigned char)*s >= ' ')
			name[at++] = *s;
	}
	name[at++] = '"';
	name[at] = '\0';
	return name;
}

static int pv_get(struct sip_msg *msg, pv_param_t *param, pv_value_t *res)
{
	char call_id[256];
	int longest;
	switch (param->pvn.u.isname.name.n) {
	case PV_ID:
		return zk_kam_pv_uuid(msg, param, res, &hop.trunk);
	case PV_URI:
		return text(msg, param, res, hop.uri);
	case PV_NEXT:
		return text(msg, param, res, next_hop);
	case PV_FROM:
		return text(msg, param, res, from_uri());
	case PV_NAME:
		return text(msg, param, res, from_name());
	case PV_HEADERS:
		return text(msg, param, res, header_lines);
	case PV_TIMEOUT:
		return pv_get_sintval(msg, param, res, 1000 * hop.t.timeout_s);
	case PV_USER:
		return text(msg, param, res, hop.t.username);
	case PV_PASSWORD:
		return text(msg, param, res, hop.t.password);
	case PV_CODE:
		return pv_get_sintval(msg, param, res, code);
	case PV_REASON:
		return zk_kam_pv_text(msg, param, res, reason);
	case PV_BECAUSE:
		return zk_kam_pv_text(msg, param, res, because);
	case PV_ATTEMPTS:
		return text(msg, param, res, attempts);
	case PV_CALLER:
		return text(msg, param, res, hop.caller);
	case PV_GUARD:
		return zk_kam_pv_uuid(msg, param, res, trunk_guard_id());
	case PV_LONGEST:
		longest = call_id_of(msg, call_id, sizeof call_id) ? trunk_call_longest(trunk_live, call_id) : 0;
		return longest ? pv_get_sintval(msg, param, res, longest) : pv_get_null(msg, param, res);
	default:
		return pv_get_null(msg, param, res);
	}
}

static cmd_export_t cmds[] = {
	{ZK_TRUNK_ELSEWHERE, (cmd_function)trunk_elsewhere, 0, NULL, NULL, 0},
	{ZK_TRUNK_ASK, (cmd_function)trunk_ask, 0, NULL, NULL, 0},
	{"trunk_route", (cmd_function)w_route, 0, NULL, NULL, ANY_ROUTE},
	{"trunk_next", (cmd_function)w_next, 0, NULL, NULL, ANY_ROUTE},
	{"trunk_again", (cmd_function)w_again, 0, NULL, NULL, ANY_ROUTE},
	{"trunk_answer", (cmd_function)w_answer, 2, fixup_spve_spve, fixup_free_spve_spve, ANY_ROUTE},
	{"trunk_end", (cmd_function)w_end, 0, NULL, NULL, ANY_ROUTE},
	{"trunk_in", (cmd_function)w_in, 1, fixup_spve_null, fixup_free_spve_null, ANY_ROUTE},
	{"trunk_is_emergency", (cmd_function)w_emergency, 2, fixup_spve_spve, fixup_free_spve_spve, ANY_ROUTE},
	{0},
};
static param_export_t params[] = {
	{"db", PARAM_STRING, &param_db},
	{"copy", PARAM_STRING, &param_copy},
	{"rpc", PARAM_STRING, &param_rpc},
	{"name", PARAM_STRING, &param_name},
	{0},
};
static pv_export_t pvs[] = {
	{{"trunk", 5}, PVT_OTHER, pv_get, NULL, pv_name, NULL, NULL, 0},
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
