/* What would happen to a call that an extension dials: decided by the functions that decide, with nobody called. */
#include "call/call.h"
#include "call/outbound_priv.h"
#include "people/agent.h"
#include "people/extension.h"
#include <string.h>

static void set(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, value && *value ? json_string(value) : json_null());
}

static void say_dest(json_t *o, const struct acd_dest *dest)
{
	set(o, "kind", acd_dest_kind_name(dest->kind));
	set(o, "target", dest->id[0] ? dest->id : dest->number);
}

static void say_out(json_t *o, const struct acd_out *out)
{
	set(o, "leaves_as", out->number);
	set(o, "account", out->account);
	set(o, "account_group", out->group);
	set(o, "route", out->route);
	set(o, "rule", out->rule);
	set(o, "object", out->object);
	set(o, "object_by", out->object_by);
	set(o, "caller", out->caller);
	set(o, "caller_name", out->name);
	set(o, "caller_by", out->caller_by);
	set(o, "caller_row", out->caller_row);
	set(o, "pool", out->pool);
	set(o, "to_tenant", out->tenant);
	json_object_set_new(o, "anonymous", json_boolean(out->anonymous));
	json_object_set_new(o, "emergency", json_boolean(out->emergency));
}

static void say_refused(json_t *o, const struct acd_out_why *why)
{
	set(o, "verdict", "refuse");
	json_object_set_new(o, "code", json_integer(why->code));
	set(o, "result", acd_result_name(why->result));
	set(o, "because", why->text);
	set(o, "because_of", why->by);
}

static void say_outside(json_t *o, struct acd_call *call)
{
	struct acd_out_why why = {0};
	struct acd_dest dest = {0};
	struct acd_out out;

	switch (acd_outbound(call, &out, &dest, &why)) {
	case ACD_OUT_REFUSE:
		say_refused(o, &why);
		break;
	case ACD_OUT_GO:
		set(o, "verdict", "go");
		say_dest(o, &dest);
		break;
	case ACD_OUT_DIAL:
		set(o, "verdict", out.tenant[0] ? "tenant" : "dial");
		break;
	}
	say_out(o, &out);
}

json_t *acd_outbound_explain(struct acd_tenant *t, const json_t *p)
{
	struct acd_extension *e = acd_extension_by_number(t, acd_str(p, "extension"));
	struct acd_leg phone = {.role = ACD_ROLE_AGENT, .phone = e};
	struct acd_call call = {.tenant = t, .direction = ACD_DIR_INTERNAL, .main = &phone};
	const char *number = acd_str(p, "number"), *against;
	bool full = (int64_t)HASH_CNT(in_t, t->calls) >= t->max_calls;
	json_t *o;

	if (!e || e->gone)
		return NULL;
	o = json_pack("{s:s, s:s}", "extension", e->id, "dialled", number);
	set(o, "agent", e->agent ? e->agent->id : NULL);
	ACD_COPY(call.out_ext, e->number);
	ACD_COPY(call.out_number, acd_str(p, "trunk_number"));
	ACD_COPY(call.out_service, acd_str(p, "service"));
	call.out_click = json_is_true(json_object_get(p, "click"));
	call.out_anonymous = json_is_true(json_object_get(p, "anonymous"));
	if (!acd_dest_parse(t, number, &call.dest)) {
		say_refused(o, &(struct acd_out_why){404, ACD_RESULT_FAILED, "no such number", NULL});
		return o;
	}
	say_dest(o, &call.dest);
	against = !t->enabled || t->gone                 ? "tenant unknown or disabled"
		  : full && !acd_is_emergency(t, number) ? "too many calls of the tenant"
							 : acd_dial_against(&call, &call.dest, number);
	if (against)
		say_refused(o, &(struct acd_out_why){403, ACD_RESULT_BARRED, against, "tenant"});
	else if (call.dest.kind == ACD_TO_EXTERNAL)
		say_outside(o, &call);
	else
		set(o, "verdict", "internal");
	return o;
}
