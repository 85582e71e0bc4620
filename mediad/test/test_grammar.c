#include "prompt/grammar.h"
#include "testing.h"
#include <errno.h>

typedef int say_fn(char *out, size_t size, const char *value, enum md_lang lang);

static const struct row {
	say_fn *say;
	const char *value, *zh, *en;
} rows[] = {
	{md_say_ordinal, "1", "第一", "first"},
	{md_say_ordinal, "2", "第二", "second"},
	{md_say_ordinal, "3", "第三", "third"},
	{md_say_ordinal, "12", "第十二", "twelfth"},
	{md_say_ordinal, "20", "第二十", "twentieth"},
	{md_say_ordinal, "21", "第二十一", "twenty-first"},
	{md_say_ordinal, "100", "第一百", "one hundredth"},
	{md_say_ordinal, "109", "第一百零九", "one hundred and ninth"},
	{md_say_money, "12.50", "十二元五角", "twelve yuan and fifty fen"},
	{md_say_money, "2", "两元", "two yuan"},
	{md_say_money, "12.05", "十二元零五分", "twelve yuan and five fen"},
	{md_say_money, "0.25", "两角五分", "twenty-five fen"},
	{md_say_money, "0", "零元", "zero yuan"},
	{md_say_money, "-7.1", "负七元一角", "minus seven yuan and ten fen"},
	{md_say_money, "USD1.01", "一美元一美分", "one dollar and one cent"},
	{md_say_money, "1200 EUR", "一千二百欧元", "one thousand two hundred euros"},
	{md_say_money, "GBP0.02", "两便士", "two pence"},
	{md_say_money, "JPY5000", "五千日元", "five thousand yen"},
	{md_say_date, "2026-11-29", "二零二六年十一月二十九日", "November twenty-ninth, twenty twenty-six"},
	{md_say_date, "20000229", "二零零零年二月二十九日", "February twenty-ninth, two thousand"},
	{md_say_date, "2005-01-02", "二零零五年一月二日", "January second, two thousand and five"},
	{md_say_date, "19050703", "一九零五年七月三日", "July third, nineteen oh five"},
	{md_say_date, "1900-12-31", "一九零零年十二月三十一日", "December thirty-first, nineteen hundred"},
	{md_say_date, "????1001", "十月一日", "October first"},
	{md_say_date, "--10-01", "十月一日", "October first"},
	{md_say_time, "14:05", "十四点零五分", "two oh five p.m."},
	{md_say_time, "02:00", "两点整", "two a.m."},
	{md_say_time, "0000", "零点整", "twelve midnight"},
	{md_say_time, "12:00", "十二点整", "twelve noon"},
	{md_say_time, "0205p", "十四点零五分", "two oh five p.m."},
	{md_say_time, "1200a", "零点整", "twelve midnight"},
	{md_say_time, "1405h", "十四点零五分", "two oh five p.m."},
	{md_say_time, "09:30:01", "九点三十分零一秒", "nine thirty a.m. and one second"},
	{md_say_time, "23:59:59", "二十三点五十九分五十九秒", "eleven fifty-nine p.m. and fifty-nine seconds"},
	{md_say_duration, "0", "零秒", "zero seconds"},
	{md_say_duration, "1", "一秒", "one second"},
	{md_say_duration, "62", "一分钟两秒", "one minute and two seconds"},
	{md_say_duration, "3725", "一小时两分钟五秒", "one hour, two minutes and five seconds"},
	{md_say_duration, "7200", "两小时", "two hours"},
	{md_say_duration, "90061", "一天一小时一分钟一秒", "one day, one hour, one minute and one second"},
};

static void values(void **state ZJ_UNUSED)
{
	char out[400];
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		assert_int_equal(r->say(out, sizeof(out), r->value, MD_ZH), 0);
		assert_string_equal(out, r->zh);
		assert_int_equal(r->say(out, sizeof(out), r->value, MD_EN), 0);
		assert_string_equal(out, r->en);
	}
}

static void what_is_none_is_refused(void **state ZJ_UNUSED)
{
	static const struct {
		say_fn *say;
		const char *value;
	} bad[] = {
		{md_say_ordinal, "0"},
		{md_say_ordinal, "-1"},
		{md_say_ordinal, "1234567890123"},
		{md_say_ordinal, "1a"},
		{md_say_ordinal, ""},
		{md_say_money, ""},
		{md_say_money, "1.234"},
		{md_say_money, "1."},
		{md_say_money, "XXX1"},
		{md_say_money, "JPY1.5"},
		{md_say_money, "1234567890123"},
		{md_say_money, "1 USD EUR"},
		{md_say_date, "2026-13-01"},
		{md_say_date, "2026-02-29"},
		{md_say_date, "1900-02-29"},
		{md_say_date, "2026-04-31"},
		{md_say_date, "2026-1129"},
		{md_say_date, "202611-29"},
		{md_say_date, "0000-01-01"},
		{md_say_date, "2026-11-29x"},
		{md_say_date, ""},
		{md_say_time, "24:00"},
		{md_say_time, "12:60"},
		{md_say_time, "1300p"},
		{md_say_time, "0000a"},
		{md_say_time, "12:00:60"},
		{md_say_time, "12:0"},
		{md_say_time, "1200x"},
		{md_say_time, ""},
		{md_say_duration, "-1"},
		{md_say_duration, "99999999"},
		{md_say_duration, "1.5"},
		{md_say_duration, ""},
	};
	char out[400];
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(bad); i++)
		for (int lang = MD_ZH; lang <= MD_EN; lang++)
			assert_int_equal(bad[i].say(out, sizeof(out), bad[i].value, (enum md_lang)lang), EINVAL);
	assert_int_equal(md_say_duration(out, 8, "3725", MD_EN), ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(what_is_none_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
