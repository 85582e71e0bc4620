/* Masks and permissions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include "mask.h"
#include "perm.h"
#include <cmocka.h>

static void test_masks(void **state ZJ_UNUSED)
{
	static const struct {
		enum res_mask kind;
		const char *text, *masked;
	} cases[] = {
		{RES_MASK_PHONE, "13800138000", "138****8000"},
		{RES_MASK_PHONE, "+8613800138000", "+86138****8000"},
		{RES_MASK_PHONE, "123456", "****56"},
		{RES_MASK_PHONE, "12", "**"},
		{RES_MASK_PHONE, "", ""},
		{RES_MASK_EMAIL, "anna@b.cn", "a***@b.cn"},
		{RES_MASK_EMAIL, "a@b.cn", "***@b.cn"},
		{RES_MASK_EMAIL, "none", "***"},
		{RES_MASK_EMAIL, "@b", "***"},
		{RES_MASK_ID, "310101199001011234", "3101************34"},
		{RES_MASK_ID, "12345", "***45"},
		{RES_MASK_ID, "12", "***"},
		{RES_MASK_NAME, "张三丰", "张**"},
		{RES_MASK_NAME, "张", "*"},
		{RES_MASK_ALL, "anything", "***"},
		{RES_MASK_NO, "anything", "anything"},
	};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		char *masked = res_mask_text(cases[i].kind, cases[i].text);
		assert_string_equal(masked, cases[i].masked);
		zj_deref(masked);
	}
	assert_int_equal(res_mask_find("email"), RES_MASK_EMAIL);
	assert_int_equal(res_mask_find("nothing"), RES_MASK_NO);
	assert_int_equal(res_mask_find(NULL), RES_MASK_NO);
}

static void test_permissions(void **state ZJ_UNUSED)
{
	static const struct {
		const char *set, *want;
		bool has;
	} cases[] = {
		{"[\"*\"]", "a.read", true},
		{"[\"a.*\"]", "a.read", true},
		{"[\"a.*\"]", "ab.read", false},
		{"[\"a.write\"]", "a.create", true},
		{"[\"a.write\"]", "a.import", true},
		{"[\"a.write\"]", "a.export", false},
		{"[\"a.write\"]", "a.read", false},
		{"[\"a.write\"]", "b.create", false},
		{"[\"a.create\"]", "a.write", false},
		{"[\"a.create\",\"a.update\",\"a.delete\",\"a.import\"]", "a.write", true},
		{"[]", "a.read", false},
	};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		json_t *set = json_loads(cases[i].set, 0, NULL);
		if (res_perm_has(set, cases[i].want) != cases[i].has)
			fail_msg("%s %s", cases[i].set, cases[i].want);
		json_decref(set);
	}
	assert_false(res_perm_has(NULL, "a.read"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_permissions),
	};
	return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
