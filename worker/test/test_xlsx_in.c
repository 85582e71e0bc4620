#include "files.h"
#include "xlsx_part.h"

#define C(ref, value)   "<c r=\"" ref "\"><v>" value "</v></c>"
#define T(ref, text)    "<c r=\"" ref "\" t=\"inlineStr\"><is><t>" text "</t></is></c>"
#define ROW(n, cells)   "<row r=\"" n "\">" cells "</row>"
#define ONE_SHEET(rows) "xl/worksheets/sheet1.xml", SHEET(rows)

static void inline_and_numbers(void **state ZJ_UNUSED)
{
	struct seen *s =
		see(package(false,
			    ONE_SHEET(ROW("1", T("A1", "姓名") T("B1", "电话"))
					      ROW("2", T("A2", "张三") C("B2", "13800138000"))
						      ROW("5", T("A5", "a &amp; b") C("C5", "1.3800138E10"))
							      ROW("6", C("A6", "0.1") C("B6", "1E-3") C("C6", "-0"))),
			    NULL),
		    NULL, NULL);
	assert_int_equal(s->err, 0);
	assert_string_equal(s->text, "1|姓名|电话\n2|张三|13800138000\n5|a & b||13800138000\n6|0.1|0.001|0\n");
}

static void shared_strings(void **state ZJ_UNUSED)
{
	struct seen *s =
		see(package(false,
			    ONE_SHEET(ROW("1", "<c r=\"A1\" t=\"s\"><v>1</v></c><c r=\"B1\" t=\"s\"><v>0</v></c><c "
					       "r=\"C1\" t=\"s\"><v>2</v></c>")),
			    "xl/sharedStrings.xml",
			    "<sst xmlns=\"" MAIN "\"><si><t>zero</t></si><si><r><t>ri</t></r><r><t>ch</t></r></si>"
			    "<si><t>漢字</t><rPh sb=\"0\" eb=\"2\"><t>かんじ</t></rPh></si></sst>",
			    NULL),
		    NULL, NULL);
	assert_string_equal(s->text, "1|rich|zero|漢字\n");
	s = see(package(false, ONE_SHEET(ROW("1", "<c r=\"A1\" t=\"s\"><v>7</v></c>")), NULL), NULL, NULL);
	assert_string_equal(s->fault.rule, "damaged"); /* points to nothing */
}

#define STYLES                                                                                                         \
	"xl/styles.xml",                                                                                               \
		"<styleSheet xmlns=\"" MAIN "\"><numFmts count=\"2\"><numFmt numFmtId=\"164\" "                        \
		"formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;\"/>"                                 \
		"<numFmt numFmtId=\"165\" formatCode=\"#,##0.00&quot;day&quot;\"/></numFmts>"                          \
		"<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/>" \
		"<xf numFmtId=\"22\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/><xf "                                \
		"numFmtId=\"21\"/></cellXfs></styleSheet>"

static void dates(void **state ZJ_UNUSED)
{
	struct seen *s = see(
		package(false, STYLES,
			ONE_SHEET(ROW(
				"1",
				"<c r=\"A1\" s=\"1\"><v>46347</v></c><c r=\"B1\" s=\"2\"><v>46347.354166666664</v></c>"
				"<c r=\"C1\" s=\"3\"><v>1</v></c><c r=\"D1\" s=\"4\"><v>46347</v></c>"
				"<c r=\"E1\" s=\"5\"><v>0.354166666666667</v></c><c r=\"F1\" s=\"1\"><v>61</v></c>")),
			NULL),
		NULL, NULL);
	assert_string_equal(s->text, "1|2026-11-21|2026-11-21 08:30:00|1900-01-01|46347|08:30:00|1900-03-01\n");
}

static void date_of_1904(void **state ZJ_UNUSED)
{
	struct seen *s =
		see(package(true, "xl/workbook.xml",
			    "<workbook xmlns=\"" MAIN
			    "\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">"
			    "<workbookPr date1904=\"1\"/><sheets><sheet name=\"one\" sheetId=\"1\" "
			    "r:id=\"rId1\"/></sheets></workbook>",
			    "xl/_rels/workbook.xml.rels", RELS, STYLES,
			    ONE_SHEET(ROW("1", "<c r=\"A1\" s=\"1\"><v>44885</v></c>")), NULL),
		    NULL, NULL);
	assert_string_equal(s->text, "1|2026-11-21\n");
}

static void formulas_and_others(void **state ZJ_UNUSED)
{
	struct seen *s = see(package(false,
				     ONE_SHEET(ROW("1", "<c r=\"A1\"><f>1+1</f><v>2</v></c><c r=\"B1\" "
							"t=\"str\"><f>A1&amp;\"x\"</f><v>2x</v></c>"
							"<c r=\"C1\" t=\"b\"><v>1</v></c><c r=\"D1\" "
							"t=\"e\"><v>#N/A</v></c><c r=\"E1\" s=\"9\"/>"
							"<c r=\"F1\" t=\"d\"><v>2026-11-21</v></c>")),
				     NULL),
			     NULL, NULL);
	assert_string_equal(s->text, "1|2|2x|TRUE|#N/A||2026-11-21\n");
}

/* What the sheet says of its size is not believed; cells far out count only when there is something in them. */
static void huge_dimension(void **state ZJ_UNUSED)
{
	struct seen *s = see(package(false, "xl/worksheets/sheet1.xml",
				     "<worksheet xmlns=\"" MAIN "\"><dimension ref=\"A1:XFD1048576\"/><sheetData>"
				     "<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"XFD1\" s=\"3\"/></row><row "
				     "r=\"1048576\"><c r=\"B1048576\"><v>2</v></c>"
				     "</row></sheetData></worksheet>",
				     NULL),
			     NULL, NULL);
	assert_int_equal(s->err, 0);
	assert_string_equal(s->text, "1|1\n1048576||2\n");
	s = see(package(false, ONE_SHEET(ROW("1", C("XFD1", "5"))), NULL), NULL, NULL);
	assert_string_equal(s->fault.rule, "too_many_columns");
}

static void no_references(void **state ZJ_UNUSED) /* rows and cells without r= are counted */
{
	struct seen *s = see(
		package(false, ONE_SHEET("<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"), NULL),
		NULL, NULL);
	assert_string_equal(s->text, "1|1|2\n2|3\n");
}

static void sheets(void **state ZJ_UNUSED)
{
#define TWO                                                                                                            \
	"xl/workbook.xml",                                                                                             \
		"<workbook xmlns=\"" MAIN                                                                              \
		"\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">"                  \
		"<sheets><sheet name=\"hidden\" state=\"hidden\" r:id=\"a\"/><sheet name=\"二\" "                     \
		"r:id=\"b\"/></sheets></workbook>",                                                                    \
		"xl/_rels/workbook.xml.rels",                                                                          \
		"<Relationships><Relationship Id=\"a\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"b\" "      \
		"Target=\"/xl/other.xml\"/></Relationships>",                                                          \
		ONE_SHEET(ROW("1", C("A1", "1"))), "xl/other.xml", SHEET(ROW("1", C("A1", "2")))
	assert_string_equal(see(package(true, TWO, NULL), NULL, NULL)->text, "1|2\n");
	assert_string_equal(see(package(true, TWO, NULL), NULL, "hidden")->text, "1|1\n");
	assert_string_equal(see(package(true, TWO, NULL), NULL, "2")->text, "1|2\n");
	assert_string_equal(see(package(true, TWO, NULL), NULL, "none")->fault.field, "sheet");
}

static void entities(void **state ZJ_UNUSED)
{
	struct seen *s =
		see(package(false, "xl/worksheets/sheet1.xml",
			    "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" SHEET(
				    ROW("1", T("A1", "&e;"))),
			    NULL),
		    NULL, NULL);
	assert_int_equal(s->err, EINVAL);
	assert_string_equal(s->fault.rule, "doctype");
	assert_int_equal(s->rows, 0);
}

/* The refusal of a sheet that is `head` and then n blanks. */
static const char *blanks_after(const char *head, size_t n)
{
	char *big = malloc(n + 1);

	memset(big, ' ', n);
	big[n] = 0;
	memcpy(big, head, strlen(head));
	struct seen *s = see(package(false, "xl/worksheets/sheet1.xml", big, NULL), NULL, NULL);
	free(big);
	assert_int_equal(s->err, EINVAL);
	return s->fault.rule;
}

static void
bomb(void **state ZJ_UNUSED) /* 80 MB of blanks in 80 kB; a tag without an end, which no reader may hold whole */
{
	assert_string_equal(blanks_after("<worksheet xmlns=\"" MAIN "\"><sheetData>", 80u << 20), "too_large");
	assert_string_equal(blanks_after("<worksheet xmlns=\"" MAIN "\"><sheet", 8u << 20), "too_large");
}

static void truncated(void **state ZJ_UNUSED)
{
	int whole = package(false, ONE_SHEET(ROW("1", T("A1", "a"))), NULL);
	char bytes[8192];
	ssize_t n = pread(whole, bytes, sizeof(bytes), 0);

	close(whole);
	assert_true(n > 200);
	for (ssize_t cut = 10; cut < n - 1; cut += 37) {
		struct seen *s = see(file_of(bytes, (size_t)cut), NULL, NULL);
		assert_int_equal(s->err, EINVAL);
		assert_int_equal(s->rows, 0);
	}
	assert_string_equal(
		see(package(false, "xl/worksheets/sheet1.xml", "<worksheet><sheetData><row>", NULL), NULL, NULL)
			->fault.rule,
		"damaged");
	assert_string_equal(see(package(true, "word/document.xml", "<w/>", NULL), NULL, NULL)->fault.rule, "damaged");
}

/* More strings than fit into memory come back whole from the file. */
static void strings_spill(void **state ZJ_UNUSED)
{
	struct wk_strings *s;
	struct wk_rowbuf row = {0};
	char text[4000];
	int tmp = file_of("", 0);

	assert_int_equal(wk_strings_alloc(&s, tmp), 0);
	for (int i = 0; i < 20000; i++) { /* 60 MB */
		int n = snprintf(text, sizeof(text), "%d:%03000d", i, i);
		wk_strings_more(s, text, 100);
		wk_strings_more(s, text + 100, (size_t)n - 100);
		assert_int_equal(wk_strings_end(s), 0);
	}
	for (int i = 0; i < 20000; i += 777) {
		int n = snprintf(text, sizeof(text), "%d:%03000d", i, i);
		wk_rowbuf_clear(&row);
		assert_true(wk_strings_give(s, (uint64_t)i, &row));
		assert_int_equal(row.used, n);
		assert_memory_equal(row.bytes, text, (size_t)n);
	}
	assert_false(wk_strings_give(s, 20000, &row));
	wk_rowbuf_free(&row);
	zj_deref(s);
	close(tmp);
}

static void formats(void **state ZJ_UNUSED)
{
	assert_int_equal(wk_style_of_code("General"), WK_NUMBER);
	assert_int_equal(wk_style_of_code("0.00E+00"), WK_NUMBER);
	assert_int_equal(wk_style_of_code("[Red]#,##0"), WK_NUMBER);
	assert_int_equal(wk_style_of_code("\"d\"0"), WK_NUMBER);
	assert_int_equal(wk_style_of_code("yyyy/mm/dd hh:mm"), WK_DATETIME);
	assert_int_equal(wk_style_of_code("[h]:mm:ss"), WK_TIME);
	assert_int_equal(wk_style_of_code("mmm-yy"), WK_DATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inline_and_numbers),
		cmocka_unit_test(shared_strings),
		cmocka_unit_test(dates),
		cmocka_unit_test(date_of_1904),
		cmocka_unit_test(formulas_and_others),
		cmocka_unit_test(huge_dimension),
		cmocka_unit_test(no_references),
		cmocka_unit_test(sheets),
		cmocka_unit_test(entities),
		cmocka_unit_test(bomb),
		cmocka_unit_test(truncated),
		cmocka_unit_test(strings_spill),
		cmocka_unit_test(formats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
