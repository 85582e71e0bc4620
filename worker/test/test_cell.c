#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cell.h"
#include "rejects.h"
#include "table_out.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct wk_cell cell(const char *s)
{
	return (struct wk_cell){s, strlen(s)};
}

static void trims(void **state ZJ_UNUSED)
{
	static const char *const cases[][2] = {{" a ", "a"},
					       {"\xe3\x80\x80\xe5\xbc\xa0\xe3\x80\x80", "\xe5\xbc\xa0"},
					       {"\xc2\xa0x\t\r\n", "x"},
					       {"  ", ""},
					       {"a b", "a b"}};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		struct wk_cell c = wk_cell_trim(cell(cases[i][0]));
		assert_int_equal(c.n, strlen(cases[i][1]));
		assert_memory_equal(c.p, cases[i][1], c.n);
	}
}

static void booleans(void **state ZJ_UNUSED)
{
	static const char *const yes[] = {"是", "yes", "TRUE", "1", "Y"}, *const no[] = {"否", "no", "False", "0", "N"};

	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(wk_cell_boolean(cell(yes[i])), 1);
		assert_int_equal(wk_cell_boolean(cell(no[i])), 0);
	}
	assert_int_equal(wk_cell_boolean(cell("maybe")), -1);
	assert_int_equal(wk_cell_boolean(cell("")), -1);
}

static void times(void **state ZJ_UNUSED)
{
	static const struct {
		const char *in, *date, *time; /* NULL: it is none */
	} cases[] = {
		{"2026-11-21", "2026-11-21", "2026-11-20T16:00:00.000000Z"},
		{"2026/1/2 8:05", "2026-01-02", "2026-01-02T00:05:00.000000Z"},
		{"2026年1月2日", "2026-01-02", "2026-01-01T16:00:00.000000Z"},
		{"2026.11.21 23:59:59", "2026-11-21", "2026-11-21T15:59:59.000000Z"},
		{"20261121", "2026-11-21", "2026-11-20T16:00:00.000000Z"},
		{"2026-11-21T08:00:00.500", "2026-11-21", "2026-11-21T00:00:00.000000Z"},
		{"2024-02-29", "2024-02-29", "2024-02-28T16:00:00.000000Z"},
		{"2026-02-29", NULL, NULL},
		{"2026-13-01", NULL, NULL},
		{"2026-11-21 25:00", NULL, NULL},
		{"2026-11-21 x", NULL, NULL},
		{"21.11.2026", NULL, NULL},
		{"", NULL, NULL},
		{"20261", NULL, NULL},
	};
	char out[40];

	setenv("TZ", "Asia/Shanghai", 1);
	tzset();
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		assert_int_equal(wk_cell_time(cell(cases[i].in), true, out), cases[i].date != NULL);
		if (cases[i].date)
			assert_string_equal(out, cases[i].date);
		assert_int_equal(wk_cell_time(cell(cases[i].in), false, out), cases[i].time != NULL);
		if (cases[i].time)
			assert_string_equal(out, cases[i].time);
	}
	assert_true(wk_cell_time(cell("2026-11-21T08:00:00Z"), false, out)); /* RFC 3339 says its zone itself */
	assert_string_equal(out, "2026-11-21T08:00:00Z");
}

static void labels(void **state ZJ_UNUSED)
{
	json_t *map = json_loads("{\"black\":{\"zh\":\"黑\",\"en\":\"Black\"},\"b2\":{\"zh\":\"black\",\"en\":\"x\"}}",
				 0, NULL);
	json_t *list = json_loads("[{\"value\":\"m\",\"zh\":\"男\",\"en\":\"Male\"},\"plain\"]", 0, NULL);

	assert_string_equal(wk_cell_code(map, cell("黑")), "black");
	assert_string_equal(wk_cell_code(map, cell("BLACK")), "black");
	assert_string_equal(wk_cell_code(map, cell("black")), "black");
	assert_null(wk_cell_code(map, cell("white")));
	assert_string_equal(wk_cell_code(list, cell("男")), "m");
	assert_string_equal(wk_cell_code(list, cell("male")), "m");
	assert_string_equal(wk_cell_code(list, cell("plain")), "plain");
	assert_string_equal(wk_cell_label(map, "black", true), "黑");
	assert_string_equal(wk_cell_label(list, "m", false), "Male");
	assert_string_equal(wk_cell_label(list, "other", false), "other");
	json_decref(map);
	json_decref(list);
}

static void pieces(void **state ZJ_UNUSED)
{
	struct wk_cell rest = cell("a, b；c、 ,d"), piece;
	const char *const want[] = {"a", "b", "c", "", "d"};

	for (size_t i = 0; i < 5; i++) {
		assert_true(wk_cell_piece(&rest, &piece, ",;|"));
		assert_int_equal(piece.n, strlen(want[i]));
		assert_memory_equal(piece.p, want[i], piece.n);
	}
	assert_false(wk_cell_piece(&rest, &piece, ",;|"));
}

static char *file_text(const char *path)
{
	static char text[4096];
	FILE *f = fopen(path, "r");
	size_t n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = 0;
	fclose(f);
	return text;
}

/* What a spreadsheet would compute gets a quote; numbers with a sign do not; quotes, ends of lines and delimiters are
 * quoted. */
static void writes_csv(void **state ZJ_UNUSED)
{
	const char path[] = "/tmp/zj-test-table.csv";
	const struct wk_cell head[] = {cell("a"), cell("b")};
	const struct wk_cell rows[][2] = {{cell("=1+1"), cell("-5")},
					  {cell("@x"), cell("+8613")},
					  {cell("say \"hi\""), cell("x,y")},
					  {cell("two\nlines"), cell("-a")}};
	const struct wk_table_args args = {
		.path = path, .format = WK_CSV, .encoding = WK_UTF8, .guard = true, .delimiter = ','};
	struct wk_table *t;
	int64_t bytes, half;

	assert_int_equal(wk_table_alloc(&t, &args), 0);
	assert_int_equal(wk_table_head(t, head, 2), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(wk_table_row(t, rows[i], NULL, 2), 0);
	half = wk_table_flush(t);
	assert_int_equal(wk_table_row(t, rows[0], NULL, 2), 0); /* written after the checkpoint: cut off below */
	assert_int_equal(wk_table_end(t, &bytes), 0);
	zj_deref(t);
	struct wk_table_args again = args;
	again.resume = half;
	assert_int_equal(wk_table_alloc(&t, &again), 0);
	assert_int_equal(wk_table_head(t, head, 2), 0);
	for (size_t i = 2; i < 4; i++)
		assert_int_equal(wk_table_row(t, rows[i], NULL, 2), 0);
	assert_int_equal(wk_table_end(t, &bytes), 0);
	zj_deref(t);
	assert_string_equal(
		file_text(path),
		"a,b\r\n\"'=1+1\",-5\r\n\"'@x\",+8613\r\n\"say \"\"hi\"\"\",\"x,y\"\r\n\"two\nlines\",\"'-a\"\r\n");
	assert_int_equal(bytes, strlen(file_text(path)));
	unlink(path);
}

static int see_last(const struct wk_row *row, void *arg)
{
	char *out = arg;
	snprintf(out, 100, "%llu:%.*s", (unsigned long long)row->line, (int)row->cells[0].n, row->cells[0].p);
	return 0;
}

/* More rows than a sheet can have: further sheets, each with its heading. */
static void writes_sheets(void **state ZJ_UNUSED)
{
	const char path[] = "/tmp/zj-test-table.xlsx";
	const struct wk_cell head = cell("n");
	const struct wk_table_args args = {.path = path, .format = WK_XLSX, .sheet = "a/b", .sheet_rows = 4};
	struct wk_table *t;
	struct wk_source s;
	struct wk_fault f;
	int64_t bytes;
	char text[12], last[100];

	assert_int_equal(wk_table_alloc(&t, &args), 0);
	assert_int_equal(wk_table_head(t, &head, 1), 0);
	for (int i = 1; i <= 10; i++) {
		const enum wk_kind kind = WK_DIGITS;
		snprintf(text, sizeof(text), "%d", i);
		const struct wk_cell c = cell(text);
		assert_int_equal(wk_table_row(t, &c, &kind, 1), 0);
	}
	assert_int_equal(wk_table_end(t, &bytes), 0);
	zj_deref(t);
	FILE *file = fopen(path, "r"), *tmp = tmpfile();
	const struct wk_source_args a = {.fd = fileno(file), .tmp = fileno(tmp)};
	assert_int_equal(wk_source_open(&s, &a, &f), 0);
	assert_int_equal(wk_xlsx_sheets(s.xlsx), 4);
	assert_string_equal(wk_xlsx_sheet(s.xlsx, 0), "a b");
	assert_string_equal(wk_xlsx_sheet(s.xlsx, 3), "a b 4");
	s.sheet = 3;
	assert_int_equal(wk_source_read(&s, see_last, last, &f), 0);
	assert_string_equal(last, "2:10");
	wk_source_close(&s);
	fclose(file);
	fclose(tmp);
	unlink(path);
}

/* Cut back to the checkpoint, and written in the order of the file. */
static void keeps_rejects(void **state ZJ_UNUSED)
{
	const char path[] = "/tmp/zj-test-rejects.part", out[] = "/tmp/zj-test-rejects.csv";
	const struct wk_cell cells[] = {cell("x"), cell("1,2")};
	const struct wk_about about = {.format = WK_CSV, .encoding = WK_UTF8, .delimiter = ';'};
	const struct wk_row head = {1, cells, 1};
	const struct wk_rejects_args args = {.path = out, .about = &about, .head = &head, .zh = true};
	struct wk_rejects *r, *late;
	int64_t keep, bytes;

	unlink(path);
	assert_int_equal(wk_rejects_alloc(&r, path, 0), 0);
	assert_int_equal(wk_rejects_add(r, &(struct wk_row){9, cells, 2}, "nine"), 0);
	assert_int_equal(wk_rejects_add(r, &(struct wk_row){4, cells, 1}, "four"), 0);
	keep = wk_rejects_flush(r);
	assert_int_equal(wk_rejects_add(r, &(struct wk_row){10, cells, 2}, "lost"), 0);
	late = r; /* a process that was overtaken and does not know it yet */
	assert_int_equal(wk_rejects_alloc(&r, path, keep), 0);
	assert_int_equal(wk_rejects_count(r), 2);
	assert_int_equal(wk_rejects_add(r, &(struct wk_row){12, cells, 2}, "twelve"), 0);
	assert_true(wk_rejects_flush(r) > keep);
	assert_int_equal(wk_rejects_add(late, &(struct wk_row){11, cells, 2}, "too late"), 0);
	assert_true(wk_rejects_flush(late) > keep);
	zj_deref(late);
	assert_int_equal(wk_rejects_write(r, &args, &bytes), 0);
	assert_string_equal(file_text(out),
			    "\xef\xbb\xbfx;;行号;原因\r\nx;;4;four\r\nx;1,2;9;nine\r\nx;1,2;12;twelve\r\n");
	zj_deref(r);
	assert_int_equal(wk_rejects_alloc(&r, path, keep + 100000), EIO);
	unlink(path);
	unlink(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trims),         cmocka_unit_test(booleans),      cmocka_unit_test(times),
		cmocka_unit_test(labels),        cmocka_unit_test(pieces),        cmocka_unit_test(writes_csv),
		cmocka_unit_test(writes_sheets), cmocka_unit_test(keeps_rejects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
