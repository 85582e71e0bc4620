#include "taking.h"
#include "db.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int wk_taking_damaged(struct wk_taking *t)
{
	return wk_job_fail(t->job, "damaged", "不是团队导出的文件，或已损坏", "no archive of a tenant, or damaged");
}

/* A whole entry as text; malloc'd. ENOENT: there is none. */
int wk_taking_entry(struct wk_taking *t, const char *name, char **text, size_t *n)
{
	zip_stat_t st;

	if (zip_stat(t->zip, name, 0, &st) || !(st.valid & ZIP_STAT_SIZE))
		return ENOENT;
	if (st.size > WK_ARCHIVE_TEXT - t->text)
		return wk_job_fail(t->job, "too_large", "文件解压后过大", "the archive unpacks to too much");
	zip_file_t *f = zip_fopen_index(t->zip, st.index, 0);
	*text = f ? malloc(st.size + 1) : NULL;
	zip_int64_t got = *text ? zip_fread(f, *text, st.size) : -1;
	if (f)
		zip_fclose(f);
	if (!*text || got != (zip_int64_t)st.size) {
		free(*text);
		return wk_taking_damaged(t);
	}
	(*text)[st.size] = 0;
	*n = st.size;
	t->text += st.size;
	return 0;
}

/* An id that is the same whenever the same archive comes into the same tenant: a second import changes, not doubles. */
static void new_id(struct wk_taking *t, const char *old, char out[ZJ_UUID_SIZE])
{
	unsigned char h[32];
	char hex[33], both[2 * ZJ_UUID_SIZE];

	snprintf(both, sizeof(both), "%s%s", t->tenant, old);
	crypto_generichash(h, sizeof(h), (const unsigned char *)both, strlen(both), NULL, 0);
	h[6] = (unsigned char)((h[6] & 0x0f) | 0x80); /* UUID version 8, variant 1 (RFC 9562) */
	h[8] = (unsigned char)((h[8] & 0x3f) | 0x80);
	sodium_bin2hex(hex, sizeof(hex), h, 16);
	snprintf(out, ZJ_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

int wk_taking_remember(struct wk_taking *t, const char *old, const char *id)
{
	struct wk_moved *m;

	HASH_FIND(hh, t->moved, old, ZJ_UUID_LEN, m);
	if (!m) {
		m = calloc(1, sizeof(*m));
		if (!m)
			return ENOMEM;
		memcpy(m->old, old, ZJ_UUID_LEN);
		HASH_ADD(hh, t->moved, old, ZJ_UUID_LEN, m);
	}
	memcpy(m->id, id, ZJ_UUID_LEN);
	return 0;
}

const char *wk_taking_id(struct wk_taking *t, const char *old)
{
	struct wk_moved *m;
	HASH_FIND(hh, t->moved, old, ZJ_UUID_LEN, m);
	return m ? m->id : NULL;
}

static int add_row(struct wk_taking *t, const struct res_def *d, json_t *o)
{
	const char *id = wk_text(o, "id");
	char made[ZJ_UUID_SIZE];

	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 256;
		struct wk_taken *more = realloc(t->rows, cap * sizeof(*more));
		if (!more)
			return ENOMEM;
		t->rows = more;
		t->cap = cap;
	}
	if (!id || !zj_uuid_is_valid(id) || t->n >= WK_ARCHIVE_ROWS)
		return wk_taking_damaged(t);
	t->rows[t->n++] = (struct wk_taken){.d = d, .o = json_incref(o)};
	new_id(t, id, made);
	return wk_taking_remember(t, id, t->same ? id : made);
}

int wk_taking_resource(struct wk_taking *t, const struct res_def *d)
{
	char name[100], *text = NULL, *line, *save = NULL;
	size_t n = 0;

	snprintf(name, sizeof(name), "%s.jsonl", d->name);
	int err = wk_taking_entry(t, name, &text, &n);
	if (err)
		return err == ENOENT ? 0 : err;
	for (line = strtok_r(text, "\n", &save); line && !err; line = strtok_r(NULL, "\n", &save)) {
		json_t *o = strlen(line) < WK_ARCHIVE_ROW ? json_loads(line, 0, NULL) : NULL;
		err = json_is_object(o) ? add_row(t, d, o) : wk_taking_damaged(t);
		json_decref(o);
	}
	free(text);
	return err;
}

int wk_taking_manifest(struct wk_taking *t)
{
	char *text = NULL;
	size_t n = 0;
	int err = wk_taking_entry(t, "manifest.json", &text, &n);

	if (err)
		return err == ENOENT ? wk_taking_damaged(t) : err;
	t->manifest = json_loads(text, 0, NULL);
	free(text);
	if (!t->manifest || !wk_text(t->manifest, "tenant_id") ||
	    strcmp(wk_text(t->manifest, "product") ? wk_text(t->manifest, "product") : "", "zongji") != 0)
		return wk_taking_damaged(t);
	if (json_integer_value(json_object_get(t->manifest, "format")) != WK_ARCHIVE_FORMAT)
		return wk_job_fail(t->job, "format", "不支持此版本的导出文件",
				   "an archive of a version that is not known here");
	return 0;
}

/* Known ids in any text become the new ones, wherever they stand: references, JSON, documents. */
static json_t *moved_text(struct wk_taking *t, const char *s)
{
	struct res_buf b = {0};
	char id[ZJ_UUID_SIZE] = "";
	size_t n = strlen(s);

	for (size_t i = 0; i < n;) {
		const char *to = NULL;
		if (n - i >= ZJ_UUID_LEN && s[i + 8] == '-' && s[i + 13] == '-') {
			memcpy(id, s + i, ZJ_UUID_LEN);
			to = wk_taking_id(t, id);
		}
		res_buf_addn(&b, to ? to : s + i, to ? ZJ_UUID_LEN : 1);
		i += to ? ZJ_UUID_LEN : 1;
	}
	json_t *out = json_string(b.n ? b.p : "");
	res_buf_free(&b);
	return out;
}

json_t *wk_taking_value(struct wk_taking *t, const struct res_field *f, const json_t *v)
{
	json_t *out, *e;
	size_t i;
	const char *key;

	if (json_is_string(v)) {
		const char *s = json_string_value(v);
		if (f && f->type == RES_UUID && !wk_taking_id(t, s))
			return json_null(); /* of something that is not in the archive */
		return moved_text(t, s);
	}
	if (json_is_array(v)) {
		out = json_array();
		json_array_foreach (v, i, e)
			if (!f || f->type != RES_UUIDS || (json_is_string(e) && wk_taking_id(t, json_string_value(e))))
				json_array_append_new(out, wk_taking_value(t, NULL, e));
		return out;
	}
	if (json_is_object(v)) {
		out = json_object();
		json_object_foreach ((json_t *)v, key, e)
			json_object_set_new(out, key, wk_taking_value(t, NULL, e));
		return out;
	}
	return json_incref((json_t *)v);
}
