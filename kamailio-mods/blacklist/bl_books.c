#include "bl_index.h"
#include "bl_side_block.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void bl_books_clear(struct bl_books *b)
{
	struct bl_tenant_node *t, *tn;
	struct bl_wide *w, *wn;
	struct bl_white *l, *ln;
	HASH_ITER (hh, b->tenants, t, tn) {
		HASH_DELETE(hh, b->tenants, t);
		free(t);
	}
	HASH_ITER (hh, b->wide, w, wn) {
		HASH_DELETE(hh, b->wide, w);
		free(w);
	}
	HASH_ITER (hh, b->white, l, ln) {
		HASH_DELETE(hh, b->white, l);
		free(l);
	}
	free(b->by_index);
	*b = (struct bl_books){.dirty = true};
}

uint32_t bl_books_tenant(struct bl_books *b, const struct zk_uuid *id)
{
	struct bl_tenant_node *t;
	HASH_FIND(hh, b->tenants, id, sizeof *id, t);
	if (t)
		return t->index;
	if (b->tenants_n == b->tenants_cap) {
		uint32_t cap = b->tenants_cap ? b->tenants_cap * 2 : 64;
		struct bl_tenant_node **more = realloc(b->by_index, cap * sizeof *more);
		if (!more)
			return BL_TENANTS_MAX;
		b->by_index = more;
		b->tenants_cap = cap;
	}
	if (b->tenants_n == BL_TENANTS_MAX || !(t = calloc(1, sizeof *t)))
		return BL_TENANTS_MAX;
	t->id = *id;
	t->index = b->tenants_n;
	b->by_index[b->tenants_n++] = t;
	HASH_ADD(hh, b->tenants, id, sizeof t->id, t);
	b->dirty = true;
	return t->index;
}

int bl_books_wide(struct bl_books *b, const struct bl_wide_key *key, uint32_t set, uint32_t *old)
{
	struct bl_wide *w;
	HASH_FIND(hh, b->wide, key, sizeof *key, w);
	*old = w ? w->set : 0;
	if (*old == set)
		return 0;
	b->dirty = true;
	if (w && !set) {
		HASH_DELETE(hh, b->wide, w);
		free(w);
	} else if (w) {
		w->set = set;
	} else {
		if (!(w = calloc(1, sizeof *w)))
			return ENOMEM;
		w->key = *key;
		w->set = set;
		HASH_ADD(hh, b->wide, key, sizeof w->key, w);
	}
	return 0;
}

static int count_white(struct bl_books *b, const struct bl_white_key *key, int by)
{
	struct bl_white *w;
	HASH_FIND(hh, b->white, key, sizeof *key, w);
	if (!w) {
		if (by < 0)
			return 0;
		if (!(w = calloc(1, sizeof *w)))
			return ENOMEM;
		w->key = *key;
		HASH_ADD(hh, b->white, key, sizeof w->key, w);
		b->dirty = true;
	}
	w->count += (uint64_t)(int64_t)by;
	if (!w->count) {
		HASH_DELETE(hh, b->white, w);
		free(w);
		b->dirty = true;
	}
	return 0;
}

int bl_books_white(struct bl_books *b, uint32_t tenant, const struct bl_set *set, int by)
{
	int err = 0;
	for (uint32_t i = 0; i < set->n && !err; i++) {
		const struct bl_rule *r = &set->rules[i];
		struct bl_white_key key = {
			.tenant = tenant, .scope = r->scope, .ref = r->ref, .from = r->from, .until = r->until};
		for (unsigned char d = BL_IN; r->colour == BL_WHITE && d <= BL_OUT && !err; d++) {
			key.direction = d;
			err = r->direction & d ? count_white(b, &key, by) : 0;
		}
	}
	return err;
}

static uint32_t table_size(size_t n)
{
	uint32_t size = 2;
	while (size < n * 2)
		size *= 2;
	return size;
}

static int compare_white(const void *pa, const void *pb)
{
	const struct bl_white_key *a = &(*(struct bl_white *const *)pa)->key,
				  *b = &(*(struct bl_white *const *)pb)->key;
	int c = memcmp(a, b, offsetof(struct bl_white_key, from));
	return c ? c : (a->from > b->from) - (a->from < b->from);
}

static int compare_pattern(const void *pa, const void *pb)
{
	const struct bl_wide *a = *(struct bl_wide *const *)pa, *b = *(struct bl_wide *const *)pb;
	return (a->key.tenant > b->key.tenant) - (a->key.tenant < b->key.tenant);
}

struct build {
	const struct bl_books *b;
	struct bl_side_head *head;
	struct bl_tenant **tenants; /* by index, in the block */
	struct bl_white **white;    /* sorted */
	struct bl_wide **patterns;  /* sorted by tenant */
	uint32_t white_n, patterns_n, wide_n;
};

static void *part(struct build *x, uint32_t at)
{
	return (char *)x->head + at;
}

static void build_tenants(struct build *x)
{
	struct bl_tenant *table = part(x, x->head->tenants_at);
	for (uint32_t i = 0; i < x->b->tenants_n; i++) {
		const struct zk_uuid *id = &x->b->by_index[i]->id;
		uint32_t at = bl_side_hash(id->b, sizeof id->b, 0) & x->head->tenants_mask;
		while (!zk_uuid_is_zero(&table[at].id))
			at = (at + 1) & x->head->tenants_mask;
		table[at] = (struct bl_tenant){.id = *id, .index = i};
		x->tenants[i] = &table[at];
	}
}

static void build_wide(struct build *x)
{
	struct bl_side_wide *table = part(x, x->head->wide_at);
	struct bl_wide *w, *next;
	HASH_ITER (hh, x->b->wide, w, next) {
		const struct bl_wide_key *k = &w->key;
		struct bl_tenant *t = x->tenants[k->tenant];
		if (k->match == BL_PATTERN)
			continue;
		if (k->match == BL_PREFIX)
			t->lengths |= (uint32_t)1 << (k->len - 1);
		else
			t->longs = 1;
		uint32_t at = bl_wide_hash(k->tenant, k->match, k->digits, k->len) & x->head->wide_mask;
		while (table[at].set)
			at = (at + 1) & x->head->wide_mask;
		table[at] = (struct bl_side_wide){.set = w->set, .tenant = k->tenant, .match = k->match, .len = k->len};
		memcpy(table[at].digits, k->digits, sizeof table[at].digits);
	}
}

static void build_patterns(struct build *x)
{
	struct bl_side_pattern *out = part(x, x->head->patterns_at);
	for (uint32_t i = 0; i < x->patterns_n; i++) {
		const struct bl_wide *w = x->patterns[i];
		struct bl_tenant *t = x->tenants[w->key.tenant];
		if (!t->patterns)
			t->pattern_first = i;
		if (t->patterns < BL_PATTERNS_MAX)
			t->patterns++;
		out[i] = (struct bl_side_pattern){.set = w->set};
		memcpy(out[i].text, w->key.digits, sizeof w->key.digits);
	}
}

/* Overlapping windows of one scope become one. */
static uint32_t merge_windows(struct bl_white *const *rows, uint32_t n, struct bl_window *out)
{
	uint32_t k = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct bl_white_key *w = &rows[i]->key;
		if (k && w->from <= out[k - 1].until) {
			if (out[k - 1].until < w->until)
				out[k - 1].until = w->until;
		} else {
			out[k++] = (struct bl_window){w->from, w->until};
		}
	}
	return k;
}

static void build_white(struct build *x)
{
	struct bl_side_white *table = part(x, x->head->white_at);
	struct bl_window *windows = part(x, x->head->windows_at);
	uint32_t used = 0;
	for (uint32_t i = 0, end; i < x->white_n; i = end) {
		const struct bl_white_key *k = &x->white[i]->key;
		for (end = i + 1;
		     end < x->white_n && !memcmp(&x->white[end]->key, k, offsetof(struct bl_white_key, from));)
			end++;
		uint32_t at = bl_white_hash(k->tenant, k->scope, k->direction, &k->ref) & x->head->white_mask;
		while (table[at].n)
			at = (at + 1) & x->head->white_mask;
		table[at] = (struct bl_side_white){.tenant = k->tenant,
						   .scope = k->scope,
						   .direction = k->direction,
						   .ref = k->ref,
						   .first = used,
						   .n = merge_windows(x->white + i, end - i, windows + used)};
		used += table[at].n;
		x->tenants[k->tenant]->white |= (uint16_t)(1u << k->scope);
	}
}

static bool gather(struct build *x)
{
	struct bl_wide *w, *wn;
	struct bl_white *l, *ln;
	uint32_t wide = (uint32_t)HASH_COUNT(x->b->wide), white = (uint32_t)HASH_COUNT(x->b->white);
	x->tenants = calloc(x->b->tenants_n + 1, sizeof *x->tenants);
	x->patterns = calloc(wide + 1, sizeof(struct bl_wide *));
	x->white = calloc(white + 1, sizeof *x->white);
	if (!x->tenants || !x->patterns || !x->white)
		return false;
	HASH_ITER (hh, x->b->wide, w, wn)
		if (w->key.match == BL_PATTERN)
			x->patterns[x->patterns_n++] = w;
		else
			x->wide_n++;
	HASH_ITER (hh, x->b->white, l, ln)
		x->white[x->white_n++] = l;
	qsort(x->patterns, x->patterns_n, sizeof(struct bl_wide *), compare_pattern);
	qsort(x->white, x->white_n, sizeof *x->white, compare_white);
	return true;
}

static size_t lay_out(const struct build *x, struct bl_side_head *h)
{
	size_t at = (sizeof *h + 7) / 8 * 8;
	uint32_t tenants = table_size(x->b->tenants_n), wide = table_size(x->wide_n), white = table_size(x->white_n);
	*h = (struct bl_side_head){.tenants_mask = tenants - 1, .wide_mask = wide - 1, .white_mask = white - 1};
	h->tenants_at = (uint32_t)at;
	at += tenants * sizeof(struct bl_tenant);
	h->wide_at = (uint32_t)at;
	at += wide * sizeof(struct bl_side_wide);
	h->patterns_at = (uint32_t)at;
	at += x->patterns_n * sizeof(struct bl_side_pattern);
	h->white_at = (uint32_t)at;
	at = (at + white * sizeof(struct bl_side_white) + 7) / 8 * 8;
	h->windows_at = (uint32_t)at;
	return at + x->white_n * sizeof(struct bl_window);
}

uint32_t bl_books_publish(const struct bl_books *b, struct bl_arena *a, uint32_t txn, uint32_t *pages)
{
	struct build x = {.b = b};
	struct bl_side_head head;
	uint32_t at = 0;
	if (gather(&x)) {
		size_t bytes = lay_out(&x, &head);
		*pages = (uint32_t)((bytes + BL_PAGE - 1) / BL_PAGE);
		at = bytes < UINT32_MAX ? bl_arena_take(a, *pages, txn) : 0;
	}
	if (at) {
		x.head = bl_at(a, at);
		memset(x.head, 0, (size_t)*pages * BL_PAGE);
		*x.head = head;
		build_tenants(&x);
		build_wide(&x);
		build_patterns(&x);
		build_white(&x);
	}
	free(x.tenants);
	free(x.patterns);
	free(x.white);
	return at;
}
