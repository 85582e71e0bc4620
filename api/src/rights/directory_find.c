/* What is asked of the directory. */
#include "rights/directory_priv.h"
#include <stdio.h>
#include <string.h>
#include <utlist.h>

struct api_directory_manager *api_directory_manager_find(const struct api_directory *d, const char *agent)
{
	struct api_directory_manager *m;
	HASH_FIND_STR(d->managers, agent, m);
	return m;
}

static const struct api_directory_entry *find_key(const struct api_directory *d, enum api_directory_kind kind,
						  const char *id)
{
	char key[48];
	struct api_directory_entry *e = NULL;
	const size_t n = api_directory_key(key, kind, id); /* the macro would ask it again and again */
	HASH_FIND(hh_key, d->by_key, key, n, e);
	return e;
}

/* `kind`:a, or `kind`:a:b. */
static const struct api_directory_entry *find_name(const struct api_directory *d, const char *kind, const char *a,
						   const char *b)
{
	char name[160];
	struct api_directory_entry *e = NULL;
	size_t k = strlen(kind), m = strlen(a), n = b ? strlen(b) + 1 : 0;
	if (k + 1 + m + n > sizeof(name))
		return NULL;
	memcpy(name, kind, k);
	name[k] = ':';
	memcpy(name + k + 1, a, m);
	if (b) {
		name[k + 1 + m] = ':';
		memcpy(name + k + m + 2, b, n - 1);
	}
	HASH_FIND(hh_name, d->by_name, name, k + 1 + m + n, e);
	return e;
}

const struct api_tenant *api_tenant_find(const struct api_directory *d, const char *id)
{
	const struct api_directory_entry *e = find_key(d, API_D_TENANT, id);
	return e ? &e->tenant : NULL;
}

const struct api_tenant *api_tenant_by_name(const struct api_directory *d, const char *name)
{
	const struct api_directory_entry *e = find_name(d, "t", name ? name : "", NULL);
	return e ? &e->tenant : NULL;
}

const struct api_account *api_account_find(const struct api_directory *d, const char *id)
{
	const struct api_directory_entry *e = find_key(d, API_D_ACCOUNT, id);
	return e ? &e->account : NULL;
}

const struct api_account *api_account_by_name(const struct api_directory *d, const char *tenant, const char *username)
{
	const struct api_directory_entry *e = find_name(d, "a", tenant, username);
	return e ? &e->account : NULL;
}

const struct api_token *api_token_find(const struct api_directory *d, const char *hash)
{
	const struct api_directory_entry *e = find_name(d, "k", hash, NULL);
	return e ? &e->token : NULL;
}

const struct api_agent *api_agent_find(const struct api_directory *d, const char *id)
{
	const struct api_directory_entry *e = find_key(d, API_D_AGENT, id);
	return e ? &e->agent : NULL;
}

const struct api_agent *api_agent_of(const struct api_directory *d, const char *account)
{
	const struct api_directory_entry *e = find_name(d, "g", account, NULL);
	return e ? &e->agent : NULL;
}

const struct api_role *api_role_find(const struct api_directory *d, const char *id)
{
	const struct api_directory_entry *e = id[0] ? find_key(d, API_D_ROLE, id) : NULL;
	return e ? &e->role : NULL;
}

const json_t *api_role_perms(const struct api_directory *d, const char *role)
{
	const struct api_role *r = api_role_find(d, role);
	return r ? r->perms : NULL;
}

const struct api_setting *api_setting_of(const struct api_directory *d, const char *tenant)
{
	static const struct api_setting defaults = {
		.password_min_length = 8, .password_classes = 1, .lockout_tries = 5, .session_minutes = 720};
	const struct api_directory_entry *e = find_key(d, API_D_SETTING, tenant); /* its id is its tenant's */
	return e ? &e->setting : &defaults;
}

const struct api_tenant *api_tenant_by_host(const struct api_directory *d, const char *host, bool *agents)
{
	const struct api_directory_entry *e, *found = NULL;
	*agents = false;
	DL_FOREACH (d->hosts, e) { /* of two that claim it the older tenant has it: ids are ordered by time */
		const struct api_setting *s = &e->setting;
		bool mine = strcasecmp(s->agent_login_host, host) == 0,
		     users = strcasecmp(s->user_login_host, host) == 0;
		if (!*host || (!mine && !users) || (found && strcmp(found->setting.tenant, s->tenant) < 0))
			continue;
		found = e;
		*agents = mine;
	}
	return found ? api_tenant_find(d, found->setting.tenant) : NULL;
}

void api_tenant_each(const struct api_directory *d, api_tenant_h *h, void *arg)
{
	struct api_directory_entry *e, *next;
	HASH_ITER (hh_key, d->by_key, e, next)
		if (e->kind == API_D_TENANT)
			h(&e->tenant, arg);
}

const json_t *api_agent_perms(const struct api_directory *d, const struct api_agent *a)
{
	const struct api_directory_entry *e = a->role[0] ? find_key(d, API_D_AGENT_ROLE, a->role) : NULL;
	return e ? e->perms : NULL;
}

static bool linked(const struct api_directory *d, enum api_directory_kind kind, const char *agent, const char *to)
{
	char prefix[8];
	snprintf(prefix, sizeof(prefix), "l%d", (int)kind);
	return to[0] && find_name(d, prefix, agent, to);
}

bool api_agent_manages_queue(const struct api_directory *d, const char *agent, const char *queue)
{
	return linked(d, API_D_MANAGED_QUEUE, agent, queue);
}

bool api_agent_manages(const struct api_directory *d, const char *agent, const struct api_agent *other)
{
	const struct api_directory_manager *m = api_directory_manager_find(d, agent);
	const struct api_directory_entry *e;
	if (linked(d, API_D_MANAGED_GROUP, agent, other->group))
		return true;
	for (e = m ? m->queues : NULL; e; e = e->next)
		if (linked(d, API_D_MEMBER, other->id, e->link.to))
			return true;
	return false;
}

const json_t *api_row_perms(const struct api_directory *d, const char *table, const char *id)
{
	const struct api_directory_entry *e;
	if (strcmp(table, "role") == 0)
		return api_role_perms(d, id);
	if (strcmp(table, "account") == 0)
		return (e = find_key(d, API_D_ACCOUNT, id)) ? api_role_perms(d, e->account.role) : NULL;
	if (strcmp(table, "api_token") == 0)
		return (e = find_key(d, API_D_TOKEN, id)) ? e->token.perms : NULL;
	return NULL;
}

const json_t *api_role_fields(const struct api_directory *d, const char *role)
{
	return api_directory_group_rows(d->groups, role);
}

const json_t *api_custom_fields(const struct api_directory *d, const char *tenant, const char *resource)
{
	char owner[104];
	snprintf(owner, sizeof(owner), "%s:%s", tenant, resource);
	return api_directory_group_rows(d->groups, owner);
}

const json_t *api_row_whole(const struct api_directory *d, const char *table, const char *id)
{
	const struct api_directory_entry *e = find_key(d, api_directory_kind_of(table), id);
	return e && api_directory_is_whole(e) ? e->whole.row : NULL;
}

const json_t *api_grantable(const struct api_directory *d)
{
	return api_directory_group_rows(d->groups, "grantable");
}
