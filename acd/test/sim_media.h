/* The simulated mediad: a part of sim.h. */
static struct sim_leg *sim_leg(const char *id)
{
	struct sim_leg *l = NULL;

	HASH_FIND_STR(sim.legs, id, l);
	return l;
}

static bool sim_alive(const struct sim_leg *l)
{
	return l && strcmp(l->state, "ended");
}

static void sim_restart(const char *method, const json_t *event);

static void sim_tell(const char *method, json_t *p)
{
	json_object_set_new(p, "at", json_integer(sim.now));
	json_object_set_new(p, "tenant", json_string(sim.tenant));
	if (!sim.calm &&
	    sim_chance(1)) { /* dies while it handles this: what it wrote is lost, what it commanded is not */
		sim.dying = true;
		acd_media_event(sim.acd, method, p);
		sim_restart(method, p);
	} else {
		acd_media_event(sim.acd, method, p);
	}
	json_decref(p);
}

static json_t *sim_leg_json(const struct sim_leg *l)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:O, s:I}", "leg", l->id, "call", l->call,
			      "tenant", l->tenant, "dir", l->out ? "out" : "in", "state", l->state, "controller",
			      l->with_ivr ? "ivr" : "owner", "from", "13800000001", "to", l->to, "headers", l->headers,
			      "started_at", (json_int_t)l->started_at);

	if (l->ringing_at)
		json_object_set_new(o, "ringing_at", json_integer(l->ringing_at));
	if (l->answered_at)
		json_object_set_new(o, "answered_at", json_integer(l->answered_at));
	if (l->play[0])
		json_object_set_new(o, "play", json_string(l->play));
	if (l->room[0])
		json_object_set_new(o, "room", json_string(l->room));
	return o;
}

static json_t *sim_leg_event(const struct sim_leg *l)
{
	return json_pack("{s:s, s:s}", "leg", l->id, "call", l->call);
}

static void sim_ivr_h(struct sim_event *e)
{
	static const char *const hows[] = {"transfer", "transfer",   "transfer", "transfer",
					   "exit",     "disconnect", "error",    "odd"};
	static const char *const dests[] = {"queue:4000", "queue:4001", "queue:4002", "extension:1001",
					    "queue:9999", "tel:1002",   "sip:1003@x"};
	struct sim_leg *l = sim_leg(e->leg);
	json_t *p, *data;

	if (!l || !l->ivr_due)
		return;
	l->ivr_due = false;
	p = json_pack("{s:s, s:s}", "leg", e->leg, "call", l->call);
	if (!sim_alive(l)) {
		json_object_set_new(p, "data", json_pack("{s:s, s:[], s:{}}", "how", "hangup", "path", "variables"));
		sim_tell("leg.handed", p);
		return;
	}
	l->with_ivr = false;
	if (sim_chance(5)) {
		sim_tell("leg.handover_failed", p);
		return;
	}
	if (strcmp(l->state, "answered")) {
		l->state = "answered";
		l->answered_at = sim.now;
	}
	data = json_pack("{s:s, s:s, s:i, s:[], s:{}}", "how", hows[sim_random() % 8], "dest", dests[sim_random() % 7],
			 "flow_version", 3, "path", "variables");
	json_object_set_new(p, "data", data);
	json_object_set_new(p, "state", sim_leg_json(l));
	sim_tell("leg.handed", p);
}

static void sim_ring_h(struct sim_event *e)
{
	struct sim_leg *l = sim_leg(e->leg);

	if (!l || strcmp(l->state, "trying"))
		return;
	l->state = "ringing";
	l->ringing_at = sim.now;
	sim_tell("leg.ringing", sim_leg_event(l));
}

static void sim_hangup_h(struct sim_event *e);

static void sim_answer_h(struct sim_event *e)
{
	struct sim_leg *l = sim_leg(e->leg);

	if (!sim_alive(l) || !strcmp(l->state, "answered"))
		return;
	l->state = "answered";
	l->answered_at = sim.now;
	if (l->out) /* nobody waits for ever */
		sim_later(sim_between(100, 300) * ACD_S, sim_hangup_h, l->id, json_object());
	sim_tell("leg.answered", sim_leg_event(l));
}

static void sim_leg_recorded_h(struct sim_event *e)
{
	sim_tell("leg.recorded", json_incref(e->data));
}

/* The file is closed a little later than the recording ended, perhaps after the leg. */
static void sim_record_end(struct sim_leg *l, const char *reason, int64_t ms)
{
	int64_t length = (sim.now - l->record_from) / 1000;
	json_t *p = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "leg", l->id, "call", l->call, "record",
			      l->record, "path", l->record_path, "reason", reason, "ms", (json_int_t)length, "bytes",
			      (json_int_t)(44 + 16 * length), "from_at", (json_int_t)l->record_from, "sha256", "00");

	zj_debug("sim", "record ends record=%s call=%s reason=%s ms=%lld", l->record, l->call, reason,
		 (long long)length);
	if (!strcmp(reason, "hungup") && length >= 1000 && strstr(l->record_path, "/voicemail/"))
		json_object_set_new(sim.left, l->record, json_true());
	l->record[0] = 0;
	sim_later(ms * 1000, sim_leg_recorded_h, NULL, p);
}

static void sim_record_over_h(struct sim_event *e)
{
	static const char *const reasons[] = {"term", "silence", "max", "disk"};
	struct sim_leg *l = sim_leg(e->leg);

	if (sim_alive(l) && !strcmp(l->record, acd_str(e->data, "record")))
		sim_record_end(l, reasons[sim_chance(10) ? 3 : sim_random() % 3], sim_between(5, 300));
}

static void sim_record_refused_h(struct sim_event *e)
{
	acd_media_failed(sim.acd, "leg.record", e->data, ZJ_RPC_REFUSED, "recording");
}

static void sim_leg_record(struct sim_leg *l, json_t *params)
{
	if (l->record[0]) {
		sim_later(500, sim_record_refused_h, NULL, json_pack("{s:s}", "leg", l->id));
		return;
	}
	ACD_COPY(l->record, acd_str(params, "record"));
	ACD_COPY(l->record_path, acd_str(params, "path"));
	l->record_from = sim.now;
	sim_later(sim_between(200, 30000) * 1000, sim_record_over_h, l->id, json_pack("{s:s}", "record", l->record));
}

static void sim_collected_h(struct sim_event *e)
{
	static const char *const answers[] = {"1111", "1111", "9999", "0000", "1",    "2",    "3",    "4",    "5",
					      "0",    "#",    "*",    "",     "1002", "1005", "4001", "6001", "77"};
	struct sim_leg *l = sim_leg(e->leg);
	json_t *p;

	if (!sim_alive(l) || strcmp(l->collect, acd_str(e->data, "collect")))
		return;
	l->collect[0] = 0;
	p = sim_leg_event(l);
	json_object_set(p, "collect", json_object_get(e->data, "collect"));
	json_object_set_new(p, "digits", json_string(answers[sim_random() % ZJ_ARRAY_SIZE(answers)]));
	json_object_set_new(p, "reason", json_string("max"));
	sim_tell("leg.collected", p);
}

static void sim_talking_h(struct sim_event *e)
{
	struct sim_leg *l = sim_leg(e->leg);
	json_t *p;

	if (!sim_alive(l) || !l->room[0])
		return;
	p = sim_leg_event(l);
	json_object_set_new(p, "room", json_string(l->room));
	json_object_set_new(p, "on", json_boolean(sim_chance(50)));
	sim_tell("room.talking", p);
}

static void sim_end(struct sim_leg *l, const char *by, int code)
{
	json_t *p;

	if (!sim_alive(l))
		return;
	l->state = "ended";
	l->ended_at = sim.now;
	l->room[0] = 0;
	p = sim_leg_event(l);
	json_object_set_new(p, "by", json_string(by));
	json_object_set_new(p, "sip_code", json_integer(code));
	json_object_set_new(p, "cause", json_integer(16));
	sim_tell("leg.hungup", p);
	if (l->record[0])
		sim_record_end(l, "hungup", sim_between(1, 20));
	if (l->with_ivr && l->ivr_due) {
		sim_later(sim_between(1000, 300000), sim_ivr_h, l->id, NULL);
	}
}

static void sim_hangup_h(struct sim_event *e)
{
	struct sim_leg *l = sim_leg(e->leg);

	if (l)
		sim_end(l, json_is_true(json_object_get(e->data, "us")) ? "us" : "far",
			(int)acd_int(e->data, "code", 200));
}

static void sim_timeout_h(struct sim_event *e)
{
	struct sim_leg *l = sim_leg(e->leg);

	if (sim_alive(l) && strcmp(l->state, "answered"))
		sim_end(l, "us", 408);
}

static void sim_refused_h(struct sim_event *e)
{
	struct sim_leg *l = sim_leg(e->leg);
	json_t *p = json_pack("{s:s}", "leg", e->leg);

	if (l)
		l->state = "ended";
	acd_media_failed(sim.acd, "leg.originate", p, ZJ_RPC_OVERLOAD, "overload");
	json_decref(p);
}

static void sim_no_ivr_h(struct sim_event *e)
{
	json_t *p = json_pack("{s:s}", "leg", e->leg);

	acd_media_failed(sim.acd, "leg.handover", p, ZJ_RPC_REFUSED, "no such controller");
	json_decref(p);
}

static void sim_played_h(struct sim_event *e)
{
	struct sim_leg *l = sim_leg(e->leg);
	const char *play = acd_str(e->data, "play");
	json_t *p;

	if (!sim_alive(l) || strcmp(l->play, play))
		return;
	l->play[0] = 0;
	p = sim_leg_event(l);
	json_object_set_new(p, "play", json_string(play));
	json_object_set_new(p, "reason", json_string("done"));
	sim_tell("leg.played", p);
}

static void sim_recorded_h(struct sim_event *e)
{
	sim_tell("room.recorded", json_incref(e->data));
}

static void sim_key_h(struct sim_event *e)
{
	struct sim_leg *l = sim_leg(e->leg);
	const char *keys = acd_str(e->data, "keys");
	char key[2] = {keys[0], 0};
	json_t *p;

	if (!sim_alive(l) || !keys[0])
		return;
	if (keys[1])
		sim_later(300000, sim_key_h, l->id, json_pack("{s:s}", "keys", keys + 1));
	p = sim_leg_event(l);
	json_object_set_new(p, "digit", json_string(key));
	sim_tell("leg.dtmf", p);
}

static void sim_originate(const json_t *params)
{
	struct sim_leg *l = zj_alloc(sizeof(*l), NULL);
	int64_t ring = sim_between(5000, 300000);
	int luck = (int)sim_between(1, 100);

	ACD_COPY(l->id, acd_str(params, "leg"));
	ACD_COPY(l->call, acd_str(params, "call"));
	ACD_COPY(l->tenant, sim.tenant);
	ACD_COPY(l->to, acd_str(params, "to"));
	l->out = true;
	l->state = "trying";
	l->started_at = sim.now;
	l->headers = json_object();
	HASH_ADD_STR(sim.legs, id, l);
	if (luck <= 2) {
		sim_later(1000, sim_refused_h, l->id, NULL);
		return;
	}
	if (luck <= 12) {
		static const int codes[] = {486, 603, 404, 480, 503};

		sim_later(ring, sim_hangup_h, l->id, json_pack("{s:i}", "code", codes[sim_random() % 5]));
		return;
	}
	sim_later(acd_int(params, "timeout_ms", 0) * 1000, sim_timeout_h, l->id, NULL);
	sim_later(ring, sim_ring_h, l->id, NULL);
	if (luck <= 80)
		sim_later(ring + sim_between(0, 12) * ACD_S, sim_answer_h, l->id, NULL);
}

static void sim_room_cmd(const char *method, const json_t *params)
{
	const char *room = acd_str(params, "room");
	json_t *r = json_object_get(sim.rooms, room);
	struct sim_leg *l = sim_leg(acd_str(params, "leg")), *next;

	if (!strcmp(method, "room.create")) {
		json_object_set_new(sim.rooms, room, json_pack("{s:s}", "call", acd_str(params, "call")));
	} else if (!strcmp(method, "room.join") && sim_alive(l)) {
		assert_non_null(r);
		ACD_COPY(l->room, room);
		if (sim_chance(60)) {
			static const char *const keys[] = {"*51", "*52", "*55", "1*52", "*52*52", "*"};

			sim_later(sim_between(1, 20) * ACD_S, sim_key_h, l->id,
				  json_pack("{s:s}", "keys", keys[sim_random() % 6]));
		}
		sim_later(sim_between(1, 40) * ACD_S, sim_talking_h, l->id, NULL);
		if (l->out || sim_chance(50)) /* somebody hangs up when they have talked */
			sim_later(sim_between(1, 60) * ACD_S, sim_hangup_h, l->id, json_object());
	} else if (!strcmp(method, "room.leave") && l) {
		l->room[0] = 0;
	} else if (!strcmp(method, "room.record") && r) {
		json_object_set_new(r, "record", json_string(acd_str(params, "record")));
		json_object_set_new(r, "from", json_integer(sim.now));
	} else if (!strcmp(method, "room.record_stop") && json_object_get(r, "record")) {
		sim_later(5000, sim_recorded_h, NULL,
			  json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "room", room, "call", acd_str(r, "call"),
				    "record", acd_str(r, "record"), "path", "x", "ms",
				    (json_int_t)((sim.now - acd_int(r, "from", 0)) / 1000), "from_at",
				    (json_int_t)acd_int(r, "from", 0)));
		json_object_del(r, "record");
	} else if (!strcmp(method, "room.destroy")) {
		HASH_ITER (hh, sim.legs, l, next)
			if (!strcmp(l->room, room))
				l->room[0] = 0;
		json_object_del(sim.rooms, room);
	}
}

static void sim_media_h(const char *method, json_t *params, void *arg)
{
	struct sim_leg *l = sim_leg(acd_str(params, "leg"));

	(void)arg;
	if (!strcmp(method, "leg.originate") && !l) {
		sim_originate(params);
	} else if (!strncmp(method, "room.", 5)) {
		sim_room_cmd(method, params);
	} else if (!sim_alive(l)) {
		; /* too late */
	} else if (!strcmp(method, "leg.answer") && !l->answering) {
		l->answering = true;
		sim_later(sim_between(1000, 50000), sim_answer_h, l->id, NULL);
	} else if (!strcmp(method, "leg.hangup")) {
		sim_later(sim_between(500, 60000), sim_hangup_h, l->id,
			  json_pack("{s:b, s:i}", "us", 1, "code", l->answered_at ? 200 : 487));
	} else if (!strcmp(method, "leg.play")) {
		ACD_COPY(l->play, acd_str(params, "play"));
		if (acd_int(params, "loop", 0) >= 0)
			sim_later(sim_between(2, 6) * ACD_S, sim_played_h, l->id, json_pack("{s:s}", "play", l->play));
	} else if (!strcmp(method, "leg.collect")) {
		ACD_COPY(l->collect, acd_str(params, "collect"));
		sim_later(sim_between(50, 6000) * 1000, sim_collected_h, l->id,
			  json_pack("{s:s}", "collect", l->collect));
	} else if (!strcmp(method, "leg.record")) {
		sim_leg_record(l, params);
	} else if (!strcmp(method, "leg.record_stop") && !strcmp(l->record, acd_str(params, "record"))) {
		sim_record_end(l, "stopped", 5);
	} else if (!strcmp(method, "leg.stop") && !strcmp(l->play, acd_str(params, "play"))) {
		l->play[0] = 0;
	} else if (!strcmp(method, "leg.handover")) {
		if (sim_chance(3)) {
			sim_later(1000, sim_no_ivr_h, l->id, NULL);
		} else {
			l->with_ivr = l->ivr_due = true;
			sim_later(sim_between(1, 20) * ACD_S, sim_ivr_h, l->id, NULL);
		}
	}
	json_decref(params);
}
