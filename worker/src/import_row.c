/* One row of the file: its cells as values of the fields, ready for COPY; or why it is not taken. */
#include "db.h"
#include "import.h"
#include "perm.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char separators[] = ",;|";

/* What a cell says, as text that the field takes: labels are codes by now. In `out`; false with a fault in `p`. */
static bool piece_text(struct wk_import *im, const struct wk_mapped *m, struct wk_cell c, struct res_buf *out,
		       struct res_problem *p)
{
	const char *name = m->f->field->name, *code;

	if (m->refs) {
		char text[ZJ_UUID_SIZE] = "";
		if (c.n == ZJ_UUID_LEN)
			memcpy(text, c.p, c.n);
		code = zj_uuid_is_valid(text) ? text : wk_refs_find(m->refs, c, name, p, &im->away);
		if (code)
			res_buf_add(out, code);
		return code != NULL;
	}
	code = m->labels ? wk_cell_code(m->labels, c) : NULL;
	if (code)
		res_buf_add(out, code);
	else
		res_buf_addn(out, c.p, c.n);
	return true;
}

/* The pieces of a list, as a JSON array; NULL with a fault in `p`. */
static json_t *list_of(struct wk_import *im, const struct wk_mapped *m, struct wk_cell c, struct res_problem *p)
{
	struct wk_cell rest = c, piece;
	struct res_buf one = {0};
	bool path = m->f->custom && m->f->custom->type == RES_CUSTOM_CASCADE, good = true;
	json_t *out = json_array();

	while (good && wk_cell_piece(&rest, &piece, path ? "/>" : separators)) {
		if (piece.n == 0)
			continue;
		one.n = 0;
		good = piece_text(im, m, piece, &one, p);
		json_array_append_new(out, json_stringn(one.n ? one.p : "", one.n));
	}
	res_buf_free(&one);
	if (good)
		return out;
	json_decref(out);
	return NULL;
}

static bool cell_text(struct wk_import *im, const struct wk_mapped *m, struct wk_cell c, struct res_buf *out,
		      struct res_problem *p)
{
	char time[40];
	enum res_type type = m->f->field->type;
	int yes = type == RES_BOOLEAN ? wk_cell_boolean(c) : -1;

	if (yes >= 0)
		res_buf_add(out, yes ? "true" : "false");
	else if ((type == RES_DATE || type == RES_DATETIME) && wk_cell_time(c, type == RES_DATE, time))
		res_buf_add(out, time);
	else
		return piece_text(im, m, c, out, p); /* what is wrong is refused by the field's rules */
	return !out->failed;
}

/* Whose rights a row carries: nobody gives more than he has. */
static bool within_own(struct wk_import *im, const struct wk_mapped *m, const char *text, const json_t *list,
		       struct res_problem *p)
{
	const char *check = m->f->field->check, *more = NULL;
	const json_t *wanted = NULL;

	if (check && strcmp(check, "role") == 0)
		wanted = json_object_get(im->role_perms, text);
	else if (check && strcmp(check, "permissions") == 0)
		wanted = list;
	more = wanted ? res_perm_beyond(im->job->perms, wanted) : NULL;
	if (more)
		res_problem_add_text(p, m->f->field->name, "beyond_own", "超出您自己的权限",
				     "is more than you have yourself", NULL);
	return !more;
}

/* COPY's text format. */
static void copy_text(struct res_buf *b, const char *s)
{
	for (;; s++) {
		size_t n = strcspn(s, "\\\t\n\r");
		res_buf_addn(b, s, n);
		s += n;
		if (!*s)
			return;
		res_buf_add(b, *s == '\t' ? "\\t" : *s == '\n' ? "\\n" : *s == '\r' ? "\\r" : "\\\\");
	}
}

static bool put_hash(struct res_buf *b, const char *text)
{
	char hash[crypto_pwhash_STRBYTES];

	if (crypto_pwhash_str(hash, text, strlen(text), crypto_pwhash_OPSLIMIT_INTERACTIVE,
			      crypto_pwhash_MEMLIMIT_INTERACTIVE))
		return false;
	copy_text(b, hash);
	return true;
}

/* Bytes that no text of the database may have, or that were not what the file's encoding says. */
static const char *broken(struct wk_cell c)
{
	if (memchr(c.p, 0, c.n))
		return "nul";
	return memmem(c.p, c.n, WK_REPLACEMENT, 3) ? "encoding" : NULL;
}

static void say_broken(struct res_problem *p, const char *field, const char *rule)
{
	bool nul = strcmp(rule, "nul") == 0;
	res_problem_add_text(p, field, rule, nul ? "含有不允许的字符（NUL）" : "含有无法按此编码识别的字符",
			     nul ? "has a character that cannot be kept (NUL)"
				 : "has characters that are not of the file's encoding",
			     NULL);
}

/* What only the database knows is known here already: the whole dictionary was read. */
static bool known_item(const struct wk_mapped *m, const char *code, struct res_problem *p)
{
	size_t i;
	json_t *item;

	if (!m->own_labels)
		return true;
	json_array_foreach (m->own_labels, i, item) {
		const char *value = wk_text(item, "value");
		if (value && strcmp(value, code) == 0)
			return true;
	}
	res_problem_add(p, m->f->field->name, "choice", NULL);
	return false;
}

static bool read_list(struct wk_import *im, const struct wk_mapped *m, struct wk_cell c, struct res_values *v,
		      struct res_problem *p)
{
	json_t *list = list_of(im, m, c, p), *one;
	bool good = list && within_own(im, m, "", list, p);
	size_t i;

	json_array_foreach (list, i, one)
		good = good && known_item(m, json_string_value(one), p);
	if (good)
		res_value_add(v, m->f, im->mode != WK_UPDATE, list, p);
	json_decref(list);
	return good;
}

/* The cell of a mapped column through the resource's own rules. */
static bool read_value(struct wk_import *im, const struct wk_mapped *m, const struct wk_row *row, struct res_values *v,
		       struct res_problem *p)
{
	static struct res_buf text;
	struct wk_cell c = m->column < row->n ? wk_cell_trim(row->cells[m->column]) : (struct wk_cell){"", 0};
	const char *bad = broken(c);
	size_t faults = json_array_size(p->errors);

	text.n = 0;
	if (bad) {
		say_broken(p, m->f->field->name, bad);
	} else if (c.n == 0) {
		if (m->f->required && im->mode != WK_UPDATE)
			res_problem_add(p, m->f->field->name, "required", NULL);
	} else if (m->f->field->type == RES_STRINGS || m->f->field->type == RES_UUIDS) {
		return read_list(im, m, c, v, p) && json_array_size(p->errors) == faults;
	} else if (cell_text(im, m, c, &text, p) && within_own(im, m, text.p, NULL, p) && known_item(m, text.p, p)) {
		res_value_add_text(v, m->f, im->mode != WK_UPDATE, text.p, p);
	}
	return json_array_size(p->errors) == faults && !text.failed && !im->away;
}

static void put_slot(struct wk_import *im, const struct wk_mapped *m, const char *value, bool *good)
{
	struct res_buf *copy = &im->next.copy;

	res_buf_add(copy, "\t");
	if (!value)
		res_buf_add(copy, "\\N");
	else if (m->hash)
		*good = put_hash(copy, value) && *good;
	else
		copy_text(copy, value);
}

static void put_key(struct wk_import *im, const char *value)
{
	res_buf_add(&im->next.keys, value ? value : "");
	res_buf_addn(&im->next.keys, "\x1f", 1);
}

static void put_number(struct res_buf *b, size_t n)
{
	char text[24], *p = text + sizeof(text);
	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	res_buf_addn(b, p, (size_t)(text + sizeof(text) - p));
}

void wk_import_keep(struct wk_import *im, const struct wk_row *row, struct wk_staged *to, const struct res_problem *p)
{
	struct res_buf *raw = &im->next.raw;

	to->raw = raw->n;
	to->cells = (uint32_t)row->n;
	for (size_t i = 0; i < row->n; i++) {
		uint32_t n = (uint32_t)row->cells[i].n;
		res_buf_addn(raw, (const char *)&n, sizeof(n));
	}
	for (size_t i = 0; i < row->n; i++)
		res_buf_addn(raw, row->cells[i].p, row->cells[i].n);
	to->raw_n = raw->n - to->raw;
	if (!p)
		return;
	wk_import_reason(im, p, raw);
	to->reason_n = raw->n - to->raw - to->raw_n;
	to->op = WK_OP_NONE;
}

static bool is_secret(const struct wk_import *im, const struct wk_mapped *m)
{
	const char *table = im->job->def->table;

	return strcmp(m->f->field->name, "password") == 0 &&
	       (strcmp(table, "account") == 0 || strcmp(table, "extension") == 0);
}

int wk_import_secrets(struct wk_import *im)
{
	static const char sql[] = "select password_min_length, password_classes, password_no_runs from zj.setting "
				  "where tenant_id = $1::uuid";
	const char *values[] = {im->job->tenant};
	bool any = false;

	for (size_t i = 0; i < im->n_map; i++)
		any = any || is_secret(im, &im->map[i]);
	if (!any)
		return 0;
	PGresult *r = wk_db_run(im->job->pg, sql, 1, values);
	int err = wk_db_ok(r) ? 0 : EAGAIN;
	if (err)
		wk_db_log(r, "password rules");
	else if (PQntuples(r) == 1)
		im->secrets = (struct res_secret_rules){(int)strtol(PQgetvalue(r, 0, 0), NULL, 10),
							(int)strtol(PQgetvalue(r, 0, 1), NULL, 10),
							PQgetvalue(r, 0, 2)[0] == 't'};
	PQclear(r);
	return err;
}

/* As when it is typed: the tenant's rules, and not the user name (the extension's number). */
static bool secrets_good(struct wk_import *im, const char *const texts[WK_MAPPED_MAX], struct res_problem *p)
{
	const char *name = NULL;
	size_t faults = json_array_size(p->errors);

	for (size_t i = 0; i < im->n_map; i++) {
		const char *field = im->map[i].f->field->name;
		if (strcmp(field, strcmp(im->job->def->table, "account") == 0 ? "username" : "number") == 0)
			name = texts[i];
	}
	for (size_t i = 0; i < im->n_map; i++)
		if (texts[i] && is_secret(im, &im->map[i]))
			res_secret_check(&im->secrets, im->map[i].f->field->name, texts[i], name, p);
	return json_array_size(p->errors) == faults;
}

bool wk_import_row(struct wk_import *im, const struct wk_row *row, struct wk_staged *to, struct res_problem *p)
{
	static struct res_values v; /* large */
	const char *texts[WK_MAPPED_MAX] = {NULL};
	struct wk_chunk *c = &im->next;
	size_t copy = c->copy.n, keys = c->keys.n;
	bool good = true, keyed = true;
	struct res_value *custom = NULL;

	memset(&v, 0, sizeof(v));
	*to = (struct wk_staged){
		.line = row->line, .op = im->mode == WK_UPDATE ? WK_OP_UPDATE : WK_OP_INSERT, .key = keys};
	p->kind = RES_P_INVALID;
	for (size_t i = 0; i < im->n_map; i++) {
		size_t before = v.n;
		good = read_value(im, &im->map[i], row, &v, p) && good;
		texts[i] = v.n > before ? v.v[v.n - 1].text : NULL;
	}
	good = good && (!im->secrets.min_length || secrets_good(im, texts, p));
	if (good && im->has_custom) {
		good = res_values_finish(&v, im->job->view, im->mode == WK_CREATE, p);
		custom = res_values_find(&v, "custom");
	}
	if (good) {
		zj_uuid7(to->id);
		put_number(&c->copy, c->n);
		res_buf_add(&c->copy, "\t");
		res_buf_addn(&c->copy, to->id, ZJ_UUID_LEN);
		for (size_t i = 0; i < im->n_map; i++) {
			if (im->map[i].slot >= 0)
				put_slot(im, &im->map[i], texts[i], &good);
			if (im->map[i].match) {
				put_key(im, texts[i]);
				keyed = keyed && texts[i];
			}
		}
		if (im->has_custom) {
			res_buf_add(&c->copy, "\t");
			copy_text(&c->copy, custom && custom->text ? custom->text : "{}");
		}
		res_buf_add(&c->copy, "\n");
		to->key_n = keyed ? c->keys.n - keys : 0;
		wk_import_keep(im, row, to, NULL);
	}
	if (!good) {
		c->copy.n = copy;
		c->keys.n = keys;
	}
	res_values_free(&v);
	return good;
}

void wk_import_reason(const struct wk_import *im, const struct res_problem *p, struct res_buf *out)
{
	size_t i;
	json_t *e;

	json_array_foreach (p->errors, i, e) {
		const char *name = wk_text(e, "field"), *text = wk_text(e, im->job->zh ? "zh" : "en");
		const struct res_view_field *f = name ? res_view_find(im->job->view, name) : NULL;
		const char *label =
			f ? wk_text(f->custom ? f->custom->row : f->field->comment, im->job->zh ? "zh" : "en") : name;
		if (i == 5)
			break;
		res_buf_add(out, i ? (im->job->zh ? "；" : "; ") : "");
		if (label)
			res_buf_printf(out, "%s%s", *label ? label : name, im->job->zh ? "：" : ": ");
		res_buf_add(out, text ? text : "");
	}
	if (i == 0)
		res_buf_add(out, p->detail[0] ? p->detail : im->job->zh ? "不符合规则" : "breaks a rule");
}

/* The row as it came, from the chunk's memory. */
static struct wk_row raw_row(struct wk_import *im, const struct wk_staged *s, struct wk_cell cells[WK_COLUMNS_MAX])
{
	const char *p = im->chunk.raw.p + s->raw, *bytes = p + s->cells * sizeof(uint32_t);

	for (uint32_t i = 0; i < s->cells; i++) {
		uint32_t n;
		memcpy(&n, p + i * sizeof(n), sizeof(n));
		cells[i] = (struct wk_cell){bytes, n};
		bytes += n;
	}
	return (struct wk_row){s->line, cells, s->cells};
}

static int reject(struct wk_import *im, const struct wk_staged *s, const char *reason)
{
	struct wk_cell cells[WK_COLUMNS_MAX];
	struct wk_row row = raw_row(im, s, cells);

	im->job->counts.failed++;
	return wk_rejects_add(im->rejects, &row, reason);
}

int wk_import_reject_staged(struct wk_import *im, struct wk_staged *s, const struct res_problem *p)
{
	struct res_buf reason = {0};

	s->op = WK_OP_NONE;
	wk_import_reason(im, p, &reason);
	int err = reason.failed ? ENOMEM : reject(im, s, reason.p);
	res_buf_free(&reason);
	return err;
}

int wk_import_reject_read(struct wk_import *im)
{
	int err = 0;

	for (size_t i = 0; i < im->chunk.n && im->chunk.refused && !err; i++) {
		const struct wk_staged *s = &im->chunk.rows[i];
		char *reason = s->reason_n ? strndup(im->chunk.raw.p + s->raw + s->raw_n, s->reason_n) : NULL;
		if (reason)
			err = reject(im, s, reason);
		else if (s->reason_n)
			err = ENOMEM;
		free(reason);
	}
	return err;
}

int wk_import_skip_staged(struct wk_import *im, struct wk_staged *s)
{
	struct wk_cell cells[WK_COLUMNS_MAX];
	struct wk_row row = raw_row(im, s, cells);

	s->op = WK_OP_NONE;
	im->job->counts.skipped++;
	return wk_rejects_add(im->rejects, &row, im->job->zh ? "已存在，跳过" : "exists already, skipped");
}
