/* Epochs, the memory of commands, and that the documentation names exactly our methods. */
#include "control/control.h"
#include "media/quality.h"
#include "testing.h"
#include <stdio.h>
#include <stdlib.h>

static int64_t claim(struct md_epochs *e, const char *ranges, int64_t epoch)
{
	json_t *r = json_loads(ranges, 0, NULL);
	int64_t got = md_epochs_claim(e, r, epoch);
	json_decref(r);
	return got;
}

static void epochs(void **state ZJ_UNUSED)
{
	static struct md_epochs e;
	assert_int_equal(claim(&e, "[[0,1023]]", 3), 0);
	assert_int_equal(claim(&e, "[[5,9],[20,20]]", 5), 0);
	assert_int_equal(claim(&e, "[[0,30]]", 4), 5);
	assert_int_equal(e.slot[0], 3); /* all or none */
	assert_int_equal(claim(&e, "[[5,9]]", 5), 0);
	static const char *const bad[] = {"[]",       "[[0]]",       "[[3,2]]", "[[0,1024]]",
					  "[[-1,2]]", "[[\"a\",2]]", "{}",      "[5]"};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(bad); i++)
		assert_int_equal(claim(&e, bad[i], 9), -1);
	assert_int_equal(claim(&e, "[[0,1]]", 0), -1);
	json_t *j = md_epochs_json(&e);
	char *text = json_dumps(j, JSON_COMPACT);
	assert_string_equal(text, "[[0,4,3],[5,9,5],[10,19,3],[20,20,5],[21,1023,3]]");
	free(text);
	json_decref(j);
}

static void the_last_commands_are_remembered(void **state ZJ_UNUSED)
{
	static struct md_cmd_memory m;
	char id[20];
	struct md_result res = {.state = "early"}, got;
	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "cmd%d", i);
		assert_false(md_cmd_find(&m, id, &got));
		res.code = i % 7;
		md_cmd_keep(&m, id, &res);
		for (int k = i; k >= 0 && k > i - MD_CMD_KEPT; k--) {
			snprintf(id, sizeof(id), "cmd%d", k);
			assert_true(md_cmd_find(&m, id, &got));
			assert_int_equal(got.code, k % 7);
			assert_string_equal(got.state, "early");
		}
		if (i >= MD_CMD_KEPT) {
			snprintf(id, sizeof(id), "cmd%d", i - MD_CMD_KEPT);
			assert_false(md_cmd_find(&m, id, &got));
		}
	}
}

static void the_documentation_names_our_methods(void **state ZJ_UNUSED)
{
	FILE *f = fopen("docs/control-protocol.md", "r");
	if (!f)
		skip(); /* not run from the root */
	static char text[65536];
	size_t n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = 0;
	fclose(f);
	char *end = strstr(text, "\n## edge");
	assert_non_null(end);
	*end = 0;
	for (const struct zj_rpc_method *m = md_methods_table(); m->name; m++) {
		char row[64];
		assert_true(m->help && m->help[0]);
		snprintf(row, sizeof(row), "`%s", m->name);
		if (!strstr(text, row))
			fail_msg("%s is not documented", m->name);
	}
	for (char *p = text; (p = strstr(p, "\n| `")); p++) {
		char name[40] = "";
		if (sscanf(p, "\n| `%39[a-z_.]`", name) != 1 || !strcmp(name, "overload") || strstr(p, "\n| event"))
			continue;
		bool event = strstr(text, "| event |") && p > strstr(text, "| event |");
		bool found = event;
		for (const struct zj_rpc_method *m = md_methods_table(); m->name && !found; m++)
			found = !strcmp(m->name, name);
		if (!found)
			fail_msg("%s is documented, but there is no such method", name);
	}
}

static void opinion_scores(void **state ZJ_UNUSED)
{
	/* the same loss in bursts is worse; copies of lost packets help */
	assert_true(md_mos(MD_CODEC_PCMA, 50, 0.05, 4) < md_mos(MD_CODEC_PCMA, 50, 0.05, 1));
	assert_true(md_mos(MD_CODEC_OPUS, 50, 0.05, 1) > md_mos(MD_CODEC_PCMA, 50, 0.05, 1));
	assert_true(md_mos(MD_CODEC_PCMA, 20, 0, 1) > 4.3 && md_mos(MD_CODEC_PCMA, 20, 0, 1) < 4.5);
	assert_true(md_mos(MD_CODEC_PCMA, 20, 0.05, 1) < md_mos(MD_CODEC_PCMA, 20, 0.01, 1));
	assert_true(md_mos(MD_CODEC_PCMA, 400, 0, 1) < md_mos(MD_CODEC_PCMA, 100, 0, 1));
	assert_true(md_mos(MD_CODEC_PCMA, 5000, 1, 1) >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(epochs), TEST(the_last_commands_are_remembered),
					   TEST(the_documentation_names_our_methods), TEST(opinion_scores)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
