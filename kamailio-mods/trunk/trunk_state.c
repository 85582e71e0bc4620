#include "trunk_state.h"
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define BUCKETS      4096
#define SLOT_US      50000      /* calls per second are counted in twentieths of one … */
#define SLOTS        21         /* … and the oldest counts whole: never more than allowed within any second */
#define YOUNG_US     10000000LL /* a call that acd cannot know yet */
#define MISSES       2
#define RETRY_US     30000000LL
#define CALL_ID_SIZE 200

struct life { /* of a trunk, a host, a number, a group or a pool */
	struct zk_uuid id;
	bool used;
	unsigned turn;
	int calls;
	int64_t slot; /* the newest of the window */
	uint16_t window[SLOTS];
	struct trunk_trunk_state trunk;
	struct trunk_host_state host;
};

struct attempt {
	struct zk_uuid trunk, host;
	char where[TRUNK_HOST_MAX];
	int port, code;
	int64_t from_us, to_us;
};

/* Whatever is only needed until the answer. */
struct dialling {
	struct trunk_query q;
	struct trunk_plan plan;
	unsigned at, n;
	bool full, dead; /* what was passed over */
	struct attempt attempts[TRUNK_ATTEMPTS];
};

struct call {
	struct call *next;
	char call_id[CALL_ID_SIZE];
	struct zk_uuid trunk, number; /* held; zero: none */
	int64_t begun_us;
	bool named;
	struct trunk_charge charge;
	struct dialling *d;
};

struct trunk_state {
	_Atomic unsigned lock;
	unsigned n_lives;
	size_t n_calls;
	struct trunk_tallies *tallies;
	struct call *calls[BUCKETS];
	struct life lives[TRUNK_LIVES];
};

static void lock(struct trunk_state *s)
{
	unsigned tries = 0;
	while (atomic_exchange_explicit(&s->lock, 1, memory_order_acquire))
		if (++tries % 64 == 0)
			sched_yield();
}

static void unlock(struct trunk_state *s)
{
	atomic_store_explicit(&s->lock, 0, memory_order_release);
}

int trunk_state_alloc(struct trunk_state **sp)
{
	struct trunk_state *s = zk_mem_alloc(sizeof *s);
	if (!s)
		return ENOMEM;
	memset(s, 0, sizeof *s);
	int err = trunk_tallies_alloc(&s->tallies);
	if (err)
		zk_mem_free(s);
	else
		*sp = s;
	return err;
}

static void call_free(struct call *c)
{
	if (c->d)
		zk_mem_free(c->d);
	zk_mem_free(c);
}

void trunk_state_free(struct trunk_state *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct call *c = s->calls[i], *next; c; c = next) {
			next = c->next;
			call_free(c);
		}
	trunk_tallies_free(s->tallies);
	zk_mem_free(s);
}

const char *trunk_health_name(enum trunk_health h)
{
	static const char *const names[] = {"unknown", "up", "down"};
	return (unsigned)h < 3 ? names[h] : "?";
}

const char *trunk_reg_name(enum trunk_reg r)
{
	static const char *const names[] = {"none", "trying", "registered", "failed"};
	return (unsigned)r < 4 ? names[r] : "?";
}

/* ---- lives: open addressing; a row whose table row is long gone is taken over when there is no other place ---- */
static struct life *life_find(struct trunk_state *s, const struct zk_uuid *id)
{
	uint64_t at = trunk_id_hash(id);
	for (unsigned i = 0; i < TRUNK_LIVES; i++) {
		struct life *l = &s->lives[(at + i) % TRUNK_LIVES];
		if (!l->used)
			return NULL;
		if (!zk_uuid_cmp(&l->id, id))
			return l;
	}
	return NULL;
}

static struct life *life_get(struct trunk_state *s, const struct zk_uuid *id)
{
	struct life *l = life_find(s, id);
	uint64_t at = trunk_id_hash(id);
	if (l)
		return l;
	if (s->n_lives > TRUNK_LIVES / 2) {
		/* Full of what has no calls: begin anew but for what holds some. Health is found again within a minute.
		 */
		for (unsigned i = 0; i < TRUNK_LIVES; i++)
			if (s->lives[i].used && !s->lives[i].calls && !s->lives[i].host.n)
				s->lives[i].id = (struct zk_uuid){{0}};
	}
	for (unsigned i = 0; i < TRUNK_LIVES; i++) {
		l = &s->lives[(at + i) % TRUNK_LIVES];
		if (l->used && !zk_uuid_is_zero(&l->id))
			continue;
		s->n_lives += !l->used;
		memset(l, 0, sizeof *l);
		l->used = true;
		l->id = *id;
		return l;
	}
	return NULL;
}

unsigned trunk_state_turn(struct trunk_state *s, const struct zk_uuid *id)
{
	lock(s);
	struct life *l = life_get(s, id);
	unsigned turn = l ? l->turn++ : 0;
	unlock(s);
	return turn;
}

static int calls_of(struct trunk_state *s, const struct zk_uuid *id)
{
	struct life *l = life_find(s, id);
	return l ? l->calls : 0;
}

int trunk_state_calls(struct trunk_state *s, const struct zk_uuid *id)
{
	lock(s);
	int n = calls_of(s, id);
	unlock(s);
	return n;
}

/* One more call, unless there are `max` or `cps` within the last second. */
static bool life_take(struct life *l, int max, int cps, int64_t now_us)
{
	int64_t slot = now_us / SLOT_US;
	int sum = 0;
	if (max >= 0 && l->calls >= max)
		return false;
	for (; l->slot < slot && slot - l->slot <= SLOTS; l->slot++)
		l->window[(l->slot + 1) % SLOTS] = 0;
	if (l->slot < slot) {
		memset(l->window, 0, sizeof l->window);
		l->slot = slot;
	}
	for (unsigned i = 0; i < SLOTS; i++)
		sum += l->window[i];
	if (cps > 0 && sum >= cps)
		return false;
	l->window[slot % SLOTS]++;
	l->calls++;
	return true;
}

static void life_give(struct trunk_state *s, struct zk_uuid *id)
{
	struct life *l = zk_uuid_is_zero(id) ? NULL : life_find(s, id);
	if (l && l->calls > 0)
		l->calls--;
	*id = (struct zk_uuid){{0}};
}

/* ---- hosts ---- */
bool trunk_state_host(struct trunk_state *s, const struct zk_uuid *host, struct trunk_host_state *out)
{
	lock(s);
	struct life *l = life_find(s, host);
	*out = l ? l->host : (struct trunk_host_state){0};
	unlock(s);
	return l != NULL;
}

void trunk_state_resolved(struct trunk_state *s, const struct zk_uuid *host, const struct trunk_addr *addr, unsigned n)
{
	lock(s);
	struct life *l = life_get(s, host);
	if (l) {
		n = n > TRUNK_ADDRS ? TRUNK_ADDRS : n;
		bool same = l->host.n == n && !memcmp(l->host.addr, addr, n * sizeof *addr);
		memcpy(l->host.addr, addr, n * sizeof *addr);
		l->host.n = n;
		if (!same) {
			l->host.used = 0;
			l->host.health = TRUNK_UNKNOWN;
			l->host.misses = 0;
			l->host.asked_us = 0;
		}
	}
	unlock(s);
}

void trunk_state_asked(struct trunk_state *s, const struct zk_uuid *host, int64_t now_us)
{
	lock(s);
	struct life *l = life_get(s, host);
	if (l)
		l->host.asked_us = now_us;
	unlock(s);
}

bool trunk_state_heard(struct trunk_state *s, const struct zk_uuid *host, int rtt_us, int64_t now_us)
{
	lock(s);
	struct life *l = life_get(s, host);
	enum trunk_health old = l ? l->host.health : TRUNK_UNKNOWN, now = old;
	if (l && rtt_us >= 0) {
		l->host.rtt_us = rtt_us;
		l->host.misses = 0;
		now = TRUNK_UP;
	} else if (l) {
		l->host.asked_us = 0; /* ask again soon */
		l->host.missed_us = now_us;
		if (l->host.n > 1)
			l->host.used = (l->host.used + 1) % l->host.n; /* another address of the same name */
		if (++l->host.misses >= MISSES)
			now = TRUNK_DOWN;
	}
	if (l && now != old) {
		l->host.health = now;
		l->host.since_us = now_us;
	}
	unlock(s);
	return l && now != old;
}

/* ---- trunks ---- */
bool trunk_state_trunk(struct trunk_state *s, const struct zk_uuid *trunk, struct trunk_trunk_state *out)
{
	lock(s);
	struct life *l = life_find(s, trunk);
	*out = l ? l->trunk : (struct trunk_trunk_state){0};
	out->calls = l ? l->calls : 0;
	unlock(s);
	return l != NULL;
}

void trunk_state_close(struct trunk_state *s, const struct zk_uuid *trunk, bool closed)
{
	lock(s);
	struct life *l = life_get(s, trunk);
	if (l)
		l->trunk.closed = closed;
	unlock(s);
}

bool trunk_state_registered(struct trunk_state *s, const struct zk_uuid *trunk, enum trunk_reg reg, int code,
			    int64_t now_us)
{
	lock(s);
	struct life *l = life_get(s, trunk);
	bool changed = l && (l->trunk.reg != reg || l->trunk.reg_code != code);
	if (changed) {
		l->trunk.reg = reg;
		l->trunk.reg_code = code;
		l->trunk.reg_since_us = now_us;
	}
	unlock(s);
	return changed;
}

/* ---- calls ---- */
static struct call **call_place(struct trunk_state *s, const char *call_id)
{
	struct call **p = &s->calls[zk_hash(NULL, 0, call_id, strlen(call_id)) % BUCKETS];
	while (*p && strcmp((*p)->call_id, call_id) != 0)
		p = &(*p)->next;
	return p;
}

static void call_drop(struct trunk_state *s, struct call **p, int64_t now_us)
{
	struct call *c = *p;
	*p = c->next;
	life_give(s, &c->trunk);
	life_give(s, &c->number);
	trunk_tally_settle(s->tallies, &c->charge, now_us);
	s->n_calls--;
	call_free(c);
}

/* A new call in its place; memory was allocated before the lock was taken. */
static void call_put(struct trunk_state *s, struct call *c, int64_t now_us)
{
	struct call **p = call_place(s, c->call_id);
	if (*p)
		call_drop(s, p, now_us);
	p = &s->calls[zk_hash(NULL, 0, c->call_id, strlen(c->call_id)) % BUCKETS];
	c->next = *p;
	*p = c;
	s->n_calls++;
}

static struct call *call_make(const char *call_id, int64_t now_us, bool dialling)
{
	struct call *c = zk_mem_alloc(sizeof *c);
	if (!c)
		return NULL;
	memset(c, 0, sizeof *c);
	c->begun_us = now_us;
	c->named = true;
	c->d = dialling ? zk_mem_alloc(sizeof *c->d) : NULL;
	if (!zk_copy(c->call_id, sizeof c->call_id, call_id, strlen(call_id)) || (dialling && !c->d)) {
		call_free(c);
		return NULL;
	}
	if (c->d)
		memset(c->d, 0, sizeof *c->d);
	return c;
}

bool trunk_call_begin(struct trunk_state *s, const char *call_id, const struct trunk_query *q,
		      const struct trunk_plan *plan, const struct trunk_chosen *chosen, int64_t now_us, bool *full)
{
	struct call *c = call_make(call_id, now_us, true);
	bool good = false;
	*full = false;
	if (!c)
		return false;
	c->d->q = *q;
	c->d->plan = *plan;
	lock(s);
	if (s->n_calls < TRUNK_CALLS_MAX) {
		struct life *l = chosen && !zk_uuid_is_zero(&chosen->number) ? life_get(s, &chosen->number) : NULL;
		*full = l && !life_take(l, q->emergency ? -1 : chosen->max_calls, -1, now_us);
		if (l && !*full)
			c->number = chosen->number;
		good = !*full;
		if (good)
			call_put(s, c, now_us);
	}
	unlock(s);
	if (!good)
		call_free(c);
	return good;
}

bool trunk_call_in(struct trunk_state *s, const char *call_id, const struct zk_uuid *trunk, int max_calls,
		   int64_t now_us)
{
	struct call *c = call_make(call_id, now_us, false);
	bool good = false;
	if (!c)
		return false;
	lock(s);
	struct call **old = call_place(s, call_id);
	if (*old)
		call_drop(s, old, now_us);
	struct life *l = life_get(s, trunk);
	good = s->n_calls < TRUNK_CALLS_MAX && l && life_take(l, max_calls, -1, now_us);
	if (good) {
		c->trunk = *trunk;
		call_put(s, c, now_us);
	}
	unlock(s);
	if (!good)
		call_free(c);
	return good;
}

/* May the candidate be tried now? Takes a channel if so. */
static bool try_one(struct trunk_state *s, struct call *c, const struct trunk_hop *hop, int64_t now_us)
{
	struct life *trunk = life_get(s, &hop->trunk), *host = life_get(s, &hop->via);
	bool emergency = c->d->q.emergency;
	if (!trunk || !host)
		return false;
	if (!emergency && (trunk->trunk.closed || trunk->trunk.paused_until_us > now_us)) {
		c->d->dead = true;
		return false;
	}
	/* One that is never asked is tried again after a while: nobody else would find it alive. */
	bool down = host->host.health == TRUNK_DOWN && (hop->t.probe_s || now_us - host->host.missed_us < RETRY_US);
	bool lost = down || (!host->host.n && !hop->next[0] && !hop->is_literal);
	if ((lost && !emergency) || (hop->t.registers && !emergency && trunk->trunk.reg == TRUNK_REG_FAILED)) {
		c->d->dead = true;
		return false;
	}
	if (!life_take(trunk, emergency ? -1 : hop->t.max_calls, emergency ? -1 : hop->t.max_cps, now_us)) {
		c->d->full = true;
		return false;
	}
	trunk->trunk.attempts++;
	c->trunk = hop->trunk;
	return true;
}

/* The candidate at hand, taken off the list; false: there is none. */
static bool call_pop(struct trunk_state *s, const char *call_id, struct trunk_candidate *candidate,
		     struct trunk_query *q)
{
	bool found = false;
	lock(s);
	struct call *c = *call_place(s, call_id);
	if (c && c->d && c->d->at < c->d->plan.n) {
		*candidate = c->d->plan.c[c->d->at++];
		*q = c->d->q;
		life_give(s, &c->trunk);
		found = true;
	}
	unlock(s);
	return found;
}

static bool call_try(struct trunk_state *s, const char *call_id, const struct trunk_hop *hop, int64_t now_us)
{
	bool good = false;
	lock(s);
	struct call *c = *call_place(s, call_id);
	if (c && c->d && c->d->n < TRUNK_ATTEMPTS && try_one(s, c, hop, now_us)) {
		struct attempt *a = &c->d->attempts[c->d->n++];
		a->trunk = hop->trunk;
		a->host = hop->host;
		a->from_us = now_us;
		a->port = hop->port;
		zk_copy(a->where, sizeof a->where, hop->next[0] ? hop->next : hop->from_domain,
			strlen(hop->next[0] ? hop->next : hop->from_domain));
		good = true;
	}
	unlock(s);
	return good;
}

static enum trunk_step call_over(struct trunk_state *s, const char *call_id)
{
	enum trunk_step step = TRUNK_UNCALLED;
	lock(s);
	struct call *c = *call_place(s, call_id);
	if (c && c->d) {
		life_give(s, &c->trunk);
		step = c->d->n ? TRUNK_EXHAUSTED : c->d->full ? TRUNK_FULL : c->d->dead ? TRUNK_DEAD : TRUNK_EXHAUSTED;
	}
	unlock(s);
	return step;
}

enum trunk_step trunk_call_next(struct trunk_state *s, struct zk_store *store, const char *call_id, int64_t now_us,
				struct trunk_hop *hop)
{
	struct trunk_candidate candidate;
	struct trunk_query q;
	while (call_pop(s, call_id, &candidate, &q))
		if (trunk_hop(store, &q, &candidate, hop) && call_try(s, call_id, hop, now_us))
			return TRUNK_GO;
	return call_over(s, call_id);
}

bool trunk_call_answer(struct trunk_state *s, const char *call_id, int code, bool failed, int disable_after,
		       int64_t now_us)
{
	bool paused = false;
	lock(s);
	struct call *c = *call_place(s, call_id);
	struct life *l = c ? life_find(s, &c->trunk) : NULL;
	if (c && c->d && c->d->n && !c->d->attempts[c->d->n - 1].code) {
		c->d->attempts[c->d->n - 1].code = code;
		c->d->attempts[c->d->n - 1].to_us = now_us;
		if (l && failed && disable_after && ++l->trunk.failures >= disable_after) {
			l->trunk.failures = disable_after - 1; /* after its rest one more failure is enough */
			l->trunk.paused_until_us = now_us + TRUNK_PAUSE_US;
			paused = true;
		} else if (l && !failed && code != 487) {
			l->trunk.failures = 0;
		}
		if (l && code < 300)
			l->trunk.answered++;
		if (code < 300)
			c->charge.answered_us = now_us;
	}
	unlock(s);
	return paused;
}

void trunk_call_end(struct trunk_state *s, const char *call_id, int64_t now_us)
{
	lock(s);
	struct call **p = call_place(s, call_id);
	if (*p)
		call_drop(s, p, now_us);
	unlock(s);
}

bool trunk_call_text(struct trunk_state *s, const char *call_id, char *out, size_t size, int64_t now_us)
{
	size_t at = 0;
	out[0] = '\0';
	lock(s);
	struct call *c = *call_place(s, call_id);
	for (unsigned i = 0; c && c->d && i < c->d->n && at < size; i++) {
		const struct attempt *a = &c->d->attempts[i];
		char trunk[ZK_UUID_TEXT];
		zk_uuid_text(trunk, &a->trunk);
		int n = snprintf(out + at, size - at, "%s%s;%s:%d;%d;%lld", i ? "," : "", trunk, a->where, a->port,
				 a->code, (long long)(((a->to_us ? a->to_us : now_us) - a->from_us) / 1000));
		at += n > 0 ? (size_t)n : 0;
	}
	unlock(s);
	return c != NULL;
}

bool trunk_call_now(struct trunk_state *s, const char *call_id, struct trunk_candidate *candidate,
		    struct trunk_query *q)
{
	lock(s);
	struct call *c = *call_place(s, call_id);
	bool found = c && c->d && c->d->n && c->d->at;
	if (found) {
		*candidate = c->d->plan.c[c->d->at - 1];
		*q = c->d->q;
	}
	unlock(s);
	return found;
}

/* ---- toll guard ---- */
bool trunk_call_guard(struct trunk_state *s, const char *call_id, const struct trunk_guarded *g, int64_t now_us,
		      struct zk_uuid *guard, enum trunk_measure *measure, struct trunk_alarms *alarms)
{
	alarms->n = 0;
	lock(s);
	struct call *c = *call_place(s, call_id);
	bool good = !c || trunk_tally_take(s->tallies, g, now_us, &c->charge, guard, measure, alarms);
	unlock(s);
	return good;
}

void trunk_call_adopt(struct trunk_state *s, const char *call_id, const struct trunk_guarded *g, int64_t answered_us,
		      int64_t now_us)
{
	lock(s);
	struct call *c = *call_place(s, call_id);
	if (c)
		trunk_tally_adopt(s->tallies, g, answered_us, now_us, &c->charge);
	unlock(s);
}

int trunk_call_longest(struct trunk_state *s, const char *call_id)
{
	lock(s);
	struct call *c = *call_place(s, call_id);
	int max_s = c ? c->charge.max_s : 0;
	unlock(s);
	return max_s;
}

#define ACCRUE_BUCKETS 256
void trunk_state_accrue(struct trunk_state *s, unsigned *from, int64_t now_us, struct trunk_alarms *alarms)
{
	alarms->n = 0;
	lock(s);
	for (unsigned i = *from; i < *from + ACCRUE_BUCKETS; i++)
		for (struct call *c = s->calls[i % BUCKETS]; c; c = c->next)
			if (c->charge.n)
				trunk_tally_accrue(s->tallies, &c->charge, now_us, alarms);
	unlock(s);
	*from = (*from + ACCRUE_BUCKETS) % BUCKETS;
}

struct trunk_used trunk_state_used(struct trunk_state *s, const struct zk_uuid *subject, int64_t now_us)
{
	lock(s);
	struct trunk_used u = trunk_tally_used(s->tallies, subject, now_us);
	unlock(s);
	return u;
}

void trunk_state_tallies(struct trunk_state *s, void (*h)(struct trunk_tallies *t, void *arg), void *arg)
{
	lock(s);
	h(s->tallies, arg);
	unlock(s);
}

/* ---- what acd says ---- */
void trunk_living_begin(struct trunk_state *s)
{
	lock(s);
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct call *c = s->calls[i]; c; c = c->next)
			c->named = false;
	unlock(s);
}

bool trunk_living(struct trunk_state *s, const char *call_id, const struct zk_uuid *trunk, const struct zk_uuid *number,
		  int64_t now_us)
{
	struct call *made = NULL;
	lock(s);
	struct call *c = *call_place(s, call_id);
	if (c)
		c->named = true;
	unlock(s);
	if (c || zk_uuid_is_zero(trunk) || !(made = call_make(call_id, now_us, false)))
		return false;
	lock(s);
	struct life *t = life_get(s, trunk), *n = zk_uuid_is_zero(number) ? NULL : life_get(s, number);
	if (t && life_take(t, -1, -1, now_us))
		made->trunk = *trunk;
	if (n && life_take(n, -1, -1, now_us))
		made->number = *number;
	call_put(s, made, now_us);
	unlock(s);
	return true;
}

unsigned trunk_living_end(struct trunk_state *s, int64_t now_us)
{
	unsigned dropped = 0;
	lock(s);
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct call **p = &s->calls[i]; *p;) {
			if ((*p)->named || now_us - (*p)->begun_us < YOUNG_US) {
				p = &(*p)->next;
				continue;
			}
			call_drop(s, p, now_us);
			dropped++;
		}
	unlock(s);
	return dropped;
}

size_t trunk_state_count(struct trunk_state *s)
{
	lock(s);
	size_t n = s->n_calls;
	unlock(s);
	return n;
}
