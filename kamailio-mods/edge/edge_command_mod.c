/* What acd may ask of the edge (docs/control-protocol.md, "edge ⇄ acd"). Runs in the channel's process. */
#include "edge_ask.h"
#include "edge_channel.h"
#include "edge_lamp.h"
#include "edge_mod.h"
#include "edge_usrloc.h"
#include "zk_trunk.h"
#include <limits.h>
#include <string.h>
#include <time.h>

static json_t *registrations(json_t *params, const char **error)
{
	struct zk_uuid tenant = {{0}};
	json_t *t = json_object_get(params, "tenant");
	if (t && (!json_is_string(t) || !zk_uuid_parse(&tenant, json_string_value(t)))) {
		*error = "tenant must be a UUID";
		return NULL;
	}
	json_int_t from = json_integer_value(json_object_get(params, "after"));
	if (from < 0 || from > INT_MAX) {
		*error = "after must be the `next` of an answer";
		return NULL;
	}
	int after = (int)from;
	json_t *list = edge_usrloc_registrations(&tenant, &after);
	json_t *answer = list ? json_pack("{s:o}", "registrations", list) : NULL;
	if (answer && after >= 0)
		json_object_set_new(answer, "next", json_integer(after));
	return answer;
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

static const char *text(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

/* A word of a SIP URI or of XML: nothing that ends one. */
static bool is_word(const char *s, size_t max)
{
	return *s && strlen(s) <= max &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+*#") == strlen(s);
}

static json_t *publish(json_t *params, const char **error)
{
	struct edge_lamp_state s = {.domain = text(params, "domain"),
				    .number = text(params, "extension"),
				    .state = text(params, "state"),
				    .direction = text(params, "direction"),
				    .registered = json_is_true(json_object_get(params, "registered")),
				    .fresh = (int)json_integer_value(json_object_get(params, "new")),
				    .old = (int)json_integer_value(json_object_get(params, "old"))};
	struct timespec now;
	if (!is_word(s.domain, 255) || !is_word(s.number, 23)) {
		*error = "domain and extension must be words";
		return NULL;
	}
	if (strcmp(s.state, "terminated") && strcmp(s.state, "early") && strcmp(s.state, "confirmed")) {
		*error = "state must be terminated, early or confirmed";
		return NULL;
	}
	if (strcmp(s.state, "terminated") && strcmp(s.direction, "recipient") && strcmp(s.direction, "initiator")) {
		*error = "direction must be recipient or initiator";
		return NULL;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	edge_lamps_set(edge_lamps, &s, (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	return json_object();
}

#define ASKED_MAX 500
static json_t *contacts(json_t *params, const char **error)
{
	const char *domain = text(params, "domain");
	json_t *numbers = json_object_get(params, "extensions"), *n;
	size_t i;
	json_array_foreach (numbers, i, n)
		if (!json_is_string(n) || !is_word(json_string_value(n), 23))
			*error = "extensions must be numbers";
	if (!is_word(domain, 255) || !json_is_array(numbers) || json_array_size(numbers) > ASKED_MAX)
		*error = "domain must be a word, extensions at most 500 numbers";
	return *error ? NULL : json_pack("{s:o}", "contacts", edge_ask_contacts(domain, numbers));
}

const struct edge_command edge_commands[] = {
	{"edge.publish", publish},
	{"edge.registrations", registrations},
	{"edge.relays", relays},
	{"edge.trunks", trunks},
	{"edge.calls", calls},
	{"edge.contacts", contacts},
	{NULL, NULL},
};
