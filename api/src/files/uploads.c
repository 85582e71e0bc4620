/* Uploads in parts of ≤ 8 MB (h2o holds a body whole): opened, sent part by part in any order and as often as it takes,
 * completed. The file is written in place; the row names the parts that are durable, so that a lost connection, or a
 * restart of this process, costs at most the part on its way. */
#include "files/store.h"
#include "server/once.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

#define PART_BYTES 8388608LL
#define PARTS_MAX  512
#define ROW                                                                                                            \
	"json_build_object('id', u.id, 'name', u.name, 'media_type', u.media_type, 'bytes', u.bytes, 'part_bytes', "   \
	"8388608, 'parts', u.parts, 'received', u.received, 'state', u.state, 'purpose', u.purpose, 'sha256', "        \
	"u.sha256, 'created_at', u.created_at)::text"
#define MINE " u.tenant_id = zj.zj_tenant() and u.account_id = zj.zj_account() and u.id = "

struct upload { /* a request's `user` */
	char id[ZJ_UUID_SIZE], sha256[65];
	int64_t bytes, parts, part;
	struct api_store_hold *hold; /* from its digest until the row says complete */
};

static void destructor(void *obj)
{
	api_store_release(((struct upload *)obj)->hold);
}

static void fault(struct res_problem *p, const char *field, const char *rule, json_t *value)
{
	p->kind = RES_P_INVALID;
	res_problem_add(p, field, rule, value);
}

/* A name is a label, never a path; still nobody shall be served one with slashes or control characters in it. */
static bool name_is_good(const char *s)
{
	size_t n = strlen(s);
	if (n < 1 || n > 255 * 4 || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '/' || *s == '\\')
			return false;
	return true;
}

static bool media_is_good(const char *s)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789.+-";
	size_t n = strspn(s, good), m = s[n] == '/' ? strspn(s + n + 1, good) : 0;
	return n >= 1 && n <= 63 && m >= 1 && m <= 127 && !s[n + 1 + m];
}

static bool purpose_is_good(const char *s)
{
	size_t n = strlen(s);
	return n >= 1 && n <= 63 && *s >= 'a' && *s <= 'z' && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == n;
}

struct opening {
	const char *name, *media_type, *purpose; /* borrowed from the body */
	json_int_t bytes;
};

static bool read_opening(struct api_req *req, const json_t *body, struct opening *o)
{
	struct res_problem p = {0};
	const char *key;
	json_t *v;
	*o = (struct opening){.media_type = "application/octet-stream", .purpose = "file"};
	json_object_foreach ((json_t *)body, key, v) {
		const char *s = json_string_value(v);
		if (strcmp(key, "bytes") == 0 && json_is_integer(v))
			o->bytes = json_integer_value(v);
		else if (strcmp(key, "name") == 0 && s)
			o->name = s;
		else if (strcmp(key, "media_type") == 0 && s)
			o->media_type = *s ? s : o->media_type;
		else if (strcmp(key, "purpose") == 0 && s)
			o->purpose = s;
		else
			fault(&p, key, "format", NULL);
	}
	if (!o->name)
		fault(&p, "name", "required", NULL);
	else if (!name_is_good(o->name))
		fault(&p, "name", "pattern", json_string("no / \\ or control characters, 1 to 255 of them"));
	if (!media_is_good(o->media_type))
		fault(&p, "media_type", "pattern", json_string("type/subtype, lower case"));
	if (!purpose_is_good(o->purpose))
		fault(&p, "purpose", "pattern", json_string("^[a-z][a-z0-9_.-]{0,62}$"));
	if (o->bytes < 1)
		fault(&p, "bytes", "min", json_integer(1));
	else if (o->bytes > req->api->conf.max_upload_mb << 20)
		fault(&p, "bytes", "max", json_integer(req->api->conf.max_upload_mb << 20));
	if (!res_problem_any(&p))
		return true;
	api_reply_problem(req, &p);
	return false;
}

static void opened(struct api_req *req, const char *body, const char *location, bool replayed ZJ_UNUSED)
{
	if (!body)
		return api_fail(req, RES_P_INTERNAL, "the upload was not kept");
	api_header(req, "location", location);
	api_reply_text(req, 201, body);
}

void api_upload_create_h(struct api_req *req)
{
	struct opening o;
	char id[ZJ_UUID_SIZE], path[API_STORE_PATH_SIZE], bytes[24], parts[24];
	json_t *body = api_req_body(req);
	struct api_once *once = body && read_opening(req, body, &o) ? api_once_alloc(req) : NULL;
	if (!once) {
		json_decref(body);
		return;
	}
	req->user = once;
	struct res_sql s = {0};
	zj_uuid7(id);
	api_store_path(path, req->who.tenant, id);
	snprintf(bytes, sizeof(bytes), "%lld", (long long)o.bytes);
	snprintf(parts, sizeof(parts), "%lld", (long long)((o.bytes + PART_BYTES - 1) / PART_BYTES));
	res_buf_add(&s.text, "insert into zj.upload as u (tenant_id, account_id, id, path, name, media_type, purpose, "
			     "bytes, parts) values (zj.zj_tenant(), zj.zj_account(), ");
	const struct {
		const char *value, *type;
	} values[] = {{id, "uuid"},        {path, "text"},    {o.name, "text"}, {o.media_type, "text"},
		      {o.purpose, "text"}, {bytes, "bigint"}, {parts, "int"}};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(values); i++) {
		res_buf_add(&s.text, i ? ", " : "");
		res_sql_param(&s, values[i].value, values[i].type);
	}
	res_buf_add(&s.text, ") returning " ROW " as j, '/api/v1/uploads/' || u.id as loc");
	api_once_run(req, once, NULL, 0, &s, 201, opened, NULL);
	res_sql_free(&s);
	json_decref(body);
}

/* The request's upload; NULL: answered. */
static struct upload *upload_alloc(struct api_req *req)
{
	if (!zj_uuid_is_valid(req->arg[0])) {
		api_fail(req, RES_P_NOT_FOUND, "an id is a UUID");
		return NULL;
	}
	struct upload *u = zj_alloc(sizeof(*u), destructor);
	if (u) {
		snprintf(u->id, sizeof(u->id), "%s", req->arg[0]);
		req->user = u;
	} else {
		api_fail(req, RES_P_INTERNAL, "out of memory");
	}
	return u;
}

static void run(struct api_req *req, const char *sql, const char *extra, api_db_h *h)
{
	const struct upload *u = req->user;
	const char *values[] = {u->id, extra};
	struct zj_pg_query q = {.sql = sql, .n = extra ? 2 : 1, .values = values};
	api_db_run(req, &q, 1, h, NULL, NULL);
}

static void reply_row(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	if (PQntuples(results[0]) == 0)
		api_fail(req, RES_P_NOT_FOUND, "there is no such upload");
	else
		api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

void api_upload_one_h(struct api_req *req)
{
	if (upload_alloc(req))
		run(req, "select " ROW " from zj.upload u where" MINE "$1::uuid", NULL, reply_row);
}

static void cannot_store(struct api_req *req, int err)
{
	zj_error("upload", "cannot store error=%s", strerror(err));
	api_fail(req, RES_P_AWAY, "%s",
		 err == ENOSPC || err == EDQUOT ? "the store is full" : "the file cannot be stored now");
}

static void counted(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	if (PQntuples(results[0]) == 0)
		api_fail(req, RES_P_REFUSED, "the upload was completed or removed meanwhile");
	else
		api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

static void part_written(const struct api_store_done *d, void *arg)
{
	struct api_req *req = arg;
	const struct upload *u = req->user;
	struct zj_log_ctx before = zj_log_with(api_req_log(req));
	char part[24];
	snprintf(part, sizeof(part), "%lld", (long long)u->part);
	if (d->err)
		cannot_store(req, d->err);
	else
		run(req,
		    "update zj.upload u set received = (select array_agg(distinct x order by x) from unnest(u.received "
		    "|| $2::int) x) where u.state = 'open' and" MINE "$1::uuid returning " ROW,
		    part, counted);
	zj_log_with(before);
	zj_deref(req);
}

/* The row of an open upload: bytes, parts, state, received. False: answered. */
static bool is_open(struct api_req *req, const PGresult *r)
{
	struct upload *u = req->user;
	if (PQntuples(r) == 0) {
		api_fail(req, RES_P_NOT_FOUND, "there is no such upload");
		return false;
	}
	u->bytes = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
	u->parts = strtoll(PQgetvalue(r, 0, 1), NULL, 10);
	return true;
}
static const char look_sql[] =
	"select u.bytes, u.parts, u.state, cardinality(u.received), " ROW " from zj.upload u where" MINE "$1::uuid";

static bool size_is_good(struct api_req *req, const struct upload *u)
{
	int64_t due = u->part < u->parts ? PART_BYTES : u->bytes - (u->parts - 1) * PART_BYTES;
	if ((int64_t)req->h2o->entity.len == due)
		return true;
	struct res_problem p = {0};
	res_problem_set(&p, RES_P_INVALID, "part %lld has %lld bytes", (long long)u->part, (long long)due);
	res_problem_add_text(&p, "body", "length", "分片大小不正确", p.detail, json_pack("{s:I}", "bytes", due));
	api_reply_problem(req, &p);
	return false;
}

static void write_part(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	struct upload *u = req->user;
	if (!is_open(req, results[0]))
		return;
	if (strcmp(PQgetvalue(results[0], 0, 2), "open") != 0)
		return api_fail(req, RES_P_REFUSED, "the upload is complete");
	if (u->part > u->parts)
		return api_fail(req, RES_P_NOT_FOUND, "the upload has %lld parts", (long long)u->parts);
	if (!size_is_good(req, u))
		return;
	if (api_store_busy(u->id, u->part))
		return api_fail(req, RES_P_REFUSED, "this part is being written just now");
	zj_ref(req);
	struct api_store_part part = {u->part, (u->part - 1) * PART_BYTES, req->h2o->entity.base, req->h2o->entity.len};
	if (api_store_write(req->api, req->who.tenant, u->id, &part, part_written, req) == 0)
		return;
	zj_deref(req);
	api_fail(req, RES_P_AWAY, "too many uploads at a time");
}

void api_upload_part_h(struct api_req *req)
{
	char *end;
	long long part = strtoll(req->arg[1], &end, 10);
	if (*end || part < 1 || part > PARTS_MAX)
		return api_fail(req, RES_P_NOT_FOUND, "parts are numbered from 1");
	struct upload *u = upload_alloc(req);
	if (!u)
		return;
	u->part = part;
	run(req, look_sql, NULL, write_part);
}

static void not_the_same(struct api_req *req, const struct api_store_done *d)
{
	struct res_problem p = {0};
	res_problem_set(&p, RES_P_INVALID, "the file has another checksum than was promised");
	res_problem_add_text(&p, "sha256", "sha256", "文件校验和不一致", p.detail,
			     json_pack("{s:s}", "sha256", d->sha256));
	api_reply_problem(req, &p);
}

static void digested(const struct api_store_done *d, void *arg)
{
	struct api_req *req = arg;
	struct upload *u = req->user;
	struct zj_log_ctx before = zj_log_with(api_req_log(req));
	u->hold = api_store_hold(u->id);
	if (d->err || d->bytes != (uint64_t)u->bytes)
		cannot_store(req, d->err ? d->err : EIO);
	else if (u->sha256[0] && strcasecmp(u->sha256, d->sha256) != 0)
		not_the_same(req, d);
	else
		run(req,
		    "update zj.upload u set state = 'complete', sha256 = $2 where u.state = 'open' and" MINE
		    "$1::uuid returning " ROW,
		    d->sha256, counted);
	zj_log_with(before);
	zj_deref(req);
}

static void complete(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	const struct upload *u = req->user;
	const PGresult *r = results[0];
	if (!is_open(req, r))
		return;
	if (strcmp(PQgetvalue(r, 0, 2), "open") != 0)
		return api_reply_text(req, 200, PQgetvalue(r, 0, 4));
	if (strtoll(PQgetvalue(r, 0, 3), NULL, 10) != u->parts)
		return api_fail(req, RES_P_REFUSED, "%s of %lld parts are there", PQgetvalue(r, 0, 3),
				(long long)u->parts);
	if (api_store_busy(u->id, API_STORE_ANY))
		return api_fail(req, RES_P_REFUSED, "a part is being written just now");
	if (api_store_digest(req->api, req->who.tenant, u->id, digested, zj_ref(req)) == 0)
		return;
	zj_deref(req);
	api_fail(req, RES_P_AWAY, "too many uploads at a time");
}

void api_upload_complete_h(struct api_req *req)
{
	json_t *body = api_req_body(req);
	struct upload *u = body ? upload_alloc(req) : NULL;
	const json_t *sha = json_object_get(body, "sha256");
	if (u && sha && (!json_is_string(sha) || strlen(json_string_value(sha)) != 64)) {
		struct res_problem p = {0};
		fault(&p, "sha256", "format", json_string("64 hexadecimal digits"));
		api_reply_problem(req, &p);
	} else if (u) {
		if (sha)
			snprintf(u->sha256, sizeof(u->sha256), "%s", json_string_value(sha));
		run(req, look_sql, NULL, complete);
	}
	json_decref(body);
}

static void removed(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	char path[API_STORE_PATH_SIZE];
	const struct upload *u = req->user;
	if (PQntuples(results[0]) == 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is no such upload");
	api_store_path(path, req->who.tenant, u->id);
	api_store_remove(req->api, path);
	api_reply_empty(req, 204);
}

void api_upload_delete_h(struct api_req *req)
{
	const struct upload *u = upload_alloc(req);
	if (u && api_store_busy(u->id, API_STORE_ANY))
		api_fail(req, RES_P_REFUSED, "a part is being written just now");
	else if (u)
		run(req, "delete from zj.upload u where" MINE "$1::uuid returning u.id", NULL, removed);
}
