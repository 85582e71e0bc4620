/* Decisions: by example, and against the slow model over random lists. */
#include "plain.h"

#include "bl_check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bl_rows.h"

#define CARRIER  "00000000-0000-7000-8000-000000000001"
#define TENANT_A "00000000-0000-7000-8000-00000000000a"
#define TENANT_B "00000000-0000-7000-8000-00000000000b"
#define EXT_1    "00000000-0000-7000-8000-0000000000e1"
#define EXT_2    "00000000-0000-7000-8000-0000000000e2"
#define TRUNK_1  "00000000-0000-7000-8000-0000000000f1"
#define GROUP_1  "00000000-0000-7000-8000-000000000091"
#define GROUP_2  "00000000-0000-7000-8000-000000000092"

static struct bl_store *store;
static struct rows rows;

static struct zk_uuid uuid(const char *text)
{
	struct zk_uuid u = {{0}};
	if (text[0])
		assert_true(zk_uuid_parse(&u, text));
	return u;
}

static void commit(void)
{
	assert_int_equal(0, bl_commit(store));
}

/* Says the whole key of row k anew, as the follower does. */
static void put_key(const struct row *k)
{
	struct bl_rule rules[ROWS_MAX];
	uint32_t n = 0;
	for (unsigned i = 0; i < rows.n; i++)
		if (!zk_uuid_cmp(&rows.rows[i].tenant, &k->tenant) && rows.rows[i].match == k->match &&
		    !strcmp(rows.rows[i].number, k->number))
			rules[n++] = rows.rows[i].rule;
	assert_int_equal(0, bl_put(store, &k->tenant, k->match, k->number, (unsigned)strlen(k->number), rules, n));
}

static int setup(void **state)
{
	(void)state;
	memset(&rows, 0, sizeof rows);
	rows.carrier = uuid(CARRIER);
	assert_int_equal(0, bl_store_alloc(&store, 8 << 20));
	assert_int_equal(0, bl_begin(store, true));
	bl_carrier(store, &rows.carrier);
	commit();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bl_store_free(store);
	return 0;
}

static const char *after(const char *text, const char *word, char *out)
{
	const char *p = strstr(text, word);
	out[0] = '\0';
	if (p)
		sscanf(p + strlen(word), "%60s", out);
	return out;
}

/* "A black in exact 138 403 at=extension:… until=200 prompt silent overrides": one row, as a line. */
static void row(const char *line)
{
	char who[8], colour[16], direction[8], match[16], number[64], word[64];
	int code = 403;
	struct row r = {.rule = {.scope = BL_TENANT, .from = INT64_MIN, .until = INT64_MAX}};
	assert_true(sscanf(line, "%7s %15s %7s %15s %63s %d", who, colour, direction, match, number, &code) >= 5);
	r.tenant = uuid(who[0] == 'C' ? CARRIER : who[0] == 'A' ? TENANT_A : TENANT_B);
	r.rule.scope = who[0] == 'C' ? BL_SYSTEM : BL_TENANT;
	r.rule.colour = (unsigned char)bl_name(bl_colour_names, BL_COLOUR_KINDS, colour, strlen(colour));
	r.rule.direction = (unsigned char)bl_name(bl_direction_names, 4, direction, strlen(direction));
	r.match = (enum bl_match)bl_name(bl_match_names, BL_MATCH_KINDS, match, strlen(match));
	snprintf(r.number, sizeof r.number, "%.33s", number);
	r.rule.code = (uint16_t)code;
	if (after(line, "at=", word)[0]) {
		char *colon = strchr(word, ':');
		r.rule.scope = (unsigned char)bl_name(bl_scope_names, BL_SCOPE_KINDS, word, (size_t)(colon - word));
		r.rule.ref = uuid(colon + 1);
	}
	if (after(line, "from=", word)[0])
		r.rule.from = atoll(word);
	if (after(line, "until=", word)[0])
		r.rule.until = atoll(word);
	r.rule.overrides = strstr(line, "overrides") != NULL;
	r.rule.result = strstr(line, "silent") ? BL_SILENT : strstr(line, "prompt") ? BL_PROMPT : BL_REJECT;
	rows.rows[rows.n++] = r;
	assert_int_equal(0, bl_begin(store, false));
	put_key(&rows.rows[rows.n - 1]);
	commit();
}

static struct bl_answer ask(const char *tenant, const char *number, enum bl_direction d, int64_t now, const char *at)
{
	struct bl_query q = {.tenant = uuid(tenant), .number = number, .direction = d, .now = now};
	struct bl_answer a;
	char word[64];
	for (const char *p = at; p && *p; p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL) {
		sscanf(p, "%63s", word);
		char *colon = strchr(word, ':');
		q.at[q.n].scope = (enum bl_scope)bl_name(bl_scope_names, BL_SCOPE_KINDS, word, (size_t)(colon - word));
		q.at[q.n++].ref = uuid(colon + 1);
	}
	bl_check(store, &q, &a, NULL, NULL);
	assert_int_equal(a.barred, model_barred(&rows, &q));
	assert_int_equal(a.barred, a.code != 0);
	return a;
}

/* The code, or 0 when not barred. */
static int check(const char *tenant, const char *number)
{
	return ask(tenant, number, BL_IN, 1000, "").code;
}

static void black_bars_exact_prefix_and_pattern(void **state)
{
	(void)state;
	row("A black in exact 13800000001 486");
	row("A black in prefix 139 403");
	row("A black both prefix 1391 600");
	row("A black in pattern 02ZXXX 480");
	row("A black in pattern 95! 604");
	row("A black in pattern 96. 605");
	row("A black in pattern 97[2-46]N 606");
	row("A black in exact 12345678901234567890 481");
	static const struct {
		const char *number;
		int want;
	} cases[] = {
		{"13800000001", 486},
		{"+13800000001", 486},
		{"138000000012", 0},
		{"1380000000", 0},
		{"139", 403},
		{"13900000000", 403},
		{"+13912345678", 600},
		{"13", 0},
		{"", 0},
		{"anonymous", 0},
		{"02100", 0},
		{"021000", 480},
		{"020000", 0},
		{"0210000", 0},
		{"95", 604},
		{"951", 604},
		{"9", 0},
		{"96", 0},
		{"961", 605},
		{"9722", 606},
		{"9762", 606},
		{"9752", 0},
		{"9721", 0},
		{"12345678901234567890", 481},
		{"1234567890123456789", 0},
		{"139abc", 403},
		{"021000abc", 0},
		{"139999999999999999999999999999999999999999999999999999999", 403},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(cases[i].want, check(TENANT_A, cases[i].number));
	assert_int_equal(0, check(TENANT_B, "13800000001"));
	assert_int_equal(0, ask(TENANT_A, "13800000001", BL_OUT, 1000, "").code);
	assert_int_equal(600, ask(TENANT_A, "1391", BL_OUT, 1000, "").code);
}

static void the_carriers_rules_bar_for_everybody(void **state)
{
	(void)state;
	row("C black in prefix 95 603");
	row("A white in exact 9500"); /* does not say that it overrides */
	assert_int_equal(603, check(TENANT_B, "9500"));
	assert_int_equal(603, check(TENANT_A, "9500"));
	row("B white in exact 9500 403 overrides");
	struct bl_answer a = ask(TENANT_B, "9500", BL_IN, 1000, "");
	assert_false(a.barred);
	assert_true(a.lifted);
	assert_int_equal(403, check(TENANT_B, "9501")); /* not on the white list */
	assert_int_equal(603, ask("", "9500", BL_IN, 1000, "").code);
}

static void a_white_list_lets_only_its_numbers_pass(void **state)
{
	(void)state;
	row("A white in prefix 138");
	row("A black in exact 13800000001 486");
	assert_int_equal(0, check(TENANT_A, "13812345678"));
	assert_int_equal(486, check(TENANT_A, "13800000001"));
	assert_int_equal(BL_WHITE_CODE, check(TENANT_A, "13900000000"));
	assert_int_equal(BL_WHITE_CODE, check(TENANT_A, ""));
	assert_int_equal(BL_WHITE_CODE, check(TENANT_A, "anonymous"));
	assert_int_equal(0, ask(TENANT_A, "13900000000", BL_OUT, 1000, "").code); /* no white list that way */
	assert_int_equal(0, check(TENANT_B, "13900000000"));
	row("C white in prefix 139");
	assert_int_equal(BL_WHITE_CODE, check(TENANT_B, "13800000000"));
	assert_int_equal(0, check(TENANT_B, "13900000000"));
}

static void scopes_are_the_calls_own(void **state)
{
	(void)state;
	row("A black in exact 100 486 at=extension:" EXT_1);
	row("A white in exact 200 403 at=extension:" EXT_2 " overrides");
	row("A black in exact 200 480");
	row("C black both exact 300 603 at=trunk:" TRUNK_1);
	assert_int_equal(486, ask(TENANT_A, "100", BL_IN, 1, "extension:" EXT_1).code);
	assert_int_equal(403, ask(TENANT_A, "100", BL_IN, 1, "extension:" EXT_2).code);
	assert_int_equal(0, check(TENANT_A, "100"));
	assert_int_equal(480, check(TENANT_A, "200"));
	assert_int_equal(0, ask(TENANT_A, "200", BL_IN, 1, "extension:" EXT_2).code); /* overrides the tenant's */
	assert_int_equal(480, ask(TENANT_A, "200", BL_IN, 1, "extension:" EXT_1).code);
	assert_int_equal(603, ask(TENANT_B, "300", BL_IN, 1, "trunk:" TRUNK_1).code);
	assert_int_equal(0, ask(TENANT_B, "300", BL_IN, 1, "").code);
	struct bl_answer a = ask(TENANT_A, "100", BL_IN, 1, "extension:" EXT_1);
	assert_int_equal(BL_EXTENSION, a.scope);
	assert_false(zk_uuid_is_zero(&a.rule));
}

static void named_scopes_are_asked_alone(void **state)
{
	(void)state;
	row("A black out exact 100 486");
	row("A black out exact 100 487 at=trunk:" TRUNK_1);
	struct bl_query q = {.tenant = uuid(TENANT_A), .number = "100", .direction = BL_OUT, .only_these = true};
	struct bl_answer a;
	bl_check(store, &q, &a, NULL, NULL);
	assert_false(a.barred);
	q.at[q.n++] = (struct bl_at){BL_TRUNK, uuid(TRUNK_1)};
	bl_check(store, &q, &a, NULL, NULL);
	assert_int_equal(487, a.code);
}

static void always_is_always(void **state)
{
	(void)state;
	row("C always both exact 110");
	row("C black both prefix 1 603");
	row("A white both exact 5");
	row("A black out exact 110 486");
	assert_int_equal(0, ask(TENANT_A, "110", BL_OUT, 1, "").code);
	assert_int_equal(603, ask(TENANT_B, "111", BL_OUT, 1, "").code);
}

static void a_switch_turns_own_black_rules_off(void **state)
{
	(void)state;
	row("A black in exact 1 486");
	row("C black in exact 2 603");
	struct bl_query q = {.tenant = uuid(TENANT_A), .number = "1", .direction = BL_IN, .own_black_off = true};
	struct bl_answer a;
	bl_check(store, &q, &a, NULL, NULL);
	assert_false(a.barred);
	q.number = "2";
	bl_check(store, &q, &a, NULL, NULL);
	assert_int_equal(603, a.code);
}

static void rules_hold_for_their_time(void **state)
{
	(void)state;
	row("A black in exact 1 403 from=100 until=200");
	row("A white in exact 2 403 from=300");
	row("A white in exact 1 403 from=400 until=500");
	assert_int_equal(0, ask(TENANT_A, "1", BL_IN, 99, "").code);
	assert_int_equal(403, ask(TENANT_A, "1", BL_IN, 100, "").code);
	assert_int_equal(403, ask(TENANT_A, "1", BL_IN, 199, "").code);
	assert_int_equal(0, ask(TENANT_A, "1", BL_IN, 200, "").code);
	assert_int_equal(403, ask(TENANT_A, "1", BL_IN, 300, "").code);
	assert_int_equal(0, ask(TENANT_A, "1", BL_IN, 450, "").code);
	assert_int_equal(403, ask(TENANT_A, "1", BL_IN, 500, "").code);
}

static void an_explanation_names_every_rule(void **state)
{
	(void)state;
	struct bl_seen seen[BL_SEEN_MAX];
	struct bl_answer a;
	unsigned n;
	row("A black in exact 100 486 at=extension:" EXT_1);
	row("A black in prefix 10 481");
	row("A black out prefix 1 482");
	row("C white in pattern XXX");
	struct bl_query q = {.tenant = uuid(TENANT_A), .number = "100", .direction = BL_IN, .now = 5};
	bl_check(store, &q, &a, seen, &n);
	assert_int_equal(481, a.code);
	assert_int_equal(4, n);
	int counted = 0, in_force = 0;
	for (unsigned i = 0; i < n; i++) {
		counted += seen[i].counts;
		in_force += seen[i].in_force;
		if (seen[i].match == BL_PREFIX && seen[i].counts)
			assert_memory_equal(&seen[i].name, &a.rule, sizeof a.rule);
	}
	assert_int_equal(2, counted);  /* the prefix and the carrier's pattern */
	assert_int_equal(3, in_force); /* and the extension's, which is not the call's */
}

static void names_are_those_of_the_schema(void **state)
{
	(void)state;
	struct zk_uuid name, tenant = uuid(TENANT_A), none = {{0}};
	char text[ZK_UUID_TEXT];
	assert_true(bl_rule_name(&name, &tenant, "tenant", &none, "exact", "13800000001", "black", "in"));
	zk_uuid_text(text, &name); /* select md5('…0a|tenant||exact|13800000001|black|in')::uuid */
	assert_string_equal("76f6af36-1a14-dc1c-df6d-fb952ef3b413", text);
}

/* --- random lists against the model --- */

static unsigned rnd(unsigned n)
{
	return (unsigned)rand() % n;
}

static void random_number(char *out, enum bl_match match)
{
	static const char kinds[] = "0123XZ";
	unsigned len = 1 + rnd(match == BL_EXACT ? 3 : 2), i = 0;
	if (match == BL_EXACT && !rnd(8)) {
		strcpy(out, rnd(2) ? "12345678901234567" : "123456789012345678");
		return;
	}
	for (; i < len; i++)
		out[i] = kinds[rnd(match == BL_PATTERN ? 6 : 4)];
	if (match == BL_PATTERN && !rnd(3))
		out[i++] = rnd(2) ? '.' : '!';
	out[i] = '\0';
}

static struct bl_at random_at(void)
{
	static const struct {
		enum bl_scope scope;
		const char *ref;
	} at[] = {{BL_EXTENSION, EXT_1},     {BL_EXTENSION, EXT_2},     {BL_ACCOUNT, EXT_1}, {BL_TRUNK, TRUNK_1},
		  {BL_AGENT_GROUP, GROUP_1}, {BL_AGENT_GROUP, GROUP_2}, {BL_DID, EXT_1},     {BL_TRUNK_GROUP, GROUP_1}};
	unsigned i = rnd(8);
	return (struct bl_at){at[i].scope, uuid(at[i].ref)};
}

static struct row random_row(void)
{
	static const char *const tenants[] = {CARRIER, TENANT_A, TENANT_B};
	unsigned who = rnd(3), colour = rnd(20);
	struct row r = {.tenant = uuid(tenants[who]), .match = (enum bl_match)rnd(3)};
	random_number(r.number, r.match);
	r.rule = (struct bl_rule){.scope = who ? BL_TENANT : BL_SYSTEM,
				  .colour = colour == 0 && !who ? BL_ALWAYS
					    : colour < 8        ? BL_WHITE
								: BL_BLACK,
				  .direction = (unsigned char)(1 + rnd(3)),
				  .code = (uint16_t)(400 + rnd(200)),
				  .overrides = (unsigned char)rnd(2),
				  .from = rnd(2) ? INT64_MIN : (int64_t)rnd(100),
				  .until = rnd(2) ? INT64_MAX : (int64_t)rnd(100)};
	if (rnd(2)) {
		struct bl_at at = random_at();
		r.rule.scope = (unsigned char)at.scope;
		r.rule.ref = at.ref;
	}
	return r;
}

static void change(void)
{
	struct row touched[4];
	unsigned n = 1 + rnd(4);
	assert_int_equal(0, bl_begin(store, false));
	for (unsigned i = 0; i < n; i++) {
		if (rows.n && (rnd(3) == 0 || rows.n == ROWS_MAX)) {
			unsigned at = rnd(rows.n);
			touched[i] = rows.rows[at];
			rows.rows[at] = rows.rows[--rows.n];
		} else {
			touched[i] = rows.rows[rows.n++] = random_row();
		}
	}
	for (unsigned i = 0; i < n; i++)
		put_key(&touched[i]);
	commit();
}

static void compare(void)
{
	static const char *const tenants[] = {CARRIER, TENANT_A, TENANT_B, "00000000-0000-7000-8000-0000000000ff"};
	char number[40];
	struct bl_answer a;
	random_number(number + 1, BL_EXACT);
	number[0] = '+';
	struct bl_query q = {.tenant = uuid(tenants[rnd(4)]),
			     .number = number + rnd(2),
			     .direction = rnd(2) ? BL_IN : BL_OUT,
			     .now = (int64_t)rnd(100),
			     .only_these = !rnd(10),
			     .own_black_off = !rnd(10)};
	for (unsigned k = rnd(5); q.n < k;) {
		struct bl_at at = random_at();
		bool there = false;
		for (unsigned i = 0; i < q.n; i++)
			there = there || (q.at[i].scope == at.scope && !zk_uuid_cmp(&q.at[i].ref, &at.ref));
		if (!there)
			q.at[q.n++] = at;
	}
	bl_check(store, &q, &a, NULL, NULL);
	if (a.barred != model_barred(&rows, &q))
		fail_msg("number %s: %d, the model says otherwise", number, a.barred);
}

static void random_lists_decide_as_the_model(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 3000; seed++) {
		srand(seed);
		rows.n = 0;
		assert_int_equal(0, bl_begin(store, true));
		bl_carrier(store, &rows.carrier);
		commit();
		for (unsigned step = 0, steps = 1 + rnd(12); step < steps; step++) {
			change();
			for (int i = 0; i < 15; i++)
				compare();
		}
		/* The same rows loaded at once, one by one, say the same. */
		assert_int_equal(0, bl_begin(store, true));
		for (unsigned i = 0; i < rows.n; i++)
			assert_int_equal(0, bl_add(store, &rows.rows[i].tenant, rows.rows[i].match, rows.rows[i].number,
						   (unsigned)strlen(rows.rows[i].number), &rows.rows[i].rule));
		commit();
		for (int i = 0; i < 30; i++)
			compare();
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {CASE(black_bars_exact_prefix_and_pattern),
					   CASE(the_carriers_rules_bar_for_everybody),
					   CASE(a_white_list_lets_only_its_numbers_pass),
					   CASE(scopes_are_the_calls_own),
					   CASE(named_scopes_are_asked_alone),
					   CASE(always_is_always),
					   CASE(a_switch_turns_own_black_rules_off),
					   CASE(rules_hold_for_their_time),
					   CASE(an_explanation_names_every_rule),
					   CASE(names_are_those_of_the_schema),
					   CASE(random_lists_decide_as_the_model)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
