/* An export: the rows of a list, as the account sees them, into a file of its tenant. */
#include "cell.h"
#include "db.h"
#include "list.h"
#include "perm.h"
#include "table_out.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct column {
	const struct res_view_field *f;
	const json_t *labels; /* borrowed, or own_labels */
	json_t *own_labels;
	char *text; /* the value of the row in hand; malloc'd */
};
struct export
{
	struct wk_job *job;
	struct wk_list list;
	struct wk_table *table;
	struct column *columns;
	size_t n;
	enum wk_format format;
	char *path, *relative; /* objects */
	char name[256];
	int64_t room; /* bytes that the tenant may still store */
};

static int permitted(struct wk_job *job)
{
	if (!res_perm_has(job->perms, job->def->perms[RES_CAN_EXPORT]) ||
	    !res_perm_has(job->perms, job->def->perms[RES_CAN_READ]))
		return wk_job_fail(job, "permission", "没有导出此数据的权限", "the account may not export this");
	if (!job->def->can[RES_CAN_EXPORT][job->role])
		return wk_job_fail(job, "export", "此数据不能导出", "this cannot be exported");
	return 0;
}

/* Some accounts export at certain hours of the tenant's day only; and files count against its storage. */
static int window_and_room(struct export *x)
{
	static const char sql[] =
		"select s.export_from is null or case when s.export_from <= s.export_until"
		"   then (now() at time zone t.time_zone)::time between s.export_from and s.export_until"
		"   else (now() at time zone t.time_zone)::time not between s.export_until and s.export_from end,"
		" coalesce(t.max_storage_mb::bigint * 1048576 - (select coalesce(sum(bytes), 0) from zj.upload where "
		"tenant_id = t.id)"
		"   - (select coalesce(sum(bytes), 0) from zj.prompt where tenant_id = t.id)"
		"   - (select coalesce(sum(file_bytes), 0) from zj.job where tenant_id = t.id), "
		"9000000000000000)::bigint"
		" from zj.tenant t join zj.setting s on s.tenant_id = t.id where t.id = $1::uuid";
	const char *values[] = {x->job->tenant};
	PGresult *r = wk_db_run(x->job->pg, sql, 1, values);
	int err = wk_db_ok(r) && PQntuples(r) == 1 ? 0 : EAGAIN;

	if (err)
		wk_db_log(r, "setting");
	else if (x->job->export_limited && *PQgetvalue(r, 0, 0) != 't')
		err = wk_job_fail(x->job, "export_window", "现在不在允许导出的时间内",
				  "exports are not allowed at this time of day");
	else
		x->room = strtoll(PQgetvalue(r, 0, 1), NULL, 10);
	PQclear(r);
	return err;
}

static int no_room(struct export *x)
{
	return wk_job_fail(x->job, "quota", "存储空间已满", "the tenant's storage is full");
}

static int add_column(struct export *x, const struct res_view_field *f)
{
	const struct res_custom *c = f->custom;
	const char *code = f->field->dictionary;
	struct column *col = &x->columns[x->n++];

	*col = (struct column){.f = f};
	if (json_is_object(json_object_get(f->field->comment, "enum")))
		col->labels = json_object_get(f->field->comment, "enum");
	else if (c && c->choices)
		col->labels = c->choices;
	if (!code && !(c && c->dictionary))
		return 0;
	const char *values[] = {x->job->tenant, c ? c->dictionary : NULL, code};
	PGresult *r = wk_db_run(
		x->job->pg,
		"select json_object_agg(i.code, json_build_object('zh', i.zh, 'en', i.en)) from zj.dictionary_item i"
		" join zj.dictionary d on d.tenant_id = i.tenant_id and d.id = i.dictionary_id"
		" where i.tenant_id = $1::uuid and (d.id = $2::uuid or d.code = $3)",
		3, values);
	int err = wk_db_ok(r) ? 0 : EAGAIN;
	if (!err)
		col->labels = col->own_labels = wk_db_json(r, 0, 0);
	PQclear(r);
	return err;
}

/* The fields that were asked for, in that order; else those of lists. */
static int choose_columns(struct export *x)
{
	const json_t *asked = json_object_get(x->job->params, "fields");
	const struct res_view *v = x->job->view;
	size_t i, most = json_is_array(asked) && json_array_size(asked) ? json_array_size(asked) : v->n;
	json_t *name;
	int err = 0;

	if (most > WK_COLUMNS_MAX)
		return wk_job_fail(x->job, "fields", "列过多", "too many fields");
	x->columns = calloc(most + 1, sizeof(*x->columns));
	if (!x->columns)
		return EAGAIN;
	json_array_foreach (asked, i, name) {
		const struct res_view_field *f =
			json_is_string(name) ? res_view_shown(v, json_string_value(name)) : NULL;
		if (!f || f->field->detail)
			return wk_job_fail(x->job, "fields", "没有这个字段", "there is no such field");
		if ((err = add_column(x, f)))
			return err;
	}
	for (i = 0; i < v->n && json_array_size(asked) == 0 && !err; i++) {
		const struct res_view_field *f = &v->fields[i];
		if (f->shown && !f->field->detail && strcmp(f->field->name, "custom") != 0 &&
		    strcmp(f->field->name, "id") != 0)
			err = add_column(x, f);
	}
	return err;
}

/* The list's parameters for these columns: labels of what they point to come along. */
static int open_list(struct export *x)
{
	struct res_buf more = {0};
	size_t n = 0;

	for (size_t i = 0; i < x->n; i++) {
		const struct res_view_field *f = x->columns[i].f;
		if (f->label && f->field->type == RES_UUID && !f->custom)
			res_buf_printf(&more, "%s%s", n++ ? "," : "expand=", f->field->name);
	}
	int err = more.failed ? EAGAIN
			      : wk_list_open(&x->list, x->job, wk_param(x->job, "query"), more.n ? more.p : NULL);
	res_buf_free(&more);
	return err;
}

static char *local_time(const char *text)
{
	int64_t us = zj_rfc3339_parse(text);
	time_t at = (time_t)(us / 1000000);
	struct tm t;
	char out[40];

	if (us < 0 || !localtime_r(&at, &t))
		return strdup(text);
	strftime(out, sizeof(out), "%Y-%m-%d %H:%M:%S", &t);
	return strdup(out);
}

static char *plain(const struct export *x, const struct column *c, const json_t *v)
{
	const char *s = json_string_value(v);

	if (json_is_boolean(v))
		return strdup(json_is_true(v) ? (x->job->zh ? "是" : "yes") : (x->job->zh ? "否" : "no"));
	if (!s)
		return json_is_null(v) || !v ? strdup("")
					     : json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	if (c->f->field->type == RES_DATETIME)
		return local_time(s);
	return strdup(c->labels ? wk_cell_label(c->labels, s, x->job->zh) : s);
}

static char *listed(const struct export *x, const struct column *c, const json_t *v)
{
	struct res_buf b = {0};
	size_t i;
	json_t *one;

	json_array_foreach (v, i, one) {
		char *text = plain(x, c, one);
		res_buf_printf(&b, "%s%s",
			       i ? (c->f->custom && c->f->custom->type == RES_CUSTOM_CASCADE ? "/" : ",") : "",
			       text ? text : "");
		free(text);
	}
	if (b.failed)
		res_buf_free(&b);
	return b.p ? b.p : strdup("");
}

/* What a reference points to, by its label; marked when it is in the recycle bin. */
static char *pointed(const struct export *x, const struct column *c, const json_t *row, const json_t *v)
{
	const json_t *to = json_object_get(json_object_get(row, "expand"), c->f->field->name);
	const char *label = wk_text(to, "label");
	struct res_buf b = {0};

	if (!label)
		return plain(x, c, v);
	res_buf_add(&b, label);
	if (json_is_true(json_object_get(to, "deleted")))
		res_buf_add(&b, x->job->zh ? "【删除】" : " [deleted]");
	return b.failed ? NULL : b.p;
}

static char *value_of(const struct export *x, const struct column *c, const json_t *row)
{
	const json_t *v = c->f->custom ? json_object_get(json_object_get(row, "custom"), c->f->custom->key)
				       : json_object_get(row, c->f->field->name);

	if (json_is_array(v))
		return listed(x, c, v);
	if (c->f->field->type == RES_UUID && !c->f->custom && json_object_get(row, "expand"))
		return pointed(x, c, row, v);
	return plain(x, c, v);
}

static int write_row(json_t *row, void *arg)
{
	struct export *x = arg;
	struct wk_cell cells[WK_COLUMNS_MAX];
	enum wk_kind kinds[WK_COLUMNS_MAX];
	int err = 0;

	for (size_t i = 0; i < x->n; i++) {
		struct column *c = &x->columns[i];
		c->text = value_of(x, c, row);
		err = c->text ? err : ENOMEM;
		cells[i] = (struct wk_cell){c->text ? c->text : "", c->text ? strlen(c->text) : 0};
		bool number = c->f->field->type == RES_INTEGER || c->f->field->type == RES_NUMBER;
		kinds[i] = number && c->f->access != RES_ACCESS_MASKED ? WK_DIGITS : WK_TEXT;
	}
	if (!err)
		err = wk_table_row(x->table, cells, kinds, x->n);
	for (size_t i = 0; i < x->n; i++)
		free(x->columns[i].text);
	x->job->counts.done++;
	return err;
}

static int write_head(struct export *x)
{
	struct wk_cell cells[WK_COLUMNS_MAX];

	for (size_t i = 0; i < x->n; i++) {
		const struct res_view_field *f = x->columns[i].f;
		const char *label = wk_text(f->custom ? f->custom->row : f->field->comment, x->job->zh ? "zh" : "en");
		label = label && *label ? label : f->field->name;
		cells[i] = (struct wk_cell){label, strlen(label)};
	}
	return wk_table_head(x->table, cells, x->n);
}

/* <page>_YYYYMMDD-HHMMSS.ext in the tenant's time; the same again when the job is taken up again. */
static int name_file(struct export *x)
{
	const char *name = wk_param(x->job, "name"), *before = wk_text(x->job->checkpoint, "name");
	time_t now = time(NULL);
	struct tm t;
	char at[20];

	localtime_r(&now, &t);
	strftime(at, sizeof(at), "%Y%m%d-%H%M%S", &t);
	if (before)
		snprintf(x->name, sizeof(x->name), "%s", before);
	else
		snprintf(x->name, sizeof(x->name), "%.150s_%s.%s", name && *name ? name : x->job->def->name, at,
			 wk_format_names[x->format]);
	for (char *p = x->name; *p; p++)
		if (strchr("/\\:*?\"<>|", *p) || (unsigned char)*p < 32)
			*p = '_';
	char file[16];
	snprintf(file, sizeof(file), "export.%s", wk_format_names[x->format]);
	x->path = wk_job_path(x->job, file, &x->relative);
	return x->path ? 0 : EAGAIN;
}

static int open_table(struct export *x)
{
	const char *encoding = wk_param(x->job, "encoding"), *delimiter = wk_param(x->job, "delimiter");
	const json_t *bom = json_object_get(x->job->params, "bom");
	json_t *bytes = json_object_get(x->job->checkpoint, "bytes");
	enum wk_encoding e = encoding && *encoding ? wk_encoding_find(encoding) : WK_UTF8;
	struct wk_table_args a = {
		.path = x->path,
		.format = x->format,
		.encoding = e,
		.bom = e != WK_GB18030 && !json_is_false(bom),
		.guard = true,
		.delimiter = delimiter && *delimiter ? (strcmp(delimiter, "tab") == 0 ? '\t' : *delimiter) : ',',
		.sheet = x->job->zh ? x->job->def->zh : x->job->def->en};

	if (e == WK_ENCODING_COUNT)
		return wk_job_fail(x->job, "encoding", "没有这种编码", "there is no such encoding");
	if (x->format == WK_CSV && json_is_integer(bytes)) { /* go on where the checkpoint is */
		a.resume = json_integer_value(bytes);
		x->list.keys = json_incref(json_object_get(x->job->checkpoint, "keys"));
	} else {
		x->job->counts.done = 0;
	}
	int err = wk_table_alloc(&x->table, &a);
	return err ? EAGAIN : write_head(x);
}

static int book(struct export *x)
{
	int64_t bytes = wk_table_flush(x->table);
	json_t *point;

	if (bytes < 0)
		return EIO;
	if (bytes > x->room)
		return no_room(x);
	if (zj_mono_us() - x->job->told_us < 500000)
		return 0;
	point = x->format == WK_CSV ? json_pack("{s:s, s:I, s:O?}", "name", x->name, "bytes", (json_int_t)bytes, "keys",
						x->list.keys)
				    : json_pack("{s:s}", "name", x->name);
	int err = wk_job_tell(x->job, point);
	json_decref(point);
	return err;
}

static int copy_rows(struct export *x)
{
	int err = 0, n = 1;

	while (!err && n) {
		err = wk_list_next(&x->list, write_row, x, &n);
		if (!err)
			err = book(x);
	}
	return err;
}

/* What was written can be downloaded, also when the export was cancelled half way. */
static int give_file(struct export *x, int err)
{
	int64_t bytes;

	if (err && !(err == ECANCELED && x->job->cancelled))
		return err;
	if (wk_table_end(x->table, &bytes))
		return EIO;
	if (bytes > x->room)
		return no_room(x);
	int told = wk_job_file(x->job, x->name, x->relative, bytes);
	if (!err)
		x->job->counts.total = x->job->counts.done;
	return told ? told : err;
}

static void export_close(struct export *x)
{
	for (size_t i = 0; i < x->n; i++)
		json_decref(x->columns[i].own_labels);
	free(x->columns);
	wk_list_close(&x->list);
	zj_deref(x->table);
	zj_deref(x->path);
	zj_deref(x->relative);
}

int wk_export_run(struct wk_job *job)
{
	const char *format = wk_param(job, "format");
	struct export x = {.job = job, .format = format && strcmp(format, "xlsx") == 0 ? WK_XLSX : WK_CSV};
	int err = permitted(job);

	setenv("TZ", job->time_zone, 1);
	tzset();
	if (!err)
		err = window_and_room(&x);
	if (!err && x.room <= 0)
		err = no_room(&x);
	if (!err && format && strcmp(format, "sounds") == 0)
		return wk_sounds_run(job, x.room);
	if (!err)
		err = choose_columns(&x);
	if (!err)
		err = open_list(&x);
	if (!err && job->counts.total < 0)
		err = wk_list_count(&x.list, &job->counts.total);
	if (!err)
		err = name_file(&x);
	if (!err)
		err = open_table(&x);
	if (!err)
		err = copy_rows(&x);
	if (x.table)
		err = give_file(&x, err);
	export_close(&x);
	return err;
}
