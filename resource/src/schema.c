#include "schema.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const res_role_names[RES_ROLES] = {"zj_tenant", "zj_carrier"};

const struct res_type_info res_types[RES_TYPE_COUNT] = {
#define X(e, n, j, f, s) [e] = {n, j, f, s},
	RES_TYPES(X)
#undef X
};

struct res_schema {
	json_t *doc;         /* the catalogue; everything below borrows from it */
	json_t *columns;     /* table → shown columns */
	json_t *permissions; /* [{name,zh,en}] */
	struct res_def *resources;
	size_t n;
};

static const struct {
	const char *pg;
	enum res_type type;
} pg_types[] = {
	{"integer", RES_INTEGER}, {"bigint", RES_INTEGER}, {"smallint", RES_INTEGER},
	{"numeric", RES_NUMBER},  {"real", RES_NUMBER},    {"double precision", RES_NUMBER},
	{"boolean", RES_BOOLEAN}, {"uuid", RES_UUID},      {"timestamp with time zone", RES_DATETIME},
	{"inet", RES_IP},         {"cidr", RES_IP},        {"text[]", RES_STRINGS},
	{"uuid[]", RES_UUIDS},    {"jsonb", RES_JSON},     {"json", RES_JSON},
};

/* Special permissions that belong to no table. */
static const struct {
	const char *name, *zh, *en;
} more_permissions[] = {
	{"*", "全部", "Everything"},
	{"live.read", "查看实时监控", "See the live board"},
};

static enum res_type type_of(const char *pg)
{
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(pg_types); i++)
		if (strncmp(pg, pg_types[i].pg, strlen(pg_types[i].pg)) == 0 &&
		    (pg[strlen(pg_types[i].pg)] == 0 || pg[strlen(pg_types[i].pg)] == '('))
			return pg_types[i].type;
	return RES_STRING;
}

static const char *text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool flag(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

static bool flag_or_true(const json_t *o, const char *key)
{
	return !json_is_false(json_object_get(o, key));
}

static void destructor(void *obj)
{
	struct res_schema *s = obj;
	for (size_t i = 0; i < s->n; i++) {
		struct res_def *r = &s->resources[i];
		for (size_t k = 0; k < r->n_fields; k++) {
			json_decref(r->fields[k].def);
			json_decref(r->fields[k].choices);
			zj_deref(r->fields[k].pattern);
		}
		free(r->fields);
	}
	free(s->resources);
	json_decref(s->permissions);
	json_decref(s->columns);
	json_decref(s->doc);
}

/* A bound in the comment wins over what the constraints say. */
static void read_bound(const json_t *comment, const char *key, bool *has, int64_t *value)
{
	json_t *v = json_object_get(comment, key);
	if (json_is_integer(v)) {
		*has = true;
		*value = json_integer_value(v);
	}
}

static void integer_range(struct res_field *f)
{
	if (f->type != RES_INTEGER)
		return;
	bool small = strcmp(f->pg_type, "smallint") == 0, big = strcmp(f->pg_type, "bigint") == 0;
	f->has_min = f->has_max = true;
	f->min = small ? INT16_MIN : big ? INT64_MIN : INT32_MIN;
	f->max = small ? INT16_MAX : big ? INT64_MAX : INT32_MAX;
}

static void read_field(struct res_field *f, const json_t *column, json_t *constraints)
{
	f->name = text(column, "name");
	f->pg_type = text(column, "type");
	f->type = type_of(f->pg_type);
	f->comment = json_object_get(column, "comment");
	f->not_null = flag(column, "not_null");
	const char *def = text(column, "default");
	f->has_default = def || flag(column, "generated");
	f->def = def ? res_default_read(def, f->type) : NULL;
	f->readonly = flag(f->comment, "readonly") || flag(column, "generated");
	f->writeonly = flag(f->comment, "writeonly");
	f->hidden = flag(f->comment, "hidden") || strcmp(f->pg_type, "bytea") == 0;
	f->detail = flag(f->comment, "detail");
	f->check = text(f->comment, "check");
	f->transform = text(f->comment, "transform");
	f->ref = text(f->comment, "ref");
	integer_range(f);
	size_t i;
	json_t *c;
	json_array_foreach (constraints, i, c) {
		json_t *columns = json_object_get(c, "columns");
		const char *first = json_string_value(json_array_get(columns, 0));
		if (json_array_size(columns) == 1 && first && strcmp(first, f->name) == 0 &&
		    strcmp(text(c, "type"), "c") == 0)
			res_constraint_read(f, text(c, "def"));
	}
	read_bound(f->comment, "min", &f->has_min, &f->min);
	read_bound(f->comment, "max", &f->has_max, &f->max);
	read_bound(f->comment, "min_length", &f->has_min_len, &f->min_len);
	read_bound(f->comment, "max_length", &f->has_max_len, &f->max_len);
	for (int r = 0; r < RES_ROLES; r++) {
		json_t *can = json_object_get(json_object_get(column, "can"), res_role_names[r]);
		f->insert[r] = flag(can, "insert");
		f->update[r] = flag(can, "update");
		f->select[r] = flag(can, "select");
	}
}

static int read_resource(struct res_def *r, const json_t *t, char *why, size_t size)
{
	json_t *comment = json_object_get(t, "comment"), *columns = json_object_get(t, "columns");
	r->table = text(t, "table");
	r->name = text(comment, "resource");
	r->zh = text(comment, "zh");
	r->en = text(comment, "en");
	r->label = text(comment, "label");
	r->scope = text(comment, "scope");
	r->sort = text(comment, "sort");
	r->comment = comment;
	r->constraints = json_object_get(t, "constraints");
	r->has_include = json_is_object(json_object_get(comment, "include"));
	if (!r->table || strlen(r->name) > 60 || !r->zh || !r->en) {
		snprintf(why, size, "table %s: its comment needs a short resource name and labels zh and en",
			 r->table ? r->table : "?");
		return EINVAL;
	}
	snprintf(r->perm_read, sizeof(r->perm_read), "%s.read", r->name);
	snprintf(r->perm_write, sizeof(r->perm_write), "%s.write", r->name);
	size_t i;
	json_t *k;
	json_array_foreach (json_object_get(t, "key"), i, k)
		if (strcmp(json_string_value(k), "tenant_id") == 0)
			r->tenant_key = true;
	for (int role = 0; role < RES_ROLES; role++) {
		json_t *can = json_object_get(json_object_get(t, "can"), res_role_names[role]);
		r->select[role] = flag(can, "select");
		r->insert[role] = flag(can, "insert") && flag_or_true(comment, "create");
		r->update[role] = flag(can, "update") && flag_or_true(comment, "update");
		r->remove[role] = flag(can, "delete") && flag_or_true(comment, "delete");
	}
	r->n_fields = json_array_size(columns);
	r->fields = calloc(r->n_fields + 1, sizeof(*r->fields));
	if (!r->fields)
		return ENOMEM;
	for (i = 0; i < r->n_fields; i++)
		read_field(&r->fields[i], json_array_get(columns, i), r->constraints);
	return 0;
}

/* A foreign key of (tenant_id, x) says which resource x points to. */
static void link_refs(struct res_schema *s, struct res_def *r)
{
	size_t i;
	json_t *c;
	json_array_foreach (r->constraints, i, c) {
		json_t *columns = json_object_get(c, "columns");
		const struct res_def *to = text(c, "ref") ? res_schema_by_table(s, text(c, "ref")) : NULL;
		const char *last = json_string_value(json_array_get(columns, json_array_size(columns) - 1));
		if (strcmp(text(c, "type"), "f") != 0 || !to || !last)
			continue;
		for (size_t k = 0; k < r->n_fields; k++)
			if (strcmp(r->fields[k].name, last) == 0 && !r->fields[k].ref)
				r->fields[k].ref = to->name;
	}
}

static void read_columns(struct res_schema *s, const json_t *t)
{
	json_t *shown = json_array();
	size_t i;
	json_t *c;
	json_array_foreach (json_object_get(t, "columns"), i, c) {
		json_t *comment = json_object_get(c, "comment");
		if (!flag(comment, "hidden") && !flag(comment, "writeonly") &&
		    strcmp(text(c, "name"), "tenant_id") != 0)
			json_array_append(shown, json_object_get(c, "name"));
	}
	json_object_set_new(s->columns, text(t, "table"), shown);
}

static void add_permission(json_t *list, const char *name, const char *zh, const char *en)
{
	json_array_append_new(list, json_pack("{s:s, s:s?, s:s?}", "name", name, "zh", zh, "en", en));
}

static void read_permissions(struct res_schema *s)
{
	s->permissions = json_array();
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(more_permissions); i++)
		add_permission(s->permissions, more_permissions[i].name, more_permissions[i].zh,
			       more_permissions[i].en);
	for (size_t i = 0; i < s->n; i++) {
		const struct res_def *r = &s->resources[i];
		char zh[160], en[160], name[160];
		snprintf(zh, sizeof(zh), "查看%s", r->zh);
		snprintf(en, sizeof(en), "%s: read", r->en);
		add_permission(s->permissions, r->perm_read, zh, en);
		if (r->insert[0] || r->update[0] || r->remove[0] || r->insert[1] || r->update[1] || r->remove[1]) {
			snprintf(zh, sizeof(zh), "管理%s", r->zh);
			snprintf(en, sizeof(en), "%s: write", r->en);
			add_permission(s->permissions, r->perm_write, zh, en);
		}
		const char *key;
		json_t *p;
		json_object_foreach (json_object_get(r->comment, "permissions"), key, p) {
			snprintf(name, sizeof(name), "%s.%s", r->name, key);
			add_permission(s->permissions, name, text(p, "zh"), text(p, "en"));
		}
	}
}

int res_schema_alloc(struct res_schema **sp, json_t *tables, char *why, size_t size)
{
	struct res_schema *s = zj_alloc(sizeof(*s), destructor);
	if (!s) {
		json_decref(tables);
		return ENOMEM;
	}
	s->doc = tables;
	s->columns = json_object();
	s->resources = calloc(json_array_size(tables) + 1, sizeof(*s->resources));
	int err = s->resources ? 0 : ENOMEM;
	size_t i;
	json_t *t;
	json_array_foreach (tables, i, t) {
		if (err)
			break;
		read_columns(s, t);
		if (text(json_object_get(t, "comment"), "resource"))
			err = read_resource(&s->resources[s->n++], t, why, size);
	}
	if (err) {
		zj_deref(s);
		return err;
	}
	for (i = 0; i < s->n; i++)
		link_refs(s, &s->resources[i]);
	read_permissions(s);
	*sp = s;
	return 0;
}

size_t res_schema_count(const struct res_schema *s)
{
	return s->n;
}

const struct res_def *res_schema_at(const struct res_schema *s, size_t i)
{
	return &s->resources[i];
}

const struct res_def *res_schema_find(const struct res_schema *s, const char *resource)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->resources[i].name, resource) == 0)
			return &s->resources[i];
	return NULL;
}

const struct res_def *res_schema_by_table(const struct res_schema *s, const char *table)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->resources[i].table && strcmp(s->resources[i].table, table) == 0)
			return &s->resources[i];
	return NULL;
}

const struct res_field *res_def_field(const struct res_def *r, const char *name)
{
	for (size_t i = 0; i < r->n_fields; i++)
		if (strcmp(r->fields[i].name, name) == 0)
			return &r->fields[i];
	return NULL;
}

const json_t *res_schema_table(const struct res_schema *s, const char *table)
{
	return json_object_get(s->columns, table);
}

const json_t *res_schema_permissions(const struct res_schema *s)
{
	return s->permissions;
}

/* `queues.*` is known when any permission of queues is. */
bool res_schema_permission_known(const struct res_schema *s, const char *name)
{
	size_t i, n = strlen(name);
	json_t *p;
	bool all = n > 2 && strcmp(name + n - 2, ".*") == 0;
	json_array_foreach (s->permissions, i, p)
		if (strcmp(text(p, "name"), name) == 0 || (all && strncmp(text(p, "name"), name, n - 1) == 0))
			return true;
	return false;
}

/* tenant_id tells a tenant nothing; the carrier sees whose a row is. */
bool res_field_shown(const struct res_field *f, enum res_role role)
{
	return !f->hidden && !f->writeonly && f->select[role] &&
	       (role == RES_ROLE_CARRIER || strcmp(f->name, "tenant_id") != 0);
}

bool res_field_writable(const struct res_field *f, enum res_role role, bool creating)
{
	if (strcmp(f->name, "tenant_id") == 0)
		return role == RES_ROLE_CARRIER && creating;
	return !f->hidden && !f->readonly && (creating ? f->insert[role] : f->update[role]);
}

bool res_field_required(const struct res_field *f, enum res_role role)
{
	return f->not_null && !f->has_default && strcmp(f->name, "tenant_id") != 0 && res_field_writable(f, role, true);
}
