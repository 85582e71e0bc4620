#include "rows/audit.h"
#include "perm.h"
#include "rights/views.h"
#include "server/api.h"
#include <stdlib.h>
#include <string.h>

bool api_audit_is(const struct api_req *req)
{
	return req->res && strcmp(req->res->table, "audit") == 0;
}

bool api_audit_sees_all(const struct api_req *req)
{
	static const char *const shows[] = {"show.phone", "show.email", "show.id", "show.name", "show.all"};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(shows); i++)
		if (!res_perm_has(req->who.perms, shows[i]))
			return false;
	return json_array_size(api_view_role_fields(req)) == 0;
}

static bool is_open(const struct res_view_field *f)
{
	return strcmp(f->field->name, "label") != 0 && strcmp(f->field->name, "changes") != 0;
}

bool api_audit_query_allowed(struct api_req *req, const struct res_query *q)
{
	bool good = !q->search;
	if (api_audit_sees_all(req))
		return true;
	for (size_t i = 0; i < q->n_filters; i++)
		good = good && is_open(q->filters[i].field);
	for (size_t i = 0; i < q->n_sort; i++)
		good = good && is_open(q->sort[i].field);
	if (!good)
		api_fail(req, RES_P_QUERY, "names in the log are masked for you: they cannot be searched");
	return good;
}

static bool is_of_row(const char *event)
{
	static const char *const events[] = {"create", "update", "delete", "restore"};
	for (size_t i = 0; event && i < ZJ_ARRAY_SIZE(events); i++)
		if (strcmp(events[i], event) == 0)
			return true;
	return false;
}

/* The label is the value of a field: masked, or not there, as that field is. */
static json_t *label_seen(const struct res_view *v, const json_t *label)
{
	const char *name = v->def->label;
	if (!name || !json_is_string(label))
		return json_incref((json_t *)label);
	json_t *row = json_pack("{s:O}", name, label), *seen = row ? res_view_row(v, row) : NULL;
	json_t *out = json_object_get(seen, name);
	json_incref(out);
	json_decref(seen);
	json_decref(row);
	return out ? out : json_null();
}

static void set(json_t *row, const char *key, json_t *value /* stolen */)
{
	if (json_object_get(row, key))
		json_object_set_new(row, key, value);
	else
		json_decref(value);
}

/* An event that changed a row: its fields as the view of that resource has them. */
static void mask_row(struct api_req *req, json_t *row, const struct res_def *def)
{
	const struct res_view *v = def && res_perm_has(req->who.perms, def->perm_read) ? api_view_look(req, def) : NULL;
	const json_t *changes = json_object_get(row, "changes");
	if (!v) {
		set(row, "changes", json_null());
		set(row, "label", json_null());
		return;
	}
	if (json_is_object(changes))
		set(row, "changes", res_view_changes(v, changes));
	if (json_object_get(row, "label"))
		set(row, "label", label_seen(v, json_object_get(row, "label")));
}

/* Of what somebody looked for, or set for many, may be values that others see masked. */
static void mask_event(json_t *row)
{
	static const char *const keys[] = {"query", "set", "params"};
	json_t *changes = json_object_get(row, "changes");
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(keys); i++)
		json_object_del(changes, keys[i]);
}

void api_audit_add(struct api_req *req, struct res_buf *b, const char *text)
{
	json_t *row = json_loads(text, 0, NULL);
	if (!row) {
		b->failed = true;
		return;
	}
	const char *resource = json_string_value(json_object_get(row, "resource"));
	if (!api_audit_sees_all(req)) {
		if (is_of_row(json_string_value(json_object_get(row, "event"))))
			mask_row(req, row, resource ? res_schema_find(req->schema, resource) : NULL);
		else
			mask_event(row);
	}
	char *out = json_dumps(row, JSON_COMPACT);
	if (out)
		res_buf_add(b, out);
	else
		b->failed = true;
	free(out);
	json_decref(row);
}
