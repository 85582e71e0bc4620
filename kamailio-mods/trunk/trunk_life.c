#include "trunk_life.h"
#include <string.h>

#define SLOT_US 50000 /* calls per second are counted in these */

static struct trunk_life **place(struct trunk_state *s, const struct zk_uuid *id)
{
	struct trunk_life **p = &s->lives[trunk_id_hash(id) % TRUNK_LIFE_BUCKETS];
	while (*p && zk_uuid_cmp(&(*p)->id, id) != 0)
		p = &(*p)->next;
	return p;
}

static void forget(struct trunk_state *s, struct trunk_life **p)
{
	struct trunk_life *l = *p;
	*p = l->next;
	s->n_lives--;
	zk_mem_free(l);
}

/* Too many, which only deleted rows can make: begin anew but for what holds calls or addresses. Health is found again
 * within a minute. */
static void sweep(struct trunk_state *s)
{
	for (unsigned i = 0; i < TRUNK_LIFE_BUCKETS; i++)
		for (struct trunk_life **p = &s->lives[i]; *p;)
			if ((*p)->calls || (*p)->host.n)
				p = &(*p)->next;
			else
				forget(s, p);
}

struct trunk_life *trunk_life_find(struct trunk_state *s, const struct zk_uuid *id)
{
	return *place(s, id);
}

struct trunk_life *trunk_life_get(struct trunk_state *s, const struct zk_uuid *id)
{
	struct trunk_life *l = trunk_life_find(s, id);
	if (l)
		return l;
	if (s->n_lives >= TRUNK_LIVES)
		sweep(s);
	if (s->n_lives >= TRUNK_LIVES || !(l = zk_mem_alloc(sizeof *l)))
		return NULL;
	struct trunk_life **p = &s->lives[trunk_id_hash(id) % TRUNK_LIFE_BUCKETS];
	*l = (struct trunk_life){.next = *p, .id = *id};
	*p = l;
	s->n_lives++;
	return l;
}

struct trunk_life *trunk_life_number(struct trunk_state *s, const struct zk_uuid *id)
{
	struct trunk_life *l = trunk_life_get(s, id);
	if (l)
		l->passing = true;
	return l;
}

void trunk_lives_free(struct trunk_state *s)
{
	for (unsigned i = 0; i < TRUNK_LIFE_BUCKETS; i++)
		while (s->lives[i])
			forget(s, &s->lives[i]);
}

bool trunk_life_take(struct trunk_life *l, int max, int cps, int64_t now_us)
{
	int64_t slot = now_us / SLOT_US;
	int sum = 0;
	if (max >= 0 && l->calls >= max)
		return false;
	for (; l->slot < slot && slot - l->slot <= TRUNK_SLOTS; l->slot++)
		l->window[(l->slot + 1) % TRUNK_SLOTS] = 0;
	if (l->slot < slot) {
		memset(l->window, 0, sizeof l->window);
		l->slot = slot;
	}
	for (unsigned i = 0; i < TRUNK_SLOTS; i++)
		sum += l->window[i];
	if (cps > 0 && sum >= cps)
		return false;
	l->window[slot % TRUNK_SLOTS]++;
	l->calls++;
	return true;
}

void trunk_life_give(struct trunk_state *s, struct zk_uuid *id)
{
	struct trunk_life **p = zk_uuid_is_zero(id) ? NULL : place(s, id);
	if (p && *p && (*p)->calls > 0 && !--(*p)->calls && (*p)->passing)
		forget(s, p);
	*id = (struct zk_uuid){{0}};
}
