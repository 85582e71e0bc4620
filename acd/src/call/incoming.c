/* A leg that the edge sent: whose it is, where it wants to go. */
#include "call/call.h"
#include "call/leg.h"
#include "call/outbound.h"
#include "call/segment.h"
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
#include "queue/queue.h"
#include "story/story.h"
#include <stdlib.h>
#include <string.h>

/* "campaign:<id>": what page is to open. */
static bool is_binding(const char *text)
{
	static const char *const kinds[] = {"campaign:", "business_client:", "application:"};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(kinds); i++)
		if (!strncmp(text, kinds[i], strlen(kinds[i])))
			return zj_uuid_is_valid(text + strlen(kinds[i]));
	return false;
}

static void take_route(struct acd_call *call, const json_t *headers)
{
	if (zj_uuid_is_valid(acd_str(headers, "X-Zj-Route")))
		ACD_COPY(call->route, acd_str(headers, "X-Zj-Route"));
	if (is_binding(acd_str(headers, "X-Zj-Binding")))
		ACD_COPY(call->binding, acd_str(headers, "X-Zj-Binding"));
	if (!strcmp(acd_str(headers, "X-Zj-Vip"), "1"))
		ACD_COPY(call->vip, "1");
}

static void describe(struct acd_call *call, struct acd_leg *leg, const json_t *j)
{
	const json_t *headers = json_object_get(j, "headers");
	const char *trunk = acd_str(headers, "X-Zj-Trunk"), *did = acd_str(headers, "X-Zj-Did");

	acd_sip_user(call->caller, sizeof(call->caller), acd_str(j, "from"));
	if (call->direction == ACD_DIR_INTERNAL && acd_str(headers, "X-Zj-From-Ext")[0]) /* as authenticated */
		ACD_COPY(call->caller, acd_str(headers, "X-Zj-From-Ext"));
	acd_sip_user(call->callee, sizeof(call->callee), acd_str(j, "to"));
	ACD_COPY(call->caller_name, acd_str(j, "from_name"));
	take_route(call, headers);
	if (zj_uuid_is_valid(trunk)) {
		ACD_COPY(call->trunk, trunk);
		ACD_COPY(leg->trunk, trunk);
	}
	if (call->direction == ACD_DIR_IN)
		ACD_COPY(call->did, *did ? did : call->callee);
	ACD_COPY(leg->sip_call_id, acd_str(j, "sip_call_id"));
	ACD_COPY(leg->contact, acd_str(j, "contact"));
	ACD_COPY(leg->codec, acd_str(j, "codec"));
	ACD_COPY(leg->relay, acd_str(j, "relay"));
}

/* The dialling phone may be an agent's: then the agent is taken by this call. */
static void claim_caller(struct acd_call *call)
{
	struct acd_extension *e = acd_extension_by_number(call->tenant, call->caller);

	acd_leg_set_phone(call->main, call->caller);
	ACD_COPY(call->out_ext, call->caller);
	if (e && e->agent && !acd_agent_take(e->agent, call->main, NULL))
		ACD_COPY(call->last_agent, e->agent->id);
}

/* The page bound as default opens for calls of a telephone itself only where an agent sits at it in agent mode: calls
 * that it dials outside, and those that come to it directly. */
static void keep_binding(struct acd_call *call, const struct acd_dest *dest, bool is_default)
{
	const struct acd_extension *e = call->main->phone;

	if (call->direction == ACD_DIR_IN && dest->kind == ACD_TO_EXTENSION)
		e = acd_extension_find(call->tenant, dest->id);
	else if (call->direction == ACD_DIR_IN)
		return;
	if (is_default && (!e || !e->agent || !e->agent_mode ||
			   (call->direction == ACD_DIR_INTERNAL && dest->kind != ACD_TO_EXTERNAL)))
		call->binding[0] = 0;
}

static void refuse(struct acd_call *call, int code, enum acd_result result, const char *reason)
{
	call->tenant->acd->stats.refused++;
	acd_call_bye(call, code, result, reason, ACD_LEFT_FAILED);
}

/* Barred at the edge, with words: said before anybody answers (the bye does that), then refused with the rule's code.
 */
static void refuse_barred(struct acd_call *call, const json_t *headers)
{
	const char *rule = acd_str(headers, "X-Zj-Barred");
	int code = atoi(acd_str(headers, "X-Zj-Code"));

	if (zj_uuid_is_valid(rule))
		ACD_COPY(call->barred_by, rule);
	ACD_COPY(call->last_prompt, acd_str(headers, "X-Zj-Target"));
	refuse(call, code >= 400 && code < 700 ? code : 403, ACD_RESULT_BARRED, "barred");
}

const char *acd_dial_against(const struct acd_call *call, const struct acd_dest *dest, const char *number)
{
	const struct acd_extension *phone = call->main->phone;

	if (phone && dest->kind != ACD_TO_APPLICATION && acd_extension_is_agents_only(phone, call) &&
	    !acd_is_emergency(call->tenant, number))
		return "the telephone of a signed-in agent takes agent calls only";
	if (dest->kind == ACD_TO_EXTENSION && call->direction == ACD_DIR_INTERNAL && !call->tenant->internal_calls)
		return "no calls between extensions";
	return NULL;
}

static void route(struct acd_call *call, const char *kind, const char *target, const char *bound)
{
	struct acd_dest dest = {0};
	const char *because;

	if (!strcmp(kind, "tenant")) { /* another tenant's phone dialled our prefix: our internal numbers only */
		if (!acd_dest_by_number(call->tenant, target, &dest)) {
			refuse(call, 404, ACD_RESULT_UNREACHABLE, "no such internal number");
			return;
		}
	} else if (strcmp(kind, "dial"))
		acd_dest_make(&dest, kind, target);
	else if (!acd_dest_parse(call->tenant, target, &dest)) {
		refuse(call, 404, ACD_RESULT_FAILED, "no such number");
		return;
	}
	keep_binding(call, &dest, !strcmp(bound, "default"));
	because = acd_dial_against(call, &dest, target);
	if (because)
		refuse(call, 403, ACD_RESULT_BARRED, because);
	else
		acd_call_go(call, &dest, ACD_LEFT_REDIRECTED);
}

/* A leg of the snapshot may have got further than that. */
static void resume_state(struct acd_call *call, struct acd_leg *leg, const json_t *j)
{
	if (strcmp(acd_str(j, "state"), "answered"))
		return;
	acd_call_at(call, 0);
	acd_leg_times(leg, j);
	leg->state = ACD_LEG_ANSWERED;
	if (!leg->answered_at)
		leg->answered_at = call->last_at;
	call->answered_at = leg->answered_at;
}

void acd_incoming(struct acd *acd, const json_t *j)
{
	acd_incoming_known(acd, j, false);
}

void acd_incoming_known(struct acd *acd, const json_t *j, bool talking)
{
	const json_t *headers = json_object_get(j, "headers");
	const char *kind = acd_str(headers, "X-Zj-Kind"), *target = acd_str(headers, "X-Zj-Target"),
		   *id = acd_str(j, "call");
	struct acd_tenant *t = acd_tenant_find(acd, acd_str(j, "tenant"));
	bool barred = acd_str(headers, "X-Zj-Barred")[0] != 0,
	     dial = !strcmp(kind, "dial") || (barred && acd_str(headers, "X-Zj-From-Ext")[0]);
	struct acd_call *call;
	struct acd_leg *leg;

	if (acd_leg_find(acd, acd_str(j, "leg")))
		return; /* a repeat */
	if (!t)
		t = acd_tenant_get(acd, acd_str(j, "tenant"));
	if (!t || !zj_uuid_is_valid(acd_str(j, "leg")))
		return;
	call = acd_call_find(acd, id) || !zj_uuid_is_valid(id)
		       ? acd_call_add(t, NULL, dial ? ACD_DIR_INTERNAL : ACD_DIR_IN)
		       : acd_call_add(t, id, dial ? ACD_DIR_INTERNAL : ACD_DIR_IN);
	if (!call)
		return;
	call->started_at = acd_int(j, "started_at", acd->now);
	if (call->started_at > acd->now)
		call->started_at = acd->now;
	call->last_at = call->started_at;
	leg = acd_leg_add(call, acd_str(j, "leg"), dial ? ACD_ROLE_AGENT : ACD_ROLE_CUSTOMER, false);
	if (!leg) {
		acd_call_free(call);
		return;
	}
	call->main = leg;
	describe(call, leg, j);
	acd_segment_put(leg, ACD_SEG_RING, "incoming");
	acd_call_at(call, acd_int(j, "at", call->started_at));
	zj_info("call", "incoming call=%s leg=%s tenant=%s kind=%s target=%s caller=%s callee=%s", call->id, leg->id,
		t->name, zj_log_esc(kind), zj_log_esc(target), zj_log_esc(call->caller), zj_log_esc(call->callee));
	resume_state(call, leg, j);
	if (dial)
		claim_caller(call);
	if (talking)
		return;
	if (!t->known || !t->enabled || t->gone)
		refuse(call, 403, ACD_RESULT_REJECTED, "tenant unknown or disabled");
	else if ((int64_t)HASH_CNT(in_t, t->calls) > t->max_calls && !(dial && acd_is_emergency(t, target)))
		refuse(call, 503, ACD_RESULT_OVER_LIMIT, "too many calls of the tenant");
	else if (barred)
		refuse_barred(call, headers);
	else
		route(call, kind, target, acd_str(headers, "X-Zj-Bound"));
}
