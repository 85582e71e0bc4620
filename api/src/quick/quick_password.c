#include "quick/quick_password.h"
#include "login/passwords.h"
#include "login/rules.h"
#include "perm.h"
#include <stdlib.h>
#include <string.h>

struct api_quick_passwords {
	struct api_req *req; /* which owns us */
	json_t *items;       /* [{account_id, password, hash}] */
	struct api_quick_words words;
	api_quick_passwords_h *h;
	void *arg;
};

static void destructor(void *obj)
{
	struct api_quick_passwords *q = obj;
	json_decref(q->items);
}

static void made(struct api_req *req, void *arg)
{
	struct api_quick_passwords *q = arg;
	size_t i;
	json_t *item;
	json_array_foreach (q->items, i, item) /* what goes to the database has hashes only */
		json_object_del(item, "password");
	q->h(req, q->items, q->arg);
}

/* Nobody sets the password of somebody who has more rights. */
static bool add(struct api_quick_passwords *q, const char *number, const char *account, struct res_problem *p)
{
	const struct api_directory *d = q->req->api->directory;
	const struct api_quick_words *w = &q->words;
	const struct api_account *a = api_account_find(d, account);
	const char *more = a ? res_perm_beyond(q->req->who.perms, api_role_perms(d, a->role)) : NULL;
	char *password = zj_asprintf("%s%s%s%s%s", w->prefix, w->before, number, w->behind, w->suffix);
	if (more) {
		p->more = json_pack("{s:s}", "permission", more);
		res_problem_set(p, RES_P_BEYOND, "%s is more than you have yourself", more);
	} else if (a && password) {
		p->kind = RES_P_INVALID;
		api_rules_check(api_setting_of(d, a->tenant), "affix.password", password,
				json_string_value(json_object_get(a->row, "username")), p);
		json_array_append_new(q->items, json_pack("{s:s, s:s}", "account_id", account, "password", password));
	}
	zj_deref(password);
	return !more && !res_problem_any(p);
}

static void listed(struct api_req *req, PGresult *const *results, int n, void *arg)
{
	struct api_quick_passwords *q = arg;
	const PGresult *r = results[n - 1];
	struct res_problem p = {0};
	for (int i = 0; i < PQntuples(r); i++)
		if (!add(q, PQgetvalue(r, i, 0), PQgetvalue(r, i, 1), &p)) {
			api_reply_problem(req, &p);
			return;
		}
	api_passwords_hash(req, q->items, "password", made, q);
}

void api_quick_passwords(struct api_req *req, const struct api_quick_words *w, const char *ids,
			 api_quick_passwords_h *h, void *arg, struct api_quick_passwords **qp)
{
	const char *values[] = {ids};
	struct zj_pg_query query = {.sql = "select g.number, g.account_id from zj.agent g where g.tenant_id = "
					   "zj.zj_tenant() and g.id = any ($1::uuid[]) and g.account_id is not null",
				    .n = 1,
				    .values = values};
	struct api_quick_passwords *q = *qp = zj_alloc(sizeof(*q), destructor);
	if (!q)
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	q->req = req;
	q->items = json_array();
	q->words = *w;
	q->h = h;
	q->arg = arg;
	api_db_run(req, &query, 1, listed, NULL, q);
}
