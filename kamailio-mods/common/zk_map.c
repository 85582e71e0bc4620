#include "zk_map.h"
#include "zk_pages.h"
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#define READ_TRIES  100000
#define RECORDS_MIN 64

/* Open addressing with linear probing; `rec` 0 is empty. 12 bytes a slot. */
struct slot {
	uint32_t hi, lo, rec;
};

/* One block of shared memory: this, the slots by key, the slots by id, the records (number 0 is never used). */
struct zk_map {
	size_t bytes, record_size;
	uint32_t mask;                   /* slots - 1 of either index */
	uint32_t room;                   /* records it can hold */
	uint32_t used;                   /* records alive */
	uint32_t fresh;                  /* the lowest record never used */
	uint32_t free;                   /* chain of records given back */
	_Alignas(8) struct slot slots[]; /* so that the records behind them are aligned */
};

struct zk_store {
	_Atomic unsigned current; /* the generation that readers take */
	_Atomic unsigned readers[2];
	_Atomic unsigned seq; /* odd: a write in place is on */
	_Atomic size_t rows;  /* of all maps, after the last write */
	struct zk_map *maps[2][ZK_MAPS_MAX];
	size_t record_sizes[ZK_MAPS_MAX];
	unsigned count;
	bool copying; /* the writer's transaction goes to the other generation */
	bool failed;  /* and has no memory */
};

static struct slot *by_id_slots(const struct zk_map *m)
{
	return (struct slot *)m->slots + m->mask + 1;
}

static struct zk_rec *record(const struct zk_map *m, uint32_t i)
{
	return (struct zk_rec *)((char *)(m->slots + 2 * ((size_t)m->mask + 1)) + m->record_size * i);
}

/* A record that is about to be read: all of its lines are on their way, not one after the other. */
static const struct zk_rec *reading(const struct zk_map *m, uint32_t i)
{
	const struct zk_rec *r = record(m, i);
	for (size_t at = 64; at < m->record_size && at < 256; at += 64)
		__builtin_prefetch((const char *)r + at);
	return r;
}

static uint64_t id_hash(const struct zk_uuid *id)
{
	return zk_hash(NULL, 0, (const char *)id->b, sizeof id->b);
}

static uint64_t slot_hash(const struct slot *s)
{
	return (uint64_t)s->hi << 32 | s->lo;
}

/* Load factor at most 0.5 to 0.8, by the power of two above 1.25 × room. */
static struct zk_map *map_alloc(size_t record_size, size_t room)
{
	if (room < RECORDS_MIN)
		room = RECORDS_MIN;
	uint64_t slots = 128;
	while (slots < room + room / 4)
		slots *= 2;
	if (slots > UINT32_MAX)
		return NULL;
	size_t bytes = sizeof(struct zk_map) + 2 * slots * sizeof(struct slot) + record_size * (room + 1);
	struct zk_map *m = zk_mem_alloc(bytes);
	if (!m)
		return NULL;
	zk_pages_huge(m, bytes);
	memset(m, 0, bytes);
	m->bytes = bytes;
	m->record_size = record_size;
	m->mask = (uint32_t)slots - 1;
	m->room = (uint32_t)room;
	m->fresh = 1;
	return m;
}

/* The slot of a hash, or the empty one where it belongs. Bounded even when the table is being changed. */
static struct slot *slot_find(const struct zk_map *m, struct slot *slots, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & m->mask;
	for (uint32_t n = 0; n <= m->mask; n++, i = (i + 1) & m->mask)
		if (!slots[i].rec || slot_hash(&slots[i]) == hash)
			return &slots[i];
	return NULL;
}

static void slot_set(struct slot *s, uint64_t hash, uint32_t rec)
{
	s->hi = (uint32_t)(hash >> 32);
	s->lo = (uint32_t)hash;
	s->rec = rec;
}

/* Empties a slot and moves back those that probed past it, so no tombstones are needed. */
static void slot_remove(const struct zk_map *m, struct slot *slots, struct slot *gone)
{
	uint32_t hole = (uint32_t)(gone - slots), i = hole;
	for (;;) {
		i = (i + 1) & m->mask;
		if (!slots[i].rec)
			break;
		uint32_t home = (uint32_t)slot_hash(&slots[i]) & m->mask;
		if (((i - home) & m->mask) >= ((i - hole) & m->mask)) {
			slots[hole] = slots[i];
			hole = i;
		}
	}
	slots[hole] = (struct slot){0};
}

static uint32_t record_take(struct zk_map *m)
{
	uint32_t i = m->free;
	if (i)
		m->free = record(m, i)->next;
	else
		i = m->fresh++;
	m->used++;
	return i;
}

static void record_give(struct zk_map *m, uint32_t i)
{
	struct zk_rec *r = record(m, i);
	r->hash = 0;
	r->next = m->free;
	m->free = i;
	m->used--;
}

/* Ids are compared in full: two ids with one hash sit in neighbouring slots. */
static struct slot *id_slot(const struct zk_map *m, const struct zk_uuid *id)
{
	struct slot *slots = by_id_slots(m);
	uint64_t hash = id_hash(id);
	uint32_t i = (uint32_t)hash & m->mask;
	for (uint32_t n = 0; n <= m->mask; n++, i = (i + 1) & m->mask) {
		if (!slots[i].rec)
			return &slots[i];
		if (slot_hash(&slots[i]) == hash && slots[i].rec <= m->room &&
		    !zk_uuid_cmp(&record(m, slots[i].rec)->id, id))
			return &slots[i];
	}
	return NULL;
}

static void map_unlink(struct zk_map *m, uint32_t i)
{
	struct zk_rec *r = record(m, i);
	if (r->next)
		record(m, r->next)->prev = r->prev;
	if (r->prev) {
		record(m, r->prev)->next = r->next;
		return;
	}
	struct slot *s = slot_find(m, m->slots, r->hash);
	if (r->next)
		s->rec = r->next;
	else
		slot_remove(m, m->slots, s);
}

static bool map_del(struct zk_map *m, const struct zk_uuid *id)
{
	struct slot *s = id_slot(m, id);
	if (!s || !s->rec)
		return false;
	uint32_t i = s->rec;
	map_unlink(m, i);
	slot_remove(m, by_id_slots(m), s);
	record_give(m, i);
	return true;
}

static void map_put(struct zk_map *m, const struct zk_rec *rec)
{
	map_del(m, &rec->id);
	uint32_t i = record_take(m);
	struct zk_rec *r = record(m, i);
	memcpy(r, rec, m->record_size);
	struct slot *s = slot_find(m, m->slots, r->hash);
	r->prev = 0;
	r->next = s->rec;
	if (s->rec)
		record(m, s->rec)->prev = i;
	slot_set(s, r->hash, i);
	slot_set(id_slot(m, &r->id), id_hash(&r->id), i);
}

static struct zk_map *map_clone(const struct zk_map *m, size_t adds)
{
	size_t need = (size_t)m->used + adds;
	struct zk_map *copy = map_alloc(m->record_size, need + need / 4);
	for (uint32_t i = 1; copy && i < m->fresh; i++)
		if (record(m, i)->hash)
			map_put(copy, record(m, i));
	return copy;
}

static void generation_free(struct zk_store *s, unsigned g)
{
	for (unsigned i = 0; i < s->count; i++) {
		if (s->maps[g][i])
			zk_mem_free(s->maps[g][i]);
		s->maps[g][i] = NULL;
	}
}

/* A store with empty maps; `*sp` is set on success. */
int zk_store_alloc(struct zk_store **sp, const size_t *record_sizes, unsigned maps)
{
	if (!maps || maps > ZK_MAPS_MAX)
		return EINVAL;
	struct zk_store *s = zk_mem_alloc(sizeof *s);
	if (!s)
		return ENOMEM;
	memset(s, 0, sizeof *s);
	s->count = maps;
	for (unsigned i = 0; i < maps; i++) {
		s->record_sizes[i] = (record_sizes[i] + 7) & ~(size_t)7;
		s->maps[0][i] = map_alloc(s->record_sizes[i], 0);
		if (!s->maps[0][i]) {
			zk_store_free(s);
			return ENOMEM;
		}
	}
	*sp = s;
	return 0;
}

void zk_store_free(struct zk_store *s)
{
	if (!s)
		return;
	generation_free(s, 0);
	generation_free(s, 1);
	zk_mem_free(s);
}

/* Readers hold a generation for microseconds, so this ends soon. */
static void wait_for_readers(struct zk_store *s, unsigned g)
{
	while (atomic_load(&s->readers[g]))
		sched_yield();
}

static int begin_copy(struct zk_store *s, const size_t *adds, bool anew)
{
	unsigned now = atomic_load(&s->current), other = !now;
	wait_for_readers(s, other);
	generation_free(s, other);
	for (unsigned i = 0; i < s->count; i++) {
		s->maps[other][i] = anew ? map_alloc(s->record_sizes[i], adds[i] + adds[i] / 4)
					 : map_clone(s->maps[now][i], adds[i]);
		if (!s->maps[other][i]) {
			generation_free(s, other);
			return ENOMEM;
		}
	}
	s->copying = true;
	return 0;
}

int zk_write_begin(struct zk_store *s, const size_t *adds, bool anew)
{
	unsigned now = atomic_load(&s->current);
	size_t rows = 0;
	bool fits = !anew;
	s->failed = false;
	for (unsigned i = 0; i < s->count; i++) {
		rows += adds[i];
		fits = fits && s->maps[now][i]->used + adds[i] <= s->maps[now][i]->room;
	}
	if (!fits || rows > ZK_IN_PLACE_MAX)
		return begin_copy(s, adds, anew);
	s->copying = false;
	atomic_fetch_add(&s->seq, 1);
	atomic_thread_fence(memory_order_seq_cst);
	return 0;
}

static struct zk_map **written(struct zk_store *s, unsigned map)
{
	unsigned now = atomic_load(&s->current);
	return &s->maps[s->copying ? !now : now][map];
}

/* Only a copy may grow: nobody reads it yet. */
static bool make_room(struct zk_store *s, struct zk_map **mp)
{
	if ((*mp)->used < (*mp)->room)
		return true;
	struct zk_map *larger = s->copying ? map_clone(*mp, (*mp)->used) : NULL;
	if (!larger) {
		s->failed = true;
		return false;
	}
	zk_mem_free(*mp);
	*mp = larger;
	return true;
}

/* `rec` is copied whole. */
void zk_put(struct zk_store *s, unsigned map, const void *rec)
{
	struct zk_map **mp = written(s, map);
	if (!s->failed && make_room(s, mp))
		map_put(*mp, rec);
}

bool zk_del(struct zk_store *s, unsigned map, const struct zk_uuid *id)
{
	return !s->failed && map_del(*written(s, map), id);
}

static void count_rows(struct zk_store *s)
{
	size_t rows = 0;
	for (unsigned i = 0; i < s->count; i++)
		rows += s->maps[atomic_load(&s->current)][i]->used;
	atomic_store(&s->rows, rows);
}

bool zk_is_empty(const struct zk_store *s)
{
	return !atomic_load(&s->rows);
}

/* Publishes. The generation that was replaced is freed as soon as its readers have left. */
int zk_write_end(struct zk_store *s)
{
	if (!s->copying) {
		atomic_thread_fence(memory_order_seq_cst);
		atomic_fetch_add(&s->seq, 1);
		count_rows(s);
		return 0;
	}
	unsigned old = atomic_load(&s->current);
	if (s->failed) {
		generation_free(s, !old);
		return ENOMEM;
	}
	atomic_store(&s->current, !old);
	count_rows(s);
	wait_for_readers(s, old);
	generation_free(s, old);
	return 0;
}

static unsigned reader_enter(struct zk_store *s)
{
	for (;;) {
		unsigned g = atomic_load(&s->current);
		atomic_fetch_add(&s->readers[g], 1);
		if (atomic_load(&s->current) == g)
			return g;
		atomic_fetch_sub(&s->readers[g], 1);
	}
}

int zk_read(struct zk_store *s, zk_read_h *h, void *arg)
{
	unsigned g = reader_enter(s);
	int err = EAGAIN;
	for (unsigned n = 0; err && n < READ_TRIES; n++) {
		unsigned before = atomic_load(&s->seq);
		if (before & 1) {
			sched_yield();
			continue;
		}
		h(s->maps[g], arg);
		atomic_thread_fence(memory_order_seq_cst);
		if (atomic_load(&s->seq) == before)
			err = 0;
	}
	atomic_fetch_sub(&s->readers[g], 1);
	return err;
}

static const void *iter_record(struct zk_iter *it)
{
	if (!it->at || it->at > it->map->room || !it->left--)
		return NULL;
	const struct zk_rec *r = reading(it->map, it->at);
	it->at = r->next;
	return r;
}

const void *zk_first(const struct zk_map *m, uint64_t hash, struct zk_iter *it)
{
	/* Most kinds of rows most instances have none of: no look beyond the map's head for those. */
	const struct slot *s = m->used ? slot_find(m, (struct slot *)m->slots, hash) : NULL;
	*it = (struct zk_iter){.map = m, .at = s ? s->rec : 0, .left = m->room};
	return iter_record(it);
}

const void *zk_next(struct zk_iter *it)
{
	return iter_record(it);
}

const void *zk_by_id(const struct zk_map *m, const struct zk_uuid *id)
{
	const struct slot *s = m->used ? id_slot(m, id) : NULL;
	return s && s->rec && s->rec <= m->room ? reading(m, s->rec) : NULL;
}

size_t zk_count(const struct zk_map *m)
{
	return m->used;
}

struct dump {
	unsigned map;
	uint32_t from, next;
	char *out;
	size_t max, n;
};

static void dump_h(struct zk_map *const *maps, void *arg)
{
	struct dump *d = arg;
	const struct zk_map *m = maps[d->map];
	uint32_t end = m->fresh <= m->room ? m->fresh : m->room + 1;
	d->n = 0;
	d->next = d->from;
	for (; d->next < end && d->n < d->max; d->next++)
		if (record(m, d->next)->hash)
			memcpy(d->out + m->record_size * d->n++, record(m, d->next), m->record_size);
}

/* A dump takes several short reads, so rows that change in between may be missing or come twice. Record sizes are
 * rounded up to 8: `out` must have room for max such records. */
size_t zk_dump(struct zk_store *s, unsigned map, uint32_t *from, void *out, size_t max)
{
	struct dump d = {.map = map, .from = *from ? *from : 1, .out = out, .max = max};
	if (zk_read(s, dump_h, &d))
		return 0;
	*from = d.next;
	return d.n;
}

struct sizes {
	unsigned map;
	size_t count, bytes;
};

static void sizes_h(struct zk_map *const *maps, void *arg)
{
	struct sizes *z = arg;
	z->count = maps[z->map]->used;
	z->bytes = maps[z->map]->bytes;
}

size_t zk_store_count(struct zk_store *s, unsigned map)
{
	struct sizes z = {.map = map};
	return zk_read(s, sizes_h, &z) ? 0 : z.count;
}

size_t zk_store_bytes(struct zk_store *s, unsigned map)
{
	struct sizes z = {.map = map};
	return zk_read(s, sizes_h, &z) ? 0 : z.bytes;
}

void zk_store_map(struct zk_store *s)
{
	unsigned g = reader_enter(s);
	for (unsigned i = 0; i < s->count; i++)
		zk_pages_map(s->maps[g][i], s->maps[g][i]->bytes);
	atomic_fetch_sub(&s->readers[g], 1);
}
