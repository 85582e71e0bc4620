/* Exports of rows, and of a whole tenant, as jobs. */
#include "jobs/jobs.h"
#include "perm.h"
#include "rights/guess.h"
#include "rights/views.h"
#include "rows/audit.h"
#include "rows/manage.h"
#include <string.h>

static const struct api_key export_keys[] = {
	{"format", JSON_STRING, "csv xlsx sounds"},
	{"encoding", JSON_STRING, "utf-8 gb18030 utf-16le utf-16be"},
	{"query", JSON_STRING, NULL},
	{"fields", JSON_ARRAY, NULL},
	{"name", JSON_STRING, NULL},
	{"lang", JSON_STRING, "zh en"},
	{"run_at", JSON_STRING, NULL},
	{"delete_originals", JSON_TRUE, NULL},
	{NULL, 0, NULL},
};

/* Only what the caller sees himself: masked fields go out masked, the others do not exist. */
static void check_fields(const struct res_view *v, const json_t *fields, struct res_problem *p)
{
	size_t i;
	json_t *f;
	if (json_array_size(fields) > 500)
		api_fault(p, "fields", "max_length", json_integer(500));
	json_array_foreach (fields, i, f)
		if (!json_is_string(f) || !res_view_shown(v, json_string_value(f)))
			api_fault(p, json_is_string(f) ? json_string_value(f) : "fields", "unknown_field", NULL);
}

/* The log's changes and names are masked row by row, which an export is not: who does not see all gets it without them.
 */
static void narrow_audit(struct api_req *req, const struct res_view *v, json_t *body, struct res_problem *p)
{
	json_t *fields = json_object_get(body, "fields"), *out, *f;
	size_t i;
	if (!api_audit_is(req) || api_audit_sees_all(req))
		return;
	json_array_foreach (fields, i, f)
		if (json_is_string(f) &&
		    (strcmp(json_string_value(f), "label") == 0 || strcmp(json_string_value(f), "changes") == 0))
			api_fault(p, json_string_value(f), "unknown_field", NULL);
	if (fields || !(out = json_array()))
		return;
	for (i = 0; i < v->n; i++) {
		const char *name = v->fields[i].field->name;
		if (v->fields[i].shown && strcmp(name, "label") != 0 && strcmp(name, "changes") != 0)
			json_array_append_new(out, json_string(name));
	}
	json_object_set_new(body, "fields", out);
}

/* Sounds are those of recordings: of that list, or of the calls'; who lets the originals go may write recordings. */
static void check_sounds(struct api_req *req, const json_t *body, struct res_problem *p)
{
	const char *format = json_string_value(json_object_get(body, "format")), *of = req->res->name;
	bool sounds = format && strcmp(format, "sounds") == 0,
	     gone = json_is_true(json_object_get(body, "delete_originals"));
	if (sounds && strcmp(of, "recordings") != 0 && strcmp(of, "calls") != 0)
		api_fault(p, "format", "one_of", json_string("csv xlsx"));
	if (gone && (!sounds || !res_perm_has(req->who.perms, "recordings.update")))
		api_fault(p, "delete_originals", sounds ? "permission" : "unknown_field", NULL);
}

/* A name for people, never a path. */
static void check_name(const char *name, struct res_problem *p)
{
	if (name && (strlen(name) > 200 || strpbrk(name, "/\\\"\r\n\t") || name[0] == '.'))
		api_fault(p, "name", "pattern", json_string("at most 200 bytes, no / \\ \" and no dot at its head"));
}

/* Takes the job from a body whose keys are good; `body` is released. */
static void start(struct api_req *req, struct api_job job, json_t *body)
{
	job.run_at = json_string_value(json_object_get(body, "run_at"));
	job.params = json_copy(body);
	json_object_del(job.params, "run_at");
	api_job_start(req, job);
	json_decref(body);
}

void api_export_h(struct api_req *req)
{
	struct res_problem p = {0};
	struct res_query q = {0};
	struct api_job job = {.kind = "export", .resource = req->res->name, .event = "export", .exports = true};
	json_t *body = api_req_body(req);
	const struct res_view *v = body && api_verb(req, "export") && api_verb(req, "read") ? api_view(req) : NULL;
	if (!v) {
		json_decref(body);
		return;
	}
	api_keys_check(body, export_keys, &p);
	check_fields(v, json_object_get(body, "fields"), &p);
	narrow_audit(req, v, body, &p);
	check_name(json_string_value(json_object_get(body, "name")), &p);
	check_sounds(req, body, &p);
	const char *query = json_string_value(json_object_get(body, "query"));
	bool good = !res_problem_any(&p) && (!query || res_query_read(&q, v, query, NULL, &p)), masked = q.masked;
	good = good && (!api_audit_is(req) || api_audit_query_allowed(req, &q));
	bool answered = !req->h2o;
	res_query_free(&q);
	if (answered) {
		json_decref(body);
	} else if (good && masked && !api_guess_allowed(req)) {
		json_decref(body);
	} else if (good) {
		start(req, job, body);
	} else {
		json_decref(body);
		api_reply_problem(req, &p);
	}
}

/* --- a whole tenant --- */

static const struct api_key tenant_export_keys[] = {{"tenant_id", JSON_STRING, NULL},
						    {"recordings", JSON_TRUE, NULL},
						    {"run_at", JSON_STRING, NULL},
						    {NULL, 0, NULL}};
static const struct api_key tenant_import_keys[] = {{"upload_id", JSON_STRING, NULL},
						    {"tenant_id", JSON_STRING, NULL},
						    {"name", JSON_STRING, NULL},
						    {"title", JSON_STRING, NULL},
						    {"sip_domain", JSON_STRING, NULL},
						    {"run_at", JSON_STRING, NULL},
						    {NULL, 0, NULL}};

/* The body's `key` as a UUID into `out`; NULL or wrong: a fault. */
static void read_id(const json_t *body, const char *key, char out[ZJ_UUID_SIZE], struct res_problem *p)
{
	const char *id = json_string_value(json_object_get(body, key));
	if (!id)
		api_fault(p, key, "required", NULL);
	else if (!zj_uuid_is_valid(id))
		api_fault(p, key, "format", json_string("uuid"));
	else
		strcpy(out, id);
}

/* A tenant's own people export their tenant, the carrier's any. */
void api_tenant_export_h(struct api_req *req)
{
	struct res_problem p = {0};
	struct api_job job = {.kind = "tenant_export", .resource = "tenants", .event = "export", .exports = true};
	char id[ZJ_UUID_SIZE] = "";
	json_t *body = api_req_body(req);
	if (!body || !api_may(req, "tenants.export")) {
		json_decref(body);
		return;
	}
	if (req->who.role == RES_ROLE_TENANT && !json_object_get(body, "tenant_id"))
		json_object_set_new(body, "tenant_id", json_string(req->who.tenant));
	api_keys_check(body, tenant_export_keys, &p);
	read_id(body, "tenant_id", id, &p);
	bool own = strcmp(id, req->who.tenant) == 0;
	if (!res_problem_any(&p) && !own &&
	    (req->who.role == RES_ROLE_TENANT || !api_tenant_find(req->api->directory, id)))
		api_fault(&p, "tenant_id", "reference", NULL);
	if (!res_problem_any(&p))
		return start(req, job, body);
	json_decref(body);
	api_reply_problem(req, &p);
}

/* What was exported becomes a new tenant (`name` …) or goes into one that is there (`tenant_id`). The carrier's. */
void api_tenant_import_h(struct api_req *req)
{
	struct res_problem p = {0};
	struct api_job job = {.kind = "tenant_import", .resource = "tenants", .event = "import"};
	char into[ZJ_UUID_SIZE];
	json_t *body = api_req_body(req);
	bool carrier = req->who.role == RES_ROLE_CARRIER;
	if (body && !carrier)
		api_fail(req, RES_P_PERMISSION, "tenants are the carrier's to import");
	if (!body || !carrier || !api_may(req, "tenants.import")) {
		json_decref(body);
		return;
	}
	api_keys_check(body, tenant_import_keys, &p);
	read_id(body, "upload_id", job.upload, &p);
	if (json_object_get(body, "tenant_id"))
		read_id(body, "tenant_id", into, &p);
	if (!res_problem_any(&p))
		return start(req, job, body);
	json_decref(body);
	api_reply_problem(req, &p);
}
