#include "rights/reach.h"
#include "perm.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

enum kind { ALL, OWN /* one's own agent */, MANAGED /* and those it looks after */, SCOPE /* the sets */ };

/* Ids in order. */
struct ids {
	char (*v)[ZJ_UUID_SIZE];
	size_t n;
};
struct api_reach {
	enum kind kind;
	const struct api_directory *directory;
	char own[ZJ_UUID_SIZE]; /* the agent; empty: none */
	struct ids agents, queues;
	uint64_t event; /* the event last looked at, and whether it is seen */
	bool sees;
};

static void destructor(void *obj)
{
	struct api_reach *r = obj;
	free(r->agents.v);
	free(r->queues.v);
}

/* The whole tenant: the role says so, or a carrier is inside. */
static bool is_unscoped(const struct api *api, const struct api_who *who)
{
	const struct api_account *a = api_account_find(api->directory, who->account);
	const struct api_role *r = a ? api_role_find(api->directory, a->role) : NULL;
	return strcmp(who->tenant, who->home) != 0 || (r && r->scope == API_SCOPE_TENANT);
}

static bool agent_role_has(const struct api *api, const struct api_who *who, const char *permission)
{
	const struct api_agent *g = who->agent[0] ? api_agent_find(api->directory, who->agent) : NULL;
	return g && res_perm_has(api_agent_perms(api->directory, g), permission);
}

/* An access token narrows what the agent's role gives as well: it must name the permission itself. */
enum api_command api_command_reach(struct api *api, const struct api_who *who, const char *permission)
{
	bool own = res_perm_has(who->perms, permission);
	if (own && is_unscoped(api, who))
		return API_COMMAND_ALL;
	if (who->agent[0] && (own || (!who->narrowed && agent_role_has(api, who, permission))))
		return API_COMMAND_MANAGED;
	return API_COMMAND_NONE;
}

struct api_reach *api_reach_now(struct api *api, const struct api_who *who, const char *permission, bool *exact)
{
	struct api_reach *r = zj_alloc(sizeof(*r), destructor);
	*exact = true;
	if (!r)
		return NULL;
	r->directory = api->directory;
	strcpy(r->own, who->agent);
	if (res_perm_has(who->perms, permission)) {
		r->kind = is_unscoped(api, who) ? ALL : MANAGED;
		*exact = r->kind == ALL;
	} else {
		r->kind = !who->narrowed && agent_role_has(api, who, permission) ? MANAGED : OWN;
	}
	return r;
}

bool api_reach_is_all(const struct api_reach *r)
{
	return r->kind == ALL;
}

static bool same_ids(const struct ids *a, const struct ids *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0);
}

bool api_reach_equal(const struct api_reach *a, const struct api_reach *b)
{
	return a->kind == b->kind && strcmp(a->own, b->own) == 0 && same_ids(&a->agents, &b->agents) &&
	       same_ids(&a->queues, &b->queues);
}

/* --- the role's data scope --- */

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, ZJ_UUID_SIZE);
}

/* From a JSON array of texts; false: NULL in the database, which is the whole tenant. */
static bool read_ids(struct ids *ids, const PGresult *r, int column)
{
	json_t *list = PQgetisnull(r, 0, column) ? NULL : json_loads(PQgetvalue(r, 0, column), 0, NULL);
	size_t i;
	json_t *id;
	if (!list)
		return false;
	ids->v = calloc(json_array_size(list) + 1, sizeof(*ids->v));
	json_array_foreach (list, i, id)
		if (ids->v && json_is_string(id))
			snprintf(ids->v[ids->n++], sizeof(*ids->v), "%s", json_string_value(id));
	json_decref(list);
	if (ids->n)
		qsort(ids->v, ids->n, sizeof(*ids->v), compare);
	return true;
}

struct load {
	struct api *api;
	struct api_reach *sure;
	api_reach_h *h;
	void *arg;
};

static void loaded(int err, int failed ZJ_UNUSED, PGresult *const *results, int n, void *arg)
{
	struct load *l = arg;
	struct api_reach *r = l->sure;
	if (err) {
		zj_warn("live", "a data scope is not known: only what is sure is shown error=%d", err);
	} else {
		const PGresult *sets = results[n - 1];
		bool agents = read_ids(&r->agents, sets, 0), queues = read_ids(&r->queues, sets, 1);
		r->kind = agents && queues ? SCOPE : ALL;
	}
	l->h(r, l->arg);
	free(l);
}

void api_reach_load(struct api *api, const struct api_who *who, const char *permission, api_reach_h *h, void *arg)
{
	static const char context[] = "select set_config('zj.tenant', $1, true), set_config('zj.account', $2, true)";
	static const char sets[] = "select to_jsonb(zj.zj_scope_agents()), to_jsonb(zj.zj_scope_queues())";
	const char *values[] = {who->tenant, who->account};
	struct zj_pg_query q[] = {{.sql = context, .n = 2, .values = values}, {.sql = sets}};
	bool exact;
	struct api_reach *r = api_reach_now(api, who, permission, &exact);
	struct load *l = r && !exact ? malloc(sizeof(*l)) : NULL;
	if (l)
		*l = (struct load){api, r, h, arg};
	if (l && zj_pg_is_up(api->pg) && zj_pg_run(api->pg, q, 2, loaded, l) == 0)
		return;
	free(l);
	h(r, arg);
}

/* --- what lies within --- */

static bool has(const struct ids *ids, const char *id)
{
	char key[ZJ_UUID_SIZE] = {0};
	if (!ids->n || strlen(id) != ZJ_UUID_LEN)
		return false;
	memcpy(key, id, ZJ_UUID_LEN);
	return bsearch(key, ids->v, ids->n, sizeof(*ids->v), compare) != NULL;
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

static bool sees_agent(const struct api_reach *r, const char *id)
{
	const struct api_agent *other;
	if (!*id)
		return false;
	if (r->own[0] && strcmp(r->own, id) == 0)
		return true;
	if (r->kind == SCOPE)
		return has(&r->agents, id);
	return r->kind == MANAGED && r->own[0] && (other = api_agent_find(r->directory, id)) &&
	       api_agent_manages(r->directory, r->own, other);
}

static bool sees_queue(const struct api_reach *r, const char *id)
{
	if (r->kind == SCOPE)
		return has(&r->queues, id);
	return r->kind == MANAGED && r->own[0] && *id && api_agent_manages_queue(r->directory, r->own, id);
}

static bool sees_call(const struct api_reach *r, const json_t *call)
{
	size_t i;
	json_t *leg;
	if (sees_agent(r, text(call, "agent")) || sees_queue(r, text(call, "queue")))
		return true;
	json_array_foreach (json_object_get(call, "legs"), i, leg)
		if (sees_agent(r, text(leg, "agent")))
			return true;
	return false;
}

/* One that somebody takes part in whom one sees. */
static bool sees_conference(const struct api_reach *r, const json_t *conference)
{
	size_t i;
	json_t *m;
	json_array_foreach (json_object_get(conference, "members"), i, m)
		if (sees_agent(r, text(m, "agent")))
			return true;
	return false;
}

bool api_reach_sees(const struct api_reach *r, const char *type, const json_t *data)
{
	if (r->kind == ALL)
		return true;
	if (strncmp(type, "agent.", 6) == 0)
		return sees_agent(r, text(data, "id"));
	if (strncmp(type, "queue.", 6) == 0)
		return sees_queue(r, text(data, "id"));
	if (strncmp(type, "call.", 5) == 0)
		return sees_call(r, data);
	if (strncmp(type, "conference.", 11) == 0)
		return !json_object_get(data, "members") ||
		       sees_conference(r, data); /* that it ended: whoever saw it */
	if (strncmp(type, "voicemail.", 10) == 0)
		return sees_queue(r, text(data, "queue"));
	if (strncmp(type, "visit.", 6) == 0)
		return sees_queue(r, text(data, "queue")) || sees_agent(r, text(data, "offered_to"));
	return false;
}

bool api_reach_sees_event(struct api_reach *r, uint64_t event, const char *type, const json_t *data)
{
	if (!event || event != r->event)
		r->sees = api_reach_sees(r, type, data);
	r->event = event;
	return r->sees;
}

json_t *api_reach_board(const struct api_reach *r, const json_t *board)
{
	static const struct {
		const char *key, *type;
	} parts[] = {{"queues", "queue."},
		     {"agents", "agent."},
		     {"calls", "call."},
		     {"visits", "visit."},
		     {"conferences", "conference."}};
	json_t *out = json_copy((json_t *)board);
	if (r->kind == ALL)
		return out;
	for (size_t k = 0; k < ZJ_ARRAY_SIZE(parts); k++) {
		json_t *list = json_array(), *e;
		size_t i;
		json_array_foreach (json_object_get(board, parts[k].key), i, e)
			if (api_reach_sees(r, parts[k].type, e))
				json_array_append(list, e);
		json_object_set_new(out, parts[k].key, list);
	}
	return out;
}
