#include "quick/quick.h"
#include "login/enter.h"
#include "login/rules.h"
#include "perm.h"
#include <stdlib.h>
#include <string.h>

static void destructor(void *obj)
{
	struct api_quick *q = obj;
	json_decref(q->items);
	json_decref(q->extension);
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

static bool makes_accounts(const struct api_quick *q)
{
	return !q->account[0] && !q->nobody;
}

/* --- what the form says --- */

/* Members: X(name, type) */
#define MEMBERS(X)                                                                                                     \
	X("tenant_id", JSON_STRING)                                                                                    \
	X("accounts", JSON_STRING)                                                                                     \
	X("objects", JSON_STRING)                                                                                      \
	X("count", JSON_INTEGER)                                                                                       \
	X("username_prefix", JSON_STRING)                                                                              \
	X("first_extension", JSON_STRING)                                                                              \
	X("first_agent", JSON_STRING)                                                                                  \
	X("password_length", JSON_INTEGER)                                                                             \
	X("password_prefix", JSON_STRING)                                                                              \
	X("random", JSON_TRUE)                                                                                         \
	X("role_id", JSON_STRING)                                                                                      \
	X("department_id", JSON_STRING)                                                                                \
	X("extension", JSON_OBJECT)                                                                                    \
	X("items", JSON_ARRAY)                                                                                         \
	X("csv", JSON_STRING)                                                                                          \
	X("preview", JSON_TRUE)

static bool is_type(const json_t *v, json_type type)
{
	return type == JSON_TRUE ? json_is_boolean(v) : json_typeof(v) == type;
}

/* Numbers may come as numbers; null is nothing. */
static void check_members(json_t *body, struct res_problem *p)
{
	static const struct {
		const char *name;
		json_type type;
	} members[] = {
#define X(n, t) {n, t},
		MEMBERS(X)
#undef X
	};
	const char *key;
	json_t *v;
	void *next;
	json_object_foreach_safe(body, next, key, v)
	{
		size_t i = 0;
		while (i < ZJ_ARRAY_SIZE(members) && strcmp(members[i].name, key) != 0)
			i++;
		if (i == ZJ_ARRAY_SIZE(members)) {
			res_problem_set(p, RES_P_UNKNOWN_FIELD, "there is no field %.100s here", key);
			res_problem_add(p, key, "unknown_field", NULL);
		} else if (json_is_null(v)) {
			json_object_del(body, members[i].name);
		} else if (json_is_integer(v) && members[i].type == JSON_STRING) {
			json_object_set_new(body, members[i].name, json_sprintf("%lld", json_integer_value(v)));
		} else if (!is_type(v, members[i].type)) {
			res_problem_set(p, RES_P_TYPE, "%.100s has the wrong type", key);
			res_problem_add(p, key, "type", NULL);
		}
	}
}

static bool is_digits(const char *s, size_t max)
{
	size_t n = strlen(s);
	return n >= 1 && n <= max && strspn(s, "0123456789") == n;
}

/* `first` + i, as wide as `first` at least. */
static json_t *number_at(const char *first, long i)
{
	return json_sprintf("%0*lld", (int)strlen(first), strtoll(first, NULL, 10) + i);
}

/* The password of the form: random, or the prefix, completed at random where it is shorter than the length. */
static json_t *password_of(const struct api_setting *s, const json_t *body)
{
	char out[130], tail[130];
	size_t n = (size_t)json_integer_value(json_object_get(body, "password_length"));
	const char *prefix = json_is_true(json_object_get(body, "random")) ? "" : text(body, "password_prefix");
	size_t have = strlen(prefix);
	if (!have) {
		api_rules_password(s, n, out);
		return json_string(out);
	}
	api_rules_password(s, n > have + 8 ? n : have + 8, tail);
	snprintf(out, sizeof(out), "%s%.*s", prefix, n > have ? (int)(n - have) : 0, tail);
	return json_string(out);
}

static void check_counts(const struct api_quick *q, const struct api_setting *s, json_t *body, struct res_problem *p)
{
	json_int_t count = json_integer_value(json_object_get(body, "count")),
		   length = json_integer_value(json_object_get(body, "password_length"));
	if (!json_object_get(body, "password_length"))
		json_object_set_new(body, "password_length",
				    json_integer(length = s->password_min_length > 10 ? s->password_min_length : 10));
	if (count < 1)
		res_problem_add(p, "count", json_object_get(body, "count") ? "min" : "required", json_integer(1));
	if (count > API_QUICK_MAX)
		res_problem_add(p, "count", "max", json_integer(API_QUICK_MAX));
	if (q->account[0] && q->agents && count > 1)
		res_problem_add_text(p, "count", "max", "一个账号只能有一个坐席", "an account has one agent only",
				     NULL);
	if (length < s->password_min_length)
		res_problem_add(p, "password_length", "min", json_integer(s->password_min_length));
	if (length > 128)
		res_problem_add(p, "password_length", "max", json_integer(128));
	if (makes_accounts(q) && !*text(body, "username_prefix"))
		res_problem_add(p, "username_prefix", "required", NULL);
	if (q->extensions && !is_digits(text(body, "first_extension"), 15))
		res_problem_add(p, "first_extension", "pattern", json_string("^[0-9]{1,15}$"));
	if (q->agents && !is_digits(text(body, "first_agent"), 15))
		res_problem_add(p, "first_agent", "pattern", json_string("^[0-9]{1,15}$"));
	if (!json_is_true(json_object_get(body, "random")) && !*text(body, "password_prefix"))
		res_problem_add(p, "password_prefix", "required", NULL);
}

static void plan(struct api_quick *q, const struct api_setting *s, const json_t *body)
{
	long count = (long)json_integer_value(json_object_get(body, "count"));
	q->items = json_array();
	for (long i = 0; i < count; i++) {
		json_t *o = json_object();
		if (makes_accounts(q)) {
			json_object_set_new(o, "username", json_sprintf("%s%ld", text(body, "username_prefix"), i));
			json_object_set_new(o, "account_password", password_of(s, body));
		}
		if (q->extensions) {
			json_object_set_new(o, "extension", number_at(text(body, "first_extension"), i));
			json_object_set_new(o, "extension_password", password_of(s, body));
		}
		if (q->agents)
			json_object_set_new(o, "agent", number_at(text(body, "first_agent"), i));
		json_array_append_new(q->items, o);
	}
}

/* --- rows, planned, changed in the preview, or from a table --- */

static void item_fault(struct res_problem *p, size_t i, const char *column, const char *rule, json_t *value)
{
	char field[60];
	snprintf(field, sizeof(field), "items.%zu.%s", i, column);
	res_problem_add(p, field, rule, value);
}

static void need(struct res_problem *p, size_t i, const json_t *item, const char *column)
{
	if (!*text(item, column))
		item_fault(p, i, column, "required", NULL);
}

static void check_password(struct res_problem *p, const struct api_setting *s, size_t i, json_t *item,
			   const char *column, const char *name)
{
	char field[60], made[21];
	if (!*text(item, column)) {
		api_rules_password(s, s->password_min_length > 20 ? 20 : 12, made);
		json_object_set_new(item, column, json_string(made));
	}
	snprintf(field, sizeof(field), "items.%zu.%s", i, column);
	if (strlen(text(item, column)) > 128)
		res_problem_add(p, field, "max_length", json_integer(128));
	else
		api_rules_check(s, field, text(item, column), text(item, name), p);
}

static void check_columns(json_t *item, size_t i, struct res_problem *p)
{
	static const char *const names[] = {
#define X(name, zh, en) name,
		API_QUICK_COLUMNS_TEMPLATE(X)
#undef X
	};
	const char *key;
	json_t *v;
	json_object_foreach (item, key, v) {
		size_t c = 0;
		while (c < ZJ_ARRAY_SIZE(names) && strcmp(names[c], key) != 0)
			c++;
		if (c == ZJ_ARRAY_SIZE(names))
			item_fault(p, i, "*", "unknown_field", NULL);
		else if (!json_is_string(v) && !json_is_null(v))
			item_fault(p, i, names[c], "type", json_string("string"));
	}
}

/* An agent logs in with its account: its password is the account's. */
static void check_item(struct api_quick *q, const struct api_setting *s, size_t i, json_t *item, struct res_problem *p)
{
	check_columns(item, i, p);
	if (makes_accounts(q)) {
		need(p, i, item, "username");
		check_password(p, s, i, item, "account_password", "username");
	}
	if (q->extensions) {
		need(p, i, item, "extension");
		check_password(p, s, i, item, "extension_password", "extension");
	}
	if (q->agents) {
		need(p, i, item, "agent");
		json_object_set(item, "agent_password", json_object_get(item, "account_password"));
	}
}

static void check_items(struct api_quick *q, const struct api_setting *s, struct res_problem *p)
{
	size_t i, n = json_array_size(q->items);
	json_t *item;
	if (n < 1 || n > API_QUICK_MAX)
		res_problem_add(p, "items", n ? "max" : "required", json_integer(API_QUICK_MAX));
	json_array_foreach (q->items, i, item) {
		if (json_array_size(p->errors) >= 50)
			break;
		if (json_is_object(item))
			check_item(q, s, i, item, p);
		else
			item_fault(p, i, "*", "type", json_string("object"));
	}
}

/* --- for whom, and with what rights --- */

/* The carrier says in which tenant; false: answered. */
static bool go_inside(struct api_req *req, const char *tenant)
{
	if (!*tenant || strcmp(tenant, req->who.tenant) == 0)
		return true;
	if (req->who.role != RES_ROLE_CARRIER || !res_perm_has(req->who.perms, "tenants.enter") ||
	    !zj_uuid_is_valid(tenant) || !api_tenant_find(req->api->directory, tenant)) {
		api_fail(req, RES_P_ENTER, "tenant_id is for carrier accounts with tenants.enter");
		return false;
	}
	strcpy(req->who.tenant, tenant);
	req->who.role = RES_ROLE_TENANT;
	return api_enter_note(req);
}

static void copy_id(char *to, const json_t *body, const char *key, struct res_problem *p)
{
	const char *id = text(body, key);
	if (*id && !zj_uuid_is_valid(id))
		res_problem_add(p, key, "format", json_string("uuid"));
	else
		strcpy(to, id);
}

static void read_choices(struct api_quick *q, const json_t *body, struct res_problem *p)
{
	const char *accounts = text(body, "accounts"), *objects = text(body, "objects");
	q->extensions = strcmp(objects, "agents") != 0;
	q->agents = strcmp(objects, "extensions") != 0;
	if (q->extensions && q->agents && strcmp(objects, "agents_extensions") != 0)
		res_problem_add(p, "objects", "enum", json_pack("[sss]", "extensions", "agents_extensions", "agents"));
	q->nobody = strcmp(accounts, "none") == 0;
	if (q->nobody && q->agents)
		res_problem_add_text(p, "accounts", "enum", "坐席必须属于账号", "agents belong to accounts", NULL);
	if (*accounts && !q->nobody && strcmp(accounts, "new") != 0)
		copy_id(q->account, body, "accounts", p);
	copy_id(q->role, body, "role_id", p);
	copy_id(q->department, body, "department_id", p);
	q->preview = json_is_true(json_object_get(body, "preview"));
	q->extension = json_incref(json_object_get(body, "extension"));
	q->extension = q->extension ? q->extension : json_object();
}

static bool role_is_within(struct api_req *req, const char *role)
{
	const char *more = res_perm_beyond(req->who.perms, api_role_perms(req->api->directory, role));
	if (!more)
		return true;
	struct res_problem p = {.more = json_pack("{s:s}", "permission", more)};
	res_problem_set(&p, RES_P_BEYOND, "%s is more than you have yourself", more);
	api_reply_problem(req, &p);
	return false;
}

/* False: faults are in `p`. */
static bool read_form(struct api_quick *q, json_t *body, struct res_problem *p)
{
	const struct api_setting *s = api_setting_of(q->req->api->directory, q->req->who.tenant);
	json_t *items = json_object_get(body, "items"), *csv = json_object_get(body, "csv");
	read_choices(q, body, p);
	if (items)
		q->items = json_deep_copy(items);
	else if (csv)
		q->items = api_quick_csv_read(json_string_value(csv), p);
	else
		check_counts(q, s, body, p);
	if (res_problem_any(p))
		return false;
	if (!q->items)
		plan(q, s, body);
	check_items(q, s, p);
	return !res_problem_any(p);
}

void api_quick_setup_h(struct api_req *req)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	json_t *body = api_req_body(req);
	struct api_quick *q = body ? zj_alloc(sizeof(*q), destructor) : NULL;
	if (!q) {
		if (body)
			api_fail(req, RES_P_INTERNAL, "out of memory");
		json_decref(body);
		return;
	}
	req->user = q;
	q->req = req;
	check_members(body, &p);
	if (res_problem_any(&p)) {
		api_reply_problem(req, &p);
	} else if (go_inside(req, text(body, "tenant_id"))) {
		if (req->who.role == RES_ROLE_CARRIER)
			api_fail(req, RES_P_ENTER, "say in which tenant: tenant_id");
		else if (!read_form(q, body, &p))
			api_reply_problem(req, &p);
		else if (!role_is_within(req, q->role))
			;
		else if (q->preview)
			api_quick_preview(q);
		else
			api_quick_save(q);
	}
	json_decref(body);
}

void api_quick_template_h(struct api_req *req)
{
	char *lang = res_query_get(req->query, "lang");
	char *csv = api_quick_csv_template(!lang || strcmp(lang, "en") != 0),
	     *all = csv ? zj_asprintf("\xef\xbb\xbf%s", csv) : NULL; /* Excel knows UTF-8 by its mark */
	api_header(req, "content-disposition", "attachment; filename=\"quick-setup.csv\"");
	if (all)
		api_reply(req, 200, "text/csv; charset=utf-8", all, strlen(all));
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
	zj_deref(lang);
	zj_deref(csv);
	zj_deref(all);
}
