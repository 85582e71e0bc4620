#include "directory.h"
#include "zj_log.h"
#include "zj_pg.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

enum kind { TENANT, ROLE, ACCOUNT, TOKEN, AGENT, SCHEMA, KINDS };
static const struct zj_follow_table tables[KINDS] = {
	[TENANT] = {"tenant", "tenant_id, id, kind, name, title, sip_domain, time_zone, language, enabled"},
	[ROLE] = {"role", "tenant_id, id, permissions"},
	[ACCOUNT] = {"account", "tenant_id, id, username, name, password, role_id, enabled"},
	[TOKEN] = {"api_token", "tenant_id, id, account_id, permissions, hash, expires_at, enabled"},
	[AGENT] = {"agent", "tenant_id, id, number, name, account_id, extension_id, enabled"},
	[SCHEMA] = {"zj_schema", "tenant_id, id, version"},
};

/* One row of any of the tables, under up to two names. */
struct entry {
	enum kind kind;
	char key[48];    /* kind:id */
	char name[160];  /* kind:second name; empty: none */
	int64_t seen_us; /* when it came */
	union {
		struct api_tenant tenant;
		struct api_account account;
		struct api_token token;
		struct api_agent agent;
		json_t *perms;
	};
	UT_hash_handle hh_key, hh_name;
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
	struct entry *by_key, *by_name;
	api_directory_h *changed_h, *schema_h;
	void *arg;
	bool ready;
};

static void copy(char *to, size_t size, const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));
	snprintf(to, size, "%s", s ? s : "");
}

static json_t *pick(const json_t *row, const char *const *keys)
{
	json_t *o = json_object();
	for (; *keys; keys++)
		json_object_set(o, *keys, json_object_get(row, *keys));
	return o;
}

static void entry_free(struct entry *e)
{
	switch (e->kind) {
	case TENANT:
		json_decref(e->tenant.row);
		break;
	case ROLE:
		json_decref(e->perms);
		break;
	case ACCOUNT:
		json_decref(e->account.row);
		zj_deref(e->account.password);
		break;
	case TOKEN:
		json_decref(e->token.perms);
		break;
	case AGENT:
		json_decref(e->agent.row);
		break;
	case SCHEMA:
	case KINDS:
		break;
	}
	free(e);
}

static void drop(struct api_directory *d, const char *key)
{
	struct entry *e;
	HASH_FIND(hh_key, d->by_key, key, strlen(key), e);
	if (!e)
		return;
	HASH_DELETE(hh_key, d->by_key, e);
	if (e->name[0])
		HASH_DELETE(hh_name, d->by_name, e);
	entry_free(e);
}

/* A second name that is taken for a moment (two rows swap names) goes to the newcomer. */
static void add(struct api_directory *d, struct entry *e)
{
	struct entry *old = NULL;
	HASH_ADD(hh_key, d->by_key, key, strlen(e->key), e);
	if (!e->name[0])
		return;
	HASH_FIND(hh_name, d->by_name, e->name, strlen(e->name), old);
	if (old) {
		HASH_DELETE(hh_name, d->by_name, old);
		old->name[0] = 0;
	}
	HASH_ADD(hh_name, d->by_name, name, strlen(e->name), e);
}

static void read_tenant(struct entry *e, const json_t *row)
{
	static const char *const keys[] = {"id", "name", "title", "kind", "language", "time_zone", "sip_domain", NULL};
	copy(e->tenant.id, sizeof(e->tenant.id), row, "id");
	e->tenant.row = pick(row, keys);
	e->tenant.enabled = json_is_true(json_object_get(row, "enabled"));
	e->tenant.carrier = strcmp(json_string_value(json_object_get(row, "kind")), "carrier") == 0;
	snprintf(e->name, sizeof(e->name), "t:%s",
		 e->tenant.carrier ? "" : json_string_value(json_object_get(row, "name")));
}

static void read_account(struct entry *e, const json_t *row)
{
	static const char *const keys[] = {"id", "username", "name", NULL};
	unsigned char hash[crypto_hash_sha256_BYTES];
	struct api_account *a = &e->account;
	const char *password = json_string_value(json_object_get(row, "password"));
	copy(a->id, sizeof(a->id), row, "id");
	copy(a->tenant, sizeof(a->tenant), row, "tenant_id");
	copy(a->role, sizeof(a->role), row, "role_id");
	a->row = pick(row, keys);
	a->password = zj_strdup(password ? password : "");
	a->enabled = json_is_true(json_object_get(row, "enabled"));
	crypto_hash_sha256(hash, (const unsigned char *)a->password, a->password ? strlen(a->password) : 0);
	sodium_bin2hex(a->mark, sizeof(a->mark), hash, 8);
	snprintf(e->name, sizeof(e->name), "a:%s:%s", a->tenant, json_string_value(json_object_get(row, "username")));
}

static void read_token(struct entry *e, const json_t *row)
{
	struct api_token *t = &e->token;
	const char *expires = json_string_value(json_object_get(row, "expires_at"));
	copy(t->id, sizeof(t->id), row, "id");
	copy(t->tenant, sizeof(t->tenant), row, "tenant_id");
	copy(t->account, sizeof(t->account), row, "account_id");
	copy(t->hash, sizeof(t->hash), row, "hash");
	t->perms = json_incref(json_object_get(row, "permissions"));
	t->expires_us = expires ? zj_rfc3339_parse(expires) : 0;
	if (t->expires_us < 0)
		t->expires_us = 1; /* unreadable: never valid, rather than for ever */
	t->enabled = json_is_true(json_object_get(row, "enabled"));
	snprintf(e->name, sizeof(e->name), "k:%s", t->hash);
}

static void read_agent(struct entry *e, const json_t *row)
{
	static const char *const keys[] = {"id", "number", "name", "extension_id", NULL};
	struct api_agent *a = &e->agent;
	copy(a->id, sizeof(a->id), row, "id");
	copy(a->tenant, sizeof(a->tenant), row, "tenant_id");
	copy(a->account, sizeof(a->account), row, "account_id");
	a->row = pick(row, keys);
	if (a->account[0] && json_is_true(json_object_get(row, "enabled")))
		snprintf(e->name, sizeof(e->name), "g:%s", a->account);
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

static void row_h(const char *table, const char *tenant ZJ_UNUSED, const char *id, json_t *row, void *arg)
{
	struct api_directory *d = arg;
	enum kind kind = 0;
	while (kind < KINDS && strcmp(tables[kind].table, table) != 0)
		kind++;
	if (kind == KINDS)
		return;
	if (kind == SCHEMA) {
		if (d->ready)
			d->schema_h(d->arg);
		return;
	}
	char key[48];
	snprintf(key, sizeof(key), "%d:%s", kind, id);
	drop(d, key);
	struct entry *e = row ? calloc(1, sizeof(*e)) : NULL;
	if (e) {
		e->kind = kind;
		e->seen_us = zj_mono_us();
		strcpy(e->key, key);
		if (kind == TENANT)
			read_tenant(e, row);
		else if (kind == ROLE)
			e->perms = json_incref(json_object_get(row, "permissions"));
		else if (kind == ACCOUNT)
			read_account(e, row);
		else if (kind == TOKEN)
			read_token(e, row);
		else
			read_agent(e, row);
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
	int err = zj_follow_alloc(&d->follow, loop, conninfo, tables, KINDS, row_h, ready_h, d);
	if (err) {
		zj_deref(d);
		return err;
	}
	*dp = d;
	return 0;
}

void api_directory_close(struct api_directory *d)
{
	struct entry *e, *next;
	if (!d)
		return;
	zj_follow_close(d->follow);
	HASH_CLEAR(hh_name, d->by_name);
	HASH_ITER (hh_key, d->by_key, e, next) {
		HASH_DELETE(hh_key, d->by_key, e);
		entry_free(e);
	}
	zj_deref(d);
}

void api_directory_wait(struct api_directory *d, const char *table, const char *id, int64_t since_us, bool gone,
			api_directory_wait_h *h, void *arg)
{
	char key[48];
	struct entry *e;
	enum kind kind = 0;
	while (kind < KINDS && strcmp(tables[kind].table, table) != 0)
		kind++;
	snprintf(key, sizeof(key), "%d:%s", kind, id);
	HASH_FIND(hh_key, d->by_key, key, strlen(key), e);
	struct waiter *w = kind == KINDS || (gone ? !e : e && e->seen_us >= since_us) ? NULL : calloc(1, sizeof(*w));
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

static const struct entry *find_key(const struct api_directory *d, enum kind kind, const char *id)
{
	char key[48];
	struct entry *e = NULL;
	snprintf(key, sizeof(key), "%d:%s", kind, id);
	HASH_FIND(hh_key, d->by_key, key, strlen(key), e);
	return e;
}

static const struct entry *find_name(const struct api_directory *d, const char *fmt, const char *a, const char *b)
{
	char name[160];
	struct entry *e = NULL;
	int n = snprintf(name, sizeof(name), "%s:%s%s%s", fmt, a, b ? ":" : "", b ? b : "");
	if (n >= 0 && (size_t)n < sizeof(name))
		HASH_FIND(hh_name, d->by_name, name, strlen(name), e);
	return e;
}

const struct api_tenant *api_tenant_find(const struct api_directory *d, const char *id)
{
	const struct entry *e = find_key(d, TENANT, id);
	return e ? &e->tenant : NULL;
}

const struct api_tenant *api_tenant_by_name(const struct api_directory *d, const char *name)
{
	const struct entry *e = find_name(d, "t", name ? name : "", NULL);
	return e ? &e->tenant : NULL;
}

const struct api_account *api_account_find(const struct api_directory *d, const char *id)
{
	const struct entry *e = find_key(d, ACCOUNT, id);
	return e ? &e->account : NULL;
}

const struct api_account *api_account_by_name(const struct api_directory *d, const char *tenant, const char *username)
{
	const struct entry *e = find_name(d, "a", tenant, username);
	return e ? &e->account : NULL;
}

const struct api_token *api_token_find(const struct api_directory *d, const char *hash)
{
	const struct entry *e = find_name(d, "k", hash, NULL);
	return e ? &e->token : NULL;
}

const struct api_agent *api_agent_find(const struct api_directory *d, const char *id)
{
	const struct entry *e = find_key(d, AGENT, id);
	return e ? &e->agent : NULL;
}

const struct api_agent *api_agent_of(const struct api_directory *d, const char *account)
{
	const struct entry *e = find_name(d, "g", account, NULL);
	return e ? &e->agent : NULL;
}

const json_t *api_role_perms(const struct api_directory *d, const char *role)
{
	const struct entry *e = role[0] ? find_key(d, ROLE, role) : NULL;
	return e ? e->perms : NULL;
}

const json_t *api_row_perms(const struct api_directory *d, const char *table, const char *id)
{
	const struct entry *e;
	if (strcmp(table, "role") == 0)
		return api_role_perms(d, id);
	if (strcmp(table, "account") == 0)
		return (e = find_key(d, ACCOUNT, id)) ? api_role_perms(d, e->account.role) : NULL;
	if (strcmp(table, "api_token") == 0)
		return (e = find_key(d, TOKEN, id)) ? e->token.perms : NULL;
	return NULL;
}
