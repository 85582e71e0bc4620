#include "bl_rule.h"
#include <stdlib.h>
#include <string.h>

#define BL_TEXT(name, text) text,
const char *const bl_scope_names[] = {BL_SCOPES(BL_TEXT)};
const char *const bl_colour_names[] = {BL_COLOURS(BL_TEXT)};
const char *const bl_result_names[] = {BL_RESULTS(BL_TEXT)};
const char *const bl_match_names[] = {BL_MATCHES(BL_TEXT)};
const char *const bl_direction_names[] = {"?", "in", "out", "both"};

struct bl_set_node {
	UT_hash_handle hh; /* key: the rules as bytes, in the arena */
	uint32_t set, refs;
};

int bl_name(const char *const *names, int n, const char *text, size_t len)
{
	for (int i = 0; i < n; i++)
		if (strlen(names[i]) == len && !memcmp(names[i], text, len))
			return i;
	return -1;
}

static uint32_t units(uint32_t n)
{
	return (uint32_t)((sizeof(struct bl_set) + n * sizeof(struct bl_rule) + BL_SET_UNIT - 1) / BL_SET_UNIT);
}

static uint32_t add(struct bl_sets *s, const struct bl_rule *rules, uint32_t n, uint32_t hash, uint32_t txn)
{
	uint32_t at = bl_arena_take(s->arena, units(n), txn);
	struct bl_set_node *node = at ? calloc(1, sizeof *node) : NULL;
	if (!node) {
		if (at)
			bl_arena_free(s->arena, at, units(n));
		return 0;
	}
	struct bl_set *set = bl_at(s->arena, at);
	set->n = n;
	set->hash = hash;
	memcpy(set->rules, rules, n * sizeof *rules);
	node->set = at;
	node->refs = 1;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, s->known, set->rules, (unsigned)(n * sizeof *rules), hash, node);
	s->last = node;
	return at;
}

uint32_t bl_set_take(struct bl_sets *s, const struct bl_rule *rules, uint32_t n, uint32_t txn)
{
	struct bl_set_node *node = s->last;
	unsigned bytes = (unsigned)(n * sizeof *rules);
	if (!node || node->hh.keylen != bytes || memcmp(node->hh.key, rules, bytes) != 0) {
		unsigned hash;
		HASH_VALUE(rules, bytes, hash);
		HASH_FIND_BYHASHVALUE(hh, s->known, rules, bytes, hash, node);
		if (!node)
			return add(s, rules, n, hash, txn);
	}
	node->refs++;
	s->last = node;
	return node->set;
}

void bl_set_drop(struct bl_sets *s, uint32_t at, uint32_t txn, uint32_t epoch)
{
	struct bl_set *set = bl_at(s->arena, at);
	struct bl_set_node *node = NULL;
	HASH_FIND_BYHASHVALUE(hh, s->known, set->rules, (unsigned)(set->n * sizeof *set->rules), set->hash, node);
	if (!node || --node->refs)
		return;
	HASH_DELETE(hh, s->known, node);
	if (s->last == node)
		s->last = NULL;
	free(node);
	if (s->arena->born[at] == txn)
		bl_arena_free(s->arena, at, units(set->n));
	else
		bl_arena_retire(s->arena, at, units(set->n), epoch);
}

void bl_sets_clear(struct bl_sets *s)
{
	struct bl_set_node *node, *next;
	HASH_ITER (hh, s->known, node, next) {
		HASH_DELETE(hh, s->known, node);
		free(node);
	}
	s->last = NULL;
}

size_t bl_sets_count(const struct bl_sets *s)
{
	return HASH_COUNT(s->known);
}

void bl_sets_each(const struct bl_sets *s, void (*h)(uint32_t set, const struct bl_set *rules, void *arg), void *arg)
{
	struct bl_set_node *node, *next;
	HASH_ITER (hh, s->known, node, next)
		h(node->set, bl_at(s->arena, node->set), arg);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct bl_rule));
}

void bl_rules_sort(struct bl_rule *rules, uint32_t *n)
{
	uint32_t k = 0;
	if (*n > 1)
		qsort(rules, *n, sizeof *rules, compare);
	for (uint32_t i = 0; i < *n; i++)
		if (!i || memcmp(&rules[k - 1], &rules[i], sizeof *rules) != 0)
			rules[k++] = rules[i];
	*n = k;
}

void bl_rules_insert(struct bl_rule *rules, uint32_t *n, const struct bl_rule *rule)
{
	uint32_t lo = 0, hi = *n;
	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;
		if (compare(&rules[mid], rule) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < *n && !compare(&rules[lo], rule))
		return;
	memmove(&rules[lo + 1], &rules[lo], (*n - lo) * sizeof *rules);
	rules[lo] = *rule;
	++*n;
}
