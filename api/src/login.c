/* Logging in and out. */
#include "api.h"
#include "limit.h"
#include "live.h"
#include "password.h"
#include "session.h"
#include "zj_log.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct login {
	struct api_req *req;
	char account[ZJ_UUID_SIZE];
	char source[64], name[200]; /* what the rate limit counts */
	char *hash;                 /* what the password was compared with; an object */
	bool known;
};

/* Of a password nobody has: an unknown user costs the same time as a known one. */
static char *nobody(void)
{
	static char hash[crypto_pwhash_STRBYTES];
	if (!hash[0]) {
		char password[33];
		unsigned char raw[16];
		randombytes_buf(raw, sizeof(raw));
		sodium_bin2hex(password, sizeof(password), raw, sizeof(raw));
		if (crypto_pwhash_str_alg(hash, password, 32, crypto_pwhash_OPSLIMIT_INTERACTIVE,
					  crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
			hash[0] = 0;
	}
	return hash;
}

json_t *api_session_json(struct api *api, const struct api_who *who, const char *csrf, int64_t expires_us)
{
	const struct api_account *a = api_account_find(api->directory, who->account);
	const struct api_tenant *t = api_tenant_find(api->directory, who->tenant);
	const struct api_agent *g = who->agent[0] ? api_agent_find(api->directory, who->agent) : NULL;
	json_t *o = json_object();
	if (csrf)
		json_object_set_new(o, "csrf", json_string(csrf));
	if (expires_us) {
		char at[ZJ_RFC3339_SIZE];
		zj_rfc3339(at, expires_us);
		json_object_set_new(o, "expires_at", json_string(at));
	}
	json_object_set_new(o, "account", a ? json_incref(a->row) : json_null());
	json_object_set_new(o, "agent", g ? json_incref(g->row) : json_null());
	json_object_set_new(o, "tenant", t ? json_incref(t->row) : json_null());
	json_object_set_new(o, "permissions", who->perms ? json_incref(who->perms) : json_array());
	return o;
}

static void refuse(struct login *l)
{
	api_limit_failed(l->req->api->limit, l->source, l->name, zj_mono_us());
	api_count(logins_refused);
	zj_info("login", "refused user=%s source=%s", zj_log_esc(l->name), zj_log_esc(l->source));
	api_fail(l->req, RES_P_LOGIN, "tenant, user name or password is wrong");
}

static void accept_login(struct login *l, const struct api_account *a)
{
	struct api_req *req = l->req;
	struct api *api = req->api;
	char token[API_TOKEN_SIZE], hash[65], csrf[33], cookie[200];
	api_token_make("zjs", a->tenant, token, hash);
	api_token_csrf(token, csrf);
	api_session_put(api->sessions, a->tenant, a->id, a->mark, hash);
	snprintf(cookie, sizeof(cookie), "zj_session=%s; HttpOnly; SameSite=Strict; Path=/%s", token,
		 api_req_header_is(req, "x-forwarded-proto", "https") ? "; Secure" : "");
	api_header(req, "set-cookie", cookie);
	api_limit_succeeded(api->limit, l->source, l->name);
	api_count(logins);
	json_t *o = api_session_json(api, &req->who, csrf, zj_now_us() + api->conf.session_hours * 3600 * 1000000);
	json_object_set_new(o, "token", json_string(token));
	api_audit(req, "login", a->id);
	api_reply_json(req, 200, o);
	sodium_memzero(token, sizeof(token));
}

static void verified(int err, bool matches, const char *hash ZJ_UNUSED, void *arg)
{
	struct login *l = arg;
	struct zj_log_ctx before = zj_log_with(api_req_log(l->req));
	const struct api_account *a = l->known ? api_account_find(l->req->api->directory, l->account) : NULL;
	/* The row may have changed while we computed: what was verified must still be the account's password. */
	bool good = !err && matches && a && a->password && strcmp(a->password, l->hash) == 0;
	int lacks = good ? api_who_fill(l->req->api, &l->req->who, a, NULL) : EACCES;
	if (!lacks)
		accept_login(l, a);
	else if (lacks == EAGAIN)
		api_fail(l->req, RES_P_AWAY, "the account's role is not known yet");
	else
		refuse(l);
	zj_log_with(before);
	zj_deref(l->req);
	zj_deref(l->hash);
	free(l);
}

static void try_login(struct api_req *req, const char *tenant, const char *username, const char *password)
{
	const struct api_tenant *t = api_tenant_by_name(req->api->directory, tenant);
	const struct api_account *a = t ? api_account_by_name(req->api->directory, t->id, username) : NULL;
	struct login *l = calloc(1, sizeof(*l));
	if (!l)
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	l->req = zj_ref(req);
	l->known = a != NULL;
	if (a)
		strcpy(l->account, a->id);
	l->hash = zj_strdup(a && strncmp(a->password, "$argon2id$", 10) == 0 ? a->password : nobody());
	snprintf(l->source, sizeof(l->source), "%s", api_req_source(req));
	snprintf(l->name, sizeof(l->name), "%s/%s", tenant ? tenant : "", username);
	unsigned wait = api_limit_wait_s(req->api->limit, l->source, l->name, zj_mono_us());
	int err = wait || !l->hash ? EAGAIN : api_password_verify(req->api->loop, l->hash, password, verified, l);
	if (!err)
		return;
	char after[16];
	snprintf(after, sizeof(after), "%u", wait ? wait : 1);
	api_header(req, "retry-after", after);
	api_count(logins_refused);
	if (err == EINVAL)
		refuse(l);
	else
		api_fail(req, RES_P_TOO_MANY, "wait %s s", after);
	zj_deref(l->req);
	zj_deref(l->hash);
	free(l);
}

/* A member that is a string of reasonable length; a wrong one is put into the problem. */
static const char *member(const json_t *o, const char *key, bool needed, struct res_problem *p)
{
	json_t *v = json_object_get(o, key);
	if (!v && needed)
		res_problem_add(p, key, "required", NULL);
	else if (v && !json_is_null(v) && !json_is_string(v))
		res_problem_add(p, key, "type", json_string("string"));
	return json_string_value(v);
}

void api_login_h(struct api_req *req)
{
	json_t *body = api_req_body(req);
	const char *key;
	json_t *v;
	if (!body)
		return;
	struct res_problem p = {.kind = RES_P_TYPE};
	json_object_foreach (body, key, v)
		if (strcmp(key, "tenant") != 0 && strcmp(key, "username") != 0 && strcmp(key, "password") != 0) {
			res_problem_set(&p, RES_P_UNKNOWN_FIELD, "login has no field %.100s", key);
			res_problem_add(&p, key, "unknown_field", NULL);
		}
	const char *tenant = member(body, "tenant", false, &p), *username = member(body, "username", true, &p),
		   *password = member(body, "password", true, &p);
	if (res_problem_any(&p))
		api_reply_problem(req, &p);
	else
		try_login(req, tenant && *tenant ? tenant : NULL, username, password);
	json_decref(body);
}

void api_logout_h(struct api_req *req)
{
	char tenant[ZJ_UUID_SIZE], hash[65];
	if (api_token_read(req->who.token, "zjs", tenant, hash))
		api_session_drop(req->api->sessions, tenant, hash);
	api_live_session_ended(req->api->live, req->who.tenant, req->who.hash);
	api_header(req, "set-cookie", "zj_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
	api_audit(req, "logout", NULL);
	api_reply_empty(req, 204);
}

void api_session_h(struct api_req *req)
{
	char csrf[33];
	api_token_csrf(req->who.token, csrf);
	const struct api_session *s = api_session_find(req->api->sessions, req->who.hash);
	api_reply_json(req, 200, api_session_json(req->api, &req->who, csrf, s ? s->expires_us : 0));
}
