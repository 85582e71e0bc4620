/* What sessions need of the database, in memory and as files. */
#include "daemon.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One row. `id_key` is "table/tenant/id", `name_key` what it is looked up by. */
struct row {
	UT_hash_handle by_id, by_name;
	char *id_key, *name_key; /* objects */
	json_t *data;
	struct vx_doc *doc; /* of a flow, once it has been parsed */
	bool seen;          /* the database told of it since the start; a row of a file that it does not know goes */
};

struct vx_flows {
	struct row *by_id, *by_name;
	struct zj_follow *follow;
	char *dir;
	bool ready, closing;
	uv_loop_t *loop;
};

static const struct zj_follow_table tables[] = {
	{"flow", "tenant_id, id, name, document, version, enabled"},
	{"prompt", "tenant_id, id, name, language, path, system"},
	{"queue", "tenant_id, id, number, enabled"},
	{"tenant", "tenant_id, id, language"},
};

static const char *text(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s ? s : "";
}

static char *name_key(const char *table, const char *tenant, const json_t *row)
{
	if (!strcmp(table, "prompt"))
		return zj_asprintf("prompt/%s/%s/%s", json_is_true(json_object_get(row, "system")) ? "-" : tenant,
				   text(row, "name"), text(row, "language"));
	if (!strcmp(table, "queue"))
		return zj_asprintf("queue/%s/%s", tenant, text(row, "number"));
	if (!strcmp(table, "flow"))
		return zj_asprintf("flow/%s/%s", tenant, text(row, "name"));
	return zj_asprintf("tenant/%s", tenant);
}

static struct row *row_find(struct vx_flows *f, const char *table, const char *tenant, const char *id)
{
	struct row *r = NULL;
	char key[200];
	int n = snprintf(key, sizeof(key), "%s/%s/%s", table, tenant, id);

	if (n > 0 && (size_t)n < sizeof(key))
		HASH_FIND(by_id, f->by_id, key, (size_t)n, r);
	return r;
}

static struct row *name_find(struct vx_flows *f, const char *key)
{
	struct row *r = NULL;

	HASH_FIND(by_name, f->by_name, key, strlen(key), r);
	return r;
}

static void row_drop(struct vx_flows *f, struct row *r)
{
	HASH_DELETE(by_id, f->by_id, r);
	if (r->name_key && name_find(f, r->name_key) == r)
		HASH_DELETE(by_name, f->by_name, r);
	zj_deref(r->id_key);
	zj_deref(r->name_key);
	zj_deref(r->doc);
	json_decref(r->data);
	free(r);
}

/* Replaces or adds. `data` is borrowed. */
static struct row *row_put(struct vx_flows *f, const char *table, const char *tenant, const char *id, json_t *data)
{
	struct row *r = row_find(f, table, tenant, id), *other;

	if (r)
		row_drop(f, r);
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->id_key = zj_asprintf("%s/%s/%s", table, tenant, id);
	r->name_key = name_key(table, tenant, data);
	r->data = json_incref(data);
	if (!r->id_key || !r->name_key) {
		zj_deref(r->id_key);
		zj_deref(r->name_key);
		json_decref(r->data);
		free(r);
		return NULL;
	}
	HASH_ADD_KEYPTR(by_id, f->by_id, r->id_key, strlen(r->id_key), r);
	other = name_find(f, r->name_key);
	if (other) /* its row is about to change its name too */
		HASH_DELETE(by_name, f->by_name, other);
	HASH_ADD_KEYPTR(by_name, f->by_name, r->name_key, strlen(r->name_key), r);
	return r;
}

/* A file written or removed on a worker thread. */
struct save {
	uv_work_t work;
	char *path, *text; /* text NULL: remove */
};

static void save_work(uv_work_t *work)
{
	struct save *s = work->data;
	char temp[4200];
	size_t n = s->text ? strlen(s->text) : 0;
	int fd;

	if (!s->text) {
		unlink(s->path);
		return;
	}
	snprintf(temp, sizeof(temp), "%s.tmp", s->path);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0 || write(fd, s->text, n) != (ssize_t)n || rename(temp, s->path))
		zj_error("flows", "cannot keep a copy path=%s err=%s", s->path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void save_done(uv_work_t *work, int status ZJ_UNUSED)
{
	struct save *s = work->data;

	zj_deref(s->path);
	free(s->text);
	free(s);
}

static void save(struct vx_flows *f, const char *table, const char *tenant, const char *id, json_t *data)
{
	struct save *s = calloc(1, sizeof(*s));
	json_t *whole = data ? json_pack("{sssO}", "table", table, "row", data) : NULL;

	if (!s)
		return;
	s->work.data = s;
	s->path = zj_asprintf("%s/%s.%s.%s.json", f->dir, table, tenant, id);
	s->text = whole ? json_dumps(whole, JSON_COMPACT) : NULL;
	json_decref(whole);
	if (!s->path || uv_queue_work(f->loop, &s->work, save_work, save_done))
		save_done(&s->work, 0);
}

static void row_h(const char *table, const char *tenant, const char *id, json_t *data, void *arg)
{
	struct vx_flows *f = arg;
	struct row *r = row_find(f, table, tenant, id);

	if (!data) {
		if (r)
			row_drop(f, r);
		save(f, table, tenant, id, NULL);
		zj_info("flows", "gone table=%s tenant=%s id=%s", table, tenant, id);
		return;
	}
	if (r && json_equal(r->data, data)) { /* as in the file */
		r->seen = true;
		return;
	}
	r = row_put(f, table, tenant, id, data);
	if (r)
		r->seen = true;
	save(f, table, tenant, id, data);
	if (!strcmp(table, "flow"))
		zj_info("flows", "flow tenant=%s flow=%s version=%lld", tenant, id,
			(long long)json_integer_value(json_object_get(data, "version")));
	zj_metric_set(&vx_metrics[VX_M_FLOWS], (int64_t)HASH_CNT(by_id, f->by_id));
}

static void ready_h(void *arg)
{
	struct vx_flows *f = arg;
	struct row *r, *next;
	size_t gone = 0;

	HASH_ITER (by_id, f->by_id, r, next) {
		if (r->seen)
			continue;
		char *slash = strchr(r->id_key, '/');

		*slash = '\0';
		save(f, r->id_key, text(r->data, "tenant_id"), text(r->data, "id"), NULL);
		*slash = '/';
		row_drop(f, r);
		gone++;
	}
	f->ready = true;
	zj_info("flows", "followed rows=%u gone=%zu", HASH_CNT(by_id, f->by_id), gone);
}

/* One file of the cache, at the start. */
static void file_load(struct vx_flows *f, const char *path)
{
	json_t *whole = json_load_file(path, 0, NULL), *row = json_object_get(whole, "row");
	const char *table = json_string_value(json_object_get(whole, "table"));

	if (table && json_is_object(row) && *text(row, "id") && *text(row, "tenant_id"))
		(void)row_put(f, table, text(row, "tenant_id"), text(row, "id"), row);
	else
		unlink(path);
	json_decref(whole);
}

static void files_load(struct vx_flows *f)
{
	DIR *dir = opendir(f->dir);
	struct dirent *e;
	char path[4300];

	while (dir && (e = readdir(dir))) {
		size_t n = strlen(e->d_name);

		if (n < 6 || strcmp(e->d_name + n - 5, ".json"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", f->dir, e->d_name);
		file_load(f, path);
	}
	if (dir)
		closedir(dir);
	f->ready = f->by_id != NULL;
	zj_info("flows", "from files rows=%u", HASH_CNT(by_id, f->by_id));
}

int vx_flows_alloc(struct vx_flows **fp, uv_loop_t *loop, const char *conninfo, const char *dir)
{
	struct vx_flows *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return ENOMEM;
	f->loop = loop;
	f->dir = zj_asprintf("%s/flows", dir);
	if (!f->dir) {
		free(f);
		return ENOMEM;
	}
	if ((mkdir(dir, 0750) && errno != EEXIST) || (mkdir(f->dir, 0750) && errno != EEXIST))
		zj_warn("flows", "no directory for copies path=%s err=%s", f->dir, strerror(errno));
	files_load(f);
	err = zj_follow_alloc(&f->follow, loop, conninfo, tables, ZJ_ARRAY_SIZE(tables), row_h, ready_h, f);
	if (err) {
		vx_flows_close(f);
		return err;
	}
	*fp = f;
	return 0;
}

void vx_flows_close(struct vx_flows *f)
{
	struct row *r, *next;

	if (!f)
		return;
	if (f->follow)
		zj_follow_close(f->follow);
	HASH_ITER (by_id, f->by_id, r, next)
		row_drop(f, r);
	zj_deref(f->dir);
	free(f);
}

bool vx_flows_are_ready(const struct vx_flows *f)
{
	return f->ready;
}

static int row_document(struct row *r, struct vx_doc **doc, struct vx_faults *faults)
{
	const char *source = text(r->data, "document");
	char *uri;
	int err = 0;

	if (!r->doc) {
		uri = zj_asprintf("flow:%s", text(r->data, "name"));
		err = uri ? vx_doc_parse(&r->doc, source, strlen(source), uri, VX_VXML, faults) : ENOMEM;
		zj_deref(uri);
	}
	if (!err)
		*doc = zj_ref(r->doc);
	return err;
}

int vx_flows_document(struct vx_flows *f, const char *tenant, const char *id, struct vx_doc **doc, int *version,
		      struct vx_faults *faults)
{
	struct row *r = row_find(f, "flow", tenant, id);

	if (!r || json_is_false(json_object_get(r->data, "enabled")))
		return ENOENT;
	*version = (int)json_integer_value(json_object_get(r->data, "version"));
	return row_document(r, doc, faults);
}

static struct row *keyed(struct vx_flows *f, const char *kind, const char *tenant, const char *name, const char *more)
{
	char key[400];
	int n = snprintf(key, sizeof(key), "%s/%s/%s%s%s", kind, tenant, name, more ? "/" : "", more ? more : "");

	return n > 0 && (size_t)n < sizeof(key) ? name_find(f, key) : NULL;
}

struct vx_doc *vx_flows_by_name(struct vx_flows *f, const char *tenant, const char *name)
{
	struct row *r = keyed(f, "flow", tenant, name, NULL);
	struct vx_faults *faults = zj_alloc(sizeof(*faults), NULL);
	struct vx_doc *doc = NULL;

	if (!r)
		r = row_find(f, "flow", tenant, name);
	if (r && faults && !json_is_false(json_object_get(r->data, "enabled")) && row_document(r, &doc, faults))
		zj_warn("flows", "flow has faults flow=%s line=%u why=%s", zj_log_esc(name), faults->list[0].line,
			faults->list[0].message);
	zj_deref(faults);
	return doc;
}

const char *vx_flows_lang(struct vx_flows *f, const char *tenant)
{
	struct row *r = row_find(f, "tenant", tenant, tenant);
	const char *lang = r ? text(r->data, "language") : "";

	return *lang ? lang : "zh";
}

bool vx_flows_has_queue(struct vx_flows *f, const char *tenant, const char *number)
{
	struct row *r = keyed(f, "queue", tenant, number, NULL);

	return r && !json_is_false(json_object_get(r->data, "enabled"));
}

/* The sound in this language, else that of no language, else in whichever there is. */
static const char *version_of(struct vx_flows *f, const char *owner, const char *name, const char *lang)
{
	static const char *const langs[] = {NULL, "any", "zh", "en", "ja", "ko", "ru", "fr", "de", "es"};
	struct row *r = NULL;

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(langs) && (!r || !*text(r->data, "path")); i++)
		r = keyed(f, "prompt", owner, name, langs[i] ? langs[i] : lang);
	return r && *text(r->data, "path") ? text(r->data, "path") : NULL;
}

const char *vx_flows_prompt(struct vx_flows *f, const char *tenant, const char *name, const char *lang)
{
	const char *path = version_of(f, tenant, name, lang);

	return path ? path : version_of(f, "-", name, lang); /* the system's */
}
