/* What acd may ask of the edge (docs/control-protocol.md, "edge ⇄ acd"). Runs in the channel's process. */
#include "edge_channel.h"
#include "edge_mod.h"
#include "edge_usrloc.h"
#include "zk_trunk.h"

static json_t *registrations(json_t *params, const char **error)
{
	struct zk_uuid tenant = {{0}};
	json_t *t = json_object_get(params, "tenant");
	if (t && (!json_is_string(t) || !zk_uuid_parse(&tenant, json_string_value(t)))) {
		*error = "tenant must be a UUID";
		return NULL;
	}
	json_t *list = edge_usrloc_registrations(&tenant, NULL);
	return list ? json_pack("{s:o}", "registrations", list) : NULL;
}

static json_t *relays(json_t *params, const char **error)
{
	json_t *list = json_array();
	const char *address;
	int weight, id;
	(void)params, (void)error;
	for (unsigned i = 0; (id = edge_relay_nth(edge_relays, i, &address, &weight)); i++) {
		char name[16];
		snprintf(name, sizeof name, "%d", id);
		json_array_append_new(list, json_pack("{s:s,s:s,s:i,s:b}", "relay", name, "address", address, "weight",
						      weight, "up", edge_relay_is_up(edge_relays, id)));
	}
	return json_pack("{s:o}", "relays", list);
}

static json_t *ask_trunk(enum zk_trunk_what what, json_t *params, const char **error)
{
	zk_trunk_ask_f ask = (zk_trunk_ask_f)find_export(ZK_TRUNK_ASK, 0, 0);
	if (ask)
		return ask(what, params, error);
	*error = "the trunk module is not loaded";
	return NULL;
}

static json_t *trunks(json_t *params, const char **error)
{
	return ask_trunk(ZK_TRUNK_STATUS, params, error);
}

static json_t *calls(json_t *params, const char **error)
{
	return ask_trunk(ZK_TRUNK_LIVING, params, error);
}

const struct edge_command edge_commands[] = {
	{"edge.registrations", registrations},
	{"edge.relays", relays},
	{"edge.trunks", trunks},
	{"edge.calls", calls},
	{NULL, NULL},
};
