#include "secret_rule.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define RUN 4 /* as many digits in sequence (1234, 4321, 1111) are too many */

/* Characters, not bytes: UTF-8's continuation bytes do not count. */
static int length(const char *s)
{
	int n = 0;
	for (; *s; s++)
		n += (*s & 0xC0) != 0x80;
	return n;
}

static int classes(const char *s)
{
	bool upper = false, lower = false, digit = false, other = false;
	for (; *s; s++) {
		if (*s >= 'A' && *s <= 'Z')
			upper = true;
		else if (*s >= 'a' && *s <= 'z')
			lower = true;
		else if (*s >= '0' && *s <= '9')
			digit = true;
		else
			other = true;
	}
	return upper + lower + digit + other;
}

/* Digits that rise, fall or stay the same, RUN of them. */
bool res_secret_has_run(const char *s)
{
	for (int step = -1; step <= 1; step++) {
		int n = 0;
		for (const char *c = s; *c; c++) {
			if (!isdigit((unsigned char)*c))
				n = 0;
			else
				n = n > 0 && *c == c[-1] + step ? n + 1 : 1;
			if (n >= RUN)
				return true;
		}
	}
	return false;
}

void res_secret_check(const struct res_secret_rules *r, const char *field, const char *password, const char *name,
		      struct res_problem *p)
{
	char zh[120], en[160];
	if (length(password) < r->min_length)
		res_problem_add(p, field, "min_length", json_integer(r->min_length));
	if (classes(password) < r->classes) {
		snprintf(zh, sizeof(zh), "须包含大写、小写、数字、符号中的至少 %d 种", r->classes);
		snprintf(en, sizeof(en), "must have at least %d of: capitals, small letters, digits, signs",
			 r->classes);
		res_problem_add_text(p, field, "password_classes", zh, en, NULL);
	}
	if (r->no_runs && res_secret_has_run(password))
		res_problem_add_text(p, field, "password_runs", "不得含有 4 个及以上连续数字，如 1234",
				     "must not have 4 or more digits in sequence, such as 1234", NULL);
	if (name && strcasecmp(password, name) == 0)
		res_problem_add_text(p, field, "password_name", "不得与用户名相同", "must not be the user name", NULL);
}
