/* Calls that go on: what they cost by now, and which of them acd knows. */
#include "trunk_life.h"
#include <string.h>

#define YOUNG_US 10000000LL /* a call that acd cannot know yet */

/* ---- toll guard ---- */
bool trunk_call_guard(struct trunk_state *s, const char *call_id, const struct trunk_guarded *g, int64_t now_us,
		      struct zk_uuid *guard, enum trunk_measure *measure, struct trunk_alarms *alarms)
{
	alarms->n = 0;
	trunk_lock(s);
	struct trunk_call *c = *trunk_call_place(s, call_id);
	bool good = !c || trunk_tally_take(s->tallies, g, now_us, &c->charge, guard, measure, alarms);
	trunk_unlock(s);
	return good;
}

void trunk_call_adopt(struct trunk_state *s, const char *call_id, const struct trunk_guarded *g, int64_t answered_us,
		      int64_t now_us)
{
	trunk_lock(s);
	struct trunk_call *c = *trunk_call_place(s, call_id);
	if (c)
		trunk_tally_adopt(s->tallies, g, answered_us, now_us, &c->charge);
	trunk_unlock(s);
}

int trunk_call_longest(struct trunk_state *s, const char *call_id)
{
	trunk_lock(s);
	struct trunk_call *c = *trunk_call_place(s, call_id);
	int max_s = c ? c->charge.max_s : 0;
	trunk_unlock(s);
	return max_s;
}

#define ACCRUE_BUCKETS 256
void trunk_state_accrue(struct trunk_state *s, unsigned *from, int64_t now_us, struct trunk_alarms *alarms)
{
	alarms->n = 0;
	trunk_lock(s);
	for (unsigned i = *from; i < *from + ACCRUE_BUCKETS; i++)
		for (struct trunk_call *c = s->calls[i % TRUNK_BUCKETS]; c; c = c->next)
			if (c->charge.n)
				trunk_tally_accrue(s->tallies, &c->charge, now_us, alarms);
	trunk_unlock(s);
	*from = (*from + ACCRUE_BUCKETS) % TRUNK_BUCKETS;
}

/* ---- what acd says ---- */
void trunk_living_begin(struct trunk_state *s)
{
	trunk_lock(s);
	for (unsigned i = 0; i < TRUNK_BUCKETS; i++)
		for (struct trunk_call *c = s->calls[i]; c; c = c->next)
			c->named = false;
	trunk_unlock(s);
}

bool trunk_living(struct trunk_state *s, const char *call_id, const struct zk_uuid *trunk, const struct zk_uuid *number,
		  int64_t now_us)
{
	struct trunk_call *made = NULL;
	trunk_lock(s);
	struct trunk_call *c = *trunk_call_place(s, call_id);
	if (c)
		c->named = true;
	trunk_unlock(s);
	if (c || zk_uuid_is_zero(trunk) || !(made = trunk_call_make(call_id, now_us, false)))
		return false;
	trunk_lock(s);
	struct trunk_life *t = trunk_life_get(s, trunk),
			  *n = zk_uuid_is_zero(number) ? NULL : trunk_life_number(s, number);
	if (t && trunk_life_take(t, -1, -1, now_us))
		made->trunk = *trunk;
	if (n && trunk_life_take(n, -1, -1, now_us))
		made->number = *number;
	trunk_call_put(s, made, now_us);
	trunk_unlock(s);
	return true;
}

unsigned trunk_living_end(struct trunk_state *s, int64_t now_us)
{
	unsigned dropped = 0;
	trunk_lock(s);
	for (unsigned i = 0; i < TRUNK_BUCKETS; i++)
		for (struct trunk_call **p = &s->calls[i]; *p;) {
			if ((*p)->named || now_us - (*p)->begun_us < YOUNG_US) {
				p = &(*p)->next;
				continue;
			}
			trunk_call_drop(s, p, now_us);
			dropped++;
		}
	trunk_unlock(s);
	return dropped;
}
