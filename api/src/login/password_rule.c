/* A password that somebody writes into a row: the rules of the tenant whose row it is. */
#include "login/rules.h"
#include "rows/write.h"
#include <string.h>

static const char *tenant_of(struct api_write *w)
{
	const struct res_value *t = res_values_find(&w->values, "tenant_id");
	const struct api_account *a = w->id[0] && strcmp(w->req->res->table, "account") == 0
					      ? api_account_find(w->req->api->directory, w->id)
					      : NULL;
	return t && t->text ? t->text : a ? a->tenant : w->req->who.tenant;
}

/* What the password must not be: the user name, the extension's number. Borrowed; NULL: not known here. */
static const char *name_of(struct api_write *w, bool account)
{
	const struct res_value *v = res_values_find(&w->values, account ? "username" : "number");
	const struct api_account *a = account && w->id[0] ? api_account_find(w->req->api->directory, w->id) : NULL;
	return v ? v->text : a ? json_string_value(json_object_get(a->row, "username")) : NULL;
}

bool api_password_allowed(struct api_write *w, const struct res_value *v)
{
	bool account = strcmp(w->req->res->table, "account") == 0,
	     extension = strcmp(w->req->res->table, "extension") == 0;
	struct res_problem p = {.kind = RES_P_INVALID};
	if ((!account && !extension) || !v->text || strcmp(v->field->name, "password") != 0)
		return true;
	api_rules_check(api_setting_of(w->req->api->directory, tenant_of(w)), v->field->name, v->text,
			name_of(w, account), &p);
	if (!res_problem_any(&p))
		return true;
	api_reply_problem(w->req, &p);
	return false;
}
