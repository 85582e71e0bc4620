/* How the directory keeps a row of each table that it follows. */
#include "rights/directory_priv.h"
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy(char *to, size_t size, const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));
	snprintf(to, size, "%s", s ? s : "");
}

static bool truth(const json_t *row, const char *key)
{
	return json_is_true(json_object_get(row, key));
}

static int number(const json_t *row, const char *key)
{
	return (int)json_integer_value(json_object_get(row, key));
}

static json_t *pick(const json_t *row, const char *const *keys)
{
	json_t *o = json_object();
	for (; *keys; keys++)
		json_object_set(o, *keys, json_object_get(row, *keys));
	return o;
}

static int64_t time_of(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));
	return s ? zj_rfc3339_parse(s) : 0;
}

ZJ_PRINTF(2, 3) static void set_name(struct api_directory_entry *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&e->name, fmt, ap) < 0)
		e->name = NULL;
	va_end(ap);
}

static void read_tenant(struct api_directory_entry *e, const json_t *row)
{
	static const char *const keys[] = {"id",        "name",       "title",        "kind",    "language",
					   "time_zone", "sip_domain", "display_name", "logo_id", NULL};
	struct api_tenant *t = &e->tenant;
	copy(t->id, sizeof(t->id), row, "id");
	t->row = pick(row, keys);
	t->enabled = truth(row, "enabled") && !json_is_string(json_object_get(row, "deleted_at"));
	t->carrier = strcmp(json_string_value(json_object_get(row, "kind")), "carrier") == 0;
	set_name(e, "t:%s", t->carrier ? "" : json_string_value(json_object_get(row, "name")));
}

static void read_setting(struct api_directory_entry *e, const json_t *row)
{
	struct api_setting *s = &e->setting;
	copy(s->tenant, sizeof(s->tenant), row, "tenant_id");
	copy(s->user_login_host, sizeof(s->user_login_host), row, "user_login_host");
	copy(s->agent_login_host, sizeof(s->agent_login_host), row, "agent_login_host");
	s->password_min_length = number(row, "password_min_length");
	s->password_classes = number(row, "password_classes");
	s->password_history = number(row, "password_history");
	s->password_days = number(row, "password_days");
	s->lockout_tries = number(row, "lockout_tries");
	s->session_minutes = number(row, "session_minutes");
	s->password_no_runs = truth(row, "password_no_runs");
	s->one_login = truth(row, "one_login");
	s->totp_required = truth(row, "totp_required");
}

static void read_role(struct api_directory_entry *e, const json_t *row)
{
	static const char *const scopes[] = {[API_SCOPE_OWN] = "own",
					     [API_SCOPE_GROUP] = "group",
					     [API_SCOPE_DEPARTMENT] = "department",
					     [API_SCOPE_CHOSEN] = "chosen",
					     [API_SCOPE_TENANT] = "tenant"};
	static const char *const keys[] = {"id", "name", NULL};
	struct api_role *r = &e->role;
	const char *scope = json_string_value(json_object_get(row, "scope")),
		   *kind = json_string_value(json_object_get(row, "kind"));
	copy(r->id, sizeof(r->id), row, "id");
	copy(r->tenant, sizeof(r->tenant), row, "tenant_id");
	r->row = pick(row, keys);
	r->perms = json_incref(json_object_get(row, "permissions"));
	r->admin = kind && strcmp(kind, "admin") == 0;
	r->scope = API_SCOPE_OWN; /* an unknown word widens nothing */
	for (enum api_scope s = API_SCOPE_OWN; scope && s <= API_SCOPE_TENANT; s++)
		if (strcmp(scopes[s], scope) == 0)
			r->scope = s;
}

void api_account_mark(const char *password_hash, char mark[17])
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(hash, (const unsigned char *)password_hash, strlen(password_hash));
	sodium_bin2hex(mark, 17, hash, 8);
}

static void read_account(struct api_directory_entry *e, const json_t *row)
{
	static const char *const keys[] = {"id", "username", "name", "type", "language", NULL};
	struct api_account *a = &e->account;
	const char *password = json_string_value(json_object_get(row, "password")),
		   *totp = json_string_value(json_object_get(row, "totp_secret"));
	copy(a->id, sizeof(a->id), row, "id");
	copy(a->tenant, sizeof(a->tenant), row, "tenant_id");
	copy(a->role, sizeof(a->role), row, "role_id");
	a->row = pick(row, keys);
	a->password = zj_strdup(password ? password : "");
	a->totp = totp ? zj_strdup(totp) : NULL;
	a->history = json_incref(json_object_get(row, "password_history"));
	a->since_us = time_of(row, "password_changed_at");
	a->enabled = truth(row, "enabled");
	a->totp_enabled = truth(row, "totp_enabled");
	a->must_change = truth(row, "must_change_password");
	api_account_mark(a->password ? a->password : "", a->mark);
	set_name(e, "a:%s:%s", a->tenant, json_string_value(json_object_get(row, "username")));
}

static void read_token(struct api_directory_entry *e, const json_t *row)
{
	struct api_token *t = &e->token;
	copy(t->id, sizeof(t->id), row, "id");
	copy(t->tenant, sizeof(t->tenant), row, "tenant_id");
	copy(t->account, sizeof(t->account), row, "account_id");
	copy(t->hash, sizeof(t->hash), row, "hash");
	t->perms = json_incref(json_object_get(row, "permissions"));
	if (json_is_array(json_object_get(row, "sources")))
		t->sources = json_incref(json_object_get(row, "sources"));
	t->expires_us = time_of(row, "expires_at");
	if (t->expires_us < 0)
		t->expires_us = 1; /* unreadable: never valid, rather than for ever */
	t->enabled = truth(row, "enabled");
	set_name(e, "k:%s", t->hash);
}

static void read_agent(struct api_directory_entry *e, const json_t *row)
{
	static const char *const keys[] = {"id", "number", "name", "extension_id", "leader", NULL};
	struct api_agent *a = &e->agent;
	copy(a->id, sizeof(a->id), row, "id");
	copy(a->tenant, sizeof(a->tenant), row, "tenant_id");
	copy(a->account, sizeof(a->account), row, "account_id");
	copy(a->group, sizeof(a->group), row, "group_id");
	copy(a->role, sizeof(a->role), row, "role_id");
	a->leader = truth(row, "leader");
	a->row = pick(row, keys);
	if (a->account[0] && truth(row, "enabled"))
		set_name(e, "g:%s", a->account);
}

static void read_link(struct api_directory_entry *e, const json_t *row)
{
	copy(e->link.agent, sizeof(e->link.agent), row, "agent_id");
	copy(e->link.to, sizeof(e->link.to), row, e->kind == API_D_MANAGED_GROUP ? "group_id" : "queue_id");
	set_name(e, "l%d:%s:%s", (int)e->kind, e->link.agent, e->link.to);
}

static void read_whole(struct api_directory_entry *e, const json_t *row)
{
	struct api_directory_whole *w = &e->whole;
	char tenant[ZJ_UUID_SIZE], resource[64];
	w->row = json_incref((json_t *)row);
	copy(tenant, sizeof(tenant), row, "tenant_id");
	copy(resource, sizeof(resource), row, "resource");
	if (e->kind == API_D_ROLE_FIELD)
		copy(w->owner, sizeof(w->owner), row, "role_id");
	else if (e->kind == API_D_CUSTOM_FIELD)
		snprintf(w->owner, sizeof(w->owner), "%s:%s", tenant, resource);
	else
		strcpy(w->owner, "grantable");
}

void api_directory_row(struct api_directory_entry *e, const json_t *row)
{
	switch (e->kind) {
	case API_D_TENANT:
		read_tenant(e, row);
		break;
	case API_D_SETTING:
		read_setting(e, row);
		break;
	case API_D_ROLE:
		read_role(e, row);
		break;
	case API_D_ACCOUNT:
		read_account(e, row);
		break;
	case API_D_TOKEN:
		read_token(e, row);
		break;
	case API_D_AGENT:
		read_agent(e, row);
		break;
	case API_D_AGENT_ROLE:
		e->perms = json_incref(json_object_get(row, "permissions"));
		break;
	case API_D_ROLE_FIELD:
	case API_D_CUSTOM_FIELD:
	case API_D_GRANTABLE:
		read_whole(e, row);
		break;
	case API_D_MANAGED_GROUP:
	case API_D_MANAGED_QUEUE:
	case API_D_MEMBER:
		read_link(e, row);
		break;
	case API_D_SCHEMA:
	case API_D_KINDS:
		break;
	}
}

void api_directory_row_free(struct api_directory_entry *e)
{
	switch (e->kind) {
	case API_D_TENANT:
		json_decref(e->tenant.row);
		break;
	case API_D_ROLE:
		json_decref(e->role.row);
		json_decref(e->role.perms);
		break;
	case API_D_ACCOUNT:
		json_decref(e->account.row);
		json_decref(e->account.history);
		zj_deref(e->account.password);
		zj_deref(e->account.totp);
		break;
	case API_D_TOKEN:
		json_decref(e->token.perms);
		json_decref(e->token.sources);
		break;
	case API_D_AGENT:
		json_decref(e->agent.row);
		break;
	case API_D_AGENT_ROLE:
		json_decref(e->perms);
		break;
	case API_D_ROLE_FIELD:
	case API_D_CUSTOM_FIELD:
	case API_D_GRANTABLE:
		json_decref(e->whole.row);
		break;
	case API_D_SETTING:
	case API_D_MANAGED_GROUP:
	case API_D_MANAGED_QUEUE:
	case API_D_MEMBER:
	case API_D_SCHEMA:
	case API_D_KINDS:
		break;
	}
	free(e->name);
	free(e);
}
