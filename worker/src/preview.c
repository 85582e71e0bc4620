/* `worker preview`: looks at an uploaded file for the api, which runs it in a box: JSON in, JSON out. */
#include "box.h"
#include "cell.h"
#include "worker.h"
#include "zj_box.h"
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX  (1u << 20)
#define OUTPUT_MAX 180000
#define ROWS       10
#define CELL_MAX   200
#define LOOK       (2u << 20) /* bytes */

struct preview {
	struct wk_source source;
	uint64_t skip, line;
	json_t *columns, *rows;
	size_t bytes; /* of what will be printed */
};

json_t *wk_stdin_json(void)
{
	char *text = malloc(INPUT_MAX);
	size_t n = text ? fread(text, 1, INPUT_MAX, stdin) : 0;
	json_t *o = n && n < INPUT_MAX ? json_loadb(text, n, 0, NULL) : NULL;

	free(text);
	return o;
}

/* At most CELL_MAX characters; what is no UTF-8 or has a zero is shown as it can be. */
static json_t *cell_json(struct preview *p, struct wk_cell c)
{
	char out[CELL_MAX * 4 + 8];
	size_t n = 0, characters = 0;

	for (size_t i = 0; i < c.n && n < sizeof(out) - 8; i++) {
		if (((unsigned char)c.p[i] & 0xc0) != 0x80 && ++characters > CELL_MAX)
			break;
		out[n++] = c.p[i] ? c.p[i] : ' ';
	}
	if (p->bytes + n > OUTPUT_MAX)
		n = 0;
	p->bytes += n + 4;
	json_t *s = json_stringn(out, n);
	return s ? s : json_string("");
}

static int on_row(const struct wk_row *row, void *arg)
{
	struct preview *p = arg;
	json_t *cells = json_array();

	p->line = row->line;
	for (size_t i = 0; i < row->n && json_array_size(p->rows) < ROWS; i++)
		json_array_append_new(cells, cell_json(p, row->cells[i]));
	if (row->line > p->skip && json_array_size(p->rows) >= ROWS) {
		json_decref(cells);
	} else if (row->line <= p->skip) { /* the last of the skipped rows has the titles */
		json_decref(p->columns);
		p->columns = cells;
	} else {
		json_array_append_new(p->rows, cells);
	}
	/* A little further than it shows, to judge how many rows there are. */
	return json_array_size(p->rows) >= ROWS && (p->source.xlsx || p->source.csv.at > LOOK) ? ECANCELED : 0;
}

static void squeeze(char out[300], const char *s)
{
	size_t n = 0;
	for (; s && *s && n < 299; s++)
		if (!strchr(" \t_-*（）()：:", *s) || (unsigned char)*s >= 0x80)
			out[n++] = (char)(*s >= 'A' && *s <= 'Z' ? *s + 32 : *s);
	out[n] = 0;
}

static bool alike(const char *title, const char *name)
{
	char a[300], b[300];

	squeeze(a, title);
	squeeze(b, name);
	return *a && strcmp(a, b) == 0;
}

/* Titles that equal a field's name or one of its labels, without regard to case, blanks and marks. */
static json_t *suggest(const json_t *columns, const json_t *fields)
{
	json_t *out = json_array(), *title, *f;
	size_t i, k;
	bool used[WK_COLUMNS_MAX] = {false};

	json_array_foreach (columns, i, title) {
		const char *t = json_string_value(title);
		json_array_foreach (fields, k, f) {
			const char *name = wk_text(f, "name");
			if (k >= WK_COLUMNS_MAX || used[k] || !name ||
			    !(alike(t, name) || alike(t, wk_text(f, "zh")) || alike(t, wk_text(f, "en"))))
				continue;
			used[k] = true;
			json_array_append_new(out, json_pack("{s:i, s:s}", "column", (int)i, "field", name));
			break;
		}
	}
	return out;
}

static json_t *sheets(const struct preview *p)
{
	json_t *out = json_array();
	for (size_t i = 0; p->source.xlsx && i < wk_xlsx_sheets(p->source.xlsx); i++)
		json_array_append_new(out, json_string(wk_xlsx_sheet(p->source.xlsx, i)));
	return out;
}

static void print(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT);
	json_decref(o);
}

static int fault(const struct wk_fault *f)
{
	print(json_pack("{s:{s:s, s:s, s:s, s:s}}", "error", "field", f->field, "rule", f->rule, "zh", f->zh, "en",
			f->en));
	return 1;
}

static void answer(struct preview *p, const json_t *args)
{
	const struct wk_source *s = &p->source;
	char delimiter[2] = {s->csv.delimiter, 0};
	uint64_t rows = wk_source_estimate(s, p->line);
	json_t *o =
		json_pack("{s:O, s:O, s:s, s:o, s:I}", "columns", p->columns, "rows", p->rows, "format",
			  wk_format_names[s->format], "mapping", suggest(p->columns, json_object_get(args, "fields")),
			  "total_estimate", (json_int_t)(rows > p->skip ? rows - p->skip : 0));

	if (s->format == WK_CSV) {
		json_object_set_new(o, "encoding", json_string(wk_encoding_name(s->csv.encoding)));
		json_object_set_new(o, "delimiter", json_string(delimiter));
	} else {
		json_object_set_new(o, "sheet", json_string(wk_xlsx_sheet(s->xlsx, s->sheet)));
	}
	json_object_set_new(o, "sheets", sheets(p));
	print(o);
}

static int preview(const json_t *args, int fd, int tmp)
{
	struct wk_fault f = {0};
	json_t *skip = json_object_get(args, "skip_rows");
	static struct preview p;
	const struct wk_source_args a = {fd,
					 tmp,
					 wk_text(args, "format"),
					 wk_text(args, "encoding"),
					 wk_text(args, "sheet"),
					 wk_text(args, "delimiter")};

	p.skip = json_is_integer(skip) && json_integer_value(skip) >= 0 ? (uint64_t)json_integer_value(skip) : 1;
	p.columns = json_array();
	p.rows = json_array();
	int err = wk_source_open(&p.source, &a, &f);
	if (!err)
		err = wk_source_read(&p.source, on_row, &p, &f);
	if (err == EINVAL)
		return fault(&f);
	if (err && err != ECANCELED) {
		wk_fault_set(&f, "upload_id", "unreadable", "文件无法读取", "the file cannot be read");
		return fault(&f);
	}
	answer(&p, args);
	wk_source_close(&p.source);
	return 0;
}

int wk_preview_main(void)
{
	json_t *args = wk_stdin_json();
	const char *path = wk_text(args, "file");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	int tmp = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct wk_fault f = {0};

	if (fd < 0 || tmp < 0) {
		wk_fault_set(&f, "upload_id", "reference", "上传的文件不存在", "the uploaded file is not there");
		return fault(&f);
	}
	wk_load_encodings();
	if (zj_box_shut()) {
		wk_fault_set(&f, "upload_id", "unreadable", "无法安全地读取文件", "the file cannot be read safely");
		return fault(&f);
	}
	int code = preview(args, fd, tmp);
	json_decref(args);
	return code;
}
