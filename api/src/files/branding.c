/* What a log-in page shows before anybody logged in. The answer for a tenant that does not exist is that for one
 * without branding, and takes as long: all of it is in memory. */
#include "files/download.h"
#include "server/api.h"
#include <stdlib.h>
#include <string.h>

/* The host that the browser asked, without its port; behind HAProxy Host is passed on as it was. */
static char *host_of(const struct api_req *req)
{
	size_t n = req->h2o ? req->h2o->authority.len : 0;
	char *host = zj_alloc(n + 1, NULL);
	if (!host)
		return NULL;
	if (n)
		memcpy(host, req->h2o->authority.base, n);
	char *port = strrchr(host, ':');
	if (port && !strchr(port, ']'))
		*port = 0;
	return host;
}

/* By the name that is typed at log-in, else by the host. NULL: nobody's. */
static const struct api_tenant *tenant_of(const struct api_req *req, bool *agents, bool *by_host)
{
	char *name = res_query_get(req->query, "tenant"), *host = host_of(req);
	const struct api_tenant *t = host ? api_tenant_by_host(req->api->directory, host, agents) : NULL;
	*by_host = t != NULL;
	if (name && *name)
		t = api_tenant_by_name(req->api->directory, name);
	zj_deref(name);
	zj_deref(host);
	return t && t->enabled && !t->carrier ? t : NULL;
}

static json_t *text_of(const struct api_tenant *t, const char *key)
{
	const char *s = t ? json_string_value(json_object_get(t->row, key)) : NULL;
	return s && *s ? json_string(s) : json_null();
}

void api_branding_h(struct api_req *req)
{
	bool agents = false, by_host = false;
	const struct api_tenant *t = tenant_of(req, &agents, &by_host);
	json_t *logo = text_of(t, "logo_id"), *name = text_of(t, "display_name");
	bool branded = !json_is_null(logo) || !json_is_null(name) || by_host;
	json_t *o = json_object();
	const char *id = t ? json_string_value(json_object_get(t->row, "name")) : NULL;
	json_object_set_new(o, "name", t && branded ? json_string(id) : json_null());
	json_object_set_new(o, "title", t && branded ? text_of(t, "title") : json_null());
	json_object_set_new(o, "display_name", name);
	json_object_set_new(o, "logo",
			    json_is_null(logo) ? json_null() : json_sprintf("/api/v1/branding/logo?tenant=%s", id));
	json_object_set_new(o, "language", t && branded ? text_of(t, "language") : json_null());
	json_object_set_new(o, "login", json_string(agents ? "agent" : "user"));
	json_decref(logo);
	api_reply_json(req, 200, o);
}

static void logo_found(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	const PGresult *r = results[0];
	const char *tenant = arg;
	if (PQntuples(r) == 0)
		api_fail(req, RES_P_NOT_FOUND, "there is no logo");
	else
		api_download(req, tenant, PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 2));
}

void api_branding_logo_h(struct api_req *req)
{
	bool agents = false, by_host = false;
	const struct api_tenant *t = tenant_of(req, &agents, &by_host);
	const char *id = t ? json_string_value(json_object_get(t->row, "logo_id")) : NULL;
	char *tenant = id ? zj_strdup(t->id) : NULL;
	if (!tenant)
		return api_fail(req, RES_P_NOT_FOUND, "there is no logo");
	const char *values[] = {tenant, id};
	struct zj_pg_query q = {.sql = "select path, name, media_type from zj.upload "
				       "where tenant_id = $1 and id = $2 and state = 'complete' and path is not null",
				.n = 2,
				.values = values};
	req->user = tenant;
	api_db_run_own(req, &q, 1, logo_found, tenant);
}
