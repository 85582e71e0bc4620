/* Grammars of all three builders against inputs: complete, may go on, or beyond hope. */
#include "grammar.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "f" full, "m" more, "fm" both, "" hopeless. */
static void expect(const struct vx_grammar *g, const char *keys, const char *what)
{
	char texts[VX_INPUT_MAX][2];
	const char *tokens[VX_INPUT_MAX];
	struct vx_match m;
	char got[3];
	size_t n = strlen(keys);

	for (size_t i = 0; i < n; i++) {
		texts[i][0] = keys[i];
		texts[i][1] = '\0';
		tokens[i] = texts[i];
	}
	assert_int_equal(vx_grammar_match(g, tokens, n, true, &m), 0);
	snprintf(got, sizeof(got), "%s%s", m.full ? "f" : "", m.more ? "m" : "");
	if (strcmp(got, what))
		fail_msg("%s: %s, expected %s", keys, got, what);
	json_decref(m.tags);
}

static void builtins(void **state ZJ_UNUSED)
{
	static const struct {
		const char *spec, *keys, *what;
	} cases[] = {
		{"digits", "", "m"},
		{"digits", "1", "fm"},
		{"digits", "1*", ""},
		{"digits?length=2", "1", "m"},
		{"digits?length=2", "12", "f"},
		{"digits?length=2", "123", ""},
		{"digits?minlength=2", "1", "m"},
		{"digits?minlength=2", "12", "fm"},
		{"digits?maxlength=2", "12", "f"},
		{"digits?maxlength=2", "1", "fm"},
		{"digits?minlength=0;maxlength=1", "7", "f"},
		{"boolean", "1", "f"},
		{"boolean", "3", ""},
		{"boolean?y=7;n=9", "9", "f"},
		{"boolean?y=7;n=9", "1", ""},
		{"number", "12", "fm"},
		{"number", "12*", "m"},
		{"number", "12*5", "fm"},
		{"number", "1*2*", ""},
		{"date", "2026112", "m"},
		{"date", "20261120", "f"},
		{"time", "2359", "f"},
		{"time", "24", ""},
		{"time", "12", "m"},
		{"time", "126", ""},
		{"phone", "02150001000*12", "fm"},
		{"currency", "9*99", "fm"},
	};
	char why[200];

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		struct vx_grammar *g;

		assert_int_equal(vx_grammar_builtin(&g, cases[i].spec, why, sizeof(why)), 0);
		expect(g, cases[i].keys, cases[i].what);
		zj_deref(g);
	}
}

static void builtins_refused(void **state ZJ_UNUSED)
{
	static const struct {
		const char *spec;
		int err;
	} cases[] = {{"colour", ENOTSUP},           {"digits?length=x", EINVAL},
		     {"digits?length=101", EINVAL}, {"digits?minlength=3;maxlength=2", EINVAL},
		     {"digits?wings=2", EINVAL},    {"boolean?y=12", EINVAL}};
	struct vx_grammar *g;
	char why[200];

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		why[0] = '\0';
		assert_int_equal(vx_grammar_builtin(&g, cases[i].spec, why, sizeof(why)), cases[i].err);
		assert_true(*why);
	}
}

static void meanings(void **state ZJ_UNUSED)
{
	static const struct {
		const char *spec, *keys, *text;
	} cases[] = {{"digits", "007", "\"007\""},   {"boolean", "1", "true"},        {"boolean", "2", "false"},
		     {"number", "12*5", "\"12.5\""}, {"phone", "123*4", "\"123x4\""}, {"time", "0905", "\"0905?\""},
		     {"time", "1305", "\"1305h\""}};
	char why[200];

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		struct vx_grammar *g;
		bool script;
		json_t *v;
		char *text;

		assert_int_equal(vx_grammar_builtin(&g, cases[i].spec, why, sizeof(why)), 0);
		v = vx_grammar_meaning(g, cases[i].keys, NULL, &script);
		text = json_dumps(v, JSON_ENCODE_ANY);
		assert_string_equal(text, cases[i].text);
		free(text);
		json_decref(v);
		zj_deref(g);
	}
}

static struct vx_doc *doc_of(const char *rules)
{
	static struct vx_faults faults;
	struct vx_doc *doc = NULL;
	char *text = zj_asprintf("<grammar version='1.0' mode='dtmf' root='r'>%s</grammar>", rules);

	faults.n = 0;
	if (vx_doc_parse(&doc, text, strlen(text), "x", VX_GRAMMAR, &faults))
		fail_msg("%s: %s", rules, faults.list[0].message);
	zj_deref(text);
	return doc;
}

static void srgs(void **state ZJ_UNUSED)
{
	static const struct {
		const char *rules, *keys, *what;
	} cases[] = {
		{"<rule id='r'>1 2</rule>", "1", "m"},
		{"<rule id='r'>12</rule>", "12", "f"},
		{"<rule id='r'><one-of><item>1</item><item>1 2</item></one-of></rule>", "1", "fm"},
		{"<rule id='r'><item repeat='2-3'>7</item></rule>", "7", "m"},
		{"<rule id='r'><item repeat='2-3'>7</item></rule>", "77", "fm"},
		{"<rule id='r'><item repeat='2-3'>7</item></rule>", "777", "f"},
		{"<rule id='r'><item repeat='2-3'>7</item></rule>", "7777", ""},
		{"<rule id='r'><item repeat='0-'>7</item>#</rule>", "#", "f"},
		{"<rule id='r'><item repeat='0-'>7</item>#</rule>", "777#", "f"},
		{"<rule id='r'><item repeat='0-'><item repeat='0-'>7</item></item></rule>", "77", "fm"},
		{"<rule id='r'><ruleref uri='#a'/><ruleref uri='#a'/></rule><rule id='a'>5</rule>", "55", "f"},
		{"<rule id='r'>1<ruleref special='VOID'/></rule>", "1", ""},
		{"<rule id='r'><ruleref special='NULL'/>1</rule>", "1", "f"},
		{"<rule id='r'><item repeat='0'>1</item>2</rule>", "2", "f"},
		{"<rule id='r'><token>1</token>\n<tag>x</tag> * #</rule>", "1*#", "f"},
	};
	char why[200];

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		struct vx_doc *doc = doc_of(cases[i].rules);
		struct vx_grammar *g;

		if (vx_grammar_srgs(&g, doc->root, why, sizeof(why)))
			fail_msg("%s: %s", cases[i].rules, why);
		expect(g, cases[i].keys, cases[i].what);
		zj_deref(g);
		zj_deref(doc);
	}
}

static void tags_of_the_first_way(void **state ZJ_UNUSED)
{
	struct vx_doc *doc =
		doc_of("<rule id='r'><one-of><item>1<tag>first</tag></item><item>1<tag>second</tag></item></one-of>"
		       "<item repeat='0-1'><tag>end</tag></item></rule>");
	const char *tokens[] = {"1"};
	struct vx_grammar *g;
	struct vx_match m;
	bool script;
	json_t *v;
	char why[200];

	assert_int_equal(vx_grammar_srgs(&g, doc->root, why, sizeof(why)), 0);
	assert_int_equal(vx_grammar_match(g, tokens, 1, true, &m), 0);
	assert_true(m.full && m.tags);
	assert_string_equal(json_string_value(json_array_get(m.tags, 0)), "first");
	v = vx_grammar_meaning(g, "1", m.tags, &script);
	assert_false(script);
	assert_string_equal(json_string_value(v),
			    json_string_value(json_array_get(m.tags, json_array_size(m.tags) - 1)));
	json_decref(v);
	json_decref(m.tags);
	assert_int_equal(vx_grammar_match(g, tokens, 1, false, &m), 0); /* words are not keys */
	assert_false(m.full || m.more);
	zj_deref(g);
	zj_deref(doc);
}

static void words(void **state ZJ_UNUSED)
{
	const char *said[] = {"Sales", "PLEASE"};
	struct vx_grammar *g;
	struct vx_match m;

	assert_int_equal(vx_grammar_words(&g, " sales,  please. ", false), 0);
	assert_int_equal(vx_grammar_match(g, said, 2, false, &m), 0);
	assert_true(m.full && !m.more);
	zj_deref(g);
	assert_int_equal(vx_grammar_words(&g, "  ", true), 0);
	expect(g, "1", "");
	expect(g, "", "");
	zj_deref(g);
	assert_int_equal(zj_objects_alive(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builtins), cmocka_unit_test(builtins_refused),      cmocka_unit_test(meanings),
		cmocka_unit_test(srgs),     cmocka_unit_test(tags_of_the_first_way), cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
