/* `worker template`: an empty file to be filled in and imported, made for the api: JSON in, the file out. */
#include "rows.h"
#include "worker.h"
#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

#define LIST_MAX 255 /* characters that a list of choices may have in XLSX */

/* A drop-down list below the title, when the choices fit. */
static void choices(lxw_worksheet *sheet, lxw_col_t column, const json_t *values)
{
	char *list[101];
	size_t n = 0, length = 0, i;
	json_t *v;

	json_array_foreach (values, i, v) {
		const char *s = json_is_string(v) ? json_string_value(v) : wk_text(v, "zh");
		length += s ? strlen(s) + 1 : LIST_MAX;
		if (n == 100 || length > LIST_MAX)
			return;
		list[n++] = (char *)s;
	}
	list[n] = NULL;
	lxw_data_validation rule = {.validate = LXW_VALIDATION_TYPE_LIST,
				    .value_list = list,
				    .error_type = LXW_VALIDATION_ERROR_TYPE_WARNING};
	if (n)
		worksheet_data_validation_range(sheet, 1, column, 9999, column, &rule);
}

static int fill(lxw_workbook *book, const json_t *args)
{
	lxw_worksheet *sheet = workbook_add_worksheet(book, NULL);
	lxw_format *title = workbook_add_format(book), *needed = workbook_add_format(book),
		   *text = workbook_add_format(book);
	size_t i;
	json_t *c;

	if (!sheet || !title || !needed || !text)
		return ENOMEM;
	format_set_bold(title);
	format_set_bold(needed);
	format_set_font_color(needed, LXW_COLOR_RED);
	format_set_num_format(text, "@"); /* numbers of phones stay what they are */
	json_array_foreach (json_object_get(args, "columns"), i, c) {
		const char *label = wk_text(c, "title"), *help = wk_text(c, "help");
		bool required = json_is_true(json_object_get(c, "required"));
		if (i >= WK_COLUMNS_MAX)
			break;
		worksheet_set_column(sheet, (lxw_col_t)i, (lxw_col_t)i, 18, text);
		worksheet_write_string(sheet, 0, (lxw_col_t)i, label ? label : wk_text(c, "name"),
				       required ? needed : title);
		if (help && *help && strlen(help) < 1000)
			worksheet_write_comment(sheet, 0, (lxw_col_t)i, help);
		choices(sheet, (lxw_col_t)i, json_object_get(c, "enum"));
	}
	worksheet_freeze_panes(sheet, 1, 0);
	return 0;
}

static int print(const char *path)
{
	char piece[65536];
	size_t n;
	FILE *f = fopen(path, "r");
	int err = f ? 0 : errno;

	while (f && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		if (fwrite(piece, 1, n, stdout) != n)
			err = EIO;
	if (f)
		fclose(f);
	return fflush(stdout) ? EIO : err;
}

/* The same as CSV: a line of titles. */
static int print_csv(const json_t *args)
{
	size_t i;
	json_t *c;

	fputs("\xef\xbb\xbf", stdout);
	json_array_foreach (json_object_get(args, "columns"), i, c) {
		const char *label = wk_text(c, "title") ? wk_text(c, "title") : wk_text(c, "name");
		if (i)
			fputc(',', stdout);
		csv_fwrite(stdout, label ? label : "", label ? strlen(label) : 0);
	}
	fputs("\r\n", stdout);
	return fflush(stdout) ? EIO : 0;
}

int wk_template_main(void)
{
	char path[] = "/tmp/zj-template-XXXXXX";
	json_t *args = wk_stdin_json();
	const char *format = wk_text(args, "format");

	if (format && strcmp(format, "csv") == 0) {
		int failed = print_csv(args);
		json_decref(args);
		return failed ? 1 : 0;
	}
	int fd = args ? mkstemp(path) : -1;

	if (fd < 0) {
		json_decref(args);
		return 1;
	}
	close(fd);
	lxw_workbook *book = workbook_new(path);
	int err = book ? fill(book, args) : ENOMEM;
	if (book && workbook_close(book))
		err = EIO;
	if (!err)
		err = print(path);
	unlink(path);
	json_decref(args);
	return err ? 1 : 0;
}
