#include "bl_index.h"
#include <errno.h>
#include <string.h>

#define SEG_PAGES 20 /* a fuller segment is split */
#define FULL      78 /* per cent of its slots */
#define DEPTH_MAX 24 /* two million full segments; deeper only if the hash were broken */

struct slot {
	uint32_t w[3]; /* code 50 bits, tenant 14 + 8 bits, set 24 bits; all 0: empty */
};
struct segment { /* 16 bytes, then the slots */
	uint32_t count, depth, spare[2];
	struct slot slots[];
};

static uint32_t slots_of(uint32_t pages)
{
	return (pages * BL_PAGE - (uint32_t)sizeof(struct segment)) / (uint32_t)sizeof(struct slot);
}

static uint32_t room_of(uint32_t pages)
{
	return (uint32_t)((uint64_t)slots_of(pages) * FULL / 100);
}

/* A directory entry: first page, and how many in its low six bits. */
static uint32_t entry_page(uint32_t e)
{
	return e >> 6;
}

static uint32_t entry_pages(uint32_t e)
{
	return e & 63;
}

static uint64_t slot_low(const struct slot *s)
{
	return (uint64_t)s->w[1] << 32 | s->w[0];
}

static uint64_t key_low(const struct bl_key *k)
{
	return k->code | (uint64_t)(k->tenant & 0x3fff) << 50;
}

static bool slot_is(const struct slot *s, uint64_t low, uint32_t high)
{
	return slot_low(s) == low && s->w[2] >> 24 == high;
}

static void slot_set(struct slot *s, uint64_t low, uint32_t high, uint32_t set)
{
	*s = (struct slot){{(uint32_t)low, (uint32_t)(low >> 32), high << 24 | set}};
}

/* Seeded at each start: nobody outside can choose numbers that crowd one place. */
static uint64_t hash(const struct bl_index *ix, uint64_t low, uint32_t high)
{
	uint64_t h = (low ^ ix->seed) * 0x9e3779b97f4a7c15u;
	h = (h ^ h >> 32 ^ (uint64_t)high << 17) * 0xd6e8feb86659fd93u;
	h = (h ^ h >> 29 ^ ix->seed >> 7) * 0xbf58476d1ce4e5b9u;
	return h ^ h >> 32;
}

static uint32_t dir_at(const struct bl_index *ix, uint64_t h)
{
	return ix->depth ? (uint32_t)(h >> (64 - ix->depth)) : 0;
}

static uint32_t slot_at(uint64_t h, uint32_t slots)
{
	return (uint32_t)((uint64_t)(uint32_t)h * slots >> 32);
}

/* Where the key is, or the empty slot where it would be. There is always an empty one. */
static uint32_t probe(const struct segment *seg, uint32_t slots, uint64_t h, uint64_t low, uint32_t high)
{
	uint32_t at = slot_at(h, slots);
	while (slot_low(&seg->slots[at]) && !slot_is(&seg->slots[at], low, high))
		at = at + 1 == slots ? 0 : at + 1;
	return at;
}

uint32_t bl_index_find(const struct bl_arena *a, const struct bl_index *ix, const struct bl_key *key)
{
	uint64_t low = key_low(key);
	uint32_t high = key->tenant >> 14;
	if (!ix->dir)
		return 0;
	uint64_t h = hash(ix, low, high);
	uint32_t e = ((const uint32_t *)bl_at(a, ix->dir))[dir_at(ix, h)];
	const struct segment *seg = bl_at(a, entry_page(e));
	return seg->slots[probe(seg, slots_of(entry_pages(e)), h, low, high)].w[2] & 0xffffff;
}

void bl_index_ahead(const struct bl_arena *a, const struct bl_index *ix, const struct bl_key *key)
{
	if (!ix->dir)
		return;
	uint64_t h = hash(ix, key_low(key), key->tenant >> 14);
	uint32_t e = ((const uint32_t *)bl_at(a, ix->dir))[dir_at(ix, h)];
	const struct segment *seg = bl_at(a, entry_page(e));
	__builtin_prefetch(&seg->slots[slot_at(h, slots_of(entry_pages(e)))]);
}

static uint32_t dir_pages(uint32_t depth)
{
	return (uint32_t)((((uint64_t)4 << depth) + BL_PAGE - 1) / BL_PAGE);
}

static void give_back(struct bl_arena *a, uint32_t page, uint32_t pages, uint32_t txn, uint32_t epoch)
{
	if (a->born[page] == txn)
		bl_arena_free(a, page, pages);
	else
		bl_arena_retire(a, page, pages, epoch);
}

/* A new empty segment as a directory entry; 0: no room. */
static uint32_t segment_new(struct bl_arena *a, uint32_t pages, uint32_t depth, uint32_t txn)
{
	uint32_t page = bl_arena_take(a, pages, txn);
	if (!page)
		return 0;
	struct segment *seg = bl_at(a, page);
	memset(seg, 0, (size_t)pages * BL_PAGE);
	seg->depth = depth;
	return page << 6 | pages;
}

int bl_index_begin(struct bl_arena *a, struct bl_index *ix, uint64_t seed, uint32_t txn)
{
	uint32_t dir = bl_arena_take(a, 1, txn), e = dir ? segment_new(a, 1, 0, txn) : 0;
	if (!e)
		return ENOMEM;
	*ix = (struct bl_index){.seed = seed, .dir = dir};
	*(uint32_t *)bl_at(a, dir) = e;
	return 0;
}

/* Makes the directory this transaction's own, with `depth` bits (its own or one more). */
static int own_dir(struct bl_arena *a, struct bl_index *ix, uint32_t depth, uint32_t txn, uint32_t epoch)
{
	if (depth == ix->depth && a->born[ix->dir] == txn)
		return 0;
	uint32_t page = bl_arena_take(a, dir_pages(depth), txn);
	if (!page)
		return ENOMEM;
	const uint32_t *old = bl_at(a, ix->dir);
	uint32_t *dir = bl_at(a, page);
	for (uint32_t i = 0; i < (uint32_t)1 << depth; i++)
		dir[i] = old[i >> (depth - ix->depth)];
	give_back(a, ix->dir, dir_pages(ix->depth), txn, epoch);
	ix->dir = page;
	ix->depth = depth;
	return 0;
}

/* Points every directory entry of a segment of `depth` bits that holds `h` to e. */
static void dir_set(struct bl_arena *a, struct bl_index *ix, uint64_t h, uint32_t depth, uint32_t e)
{
	uint32_t *dir = bl_at(a, ix->dir), wide = ix->depth - depth;
	uint32_t first = depth ? (uint32_t)(h >> (64 - depth)) << wide : 0;
	for (uint32_t i = 0; i < (uint32_t)1 << wide; i++)
		dir[first + i] = e;
}

static void insert(const struct bl_index *ix, struct segment *seg, uint32_t slots, const struct slot *s)
{
	uint64_t low = slot_low(s);
	uint32_t high = s->w[2] >> 24;
	seg->slots[probe(seg, slots, hash(ix, low, high), low, high)] = *s;
	seg->count++;
}

/* The segment as a new one of `pages`, in its place. */
static int resize(struct bl_arena *a, struct bl_index *ix, uint64_t h, uint32_t e, uint32_t pages, uint32_t txn,
		  uint32_t epoch)
{
	const struct segment *old = bl_at(a, entry_page(e));
	uint32_t old_slots = slots_of(entry_pages(e)), slots = slots_of(pages);
	uint32_t to = segment_new(a, pages, old->depth, txn);
	if (!to)
		return ENOMEM;
	struct segment *seg = bl_at(a, entry_page(to));
	if (pages == entry_pages(e))
		memcpy(seg, old, (size_t)pages * BL_PAGE);
	else
		for (uint32_t i = 0; i < old_slots; i++)
			if (slot_low(&old->slots[i]))
				insert(ix, seg, slots, &old->slots[i]);
	dir_set(a, ix, h, seg->depth, to);
	give_back(a, entry_page(e), entry_pages(e), txn, epoch);
	return 0;
}

/* Two segments of one bit more take the place of a full one. */
static int split(struct bl_arena *a, struct bl_index *ix, uint64_t h, uint32_t e, uint32_t txn, uint32_t epoch)
{
	const struct segment *old = bl_at(a, entry_page(e));
	uint32_t depth = old->depth + 1, slots = slots_of(entry_pages(e)), half[2] = {0, 0};
	int err = depth > DEPTH_MAX ? ENOMEM : depth > ix->depth ? own_dir(a, ix, depth, txn, epoch) : 0;
	if (err)
		return err;
	for (uint32_t i = 0; i < slots; i++)
		if (slot_low(&old->slots[i]))
			half[hash(ix, slot_low(&old->slots[i]), old->slots[i].w[2] >> 24) >> (64 - depth) & 1]++;
	uint32_t to[2];
	for (int i = 0; i < 2; i++) {
		uint32_t pages = 1;
		while (room_of(pages) <= half[i])
			pages++;
		to[i] = segment_new(a, pages, depth, txn);
	}
	if (!to[0] || !to[1]) {
		for (int i = 0; i < 2; i++)
			if (to[i])
				bl_arena_free(a, entry_page(to[i]), entry_pages(to[i]));
		return ENOMEM;
	}
	for (uint32_t i = 0; i < slots; i++) {
		const struct slot *s = &old->slots[i];
		if (!slot_low(s))
			continue;
		uint32_t t = to[hash(ix, slot_low(s), s->w[2] >> 24) >> (64 - depth) & 1];
		insert(ix, bl_at(a, entry_page(t)), slots_of(entry_pages(t)), s);
	}
	for (uint64_t i = 0; i < 2; i++) {
		uint64_t bit = (uint64_t)1 << (64 - depth);
		dir_set(a, ix, i ? h | bit : h & ~bit, depth, to[i]);
	}
	give_back(a, entry_page(e), entry_pages(e), txn, epoch);
	return 0;
}

/* Takes a slot out and moves those behind it up to where they belong: no tombstone. */
static void take_out(const struct bl_index *ix, struct segment *seg, uint32_t slots, uint32_t hole)
{
	for (uint32_t at = hole;;) {
		at = at + 1 == slots ? 0 : at + 1;
		const struct slot *s = &seg->slots[at];
		if (!slot_low(s))
			break;
		uint32_t home = slot_at(hash(ix, slot_low(s), s->w[2] >> 24), slots);
		/* It may move up unless its home lies cyclically within (hole, at]. */
		bool stays = hole <= at ? hole < home && home <= at : hole < home || home <= at;
		if (stays)
			continue;
		seg->slots[hole] = *s;
		hole = at;
	}
	seg->slots[hole] = (struct slot){{0}};
	seg->count--;
}

int bl_index_put(struct bl_arena *a, struct bl_index *ix, const struct bl_key *key, uint32_t set, uint32_t *old,
		 uint32_t txn, uint32_t epoch)
{
	uint64_t low = key_low(key);
	uint32_t high = key->tenant >> 14;
	uint64_t h = hash(ix, low, high);
	for (;;) {
		uint32_t e = ((uint32_t *)bl_at(a, ix->dir))[dir_at(ix, h)], pages = entry_pages(e), want = pages;
		struct segment *seg = bl_at(a, entry_page(e));
		uint32_t at = probe(seg, slots_of(pages), h, low, high);
		bool there = slot_low(&seg->slots[at]) != 0;
		*old = there ? seg->slots[at].w[2] & 0xffffff : 0;
		if (*old == set)
			return 0;
		bool ours = a->born[entry_page(e)] == txn;
		if (!there && seg->count >= room_of(pages)) /* many keys at once: fewer steps */
			want = pages + (ours && pages + 2 <= SEG_PAGES ? 2 : 1);
		else if (there && !set && pages > 1 && seg->count + 64 < room_of(pages - 1))
			want = pages - 1; /* not at once when one more would need it again */
		int err = own_dir(a, ix, ix->depth, txn, epoch);
		if (err)
			return err;
		if (want > SEG_PAGES || want != pages || !ours) {
			err = want > SEG_PAGES ? split(a, ix, h, e, txn, epoch) : resize(a, ix, h, e, want, txn, epoch);
			if (err)
				return err;
			continue; /* it is ours now, and has room */
		}
		ix->count += there ? 0 : 1;
		if (set) {
			seg->count += there ? 0 : 1;
			slot_set(&seg->slots[at], low, high, set);
		} else {
			ix->count--;
			take_out(ix, seg, slots_of(pages), at);
		}
		return 0;
	}
}

void bl_index_each(const struct bl_arena *a, const struct bl_index *ix, bl_index_h *h, void *arg)
{
	if (!ix->dir)
		return;
	const uint32_t *dir = bl_at(a, ix->dir);
	for (uint32_t i = 0; i < (uint32_t)1 << ix->depth;) {
		const struct segment *seg = bl_at(a, entry_page(dir[i]));
		for (uint32_t k = 0; k < slots_of(entry_pages(dir[i])); k++) {
			uint64_t low = slot_low(&seg->slots[k]);
			uint32_t w2 = seg->slots[k].w[2];
			struct bl_key key = {low & (((uint64_t)1 << 50) - 1), (uint32_t)(low >> 50) | w2 >> 24 << 14};
			if (low && !h(&key, w2 & 0xffffff, arg))
				return;
		}
		i += (uint32_t)1 << (ix->depth - seg->depth);
	}
}
