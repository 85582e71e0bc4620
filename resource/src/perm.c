#include "perm.h"
#include <stdio.h>
#include <string.h>

/* `<r>.write` stands for these of `<r>`. */
static const char *const writes[] = {"create", "update", "delete", "import"};
#define WRITES (sizeof(writes) / sizeof(writes[0]))

static bool is_write(const char *verb)
{
	for (size_t i = 0; i < WRITES; i++)
		if (strcmp(writes[i], verb) == 0)
			return true;
	return false;
}

static bool allows(const char *have, const char *want)
{
	if (*have != *want && *have != '*') /* what most of a long list are */
		return false;
	size_t n = strlen(have);
	const char *dot = strrchr(want, '.');
	if (n && have[n - 1] == '*' && (n == 1 || have[n - 2] == '.'))
		return n == 1 || (strncmp(have, want, n - 1) == 0 && want[n - 1] != 0);
	if (strcmp(have, want) == 0)
		return true;
	size_t head = dot ? (size_t)(dot - want) + 1 : 0;
	return head && n == head + 5 && strncmp(have, want, head) == 0 && strcmp(have + head, "write") == 0 &&
	       is_write(dot + 1);
}

static bool has(const json_t *set, const char *want)
{
	size_t i;
	json_t *p;
	json_array_foreach (set, i, p) {
		const char *have = json_string_value(p);
		if (have && allows(have, want))
			return true;
	}
	return false;
}

/* Who has all four that `write` stands for, has it. */
bool res_perm_has(const json_t *set, const char *want)
{
	char one[160];
	size_t n = strlen(want);
	if (has(set, want))
		return true;
	if (n < 7 || n > 140 || strcmp(want + n - 6, ".write") != 0)
		return false;
	for (size_t i = 0; i < WRITES; i++) {
		snprintf(one, sizeof(one), "%.*s.%s", (int)(n - 6), want, writes[i]);
		if (!has(set, one))
			return false;
	}
	return true;
}

const char *res_perm_beyond(const json_t *set, const json_t *wanted)
{
	size_t i;
	json_t *p;
	json_array_foreach (wanted, i, p) {
		const char *want = json_string_value(p);
		if (want && !res_perm_has(set, want))
			return want;
	}
	return NULL;
}

static void add_common(json_t *out, const json_t *from, const json_t *other)
{
	size_t i;
	json_t *p;
	json_array_foreach (from, i, p)
		if (res_perm_has(other, json_string_value(p)) && !res_perm_has(out, json_string_value(p)))
			json_array_append(out, p);
}

json_t *res_perm_intersect(const json_t *a, const json_t *b)
{
	json_t *out = json_array();
	add_common(out, a, b);
	add_common(out, b, a);
	return out;
}
