#include "call/outbound.h"
#include "call/call.h"
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS_MAX 16

void acd_outbound_keep(struct acd_tenant *t, const char *table, const char *id, const json_t *row)
{
	json_t *rows;

	if (!t->out)
		t->out = json_object();
	rows = json_object_get(t->out, table);
	if (!rows) {
		rows = json_object();
		json_object_set_new(t->out, table, rows);
	}
	if (row)
		json_object_set(rows, id, (json_t *)(uintptr_t)row);
	else
		json_object_del(rows, id);
}

void acd_outbound_forget(struct acd_tenant *t)
{
	json_decref(t->out);
	t->out = NULL;
}

#define KEEPER(name, table)                                                                                            \
	void name(struct acd_tenant *t, const char *id, const json_t *row)                                             \
	{                                                                                                              \
		acd_outbound_keep(t, table, id, row);                                                                  \
	}
KEEPER(acd_out_rule_row, "outbound_rule")
KEEPER(acd_out_agent_group_row, "agent_group")
KEEPER(acd_out_group_row, "account_group")
KEEPER(acd_out_account_row, "account")
KEEPER(acd_out_number_row, "trunk_number")
KEEPER(acd_out_service_row, "number")
KEEPER(acd_out_emergency_row, "emergency_number")
KEEPER(acd_out_rate_row, "extension_rate")
KEEPER(acd_client_row, "business_client")
KEEPER(acd_client_contact_row, "business_client_contact")
KEEPER(acd_client_number_row, "business_client_number")

json_t *acd_kept(const struct acd_tenant *t, const char *table)
{
	return json_object_get(t->out, table);
}

/* NULL when there is none. */
static json_t *row_of(const struct acd_tenant *t, const char *table, const char *id)
{
	return *id ? json_object_get(acd_kept(t, table), id) : NULL;
}

bool acd_out_has(const struct acd_tenant *t, const char *table, const char *id)
{
	return row_of(t, table, id) != NULL;
}

static json_t *tenant_row(const struct acd_tenant *t)
{
	return row_of(t, "tenant", t->id);
}

static struct acd_tenant *carrier_of(const struct acd_tenant *t)
{
	struct acd_tenant *c, *next;

	HASH_ITER (hh, t->acd->tenants, c, next)
		if (c->carrier)
			return c;
	return NULL;
}

static bool lists_emergency(const struct acd_tenant *t, const char *number)
{
	const char *id;
	json_t *row;

	json_object_foreach (acd_kept(t, "emergency_number"), id, row)
		if (!strcmp(acd_str(row, "number"), number))
			return true;
	return false;
}

bool acd_is_emergency(const struct acd_tenant *t, const char *number)
{
	struct acd_tenant *carrier = carrier_of(t);

	return lists_emergency(t, number) || (carrier && carrier != t && lists_emergency(carrier, number));
}

bool acd_out_restricted(const struct acd_tenant *t, const char *group_id, const char *number)
{
	return json_is_true(json_object_get(row_of(t, "agent_group", group_id), "outbound_restricted")) &&
	       !acd_is_emergency(t, number);
}

static bool is_number(const char *s)
{
	return *s && strspn(s, "+0123456789*#") == strlen(s) && strlen(s) <= 32 && strpbrk(s, "0123456789");
}

/* The tenant whose dial prefix is the longest that the number begins with. */
static struct acd_tenant *by_dial_prefix(struct acd_tenant *t, const char *number, size_t *len)
{
	struct acd_tenant *x, *next, *best = NULL;

	*len = 0;
	HASH_ITER (hh, t->acd->tenants, x, next) {
		const char *prefix = acd_str(tenant_row(x), "dial_prefix");
		size_t n = strlen(prefix);

		if (x != t && x->enabled && !x->gone && n > *len && !strncmp(number, prefix, n) && number[n]) {
			*len = n;
			best = x;
		}
	}
	return best;
}

bool acd_dest_outside(struct acd_tenant *t, const char *number, struct acd_dest *dest)
{
	const char *prefix = acd_str(tenant_row(t), "out_prefix");
	size_t n = strlen(prefix), len;
	struct acd_tenant *other;

	if (!is_number(number))
		return false;
	memset(dest, 0, sizeof(*dest));
	dest->kind = ACD_TO_EXTERNAL;
	if (!acd_is_emergency(t, number)) {
		other = by_dial_prefix(t, number, &len);
		if (other) {
			ACD_COPY(dest->id, other->id);
			ACD_COPY(dest->number, number + len);
			return true;
		}
		if (n && !strncmp(number, prefix, n) && number[n])
			number += n;
	}
	ACD_COPY(dest->number, number);
	return true;
}

/* ---- routes ---- */
static int fit(const char *prefix, int64_t length, const char *number)
{
	const char *digits = number[0] == '+' ? number + 1 : number, *p = prefix[0] == '+' ? prefix + 1 : prefix;

	if (!strcmp(prefix, "default"))
		p = "";
	if (strncmp(digits, p, strlen(p)) != 0 || (length && (int64_t)strlen(digits) != length))
		return -1;
	return 2 * (int)strlen(p) + (length ? 1 : 0);
}

static json_t *rule_of(const struct acd_tenant *t, const char *route, const char *number)
{
	json_t *row, *best = NULL;
	const char *id;
	int best_fit = -1;

	json_object_foreach (acd_kept(t, "outbound_rule"), id, row) {
		int f = strcmp(acd_str(row, "route_id"), route) != 0
				? -1
				: fit(acd_str(row, "prefix"), acd_int(row, "length", 0), number);

		if (f > best_fit) {
			best_fit = f;
			best = row;
		}
	}
	return best;
}

static void rewrite(char *out, size_t size, const char *number, const char *strip, const char *add)
{
	size_t cut = *strip && !strncmp(number, strip, strlen(strip)) ? strlen(strip) : 0;
	char text[2 * ACD_NUMBER_SIZE];

	snprintf(text, sizeof(text), "%s%s", add, number + cut);
	acd_copy(out, size, text);
}

/* ---- who asks ---- */
struct asker {
	const struct acd_extension *e;
	const json_t *ext, *agent, *group;
	char account[ZJ_UUID_SIZE];
};

/* The account's group that says something about outbound calls; of several the one that names a route. */
static const json_t *group_of(const struct acd_tenant *t, const char *account)
{
	const json_t *best = NULL;
	struct acd_pair *p, *next;

	HASH_ITER (hh, t->account_groups, p, next) {
		const json_t *row = strcmp(p->account_id, account) ? NULL : row_of(t, "account_group", p->group_id);

		if (row && (!best || acd_str(row, "outbound_route_id")[0]))
			best = row;
	}
	return best;
}

static void find_asker(const struct acd_tenant *t, const struct acd_extension *e, struct asker *a)
{
	const struct acd_agent *agent = NULL;

	memset(a, 0, sizeof(*a));
	a->e = e;
	if (a->e) {
		a->ext = row_of(t, "extension", a->e->id);
		agent = a->e->agent;
		ACD_COPY(a->account, a->e->account_id);
	}
	if (agent) {
		a->agent = row_of(t, "agent", agent->id);
		if (agent->account_id[0])
			ACD_COPY(a->account, agent->account_id);
	}
	if (a->account[0])
		a->group = group_of(t, a->account);
}

static void refuse(struct acd_out_why *why, int code, enum acd_result result, const char *text)
{
	*why = (struct acd_out_why){code, result, text};
}

static bool may_dial(const struct asker *a, const char *number, struct acd_out_why *why)
{
	const char *range = acd_str(a->ext, "outbound_permission");
	bool abroad = (number[0] == '+' && strncmp(number, "+86", 3) != 0) || !strncmp(number, "00", 2);
	bool far = abroad || number[0] == '0' || number[0] == '+';

	if (!a->ext)
		return true;
	if (json_is_false(json_object_get(a->ext, "allow_outbound")))
		refuse(why, 403, ACD_RESULT_BARRED, "the extension may not dial out");
	else if ((!strcmp(range, "national") && abroad) || (!strcmp(range, "local") && far))
		refuse(why, 403, ACD_RESULT_BARRED, "the extension may not dial this far");
	else
		return true;
	return false;
}

/* Over which trunk or group: the extension's own, its account group's, the tenant's. */
static void take_object(const struct acd_tenant *t, const struct asker *a, struct acd_out *out)
{
	const json_t *from = a->group && acd_str(a->group, "outbound_id")[0] ? a->group : tenant_row(t);

	if (acd_str(a->ext, "trunk_id")[0])
		snprintf(out->object, sizeof(out->object), "trunk:%s", acd_str(a->ext, "trunk_id"));
	else if (acd_str(from, "outbound_id")[0])
		snprintf(out->object, sizeof(out->object), "%s:%s", acd_str(from, "outbound_kind"),
			 acd_str(from, "outbound_id"));
	if (a->group)
		ACD_COPY(out->group, acd_str(a->group, "id"));
}

/* ---- the caller that is shown ---- */
static bool say(struct acd_out *out, const json_t *row, const char *number, const char *name)
{
	if (!acd_str(row, number)[0])
		return false;
	ACD_COPY(out->caller, acd_str(row, number));
	ACD_COPY(out->name, acd_str(row, name));
	return true;
}

static bool say_number(const struct acd_tenant *t, struct acd_out *out, const char *trunk_number)
{
	return say(out, row_of(t, "trunk_number", trunk_number), "full_number", "caller_name");
}

static bool say_pool(struct acd_out *out, const json_t *row)
{
	ACD_COPY(out->pool, acd_str(row, "caller_pool_id"));
	return out->pool[0];
}

/* The employee's access number, by the trunk that it belongs to. */
static bool say_access(struct acd_out *out, const struct acd_tenant *t, const json_t *account)
{
	const char *number = acd_str(account, "access_number"), *id;
	json_t *row;

	if (!number[0])
		return false;
	ACD_COPY(out->caller, number);
	json_object_foreach (acd_kept(t, "number"), id, row)
		if (!strcmp(acd_str(row, "number"), number) && acd_str(row, "trunk_id")[0])
			snprintf(out->object, sizeof(out->object), "trunk:%s", acd_str(row, "trunk_id"));
	return true;
}

/* The number that the agent chose; the service's where it is forced; the employee's access number for a click; the
 * agent's, the extension's, the service's, the tenant's. */
static void take_caller(const struct acd_call *call, const struct asker *a, struct acd_out *out)
{
	const struct acd_tenant *t = call->tenant;
	const json_t *service = row_of(t, "number", call->out_service), *tenant = tenant_row(t);
	const json_t *account = call->out_click ? row_of(t, "account", a->account) : NULL;
	bool forced = json_is_true(json_object_get(service, "force_caller"));

	if (say_number(t, out, call->out_number) ||
	    (forced && say(out, service, "out_caller_number", "out_caller_name")) || say_access(out, t, account) ||
	    say(out, a->agent, "out_caller_number", "out_caller_name") ||
	    say_number(t, out, acd_str(a->ext, "trunk_number_id")) ||
	    say(out, a->ext, "out_caller_number", "out_caller_name") || say_pool(out, a->ext) ||
	    say(out, service, "out_caller_number", "out_caller_name") ||
	    say(out, tenant, "caller_number", "caller_name"))
		return;
	(void)say_pool(out, tenant);
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
	struct acd_tenant *carrier = carrier_of(t);

	return out->object[0] || has_trunk(t, "extension_rate") || (carrier && has_trunk(carrier, "extension_rate")) ||
	       has_trunk(t, "trunk_number");
}

static enum acd_out_verdict emergency(struct acd_call *call, const struct asker *a, struct acd_out *out)
{
	struct acd_tenant *carrier = carrier_of(call->tenant);

	out->emergency = true;
	take_object(call->tenant, a, out);
	if (!out->object[0] && carrier)
		take_object(carrier, &(struct asker){0}, out);
	take_caller(call, a, out);
	out->pool[0] = 0;
	return ACD_OUT_DIAL;
}

enum acd_out_verdict acd_outbound(struct acd_call *call, struct acd_out *out, struct acd_dest *dest,
				  struct acd_out_why *why)
{
	struct acd_tenant *t = call->tenant;
	const char *number = call->dest.number, *route;
	struct asker a;
	json_t *rule;

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
		refuse(why, 403, ACD_RESULT_BARRED, "the agent group calls none but its recent callers");
		return ACD_OUT_REFUSE;
	}
	route = acd_str(a.group, "outbound_route_id");
	if (!*route)
		route = acd_str(tenant_row(t), "outbound_route_id");
	if (*route) {
		rule = rule_of(t, route, number);
		if (!rule || !strcmp(acd_str(rule, "destination_kind"), "hangup")) {
			refuse(why, 403, ACD_RESULT_BARRED,
			       rule ? "the outbound route ends it" : "no rule of the outbound route fits");
			return ACD_OUT_REFUSE;
		}
		if (strcmp(acd_str(rule, "destination_kind"), "external") != 0) {
			acd_dest_read(dest, rule, "destination");
			return ACD_OUT_GO;
		}
		rewrite(out->number, sizeof(out->number), number, acd_str(rule, "strip"), acd_str(rule, "add"));
	}
	take_object(t, &a, out);
	take_caller(call, &a, out);
	if (!may_leave(t, out)) {
		refuse(why, 404, ACD_RESULT_UNREACHABLE, "no such number, and no trunk for it");
		return ACD_OUT_REFUSE;
	}
	out->anonymous = call->out_anonymous || json_is_true(json_object_get(a.ext, "out_anonymous"));
	if (a.e && !out->caller[0] && !out->pool[0] &&
	    json_is_true(json_object_get(tenant_row(t), "caller_required"))) {
		refuse(why, 403, ACD_RESULT_BARRED, "no caller number is chosen");
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
	struct asker a;
	json_t *rule;

	memset(out, 0, sizeof(*out));
	find_asker(t, e, &a);
	ACD_COPY(out->extension, e->id);
	ACD_COPY(out->account, a.account);
	(void)acd_dest_outside(nobody.tenant, e->external, &dest);
	ACD_COPY(out->number, dest.number);
	ACD_COPY(out->tenant, dest.id);
	route = acd_str(a.group, "outbound_route_id");
	rule = rule_of(t, *route ? route : acd_str(tenant_row(t), "outbound_route_id"), out->number);
	if (!strcmp(acd_str(rule, "destination_kind"), "external"))
		rewrite(out->number, sizeof(out->number), dest.number, acd_str(rule, "strip"), acd_str(rule, "add"));
	take_object(t, &a, out);
	take_caller(&nobody, &a, out);
}

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
