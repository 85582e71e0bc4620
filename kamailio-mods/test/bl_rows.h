/* The lists as rows, and the slow, obviously correct decision over them. */
#ifndef BL_ROWS_H
#define BL_ROWS_H
#include "bl_check.h"

#define ROWS_MAX 400

struct row {
	struct zk_uuid tenant;
	enum bl_match match;
	char number[BL_DIGITS_MAX + 2];
	struct bl_rule rule;
};
struct rows {
	struct row rows[ROWS_MAX];
	unsigned n;
	struct zk_uuid carrier;
};

/* What decision 8 says, read off the rows one by one; `rule` is left out. */
static bool row_names(const struct row *r, const char *number)
{
	size_t n = strspn(number, "0123456789"), len = strlen(r->number);
	if (r->match == BL_EXACT)
		return !strcmp(r->number, number);
	if (r->match == BL_PREFIX)
		return len <= n && !strncmp(r->number, number, len);
	for (const char *p = r->number, *c = number;; p++, c++) {
		bool digit = *c >= '0' && *c <= '9', in = false;
		if ((*p == '!' || *p == '.') && !p[1])
			return *p == '!' || digit;
		if (!*p || !*c)
			return !*p && !*c;
		if (*p == '[') {
			while (*++p != ']') {
				bool range = p[1] == '-';
				in = in || (*c >= p[0] && *c <= p[range ? 2 : 0]);
				p += range ? 2 : 0;
			}
		} else {
			const char *at = strchr("X0Z1N2", *p);
			in = *p >= 'A' && at ? *c >= at[1] : *p == *c;
		}
		if (!digit || !in)
			return false;
	}
}

static bool row_acts(const struct rows *all, const struct row *r, const struct bl_query *q)
{
	bool carriers = !zk_uuid_cmp(&r->tenant, &all->carrier);
	if (zk_uuid_cmp(&r->tenant, &q->tenant) && !carriers)
		return false;
	if (q->own_black_off && r->rule.colour == BL_BLACK && !carriers)
		return false;
	return (r->rule.direction & q->direction) && r->rule.from <= q->now && q->now < r->rule.until;
}

static bool row_is_at(const struct row *r, const struct bl_query *q, enum bl_scope scope, const struct zk_uuid *ref)
{
	(void)q;
	return r->rule.scope == scope && !zk_uuid_cmp(&r->rule.ref, ref);
}

static bool model_barred(const struct rows *all, const struct bl_query *q)
{
	static const struct zk_uuid none;
	struct bl_at at[BL_SCOPES_MAX] = {{BL_SYSTEM, none}, {BL_TENANT, none}};
	unsigned n = q->only_these ? 0 : 2;
	int lifted = -1, most = -1;
	const char *number = q->number[0] == '+' ? q->number + 1 : q->number;
	for (unsigned i = 0; i < q->n; i++)
		at[n++] = q->at[i];
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < all->n; k++) {
			const struct row *r = &all->rows[k];
			if (!row_acts(all, r, q) || !row_is_at(r, q, at[i].scope, &at[i].ref))
				continue;
			if (r->rule.colour == BL_ALWAYS && row_names(r, number))
				return false;
			if (r->rule.colour == BL_WHITE && (int)at[i].scope > most)
				most = (int)at[i].scope;
		}
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < all->n; k++) {
			const struct row *r = &all->rows[k];
			if (row_acts(all, r, q) && row_is_at(r, q, at[i].scope, &at[i].ref) &&
			    (int)at[i].scope == most && r->rule.colour == BL_WHITE && r->rule.overrides &&
			    row_names(r, number))
				lifted = most;
		}
	for (unsigned i = 0; i < n; i++) {
		bool list = false, on_it = false;
		for (unsigned k = 0; k < all->n; k++) {
			const struct row *r = &all->rows[k];
			if (!row_acts(all, r, q) || !row_is_at(r, q, at[i].scope, &at[i].ref))
				continue;
			if (r->rule.colour == BL_BLACK && row_names(r, number) && (int)at[i].scope >= lifted)
				return true;
			list = list || r->rule.colour == BL_WHITE;
			on_it = on_it || (r->rule.colour == BL_WHITE && row_names(r, number));
		}
		if (list && !on_it)
			return true;
	}
	return false;
}
#endif
