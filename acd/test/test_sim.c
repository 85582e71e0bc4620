/* Random days on a virtual clock, with everything that phones, callers, agents, administrators and kill -9 do to a call
 * centre. After each step the engine's world is consistent; after each day its facts satisfy docs/call-facts.md. */
#include "sim.h"

/* ---- the world ---- */
static const char *somewhere(void)
{
	static const char *const numbers[] = {"1001", "1002", "1003", "4001", "6002", "13900000000"};

	return sim_chance(70) ? "" : numbers[sim_random() % 6];
}

static json_t *extension(const char *number)
{
	return json_pack("{s:s, s:i, s:b, s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "number", number, "timeout_s",
			 (int)sim_between(5, 25), "recording", (int)sim_chance(20), "call_waiting", (int)sim_chance(60),
			 "pickup_range", "team", "forward_all", sim_chance(80) ? "" : somewhere(), "forward_busy",
			 somewhere(), "forward_no_answer", somewhere(), "forward_unreachable", somewhere(),
			 "sign_in_state", sim_chance(20) ? "busy" : "idle", "hangup_state",
			 sim_chance(20) ? "busy" : "idle", "after_call_s",
			 sim_chance(50) ? json_null() : json_integer(sim_between(0, 10)));
}

/* A ring group of each strategy, and every code. */
static void phones(void)
{
	static const char *const codes[][2] = {
		{"*61", "pickup"},         {"*62", "own_number"},    {"*63", "record"},       {"*64", "agent_sign_in"},
		{"*65", "agent_sign_out"}, {"*66", "simulate_call"}, {"*67", "dnd_on"},       {"*68", "dnd_off"},
		{"*90", "forward_cancel"}, {"*91", "forward_all"},   {"*92", "forward_busy"}, {"*71", "agent_idle"},
		{"*72", "agent_busy"},     {"*73", "echo"},          {"*74", "time"},         {"*97", "my_voicemail"}};
	static const char *const keys[][2] = {
		{"*51", "blind_transfer"}, {"*52", "attended_transfer"}, {"*55", "agent_consult"}};
	char id[ZJ_UUID_SIZE], number[8];

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(codes); i++) {
		sim_id(id);
		sim_row("shortcut", id, json_pack("{s:s, s:s}", "number", codes[i][0], "feature", codes[i][1]));
	}
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(keys); i++) {
		sim_id(id);
		sim_row("hot_key", id, json_pack("{s:s, s:s}", "number", keys[i][0], "feature", keys[i][1]));
	}
	for (int i = 0; i < SIM_GROUPS; i++)
		sim_id(sim.groups[i]);
	for (int i = 0; i < SIM_GROUPS; i++) {
		snprintf(number, sizeof(number), "%d", 6100 + i);
		sim_row("ring_group", sim.groups[i],
			json_pack("{s:s, s:s, s:s, s:i, s:i, s:b, s:o, s:o}", "name", number, "number", number,
				  "strategy", acd_hunt_name((enum acd_hunt)i), "ring_time_s", (int)sim_between(5, 50),
				  "turn_s", (int)sim_between(3, 10), "recent_first", (int)sim_chance(50),
				  "destination_kind",
				  i == 4  ? json_null()
				  : i % 2 ? json_string("queue")
					  : json_string("ring_group"),
				  "destination_id",
				  i == 4  ? json_null()
				  : i % 2 ? json_string(sim.queues[0])
					  : json_string(sim.groups[(i + 2) % SIM_GROUPS])));
		for (int e = 0; e < SIM_AGENTS; e++)
			if (sim_chance(60)) {
				sim_id(id);
				sim_row("ring_group_member", id,
					json_pack("{s:s, s:s, s:i}", "group_id", sim.groups[i], "extension_id",
						  sim.exts[e], "priority", (int)sim_between(0, 9)));
			}
	}
}

static void config(void)
{
	static const char *const strategies[] = {"longest_idle", "round_robin", "fewest_calls"};
	char id[ZJ_UUID_SIZE], number[8];

	sim_row("tenant", sim.tenant,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "kind", "carrier", "name", "t", "sip_domain", "t.test",
			  "time_zone", "Asia/Shanghai", "language", "zh", "max_calls", 60));
	sim_id(sim.flow);
	sim_row("flow", sim.flow, json_pack("{s:s, s:i}", "name", "menu", "version", 3));
	for (int i = 0; i < SIM_QUEUES; i++) {
		sim_id(sim.queues[i]);
		snprintf(number, sizeof(number), "%d", 4000 + i);
		sim_row("queue", sim.queues[i],
			json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:b, s:i, s:s, s:o}",
				  "number", number, "name", number, "strategy", strategies[i], "priority",
				  (int)sim_between(0, 2), "max_length", (int)sim_between(2, 20), "max_wait_s",
				  (int)sim_between(20, 200), "ring_timeout_s", (int)sim_between(3, 15), "retry_delay_s",
				  (int)sim_between(0, 10), "wrapup_s", (int)sim_between(0, 15), "announce_s",
				  (int)sim_between(0, 20), "announce_position", 1, "record", i != 1, "service_level_s",
				  15, "overflow_kind", i == 2 ? "queue" : "hangup", "overflow_id",
				  i == 2 ? json_string(sim.queues[0]) : json_null()));
	}
	for (int i = 0; i < SIM_AGENTS; i++) {
		sim_id(sim.exts[i]);
		sim_id(sim.agents[i]);
		snprintf(number, sizeof(number), "%d", 1001 + i);
		sim_row("extension", sim.exts[i], extension(number));
		snprintf(number, sizeof(number), "%d", 8001 + i);
		sim_row("agent", sim.agents[i],
			json_pack("{s:s, s:s, s:s}", "number", number, "name", number, "extension_id", sim.exts[i]));
		for (int q = 0; q < SIM_QUEUES; q++)
			if (sim_chance(70)) {
				sim_id(id);
				sim_row("queue_agent", id,
					json_pack("{s:s, s:s, s:i, s:i}", "queue_id", sim.queues[q], "agent_id",
						  sim.agents[i], "skill", 5, "priority", (int)sim_between(0, 1)));
			}
	}
	phones();
}

static void rooms_and_boxes(void)
{
	char id[ZJ_UUID_SIZE], number[8];

	for (int i = 0; i < 2; i++) {
		sim_id(sim.conference[i]);
		snprintf(number, sizeof(number), "%d", 6100 + i);
		sim_row("room", sim.conference[i],
			json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:i, s:[]}", "number",
				  number, "name", number, "pin", i ? "1111" : "", "admin_pin", i ? "9999" : "",
				  "max_members", 4, "wait_leader", i, "wait_music", 1, "menu", 1, "announce", i,
				  "announce_count", i, "record", 1, "detect", 1, "max_minutes", i ? 0 : 3,
				  "administrators"));
		sim_id(id);
		sim_row("internal_number", id,
			json_pack("{s:s, s:s, s:s}", "number", number, "kind", "conference", "object_id",
				  sim.conference[i]));
		sim_id(sim.box[i]);
		snprintf(number, sizeof(number), "%d", 7000 + i);
		sim_row("voicemail_box", sim.box[i],
			json_pack("{s:s, s:s, s:s, s:o, s:i, s:i, s:i, s:b}", "number", number, "name", number, "pin",
				  "1111", "extension_id", i ? json_null() : json_string(sim.exts[2]), "max_s", 30,
				  "silence_s", 0, "max_messages", 40, "ask_first", i));
		sim_id(id);
		sim_row("internal_number", id,
			json_pack("{s:s, s:s, s:s}", "number", number, "kind", "voicemail", "object_id", sim.box[i]));
	}
}

static json_t *command(const char *name, json_t *params)
{
	const struct acd_command *c;
	json_t *answer = NULL;
	char id[ZJ_UUID_SIZE];

	sim_id(id);
	json_object_set_new(params, "tenant", json_string(sim.tenant));
	json_object_set_new(params, "request", json_string(id));
	for (c = acd_commands; c->name; c++)
		if (!strcmp(c->name, name))
			answer = acd_command(sim.acd, c, params);
	assert_non_null(answer);
	json_decref(params);
	return answer;
}

static void act(const char *name, json_t *params)
{
	json_decref(command(name, params));
}

static void customer_h(struct sim_event *e)
{
	static const char *const kinds[] = {"queue",      "queue",      "queue",      "queue",      "ivr",  "ivr",
					    "extension",  "extension",  "ring_group", "ring_group", "dial", "dial",
					    "conference", "conference", "voicemail",  "voicemail",  "fax"};
	static const char *const numbers[] = {"1002",    "4001", "7777", "6000",    "6003", "6004", "*61",  "*61",
					      "*611002", "*62",  "*63",  "*64",     "*65",  "*66",  "*67",  "*68",
					      "*68",     "*90",  "*91",  "*911004", "*92",  "*98",  "6100", "6101",
					      "7000",    "7001", "*71",  "*72",     "*73",  "*74",  "*97"};
	const char *kind = kinds[sim_random() % ZJ_ARRAY_SIZE(kinds)];
	const char *target = !strcmp(kind, "queue")        ? sim.queues[sim_random() % SIM_QUEUES]
			     : !strcmp(kind, "ivr")        ? sim.flow
			     : !strcmp(kind, "dial")       ? numbers[sim_random() % ZJ_ARRAY_SIZE(numbers)]
			     : !strcmp(kind, "ring_group") ? sim.groups[sim_random() % SIM_GROUPS]
			     : !strcmp(kind, "conference") ? sim.conference[sim_random() % 2]
			     : !strcmp(kind, "voicemail")  ? sim.box[sim_random() % 2]
							   : sim.exts[sim_random() % SIM_AGENTS];
	struct sim_leg *l = zj_alloc(sizeof(*l), NULL);
	json_t *j;

	(void)e;
	sim.calls++;
	sim_id(l->id);
	sim_id(l->call);
	ACD_COPY(l->tenant, sim.tenant);
	ACD_COPY(l->to, "4000");
	l->state = "trying";
	l->started_at = sim.now;
	l->headers = json_pack("{s:s, s:s, s:s}", "X-Zj-Kind", kind, "X-Zj-Target", target, "X-Zj-Call", l->call);
	HASH_ADD_STR(sim.legs, id, l);
	sim_later(sim_between(100, 90000) * 1000, sim_hangup_h, l->id, json_object()); /* patience */
	j = sim_leg_json(l);
	if (!strcmp(kind, "dial"))
		json_object_set_new(j, "from", json_sprintf("%d", (int)sim_between(1001, 1006)));
	sim_tell("leg.incoming", j);
	if (!sim.calm)
		sim_later(sim_between(500, 12000) * 1000, customer_h, NULL, NULL);
}

static const char *some_call(void)
{
	size_t n = HASH_COUNT(sim.acd->calls), k;
	struct acd_call *c = sim.acd->calls;

	if (!n)
		return sim.tenant;
	for (k = sim_random() % n; k; k--)
		c = c->hh.next;
	return c->id;
}

static void agent_act(const char *agent)
{
	static const char *const states[] = {"idle", "busy"};
	static const char *const dests[] = {"1001", "1004", "4001", "9"};

	switch (sim_between(0, 5)) {
	case 0:
	case 1:
		act("agent.sign_in", json_pack("{s:s}", "agent", agent));
		break;
	case 2:
		act("agent.sign_out", json_pack("{s:s}", "agent", agent));
		break;
	case 3:
	case 4:
		act("agent.set_state", json_pack("{s:s, s:s}", "agent", agent, "state", states[sim_random() % 2]));
		break;
	default:
		act("call.originate", json_pack("{s:s, s:s}", "agent", agent, "to", dests[sim_random() % 4]));
	}
}

static void conference_act(void)
{
	static const char *const names[] = {"invite", "kick", "mute", "mute", "lock", "record", "end"};
	struct acd_room *r = NULL;
	char name[32];
	json_t *p = json_pack("{s:s, s:b, s:b, s:[s, s]}", "room", sim.conference[sim_random() % 2], "admin", 1, "on",
			      (int)sim_chance(50), "numbers", "1001", "1005");

	HASH_FIND_STR(acd_tenant_find(sim.acd, sim.tenant)->rooms, acd_str(p, "room"), r);
	if (r && r->live && r->live->guests && sim_chance(70))
		json_object_set_new(p, "member", json_string(r->live->guests->call->id));
	snprintf(name, sizeof(name), "conference.%s", names[sim_random() % 7]);
	act(name, p);
}

static void call_act(void)
{
	static const char *const dests[] = {"queue:4000", "queue:4002", "extension:1002", "ivr:menu", "queue:1",
					    "6000",       "7001"};
	static const char *const recordings[] = {"start", "stop", "pause", "resume"};

	switch (sim_between(0, 5)) {
	case 4:
	case 5:
		conference_act();
		break;
	case 0:
		act("call.hangup", json_pack("{s:s}", "call", some_call()));
		break;
	case 1:
		act("call.transfer", json_pack("{s:s, s:s}", "call", some_call(), "to", dests[sim_random() % 7]));
		break;
	case 2:
		act("call.record", json_pack("{s:s, s:s, s:b}", "call", some_call(), "do", recordings[sim_random() % 4],
					     "admin", (int)sim_chance(50)));
		break;
	default:
		act("call.hold", json_pack("{s:s, s:b}", "call", some_call(), "on", (int)sim_chance(50)));
	}
}

static void admin_act(void)
{
	int i = (int)(sim_random() % SIM_AGENTS), q = (int)(sim_random() % SIM_QUEUES);
	json_t *row;

	switch (sim_between(0, 4)) {
	case 0: /* an agent is disabled, or enabled again */
		row = json_deep_copy(json_object_get(json_object_get(sim.config, "agent"), sim.agents[i]));
		json_object_set_new(row, "enabled", json_boolean(sim_chance(70)));
		sim_row("agent", sim.agents[i], row);
		break;
	case 1: /* a queue changes */
		row = json_deep_copy(json_object_get(json_object_get(sim.config, "queue"), sim.queues[q]));
		json_object_set_new(row, "priority", json_integer(sim_between(0, 2)));
		json_object_set_new(row, "strategy", json_string(sim_chance(50) ? "round_robin" : "fewest_calls"));
		json_object_set_new(row, "enabled", json_boolean(sim_chance(80)));
		sim_row("queue", sim.queues[q], row);
		break;
	case 2:
		acd_reg_known(sim.acd, 0, false);
		for (i = 0; i < SIM_AGENTS; i++) {
			char number[8];

			snprintf(number, sizeof(number), "%d", 1001 + i);
			if (sim_chance(80))
				acd_reg_set(sim.acd, 0, sim.tenant, number, "sip:c", ACD_REG_HELD);
		}
		acd_reg_known(sim.acd, 0, true);
		break;
	case 3:
		acd_reg_known(sim.acd, 0, false);
		break;
	default:
		if (sim_chance(30))
			sim_restart(NULL, NULL);
	}
}

static void mischief_h(struct sim_event *e)
{
	(void)e;
	if (sim.calm)
		return;
	if (sim_chance(60))
		agent_act(sim.agents[sim_random() % SIM_AGENTS]);
	else if (sim_chance(70))
		call_act();
	else
		admin_act();
	sim_later(sim_between(200, 9000) * 1000, mischief_h, NULL, NULL);
}

/* ---- after each step ---- */
static void check_agent(const struct acd_agent *a)
{
	struct acd_leg *leg = acd_leg_find(sim.acd, a->leg);
	bool held = a->state == ACD_RESERVED || a->state == ACD_RINGING || a->state == ACD_TALKING;
	struct acd_leg *l, *next;
	unsigned offers = 0;

	if (held)
		assert_non_null(leg);
	else
		assert_true(!a->leg[0]);
	if (held)
		assert_string_equal(leg->agent, a->id);
	if (a->state == ACD_TALKING)
		assert_true(leg->answered_at != 0);
	assert_int_equal(a->in_idle, acd_agent_can_be_offered(a, NULL));
	HASH_ITER (hh, sim.acd->legs, l, next)
		offers += !strcmp(l->agent, a->id);
	assert_true(offers <= 1); /* never an agent twice */
}

static void check_queue(const struct acd_queue *q)
{
	struct acd_node *n;
	struct acd_member *m;
	unsigned in = 0, idle = 0;

	for (n = acd_index_first(&q->waiting); n; n = acd_index_next(n))
		assert_ptr_equal(acd_container(n, struct acd_visit, node)->queue, q);
	for (m = q->members; m; m = m->q_next) {
		in += m->agent->state != ACD_SIGNED_OUT;
		idle += m->agent->state == ACD_IDLE;
		assert_int_equal(m->node.in != NULL, m->agent->in_idle);
	}
	assert_int_equal(in, q->signed_in);
	assert_int_equal(idle, q->n_idle);
	assert_true(!acd_index_size(&q->idle) || !acd_index_size(&q->ready)); /* nobody waits while somebody is free */
}

static void check_call(const struct acd_call *c)
{
	const struct acd_leg *leg;
	unsigned agents = 0;

	for (leg = c->legs; leg; leg = leg->next)
		agents += leg->role == ACD_ROLE_AGENT && leg->state == ACD_LEG_ANSWERED && leg->out && leg != c->main;
	assert_true(agents <= 1); /* never two agents for one caller */
	assert_true(!c->visit || c->main);
	if (c->where == ACD_AT_TALK)
		assert_true(c->main && c->peer);
}

/* Who is in a conference is in its room in the media engine, in one only; nobody is in a conference that is not there.
 */
static void check_conference(const struct acd_room *r)
{
	const struct acd_guest *g;
	unsigned n = 0;

	if (!r->live)
		return;
	assert_non_null(r->live->guests);
	for (g = r->live->guests; g; g = g->next, n++) {
		const struct sim_leg *l = g->call->main ? sim_leg(g->call->main->id) : NULL;

		assert_ptr_equal(g->conf, r->live);
		assert_ptr_equal(g->call->own, g);
		assert_ptr_equal(acd_call_find(sim.acd, g->call->id), g->call);
		if (g->inside && sim_alive(l) && acd_leg_is_alive(g->call->main))
			assert_string_equal(l->room, r->live->id);
	}
	assert_true(n <= (unsigned)r->max_members);
}

static void check_world(void)
{
	struct acd_room *r, *nr;
	struct acd_tenant *t = acd_tenant_find(sim.acd, sim.tenant);
	struct acd_agent *a, *na;
	struct acd_queue *q, *nq;
	struct acd_call *c, *nc;

	HASH_ITER (hh, t->agents, a, na)
		check_agent(a);
	HASH_ITER (hh, t->queues, q, nq)
		check_queue(q);
	HASH_ITER (hh, sim.acd->calls, c, nc)
		check_call(c);
	HASH_ITER (hh, t->rooms, r, nr)
		check_conference(r);
	assert_int_equal(sim.acd->stats.impossible, 0);
}

/* ---- after the day ---- */
static json_t *rows(const char *table)
{
	json_t *all = json_object_get(sim.facts, table);

	return all ? all : json_object_get(json_object_get(sim.config, "none"), "none");
}

static int64_t at_of(const json_t *row, const char *key)
{
	return zj_rfc3339_parse(acd_str(row, key));
}

static void check_ids(void)
{
	const char *table;
	json_t *all, *row;
	size_t i;

	json_object_foreach (sim.facts, table, all) {
		json_t *seen = json_object();

		json_array_foreach (all, i, row) {
			char key[120]; /* a leg that was picked up has a row in each of its calls */

			snprintf(key, sizeof(key), "%s %s", acd_str(row, "call_id"), acd_str(row, "id"));
			assert_null(json_object_get(seen, key)); /* nothing is written twice */
			json_object_set_new(seen, key, json_true());
		}
		json_decref(seen);
	}
}

static int by_from(const void *a, const void *b)
{
	int d = strcmp(acd_str(*(json_t *const *)a, "from_at"), acd_str(*(json_t *const *)b, "from_at"));

	return d ? d : strcmp(acd_str(*(json_t *const *)a, "to_at"), acd_str(*(json_t *const *)b, "to_at"));
}

static bool names_leg(const json_t *segment, const char *leg)
{
	const json_t *id;
	size_t i;

	json_array_foreach (json_object_get(segment, "legs"), i, id)
		if (!strcmp(json_string_value(id), leg))
			return true;
	return false;
}

/* Invariant 1: per leg, without gap or overlap. */
static void check_segments(const json_t *leg, json_t *segments)
{
	json_t *mine[4096], *row;
	size_t n = 0, i;
	const char *at = acd_str(leg, "offered_at");

	json_array_foreach (segments, i, row)
		if (names_leg(row, acd_str(leg, "id")) && n < ZJ_ARRAY_SIZE(mine))
			mine[n++] = row;
	qsort(mine, n, sizeof(mine[0]), by_from);
	for (i = 0; i < n; i++) {
		assert_string_equal(acd_str(mine[i], "from_at"), at);
		assert_true(strcmp(acd_str(mine[i], "to_at"), at) > 0);
		at = acd_str(mine[i], "to_at");
	}
	if (strcmp(at, acd_str(leg, "ended_at")))
		fprintf(stderr, "gap: call=%s leg=%s role=%s\n", acd_str(leg, "call_id"), acd_str(leg, "id"),
			acd_str(leg, "role"));
	assert_string_equal(at, acd_str(leg, "ended_at"));
}

static json_t *by_call(const char *table)
{
	json_t *index = json_object(), *row;
	size_t i;

	json_array_foreach (rows(table), i, row) {
		const char *call = acd_str(row, "call_id");

		if (!json_object_get(index, call))
			json_object_set_new(index, call, json_array());
		json_array_append(json_object_get(index, call), row);
	}
	return index;
}

static void check_calls_facts(void)
{
	json_t *legs = by_call("call_leg"), *segments = by_call("call_segment"), *call, *leg;
	size_t i, j;

	assert_true(json_array_size(rows("call")) >= sim.calls);
	json_array_foreach (rows("call"), i, call) {
		json_t *of_call = json_object_get(legs, acd_str(call, "id"));

		assert_true(json_array_size(of_call) >= 1);
		assert_true(strcmp(acd_str(call, "ended_at"), acd_str(call, "started_at")) >= 0);
		json_array_foreach (of_call, j, leg)
			check_segments(leg, json_object_get(segments, acd_str(call, "id")));
	}
	json_decref(legs);
	json_decref(segments);
}

/* Invariant 2: a visit has one way out; its offers add up; exactly the answered one has an answered offer. */
static void check_visits(void)
{
	json_t *offers = by_call("offer"), *visit, *offer;
	size_t i, j, total = 0;

	json_array_foreach (rows("queue_visit"), i, visit) {
		unsigned answered = 0;

		json_array_foreach (json_object_get(offers, acd_str(visit, "call_id")), j, offer) {
			if (strcmp(acd_str(offer, "visit_id"), acd_str(visit, "id")))
				continue;
			total++;
			answered += !strcmp(acd_str(offer, "outcome"), "answered");
			assert_true(strcmp(acd_str(offer, "offered_at"), acd_str(visit, "entered_at")) >= 0);
			assert_true(strcmp(acd_str(offer, "ended_at"), acd_str(visit, "left_at")) <= 0);
		}
		assert_int_equal(answered, !strcmp(acd_str(visit, "left_how"), "answered"));
	}
	assert_int_equal(total, json_array_size(rows("offer")));
	json_decref(offers);
}

/* A ring group has one winner a call and group; whoever rang has a leg. */
static void check_rings(void)
{
	json_t *legs = by_call("call_leg"), *won = json_object(), *ring, *leg;
	char key[160];
	size_t i, j;

	json_array_foreach (rows("ring"), i, ring) {
		bool found = false;

		json_array_foreach (json_object_get(legs, acd_str(ring, "call_id")), j, leg)
			found = found || !strcmp(acd_str(leg, "id"), acd_str(ring, "leg_id"));
		assert_true(found);
		assert_true(strcmp(acd_str(ring, "ended_at"), acd_str(ring, "offered_at")) >= 0);
		if (strcmp(acd_str(ring, "outcome"), "answered"))
			continue;
		snprintf(key, sizeof(key), "%s %s", acd_str(ring, "call_id"), acd_str(ring, "ended_at"));
		assert_null(json_object_get(won, key));
		json_object_set_new(won, key, json_true());
	}
	assert_true(json_array_size(rows("ring")) > 50);
	json_decref(legs);
	json_decref(won);
}

/* Invariant 3: an agent's states follow each other without overlap, and without gap while he is signed in. */
static void check_states(void)
{
	json_t *legs = json_object(), *row, *leg;
	size_t i;

	json_array_foreach (rows("call_leg"), i, leg)
		if (acd_str(leg, "agent_id")[0]) {
			char key[120];

			snprintf(key, sizeof(key), "%s %s", acd_str(leg, "call_id"), acd_str(leg, "agent_id"));
			if (!json_object_get(legs, key))
				json_object_set_new(legs, key, json_array());
			json_array_append(json_object_get(legs, key), leg);
		}
	for (int a = 0; a < SIM_AGENTS; a++) {
		json_t *last = NULL;

		json_array_foreach (rows("agent_state"), i, row) {
			bool with_call = !strcmp(acd_str(row, "state"), "ringing") ||
					 !strcmp(acd_str(row, "state"), "talking") ||
					 !strcmp(acd_str(row, "state"), "after_call");
			char key[120];

			if (strcmp(acd_str(row, "agent_id"), sim.agents[a]))
				continue;
			assert_true(at_of(row, "to_at") > at_of(row, "from_at"));
			assert_true(!last || strcmp(acd_str(row, "from_at"), acd_str(last, "to_at")) >= 0);
			last = row;
			if (!with_call)
				continue;
			snprintf(key, sizeof(key), "%s %s", acd_str(row, "call_id"), acd_str(row, "agent_id"));
			assert_true(json_array_size(json_object_get(legs, key)) >= 1);
			if (!strcmp(acd_str(row, "state"), "talking")) {
				size_t j;
				bool agrees = false;

				json_array_foreach (json_object_get(legs, key), j, leg)
					agrees = agrees ||
						 (llabs(at_of(leg, "answered_at") - at_of(row, "from_at")) < ACD_S &&
						  llabs(at_of(leg, "ended_at") - at_of(row, "to_at")) < ACD_S);
				assert_true(agrees);
			}
		}
	}
	json_decref(legs);
}

static void check_counters(void)
{
	struct acd_tenant *t = acd_tenant_find(sim.acd, sim.tenant);
	struct acd_queue *q, *next;

	HASH_ITER (hh, t->queues, q, next) {
		int64_t offered = 0, answered = 0, abandoned = 0;
		json_t *v;
		size_t i;

		json_array_foreach (rows("queue_visit"), i, v) {
			if (strcmp(acd_str(v, "queue_id"), q->id))
				continue;
			offered++;
			answered += !strcmp(acd_str(v, "left_how"), "answered");
			abandoned += !strcmp(acd_str(v, "left_how"), "abandoned");
		}
		assert_int_equal(q->offered, offered);
		assert_int_equal(q->answered, answered);
		assert_int_equal(q->abandoned, abandoned);
	}
}

/* Whoever hung up after his words has left a message; nobody's was written twice (check_ids); conferences are over. */
static void check_voicemail(void)
{
	json_t *kept = json_object(), *row, *v;
	struct acd_room *r, *next;
	const char *id;
	size_t i;

	json_array_foreach (rows("voicemail"), i, row)
		json_object_set_new(kept, acd_str(row, "id"), json_true());
	json_object_foreach (sim.left, id, v)
		if (!json_object_get(kept, id))
			fail_msg("message %s was lost", id);
	json_decref(kept);
	json_array_foreach (rows("conference"), i, row)
		assert_true(acd_int(row, "members", 0) >= 1 && acd_int(row, "peak", 0) <= 4);
	HASH_ITER (hh, acd_tenant_find(sim.acd, sim.tenant)->rooms, r, next)
		assert_null(r->live);
	json_object_foreach (sim.rooms, id, v)
		fail_msg("room %s of call %s is still there", id, acd_str(v, "call"));
}

static void a_day(uint64_t seed)
{
	int64_t end;

	sim_start(seed);
	config();
	rooms_and_boxes();
	for (int i = 0; i < SIM_AGENTS; i++)
		if (sim_chance(70))
			act("agent.sign_in", json_pack("{s:s}", "agent", sim.agents[i]));
	for (int i = 0; i < 3; i++)
		sim_later(sim_between(0, 5) * ACD_S, customer_h, NULL, NULL);
	sim_later(ACD_S, mischief_h, NULL, NULL);
	end = sim.now + 1800 * ACD_S;
	while (sim_step(end))
		check_world();
	sim.calm = true;
	while (sim_step(end + 900 * ACD_S))
		check_world();
	assert_int_equal(HASH_COUNT(sim.acd->calls), 0);
	assert_int_equal(HASH_COUNT(sim.acd->legs), 0);
	assert_int_equal(sim.acd->n_waiting, 0);
	for (int i = 0; i < SIM_AGENTS; i++)
		act("agent.sign_out", json_pack("{s:s}", "agent", sim.agents[i]));
	check_ids();
	check_calls_facts();
	check_visits();
	check_rings();
	check_states();
	check_counters();
	check_voicemail();
	print_message("seed %llu: %u calls, %u decisions, %u restarts, %u conferences, %u messages\n",
		      (unsigned long long)seed, sim.calls, sim.decisions, sim.restarts,
		      (unsigned)json_array_size(rows("conference")), (unsigned)json_array_size(rows("voicemail")));
	sim_stop();
}

static void random_days(void **state)
{
	const char *first = getenv("ZJ_SEED"), *days = getenv("ZJ_DAYS");
	uint64_t seed = first ? strtoull(first, NULL, 10) : 1, n = days ? strtoull(days, NULL, 10) : first ? 1 : 12;

	(void)state;
	for (; n; n--, seed++) {
		fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
		a_day(seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_days)};

	zj_log_open("test", getenv("ZJ_LOG") ? NULL : "/dev/null", ZJ_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
