#include "files.h"
#include <iconv.h>

static struct seen *text(const char *s)
{
	return see(file_of(s, strlen(s)), NULL, NULL);
}

static void quotes(void **state ZJ_UNUSED)
{
	assert_string_equal(text("a,b\r\n\"x, y\",\"say \"\"hi\"\"\"\r\n\"two\nlines\",z\r\n")->text,
			    "1|a|b\n2|x, y|say \"hi\"\n3|two\nlines|z\n");
	assert_string_equal(text("a\"b,c\n")->text, "1|a\"b|c\n"); /* as people type them */
}

static void line_ends(void **state ZJ_UNUSED)
{
	assert_string_equal(text("a,1\nb,2\n")->text, "1|a|1\n2|b|2\n");
	assert_string_equal(text("a,1\r\nb,2")->text, "1|a|1\n2|b|2\n");
	assert_string_equal(text("a,1\rb,2\r")->text, "1|a|1\n2|b|2\n");
	assert_string_equal(text("a,1\r\n\r\n\r\nb,2\r\n")->text, "1|a|1\n4|b|2\n"); /* empty lines count */
	assert_string_equal(text("a,1\n\nb,2\n")->text, "1|a|1\n3|b|2\n");
}

static void ragged(void **state ZJ_UNUSED)
{
	assert_string_equal(text("a,b,c\n1\n1,2,3,4\n,,\n,x\n")->text, "1|a|b|c\n2|1\n3|1|2|3|4\n5||x\n");
	assert_string_equal(text(" a , b\n")->text, "1| a | b\n"); /* what it means is for others to say */
}

static void delimiters(void **state ZJ_UNUSED)
{
	assert_int_equal(text("a;b;c\n1,5;2;3\n4;5;6\n")->source.csv.delimiter, ';');
	assert_int_equal(text("a\tb\n1\t2\n")->source.csv.delimiter, '\t');
	assert_int_equal(text("a|b\n1|2\n")->source.csv.delimiter, '|');
	assert_int_equal(text("one\ntwo\n")->source.csv.delimiter, ',');
	assert_int_equal(text("\"a;b;c;d\",x\n\"e;f;g;h\",y\n")->source.csv.delimiter, ',');
	assert_string_equal(text("a\tb c\td\n1\t \t3\n")->text, "1|a|b c|d\n2|1| |3\n");
}

static int convert(const char *to, const char *utf8, const char *bom, size_t bom_n)
{
	char out[4096], *o = out + bom_n, *in = (char *)utf8;
	size_t n = strlen(utf8), room = sizeof(out) - bom_n;
	iconv_t cd = iconv_open(to, "UTF-8");

	memcpy(out, bom, bom_n);
	assert_int_equal(iconv(cd, &in, &n, &o, &room), 0);
	iconv_close(cd);
	return file_of(out, (size_t)(o - out));
}

static void encodings(void **state ZJ_UNUSED)
{
	const char *s = "姓名,电话\r\n张三,138\r\n李四𠮷,139\r\n";
	const char *rows = "1|姓名|电话\n2|张三|138\n3|李四𠮷|139\n";

	assert_string_equal(text(s)->text, rows);
	assert_string_equal(see(convert("UTF-8", s, "\xef\xbb\xbf", 3), NULL, NULL)->text, rows);
	struct seen *seen = see(convert("GB18030", s, "", 0), NULL, NULL);
	assert_string_equal(seen->text, rows);
	assert_int_equal(seen->source.csv.encoding, WK_GB18030);
	assert_string_equal(see(convert("UTF-16LE", s, "\xff\xfe", 2), NULL, NULL)->text, rows);
	assert_string_equal(see(convert("UTF-16BE", s, "\xfe\xff", 2), NULL, NULL)->text, rows);
	assert_string_equal(see(convert("UTF-16LE", "name,phone\nabc,1\n", "", 0), NULL, NULL)->text,
			    "1|name|phone\n2|abc|1\n");
	assert_string_equal(see(convert("GB18030", s, "", 0), "gbk", NULL)->text, rows);
	assert_string_equal(see(file_of("x", 1), "klingon", NULL)->fault.rule, "enum");
}

/* A sequence that lies across two pieces of the reader's buffer comes out whole. */
static void across_pieces(void **state ZJ_UNUSED)
{
	char *big = malloc(400000);
	size_t n = 0;

	for (int i = 0; n < 390000; i++)
		n += (size_t)sprintf(big + n, "%.*s,中文\n", i % 7, "abcdefg");
	struct seen *s = see(file_of(big, n), NULL, NULL);
	assert_int_equal(s->err, 0);
	assert_null(strstr(s->text, WK_REPLACEMENT));
	assert_int_equal(s->longest, 6);
	free(big);
}

/* Bytes of another encoding in the middle: that row shows it, the others are read. */
static void wrong_in_the_middle(void **state ZJ_UNUSED)
{
	struct seen *s = text("姓名,备注\n张三,一二三四五六七八九十\n李\xff\xfe四,x\n王五,一二三四五六七八九十\n");

	assert_int_equal(s->source.csv.encoding, WK_UTF8);
	assert_string_equal(s->text, "1|姓名|备注\n2|张三|一二三四五六七八九十\n3|李" WK_REPLACEMENT WK_REPLACEMENT
				     "四|x\n4|王五|一二三四五六七八九十\n");
}

static void nul(void **state ZJ_UNUSED)
{
	struct seen *s = see(file_of("a,b\nx\0y,z\n", 10), "utf-8", NULL);

	assert_int_equal(s->err, 0);
	assert_int_equal(s->rows, 2);
	assert_int_equal(s->longest, 3); /* the zero is part of the cell, not its end */
}

static void large_cell(void **state ZJ_UNUSED)
{
	size_t n = 1 << 20;
	char *big = malloc(n * 6);

	memset(big, 'x', n * 6);
	memcpy(big, "a,b\n1,\"", 7);
	memcpy(big + 7 + n, "\"\n3,4\n", 6);
	struct seen *s = see(file_of(big, 13 + n), NULL, NULL);
	assert_int_equal(s->err, 0);
	assert_int_equal(s->rows, 3);
	assert_int_equal(s->longest, n);
	memset(big + 7 + n, 'x', 6); /* a quote that is never closed: the rest of the file is one cell */
	s = see(file_of(big, n * 6), NULL, NULL);
	assert_int_equal(s->err, EINVAL);
	assert_string_equal(s->fault.rule, "row_too_big");
	free(big);
}

static void too_wide(void **state ZJ_UNUSED)
{
	char line[1200];

	memset(line, ',', sizeof(line));
	line[700] = 'x';
	assert_string_equal(see(file_of(line, sizeof(line)), NULL, NULL)->fault.rule, "too_many_columns");
	line[700] = ',';
	line[3] = 'x';
	assert_int_equal(see(file_of(line, sizeof(line)), NULL, NULL)->err, 0); /* only delimiters out there */
}

static void empty(void **state ZJ_UNUSED)
{
	assert_string_equal(see(file_of("", 0), NULL, NULL)->fault.rule, "empty");
	assert_int_equal(text("\n\n\n")->rows, 0);
	assert_string_equal(see(file_of("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", 12), NULL, NULL)->fault.rule, "format");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes),
		cmocka_unit_test(line_ends),
		cmocka_unit_test(ragged),
		cmocka_unit_test(delimiters),
		cmocka_unit_test(encodings),
		cmocka_unit_test(across_pieces),
		cmocka_unit_test(wrong_in_the_middle),
		cmocka_unit_test(nul),
		cmocka_unit_test(large_cell),
		cmocka_unit_test(too_wide),
		cmocka_unit_test(empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
