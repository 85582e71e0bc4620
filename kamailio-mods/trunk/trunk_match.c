#include "trunk_match.h"
#include <stdio.h>
#include <string.h>

int trunk_fit_rate(const char *prefix, int length, const char *number)
{
	int len = (int)strlen(zj_dial_digits(prefix));
	if (zj_dial_fit(prefix, length, number) < 0)
		return -1;
	return (length ? 200 : 0) + (len ? 100 : 0) + len;
}

const struct trunk_tenant *trunk_carrier(struct zk_map *const *maps)
{
	struct zk_iter it;
	const struct trunk_tenant *t = zk_first(maps[TRUNK_TENANT], trunk_text_hash(TRUNK_CARRIER), &it);
	while (t && !t->carrier)
		t = zk_next(&it);
	return t;
}

/* The tenant's own row before the carrier's. */
static const struct trunk_area *area_exact(struct zk_map *const *maps, const struct zk_uuid *tenant,
					   const struct zk_uuid *carrier, const char *prefix)
{
	struct zk_iter it;
	const struct trunk_area *best = NULL, *a = zk_first(maps[TRUNK_AREA], trunk_text_hash(prefix), &it);
	for (; a; a = zk_next(&it)) {
		if (strncmp(a->prefix, prefix, sizeof a->prefix) != 0)
			continue;
		if (!zk_uuid_cmp(&a->tenant, tenant))
			return a;
		if (carrier && !zk_uuid_cmp(&a->tenant, carrier))
			best = a;
	}
	return best;
}

static bool is_mobile(const char *n)
{
	return n[0] == '1' && n[1] >= '3' && n[1] <= '9';
}

/* The ways a number may be written in the table (schema/0113, zj_number_forms, says the same in SQL). */
static unsigned forms_of(char forms[4][ZK_NUMBER_MAX + 1], const char *number)
{
	const char *c = number[0] == '+' ? number + 1 : !strncmp(number, "00", 2) ? number + 2 : number;
	unsigned n = 0;
	snprintf(forms[n++], ZK_NUMBER_MAX + 1, "%s", number);
	if (c != number)
		snprintf(forms[n++], ZK_NUMBER_MAX + 1, "%s", c);
	if (c != number && !strncmp(c, "86", 2) && c[2])
		snprintf(forms[n++], ZK_NUMBER_MAX + 1, "%s%s", is_mobile(c + 2) ? "" : "0", c + 2);
	if (number[0] == '0' && is_mobile(number + 1))
		snprintf(forms[n++], ZK_NUMBER_MAX + 1, "%s", number + 1);
	return n;
}

const struct trunk_area *trunk_area_of(struct zk_map *const *maps, const struct zk_uuid *tenant, const char *number)
{
	const struct trunk_tenant *carrier = trunk_carrier(maps);
	const struct trunk_area *best = NULL;
	char forms[4][ZK_NUMBER_MAX + 1], prefix[ZK_NUMBER_MAX + 1];
	size_t best_len = 0;
	if (!zk_count(maps[TRUNK_AREA]))
		return NULL;
	unsigned n = forms_of(forms, number);
	for (unsigned i = 0; i < n; i++) {
		size_t len = strlen(forms[i]);
		for (len = len > 16 ? 16 : len; len > best_len; len--) {
			memcpy(prefix, forms[i], len);
			prefix[len] = '\0';
			const struct trunk_area *a =
				area_exact(maps, tenant, carrier ? &carrier->rec.id : NULL, prefix);
			if (a) {
				best = a;
				best_len = len;
				break;
			}
		}
	}
	return best;
}

static int rule_fit(const struct trunk_rule *r, const struct trunk_rule_query *q)
{
	if (r->attribute == TRUNK_DISABLED)
		return -1;
	int fit = zj_dial_fit(r->prefix, r->length, q->number);
	if (!r->by_area || fit < 0)
		return fit;
	bool there = q->area && (!strcmp(r->area, q->area->province) || !strcmp(r->area, q->area->city));
	return there ? fit + 1 : -1;
}

const struct trunk_rule *trunk_rule_find(struct zk_map *const *maps, const struct trunk_rule_query *q)
{
	struct zk_iter it;
	const struct trunk_rule *best = NULL, *r = zk_first(maps[TRUNK_RULE], trunk_id_hash(&q->trunk->rec.id), &it);
	int best_fit = -1;
	for (; r; r = zk_next(&it)) {
		bool of_group = !zk_uuid_is_zero(&r->group);
		if (zk_uuid_cmp(&r->trunk, &q->trunk->rec.id) != 0 ||
		    (of_group && zk_uuid_cmp(&r->group, &q->group) != 0))
			continue;
		/* One tenant's rules about a trunk of the carrier are not another's. */
		if (zk_uuid_cmp(&r->tenant, &q->tenant) != 0 && zk_uuid_cmp(&r->tenant, &q->trunk->tenant) != 0)
			continue;
		int fit = rule_fit(r, q);
		if (fit < 0)
			continue;
		fit += of_group ? 1000 : 0;
		if (fit > best_fit || (fit == best_fit && zk_uuid_cmp(&r->rec.id, &best->rec.id) < 0)) {
			best_fit = fit;
			best = r;
		}
	}
	return best;
}

const struct trunk_caller_rule *trunk_caller_rule_find(struct zk_map *const *maps, const struct zk_uuid *owner,
						       const struct zk_uuid *trunk, const char *caller,
						       const char *called)
{
	struct zk_iter it;
	const struct trunk_caller_rule *best = NULL, *r = zk_first(maps[TRUNK_CALLER_RULE], trunk_id_hash(owner), &it);
	int best_fit = -1;
	for (; r; r = zk_next(&it)) {
		bool all = zk_uuid_is_zero(&r->trunk);
		if (!r->enabled || zk_uuid_cmp(&r->tenant, owner) != 0 || (!all && zk_uuid_cmp(&r->trunk, trunk) != 0))
			continue;
		int fit = zj_dial_fit(r->caller_prefix, r->length, caller),
		    to = zj_dial_fit(r->called_prefix, 0, called);
		if (fit < 0 || to < 0)
			continue;
		fit = 100 * fit + to + (all ? 0 : 100000);
		if (fit > best_fit || (fit == best_fit && zk_uuid_cmp(&r->rec.id, &best->rec.id) < 0)) {
			best_fit = fit;
			best = r;
		}
	}
	return best;
}

const struct trunk_rate *trunk_rate_find(struct zk_map *const *maps, const struct zk_uuid *owner, const char *number)
{
	struct zk_iter it;
	const struct trunk_rate *best = NULL, *r = zk_first(maps[TRUNK_RATE], trunk_id_hash(owner), &it);
	int best_fit = -1;
	for (; r; r = zk_next(&it)) {
		if (!r->enabled || zk_uuid_cmp(&r->owner, owner) != 0)
			continue;
		int fit = trunk_fit_rate(r->prefix, r->length, number);
		if (fit > best_fit || (fit >= 0 && fit == best_fit && zk_uuid_cmp(&r->rec.id, &best->rec.id) < 0)) {
			best_fit = fit;
			best = r;
		}
	}
	return best;
}

bool trunk_is_emergency(struct zk_map *const *maps, const struct zk_uuid *tenant, const char *number)
{
	const struct trunk_tenant *carrier = trunk_carrier(maps);
	struct zk_iter it;
	const struct trunk_emergency *e = zk_first(maps[TRUNK_EMERGENCY], trunk_text_hash(number), &it);
	for (; e; e = zk_next(&it))
		if (!strncmp(e->number, number, sizeof e->number) &&
		    (!zk_uuid_cmp(&e->tenant, tenant) || (carrier && !zk_uuid_cmp(&e->tenant, &carrier->rec.id))))
			return true;
	return false;
}
