/* The table of elements is consistent with itself, and the tree keeps what the text said. */
#include "doc.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Every word of `list`, handed to `h`. */
static void each_word(const char *list, void (*h)(const char *word, const char *of), const char *of)
{
	char copy[2000], *save = NULL;

	assert_true(strlen(list) < sizeof(copy));
	strcpy(copy, list);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		h(w, of);
}

static void child_known(const char *word, const char *of)
{
	if (*word != '#' && vx_tag_find(word) == VX_NONE)
		fail_msg("<%s> may contain <%s>, which is no element", of, word);
}

static void attr_typed(const char *word, const char *of)
{
	static const char *const types[] = {"id",   "name", "path",  "names", "event", "events", "expr", "uri",
					    "time", "int",  "count", "bool",  "dtmf",  "repeat", "lang", "text"};
	const char *type = strrchr(word, ':');
	char name[80];

	if (!type)
		fail_msg("<%s>: %s has no type", of, word);
	snprintf(name, sizeof(name), "%s", type + 1);
	name[strcspn(name, "!")] = '\0';
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(types); i++) {
		if (!strcmp(types[i], name))
			return;
	}
	if (!strchr(name, '|') && strcmp(name, "1.0"))
		fail_msg("<%s>: %s is neither a type nor a choice of words", of, name);
}

static void table_is_consistent(void **state ZJ_UNUSED)
{
	for (unsigned i = 0; i < VX_TAGS; i++) {
		const char *name = vx_tag_name((enum vx_tag)i);

		assert_non_null(vx_schema[i].children);
		assert_non_null(vx_schema[i].attrs);
		assert_non_null(vx_schema[i].one_of);
		each_word(vx_schema[i].children, child_known, name);
		each_word(vx_schema[i].attrs, attr_typed, name);
		assert_int_equal(vx_tag_find(name), i);
	}
	assert_true(vx_schema_is_expr(VX_IF, "cond"));
	assert_false(vx_schema_is_expr(VX_GOTO, "next"));
	assert_false(vx_schema_is_expr(VX_GOTO, "nothing"));
}

static void tree_keeps_places_and_text(void **state ZJ_UNUSED)
{
	static const char text[] =
		"<?xml version='1.0' encoding='UTF-8'?>\n<vxml version='2.1' xml:lang='zh-CN'>\n <form id='a'>\n"
		"  <block>1 &lt; 2 &#20320;<![CDATA[<好>]]><value expr='1'/></block></form></vxml>";
	static struct vx_faults faults;
	struct vx_doc *doc;
	mxml_node_t *form, *block = NULL;
	char *words;

	assert_int_equal(vx_doc_parse(&doc, text, sizeof(text) - 1, "u", VX_VXML, &faults), 0);
	form = vx_dialog_find(doc, "a");
	assert_non_null(form);
	assert_ptr_equal(form, vx_dialog_find(doc, NULL));
	assert_null(vx_dialog_find(doc, "b"));
	assert_int_equal(vx_el(form)->line, 3);
	assert_int_equal(vx_el(form)->column, 2);
	for (mxml_node_t *n = form; n; n = vx_next_in(n, form)) {
		if (vx_tag(n) == VX_BLOCK)
			block = n;
	}
	words = vx_text_of(block);
	assert_string_equal(words, "1 < 2 你<好>");
	assert_string_equal(vx_lang_of(block), "zh-CN");
	zj_deref(words);
	zj_deref(doc);
	assert_int_equal(zj_objects_alive(), 0);
}

static void memory_runs_out(void **state ZJ_UNUSED)
{
	static const char text[] = "<vxml version='2.1'><form id='a'/></vxml>";
	static struct vx_faults faults;
	struct vx_doc *doc;

	for (long n = 0; n < 2; n++) {
		zj_alloc_fail_after(n);
		assert_int_equal(vx_doc_parse(&doc, text, sizeof(text) - 1, "u", VX_VXML, &faults), ENOMEM);
		zj_alloc_fail_after(-1);
		assert_int_equal(zj_objects_alive(), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_consistent),
		cmocka_unit_test(tree_keeps_places_and_text),
		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
