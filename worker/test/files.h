/* Files for the readers' tests, made on the spot: texts, and packages whose parts are given as texts. */
#ifndef WK_TEST_FILES_H
#define WK_TEST_FILES_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

static int new_file(char path[40])
{
	strcpy(path, "/tmp/zj-worker-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	return fd;
}

/* An unlinked file with these bytes. */
static int file_of(const void *bytes, size_t n)
{
	char path[40];
	int fd = new_file(path);
	unlink(path);
	assert_int_equal(write(fd, bytes, n), n);
	return fd;
}

#define TYPES                                                                                                          \
	"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" "    \
	"ContentType=\"application/xml\"/></Types>"
#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define WORKBOOK                                                                                                       \
	"<workbook xmlns=\"" MAIN                                                                                      \
	"\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>"                  \
	"<sheet name=\"one\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
#define RELS                                                                                                           \
	"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship "         \
	"Id=\"rId1\" "                                                                                                 \
	"Target=\"worksheets/sheet1.xml\"/></Relationships>"
#define SHEET(rows) "<worksheet xmlns=\"" MAIN "\"><sheetData>" rows "</sheetData></worksheet>"

/* A package of (name, text) pairs, NULL-ended; workbook and relations come by themselves unless `bare`. */
static inline int package(bool bare, ...)
{
	char path[40];
	va_list ap;
	int err = 0;

	close(new_file(path));
	zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &err);
	assert_non_null(z);
	static const char *const usual[][2] = {
		{"[Content_Types].xml", TYPES}, {"xl/workbook.xml", WORKBOOK}, {"xl/_rels/workbook.xml.rels", RELS}};
	for (size_t i = 0; i < 3 && !bare; i++)
		zip_file_add(z, usual[i][0], zip_source_buffer(z, usual[i][1], strlen(usual[i][1]), 0), 0);
	va_start(ap, bare);
	for (const char *name; (name = va_arg(ap, const char *));) {
		const char *text = va_arg(ap, const char *);
		zip_file_add(z, name, zip_source_buffer(z, text, strlen(text), 0), 0);
	}
	va_end(ap);
	assert_int_equal(zip_close(z), 0);
	FILE *f = fopen(path, "r");
	int fd = dup(fileno(f));
	fclose(f);
	unlink(path);
	return fd;
}

/* What was read, a line a row: "line|cell|cell\n", cells cut to 40 bytes. */
struct seen {
	char text[8192];
	size_t rows, longest;
	struct wk_fault fault;
	int err;
	struct wk_source source;
};

static int see_row(const struct wk_row *row, void *arg)
{
	struct seen *s = arg;
	size_t n = strlen(s->text);

	s->rows++;
	if (n > sizeof(s->text) - 1000)
		return 0;
	n += (size_t)snprintf(s->text + n, 30, "%llu", (unsigned long long)row->line);
	for (size_t i = 0; i < row->n; i++) {
		s->longest = row->cells[i].n > s->longest ? row->cells[i].n : s->longest;
		if (n < sizeof(s->text) - 100)
			n += (size_t)snprintf(s->text + n, 60, "|%.*s",
					      (int)(row->cells[i].n < 40 ? row->cells[i].n : 40), row->cells[i].p);
	}
	strcpy(s->text + n, "\n");
	return 0;
}

/* Reads it all; the descriptor is closed. */
static struct seen *see(int fd, const char *encoding, const char *sheet)
{
	static struct seen s;
	int tmp = file_of("", 0);
	const struct wk_source_args a = {fd, tmp, NULL, encoding, sheet, NULL};

	memset(&s, 0, sizeof(s));
	s.err = wk_source_open(&s.source, &a, &s.fault);
	if (!s.err)
		s.err = wk_source_read(&s.source, see_row, &s, &s.fault);
	wk_source_close(&s.source);
	close(tmp);
	close(fd);
	return &s;
}
#endif
