/* One-time codes of an account: made, confirmed by a first code, taken away by its password or by an administrator. */
#include "login/ledger.h"
#include "login/login.h"
#include "login/totp.h"
#include "perm.h"
#include <stdlib.h>
#include <string.h>

struct second {
	char base32[API_TOTP_BASE32];
	char *code;
	const char *because;
	char account[ZJ_UUID_SIZE];
};

static void destructor(void *obj)
{
	struct second *s = obj;
	zj_deref(s->code);
}

/* The member of the body as the request's state; NULL: answered. */
static struct second *read_body(struct api_req *req, const char *member, char **value)
{
	json_t *body = req->who.actor[0] ? NULL : api_req_body(req);
	const char *text = json_string_value(json_object_get(body, member));
	struct second *s = text ? zj_alloc(sizeof(*s), destructor) : NULL;
	if (req->who.actor[0]) {
		api_fail(req, RES_P_ACTING, "only the account itself may do this");
	} else if (body && !text) {
		struct res_problem p = {.kind = RES_P_INVALID};
		res_problem_add(&p, member, "required", NULL);
		api_reply_problem(req, &p);
	} else if (s) {
		req->user = s;
		strcpy(req->who.tenant, req->who.home); /* a carrier inside a tenant is still itself */
		strcpy(s->account, req->who.account);
		*value = zj_strdup(text);
		s->code = *value;
	}
	json_decref(body);
	return s;
}

/* `secret` NULL: none any more. */
static void keep(struct api_req *req, const char *account, const char *secret, bool enabled, api_db_h *h)
{
	const char *values[] = {account, secret, enabled ? "true" : "false"};
	struct zj_pg_query q = {.sql = "select zj.account_totp($1, $2, $3::boolean)", .n = 3, .values = values};
	api_db_run_own(req, &q, 1, h, NULL);
}

/* --- made --- */

static void made_known(void *arg)
{
	struct api_req *req = arg;
	struct second *s = req->user;
	const struct api_account *a = api_account_find(req->api->directory, req->who.account);
	const struct api_tenant *t = api_tenant_find(req->api->directory, req->who.home);
	const char *name = a ? json_string_value(json_object_get(a->row, "username")) : "",
		   *tenant = t ? json_string_value(json_object_get(t->row, "name")) : "";
	char *label = zj_asprintf("%s:%s", tenant, name);
	h2o_iovec_t safe = {0};
	if (req->h2o && label)
		safe = h2o_uri_escape(&req->h2o->pool, label, strlen(label), ":@");
	api_reply_json(req, 200,
		       json_pack("{s:s, s:o}", "secret", s->base32, "uri",
				 json_sprintf("otpauth://totp/%.*s?secret=%s&issuer=Zongji&algorithm=SHA1&digits=6&"
					      "period=30",
					      (int)safe.len, safe.base ? safe.base : "", s->base32)));
	zj_deref(label);
	zj_deref(req);
}

static void made(struct api_req *req, PGresult *const *results ZJ_UNUSED, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	api_directory_wait(req->api->directory, "account", req->who.account, req->started_us, false, made_known,
			   zj_ref(req));
}

static void make(struct api_req *req, const struct api_account *a, void *arg)
{
	struct second *s = arg;
	char *sealed;
	if (a->totp_enabled)
		return api_fail(req, RES_P_CONFLICT, "one-time codes are in use already; remove them first");
	sealed = api_totp_make(req->api->totp, a->id, s->base32);
	if (sealed)
		keep(req, a->id, sealed, false, made);
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
	zj_deref(sealed);
}

void api_me_totp_make_h(struct api_req *req)
{
	char *password;
	struct second *s = read_body(req, "password", &password);
	if (s)
		api_password_ask(req, api_account_find(req->api->directory, req->who.account), password, "password",
				 make, s);
}

/* --- confirmed --- */

static void known(void *arg)
{
	struct api_req *req = arg;
	api_audit(req, "totp", ((struct second *)req->user)->account);
	api_reply_empty(req, 204);
	zj_deref(req);
}

static void changed(struct api_req *req, PGresult *const *results ZJ_UNUSED, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	struct second *s = req->user;
	const struct api_account *a = api_account_find(req->api->directory, s->account);
	if (api_event(req, "totp", a ? json_string_value(json_object_get(a->row, "username")) : NULL,
		      json_pack("{s:[n, s]}", "because", s->because)))
		api_directory_wait(req->api->directory, "account", s->account, req->started_us, false, known,
				   zj_ref(req));
}

static void confirmed(bool good, void *arg)
{
	struct api_req *req = arg;
	struct second *s = req->user;
	const struct api_account *a = api_account_find(req->api->directory, req->who.account);
	if (good && a && a->totp) {
		s->because = "enabled";
		keep(req, a->id, a->totp, true, changed);
	} else {
		struct res_problem p = {.kind = RES_P_INVALID};
		res_problem_add_text(&p, "code", "totp", "动态口令不正确", "is not the present code", NULL);
		api_reply_problem(req, &p);
	}
	zj_deref(req);
}

void api_me_totp_confirm_h(struct api_req *req)
{
	char *code;
	const struct api_account *a = api_account_find(req->api->directory, req->who.account);
	struct second *s = read_body(req, "code", &code);
	if (!s)
		return;
	if (!a || !a->totp || a->totp_enabled)
		return api_fail(req, RES_P_CONFLICT,
				a && a->totp_enabled ? "one-time codes are in use already" : "ask for a secret first");
	api_totp_check(req->api->totp, a->tenant, a->id, a->totp, code, confirmed, zj_ref(req));
}

/* --- taken away --- */

static void take_away(struct api_req *req, const struct api_account *a, void *arg)
{
	struct second *s = arg;
	s->because = "removed";
	keep(req, a->id, NULL, false, changed);
}

void api_me_totp_delete_h(struct api_req *req)
{
	char *password;
	struct second *s = read_body(req, "password", &password);
	if (s)
		api_password_ask(req, api_account_find(req->api->directory, req->who.account), password, "password",
				 take_away, s);
}

/* Who has lost the device: an administrator takes the codes away. */
void api_totp_reset_h(struct api_req *req)
{
	const struct api_account *a =
		zj_uuid_is_valid(req->arg[0]) ? api_account_find(req->api->directory, req->arg[0]) : NULL;
	const char *more;
	if (!a || strcmp(a->tenant, req->who.tenant) != 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is no such account");
	if ((more = res_perm_beyond(req->who.perms, api_role_perms(req->api->directory, a->role))))
		return api_fail(req, RES_P_BEYOND, "%s is more than you have yourself", more);
	struct second *s = zj_alloc(sizeof(*s), destructor);
	if (!s)
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	req->user = s;
	strcpy(s->account, a->id);
	s->because = "reset";
	keep(req, a->id, NULL, false, changed);
}
