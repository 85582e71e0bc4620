/* A refusal at the edge is a call of one leg. */
#include "call/call.h"
#include "shell/daemon.h"
#include <string.h>

static const struct {
	const char *because;
	enum acd_result result;
	int64_t cause; /* Q.850 */
} refusals[] = {
	{"barred", ACD_RESULT_BARRED, 21},           {"unknown_number", ACD_RESULT_UNREACHABLE, 1},
	{"unknown_source", ACD_RESULT_REJECTED, 21}, {"auth", ACD_RESULT_REJECTED, 21},
	{"flood", ACD_RESULT_OVER_LIMIT, 42},        {"over_limit", ACD_RESULT_OVER_LIMIT, 42},
	{"no_media", ACD_RESULT_FAILED, 41},         {"malformed", ACD_RESULT_FAILED, 95},
	{"encryption", ACD_RESULT_FAILED, 65},
};

struct acd_tenant *acd_carrier(struct acd *acd)
{
	struct acd_tenant *t, *next;

	HASH_ITER (hh, acd->tenants, t, next)
		if (t->carrier)
			return t;
	return NULL;
}

/* A call that belongs to nobody is the carrier's. */
static struct acd_tenant *tenant_of(struct acd *acd, const json_t *p)
{
	return zj_uuid_is_valid(acd_str(p, "tenant")) ? acd_tenant_get(acd, acd_str(p, "tenant")) : acd_carrier(acd);
}

void acd_edge_rejected(struct acd *acd, const json_t *p)
{
	const char *because = acd_str(p, "because"), *id = acd_str(p, "call");
	struct acd_tenant *t = tenant_of(acd, p);
	int64_t at = acd_int(p, "at", acd->now);
	enum acd_result result = ACD_RESULT_FAILED;
	json_int_t cause = 31;
	char caller[ACD_NUMBER_SIZE], callee[ACD_NUMBER_SIZE];

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(refusals); i++)
		if (!strcmp(refusals[i].because, because)) {
			result = refusals[i].result;
			cause = refusals[i].cause;
		}
	zj_info("edge", "rejected call=%s caller=%s callee=%s because=%s count=%lld", zj_log_esc(id),
		zj_log_esc(acd_str(p, "caller")), zj_log_esc(acd_str(p, "callee")), zj_log_esc(because),
		(long long)acd_int(p, "count", 1));
	if (!t || !zj_uuid_is_valid(id))
		return;
	acd_enter(acd);
	acd_sip_user(caller, sizeof(caller), acd_str(p, "caller"));
	acd_sip_user(callee, sizeof(callee), acd_str(p, "callee"));
	acd_fact(t, "call_leg",
		 json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:[]}", "call_id", id, "id", id, "role",
			   "customer", "sip_call_id", acd_json_text(acd_str(p, "sip_call_id")), "trunk_id",
			   acd_json_text(acd_str(p, "trunk")), "contact", acd_json_text(acd_str(p, "source")),
			   "offered_at", acd_json_time(at), "ended_at", acd_json_time(at), "sip_code",
			   (json_int_t)acd_int(p, "code", 0), "cause", cause, "attempts"));
	acd_fact(t, "call",
		 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:I, s:s, s:s, s:o}", "id", id,
			   "direction", "in", "kind", "manual", "caller", caller, "callee", callee, "did", callee,
			   "trunk_id", acd_json_text(acd_str(p, "trunk")), "started_at", acd_json_time(at), "ended_at",
			   acd_json_time(at), "hangup_by", "system", "hangup_cause", cause, "hangup_reason", because,
			   "result", acd_result_name(result), "barred_by", acd_json_text(acd_str(p, "rule"))));
	acd_leave(acd);
}
