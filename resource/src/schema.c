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
	const struct res_def **by_name; /* the same, in the order of their names */
	size_t n;
};

/* Special permissions that belong to no table. */
static const struct {
	const char *name, *zh, *en;
} more_permissions[] = {
	{"*", "全部", "Everything"},
	{"live.read", "查看实时监控", "See the live board"},
	{"show.phone", "查看完整电话号码", "See whole phone numbers"},
	{"show.email", "查看完整邮箱", "See whole e-mail addresses"},
	{"show.id", "查看完整证件号", "See whole identity numbers"},
	{"show.name", "查看完整姓名", "See whole names"},
	{"show.all", "查看完整的其他隐藏内容", "See other hidden values"},
	{"quick-setup.run", "快速开户", "Quick setup"},
	{"quick-edit.run", "快速修改", "Quick edit"},
	{"sessions.revoke", "强制退出登录", "End sessions of others"},
};

const char *const res_can_names[RES_CAN_COUNT] = {
#define X(e, n, zh, en) [e] = (n),
	RES_CANS(X)
#undef X
};

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
		for (size_t k = 0; k < r->n_fields; k++)
			res_field_clear(&r->fields[k]);
		free(r->fields);
	}
	free(s->resources);
	free(s->by_name);
	json_decref(s->permissions);
	json_decref(s->columns);
	json_decref(s->doc);
}

/* What the grants of the database roles allow, less what the comment takes back. */
static void read_rights(struct res_def *r, const json_t *grants)
{
	bool file = json_object_get(r->comment, "upload");
	for (int role = 0; role < RES_ROLES; role++) {
		json_t *can = json_object_get(grants, res_role_names[role]);
		r->select[role] = flag(can, "select");
		r->insert[role] = flag(can, "insert") && flag_or_true(r->comment, "create");
		r->update[role] = flag(can, "update") && flag_or_true(r->comment, "update");
		r->remove[role] = flag(can, "delete") && flag_or_true(r->comment, "delete");
		r->can[RES_CAN_READ][role] = r->select[role];
		r->can[RES_CAN_CREATE][role] = r->insert[role];
		r->can[RES_CAN_UPDATE][role] = r->update[role];
		r->can[RES_CAN_DELETE][role] = r->remove[role];
		r->can[RES_CAN_EXPORT][role] = r->select[role] && flag_or_true(r->comment, "export");
		r->can[RES_CAN_IMPORT][role] = r->insert[role] && !file && flag_or_true(r->comment, "import");
	}
	for (int c = 0; c < RES_CAN_COUNT; c++)
		snprintf(r->perms[c], sizeof(r->perms[c]), "%s.%s", r->name, res_can_names[c]);
	snprintf(r->perm_read, sizeof(r->perm_read), "%s.read", r->name);
	snprintf(r->perm_write, sizeof(r->perm_write), "%s.write", r->name);
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
	r->search = json_object_get(comment, "search");
	r->has_include = json_is_object(json_object_get(comment, "include"));
	r->mark = text(comment, "delete") && strcmp(text(comment, "delete"), "mark") == 0;
	r->recyclable = r->mark || flag(t, "recyclable");
	r->audited = flag(t, "audited");
	if (!r->table || strlen(r->name) > 60 || !r->zh || !r->en) {
		snprintf(why, size, "table %s: its comment needs a short resource name and labels zh and en",
			 r->table ? r->table : "?");
		return EINVAL;
	}
	size_t i;
	json_t *k;
	json_array_foreach (json_object_get(t, "key"), i, k)
		if (strcmp(json_string_value(k), "tenant_id") == 0)
			r->tenant_key = true;
	read_rights(r, json_object_get(t, "can"));
	r->n_fields = json_array_size(columns);
	r->fields = calloc(r->n_fields + 1, sizeof(*r->fields));
	if (!r->fields)
		return ENOMEM;
	for (i = 0; i < r->n_fields; i++)
		res_field_read(&r->fields[i], json_array_get(columns, i), r->constraints);
	const struct res_field *custom = res_def_field(r, "custom");
	r->custom = custom && custom->type == RES_JSON;
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
			json_array_append(shown, c);
	}
	json_object_set_new(s->columns, text(t, "table"), shown);
}

static void add_permission(json_t *list, const char *name, const char *zh, const char *en, const struct res_def *r,
			   const char *kind)
{
	json_t *p = json_pack("{s:s, s:s?, s:s?, s:s*, s:s*}", "name", name, "zh", zh, "en", en, "resource",
			      r ? r->name : NULL, "kind", kind);
	json_array_append_new(list, p);
}

static void resource_permissions(json_t *list, const struct res_def *r)
{
	static const char *const zh_of[] = {
#define X(e, n, zh, en) zh,
		RES_CANS(X)
#undef X
	};
	static const char *const en_of[] = {
#define X(e, n, zh, en) en,
		RES_CANS(X)
#undef X
	};
	char zh[200], en[200], name[160];
	bool write = false;
	for (int c = 0; c < RES_CAN_COUNT; c++) {
		if (!r->can[c][RES_ROLE_TENANT] && !r->can[c][RES_ROLE_CARRIER])
			continue;
		snprintf(zh, sizeof(zh), "%s%s", zh_of[c], r->zh);
		snprintf(en, sizeof(en), "%s: %s", r->en, en_of[c]);
		add_permission(list, r->perms[c], zh, en, r, res_can_names[c]);
		write = write || c == RES_CAN_CREATE || c == RES_CAN_UPDATE || c == RES_CAN_DELETE;
	}
	if (write) {
		snprintf(zh, sizeof(zh), "管理%s", r->zh);
		snprintf(en, sizeof(en), "%s: write", r->en);
		add_permission(list, r->perm_write, zh, en, r, "write");
	}
	const char *key;
	json_t *p;
	json_object_foreach (json_object_get(r->comment, "permissions"), key, p) {
		snprintf(name, sizeof(name), "%s.%s", r->name, key);
		add_permission(list, name, text(p, "zh"), text(p, "en"), r, key);
	}
}

static void read_permissions(struct res_schema *s)
{
	s->permissions = json_array();
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(more_permissions); i++)
		add_permission(s->permissions, more_permissions[i].name, more_permissions[i].zh, more_permissions[i].en,
			       NULL, NULL);
	for (size_t i = 0; i < s->n; i++)
		resource_permissions(s->permissions, &s->resources[i]);
}

static int name_order(const void *a, const void *b)
{
	return strcmp((*(const struct res_def *const *)a)->name, (*(const struct res_def *const *)b)->name);
}

static void order_names(struct res_schema *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->by_name[i] = &s->resources[i];
	qsort(s->by_name, s->n, sizeof(*s->by_name), name_order);
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
	s->by_name = calloc(json_array_size(tables) + 1, sizeof(*s->by_name));
	int err = s->resources && s->by_name ? 0 : ENOMEM;
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
	order_names(s);
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

static int name_against(const void *name, const void *def)
{
	return strcmp(name, (*(const struct res_def *const *)def)->name);
}

const struct res_def *res_schema_find(const struct res_schema *s, const char *resource)
{
	const struct res_def **found = bsearch(resource, s->by_name, s->n, sizeof(*s->by_name), name_against);
	return found ? *found : NULL;
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
