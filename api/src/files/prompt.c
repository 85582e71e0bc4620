/* Prompts: the sound is the body or a part of a form, or JSON names an upload or a text to be spoken. */
#include "files/file.h"
#include "files/multipart.h"
#include "files/upload.h"
#include "rights/views.h"
#include "rows/manage.h"
#include "rows/write.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

struct prompt {
	struct api_write *w; /* the request's `user`: borrowed */
	char path[200];      /* the upload's file */
	char former[200];    /* what is replaced */
	char lang[8];
	char *text; /* an object or NULL: what is spoken */
};

/* A text of the form or the query; an object; NULL: not there. */
static char *form_text(struct api_req *req, const char *boundary, const char *name)
{
	struct api_part part;
	if (!boundary[0])
		return res_query_get(req->query, name);
	if (!api_multipart_find(req->h2o->entity.base, req->h2o->entity.len, boundary, name, &part) || part.n > 1000 ||
	    memchr(part.data, 0, part.n))
		return NULL;
	char *out = zj_alloc(part.n + 1, NULL);
	if (out)
		memcpy(out, part.data, part.n);
	return out;
}

/* Finds the sound; false: answered. */
static bool find_audio(struct api_req *req, struct api_part *audio, char boundary[72])
{
	h2o_iovec_t body = req->h2o->entity;
	char *type = api_req_header(req, "content-type");
	boundary[0] = 0;
	bool multipart = type && api_multipart_boundary(type, boundary),
	     json = type && strncasecmp(type, "application/json", 16) == 0;
	zj_deref(type);
	*audio = (struct api_part){body.base, body.len};
	if (json) {
		api_fail(req, RES_P_MEDIA, "the sound itself is expected, or multipart/form-data");
		return false;
	}
	if (multipart && !api_multipart_find(body.base, body.len, boundary, "file", audio))
		audio->n = 0;
	if (audio->n > 0)
		return true;
	struct res_problem p = {.kind = RES_P_INVALID};
	res_problem_add(&p, "file", "required", NULL);
	api_reply_problem(req, &p);
	return false;
}

/* Values of fields that the system fills. */
static void add_value(struct api_write *w, const char *name, char *text)
{
	const struct res_field *f = res_def_field(w->req->res, name);
	if (f && w->values.n < RES_VALUES_MAX)
		w->values.v[w->values.n++] = (struct res_value){.field = f, .text = text};
	else
		zj_deref(text);
}

static void uploaded(struct api_upload *u, void *arg)
{
	struct prompt *p = arg;
	struct api_write *w = p->w;
	struct api_req *req = w->req;
	struct zj_log_ctx before = zj_log_with(api_req_log(req));
	if (u->err == EINVAL) {
		struct res_problem problem = {.kind = RES_P_INVALID};
		res_problem_set(&problem, RES_P_INVALID, "%s",
				u->why[0] ? u->why : "this is not a sound file, or its header does not tell the truth");
		res_problem_add_text(&problem,
				     p->text      ? "text"
				     : p->path[0] ? "source_id"
						  : "file",
				     "audio", "不是有效的音频文件", problem.detail, NULL);
		api_reply_problem(req, &problem);
	} else if (u->err) {
		zj_error("prompt", "cannot store an upload error=%s", strerror(u->err));
		api_fail(req, RES_P_AWAY, "the sound cannot be stored now");
	} else {
		add_value(w, "path", zj_strdup(u->path));
		add_value(w, "bytes", zj_asprintf("%lld", (long long)u->bytes));
		add_value(w, "duration_ms", zj_asprintf("%lld", (long long)u->duration_ms));
		add_value(w, "sha256", zj_strdup(u->sha256));
		add_value(w, "format", zj_strdup(u->format));
		add_value(w, "source_lufs", zj_asprintf("%.2f", u->source_lufs));
		add_value(w, "lufs", zj_asprintf("%.2f", u->lufs));
		w->stored = zj_strdup(u->path);
		w->replaced = p->former[0] && strcmp(p->former, u->path) != 0 ? zj_strdup(p->former) : NULL;
		w->next = w->values.n;
		api_write_go(w);
	}
	zj_log_with(before);
	zj_deref(req);
	zj_deref(p->text);
	free(p);
}

/* `p` is taken. */
static void upload(struct prompt *p, const char *name, struct api_part audio)
{
	struct api_req *req = p->w->req;
	const struct api_upload_from from = {.text = p->text,
					     .lang = p->lang,
					     .path = p->path[0] ? p->path : NULL,
					     .data = p->text || p->path[0] ? NULL : audio.data,
					     .n = audio.n};
	zj_ref(req);
	if (api_upload_start(req->api, req->who.tenant, name, &from, uploaded, p) == 0)
		return;
	zj_deref(p->text);
	free(p);
	api_fail(req, RES_P_INTERNAL, "out of memory");
	zj_deref(req);
}

static struct prompt *prompt_alloc(struct api_write *w, const char *former)
{
	struct prompt *p = calloc(1, sizeof(*p));
	if (!p) {
		api_fail(w->req, RES_P_INTERNAL, "out of memory");
		return NULL;
	}
	p->w = w;
	snprintf(p->former, sizeof(p->former), "%s", former);
	return p;
}

/* A new name for a new sound: whoever plays the old one goes on. */
static void new_name(char name[80], const char *id)
{
	char unique[ZJ_UUID_SIZE];
	zj_uuid7(unique);
	snprintf(name, 80, "%s-%s", id, unique + 24);
}

static void refuse_value(struct api_req *req, const char *field, const char *rule)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	if (strcmp(rule, "one_of") == 0)
		res_problem_add_text(&p, field, rule, "文件与文字只能选其一", "a file or a text, not both", NULL);
	else
		res_problem_add(&p, field, rule, NULL);
	api_reply_problem(req, &p);
}

static const char *value_of(const struct api_write *w, const char *field, const char *fallback)
{
	const struct res_value *v = res_values_find(&w->values, field);
	return v && v->text ? v->text : fallback;
}

static const char source_sql[] =
	"select t.path, t.language, t.text, (select f.path from zj.zj_file(zj.zj_tenant(), $2::uuid) f) "
	"from (select 1) one left join zj.prompt t on t.tenant_id = zj.zj_tenant() and t.id = $1::uuid";
enum { COLUMN_PATH, COLUMN_LANGUAGE, COLUMN_TEXT, COLUMN_FILE };

/* What the new sound is made of is known: a file, a text, or neither (nothing about the sound changes). */
static void sourced(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	struct api_write *w = req->user;
	const PGresult *r = results[0];
	char name[80];
	const char *text = value_of(w, "text", NULL), *file = value_of(w, "source_id", NULL);
	bool gone = w->id[0] && PQgetisnull(r, 0, COLUMN_LANGUAGE), spoken = !PQgetisnull(r, 0, COLUMN_TEXT);
	if (file && PQgetisnull(r, 0, COLUMN_FILE))
		return refuse_value(req, "source_id", "upload");
	if (!file && !text && spoken && value_of(w, "language", NULL) && !res_values_find(&w->values, "text"))
		text = PQgetvalue(r, 0, COLUMN_TEXT); /* in another voice */
	if (gone || (!file && !text))
		return api_write_go(w);
	struct prompt *p = prompt_alloc(w, PQgetvalue(r, 0, COLUMN_PATH));
	if (!p)
		return;
	const char *lang = PQgetisnull(r, 0, COLUMN_LANGUAGE) ? "zh" : PQgetvalue(r, 0, COLUMN_LANGUAGE);
	snprintf(p->lang, sizeof(p->lang), "%s", value_of(w, "language", lang));
	p->text = text ? zj_strdup(text) : NULL;
	snprintf(p->path, sizeof(p->path), "%s", file ? PQgetvalue(r, 0, COLUMN_FILE) : "");
	if (!res_values_find(&w->values, file ? "text" : "source_id"))
		add_value(w, file ? "text" : "source_id", NULL); /* no longer what it is made of */
	new_name(name, w->id[0] ? w->id : value_of(w, "id", ""));
	upload(p, name, (struct api_part){0});
}

/* JSON: the sound is an upload's file or a text, not both; a new prompt needs one. */
static void write_json(struct api_req *req, const char *id)
{
	struct res_problem p = {0};
	char made[ZJ_UUID_SIZE];
	json_t *body = api_req_body(req);
	struct api_write *w = body ? api_write_alloc(req, id) : NULL;
	bool good = w && res_values_read(&w->values, w->view, !id, body, &p);
	json_decref(body);
	if (w && !good)
		api_reply_problem(req, &p);
	if (!good || !api_write_allowed(w))
		return;
	const char *file = value_of(w, "source_id", NULL), *text = value_of(w, "text", NULL);
	if (!id && !file && !text)
		return refuse_value(req, "source_id", "required");
	if (file && text)
		return refuse_value(req, "text", "one_of");
	if (!id) {
		zj_uuid7(made);
		add_value(w, "id", zj_strdup(made));
	}
	const char *values[] = {id, file};
	struct zj_pg_query q = {.sql = source_sql, .n = 2, .values = values};
	api_db_run(req, &q, 1, sourced, NULL, NULL);
}

void api_prompt_change_h(struct api_req *req)
{
	if (api_verb(req, "update"))
		write_json(req, req->arg[0]);
}

void api_prompt_create_h(struct api_req *req)
{
	static const char *const texts[] = {"name", "language", "description"};
	struct api_part audio;
	struct res_problem p = {0};
	char boundary[72], id[ZJ_UUID_SIZE];
	if (api_req_header_is(req, "content-type", "application/json"))
		return write_json(req, NULL);
	if (!find_audio(req, &audio, boundary))
		return;
	struct api_write *w = api_write_alloc(req, NULL);
	if (!w)
		return;
	json_t *body = json_object();
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(texts); i++) {
		char *text = form_text(req, boundary, texts[i]);
		if (text)
			json_object_set_new(body, texts[i], json_string(text));
		zj_deref(text);
	}
	bool good = res_values_read(&w->values, w->view, true, body, &p);
	json_decref(body);
	if (!good) {
		api_reply_problem(req, &p);
		return;
	}
	if (!api_write_allowed(w))
		return;
	zj_uuid7(id);
	add_value(w, "id", zj_strdup(id));
	struct prompt *made = prompt_alloc(w, "");
	if (made)
		upload(made, id, audio);
}

static void replace(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	struct api_part audio;
	char boundary[72], name[80];
	if (PQntuples(results[0]) == 0)
		return api_fail(req, RES_P_NOT_FOUND, "there is no such prompt");
	if (!find_audio(req, &audio, boundary))
		return;
	struct api_write *w = api_write_alloc(req, req->arg[0]);
	struct prompt *p = w ? prompt_alloc(w, PQgetvalue(results[0], 0, 0)) : NULL;
	if (!p)
		return;
	add_value(w, "source_id", NULL);
	add_value(w, "text", NULL);
	new_name(name, req->arg[0]);
	upload(p, name, audio);
}

void api_with_path(struct api_req *req, const char *column, api_db_h *h)
{
	struct res_sql s = {0};
	if (!zj_uuid_is_valid(req->arg[0]))
		return api_fail(req, RES_P_NOT_FOUND, "an id is a UUID");
	const struct res_view *v = api_view(req);
	if (!v)
		return;
	res_sql_column(&s, v, req->arg[0], column);
	struct zj_pg_query q = res_sql_query(&s);
	if (res_sql_failed(&s))
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(req, &q, 1, h, NULL, NULL);
	res_sql_free(&s);
}

void api_prompt_audio_put_h(struct api_req *req)
{
	api_with_path(req, "path", replace);
}

/* A path as the database has it: below the caller's tenant, without tricks. */
bool api_path_is_good(const struct api_req *req, const char *path)
{
	size_t n = strlen(req->who.tenant);
	return strncmp(path, req->who.tenant, n) == 0 && path[n] == '/' && !strstr(path, "/.") && !strchr(path, '\\');
}

/* A prompt of the carrier's: that the row may be seen says that its sound may be heard. */
static bool is_system(const char *path)
{
	char owner[ZJ_UUID_SIZE];
	snprintf(owner, sizeof(owner), "%.36s", path);
	return zj_uuid_is_valid(owner) && strncmp(path + ZJ_UUID_LEN, "/prompts/", 9) == 0 && !strstr(path, "/.") &&
	       !strchr(path, '\\');
}

static void send_sound(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	struct api_file_args a = {.type = "audio/wav", .cache = "private, no-cache", .n = 1};
	const PGresult *r = results[0];
	char disposition[120];
	if (PQntuples(r) == 0 || PQgetisnull(r, 0, 0))
		return api_fail(req, RES_P_NOT_FOUND, "there is no such sound");
	const char *path = PQgetvalue(r, 0, 0);
	size_t store = strlen(req->api->conf.store);
	if (strncmp(path, req->api->conf.store, store) == 0 && path[store] == '/')
		path += store + 1;
	if (!api_path_is_good(req, path) && !is_system(path)) {
		zj_error("file", "a row's path lies outside of its tenant's store path=%s", zj_log_esc(path));
		return api_fail(req, RES_P_NOT_FOUND, "there is no such sound");
	}
	char *download = res_query_get(req->query, "download");
	snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s.wav\"", req->arg[0]);
	a.disposition = download ? disposition : NULL;
	a.tries[0].path = zj_asprintf("%s/%s", req->api->conf.store, path);
	zj_deref(download);
	if (a.tries[0].path)
		api_file_send(req, &a);
	else
		api_fail(req, RES_P_INTERNAL, "out of memory");
}

void api_prompt_audio_get_h(struct api_req *req)
{
	api_with_path(req, "path", send_sound);
}
