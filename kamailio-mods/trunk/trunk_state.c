#include "trunk_life.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#define MISSES 2

void trunk_lock(struct trunk_state *s)
{
	unsigned tries = 0;
	while (atomic_exchange_explicit(&s->lock, 1, memory_order_acquire))
		if (++tries % 64 == 0)
			sched_yield();
}

void trunk_unlock(struct trunk_state *s)
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

void trunk_state_free(struct trunk_state *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < TRUNK_BUCKETS; i++)
		for (struct trunk_call *c = s->calls[i], *next; c; c = next) {
			next = c->next;
			trunk_call_free(c);
		}
	trunk_lives_free(s);
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

unsigned trunk_state_turn(struct trunk_state *s, const struct zk_uuid *id)
{
	trunk_lock(s);
	struct trunk_life *l = trunk_life_get(s, id);
	unsigned turn = l ? l->turn++ : 0;
	trunk_unlock(s);
	return turn;
}

unsigned trunk_state_turn_next(struct trunk_state *s, const struct zk_uuid *id)
{
	trunk_lock(s);
	struct trunk_life *l = trunk_life_find(s, id);
	unsigned turn = l ? l->turn : 0;
	trunk_unlock(s);
	return turn;
}

static int calls_of(struct trunk_state *s, const struct zk_uuid *id)
{
	struct trunk_life *l = trunk_life_find(s, id);
	return l ? l->calls : 0;
}

int trunk_state_calls(struct trunk_state *s, const struct zk_uuid *id)
{
	trunk_lock(s);
	int n = calls_of(s, id);
	trunk_unlock(s);
	return n;
}

/* ---- hosts ---- */
bool trunk_state_host(struct trunk_state *s, const struct zk_uuid *host, struct trunk_host_state *out)
{
	trunk_lock(s);
	struct trunk_life *l = trunk_life_find(s, host);
	*out = l ? l->host : (struct trunk_host_state){0};
	trunk_unlock(s);
	return l != NULL;
}

void trunk_state_resolved(struct trunk_state *s, const struct zk_uuid *host, const struct trunk_addr *addr, unsigned n)
{
	trunk_lock(s);
	struct trunk_life *l = trunk_life_get(s, host);
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
	trunk_unlock(s);
}

void trunk_state_asked(struct trunk_state *s, const struct zk_uuid *host, int64_t now_us)
{
	trunk_lock(s);
	struct trunk_life *l = trunk_life_get(s, host);
	if (l)
		l->host.asked_us = now_us;
	trunk_unlock(s);
}

bool trunk_state_fault(struct trunk_state *s, const struct zk_uuid *host, const char *fault, int64_t now_us)
{
	trunk_lock(s);
	struct trunk_life *l = trunk_life_get(s, host);
	bool changed = l && (strncmp(l->host.fault, fault, sizeof l->host.fault - 1) != 0 ||
			     (fault[0] && l->host.health != TRUNK_DOWN));
	if (l)
		snprintf(l->host.fault, sizeof l->host.fault, "%s", fault);
	if (changed) {
		l->host.health = fault[0] ? TRUNK_DOWN : TRUNK_UP;
		l->host.misses = 0;
		l->host.since_us = now_us;
	}
	trunk_unlock(s);
	return changed;
}

bool trunk_state_heard(struct trunk_state *s, const struct zk_uuid *host, int rtt_us, int64_t now_us)
{
	trunk_lock(s);
	struct trunk_life *l = trunk_life_get(s, host);
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
	trunk_unlock(s);
	return l && now != old;
}

/* ---- trunks ---- */
bool trunk_state_trunk(struct trunk_state *s, const struct zk_uuid *trunk, struct trunk_trunk_state *out)
{
	trunk_lock(s);
	struct trunk_life *l = trunk_life_find(s, trunk);
	*out = l ? l->trunk : (struct trunk_trunk_state){0};
	out->calls = l ? l->calls : 0;
	trunk_unlock(s);
	return l != NULL;
}

void trunk_state_close(struct trunk_state *s, const struct zk_uuid *trunk, bool closed)
{
	trunk_lock(s);
	struct trunk_life *l = trunk_life_get(s, trunk);
	if (l)
		l->trunk.closed = closed;
	trunk_unlock(s);
}

bool trunk_state_registered(struct trunk_state *s, const struct zk_uuid *trunk, enum trunk_reg reg, int code,
			    int64_t now_us)
{
	trunk_lock(s);
	struct trunk_life *l = trunk_life_get(s, trunk);
	bool changed = l && (l->trunk.reg != reg || l->trunk.reg_code != code);
	if (changed) {
		l->trunk.reg = reg;
		l->trunk.reg_code = code;
		l->trunk.reg_since_us = now_us;
	}
	trunk_unlock(s);
	return changed;
}

struct trunk_used trunk_state_used(struct trunk_state *s, const struct zk_uuid *subject, int64_t now_us)
{
	trunk_lock(s);
	struct trunk_used u = trunk_tally_used(s->tallies, subject, now_us);
	trunk_unlock(s);
	return u;
}

void trunk_state_tallies(struct trunk_state *s, void (*h)(struct trunk_tallies *t, void *arg), void *arg)
{
	trunk_lock(s);
	h(s->tallies, arg);
	trunk_unlock(s);
}

size_t trunk_state_count(struct trunk_state *s)
{
	trunk_lock(s);
	size_t n = s->n_calls;
	trunk_unlock(s);
	return n;
}
