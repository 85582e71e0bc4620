/* Voice files that lie on the server: which there are (a child of the worker's looks), and the job that makes prompts
 * of them. */
#include "jobs/jobs.h"
#include "rows/manage.h"
#include "server/child.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 2000

static void listed(int err, int status, const char *out, size_t n, void *arg)
{
	struct api_req *req = arg;
	struct zj_log_ctx before = zj_log_with(api_req_log(req));
	if (!err && status == 0) {
		api_reply(req, 200, "application/json", out, n);
	} else {
		zj_error("prompt", "the directory of voice files cannot be read error=%d status=%d", err, status);
		api_fail(req, RES_P_AWAY, "the directory of voice files cannot be read now");
	}
	zj_log_with(before);
	zj_deref(req);
}

static void look(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	static const char *const args[] = {"files", NULL};
	const PGresult *r = results[0];
	if (PQntuples(r) == 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is no directory of voice files");
	json_t *o = json_pack("{s:s, s:s}", "store", req->api->conf.store, "directory", PQgetvalue(r, 0, 0));
	if (!PQgetisnull(r, 0, 1))
		json_object_set_new(o, "team", json_string(PQgetvalue(r, 0, 1)));
	char *text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	const struct api_child_args a = {.program = req->api->conf.worker,
					 .args = args,
					 .input = text,
					 .input_n = text ? strlen(text) : 0,
					 .timeout_ms = req->api->conf.child_timeout_ms,
					 .memory_mb = req->api->conf.child_memory_mb};
	zj_ref(req);
	int err = text ? api_child_run(req->api->loop, &a, listed, req) : ENOMEM;
	free(text);
	if (!err)
		return;
	api_fail(req, RES_P_AWAY, "too much is being worked on; try again");
	zj_deref(req);
}

void api_prompt_files_h(struct api_req *req)
{
	const struct zj_pg_query q = {.sql = "select directory, team from zj.zj_prompt_place()"};
	api_db_run(req, &q, 1, look, NULL, NULL);
}

static bool is_language(const char *lang)
{
	static const char *const langs[] = {"en", "zh", "ja", "ko", "ru", "fr", "de", "es"};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(langs); i++)
		if (strcmp(langs[i], lang) == 0)
			return true;
	return false;
}

/* {"en": ["name.wav", …], …}; more than can be added at once, or no names: a fault. */
static void check_versions(const json_t *versions, struct res_problem *p)
{
	const char *lang;
	json_t *names, *name;
	size_t i, n = 0;
	json_object_foreach ((json_t *)(uintptr_t)versions, lang, names) {
		if (!is_language(lang) || !json_is_array(names))
			api_fault(p, "versions", "one_of", json_string("en zh ja ko ru fr de es"));
		json_array_foreach (names, i, name) {
			if (!json_is_string(name) || strchr(json_string_value(name), '/'))
				api_fault(p, "versions", "pattern", json_string("names of files"));
			if (res_problem_any(p))
				return;
		}
		n += json_array_size(names);
	}
	if (n > FILES_MAX)
		api_fault(p, "versions", "max", json_integer(FILES_MAX));
}

void api_prompt_files_add_h(struct api_req *req)
{
	static const struct api_key keys[] = {
		{"voice_files", JSON_TRUE, NULL}, {"versions", JSON_OBJECT, NULL}, {NULL, 0, NULL}};
	struct res_problem p = {0};
	struct api_job job = {.kind = "prompt_files", .resource = "prompts", .event = "import"};
	json_t *body = api_req_body(req);
	if (!body)
		return;
	const json_t *versions = json_object_get(body, "versions");
	api_keys_check(body, keys, &p);
	if (!res_problem_any(&p))
		check_versions(versions, &p);
	if (!res_problem_any(&p) && !json_is_true(json_object_get(body, "voice_files")) && !json_object_size(versions))
		api_fault(&p, "versions", "required", NULL);
	if (res_problem_any(&p)) {
		api_reply_problem(req, &p);
	} else {
		job.params = json_copy(body);
		api_job_start(req, job);
	}
	json_decref(body);
}
