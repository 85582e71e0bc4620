/* Rows of PostgreSQL become memory, table by table. A row may come before those it names. Agents and queues that were
 * deleted stay as ghosts: calls and facts may still speak of them. */
#include "call/call.h"
#include "call/command.h"
#include "call/leg.h"
#include "call/outbound.h"
#include "call/talk_record.h"
#include "conference/conference.h"
#include "core/events.h"
#include "fax/fax.h"
#include "people/agent.h"
#include "people/extension.h"
#include "people/feature.h"
#include "people/group.h"
#include "queue/queue.h"
#include "queue/vip.h"
#include "queue/visit.h"
#include "story/music_class.h"
#include "story/story.h"
#include "voicemail/voicemail.h"
#include "zj_obj.h"
#include <string.h>
#include <utlist.h>

static bool is_true(const json_t *row, const char *key)
{
	return json_is_true(json_object_get(row, key));
}

/* ---- members ---- */
static void member_count(struct acd_member *m, int sign)
{
	m->queue->signed_in += (unsigned)(m->agent->state != ACD_SIGNED_OUT ? sign : 0);
	m->queue->n_idle += (unsigned)(m->agent->state == ACD_IDLE ? sign : 0);
	acd_queue_dirty(m->queue, false);
	acd_agent_dirty(m->agent);
}

static void member_link(struct acd_tenant *t, struct acd_member *m)
{
	struct acd_agent *a;
	struct acd_queue *q;

	if (m->queue)
		return;
	a = acd_agent_find(t, m->agent_id);
	q = acd_queue_find(t, m->queue_id);
	if (!a || !q)
		return;
	m->agent = a;
	m->queue = q;
	DL_APPEND2(q->members, m, q_prev, q_next);
	DL_APPEND2(a->members, m, a_prev, a_next);
	member_count(m, 1);
	t->unlinked--;
	acd_agent_unindex(a);
	acd_agent_index(a);
}

static void member_unlink(struct acd_tenant *t, struct acd_member *m)
{
	if (!m->queue)
		return;
	acd_index_del(&m->node);
	member_count(m, -1);
	DL_DELETE2(m->queue->members, m, q_prev, q_next);
	DL_DELETE2(m->agent->members, m, a_prev, a_next);
	m->queue = NULL;
	m->agent = NULL;
	t->unlinked++;
}

static void link_all(struct acd_tenant *t)
{
	struct acd_member *m, *next;

	if (t->unlinked)
		HASH_ITER (hh, t->members, m, next)
			member_link(t, m);
}

static void queue_agent_h(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_member *m;

	HASH_FIND_STR(t->members, id, m);
	if (m) { /* anew: any of its keys may have changed */
		member_unlink(t, m);
		t->unlinked--;
		if (!row) {
			HASH_DEL(t->members, m);
			zj_deref(m);
			return;
		}
	} else {
		m = row ? zj_alloc(sizeof(*m), NULL) : NULL;
		if (!m)
			return;
		ACD_COPY(m->id, id);
		HASH_ADD_STR(t->members, id, m);
	}
	ACD_COPY(m->queue_id, acd_str(row, "queue_id"));
	ACD_COPY(m->agent_id, acd_str(row, "agent_id"));
	m->skill = acd_int(row, "skill", 5);
	m->priority = acd_int(row, "priority", 0);
	t->unlinked++;
	member_link(t, m);
}

/* ---- agents ---- */
/* A disabled or deleted agent is signed out, at once or when its call is over. */
static void expel(struct acd_agent *a)
{
	if (a->state == ACD_SIGNED_OUT)
		return;
	if (acd_agent_next(a->state, ACD_EV_SIGN_OUT) < 0)
		a->leave = true;
	else
		acd_agent_do(a, &(struct acd_agent_change){.event = ACD_EV_SIGN_OUT, .cause = ACD_CAUSE_SYSTEM});
	acd_agent_unindex(a);
}

static void agent_h(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_agent *a = acd_agent_find(t, id);

	acd_outbound_keep(t, "agent", id, row);

	if (!a && row) {
		a = zj_alloc(sizeof(*a), NULL);
		if (!a)
			return;
		ACD_COPY(a->id, id);
		a->tenant = t;
		a->since = t->acd->now;
		HASH_ADD_STR(t->agents, id, a);
	}
	if (!a)
		return;
	a->gone = !row;
	a->enabled = is_true(row, "enabled");
	if (!a->enabled || a->gone)
		expel(a);
	if (row) {
		acd_agent_unindex(a); /* the number breaks ties */
		ACD_COPY(a->number, acd_str(row, "number"));
		ACD_COPY(a->name, acd_str(row, "name"));
		ACD_COPY(a->account_id, acd_str(row, "account_id"));
		ACD_COPY(a->extension_id, acd_str(row, "extension_id"));
		ACD_COPY(a->group_id, acd_str(row, "group_id"));
		a->seat = acd_seat_parse(acd_str(row, "extension_mode"));
		acd_agent_index(a);
		link_all(t);
	}
	acd_agent_dirty(a);
}

/* ---- queues ---- */
static void set_strategy(struct acd_queue *q, const struct acd_strategy *s)
{
	struct acd_member *m;
	bool was;

	if (q->strategy == s)
		return;
	DL_FOREACH2(q->members, m, q_next)
	acd_index_del(&m->node);
	q->strategy = s;
	DL_FOREACH2(q->members, m, q_next)
	{
		was = m->agent->in_idle;
		if (was)
			acd_index_add(&q->idle, &m->node);
	}
}

static void queue_fill(struct acd_queue *q, const json_t *row)
{
	ACD_COPY(q->number, acd_str(row, "number"));
	ACD_COPY(q->name, acd_str(row, "name"));
	set_strategy(q, acd_strategy_find(acd_str(row, "strategy")));
	q->priority = acd_int(row, "priority", 0);
	q->max_length = acd_int(row, "max_length", 1000);
	q->max_wait_us = acd_int(row, "max_wait_s", 300) * ACD_S;
	q->ring_us = acd_int(row, "ring_timeout_s", 20) * ACD_S;
	q->retry_us = acd_int(row, "retry_delay_s", 5) * ACD_S;
	q->wrapup_us = acd_int(row, "wrapup_s", 10) * ACD_S;
	q->announce_us = acd_int(row, "announce_s", 30) * ACD_S;
	q->service_level_us = acd_int(row, "service_level_s", 15) * ACD_S;
	q->announce_position = is_true(row, "announce_position");
	q->record = is_true(row, "record");
	q->enabled = is_true(row, "enabled");
	ACD_COPY(q->music_id, acd_str(row, "music_id"));
	ACD_COPY(q->music_class_id, acd_str(row, "music_class_id"));
	acd_dest_read(&q->overflow, row, "overflow");
}

static void queue_close(struct acd_queue *q)
{
	struct acd_member *m, *next;
	struct acd_node *n;

	q->gone = true;
	while ((n = acd_index_first(&q->waiting))) {
		struct acd_call *call = acd_container(n, struct acd_visit, node)->call;

		acd_call_at(call, 0);
		acd_queue_overflow(call, q, ACD_LEFT_FAILED);
	}
	DL_FOREACH_SAFE2(q->members, m, next, q_next)
	member_unlink(q->tenant, m);
}

static void queue_h(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_queue *q;

	HASH_FIND_STR(t->queues, id, q);
	if (!q && row) {
		q = zj_alloc(sizeof(*q), NULL);
		if (!q)
			return;
		ACD_COPY(q->id, id);
		q->tenant = t;
		acd_queue_init(q);
		HASH_ADD_STR(t->queues, id, q);
	} else if (q && q->number[0]) {
		HASH_DELETE(by_number, t->queues_by_number, q);
		q->number[0] = 0;
	}
	if (!q)
		return;
	if (!row) {
		queue_close(q);
		return;
	}
	q->gone = false;
	queue_fill(q, row);
	HASH_ADD(by_number, t->queues_by_number, number, strlen(q->number), q);
	link_all(t);
	acd_queue_dirty(q, false);
}

/* ---- items, the tenant ---- */
static void item_destructor(void *obj)
{
	zj_deref(((struct acd_item *)obj)->path);
}

static void item(struct acd_item **set, const char *id, const json_t *row)
{
	struct acd_item *x;

	HASH_FIND_STR(*set, id, x);
	if (x) {
		HASH_DEL(*set, x);
		zj_deref(x);
	}
	x = row ? zj_alloc(sizeof(*x), item_destructor) : NULL;
	if (!x)
		return;
	ACD_COPY(x->id, id);
	ACD_COPY(x->name, acd_str(row, "name"));
	x->path = acd_str(row, "path")[0] ? zj_strdup(acd_str(row, "path")) : NULL;
	ACD_COPY(x->language, acd_str(row, "language"));
	x->version = acd_int(row, "version", 0);
	x->enabled = is_true(row, "enabled");
	HASH_ADD_STR(*set, id, x);
}

static void prompt_h(struct acd_tenant *t, const char *id, const json_t *row)
{
	item(&t->prompts, id, row);
}

static void flow_h(struct acd_tenant *t, const char *id, const json_t *row)
{
	item(&t->flows, id, row);
}

static void reason_h(struct acd_tenant *t, const char *id, const json_t *row)
{
	item(&t->reasons, id, row);
}

/* Boards show counters of today; at midnight everybody's start anew. */
static void midnight_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_tenant *t = acd_container(timer, struct acd_tenant, midnight);
	struct acd_agent *a, *na;
	struct acd_queue *q, *nq;

	HASH_ITER (hh, t->agents, a, na) {
		acd_agent_unindex(a);
		acd_agent_roll(a);
		acd_agent_index(a);
		acd_agent_dirty(a);
	}
	HASH_ITER (hh, t->queues, q, nq) {
		acd_queue_roll(q);
		acd_queue_dirty(q, false);
	}
	acd_timer_start(acd, timer, t->day_ends, midnight_h);
}

static void tenant_h(struct acd_tenant *t, const char *id, const json_t *row)
{
	acd_outbound_keep(t, "tenant", t->id, row);
	(void)id;
	t->gone = !row;
	if (!row)
		return;
	t->known = true;
	t->enabled = is_true(row, "enabled");
	t->carrier = !strcmp(acd_str(row, "kind"), "carrier");
	t->zh = strcmp(acd_str(row, "language"), "en");
	t->internal_calls = !json_is_false(json_object_get(row, "internal_calls"));
	t->hybrid = !json_is_false(json_object_get(row, "hybrid_office"));
	t->max_calls = acd_int(row, "max_calls", 1000);
	t->force_record = is_true(row, "force_record");
	t->record_all = !strcmp(acd_str(row, "record_scope"), "all");
	t->agent_recording = !strcmp(acd_str(row, "agent_recording"), "none")   ? ACD_AGENT_RECORDS_NOT
			     : !strcmp(acd_str(row, "agent_recording"), "free") ? ACD_AGENT_RECORDS_FREELY
										: ACD_AGENT_PAUSES;
	t->record_off = !strcmp(acd_str(row, "record_format"), "off");
	t->record_sealed = is_true(row, "record_encrypt");
	t->pause_max_us = acd_int(row, "record_pause_max_s", 300) * ACD_S;
	ACD_COPY(t->name, acd_str(row, "name"));
	ACD_COPY(t->sip_domain, acd_str(row, "sip_domain"));
	ACD_COPY(t->time_zone, acd_str(row, "time_zone"));
	t->day_ends = 0;
	acd_day(t);
	acd_timer_start(t->acd, &t->midnight, t->day_ends, midnight_h);
}

const struct acd_config_table acd_config_tables[] = {
	{"tenant",
	 "tenant_id, id, kind, name, sip_domain, time_zone, language, enabled, max_calls, internal_calls, "
	 "hybrid_office, "
	 "dial_prefix, out_prefix, outbound_kind, outbound_id, outbound_route_id, caller_number, caller_name, "
	 "caller_pool_id, caller_required, force_record, record_scope, agent_recording, record_pause_max_s, "
	 "record_format, record_encrypt",
	 tenant_h},
	{"recording_key", "tenant_id, id, wrapped, current", acd_record_key_row},
	{"extension",
	 "tenant_id, id, number, name, enabled, account_id, external_number, caller_number, caller_name, timeout_s, "
	 "dnd, "
	 "recording, voicemail, ringback_id, unavailable_id, pickup_range, call_waiting, alert_info, forward_all, "
	 "forward_busy, forward_no_answer, forward_unreachable, sign_in_state, hangup_state, after_call_s, "
	 "allow_outbound, outbound_permission, trunk_id, out_caller_number, out_caller_name, out_anonymous, "
	 "caller_pool_id, phone_type, agent_mode, lines, trunk_number_id",
	 acd_extension_row},
	{"account_group_member", "tenant_id, id, group_id, account_id", acd_pair_row},
	{"ring_group",
	 "tenant_id, id, name, number, strategy, ring_time_s, turn_s, recent_first, music_id, music_class_id, "
	 "prompt_id, "
	 "number_prefix, "
	 "name_prefix, destination_kind, destination_id, destination_number, enabled",
	 acd_group_row},
	{"ring_group_member", "tenant_id, id, group_id, extension_id, priority, position", acd_group_member_row},
	{"shortcut", "tenant_id, id, feature, number, enabled", acd_shortcut_row},
	{"hot_key", "tenant_id, id, feature, number, enabled", acd_hot_key_row},
	{"application", "tenant_id, id, context, entry, number, enabled", acd_application_row},
	{"agent",
	 "tenant_id, id, number, name, account_id, extension_id, extension_mode, group_id, enabled, out_caller_number, "
	 "out_caller_name",
	 agent_h},
	{"prompt", "tenant_id, id, name, language, path", prompt_h},
	{"music_class", "tenant_id, id, identifier, prompt_ids, shuffled, mode, gain_db", acd_music_class_row},
	{"flow", "tenant_id, id, name, version, enabled", flow_h},
	{"busy_reason", "tenant_id, id, name", reason_h},
	{"vip", "tenant_id, id, number, level, queues", acd_vip_row},
	{"queue",
	 "tenant_id, id, number, name, strategy, priority, max_length, max_wait_s, ring_timeout_s, retry_delay_s, "
	 "wrapup_s, announce_s, "
	 "announce_position, service_level_s, record, music_id, music_class_id, overflow_kind, overflow_id, enabled",
	 queue_h},
	{"internal_number", "tenant_id, id, number, kind, object_id", acd_number_row},
	{"room",
	 "tenant_id, id, number, name, pin, admin_pin, max_members, wait_leader, administrators, entry_prompt_id, "
	 "optimise, detect, "
	 "quiet, announce, wait_music, music_id, menu, announce_count, record, mute_on_entry, max_minutes, "
	 "invite_caller, enabled",
	 acd_room_row},
	{"voicemail_box",
	 "tenant_id, id, number, name, extension_id, account_id, queue_id, pin, greeting_id, greeting_path, ask_first, "
	 "max_s, "
	 "silence_s, max_messages, enabled",
	 acd_box_row},
	{"voicemail", "tenant_id, id, box_id, caller, left_at, ms, path, heard, saved", acd_message_row},
	{"fax_device",
	 "tenant_id, id, number, name, station_id, max_channels, caller_number, caller_name, answer_rings, max_pages, "
	 "account_id, sending_voice_id, t38, enabled",
	 acd_fax_device_row},
	{"fax", "tenant_id, id, direction, state, device_id, account_id, number, path, header, due_at", acd_fax_row},
	{"queue_agent", "tenant_id, id, queue_id, agent_id, skill, priority", queue_agent_h},
	{"outbound_rule", "tenant_id, id, route_id, prefix, length, destination_kind, destination_id, strip, add",
	 acd_out_rule_row},
	{"agent_group", "tenant_id, id, outbound_restricted", acd_out_agent_group_row},
	{"account_group", "tenant_id, id, outbound_kind, outbound_id, outbound_route_id", acd_out_group_row},
	{"account", "tenant_id, id, access_number, force_record", acd_out_account_row},
	{"trunk", "tenant_id, id, gain_in, gain_out", acd_out_trunk_row},
	{"trunk_number", "tenant_id, id, full_number, caller_name, trunk_id", acd_out_number_row},
	{"number",
	 "tenant_id, id, number, out_caller_number, out_caller_name, force_caller, trunk_id, business_client_id",
	 acd_out_service_row},
	{"business_client", "tenant_id, id, transfer_limit", acd_client_row},
	{"business_client_contact", "tenant_id, id, client_id, phone", acd_client_contact_row},
	{"business_client_number", "tenant_id, id, client_id, number", acd_client_number_row},
	{"emergency_number", "tenant_id, id, number", acd_out_emergency_row},
	{"extension_rate", "tenant_id, id, trunk_id", acd_out_rate_row},
	{NULL, NULL, NULL},
};

static void tenant_destructor(void *obj)
{
	struct acd_tenant *t = obj;

	acd_timer_stop(&t->midnight);
	json_decref(t->events);
	acd_outbound_forget(t);
}

struct acd_tenant *acd_tenant_get(struct acd *acd, const char *id)
{
	struct acd_tenant *t = acd_tenant_find(acd, id);

	if (t || !zj_uuid_is_valid(id))
		return t;
	t = zj_alloc(sizeof(*t), tenant_destructor);
	if (!t)
		return NULL;
	ACD_COPY(t->id, id);
	t->acd = acd;
	t->zh = true;
	HASH_ADD_STR(acd->tenants, id, t);
	return t;
}

void acd_config_row(struct acd *acd, const char *table, const char *tenant, const char *id, const json_t *row)
{
	struct acd_tenant *t = row ? acd_tenant_get(acd, tenant) : acd_tenant_find(acd, tenant);
	const struct acd_config_table *c;

	if (!t)
		return;
	acd_enter(acd);
	for (c = acd_config_tables; c->name; c++)
		if (!strcmp(c->name, table))
			c->h(t, id, row);
	acd_leave(acd);
}

#define FREE_ALL(set, type)                                                                                            \
	do {                                                                                                           \
		type *x, *next; /* NOLINT(bugprone-macro-parentheses): a type */                                       \
		HASH_ITER (hh, set, x, next) {                                                                         \
			HASH_DEL(set, x);                                                                              \
			zj_deref(x);                                                                                   \
		}                                                                                                      \
	} while (0)

void acd_tenants_free(struct acd *acd)
{
	struct acd_tenant *t, *nt;

	HASH_ITER (hh, acd->tenants, t, nt) {
		struct acd_agent *a, *na;
		struct acd_queue *q, *nq;

		HASH_ITER (hh, t->agents, a, na) {
			acd_timer_stop(&a->wrapup);
			acd_timer_stop(&a->retry);
		}
		HASH_ITER (hh, t->queues, q, nq)
			acd_timer_stop(&q->tell);
		HASH_CLEAR(by_number, t->queues_by_number);
		HASH_CLEAR(by_number, t->extensions_by_number);
		FREE_ALL(t->members, struct acd_member);
		FREE_ALL(t->agents, struct acd_agent);
		FREE_ALL(t->queues, struct acd_queue);
		FREE_ALL(t->extensions, struct acd_extension);
		FREE_ALL(t->prompts, struct acd_item);
		FREE_ALL(t->flows, struct acd_item);
		FREE_ALL(t->reasons, struct acd_item);
		acd_vips_free(t);
		FREE_ALL(t->registered, struct acd_reg);
		acd_groups_free(t);
		acd_music_classes_free(t);
		acd_numbers_free(t);
		acd_rooms_free(t);
		acd_boxes_free(t);
		acd_faxes_free(t);
		acd_requests_free(t);
		HASH_DEL(acd->tenants, t);
		zj_deref(t);
	}
}
