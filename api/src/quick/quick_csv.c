#include "buf.h"
#include "quick/quick.h"
#include <string.h>

static const struct column {
	const char *name, *zh, *en;
} columns[] = {
#define X(name, zh, en) {name, zh, en},
	API_QUICK_COLUMNS_TEMPLATE(X)
#undef X
};
#define RESULT   (ZJ_ARRAY_SIZE(columns) - 1) /* the CSV of what was made has no names */
#define CELL_MAX 500

static void add_cell(struct res_buf *b, const char *s, bool first)
{
	if (!first)
		res_buf_add(b, ",");
	if (!strpbrk(s, ",\"\r\n")) {
		res_buf_add(b, s);
		return;
	}
	res_buf_add(b, "\"");
	for (; *s; s++)
		res_buf_addn(b, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
	res_buf_add(b, "\"");
}

static void add_header(struct res_buf *b, size_t n, bool zh)
{
	for (size_t i = 0; i < n; i++)
		add_cell(b, zh ? columns[i].zh : columns[i].en, i == 0);
	res_buf_add(b, "\r\n");
}

static char *finished(struct res_buf *b)
{
	char *out = b->failed ? NULL : zj_strdup(b->p);
	res_buf_free(b);
	return out;
}

char *api_quick_csv(const json_t *items, bool zh)
{
	struct res_buf b = {0};
	size_t i;
	json_t *item;
	add_header(&b, RESULT, zh);
	json_array_foreach (items, i, item) {
		for (size_t c = 0; c < RESULT; c++) {
			const char *s = json_string_value(json_object_get(item, columns[c].name));
			add_cell(&b, s ? s : "", c == 0);
		}
		res_buf_add(&b, "\r\n");
	}
	return finished(&b);
}

char *api_quick_csv_template(bool zh)
{
	struct res_buf b = {0};
	add_header(&b, ZJ_ARRAY_SIZE(columns), zh);
	return finished(&b);
}

/* --- back --- */

struct reader {
	const char *s;
	struct res_buf cell;
	bool end_of_row;
};

/* The next cell into `cell`; false: the text has ended. */
static bool read_cell(struct reader *r)
{
	bool quoted = *r->s == '"';
	r->cell.n = 0;
	r->end_of_row = false;
	if (!*r->s)
		return false;
	if (quoted) {
		for (r->s++; *r->s && !(*r->s == '"' && r->s[1] != '"'); r->s++) {
			r->s += *r->s == '"';
			res_buf_addn(&r->cell, r->s, 1);
		}
		r->s += *r->s == '"';
	} else {
		size_t n = strcspn(r->s, ",\r\n");
		res_buf_addn(&r->cell, r->s, n);
		r->s += n;
	}
	r->end_of_row = *r->s != ',';
	r->s += *r->s == ',' || *r->s == '\r';
	r->s += r->end_of_row && *r->s == '\n';
	return true;
}

static const struct column *column_of(const char *label)
{
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(columns); i++)
		if (strcmp(columns[i].zh, label) == 0 || strcasecmp(columns[i].en, label) == 0 ||
		    strcmp(columns[i].name, label) == 0)
			return &columns[i];
	return NULL;
}

static void fault(struct res_problem *p, const char *zh, const char *en)
{
	if (!res_problem_any(p))
		res_problem_add_text(p, "csv", "format", zh, en, NULL);
}

/* The header's columns, in any order; how many, 0 with a fault. */
static size_t read_header(struct reader *r, const struct column **found, size_t max, struct res_problem *p)
{
	size_t n = 0;
	do {
		if (!read_cell(r) || n == max)
			break;
		found[n] = column_of(r->cell.n ? r->cell.p : "");
		if (!found[n])
			fault(p, "表头有模板中没有的列", "the header has a column that the template has not");
		n++;
	} while (!r->end_of_row);
	return res_problem_any(p) ? 0 : n;
}

json_t *api_quick_csv_read(const char *text, struct res_problem *p)
{
	struct reader r = {.s = strncmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text};
	const struct column *found[ZJ_ARRAY_SIZE(columns)];
	size_t n = read_header(&r, found, ZJ_ARRAY_SIZE(columns), p), c = 0;
	json_t *rows = json_array(), *row = json_object();
	while (n && read_cell(&r)) {
		if (c >= n)
			fault(p, "有的行比表头多列", "a row has more cells than the header");
		else if (r.cell.n > CELL_MAX)
			fault(p, "单元格过长", "a cell is too long");
		else if (r.cell.n)
			json_object_set_new(row, found[c]->name, json_stringn(r.cell.p, r.cell.n));
		c++;
		if (!r.end_of_row)
			continue;
		if (json_object_size(row))
			json_array_append(rows, row);
		json_decref(row);
		row = json_object();
		c = 0;
	}
	if (json_object_size(row))
		json_array_append(rows, row);
	json_decref(row);
	res_buf_free(&r.cell);
	if (json_array_size(rows) == 0)
		fault(p, "没有数据行", "there are no rows");
	if (!res_problem_any(p))
		return rows;
	json_decref(rows);
	return NULL;
}
