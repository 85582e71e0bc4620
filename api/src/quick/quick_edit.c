/* Quick edit: several extensions, agents or accounts changed at once; values set, texts put around what is there. */
#include "buf.h"
#include "login/rules.h"
#include "perm.h"
#include "quick/quick_password.h"
#include "rights/views.h"
#include "server/api.h"
#include "value.h"
#include <stdlib.h>
#include <string.h>

#define IDS_MAX   1000
#define AFFIX_MAX 20

/* A text before and one after the value of a field. */
struct affix {
	const struct res_field *field;
	const char *prefix, *suffix; /* borrowed from the body */
};
struct edit {
	json_t *body, *ids;
	const struct res_view *view;
	struct res_values values; /* what is set */
	struct affix affixes[AFFIX_MAX];
	size_t n_affixes;
	char *password;               /* the new one of all (extensions); an object; NULL: they stay */
	struct api_quick_words words; /* each agent's own; prefix NULL: they stay */
	struct api_quick_passwords *passwords;
	bool preview;
};

static void destructor(void *obj)
{
	struct edit *e = obj;
	json_decref(e->body);
	json_decref(e->ids);
	res_values_free(&e->values);
	zj_deref(e->password);
	zj_deref(e->passwords);
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

/* --- the request --- */

static void check_members(const json_t *body, struct res_problem *p)
{
	static const char *const names[] = {"resource", "ids", "set", "affix", "reset_password", "preview"};
	const char *key;
	json_t *v;
	json_object_foreach ((json_t *)body, key, v) {
		size_t i = 0;
		while (i < ZJ_ARRAY_SIZE(names) && strcmp(names[i], key) != 0)
			i++;
		if (i < ZJ_ARRAY_SIZE(names))
			continue;
		res_problem_set(p, RES_P_UNKNOWN_FIELD, "there is no field %.100s here", key);
		res_problem_add(p, key, "unknown_field", NULL);
	}
}

static void read_ids(struct edit *e, struct res_problem *p)
{
	size_t i;
	json_t *id;
	e->ids = json_incref(json_object_get(e->body, "ids"));
	if (json_array_size(e->ids) < 1)
		res_problem_add(p, "ids", "required", NULL);
	if (json_array_size(e->ids) > IDS_MAX)
		res_problem_add(p, "ids", "max", json_integer(IDS_MAX));
	json_array_foreach (e->ids, i, id)
		if (!json_is_string(id) || !zj_uuid_is_valid(json_string_value(id))) {
			res_problem_add(p, "ids", "format", json_string("uuid"));
			return;
		}
}

/* Secrets, rights by type and owners are no matter of a quick edit. */
static const char *const barred[] = {"password", "pin", "type", "tenant_id", "id", "custom"};

static void check_set(const json_t *set, struct res_problem *p)
{
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(barred); i++)
		if (json_object_get(set, barred[i]))
			res_problem_add(p, barred[i], "readonly", NULL);
}

static void read_affix(struct edit *e, const char *name, const json_t *v, struct res_problem *p)
{
	const struct res_view_field *f = res_view_find(e->view, name);
	char field[80];
	snprintf(field, sizeof(field), "affix.%.60s", name);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(barred); i++)
		f = strcmp(barred[i], name) == 0 ? NULL : f;
	if (!f || f->custom)
		res_problem_add(p, field, "unknown_field", NULL);
	else if (!f->update || !f->shown || f->field->type != RES_STRING)
		res_problem_add(p, field, "readonly", NULL);
	else if (e->n_affixes == AFFIX_MAX || strlen(text(v, "prefix")) > 100 || strlen(text(v, "suffix")) > 100)
		res_problem_add(p, field, "max_length", json_integer(100));
	else
		e->affixes[e->n_affixes++] = (struct affix){f->field, text(v, "prefix"), text(v, "suffix")};
}

/* The password of extensions becomes prefix and suffix put together, that of an agent has its number between them;
 * without the tick it is left alone. */
static void read_password(struct edit *e, const struct api_setting *s, struct res_problem *p)
{
	const json_t *v = json_object_get(json_object_get(e->body, "affix"), "password");
	if (!json_is_true(json_object_get(e->body, "reset_password"))) {
		if (v)
			res_problem_add_text(p, "reset_password", "required", "修改密码须勾选重置密码",
					     "must be ticked to change passwords", NULL);
	} else if (strcmp(e->view->def->name, "accounts") == 0) {
		res_problem_add(p, "reset_password", "unknown_field", NULL);
	} else if (!*text(v, "prefix")) {
		res_problem_add(p, "affix.password.prefix", "required", NULL);
	} else if (strlen(text(v, "prefix")) + strlen(text(v, "suffix")) > 100) {
		res_problem_add(p, "affix.password", "max_length", json_integer(100));
	} else if (strcmp(e->view->def->name, "agents") == 0) {
		e->words = (struct api_quick_words){text(v, "prefix"), text(v, "suffix"), "", ""};
		for (size_t i = 0; i < e->n_affixes; i++)
			if (strcmp(e->affixes[i].field->name, "number") == 0) {
				e->words.before = e->affixes[i].prefix;
				e->words.behind = e->affixes[i].suffix;
			}
	} else {
		e->password = zj_asprintf("%s%s", text(v, "prefix"), text(v, "suffix"));
		if (e->password)
			api_rules_check(s, "affix.password", e->password, NULL, p);
	}
}

static bool read_edit(struct api_req *req, struct edit *e, struct res_problem *p)
{
	json_t *set = json_object_get(e->body, "set"), *affix = json_object_get(e->body, "affix"), *v;
	const char *name;
	check_members(e->body, p);
	read_ids(e, p);
	check_set(set, p);
	json_object_foreach (affix, name, v)
		if (strcmp(name, "password") != 0)
			read_affix(e, name, v, p);
	read_password(e, api_setting_of(req->api->directory, req->who.tenant), p);
	e->preview = json_is_true(json_object_get(e->body, "preview"));
	if (!res_problem_any(p) && json_object_size(set) == 0 && !e->n_affixes && !e->password && !e->words.prefix)
		res_problem_add(p, "set", "required", NULL);
	if (res_problem_any(p)) {
		p->kind = p->kind == RES_P_UNKNOWN_FIELD ? p->kind : RES_P_INVALID;
		return false;
	}
	return json_object_size(set) == 0 || res_values_read(&e->values, e->view, false, set, p);
}

/* Nobody changes accounts that have more rights, nor gives a role that has more. False: answered. */
static bool is_within(struct api_req *req, const struct edit *e)
{
	const struct res_value *role = res_values_find(&e->values, "role_id");
	const struct api_directory *d = req->api->directory;
	const char *more = role && role->text && strcmp(e->view->def->table, "account") == 0
				   ? res_perm_beyond(req->who.perms, api_role_perms(d, role->text))
				   : NULL;
	size_t i;
	json_t *id;
	json_array_foreach (e->ids, i, id)
		more = more ? more
			    : res_perm_beyond(req->who.perms,
					      api_row_perms(d, e->view->def->table, json_string_value(id)));
	if (!more)
		return true;
	struct res_problem p = {.more = json_pack("{s:s}", "permission", more)};
	res_problem_set(&p, RES_P_BEYOND, "%s is more than you have yourself", more);
	api_reply_problem(req, &p);
	return false;
}

/* --- SQL --- */

struct params {
	const char *v[RES_VALUES_MAX + AFFIX_MAX * 2 + 4];
	int n;
};

static int param(struct params *p, const char *value)
{
	p->v[p->n++] = value;
	return p->n;
}

/* `name = value` for each field, by `assign`; in the preview members of an object. */
static void add_changes(struct res_buf *b, const struct edit *e, struct params *p, const char *format)
{
	char value[200];
	for (size_t i = 0; i < e->values.n; i++) {
		const struct res_value *v = &e->values.v[i];
		snprintf(value, sizeof(value), "$%d::%s", param(p, v->text),
			 res_view_field_sql_type(res_view_find(e->view, v->field->name)));
		res_buf_printf(b, format, v->field->name, value);
	}
	for (size_t i = 0; i < e->n_affixes; i++) {
		const struct affix *a = &e->affixes[i];
		int prefix = param(p, a->prefix), suffix = param(p, a->suffix);
		snprintf(value, sizeof(value), "$%d::text || t.\"%s\" || $%d::text", prefix, a->field->name, suffix);
		res_buf_printf(b, format, a->field->name, value);
	}
}

static void previewed(struct api_req *req, PGresult *const *results, int n, void *arg)
{
	const PGresult *r = results[n - 1];
	const struct edit *e = arg;
	if (PQntuples(r) == 0)
		return api_fail(req, RES_P_NOT_FOUND, "none of these rows is there");
	json_t *after = json_loads(PQgetvalue(r, 0, 2), 0, NULL);
	if (e->password || e->words.prefix)
		json_object_set_new(after, "password", json_string("***"));
	api_reply_json(req, 200,
		       json_pack("{s:I, s:i, s:o, s:o}", "matched", (json_int_t)atoll(PQgetvalue(r, 0, 0)), "changed",
				 0, "before", json_loads(PQgetvalue(r, 0, 1), 0, NULL), "after", after));
}

static void preview_sql(struct res_buf *b, const struct edit *e, struct params *p)
{
	res_buf_printf(b,
		       "select (select count(*) from zj.\"%s\" where tenant_id = zj.zj_tenant() and id = any "
		       "($1::uuid[])), (%s)::text, ((%s)::jsonb",
		       e->view->def->table, e->view->row, e->view->row);
	add_changes(b, e, p, " || jsonb_build_object('%s', %s)");
	res_buf_printf(b,
		       ")::text from zj.\"%s\" t where t.tenant_id = zj.zj_tenant() and t.id = any ($1::uuid[]) "
		       "order by array_position($1::uuid[], t.id) limit 1",
		       e->view->def->table);
}

static void changed(struct api_req *req, PGresult *const *results, int n, void *arg)
{
	const struct edit *e = arg;
	json_int_t count = atoll(PQgetvalue(results[n - 1], 0, 0));
	api_audit(req, "quick-edit", NULL);
	api_reply_json(req, 200,
		       json_pack("{s:I, s:I, s:i}", "matched", count, "changed", count, "failed",
				 (int)((json_int_t)json_array_size(e->ids) - count)));
}

/* The id is set to itself, so that there is something before the first comma. */
static void update_sql(struct res_buf *b, const struct edit *e, struct params *p)
{
	res_buf_printf(b, "with done as (update zj.\"%s\" t set id = t.id", e->view->def->table);
	add_changes(b, e, p, ", \"%s\" = %s");
	if (e->password)
		res_buf_printf(b, ", password = $%d::text", param(p, e->password));
	res_buf_add(b, " where t.tenant_id = zj.zj_tenant() and t.id = any ($1::uuid[]) returning 1) select count(*) "
		       "from done");
}

/* `hashes` (NULL: none) are those of the agents' accounts: written in the same transaction, before. */
static void run(struct api_req *req, struct edit *e, const char *hashes)
{
	static const char accounts[] =
		"update zj.account a set password = x.hash, must_change_password = true from "
		"jsonb_to_recordset($1::jsonb) x (account_id uuid, hash text) where a.tenant_id = zj.zj_tenant() and "
		"a.id = x.account_id";
	struct res_buf b = {0};
	struct params p = {0};
	char *ids = res_array_text(e->ids);
	param(&p, ids);
	if (e->preview)
		preview_sql(&b, e, &p);
	else
		update_sql(&b, e, &p);
	struct zj_pg_query q[2] = {{.sql = accounts, .n = 1, .values = &hashes}, {.sql = b.p, .n = p.n, .values = p.v}};
	if (ids && !b.failed)
		api_db_run(req, hashes ? q : q + 1, hashes ? 2 : 1, e->preview ? previewed : changed, NULL, e);
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
	res_buf_free(&b);
	zj_deref(ids);
}

static void with_hashes(struct api_req *req, const json_t *items, void *arg)
{
	char *hashes = json_dumps(items, JSON_COMPACT);
	if (hashes)
		run(req, arg, hashes);
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
	free(hashes);
}

/* Agents whose passwords are set: those are hashed first. */
static void start(struct api_req *req, struct edit *e)
{
	if (!e->words.prefix || e->preview) {
		run(req, e, NULL);
	} else if (api_may(req, "accounts.update")) {
		char *ids = res_array_text(e->ids);
		if (ids)
			api_quick_passwords(req, &e->words, ids, with_hashes, e, &e->passwords);
		else
			api_fail(req, RES_P_INTERNAL, "out of memory");
		zj_deref(ids);
	}
}

/* One of the three resources that quick edit knows; NULL: answered. */
static const struct res_def *resource_of(struct api_req *req, const json_t *body)
{
	static const char *const names[] = {"extensions", "agents", "accounts"};
	char permission[40];
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(names); i++) {
		if (strcmp(text(body, "resource"), names[i]) != 0)
			continue;
		snprintf(permission, sizeof(permission), "%s.update", names[i]);
		return api_may(req, permission) ? res_schema_find(req->schema, names[i]) : NULL;
	}
	struct res_problem p = {.kind = RES_P_INVALID};
	res_problem_add(&p, "resource", "enum", json_pack("[sss]", names[0], names[1], names[2]));
	api_reply_problem(req, &p);
	return NULL;
}

void api_quick_edit_h(struct api_req *req)
{
	struct res_problem p = {0};
	struct edit *e = zj_alloc(sizeof(*e), destructor);
	if (!e)
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	req->user = e;
	e->body = api_req_body(req);
	if (!e->body)
		return;
	if (req->who.role == RES_ROLE_CARRIER)
		return api_fail(req, RES_P_ENTER, "enter a tenant with X-Zj-Tenant");
	req->res = resource_of(req, e->body);
	e->view = req->res ? api_view_of(req, req->res) : NULL;
	if (!e->view)
		return;
	if (!read_edit(req, e, &p))
		api_reply_problem(req, &p);
	else if (is_within(req, e))
		start(req, e);
}
