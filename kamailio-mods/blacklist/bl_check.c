#include "bl_check.h"
#include <string.h>

struct level {
	struct bl_at at;
	const struct bl_rule *black; /* the first that matched: exact before prefix, longer before shorter */
	const struct bl_tenant *owner;
	enum bl_match match;
	const char *number;
	unsigned number_len;
	bool white, overrides; /* a white rule names the number; one that overrides */
	bool white_list;
};

struct search {
	struct bl_store *store;
	const struct bl_side_head *side;
	const struct bl_query *q;
	const struct bl_tenant *carrier;
	struct bl_digits digits;
	struct level levels[BL_SCOPES_MAX];
	unsigned n;
	bool always;
	struct bl_seen *seen;
	unsigned *seen_n;
};

/* A row that named the number, as found. */
struct found {
	const struct bl_tenant *owner;
	enum bl_match match;
	const char *number;
	unsigned len;
};

static bool in_force(const struct search *s, const struct bl_rule *r, const struct found *f)
{
	return (r->direction & s->q->direction) && r->from <= s->q->now && s->q->now < r->until &&
	       (r->colour != BL_BLACK || !s->q->own_black_off || f->owner == s->carrier);
}

static void remember(struct search *s, const struct bl_rule *r, const struct found *f, bool counts)
{
	if (!s->seen || *s->seen_n == BL_SEEN_MAX)
		return;
	struct bl_seen *e = &s->seen[(*s->seen_n)++];
	*e = (struct bl_seen){.tenant = f->owner->id, .match = f->match, .rule = *r};
	memcpy(e->number, f->number, f->len);
	e->in_force = in_force(s, r, f);
	e->counts = e->in_force && counts;
	(void)bl_rule_name(&e->name, &e->tenant, bl_scope_names[r->scope], &r->ref, bl_match_names[f->match], e->number,
			   bl_colour_names[r->colour], bl_direction_names[r->direction]);
}

static void consider(struct search *s, struct level *l, const struct bl_rule *r, const struct found *f)
{
	remember(s, r, f, true);
	if (!in_force(s, r, f))
		return;
	if (r->colour == BL_ALWAYS) {
		s->always = true;
	} else if (r->colour == BL_WHITE) {
		l->white = true;
		l->overrides = l->overrides || r->overrides;
	} else if (!l->black) {
		l->black = r;
		l->owner = f->owner;
		l->match = f->match;
		l->number = f->number;
		l->number_len = f->len;
	}
}

static int compare_place(const struct bl_rule *r, const struct bl_at *at)
{
	int c = (int)r->scope - (int)at->scope;
	return c ? c : zk_uuid_cmp(&r->ref, &at->ref);
}

/* The rules of a set are sorted by scope and ref: each of the call's scopes finds its own. */
static void look(struct search *s, uint32_t at, const struct found *f)
{
	const struct bl_set *set = bl_root_set(s->store, at);
	for (unsigned i = 0; i < s->n; i++) {
		struct level *l = &s->levels[i];
		uint32_t lo = 0, hi = set->n;
		while (lo < hi) {
			uint32_t mid = (lo + hi) / 2;
			if (compare_place(&set->rules[mid], &l->at) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		for (; lo < set->n && !compare_place(&set->rules[lo], &l->at); lo++)
			consider(s, l, &set->rules[lo], f);
	}
}

/* For the explanation only: rules that name the number in scopes that are not the call's. */
static void remember_others(struct search *s, uint32_t at, const struct found *f)
{
	const struct bl_set *set = bl_root_set(s->store, at);
	for (uint32_t k = 0; s->seen && k < set->n; k++) {
		unsigned i = 0;
		while (i < s->n && compare_place(&set->rules[k], &s->levels[i].at))
			i++;
		if (i == s->n)
			remember(s, &set->rules[k], f, false);
	}
}

static void found(struct search *s, uint32_t set, const struct found *f)
{
	if (!set)
		return;
	look(s, set, f);
	remember_others(s, set, f);
}

static void look_at_owner(struct search *s, const struct bl_root *root, const struct bl_tenant *t,
			  const struct bl_key *key)
{
	const struct bl_digits *d = &s->digits;
	struct found f = {.owner = t, .match = BL_EXACT, .number = d->text, .len = d->len};
	if (key->code)
		found(s, bl_root_number(s->store, root, key), &f);
	else if (d->whole && t->longs)
		found(s, bl_side_find(s->side, t->index, BL_EXACT, d->text, d->len), &f);
	f.match = BL_PREFIX;
	for (f.len = d->len; f.len > 0; f.len--)
		if (t->lengths >> (f.len - 1) & 1)
			found(s, bl_side_find(s->side, t->index, BL_PREFIX, d->text, f.len), &f);
	f.match = BL_PATTERN;
	for (uint32_t i = 0; i < t->patterns; i++) {
		uint32_t set;
		f.number = bl_side_pattern(s->side, t, i, &set);
		f.len = (unsigned)strlen(f.number);
		if (bl_pattern_fits(f.number, d))
			found(s, set, &f);
	}
}

static void look_for_white_lists(struct search *s, const struct bl_tenant *t)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct level *l = &s->levels[i];
		if (!l->white_list && bl_side_white(s->side, t, l->at.scope, &l->at.ref, s->q->direction, s->q->now)) {
			l->white_list = true;
			l->owner = l->black ? l->owner : t;
		}
	}
}

/* The most specific first. */
static void add_level(struct search *s, enum bl_scope scope, const struct zk_uuid *ref)
{
	unsigned at = s->n++;
	for (; at > 0 && s->levels[at - 1].at.scope < scope; at--)
		s->levels[at] = s->levels[at - 1];
	s->levels[at] = (struct level){.at = {scope, *ref}};
}

static void make_levels(struct search *s)
{
	static const struct zk_uuid none;
	if (!s->q->only_these) {
		add_level(s, BL_SYSTEM, &none);
		add_level(s, BL_TENANT, &none);
	}
	for (unsigned i = 0; i < s->q->n && s->n < BL_SCOPES_MAX; i++)
		if (!zk_uuid_is_zero(&s->q->at[i].ref))
			add_level(s, s->q->at[i].scope, &s->q->at[i].ref);
}

/* Down to which scope black rules are lifted: those wider than the most specific one that has a white list, when the
 * number is on it by a rule that says so. -1: none. */
static int lifts_below(const struct search *s)
{
	int scope = -1;
	for (unsigned i = 0; i < s->n; i++) {
		const struct level *l = &s->levels[i];
		if (!l->white_list || (scope >= 0 && (int)l->at.scope != scope))
			continue;
		if (l->overrides)
			return (int)l->at.scope;
		scope = (int)l->at.scope; /* others of the same kind (an agent's groups) may still say so */
	}
	return -1;
}

static void bar(const struct level *l, struct bl_answer *a)
{
	*a = (struct bl_answer){.barred = true,
				.code = BL_WHITE_CODE,
				.scope = l->at.scope,
				.ref = l->at.ref,
				.owner = l->owner->id,
				.lifted = a->lifted};
}

static void bar_black(const struct level *l, struct bl_answer *a)
{
	const struct bl_rule *r = l->black;
	char number[BL_DIGITS_MAX + 2] = "";
	bar(l, a);
	a->code = r->code;
	a->result = r->result;
	a->prompt = r->prompt;
	memcpy(number, l->number, l->number_len);
	(void)bl_rule_name(&a->rule, &l->owner->id, bl_scope_names[r->scope], &r->ref, bl_match_names[l->match], number,
			   bl_colour_names[r->colour], bl_direction_names[r->direction]);
}

static void decide(struct search *s, struct bl_answer *a)
{
	if (s->always)
		return;
	int lifted = lifts_below(s);
	for (unsigned i = 0; i < s->n; i++) {
		const struct level *l = &s->levels[i];
		if (l->black && (int)l->at.scope < lifted) {
			a->lifted = true;
		} else if (l->black) {
			bar_black(l, a);
			return;
		}
		if (l->white_list && !l->white) {
			bar(l, a);
			return;
		}
	}
}

/* Both owners' places in the large table are on their way from memory before the first is read. */
static void look_at_owners(struct search *s, const struct bl_root *root)
{
	const struct bl_tenant *own = bl_side_tenant(s->side, &s->q->tenant);
	s->carrier = bl_side_tenant(s->side, &root->carrier);
	const struct bl_tenant *owners[] = {own, s->carrier == own ? NULL : s->carrier};
	struct bl_key keys[2] = {{0}};
	for (int i = 0; i < 2; i++)
		if (owners[i] && s->digits.whole) {
			keys[i] = (struct bl_key){bl_code(s->digits.text, s->digits.len), owners[i]->index};
			bl_root_ahead(s->store, root, &keys[i]);
		}
	for (int i = 0; i < 2; i++)
		if (owners[i]) {
			look_at_owner(s, root, owners[i], &keys[i]);
			look_for_white_lists(s, owners[i]);
		}
}

/* A caller without a number is the empty number: no rule names it, a white list bars it. */
void bl_check(struct bl_store *store, const struct bl_query *q, struct bl_answer *a, struct bl_seen *seen,
	      unsigned *seen_n)
{
	struct search s = {.store = store, .q = q, .seen = seen, .seen_n = seen_n};
	unsigned pin;
	*a = (struct bl_answer){0};
	if (seen_n)
		*seen_n = 0;
	const struct bl_root *root = bl_pin(store, &pin);
	s.side = bl_root_side(store, root);
	if (s.side) {
		bl_side_ahead(s.side, &q->tenant);
		bl_digits_read(&s.digits, q->number);
		make_levels(&s);
		look_at_owners(&s, root);
		decide(&s, a);
	}
	bl_unpin(store, pin);
}
