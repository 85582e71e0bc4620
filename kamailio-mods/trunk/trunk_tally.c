#include "trunk_tally.h"
#include "zk_log.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS   TRUNK_TALLY_BUCKETS
#define PIECE     256
#define HOUR_SLOT 300000000LL
#define DAY_SLOT  3600000000LL
#define HOUR_N    13
#define DAY_N     25
#define IDLE_US   (26 * DAY_SLOT)
#define CALM      10           /* per cent below the warning before the same alarm is said again … */
#define AGAIN_US  3600000000LL /* … and so often while calls are refused */

struct cell {
	uint32_t calls;
	int64_t spend;
};

struct tally {
	struct tally *next;
	struct zk_uuid id, tenant;
	enum trunk_subject kind;
	int64_t hour_slot, day_slot, touched_us; /* slots: the newest of each ring */
	struct cell hour[HOUR_N], day[DAY_N];
	int abroad;
	struct trunk_used elsewhere, told; /* told: what was written down last */
	struct {                           /* of the carrier's guard, and of one's own */
		struct trunk_watch w;
		uint8_t level[TRUNK_MEASURES]; /* 1: almost, 2: reached */
		int64_t said_us[TRUNK_MEASURES];
	} watch[2];
};

struct trunk_tallies {
	unsigned n;
	bool full;
	struct tally *buckets[BUCKETS];
};

int trunk_tallies_alloc(struct trunk_tallies **tp)
{
	struct trunk_tallies *t = zk_mem_alloc(sizeof *t);
	if (!t)
		return ENOMEM;
	memset(t, 0, sizeof *t);
	*tp = t;
	return 0;
}

void trunk_tallies_free(struct trunk_tallies *t)
{
	for (unsigned i = 0; t && i < BUCKETS; i++)
		for (struct tally *x = t->buckets[i], *next; x; x = next) {
			next = x->next;
			zk_mem_free(x);
		}
	if (t)
		zk_mem_free(t);
}

static struct tally **place(struct trunk_tallies *t, const struct zk_uuid *id)
{
	struct tally **p = &t->buckets[trunk_id_hash(id) % BUCKETS];
	while (*p && zk_uuid_cmp(&(*p)->id, id) != 0)
		p = &(*p)->next;
	return p;
}

static struct tally *find(struct trunk_tallies *t, const struct zk_uuid *id)
{
	return *place(t, id);
}

/* NULL: there are too many. */
static struct tally *get(struct trunk_tallies *t, const struct zk_uuid *id, const struct zk_uuid *tenant,
			 enum trunk_subject kind, int64_t now_us)
{
	struct tally **p = place(t, id), *x = *p;
	if (!x && t->n < TRUNK_TALLIES_MAX && (x = zk_mem_alloc(sizeof *x))) {
		memset(x, 0, sizeof *x);
		x->id = *id;
		x->tenant = *tenant;
		x->kind = kind;
		x->hour_slot = now_us / HOUR_SLOT;
		x->day_slot = now_us / DAY_SLOT;
		*p = x;
		t->n++;
	}
	if (!x && !t->full)
		zk_log(ZK_ERROR, "toll guard: no room to count more subjects n=%u", t->n);
	t->full = !x;
	if (x)
		x->touched_us = now_us;
	return x;
}

/* ---- rings ---- */
static void advance(struct cell *ring, int n, int64_t *newest, int64_t slot)
{
	if (slot - *newest >= n)
		memset(ring, 0, (size_t)n * sizeof *ring);
	else
		for (int64_t s = *newest + 1; s <= slot; s++)
			ring[s % n] = (struct cell){0};
	if (slot > *newest)
		*newest = slot;
}

static void put(struct cell *ring, int n, int64_t newest, int64_t slot, int calls, int64_t spend)
{
	if (slot <= newest - n || slot > newest)
		return;
	ring[slot % n].calls += (uint32_t)calls;
	ring[slot % n].spend += spend;
}

static void roll(struct tally *x, int64_t now_us)
{
	advance(x->hour, HOUR_N, &x->hour_slot, now_us / HOUR_SLOT);
	advance(x->day, DAY_N, &x->day_slot, now_us / DAY_SLOT);
}

/* Counts at a moment: money given back goes to when it was taken, so that no window is ever in debt. */
static void book(struct tally *x, int calls, int64_t spend, int64_t at_us, int64_t now_us)
{
	roll(x, now_us);
	put(x->hour, HOUR_N, x->hour_slot, at_us / HOUR_SLOT, calls, spend);
	put(x->day, DAY_N, x->day_slot, at_us / DAY_SLOT, calls, spend);
}

static struct trunk_used here(struct tally *x, int64_t now_us)
{
	struct trunk_used u = {{0}};
	roll(x, now_us);
	for (int i = 0; i < HOUR_N; i++) {
		u.of[TRUNK_CALLS_HOUR] += x->hour[i].calls;
		u.of[TRUNK_SPEND_HOUR] += x->hour[i].spend;
	}
	for (int i = 0; i < DAY_N; i++) {
		u.of[TRUNK_CALLS_DAY] += x->day[i].calls;
		u.of[TRUNK_SPEND_DAY] += x->day[i].spend;
	}
	u.of[TRUNK_ABROAD] = x->abroad;
	return u;
}

static struct trunk_used used(struct tally *x, int64_t now_us)
{
	struct trunk_used u = here(x, now_us);
	for (unsigned m = 0; m < TRUNK_MEASURES; m++)
		u.of[m] += x->elsewhere.of[m];
	return u;
}

struct trunk_used trunk_tally_used(struct trunk_tallies *t, const struct zk_uuid *subject, int64_t now_us)
{
	struct tally *x = find(t, subject);
	return x ? used(x, now_us) : (struct trunk_used){{0}};
}

/* ---- alarms ---- */
static int level_of(const struct trunk_watch *w, enum trunk_measure m, int64_t n)
{
	int64_t limit = w->limit[m];
	if (limit < 0 || !n)
		return 0;
	if (n >= limit)
		return 2;
	return w->warn > 0 && n * 100 >= limit * w->warn ? 1 : 0;
}

static void say(struct trunk_alarms *alarms, const struct tally *x, const struct trunk_watch *w, enum trunk_measure m,
		int level, int64_t n)
{
	if (alarms->n < TRUNK_ALARMS_MAX)
		alarms->a[alarms->n++] = (struct trunk_alarm){
			x->tenant, w->guard, x->id, x->kind, m, level > 1 ? 100 : w->warn, n, w->limit[m]};
}

/* `refused`: this limit has just kept a call from being made; TRUNK_MEASURES: none did. */
static void look(struct tally *x, unsigned i, const struct trunk_used *u, enum trunk_measure refused, int64_t now_us,
		 struct trunk_alarms *alarms)
{
	const struct trunk_watch *w = &x->watch[i].w;
	uint8_t *level = x->watch[i].level;
	int64_t *said = x->watch[i].said_us;
	for (enum trunk_measure m = 0; m < TRUNK_MEASURES; m++) {
		int now = m == refused ? 2 : level_of(w, m, u->of[m]);
		if (now > level[m] || (m == refused && now_us - said[m] >= AGAIN_US)) {
			say(alarms, x, w, m, now, u->of[m]);
			level[m] = (uint8_t)now;
			said[m] = now_us;
		} else if (!now && u->of[m] * 100 <= w->limit[m] * (w->warn - CALM)) {
			level[m] = 0;
		}
	}
}

/* Guards of the same subject: the carrier's is the first of a call. */
static unsigned watch_of(const struct trunk_guarded *g, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (!zk_uuid_cmp(&g->w[k].subject, &g->w[i].subject))
			return 1;
	return 0;
}

static void remember(struct tally *x, unsigned at, const struct trunk_watch *w)
{
	if (zk_uuid_cmp(&x->watch[at].w.guard, &w->guard) != 0)
		memset(x->watch[at].level, 0, sizeof x->watch[at].level);
	x->watch[at].w = *w;
}

/* ---- calls ---- */
static bool would_exceed(const struct trunk_watch *w, const struct trunk_used *u, const struct trunk_guarded *g,
			 int64_t estimate, enum trunk_measure *measure)
{
	const int64_t more[TRUNK_MEASURES] = {1, 1, estimate, estimate, g->abroad};
	for (enum trunk_measure m = 0; w->bars && m < TRUNK_MEASURES; m++) {
		bool counts = m == TRUNK_ABROAD ? g->abroad : true;
		/* A call that costs nothing is kept from nothing by money. */
		if (m == TRUNK_SPEND_HOUR || m == TRUNK_SPEND_DAY)
			counts = estimate > 0;
		if (counts && w->limit[m] >= 0 && u->of[m] + more[m] > w->limit[m]) {
			*measure = m;
			return true;
		}
	}
	return false;
}

static void hold(struct trunk_tallies *t, const struct trunk_guarded *g, struct trunk_charge *c, int64_t now_us)
{
	c->n = 0;
	c->abroad = g->abroad;
	c->price = g->price;
	c->begun_us = now_us;
	c->max_s = g->max_s;
	for (unsigned i = 0; i < g->n_subjects; i++) {
		struct tally *x = get(t, &g->subject[i].id, &g->tenant, g->subject[i].kind, now_us);
		if (!x)
			continue;
		c->subject[c->n++] = x->id;
		x->abroad += c->abroad;
	}
}

static void charge(struct trunk_tallies *t, const struct trunk_charge *c, int calls, int64_t spend, int64_t at_us,
		   int64_t now_us)
{
	for (unsigned i = 0; i < c->n; i++) {
		struct tally *x = find(t, &c->subject[i]);
		if (x)
			book(x, calls, spend, at_us, now_us);
	}
}

bool trunk_tally_take(struct trunk_tallies *t, const struct trunk_guarded *g, int64_t now_us, struct trunk_charge *c,
		      struct zk_uuid *guard, enum trunk_measure *measure, struct trunk_alarms *alarms)
{
	int64_t estimate = trunk_price_of(&g->price, TRUNK_ESTIMATE_US);
	alarms->n = 0;
	for (unsigned i = 0; i < g->n; i++) {
		const struct trunk_watch *w = &g->w[i];
		struct tally *x = get(t, &w->subject, &g->tenant, w->kind, now_us);
		if (!x)
			continue;
		struct trunk_used u = used(x, now_us);
		unsigned at = watch_of(g, i);
		remember(x, at, w);
		if (would_exceed(w, &u, g, estimate, measure)) {
			*guard = w->guard;
			look(x, at, &u, *measure, now_us, alarms);
			return false;
		}
	}
	hold(t, g, c, now_us);
	c->charged = estimate;
	charge(t, c, 1, estimate, now_us, now_us);
	for (unsigned i = 0; i < g->n; i++) {
		struct tally *x = find(t, &g->w[i].subject);
		struct trunk_used u = x ? used(x, now_us) : (struct trunk_used){{0}};
		if (x)
			look(x, watch_of(g, i), &u, TRUNK_MEASURES, now_us, alarms);
	}
	return true;
}

void trunk_tally_adopt(struct trunk_tallies *t, const struct trunk_guarded *g, int64_t answered_us, int64_t now_us,
		       struct trunk_charge *c)
{
	hold(t, g, c, now_us);
	c->answered_us = answered_us;
	c->charged = answered_us ? trunk_price_of(&g->price, now_us - answered_us)
				 : trunk_price_of(&g->price, TRUNK_ESTIMATE_US);
}

void trunk_tally_accrue(struct trunk_tallies *t, struct trunk_charge *c, int64_t now_us, struct trunk_alarms *alarms)
{
	int64_t cost = c->answered_us ? trunk_price_of(&c->price, now_us - c->answered_us) : 0;
	if (cost <= c->charged)
		return;
	charge(t, c, 0, cost - c->charged, now_us, now_us);
	c->charged = cost;
	for (unsigned i = 0; i < c->n; i++) {
		struct tally *x = find(t, &c->subject[i]);
		struct trunk_used u = x ? used(x, now_us) : (struct trunk_used){{0}};
		for (unsigned k = 0; x && k < 2; k++)
			if (!zk_uuid_is_zero(&x->watch[k].w.guard))
				look(x, k, &u, TRUNK_MEASURES, now_us, alarms);
	}
}

void trunk_tally_settle(struct trunk_tallies *t, struct trunk_charge *c, int64_t now_us)
{
	int64_t cost = c->answered_us ? trunk_price_of(&c->price, now_us - c->answered_us) : 0,
		more = cost - c->charged;
	charge(t, c, 0, more, more < 0 ? c->begun_us : now_us, now_us);
	for (unsigned i = 0; c->abroad && i < c->n; i++) {
		struct tally *x = find(t, &c->subject[i]);
		if (x && x->abroad > 0)
			x->abroad--;
	}
	c->n = 0;
}

/* ---- written down, and read again ---- */
static void write_slots(char *out, size_t size, char name, const struct cell *ring, int n, int64_t newest, size_t *at)
{
	for (int64_t s = newest - n + 1; s <= newest; s++) {
		const struct cell *c = &ring[(s % n + n) % n];
		if ((c->calls || c->spend) && *at < size)
			*at += (size_t)snprintf(out + *at, size - *at, "%s%c%lld:%u:%lld", *at ? " " : "", name,
						(long long)s, c->calls, (long long)c->spend);
	}
}

unsigned trunk_tally_changed(struct trunk_tallies *t, unsigned *from, struct trunk_tally_row *out, unsigned max,
			     int64_t now_us)
{
	unsigned n = 0;
	for (unsigned end = *from + PIECE; *from < end && *from < BUCKETS; ++*from) {
		for (struct tally *x = t->buckets[*from]; x; x = x->next) {
			struct trunk_used u = here(x, now_us);
			if (!memcmp(&u, &x->told, sizeof u))
				continue;
			if (n == max)
				return n; /* the rest of this bucket the next time */
			size_t at = 0;
			out[n] = (struct trunk_tally_row){x->tenant, x->id, x->kind, u, ""};
			write_slots(out[n].slots, sizeof out->slots, 'h', x->hour, HOUR_N, x->hour_slot, &at);
			write_slots(out[n].slots, sizeof out->slots, 'd', x->day, DAY_N, x->day_slot, &at);
			x->told = u;
			n++;
		}
	}
	return n;
}

void trunk_tally_untold(struct trunk_tallies *t)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct tally *x = t->buckets[i]; x; x = x->next)
			x->told.of[0] = -1;
}

void trunk_tally_restore(struct trunk_tallies *t, const struct trunk_tally_row *row, int64_t now_us)
{
	struct tally *x = get(t, &row->subject, &row->tenant, row->kind, now_us);
	const char *s = row->slots;
	char ring;
	long long slot, spend;
	unsigned calls;
	int n = 0;
	if (!x)
		return;
	roll(x, now_us);
	for (; sscanf(s, " %c%lld:%u:%lld%n", &ring, &slot, &calls, &spend, &n) == 4 && n; s += n) {
		if (ring == 'h')
			put(x->hour, HOUR_N, x->hour_slot, slot, (int)calls, spend);
		else
			put(x->day, DAY_N, x->day_slot, slot, (int)calls, spend);
	}
}

void trunk_tally_elsewhere(struct trunk_tallies *t, const struct trunk_tally_row *row, int64_t now_us)
{
	struct tally *x = get(t, &row->subject, &row->tenant, row->kind, now_us);
	if (x)
		x->elsewhere = row->here;
}

void trunk_tally_nowhere_else(struct trunk_tallies *t)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct tally *x = t->buckets[i]; x; x = x->next)
			memset(&x->elsewhere, 0, sizeof x->elsewhere);
}

void trunk_tally_trim(struct trunk_tallies *t, unsigned *from, int64_t now_us)
{
	static const struct trunk_used nothing;
	for (unsigned end = *from + PIECE; *from < end && *from < BUCKETS; ++*from)
		for (struct tally **p = &t->buckets[*from], *x; (x = *p);) {
			struct trunk_used u = used(x, now_us);
			if (now_us - x->touched_us < IDLE_US || memcmp(&u, &nothing, sizeof u) != 0 ||
			    memcmp(&x->told, &nothing, sizeof u) != 0) {
				p = &x->next;
				continue;
			}
			*p = x->next;
			zk_mem_free(x);
			t->n--;
		}
}
