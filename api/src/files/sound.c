/* Recordings as sounds: of ended calls by their rows, of living ones by what acd knows of the file; sealed or not. */
#include "files/sound.h"
#include "files/file.h"
#include "live/acd.h"
#include "live/live.h"
#include "rights/reach.h"
#include "rights/views.h"
#include "zj_log.h"
#include <string.h>

static const char row_sql[] =
	"select case $2 when 'peaks' then r.peaks else r.path end, r.state, r.store, r.format, r.key_id, "
	"zj.zj_recording_key(r.key_id::uuid), zj.zj_recording_name(r, $3::boolean),"
	" zj.zj_recording_root(r), case when $4::boolean then zj.zj_sound_taken('recordings', r.id) end"
	" from zj.recording r where r.tenant_id = zj.zj_tenant() and r.id = $1::uuid";
enum { PATH, STATE, STORE, FORMAT, KEY_ID, KEY, NAME, ROOT };

static const char *cell(const PGresult *r, int column)
{
	return PQgetisnull(r, 0, column) ? "" : PQgetvalue(r, 0, column);
}

/* A path as the database has it: below the caller's tenant, without tricks. */
static bool path_is_good(const struct api_req *req, const char *path)
{
	size_t n = strlen(req->who.tenant);
	return strncmp(path, req->who.tenant, n) == 0 && path[n] == '/' && !strstr(path, "/.") && !strchr(path, '\\');
}

void api_sound_send(struct api_req *req, const char *folder, const char *path, const char *key_id, const char *key,
		    const char *name)
{
	struct zj_seal_key opened;
	struct api_file_args a = {.cache = "private, no-cache", .n = 1};
	char disposition[200];
	if (!path_is_good(req, path)) {
		zj_error("file", "a recording's path lies outside of its tenant's store path=%s", zj_log_esc(path));
		return api_fail(req, RES_P_NOT_FOUND, "there is no such sound");
	}
	if (*key_id) {
		int err = zj_seal_unwrap(req->api->conf.seal_keys, req->who.tenant, key_id, key, &opened);
		if (err) {
			zj_error("file", "a recording cannot be opened path=%s because=%s", zj_log_esc(path),
				 zj_seal_why(err));
			return api_fail(req, RES_P_AWAY, "the sound cannot be opened: %s", zj_seal_why(err));
		}
		a.key = &opened;
	}
	snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s\"", name ? name : "");
	a.disposition = name ? disposition : NULL;
	a.tries[0].path = zj_asprintf("%s/%s", folder, path);
	if (a.tries[0].path)
		api_file_send(req, &a);
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
	if (a.key)
		zj_seal_key_wipe(&opened);
}

static const char *why_silent(const char *state, const char *store)
{
	return strcmp(state, "deleted") == 0  ? "this recording was deleted"
	       : strcmp(state, "failed") == 0 ? "this recording has no sound"
	       : strcmp(store, "pack") == 0   ? "this recording was packed away"
					      : NULL;
}

static void row_came(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	const PGresult *r = results[0];
	if (PQntuples(r) == 0 || PQgetisnull(r, 0, PATH))
		return api_fail(req, RES_P_NOT_FOUND, "there is no such sound");
	const char *why = why_silent(cell(r, STATE), cell(r, STORE));
	if (why)
		return api_fail(req, RES_P_NOT_FOUND, "%s", why);
	bool away = strcmp(cell(r, STORE), "archive") == 0 && !arg;
	const char *root = away ? req->api->conf.archive : *cell(r, ROOT) ? cell(r, ROOT) : req->api->conf.store;
	char *download = res_query_get(req->query, "download");
	api_sound_send(req, root, cell(r, PATH), cell(r, KEY_ID), cell(r, KEY), download ? cell(r, NAME) : NULL);
	zj_deref(download);
}

bool api_sound_is_taken(struct api_req *req)
{
	char *download = res_query_get(req->query, "download"), *range = api_req_header(req, "range");
	bool taken = download && (!range || strncmp(range, "bytes=0-", 8) == 0);
	zj_deref(download);
	zj_deref(range);
	return taken;
}

static bool of_tenant(struct api_req *req)
{
	if (req->who.role == RES_ROLE_TENANT)
		return true;
	api_fail(req, RES_P_PERMISSION, "recordings belong to a tenant: enter one with X-Zj-Tenant");
	return false;
}

static void by_row(struct api_req *req, const char *what)
{
	if (!of_tenant(req))
		return;
	if (!zj_uuid_is_valid(req->arg[0]))
		return api_fail(req, RES_P_NOT_FOUND, "an id is a UUID");
	const struct res_view *v = api_view(req);
	if (!v)
		return;
	bool peaks = strcmp(what, "peaks") == 0;
	const char *values[] = {req->arg[0], what, v->masks ? "false" : "true",
				!peaks && api_sound_is_taken(req) ? "true" : "false"};
	struct zj_pg_query q = {.sql = row_sql, .n = 4, .values = values};
	api_db_run(req, &q, 1, row_came, NULL, peaks ? req : NULL);
}

void api_recording_audio_h(struct api_req *req)
{
	zj_info("audit", "listen recording=%s account=%s", zj_log_esc(req->arg[0]), req->who.account);
	by_row(req, "audio");
}

void api_recording_peaks_h(struct api_req *req)
{
	by_row(req, "peaks");
}

/* ---- of a call that goes on ---- */
struct living {
	char path[200], key_id[ZJ_UUID_SIZE];
};

static void key_came(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	const struct living *l = req->user;
	api_sound_send(req, req->api->conf.store, l->path, l->key_id, cell(results[0], 0), NULL);
}

static void file_known(json_t *result, int code, const char *message ZJ_UNUSED, json_t *data ZJ_UNUSED, void *arg)
{
	struct api_req *req = arg;
	const char *path = json_string_value(json_object_get(result, "path")),
		   *key = json_string_value(json_object_get(result, "key_id"));
	struct living *l = path ? zj_alloc(sizeof(*l), NULL) : NULL;
	if (!req->h2o) {
		zj_deref(l);
	} else if (l) {
		snprintf(l->path, sizeof(l->path), "%s", path);
		snprintf(l->key_id, sizeof(l->key_id), "%s", key ? key : "");
		zj_deref(req->user);
		req->user = l;
		const char *values[] = {*l->key_id ? l->key_id : NULL};
		struct zj_pg_query q = {.sql = "select zj.zj_recording_key($1::uuid)", .n = 1, .values = values};
		api_db_run(req, &q, 1, key_came, NULL, NULL);
	} else if (result || code == ZJ_RPC_NOT_FOUND) {
		api_fail(req, RES_P_NOT_FOUND, "this call is not being recorded now");
	} else {
		api_fail(req, RES_P_AWAY, "the call engine is away");
	}
	zj_deref(req);
}

static void calls_came(json_t *result, int code ZJ_UNUSED, const char *message ZJ_UNUSED, json_t *data ZJ_UNUSED,
		       void *arg)
{
	struct api_req *req = arg;
	char fresh[ZJ_UUID_SIZE];
	bool seen = false;
	size_t i;
	json_t *call;
	json_array_foreach (json_object_get(result, "calls"), i, call) {
		const char *id = json_string_value(json_object_get(call, "id"));
		seen |= id && strcmp(id, req->arg[0]) == 0 && api_reach_sees(req->user, "call.", call);
	}
	zj_uuid7(fresh);
	if (seen)
		api_acd_ask(
			req->api->acd, "call.recorded",
			json_pack("{s:s, s:s, s:s}", "tenant", req->who.tenant, "request", fresh, "call", req->arg[0]),
			file_known, zj_ref(req));
	else
		api_fail(req, RES_P_NOT_FOUND, "there is no such living call");
	zj_deref(req);
}

static void reach_known(struct api_reach *r, void *arg)
{
	struct api_req *req = arg;
	zj_deref(req->user);
	req->user = r;
	if (r)
		api_acd_ask(req->api->acd, "calls", json_pack("{s:s}", "tenant", req->who.tenant), calls_came,
			    zj_ref(req));
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
	zj_deref(req);
}

void api_recording_live_h(struct api_req *req)
{
	if (!of_tenant(req))
		return;
	zj_info("audit", "listen call=%s account=%s", zj_log_esc(req->arg[0]), req->who.account);
	if (api_acd_is_up(req->api->acd))
		api_reach_load(req->api, &req->who, "recordings.listen", reach_known, zj_ref(req));
	else
		api_fail(req, RES_P_AWAY, "the call engine is away");
}
