/* Decisions. What became free or began to wait is noted while an entry runs and considered when it leaves. Between two
 * entries no queue holds both a waiting caller and an agent that may be offered one, so a decision looks only at what
 * is new: an agent at the heads of its queues, a caller at the head of its queue's idle agents. */
#include "queue/dispatch.h"
#include "people/agent.h"
#include "queue/queue.h"
#include "queue/visit.h"
#include <string.h>

void acd_want_work(struct acd_agent *a)
{
	struct acd *acd = a->tenant->acd;

	if (a->wants_work)
		return;
	a->wants_work = true;
	a->work_next = NULL;
	*acd->work_end = a;
	acd->work_end = &a->work_next;
}

void acd_want_agent(struct acd_visit *v)
{
	struct acd *acd = v->queue->tenant->acd;

	if (v->wants_agent)
		return;
	v->wants_agent = true;
	v->want_next = NULL;
	*acd->want_end = v;
	acd->want_end = &v->want_next;
}

/* A visit that leaves before it was considered. */
void acd_forget_visit(struct acd_visit *v)
{
	struct acd *acd = v->queue->tenant->acd;
	struct acd_visit **at = &acd->want;

	if (!v->wants_agent)
		return;
	while (*at != v)
		at = &(*at)->want_next;
	*at = v->want_next;
	if (acd->want_end == &v->want_next)
		acd->want_end = at;
	v->wants_agent = false;
}

/* Of all callers in all its queues: the highest queue priority, then as acd_visit_cmp orders them. */
static struct acd_member *best_visit(const struct acd_agent *a, struct acd_visit **best)
{
	struct acd_member *m, *chosen = NULL;

	*best = NULL;
	for (m = a->members; m; m = m->a_next) {
		struct acd_node *n = m->queue ? acd_index_first(&m->queue->ready) : NULL;
		struct acd_visit *v = n ? acd_container(n, struct acd_visit, ready) : NULL;

		if (!v)
			continue;
		if (!*best || v->queue->priority > (*best)->queue->priority ||
		    (v->queue->priority == (*best)->queue->priority && acd_visit_cmp(v, *best) < 0)) {
			*best = v;
			chosen = m;
		}
	}
	return chosen;
}

/* The best idle agent of the visit's queue. One who missed this caller comes after those who did not. */
static struct acd_member *best_member(const struct acd_visit *v)
{
	struct acd_node *first = acd_index_first(&v->queue->idle), *n = first;

	for (unsigned i = 0; n && v->n_tried && i <= v->n_tried; i++, n = acd_index_next(n))
		if (!acd_visit_has_tried(v, acd_container(n, struct acd_member, node)->agent->id))
			break;
	if (!n)
		n = first;
	return n ? acd_container(n, struct acd_member, node) : NULL;
}

static void assign(struct acd_member *m, struct acd_visit *v)
{
	struct acd *acd = v->queue->tenant->acd;
	struct acd_node *next = acd_index_next(&m->node);

	acd->stats.decisions++;
	if (acd->fx.decided)
		acd->fx.decided(m->agent, v, m->agent->idle_at, acd->fx_arg);
	acd_visit_offer(v, m, next ? acd_container(next, struct acd_member, node) : NULL);
}

static void serve_agent(struct acd_agent *a)
{
	struct acd_visit *v;
	struct acd_member *m = best_visit(a, &v);

	if (m)
		assign(m, v);
}

static void serve_visit(struct acd_visit *v)
{
	struct acd_visit *other;
	struct acd_member *m;

	while (v->ready.in && (m = best_member(v))) {
		struct acd_member *chosen = best_visit(m->agent, &other);

		if (!chosen)
			return;
		assign(chosen, other);
	}
}

void acd_dispatch(struct acd *acd)
{
	while (acd->work || acd->want) {
		if (acd->work) {
			struct acd_agent *a = acd->work;

			acd->work = a->work_next;
			if (!acd->work)
				acd->work_end = &acd->work;
			a->wants_work = false;
			if (a->in_idle)
				serve_agent(a);
		} else {
			struct acd_visit *v = acd->want;

			acd->want = v->want_next;
			if (!acd->want)
				acd->want_end = &acd->want;
			v->wants_agent = false;
			serve_visit(v);
		}
	}
}
