#include "bl_table.h"
#include "zk_log.h"
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct shared {                /* the first page of the arena of pages */
	_Atomic uint32_t root; /* page; 0: nothing was published yet */
	_Atomic uint32_t epoch;
	_Alignas(64) _Atomic uint32_t pins[2]; /* readers of even and odd epochs */
	_Alignas(64) _Atomic uint64_t bytes, bytes_most;
};

/* Which units of an arena were taken at a moment, so that a lost transaction can be undone, a generation be retired. */
struct taken {
	uint64_t *bits;
	uint32_t words, cap;
	size_t retired;
};

struct bl_store {
	struct bl_arena pages, sets;
	struct shared *shared;
	/* the writer's */
	uint32_t txn;
	struct bl_root next;
	struct bl_sets books_sets;
	struct bl_books books;
	const struct bl_journal *journal;
	struct taken old_pages, old_sets; /* when the transaction began, or was published so far */
	bool anew, must_be_anew;
};

static const struct bl_root empty_root;

int bl_store_alloc(struct bl_store **sp, size_t bytes)
{
	struct bl_store *s = calloc(1, sizeof *s);
	if (!s)
		return ENOMEM;
	int err = bl_arena_init(&s->pages, BL_PAGE, bytes);
	size_t sets = bytes / 2 / BL_SET_UNIT < BL_SETS_MAX ? bytes / 2 : (size_t)BL_SETS_MAX * BL_SET_UNIT;
	if (!err)
		err = bl_arena_init(&s->sets, BL_SET_UNIT, sets);
	if (!err) {
		uint32_t page = bl_arena_take(&s->pages, 1, 0);
		s->shared = bl_at(&s->pages, page);
		s->books_sets.arena = &s->sets;
		s->books.dirty = s->must_be_anew = true;
		*sp = s;
		return 0;
	}
	bl_arena_close(&s->pages);
	free(s);
	return err;
}

void bl_store_free(struct bl_store *s)
{
	if (!s)
		return;
	bl_sets_clear(&s->books_sets);
	bl_books_clear(&s->books);
	bl_arena_close(&s->pages);
	bl_arena_close(&s->sets);
	free(s->old_pages.bits);
	free(s->old_sets.bits);
	free(s);
}

void bl_store_map(const struct bl_store *s)
{
	bl_arena_map(&s->pages);
	bl_arena_map(&s->sets);
}

/* The counter first, then the look whether the epoch still is the same: a writer that went on meanwhile did not see it.
 */
const struct bl_root *bl_pin(struct bl_store *s, unsigned *pin)
{
	for (;;) {
		uint32_t e = atomic_load(&s->shared->epoch);
		*pin = e & 1;
		atomic_fetch_add(&s->shared->pins[*pin], 1);
		if (atomic_load(&s->shared->epoch) == e)
			break;
		atomic_fetch_sub(&s->shared->pins[*pin], 1);
	}
	uint32_t page = atomic_load(&s->shared->root);
	return page ? bl_at(&s->pages, page) : &empty_root;
}

void bl_unpin(struct bl_store *s, unsigned pin)
{
	atomic_fetch_sub_explicit(&s->shared->pins[pin], 1, memory_order_release);
}

const struct bl_side_head *bl_root_side(const struct bl_store *s, const struct bl_root *r)
{
	return r->side ? bl_at(&s->pages, r->side) : NULL;
}

const struct bl_set *bl_root_set(const struct bl_store *s, uint32_t set)
{
	return bl_at(&s->sets, set);
}

uint32_t bl_root_number(const struct bl_store *s, const struct bl_root *r, const struct bl_key *key)
{
	return bl_index_find(&s->pages, &r->index, key);
}

void bl_root_ahead(const struct bl_store *s, const struct bl_root *r, const struct bl_key *key)
{
	bl_index_ahead(&s->pages, &r->index, key);
}

/* What was retired in epoch e is free in e + 2: both counters were seen empty in between. */
static void reclaim(struct bl_store *s)
{
	for (int i = 0; i < 2; i++) {
		uint32_t e = atomic_load(&s->shared->epoch);
		if (atomic_load(&s->shared->pins[(e + 1) & 1]))
			break;
		atomic_store(&s->shared->epoch, e + 1);
	}
	uint32_t e = atomic_load(&s->shared->epoch);
	bl_arena_reclaim(&s->pages, e - 2);
	bl_arena_reclaim(&s->sets, e - 2);
}

static uint32_t epoch(const struct bl_store *s)
{
	return atomic_load(&s->shared->epoch);
}

static void count_bytes(struct bl_store *s)
{
	atomic_store(&s->shared->bytes, (uint64_t)s->pages.used * BL_PAGE + (uint64_t)s->sets.used * BL_SET_UNIT);
	atomic_store(&s->shared->bytes_most, (uint64_t)s->pages.most * BL_PAGE + (uint64_t)s->sets.most * BL_SET_UNIT);
}

static bool copy_taken(struct taken *t, const struct bl_arena *a)
{
	uint32_t words = a->top / 64 + 1;
	if (words > t->cap) {
		free(t->bits);
		t->words = 0;
		t->cap = words * 2;
		t->bits = malloc(t->cap * sizeof *t->bits);
		if (!t->bits) {
			t->cap = 0;
			return false;
		}
	}
	memcpy(t->bits, a->taken, words * sizeof *t->bits);
	t->words = words;
	t->retired = a->retired_n;
	return true;
}

/* Frees what was taken since. */
static void undo(struct bl_arena *a, const struct taken *t)
{
	if (!t->words)
		return; /* no heap for the books: leaked until the next generation */
	a->retired_n = t->retired;
	for (uint32_t w = 0; w <= a->top / 64; w++)
		for (uint64_t bits = a->taken[w] & ~(w < t->words ? t->bits[w] : 0); bits; bits &= bits - 1)
			bl_arena_free(a, w * 64 + (uint32_t)__builtin_ctzll(bits), 1);
}

static bool remember_taken(struct bl_store *s)
{
	return copy_taken(&s->old_pages, &s->pages) && copy_taken(&s->old_sets, &s->sets);
}

static int begin_anew(struct bl_store *s)
{
	uint64_t seed = 0;
	bl_sets_clear(&s->books_sets);
	bl_books_clear(&s->books);
	while (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		;
	return bl_index_begin(&s->pages, &s->next.index, seed, s->txn);
}

int bl_begin(struct bl_store *s, bool anew)
{
	uint32_t page = atomic_load(&s->shared->root);
	if (s->must_be_anew && !anew)
		return EAGAIN;
	reclaim(s);
	s->txn++;
	s->anew = anew;
	s->next = page ? *(const struct bl_root *)bl_at(&s->pages, page) : empty_root;
	int err = remember_taken(s) ? 0 : ENOMEM;
	if (!err && anew) {
		s->next = (struct bl_root){.carrier = s->next.carrier};
		err = begin_anew(s);
	}
	if (err)
		bl_abort(s);
	return err;
}

void bl_carrier(struct bl_store *s, const struct zk_uuid *id)
{
	s->next.carrier = *id;
}

/* Without room for one more copied segment the transaction is published in pieces: what readers have left is used
 * again. (The block of small tables waits for the end.) */
static int publish_so_far(struct bl_store *s)
{
	uint32_t old = atomic_load(&s->shared->root), page = s->anew ? 0 : bl_arena_take(&s->pages, 1, s->txn);
	if (!page)
		return ENOMEM;
	*(struct bl_root *)bl_at(&s->pages, page) = s->next;
	atomic_store(&s->shared->root, page);
	bl_arena_retire(&s->pages, old, 1, epoch(s));
	s->txn++;
	uint32_t before = s->pages.used;
	for (int i = 0; i < 1000 && s->pages.used == before; i++) {
		reclaim(s);
		sched_yield();
	}
	return remember_taken(s) ? 0 : ENOMEM;
}

static int put_number(struct bl_store *s, const struct bl_key *key, uint32_t set, uint32_t *old)
{
	int err = bl_index_put(&s->pages, &s->next.index, key, set, old, s->txn, epoch(s));
	if (err == ENOMEM && !publish_so_far(s))
		err = bl_index_put(&s->pages, &s->next.index, key, set, old, s->txn, epoch(s));
	return err;
}

/* Puts a set into its place and books what it and the one before have. */
static int place(struct bl_store *s, uint32_t tenant, enum bl_match match, const char *digits, unsigned len,
		 uint32_t set)
{
	struct bl_key key = {.code = match == BL_EXACT ? bl_code(digits, len) : 0, .tenant = tenant};
	struct bl_wide_key wide = {.tenant = tenant, .match = (unsigned char)match, .len = (unsigned char)len};
	uint32_t old = 0;
	int err;
	memcpy(wide.digits, digits, len);
	if (key.code)
		err = put_number(s, &key, set, &old);
	else
		err = bl_books_wide(&s->books, &wide, set, &old);
	if (err)
		return err;
	if (s->journal && old != set && key.code)
		s->journal->number(&key, set, s->journal->arg);
	else if (s->journal && old != set)
		s->journal->wide(&wide, set, s->journal->arg);
	err = set && old != set ? bl_books_white(&s->books, tenant, bl_at(&s->sets, set), 1) : 0;
	if (old && old != set && !err)
		err = bl_books_white(&s->books, tenant, bl_at(&s->sets, old), -1);
	if (old)
		bl_set_drop(&s->books_sets, old, s->txn, epoch(s));
	return err;
}

static int put(struct bl_store *s, uint32_t tenant, enum bl_match match, const char *digits, unsigned len,
	       const struct bl_rule *rules, uint32_t n)
{
	size_t known = bl_sets_count(&s->books_sets);
	uint32_t set = n ? bl_set_take(&s->books_sets, rules, n, s->txn) : 0;
	if (n && !set)
		return ENOMEM;
	if (s->journal && bl_sets_count(&s->books_sets) > known)
		s->journal->set(set, bl_at(&s->sets, set), s->journal->arg);
	return place(s, tenant, match, digits, len, set);
}

static int tenant_index(struct bl_store *s, const struct zk_uuid *id, uint32_t *index)
{
	uint32_t known = s->books.tenants_n;
	*index = bl_books_tenant(&s->books, id);
	if (*index == BL_TENANTS_MAX)
		return ENOMEM;
	if (s->journal && s->books.tenants_n > known)
		s->journal->tenant(*index, id, s->journal->arg);
	return 0;
}

int bl_put(struct bl_store *s, const struct zk_uuid *tenant, enum bl_match match, const char *digits, unsigned len,
	   struct bl_rule *rules, uint32_t n)
{
	uint32_t index;
	if (!len || len > BL_DIGITS_MAX)
		return EINVAL;
	if (n > BL_RULES_MAX)
		return E2BIG;
	int err = tenant_index(s, tenant, &index);
	if (!err) {
		bl_rules_sort(rules, &n);
		err = put(s, index, match, digits, len, rules, n);
	}
	return err;
}

void bl_ahead(struct bl_store *s, const struct zk_uuid *tenant, enum bl_match match, const char *digits, unsigned len)
{
	const struct bl_tenant_node *t;
	HASH_FIND(hh, s->books.tenants, tenant, sizeof *tenant, t);
	if (!t || match != BL_EXACT)
		return;
	struct bl_key key = {.code = bl_code(digits, len), .tenant = t->index};
	bl_index_ahead(&s->pages, &s->next.index, &key);
}

/* The rules that a key has, with one more. */
static int add_to(struct bl_store *s, uint32_t tenant, enum bl_match match, const char *digits, unsigned len,
		  const struct bl_set *old, const struct bl_rule *rule)
{
	struct bl_rule rules[BL_RULES_MAX + 1];
	uint32_t n = old->n;
	memcpy(rules, old->rules, n * sizeof *rules);
	bl_rules_insert(rules, &n, rule);
	return n > BL_RULES_MAX ? E2BIG : put(s, tenant, match, digits, len, rules, n);
}

int bl_add(struct bl_store *s, const struct zk_uuid *tenant, enum bl_match match, const char *digits, unsigned len,
	   const struct bl_rule *rule)
{
	uint32_t index, old = 0;
	if (!len || len > BL_DIGITS_MAX)
		return EINVAL;
	int err = tenant_index(s, tenant, &index);
	if (err)
		return err;
	struct bl_key key = {.code = match == BL_EXACT ? bl_code(digits, len) : 0, .tenant = index};
	if (key.code) {
		old = bl_index_find(&s->pages, &s->next.index, &key);
	} else {
		struct bl_wide_key wide = {.tenant = index, .match = (unsigned char)match, .len = (unsigned char)len};
		struct bl_wide *w;
		memcpy(wide.digits, digits, len);
		HASH_FIND(hh, s->books.wide, &wide, sizeof wide, w);
		old = w ? w->set : 0;
	}
	return old ? add_to(s, index, match, digits, len, bl_at(&s->sets, old), rule)
		   : put(s, index, match, digits, len, rule, 1);
}

/* Everything that the generation before had, but what never goes: no unit, and the shared page. */
static void retire_taken(struct bl_arena *a, const struct taken *t, uint64_t never, uint32_t e)
{
	a->retired_n = 0; /* they are among it */
	for (uint32_t w = 0; w < t->words; w++)
		for (uint64_t bits = w ? t->bits[w] : t->bits[w] & ~never; bits; bits &= bits - 1)
			bl_arena_retire(a, w * 64 + (uint32_t)__builtin_ctzll(bits), 1, e);
}

static int make_side(struct bl_store *s, uint32_t *retire, uint32_t *retire_pages)
{
	uint32_t pages, at;
	if (!s->books.dirty)
		return 0;
	at = bl_books_publish(&s->books, &s->pages, s->txn, &pages);
	if (!at)
		return ENOMEM;
	*retire = s->anew ? 0 : s->next.side;
	*retire_pages = s->next.side_pages;
	s->next.side = at;
	s->next.side_pages = pages;
	s->books.dirty = false;
	return 0;
}

int bl_commit(struct bl_store *s)
{
	uint32_t old_side = 0, old_side_pages = 0, old_root = atomic_load(&s->shared->root);
	uint32_t page = bl_arena_take(&s->pages, 1, s->txn);
	int err = page ? make_side(s, &old_side, &old_side_pages) : ENOMEM;
	if (err) {
		bl_abort(s);
		return err;
	}
	s->next.sets = (uint32_t)bl_sets_count(&s->books_sets);
	s->next.wide = HASH_COUNT(s->books.wide);
	*(struct bl_root *)bl_at(&s->pages, page) = s->next;
	count_bytes(s);
	atomic_store(&s->shared->root, page);
	if (s->anew) {
		retire_taken(&s->pages, &s->old_pages, 3, epoch(s));
		retire_taken(&s->sets, &s->old_sets, 1, epoch(s));
	} else {
		if (old_root)
			bl_arena_retire(&s->pages, old_root, 1, epoch(s));
		if (old_side)
			bl_arena_retire(&s->pages, old_side, old_side_pages, epoch(s));
	}
	s->must_be_anew = false;
	reclaim(s);
	count_bytes(s);
	return 0;
}

/* The memory is as it was; only the books are spoilt. */
void bl_abort(struct bl_store *s)
{
	undo(&s->pages, &s->old_pages);
	undo(&s->sets, &s->old_sets);
	s->must_be_anew = true;
}

void bl_journal(struct bl_store *s, const struct bl_journal *j)
{
	s->journal = j;
}

static bool tell_number(const struct bl_key *key, uint32_t set, void *arg)
{
	const struct bl_journal *j = arg;
	j->number(key, set, j->arg);
	return true;
}

void bl_tell_all(struct bl_store *s, const struct bl_journal *j)
{
	struct bl_wide *w, *next;
	unsigned pin;
	for (uint32_t i = 0; i < s->books.tenants_n; i++)
		j->tenant(i, &s->books.by_index[i]->id, j->arg);
	bl_sets_each(&s->books_sets, j->set, j->arg);
	HASH_ITER (hh, s->books.wide, w, next)
		j->wide(&w->key, w->set, j->arg);
	const struct bl_root *r = bl_pin(s, &pin);
	bl_index_each(&s->pages, &r->index, tell_number, (void *)(uintptr_t)j);
	bl_unpin(s, pin);
}

void bl_store_size(struct bl_store *s, struct bl_size *out)
{
	unsigned pin;
	const struct bl_root *r = bl_pin(s, &pin);
	*out = (struct bl_size){.numbers = r->index.count, .wide = r->wide, .sets = r->sets};
	bl_unpin(s, pin);
	out->bytes = atomic_load(&s->shared->bytes);
	out->bytes_most = atomic_load(&s->shared->bytes_most);
}
