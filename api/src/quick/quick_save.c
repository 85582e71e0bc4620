/* Quick setup: the passwords are hashed, then everything is written in one transaction. */
#include "buf.h"
#include "login/passwords.h"
#include "quick/quick.h"
#include "rights/views.h"
#include "value.h"
#include "zj_log.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

static bool in_chinese(const struct api_req *req)
{
	const struct api_account *a = api_account_find(req->api->directory, req->who.account);
	const struct api_tenant *t = api_tenant_find(req->api->directory, req->who.tenant);
	const char *own = a ? text(a->row, "language") : "";
	return strcmp(*own ? own : t ? text(t->row, "language") : "zh", "en") != 0;
}

static void answer(struct api_quick *q, int status, json_t *taken /* stolen */)
{
	json_t *o = json_object();
	size_t i;
	json_t *item;
	json_array_foreach (q->items, i, item) {
		json_object_del(item, "hash");
		json_object_del(item, "account_id");
		json_object_del(item, "extension_id");
		json_object_del(item, "agent_id");
	}
	json_object_set(o, "items", q->items);
	json_object_set(o, "extension", q->extension);
	if (taken)
		json_object_set_new(o, "taken", taken);
	if (status == 201) {
		char *csv = api_quick_csv(q->items, in_chinese(q->req));
		json_object_set_new(o, "csv", csv ? json_string(csv) : json_null());
		zj_deref(csv);
	}
	api_reply_json(q->req, status, o);
}

/* --- preview --- */

static void looked(struct api_req *req, PGresult *const *results, int n, void *arg ZJ_UNUSED)
{
	const PGresult *r = results[n - 1];
	answer(req->user, 200, json_loads(PQgetvalue(r, 0, 0), 0, NULL));
}

/* What is taken already, so that it is seen before saving. */
void api_quick_preview(struct api_quick *q)
{
	static const char sql[] =
		"with x as (select * from jsonb_to_recordset($1) x (username text, extension text, agent text)) "
		"select jsonb_build_object("
		"'usernames', (select coalesce(jsonb_agg(x.username), '[]') from x join zj.account a on a.tenant_id = "
		"zj.zj_tenant() and a.username = x.username), "
		"'extensions', (select coalesce(jsonb_agg(x.extension), '[]') from x join zj.extension e on "
		"e.tenant_id = zj.zj_tenant() and e.number = x.extension), "
		"'agents', (select coalesce(jsonb_agg(x.agent), '[]') from x join zj.agent g on g.tenant_id = "
		"zj.zj_tenant() and g.number = x.agent))::text";
	char *items = json_dumps(q->items, JSON_COMPACT);
	const char *values[] = {items};
	struct zj_pg_query query = {.sql = sql, .n = 1, .values = values};
	if (items)
		api_db_run(q->req, &query, 1, looked, NULL, NULL);
	else
		api_fail(q->req, RES_P_INTERNAL, "out of memory");
	free(items);
}

/* --- the transaction --- */

enum step { ACCOUNTS, EXTENSIONS, AGENTS, STEPS };
static const char *const resources[STEPS] = {"accounts", "extensions", "agents"};

static const char accounts_sql[] =
	"insert into zj.account (tenant_id, id, username, name, password, email, role_id, department_id, "
	"must_change_password) select zj.zj_tenant(), x.account_id, x.username, coalesce(x.name, x.username), x.hash, "
	"x.email, coalesce(nullif($2, '')::uuid, (select id from zj.role where tenant_id = zj.zj_tenant() and kind = "
	"'agent')), nullif($3, '')::uuid, true "
	"from jsonb_to_recordset($1) x (account_id uuid, username text, name text, hash text, email text)";
static const char agents_sql[] =
	"insert into zj.agent (tenant_id, id, number, name, account_id, extension_id, origin) "
	"select zj.zj_tenant(), x.agent_id, x.agent, coalesce(x.name, x.username, x.agent), x.account_id, "
	"x.extension_id, 'quick' from jsonb_to_recordset($1) x (agent_id uuid, agent text, name text, username text, "
	"account_id "
	"uuid, extension_id uuid)";

/* The columns of `extension` of the form come last: $2 and on. */
static void extensions_sql(struct res_buf *b, const struct res_view *v, const struct res_values *values)
{
	res_buf_add(b, "insert into zj.extension (tenant_id, id, number, name, password, account_id");
	for (size_t i = 0; i < values->n; i++)
		res_buf_printf(b, ", \"%s\"", values->v[i].field->name);
	res_buf_add(b, ") select zj.zj_tenant(), x.extension_id, x.extension, coalesce(x.name, x.username, ''), "
		       "x.extension_password, x.account_id");
	for (size_t i = 0; i < values->n; i++)
		res_buf_printf(b, ", $%zu::%s", i + 2,
			       res_view_field_sql_type(res_view_find(v, values->v[i].field->name)));
	res_buf_add(b, " from jsonb_to_recordset($1) x (extension_id uuid, extension text, name text, username text, "
		       "extension_password text, account_id uuid)");
}

static void known(void *arg)
{
	struct api_req *req = arg;
	answer(req->user, 201, NULL);
	zj_deref(req);
}

/* Whoever logs in next is known here: the last account is the last to arrive. */
static void written(struct api_req *req, PGresult *const *results ZJ_UNUSED, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	struct api_quick *q = req->user;
	const json_t *last = json_array_get(q->items, json_array_size(q->items) - 1);
	char *id = zj_strdup(text(last, "account_id"));
	zj_info("audit", "quick-setup rows=%zu account=%s", json_array_size(q->items), req->who.account);
	api_directory_wait(req->api->directory, q->account[0] || q->nobody || !id ? "" : "account", id ? id : "",
			   req->started_us, false, known, zj_ref(req));
	zj_deref(id);
}

/* The refused statement's resource names the fields. */
static bool refused(struct api_req *req, int failed, const struct res_pg_error *e ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	const struct api_quick *q = req->user;
	if (failed >= 0 && failed < STEPS)
		req->res = res_schema_find(req->schema, resources[q->steps[failed]]);
	return false;
}

static bool read_details(struct api_quick *q, const struct res_view *v, struct res_values *values)
{
	static const char *const own[] = {"number", "password", "account_id", "tenant_id"};
	struct res_problem p = {0};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(own); i++)
		if (json_object_get(q->extension, own[i]))
			res_problem_add(&p, own[i], "readonly", NULL);
	if (json_object_size(q->extension) == 0)
		return true;
	if (!res_problem_any(&p) && res_values_read(values, v, false, q->extension, &p))
		return true;
	p.kind = p.kind ? p.kind : RES_P_INVALID;
	api_reply_problem(q->req, &p);
	return false;
}

static int add_extensions(struct api_quick *q, struct res_values *values, struct res_buf *b, const char **params,
			  struct zj_pg_query *query)
{
	const struct res_def *def = res_schema_find(q->req->schema, "extensions");
	const struct res_view *v = def ? api_view_of(q->req, def) : NULL;
	if (!v || !read_details(q, v, values))
		return EINVAL;
	extensions_sql(b, v, values);
	for (size_t i = 0; i < values->n; i++)
		params[i + 1] = values->v[i].text;
	*query = (struct zj_pg_query){.sql = b->p, .n = (int)values->n + 1, .values = params};
	return b->failed ? ENOMEM : 0;
}

static void write_all(struct api_req *req, void *arg ZJ_UNUSED)
{
	struct api_quick *q = req->user;
	struct zj_pg_query queries[STEPS];
	struct res_values *values = calloc(1, sizeof(*values));
	struct res_buf b = {0};
	char *items = json_dumps(q->items, JSON_COMPACT);
	const char *accounts[] = {items, q->role, q->department}, *extensions[RES_VALUES_MAX + 1] = {items},
		   *agents[] = {items};
	int n = 0, err = items && values ? 0 : ENOMEM;
	if (!err && !q->account[0] && !q->nobody) {
		q->steps[n] = ACCOUNTS;
		queries[n] = (struct zj_pg_query){.sql = accounts_sql, .n = 3, .values = accounts};
		n++;
	}
	if (!err && q->extensions) {
		q->steps[n] = EXTENSIONS;
		err = add_extensions(q, values, &b, extensions, &queries[n++]);
	}
	if (!err && q->agents) {
		q->steps[n] = AGENTS;
		queries[n] = (struct zj_pg_query){.sql = agents_sql, .n = 1, .values = agents};
		n++;
	}
	if (!err)
		api_db_run(q->req, queries, n, written, refused, NULL);
	else if (err != EINVAL) /* that one was answered */
		api_fail(q->req, RES_P_INTERNAL, "out of memory");
	if (values)
		res_values_free(values);
	free(values);
	res_buf_free(&b);
	free(items);
}

void api_quick_save(struct api_quick *q)
{
	size_t i;
	json_t *item;
	char id[ZJ_UUID_SIZE];
	json_array_foreach (q->items, i, item) {
		zj_uuid7(id);
		json_object_set_new(item, "account_id",
				    q->nobody ? json_null() : json_string(q->account[0] ? q->account : id));
		zj_uuid7(id);
		if (q->extensions)
			json_object_set_new(item, "extension_id", json_string(id));
		zj_uuid7(id);
		if (q->agents)
			json_object_set_new(item, "agent_id", json_string(id));
	}
	if (q->account[0] || q->nobody)
		write_all(q->req, NULL);
	else
		api_passwords_hash(q->req, q->items, "account_password", write_all, NULL);
}
