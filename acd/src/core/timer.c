#include "core/acd.h"

/* Timers wait in one index of the engine, by time and then by the order in which they were started. */
static int cmp_timers(const struct acd_node *x, const struct acd_node *y)
{
	const struct acd_timer *a = acd_container(x, struct acd_timer, node),
			       *b = acd_container(y, struct acd_timer, node);

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

void acd_timer_start(struct acd *acd, struct acd_timer *t, int64_t at, acd_timer_h *h)
{
	acd_index_del(&t->node);
	if (!acd->timers.cmp)
		acd_index_init(&acd->timers, cmp_timers);
	t->at = at;
	t->seq = ++acd->timer_seq;
	t->h = h;
	acd_index_add(&acd->timers, &t->node);
}

void acd_timer_stop(struct acd_timer *t)
{
	acd_index_del(&t->node);
}

int64_t acd_next_timer(const struct acd *acd)
{
	const struct acd_node *n = acd_index_first(&acd->timers);

	return n ? acd_container(n, struct acd_timer, node)->at : -1;
}

/* Fires what is due. One that a handler starts for a moment already past fires too. */
void acd_run_timers(struct acd *acd)
{
	acd_enter(acd);
	for (;;) {
		struct acd_node *n = acd_index_first(&acd->timers);
		struct acd_timer *t = n ? acd_container(n, struct acd_timer, node) : NULL;

		if (!t || t->at > acd->now)
			break;
		acd_index_del(&t->node);
		t->h(acd, t);
	}
	acd_leave(acd);
}
