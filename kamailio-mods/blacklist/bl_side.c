/* Readers of the block; bl_books.c writes it. */
#include "bl_side_block.h"
#include <string.h>

const struct bl_tenant *bl_side_tenant(const struct bl_side_head *s, const struct zk_uuid *id)
{
	const struct bl_tenant *table = BL_PART(s, tenants);
	for (uint32_t at = bl_side_hash(id->b, sizeof id->b, 0) & s->tenants_mask;; at = (at + 1) & s->tenants_mask) {
		if (zk_uuid_is_zero(&table[at].id))
			return NULL;
		if (!zk_uuid_cmp(&table[at].id, id))
			return &table[at];
	}
}

void bl_side_ahead(const struct bl_side_head *s, const struct zk_uuid *tenant)
{
	const struct bl_tenant *table = BL_PART(s, tenants);
	__builtin_prefetch(&table[bl_side_hash(tenant->b, sizeof tenant->b, 0) & s->tenants_mask]);
}

uint32_t bl_side_find(const struct bl_side_head *s, uint32_t tenant, enum bl_match match, const char *digits,
		      unsigned len)
{
	const struct bl_side_wide *table = BL_PART(s, wide);
	for (uint32_t at = bl_wide_hash(tenant, (unsigned char)match, digits, len) & s->wide_mask;;
	     at = (at + 1) & s->wide_mask) {
		const struct bl_side_wide *w = &table[at];
		if (!w->set)
			return 0;
		if (w->tenant == tenant && w->match == match && w->len == len && !memcmp(w->digits, digits, len))
			return w->set;
	}
}

const char *bl_side_pattern(const struct bl_side_head *s, const struct bl_tenant *t, uint32_t i, uint32_t *set)
{
	const struct bl_side_pattern *p = (const struct bl_side_pattern *)BL_PART(s, patterns) + t->pattern_first + i;
	*set = p->set;
	return p->text;
}

bool bl_side_white(const struct bl_side_head *s, const struct bl_tenant *t, enum bl_scope scope,
		   const struct zk_uuid *ref, enum bl_direction d, int64_t now)
{
	const struct bl_side_white *table = BL_PART(s, white);
	const struct bl_window *windows = BL_PART(s, windows);
	if (!(t->white >> scope & 1))
		return false;
	for (uint32_t at = bl_white_hash(t->index, (unsigned char)scope, (unsigned char)d, ref) & s->white_mask;;
	     at = (at + 1) & s->white_mask) {
		const struct bl_side_white *w = &table[at];
		if (!w->n)
			return false;
		if (w->tenant != t->index || w->scope != scope || w->direction != d || zk_uuid_cmp(&w->ref, ref))
			continue;
		/* Windows are disjoint and sorted: the last that begins at or before now decides. */
		uint32_t lo = 0, hi = w->n;
		while (lo < hi) {
			uint32_t mid = (lo + hi) / 2;
			if (windows[w->first + mid].from <= now)
				lo = mid + 1;
			else
				hi = mid;
		}
		return lo && now < windows[w->first + lo - 1].until;
	}
}
