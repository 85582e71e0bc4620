/* A request's life and its answer. */
#include "server/api.h"
#include "zj_log.h"
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void api_who_clear(struct api_who *w)
{
	json_decref(w->perms);
	zj_deref(w->token);
	*w = (struct api_who){0};
}

static void destructor(void *obj)
{
	struct api_req *req = obj;
	zj_deref(req->user);
	zj_deref(req->instead);
	while (req->n_views)
		zj_deref(req->views[--req->n_views]);
	zj_deref(req->schema);
	api_who_clear(&req->who);
}

/* h2o frees its request with the connection: from then on ours has none. */
static void on_pool_gone(void *p)
{
	struct api_req *req = *(struct api_req **)p;
	req->h2o = NULL;
	zj_deref(req);
}

/* The client's own id of the request, if it is one. */
static bool take_id(struct api_req *req)
{
	h2o_iovec_t v = api_req_header_look(req, "x-request-id");
	if (v.len < 1 || v.len >= sizeof(req->id))
		return false;
	memcpy(req->id, v.base, v.len);
	req->id[v.len] = 0;
	return strspn(req->id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") == v.len;
}

static void split_path(struct api_req *req)
{
	char *end = req->text;
	while (*(end += strspn(end, "/"))) {
		if (req->n_seg == API_SEGMENTS) {
			req->n_seg = API_SEGMENTS + 1; /* matches no route */
			return;
		}
		req->seg[req->n_seg++] = end;
		end = strchrnul(end, '/');
		if (*end)
			*end++ = 0;
	}
}

/* NULL: memory is out, or the path has a zero byte; the caller answers 400. */
struct api_req *api_req_alloc(struct api *api, h2o_req_t *h2o)
{
	size_t path_n = h2o->path_normalized.len, query_n = 0;
	if (h2o->query_at != SIZE_MAX && h2o->query_at + 1 <= h2o->path.len)
		query_n = h2o->path.len - h2o->query_at - 1;
	if (memchr(h2o->path_normalized.base, 0, path_n) || h2o->method.len >= sizeof(((struct api_req *)0)->method))
		return NULL;
	struct api_req *req = zj_alloc(sizeof(*req) + path_n + 1 + query_n + 1, destructor);
	if (!req)
		return NULL;
	req->api = api;
	req->started_us = zj_mono_us();
	req->h2o = h2o;
	memcpy(req->text, h2o->path_normalized.base, path_n);
	if (query_n)
		memcpy(req->text + path_n + 1, h2o->path.base + h2o->query_at + 1, query_n);
	req->query = req->text + path_n + 1;
	memcpy(req->method, h2o->method.base, h2o->method.len);
	split_path(req);
	if (!take_id(req))
		zj_uuid7(req->id);
	struct api_req **hold = h2o_mem_alloc_shared(&h2o->pool, sizeof(*hold), on_pool_gone);
	*hold = req;
	return req;
}

struct zj_log_ctx api_req_log(const struct api_req *req)
{
	return (struct zj_log_ctx){.tenant = req->who.tenant[0] ? req->who.tenant : NULL, .request = req->id};
}

h2o_iovec_t api_req_header_look(const struct api_req *req, const char *name)
{
	const h2o_headers_t *headers = req->h2o ? &req->h2o->headers : NULL;
	const h2o_token_t *token = headers ? h2o_lookup_token(name, strlen(name)) : NULL;
	ssize_t i = token     ? h2o_find_header(headers, token, -1)
		    : headers ? h2o_find_header_by_str(headers, name, strlen(name), -1)
			      : -1;
	if (i < 0 || memchr(headers->entries[i].value.base, 0, headers->entries[i].value.len))
		return h2o_iovec_init(NULL, 0);
	return headers->entries[i].value;
}

char *api_req_header(const struct api_req *req, const char *name)
{
	h2o_iovec_t v = api_req_header_look(req, name);
	char *out = v.base ? zj_alloc(v.len + 1, NULL) : NULL;
	if (out)
		memcpy(out, v.base, v.len);
	return out;
}

bool api_req_header_is(const struct api_req *req, const char *name, const char *prefix)
{
	char *v = api_req_header(req, name);
	bool is = v && strncasecmp(v, prefix, strlen(prefix)) == 0;
	zj_deref(v);
	return is;
}

/* Behind HAProxy (a loopback peer) the last X-Forwarded-For entry is the one that HAProxy wrote. */
const char *api_req_source(const struct api_req *req)
{
	static char out[INET6_ADDRSTRLEN];
	struct sockaddr_storage sa;
	char *forwarded = api_req_header(req, "x-forwarded-for");
	if (forwarded) {
		const char *last = strrchr(forwarded, ',');
		last = last ? last + 1 : forwarded;
		snprintf(out, sizeof(out), "%s", last + strspn(last, " "));
		zj_deref(forwarded);
		return out;
	}
	strcpy(out, "?");
	if (req->h2o && req->h2o->conn->callbacks->get_peername(req->h2o->conn, (void *)&sa) && sa.ss_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)&sa)->sin_addr, out, sizeof(out));
	return out;
}

void api_header(struct api_req *req, const char *name, const char *value)
{
	if (!req->h2o)
		return;
	h2o_iovec_t v = h2o_strdup(&req->h2o->pool, value, strlen(value));
	h2o_set_header_by_str(&req->h2o->pool, &req->h2o->res.headers, name, strlen(name), 1, v.base, v.len, 1);
}

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{200, "OK"}, {201, "Created"}, {204, "No Content"}, {206, "Partial Content"}, {304, "Not Modified"}};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return status >= 400 ? "Problem" : "OK";
}

void api_reply(struct api_req *req, int status, const char *type, const char *body, size_t n)
{
	h2o_req_t *h = req->h2o;
	if (!h)
		return;
	h2o_headers_t *headers = &h->res.headers;
	h2o_iovec_t id = h2o_strdup(&h->pool, req->id, SIZE_MAX);
	h2o_add_header_by_str(&h->pool, headers, H2O_STRLIT("x-request-id"), 0, NULL, id.base, id.len);
	if (type) {
		h2o_iovec_t t = h2o_strdup(&h->pool, type, SIZE_MAX);
		h2o_add_header(&h->pool, headers, H2O_TOKEN_CONTENT_TYPE, NULL, t.base, t.len);
	}
	if (req->n_seg >= 1 && strcmp(req->seg[0], "api") == 0)
		h2o_add_header(&h->pool, headers, H2O_TOKEN_CACHE_CONTROL, NULL, H2O_STRLIT("no-store"));
	h2o_add_header_by_str(&h->pool, headers, H2O_STRLIT("x-content-type-options"), 0, NULL, H2O_STRLIT("nosniff"));
	h->res.status = status;
	h->res.reason = reason(status);
	req->h2o = NULL;
	if (status != 204 && status != 304)
		h->res.content_length = n;
	static h2o_generator_t generator;
	bool head = strcmp(req->method, "HEAD") == 0;
	h2o_iovec_t buf = h2o_strdup(&h->pool, body ? body : "", n);
	h2o_start_response(h, &generator);
	h2o_send(h, &buf, head || n == 0 ? 0 : 1, H2O_SEND_STATE_FINAL);
}

void api_reply_text(struct api_req *req, int status, const char *json)
{
	if (json)
		api_reply(req, status, "application/json", json, strlen(json));
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
}

void api_reply_json(struct api_req *req, int status, json_t *o)
{
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	api_reply_text(req, status, text);
	free(text);
}

void api_reply_empty(struct api_req *req, int status)
{
	api_reply(req, status, NULL, NULL, 0);
}

void api_reply_problem(struct api_req *req, struct res_problem *p)
{
	struct zj_log_ctx before = zj_log_with(api_req_log(req));
	char *text = res_problem_text(p, req->id);
	int status = res_problem_status(p->kind);
	api_count(problems);
	zj_log(status >= 500 && p->kind != RES_P_AWAY ? ZJ_ERROR : ZJ_INFO, "http",
	       "refused method=%s path=%s status=%d type=%s why=%s", req->method,
	       req->n_seg > 2 && req->n_seg <= API_SEGMENTS ? zj_log_esc(req->seg[2]) : "-", status,
	       res_problem_type(p->kind), zj_log_esc(p->detail));
	if (p->kind == RES_P_AWAY)
		api_header(req, "retry-after", "1");
	if (text)
		api_reply(req, status, "application/problem+json", text, strlen(text));
	else
		api_reply(req, 500, "application/problem+json", "{}", 2);
	free(text);
	res_problem_clear(p);
	zj_log_with(before);
}

void api_fail(struct api_req *req, enum res_problem_kind kind, const char *fmt, ...)
{
	struct res_problem p = {.kind = kind};
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(p.detail, sizeof(p.detail), fmt, ap);
	va_end(ap);
	api_reply_problem(req, &p);
}

json_t *api_req_body(struct api_req *req)
{
	json_error_t e;
	h2o_iovec_t body = req->h2o ? req->h2o->entity : h2o_iovec_init(NULL, 0);
	char *type = api_req_header(req, "content-type");
	bool other = type && strncasecmp(type, "application/json", 16) != 0 &&
		     strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0 &&
		     strncasecmp(type, "text/plain", 10) != 0;
	zj_deref(type);
	if (other) {
		api_fail(req, RES_P_MEDIA, "application/json is expected");
		return NULL;
	}
	if (body.len == 0)
		return json_object();
	json_t *o = json_loadb(body.base, body.len, JSON_REJECT_DUPLICATES, &e);
	if (json_is_object(o))
		return o;
	struct res_problem p = {0};
	if (o) {
		res_problem_set(&p, RES_P_TYPE, "the body must be a JSON object");
	} else {
		res_problem_set(&p, RES_P_JSON, "line %d, column %d: %s", e.line, e.column, e.text);
		p.more = json_pack("{s:i, s:i}", "line", e.line, "column", e.column);
	}
	json_decref(o);
	api_reply_problem(req, &p);
	return NULL;
}

void api_audit(const struct api_req *req, const char *what, const char *id)
{
	struct zj_log_ctx before = zj_log_with(api_req_log(req));
	zj_info("audit", "%s resource=%s id=%s account=%s source=%s", what,
		req->res         ? req->res->name
		: req->n_seg > 2 ? zj_log_esc(req->seg[2])
				 : "-",
		id ? id : "-", req->who.account[0] ? req->who.account : "-",
		req->h2o ? zj_log_esc(api_req_source(req)) : "-");
	api_count(writes);
	zj_log_with(before);
}
