#include "prompt/words.h"
#include "testing.h"
#include <errno.h>

static const struct {
	int64_t n;
	const char *zh, *en;
} rows[] = {
	{0, "零", "zero"},
	{5, "五", "five"},
	{10, "十", "ten"},
	{12, "十二", "twelve"},
	{20, "二十", "twenty"},
	{42, "四十二", "forty-two"},
	{100, "一百", "one hundred"},
	{101, "一百零一", "one hundred and one"},
	{110, "一百一十", "one hundred and ten"},
	{1000, "一千", "one thousand"},
	{1001, "一千零一", "one thousand and one"},
	{1010, "一千零一十", "one thousand and ten"},
	{2345, "二千三百四十五", "two thousand three hundred and forty-five"},
	{10000, "一万", "ten thousand"},
	{10005, "一万零五", "ten thousand and five"},
	{100000, "十万", "one hundred thousand"},
	{100500, "十万零五百", "one hundred thousand five hundred"},
	{1000000, "一百万", "one million"},
	{10002000, "一千万二千", "ten million two thousand"},
	{100000001, "一亿零一", "one hundred million and one"},
	{100001000, "一亿零一千", "one hundred million one thousand"},
	{120000000, "一亿二千万", "one hundred and twenty million"},
	{999999999999, "九千九百九十九亿九千九百九十九万九千九百九十九",
	 "nine hundred and ninety-nine billion nine hundred and ninety-nine million nine hundred and ninety-nine "
	 "thousand nine hundred and ninety-nine"},
	{-7, "负七", "minus seven"},
};

static void numbers(void **state ZJ_UNUSED)
{
	char out[400];
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(rows); i++) {
		assert_int_equal(md_words_number(out, sizeof(out), rows[i].n, MD_ZH), 0);
		assert_string_equal(out, rows[i].zh);
		assert_int_equal(md_words_number(out, sizeof(out), rows[i].n, MD_EN), 0);
		if (rows[i].n >= 0)
			assert_string_equal(out, rows[i].en);
	}
	assert_int_equal(md_words_number(out, sizeof(out), 1000000000000, MD_EN), ERANGE);
	assert_int_equal(md_words_number(out, 10, 123456, MD_EN), ENAMETOOLONG);
}

static void digits(void **state ZJ_UNUSED)
{
	char out[100];
	assert_int_equal(md_words_digits(out, sizeof(out), "4*0#", MD_EN), 0);
	assert_string_equal(out, "four, star, zero, hash");
	assert_int_equal(md_words_digits(out, sizeof(out), "47", MD_ZH), 0);
	assert_string_equal(out, "四, 七");
	assert_int_equal(md_words_digits(out, sizeof(out), "4a", MD_EN), EINVAL);
	assert_int_equal(md_words_digits(out, sizeof(out), "", MD_EN), EINVAL);
	assert_int_equal(md_words_digits(out, 8, "44", MD_EN), ENAMETOOLONG);
}

static void languages(void **state ZJ_UNUSED)
{
	enum md_lang l;
	assert_int_equal(md_lang_parse(NULL, &l), 0);
	assert_int_equal(l, MD_ZH);
	assert_int_equal(md_lang_parse("en", &l), 0);
	assert_int_equal(l, MD_EN);
	assert_int_equal(md_lang_parse("xx", &l), EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(numbers), TEST(digits), TEST(languages)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
