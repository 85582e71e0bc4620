/* Telephones are rung into a conference: extensions, and numbers outside by the outbound routes of who invites them. */
#include "call/call.h"
#include "call/leg.h"
#include "call/outbound.h"
#include "call/segment.h"
#include "conference/guest.h"
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
#include "story/story.h"
#include <string.h>
#include <utlist.h>

/* Who invites pays and needs the permission: the extension of its account, of several the one where its agent sits. */
const char *acd_conference_inviter(const struct acd_tenant *t, const char *account)
{
	const struct acd_extension *e, *next, *own = NULL;

	HASH_ITER (hh, t->extensions, e, next) {
		if (!account[0] || e->gone || !e->enabled)
			continue;
		if (e->agent && !strcmp(e->agent->account_id, account))
			return e->number;
		if (!own && !strcmp(e->account_id, account))
			own = e;
	}
	return own ? own->number : "";
}

static const char *no_room(const struct acd_conference *c)
{
	const struct acd_tenant *t = c->tenant;
	const struct acd_guest *g;
	unsigned n;

	DL_COUNT(c->guests, g, n);
	return n >= c->room->max_members                           ? "the conference is full"
	       : (int64_t)HASH_CNT(in_t, t->calls) >= t->max_calls ? "too many calls of the tenant"
								   : NULL;
}

/* A call of the room that has no leg yet. */
static struct acd_call *call_of(struct acd_conference *c, const char *number, enum acd_direction direction)
{
	struct acd_call *call = acd_call_add(c->tenant, NULL, direction);

	if (!call)
		return NULL;
	ACD_COPY(call->caller, c->room->invite_caller[0] ? c->room->invite_caller : c->room->number);
	ACD_COPY(call->caller_name, c->room->name);
	ACD_COPY(call->callee, number);
	call->story = &acd_story_conference;
	if (acd_guest_alloc(call))
		return call;
	acd_call_free(call);
	return NULL;
}

static void invited(struct acd_conference *c, struct acd_call *call)
{
	struct acd_guest *g = call->own;

	call->dest = (struct acd_dest){.kind = ACD_TO_CONFERENCE};
	ACD_COPY(call->dest.id, c->room->id);
	g->invited = true;
	acd_conference_add(c, g);
	zj_info("conference", "invited call=%s number=%s conference=%s", call->id, zj_log_esc(call->callee), c->id);
}

static struct acd_call *ring_inside(struct acd_conference *c, struct acd_extension *e)
{
	struct acd_call *call = call_of(c, e->number, ACD_DIR_INTERNAL);

	if (!call)
		return NULL;
	call->main = acd_leg_originate(call, e->number, ACD_ROLE_AGENT, c->tenant->acd->set.dial_ring_us);
	if (!call->main) {
		acd_call_free(call);
		return NULL;
	}
	invited(c, call);
	if (e->agent)
		(void)acd_agent_take(e->agent, call->main, NULL);
	return call;
}

static const char *may_leave(struct acd_call *call, const char *by, struct acd_out *out)
{
	const struct acd_extension *e = by[0] ? acd_extension_by_number(call->tenant, by) : NULL;
	struct acd_out_why why = {.text = "the number does not lead outside"};
	struct acd_dest elsewhere = {0};

	if (e && e->agent && acd_out_restricted(call->tenant, e->agent->group_id, call->dest.number))
		return "the agent group calls none but its recent callers";
	return acd_outbound(call, out, &elsewhere, &why) == ACD_OUT_DIAL ? NULL : why.text;
}

static struct acd_call *ring_outside(struct acd_conference *c, const char *number, const char *by,
				     const struct acd_dest *dest, const char **because)
{
	struct acd_tenant *t = c->tenant;
	struct acd_call *call = call_of(c, number, ACD_DIR_OUT);
	struct acd_out out;

	if (call)
		call->main = acd_leg_add(call, NULL, ACD_ROLE_EXTERNAL, true);
	if (!call || !call->main) {
		if (call)
			acd_call_free(call);
		return NULL;
	}
	call->dest = *dest;
	ACD_COPY(call->out_ext, by);
	*because = may_leave(call, by, &out);
	if (*because) {
		acd_call_free(call);
		return NULL;
	}
	if (c->room->invite_caller[0])
		ACD_COPY(out.caller, c->room->invite_caller);
	ACD_COPY(out.name, c->room->name);
	acd_segment_put(call->main, ACD_SEG_RING, "offer");
	acd_media(t->acd, t, "leg.originate", acd_out_leg(call->main, &out, t->acd->set.dial_ring_us));
	invited(c, call);
	return call;
}

struct acd_call *acd_conference_invite(struct acd_conference *c, const char *number, const char *by,
				       const char **because)
{
	struct acd_extension *e = acd_extension_by_number(c->tenant, number);
	struct acd_dest dest = {0};

	*because = no_room(c);
	if (*because)
		return NULL;
	*because = "no memory";
	if (e)
		return ring_inside(c, e);
	if (acd_dest_by_number(c->tenant, number, &dest) || !by || !acd_dest_outside(c->tenant, number, &dest)) {
		*because = by ? "no such extension" : "who is no extension invites nobody outside";
		return NULL;
	}
	return ring_outside(c, number, by, &dest, because);
}
