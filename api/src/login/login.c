/* Logging in: the limit, the password, the one-time code, then a session. */
#include "login/login.h"
#include "live/live.h"
#include "login/ledger.h"
#include "login/password.h"
#include "login/session.h"
#include "login/totp.h"
#include "rights/reach.h"
#include "zj_log.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct login {
	struct api_req *req;
	char account[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE]; /* empty: nobody's */
	struct api_try try;
	char *hash; /* what the password is compared with; an object */
	char *password, *code, *name;
};

static void destructor(void *obj)
{
	struct login *l = obj;
	if (l->password)
		sodium_memzero(l->password, strlen(l->password));
	zj_deref(l->password);
	zj_deref(l->code);
	zj_deref(l->name);
	zj_deref(l->hash);
	zj_deref(l->req);
}

/* Of a password nobody has: an unknown user costs the same time as a known one. */
static const char *nobody(void)
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

int api_account_lacks(const struct api *api, const struct api_account *a)
{
	const struct api_setting *s = api_setting_of(api->directory, a->tenant);
	int64_t age_us = zj_now_us() - a->since_us;
	if (a->must_change || (s->password_days && age_us > s->password_days * 86400LL * 1000000))
		return RES_P_MUST_CHANGE;
	return s->totp_required && !a->totp_enabled ? RES_P_MUST_TOTP : 0;
}

static json_t *person(const struct api *api, const char *id)
{
	const struct api_account *a = api_account_find(api->directory, id);
	return a ? json_pack("{s:s, s:O, s:O}", "id", a->id, "username", json_object_get(a->row, "username"), "name",
			     json_object_get(a->row, "name"))
		 : json_pack("{s:s, s:n, s:n}", "id", id, "username", "name");
}

/* Whom it may command beside itself: what a page offers and what is hidden. The permission may be of the account's role
 * or of the agent's. */
static json_t *commands(struct api *api, const struct api_who *who)
{
	static const char *const names[] = {"agents.control", "calls.control"};
	json_t *o = json_array();
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(names); i++)
		if (api_command_reach(api, who, names[i]) != API_COMMAND_NONE)
			json_array_append_new(o, json_string(names[i]));
	return o;
}

json_t *api_session_json(struct api *api, const struct api_who *who, const char *csrf, int64_t expires_us)
{
	const struct api_account *a = api_account_find(api->directory, who->account);
	const struct api_tenant *t = api_tenant_find(api->directory, who->tenant);
	const struct api_agent *g = who->agent[0] ? api_agent_find(api->directory, who->agent) : NULL;
	const struct api_role *r = a ? api_role_find(api->directory, a->role) : NULL;
	int lacks = a && !who->actor[0] && !who->narrowed ? api_account_lacks(api, a) : 0;
	json_t *o = json_object();
	if (csrf)
		json_object_set_new(o, "csrf", json_string(csrf));
	if (expires_us) {
		char at[ZJ_RFC3339_SIZE];
		zj_rfc3339(at, expires_us);
		json_object_set_new(o, "expires_at", json_string(at));
	}
	json_object_set_new(o, "account", a ? json_incref(a->row) : json_null());
	json_object_set_new(o, "role", r ? json_incref(r->row) : json_null());
	json_object_set_new(o, "agent", g ? json_incref(g->row) : json_null());
	json_object_set_new(o, "tenant", t ? json_incref(t->row) : json_null());
	json_object_set_new(o, "permissions", who->perms ? json_incref(who->perms) : json_array());
	json_object_set_new(o, "commands", commands(api, who));
	json_object_set_new(o, "must_change_password", json_boolean(lacks == RES_P_MUST_CHANGE));
	json_object_set_new(o, "totp_required", json_boolean(lacks == RES_P_MUST_TOTP));
	/* Whom this session acts for, and who really sits there. */
	json_object_set_new(o, "acting_for", who->actor[0] ? person(api, who->account) : json_null());
	json_object_set_new(o, "actor", who->actor[0] ? person(api, who->actor) : json_null());
	return o;
}

void api_login_cookie(struct api_req *req, const char *token)
{
	char cookie[220];
	snprintf(cookie, sizeof(cookie), "zj_session=%s; HttpOnly; SameSite=Strict; Path=/%s%s", token ? token : "",
		 token ? "" : "; Max-Age=0", api_req_header_is(req, "x-forwarded-proto", "https") ? "; Secure" : "");
	api_header(req, "set-cookie", cookie);
}

/* A header is whatever somebody sent: printable ASCII of it, cut. */
static void copy_plain(char *to, size_t size, const char *from)
{
	size_t n = 0;
	for (; from && *from && n + 1 < size; from++)
		to[n++] = *from >= 0x20 && *from < 0x7f ? *from : '?';
	to[n] = 0;
}

json_t *api_login_open(struct api_req *req, const struct api_account *a, const struct api_account *actor,
		       const char *parent)
{
	struct api *api = req->api;
	char token[API_TOKEN_SIZE], csrf[33];
	struct api_session s = {0};
	char *program = api_req_header(req, "user-agent");
	api_token_make("zjs", a->tenant, token, s.hash);
	api_token_csrf(token, csrf);
	strcpy(s.tenant, a->tenant);
	strcpy(s.account, a->id);
	strcpy(s.mark, a->mark);
	if (actor) {
		strcpy(s.actor, actor->id);
		strcpy(s.actor_mark, actor->mark);
		snprintf(s.parent, sizeof(s.parent), "%s", parent);
	}
	copy_plain(s.source, sizeof(s.source), api_req_source(req));
	copy_plain(s.program, sizeof(s.program), program);
	zj_deref(program);
	api_session_put(api->sessions, &s);
	api_login_cookie(req, token);
	const struct api_session *kept = api_session_peek(api->sessions, s.hash);
	json_t *o = api_session_json(api, &req->who, csrf, kept ? api_session_expires_us(api->sessions, kept) : 0);
	json_object_set_new(o, "token", json_string(token));
	sodium_memzero(token, sizeof(token));
	return o;
}

void api_login_try(struct api_req *req, const char *tenant, const char *username, const struct api_account *a,
		   struct api_try *t)
{
	*t = (struct api_try){.tries = 5};
	snprintf(t->source, sizeof(t->source), "%s", api_req_source(req));
	snprintf(t->name, sizeof(t->name), "%s/%s/%s", tenant, username, a ? a->mark : "");
	if (a)
		t->tries = (unsigned)api_setting_of(req->api->directory, a->tenant)->lockout_tries;
}

static void record(struct login *l, const char *event, const char *why)
{
	struct api_ledger_event e = {.event = event,
				     .tenant = l->tenant,
				     .account = l->account,
				     .label = l->name,
				     .source = l->try.source,
				     .request = l->req->id,
				     .changes = why ? json_pack("{s:[n, s]}", "because", why) : NULL};
	if (api_ledger_put(l->req->api->ledger, &e))
		zj_error("login", "an event is missing in the audit log event=%s", event);
}

static void refuse(struct login *l, bool code)
{
	api_limit_tell(l->req->api->limit, &l->try, false);
	api_count(logins_refused);
	record(l, "login.failed", code ? "code" : "password");
	zj_info("login", "refused user=%s source=%s", zj_log_esc(l->name), zj_log_esc(l->try.source));
	if (code)
		api_fail(l->req, RES_P_TOTP, "the one-time code is wrong or was used already");
	else
		api_fail(l->req, RES_P_LOGIN, "tenant, user name or password is wrong");
}

static const struct api_account *account_of(const struct login *l)
{
	return l->account[0] ? api_account_find(l->req->api->directory, l->account) : NULL;
}

/* How it was, for the audit log; as which agent, if it is one. */
static json_t *way_of(const struct login *l, const struct api_account *a)
{
	const struct api_agent *g = api_agent_of(l->req->api->directory, a->id);
	json_t *o = json_pack("{s:[n, s]}", "method", l->code ? "password_and_code" : "password");
	if (g)
		json_object_set_new(o, "agent", json_pack("[n, O]", json_object_get(g->row, "number")));
	return o;
}

/* The others are gone, or may stay. */
static void enter(size_t others ZJ_UNUSED, void *arg)
{
	struct login *l = arg;
	struct api_req *req = l->req;
	const struct api_account *a = account_of(l);
	if (!a) {
		api_limit_untake(req->api->limit, &l->try);
		api_fail(req, RES_P_AWAY, "the account has just changed");
	} else if (api_event(req, "login", l->name, way_of(l, a))) {
		api_limit_tell(req->api->limit, &l->try, true);
		api_count(logins);
		api_audit(req, "login", a->id);
		api_reply_json(req, 200, api_login_open(req, a, NULL, NULL));
	} else {
		api_limit_untake(req->api->limit, &l->try);
	}
	zj_deref(l);
}

/* `l` is handed on. */
static void accepted(struct login *l, const struct api_account *a)
{
	struct api *api = l->req->api;
	if (api_setting_of(api->directory, a->tenant)->one_login)
		api_sessions_end(api, a->tenant, a->id, NULL, "elsewhere", enter, l);
	else
		enter(0, l);
}

static void code_checked(bool good, void *arg)
{
	struct login *l = arg;
	const struct api_account *a = account_of(l);
	if (good && a) {
		accepted(l, a);
		return;
	}
	refuse(l, true);
	zj_deref(l);
}

static void password_good(struct login *l, const struct api_account *a)
{
	if (!a->totp_enabled) {
		accepted(l, a);
	} else if (l->code) {
		api_totp_check(l->req->api->totp, a->tenant, a->id, a->totp, l->code, code_checked, l);
	} else {
		api_limit_untake(l->req->api->limit, &l->try);
		api_fail(l->req, RES_P_TOTP, "this account needs a one-time code");
		zj_deref(l);
	}
}

static void verified(int err, bool matches, const char *hash ZJ_UNUSED, void *arg)
{
	struct login *l = arg;
	struct zj_log_ctx before = zj_log_with(api_req_log(l->req));
	const struct api_account *a = account_of(l);
	/* The row may have changed while we computed: what was verified must still be the account's password. */
	bool good = !err && matches && a && a->password && strcmp(a->password, l->hash) == 0;
	int lacks = good ? api_who_fill(l->req->api, &l->req->who, a, NULL) : EACCES;
	if (!lacks) {
		password_good(l, a);
	} else if (lacks == EAGAIN || err) {
		api_limit_untake(l->req->api->limit, &l->try);
		api_fail(l->req, RES_P_AWAY, "the account cannot be looked at now");
		zj_deref(l);
	} else {
		refuse(l, false);
		zj_deref(l);
	}
	zj_log_with(before);
}

static void held_back(struct login *l, unsigned wait_s)
{
	char after[16];
	snprintf(after, sizeof(after), "%u", wait_s);
	api_header(l->req, "retry-after", after);
	api_count(logins_refused);
	api_fail(l->req, RES_P_TOO_MANY, "wait %s s", after);
}

static void allowed(unsigned wait_s, void *arg)
{
	struct login *l = arg;
	int err = wait_s ? 0 : api_password_verify(l->req->api->loop, l->hash, l->password, verified, l);
	if (!wait_s && !err)
		return;
	if (wait_s) {
		held_back(l, wait_s);
	} else if (err == EINVAL) {
		refuse(l, false);
	} else {
		api_limit_untake(l->req->api->limit, &l->try);
		held_back(l, 1);
	}
	zj_deref(l);
}

static void try_login(struct api_req *req, const char *tenant, const char *username, const char *password,
		      const char *code)
{
	const struct api_tenant *t = api_tenant_by_name(req->api->directory, tenant);
	const struct api_account *a = t ? api_account_by_name(req->api->directory, t->id, username) : NULL;
	struct login *l = zj_alloc(sizeof(*l), destructor);
	if (!l)
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	l->req = zj_ref(req);
	snprintf(l->account, sizeof(l->account), "%s", a ? a->id : "");
	snprintf(l->tenant, sizeof(l->tenant), "%s", t ? t->id : "");
	l->hash = zj_strdup(a && strncmp(a->password, "$argon2id$", 10) == 0 ? a->password : nobody());
	l->password = zj_strdup(password);
	l->code = code ? zj_strdup(code) : NULL;
	l->name = zj_asprintf("%s%s%s", tenant ? tenant : "", tenant ? "/" : "", username);
	if (!l->hash || !l->password || !l->name || (code && !l->code)) {
		zj_deref(l);
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	}
	api_login_try(req, tenant ? tenant : "", username, a, &l->try);
	api_limit_ask(req->api->limit, &l->try, allowed, l);
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
	static const char *const known[] = {"tenant", "username", "password", "code"};
	json_t *body = api_req_body(req), *v;
	const char *key;
	if (!body)
		return;
	struct res_problem p = {.kind = RES_P_TYPE};
	json_object_foreach (body, key, v) {
		size_t i = 0;
		while (i < ZJ_ARRAY_SIZE(known) && strcmp(known[i], key) != 0)
			i++;
		if (i < ZJ_ARRAY_SIZE(known))
			continue;
		res_problem_set(&p, RES_P_UNKNOWN_FIELD, "login has no field %.100s", key);
		res_problem_add(&p, key, "unknown_field", NULL);
	}
	const char *tenant = member(body, "tenant", false, &p), *username = member(body, "username", true, &p),
		   *password = member(body, "password", true, &p), *code = member(body, "code", false, &p);
	if (res_problem_any(&p))
		api_reply_problem(req, &p);
	else
		try_login(req, tenant && *tenant ? tenant : NULL, username, password, code && *code ? code : NULL);
	json_decref(body);
}
