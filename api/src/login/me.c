/* The account about itself: profile, password. */
#include "login/ledger.h"
#include "login/login.h"
#include "login/password.h"
#include "login/rules.h"
#include "login/session.h"
#include "zj_log.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* A carrier inside a tenant is still itself. */
static void at_home(struct api_req *req)
{
	strcpy(req->who.tenant, req->who.home);
}

/* Whoever acts for somebody must not take over his account. */
static bool is_oneself(struct api_req *req)
{
	if (!req->who.actor[0])
		return true;
	api_fail(req, RES_P_ACTING, "only the account itself may do this");
	return false;
}

static json_t *rules_json(const struct api_setting *s)
{
	return json_pack("{s:i, s:i, s:b, s:i, s:i}", "min_length", s->password_min_length, "classes",
			 s->password_classes, "no_runs", s->password_no_runs, "history", s->password_history, "days",
			 s->password_days);
}

static const char me_sql[] =
	"select to_jsonb(x) || jsonb_build_object('email', a.email, 'phone', a.phone) from ("
	"select id, username, number, name, surname, given_name, type, language, department_id, role_id, photo_id, "
	"totp_enabled, must_change_password, password_changed_at, last_login_at from zj.account "
	"where tenant_id = $1 and id = $2) x, zj.account a where a.tenant_id = $1 and a.id = x.id";

static void me_read(struct api_req *req, PGresult *const *results, int n, void *arg ZJ_UNUSED)
{
	const PGresult *r = results[n - 1];
	json_t *o = PQntuples(r) ? json_loads(PQgetvalue(r, 0, 0), 0, NULL) : NULL;
	const struct api_account *a = api_account_find(req->api->directory, req->who.account);
	if (!o || !a) {
		json_decref(o);
		return api_fail(req, RES_P_NOT_FOUND, "the account is gone");
	}
	json_object_set_new(o, "rules", rules_json(api_setting_of(req->api->directory, a->tenant)));
	json_object_set_new(o, "must_change_password",
			    json_boolean(!req->who.actor[0] && api_account_lacks(req->api, a) == RES_P_MUST_CHANGE));
	json_object_set_new(o, "acting_for",
			    req->who.actor[0]
				    ? json_pack("{s:s, s:O}", "id", a->id, "name", json_object_get(a->row, "name"))
				    : json_null());
	api_reply_json(req, 200, o);
}

void api_me_h(struct api_req *req)
{
	at_home(req);
	const char *values[] = {req->who.home, req->who.account};
	struct zj_pg_query q = {.sql = me_sql, .n = 2, .values = values};
	api_db_run_own(req, &q, 1, me_read, NULL);
}

/* What somebody may say about himself: nothing that gives rights. */
static const char *const own_fields[] = {"name", "surname", "given_name", "email", "phone", "language"};

static bool profile_good(struct api_req *req, const json_t *body)
{
	const struct res_def *accounts = res_schema_find(req->schema, "accounts");
	struct res_problem p = {.kind = RES_P_INVALID};
	const char *key;
	json_t *v;
	json_object_foreach ((json_t *)body, key, v) {
		size_t i = 0;
		while (i < ZJ_ARRAY_SIZE(own_fields) && strcmp(own_fields[i], key) != 0)
			i++;
		if (i == ZJ_ARRAY_SIZE(own_fields)) {
			bool known = accounts && res_def_field(accounts, key);
			res_problem_set(&p, known ? RES_P_INVALID : RES_P_UNKNOWN_FIELD, "%.100s", key);
			res_problem_add(&p, key, known ? "readonly" : "unknown_field", NULL);
		} else if (!json_is_string(v) && !json_is_null(v)) {
			p.kind = RES_P_TYPE;
			res_problem_add(&p, key, "type", json_string("string"));
		}
	}
	if (!res_problem_any(&p))
		return true;
	api_reply_problem(req, &p);
	return false;
}

static void profile_known(void *arg)
{
	struct api_req *req = arg;
	api_audit(req, "change", req->who.account);
	api_me_h(req);
	zj_deref(req);
}

static void profile_written(struct api_req *req, PGresult *const *results ZJ_UNUSED, int n ZJ_UNUSED,
			    void *arg ZJ_UNUSED)
{
	api_directory_wait(req->api->directory, "account", req->who.account, req->started_us, false, profile_known,
			   zj_ref(req));
}

void api_me_change_h(struct api_req *req)
{
	json_t *body = api_req_body(req);
	if (!body)
		return;
	at_home(req);
	char *text = profile_good(req, body) ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	if (!text)
		return;
	const char *values[] = {req->who.account, text};
	struct zj_pg_query q = {.sql = "select zj.account_profile($1, $2)", .n = 2, .values = values};
	req->res = res_schema_find(req->schema, "accounts"); /* names the columns in problems */
	api_db_run_own(req, &q, 1, profile_written, NULL);
	free(text);
}

/* --- the password asked again, before something that needs it --- */

struct ask {
	struct api_req *req;
	struct api_try try;
	char account[ZJ_UUID_SIZE]; /* whose; empty: there is no such account */
	char *hash;
	const char *field;
	api_password_good_h *h;
	void *arg;
	char password[1025];
};

static void ask_free(struct ask *a)
{
	sodium_memzero(a->password, sizeof(a->password));
	zj_deref(a->req);
	zj_deref(a->hash);
	free(a);
}

static void wrong(struct ask *a)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	api_limit_tell(a->req->api->limit, &a->try, false);
	if (strcmp(a->account, a->req->who.account) == 0)
		res_problem_add_text(&p, a->field, "password", "当前密码不正确", "is not the present password", NULL);
	else
		res_problem_add_text(&p, a->field, "password", "账号或密码不正确", "account or password is wrong",
				     NULL);
	api_reply_problem(a->req, &p);
}

static void compared(int err, bool matches, const char *hash ZJ_UNUSED, void *arg)
{
	struct ask *a = arg;
	const struct api_account *account = api_account_find(a->req->api->directory, a->account);
	if (!err && !a->account[0]) {
		wrong(a);
	} else if (err || !account || strcmp(account->password, a->hash) != 0) {
		api_limit_untake(a->req->api->limit, &a->try);
		api_fail(a->req, RES_P_AWAY, "the password cannot be compared now");
	} else if (!matches) {
		wrong(a);
	} else {
		api_limit_tell(a->req->api->limit, &a->try, true);
		a->h(a->req, account, a->arg);
	}
	ask_free(a);
}

static void ask_allowed(unsigned wait_s, void *arg)
{
	struct ask *a = arg;
	char after[16];
	int err = wait_s ? EAGAIN : api_password_verify(a->req->api->loop, a->hash, a->password, compared, a);
	if (!err)
		return;
	if (!wait_s)
		api_limit_untake(a->req->api->limit, &a->try);
	snprintf(after, sizeof(after), "%u", wait_s ? wait_s : 1);
	api_header(a->req, "retry-after", after);
	api_fail(a->req, RES_P_TOO_MANY, "wait %s s", after);
	ask_free(a);
}

void api_password_ask(struct api_req *req, const struct api_account *account, const char *password, const char *field,
		      api_password_good_h *h, void *arg)
{
	const struct api_account *own = api_account_find(req->api->directory, req->who.account);
	struct ask *a = own ? calloc(1, sizeof(*a)) : NULL;
	if (!a)
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	a->req = zj_ref(req);
	snprintf(a->account, sizeof(a->account), "%s", account ? account->id : "");
	a->hash = zj_strdup(account ? account->password : own->password); /* who is not there takes as long */
	a->field = field;
	a->h = h;
	a->arg = arg;
	snprintf(a->password, sizeof(a->password), "%s", password);
	api_login_try(req, "me", account ? account->id : req->who.account, account ? account : own, &a->try);
	api_limit_ask(req->api->limit, &a->try, ask_allowed, a);
}

/* --- a new password --- */

struct change {
	struct api_req *req;
	char *fresh, *hash;
	size_t former; /* how many former passwords it was compared with */
};

static void change_destructor(void *obj)
{
	struct change *c = obj;
	if (c->fresh)
		sodium_memzero(c->fresh, strlen(c->fresh));
	zj_deref(c->fresh);
	zj_deref(c->hash);
}

/* The other sessions are void with the password; this one goes on with its new mark. */
static void change_known(void *arg)
{
	struct change *c = arg;
	struct api_req *req = c->req;
	const struct api_session *s = req->who.narrowed ? NULL : api_session_peek(req->api->sessions, req->who.hash);
	if (s) {
		struct api_session mine = *s;
		api_account_mark(c->hash, mine.mark);
		api_session_put(req->api->sessions, &mine);
	}
	api_audit(req, "password", req->who.account);
	api_reply_empty(req, 204);
	zj_deref(req);
}

static void change_written(struct api_req *req, PGresult *const *results ZJ_UNUSED, int n ZJ_UNUSED, void *arg)
{
	struct change *c = arg;
	if (!api_event(req, "password", NULL, NULL))
		return;
	zj_ref(req);
	api_directory_wait(req->api->directory, "account", req->who.account, req->started_us, false, change_known, c);
}

static void hashed(int err, bool matches ZJ_UNUSED, const char *hash, void *arg)
{
	struct change *c = arg;
	struct api_req *req = c->req;
	const char *values[] = {req->who.account, hash};
	struct zj_pg_query q = {.sql = "select zj.account_password($1, $2)", .n = 2, .values = values};
	c->hash = err ? NULL : zj_strdup(hash);
	if (c->hash)
		api_db_run_own(req, &q, 1, change_written, c);
	else
		api_fail(req, RES_P_AWAY, "the password cannot be kept now");
	zj_deref(req);
}

static void compare_next(struct change *c);

static void compared_former(int err, bool matches, const char *hash ZJ_UNUSED, void *arg)
{
	struct change *c = arg;
	struct res_problem p = {.kind = RES_P_INVALID};
	if (err) {
		api_fail(c->req, RES_P_AWAY, "the password cannot be compared now");
	} else if (matches) {
		res_problem_add_text(&p, "new", "password_history", "不得与最近使用过的密码相同", "was used before",
				     NULL);
		api_reply_problem(c->req, &p);
	} else {
		c->former++;
		compare_next(c);
	}
	zj_deref(c->req);
}

/* With the present one and the former ones, one after the other; then it is hashed. */
static void compare_next(struct change *c)
{
	struct api *api = c->req->api;
	const struct api_account *a = api_account_find(api->directory, c->req->who.account);
	size_t keep = a ? (size_t)api_setting_of(api->directory, a->tenant)->password_history : 0;
	const char *old = !a || !keep || c->former > keep ? NULL
			  : c->former == 0                ? a->password
					   : json_string_value(json_array_get(a->history, c->former - 1));
	zj_ref(c->req);
	int err = old ? api_password_verify(api->loop, old, c->fresh, compared_former, c)
		      : api_password_hash(api->loop, c->fresh, hashed, c);
	if (!err)
		return;
	api_fail(c->req, err == EINVAL ? RES_P_INVALID : RES_P_AWAY, "the password cannot be kept");
	zj_deref(c->req);
}

static void old_good(struct api_req *req, const struct api_account *a, void *arg)
{
	struct change *c = arg;
	struct res_problem p = {.kind = RES_P_INVALID};
	api_rules_check(api_setting_of(req->api->directory, a->tenant), "new", c->fresh,
			json_string_value(json_object_get(a->row, "username")), &p);
	if (res_problem_any(&p))
		api_reply_problem(req, &p);
	else
		compare_next(c);
}

void api_me_password_h(struct api_req *req)
{
	json_t *body = is_oneself(req) ? api_req_body(req) : NULL;
	if (!body)
		return;
	at_home(req);
	const char *old = json_string_value(json_object_get(body, "old")),
		   *fresh = json_string_value(json_object_get(body, "new"));
	struct res_problem p = {.kind = RES_P_INVALID};
	if (!old)
		res_problem_add(&p, "old", "required", NULL);
	if (!fresh)
		res_problem_add(&p, "new", "required", NULL);
	else if (strlen(fresh) > 128)
		res_problem_add(&p, "new", "max_length", json_integer(128));
	else if (old && strcmp(old, fresh) == 0)
		res_problem_add_text(&p, "new", "password_history", "不得与当前密码相同", "is the present one", NULL);
	struct change *c = res_problem_any(&p) ? NULL : zj_alloc(sizeof(*c), change_destructor);
	if (c) {
		c->req = req;
		c->fresh = zj_strdup(fresh);
		req->user = c; /* goes with the request */
		api_password_ask(req, api_account_find(req->api->directory, req->who.account), old, "old", old_good, c);
	} else if (res_problem_any(&p)) {
		api_reply_problem(req, &p);
	} else {
		api_fail(req, RES_P_INTERNAL, "out of memory");
	}
	json_decref(body);
}
