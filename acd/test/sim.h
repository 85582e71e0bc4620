/* A world for the engine: a virtual clock, phones and callers that behave at random, a mediad that obeys, and a Redis
 * that keeps what was committed. Everything follows from one seed. The engine may be killed at any step, before or
 * after what it wrote was kept, and is rebuilt as boot.c does. */
#ifndef ACD_SIM_H
#define ACD_SIM_H
#include "call/call.h"
#include "call/command.h"
#include "call/leg.h"
#include "conference/conference.h"
#include "core/events.h"
#include "core/save.h"
#include "people/agent.h"
#include "people/group.h"
#include "queue/queue.h"
#include "queue/visit.h"
#include "shell/daemon.h"
#include "voicemail/voicemail.h"
#include "zj_obj.h"
#include "zj_rpc.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIM_AGENTS 6
#define SIM_QUEUES 3
#define SIM_GROUPS 5

struct sim_leg {
	UT_hash_handle hh;
	char id[ZJ_UUID_SIZE], call[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE], play[ZJ_UUID_SIZE], room[ZJ_UUID_SIZE],
		to[400];
	const char *state;
	bool out, with_ivr, answering, ivr_due;
	char collect[ZJ_UUID_SIZE], record[ZJ_UUID_SIZE], record_path[200];
	int64_t record_from;
	int64_t started_at, ringing_at, answered_at, ended_at;
	json_t *headers;
};

struct sim_event { /* something that will happen at a phone or in mediad */
	struct acd_node node;
	int64_t at;
	uint64_t seq;
	void (*h)(struct sim_event *e);
	char leg[ZJ_UUID_SIZE];
	json_t *data;
};

static struct {
	struct acd *acd;
	int64_t now;
	uint64_t rng, seq, ids;
	struct acd_index events;
	struct sim_leg *legs;
	json_t *rooms;  /* room → {call, tenant, record, path, from} */
	json_t *config; /* [[table, tenant, id, row]] by id */
	json_t *redis;  /* "tenant kind" → {id: value} */
	json_t *facts;  /* table → [row] */
	json_t *step_state, *step_facts;
	bool dying, busy;
	char tenant[ZJ_UUID_SIZE], queues[SIM_QUEUES][ZJ_UUID_SIZE], agents[SIM_AGENTS][ZJ_UUID_SIZE],
		exts[SIM_AGENTS][ZJ_UUID_SIZE], groups[SIM_GROUPS][ZJ_UUID_SIZE], flow[ZJ_UUID_SIZE],
		conference[2][ZJ_UUID_SIZE], box[2][ZJ_UUID_SIZE];
	json_t *left; /* voicemail that must be kept: its caller hung up while speaking */
	unsigned restarts, calls, decisions;
	bool calm; /* no more mischief: the day ends */
} sim;

static uint64_t sim_random(void)
{
	sim.rng ^= sim.rng << 13;
	sim.rng ^= sim.rng >> 7;
	sim.rng ^= sim.rng << 17;
	return sim.rng;
}

static int64_t sim_between(int64_t lo, int64_t hi)
{
	return lo + (int64_t)(sim_random() % (uint64_t)(hi - lo + 1));
}

static bool sim_chance(int percent)
{
	return sim_between(1, 100) <= percent;
}

static void sim_id(char out[ZJ_UUID_SIZE])
{
	uint64_t ms = (uint64_t)(sim.now / 1000), n = ++sim.ids;

	char text[128];

	snprintf(text, sizeof(text), "%08llx-%04llx-7%03llx-8%03llx-%012llx", (unsigned long long)(ms >> 16),
		 (unsigned long long)(ms & 0xffff), (unsigned long long)(n >> 24 & 0xfff),
		 (unsigned long long)(n >> 12 & 0xfff), (unsigned long long)n);
	acd_copy(out, ZJ_UUID_SIZE, text);
}

static int sim_event_cmp(const struct acd_node *x, const struct acd_node *y)
{
	const struct sim_event *a = acd_container(x, struct sim_event, node),
			       *b = acd_container(y, struct sim_event, node);

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static void sim_later(int64_t after_us, void (*h)(struct sim_event *), const char *leg, json_t *data)
{
	struct sim_event *e = zj_alloc(sizeof(*e), NULL);

	e->at = sim.now + after_us;
	e->seq = ++sim.seq;
	e->h = h;
	ACD_COPY(e->leg, leg);
	e->data = data;
	acd_index_add(&sim.events, &e->node);
}

/* ---- Redis and the engine's other effects ---- */
static int64_t sim_now_h(void *arg)
{
	(void)arg;
	return sim.now;
}

static void sim_uuid_h(char out[ZJ_UUID_SIZE], void *arg)
{
	(void)arg;
	sim_id(out);
}

static void sim_fact_h(const char *tenant, const char *table, json_t *row, void *arg)
{
	(void)tenant;
	(void)arg;
	json_array_append_new(sim.step_facts, json_pack("[s, o]", table, row));
}

static void sim_state_h(const char *tenant, enum acd_kind kind, const char *id, json_t *value, void *arg)
{
	(void)tenant;
	(void)arg;
	json_array_append_new(sim.step_state, json_pack("[i, s, o]", (int)kind, id, value ? value : json_null()));
}

static void sim_event_h(struct acd_tenant *t, json_t *event, void *arg)
{
	(void)t;
	(void)event;
	(void)arg;
}

static void sim_written_h(struct sim_event *e);

static void sim_commit_h(const char *tenant, void *arg)
{
	static const char *const kinds[] = {"calls", "agents", "queues", "requests", "groups", "recent", "conferences"};
	json_t *row;
	size_t i;

	(void)tenant;
	(void)arg;
	if (!sim.dying) {
		json_array_foreach (sim.step_state, i, row) {
			json_t *hash = json_object_get(sim.redis, kinds[json_integer_value(json_array_get(row, 0))]);
			const char *id = json_string_value(json_array_get(row, 1));

			if (json_is_null(json_array_get(row, 2)))
				json_object_del(hash, id);
			else
				json_object_set_new(hash, id, json_deep_copy(json_array_get(row, 2)));
		}
		json_array_foreach (sim.step_facts, i, row) {
			const char *table = json_string_value(json_array_get(row, 0));

			if (!json_object_get(sim.facts, table))
				json_object_set_new(sim.facts, table, json_array());
			json_array_append(json_object_get(sim.facts, table), json_array_get(row, 1));
			if (!strncmp(table, "voicemail", 9))
				sim_later(sim_between(20, 400) * 1000, sim_written_h, NULL,
					  json_deep_copy(json_array_get(row, 1)));
		}
	}
	json_array_clear(sim.step_state);
	json_array_clear(sim.step_facts);
}

/* The obviously right decision, by looking at everything. */
static void sim_decided_h(const struct acd_agent *a, const struct acd_visit *v, int64_t idle_at, void *arg)
{
	const struct acd_visit *best = NULL;
	struct acd_call *c, *next;

	(void)arg;
	(void)idle_at;
	sim.decisions++;
	assert_int_equal(a->state, ACD_IDLE);
	assert_true(!a->leg[0]);
	HASH_ITER (hh, sim.acd->calls, c, next) {
		const struct acd_member *m;

		if (!c->visit || c->visit->offer.id[0])
			continue;
		for (m = a->members; m; m = m->a_next)
			if (m->queue == c->visit->queue &&
			    (!best || c->visit->queue->priority > best->queue->priority ||
			     (c->visit->queue->priority == best->queue->priority && acd_visit_cmp(c->visit, best) < 0)))
				best = c->visit;
	}
	assert_ptr_equal(best, v);
}

static void sim_media_h(const char *method, json_t *params, void *arg);
static const struct acd_effects sim_effects = {.now = sim_now_h,
					       .uuid = sim_uuid_h,
					       .media = sim_media_h,
					       .fact = sim_fact_h,
					       .state = sim_state_h,
					       .event = sim_event_h,
					       .commit = sim_commit_h,
					       .decided = sim_decided_h};

#include "sim_media.h"

/* ---- the engine's life ---- */
static void sim_row(const char *table, const char *id, json_t *row)
{
	json_object_set_new(row, "id", json_string(id));
	json_object_set_new(row, "enabled",
			    json_object_get(row, "enabled") ? json_incref(json_object_get(row, "enabled"))
							    : json_true());
	json_object_set(json_object_get(sim.config, table), id, row);
	acd_config_row(sim.acd, table, sim.tenant, id, row);
	json_decref(row);
}

/* PostgreSQL has it, and the change log tells the engine. */
static void sim_written_h(struct sim_event *e)
{
	const char *what = acd_str(e->data, "what"), *message = acd_str(e->data, "voicemail_id");
	json_t *rows = json_object_get(sim.config, "voicemail"), *row = json_object_get(rows, message);

	if (!*what) {
		sim_row("voicemail", acd_str(e->data, "id"), json_deep_copy(e->data));
	} else if (!strcmp(what, "deleted")) {
		acd_config_row(sim.acd, "voicemail", sim.tenant, message, NULL);
		json_object_del(rows, message);
	} else if (row) {
		row = json_deep_copy(row);
		json_object_set_new(row, "heard", json_true());
		sim_row("voicemail", message, row);
	}
}

static json_t *sim_snapshot(void)
{
	json_t *legs = json_array(), *rooms = json_array(), *r;
	struct sim_leg *l, *next;
	const char *id;

	HASH_ITER (hh, sim.legs, l, next)
		if (sim_alive(l))
			json_array_append_new(legs, sim_leg_json(l));
	json_object_foreach (sim.rooms, id, r) {
		json_t *in = json_array();

		HASH_ITER (hh, sim.legs, l, next)
			if (!strcmp(l->room, id))
				json_array_append_new(in, json_pack("{s:s}", "leg", l->id));
		json_array_append_new(rooms, json_pack("{s:s, s:s, s:s, s:o}", "room", id, "call", acd_str(r, "call"),
						       "tenant", sim.tenant, "legs", in));
	}
	return json_pack("{s:o, s:o}", "legs", legs, "rooms", rooms);
}

static void sim_engine(void)
{
	static const struct acd_settings set = {"node", "/store", "/music.wav", 20 * ACD_S, 5 * ACD_S};
	const struct acd_config_table *c;
	const char *id;
	json_t *row;

	assert_int_equal(acd_alloc(&sim.acd, &set, &sim_effects, NULL), 0);
	sim.acd->epoch = sim.restarts + 1;
	for (c = acd_config_tables; c->name; c++)
		json_object_foreach (json_object_get(sim.config, c->name), id, row)
			acd_config_row(sim.acd, c->name, sim.tenant, id, row);
}

/* As boot.c and media.c do it: configuration, Redis, the events that nobody acknowledged, the snapshot. */
static void sim_restart(const char *method, const json_t *event)
{
	struct acd_tenant *t;
	struct acd_agent *a, *na;
	json_t *copy = json_deep_copy(sim.redis), *o, *snapshot;
	const char *id;

	sim.restarts++;
	sim.dying = true; /* the dying and the config pass write nothing */
	zj_deref(sim.acd);
	json_array_clear(sim.step_state);
	json_array_clear(sim.step_facts);
	sim_engine();
	sim.dying = false;
	t = acd_tenant_find(sim.acd, sim.tenant);
	acd_enter(sim.acd);
	json_object_foreach (json_object_get(copy, "agents"), id, o)
		acd_load_agent(acd_agent_find(t, id), o);
	json_object_foreach (json_object_get(copy, "queues"), id, o)
		acd_load_queue(acd_queue_find(t, id), o);
	json_object_foreach (json_object_get(copy, "groups"), id, o) {
		struct acd_group *g = NULL;

		HASH_FIND_STR(t->groups, id, g);
		acd_group_load(g, o);
	}
	json_object_foreach (json_object_get(copy, "recent"), id, o)
		acd_recent_load(t, id, o);
	json_object_foreach (json_object_get(copy, "conferences"), id, o)
		acd_load_conference(t, id, o);
	json_object_foreach (json_object_get(copy, "calls"), id, o)
		assert_non_null(acd_load_call(t, id, o));
	HASH_ITER (hh, t->agents, a, na)
		acd_agent_restore_timers(a);
	acd_leave(sim.acd);
	acd_save_all(sim.acd);
	if (method)
		acd_media_event(sim.acd, method, event);
	snapshot = sim_snapshot();
	acd_reconcile(sim.acd, snapshot);
	json_decref(snapshot);
	json_decref(copy);
}

static void sim_start(uint64_t seed)
{
	const struct acd_config_table *c;

	memset(&sim, 0, sizeof(sim));
	sim.rng = seed * 0x9E3779B97F4A7C15ULL + 1;
	sim.now = 1795053600LL * ACD_S; /* 2026-11-19 02:00 UTC: ten in the morning in Shanghai */
	acd_index_init(&sim.events, sim_event_cmp);
	sim.rooms = json_object();
	sim.config = json_object();
	for (c = acd_config_tables; c->name; c++)
		json_object_set_new(sim.config, c->name, json_object());
	sim.redis = json_pack("{s:{}, s:{}, s:{}, s:{}, s:{}, s:{}, s:{}}", "calls", "agents", "queues", "requests",
			      "groups", "recent", "conferences");
	sim.left = json_object();
	sim.facts = json_object();
	sim.step_state = json_array();
	sim.step_facts = json_array();
	sim_id(sim.tenant);
	sim_engine();
	sim.acd->media_up = true;
}

static void sim_stop(void)
{
	struct sim_leg *l, *next;
	struct acd_node *n;

	zj_deref(sim.acd);
	while ((n = acd_index_first(&sim.events))) {
		struct sim_event *e = acd_container(n, struct sim_event, node);

		acd_index_del(n);
		json_decref(e->data);
		zj_deref(e);
	}
	HASH_ITER (hh, sim.legs, l, next) {
		HASH_DEL(sim.legs, l);
		json_decref(l->headers);
		zj_deref(l);
	}
	json_decref(sim.rooms);
	json_decref(sim.left);
	json_decref(sim.config);
	json_decref(sim.redis);
	json_decref(sim.facts);
	json_decref(sim.step_state);
	json_decref(sim.step_facts);
	assert_int_equal(zj_objects_alive(), 0);
}

/* Runs what is due next, the engine's timers or the world's events; false: nothing until `until`. */
static bool sim_step(int64_t until)
{
	struct acd_node *n = acd_index_first(&sim.events);
	struct sim_event *e = n ? acd_container(n, struct sim_event, node) : NULL;
	int64_t timer = acd_next_timer(sim.acd), at = e ? e->at : INT64_MAX;

	if (timer >= 0 && timer <= at && timer <= until) {
		sim.now = timer > sim.now ? timer : sim.now;
		acd_run_timers(sim.acd);
		return true;
	}
	if (!e || at > until) {
		sim.now = until;
		return false;
	}
	acd_index_del(n);
	sim.now = at > sim.now ? at : sim.now;
	e->h(e);
	json_decref(e->data);
	zj_deref(e);
	return true;
}
#endif
