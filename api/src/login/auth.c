/* Who asks: a session's token (cookie or Bearer) or a program's access token, the account behind it, and the tenant it
 * acts in. */
#include "describe/desk.h"
#include "login/enter.h"
#include "login/login.h"
#include "login/session.h"
#include "perm.h"
#include "server/api.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Account and tenant must both be enabled; `tenant` is where the caller acts: its own, or one that a carrier entered.
 */
int api_who_fill(struct api *api, struct api_who *w, const struct api_account *a, const char *tenant)
{
	const struct api_tenant *home = a ? api_tenant_find(api->directory, a->tenant) : NULL;
	if (!home || !a->enabled || !home->enabled)
		return EACCES;
	strcpy(w->account, a->id);
	strcpy(w->home, a->tenant);
	strcpy(w->tenant, a->tenant);
	w->role = home->carrier ? RES_ROLE_CARRIER : RES_ROLE_TENANT;
	json_decref(w->perms);
	w->perms = json_incref((json_t *)api_role_perms(api->directory, a->role));
	if (a->role[0] && !w->perms)
		return EAGAIN; /* the role's row is on its way */
	if (tenant && strcmp(tenant, a->tenant) != 0 &&
	    (!home->carrier || !res_perm_has(w->perms, "tenants.enter") || !api_tenant_find(api->directory, tenant)))
		return EPERM;
	if (tenant) {
		strcpy(w->tenant, tenant);
		w->role = home->carrier || strcmp(tenant, a->tenant) != 0 ? RES_ROLE_TENANT : w->role;
	}
	const struct api_agent *agent = api_agent_of(api->directory, a->id);
	if (agent && strcmp(agent->tenant, w->tenant) == 0)
		strcpy(w->agent, agent->id);
	if (w->role == RES_ROLE_TENANT && strcmp(w->tenant, w->home) == 0)
		api_desk_grant(api, w, a);
	return 0;
}

/* A session of somebody who logged in as the account: it may what both may, as long as the actor may act at all. */
static int act(struct api *api, struct api_who *w, const struct api_session *s)
{
	const struct api_account *a = s->actor[0] ? api_account_find(api->directory, s->actor) : NULL;
	const struct api_tenant *home = a ? api_tenant_find(api->directory, a->tenant) : NULL;
	const json_t *own = a ? api_role_perms(api->directory, a->role) : NULL;
	w->actor[0] = 0;
	if (!s->actor[0])
		return 0;
	if (!home || !a->enabled || !home->enabled || strcmp(a->mark, s->actor_mark) != 0 ||
	    !res_perm_has(own, "accounts.impersonate") ||
	    (strcmp(a->tenant, w->home) != 0 && !(home->carrier && res_perm_has(own, "tenants.enter"))))
		return EACCES;
	strcpy(w->actor, a->id);
	json_t *perms = res_perm_intersect(w->perms, own);
	json_decref(w->perms);
	w->perms = perms;
	return 0;
}

/* What the caller may now, after something changed: 0, or he may no longer. The rights of an access token stay
 * narrowed; a session of an older password is void. */
int api_who_renew(struct api *api, struct api_who *w)
{
	const struct api_account *a = api_account_find(api->directory, w->account);
	char tenant[ZJ_UUID_SIZE];
	strcpy(tenant, w->tenant);
	w->agent[0] = 0;
	int err = api_who_fill(api, w, a, strcmp(w->tenant, w->home) == 0 ? NULL : tenant);
	if (err)
		return err;
	if (!w->narrowed) {
		const struct api_session *s = api_session_peek(api->sessions, w->hash);
		return !s ? 0 : strcmp(s->mark, a->mark) != 0 ? EACCES : act(api, w, s);
	}
	const struct api_token *t = api_token_find(api->directory, w->hash);
	if (!t || !t->enabled || (t->expires_us && t->expires_us <= zj_now_us()))
		return EACCES;
	json_t *perms = res_perm_intersect(w->perms, t->perms);
	json_decref(w->perms);
	w->perms = perms;
	return 0;
}

static char *cookie_token(const struct api_req *req)
{
	char *cookies = api_req_header(req, "cookie"), *save = NULL, *found = NULL;
	for (char *c = cookies ? strtok_r(cookies, "; ", &save) : NULL; c && !found; c = strtok_r(NULL, "; ", &save))
		if (strncmp(c, "zj_session=", 11) == 0)
			found = zj_strdup(c + 11);
	zj_deref(cookies);
	return found;
}

/* `Sec-WebSocket-Protocol: zongji.events, bearer.<token>`: the only header that a browser's WebSocket can set. */
static char *protocol_token(const struct api_req *req)
{
	char *list = api_req_header(req, "sec-websocket-protocol"), *save = NULL, *found = NULL;
	for (char *c = list ? strtok_r(list, ", ", &save) : NULL; c && !found; c = strtok_r(NULL, ", ", &save))
		if (strncmp(c, "bearer.", 7) == 0)
			found = zj_strdup(c + 7);
	zj_deref(list);
	return found;
}

static void find_token(struct api_req *req)
{
	h2o_iovec_t header = api_req_header_look(req, "authorization");
	if (header.len >= 7 && strncasecmp(header.base, "Bearer ", 7) == 0 &&
	    (req->who.token = zj_alloc(header.len - 7 + 1, NULL)))
		memcpy(req->who.token, header.base + 7, header.len - 7);
	if (!req->who.token)
		req->who.token = protocol_token(req);
	if (!req->who.token && (req->who.token = cookie_token(req)))
		req->who.by_cookie = true;
}

/* The tenant a carrier asks to act in: an object; NULL: none was named. */
static char *asked_tenant(const struct api_req *req)
{
	char *header = api_req_header(req, "x-zj-tenant");
	if (!header && req->route->h == api_events_h)
		header = res_query_get(req->query, "tenant");
	return header;
}

static bool csrf_is_good(const struct api_req *req)
{
	char want[33];
	char *given = api_req_header(req, "x-zj-csrf");
	api_token_csrf(req->who.token, want);
	bool good = given && strlen(given) == 32 && sodium_memcmp(given, want, 32) == 0;
	zj_deref(given);
	return good;
}

/* What may be done before the session has a good password, or one-time codes. */
static bool is_of_the_login(api_h *h)
{
	static api_h *const all[] = {api_session_h,     api_logout_h,       api_me_h,
				     api_me_password_h, api_me_totp_make_h, api_me_totp_confirm_h};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(all); i++)
		if (all[i] == h)
			return true;
	return false;
}

/* What somebody who acts for another must not do: what would outlive it. */
static bool outlives(const struct api_req *req)
{
	return req->writing && req->who.actor[0] && req->res && strcmp(req->res->table, "api_token") == 0;
}

/* Everything is known: goes on, or answers. */
static void finish(struct api_req *req, const struct api_account *a, api_h *next)
{
	int lacks = req->who.narrowed || req->who.actor[0] ? 0 : api_account_lacks(req->api, a);
	if (req->who.by_cookie && req->writing && !csrf_is_good(req))
		api_fail(req, RES_P_CSRF, "X-Zj-Csrf must be what the login answered");
	else if (lacks && !is_of_the_login(req->route->h))
		api_fail(req, (enum res_problem_kind)lacks, "see /api/v1/me");
	else if (outlives(req))
		api_fail(req, RES_P_ACTING, "access tokens are made by their account itself");
	else if (api_enter_note(req))
		next(req);
}

/* An access token has the smaller of its own permissions and its account's. False: answered. */
static bool narrow(struct api_req *req, const struct api_token *t)
{
	json_t *perms = res_perm_intersect(req->who.perms, t->perms);
	json_decref(req->who.perms);
	req->who.perms = perms;
	req->who.narrowed = true;
	if (strcmp(req->who.tenant, req->who.home) == 0 || res_perm_has(perms, "tenants.enter"))
		return true;
	api_fail(req, RES_P_ENTER, "this access token does not allow to act inside another tenant");
	return false;
}

/* Of `s` and `t` one is NULL. */
static void go_on(struct api_req *req, const struct api_account *a, const struct api_session *s,
		  const struct api_token *t, api_h *next)
{
	char *tenant = asked_tenant(req);
	int err = api_who_fill(req->api, &req->who, a, tenant);
	zj_deref(tenant);
	if (!err && s)
		err = act(req->api, &req->who, s);
	if (err == EPERM)
		api_fail(req, RES_P_ENTER,
			 "X-Zj-Tenant is for carrier accounts with tenants.enter, and for tenants that exist");
	else if (err == EAGAIN)
		api_fail(req, RES_P_AWAY, "the account's role is not known yet");
	else if (err)
		api_fail(req, RES_P_SESSION, "the account or its tenant is disabled");
	else if (!t || narrow(req, t))
		finish(req, a, next);
}

static void with_session(struct api_req *req, const struct api_session *s, api_h *next)
{
	const struct api_account *a = s ? api_account_find(req->api->directory, s->account) : NULL;
	if (!a || strcmp(a->mark, s->mark) != 0 || strcmp(a->tenant, s->tenant) != 0)
		api_fail(req, RES_P_SESSION, "the session has ended");
	else
		go_on(req, a, s, NULL, next);
}

/* Programs of others come from their own servers only, where the token says from which. */
static bool from_trusted(const struct api_req *req, const struct api_token *t)
{
	const char *source = api_req_source(req), *one;
	json_t *v;
	size_t i;
	json_array_foreach (t->sources, i, v)
		if ((one = json_string_value(v)) && strcmp(one, source) == 0)
			return true;
	return !t->sources;
}

static void with_access_token(struct api_req *req, api_h *next)
{
	const struct api_token *t = api_token_find(req->api->directory, req->who.hash);
	const struct api_account *a = t ? api_account_find(req->api->directory, t->account) : NULL;
	if (!a || !t->enabled || strcmp(a->tenant, t->tenant) != 0 || (t->expires_us && t->expires_us <= zj_now_us()))
		api_fail(req, RES_P_SESSION, "the access token is not valid");
	else if (!from_trusted(req, t))
		api_fail(req, RES_P_PERMISSION, "the access token is not for this address");
	else
		go_on(req, a, NULL, t, next);
}

struct wait {
	struct api_req *req;
	api_h *next;
};

static void session_loaded(int err, void *arg)
{
	struct wait *w = arg;
	if (err == ENOTCONN)
		api_fail(w->req, RES_P_AWAY, "sessions cannot be looked up");
	else if (err)
		api_fail(w->req, RES_P_SESSION, "the session has ended");
	else
		with_session(w->req, api_session_find(w->req->api->sessions, w->req->who.hash), w->next);
	zj_deref(w->req);
	free(w);
}

static void load_session(struct api_req *req, const char *tenant, api_h *next)
{
	struct wait *w = malloc(sizeof(*w));
	if (w)
		*w = (struct wait){zj_ref(req), next};
	int err = w ? api_session_load(req->api->sessions, tenant, req->who.hash, session_loaded, w) : ENOMEM;
	if (!err)
		return;
	if (w)
		zj_deref(req);
	free(w);
	api_fail(req, RES_P_AWAY, "sessions cannot be looked up");
}

void api_auth(struct api_req *req, api_h *next)
{
	char tenant[ZJ_UUID_SIZE];
	find_token(req);
	if (!req->who.token) {
		api_fail(req, RES_P_SESSION, "no cookie, no Authorization header");
		return;
	}
	if (api_token_read(req->who.token, "zjt", tenant, req->who.hash)) {
		with_access_token(req, next);
		return;
	}
	if (!api_token_read(req->who.token, "zjs", tenant, req->who.hash)) {
		api_fail(req, RES_P_SESSION, "the token is malformed");
		return;
	}
	const struct api_session *s = api_session_find(req->api->sessions, req->who.hash);
	if (s)
		with_session(req, s, next);
	else
		load_session(req, tenant, next);
}

bool api_may(struct api_req *req, const char *permission)
{
	if (res_perm_has(req->who.perms, permission))
		return true;
	struct res_problem p = {.more = json_pack("{s:s}", "permission", permission)};
	res_problem_set(&p, RES_P_PERMISSION, "%s is needed", permission);
	api_reply_problem(req, &p);
	return false;
}
