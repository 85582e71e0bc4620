/* Extensions: what of their configuration a call needs, and the legs that their telephones take part in. */
#include "people/extension.h"
#include "call/leg.h"
#include "call/outbound.h"
#include "core/events.h"
#include "people/agent.h"
#include "zj_obj.h"
#include <string.h>
#include <utlist.h>

static struct acd_extension *usable(struct acd_extension *e)
{
	return e && !e->gone && e->enabled ? e : NULL;
}

struct acd_extension *acd_extension_find(const struct acd_tenant *t, const char *id)
{
	struct acd_extension *e = NULL;

	HASH_FIND_STR(t->extensions, id, e);
	return usable(e);
}

struct acd_extension *acd_extension_by_number(const struct acd_tenant *t, const char *number)
{
	struct acd_extension *e = NULL;

	HASH_FIND(by_number, t->extensions_by_number, number, strlen(number), e);
	return usable(e);
}

static void destructor(void *obj)
{
	json_decref(((struct acd_extension *)obj)->headers);
}

static struct acd_extension *make(struct acd_tenant *t, const char *id)
{
	struct acd_extension *e = zj_alloc(sizeof(*e), destructor);

	if (!e)
		return NULL;
	ACD_COPY(e->id, id);
	e->tenant = t;
	HASH_ADD_STR(t->extensions, id, e);
	return e;
}

static bool is_true(const json_t *row, const char *key)
{
	return json_is_true(json_object_get(row, key));
}

/* The individual lines, its own and its template's. */
static void read_lines(struct acd_extension *e, const json_t *lines)
{
	const char *key;
	json_t *v;

	json_decref(e->headers);
	e->headers = NULL;
	if (acd_str(lines, "alert_info")[0])
		ACD_COPY(e->alert_info, acd_str(lines, "alert_info"));
	ACD_COPY(e->codecs, acd_str(lines, "codecs"));
	e->late_offer = !strcmp(acd_str(lines, "late_offer"), "yes");
	json_object_foreach ((json_t *)(uintptr_t)lines, key, v) {
		if (strncmp(key, "header.", 7) != 0)
			continue;
		if (!e->headers)
			e->headers = json_object();
		json_object_set(e->headers, key + 7, v);
	}
}

static void fill(struct acd_extension *e, const json_t *row)
{
	ACD_COPY(e->name, acd_str(row, "name"));
	ACD_COPY(e->account_id, acd_str(row, "account_id"));
	ACD_COPY(e->caller_number, acd_str(row, "caller_number"));
	ACD_COPY(e->caller_name, acd_str(row, "caller_name"));
	ACD_COPY(e->external, acd_str(row, "external_number"));
	ACD_COPY(e->kind, acd_str(row, "phone_type"));
	ACD_COPY(e->ringback_id, acd_str(row, "ringback_id"));
	ACD_COPY(e->unavailable_id, acd_str(row, "unavailable_id"));
	ACD_COPY(e->alert_info, acd_str(row, "alert_info"));
	read_lines(e, json_object_get(row, "lines"));
	for (unsigned i = 0; i < ACD_FORWARD_COUNT; i++)
		ACD_COPY(e->forward[i], acd_str(row, acd_forward_name((enum acd_forward)i)));
	e->ring_us = acd_int(row, "timeout_s", e->tenant->acd->set.dial_ring_us / ACD_S) * ACD_S;
	e->after_call_us = acd_int(row, "after_call_s", -1) * ACD_S;
	e->pickup = acd_range_parse(acd_str(row, "pickup_range"), ACD_RANGE_GROUP);
	e->dnd = is_true(row, "dnd");
	e->recording = is_true(row, "recording");
	e->call_waiting = !json_is_false(json_object_get(row, "call_waiting"));
	e->voicemail = is_true(row, "voicemail");
	e->agent_mode = is_true(row, "agent_mode");
	e->busy_at_sign_in = !strcmp(acd_str(row, "sign_in_state"), "busy");
	e->busy_after_call = !strcmp(acd_str(row, "hangup_state"), "busy");
}

void acd_extension_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_extension *e = NULL;

	acd_outbound_keep(t, "extension", id, row);
	HASH_FIND_STR(t->extensions, id, e);
	if (!e && row)
		e = make(t, id);
	if (!e)
		return;
	if (e->number[0]) {
		HASH_DELETE(by_number, t->extensions_by_number, e);
		e->number[0] = 0;
	}
	e->gone = !row;
	e->enabled = is_true(row, "enabled");
	if (row) {
		fill(e, row);
		ACD_COPY(e->number, acd_str(row, "number"));
		ACD_COPY(e->account_id, acd_str(row, "account_id"));
		HASH_ADD(by_number, t->extensions_by_number, number, strlen(e->number), e);
		acd_extension_dirty(e);
	}
	if (e->agent)
		acd_agent_index(e->agent);
}

bool acd_extension_is_idle(const struct acd_extension *e, const struct acd_call *but)
{
	const struct acd_leg *leg;

	for (leg = e->legs; leg; leg = leg->phone_next)
		if (leg->call != but && acd_leg_is_alive(leg))
			return false;
	return true;
}

/* Without hybrid office mode the telephone of a signed-in agent is the agent's: what queues, transfers and clicks
 * bring. */
bool acd_extension_is_agents_only(const struct acd_extension *e, const struct acd_call *call)
{
	return !e->tenant->hybrid && e->agent && !call->queued && !call->out_click && !call->relation[0];
}

enum acd_able acd_extension_able(const struct acd_extension *e, const struct acd_call *call)
{
	if (e->dnd || acd_extension_is_agents_only(e, call))
		return ACD_ABLE_DND;
	if (!e->call_waiting && !acd_extension_is_idle(e, call))
		return ACD_ABLE_BUSY;
	return acd_extension_is_here(e) ? ACD_ABLE : ACD_ABLE_AWAY;
}

/* An unknown registration counts as there: a silent edge must stop neither calls nor queues. */
bool acd_extension_is_here(const struct acd_extension *e)
{
	return e->external[0] || !e->tenant->acd->edges_up || acd_reg_find(e->tenant, e->number);
}

void acd_leg_unset_phone(struct acd_leg *leg)
{
	if (!leg->phone)
		return;
	DL_DELETE2(leg->phone->legs, leg, phone_prev, phone_next);
	acd_extension_dirty(leg->phone);
	leg->phone = NULL;
}

void acd_leg_set_phone(struct acd_leg *leg, const char *number)
{
	struct acd_extension *e = NULL;

	acd_leg_unset_phone(leg);
	ACD_COPY(leg->ext, number);
	HASH_FIND(by_number, leg->call->tenant->extensions_by_number, number, strlen(number), e);
	if (!e)
		return;
	leg->phone = e;
	DL_APPEND2(e->legs, leg, phone_prev, phone_next);
	acd_extension_dirty(e);
}

/* ---- account groups: whose calls one may pick up ---- */
void acd_pair_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_pair *p;

	HASH_FIND_STR(t->account_groups, id, p);
	if (p) {
		HASH_DEL(t->account_groups, p);
		zj_deref(p);
	}
	p = row ? zj_alloc(sizeof(*p), NULL) : NULL;
	if (!p)
		return;
	ACD_COPY(p->id, id);
	ACD_COPY(p->group_id, acd_str(row, "group_id"));
	ACD_COPY(p->account_id, acd_str(row, "account_id"));
	HASH_ADD_STR(t->account_groups, id, p);
}

static bool is_member(const struct acd_tenant *t, const char *group, const char *account)
{
	struct acd_pair *p, *next;

	HASH_ITER (hh, t->account_groups, p, next)
		if (!strcmp(p->group_id, group) && !strcmp(p->account_id, account))
			return true;
	return false;
}

bool acd_in_range(const struct acd_extension *who, const struct acd_extension *whom, enum acd_range range)
{
	struct acd_pair *p, *next;

	if (range != ACD_RANGE_GROUP)
		return range == ACD_RANGE_TEAM;
	if (!who->account_id[0] || !whom->account_id[0])
		return false;
	if (!strcmp(who->account_id, whom->account_id))
		return true;
	HASH_ITER (hh, who->tenant->account_groups, p, next)
		if (!strcmp(p->account_id, who->account_id) && is_member(who->tenant, p->group_id, whom->account_id))
			return true;
	return false;
}
