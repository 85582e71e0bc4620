/* Who of the idle agents gets the caller, and which caller comes first. Keys are integers that do not change while the
 * member stands in the index. */
#include "queue/queue.h"
#include "zj_obj.h"
#include <string.h>

static int64_t key_priority(const struct acd_member *m)
{
	return m->priority;
}

static int64_t key_idle_at(const struct acd_member *m)
{
	return m->agent->idle_at;
}

static int64_t key_calls(const struct acd_member *m)
{
	return m->agent->calls_today;
}

static int64_t key_offered_at(const struct acd_member *m)
{
	return m->offered_at;
}

static const struct acd_comparator by_priority = {"agent_priority", key_priority, true};
static const struct acd_comparator by_idle = {"idle_since_us", key_idle_at, false};
static const struct acd_comparator by_calls = {"calls_today", key_calls, false};
static const struct acd_comparator by_turn = {"last_offered_us", key_offered_at, false};

static const struct acd_strategy strategies[] = {
	{"longest_idle", {&by_priority, &by_idle}},
	{"round_robin", {&by_priority, &by_turn}},
	{"fewest_calls", {&by_priority, &by_calls, &by_idle}},
};

const struct acd_strategy *acd_strategy_find(const char *name)
{
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(strategies); i++)
		if (!strcmp(strategies[i].name, name))
			return &strategies[i];
	return &strategies[0];
}

static int cmp_int(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

int acd_member_cmp(const struct acd_node *x, const struct acd_node *y)
{
	const struct acd_member *a = acd_container(x, struct acd_member, node),
				*b = acd_container(y, struct acd_member, node);
	const struct acd_strategy *s = a->queue->strategy;
	int d;

	for (unsigned i = 0; i < ACD_COMPARATORS_MAX && s->by[i]; i++) {
		d = cmp_int(s->by[i]->key(a), s->by[i]->key(b));
		if (d)
			return s->by[i]->largest_first ? -d : d;
	}
	d = strcmp(a->agent->number, b->agent->number);
	return d ? d : strcmp(a->id, b->id);
}

/* Within a queue: the caller's own priority, then who has waited longest in all, over all queues. */
int acd_visit_cmp(const struct acd_visit *a, const struct acd_visit *b)
{
	int d = -cmp_int(a->priority, b->priority);

	if (!d)
		d = cmp_int(a->waits_since, b->waits_since);
	return d ? d : strcmp(a->id, b->id);
}

int acd_waiting_cmp(const struct acd_node *a, const struct acd_node *b)
{
	return acd_visit_cmp(acd_container(a, struct acd_visit, node), acd_container(b, struct acd_visit, node));
}

int acd_ready_cmp(const struct acd_node *a, const struct acd_node *b)
{
	return acd_visit_cmp(acd_container(a, struct acd_visit, ready), acd_container(b, struct acd_visit, ready));
}

json_t *acd_strategy_why(const struct acd_member *chosen, const struct acd_member *next, const struct acd_visit *v,
			 int64_t now)
{
	const struct acd_strategy *s = chosen->queue->strategy;
	json_t *by = json_array();

	for (unsigned i = 0; i < ACD_COMPARATORS_MAX && s->by[i]; i++) {
		json_t *row =
			json_pack("{s:s, s:I}", "by", s->by[i]->name, "chosen", (json_int_t)s->by[i]->key(chosen));

		if (next)
			json_object_set_new(row, "next", json_integer(s->by[i]->key(next)));
		json_array_append_new(by, row);
	}
	return json_pack("{s:s, s:s, s:o, s:o, s:I, s:{s:I, s:I, s:I, s:I, s:I}}", "strategy", s->name, "agent",
			 chosen->agent->number, "next_agent", next ? json_string(next->agent->number) : json_null(),
			 "agents_by", by, "agents", (json_int_t)acd_index_size(&chosen->queue->idle), "caller",
			 "queue_priority", (json_int_t)v->queue->priority, "priority", (json_int_t)v->priority,
			 "waited_ms", (json_int_t)((now - v->waits_since) / ACD_MS), "position",
			 (json_int_t)acd_index_rank(&v->node) + 1, "waiting",
			 (json_int_t)acd_index_size(&v->queue->waiting));
}
