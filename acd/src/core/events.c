#include "core/events.h"
#include "conference/conference.h"
#include "people/agent.h"
#include "people/extension.h"
#include "queue/queue.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Marks once: the list is the tenant's, newest first. */
#define MARK(object, tenant_, list, next)                                                                              \
	do {                                                                                                           \
		if (!(object)->dirty) {                                                                                \
			(object)->dirty = true;                                                                        \
			(object)->next = (tenant_)->list;                                                              \
			(tenant_)->list = (object);                                                                    \
		}                                                                                                      \
		acd_touch(tenant_);                                                                                    \
	} while (0)

void acd_agent_dirty(struct acd_agent *a)
{
	MARK(a, a->tenant, dirty_agents, dirty_next);
}

void acd_queue_dirty(struct acd_queue *q, bool quiet)
{
	if (!q->dirty)
		q->quiet = true;
	q->quiet = q->quiet && quiet;
	MARK(q, q->tenant, dirty_queues, dirty_next);
}

void acd_call_dirty(struct acd_call *c)
{
	MARK(c, c->tenant, dirty_calls, dirty_next);
}

void acd_visit_dirty(struct acd_visit *v)
{
	MARK(v, v->queue->tenant, dirty_visits, dirty_next);
	acd_call_dirty(v->call);
}

void acd_call_clean(struct acd_call *c)
{
	struct acd_call **at = &c->tenant->dirty_calls;

	if (c->dirty) {
		while (*at != c)
			at = &(*at)->dirty_next;
		*at = c->dirty_next;
		c->dirty = false;
	}
	c->tenant->acd->fx.state(c->tenant->id, ACD_KIND_CALL, c->id, NULL, c->tenant->acd->fx_arg);
	acd_touch(c->tenant);
}

void acd_visit_clean(struct acd_visit *v)
{
	struct acd_visit **at = &v->queue->tenant->dirty_visits;

	if (!v->dirty)
		return;
	while (*at != v)
		at = &(*at)->dirty_next;
	*at = v->dirty_next;
	v->dirty = false;
}

char *acd_cursor(const struct acd_tenant *t, char out[48])
{
	snprintf(out, 48, "%lld-%lld", (long long)t->acd->epoch, (long long)t->seq);
	return out;
}

static void keep(struct acd_tenant *t, json_t *event)
{
	if (!t->events)
		t->events = json_array();
	json_array_append(t->events, event);
	if (json_array_size(t->events) >=
	    2 * ACD_EVENTS_KEPT) { /* in one go: removing the first each time would cost O(n) */
		json_t *rest = json_array();

		for (size_t i = ACD_EVENTS_KEPT; i < json_array_size(t->events); i++)
			json_array_append(rest, json_array_get(t->events, i));
		json_decref(t->events);
		t->events = rest;
	}
}

void acd_events_restore(struct acd_tenant *t, json_t *event)
{
	keep(t, event);
}

void acd_event(struct acd_tenant *t, const char *type, json_t *data)
{
	char cursor[48], at[ZJ_RFC3339_SIZE];
	json_t *event;

	t->seq++;
	zj_rfc3339(at, t->acd->now);
	event = json_pack("{s:s, s:s, s:s, s:s, s:o}", "tenant", t->id, "cursor", acd_cursor(t, cursor), "at", at,
			  "type", type, "data", data);
	keep(t, event);
	t->acd->fx.event(t, event, t->acd->fx_arg);
	json_decref(event);
}

void acd_visit_ended(struct acd_visit *v, enum acd_left how)
{
	json_t *data = acd_board_visit(v);

	acd_visit_clean(v);
	json_object_set_new(data, "left_how", json_string(acd_left_name(how)));
	acd_event(v->queue->tenant, "visit.ended", data);
	acd_touch(v->queue->tenant);
}

void acd_call_ended(struct acd_call *c)
{
	acd_event(c->tenant, "call.ended", acd_board_call(c));
	acd_touch(c->tenant);
}

static void tell_agents(struct acd_tenant *t)
{
	while (t->dirty_agents) {
		struct acd_agent *a = t->dirty_agents;

		t->dirty_agents = a->dirty_next;
		a->dirty = false;
		t->acd->fx.state(t->id, ACD_KIND_AGENT, a->id, acd_save_agent(a), t->acd->fx_arg);
		acd_event(t, "agent.changed", acd_board_agent(a));
	}
}

#define QUEUE_TOLD_US (100 * ACD_MS) /* a queue's figures are told at most this often */

static void queue_tell_h(struct acd *acd, struct acd_timer *timer)
{
	(void)acd;
	acd_queue_dirty(acd_container(timer, struct acd_queue, tell), false);
}

static void tell_queue(struct acd_tenant *t, struct acd_queue *q)
{
	int64_t next = q->told_at + QUEUE_TOLD_US;

	if (t->acd->now >= next) {
		acd_timer_stop(&q->tell);
		q->told_at = t->acd->now;
		acd_event(t, "queue.changed", acd_board_queue(q));
	} else if (!acd_timer_is_on(&q->tell)) {
		acd_timer_start(t->acd, &q->tell, next, queue_tell_h);
	}
}

static void save_queue(struct acd_tenant *t, struct acd_queue *q)
{
	const int64_t now[] = {q->day, q->offered, q->answered, q->abandoned, q->in_level};

	if (!memcmp(now, q->saved, sizeof(now)))
		return;
	memcpy(q->saved, now, sizeof(now));
	t->acd->fx.state(t->id, ACD_KIND_QUEUE, q->id, acd_save_queue(q), t->acd->fx_arg);
}

static void tell_queues(struct acd_tenant *t)
{
	while (t->dirty_queues) {
		struct acd_queue *q = t->dirty_queues;

		t->dirty_queues = q->dirty_next;
		q->dirty = false;
		save_queue(t, q);
		if (!q->quiet)
			tell_queue(t, q);
	}
}

/* The end of an entry. Ended calls have been told; what is left of them is only saved. */
void acd_tell(struct acd_tenant *t)
{
	acd_extensions_tell(t);
	tell_agents(t);
	tell_queues(t);
	acd_conference_tell(t);
	while (t->dirty_visits) {
		struct acd_visit *v = t->dirty_visits;

		t->dirty_visits = v->dirty_next;
		v->dirty = false;
		acd_event(t, "visit.changed", acd_board_visit(v));
	}
	while (t->dirty_calls) {
		struct acd_call *c = t->dirty_calls;

		t->dirty_calls = c->dirty_next;
		c->dirty = false;
		t->acd->fx.state(t->id, ACD_KIND_CALL, c->id, acd_save_call(c), t->acd->fx_arg);
		if (c->where != ACD_AT_ENDED)
			acd_event(t, "call.changed", acd_board_call(c));
	}
}

static int cursor_cmp(const char *a, const char *b)
{
	char *ea, *eb;
	long long x = strtoll(a, &ea, 10), y = strtoll(b, &eb, 10);

	if (x != y)
		return x < y ? -1 : 1;
	x = *ea == '-' ? strtoll(ea + 1, NULL, 10) : 0;
	y = *eb == '-' ? strtoll(eb + 1, NULL, 10) : 0;
	return x < y ? -1 : x > y;
}

bool acd_events_since(const struct acd_tenant *t, const char *cursor, void (*h)(json_t *event, void *arg), void *arg)
{
	char last[48];
	size_t i, from = 0, n = json_array_size(t->events);
	bool found = !cursor || !strcmp(cursor, acd_cursor(t, last));

	if (found)
		return true;
	for (i = n; i-- > 0 && !found;)
		if (cursor_cmp(acd_str(json_array_get(t->events, i), "cursor"), cursor) <= 0) {
			found = !strcmp(acd_str(json_array_get(t->events, i), "cursor"), cursor);
			from = i + 1;
			break;
		}
	for (i = from; found && i < n; i++)
		h(json_array_get(t->events, i), arg);
	return found;
}
