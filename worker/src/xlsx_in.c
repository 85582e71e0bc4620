#include "xlsx_part.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STYLES_MAX 65536
#define CODES_MAX  4096

struct sheet {
	char *name, *rel, *part; /* objects */
	bool hidden;
};
struct code { /* a number format of the file's own */
	long id;
	enum wk_style style;
};
struct wk_xlsx {
	zip_t *zip;
	struct sheet sheets[WK_SHEETS_MAX];
	size_t n_sheets;
	bool date1904;
	struct code *codes;
	size_t n_codes;
	uint8_t *styles; /* enum wk_style of each cell format */
	size_t n_styles;
	bool in_xfs;
	struct wk_strings *strings;
	unsigned in_text, in_phonetic;
	uint64_t rows;
	int stop;
};

static void destructor(void *obj)
{
	struct wk_xlsx *x = obj;
	for (size_t i = 0; i < x->n_sheets; i++) {
		zj_deref(x->sheets[i].name);
		zj_deref(x->sheets[i].rel);
		zj_deref(x->sheets[i].part);
	}
	free(x->codes);
	free(x->styles);
	zj_deref(x->strings);
	if (x->zip)
		zip_discard(x->zip);
}

static void workbook_start(void *xml, const XML_Char *name, const XML_Char **attrs)
{
	struct wk_xlsx *x = XML_GetUserData((XML_Parser)xml);
	const char *e = wk_xml_name(name);

	if (strcmp(e, "workbookPr") == 0) {
		const char *v = wk_xml_attr(attrs, "date1904");
		x->date1904 = v && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
	} else if (strcmp(e, "sheet") == 0 && x->n_sheets < WK_SHEETS_MAX) {
		const char *title = wk_xml_attr(attrs, "name"), *id = wk_xml_attr(attrs, "id"),
			   *state = wk_xml_attr(attrs, "state");
		struct sheet *s = &x->sheets[x->n_sheets++];
		s->name = zj_strdup(title ? title : "");
		s->rel = zj_strdup(id ? id : "");
		s->hidden = state && strcmp(state, "visible") != 0;
	}
}

/* Targets are relative to xl/, or absolute. */
static void rels_start(void *xml, const XML_Char *name, const XML_Char **attrs)
{
	struct wk_xlsx *x = XML_GetUserData((XML_Parser)xml);
	const char *id = wk_xml_attr(attrs, "Id"), *target = wk_xml_attr(attrs, "Target");

	if (strcmp(wk_xml_name(name), "Relationship") != 0 || !id || !target)
		return;
	for (size_t i = 0; i < x->n_sheets; i++)
		if (x->sheets[i].rel && !x->sheets[i].part && strcmp(x->sheets[i].rel, id) == 0)
			x->sheets[i].part = *target == '/' ? zj_strdup(target + 1) : zj_asprintf("xl/%s", target);
}

static void add_code(struct wk_xlsx *x, const char *id, const char *code)
{
	if (!id || !code || x->n_codes == CODES_MAX)
		return;
	if (!x->codes)
		x->codes = calloc(CODES_MAX, sizeof(*x->codes));
	if (x->codes)
		x->codes[x->n_codes++] = (struct code){strtol(id, NULL, 10), wk_style_of_code(code)};
}

static void add_style(struct wk_xlsx *x, const char *id)
{
	long n = id ? strtol(id, NULL, 10) : 0;
	enum wk_style style = wk_style_of_id(n);

	if (!x->styles)
		x->styles = calloc(STYLES_MAX, 1);
	if (!x->styles || x->n_styles == STYLES_MAX)
		return;
	for (size_t i = 0; i < x->n_codes; i++)
		if (x->codes[i].id == n)
			style = x->codes[i].style;
	x->styles[x->n_styles++] = (uint8_t)style;
}

static void styles_start(void *xml, const XML_Char *name, const XML_Char **attrs)
{
	struct wk_xlsx *x = XML_GetUserData((XML_Parser)xml);
	const char *e = wk_xml_name(name);

	if (strcmp(e, "numFmt") == 0)
		add_code(x, wk_xml_attr(attrs, "numFmtId"), wk_xml_attr(attrs, "formatCode"));
	else if (strcmp(e, "cellXfs") == 0)
		x->in_xfs = true;
	else if (x->in_xfs && strcmp(e, "xf") == 0)
		add_style(x, wk_xml_attr(attrs, "numFmtId"));
}

static void styles_end(void *xml, const XML_Char *name)
{
	struct wk_xlsx *x = XML_GetUserData((XML_Parser)xml);
	if (strcmp(wk_xml_name(name), "cellXfs") == 0)
		x->in_xfs = false;
}

/* <si><t>a</t></si>, rich text <si><r><t>a</t></r>…</si>; <rPh> is how to read it aloud. */
static void strings_start(void *xml, const XML_Char *name, const XML_Char **attrs ZJ_UNUSED)
{
	struct wk_xlsx *x = XML_GetUserData((XML_Parser)xml);
	const char *e = wk_xml_name(name);
	x->in_text += strcmp(e, "t") == 0;
	x->in_phonetic += strcmp(e, "rPh") == 0;
}

static void strings_text(void *xml, const XML_Char *s, int n)
{
	struct wk_xlsx *x = XML_GetUserData((XML_Parser)xml);
	if (x->in_text && !x->in_phonetic)
		wk_strings_more(x->strings, s, (size_t)n);
}

static void strings_end(void *xml, const XML_Char *name)
{
	struct wk_xlsx *x = XML_GetUserData((XML_Parser)xml);
	const char *e = wk_xml_name(name);

	x->in_text -= strcmp(e, "t") == 0 && x->in_text;
	x->in_phonetic -= strcmp(e, "rPh") == 0 && x->in_phonetic;
	if (strcmp(e, "si") == 0 && !x->stop && (x->stop = wk_strings_end(x->strings)))
		XML_StopParser((XML_Parser)xml, XML_FALSE);
}

static int not_xlsx(struct wk_fault *f)
{
	return wk_fault_set(f, "upload_id", "damaged", "文件已损坏，或不是 XLSX", "the file is damaged, or no XLSX");
}

static int open_zip(struct wk_xlsx *x, int fd, struct wk_fault *f)
{
	int why = 0, own = dup(fd);

	if (own < 0)
		return errno;
	lseek(own, 0, SEEK_SET);
	x->zip = zip_fdopen(own, ZIP_CHECKCONS, &why);
	if (!x->zip) {
		close(own);
		return why == ZIP_ER_MEMORY ? ENOMEM : not_xlsx(f);
	}
	if (zip_get_num_entries(x->zip, 0) > 10000)
		return wk_fault_set(f, "upload_id", "too_large", "压缩包内文件过多", "too many files in the package");
	return 0;
}

static int read_about(struct wk_xlsx *x, struct wk_fault *f)
{
	const struct wk_part workbook = {"xl/workbook.xml", workbook_start, NULL, NULL, x, NULL},
			     rels = {"xl/_rels/workbook.xml.rels", rels_start, NULL, NULL, x, NULL},
			     styles = {"xl/styles.xml", styles_start, styles_end, NULL, x, NULL},
			     strings = {"xl/sharedStrings.xml", strings_start, strings_end, strings_text, x, &x->stop};
	int err = wk_part_read(x->zip, &workbook, f);

	if (!err)
		err = wk_part_read(x->zip, &rels, f);
	if (err == ENOENT || (!err && x->n_sheets == 0))
		return not_xlsx(f);
	if (!err && (err = wk_part_read(x->zip, &styles, f)) == ENOENT)
		err = 0;
	if (!err && (err = wk_part_read(x->zip, &strings, f)) == ENOENT)
		err = 0;
	if (err == EFBIG)
		return wk_fault_set(f, "upload_id", "too_large", "文件中的不同文本过多，请改用 CSV",
				    "too many different texts in this workbook; use CSV");
	return err;
}

int wk_xlsx_alloc(struct wk_xlsx **xp, int fd, int tmp, struct wk_fault *f)
{
	struct wk_xlsx *x = zj_alloc(sizeof(*x), destructor);
	int err = x ? wk_strings_alloc(&x->strings, tmp) : ENOMEM;

	if (!err)
		err = open_zip(x, fd, f);
	if (!err)
		err = read_about(x, f);
	if (err)
		zj_deref(x);
	else
		*xp = x;
	return err;
}

size_t wk_xlsx_sheets(const struct wk_xlsx *x)
{
	return x->n_sheets;
}

const char *wk_xlsx_sheet(const struct wk_xlsx *x, size_t i)
{
	return x->sheets[i].name ? x->sheets[i].name : "";
}

int wk_xlsx_find(const struct wk_xlsx *x, const char *name, struct wk_fault *f)
{
	char *end;
	unsigned long number = name && *name ? strtoul(name, &end, 10) : 0;

	for (size_t i = 0; i < x->n_sheets; i++)
		if (name && *name ? strcmp(wk_xlsx_sheet(x, i), name) == 0 : !x->sheets[i].hidden)
			return (int)i;
	if (!name || !*name)
		return 0;
	if (*end == 0 && number >= 1 && number <= x->n_sheets)
		return (int)number - 1;
	wk_fault_set(f, "sheet", "reference", "没有这个工作表", "there is no such sheet");
	return -1;
}

/* A sheet being read. */
struct grid {
	struct wk_xlsx *x;
	struct wk_rowbuf row, value; /* `value`: the one cell that is being read */
	uint64_t line;
	size_t column; /* of the cell, from 0 */
	char type[16];
	enum wk_style style;
	bool in_cell, in_value, in_phonetic, has_value;
	wk_row_h *h;
	void *arg;
	struct wk_fault *fault;
	int stop;
};

/* "AB12" → 27; `before` when it says none. */
static size_t column_of(const char *ref, size_t before)
{
	size_t n = 0;
	if (!ref || *ref < 'A' || *ref > 'Z')
		return before;
	for (; *ref >= 'A' && *ref <= 'Z' && n < 100000; ref++)
		n = n * 26 + (size_t)(*ref - 'A') + 1;
	return n - 1;
}

static void row_start(struct grid *g, const char **attrs)
{
	const char *r = wk_xml_attr(attrs, "r");
	uint64_t line = r ? strtoull(r, NULL, 10) : 0;
	g->line = line > g->line ? line : g->line + 1;
	wk_rowbuf_clear(&g->row);
}

static void cell_start(struct grid *g, const char **attrs)
{
	const char *t = wk_xml_attr(attrs, "t"), *s = wk_xml_attr(attrs, "s");
	unsigned long style = s ? strtoul(s, NULL, 10) : 0;

	g->column = column_of(wk_xml_attr(attrs, "r"), g->row.n);
	snprintf(g->type, sizeof(g->type), "%s", t ? t : "n");
	g->style = style < g->x->n_styles ? (enum wk_style)g->x->styles[style] : WK_NUMBER;
	g->in_cell = true;
	g->has_value = false;
	wk_rowbuf_clear(&g->value);
}

static void sheet_start(void *xml, const XML_Char *name, const XML_Char **attrs)
{
	struct grid *g = XML_GetUserData((XML_Parser)xml);
	const char *e = wk_xml_name(name);

	if (strcmp(e, "row") == 0) {
		row_start(g, attrs);
	} else if (strcmp(e, "c") == 0) {
		cell_start(g, attrs);
	} else if (g->in_cell && (strcmp(e, "v") == 0 || strcmp(e, "t") == 0)) {
		g->in_value = g->has_value = true;
	} else if (strcmp(e, "rPh") == 0) {
		g->in_phonetic = true;
	} else if (strcmp(e, "dimension") == 0) {
		const char *ref = wk_xml_attr(attrs, "ref"), *colon = ref ? strchr(ref, ':') : NULL;
		colon = colon ? colon + 1 + strspn(colon + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") : NULL;
		g->x->rows = colon ? strtoull(colon, NULL, 10) : 0;
	}
}

static void sheet_text(void *xml, const XML_Char *s, int n)
{
	struct grid *g = XML_GetUserData((XML_Parser)xml);
	if (g->in_value && !g->in_phonetic)
		wk_rowbuf_more(&g->value, s, (size_t)n);
}

/* The cell's value as a text, added to the row as one cell. */
static void cell_value(struct grid *g)
{
	char number[64], out[48];
	size_t n = g->value.used < sizeof(number) - 1 ? g->value.used : sizeof(number) - 1;

	if (n)
		memcpy(number, g->value.bytes, n);
	number[n] = 0;
	if (strcmp(g->type, "s") == 0) {
		if (!wk_strings_give(g->x->strings, strtoull(number, NULL, 10), &g->row))
			g->stop = not_xlsx(g->fault);
	} else if (strcmp(g->type, "b") == 0) {
		wk_rowbuf_more(&g->row, *number == '1' ? "TRUE" : "FALSE", *number == '1' ? 4 : 5);
	} else if (strcmp(g->type, "n") == 0 && n) {
		wk_rowbuf_more(&g->row, out, wk_style_print(out, number, g->style, g->x->date1904));
	} else {
		wk_rowbuf_more(&g->row, g->value.bytes, g->value.used);
	}
}

static void cell_end(struct grid *g)
{
	g->in_cell = false;
	if (g->value.too_big)
		g->row.too_big = true;
	if (!g->has_value || g->value.too_big)
		return;
	if (g->column >= WK_COLUMNS_MAX) {
		g->row.too_wide = g->row.too_wide || g->value.used > 0;
		return;
	}
	while (g->row.n < g->column)
		wk_rowbuf_end(&g->row);
	if (g->row.n == g->column) { /* a second cell of the same place is dropped */
		cell_value(g);
		wk_rowbuf_end(&g->row);
	}
}

static void sheet_end(void *xml, const XML_Char *name)
{
	struct grid *g = XML_GetUserData((XML_Parser)xml);
	const char *e = wk_xml_name(name);

	if (strcmp(e, "v") == 0 || strcmp(e, "t") == 0)
		g->in_value = false;
	else if (strcmp(e, "rPh") == 0)
		g->in_phonetic = false;
	else if (strcmp(e, "c") == 0)
		cell_end(g);
	else if (strcmp(e, "row") == 0 && !g->stop)
		g->stop = wk_rowbuf_give(&g->row, g->line, g->h, g->arg, g->fault);
	if (g->stop)
		XML_StopParser((XML_Parser)xml, XML_FALSE);
}

int wk_xlsx_read(struct wk_xlsx *x, size_t sheet, wk_row_h *h, void *arg, struct wk_fault *f)
{
	struct grid *g = calloc(1, sizeof(*g));

	if (!g)
		return ENOMEM;
	*g = (struct grid){.x = x, .h = h, .arg = arg, .fault = f};
	const struct wk_part p = {
		x->sheets[sheet].part ? x->sheets[sheet].part : "", sheet_start, sheet_end, sheet_text, g, &g->stop};
	int err = wk_part_read(x->zip, &p, f);
	wk_rowbuf_free(&g->row);
	wk_rowbuf_free(&g->value);
	free(g);
	return err == ENOENT ? not_xlsx(f) : err;
}

uint64_t wk_xlsx_rows(const struct wk_xlsx *x)
{
	return x->rows;
}
