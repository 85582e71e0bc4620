/* What the api asks: commands on agents and calls. Each is done at once or refused with the state that forbids it. */
#include "call/command.h"
#include "call/call.h"
#include "call/leg.h"
#include "call/outbound.h"
#include "call/segment.h"
#include "call/talk_record.h"
#include "call/transfer.h"
#include "conference/conference.h"
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
#include "queue/queue.h"
#include "story/story.h"
#include "zj_obj.h"
#include <stdio.h>
#include <string.h>

#define REQUEST_KEPT (600 * ACD_S)
#define REQUESTS_MAX 10000 /* of a tenant */

static json_t *refuse(const char *because)
{
	return json_pack("{s:b, s:s}", "refused", 1, "because", because);
}

static json_t *agent_state(const struct acd_agent *a)
{
	return json_pack("{s:o}", "state", acd_board_agent(a));
}

static const char *by_account(const json_t *p)
{
	const char *account = acd_str(p, "account");

	return *account ? account : NULL;
}

/* The agent's own account, or somebody who may command him: the api has checked that. */
static enum acd_cause cause_of(const struct acd_agent *a, const json_t *p)
{
	const char *account = acd_str(p, "account");

	return !*account || !strcmp(account, a->account_id) ? ACD_CAUSE_OWN : ACD_CAUSE_SUPERVISOR;
}

static json_t *find_agent(struct acd_tenant *t, const json_t *p, struct acd_agent **a)
{
	*a = acd_agent_find(t, acd_str(p, "agent"));
	if (*a && !(*a)->gone)
		return NULL;
	*a = NULL;
	return refuse("no such agent");
}

static json_t *sign_in(struct acd_tenant *t, const json_t *p)
{
	const char *because;
	struct acd_extension *e;
	struct acd_agent *a;
	json_t *err = find_agent(t, p, &a);

	if (!a)
		return err;
	e = acd_agent_seat(a, acd_str(p, "extension"), &because);
	if (e)
		because = acd_agent_sign_in(a, e, json_is_true(json_object_get(p, "anyway")), cause_of(a, p),
					    by_account(p));
	if (because)
		return refuse(because);
	return agent_state(a);
}

static json_t *leave(struct acd_agent *a, const json_t *p)
{
	if (a->state == ACD_SIGNED_OUT)
		return agent_state(a);
	if (acd_agent_next(a->state, ACD_EV_SIGN_OUT) < 0)
		return refuse(acd_agent_state_name(a->state));
	acd_agent_do(a, &(struct acd_agent_change){
				.event = ACD_EV_SIGN_OUT, .cause = cause_of(a, p), .by_account = by_account(p)});
	return agent_state(a);
}

static json_t *sign_out(struct acd_tenant *t, const json_t *p)
{
	struct acd_agent *a;
	json_t *err = find_agent(t, p, &a);

	return err || !a ? err : leave(a, p);
}

/* The same by the telephone: of the agent who sits there, or is to. NULL: *err. */
static struct acd_agent *find_seat(struct acd_tenant *t, const json_t *p, struct acd_extension **e, json_t **err)
{
	struct acd_agent *a;

	*e = acd_extension_find(t, acd_str(p, "extension"));
	a = *e ? acd_extension_agent(*e) : NULL;
	*err = a ? NULL : refuse(*e ? "no agent is bound to the extension" : "no such extension");
	return a;
}

static json_t *extension_in(struct acd_tenant *t, const json_t *p)
{
	const char *because;
	struct acd_extension *e;
	json_t *err;
	struct acd_agent *a = find_seat(t, p, &e, &err);

	if (!a)
		return err;
	because = acd_agent_sign_in(a, e, json_is_true(json_object_get(p, "anyway")), cause_of(a, p), by_account(p));
	return because ? refuse(because) : agent_state(a);
}

static json_t *extension_out(struct acd_tenant *t, const json_t *p)
{
	struct acd_extension *e;
	json_t *err;
	struct acd_agent *a = find_seat(t, p, &e, &err);

	if (!a)
		return err;
	return e->agent ? leave(a, p) : agent_state(a);
}

static bool reason_exists(struct acd_tenant *t, const char *name)
{
	struct acd_item *r, *next;

	HASH_ITER (hh, t->reasons, r, next)
		if (!strcmp(r->name, name))
			return true;
	return false;
}

static json_t *set_state(struct acd_tenant *t, const json_t *p)
{
	const char *state = acd_str(p, "state"), *reason = acd_str(p, "reason");
	bool busy = !strcmp(state, "busy");
	struct acd_agent *a;
	json_t *err = find_agent(t, p, &a);
	char because[64];

	if (!a)
		return err;
	if (!busy && strcmp(state, "idle"))
		return refuse("state must be idle or busy");
	if (json_is_integer(json_object_get(p, "version")) && acd_int(p, "version", 0) != a->version) {
		snprintf(because, sizeof(because), "version is %lld", (long long)a->version);
		return refuse(because);
	}
	if (a->state == ACD_SIGNED_OUT)
		return refuse("signed_out");
	if (busy && *reason && !reason_exists(t, reason))
		return refuse("no such busy reason");
	acd_agent_after(a, busy, reason, cause_of(a, p), by_account(p));
	return agent_state(a);
}

static json_t *find_call(struct acd_tenant *t, const json_t *p, struct acd_call **c)
{
	struct acd_call *found = acd_call_find(t->acd, acd_str(p, "call"));

	*c = NULL;
	if (!found || found->tenant != t)
		return refuse("no such call");
	if (found->where >= ACD_AT_ENDING)
		return refuse("ended");
	acd_call_at(found, 0);
	*c = found;
	return NULL;
}

static json_t *call_state(const struct acd_call *c)
{
	return json_pack("{s:o}", "state", acd_board_call(c));
}

static json_t *hangup(struct acd_tenant *t, const json_t *p)
{
	struct acd_call *c;
	json_t *err = find_call(t, p, &c);

	if (!c)
		return err;
	if (!c->recording || !c->story->recorded) /* else the story waits for what was recorded */
		acd_call_tell(c, &acd_story_none, ACD_LEFT_REDIRECTED);
	acd_call_result(c, ACD_RESULT_FAILED, "hung up by command");
	acd_call_end(c, 480, "hung up by command");
	return call_state(c);
}

static json_t *transfer(struct acd_tenant *t, const json_t *p)
{
	struct acd_dest dest = {0};
	struct acd_call *c;
	json_t *err = find_call(t, p, &c);

	if (!c)
		return err;
	if (c->where == ACD_AT_IVR || !c->main || c->story == &acd_story_bye || c->story == &acd_story_callout)
		return refuse(c->where == ACD_AT_IVR ? "ivr" : c->story->name);
	if (!acd_dest_parse(t, acd_str(p, "to"), &dest))
		return refuse("no such destination");
	if (!acd_transfer_allowed(c, &dest, acd_str(p, "to")))
		return refuse("not a frequent contact of the business client");
	ACD_COPY(c->relation, "transfer");
	if (c->peer && c->peer->phone)
		ACD_COPY(c->out_ext, c->peer->ext);
	acd_call_go(c, &dest, ACD_LEFT_TRANSFERRED);
	return call_state(c);
}

static json_t *hold(struct acd_tenant *t, const json_t *p)
{
	const char *because;
	struct acd_call *c;
	json_t *err = find_call(t, p, &c);

	if (!c)
		return err;
	return acd_talk_hold(c, json_is_true(json_object_get(p, "on")), &because) ? refuse(because) : call_state(c);
}

static json_t *record(struct acd_tenant *t, const json_t *p)
{
	const char *because;
	struct acd_call *c;
	json_t *err = find_call(t, p, &c);

	if (!c)
		return err;
	because = acd_talk_record_do(c, acd_str(p, "do"), json_is_true(json_object_get(p, "admin")));
	return because ? refuse(because) : call_state(c);
}

/* Where the sound is that is being recorded: for the api only, which reads the file while it grows. */
static json_t *recorded(struct acd_tenant *t, const json_t *p)
{
	struct acd_call *c;
	json_t *err = find_call(t, p, &c);

	if (!c)
		return err;
	if (!c->record[0] || !c->record_path[0])
		return refuse("not recording");
	return json_pack("{s:s, s:s, s:s}", "record", c->record, "path", c->record_path, "key_id", c->record_key);
}

static json_t *originate(struct acd_tenant *t, const json_t *p)
{
	struct acd_dest dest = {0};
	struct acd_agent *a;
	struct acd_call *c;
	json_t *err = find_agent(t, p, &a);

	if (!a)
		return err;
	if (a->state == ACD_SIGNED_OUT || acd_agent_next(a->state, ACD_EV_RESERVE) < 0)
		return refuse(acd_agent_state_name(a->state));
	if (!acd_dest_parse(t, acd_str(p, "to"), &dest))
		return refuse("no such number");
	if (dest.kind == ACD_TO_EXTERNAL && !dest.id[0] && !json_is_true(json_object_get(p, "known")) &&
	    acd_out_restricted(t, a->group_id, dest.number))
		return refuse("outbound_restricted");
	if (acd_str(p, "number")[0] && !acd_out_has(t, "trunk_number", acd_str(p, "number")))
		return refuse("no such number to show");
	if (acd_str(p, "service")[0] && !acd_out_has(t, "number", acd_str(p, "service")))
		return refuse("no such service");
	if ((int64_t)HASH_CNT(in_t, t->calls) >= t->max_calls && !acd_is_emergency(t, acd_str(p, "to")))
		return refuse("too many calls of the tenant");
	c = acd_call_add(t, NULL, ACD_DIR_INTERNAL);
	if (!c)
		return refuse("no memory");
	ACD_COPY(c->caller, a->ext);
	acd_sip_user(c->callee, sizeof(c->callee), acd_str(p, "to"));
	ACD_COPY(c->last_agent, a->id);
	ACD_COPY(c->out_ext, a->ext);
	ACD_COPY(c->out_number, acd_str(p, "number"));
	ACD_COPY(c->out_service, acd_str(p, "service"));
	c->out_anonymous = json_is_true(json_object_get(p, "anonymous"));
	c->out_click = true;
	c->out_known = json_is_true(json_object_get(p, "known"));
	c->out_detect = json_is_true(json_object_get(p, "detect"));
	c->dest = dest;
	c->story = &acd_story_callout;
	c->main = acd_leg_originate(c, a->ext, ACD_ROLE_AGENT, t->acd->set.dial_ring_us);
	if (!c->main) {
		acd_call_free(c);
		return refuse("no memory");
	}
	(void)acd_agent_take(a, c->main, NULL);
	zj_info("call", "originate call=%s agent=%s to=%s", c->id, a->number, zj_log_esc(c->callee));
	return call_state(c);
}

#define COMMON "tenant:u request:s account?:u "
const struct acd_command acd_commands[] = {
	{"agent.sign_in", COMMON "agent:u extension?:s anyway?:b", "signs an agent in on an extension", sign_in},
	{"agent.sign_out", COMMON "agent:u", "signs an agent out; refused during a call", sign_out},
	{"agent.set_state", COMMON "agent:u state:s reason?:s version?:i",
	 "idle or busy; during a call: what follows it", set_state},
	{"extension.sign_in", COMMON "extension:u anyway?:b", "signs the agent of an extension in there", extension_in},
	{"extension.sign_out", COMMON "extension:u", "signs out who sits there", extension_out},
	{"call.hangup", COMMON "call:u", "ends a call", hangup},
	{"call.transfer", COMMON "call:u to:s",
	 "sends the customer elsewhere: queue:, extension:, ivr:, external: or a number", transfer},
	{"call.hold", COMMON "call:u on:b", "music for the customer, or back", hold},
	{"call.record", COMMON "call:u do:s admin?:b", "begins, ends, pauses or resumes its recording", record},
	{"call.recorded", COMMON "call:u", "where its recording is being written", recorded},
	{"call.originate", COMMON "agent:u to:s number?:u service?:u anonymous?:b known?:b detect?:b",
	 "calls a number, the agent's phone first", originate},
	{"conference.invite", COMMON "room:u admin?:b numbers:a", "rings all of them into a conference room",
	 acd_conference_invite_cmd},
	{"conference.kick", COMMON "room:u admin?:b member:u", "removes a member", acd_conference_kick_cmd},
	{"conference.mute", COMMON "room:u admin?:b member?:u on:b", "mutes a member, or all but administrators",
	 acd_conference_mute_cmd},
	{"conference.lock", COMMON "room:u admin?:b on:b", "lets nobody else in", acd_conference_lock_cmd},
	{"conference.record", COMMON "room:u admin?:b on:b", "records the conference", acd_conference_record_cmd},
	{"conference.end", COMMON "room:u admin?:b", "removes everybody", acd_conference_end_cmd},
	{NULL, NULL, NULL, NULL},
};

static void drop(struct acd_tenant *t, struct acd_request *r)
{
	HASH_DEL(t->requests, r);
	json_decref(r->answer);
	zj_deref(r);
}

void acd_requests_free(struct acd_tenant *t)
{
	while (t->requests)
		drop(t, t->requests);
}

/* uthash keeps the order of insertion: the oldest are first. */
static void forget_old(struct acd_tenant *t)
{
	while (t->requests &&
	       (t->requests->at < t->acd->now - REQUEST_KEPT || HASH_COUNT(t->requests) > REQUESTS_MAX)) {
		acd_touch(t);
		t->acd->fx.state(t->id, ACD_KIND_REQUEST, t->requests->id, NULL, t->acd->fx_arg);
		drop(t, t->requests);
	}
}

static struct acd_request *keep(struct acd_tenant *t, const char *id, int64_t at, json_t *answer)
{
	struct acd_request *r = zj_alloc(sizeof(*r), NULL);

	if (!r)
		return NULL;
	ACD_COPY(r->id, id);
	r->at = at;
	r->answer = json_incref(answer);
	HASH_ADD_STR(t->requests, id, r);
	return r;
}

json_t *acd_save_request(const struct acd_request *r)
{
	return json_pack("{s:I, s:O}", "at", (json_int_t)r->at, "answer", r->answer);
}

static int older_first(const struct acd_request *a, const struct acd_request *b)
{
	return a->at < b->at ? -1 : a->at > b->at;
}

void acd_load_request(struct acd_tenant *t, const char *id, const json_t *o)
{
	json_t *answer = json_object_get(o, "answer");
	struct acd_request *r;

	HASH_FIND_STR(t->requests, id, r);
	if (r || !json_is_object(answer) || !keep(t, id, acd_int(o, "at", 0), answer))
		return;
	HASH_SORT(t->requests, older_first);
}

json_t *acd_command(struct acd *acd, const struct acd_command *c, const json_t *params)
{
	struct acd_tenant *t = acd_tenant_find(acd, acd_str(params, "tenant"));
	struct zj_log_ctx old = zj_log_with((struct zj_log_ctx){.tenant = acd_str(params, "tenant"),
								.call = acd_str(params, "call"),
								.request = acd_str(params, "request")});
	struct acd_request *r = NULL;
	json_t *answer;

	acd_enter(acd);
	if (t) {
		forget_old(t);
		HASH_FIND_STR(t->requests, acd_str(params, "request"), r);
	}
	answer = r ? json_incref(r->answer) : t ? c->h(t, params) : refuse("no such tenant");
	if (t && !r) {
		r = keep(t, acd_str(params, "request"), acd->now, answer);
		acd_touch(t);
		if (r)
			acd->fx.state(t->id, ACD_KIND_REQUEST, r->id, acd_save_request(r), acd->fx_arg);
	}
	zj_info("command", "%s %s", c->name, json_object_get(answer, "refused") ? acd_str(answer, "because") : "done");
	acd_leave(acd);
	zj_log_with(old);
	return answer;
}
