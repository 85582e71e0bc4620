#include "csv_in.h"
#include <csv.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE 65536

static const char delimiters[] = ",;\t|";

/* The first rows as text, to count delimiters in. */
struct sample {
	char text[16384];
	size_t n;
};

static int sample_h(const char *text, size_t n, void *arg)
{
	struct sample *s = arg;
	size_t room = sizeof(s->text) - s->n;
	memcpy(s->text + s->n, text, n < room ? n : room);
	s->n += n < room ? n : room;
	return s->n == sizeof(s->text);
}

/* Of the delimiters outside of quotes the one that most lines have, and the same number of; then the most frequent. */
static char guess_delimiter(const struct sample *s)
{
	char best = ',';
	long best_score = 0;

	for (const char *d = delimiters; *d; d++) {
		long lines = 0, with = 0, first = 0, count = 0, same = 0;
		bool quoted = false;
		for (size_t i = 0; i < s->n && lines < 50; i++) {
			char c = s->text[i];
			if (c == '"')
				quoted = !quoted;
			else if (!quoted && c == *d)
				count++;
			if ((c == '\n' && !quoted) || i + 1 == s->n) {
				first = lines++ ? first : count;
				with += count > 0;
				same += count > 0 && count == first;
				count = 0;
			}
		}
		long score = with * 100 + same * 100 + (first < 100 ? first : 99);
		if (with && score > best_score) {
			best_score = score;
			best = *d;
		}
	}
	return best;
}

static int guess(int fd, struct wk_guess *g)
{
	char piece[PIECE];
	ssize_t n;
	off_t at = 0;

	while ((n = pread(fd, piece, sizeof(piece), at)) > 0) {
		wk_guess_add(g, piece, (size_t)n);
		at += n;
	}
	return n < 0 ? EIO : 0;
}

static int find_delimiter(struct wk_csv *csv, int fd)
{
	char piece[8192];
	struct sample *s = calloc(1, sizeof(*s));
	struct wk_decoder *d = NULL;
	ssize_t n = pread(fd, piece, sizeof(piece), 0);
	int err = !s ? ENOMEM : n < 0 ? EIO : wk_decoder_alloc(&d, csv->encoding);

	if (!err) {
		wk_decode(d, piece, (size_t)n, false, sample_h, s); /* non-zero: the sample is full */
		csv->delimiter = guess_delimiter(s);
	}
	zj_deref(d);
	free(s);
	return err;
}

int wk_csv_open(struct wk_csv *csv, int fd, const char *encoding, char delimiter, struct wk_fault *f)
{
	struct wk_guess g = {0};
	int err = 0;

	*csv = (struct wk_csv){.delimiter = delimiter};
	if (delimiter && !strchr(delimiters, delimiter))
		return wk_fault_set(f, "delimiter", "enum", "分隔符应为逗号、分号、制表符或竖线",
				    "the delimiter must be a comma, semicolon, tab or bar");
	if (encoding && *encoding) {
		csv->encoding = wk_encoding_find(encoding);
		if (csv->encoding == WK_ENCODING_COUNT)
			return wk_fault_set(f, "encoding", "enum", "编码应为 utf-8、gb18030、utf-16le 或 utf-16be",
					    "the encoding must be utf-8, gb18030, utf-16le or utf-16be");
	} else {
		err = guess(fd, &g);
		csv->encoding = wk_guess_end(&g);
	}
	if (!err && !delimiter)
		err = find_delimiter(csv, fd);
	if (!err)
		err = wk_decoder_alloc(&csv->decoder, csv->encoding);
	return err;
}

struct reading {
	struct wk_csv *csv;
	struct csv_parser parser;
	struct wk_rowbuf row;
	uint64_t line;
	int last_end; /* the character that ended the row before */
	wk_row_h *h;
	void *arg;
	struct wk_fault *fault;
	int err;
};

static void on_cell(void *text, size_t n, void *arg)
{
	struct reading *r = arg;
	if (!r->err)
		wk_rowbuf_add(&r->row, text, n);
}

/* A row's end; also each end of an empty line, of which the LF of a CR LF is none. */
static void on_end(int c, void *arg)
{
	struct reading *r = arg;

	if (r->err)
		return;
	if (r->row.n == 0 && !r->row.too_big && c == '\n' && r->last_end == '\r') {
		r->last_end = c;
		return;
	}
	r->last_end = c;
	r->line++;
	r->err = wk_rowbuf_give(&r->row, r->line, r->h, r->arg, r->fault);
	wk_rowbuf_clear(&r->row);
}

/* libcsv's own buffer holds one cell: it may not grow beyond a row's bound. */
static void *bounded(void *p, size_t n)
{
	return n > WK_ROW_MAX + PIECE ? NULL : realloc(p, n);
}

static int no_space(unsigned char c ZJ_UNUSED)
{
	return 0;
}

static int on_text(const char *text, size_t n, void *arg)
{
	struct reading *r = arg;

	if (csv_parse(&r->parser, text, n, on_cell, on_end, r) != n && !r->err)
		r->err = wk_fault_line(r->fault, "upload_id", "row_too_big", r->line + 1,
				       "第 %llu 行的一个单元格超过 4 MB（引号是否没有配对？）",
				       "a cell in row %llu is larger than 4 MB (is a quote not closed?)");
	return r->err;
}

static int read_all(struct reading *r, int fd)
{
	char piece[PIECE];
	ssize_t n;
	off_t at = 0;

	while (!r->err && (n = pread(fd, piece, sizeof(piece), at)) != 0) {
		if (n < 0)
			return EIO;
		at += n;
		r->csv->at = (uint64_t)at;
		r->err = wk_decode(r->csv->decoder, piece, (size_t)n, false, on_text, r);
	}
	if (!r->err)
		r->err = wk_decode(r->csv->decoder, "", 0, true, on_text, r);
	if (!r->err)
		csv_fini(&r->parser, on_cell, on_end, r);
	return r->err;
}

int wk_csv_read(struct wk_csv *csv, int fd, wk_row_h *h, void *arg, struct wk_fault *f)
{
	struct reading *r = calloc(1, sizeof(*r));

	if (!r)
		return ENOMEM;
	*r = (struct reading){.csv = csv, .h = h, .arg = arg, .fault = f, .last_end = -1};
	if (csv_init(&r->parser, CSV_REPALL_NL)) {
		free(r);
		return ENOMEM;
	}
	csv_set_delim(&r->parser, (unsigned char)csv->delimiter);
	csv_set_realloc_func(&r->parser, bounded);
	csv_set_blk_size(&r->parser, 16384);
	csv_set_space_func(&r->parser, no_space);
	int err = read_all(r, fd);
	csv_free(&r->parser);
	wk_rowbuf_free(&r->row);
	free(r);
	return err;
}

void wk_csv_close(struct wk_csv *csv)
{
	csv->decoder = zj_deref(csv->decoder);
}
