/* Nobody gives more than he has: permissions, roles, and the rights to single fields; and a tenant's roles hold only
 * what the carrier lets them (grantable). */
#include "perm.h"
#include "rights/views.h"
#include "rows/write.h"
#include <stdlib.h>
#include <string.h>

static bool beyond(struct api_req *req, const char *what)
{
	struct res_problem p = {.more = json_pack("{s:s}", "permission", what)};
	res_problem_set(&p, RES_P_BEYOND, "%s is more than you have yourself", what);
	api_reply_problem(req, &p);
	return false;
}

/* The elements of an array's text, {"a","b"} (value.c made it). */
static json_t *elements_of(const char *text)
{
	json_t *out = json_array();
	struct res_buf b = {0};
	for (const char *s = text + 1; *s && *s != '}'; s++) {
		if (*s != '"')
			continue;
		b.n = 0;
		for (s++; *s && *s != '"'; s++) {
			s += *s == '\\' && s[1];
			res_buf_addn(&b, s, 1);
		}
		json_array_append_new(out, json_string(b.n ? b.p : ""));
	}
	res_buf_free(&b);
	return out;
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

/* --- fields --- */

static enum res_access access_in(const json_t *role_fields, const char *resource, const char *field)
{
	static json_t *all;
	enum res_mask mask;
	struct res_field f = {.name = field};
	if (!all)
		all = json_pack("[s]", "*");
	return res_access_of(&f, resource, all, role_fields, &mask);
}

static enum res_access access_named(const char *name)
{
	for (int a = 0; a < RES_ACCESS_COUNT; a++)
		if (strcmp(res_access_names[a], name) == 0)
			return (enum res_access)a;
	return RES_ACCESS_WRITE;
}

/* The first field, `resource.field`, of which the holder of these rows and permissions sees more than the caller. An
 * object; NULL: none. */
static char *wider(struct api_req *req, const json_t *theirs, const json_t *perms)
{
	const json_t *mine = api_view_role_fields(req);
	char read[100];
	size_t i;
	json_t *row;
	json_array_foreach (mine, i, row) {
		const char *resource = text(row, "resource"), *field = text(row, "field");
		snprintf(read, sizeof(read), "%.80s.read", resource);
		if (res_perm_has(perms, read) && access_in(theirs, resource, field) > access_named(text(row, "access")))
			return zj_asprintf("%s.%s", resource, field);
	}
	return NULL;
}

static bool fields_within(struct api_req *req, const json_t *theirs, const json_t *perms)
{
	char *what = wider(req, theirs, perms);
	bool good = !what || beyond(req, what);
	zj_deref(what);
	return good;
}

static const char *value_or(struct api_write *w, const char *field, const char *former)
{
	const struct res_value *v = res_values_find(&w->values, field);
	return v && v->text ? v->text : former;
}

/* A row of role_field about to be made, changed or deleted: what the role may afterwards with the field. */
static bool role_field_allowed(struct api_write *w)
{
	struct api_req *req = w->req;
	const json_t *row = w->id[0] ? api_row_whole(req->api->directory, req->res->table, w->id) : NULL;
	bool gone = strcmp(req->method, "DELETE") == 0;
	const char *role = value_or(w, "role_id", text(row, "role_id")),
		   *resource = value_or(w, "resource", text(row, "resource")),
		   *field = value_or(w, "field", text(row, "field"));
	enum res_access access = gone ? RES_ACCESS_WRITE : access_named(value_or(w, "access", text(row, "access")));
	const json_t *mine = api_view_role_fields(req);
	const char *more = res_perm_beyond(req->who.perms, api_role_perms(req->api->directory, role));
	if (more)
		return beyond(req, more);
	if (access <= access_in(mine, resource, field) &&
	    (!row || gone ||
	     access_in(mine, text(row, "resource"), text(row, "field")) >= access_named(text(row, "access"))))
		return true;
	char *what = zj_asprintf("%s.%s", resource, field);
	beyond(req, what ? what : field);
	zj_deref(what);
	return false;
}

/* --- permissions --- */

/* Does the carrier let tenants' roles hold it? What stands for several (`queues.write`, `queues.*`) only when all may.
 */
static bool grantable(struct api_req *req, const char *permission)
{
	size_t i;
	json_t *row, *one = json_pack("[s]", permission);
	bool good = true;
	json_array_foreach (api_grantable(req->api->directory), i, row)
		if (json_is_false(json_object_get(row, "allowed")) && res_perm_has(one, text(row, "permission")))
			good = false;
	json_decref(one);
	return good;
}

static bool permissions_allowed(struct api_write *w, const struct res_value *v)
{
	struct api_req *req = w->req;
	struct res_problem p = {.kind = RES_P_INVALID};
	json_t *wanted = elements_of(v->text ? v->text : "{}");
	const json_t *had = w->id[0] ? api_row_perms(req->api->directory, req->res->table, w->id) : NULL;
	size_t i;
	json_t *one;
	json_array_foreach (wanted, i, one) {
		const char *name = json_string_value(one);
		if (!res_schema_permission_known(req->schema, name))
			res_problem_add(&p, v->field->name, "permission", json_incref(one));
		else if (req->who.role == RES_ROLE_TENANT && !res_perm_has(had, name) && !grantable(req, name))
			res_problem_add(&p, v->field->name, "grantable", json_incref(one));
	}
	const char *more = res_perm_beyond(req->who.perms, wanted);
	bool good = !res_problem_any(&p) && (!more || beyond(req, more));
	if (res_problem_any(&p))
		api_reply_problem(req, &p);
	else if (good && w->id[0] && strcmp(req->res->table, "role") == 0) /* those who hold it see more fields */
		good = fields_within(req, api_role_fields(req->api->directory, w->id), wanted);
	json_decref(wanted);
	return good;
}

static bool role_allowed(struct api_write *w, const char *role)
{
	const struct api_directory *d = w->req->api->directory;
	const json_t *perms = api_role_perms(d, role);
	const char *more = res_perm_beyond(w->req->who.perms, perms);
	if (more)
		return beyond(w->req, more);
	return fields_within(w->req, api_role_fields(d, role), perms);
}

/* An account of type `admin` without a role gets the one that may do everything. */
static bool admin_allowed(struct api_write *w)
{
	const struct res_value *type = res_values_find(&w->values, "type"),
			       *role = res_values_find(&w->values, "role_id");
	const struct api_account *a = w->id[0] ? api_account_find(w->req->api->directory, w->id) : NULL;
	const char *had = a ? json_string_value(json_object_get(a->row, "type")) : NULL;
	const char *is = type ? type->text : had;
	bool without = role ? !role->text : !a || !a->role[0];
	if ((!type && !role) || !is || strcmp(is, "admin") != 0 || !without || res_perm_has(w->req->who.perms, "*"))
		return true;
	return beyond(w->req, "*");
}

bool api_write_allowed(struct api_write *w)
{
	struct api_directory *d = w->req->api->directory;
	const struct res_def *r = w->req->res;
	const char *more = w->id[0] ? res_perm_beyond(w->req->who.perms, api_row_perms(d, r->table, w->id)) : NULL;
	if (more)
		return beyond(w->req, more);
	if (strcmp(r->table, "role_field") == 0)
		return role_field_allowed(w);
	if (strcmp(r->table, "account") == 0 && !admin_allowed(w))
		return false;
	for (size_t i = 0; i < w->values.n; i++) {
		const struct res_value *v = &w->values.v[i];
		if (!api_password_allowed(w, v))
			return false;
		if (!v->field->check)
			continue;
		if (strcmp(v->field->check, "permissions") == 0 && !permissions_allowed(w, v))
			return false;
		if (strcmp(v->field->check, "role") == 0 && v->text && !role_allowed(w, v->text))
			return false;
	}
	return true;
}
