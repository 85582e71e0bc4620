#include "trunk_life.h"
#include <stdio.h>
#include <string.h>

void trunk_call_free(struct trunk_call *c)
{
	if (c->d)
		zk_mem_free(c->d);
	zk_mem_free(c);
}

/* ---- calls ---- */
uint64_t trunk_call_key(const char *call_id)
{
	return zk_hash(NULL, 0, call_id, strlen(call_id));
}

/* `call_id` NULL: the key is all that is known. */
static struct trunk_call **place(struct trunk_state *s, uint64_t key, const char *call_id)
{
	struct trunk_call **p = &s->calls[key % TRUNK_BUCKETS];
	while (*p && ((*p)->key != key || (call_id && strcmp((*p)->call_id, call_id) != 0)))
		p = &(*p)->next;
	return p;
}

struct trunk_call **trunk_call_place(struct trunk_state *s, const char *call_id)
{
	return place(s, trunk_call_key(call_id), call_id);
}

void trunk_call_drop(struct trunk_state *s, struct trunk_call **p, int64_t now_us)
{
	struct trunk_call *c = *p;
	*p = c->next;
	trunk_life_give(s, &c->trunk);
	trunk_life_give(s, &c->number);
	trunk_tally_settle(s->tallies, &c->charge, now_us);
	s->n_calls--;
	trunk_call_free(c);
}

/* A new call in its place; memory was allocated before the lock was taken. */
void trunk_call_put(struct trunk_state *s, struct trunk_call *c, int64_t now_us)
{
	struct trunk_call **p = place(s, c->key, c->call_id);
	if (*p)
		trunk_call_drop(s, p, now_us);
	p = &s->calls[c->key % TRUNK_BUCKETS];
	c->next = *p;
	*p = c;
	s->n_calls++;
}

struct trunk_call *trunk_call_make(const char *call_id, int64_t now_us, bool dialling)
{
	struct trunk_call *c = zk_mem_alloc(sizeof *c);
	if (!c)
		return NULL;
	memset(c, 0, sizeof *c);
	c->key = trunk_call_key(call_id);
	c->begun_us = now_us;
	c->named = true;
	c->d = dialling ? zk_mem_alloc(sizeof *c->d) : NULL;
	if (!zk_copy(c->call_id, sizeof c->call_id, call_id, strlen(call_id)) || (dialling && !c->d)) {
		trunk_call_free(c);
		return NULL;
	}
	if (c->d)
		memset(c->d, 0, sizeof *c->d);
	return c;
}

bool trunk_call_begin(struct trunk_state *s, const char *call_id, const struct trunk_query *q,
		      const struct trunk_plan *plan, const struct trunk_chosen *chosen, int64_t now_us, bool *full)
{
	struct trunk_call *c = trunk_call_make(call_id, now_us, true);
	bool good = false;
	*full = false;
	if (!c)
		return false;
	c->d->q = *q;
	c->d->plan = *plan;
	trunk_lock(s);
	if (s->n_calls < TRUNK_CALLS_MAX) {
		struct trunk_life *l =
			chosen && !zk_uuid_is_zero(&chosen->number) ? trunk_life_number(s, &chosen->number) : NULL;
		*full = l && !trunk_life_take(l, q->emergency ? -1 : chosen->max_calls, -1, now_us);
		if (l && !*full)
			c->number = chosen->number;
		good = !*full;
		if (good)
			trunk_call_put(s, c, now_us);
	}
	trunk_unlock(s);
	if (!good)
		trunk_call_free(c);
	return good;
}

bool trunk_call_in(struct trunk_state *s, const char *call_id, const struct zk_uuid *trunk, int max_calls,
		   int64_t now_us)
{
	struct trunk_call *c = trunk_call_make(call_id, now_us, false);
	bool good = false;
	if (!c)
		return false;
	trunk_lock(s);
	struct trunk_call **old = place(s, c->key, call_id);
	if (*old)
		trunk_call_drop(s, old, now_us);
	struct trunk_life *l = trunk_life_get(s, trunk);
	good = s->n_calls < TRUNK_CALLS_MAX && l && trunk_life_take(l, max_calls, -1, now_us);
	if (good) {
		c->trunk = *trunk;
		trunk_call_put(s, c, now_us);
	}
	trunk_unlock(s);
	if (!good)
		trunk_call_free(c);
	return good;
}

/* May the candidate be tried now? Takes a channel if so. */
static bool try_one(struct trunk_state *s, struct trunk_call *c, const struct trunk_hop *hop, int64_t now_us)
{
	struct trunk_life *trunk = trunk_life_get(s, &hop->trunk), *host = trunk_life_get(s, &hop->via);
	bool emergency = c->d->q.emergency;
	if (!trunk || !host)
		return false;
	if (!emergency && trunk_life_against(trunk, host, hop, trunk->trunk.closed, now_us) != TRUNK_FREE) {
		c->d->dead = true;
		return false;
	}
	if (!trunk_life_take(trunk, emergency ? -1 : hop->t.max_calls, emergency ? -1 : hop->t.max_cps, now_us)) {
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
	trunk_lock(s);
	struct trunk_call *c = *trunk_call_place(s, call_id);
	if (c && c->d && c->d->at < c->d->plan.n) {
		*candidate = c->d->plan.c[c->d->at++];
		*q = c->d->q;
		trunk_life_give(s, &c->trunk);
		found = true;
	}
	trunk_unlock(s);
	return found;
}

static bool call_try(struct trunk_state *s, const char *call_id, const struct trunk_hop *hop, int64_t now_us)
{
	bool good = false;
	trunk_lock(s);
	struct trunk_call *c = *trunk_call_place(s, call_id);
	if (c && c->d && c->d->n < TRUNK_ATTEMPTS && try_one(s, c, hop, now_us)) {
		struct trunk_attempt *a = &c->d->attempts[c->d->n++];
		a->trunk = hop->trunk;
		a->host = hop->host;
		a->from_us = now_us;
		a->port = hop->port;
		zk_copy(a->where, sizeof a->where, hop->next[0] ? hop->next : hop->from_domain,
			strlen(hop->next[0] ? hop->next : hop->from_domain));
		good = true;
	}
	trunk_unlock(s);
	return good;
}

static enum trunk_step call_over(struct trunk_state *s, const char *call_id)
{
	enum trunk_step step = TRUNK_UNCALLED;
	trunk_lock(s);
	struct trunk_call *c = *trunk_call_place(s, call_id);
	if (c && c->d) {
		trunk_life_give(s, &c->trunk);
		step = c->d->n ? TRUNK_EXHAUSTED : c->d->full ? TRUNK_FULL : c->d->dead ? TRUNK_DEAD : TRUNK_EXHAUSTED;
	}
	trunk_unlock(s);
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
	trunk_lock(s);
	struct trunk_call *c = *trunk_call_place(s, call_id);
	struct trunk_life *l = c ? trunk_life_find(s, &c->trunk) : NULL;
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
	trunk_unlock(s);
	return paused;
}

void trunk_call_end(struct trunk_state *s, const char *call_id, int64_t now_us)
{
	trunk_call_end_key(s, trunk_call_key(call_id), now_us);
}

void trunk_call_end_key(struct trunk_state *s, uint64_t key, int64_t now_us)
{
	trunk_lock(s);
	struct trunk_call **p = place(s, key, NULL);
	if (*p)
		trunk_call_drop(s, p, now_us);
	trunk_unlock(s);
}

bool trunk_call_text(struct trunk_state *s, const char *call_id, char *out, size_t size, int64_t now_us)
{
	size_t at = 0;
	out[0] = '\0';
	trunk_lock(s);
	struct trunk_call *c = *trunk_call_place(s, call_id);
	for (unsigned i = 0; c && c->d && i < c->d->n && at < size; i++) {
		const struct trunk_attempt *a = &c->d->attempts[i];
		char trunk[ZK_UUID_TEXT];
		zk_uuid_text(trunk, &a->trunk);
		int n = snprintf(out + at, size - at, "%s%s;%s:%d;%d;%lld", i ? "," : "", trunk, a->where, a->port,
				 a->code, (long long)(((a->to_us ? a->to_us : now_us) - a->from_us) / 1000));
		at += n > 0 ? (size_t)n : 0;
	}
	trunk_unlock(s);
	return c != NULL;
}

bool trunk_call_now(struct trunk_state *s, const char *call_id, struct trunk_candidate *candidate,
		    struct trunk_query *q)
{
	trunk_lock(s);
	struct trunk_call *c = *trunk_call_place(s, call_id);
	bool found = c && c->d && c->d->n && c->d->at;
	if (found) {
		*candidate = c->d->plan.c[c->d->at - 1];
		*q = c->d->q;
	}
	trunk_unlock(s);
	return found;
}
