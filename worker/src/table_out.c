#include "table_out.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xlsxwriter.h>

#define SHEET_ROWS 1048576u
#define CELL_MAX   32767         /* characters of a cell that XLSX can have */
#define PAGE_BYTES (2000u << 20) /* of XML in a sheet: below what a ZIP without its 64-bit extension holds */
#define CELL_BYTES 60            /* of XML around a cell's text */

struct wk_table {
	struct wk_table_args a;
	char *path, *sheet, *tmp; /* objects */
	/* CSV */
	FILE *file;
	struct wk_encoder *encoder;
	char *line; /* the row as UTF-8 */
	size_t n_line, cap;
	int64_t bytes;
	/* XLSX */
	lxw_workbook *book;
	lxw_worksheet *page;
	lxw_format *bold;
	uint64_t row, page_bytes;
	unsigned pages;
	char *cell;
	size_t cell_cap;
	/* the heading, for the next sheet */
	char *head;
	struct wk_cell heads[WK_COLUMNS_MAX];
	size_t n_heads;
};

static void destructor(void *obj)
{
	struct wk_table *t = obj;
	if (t->file)
		fclose(t->file);
	if (t->book) /* never ended: closing it is the only way to release it */
		workbook_close(t->book);
	zj_deref(t->encoder);
	zj_deref(t->path);
	zj_deref(t->sheet);
	zj_deref(t->tmp);
	free(t->line);
	free(t->cell);
	free(t->head);
}

static int open_csv(struct wk_table *t)
{
	int fd = open(t->path, O_WRONLY | O_CREAT | O_CLOEXEC | (t->a.resume ? 0 : O_TRUNC), 0640);

	if (fd < 0)
		return errno;
	if (t->a.resume && (ftruncate(fd, t->a.resume) || lseek(fd, t->a.resume, SEEK_SET) < 0)) {
		close(fd);
		return EIO;
	}
	t->file = fdopen(fd, "w");
	if (!t->file) {
		close(fd);
		return ENOMEM;
	}
	setvbuf(t->file, NULL, _IOFBF, 256 * 1024);
	t->bytes = t->a.resume;
	return wk_encoder_alloc(&t->encoder, t->a.encoding);
}

static int open_xlsx(struct wk_table *t)
{
	lxw_workbook_options o = {.constant_memory = LXW_TRUE, .tmpdir = t->tmp};

	t->book = workbook_new_opt(t->path, &o);
	if (!t->book)
		return ENOMEM;
	t->bold = workbook_add_format(t->book);
	format_set_bold(t->bold);
	return 0;
}

int wk_table_alloc(struct wk_table **tp, const struct wk_table_args *a)
{
	struct wk_table *t = zj_alloc(sizeof(*t), destructor);

	if (!t)
		return ENOMEM;
	t->a = *a;
	t->path = zj_strdup(a->path);
	t->sheet = zj_strdup(a->sheet ? a->sheet : "Sheet");
	t->tmp = a->tmp ? zj_strdup(a->tmp) : NULL;
	if (!t->a.sheet_rows || t->a.sheet_rows > SHEET_ROWS)
		t->a.sheet_rows = SHEET_ROWS;
	int err = !t->path || !t->sheet ? ENOMEM : a->format == WK_CSV ? open_csv(t) : open_xlsx(t);
	if (err)
		zj_deref(t);
	else
		*tp = t;
	return err;
}

static bool room(char **p, size_t *cap, size_t need)
{
	if (need <= *cap)
		return true;
	size_t n = *cap ? *cap : 4096;
	while (n < need)
		n *= 2;
	char *more = realloc(*p, n);
	if (!more)
		return false;
	*p = more;
	*cap = n;
	return true;
}

/* Would a spreadsheet that opens this CSV take it for a formula? Plain numbers with a sign are left alone. */
static bool is_formula(struct wk_cell c)
{
	if (c.n == 0 || !strchr("=+-@\t\r", c.p[0]))
		return false;
	if ((c.p[0] == '-' || c.p[0] == '+') && c.n > 1) {
		for (size_t i = 1; i < c.n; i++)
			if (!strchr("0123456789.,", c.p[i]) || c.p[i] == 0)
				return true;
		return false;
	}
	return true;
}

static void csv_cell(struct wk_table *t, struct wk_cell c)
{
	char *o = t->line + t->n_line;
	bool guard = t->a.guard && is_formula(c), quote = guard;

	for (size_t i = 0; i < c.n && !quote; i++)
		quote = c.p[i] == '"' || c.p[i] == '\n' || c.p[i] == '\r' || c.p[i] == t->a.delimiter;
	if (quote)
		*o++ = '"';
	if (guard)
		*o++ = '\'';
	for (size_t i = 0; i < c.n; i++) {
		if (c.p[i] == '"')
			*o++ = '"';
		*o++ = c.p[i];
	}
	if (quote)
		*o++ = '"';
	t->n_line = (size_t)(o - t->line);
}

static int to_file(const char *text, size_t n, void *arg)
{
	struct wk_table *t = arg;
	if (fwrite(text, 1, n, t->file) != n)
		return errno ? errno : EIO;
	t->bytes += (int64_t)n;
	return 0;
}

static int csv_row(struct wk_table *t, const struct wk_cell *cells, size_t n)
{
	size_t need = 2;

	for (size_t i = 0; i < n; i++)
		need += cells[i].n * 2 + 4;
	if (!room(&t->line, &t->cap, need))
		return ENOMEM;
	t->n_line = 0;
	for (size_t i = 0; i < n; i++) {
		if (i)
			t->line[t->n_line++] = t->a.delimiter;
		csv_cell(t, cells[i]);
	}
	memcpy(t->line + t->n_line, "\r\n", 2);
	return wk_encode(t->encoder, t->line, t->n_line + 2, to_file, t);
}

/* A sheet's name: at most 31 characters, none of []:*?/\ . */
static void sheet_name(const struct wk_table *t, char out[128])
{
	char *o = out;
	int characters = 0;

	for (const char *p = t->sheet; *p && o < out + 90; p++) {
		bool first = ((unsigned char)*p & 0xc0) != 0x80;
		if (first && ++characters > 26)
			break;
		*o++ = strchr("[]:*?/\\'", *p) ? ' ' : *p;
	}
	*o = 0;
	if (t->pages > 1)
		snprintf(o, 16, " %u", t->pages);
}

static int xlsx_cells(struct wk_table *t, const struct wk_cell *cells, const enum wk_kind *kinds, size_t n,
		      lxw_format *format)
{
	for (size_t i = 0; i < n; i++) {
		char *end;
		size_t k = cells[i].n;
		if (k == 0)
			continue;
		if (!room(&t->cell, &t->cell_cap, k + 1))
			return ENOMEM;
		memcpy(t->cell, cells[i].p, k);
		t->cell[k] = 0;
		/* What is too long for a cell is cut, at a character's start. */
		for (size_t c = 0, at = 0; k > CELL_MAX && at < k; at++)
			if (((unsigned char)t->cell[at] & 0xc0) != 0x80 && ++c > CELL_MAX) {
				t->cell[at] = 0;
				break;
			}
		double v = kinds && kinds[i] == WK_DIGITS && k <= 15 ? strtod(t->cell, &end) : 0;
		lxw_error e =
			kinds && kinds[i] == WK_DIGITS && k <= 15 && *end == 0
				? worksheet_write_number(t->page, (lxw_row_t)t->row, (lxw_col_t)i, v, format)
				: worksheet_write_string(t->page, (lxw_row_t)t->row, (lxw_col_t)i, t->cell, format);
		if (e && e != LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED)
			return EIO;
		t->page_bytes += k + CELL_BYTES;
	}
	t->row++;
	return 0;
}

static int next_page(struct wk_table *t)
{
	char name[128];

	t->pages++;
	sheet_name(t, name);
	t->page = workbook_add_worksheet(t->book, name[0] ? name : NULL);
	if (!t->page)
		return ENOMEM;
	t->row = t->page_bytes = 0;
	worksheet_freeze_panes(t->page, 1, 0);
	worksheet_set_column(t->page, 0, (lxw_col_t)(t->n_heads ? t->n_heads - 1 : 0), 16, NULL);
	return t->n_heads ? xlsx_cells(t, t->heads, NULL, t->n_heads, t->bold) : 0;
}

int wk_table_head(struct wk_table *t, const struct wk_cell *cells, size_t n)
{
	size_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += cells[i].n;
	t->head = malloc(all + 1);
	if (!t->head)
		return ENOMEM;
	all = 0;
	for (size_t i = 0; i < n && i < WK_COLUMNS_MAX; i++) {
		memcpy(t->head + all, cells[i].p, cells[i].n);
		t->heads[t->n_heads++] = (struct wk_cell){t->head + all, cells[i].n};
		all += cells[i].n;
	}
	if (t->a.format == WK_XLSX)
		return next_page(t);
	if (t->a.resume)
		return 0;
	int err = t->a.bom ? wk_encode(t->encoder, "\xef\xbb\xbf", 3, to_file, t) : 0;
	return err ? err : csv_row(t, t->heads, t->n_heads);
}

int wk_table_row(struct wk_table *t, const struct wk_cell *cells, const enum wk_kind *kinds, size_t n)
{
	if (t->a.format == WK_CSV)
		return csv_row(t, cells, n);
	int err = !t->page || t->row >= t->a.sheet_rows || t->page_bytes > PAGE_BYTES ? next_page(t) : 0;
	return err ? err : xlsx_cells(t, cells, kinds, n, NULL);
}

int64_t wk_table_flush(struct wk_table *t)
{
	if (!t->file)
		return 0;
	return fflush(t->file) || fdatasync(fileno(t->file)) ? -1 : t->bytes;
}

int wk_table_end(struct wk_table *t, int64_t *bytes)
{
	struct stat st;
	int err = 0;

	if (t->book) {
		if (!t->page)
			err = next_page(t);
		err = workbook_close(t->book) ? EIO : err;
		t->book = NULL;
	} else if (wk_table_flush(t) < 0) {
		err = EIO;
	}
	if (!err && stat(t->path, &st))
		err = errno;
	if (!err)
		*bytes = st.st_size;
	return err;
}
