#include "login/rules.h"
#include "secret_rule.h"
#include <sodium.h>
#include <string.h>

#define RANDOM_MAX 128

void api_rules_check(const struct api_setting *s, const char *field, const char *password, const char *name,
		     struct res_problem *p)
{
	const struct res_secret_rules r = {s->password_min_length, s->password_classes, s->password_no_runs};
	res_secret_check(&r, field, password, name, p);
}

/* One of each class first, then any; shuffled; once more when chance made a run. */
void api_rules_password(const struct api_setting *s, size_t n, char *out)
{
	static const char *const sets[] = {"abcdefghijkmnpqrstuvwxyz", "23456789", "ABCDEFGHJKLMNPQRSTUVWXYZ",
					   "-_.@#%+="};
	int kinds = s->password_classes < 3 ? 3 : s->password_classes;
	n = n > RANDOM_MAX ? RANDOM_MAX : n;
	do {
		for (size_t i = 0; i < n; i++) {
			const char *set = sets[i < (size_t)kinds ? i : randombytes_uniform((unsigned)kinds)];
			out[i] = set[randombytes_uniform((unsigned)strlen(set))];
		}
		for (size_t i = n; i > 1; i--) {
			size_t j = randombytes_uniform((unsigned)i);
			char c = out[i - 1];
			out[i - 1] = out[j];
			out[j] = c;
		}
		out[n] = 0;
	} while (res_secret_has_run(out));
}
