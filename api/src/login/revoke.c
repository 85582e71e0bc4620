/* Sessions as things: listed, ended by their owner, by who may, by logging out, and because nobody used them. */
#include "live/live.h"
#include "login/ledger.h"
#include "login/login.h"
#include "login/session.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

void api_session_end(struct api *api, const struct api_session *s, const char *why)
{
	api_session_drop(api->sessions, s->tenant, s->account, s->hash);
	api_live_session_ended(api->live, s->hash, why);
}

static const char *username_of(const struct api *api, const char *account)
{
	const struct api_account *a = api_account_find(api->directory, account);
	return a ? json_string_value(json_object_get(a->row, "username")) : NULL;
}

/* An event about the session's account, by nobody in particular. */
static void record(struct api *api, const char *event, const char *tenant, const char *account, const char *why)
{
	struct api_ledger_event e = {.event = event,
				     .tenant = tenant,
				     .account = account,
				     .label = username_of(api, account),
				     .changes = why ? json_pack("{s:[n, s]}", "because", why) : NULL};
	if (api_ledger_put(api->ledger, &e))
		zj_error("session", "an event is missing in the audit log event=%s account=%s", event, account);
}

void api_session_timed_out(const char *tenant, const char *account, const char *hash, void *arg)
{
	struct api *api = arg;
	record(api, "timeout", tenant, account, NULL);
	api_live_session_ended(api->live, hash, "timeout");
}

/* --- all but one --- */

struct ends {
	struct api *api;
	char keep[65], why[20];
	api_sessions_ended_h *h;
	void *arg;
};

/* A session of somebody who acts for the account is that one's own affair. */
static void end_listed(const struct api_session *v, size_t n, void *arg)
{
	struct ends *e = arg;
	size_t ended = 0;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].hash, e->keep) == 0 || v[i].actor[0])
			continue;
		api_session_end(e->api, &v[i], e->why);
		record(e->api, "session.revoke", v[i].tenant, v[i].account, e->why);
		ended++;
	}
	e->h(ended, e->arg);
	free(e);
}

void api_sessions_end(struct api *api, const char *tenant, const char *account, const char *keep, const char *why,
		      api_sessions_ended_h *h, void *arg)
{
	struct ends *e = calloc(1, sizeof(*e));
	if (!e) {
		h(0, arg);
		return;
	}
	e->api = api;
	e->h = h;
	e->arg = arg;
	snprintf(e->keep, sizeof(e->keep), "%s", keep ? keep : "");
	snprintf(e->why, sizeof(e->why), "%s", why);
	api_session_list(api->sessions, tenant, account, end_listed, e);
}

/* --- lists --- */

static json_t *time_json(int64_t us)
{
	char at[ZJ_RFC3339_SIZE];
	zj_rfc3339(at, us);
	return json_string(at);
}

static json_t *reference(const struct api *api, const char *account)
{
	const char *label = username_of(api, account);
	return json_pack("{s:s, s:s}", "id", account, "label", label ? label : "");
}

static json_t *session_row(const struct api_req *req, const struct api_session *s)
{
	json_t *o = json_pack("{s:s, s:s, s:s}", "id", s->hash, "source", s->source, "user_agent", s->program);
	json_object_set_new(o, "account", reference(req->api, s->account));
	json_object_set_new(o, "created_at", time_json(s->made_us));
	json_object_set_new(o, "seen_at", time_json(s->used_us));
	json_object_set_new(o, "expires_at", time_json(api_session_expires_us(req->api->sessions, s)));
	json_object_set_new(o, "current", json_boolean(strcmp(s->hash, req->who.hash) == 0));
	json_object_set_new(o, "acting", s->actor[0] ? reference(req->api, s->actor) : json_null());
	return o;
}

static void listed(const struct api_session *v, size_t n, void *arg)
{
	struct api_req *req = arg;
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, session_row(req, &v[i]));
	api_reply_json(req, 200, json_pack("{s:o, s:n}", "items", items, "next"));
	zj_deref(req);
}

void api_me_sessions_h(struct api_req *req)
{
	api_session_list(req->api->sessions, req->who.home, req->who.account, listed, zj_ref(req));
}

/* Whose sessions the request may end or see: those of the tenant where it acts. */
void api_sessions_h(struct api_req *req)
{
	char *account = res_query_get(req->query, "account_id");
	const struct api_account *a =
		account && zj_uuid_is_valid(account) ? api_account_find(req->api->directory, account) : NULL;
	if (account && (!a || strcmp(a->tenant, req->who.tenant) != 0))
		api_reply_json(req, 200, json_pack("{s:[], s:n}", "items", "next"));
	else
		api_session_list(req->api->sessions, req->who.tenant, account, listed, zj_ref(req));
	zj_deref(account);
}

/* --- one --- */

/* In memory now, if it lives. */
static void revoke_one(struct api_req *req, bool own)
{
	const struct api_session *s = api_session_peek(req->api->sessions, req->arg[0]);
	const char *tenant = own ? req->who.home : req->who.tenant;
	if (!s || strcmp(s->tenant, tenant) != 0 || (own && strcmp(s->account, req->who.account) != 0)) {
		api_fail(req, RES_P_NOT_FOUND, "there is no such session");
		return;
	}
	struct api_session copy = *s;
	if (!api_event(req, "session.revoke", username_of(req->api, copy.account), NULL))
		return;
	api_session_end(req->api, &copy, "revoked");
	api_audit(req, "session.revoke", copy.account);
	api_reply_empty(req, 204);
}

static void loaded_own(int err ZJ_UNUSED, void *arg)
{
	revoke_one(arg, true);
	zj_deref(arg);
}

static void loaded_any(int err ZJ_UNUSED, void *arg)
{
	revoke_one(arg, false);
	zj_deref(arg);
}

static bool is_hash(const char *s)
{
	return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static void find_and_revoke(struct api_req *req, bool own)
{
	if (!is_hash(req->arg[0]))
		return api_fail(req, RES_P_NOT_FOUND, "there is no such session");
	if (!api_session_peek(req->api->sessions, req->arg[0])) {
		zj_ref(req);
		if (api_session_load(req->api->sessions, own ? req->who.home : req->who.tenant, req->arg[0],
				     own ? loaded_own : loaded_any, req) == 0)
			return;
		zj_deref(req); /* Redis is away: it is not found */
	}
	revoke_one(req, own);
}

void api_me_session_delete_h(struct api_req *req)
{
	find_and_revoke(req, true);
}

void api_session_delete_h(struct api_req *req)
{
	find_and_revoke(req, false);
}

/* --- this one --- */

/* Who acted for somebody is himself again: by cookie with a new token (the browser forgot the former one), by Bearer
 * with the one he has. */
static void go_back(struct api_req *req, const struct api_session *parent)
{
	const struct api_account *a = api_account_find(req->api->directory, parent->account);
	struct api_who *w = &req->who;
	w->actor[0] = 0;
	w->agent[0] = 0;
	if (!a || strcmp(a->mark, parent->mark) != 0 || api_who_fill(req->api, w, a, NULL)) {
		api_login_cookie(req, NULL);
		api_reply_empty(req, 204);
	} else if (w->by_cookie) {
		struct api_session former = *parent;
		api_session_end(req->api, &former, "session");
		api_reply_json(req, 200, api_login_open(req, a, NULL, NULL));
	} else {
		strcpy(w->hash, parent->hash);
		api_reply_json(req, 200,
			       api_session_json(req->api, w, NULL, api_session_expires_us(req->api->sessions, parent)));
	}
}

void api_logout_h(struct api_req *req)
{
	const struct api_session *s = req->who.narrowed ? NULL : api_session_peek(req->api->sessions, req->who.hash);
	struct api_session own = {0};
	if (!api_event(req, "logout", username_of(req->api, req->who.account), NULL))
		return;
	if (s)
		own = *s;
	if (s)
		api_session_end(req->api, &own, "session");
	api_audit(req, "logout", NULL);
	const struct api_session *parent = own.parent[0] ? api_session_peek(req->api->sessions, own.parent) : NULL;
	if (parent && strcmp(parent->account, own.actor) == 0) {
		go_back(req, parent);
		return;
	}
	api_login_cookie(req, NULL);
	api_reply_empty(req, 204);
}

void api_session_h(struct api_req *req)
{
	char csrf[33];
	api_token_csrf(req->who.token, csrf);
	const struct api_session *s = api_session_peek(req->api->sessions, req->who.hash);
	api_reply_json(
		req, 200,
		api_session_json(req->api, &req->who, csrf, s ? api_session_expires_us(req->api->sessions, s) : 0));
}
