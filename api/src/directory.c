#include "directory.h"
#include "directory_priv.h"
#include "zj_log.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

static const struct zj_follow_table tables[API_D_KINDS] = {
#define X(kind, table, columns) [API_D_##kind] = {table, columns},
	API_DIRECTORY_TABLES(X)
#undef X
};

/* The queues that an agent manages. */
struct manager {
	char agent[ZJ_UUID_SIZE];
	struct api_directory_entry *queues;
	UT_hash_handle hh;
};

#define WAIT_MS 500
struct waiter {
	uv_timer_t timer;
	struct api_directory *d;
	char key[48];
	api_directory_wait_h *h;
	void *arg;
	struct waiter *prev, *next;
};

struct api_directory {
	struct zj_follow *follow;
	uv_loop_t *loop;
	struct waiter *waiters;
	struct api_directory_entry *by_key, *by_name;
	struct manager *managers;
	struct api_directory_group *groups;
	struct api_directory_entry *hosts; /* settings that name hosts for log-ins */
	api_directory_h *changed_h, *schema_h;
	void *arg;
	bool ready;
};

static struct manager *manager_find(const struct api_directory *d, const char *agent)
{
	struct manager *m;
	HASH_FIND_STR(d->managers, agent, m);
	return m;
}

static void manages(struct api_directory *d, struct api_directory_entry *e)
{
	struct manager *m = manager_find(d, e->link.agent);
	if (!m && (m = calloc(1, sizeof(*m)))) {
		strcpy(m->agent, e->link.agent);
		HASH_ADD_STR(d->managers, agent, m);
	}
	if (m)
		DL_APPEND(m->queues, e);
}

static bool has_host(const struct api_directory_entry *e)
{
	return e->kind == API_D_SETTING && (e->setting.user_login_host[0] || e->setting.agent_login_host[0]);
}

static void manages_no_more(struct api_directory *d, struct api_directory_entry *e)
{
	struct manager *m = manager_find(d, e->link.agent);
	if (!m)
		return;
	DL_DELETE(m->queues, e);
	if (m->queues)
		return;
	HASH_DEL(d->managers, m);
	free(m);
}

static bool is_whole(const struct api_directory_entry *e)
{
	return e->kind == API_D_ROLE_FIELD || e->kind == API_D_CUSTOM_FIELD || e->kind == API_D_GRANTABLE;
}

static void drop(struct api_directory *d, const char *key)
{
	struct api_directory_entry *e;
	HASH_FIND(hh_key, d->by_key, key, strlen(key), e);
	if (!e)
		return;
	HASH_DELETE(hh_key, d->by_key, e);
	if (e->name)
		HASH_DELETE(hh_name, d->by_name, e);
	if (e->kind == API_D_MANAGED_QUEUE)
		manages_no_more(d, e);
	if (has_host(e))
		DL_DELETE(d->hosts, e);
	if (is_whole(e))
		api_directory_group_drop(&d->groups, e->whole.owner, e->whole.row);
	api_directory_row_free(e);
}

/* A second name that is taken for a moment (two rows swap names) goes to the newcomer. */
static void add(struct api_directory *d, struct api_directory_entry *e)
{
	struct api_directory_entry *old = NULL;
	HASH_ADD(hh_key, d->by_key, key, strlen(e->key), e);
	if (e->kind == API_D_MANAGED_QUEUE)
		manages(d, e);
	if (has_host(e))
		DL_APPEND(d->hosts, e);
	if (is_whole(e))
		api_directory_group_add(&d->groups, e->whole.owner, e->whole.row);
	if (!e->name)
		return;
	HASH_FIND(hh_name, d->by_name, e->name, strlen(e->name), old);
	if (old) {
		HASH_DELETE(hh_name, d->by_name, old);
		free(old->name);
		old->name = NULL;
	}
	HASH_ADD_KEYPTR(hh_name, d->by_name, e->name, strlen(e->name), e);
}

static void waiter_done(struct waiter *w)
{
	DL_DELETE(w->d->waiters, w);
	w->h(w->arg);
	uv_close((uv_handle_t *)&w->timer, (uv_close_cb)free); /* the timer is its first member */
}

static void on_wait_over(uv_timer_t *t)
{
	struct waiter *w = t->data;
	zj_warn("directory", "a change is late key=%s", w->key);
	waiter_done(w);
}

static void tell_waiters(struct api_directory *d, const char *key)
{
	struct waiter *w, *next;
	DL_FOREACH_SAFE (d->waiters, w, next)
		if (strcmp(w->key, key) == 0)
			waiter_done(w);
}

static enum api_directory_kind kind_of(const char *table)
{
	enum api_directory_kind kind = 0;
	while (kind < API_D_KINDS && strcmp(tables[kind].table, table) != 0)
		kind++;
	return kind;
}

/* Several times a request: without printf. */
static void key_of(char key[48], enum api_directory_kind kind, const char *id)
{
	size_t n = strnlen(id, 40);
	key[0] = (char)('A' + kind);
	key[1] = ':';
	memcpy(key + 2, id, n);
	key[n + 2] = 0;
}

static void row_h(const char *table, const char *tenant ZJ_UNUSED, const char *id, json_t *row, void *arg)
{
	struct api_directory *d = arg;
	enum api_directory_kind kind = kind_of(table);
	if (kind == API_D_KINDS)
		return;
	if (kind == API_D_SCHEMA) {
		if (d->ready)
			d->schema_h(d->arg);
		return;
	}
	char key[48];
	key_of(key, kind, id);
	drop(d, key);
	struct api_directory_entry *e = row ? calloc(1, sizeof(*e)) : NULL;
	if (e) {
		e->kind = kind;
		e->seen_us = zj_mono_us();
		strcpy(e->key, key);
		api_directory_row(e, row);
		add(d, e);
	}
	if (d->ready)
		d->changed_h(d->arg);
	tell_waiters(d, key);
}

static void ready_h(void *arg)
{
	struct api_directory *d = arg;
	d->ready = true;
	zj_info("directory", "loaded entries=%u", HASH_CNT(hh_key, d->by_key));
	d->schema_h(d->arg);
	d->changed_h(d->arg);
}

int api_directory_alloc(struct api_directory **dp, uv_loop_t *loop, const char *conninfo, api_directory_h *changed_h,
			api_directory_h *schema_h, void *arg)
{
	struct api_directory *d = zj_alloc(sizeof(*d), NULL);
	if (!d)
		return ENOMEM;
	d->changed_h = changed_h;
	d->schema_h = schema_h;
	d->arg = arg;
	d->loop = loop;
	int err = zj_follow_alloc(&d->follow, loop, conninfo, tables, API_D_KINDS, row_h, ready_h, d);
	if (err) {
		zj_deref(d);
		return err;
	}
	*dp = d;
	return 0;
}

void api_directory_close(struct api_directory *d)
{
	struct api_directory_entry *e, *next;
	if (!d)
		return;
	zj_follow_close(d->follow);
	HASH_ITER (hh_key, d->by_key, e, next)
		drop(d, e->key);
	zj_deref(d);
}

void api_directory_wait(struct api_directory *d, const char *table, const char *id, int64_t since_us, bool gone,
			api_directory_wait_h *h, void *arg)
{
	char key[48];
	struct api_directory_entry *e;
	enum api_directory_kind kind = kind_of(table);
	key_of(key, kind, id);
	HASH_FIND(hh_key, d->by_key, key, strlen(key), e);
	struct waiter *w =
		kind == API_D_KINDS || (gone ? !e : e && e->seen_us >= since_us) ? NULL : calloc(1, sizeof(*w));
	if (!w) {
		h(arg);
		return;
	}
	w->d = d;
	strcpy(w->key, key);
	w->h = h;
	w->arg = arg;
	uv_timer_init(d->loop, &w->timer);
	w->timer.data = w;
	uv_timer_start(&w->timer, on_wait_over, WAIT_MS, 0);
	DL_APPEND(d->waiters, w);
}

bool api_directory_ready(const struct api_directory *d)
{
	return d->ready;
}

static const struct api_directory_entry *find_key(const struct api_directory *d, enum api_directory_kind kind,
						  const char *id)
{
	char key[48];
	struct api_directory_entry *e = NULL;
	key_of(key, kind, id);
	HASH_FIND(hh_key, d->by_key, key, strlen(key), e);
	return e;
}

static const struct api_directory_entry *find_name(const struct api_directory *d, const char *fmt, const char *a,
						   const char *b)
{
	char name[160];
	struct api_directory_entry *e = NULL;
	int n = snprintf(name, sizeof(name), "%s:%s%s%s", fmt, a, b ? ":" : "", b ? b : "");
	if (n >= 0 && (size_t)n < sizeof(name))
		HASH_FIND(hh_name, d->by_name, name, strlen(name), e);
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
	const struct manager *m = manager_find(d, agent);
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
	const struct api_directory_entry *e = find_key(d, kind_of(table), id);
	return e && is_whole(e) ? e->whole.row : NULL;
}

const json_t *api_grantable(const struct api_directory *d)
{
	return api_directory_group_rows(d->groups, "grantable");
}
