/* Entities as boards show them. */
#include "call/leg.h"
#include "conference/conference.h"
#include "core/events.h"
#include "people/agent.h"
#include "queue/queue.h"
#include "queue/visit.h"
#include "story/story.h"
#include <string.h>
#include <utlist.h>

static void put_text(json_t *o, const char *key, const char *text)
{
	if (text[0])
		json_object_set_new(o, key, json_string(text));
}

static void put_time(json_t *o, const char *key, int64_t at)
{
	if (at)
		json_object_set_new(o, key, acd_json_time(at));
}

json_t *acd_board_agent(const struct acd_agent *a)
{
	const struct acd_extension *e = acd_agent_phone(a);
	json_t *queues = json_array(), *o;
	const struct acd_member *m;

	for (m = a->members; m; m = m->a_next)
		json_array_append_new(queues, json_string(m->queue_id));
	o = json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:I, s:I, s:o}", "id", a->id, "number", a->number, "name",
		      a->name, "extension", a->ext, "registered",
		      e && (e->external[0] || acd_reg_find(a->tenant, a->ext)), "state", acd_agent_state_name(a->state),
		      "version", (json_int_t)a->version, "calls_today",
		      (json_int_t)(a->day == acd_day(a->tenant) ? a->calls_today : 0), "queues", queues);
	put_text(o, "reason", a->reason);
	put_text(o, "phone", e ? e->kind : "");
	json_object_set_new(o, "since", acd_json_time(a->since));
	put_text(o, "call", a->call);
	put_text(o, "queue", a->queue);
	return o;
}

json_t *acd_board_queue(struct acd_queue *q)
{
	const struct acd_node *first = acd_index_first(&q->waiting), *n;
	int64_t longest = 0;
	json_t *o;

	acd_queue_roll(q);
	for (n = first; n; n = NULL) /* all have the same priority today: the first has waited longest */
		longest = acd_container(n, struct acd_visit, node)->entered_at;
	o = json_pack("{s:s, s:s, s:s, s:I, s:i, s:i, s:I, s:I, s:I}", "id", q->id, "number", q->number, "name",
		      q->name, "waiting", (json_int_t)acd_index_size(&q->waiting), "agents_in", (int)q->signed_in,
		      "idle", (int)q->n_idle, "offered_today", (json_int_t)q->offered, "answered_today",
		      (json_int_t)q->answered, "abandoned_today", (json_int_t)q->abandoned);
	put_time(o, "longest_since", longest);
	if (q->offered)
		json_object_set_new(o, "service_level_today", json_real((double)q->in_level / (double)q->offered));
	return o;
}

json_t *acd_board_visit(const struct acd_visit *v)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:I}", "id", v->id, "call", v->call->id, "queue",
			      v->queue->id, "caller", v->call->caller, "entered_at", acd_json_time(v->entered_at),
			      "position", (json_int_t)(v->node.in ? acd_visit_position(v) : 0), "priority",
			      (json_int_t)v->priority);

	put_text(o, "offered_to", v->offer.agent);
	return o;
}

json_t *acd_board_call(const struct acd_call *c)
{
	json_t *legs = json_array(), *o;
	const struct acd_leg *leg;

	DL_FOREACH (c->legs, leg) {
		json_t *l = json_pack("{s:s, s:s, s:s}", "id", leg->id, "role", acd_role_name(leg->role), "state",
				      acd_leg_state_name(leg->state));

		put_text(l, "agent", leg->agent);
		put_text(l, "extension", leg->ext);
		put_text(l, "heard", acd_leg_heard(leg));
		json_array_append_new(legs, l);
	}
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o}", "id", c->id, "direction",
		      acd_direction_name(c->direction), "kind", c->queued ? "queue" : "manual", "caller", c->caller,
		      "callee", c->callee, "started_at", acd_json_time(c->started_at), "where",
		      c->where == ACD_AT_ENDING ? "ended" : acd_where_name(c->where), "legs", legs);
	put_text(o, "did", c->did);
	put_text(o, "route", c->route);
	put_text(o, "binding", c->binding);
	put_text(o, "vip", c->vip);
	put_text(o, "recording", !c->record[0] ? "" : c->paused_until ? "paused" : "on");
	put_time(o, "answered_at", c->answered_at);
	put_time(o, "ended_at", c->ended_at);
	if (c->where == ACD_AT_ENDED)
		json_object_set_new(o, "result", json_string(acd_result_name(c->result)));
	if (c->visit)
		put_text(o, "queue", c->visit->queue->id);
	put_text(o, "agent", c->last_agent);
	if (c->story == &acd_story_ivr)
		put_text(o, "flow", c->dest.id);
	if (c->story == &acd_story_group)
		put_text(o, "ring_group", c->dest.id);
	return o;
}

json_t *acd_board(struct acd_tenant *t)
{
	json_t *queues = json_array(), *agents = json_array(), *calls = json_array(), *visits = json_array(),
	       *conferences = json_array();
	struct acd_room *r, *nr;
	struct acd_agent *a, *na;
	struct acd_queue *q, *nq;
	struct acd_call *c, *nc;
	char cursor[48];

	HASH_ITER (hh, t->queues, q, nq) {
		struct acd_node *n;

		if (!q->gone)
			json_array_append_new(queues, acd_board_queue(q));
		for (n = acd_index_first(&q->waiting); n; n = acd_index_next(n))
			json_array_append_new(visits, acd_board_visit(acd_container(n, struct acd_visit, node)));
	}
	HASH_ITER (hh, t->agents, a, na)
		if (!a->gone)
			json_array_append_new(agents, acd_board_agent(a));
	HASH_ITER (in_t, t->calls, c, nc)
		if (c->where != ACD_AT_ENDED)
			json_array_append_new(calls, acd_board_call(c));
	HASH_ITER (hh, t->rooms, r, nr)
		if (r->live)
			json_array_append_new(conferences, acd_board_conference(r->live));
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "cursor", acd_cursor(t, cursor), "queues", queues, "agents",
			 agents, "calls", calls, "visits", visits, "conferences", conferences);
}

json_t *acd_board_calls(struct acd *acd, const char *tenant)
{
	json_t *calls = json_array();
	struct acd_call *c, *next;

	HASH_ITER (hh, acd->calls, c, next)
		if (c->where != ACD_AT_ENDED && (!tenant || !strcmp(tenant, c->tenant->id))) {
			json_t *o = acd_board_call(c);

			json_object_set_new(o, "tenant", json_string(c->tenant->id));
			json_array_append_new(calls, o);
		}
	return calls;
}
