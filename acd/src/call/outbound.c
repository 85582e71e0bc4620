#include "call/call.h"
#include "call/outbound_priv.h"
#include "people/extension.h"
#include "zj_dial.h"
#include <stdio.h>
#include <string.h>

/* ---- routes ---- */
static json_t *rule_of(const struct acd_tenant *t, const char *route, const char *number)
{
	json_t *row, *best = NULL;
	const char *id;
	int best_fit = -1;

	json_object_foreach (acd_kept(t, "outbound_rule"), id, row) {
		int f = strcmp(acd_str(row, "route_id"), route) != 0
				? -1
				: zj_dial_fit(acd_str(row, "prefix"), (int)acd_int(row, "length", 0), number);

		if (f > best_fit) {
			best_fit = f;
			best = row;
		}
	}
	return best;
}

/* ---- who asks ---- */
/* The account's group that says something about outbound calls; of several the one that names a route. */
static const json_t *group_of(const struct acd_tenant *t, const char *account)
{
	const json_t *best = NULL;
	struct acd_pair *p, *next;

	HASH_ITER (hh, t->account_groups, p, next) {
		const json_t *row =
			strcmp(p->account_id, account) ? NULL : acd_out_row(t, "account_group", p->group_id);

		if (row && (!best || acd_str(row, "outbound_route_id")[0]))
			best = row;
	}
	return best;
}

static void find_asker(const struct acd_tenant *t, const struct acd_extension *e, struct acd_asker *a)
{
	const struct acd_agent *agent = NULL;

	memset(a, 0, sizeof(*a));
	a->e = e;
	if (a->e) {
		a->ext = acd_out_row(t, "extension", a->e->id);
		agent = a->e->agent;
		ACD_COPY(a->account, a->e->account_id);
	}
	if (agent) {
		a->agent = acd_out_row(t, "agent", agent->id);
		if (agent->account_id[0])
			ACD_COPY(a->account, agent->account_id);
	}
	if (a->account[0])
		a->group = group_of(t, a->account);
}

static void refuse(struct acd_out_why *why, int code, enum acd_result result, const char *text, const char *by)
{
	*why = (struct acd_out_why){code, result, text, by};
}

static bool may_dial(const struct acd_asker *a, const char *number, struct acd_out_why *why)
{
	const char *range = acd_str(a->ext, "outbound_permission");
	bool abroad = (number[0] == '+' && strncmp(number, "+86", 3) != 0) || !strncmp(number, "00", 2);
	bool far = abroad || number[0] == '0' || number[0] == '+';

	if (!a->ext)
		return true;
	if (json_is_false(json_object_get(a->ext, "allow_outbound")))
		refuse(why, 403, ACD_RESULT_BARRED, "the extension may not dial out", "extension");
	else if ((!strcmp(range, "national") && abroad) || (!strcmp(range, "local") && far))
		refuse(why, 403, ACD_RESULT_BARRED, "the extension may not dial this far", "extension");
	else
		return true;
	return false;
}

/* Over which trunk or group: the extension's own, its account group's, the tenant's. */
static void take_object(const struct acd_tenant *t, const struct acd_asker *a, struct acd_out *out)
{
	const json_t *from = a->group && acd_str(a->group, "outbound_id")[0] ? a->group : acd_out_tenant_row(t);

	if (acd_str(a->ext, "trunk_id")[0]) {
		snprintf(out->object, sizeof(out->object), "trunk:%s", acd_str(a->ext, "trunk_id"));
		out->object_by = "extension";
	} else if (acd_str(from, "outbound_id")[0]) {
		snprintf(out->object, sizeof(out->object), "%s:%s", acd_str(from, "outbound_kind"),
			 acd_str(from, "outbound_id"));
		out->object_by = from == a->group ? "account_group" : "tenant";
	}
	if (a->group)
		ACD_COPY(out->group, acd_str(a->group, "id"));
}

/* The account group's route, else the tenant's; without one every number is dialled as it is. */
static enum acd_out_verdict take_route(const struct acd_tenant *t, const struct acd_asker *a, const char *number,
				       struct acd_out *out, struct acd_dest *dest, struct acd_out_why *why)
{
	const char *route = acd_str(a->group, "outbound_route_id"), *kind;
	json_t *rule;

	if (!*route)
		route = acd_str(acd_out_tenant_row(t), "outbound_route_id");
	if (!*route)
		return ACD_OUT_DIAL;
	rule = rule_of(t, route, number);
	kind = acd_str(rule, "destination_kind");
	ACD_COPY(out->route, route);
	ACD_COPY(out->rule, acd_str(rule, "id"));
	if (!rule || !strcmp(kind, "hangup")) {
		refuse(why, 403, ACD_RESULT_BARRED,
		       rule ? "the outbound route ends it" : "no rule of the outbound route fits",
		       rule ? "outbound_rule" : "outbound_route");
		return ACD_OUT_REFUSE;
	}
	if (strcmp(kind, "external") != 0) {
		acd_dest_read(dest, rule, "destination");
		return ACD_OUT_GO;
	}
	(void)zj_dial_rewrite(out->number, sizeof(out->number), number, acd_str(rule, "strip"), acd_str(rule, "add"));
	return ACD_OUT_DIAL;
}

static bool has_trunk(const struct acd_tenant *t, const char *table)
{
	const char *id;
	json_t *row;

	json_object_foreach (acd_kept(t, table), id, row)
		if (acd_str(row, "trunk_id")[0])
			return true;
	return false;
}

/* Is there anything that may name a trunk: the object, a rate, the number that is shown? The edge knows which. */
static bool may_leave(const struct acd_tenant *t, const struct acd_out *out)
{
	struct acd_tenant *carrier = acd_carrier_of(t);

	return out->object[0] || has_trunk(t, "extension_rate") || (carrier && has_trunk(carrier, "extension_rate")) ||
	       has_trunk(t, "trunk_number");
}

static enum acd_out_verdict emergency(struct acd_call *call, const struct acd_asker *a, struct acd_out *out)
{
	struct acd_tenant *carrier = acd_carrier_of(call->tenant);

	out->emergency = true;
	take_object(call->tenant, a, out);
	if (!out->object[0] && carrier)
		take_object(carrier, &(struct acd_asker){0}, out);
	acd_out_caller(call, a, out);
	out->pool[0] = 0;
	return ACD_OUT_DIAL;
}

enum acd_out_verdict acd_outbound(struct acd_call *call, struct acd_out *out, struct acd_dest *dest,
				  struct acd_out_why *why)
{
	struct acd_tenant *t = call->tenant;
	const char *number = call->dest.number;
	struct acd_asker a;
	enum acd_out_verdict verdict;

	memset(out, 0, sizeof(*out));
	ACD_COPY(out->number, number);
	find_asker(t, call->out_ext[0] ? acd_extension_by_number(t, call->out_ext) : NULL, &a);
	if (a.e)
		ACD_COPY(out->extension, a.e->id);
	ACD_COPY(out->account, a.account);
	if (call->dest.id[0]) { /* another tenant's internal number */
		ACD_COPY(out->tenant, call->dest.id);
		return ACD_OUT_DIAL;
	}
	if (acd_is_emergency(t, number))
		return emergency(call, &a, out);
	if (!may_dial(&a, number, why))
		return ACD_OUT_REFUSE;
	if (call->main->role == ACD_ROLE_AGENT && !call->out_known &&
	    acd_out_restricted(t, acd_str(a.agent, "group_id"), number)) {
		refuse(why, 403, ACD_RESULT_BARRED, "the agent group calls none but its recent callers", "agent_group");
		return ACD_OUT_REFUSE;
	}
	verdict = take_route(t, &a, number, out, dest, why);
	if (verdict != ACD_OUT_DIAL)
		return verdict;
	take_object(t, &a, out);
	acd_out_caller(call, &a, out);
	if (!may_leave(t, out)) {
		refuse(why, 404, ACD_RESULT_UNREACHABLE, "no such number, and no trunk for it", "tenant");
		return ACD_OUT_REFUSE;
	}
	out->anonymous = call->out_anonymous || json_is_true(json_object_get(a.ext, "out_anonymous"));
	if (a.e && !out->caller[0] && !out->pool[0] &&
	    json_is_true(json_object_get(acd_out_tenant_row(t), "caller_required"))) {
		refuse(why, 403, ACD_RESULT_BARRED, "no caller number is chosen", "tenant");
		return ACD_OUT_REFUSE;
	}
	return ACD_OUT_DIAL;
}

/* An administrator has said which telephone that is: no permission is asked, no route leads elsewhere. */
void acd_outbound_phone(const struct acd_extension *e, struct acd_out *out)
{
	const struct acd_tenant *t = e->tenant;
	struct acd_call nobody = {.tenant = (struct acd_tenant *)(uintptr_t)t};
	struct acd_dest dest = {0};
	const char *route;
	struct acd_asker a;
	json_t *rule;

	memset(out, 0, sizeof(*out));
	find_asker(t, e, &a);
	ACD_COPY(out->extension, e->id);
	ACD_COPY(out->account, a.account);
	(void)acd_dest_outside(nobody.tenant, e->external, &dest);
	ACD_COPY(out->number, dest.number);
	ACD_COPY(out->tenant, dest.id);
	route = acd_str(a.group, "outbound_route_id");
	rule = rule_of(t, *route ? route : acd_str(acd_out_tenant_row(t), "outbound_route_id"), out->number);
	if (!strcmp(acd_str(rule, "destination_kind"), "external"))
		(void)zj_dial_rewrite(out->number, sizeof(out->number), dest.number, acd_str(rule, "strip"),
				      acd_str(rule, "add"));
	take_object(t, &a, out);
	acd_out_caller(&nobody, &a, out);
}
