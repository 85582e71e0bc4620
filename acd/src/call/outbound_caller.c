/* The caller that is shown outside. The edge may still put a trunk's own number in its place. */
#include "call/outbound_priv.h"
#include <stdio.h>
#include <string.h>

static bool say(struct acd_out *out, const char *by, const json_t *row, const char *number, const char *name)
{
	if (!acd_str(row, number)[0])
		return false;
	ACD_COPY(out->caller, acd_str(row, number));
	ACD_COPY(out->name, acd_str(row, name));
	ACD_COPY(out->caller_row, acd_str(row, "id"));
	out->caller_by = by;
	return true;
}

static bool say_own(struct acd_out *out, const char *by, const json_t *row)
{
	return say(out, by, row, "out_caller_number", "out_caller_name");
}

static bool say_number(struct acd_out *out, const char *by, const struct acd_tenant *t, const char *trunk_number)
{
	return say(out, by, acd_out_row(t, "trunk_number", trunk_number), "full_number", "caller_name");
}

static bool say_pool(struct acd_out *out, const char *by, const json_t *row)
{
	ACD_COPY(out->pool, acd_str(row, "caller_pool_id"));
	if (out->pool[0]) {
		out->caller_by = by;
		ACD_COPY(out->caller_row, out->pool);
	}
	return out->pool[0];
}

/* The employee's access number, by the trunk that it belongs to. */
static bool say_access(struct acd_out *out, const struct acd_tenant *t, const json_t *account)
{
	const char *number = acd_str(account, "access_number"), *id;
	json_t *row;

	if (!say(out, "access_number", account, "access_number", ""))
		return false;
	json_object_foreach (acd_kept(t, "number"), id, row)
		if (!strcmp(acd_str(row, "number"), number) && acd_str(row, "trunk_id")[0]) {
			snprintf(out->object, sizeof(out->object), "trunk:%s", acd_str(row, "trunk_id"));
			out->object_by = "access_number";
		}
	return true;
}

/* The number that the agent chose; the service's where it is forced; the employee's access number for a click; the
 * agent's, the extension's, the service's, the tenant's. */
void acd_out_caller(const struct acd_call *call, const struct acd_asker *a, struct acd_out *out)
{
	const struct acd_tenant *t = call->tenant;
	const json_t *service = acd_out_row(t, "number", call->out_service), *tenant = acd_out_tenant_row(t);
	const json_t *account = call->out_click ? acd_out_row(t, "account", a->account) : NULL;
	bool forced = json_is_true(json_object_get(service, "force_caller"));

	if (say_number(out, "chosen", t, call->out_number) || (forced && say_own(out, "service", service)) ||
	    say_access(out, t, account) || say_own(out, "agent", a->agent) ||
	    say_number(out, "extension_number", t, acd_str(a->ext, "trunk_number_id")) ||
	    say_own(out, "extension", a->ext) || say_pool(out, "extension_pool", a->ext) ||
	    say_own(out, "service", service) || say(out, "tenant", tenant, "caller_number", "caller_name"))
		return;
	(void)say_pool(out, "tenant_pool", tenant);
}
