/* XLSX files of strangers. The first byte chooses: a package as it is, or one whose sheet, strings or styles are the
 * input. */
#include "xlsx_in.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zip.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_row(const struct wk_row *row, void *arg)
{
	uint64_t *last = arg;

	if (row->n > WK_COLUMNS_MAX || row->line <= *last)
		abort();
	*last = row->line;
	return 0;
}

static void add(zip_t *z, const char *name, const void *text, size_t n)
{
	zip_file_add(z, name, zip_source_buffer(z, text, n, 0), 0);
}

/* Writes a package around the part into `fd`. */
static void package(int fd, const char *part, const void *data, size_t size)
{
	static const char
		workbook[] = "<workbook xmlns:r=\"r\"><sheets><sheet name=\"a\" r:id=\"i\"/></sheets></workbook>",
		rels[] = "<Relationships><Relationship Id=\"i\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
		sheet[] = "<worksheet><sheetData><row><c t=\"s\" s=\"1\"><v>0</v></c><c "
			  "s=\"1\"><v>46000.5</v></c></row></sheetData></worksheet>";
	zip_error_t error;
	zip_source_t *to = zip_source_buffer_create(NULL, 0, 0, &error);
	zip_t *z = zip_open_from_source(to, ZIP_TRUNCATE, &error);
	char bytes[65536];
	zip_int64_t n;

	zip_source_keep(to);
	add(z, "xl/workbook.xml", workbook, sizeof(workbook) - 1);
	add(z, "xl/_rels/workbook.xml.rels", rels, sizeof(rels) - 1);
	if (strcmp(part, "xl/worksheets/sheet1.xml") != 0)
		add(z, "xl/worksheets/sheet1.xml", sheet, sizeof(sheet) - 1);
	add(z, part, data, size);
	if (zip_close(z) == 0 && zip_source_open(to) == 0) {
		while ((n = zip_source_read(to, bytes, sizeof(bytes))) > 0)
			if (write(fd, bytes, (size_t)n) != n)
				abort();
		zip_source_close(to);
	}
	zip_source_free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const parts[] = {NULL, "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"};
	int fd = memfd_create("xlsx", 0), tmp = memfd_create("tmp", 0);
	struct wk_fault f = {0};
	struct wk_xlsx *x = NULL;
	uint64_t last = 0;

	if (size < 2)
		goto out;
	if (parts[data[0] % 4])
		package(fd, parts[data[0] % 4], data + 1, size - 1);
	else if (write(fd, data + 1, size - 1) != (ssize_t)size - 1)
		goto out;
	if (wk_xlsx_alloc(&x, fd, tmp, &f) == 0) {
		int sheet = wk_xlsx_find(x, NULL, &f);
		if (sheet >= 0 && wk_xlsx_read(x, (size_t)sheet, on_row, &last, &f) && !*f.en)
			abort(); /* a refusal says why */
		zj_deref(x);
	}
out:
	close(fd);
	close(tmp);
	return 0;
}
