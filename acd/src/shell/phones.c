/* How the telephones of extensions are now: who sits there and what acd knows at once, and from every edge its contacts
 * with their round trip. One that is registered at two edges is told by both: the one that it really talks to knows the
 * way there. */
#include "people/agent.h"
#include "people/extension.h"
#include "shell/daemon.h"
#include "zj_obj.h"
#include <string.h>

#define ASKED_MAX 500 /* extensions of one question: an answer is one line */

struct asked {
	struct zj_rpc_call *call;
	json_t *phones; /* {number: what is answered} */
	unsigned waiting;
};

static void destructor(void *obj)
{
	json_decref(((struct asked *)obj)->phones);
}

static json_t *describe(const struct acd_extension *e)
{
	const struct acd_agent *a = acd_extension_agent(e);
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:[]}", "id", e->id, "number", e->number, "name", e->name,
			      "kind", e->kind[0] ? e->kind : "sip", "registered",
			      acd_reg_find(e->tenant, e->number) != NULL, "in_call", !acd_extension_is_idle(e, NULL),
			      "contacts");

	if (a)
		json_object_set_new(o, "agent",
				    json_pack("{s:s, s:s, s:s, s:b}", "id", a->id, "number", a->number, "state",
					      acd_agent_state_name(a->state), "here", e->agent == a));
	return o;
}

/* Reachable as the best of its contacts; what no edge has asked yet is not known. */
static void conclude(json_t *o)
{
	bool outside = !strcmp(acd_str(o, "kind"), "external"), reachable = outside;
	json_t *contacts = json_object_get(o, "contacts"), *c;
	int64_t best = -1;
	size_t i;

	json_array_foreach (contacts, i, c) {
		int64_t rtt = acd_int(c, "rtt_us", -1);

		reachable = reachable || json_is_true(json_object_get(c, "reachable"));
		if (rtt >= 0 && (best < 0 || rtt < best))
			best = rtt;
	}
	json_object_set_new(o, "reachable", json_boolean(reachable));
	if (best >= 0)
		json_object_set_new(o, "rtt_ms", json_real((double)best / 1000));
}

static void finish(struct asked *a)
{
	json_t *list = json_array(), *o;
	const char *number;

	json_object_foreach (a->phones, number, o) {
		conclude(o);
		json_array_append(list, o);
	}
	zj_rpc_reply(a->call, json_pack("{s:o}", "phones", list));
	zj_deref(a);
}

static void heard_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct asked *a = arg;
	json_t *c;
	size_t i;

	(void)data;
	if (!result)
		zj_warn("edge", "phones not told code=%d because=%s", code, zj_log_esc(message ? message : ""));
	json_array_foreach (json_object_get(result, "contacts"), i, c) {
		json_t *o = json_object_get(a->phones, acd_str(c, "extension"));

		if (o)
			json_array_append(json_object_get(o, "contacts"), c);
	}
	if (--a->waiting == 0)
		finish(a);
}

static void add(struct asked *a, const struct acd_extension *e)
{
	if (e && json_object_size(a->phones) < ASKED_MAX)
		json_object_set_new(a->phones, e->number, describe(e));
}

static void choose(struct asked *a, const struct acd_tenant *t, const json_t *p)
{
	struct acd_agent *agent = acd_agent_find((struct acd_tenant *)(uintptr_t)t, acd_str(p, "agent"));
	struct acd_extension *e;
	json_t *id;
	size_t i;

	json_array_foreach (json_object_get(p, "extensions"), i, id)
		if (json_is_string(id))
			add(a, acd_extension_find(t, json_string_value(id)));
	if (agent) {
		e = acd_agent_phone(agent);
		add(a, e ? e : acd_extension_find(t, agent->extension_id));
	}
}

void acd_phones(struct acd_daemon *d, const json_t *p, struct zj_rpc_call *call)
{
	struct acd_tenant *t = acd_tenant_find(d->acd, acd_str(p, "tenant"));
	struct asked *a = t ? zj_alloc(sizeof(*a), destructor) : NULL;
	json_t *numbers, *o;
	const char *number;

	if (!a) {
		zj_rpc_fail(call, ZJ_RPC_NOT_FOUND, "no such tenant", NULL);
		return;
	}
	a->call = call;
	a->phones = json_object();
	choose(a, t, p);
	numbers = json_array();
	json_object_foreach (a->phones, number, o)
		if (strcmp(acd_str(o, "kind"), "external") != 0)
			json_array_append_new(numbers, json_string(number));
	a->waiting =
		acd_edge_ask_all(d->edge, "edge.contacts",
				 json_pack("{s:s, s:o}", "domain", t->sip_domain, "extensions", numbers), heard_h, a);
	if (!a->waiting)
		finish(a);
}
