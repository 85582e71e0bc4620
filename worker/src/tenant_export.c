/* A tenant's configuration into an archive, as of one moment. */
#include "db.h"
#include "perm.h"
#include "tenant.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zip.h>

struct archive {
	struct wk_job *job;
	const char *tenant;
	char name[ZJ_UUID_SIZE + 80]; /* the tenant's log-in name */
	zip_t *zip;
	char *path, *relative; /* objects */
	json_t *manifest, *counts;
	char **parts; /* files that go into the archive: removed when it is closed */
	size_t n_parts;
	int64_t bytes;
};

/* What one is told by its label when it comes back must have that label, also where it is not written. */
static bool is_told(const struct res_def *d, const struct res_field *f)
{
	return f->select[RES_ROLE_TENANT] &&
	       (wk_tenant_column(d, f) || (d->label && strcmp(f->name, d->label) == 0 && !f->hidden && !f->writeonly));
}

/* Numbers of extensions, queues … come with those. */
static const char *condition(const struct res_def *d)
{
	return strcmp(d->name, "internal-numbers") == 0 ? " and t.origin = 'added'" : "";
}

static char *statement(const struct res_def *d)
{
	struct res_buf b = {0};
	const char *comma = "";

	res_buf_add(&b, "select row_to_json(x) from (select ");
	for (size_t i = 0; i < d->n_fields; i++) {
		if (!is_told(d, &d->fields[i]))
			continue;
		res_buf_add(&b, comma);
		res_buf_add(&b, "t.");
		res_buf_ident(&b, d->fields[i].name);
		comma = ", ";
	}
	res_buf_add(&b, " from zj.");
	res_buf_ident(&b, d->table);
	res_buf_printf(&b, " t where t.tenant_id = zj.zj_tenant()%s order by t.id) x", condition(d));
	return b.failed ? NULL : b.p;
}

static char *part_path(struct archive *a, const char *name)
{
	char file[120];

	snprintf(file, sizeof(file), "%s.part", name);
	return wk_job_path(a->job, file, NULL);
}

/* Adds the file at `path` under `name`; it is read when the archive is closed. */
static int add_file(struct archive *a, const char *path, const char *name)
{
	zip_source_t *s = zip_source_file(a->zip, path, 0, -1);

	if (!s || zip_file_add(a->zip, name, s, ZIP_FL_ENC_UTF_8) < 0) {
		zip_source_free(s);
		return EIO;
	}
	return 0;
}

static int add_part(struct archive *a, char *path /* an object; stolen */, const char *name)
{
	char **more = realloc(a->parts, (a->n_parts + 1) * sizeof(*more));

	if (!more) {
		zj_deref(path);
		return ENOMEM;
	}
	a->parts = more;
	a->parts[a->n_parts++] = path;
	return add_file(a, path, name);
}

/* The sound of a prompt; one whose file is gone is left out. */
static void add_sound(struct archive *a, const char *row)
{
	json_t *o = json_loads(row, 0, NULL);
	const char *at = wk_text(o, "path");
	char *path = at && strncmp(at, a->tenant, ZJ_UUID_LEN) == 0 && !strstr(at, "..")
			     ? zj_asprintf("%s/%s", a->job->conf->store, at)
			     : NULL;
	char name[80];

	snprintf(name, sizeof(name), "sounds/%s.wav", wk_text(o, "id") ? wk_text(o, "id") : "-");
	if (path && access(path, R_OK) == 0 && add_file(a, path, name))
		zj_warn("tenant", "a prompt's sound is left out path=%s", path);
	zj_deref(path);
	json_decref(o);
}

static int write_lines(struct archive *a, const struct res_def *d, FILE *f, int64_t *n)
{
	int err = 0;

	for (;;) {
		PGresult *r = wk_db_run(a->job->pg, "fetch 1000 from wk", 0, NULL);
		err = wk_db_ok(r) ? 0 : wk_job_fail_pg(a->job, r);
		int rows = PQntuples(r);
		for (int i = 0; i < rows && !err; i++) {
			fprintf(f, "%s\n", PQgetvalue(r, i, 0));
			if (strcmp(d->name, "prompts") == 0)
				add_sound(a, PQgetvalue(r, i, 0));
		}
		PQclear(r);
		*n += rows;
		a->job->counts.done += rows;
		if (err || rows == 0 || ferror(f))
			return err ? err : ferror(f) ? EIO : 0;
	}
}

static int export_resource(struct archive *a, const struct res_def *d)
{
	char *sql = statement(d), *path = part_path(a, d->name),
	     *declare = sql ? zj_asprintf("declare wk cursor for %s", sql) : NULL;
	FILE *f = path ? fopen(path, "w") : NULL;
	int64_t n = 0;
	char name[100];
	int err = declare && f ? wk_db_do(a->job->pg, declare) : EAGAIN;

	if (!err)
		err = write_lines(a, d, f, &n);
	if (f && fclose(f))
		err = EIO;
	snprintf(name, sizeof(name), "%s.jsonl", d->name);
	if (!err) {
		err = add_part(a, path, name);
		path = NULL;
		json_object_set_new(a->counts, d->name, json_integer((json_int_t)n));
	}
	if (!err)
		err = wk_db_do(a->job->pg, "close wk");
	free(sql);
	zj_deref(path);
	zj_deref(declare);
	return err == EPROTO ? EAGAIN : err;
}

static int about_tenant(struct archive *a)
{
	PGresult *r = wk_db_run(a->job->pg,
				"select t.name, row_to_json(x) from zj.tenant t cross join lateral (select t.name, "
				"t.title, t.sip_domain, t.time_zone,"
				" t.language) x where t.id = zj.zj_tenant()",
				0, NULL);
	int err = !wk_db_ok(r)        ? wk_job_fail_pg(a->job, r)
		  : PQntuples(r) != 1 ? wk_job_fail(a->job, "tenant_id", "没有这个团队", "there is no such tenant")
				      : 0;

	if (!err) {
		char now[ZJ_RFC3339_SIZE];
		zj_rfc3339(now, zj_now_us());
		snprintf(a->name, sizeof(a->name), "%s", PQgetvalue(r, 0, 0));
		a->counts = json_object();
		a->manifest = json_pack("{s:s, s:i, s:s, s:s, s:o, s:O}", "product", "zongji", "format",
					WK_ARCHIVE_FORMAT, "made_at", now, "tenant_id", a->tenant, "tenant",
					wk_db_json(r, 0, 1), "rows", a->counts);
	}
	PQclear(r);
	return err;
}

static int add_manifest(struct archive *a)
{
	char *path = part_path(a, "manifest");

	if (!path || json_dump_file(a->manifest, path, JSON_INDENT(2))) {
		zj_deref(path);
		return EIO;
	}
	return add_part(a, path, "manifest.json");
}

static int fill(struct archive *a)
{
	const struct res_def **list = NULL;
	int err = wk_tenant_resources(a->job, &list);

	if (!err)
		err = wk_tenant_begin(a->job, a->tenant, "begin isolation level repeatable read read only");
	if (!err)
		err = about_tenant(a);
	for (size_t i = 0; !err && list[i]; i++)
		err = wk_job_stopping() ? ECANCELED : export_resource(a, list[i]);
	wk_job_rollback(a->job);
	free(list);
	return err ? err : add_manifest(a);
}

static int close_archive(struct archive *a, int err)
{
	FILE *f;

	if (err || zip_close(a->zip)) {
		zip_discard(a->zip);
		err = err ? err : EIO;
	}
	for (size_t i = 0; i < a->n_parts; i++) {
		unlink(a->parts[i]);
		zj_deref(a->parts[i]);
	}
	free(a->parts);
	f = err ? NULL : fopen(a->path, "r");
	if (f && fseek(f, 0, SEEK_END) == 0)
		a->bytes = ftell(f);
	if (f)
		fclose(f);
	return err;
}

static int give(struct archive *a)
{
	time_t now = time(NULL);
	struct tm t;
	char at[20], name[200];

	localtime_r(&now, &t);
	strftime(at, sizeof(at), "%Y%m%d-%H%M%S", &t);
	snprintf(name, sizeof(name), "exportteam_%s_%s.zip", a->name, at);
	a->job->counts.total = a->job->counts.done;
	return wk_job_file(a->job, name, a->relative, a->bytes);
}

int wk_tenant_export_run(struct wk_job *job)
{
	const char *tenant = wk_param(job, "tenant_id");
	struct archive a = {.job = job, .tenant = tenant ? tenant : job->tenant};
	int why = 0, err = 0;

	setenv("TZ", job->time_zone, 1);
	tzset();
	if (!res_perm_has(job->perms, "tenants.export"))
		return wk_job_fail(job, "permission", "没有导出团队的权限", "the account may not export tenants");
	if (!zj_uuid_is_valid(a.tenant) || (job->role == RES_ROLE_TENANT && strcmp(a.tenant, job->tenant) != 0))
		return wk_job_fail(job, "tenant_id", "没有这个团队", "there is no such tenant");
	a.path = wk_job_path(job, "tenant.zip", &a.relative);
	a.zip = a.path ? zip_open(a.path, ZIP_CREATE | ZIP_TRUNCATE, &why) : NULL;
	err = a.zip ? fill(&a) : EIO;
	if (a.zip)
		err = close_archive(&a, err);
	if (!err)
		err = give(&a);
	json_decref(a.manifest);
	json_decref(a.counts);
	zj_deref(a.path);
	zj_deref(a.relative);
	return err;
}
