/* A leg that leaves: what the edge is told of it, and what the edge says back. */
#include "call/outbound.h"
#include "core/events.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS_MAX 16

static void put(json_t *headers, const char *name, const char *value)
{
	if (value[0])
		json_object_set_new(headers, name, json_string(value));
}

/* What the edges count of the call by; one that was restarted asks for it. */
static void keep_asked(struct acd_leg *leg, const struct acd_out *out)
{
	json_decref(leg->asked);
	leg->asked = json_pack("{s:s, s:s}", "tenant", leg->call->tenant->id, "number", out->number);
	if (out->group[0])
		json_object_set_new(leg->asked, "group", json_string(out->group));
	if (out->extension[0])
		json_object_set_new(leg->asked, "extension", json_string(out->extension));
	if (out->account[0])
		json_object_set_new(leg->asked, "account", json_string(out->account));
}

json_t *acd_out_leg(struct acd_leg *leg, const struct acd_out *out, int64_t timeout_us)
{
	const struct acd_call *call = leg->call;
	const char *via = acd_edge_for(call->tenant, NULL);
	json_t *h = json_pack("{s:s}", "X-Zj-Call", call->id), *params;

	if (!out->tenant[0])
		keep_asked(leg, out);
	put(h, "X-Zj-Kind", out->tenant[0] ? "tenant" : "external");
	put(h, "X-Zj-Target", out->number);
	put(h, "X-Zj-To-Tenant", out->tenant);
	put(h, "X-Zj-Out", out->object);
	put(h, "X-Zj-Group", out->group);
	put(h, "X-Zj-Pool", out->pool);
	put(h, "X-Zj-Extension", out->extension);
	put(h, "X-Zj-Account", out->account);
	put(h, "X-Zj-Caller", out->caller);
	put(h, "X-Zj-Caller-Name", out->name);
	put(h, "X-Zj-Anonymous", out->anonymous ? "1" : "");
	put(h, "X-Zj-Emergency", out->emergency ? "1" : "");
	params = json_pack("{s:s, s:s, s:o, s:s, s:I, s:o}", "leg", leg->id, "call", call->id, "to",
			   json_sprintf("sip:%s@%s", out->number, call->tenant->sip_domain), "from",
			   out->tenant[0] && call->caller[0] ? call->caller
			   : out->caller[0]                  ? out->caller
							     : "anonymous",
			   "timeout_ms", (json_int_t)(timeout_us / ACD_MS), "headers", h);
	if (via)
		json_object_set_new(params, "via", json_string(via));
	return params;
}

/* `trunk;host:port;code;ms,…` as the edge writes it. */
static json_t *read_attempts(const char *text)
{
	json_t *all = json_array();

	while (*text && json_array_size(all) < ATTEMPTS_MAX) {
		char trunk[64], host[300];
		long long ms;
		int code, n = 0;

		if (sscanf(text, " %63[0-9a-f-];%299[^;];%d;%lld%n", trunk, host, &code, &ms, &n) != 4 || !n ||
		    !zj_uuid_is_valid(trunk))
			break;
		json_array_append_new(all, json_pack("{s:s, s:s, s:i, s:I}", "trunk_id", trunk, "host", host, "code",
						     code, "ms", (json_int_t)ms));
		text += n;
		text += *text == ',';
	}
	return all;
}

void acd_out_heard(struct acd_leg *leg, const json_t *edge)
{
	const char *trunk = acd_str(edge, "X-Zj-Trunk"), *attempts = acd_str(edge, "X-Zj-Attempts");
	int64_t longest = atoll(acd_str(edge, "X-Zj-Longest"));

	if (!json_is_object(edge))
		return;
	if (zj_uuid_is_valid(trunk)) {
		ACD_COPY(leg->trunk, trunk);
		if (leg->call->direction == ACD_DIR_OUT)
			ACD_COPY(leg->call->trunk, trunk);
	}
	if (*attempts) {
		json_decref(leg->attempts);
		leg->attempts = read_attempts(attempts);
	}
	ACD_COPY(leg->because, acd_str(edge, "X-Zj-Because"));
	if (zj_uuid_is_valid(acd_str(edge, "X-Zj-Barred")))
		ACD_COPY(leg->call->barred_by, acd_str(edge, "X-Zj-Barred"));
	if (longest > 0)
		leg->longest_us = longest * ACD_S;
	acd_leg_cut(leg);
}

void acd_trunk_state(struct acd *acd, const json_t *p)
{
	struct acd_tenant *t = acd_tenant_find(acd, acd_str(p, "tenant"));
	json_t *data;

	if (!t)
		return;
	acd_enter(acd);
	data = json_pack("{s:s, s:s, s:s, s:s}", "id", acd_str(p, "trunk"), "host", acd_str(p, "host"), "state",
			 acd_str(p, "state"), "address", acd_str(p, "address"));
	if (json_is_integer(json_object_get(p, "ms")))
		json_object_set(data, "ms", json_object_get(p, "ms"));
	json_object_set_new(data, "code", json_integer(acd_int(p, "code", 0)));
	if (json_is_string(json_object_get(p, "because")))
		json_object_set(data, "because", json_object_get(p, "because"));
	zj_info("edge", "trunk state=%s trunk=%s address=%s code=%lld because=%s", zj_log_esc(acd_str(p, "state")),
		acd_str(p, "trunk"), zj_log_esc(acd_str(p, "address")), (long long)acd_int(p, "code", 0),
		zj_log_esc(acd_str(p, "because")));
	acd_touch(t);
	acd_event(t, "trunk.changed", data);
	acd_leave(acd);
}
