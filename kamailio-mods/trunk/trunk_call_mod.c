/* What the script asks about a call that leaves over a trunk, or came by one. */
#include "trunk_guard_mod.h"
#include "trunk_keep.h"
#include "trunk_mod.h"
#include "zk_log.h"
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

struct tm_binds trunk_tmb;
struct trunk_said trunk_said = {.reason = "", .because = ""};

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

bool trunk_call_id(struct sip_msg *msg, char *out, size_t size)
{
	if (!msg->callid && (parse_headers(msg, HDR_CALLID_F, 0) < 0 || !msg->callid))
		return false;
	return zk_copy(out, size, msg->callid->body.s, (size_t)msg->callid->body.len);
}

static int refuse(int c, const char *r, const char *b)
{
	trunk_said.code = c;
	trunk_said.reason = r;
	trunk_said.because = b;
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

bool trunk_choose(struct trunk_query *q, unsigned turn, struct trunk_chosen *chosen)
{
	memset(chosen, 0, sizeof *chosen);
	if (!zk_uuid_is_zero(&q->pool)) {
		if (!trunk_pool_choose(trunk_store, q, turn, random_number(), calls_h, trunk_live, chosen))
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
		trunk_call_end_key(trunk_live, (uint64_t)(uintptr_t)*ps->param, trunk_now_us());
}

/* What tm keeps for us is the call's key itself: nothing to allocate, nothing to free. */
static void watch(struct sip_msg *msg, const char *call_id)
{
	(void)trunk_tmb.register_tmcb(msg, NULL, TMCB_RESPONSE_OUT, answered_h,
				      (void *)(uintptr_t)trunk_call_key(call_id), NULL);
}

/* Makes the plan of a call that acd sends out. False: $trunk(code) $trunk(reason) $trunk(because). */
int trunk_w_route(struct sip_msg *msg, char *p1, char *p2)
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
	if (!trunk_call_id(msg, call_id, sizeof call_id) || !query_of(msg, &q))
		return refuse(400, "Bad Request", "malformed");
	for (unsigned tries = 0; full && tries < 8; tries++) {
		unsigned turn = zk_uuid_is_zero(&q.pool) ? 0 : trunk_state_turn(trunk_live, &q.pool);
		if (!trunk_choose(&q, turn, &chosen))
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

/* The next trunk that is alive and has room: $ru, $du and the rest of $trunk(…). False: $trunk(code) … */
int trunk_w_next(struct sip_msg *msg, char *p1, char *p2)
{
	char call_id[256];
	(void)p1;
	(void)p2;
	if (!trunk_call_id(msg, call_id, sizeof call_id))
		return refuse(400, "Bad Request", "malformed");
	switch (trunk_call_next(trunk_live, trunk_store, call_id, trunk_now_us(), &trunk_said.hop)) {
	case TRUNK_GO:
		trunk_say();
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
int trunk_w_again(struct sip_msg *msg, char *p1, char *p2)
{
	struct trunk_candidate c;
	struct trunk_query q;
	char call_id[256];
	(void)p1;
	(void)p2;
	if (!trunk_call_id(msg, call_id, sizeof call_id) || !trunk_call_now(trunk_live, call_id, &c, &q) ||
	    !trunk_hop(trunk_store, &q, &c, &trunk_said.hop))
		return -1;
	trunk_say();
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
	trunk_call_text(trunk_live, call_id, trunk_said.attempts, sizeof trunk_said.attempts, trunk_now_us());
}

/* (code, heard): the present attempt got this answer; heard 0: nothing came at all, -: nothing was sent. True: the
 * trunk failed, the next one may be tried. */
int trunk_w_answer(struct sip_msg *msg, char *p_code, char *p_heard)
{
	struct trunk_candidate c;
	struct trunk_query q;
	struct trunk_hop h;
	char call_id[256], text[8], heard[8];
	if (!trunk_call_id(msg, call_id, sizeof call_id) || !zk_kam_arg(msg, p_code, text, sizeof text) ||
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

int trunk_w_end(struct sip_msg *msg, char *p1, char *p2)
{
	char call_id[256];
	(void)p1;
	(void)p2;
	if (trunk_call_id(msg, call_id, sizeof call_id))
		trunk_call_end(trunk_live, call_id, trunk_now_us());
	return 1;
}

/* An inbound call of this trunk takes a channel; false: it has none left. */
bool trunk_enter(struct sip_msg *msg, const struct zk_uuid *trunk, int64_t now_us)
{
	char call_id[256];
	if (!trunk_call_id(msg, call_id, sizeof call_id))
		return true;
	if (!trunk_call_in(trunk_live, call_id, trunk, trunk_channels(trunk_store, trunk), now_us))
		return false;
	watch(msg, call_id);
	return true;
}

int trunk_w_in(struct sip_msg *msg, char *p_trunk, char *p2)
{
	char text[64];
	struct zk_uuid id;
	(void)p2;
	return !zk_kam_arg(msg, p_trunk, text, sizeof text) || !zk_uuid_parse(&id, text) ||
			       trunk_enter(msg, &id, trunk_now_us())
		       ? 1
		       : -1;
}

int trunk_w_emergency(struct sip_msg *msg, char *p_tenant, char *p_number)
{
	char tenant[64], number[128];
	struct zk_uuid id;
	return zk_kam_arg(msg, p_tenant, tenant, sizeof tenant) && zk_kam_arg(msg, p_number, number, sizeof number) &&
			       zk_uuid_parse(&id, tenant) && trunk_emergency(trunk_store, &id, number)
		       ? 1
		       : -1;
}
