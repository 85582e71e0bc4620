#include "perm.h"
#include <string.h>

static bool allows(const char *have, const char *want)
{
	size_t n = strlen(have);
	if (n && have[n - 1] == '*' && (n == 1 || have[n - 2] == '.'))
		return n == 1 || (strncmp(have, want, n - 1) == 0 && want[n - 1] != 0);
	return strcmp(have, want) == 0;
}

bool res_perm_has(const json_t *set, const char *want)
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
