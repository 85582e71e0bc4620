/* What an agent without live.read may see of the live data: itself, its calls, what is offered to it. */
#include "live.h"
#include <string.h>

static bool is(const json_t *o, const char *key, const char *value)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s && strcmp(s, value) == 0;
}

bool api_live_is_agents(const json_t *call, const char *agent)
{
	size_t i;
	json_t *leg;
	if (!agent[0])
		return false;
	if (is(call, "agent", agent))
		return true;
	json_array_foreach (json_object_get(call, "legs"), i, leg)
		if (is(leg, "agent", agent))
			return true;
	return false;
}

bool api_live_concerns(const char *type, const json_t *data, const char *agent)
{
	if (!agent[0])
		return false;
	if (strncmp(type, "agent.", 6) == 0)
		return is(data, "id", agent);
	if (strncmp(type, "call.", 5) == 0)
		return api_live_is_agents(data, agent);
	if (strncmp(type, "visit.", 6) == 0)
		return is(data, "offered_to", agent);
	return false;
}

json_t *api_live_board_of(const json_t *board, const char *agent)
{
	static const struct {
		const char *key, *type;
	} parts[] = {{"queues", "queue."}, {"agents", "agent."}, {"calls", "call."}, {"visits", "visit."}};
	json_t *out = json_copy((json_t *)board);
	for (size_t k = 0; k < ZJ_ARRAY_SIZE(parts); k++) {
		json_t *list = json_array(), *e;
		size_t i;
		json_array_foreach (json_object_get(board, parts[k].key), i, e)
			if (api_live_concerns(parts[k].type, e, agent))
				json_array_append(list, e);
		json_object_set_new(out, parts[k].key, list);
	}
	return out;
}
