/* The menu: categories, and in them the pages that the caller may open, in the order that the tenant chose. */
#include "describe/desk.h"
#include "perm.h"
#include "rows/manage.h"
#include <stdlib.h>
#include <string.h>

/* Categories: X(name, zh, en). A table says "menu":"<name>"; what names no category stands in the last. */
#define CATEGORIES(X)                                                                                                  \
	X(live, "实时", "Live")                                                                                        \
	X(desk, "基本管理", "My desk")                                                                                 \
	X(leader, "坐席组长", "Group leader")                                                                          \
	X(dialing, "预拨号", "Predictive dialling")                                                                    \
	X(callcentre, "呼叫中心", "Call centre")                                                                       \
	X(queues, "队列", "Queues")                                                                                    \
	X(pbx, "话务配置", "Telephony")                                                                                \
	X(crm, "客户", "Customers")                                                                                    \
	X(kb, "知识库", "Knowledge base")                                                                              \
	X(accounts, "账号与权限", "Accounts and permissions")                                                          \
	X(reports, "报表", "Reports")                                                                                  \
	X(system, "系统", "System")                                                                                    \
	X(other, "其他", "Other")
static const struct category {
	const char *name, *zh, *en;
} categories[] = {
#define X(n, z, e) {#n, z, e},
	CATEGORIES(X)
#undef X
};

bool api_category(size_t i, const char **name, const char **zh, const char **en)
{
	if (i >= ZJ_ARRAY_SIZE(categories))
		return false;
	*name = categories[i].name;
	*zh = categories[i].zh;
	*en = categories[i].en;
	return true;
}

const char *api_category_of(const struct res_def *r)
{
	const char *name = json_string_value(json_object_get(r->comment, "menu"));
	for (size_t i = 0; name && i < ZJ_ARRAY_SIZE(categories); i++)
		if (strcmp(categories[i].name, name) == 0)
			return categories[i].name;
	return "other";
}

/* Where the tenant put it: its place in a list of names, or after all that are named. */
static size_t place(const json_t *names, const char *name)
{
	size_t i;
	json_t *v;
	json_array_foreach (names, i, v) {
		const json_t *n = json_is_object(v) ? json_object_get(v, "name") : v;
		if (json_is_string(n) && strcmp(json_string_value(n), name) == 0)
			return i;
	}
	return json_array_size(names);
}

struct entry {
	json_t *item;
	const char *name;
	size_t chosen;    /* the tenant's place */
	json_int_t order; /* the schema's */
};

static int by_place(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->chosen != y->chosen)
		return x->chosen < y->chosen ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void put(json_t *to, const char *key, const json_t *comment, const char *from)
{
	json_t *v = json_object_get(comment, from);
	if (v)
		json_object_set(to, key, v);
}

static json_t *item(const struct res_def *r)
{
	json_t *o = json_pack("{s:s, s:s, s:s}", "resource", r->name, "zh", r->zh, "en", r->en);
	put(o, "icon", r->comment, "icon");
	put(o, "page", r->comment, "page");
	put(o, "order", r->comment, "order");
	return o;
}

static bool may_open(const struct api_req *req, const struct res_def *r)
{
	return json_object_get(r->comment, "menu") && r->select[req->who.role] &&
	       res_perm_has(req->who.perms, r->perm_read);
}

/* The items of one category; an empty array: the caller sees none. */
static json_t *items(const struct api_req *req, const struct category *c, const json_t *names)
{
	size_t n = 0, all = res_schema_count(req->schema);
	struct entry *list = calloc(all + 1, sizeof(*list));
	json_t *out = json_array();
	for (size_t i = 0; list && i < all; i++) {
		const struct res_def *r = res_schema_at(req->schema, i);
		if (!may_open(req, r) || strcmp(api_desk_category(req, r), c->name) != 0)
			continue;
		json_t *order = json_object_get(r->comment, "order");
		list[n++] = (struct entry){item(r), r->name, place(names, r->name),
					   order ? json_integer_value(order) : 1000};
	}
	if (list)
		qsort(list, n, sizeof(*list), by_place);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, list[i].item);
	free(list);
	return out;
}

/* The tenant's order is [{"name":"pbx","items":["dids","trunks"]} or "pbx", …]; what it does not name follows. */
static json_t *menu(const struct api_req *req, const json_t *order)
{
	struct entry list[ZJ_ARRAY_SIZE(categories)];
	json_t *out = json_array();
	size_t n = 0;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(categories); i++) {
		const struct category *c = &categories[i];
		size_t at = place(order, c->name);
		json_t *in = items(req, c, json_object_get(json_array_get(order, at), "items"));
		if (json_array_size(in) > 0)
			list[n++] = (struct entry){json_pack("{s:s, s:s, s:s, s:o}", "name", c->name, "zh", c->zh, "en",
							     c->en, "items", in),
						   c->name, at, (json_int_t)i};
		else
			json_decref(in);
	}
	qsort(list, n, sizeof(*list), by_place);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, list[i].item);
	return out;
}

static void with_order(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	const PGresult *r = results[0];
	json_t *order = PQntuples(r) ? json_loads(PQgetvalue(r, 0, 0), 0, NULL) : NULL;
	api_reply_json(req, 200, json_pack("{s:o}", "menu", menu(req, order)));
	json_decref(order);
}

void api_menu_h(struct api_req *req)
{
	struct zj_pg_query q = {.sql = "select menu_order::text from zj.setting where tenant_id = zj.zj_tenant()"};
	api_db_run(req, &q, 1, with_order, NULL, NULL);
}
