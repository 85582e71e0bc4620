/* What acd asks about trunks, in the process of edge's channel: their state, and which calls live. */
#include "trunk_guard_mod.h"
#include "trunk_keep.h"
#include <arpa/inet.h>
#include <string.h>

static json_t *host_json(const struct zk_uuid *id, const char *name, int port)
{
	struct trunk_host_state h;
	char text[ZK_UUID_TEXT];
	zk_uuid_text(text, id);
	trunk_state_host(trunk_live, id, &h);
	json_t *o = json_pack("{s:s,s:s,s:i,s:s}", "id", text, "host", name, "port", port, "state",
			      trunk_health_name(h.health));
	if (h.health == TRUNK_UP)
		json_object_set_new(o, "ms", json_integer(h.rtt_us / 1000));
	if (h.fault[0])
		json_object_set_new(o, "because", json_string(h.fault));
	if (h.since_us)
		json_object_set_new(o, "since", json_integer(h.since_us));
	return o;
}

static bool usable(json_t *hosts)
{
	json_t *h;
	size_t i;
	json_array_foreach (hosts, i, h)
		if (strcmp(json_string_value(json_object_get(h, "state")), "down") != 0)
			return true;
	return false;
}

/* `state`: disabled, closed (its schedule), paused (failures), unregistered, unreachable (all hosts), full, ok. */
static json_t *trunk_json(const struct trunk_trunk *t, json_t *hosts)
{
	struct trunk_trunk_state s;
	char id[ZK_UUID_TEXT];
	zk_uuid_text(id, &t->rec.id);
	trunk_state_trunk(trunk_live, &t->rec.id, &s);
	const char *state = !t->enabled                                    ? "disabled"
			    : s.closed                                     ? "closed"
			    : s.paused_until_us > trunk_now_us()           ? "paused"
			    : t->registers && s.reg != TRUNK_REG_OK        ? "unregistered"
			    : !usable(hosts)                               ? "unreachable"
			    : t->max_calls >= 0 && s.calls >= t->max_calls ? "full"
									   : "ok";
	json_t *o = json_pack("{s:s,s:s,s:i,s:s,s:I,s:I,s:i,s:o}", "trunk", id, "state", state, "calls", s.calls,
			      "registration", trunk_reg_name(s.reg), "attempts", (json_int_t)s.attempts, "answered",
			      (json_int_t)s.answered, "failures", s.failures, "hosts", hosts);
	if (t->max_calls >= 0)
		json_object_set_new(o, "max_calls", json_integer(t->max_calls));
	return o;
}

static json_t *hosts_of(const struct trunk_trunk *t)
{
	struct trunk_host hosts[16];
	json_t *list = json_array();
	uint32_t from = 0;
	json_array_append_new(list, host_json(&t->rec.id, t->host, t->port));
	for (size_t n; (n = zk_dump(trunk_store, TRUNK_HOST, &from, hosts, 16));)
		for (size_t i = 0; i < n; i++)
			if (!zk_uuid_cmp(&hosts[i].trunk, &t->rec.id) && hosts[i].enabled)
				json_array_append_new(list, host_json(&hosts[i].rec.id, hosts[i].host, hosts[i].port));
	return list;
}

#define TRUNKS_MAX 2000
static json_t *status(json_t *params, const char **error)
{
	static struct trunk_trunk t;
	struct zk_uuid tenant = {{0}};
	const char *text = json_string_value(json_object_get(params, "tenant"));
	json_t *list;
	uint32_t from = 0;
	if (text && !zk_uuid_parse(&tenant, text)) {
		*error = "tenant must be a UUID";
		return NULL;
	}
	list = json_array();
	while (json_array_size(list) < TRUNKS_MAX && zk_dump(trunk_store, TRUNK_TRUNK, &from, &t, 1))
		if (!text || !zk_uuid_cmp(&t.tenant, &tenant))
			json_array_append_new(list, trunk_json(&t, hosts_of(&t)));
	return json_pack("{s:o}", "trunks", list);
}

/* What acd remembers of a call that it sent out: {tenant, number, group?, extension?, account?, answered_at?}. */
static void adopt(const char *call_id, const struct zk_uuid *trunk, const json_t *what)
{
	struct trunk_query q = {.kind = TRUNK_ONE, .object = *trunk};
	static const struct {
		const char *key;
		size_t at;
	} ids[] = {{"tenant", offsetof(struct trunk_query, tenant)},
		   {"group", offsetof(struct trunk_query, account_group)},
		   {"extension", offsetof(struct trunk_query, extension)},
		   {"account", offsetof(struct trunk_query, account)}};
	const char *number = json_string_value(json_object_get(what, "number"));
	if (!number || !zk_copy(q.called, sizeof q.called, number, strlen(number)))
		return;
	for (unsigned i = 0; i < sizeof ids / sizeof *ids; i++) {
		const char *text = json_string_value(json_object_get(what, ids[i].key));
		if (text)
			(void)zk_uuid_parse((struct zk_uuid *)((char *)&q + ids[i].at), text);
	}
	if (!trunk_emergency(trunk_store, &q.tenant, q.called))
		trunk_guard_adopt(&q, call_id, json_integer_value(json_object_get(what, "answered_at")));
}

/* {begin?, calls: [[sip_call_id, trunk, what?]], end?} */
static json_t *living(json_t *params, const char **error)
{
	json_t *rows = json_object_get(params, "calls"), *row;
	int64_t now = trunk_now_us();
	unsigned dropped = 0;
	size_t i;
	if (!json_is_array(rows)) {
		*error = "calls must be an array";
		return NULL;
	}
	if (json_is_true(json_object_get(params, "begin")))
		trunk_living_begin(trunk_live);
	json_array_foreach (rows, i, row) {
		const char *id = json_string_value(json_array_get(row, 0)),
			   *trunk = json_string_value(json_array_get(row, 1));
		struct zk_uuid t, none = {{0}};
		if (id && trunk && zk_uuid_parse(&t, trunk) && trunk_living(trunk_live, id, &t, &none, now))
			adopt(id, &t, json_array_get(row, 2));
	}
	if (json_is_true(json_object_get(params, "end")))
		dropped = trunk_living_end(trunk_live, now);
	return json_pack("{s:i,s:i}", "dropped", (int)dropped, "calls", (int)trunk_state_count(trunk_live));
}

json_t *trunk_ask(enum zk_trunk_what what, json_t *params, const char **error)
{
	return what == ZK_TRUNK_STATUS ? status(params, error) : living(params, error);
}
